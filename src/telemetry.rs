//! What the server counts, for Prometheus, and how it writes its log.
//!
//! Each room owns its counters and counts with an atomic step; this page gathers them into one registry of its
//! own (nothing is global: two servers in one process count apart), and reads what can be read when asked.
//! No label ever holds what a client sent.

mod log;
mod process;

use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use quorate_protocol::Timestamp;

pub use log::{LogFormat, start_log};

/// A gauge of seconds.
type Seconds = Gauge<f64, AtomicU64>;

/// Upper bounds of what a commit takes, in seconds: from a disk's cache to a disk in trouble.
const COMMIT_SECONDS: [f64; 12] =
    [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0];
/// Upper bounds of what a request takes, in seconds.
const REQUEST_SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// What the store counts.
#[derive(Debug, Clone)]
pub struct StoreMetrics {
    /// Transactions committed.
    pub commits: Counter,
    /// Transactions that failed.
    pub failures: Counter,
    /// How long each took, from its beginning until the disk had it.
    pub commit_seconds: Histogram,
    /// Events committed.
    pub events: Counter,
    /// What waits for the writer.
    pub queued: Gauge,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        StoreMetrics {
            commits: Counter::default(),
            failures: Counter::default(),
            commit_seconds: Histogram::new(COMMIT_SECONDS),
            events: Counter::default(),
            queued: Gauge::default(),
        }
    }
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "the variants are the label's values")]
pub enum Outcome {
    /// Carried out.
    ok,
    /// The rules said no.
    refused,
    /// It was not one: unknown, or with a field that is wrong.
    invalid,
    /// Too many at once.
    rate_limited,
    /// Only tried.
    dry_run,
    /// Answered before, and again.
    repeated,
    /// It made the meeting fail.
    failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: Outcome,
}

/// Commands by what became of them.
#[derive(Debug, Clone)]
pub struct Commands {
    family: Family<OutcomeLabel, Counter>,
    each: [Counter; 7],
}

impl Default for Commands {
    fn default() -> Self {
        use Outcome::{dry_run, failed, invalid, ok, rate_limited, refused, repeated};
        let family = Family::<OutcomeLabel, Counter>::default();
        // In the order of the enum: counting looks nothing up.
        let each = [ok, refused, invalid, rate_limited, dry_run, repeated, failed]
            .map(|outcome| family.get_or_create_owned(&OutcomeLabel { outcome }));
        Commands { family, each }
    }
}

impl Commands {
    /// One more.
    pub fn count(&self, outcome: Outcome) {
        self.each[outcome as usize].inc();
    }

    /// How many so far.
    #[must_use]
    pub fn get(&self, outcome: Outcome) -> u64 {
        self.each[outcome as usize].get()
    }
}

/// What the live meetings count.
#[derive(Debug, Clone, Default)]
pub struct LiveMetrics {
    /// Commands, by what became of them.
    pub commands: Commands,
    /// Signals sent, each once however many get it.
    pub signals: Counter,
    /// People and bots who are in a meeting, lost ones included.
    pub present: Gauge,
    /// People who wait.
    pub waiting: Gauge,
    /// Sessions, those among them whose socket is lost.
    pub sessions: Gauge,
    /// Meetings restored from their journals.
    pub restores: Counter,
    /// Restores that failed.
    pub restore_failures: Counter,
    /// Meetings that are set aside now.
    pub aside: Gauge,
}

/// One meeting's part of the gauges; gives it back when the meeting goes, however it goes.
#[derive(Debug)]
pub struct Share {
    metrics: LiveMetrics,
    held: [i64; 3],
}

impl Share {
    /// Nobody yet.
    #[must_use]
    pub fn new(metrics: LiveMetrics) -> Share {
        Share { metrics, held: [0; 3] }
    }

    /// So many are in, wait, and sessions are open.
    pub fn set(&mut self, present: usize, waiting: usize, sessions: usize) {
        let now = [present, waiting, sessions].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let LiveMetrics { present, waiting, sessions, .. } = &self.metrics;
        for (at, gauge) in [present, waiting, sessions].into_iter().enumerate() {
            if self.held[at] != now[at] {
                gauge.inc_by(now[at] - self.held[at]);
                self.held[at] = now[at];
            }
        }
    }

