//! `quorate migrate`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use quorate::Config;
use quorate::migrate::{Outcome, Progress, migrate};

/// The older application's database, to be taken over.
#[derive(Args)]
pub(crate) struct Migrate {
    /// The database file [default: quorate.db in the data folder]
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
}

/// Takes it over, and says what was done.
pub(crate) fn run(config: &Config, flags: Migrate) -> anyhow::Result<ExitCode> {
    let database = flags.database.unwrap_or_else(|| config.database());
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{msg:26} {wide_bar} {pos}/{len} {elapsed}")?);
    let outcome = migrate(&database, |Progress { step, done, total }| {
        bar.set_message(step);
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    match outcome? {
        Outcome::Already => {
            println!("{} is Quorate's already; nothing was done", database.display());
        }
        Outcome::Migrated(summary) => println!("{summary}"),
    }
    Ok(ExitCode::SUCCESS)
}
