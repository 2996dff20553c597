//! Who is kept out, by what, until when.

use quorate_protocol::*;

use super::stage::*;
use crate::meeting::event::{Event, Fact};
use crate::meeting::{Answer, Decision, Input, Refusal};

const FOREVER: Refusal = Refusal::Banned { until: None };

/// A meeting with the owner, co-host 2 and attendee 5 in it; 5 has a verified address.
fn stage() -> Stage {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.enter_as(5, email("eve")).unwrap();
    stage
}

fn answer<T: serde::de::DeserializeOwned>(decision: &Decision) -> T {
    let Answer::Data(text) = &decision.answer else { panic!("no data") };
    serde_json::from_str(text).unwrap()
}

fn list(stage: &mut Stage) -> Vec<BanEntry> {
    listed(stage, None, 50).items
}

fn listed(stage: &mut Stage, after: Option<i64>, limit: u32) -> Page<BanEntry> {
    let ask = BanList { after: after.map(UserId), limit };
    answer(&stage.ask(OWNER, Command::BanList(ask)).unwrap())
}

#[test]
fn r7_a_ban_is_by_user_then_by_verified_email_then_by_a_guests_device() {
    let mut stage = stage();
    stage.enter(6).unwrap();
    stage.enter(100).unwrap();
    for user in [5, 6, 100, 77] {
        stage.ask(OWNER, ban(user, None)).unwrap();
    }
    let keys: Vec<_> = list(&mut stage).iter().map(|ban| (ban.user.0, ban.key)).collect();
    let expected =
        [(5, BanKey::Email), (6, BanKey::User), (77, BanKey::User), (100, BanKey::Device)];
    assert_eq!(keys, expected);
    for user in [6, 77, 100] {
        assert_eq!(stage.enter(user), Err(FOREVER), "{user}");
    }
    assert_eq!(stage.enter(5), Err(FOREVER), "the user, whatever address");
    assert_eq!(stage.enter_as(7, email("eve")), Err(FOREVER), "the address, whatever user");
    assert!(stage.enter_as(8, email("eva")).is_ok());
    stage.ask(OWNER, unban(5)).unwrap();
    assert!(stage.enter_as(7, email("eve")).is_ok(), "lifted with the user's");
}

#[test]
fn r7_an_address_puts_out_who_waits_and_refuses_who_is_in_when_they_come_back() {
    let mut stage = stage();
    let inside = stage.enter_as(7, email("eve")).unwrap();
    stage.ask(OWNER, remove(5)).unwrap();
    stage.enter_as(5, email("eve")).unwrap();
    stage.enter_as(8, email("eve")).unwrap();
    stage.ask(OWNER, remove(8)).unwrap();
    let waits = stage.enter_as(8, email("eve")).unwrap();
    assert!(stage.person(5).is_waiting() && stage.person(8).is_waiting());
    stage.ask(OWNER, ban(5, None)).unwrap();
    assert_eq!(
        stage.last(5),
        [
            "participant.withdrawn",
            "participant.banned",
            "session.closed",
            "participant.withdrawn",
            "session.closed"
        ]
    );
    assert!(!stage.person(8).is_waiting() && !stage.meeting.facts.sessions.contains_key(&waits));
    assert!(stage.is_in(7), "only the named one is put out");
    stage.take(&Input::Lost { session: inside }).unwrap();
    let resume = Input::Resume { session: inside, user: UserId(7) };
    assert_eq!(stage.take(&resume), Err(FOREVER));
    assert_eq!(stage.enter_as(7, email("eve")), Err(FOREVER));
    stage.pass(60);
    assert!(!stage.is_in(7), "and the grace ends as ever");
}

#[test]
fn r7_an_address_reaches_nobody_whom_the_rank_protects() {
    let mut stage = stage();
    stage.ask(2, ban(5, None)).unwrap();
    for user in [OWNER, 2] {
        assert!(stage.enter_as(user, email("eve")).is_ok(), "{user}");
    }
    assert_eq!(stage.ask(2, ban(OWNER, None)), Err(Refusal::RankTooLow));
}

#[test]
fn an_expired_ban_no_longer_counts_and_is_not_listed() {
    let mut stage = stage();
    let until = stage.now.plus_seconds(60);
    stage.ask(OWNER, ban_for(5, Some(until), "noise")).unwrap();
    stage.pass(59);
    assert_eq!(list(&mut stage).len(), 1);
    assert_eq!(stage.enter_as(7, email("eve")), Err(Refusal::Banned { until: Some(until) }));
    stage.pass(1);
    assert_eq!(list(&mut stage), []);
    assert!(stage.enter_as(7, email("eve")).is_ok());
    stage.ask(OWNER, ban(5, None)).unwrap();
    assert_eq!(list(&mut stage)[0].reason, None, "a new ban, not the old one's reason");
}

#[test]
fn of_several_bans_of_an_address_the_last_to_end_is_told() {
    let mut stage = stage();
    stage.enter_as(6, email("eve")).unwrap();
    let soon = stage.now.plus_seconds(60);
    stage.ask(OWNER, ban(5, Some(soon))).unwrap();
    assert_eq!(stage.enter_as(7, email("eve")), Err(Refusal::Banned { until: Some(soon) }));
    stage.ask(OWNER, ban(6, None)).unwrap();
    assert_eq!(stage.enter_as(7, email("eve")), Err(FOREVER));
}

