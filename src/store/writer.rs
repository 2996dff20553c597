//! The thread `store-writer`: takes what is queued, commits it together, then answers.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use quorate_protocol::{MeetingId, Seq};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};

use super::heads::Heads;
use super::write::Change;
use super::{Batch, BatchError, Committed, Durability, Generation, Options, StoreError};
use super::{append, connections};
use crate::meeting::event::{Event, Fact};
use crate::telemetry::StoreMetrics;

/// Jobs of one transaction at most: bounds how long the first of them waits for the last.
const JOBS_MAX: usize = 1024;

/// What the writer does, in the order of the queue.
#[derive(Debug)]
pub(super) enum Job {
    Append(Batch),
    Begin {
        meeting: MeetingId,
        reply: oneshot::Sender<Result<(Generation, Seq), StoreError>>,
    },
    Forget {
        meeting: MeetingId,
        generation: Generation,
    },
    /// Change tables that are no fold.
    Write {
        change: Change,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
    /// Bring the whole write-ahead log into the database and cut it to nothing.
    Truncate,
    /// Take no more.
    Close,
}

/// How a job went, to be told after the commit.
enum Outcome {
    Appended(Result<Seq, BatchError>),
    Begun(Result<(Generation, Seq), BatchError>),
    Changed(Result<(), BatchError>),
    Silent,
}

impl Job {
    /// Whether the log is to be cut after it. What is to be gone from the tables still stands there as it was.
    fn truncates(&self) -> bool {
        let forgets = |event: &Event| {
            matches!(event.fact, Fact::FeedbackClosed {} | Fact::RetentionApplied { .. })
        };
        match self {
            Job::Truncate => true,
            Job::Append(batch) => batch.events.iter().any(forgets),
            _ => false,
        }
    }

    fn answer(self, outcome: Outcome) {
        // Who has gone away meanwhile needs no answer.
        match (self, outcome) {
            (Job::Append(batch), Outcome::Appended(result)) => {
                let _ = batch.done.send(Committed { result });
            }
            (Job::Begin { reply, .. }, Outcome::Begun(result)) => {
                let _ = reply.send(result.map_err(|error| StoreError::Commit(error.to_string())));
            }
            (Job::Write { reply, .. }, Outcome::Changed(result)) => {
                let _ = reply.send(result.map_err(|error| StoreError::Commit(error.to_string())));
            }
            _ => {}
        }
    }

    /// Answers that nothing came of it.
    pub(super) fn fail(self, error: &StoreError) {
        match self {
            Job::Append(batch) => {
                let result = Err(BatchError::Commit(error.to_string()));
                let _ = batch.done.send(Committed { result });
            }
            Job::Begin { reply, .. } => {
                let _ = reply.send(Err(StoreError::Commit(error.to_string())));
            }
            Job::Write { reply, .. } => {
                let _ = reply.send(Err(StoreError::Commit(error.to_string())));
            }
            Job::Forget { .. } | Job::Truncate | Job::Close => {}
        }
    }
}

/// How a transaction begins and ends; tests put faults here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verbs {
    pub(super) begin: fn(&Connection) -> rusqlite::Result<()>,
    pub(super) commit: fn(&Connection) -> rusqlite::Result<()>,
}

impl Default for Verbs {
    fn default() -> Self {
        Verbs {
            begin: |connection| run(connection, "BEGIN IMMEDIATE"),
            commit: |connection| run(connection, "COMMIT"),
        }
    }
}

pub(super) struct Writer {
    path: PathBuf,
    durability: Durability,
    verbs: Verbs,
    /// None after a failed transaction, until it could be opened again.
    connection: Option<Connection>,
    heads: Heads,
    /// The log is to be cut and could not be yet; maintenance asks again.
    truncation_owed: Arc<AtomicBool>,
    _lock: Arc<File>,
}

impl Writer {
    pub(super) fn new(
        path: &Path,
        options: Options,
        connection: Connection,
        truncation_owed: Arc<AtomicBool>,
        lock: Arc<File>,
    ) -> Writer {
        let Options { durability, verbs, maintenance: _ } = options;
        let (path, connection, heads) = (path.to_owned(), Some(connection), Heads::default());
        Writer { path, durability, verbs, connection, heads, truncation_owed, _lock: lock }
    }

