//! `quorate replay`: a meeting as it stood.

use std::process::ExitCode;

use clap::Args;
use quorate::Config;
use quorate::replay::{Moment, Then, replay};
use quorate::store::audit::check_ours;
use quorate_protocol::{MeetingId, Seq, StateThen, Timestamp};

/// Which meeting, and when.
#[derive(Args)]
pub(crate) struct Replay {
    /// The meeting
    #[arg(long, value_name = "ID")]
    meeting: i64,
    /// At this time, as in 2026-11-22T10:42:00Z [default: at the end of its journal]
    #[arg(long, value_name = "TIME", conflicts_with = "seq")]
    at: Option<Timestamp>,
    /// After this event
    #[arg(long, value_name = "N")]
    seq: Option<u64>,
}

/// Prints the snapshot.
///
/// # Errors
/// When the journal cannot be read, or does not reach there.
pub(crate) fn run(config: &Config, ask: &Replay) -> anyhow::Result<ExitCode> {
    let database = config.database();
    check_ours(&database)?;
    let moment = match (ask.seq, ask.at) {
        (Some(seq), _) => Moment::Seq(Seq(seq)),
        (None, Some(at)) => Moment::At(at),
        (None, None) => Moment::At(Timestamp(i64::MAX)),
    };
    let (then, unknown_before) = replay(&database, MeetingId(ask.meeting), moment)?;
    let Some(then) = then else {
        let unknown = unknown_before.map(|at| format!("; what was before {at} is not known"));
        anyhow::bail!(
            "the journal of meeting {} does not reach there{}",
            ask.meeting,
            unknown.unwrap_or_default()
        );
    };
    let Then { at, .. } = then;
    let state = then.for_the_operator();
    let shown = StateThen { at, unknown_before, state };
    println!("{}", serde_json::to_string_pretty(&shown)?);
    Ok(ExitCode::SUCCESS)
}
