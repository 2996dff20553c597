//! A running meeting taken in hand: mail, commits and deliveries happen when the test says so.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures::FutureExt;
use quorate_protocol::*;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::live::actor::Actor;
use crate::live::directory::Context;
use crate::live::ids::Ids;
use crate::live::mail::{Attached, CreateAs, Credential, EnterAs, Gone, Mail, Reply, ResumeAs};
use crate::live::roles::Roles;
use crate::live::step::Running;
use crate::live::{Delivered, Settings};
use crate::meeting::event::{Event, MeetingCreated};
use crate::meeting::{Passcode, Terms};
use crate::store::{Committed, Durability, Store, UserRow};
use crate::telemetry::LiveMetrics;

/// The user who made the meeting.
pub(super) const OWNER: i64 = 1;
pub(super) const MEETING: MeetingId = MeetingId(1);

pub(super) fn settings() -> Settings {
    Settings {
        terms: Terms::default(),
        heartbeat_seconds: 15,
        checkpoint_seconds: 5,
        retire_after_seconds: 300,
        limits: Limits::default(),
        resume_tokens: Arc::new(|_, _, _| String::new()),
    }
}

pub(super) fn created(requires_approval: bool) -> MeetingCreated {
    MeetingCreated {
        requires_approval,
        ..MeetingCreated::new(MEETING, "abc-defg-hij", "Weekly", UserId(OWNER))
    }
}

pub(super) fn user(id: i64) -> UserRow {
    UserRow {
        id: UserId(id),
        username: format!("user-{id}"),
        name: format!("User {id}"),
        email: None,
        kind: UserKind::Member,
    }
}

pub(super) fn credential(id: i64) -> Credential {
    Credential::of(UserId(id), None)
}

/// See the module.
pub(super) struct Stage {
    pub(super) running: Running,
    pub(super) store: Store,
    gone: mpsc::UnboundedReceiver<Gone>,
    acked: mpsc::UnboundedReceiver<Committed>,
    actor: Actor,
    _folder: tempfile::TempDir,
}

impl Stage {
    pub(super) async fn new(requires_approval: bool) -> Stage {
        Stage::with(|created| created.requires_approval = requires_approval).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut MeetingCreated)) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("quorate.db"), Durability::Normal).unwrap();
        let context = Arc::new(Context {
            store: store.clone(),
            ids: Ids::after(UserId(100), MEETING, ParticipantId(0)),
            settings: settings(),
            roles: Roles::new(store.clone(), TaskTracker::new()),
            revocations: AtomicU64::new(0),
            metrics: LiveMetrics::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            series_bans: mpsc::unbounded_channel().0,
        });
        let (mailbox_sender, mailbox) = mpsc::channel(1);
        let (gone_sender, never) = mpsc::unbounded_channel();
        let poison = HashMap::new();
        let mut actor = Actor {
            id: MEETING,
            context,
            mailbox,
            mailbox_sender,
            gone: never,
            gone_sender,
            poison,
        };
        let (acks, acked) = mpsc::unbounded_channel();
        let mut running = actor.restore(acks).await.unwrap();
        let (gone_sender, gone) = mpsc::unbounded_channel();
        running.gone = gone_sender;
        let mut stage = Stage { running, store, gone, acked, actor, _folder: folder };
        let (reply, made) = oneshot::channel();
        let mut meeting = created(false);
        change(&mut meeting);
        let what = Box::new(making(meeting));
        stage.mail(Mail::Create { what, reply });
        stage.commit().await;
        made.await.unwrap().unwrap();
        stage
    }

    /// Restores the meeting from what is on disk, as after a crash.
    pub(super) async fn restore(&mut self) {
        let (acks, acked) = mpsc::unbounded_channel();
        self.running = self.actor.restore(acks).await.unwrap();
        self.acked = acked;
        self.commit().await;
    }

    /// Handles this mail; several may come in one step.
    pub(super) fn mail(&mut self, mail: Mail) {
        self.running.handle(mail);
    }

    /// Ends the step: what it decided is on its way to the store, and held.
    pub(super) fn end_step(&mut self) {
        self.running.run_deadlines();
        self.running.seal();
        self.running.checkpoint_asked();
    }

    pub(super) fn enter(&mut self, id: i64) -> oneshot::Receiver<Reply<Attached>> {
        let (reply, answer) = oneshot::channel();
        let who = entering(id);
        self.mail(Mail::Enter { who: Box::new(who), reply });
        answer
    }

    pub(super) fn resume(
        &mut self,
        id: i64,
        session: SessionId,
        seq: Seq,
    ) -> oneshot::Receiver<Reply<Attached>> {
        let (reply, answer) = oneshot::channel();
        let who = ResumeAs { session, seq, credential: credential(id) };
        self.mail(Mail::Resume { who, reply });
        answer
    }

    pub(super) fn ask(&mut self, attached: &Attached, id: i64, command: Command) {
        let (session, attachment) = (attached.port.session, attached.port.attachment);
        let command = Box::new(command);
        self.mail(Mail::Command { session, attachment, id, dry_run: false, command });
    }

    /// Handles the sockets that are gone.
    pub(super) fn lose_sockets(&mut self) {
        while let Ok(gone) = self.gone.try_recv() {
            self.running.gone(gone);
        }
    }

    /// Lets one batch that the store has done count as committed. False when none is on its way.
    pub(super) async fn commit_one(&mut self) -> bool {
        self.end_step();
        if self.running.in_flight == 0 {
            return false;
        }
        let committed = self.acked.recv().await.unwrap();
        self.running.committed(committed.result.unwrap());
        self.running.seal();
        true
    }

    pub(super) async fn commit(&mut self) {
        while self.commit_one().await {}
    }

    pub(super) async fn journal(&self) -> Vec<Event> {
        self.store.journal(MEETING, Seq(0), 100_000).await.unwrap()
    }
}

/// What there is for a session now, frame by frame, and whether the last closed it.
pub(super) async fn deliver(attached: &mut Attached) -> (Vec<ServerFrame>, Option<Code>) {
    let mut frames = Vec::new();
    let mut batch: Vec<Utf8Bytes> = Vec::new();
    // Time stands still until nothing else is to be done: then all there was is delivered.
    let quiet = Duration::from_millis(1);
    while let Ok(delivered) = tokio::time::timeout(quiet, attached.delivery.next(&mut batch)).await
    {
        let texts = batch.drain(..);
        frames.extend(texts.map(|text| ServerFrame::parse(text.as_str()).unwrap()));
        if let Delivered::Last(code) = delivered {
            return (frames, Some(code));
        }
    }
    (frames, None)
}

/// The answer that is there already, if any.
pub(super) fn answered<T>(answer: &mut oneshot::Receiver<T>) -> Option<T> {
    answer.now_or_never().map(Result::unwrap)
}

/// A meeting of the owner's.
pub(super) fn making(created: MeetingCreated) -> CreateAs {
    CreateAs {
        created,
        owner: user(OWNER),
        invitees: Vec::new(),
        passcode: None,
        named: Vec::new(),
        keep: None,
    }
}

/// A member at the door.
pub(super) fn entering(id: i64) -> EnterAs {
    let (user, credential) = (user(id), credential(id));
    EnterAs { user, credential, email: None, bot: None, passcode: Passcode::Missing }
}
