//! What stays in a room, and what goes between: chat, signals, help, announcements, names.

use quorate_protocol::*;

use super::*;
use crate::meeting::event::{Audience, Event};
use crate::meeting::{Facts, SignalTo};

#[test]
fn chat_stays_in_the_room_and_private_words_cross() {
    let mut stage = open();
    let in_room = |n| Audience::room(Some(RoomId(n)));
    for (user, to, audience) in [
        (4, None, in_room(1).and(at(4))),
        (4, Some(ChatTo::Room), in_room(1).and(at(4))),
        (6, None, in_room(2).and(at(6))),
        (7, None, Audience::EVERYONE),
        (7, Some(ChatTo::Room), Audience::room(None).and(at(7))),
        (4, Some(ChatTo::Participant(at(6))), Audience::people(vec![at(4), at(6)])),
        (4, Some(ChatTo::Staff), Audience::STAFF.and(at(4))),
    ] {
        stage.ask(user, say("psst", to)).unwrap();
        assert_eq!(last(&stage).audience, audience, "{user} {to:?}");
    }
    assert!(!in_room(1).includes(&stage.person(OWNER).view), "not even staff in the main room");
    assert!(in_room(1).includes(&stage.person(5).view));
}

#[test]
fn a_rooms_words_are_read_by_those_who_have_been_there() {
    let mut stage = open();
    stage.ask(4, say("one", None)).unwrap();
    stage.ask(7, say("to all", None)).unwrap();
    assert_eq!(shows(&stage, 5), ["one", "to all"]);
    for user in [OWNER, 3, 6, 7] {
        assert_eq!(shows(&stage, user), ["to all"], "{user}");
    }
    stage.ask(3, join(1)).unwrap();
    assert_eq!(shows(&stage, 3), ["one", "to all"], "as late comers read the meeting's");
    stage.ask(3, RETURN).unwrap();
    stage.ask(OWNER, CLOSE).unwrap();
    for user in [3, 4, 5] {
        assert_eq!(shows(&stage, user), ["one", "to all"], "{user}, also afterwards");
    }
    for user in [OWNER, 6, 7] {
        assert_eq!(shows(&stage, user), ["to all"], "{user}");
    }
    let message =
        MessageId(stage.journal.iter().find(|it| is_fact(it, "chat.sent")).unwrap().seq.0);
    let delete = Command::ChatDelete(ChatDelete { message });
    let hidden = Err(Refusal::NotFound { what: "message", last: None });
    assert_eq!(stage.ask(OWNER, delete.clone()), hidden);
    stage.ask(4, delete).unwrap();
    let told = stage.journal.iter().find(|it| is_fact(it, "chat.deleted")).unwrap();
    for user in [OWNER, 3, 4, 5, 6, 7] {
        let hears = told.audience.includes(&stage.person(user).view);
        assert_eq!(hears, [3, 4, 5].contains(&user), "{user}");
    }
}

#[test]
fn where_late_comers_read_nothing_older_so_do_those_who_come_into_a_room() {
    let since_join = |settings: &mut Settings| settings.chat_history = ChatHistory::SinceJoin;
    let mut stage = opened(cast_with(since_join), None);
    stage.ask(4, say("before", None)).unwrap();
    stage.ask(3, join(1)).unwrap();
    stage.ask(5, say("after", None)).unwrap();
    assert_eq!(shows(&stage, 3), ["after"]);
    assert_eq!(shows(&stage, 4), ["before", "after"]);
    stage.ask(OWNER, CLOSE).unwrap();
    assert_eq!(shows(&stage, 3), ["after"]);
}