    /// What the live meetings count.
    #[must_use]
    pub fn metrics(&self) -> &LiveMetrics {
        &self.metrics
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0, 0, 0);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

/// What connections count.
#[derive(Debug, Clone, Default)]
pub struct SocketMetrics {
    /// Sockets that are open.
    pub open: Gauge,
    closed: Family<ReasonLabel, Counter>,
}

impl SocketMetrics {
    /// A socket is open for as long as the guard lives.
    #[must_use]
    pub fn opened(&self) -> OpenSocket {
        self.open.inc();
        OpenSocket(self.open.clone())
    }

    /// A socket was closed for this reason, one of the protocol's codes.
    pub fn closed(&self, reason: &'static str) {
        self.closed.get_or_create(&ReasonLabel { reason }).inc();
    }
}

/// See [`SocketMetrics::opened`].
#[derive(Debug)]
pub struct OpenSocket(Gauge);

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

/// What the HTTP routes count.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(REQUEST_SECONDS);
        let seconds = Family::new_with_constructor(histogram);
        HttpMetrics { requests: Family::default(), seconds }
    }
}

impl HttpMetrics {
    /// A request was answered. `route` is the route's pattern, never a path as it came.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, seconds: f64) {
        let route = route.to_owned();
        let labels = RequestLabels { method, route: route.clone(), status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&RouteLabels { method, route }).observe(seconds);
    }
}

/// What is read when someone asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Meetings that are live.
    pub meetings: u64,
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Bytes of its write-ahead log.
    pub log_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// Everything that is counted, as one page for Prometheus.
pub struct Telemetry {
    registry: Registry,
    http: HttpMetrics,
    meetings: Gauge,
    database_bytes: Gauge,
    log_bytes: Gauge,
    process: process::Process,
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telemetry(…)")
    }
}

impl Telemetry {
    /// Gathers what the rooms count in a server that starts now.
    #[must_use]
    pub fn new(
        started: Timestamp,
        store: &StoreMetrics,
        live: &LiveMetrics,
        sockets: &SocketMetrics,
    ) -> Telemetry {
        let mut all = Registry::default();
        let ours = all.sub_registry_with_prefix("quorate");
        ours.register(
            "build",
            "What is running",
            Info::new(Build { version: env!("CARGO_PKG_VERSION") }),
        );
        register_store(ours, store);
        register_live(ours, live);
        ours.register("sockets_open", "WebSockets that are open", sockets.open.clone());
        let help = "WebSockets that were closed, by the code of the goodbye";
        ours.register("sockets_closed", help, sockets.closed.clone());
        let http = HttpMetrics::default();
        let help = "HTTP requests answered, by route, method and status";
        ours.register("http_requests", help, http.requests.clone());
        let help = "How long HTTP requests took to be answered";
        ours.register_with_unit("http_request_duration", help, Unit::Seconds, http.seconds.clone());
        let (meetings, database_bytes, log_bytes) = <(Gauge, Gauge, Gauge)>::default();
        ours.register("meetings_live", "Meetings that are in memory", meetings.clone());
        let help = "Size of the database file";
        ours.register_with_unit("database_size", help, Unit::Bytes, database_bytes.clone());
        let help = "Size of the write-ahead log beside it";
        ours.register_with_unit("database_log_size", help, Unit::Bytes, log_bytes.clone());
        let process = process::Process::register(all.sub_registry_with_prefix("process"), started);
        Telemetry { registry: all, http, meetings, database_bytes, log_bytes, process }
    }

    /// What the HTTP routes count.
    #[must_use]
    pub fn http(&self) -> &HttpMetrics {
        &self.http
    }

    /// All of it as OpenMetrics text.
    #[must_use]
    pub fn text(&self, reading: Reading) -> String {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.meetings.set(number(reading.meetings));
        self.database_bytes.set(number(reading.database_bytes));
        self.log_bytes.set(number(reading.log_bytes));
        self.process.read();
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes all text");
        text
    }
}

