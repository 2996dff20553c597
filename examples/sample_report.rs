//! Prints the page of a report that is made up, to look at: `cargo run --example sample_report -- [PEOPLE]`;
//! of nobody, it is that of an empty meeting; `series`, `user` and `server` are meetings compared.

#[path = "../src/report/html/tests/sample.rs"]
mod sample;
#[path = "../src/report/html/trends/tests/sample.rs"]
mod trends_sample;

use quorate::report::html::{page, trends};

/// So many are there where nobody says how many.
const PEOPLE: usize = 14;
/// Occurrences and weeks that are compared.
const COMPARED: i64 = 40;

fn main() -> anyhow::Result<()> {
    let page = match std::env::args().nth(1).as_deref() {
        Some("series") => trends::of_series(&trends_sample::series(COMPARED)),
        Some("user") => trends::of_user(&trends_sample::user(COMPARED)),
        Some("server") => trends::of_server(&trends_sample::server(COMPARED)),
        Some("0") => page(&sample::empty()),
        people => page(&sample::rich(people.map_or(Ok(PEOPLE), str::parse)?)),
    };
    print!("{page}");
    Ok(())
}