#[test]
fn what_passes_stays_in_the_room() {
    let react = || Command::ReactionSend(ReactionSend { emoji: "👋".into() });
    let rtc = |user| Command::RtcSend(RtcSend { to: at(user), session: None, data: 1.into() });
    let heard = |stage: &mut Stage, user| {
        let decision = stage.ask(user, react()).unwrap();
        let SignalTo::Audience(audience) = decision.signals[0].to.clone() else { panic!() };
        audience
    };
    let mut stage = cast();
    assert_eq!(heard(&mut stage, 4), Audience::EVERYONE);
    stage.ask(OWNER, named(&["a"])).unwrap();
    assert_eq!(heard(&mut stage, 4), Audience::EVERYONE, "prepared is not open");
    let mut stage = open();
    assert_eq!(heard(&mut stage, 4), Audience::room(Some(RoomId(1))));
    assert_eq!(heard(&mut stage, 7), Audience::room(None), "the main room is one too");
    assert!(stage.ask(4, rtc(5)).is_ok() && stage.ask(7, rtc(OWNER)).is_ok());
    for (from, to) in [(4, 6), (4, 7), (7, 4)] {
        conflicts(&mut stage, from, rtc(to));
    }
    let gone = stage.ask(4, rtc(4711));
    assert_eq!(gone, Err(Refusal::NotFound { what: "participant", last: None }));
    stage.ask(OWNER, CLOSE).unwrap();
    assert!(stage.ask(4, rtc(6)).is_ok());
}

