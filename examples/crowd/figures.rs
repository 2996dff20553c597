//! What is measured: latencies, deliveries, and the server's process.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;

use crate::record::Record;

/// Clock ticks a second in `/proc` (a constant of Linux on every machine in use).
const TICKS_PER_SECOND: f64 = 100.0;

/// What everyone adds to.
pub(crate) struct Figures {
    epoch: Instant,
    /// Events that reached a participant.
    pub(crate) deliveries: AtomicU64,
    /// Signals that did.
    pub(crate) signals: AtomicU64,
    /// Bytes of the server before anyone connected.
    pub(crate) memory_before: AtomicU64,
    delivery: Latency,
    answer: Latency,
}

impl Figures {
    pub(crate) fn new() -> Self {
        Figures {
            epoch: Instant::now(),
            deliveries: AtomicU64::new(0),
            signals: AtomicU64::new(0),
            memory_before: AtomicU64::new(0),
            delivery: Latency::new(),
            answer: Latency::new(),
        }
    }

    /// Microseconds since this program started.
    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A message that was sent then has arrived.
    pub(crate) fn delivered(&self, sent_us: u64) {
        self.delivery.add(self.now_us().saturating_sub(sent_us));
    }

    /// A command that was sent then has its answer.
    pub(crate) fn answered(&self, sent_us: u64) {
        self.answer.add(self.now_us().saturating_sub(sent_us));
    }

    /// Prints what the load was and how fast it went.
    pub(crate) fn tell(&self, deliveries: u64, took: Duration) {
        let per_second = deliveries as f64 / took.as_secs_f64();
        println!("{deliveries} events delivered in {:.2} s: {per_second:.0}/s", took.as_secs_f64());
        println!("{} signals delivered", self.signals.load(Ordering::Relaxed));
        self.delivery.tell("from send to delivery");
        self.answer.tell("from send to answer");
    }

    /// Prints what the participants met.
    pub(crate) fn tell_client(&self, records: &[Record]) {
        let resumed: u32 = records.iter().map(|record| record.resumed).sum();
        let fresh: u32 = records.iter().map(|record| record.fresh).sum();
        println!("{resumed} resumed where they were, {fresh} got a fresh snapshot instead");
        let mut refused = BTreeMap::new();
        for (code, count) in records.iter().flat_map(|record| &record.refused) {
            *refused.entry(code.name()).or_insert(0) += count;
        }
        for (code, count) in refused {
            println!("{count} commands refused: {code}");
        }
    }
}

/// A histogram of microseconds.
struct Latency(Mutex<Histogram<u64>>);

impl Latency {
    fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, 600_000_000, 3);
        Latency(Mutex::new(histogram.expect("constant bounds that fit")))
    }

    fn add(&self, us: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(us);
    }

    fn tell(&self, what: &str) {
        let histogram = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ms = |us: u64| us as f64 / 1000.0;
        let at = |quantile| ms(histogram.value_at_quantile(quantile));
        let (count, max) = (histogram.len(), ms(histogram.max()));
        let [p50, p90, p99] = [at(0.5), at(0.9), at(0.99)];
        println!(
            "{what}: p50 {p50:.2} ms, p90 {p90:.2} ms, p99 {p99:.2} ms, max {max:.2} ms ({count})"
        );
    }
}

/// The server's process, as `/proc` tells it.
pub(crate) struct Process(u32);

impl Process {
    /// That process, if it is there.
    pub(crate) fn new(pid: u32) -> Result<Process> {
        let process = Process(pid);
        process.memory().map(|_| process)
    }

    /// Seconds of CPU it has used.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = self.read("stat")?;
        // The name, in parentheses, may hold anything; user and system time are 12 fields behind it.
        let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? / TICKS_PER_SECOND)
    }

    /// Bytes of memory it holds.
    pub(crate) fn memory(&self) -> Result<u64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        Ok(kib.context("failed to find VmRSS")? * 1024)
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).with_context(|| format!("failed to read {path}"))
    }
}
