//! Large meetings: who hears of whom.

use quorate_protocol::*;

use super::stage::*;
use crate::meeting::SignalTo;
use crate::meeting::event::{Audience, Event};

/// A meeting of so many people: the owner, co-host 2, moderator 3, presenter 4, and attendees from 1001 on.
fn of(people: i64) -> Stage {
    let mut stage = Stage::new(|_| {});
    for user in [OWNER, 2, 3, 4] {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.ask(OWNER, assign(3, Role::Moderator)).unwrap();
    stage.ask(OWNER, assign(4, Role::Presenter)).unwrap();
    fill(&mut stage, people);
    stage
}

/// Lets attendees come or go until there are so many people.
fn fill(stage: &mut Stage, people: i64) {
    while i64::from(stage.meeting.facts.present) < people {
        let next = stage.meeting.facts.people.len() as i64;
        member(stage, 1000 + next - 3).unwrap();
    }
    while i64::from(stage.meeting.facts.present) > people {
        let last = stage.meeting.facts.people.values().rfind(|person| person.is_in()).unwrap();
        let user = last.user.0;
        stage.ask(user, leave()).unwrap();
    }
}

fn member(stage: &mut Stage, user: i64) -> Result<SessionId, crate::meeting::Refusal> {
    stage.enter_as(user, |enter| enter.kind = UserKind::Member)
}

fn newest<'a>(stage: &'a Stage, kind: &str) -> &'a Event {
    stage.journal.iter().rfind(|event| is_fact(event, kind)).expect("it happened")
}

fn sees(stage: &Stage, event: &Event, user: i64) -> bool {
    event.audience.includes(&stage.person(user).view)
}

#[test]
fn a_meeting_is_large_above_500_until_it_falls_below_400() {
    let mut stage = of(500);
    let large = |stage: &Stage| stage.meeting.facts.info.large;
    for (people, expected) in
        [(500, false), (501, true), (500, true), (400, true), (399, false), (500, false)]
    {
        fill(&mut stage, people);
        assert_eq!(large(&stage), expected, "{people}");
    }
    let switches: Vec<_> =
        stage.journal.iter().filter(|event| is_fact(event, "meeting.size_changed")).collect();
    assert_eq!(switches.len(), 2, "each switch once");
    assert!(switches.iter().all(|event| event.audience == Audience::EVERYONE));
    assert!(switches.iter().all(|event| event.by.is_none()));
    assert_eq!(stage.meeting.facts, stage.replayed());
}

#[test]
fn attendees_of_a_large_meeting_come_and_go_in_front_of_staff() {
    let mut stage = of(600);
    let before = stage.meeting.facts.head;
    let (someone, other) = (1001, 1002);
    let session = member(&mut stage, 5000).unwrap();
    stage.take(&crate::meeting::Input::Lost { session }).unwrap();
    stage.take(&crate::meeting::Input::Resume { session, user: UserId(5000) }).unwrap();
    let audio = MediaUpdate { audio: Some(true), ..MediaUpdate::default() };
    stage.ask(5000, Command::MediaUpdate(audio)).unwrap();
    let attributes = [("seat".to_owned(), 4.into())].into();
    stage.ask(5000, Command::ParticipantSetAttributes(SetAttributes { attributes })).unwrap();
    let name = "Somebody else".to_owned();
    stage.ask(5000, Command::ParticipantRename(Rename { participant: None, name })).unwrap();
    let mute = Mute { participant: at(5000), media: vec![MediaKind::Audio] };
    stage.ask(3, Command::ParticipantMute(mute)).unwrap();
    for kind in [
        "participant.renamed",
        "participant.muted",
        "participant.joined",
        "participant.connection_changed",
        "media.updated",
        "participant.attributes_changed",
    ] {
        let event = newest(&stage, kind);
        assert!(event.seq > before);
        for (user, expected) in [(OWNER, true), (2, true), (3, true), (4, false), (someone, false)]
        {
            assert_eq!(sees(&stage, event, user), expected, "{kind}, {user}");
        }
        assert!(sees(&stage, event, 5000), "{kind}: and the person");
        let told = crate::meeting::wire::event(event).unwrap();
        assert_eq!((told.name, told.role), (None, None), "staff knows everyone");
    }
    stage.ask(5000, leave()).unwrap();
    let left = newest(&stage, "participant.left");
    assert!(sees(&stage, left, 3) && !sees(&stage, left, other));
    stage.ask(4, Command::MediaUpdate(audio)).unwrap();
    let presenters = newest(&stage, "media.updated");
    assert!(sees(&stage, presenters, someone), "a presenter's are for everyone");
}

