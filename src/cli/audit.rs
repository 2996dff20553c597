//! `quorate audit`: whether the journal is whole, and lines that say how far it went.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use quorate::Config;
use quorate::identity::ServerKey;
use quorate::store::SignedHead;
use quorate::store::audit::{self, Verdict};
use quorate_protocol::MeetingId;

use super::progress;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Check that no row of the journal was altered or is missing; exit 0 whole, 1 altered, 2 could not run
    Verify {
        /// Only this meeting
        #[arg(long, value_name = "ID")]
        meeting: Option<i64>,
        /// A line that `audit head` printed before: finds a journal cut off at its end too
        #[arg(long, value_name = "LINE")]
        head: Option<String>,
        /// A file of such lines
        #[arg(long, value_name = "FILE", conflicts_with = "head")]
        heads: Option<PathBuf>,
    },
    /// Print a signed line about the end of the journal, to keep elsewhere
    Head {
        /// Only this meeting
        #[arg(long, value_name = "ID")]
        meeting: Option<i64>,
    },
}

/// Does it.
///
/// # Errors
/// When it could not be done.
pub(crate) fn run(config: &Config, audit: &Audit) -> anyhow::Result<ExitCode> {
    let database = config.database();
    let key = ServerKey::load(&config.data)?.derive("audit head");
    match audit {
        Audit::Head { meeting } => {
            audit::sign_heads(&database, meeting.map(MeetingId), &key, |head| println!("{head}"))?;
            Ok(ExitCode::SUCCESS)
        }
        Audit::Verify { meeting, head, heads } => {
            let kept = match heads {
                Some(file) => Some(
                    fs::read_to_string(file)
                        .with_context(|| format!("failed to read {}", file.display()))?,
                ),
                None => head.clone(),
            };
            let lines = kept.iter().flat_map(|lines| lines.lines()).filter(|it| !it.is_empty());
            let heads = lines.map(|line| SignedHead::parse(line, &key));
            let heads = heads.collect::<Result<Vec<_>, _>>()?;
            let bar = progress::bar("rows");
            let told = |done, total| progress::tell(&bar, done, total);
            let verdict = audit::verify(&database, meeting.map(MeetingId), &heads, told);
            bar.finish_and_clear();
            match verdict? {
                Verdict::Whole { meetings, rows } => {
                    println!("whole: {rows} rows of {meetings} meetings");
                    Ok(ExitCode::SUCCESS)
                }
                Verdict::Altered(flaw) => {
                    println!("{flaw}");
                    Ok(ExitCode::from(1))
                }
            }
        }
    }
}