    pub(super) fn start(
        mut self,
        mut queue: mpsc::UnboundedReceiver<Job>,
        closing: Arc<AtomicBool>,
        metrics: StoreMetrics,
    ) -> std::io::Result<JoinHandle<()>> {
        thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            // What a crash left may hold what was deleted before it.
            self.truncate();
            let mut jobs = Vec::new();
            while queue.blocking_recv_many(&mut jobs, JOBS_MAX) > 0 {
                if jobs.iter().any(|job| matches!(job, Job::Close)) {
                    queue.close();
                }
                self.step(std::mem::take(&mut jobs), &closing, &metrics);
            }
            self.truncate();
        })
    }

    /// One transaction, and then its answers. A panic counts as a failure of the transaction: it must
    /// not end the only thread that writes.
    fn step(&mut self, jobs: Vec<Job>, closing: &AtomicBool, metrics: &StoreMetrics) {
        let asked = jobs.iter().filter(|job| !matches!(job, Job::Truncate | Job::Close)).count();
        metrics.queued.dec_by(asked as i64);
        let truncate = jobs.iter().any(Job::truncates);
        let began = Instant::now();
        let outcomes = catch_unwind(AssertUnwindSafe(|| self.transaction(&jobs, closing)));
        metrics.commit_seconds.observe(began.elapsed().as_secs_f64());
        match outcomes.unwrap_or(Err(rusqlite::Error::UnwindingPanic)) {
            Ok(outcomes) => {
                metrics.commits.inc();
                metrics.events.inc_by(events(&jobs, &outcomes));
                jobs.into_iter().zip(outcomes).for_each(|(job, outcome)| job.answer(outcome));
                if truncate {
                    self.truncate();
                }
            }
            Err(error) => {
                metrics.failures.inc();
                self.truncation_owed.fetch_or(truncate, Ordering::Relaxed);
                tracing::error!(%error, batches = jobs.len(), "failed to commit");
                // Whether the data reached the disk is open. The disk decides, asked anew.
                self.connection = None;
                self.heads.clear();
                let error = StoreError::Database(error);
                jobs.into_iter().for_each(|job| job.fail(&error));
            }
        }
    }

    fn transaction(
        &mut self,
        jobs: &[Job],
        closing: &AtomicBool,
    ) -> rusqlite::Result<Vec<Outcome>> {
        let connection = match self.connection.take() {
            Some(connection) => self.connection.insert(connection),
            None => self.connection.insert(connections::reopen(&self.path, self.durability)?),
        };
        begin(self.verbs.begin, connection, closing)?;
        let outcomes = jobs.iter().map(|job| perform(connection, &mut self.heads, job));
        let outcomes = outcomes.collect::<rusqlite::Result<_>>()?;
        (self.verbs.commit)(connection)?;
        Ok(outcomes)
    }

    /// The writer's, since it alone is never kept from it by the writer. Readers may be in the way, which
    /// SQLite says in its answer: then it is still owed.
    fn truncate(&mut self) {
        self.truncation_owed.store(true, Ordering::Relaxed);
        let Some(connection) = &self.connection else { return };
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy = connection
            .busy_timeout(Duration::ZERO)
            .and_then(|()| connection.query_row(sql, [], |row| row.get(0)));
        let patient = connection.busy_timeout(connections::BUSY_WAIT);
        match patient.and(busy) {
            Ok(busy) => self.truncation_owed.store(busy, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "failed to truncate the write-ahead log"),
        }
    }
}

/// How many events these jobs brought into the journal.
fn events(jobs: &[Job], outcomes: &[Outcome]) -> u64 {
    let of = |(job, outcome): (&Job, &Outcome)| match (job, outcome) {
        (Job::Append(batch), Outcome::Appended(Ok(_))) => batch.events.len() as u64,
        _ => 0,
    };
    jobs.iter().zip(outcomes).map(of).sum()
}

/// Begins the transaction. Another process that holds the database delays everyone and fails nobody:
/// nothing has been touched yet, and a batch refused now would only come again. While the store is
/// closing there is no time for that.
fn begin(
    begin: fn(&Connection) -> rusqlite::Result<()>,
    connection: &Connection,
    closing: &AtomicBool,
) -> rusqlite::Result<()> {
    loop {
        match begin(connection) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && !closing.load(Ordering::Relaxed) =>
            {
                tracing::warn!("another process holds the database; waiting for it");
            }
            begun => return begun,
        }
    }
}

/// One job in a savepoint of its own.
fn perform(connection: &Connection, heads: &mut Heads, job: &Job) -> rusqlite::Result<Outcome> {
    match job {
        Job::Append(batch) => savepoint(connection, || append::append(connection, heads, batch))
            .map(Outcome::Appended),
        Job::Begin { meeting, .. } => {
            let head = savepoint(connection, || heads.head(connection, *meeting).map(Ok))?;
            Ok(Outcome::Begun(head.map(|head| (heads.begin(*meeting), head.seq))))
        }
        Job::Forget { meeting, generation } => {
            heads.forget(*meeting, *generation);
            Ok(Outcome::Silent)
        }
        Job::Write { change, .. } => {
            savepoint(connection, || change.carry_out(connection).map(Ok)).map(Outcome::Changed)
        }
        Job::Truncate | Job::Close => Ok(Outcome::Silent),
    }
}

/// Undoes what `work` did when it fails by its own fault; the fault becomes the inner error.
fn savepoint<T>(
    connection: &Connection,
    work: impl FnOnce() -> rusqlite::Result<Result<T, BatchError>>,
) -> rusqlite::Result<Result<T, BatchError>> {
    run(connection, "SAVEPOINT batch")?;
    let result = match work() {
        Err(error) if connection.is_autocommit() || !is_its_own_fault(&error) => return Err(error),
        Err(error) => Err(BatchError::Constraint(error.to_string())),
        Ok(result) => result,
    };
    if result.is_err() {
        run(connection, "ROLLBACK TO batch")?;
    }
    run(connection, "RELEASE batch")?;
    Ok(result)
}

/// Whether the error lies in what was to be written, and not in the database or its disk.
fn is_its_own_fault(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code().is_none_or(|code| {
        matches!(
            code,
            ErrorCode::ConstraintViolation
                | ErrorCode::TooBig
                | ErrorCode::TypeMismatch
                // A statement that is wrong in itself.
                | ErrorCode::Unknown
        )
    })
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
