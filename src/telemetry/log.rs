//! The log: to standard error, as text or as JSON.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

/// How lines of the log look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Starts the log of this process, at the level that `RUST_LOG` says, or `info`.
pub fn start_log(format: LogFormat) {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let log = tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        // The message and its fields stand at the top; the ids around it in `spans`.
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).init(),
    }
}