#[test]
fn who_was_not_announced_is_introduced_where_they_appear() {
    let mut stage = of(600);
    let someone = 1001;
    let introduced = |stage: &Stage, kind: &str| {
        let told = crate::meeting::wire::event(newest(stage, kind)).unwrap();
        (told.name, told.role)
    };
    let attendee = |user: i64| (Some(format!("User {user}")), Some(Role::Attendee));
    stage.ask(someone, empty(Command::HandRaise)).unwrap();
    assert_eq!(introduced(&stage, "hand.raised"), attendee(someone));
    stage.ask(someone, say("hello", None)).unwrap();
    assert_eq!(introduced(&stage, "chat.sent"), attendee(someone));
    stage.ask(4, say("welcome", None)).unwrap();
    assert_eq!(introduced(&stage, "chat.sent"), (None, None), "a presenter is known");
    stage.ask(someone, say("help", Some(ChatTo::Staff))).unwrap();
    assert_eq!(introduced(&stage, "chat.sent"), (None, None), "staff knows everyone");
    stage.ask(OWNER, assign(someone, Role::Presenter)).unwrap();
    assert_eq!(introduced(&stage, "role.assigned"), attendee(someone), "whom it is about");
    stage.ask(OWNER, remove(1002)).unwrap();
    assert_eq!(introduced(&stage, "participant.removed"), attendee(1002));
    assert!(sees(&stage, newest(&stage, "participant.removed"), 1003), "for everyone");
    stage.ask(OWNER, ban_for(1003, None, "noise")).unwrap();
    assert_eq!(introduced(&stage, "participant.banned"), attendee(1003));
    stage.ask(OWNER, transfer(1004)).unwrap();
    assert_eq!(introduced(&stage, "host.changed"), attendee(1004), "whom nobody knew");
    stage.ask(1004, transfer(1)).unwrap();
    assert_eq!(introduced(&stage, "host.changed"), (None, None), "everyone knows the owner");
    let audio = MediaUpdate { audio: Some(true), ..MediaUpdate::default() };
    stage.ask(someone, Command::MediaUpdate(audio)).unwrap();
    assert!(sees(&stage, newest(&stage, "media.updated"), 1005), "a presenter is announced");
    fill(&mut stage, 399);
    stage.ask(1005, empty(Command::HandRaise)).unwrap();
    assert_eq!(introduced(&stage, "hand.raised"), (None, None), "no longer large");
    assert_eq!(stage.meeting.facts, stage.replayed());
}

#[test]
fn those_in_a_large_meeting_hear_how_many_they_are_once_a_second() {
    let mut stage = of(500);
    let told = |stage: &mut Stage| {
        let signals = stage.tell();
        let count = signals.into_iter().map(|signal| {
            assert_eq!(signal.to, SignalTo::Audience(Audience::EVERYONE));
            let SignalBody::RosterCount(count) = signal.body else { panic!("{signal:?}") };
            count.total
        });
        count.collect::<Vec<_>>()
    };
    assert_eq!(told(&mut stage), [0; 0]);
    fill(&mut stage, 501);
    assert_eq!(told(&mut stage), [501]);
    fill(&mut stage, 503);
    stage.enter_as(9000, bot(None, [])).unwrap();
    assert_eq!(told(&mut stage), [0; 0], "not twice in a second");
    assert_eq!(stage.tells_at(), Some(stage.now.plus_seconds(1)));
    stage.pass(1);
    assert_eq!(told(&mut stage), [503], "people, no bots");
    assert_eq!(stage.tells_at(), None);
    stage.pass(1);
    assert_eq!(told(&mut stage), [0; 0], "only when it changed");
}

#[test]
fn a_large_meeting_that_ends_is_no_longer_large() {
    let mut stage = of(501);
    assert!(stage.meeting.facts.snapshot(stage.person(OWNER), stage.now).large);
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(stage.last(1), ["meeting.ended"], "nobody is there to be told more");
    stage.enter(OWNER).unwrap();
    assert!(!stage.meeting.facts.info.large);
}