fn register_store(registry: &mut Registry, store: &StoreMetrics) {
    registry.register("commits", "Transactions committed", store.commits.clone());
    let help = "Transactions that failed; their meetings were rebuilt from the disk";
    registry.register("commit_failures", help, store.failures.clone());
    let help = "How long a transaction took until the disk had it";
    registry.register_with_unit(
        "commit_duration",
        help,
        Unit::Seconds,
        store.commit_seconds.clone(),
    );
    registry.register(
        "events_committed",
        "Events in the journal since the start",
        store.events.clone(),
    );
    registry.register("writer_queue", "What waits to be committed", store.queued.clone());
}

fn register_live(registry: &mut Registry, live: &LiveMetrics) {
    let help = "Commands over sockets, by what became of them";
    registry.register("commands", help, live.commands.family.clone());
    registry.register("signals", "Signals sent, however many got each", live.signals.clone());
    let help = "People and bots who are in a meeting, those within their grace included";
    registry.register("participants_present", help, live.present.clone());
    registry.register("participants_waiting", "People in waiting rooms", live.waiting.clone());
    let help = "Sessions, those within their grace included";
    registry.register("sessions_open", help, live.sessions.clone());
    registry.register("restores", "Meetings restored from their journals", live.restores.clone());
    let help = "Attempts to restore a meeting that failed";
    registry.register("restore_failures", help, live.restore_failures.clone());
    let help = "Meetings that cannot be restored and are set aside; see `quorate doctor`";
    registry.register("meetings_set_aside", help, live.aside.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_is_counted_as_itself() {
        use Outcome::{dry_run, failed, invalid, ok, rate_limited, refused, repeated};
        let commands = Commands::default();
        let all = [ok, refused, invalid, rate_limited, dry_run, repeated, failed];
        for (n, outcome) in all.into_iter().enumerate() {
            (0..=n).for_each(|_| commands.count(outcome));
            let labelled = commands.family.get_or_create_owned(&OutcomeLabel { outcome }).get();
            assert_eq!((commands.get(outcome), labelled), (n as u64 + 1, n as u64 + 1));
        }
    }

    #[test]
    fn a_meeting_that_goes_takes_its_people_along() {
        let metrics = LiveMetrics::default();
        let (mut one, mut other) = (Share::new(metrics.clone()), Share::new(metrics.clone()));
        one.set(3, 1, 4);
        other.set(2, 0, 2);
        one.set(1, 2, 4);
        let counted = || (metrics.present.get(), metrics.waiting.get(), metrics.sessions.get());
        assert_eq!(counted(), (3, 2, 6));
        drop(one);
        assert_eq!(counted(), (2, 0, 2));
        drop(other);
        assert_eq!(counted(), (0, 0, 0));
    }

    #[test]
    fn two_servers_count_apart_and_what_is_read_is_shown() {
        let page = |commits| {
            let store = StoreMetrics::default();
            store.commits.inc_by(commits);
            let (live, sockets) = (LiveMetrics::default(), SocketMetrics::default());
            let telemetry = Telemetry::new(Timestamp(0), &store, &live, &sockets);
            telemetry.http().answered("GET", "/api/meetings/{id}", 200, 0.002);
            telemetry.text(Reading { meetings: 7, ..Reading::default() })
        };
        let (one, other) = (page(1), page(2));
        assert!(one.contains("quorate_commits_total 1\n"), "{one}");
        assert!(other.contains("quorate_commits_total 2\n"), "{other}");
        assert!(one.contains("quorate_meetings_live 7\n"), "{one}");
        assert!(
            one.contains(
                "quorate_http_requests_total{method=\"GET\",route=\"/api/meetings/{id}\",status=\"200\"} 1\n"
            ),
            "{one}"
        );
        assert!(
            one.contains("process_resident_memory_bytes ") && one.ends_with("# EOF\n"),
            "{one}"
        );
    }
}
