//! What the operating system says of this process, under the names that Prometheus' own libraries use.

use std::fs;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use quorate_protocol::Timestamp;

use super::Seconds;

/// Gauges that [`Process::read`] brings up to date.
pub(super) struct Process {
    memory: Gauge,
    open_files: Gauge,
    open_files_max: Gauge,
}

impl Process {
    pub(super) fn register(registry: &mut Registry, at: Timestamp) -> Process {
        let (memory, open_files, open_files_max) = <(Gauge, Gauge, Gauge)>::default();
        let started = Seconds::default();
        started.set(at.0 as f64 / 1000.0);
        let help = "When the process started, since 1970";
        registry.register_with_unit("start_time", help, Unit::Seconds, started);
        let help = "Memory that is in use";
        registry.register_with_unit("resident_memory", help, Unit::Bytes, memory.clone());
        registry.register("open_fds", "Files and sockets that are open", open_files.clone());
        registry.register("max_fds", "How many may be", open_files_max.clone());
        Process { memory, open_files, open_files_max }
    }

    pub(super) fn read(&self) {
        // Where there is no /proc they stay 0.
        self.memory.set(resident_bytes().unwrap_or(0));
        let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        self.open_files.set(i64::try_from(open).unwrap_or(i64::MAX));
        self.open_files_max.set(open_files_max().unwrap_or(0));
    }
}

fn resident_bytes() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

fn open_files_max() -> Option<i64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
