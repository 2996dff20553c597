//! The store: the only place with SQL. One thread writes, a few connections read.
//!
//! What it promises:
//! - A batch is committed whole or not at all, and its completion is sent after the commit, never before.
//! - A meeting's journal grows only at its head and only by the hand that holds its generation:
//!   [`Store::begin`] gives out a generation and fences off all earlier ones.
//! - The tables of meetings are written in the transaction that appends the events they follow from.
//! - A batch that breaks a constraint fails alone. When the transaction itself fails, all its batches
//!   fail, no generation is good any more, and heads are read from disk again: whether the data had
//!   reached it or not, nothing is lost that was acknowledged, and nothing is invented.

mod append;
pub mod audit;
pub mod backup;
mod ballots;
mod connections;
mod digests;
mod erasing;
mod head;
mod heads;
mod idempotency;
pub(crate) mod import;
pub mod inspect;
mod journal;
mod maintenance;
mod measures;
mod open;
mod projections;
mod queries;
mod readers;
mod retention;
mod roles;
mod sign_ins;
#[cfg(test)]
mod tests;
mod tokens;
mod users;
mod write;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use quorate_protocol::{MeetingId, Seq, Timestamp, UserId, UserKind};
use tokio::sync::{mpsc, oneshot};

use crate::meeting::event::Event;
use crate::meeting::measures::Checkpoint;
use crate::telemetry::StoreMetrics;

pub use ballots::{BallotBox, Ballots};
pub use erasing::ERASED_PREFIX;
pub use head::{HeadError, SignedHead};
pub use idempotency::{Answered, KEPT_HOURS, KeptAnswer};
pub use open::OpenError;
pub use queries::meetings::{MeetingFilter, MeetingKey, Whose};
pub use queries::people::{PersonFilter, StoredPerson, UserStanding};
pub use queries::series::ChangedOccurrence;
pub use queries::{
    AuditFilter, AuditRow, HeldOccurrence, HighestIds, JournalReader, StoredDigest, StoredMeeting,
    StoredUser, UserMeeting,
};
use readers::Readers;
pub use sign_ins::StoredSignIn;
pub use tokens::{NewToken, StoredToken, TokenOwner};
pub use users::{Arrival, StoredInvitee};
use writer::Job;

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// When the disk has confirmed it: survives a power failure.
    #[default]
    Full,
    /// When the operating system has it: survives a crash of the server, and after a power failure
    /// the last moments before it may be missing.
    Normal,
}

/// The right to append to one meeting: each is newer than all before it, and only the newest is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

/// What is to be committed together for one meeting.
#[derive(Debug)]
pub struct Batch {
    /// The meeting.
    pub meeting: MeetingId,
    /// Its writer's generation, from [`Store::begin`].
    pub generation: Generation,
    /// The head that the events follow.
    pub expected_head: Seq,
    /// The events, numbered on from there; may be none.
    pub events: Vec<Event>,
    /// Users that the events name for the first time, or whose names changed; written before the events.
    pub users: Vec<UserRow>,
    /// The passcode's new hash, or that there is none any more; none leaves what is there.
    pub passcode: Option<Option<String>>,
    /// Meetings that are made with these events, each with its first events.
    pub offspring: Vec<Newborn>,
    /// What requests were answered that these events follow from, to be given again.
    pub kept: Vec<KeptAnswer>,
    /// What was measured; none leaves what is there.
    pub measured: Option<Box<Checkpoint>>,
    /// What was said of the meeting anonymously; filed before the events.
    pub ballots: Option<Box<Ballots>>,
    /// When the meeting must be woken, as of these events; none: nothing is due.
    pub next_deadline: Option<Timestamp>,
    /// When the meeting was alive; none leaves what is there.
    pub last_alive: Option<Timestamp>,
    /// Where to say how it went, once it is on disk.
    pub done: mpsc::UnboundedSender<Committed>,
}

/// A meeting that is made with the events of another.
#[derive(Debug)]
pub struct Newborn {
    /// The meeting.
    pub meeting: MeetingId,
    /// Its first events, numbered from 1.
    pub events: Vec<Event>,
    /// Its passcode's hash, or that there is none; none leaves what follows from the events.
    pub passcode: Option<Option<String>>,
    /// When it must be woken; none: nothing is due.
    pub next_deadline: Option<Timestamp>,
}

/// How a batch went; a meeting's completions come in the order of its batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The new head of the journal.
    pub result: Result<Seq, BatchError>,
}

/// Why a batch is not in the journal. Whoever sent it must begin anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Another holds the meeting now, or a failed commit took it from everyone.
    #[error("append: the generation is no longer good")]
    Stale,
    /// The events do not follow the head of the journal.
    #[error("append after {expected}: the journal ends at {found}")]
    Head {
        /// The head that the batch expected; its events must be numbered on from it.
        expected: Seq,
        /// The journal's head.
        found: Seq,
    },
    /// The database refused what is in it.
    #[error("append: {0}")]
    Constraint(String),
    /// The transaction failed. Whether the events are in the journal only [`Store::begin`] can say.
    #[error("commit: {0}")]
    Commit(String),
}

/// A user as the journal's rows refer to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The id.
    pub id: UserId,
    /// The subject of their token, or made up for a guest; unique.
    pub username: String,
    /// The name shown.
    pub name: String,
    /// The email address, where it is known to be theirs.
    pub email: Option<String>,
    /// What kind of user.
    pub kind: UserKind,
}

