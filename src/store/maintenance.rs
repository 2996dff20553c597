//! The thread `store-maintenance`: brings the write-ahead log into the database, beside the commits
//! and not within them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc::WeakUnboundedSender;
use tokio::sync::oneshot;

use super::write::Change;
use super::writer::Job;
use super::{connections, idempotency};

/// When to do what.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    /// Between checkpoints.
    pub(super) every: Duration,
    /// The size beyond which the log is cut to nothing, for which the writer must stop for a moment.
    pub(super) log_bytes_max: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule { every: Duration::from_secs(1), log_bytes_max: 256 * 1024 * 1024 }
    }
}

/// The running thread; it ends when this is dropped, and is waited for by [`Maintenance::stop`].
#[derive(Debug)]
pub(super) struct Maintenance {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Maintenance {
    pub(super) fn start(
        path: PathBuf,
        schedule: Schedule,
        jobs: WeakUnboundedSender<Job>,
        truncation_owed: Arc<AtomicBool>,
        lock: Arc<File>,
    ) -> std::io::Result<Maintenance> {
        let (stop, stopped) = mpsc::channel();
        let thread =
            thread::Builder::new().name("store-maintenance".to_owned()).spawn(move || {
                let _lock = lock;
                let mut connection = None;
                while stopped.recv_timeout(schedule.every) == Err(RecvTimeoutError::Timeout) {
                    step(&path, &schedule, &jobs, &truncation_owed, &mut connection);
                }
            })?;
        Ok(Maintenance { stop, thread })
    }

    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the store's maintenance ended in a panic");
        }
    }
}

/// A checkpoint that waits for nobody, and if the log is too long all the same, or was to be cut and could not
/// be, a word to the writer.
pub(super) fn step(
    path: &Path,
    schedule: &Schedule,
    jobs: &WeakUnboundedSender<Job>,
    truncation_owed: &AtomicBool,
    connection: &mut Option<Connection>,
) {
    if let Err(error) = checkpoint(path, connection) {
        tracing::warn!(%error, "failed to checkpoint");
        *connection = None;
    }
    purge(jobs, connection);
    let owed = truncation_owed.load(Ordering::Relaxed);
    if (owed || log_bytes(path) > schedule.log_bytes_max)
        && let Some(jobs) = jobs.upgrade()
    {
        // A closed store cuts its log itself.
        let _ = jobs.send(Job::Truncate);
    }
}

/// Has the writer take away what was kept for long enough.
fn purge(jobs: &WeakUnboundedSender<Job>, connection: &mut Option<Connection>) {
    let Some(open) = connection else { return };
    match idempotency::has_old(open) {
        Ok(false) => {}
        Ok(true) => {
            if let Some(jobs) = jobs.upgrade() {
                // A closed store keeps it until it is opened again.
                let (reply, _) = oneshot::channel();
                let _ = jobs.send(Job::Write { change: Change::new(idempotency::purge), reply });
            }
        }
        Err(error) => {
            tracing::warn!(%error, "failed to look for old answers");
            *connection = None;
        }
    }
}

fn checkpoint(path: &Path, connection: &mut Option<Connection>) -> rusqlite::Result<()> {
    let open = match connection.take() {
        Some(open) => open,
        None => connections::connect_checkpointer(path)?,
    };
    let open = connection.insert(open);
    open.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// The size of the write-ahead log; 0 when there is none.
pub(super) fn log_bytes(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).map_or(0, |file| file.len())
}
