//! Prints the page of a report that is made up, to look at: `cargo run --example sample_report -- [PEOPLE]`;
//! of nobody, it is that of an empty meeting.

#[path = "../src/report/html/tests/sample.rs"]
mod sample;

use quorate::report::html::page;

/// So many are there where nobody says how many.
const PEOPLE: usize = 14;

fn main() -> anyhow::Result<()> {
    let people = std::env::args().nth(1).map_or(Ok(PEOPLE), |text| text.parse())?;
    let report = if people == 0 { sample::empty() } else { sample::rich(people) };
    print!("{}", page(&report));
    Ok(())
}
