//! `quorate backup FILE`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use quorate::Config;
use quorate::store::backup::{Made, Stage, back_up};

/// How often a bar that does not know how far it is moves.
const TICK: Duration = Duration::from_millis(100);

/// Write a checked copy of the database, while the server runs or not.
#[derive(Args)]
pub(crate) struct Backup {
    /// Where to; there must be no such file yet
    file: PathBuf,
}

/// Makes the backup, and says what is in it.
pub(crate) fn run(config: &Config, backup: &Backup) -> anyhow::Result<ExitCode> {
    let mut bar = Bar::default();
    let made = back_up(&config.database(), &backup.file, |stage, done, total| {
        bar.show(stage, done, total);
    });
    bar.clear();
    let Made { bytes, meetings, rows, newest } = made?;
    let file = backup.file.display();
    println!("wrote {file}: {}, {meetings} meetings, {rows} events", HumanBytes(bytes));
    if let Some(newest) = newest {
        println!(
            "the last event: meeting {}, seq {}, at {}",
            newest.meeting, newest.seq, newest.at
        );
    }
    println!("checked: the copy is sound, and its journals are whole");
    let key = config.data.join("quorate.key");
    println!("keep {} too, elsewhere and secret: the copy has no key", key.display());
    Ok(ExitCode::SUCCESS)
}

/// The bar on standard error; none where that is no terminal.
#[derive(Default)]
struct Bar(Option<(Stage, ProgressBar)>);

impl Bar {
    fn show(&mut self, stage: Stage, done: u64, total: u64) {
        if self.0.as_ref().is_none_or(|(shown, _)| *shown != stage) {
            self.clear();
            self.0 = Some((stage, bar(stage)));
        }
        if let Some((_, bar)) = &self.0 {
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    fn clear(&mut self) {
        if let Some((_, bar)) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

fn bar(stage: Stage) -> ProgressBar {
    let (name, unit) = match stage {
        Stage::Copy => ("copying", "pages"),
        Stage::Check => {
            let bar = ProgressBar::new_spinner().with_message("checking the copy");
            bar.enable_steady_tick(TICK);
            return bar;
        }
        Stage::Verify => ("verifying journals", "rows"),
    };
    let style = format!("{name} {{wide_bar}} {{human_pos}}/{{human_len}} {unit} {{eta}}");
    let style =
        ProgressStyle::with_template(&style).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}
