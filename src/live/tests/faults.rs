//! Failures that heal: a poisoned command, a meeting that cannot be restored, retirement.

use quorate_protocol::*;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::stage::{OWNER, created, credential, entering, making, settings};
use crate::live::ids::Ids;
use crate::live::mail::Mail;
use crate::live::{Attached, Delivered, Live, ResumeAs, Settings};
use crate::meeting::event::MeetingCreated;
use crate::store::{Durability, Store};

/// A message that makes the meeting panic which is to carry it.
const POISON: &str = "☠";

/// Panics over a poisoned message.
pub(in crate::live) fn trip_over(mail: &Mail) {
    if let Mail::Command { command, .. } = mail
        && let Command::ChatSend(message) = &**command
    {
        assert!(message.text != POISON, "poison");
    }
}

/// Live meetings over a store of their own.
pub(super) struct House {
    pub(super) live: Live,
    pub(super) store: Store,
    folder: tempfile::TempDir,
}

impl House {
    pub(super) fn new(settings: Settings) -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("quorate.db"), Durability::Normal).unwrap();
        let ids = Ids::after(UserId(100), MeetingId(100), ParticipantId(0));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let live = Live::new(store.clone(), ids, settings, stop, tasks);
        House { live, store, folder }
    }

    pub(super) async fn make(&self, id: i64) -> MeetingId {
        let meeting = MeetingId(id);
        let code = format!("code-{id}");
        let created = MeetingCreated { meeting, code, ..created(false) };
        self.live.create(making(created)).await.unwrap();
        meeting
    }

    pub(super) async fn enter(&self, meeting: MeetingId, id: i64) -> Result<Person, ErrorBody> {
        let who = entering(id);
        self.live.enter(meeting, who).await.map(Person::new)
    }
}

/// Someone in a meeting, and what they are yet to read.
pub(super) struct Person {
    pub(super) attached: Attached,
    unread: std::collections::VecDeque<ServerFrame>,
}

impl Person {
    fn new(attached: Attached) -> Person {
        Person { attached, unread: Default::default() }
    }

    async fn next(&mut self) -> ServerFrame {
        let mut batch = Vec::new();
        while self.unread.is_empty() {
            if let Delivered::Last(_) = self.attached.delivery.next(&mut batch).await {
                assert!(!batch.is_empty());
            }
            let texts = batch.drain(..).map(|text| ServerFrame::parse(text.as_str()).unwrap());
            self.unread.extend(texts);
        }
        self.unread.pop_front().unwrap()
    }

    async fn expect<T>(&mut self, mut find: impl FnMut(ServerFrame) -> Option<T>) -> T {
        loop {
            if let Some(found) = find(self.next().await) {
                return found;
            }
        }
    }

    async fn say(&self, id: i64, text: &str) {
        let message = ChatSend { text: text.into(), to: None, reply_to: None };
        assert!(self.attached.port.send(id, false, Command::ChatSend(message)).await);
    }
}

fn welcome(frame: ServerFrame) -> Option<Box<Welcome>> {
    match frame {
        ServerFrame::Welcome(_, welcome) => Some(welcome),
        _ => None,
    }
}

fn ok(frame: ServerFrame) -> Option<OkFrame> {
    match frame {
        ServerFrame::Ok(ok) => Some(ok),
        _ => None,
    }
}

fn error(frame: ServerFrame) -> Option<(Option<i64>, ErrorBody)> {
    match frame {
        ServerFrame::Error(id, error) => Some((id, error)),
        _ => None,
    }
}

fn bye(frame: ServerFrame) -> Option<Bye> {
    match frame {
        ServerFrame::Bye(bye) => Some(bye),
        _ => None,
    }
}