#[test]
fn banning_again_changes_what_is_said_and_the_same_again_is_done_already() {
    let mut stage = stage();
    let until = Some(stage.now.plus_seconds(60));
    stage.ask(OWNER, ban_for(5, None, "noise")).unwrap();
    let at = stage.now;
    for (again, changes) in [
        (ban_for(5, None, "noise"), false),
        (ban(5, None), false),
        (ban_for(5, None, "threats"), true),
        (ban(5, until), true),
        (series(5, until), true),
        (series(5, until), false),
    ] {
        let decision = stage.ask(2, again.clone()).unwrap();
        assert_eq!(!decision.events.is_empty(), changes, "{again:?}");
        if !changes {
            assert!(answer::<Already>(&decision).already);
        }
    }
    let told = BanEntry {
        user: UserId(5),
        participant: Some(super::stage::at(5)),
        name: Some("User 5".into()),
        key: BanKey::Email,
        scope: BanScope::Series,
        reason: Some("threats".into()),
        until,
        by: Some(super::stage::at(2)),
        at,
    };
    assert_eq!(list(&mut stage), [told]);
}

fn series(user: i64, until: Option<Timestamp>) -> Command {
    let Command::ParticipantBan(of) = ban(user, until) else { unreachable!() };
    Command::ParticipantBan(Ban { scope: BanScope::Series, ..of })
}

#[test]
fn bans_are_listed_in_pages_to_those_who_may_lift_them() {
    let mut stage = stage();
    for user in 20..25 {
        stage.ask(OWNER, ban(user, None)).unwrap();
    }
    let users = |page: &Page<BanEntry>| page.items.iter().map(|ban| ban.user.0).collect::<Vec<_>>();
    let first = listed(&mut stage, None, 2);
    assert_eq!((users(&first), first.next), (vec![20, 21], Some(21)));
    let last = listed(&mut stage, Some(21), 3);
    assert_eq!((users(&last), last.next), (vec![22, 23, 24], None));
    assert_eq!(last.items[0].name, None, "never here");
    let ask = |limit| Command::BanList(BanList { after: None, limit });
    assert_eq!(stage.ask(5, ask(50)), Err(Refusal::Forbidden(Permission::ParticipantUnban)));
    let none = stage.ask(OWNER, ask(0));
    assert!(matches!(none, Err(Refusal::Invalid { field: "limit", .. })));
}

#[test]
fn there_is_a_bound_and_expired_bans_leave_room() {
    let mut stage = stage();
    let until = stage.now.plus_seconds(60);
    for user in 0..BANS_MAX as i64 {
        let command = ban(1000 + user, (user == 0).then_some(until));
        let Command::ParticipantBan(_) = &command else { unreachable!() };
        let decision = {
            let session = stage.person(OWNER).sessions[0];
            stage.meeting.decide(stage.now, &Input::Command { session, command }).unwrap()
        };
        for draft in decision.events {
            let event = draft.at(stage.meeting.facts.head.next(), stage.now);
            stage.meeting.apply(&event);
            stage.journal.push(event);
        }
    }
    let full = stage.ask(OWNER, ban(5, None));
    assert!(matches!(full, Err(Refusal::TooMany { limit: BANS_MAX, .. })), "{full:?}");
    let other = stage.now.plus_seconds(120);
    assert!(stage.ask(OWNER, ban(1001, Some(other))).is_ok(), "changing one is no more of them");
    stage.pass(60);
    stage.ask(OWNER, ban(5, None)).unwrap();
    assert!(stage.ask(OWNER, unban(1000)).is_err(), "the expired one made room");
    assert_eq!(stage.meeting.facts, stage.replayed());
}

#[test]
fn after_a_redaction_only_the_user_matches() {
    let mut stage = stage();
    stage.ask(OWNER, ban_for(5, None, "noise")).unwrap();
    let kept = |kind: &str| stage.journal.iter().rfind(|event| is_fact(event, kind)).unwrap().seq;
    let (banned, reason) = (kept("participant.banned"), kept("participant.reason_given"));
    let redact = |stage: &mut Stage, seq: Seq| {
        let last = stage.journal.last().unwrap();
        let fact = Fact::Redacted { ranges: vec![(seq, seq)] };
        let event = Event { seq: last.seq.next(), fact, personal: None, ..last.clone() };
        stage.meeting.apply(&event);
        stage.journal.push(event);
        stage.journal[seq.0 as usize - 1].personal = None;
        assert_eq!(stage.meeting.facts.head, stage.replayed().head);
    };
    redact(&mut stage, reason);
    let ban = list(&mut stage).remove(0);
    assert_eq!((ban.reason, ban.key), (None, BanKey::Email));
    redact(&mut stage, banned);
    assert_eq!(list(&mut stage)[0].key, BanKey::User);
    assert!(stage.enter_as(7, email("eve")).is_ok());
    assert_eq!(stage.enter_as(5, email("eve")), Err(FOREVER));
    assert_eq!(stage.meeting.facts, stage.replayed(), "as it is after a restart");
}