#[test]
fn captions_stay_in_the_room_and_so_does_what_is_kept_of_them() {
    let caption = || {
        let (text, speaker, r#final) = ("and so".to_owned(), None, true);
        let (lang, start_ms, end_ms) = (None, None, None);
        let caption = CaptionPublish { text, speaker, r#final, lang, start_ms, end_ms };
        Command::CaptionPublish(caption)
    };
    let said = |stage: &mut Stage| {
        let decision = stage.ask(3, caption()).unwrap();
        assert_eq!(decision.signals[0].to, SignalTo::Audience(decision.events[0].audience.clone()));
        decision.events[0].audience.clone()
    };
    assert_eq!(said(&mut cast()), Audience::EVERYONE);
    let mut stage = open();
    assert_eq!(said(&mut stage), Audience::room(None));
    stage.ask(3, join(2)).unwrap();
    assert_eq!(said(&mut stage), Audience::room(Some(RoomId(2))));
}

#[test]
fn who_may_read_a_message_hears_that_it_was_pinned_wherever_they_are() {
    let hear = |stage: &Stage| {
        let users = [OWNER, 3, 4, 5, 6, 7].into_iter();
        let hears = |user: &i64| last(stage).audience.includes(&stage.person(*user).view);
        users.filter(hears).collect::<Vec<_>>()
    };
    let mut stage = open();
    for (room, from, hearers) in
        [(Some(1), 4, vec![3, 4, 5]), (None, 7, vec![OWNER, 3, 4, 5, 6, 7])]
    {
        stage.ask(3, room.map_or(RETURN, join)).unwrap();
        stage.ask(from, say("remember", Some(ChatTo::Room))).unwrap();
        let message = MessageId(last(&stage).seq.0);
        stage.ask(OWNER, send_to(5, room.is_none().then_some(2))).unwrap();
        for command in [Command::ChatPin, Command::ChatUnpin] {
            stage.ask(3, command(MessageOnly { message })).unwrap();
            assert_eq!(hear(&stage), hearers, "{room:?}");
        }
    }
}

#[test]
fn help_is_asked_for_once_and_told_to_staff_and_the_room() {
    let mut stage = open();
    conflicts(&mut stage, 7, HELP);
    stage.ask(4, HELP).unwrap();
    let hears = |stage: &Stage| {
        let audience = last(stage).audience.clone();
        let hears = |user: &i64| audience.includes(&stage.person(*user).view);
        [OWNER, 2, 3, 4, 5, 6, 7].into_iter().filter(hears).collect::<Vec<_>>()
    };
    assert_eq!(hears(&stage), [OWNER, 2, 3, 4, 5]);
    let shown = |stage: &Stage, user| -> Vec<bool> {
        stage.meeting.facts.rooms(stage.person(user)).iter().map(|room| room.help).collect()
    };
    for (user, sees) in [(3, true), (5, true), (6, false), (7, false)] {
        assert_eq!(shown(&stage, user), [sees, false], "{user}");
    }
    let again = stage.ask(5, HELP).unwrap();
    assert_eq!(again.answer, Decision::already(Some(at(4))).answer);
    assert_eq!(stage.ask(OWNER, resolve(9)), Err(not_found(None)));
    assert!(is_already(stage.ask(OWNER, resolve(2))));
    stage.ask(OWNER, resolve(1)).unwrap();
    assert_eq!(hears(&stage), [OWNER, 2, 3, 4, 5]);
    assert_eq!(shown(&stage, 3), [false, false]);
    stage.ask(5, HELP).unwrap();
    stage.ask(OWNER, CLOSE).unwrap();
    assert!(!stage.meeting.facts.breakouts.needs_help(), "it went with the room");
}

#[test]
fn an_announcement_goes_to_all_or_to_the_rooms_named() {
    let mut stage = cast();
    conflicts(&mut stage, OWNER, announce("hello", None));
    let mut stage = open();
    stage.ask(OWNER, announce("hello", None)).unwrap();
    assert_eq!(last(&stage).audience, Audience::EVERYONE);
    let before = stage.journal.len();
    stage.ask(OWNER, announce("hello", Some(&[2, 1]))).unwrap();
    let told: Vec<_> = stage.journal[before..].iter().map(|it| it.audience.to_string()).collect();
    assert_eq!(told, ["room:1+1001", "room:2+1001"]);
    for wrong in [announce("hello", Some(&[])), announce("hello", Some(&[1, 1]))] {
        assert_eq!(invalid_field(&mut stage, OWNER, wrong), "rooms");
    }
    assert_eq!(stage.ask(OWNER, announce("hello", Some(&[1, 3]))), Err(not_found(None)));
    for wrong in ["", " ", "a\u{202E}b", &"x".repeat(2001)] {
        assert_eq!(invalid_field(&mut stage, OWNER, announce(wrong, None)), "text");
    }
    assert!(stage.ask(OWNER, announce(&"é".repeat(2000), None)).is_ok());
}

#[test]
fn the_list_of_people_is_of_one_room_where_one_is_named() {
    let mut stage = open();
    let mut list = |room: u32| {
        let room = Some(RoomId(room));
        let ask = ParticipantList { after: None, limit: 50, role: None, room };
        let decision = stage.ask(OWNER, Command::ParticipantList(ask))?;
        let Answer::Data(data) = decision.answer else { panic!() };
        let page: Page<Participant> = serde_json::from_str(&data).unwrap();
        Ok(page.items.into_iter().map(|person| person.user.0).collect::<Vec<_>>())
    };
    assert_eq!(list(1), Ok(vec![4, 5]));
    assert_eq!(list(0), Ok(vec![1, 2, 3, 7, 100]), "0 is the main room");
    assert_eq!(list(3), Err(not_found(None)));
}

#[test]
fn names_are_personal_and_a_redacted_journal_reads_all_the_same() {
    let stage = open();
    let mut facts = Facts::default();
    for event in &stage.journal {
        let personal = event.personal.clone().map(|mut personal| {
            personal.texts.clear();
            personal
        });
        facts.apply(&Event { personal, ..event.clone() });
    }
    let (_, details) = last(&stage).fact.to_row();
    assert!(!details.contains("Room 1"), "{details}");
    let named: Vec<_> = stage.meeting.facts.rooms(stage.person(OWNER));
    assert_eq!(named[0].name, "Room 1");
    let nameless = facts.rooms(stage.person(OWNER));
    assert_eq!((nameless[0].name.as_str(), nameless[0].participants.len()), ("", 2));
}