#[tokio::test]
async fn a_poisoned_command_is_answered_internal_and_never_handed_in_again() {
    let house = House::new(settings());
    let (poisoned, other) = (house.make(1).await, house.make(2).await);
    let mut ada = house.enter(poisoned, OWNER).await.unwrap();
    let mut ben = house.enter(poisoned, 2).await.unwrap();
    let mut eve = house.enter(other, 3).await.unwrap();
    let session = ada.expect(welcome).await.session.id;
    ada.say(2, "before").await;
    let before = ada.expect(ok).await;
    ada.say(3, POISON).await;
    let (id, refused) = ada.expect(error).await;
    assert_eq!((id, refused.code), (Some(3), Code::Internal));
    assert!(refused.incident.is_some());
    for person in [&mut ada, &mut ben] {
        assert_eq!(person.expect(bye).await.code, Code::Unavailable);
    }
    // It comes back from the journal, and so does the session; the poison gets the same answer.
    let (seq, credential) = (before.seq.unwrap(), credential(OWNER));
    let back = house.live.resume(poisoned, ResumeAs { session, seq, credential }).await.unwrap();
    let mut ada = Person::new(back);
    assert!(ada.expect(welcome).await.resumed);
    ada.say(2, "before").await;
    assert_eq!(ada.expect(ok).await, before, "the first answer again");
    ada.say(3, POISON).await;
    assert_eq!(ada.expect(error).await, (Some(3), refused), "no loop");
    ada.say(4, "after").await;
    ada.expect(ok).await;
    // The other meeting noticed nothing.
    eve.say(2, "quiet here").await;
    let answered = eve
        .expect(|frame| match frame {
            ServerFrame::Bye(_) => Some(false),
            ServerFrame::Ok(_) => Some(true),
            _ => None,
        })
        .await;
    assert!(answered);
    assert_eq!(house.live.count(), 2, "each handle once, none of them dead");
    let events = house.store.journal(poisoned, Seq(0), 1000).await.unwrap();
    let said = events.iter().filter(|event| event.fact.to_row().0 == "chat.sent").count();
    assert_eq!(said, 2, "what was said before and after");
}

#[tokio::test]
async fn a_meeting_that_cannot_be_restored_is_set_aside_alone() {
    let house = House::new(Settings { retire_after_seconds: 0, ..settings() });
    let (broken, other) = (house.make(1).await, house.make(2).await);
    let store = house.store.clone();
    // Its task is gone when its entry in the directory is.
    while house.live.is_live(broken) {
        tokio::task::yield_now().await;
    }
    let database = rusqlite::Connection::open(store.path()).unwrap();
    let triggers: Vec<String> = database
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for trigger in triggers {
        database.execute_batch(&format!("DROP TRIGGER \"{trigger}\"")).unwrap();
    }
    let garbled = "UPDATE meeting_audit_logs SET action = 'no.such' WHERE meeting_id = 1";
    assert_eq!(database.execute(garbled, []).unwrap(), 1);
    let refused = house.enter(broken, 2).await.err().map(|error| (error.code, error.retryable));
    assert_eq!(refused, Some((Code::Unavailable, true)));
    assert!(house.enter(other, 2).await.is_ok());
    drop(house.folder);
}

#[tokio::test]
async fn an_idle_meeting_retires_and_comes_back_when_needed() {
    let house = House::new(Settings { retire_after_seconds: 0, ..settings() });
    let meeting = house.make(1).await;
    for id in 2..5 {
        while house.live.is_live(meeting) {
            tokio::task::yield_now().await;
        }
        let mut person = house.enter(meeting, id).await.unwrap();
        person.expect(welcome).await;
        assert!(person.attached.port.send(2, false, Command::Leave(Leave::default())).await);
        assert_eq!(person.expect(bye).await.code, Code::Left);
    }
    let events = house.store.journal(meeting, Seq(0), 1000).await.unwrap();
    let joined = events.iter().filter(|event| event.fact.to_row().0 == "participant.joined");
    assert_eq!(joined.count(), 3);
}

#[tokio::test]
async fn a_sleeping_meeting_is_started_when_its_deadline_comes() {
    let house = House::new(Settings { retire_after_seconds: 0, ..settings() });
    let meeting = house.make(1).await;
    while house.live.is_live(meeting) {
        tokio::task::yield_now().await;
    }
    let database = rusqlite::Connection::open(house.store.path()).unwrap();
    let due = "UPDATE meetings SET next_deadline = '2020-01-01T00:00:00.000Z' WHERE id = 1";
    assert_eq!(database.execute(due, []).unwrap(), 1);
    // The same house, in which meetings stay up.
    let ids = Ids::after(UserId(100), MeetingId(100), ParticipantId(0));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let live = Live::new(house.store.clone(), ids, settings(), stop.clone(), tasks);
    let sleepers = tokio::spawn(live.clone().wake_sleepers());
    while !live.is_live(meeting) {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    sleepers.await.unwrap();
}
