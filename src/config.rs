//! The server's settings: defaults, then the file, then `QUORATE_…` variables, then the command line.

mod auth;

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use quorate_protocol::{POINTS_BURST, POINTS_PER_SECOND, Privacy};
use serde::Deserialize;

pub use auth::{Auth, Link};

use crate::meeting::Terms;
use crate::store::Durability;
use crate::telemetry::LogFormat;

/// What environment variables of the server begin with.
const PREFIX: &str = "QUORATE_";
/// A shorter `metrics.token` would be guessed.
const METRICS_TOKEN_BYTES_MIN: usize = 16;

/// Every setting, with its default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The data folder: the database, and the key.
    pub data: PathBuf,
    /// The database file, where it is not `quorate.db` in the data folder.
    pub database: Option<PathBuf>,
    /// `full`: what was acknowledged survives a power failure. `normal`: a crash of the server.
    pub durability: DurabilitySetting,
    /// How long a session outlives its socket, in seconds.
    pub grace_seconds: u32,
    /// How long a place in the waiting room outlives its socket, in seconds.
    pub held_seconds: u32,
    /// How long after leaving one comes back without approval, in seconds.
    pub return_seconds: u32,
    /// How long a socket may take to say `hello`, in seconds.
    pub hello_seconds: u32,
    /// How often a client is pinged, in seconds.
    pub heartbeat_seconds: u32,
    /// How often a meeting with people in it notes that it is alive, in seconds.
    pub checkpoint_seconds: u32,
    /// After how many idle seconds a live meeting retires from memory.
    pub retire_after_seconds: u32,
    /// Whether guests may make meetings; by default only when listening on loopback.
    pub guests_create: Option<bool>,
    /// Web origins that may open a socket and use the cookie, besides our own host.
    pub origins: Vec<String>,
    /// Where people reach the server, as in <https://meet.example.org>; by default where they asked.
    pub public_url: Option<String>,
    /// Proxies, by address or network, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<String>,
    /// An issuer whose users may come in.
    pub auth: Auth,
    /// Rates.
    pub limits: Rates,
    /// The log.
    pub log: Log,
    /// What `/metrics` asks for.
    pub metrics: Metrics,
    /// What is measured of people, shown of them, and for how long it is kept; a meeting may allow less.
    pub privacy: Privacy,
    /// What people say of meetings.
    pub feedback: FeedbackSettings,
}

/// What people say of meetings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeedbackSettings {
    /// How many must have said something before means and counts are shown.
    pub raters_min: u32,
}

impl Default for FeedbackSettings {
    fn default() -> Self {
        FeedbackSettings { raters_min: 3 }
    }
}

/// How often one connection may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Points a second; a command costs one, a list or snapshot ten.
    pub points_per_second: u32,
    /// Points at once.
    pub burst: u32,
}

/// The log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How its lines look: `text` or `json`. How much there is of it says `RUST_LOG`.
    pub format: LogFormat,
}

/// What `/metrics` asks for.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// The bearer token that opens it; without one it answers on loopback alone.
    pub token: Option<String>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").field("token", &self.token.as_ref().map(|_| "…")).finish()
    }
}

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DurabilitySetting {
    /// When the disk has confirmed it.
    #[default]
    Full,
    /// When the operating system has it.
    Normal,
}

impl From<DurabilitySetting> for Durability {
    fn from(setting: DurabilitySetting) -> Durability {
        match setting {
            DurabilitySetting::Full => Durability::Full,
            DurabilitySetting::Normal => Durability::Normal,
        }
    }
}

impl Default for Rates {
    fn default() -> Self {
        Rates { points_per_second: POINTS_PER_SECOND, burst: POINTS_BURST }
    }
}