/// Why something could not be read or begun.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// [`Store::close`] was called.
    #[error("reach the store: it is closed")]
    Closed,
    /// The writer's transaction failed.
    #[error("commit: {0}")]
    Commit(String),
    /// SQLite failed.
    #[error("read the database: {0}")]
    Database(#[from] rusqlite::Error),
    /// A row is not what was once written there.
    #[error("read event {seq} of meeting {meeting}: {why}")]
    Unreadable {
        /// The meeting.
        meeting: MeetingId,
        /// The event.
        seq: Seq,
        /// What is wrong with it.
        why: String,
    },
}

/// A handle to the open database; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    jobs: mpsc::UnboundedSender<Job>,
    readers: Readers,
    closing: Arc<AtomicBool>,
    metrics: StoreMetrics,
    threads: Mutex<Option<Threads>>,
}

#[derive(Debug)]
struct Threads {
    writer: JoinHandle<()>,
    maintenance: maintenance::Maintenance,
}

/// What [`Store::open`] decides, and tests decide otherwise.
#[derive(Debug, Clone)]
struct Options {
    durability: Durability,
    verbs: writer::Verbs,
    maintenance: maintenance::Schedule,
}

impl Store {
    /// Opens the database at `path`, or makes it there when there is no file or an empty one. Its
    /// folder must exist. A file `<path>.lock` beside it keeps a second server out.
    ///
    /// # Errors
    /// When it cannot be opened, or is not ours to open; nothing is altered then.
    pub fn open(path: &Path, durability: Durability) -> Result<Store, OpenError> {
        Store::open_with(path, Options::new(durability))
    }

    fn open_with(path: &Path, options: Options) -> Result<Store, OpenError> {
        // Under its own name, where it is known by several: lock and log stand beside it.
        let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let opened = open::open(path, options.durability)?;
        let lock = Arc::new(opened.lock);
        let (jobs, queue) = mpsc::unbounded_channel();
        let (closing, metrics) = (Arc::default(), StoreMetrics::default());
        let truncation_owed = Arc::<AtomicBool>::default();
        let maintenance = maintenance::Maintenance::start(
            path.to_owned(),
            options.maintenance.clone(),
            jobs.downgrade(),
            Arc::clone(&truncation_owed),
            Arc::clone(&lock),
        )
        .map_err(|error| OpenError::unreachable(path, error))?;
        let writer = writer::Writer::new(path, options, opened.connection, truncation_owed, lock)
            .start(queue, Arc::clone(&closing), metrics.clone())
            .map_err(|error| OpenError::unreachable(path, error))?;
        let threads = Mutex::new(Some(Threads { writer, maintenance }));
        let readers = Readers::new(path);
        let path = path.to_owned();
        Ok(Store { shared: Arc::new(Shared { path, jobs, readers, closing, metrics, threads }) })
    }

    /// Queues a batch. The queue has no bound of its own: each meeting has at most a few batches in
    /// flight, since its actor waits for completions.
    pub fn append(&self, batch: Batch) {
        if let Err(job) = self.queue(Job::Append(batch)) {
            job.fail(&StoreError::Closed);
        }
    }

    /// Takes a meeting over: its new generation, and the head of its journal (0 when it has none).
    /// Every batch queued before is committed or refused by then, and every batch of an older
    /// generation is refused from now on.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed that it was part of; it may be tried again.
    pub async fn begin(&self, meeting: MeetingId) -> Result<(Generation, Seq), StoreError> {
        let (reply, begun) = oneshot::channel();
        self.queue(Job::Begin { meeting, reply }).map_err(|_| StoreError::Closed)?;
        begun.await.map_err(|_| StoreError::Closed)?
    }

    /// Lets go of a meeting that retires, and with it of what the writer remembers about it. A
    /// generation that is no longer the newest changes nothing.
    pub fn forget(&self, meeting: MeetingId, generation: Generation) {
        // A closed store has forgotten everything already.
        let _ = self.queue(Job::Forget { meeting, generation });
    }

    /// How many transactions were committed since the store was opened.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.shared.metrics.commits.get()
    }

    /// What is counted here.
    #[must_use]
    pub fn metrics(&self) -> &StoreMetrics {
        &self.shared.metrics
    }

    /// Waits until the writer has had its turn, as a commit would.
    ///
    /// # Errors
    /// When the store is closed, or a transaction cannot be begun or ended.
    pub async fn writes(&self) -> Result<(), StoreError> {
        self.write(|_| Ok(())).await
    }

    /// Bytes of the database file, and of the log beside it.
    #[must_use]
    pub fn sizes(&self) -> (u64, u64) {
        let path = &self.shared.path;
        (std::fs::metadata(path).map_or(0, |file| file.len()), maintenance::log_bytes(path))
    }

    /// Puts a job into the writer's queue; gives it back when the store is closed.
    fn queue(&self, job: Job) -> Result<(), Job> {
        let queued = &self.shared.metrics.queued;
        queued.inc();
        self.shared.jobs.send(job).map_err(|mpsc::error::SendError(job)| {
            queued.dec();
            job
        })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Commits what is queued, brings the write-ahead log into the database, and waits for the
    /// threads to end. Clones of this handle get [`StoreError::Closed`] from now on. Without this
    /// call the same happens in the background once the last handle is dropped.
    pub async fn close(self) {
        self.shared.readers.close().await;
        self.shared.closing.store(true, Ordering::Relaxed);
        let threads = self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Threads { writer, maintenance }) = threads else { return };
        let jobs = self.shared.jobs.clone();
        let ended = tokio::task::spawn_blocking(move || {
            // Its connection first: the last one to close takes the log away.
            maintenance.stop();
            let _ = jobs.send(Job::Close);
            writer.join()
        });
        if !matches!(ended.await, Ok(Ok(()))) {
            tracing::error!("the store's writer ended in a panic");
        }
    }
}

impl Options {
    fn new(durability: Durability) -> Options {
        let (verbs, maintenance) = Default::default();
        Options { durability, verbs, maintenance }
    }
}
