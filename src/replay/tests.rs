//! Folds that go on where they ended, and their bounds.

use quorate_protocol::*;
use tokio::sync::mpsc;

use super::*;
use crate::meeting::event::{Audience, Event, Fact, MeetingCreated};
use crate::store::{Batch, Durability, Generation, UserRow};

struct Journal {
    store: Store,
    generation: Generation,
    head: Seq,
    _folder: tempfile::TempDir,
}

const MEETING: MeetingId = MeetingId(1);

impl Journal {
    async fn new() -> Journal {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("quorate.db"), Durability::Normal).unwrap();
        let (generation, head) = store.begin(MEETING).await.unwrap();
        let mut journal = Journal { store, generation, head, _folder: folder };
        let created = MeetingCreated::new(MEETING, "abc-defg-hij", "Weekly", UserId(1));
        journal.write(vec![Fact::MeetingCreated(Box::new(created))]).await;
        journal
    }

    async fn write(&mut self, facts: Vec<Fact>) {
        let event = |(fact, seq): (Fact, u64)| Event {
            seq: self.head.plus(seq),
            at: Timestamp(1_790_000_000_000 + self.head.plus(seq).0.cast_signed()),
            user: UserId(1),
            by: None,
            audience: Audience::EVERYONE,
            fact,
            personal: None,
            cause: None,
            as_admin: false,
        };
        let events: Vec<_> = facts.into_iter().zip(1..).map(event).collect();
        let user = |id: i64| UserRow {
            id: UserId(id),
            username: format!("user-{id}"),
            name: format!("User {id}"),
            email: None,
            kind: UserKind::Member,
        };
        let (done, mut committed) = mpsc::unbounded_channel();
        let (meeting, generation, expected_head) = (MEETING, self.generation, self.head);
        self.head = self.head.plus(events.len() as u64);
        self.store.append(Batch {
            meeting,
            generation,
            expected_head,
            events,
            users: vec![user(1), user(2)],
            passcode: None,
            offspring: Vec::new(),
            kept: Vec::new(),
            measured: None,
            ballots: None,
            next_deadline: None,
            last_alive: None,
            done,
        });
        assert_eq!(committed.recv().await.unwrap().result, Ok(self.head));
    }
}

fn joined() -> Fact {
    Fact::ParticipantJoined {
        participant: ParticipantId(2),
        user: UserId(2),
        kind: UserKind::Member,
        role: Role::Attendee,
        via: Via::Open,
        room: None,
        looks_like: None,
    }
}

async fn sightings(replays: &Replays, user: i64) -> Sightings {
    let actor = Actor {
        user: UserId(user),
        kind: UserKind::Member,
        name: "Somebody".to_owned(),
        email: None,
        bot: None,
        scopes: None,
        admin: false,
    };
    replays.sightings(MEETING, &actor, Timestamp(1_790_000_000_000)).await.unwrap()
}

fn left() -> Fact {
    Fact::ParticipantLeft { participant: ParticipantId(2), reason: LeaveReason::Left }
}

#[tokio::test]
async fn a_fold_goes_on_where_it_ended_and_comes_to_the_same() {
    let mut journal = Journal::new().await;
    let replays = Replays::new(journal.store.clone());
    for facts in [vec![joined()], vec![left()], vec![Fact::MeetingLocked {}; 2500], vec![joined()]]
    {
        journal.write(facts).await;
        assert!(replays.cost(MEETING, UserId(2)).await.unwrap() > 0);
        let kept = sightings(&replays, 2).await;
        let anew = sightings(&Replays::new(journal.store.clone()), 2).await;
        assert_eq!(kept, anew);
        assert_eq!(kept.head, journal.head);
        assert_eq!(replays.cost(MEETING, UserId(2)).await.unwrap(), 0, "nothing is left to fold");
    }
    let seen = sightings(&replays, 2).await;
    let here = |seq: u64| seen.at(Seq(seq)).map(|view| view.here);
    assert_eq!(
        [here(1), here(2), here(3), here(2000)],
        [None, Some(true), Some(false), Some(false)]
    );
    assert_eq!(here(journal.head.0), Some(true));
    assert_eq!(seen.auditor, None);
    let host = sightings(&replays, 1).await;
    assert_eq!(host.auditor.map(|it| it.rank), Some(100), "one who never came");
    replays.forget();
    assert_eq!(replays.cost(MEETING, UserId(2)).await.unwrap(), journal.head.0);
}

#[tokio::test]
async fn a_moment_is_within_the_journal_or_there_is_none() {
    let mut journal = Journal::new().await;
    journal.write(vec![joined(), left()]).await;
    let replays = Replays::new(journal.store.clone());
    let then = async |moment| replays.then(MEETING, moment).await.unwrap();
    let head = |then: Option<Then>| then.map(|then| then.facts.head.0);
    let at = |ms: i64| Moment::At(Timestamp(1_790_000_000_000 + ms));
    for (moment, expected) in [
        (Moment::Seq(Seq(0)), None),
        (Moment::Seq(Seq(2)), Some(2)),
        (Moment::Seq(Seq(4)), None),
        (Moment::Seq(Seq(u64::MAX)), None),
        (at(0), None),
        (at(1), Some(1)),
        (at(2), Some(2)),
        (at(100), Some(3)),
    ] {
        assert_eq!(head(then(moment).await), expected, "{moment:?}");
        let (same, _) = replay(journal.store.path(), MEETING, moment).unwrap();
        assert_eq!(head(same), expected, "without a store: {moment:?}");
    }
    let in_it = then(Moment::Seq(Seq(2))).await.unwrap();
    assert!(in_it.seen_by(UserId(2)).is_some() && in_it.seen_by(UserId(1)).is_none());
    assert_eq!(head(replays.then(MeetingId(9), Moment::Seq(Seq(1))).await.unwrap()), None);
}

#[test]
fn few_folds_are_kept_and_not_of_too_many_events() {
    let kept = Kept::default();
    let fold = |events: u64| {
        let mut facts = Facts::default();
        facts.head = Seq(events);
        Fold { facts, views: Vec::new() }
    };
    for id in 1..=300 {
        kept.put(MeetingId(id), UserId(1), fold(10));
    }
    assert_eq!(kept.head(MeetingId(44), UserId(1)), Seq(0), "the oldest are gone");
    assert_eq!(kept.head(MeetingId(45), UserId(1)), Seq(10));
    kept.put(MeetingId(301), UserId(1), fold(499_985));
    assert_eq!(kept.head(MeetingId(300), UserId(1)), Seq(10));
    assert_eq!(kept.head(MeetingId(299), UserId(1)), Seq(0));
    kept.put(MeetingId(302), UserId(1), fold(2_000_000));
    assert_eq!(kept.head(MeetingId(302), UserId(1)), Seq(0), "one that is too long is not kept");
}