impl Default for Config {
    fn default() -> Self {
        let terms = Terms::default();
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("data"),
            database: None,
            durability: DurabilitySetting::Full,
            grace_seconds: terms.grace_seconds,
            held_seconds: terms.held_seconds,
            return_seconds: terms.return_seconds,
            hello_seconds: 5,
            heartbeat_seconds: 15,
            checkpoint_seconds: 5,
            retire_after_seconds: 300,
            guests_create: None,
            origins: Vec::new(),
            public_url: None,
            trusted_proxies: Vec::new(),
            auth: Auth::default(),
            limits: Rates::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            privacy: terms.privacy,
            feedback: FeedbackSettings::default(),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("failed to read {path}: {error}", path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path} is not TOML: {message}", path = path.display())]
    NotToml {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// A key or value is wrong.
    #[error("{source_name}: {message}")]
    Invalid {
        /// Where it stands.
        source_name: String,
        /// What is wrong.
        message: String,
    },
}

impl Config {
    /// Reads the file, if one is named, and the variables.
    ///
    /// # Errors
    /// When the file cannot be read, or a key or value is wrong.
    pub fn load(
        file: Option<&Path>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let mut table = match file {
            Some(path) => read(path)?,
            None => toml::Table::new(),
        };
        let name = file.map_or_else(|| "defaults".to_owned(), |path| path.display().to_string());
        let mut config = parse(&table, &name)?;
        for (variable, value) in variables {
            let Some(key) = variable.strip_prefix(PREFIX) else { continue };
            set(&mut table, &key.to_lowercase(), &value);
            config = parse(&table, &variable)?;
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let positive = [
            ("grace_seconds", self.grace_seconds),
            ("hello_seconds", self.hello_seconds),
            ("heartbeat_seconds", self.heartbeat_seconds),
            ("checkpoint_seconds", self.checkpoint_seconds),
            ("limits.points_per_second", self.limits.points_per_second),
            ("limits.burst", self.limits.burst),
            ("privacy.retention_days", self.privacy.retention_days.unwrap_or(1)),
            ("feedback.raters_min", self.feedback.raters_min),
        ];
        let invalid = |key: &str, message: &str| {
            let (source_name, message) = (key.to_owned(), message.to_owned());
            Err(ConfigError::Invalid { source_name, message })
        };
        let token = self.metrics.token.as_deref().unwrap_or("a long one, where none is set");
        match positive.iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => invalid(key, "must be at least 1"),
            None if token.len() < METRICS_TOKEN_BYTES_MIN => {
                invalid("metrics.token", "must have 16 characters or more, and none may guess it")
            }
            None => self.auth.check(),
        }
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.database.clone().unwrap_or_else(|| self.data.join("quorate.db"))
    }

    /// Makes the data folder where there is none, for its owner alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_data_folder(&self) -> std::io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data)
    }

    /// Whether guests may make meetings.
    #[must_use]
    pub fn guests_create(&self) -> bool {
        self.guests_create.unwrap_or_else(|| self.listen.ip().is_loopback())
    }

    /// The settings that the rules depend on.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            grace_seconds: self.grace_seconds,
            held_seconds: self.held_seconds,
            return_seconds: self.return_seconds,
            privacy: self.privacy,
        }
    }
}

fn read(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
    text.parse().map_err(|error: toml::de::Error| ConfigError::NotToml {
        path: path.to_owned(),
        message: one_line(error.message()),
    })
}

fn parse(table: &toml::Table, source_name: &str) -> Result<Config, ConfigError> {
    Config::deserialize(table.clone()).map_err(|error| ConfigError::Invalid {
        source_name: source_name.to_owned(),
        message: one_line(&error.to_string()),
    })
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sets `limits__burst` as `limits.burst`; a value that is not TOML is a string.
fn set(table: &mut toml::Table, key: &str, value: &str) {
    let parsed = format!("value = {value}").parse::<toml::Table>().ok();
    let parsed = parsed.and_then(|mut table| table.remove("value"));
    let value = parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()));
    match key.split_once("__") {
        None => drop(table.insert(key.to_owned(), value)),
        Some((section, key)) => {
            let section = table.entry(section).or_insert_with(|| toml::Table::new().into());
            if let Some(section) = section.as_table_mut() {
                section.insert(key.to_owned(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quorate.toml");
        std::fs::write(&path, file).unwrap();
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::load(Some(&path), variables).map_err(|error| error.to_string())
    }

    #[test]
    fn variables_go_before_the_file_and_the_file_before_the_defaults() {
        let config = load(
            "grace_seconds = 5\n[limits]\nburst = 7\n",
            &[("QUORATE_GRACE_SECONDS", "9"), ("QUORATE_DATA", "/srv/q"), ("HOME", "/root")],
        )
        .unwrap();
        assert_eq!(config.grace_seconds, 9);
        assert_eq!(config.data, Path::new("/srv/q"));
        assert_eq!(config.limits.burst, 7);
        assert_eq!(config.limits.points_per_second, POINTS_PER_SECOND);
        let config = load("", &[("QUORATE_LIMITS__BURST", "3")]).unwrap();
        assert_eq!(config.limits.burst, 3);
        let token = "0123456789abcdef";
        let config =
            load("", &[("QUORATE_METRICS__TOKEN", token), ("QUORATE_LOG__FORMAT", "json")]);
        let config = config.unwrap();
        assert_eq!(config.metrics.token.as_deref(), Some(token));
        assert_eq!(config.log.format, LogFormat::Json);
        assert!(!format!("{config:?}").contains(token), "it is a secret");
    }

    #[test]
    fn what_is_wrong_is_named_in_one_line() {
        for (file, variables, says) in [
            ("grace = 5", &[][..], "unknown field `grace`"),
            ("grace_seconds = -1", &[], "grace_seconds"),
            ("grace_seconds = 0", &[], "must be at least 1"),
            ("listen = ", &[], "is not TOML"),
            ("metrics.token = 'short'", &[], "metrics.token: must have 16 characters"),
            ("log.format = 'xml'", &[], "unknown variant `xml`, expected `text` or `json`"),
            ("", &[("QUORATE_GRACE", "5")], "QUORATE_GRACE: unknown field `grace`"),
        ] {
            let error = load(file, variables).unwrap_err();
            assert!(error.contains(says) && !error.contains('\n'), "{error}");
        }
    }
}
