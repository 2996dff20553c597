//! `quorate doctor`: what is wrong here, and what to do about it; or why someone cannot get in.
//!
//! It only looks, whether the server runs or not. What it says of people it asks of the rules themselves: the
//! meeting's journal is folded, and the same code decides that decides in the server.

mod data;
mod journal;
mod machine;
mod person;
mod ways;

use std::process::ExitCode;

use clap::Args;
use indicatif::ProgressBar;
use quorate::Config;
use serde::Serialize;

/// Check the machine, the settings and the data; or say why someone cannot get in, admit or act
///
/// Exit 0: all is well. 1: something is wrong, or they cannot get in. 2: could not look.
#[derive(Args)]
pub(crate) struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The meeting that someone cannot get into, or act in
    #[arg(long, value_name = "ID", requires = "user")]
    meeting: Option<i64>,
    /// Who: their unique name (the subject of their token), or the id of their user
    #[arg(long, value_name = "NAME", requires = "meeting")]
    user: Option<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// As it should be.
    Ok,
    /// It works, and will not always.
    Warn,
    /// It does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    check: &'static str,
    status: Status,
    says: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    todo: Option<String>,
}

impl Check {
    fn ok(check: &'static str, says: impl Into<String>) -> Check {
        Check { check, status: Status::Ok, says: says.into(), todo: None }
    }

    fn warn(check: &'static str, says: impl Into<String>, todo: impl Into<String>) -> Check {
        Check { check, status: Status::Warn, says: says.into(), todo: Some(todo.into()) }
    }

    fn fail(check: &'static str, says: impl Into<String>, todo: impl Into<String>) -> Check {
        Check { check, status: Status::Fail, says: says.into(), todo: Some(todo.into()) }
    }

    fn print(&self) {
        let word = match self.status {
            Status::Ok => "ok  ",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        };
        let todo = self.todo.as_ref().map(|todo| format!("; {todo}")).unwrap_or_default();
        println!("{word} {}: {}{todo}", self.check, self.says);
    }
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Check>,
}

/// Looks, and prints what it found.
pub(crate) fn run(config: anyhow::Result<Config>, doctor: &Doctor) -> anyhow::Result<ExitCode> {
    if let (Some(meeting), Some(user)) = (doctor.meeting, &doctor.user) {
        return person::run(&config?, meeting, user, doctor.json);
    }
    let checks = match &config {
        Err(error) => {
            let todo = "mend that; the rest depends on it";
            vec![Check::fail("settings", format!("{error:#}"), todo)]
        }
        Ok(config) => checks(config),
    };
    let ok = checks.iter().all(|check| check.status != Status::Fail);
    if doctor.json {
        println!("{}", serde_json::to_string_pretty(&Report { ok, checks })?);
    } else {
        checks.iter().for_each(Check::print);
    }
    Ok(ExitCode::from(u8::from(!ok)))
}

fn checks(config: &Config) -> Vec<Check> {
    // A large database takes a while to read; hidden where that is no terminal.
    let bar = ProgressBar::new_spinner().with_message("looking");
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let server = machine::Server::find(&config.database());
    let mut checks = vec![settings(config)];
    checks.extend(machine::checks(config, &server));
    checks.extend(data::checks(config, &server));
    bar.finish_and_clear();
    checks
}

fn settings(config: &Config) -> Check {
    let (data, database) = (config.data.display(), config.database());
    let says = format!("data folder {data}, database {}", database.display());
    let everywhere = !config.listen.ip().is_loopback();
    match config.guests_create {
        Some(true) if everywhere => Check::warn(
            "settings",
            format!("{says}; guests_create lets anyone who reaches the server make meetings"),
            "set guests_create = false, unless that is meant",
        ),
        _ => Check::ok("settings", says),
    }
}
