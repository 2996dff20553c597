//! The directory of live meetings: starts each on first need, forgets it when it retires.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use futures::{StreamExt, stream};
use quorate_protocol::{Code, ErrorBody, MeetingId};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::Settings;
use super::actor::Actor;
use super::clock;
use super::ids::Ids;
use super::mail::{
    ActAs, Acted, Attached, CreateAs, EnterAs, MAILBOX_CAPACITY, Mail, Refused, Reply, ResumeAs,
};
use super::roles::Roles;
use crate::store::{Store, StoreError};

/// How often sleeping meetings are looked through for deadlines.
const SLEEPERS_EVERY: Duration = Duration::from_secs(1);
/// Meetings looked up for their deadlines at once.
const WAKE_BATCH: usize = 64;
/// Meetings restored at the same time, so that those whom people ask for come in between.
const RESTORES_AT_ONCE: usize = 4;

/// What every live meeting shares.
pub(super) struct Context {
    pub(super) store: Store,
    pub(super) ids: Ids,
    pub(super) settings: Settings,
    pub(super) roles: Arc<Roles>,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

/// All live meetings of this server.
#[derive(Clone)]
pub struct Live {
    context: Arc<Context>,
    /// Each live meeting's mailbox.
    meetings: Arc<DashMap<MeetingId, mpsc::Sender<Mail>>>,
}

impl Live {
    /// No live meeting yet. Until `stop`, meetings run as tasks of `tasks`.
    #[must_use]
    pub fn new(
        store: Store,
        ids: Ids,
        settings: Settings,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Live {
        let roles = Roles::new(store.clone(), tasks.clone());
        let context = Arc::new(Context { store, ids, settings, roles, stop, tasks });
        Live { context, meetings: Arc::default() }
    }

    /// The allocator of global ids.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.context.ids
    }

    /// The server's custom roles.
    #[must_use]
    pub fn roles(&self) -> &Arc<Roles> {
        &self.context.roles
    }

    /// Someone says `hello` to a meeting that exists.
    ///
    /// # Errors
    /// The refusal.
    pub async fn enter(&self, meeting: MeetingId, who: EnterAs) -> Result<Attached, ErrorBody> {
        self.ask(meeting, |reply| Mail::Enter { who: Box::new(who.clone()), reply }).await
    }

    /// Someone says `hello` with `resume` to a meeting that exists.
    ///
    /// # Errors
    /// The refusal.
    pub async fn resume(&self, meeting: MeetingId, who: ResumeAs) -> Result<Attached, ErrorBody> {
        self.ask(meeting, |reply| Mail::Resume { who, reply }).await
    }

    /// Makes a meeting; it is durable when this answers.
    ///
    /// # Errors
    /// The refusal.
    pub async fn create(&self, what: CreateAs) -> Result<(), ErrorBody> {
        let mail = |reply| Mail::Create { what: Box::new(what.clone()), reply };
        self.ask(what.created.meeting, mail).await
    }

    /// Someone acts in a meeting that exists, and need not be there; it is durable when this answers.
    ///
    /// # Errors
    /// The refusal.
    pub async fn act(&self, meeting: MeetingId, who: ActAs) -> Result<Acted, ErrorBody> {
        self.ask(meeting, |reply| Mail::Act { who: Box::new(who.clone()), reply }).await
    }

