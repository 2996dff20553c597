//! The directory of live meetings: starts each on first need, forgets it when it retires.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use futures::{StreamExt, stream};
use quorate_protocol::{Code, ErrorBody, MeetingId, Privacy, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::Settings;
use super::actor::Actor;
use super::clock;
use super::ids::Ids;
use super::mail::{
    ActAs, Acted, Attached, CreateAs, EnterAs, Look, MAILBOX_CAPACITY, Mail, Refused, Reply,
    ResumeAs,
};
use super::roles::Roles;
use crate::meeting::series::SeriesBan;
use crate::meeting::{Facts, Meeting};
use crate::store::{Store, StoreError};
use crate::telemetry::LiveMetrics;

/// How often sleeping meetings are looked through for deadlines.
const SLEEPERS_EVERY: Duration = Duration::from_secs(1);
/// Meetings looked up for their deadlines at once.
const WAKE_BATCH: usize = 64;
/// Meetings restored at the same time, so that those whom people ask for come in between.
const RESTORES_AT_ONCE: usize = 4;

/// Bans in occurrences, on their way to their series.
type SeriesBans = mpsc::UnboundedReceiver<(MeetingId, SeriesBan)>;

/// What every live meeting shares.
pub(super) struct Context {
    pub(super) store: Store,
    pub(super) ids: Ids,
    pub(super) settings: Settings,
    pub(super) roles: Arc<Roles>,
    /// How often credentials were revoked.
    pub(super) revocations: AtomicU64,
    pub(super) metrics: LiveMetrics,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    /// Bans in occurrences that are to hold in their series.
    pub(super) series_bans: mpsc::UnboundedSender<(MeetingId, SeriesBan)>,
}

/// All live meetings of this server.
#[derive(Clone)]
pub struct Live {
    pub(super) context: Arc<Context>,
    /// Taken by the task that hands them on.
    series_bans: Arc<Mutex<Option<SeriesBans>>>,
    /// Each live meeting's mailbox.
    pub(super) meetings: Arc<DashMap<MeetingId, mpsc::Sender<Mail>>>,
    /// Those that had not ended are restored, or set aside.
    restored: CancellationToken,
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
        let revocations = AtomicU64::new(0);
        let (series_bans, banned) = mpsc::unbounded_channel();
        let metrics = LiveMetrics::default();
        let context =
            Context { store, ids, settings, roles, revocations, metrics, stop, tasks, series_bans };
        let series_bans = Arc::new(Mutex::new(Some(banned)));
        let restored = CancellationToken::new();
        Live { context: Arc::new(context), series_bans, meetings: Arc::default(), restored }
    }

    /// The allocator of global ids.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.context.ids
    }

    /// What is measured and shown at most, whatever a meeting says.
    #[must_use]
    pub fn privacy(&self) -> Privacy {
        self.context.settings.terms.privacy
    }

    /// The server's custom roles.
    #[must_use]
    pub fn roles(&self) -> &Arc<Roles> {
        &self.context.roles
    }

    /// What is counted here.
    #[must_use]
    pub fn metrics(&self) -> &LiveMetrics {
        &self.context.metrics
    }

    /// Whether the meetings that had not ended are restored, as far as they can be.
    #[must_use]
    pub fn is_restored(&self) -> bool {
        self.restored.is_cancelled()
    }

    /// Whether the server stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.context.stop.is_cancelled()
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

    /// What `see` makes of the facts of a meeting that exists: as of a head that is durable when this answers.
    /// Starts the meeting where it is not live.
    ///
    /// # Errors
    /// `unavailable` when it cannot be restored, `restarting` when the server stops.
    pub async fn look<T: Send + 'static>(
        &self,
        meeting: MeetingId,
        see: impl Fn(&Facts, Timestamp) -> T + Send + Sync + 'static,
    ) -> Result<T, ErrorBody> {
        self.look_at(meeting, move |meeting, now| see(&meeting.facts, now)).await
    }

    /// The same of all of the meeting, what passes in it included.
    ///
    /// # Errors
    /// As [`Live::look`].
    pub async fn look_at<T: Send + 'static>(
        &self,
        meeting: MeetingId,
        see: impl Fn(&Meeting, Timestamp) -> T + Send + Sync + 'static,
    ) -> Result<T, ErrorBody> {
        let seen = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&seen);
        let look = Look(Arc::new(move |meeting, now| {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(see(meeting, now));
        }));
        self.ask(meeting, |reply| Mail::Look { look: look.clone(), reply }).await?;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        seen.ok_or_else(|| ErrorBody::new(Code::Unavailable, "try again in a moment"))
    }

    /// Has a meeting that is live go on from what its journal says now; its clients come back by `resume`.
    /// When this answers, nothing that it knew before is told any more.
    pub async fn rebuild(&self, meeting: MeetingId) {
        let mailbox = self.meetings.get(&meeting).map(|mailbox| mailbox.clone());
        let Some(mailbox) = mailbox else { return };
        let (heard, rebuilding) = oneshot::channel();
        // Where it fails or retires instead, it forgets as well.
        if mailbox.send(Mail::Rebuild { heard }).await.is_ok() {
            let _ = rebuilding.await;
        }
    }

    /// Someone acts in a meeting that exists, and need not be there; it is durable when this answers.
    ///
    /// # Errors
    /// The refusal.
    pub async fn act(&self, meeting: MeetingId, who: ActAs) -> Result<Acted, ErrorBody> {
        let mail = |reply| Mail::Act { who: Box::new(who.clone()), reply };
        let acted: Acted = self.ask(meeting, mail).await?;
        if acted.in_series && acted.seq.is_some() {
            self.tell_occurrences(meeting).await;
        }
        Ok(acted)
    }

    /// Hands mail to a meeting and waits for the answer; asks again when the meeting was just retiring.
    pub(super) async fn ask<T>(
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
    #[must_use]
    pub fn count(&self) -> usize {
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
            self.wake_unfinished().await;
            self.restored.cancel();
            self.catch_up_series().await;
            loop {
                tokio::time::sleep(SLEEPERS_EVERY).await;
                match self.context.store.due_meetings(clock::wall(), WAKE_BATCH).await {
                    Ok(meetings) => self.wake(meetings).await,
                    Err(error) => tracing::error!(%error, "failed to look for deadlines"),
                }
            }
        };
        let banned = self.series_bans.lock().unwrap_or_else(PoisonError::into_inner).take();
        let bans = async {
            let Some(mut banned) = banned else { return };
            while let Some((occurrence, ban)) = banned.recv().await {
                self.ban_in_series(occurrence, ban).await;
            }
        };
        stop.run_until_cancelled(async { tokio::join!(work, bans) }).await;
    }

    /// Starts a meeting whose deadline may have come with it.
    pub(super) async fn wake_one(&self, meeting: MeetingId) {
        self.wake(vec![meeting]).await;
    }

    /// Starts the meetings that had not ended, as soon as the store says which.
    async fn wake_unfinished(&self) {
        loop {
            match self.context.store.unfinished_meetings().await {
                Ok(meetings) => return self.wake(meetings).await,
                Err(error) => tracing::error!(%error, "failed to look for unfinished meetings"),
            }
            tokio::time::sleep(SLEEPERS_EVERY).await;
        }
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