    /// Hands mail to a meeting and waits for the answer; asks again when the meeting was just retiring.
    async fn ask<T>(
        &self,
        meeting: MeetingId,
        mail: impl Fn(oneshot::Sender<Reply<T>>) -> Mail,
    ) -> Result<T, ErrorBody> {
        loop {
            let (reply, answer) = oneshot::channel();
            if self.mailbox(meeting).send(mail(reply)).await.is_err() {
                self.stopping()?;
                continue;
            }
            match answer.await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Refused::Error(error))) => return Err(*error),
                Ok(Err(Refused::Retired)) => self.stopping()?,
                Err(_) => {
                    self.stopping()?;
                    // It failed over this, or just before: whether it was carried out is not known.
                    let message = "the meeting failed; try again in a moment";
                    return Err(ErrorBody::new(Code::Unavailable, message));
                }
            }
        }
    }

    fn stopping(&self) -> Result<(), ErrorBody> {
        if self.context.stop.is_cancelled() {
            let message = "the server is restarting; come back in a moment";
            return Err(ErrorBody::new(Code::Restarting, message));
        }
        Ok(())
    }

    /// The meeting's mailbox; starts the meeting when it is not live.
    fn mailbox(&self, meeting: MeetingId) -> mpsc::Sender<Mail> {
        match self.meetings.entry(meeting) {
            Entry::Occupied(entry) if !entry.get().is_closed() => entry.get().clone(),
            entry => {
                let mailbox = self.start(meeting);
                entry.insert(mailbox.clone());
                mailbox
            }
        }
    }

    fn start(&self, id: MeetingId) -> mpsc::Sender<Mail> {
        let (mailbox_sender, mailbox) = mpsc::channel(MAILBOX_CAPACITY);
        let (gone_sender, gone) = mpsc::unbounded_channel();
        let started = mailbox_sender.clone();
        let context = self.context.clone();
        let poison = HashMap::new();
        let actor = Actor { id, context, mailbox, mailbox_sender, gone, gone_sender, poison };
        let entry = DirectoryEntry { live: self.clone(), id, mailbox: started.clone() };
        let span = tracing::info_span!("meeting", %id);
        let task = async move {
            // Forgotten however the task ends.
            let _entry = entry;
            actor.run().await;
        };
        self.context.tasks.spawn(task.instrument(span));
        started
    }

    /// How many meetings are live.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.meetings.len()
    }

    /// Whether a meeting is live.
    #[cfg(test)]
    pub(super) fn is_live(&self, meeting: MeetingId) -> bool {
        self.meetings.contains_key(&meeting)
    }

    /// Starts the meetings that had not ended, then those whose deadline comes, until the server stops.
    pub async fn wake_sleepers(self) {
        let stop = self.context.stop.clone();
        let work = async {
            match self.context.store.unfinished_meetings().await {
                Ok(meetings) => self.wake(meetings).await,
                Err(error) => tracing::error!(%error, "failed to look for unfinished meetings"),
            }
            loop {
                tokio::time::sleep(SLEEPERS_EVERY).await;
                match self.context.store.due_meetings(clock::wall(), WAKE_BATCH).await {
                    Ok(meetings) => self.wake(meetings).await,
                    Err(error) => tracing::error!(%error, "failed to look for deadlines"),
                }
            }
        };
        stop.run_until_cancelled(work).await;
    }

    /// Starts meetings, a few at a time, and waits until they are restored.
    async fn wake(&self, meetings: Vec<MeetingId>) {
        let restored = stream::iter(meetings).for_each_concurrent(RESTORES_AT_ONCE, async |id| {
            let (awake, restored) = oneshot::channel();
            // Where it fails or retires instead, what we wait for is dropped, and that will do.
            if self.mailbox(id).send(Mail::Wake { awake }).await.is_ok() {
                let _ = restored.await;
            }
        });
        restored.await;
    }

    /// Whether a meeting of this id was ever made.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn exists(&self, meeting: MeetingId) -> Result<bool, StoreError> {
        self.context.store.meeting_exists(meeting).await
    }
}

/// A meeting's entry in the directory, as its task holds it.
struct DirectoryEntry {
    live: Live,
    id: MeetingId,
    mailbox: mpsc::Sender<Mail>,
}

impl Drop for DirectoryEntry {
    fn drop(&mut self) {
        // A successor may stand there already.
        let own = |_: &MeetingId, mailbox: &mpsc::Sender<Mail>| mailbox.same_channel(&self.mailbox);
        self.live.meetings.remove_if(&self.id, own);
    }
}
