//! The largest snapshot that there can be fits a frame.

use quorate_protocol::*;

use super::stage::*;
use crate::meeting::event::{Audience, Event, Fact, Personal, RoomPlan};
use crate::meeting::roles::built_in_sets;

/// Applies what the rules would come to; people come faster this way.
fn happens(stage: &mut Stage, participant: i64, fact: Fact, personal: Personal) {
    let event = Event {
        seq: stage.meeting.facts.head.next(),
        at: stage.now,
        user: UserId(participant),
        by: Some(ParticipantId(participant)),
        audience: Audience::EVERYONE,
        fact,
        personal: Some(Box::new(personal)),
        cause: None,
        as_admin: false,
    };
    stage.meeting.apply(&event);
}

/// The longest name there is.
fn long_name() -> String {
    format!("{}{}", "\"".repeat(40), "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}".repeat(40))
}

#[test]
fn the_largest_snapshot_fits_a_frame() {
    let mut stage = Stage::new(|created| {
        created.description = Some("📜".repeat(DESCRIPTION_CHARS_MAX));
        created.settings.max_waiting = WAITING_CAPACITY_MAX;
    });
    stage.enter(OWNER).unwrap();
    let long = |chars: usize| "📜".repeat(chars);
    let quotes = |chars: usize| "\"\n".repeat(chars / 2);
    for index in 0..SNAPSHOT_POLLS_CLOSED_MAX + POLLS_OPEN_MAX {
        let choice = |choice: u32| format!("{}{}", long(CHOICE_CHARS_MAX - 2), choice + 10);
        let choices = (0..*CHOICES.end() as u32).map(choice).collect();
        let question = long(QUESTION_CHARS_MAX);
        let (multiple, anonymous, seconds) = (true, false, Some(POLL_SECONDS.end() - 1));
        let open = PollOpen { question, choices, multiple, anonymous, seconds };
        stage.ask(OWNER, Command::PollOpen(open)).unwrap();
        let poll = PollId(index as u32 + 1);
        let all = PollVote { poll, choices: (0..*CHOICES.end() as u32).collect() };
        stage.ask(OWNER, Command::PollVote(all)).unwrap();
        if index < SNAPSHOT_POLLS_CLOSED_MAX {
            stage.ask(OWNER, Command::PollClose(PollOnly { poll })).unwrap();
        }
    }
    let (title, owner) = (long(ITEM_TITLE_CHARS_MAX), Some(at(OWNER)));
    let item = AgendaPlan { item: None, title, minutes: ITEM_MINUTES_MAX, owner };
    let items = vec![item; AGENDA_ITEMS_MAX];
    stage.ask(OWNER, Command::AgendaSet(AgendaSet { items })).unwrap();
    let text = quotes(RECORD_CHARS_MAX);
    for _ in 0..SNAPSHOT_RECORDS_MAX {
        let record = DecisionRecord { text: text.clone() };
        stage.ask(OWNER, Command::DecisionRecord(record)).unwrap();
        let due = Some("2026-11-30".parse().unwrap());
        let record = ActionRecord { text: text.clone(), owner, due };
        stage.ask(OWNER, Command::ActionRecord(record)).unwrap();
        stage.ask(OWNER, say(&quotes(TEXT_CHARS_MAX), None)).unwrap();
    }
    for index in 0..MEETING_ROLES_MAX {
        let role = RoleDefine {
            label: long(ROLE_LABEL_CHARS_MAX),
            denies: built_in_sets(Role::Attendee).default.iter().collect(),
            ..define(&format!("role_{index}_{}", "x".repeat(12)))
        };
        stage.ask(OWNER, Command::RoleDefine(role)).unwrap();
    }
    let name = || Personal { name: Some(long_name()), ..Personal::default() };
    let (first, kind) = (1_000_000_000, UserKind::Member);
    let people = first..first + i64::from(PARTICIPANTS_MAX) - 1;
    for id in people.clone() {
        let (participant, user) = (ParticipantId(id), UserId(id));
        let (role, via, looks_like) = (Role::Attendee, Via::Open, Some(at(OWNER)));
        let joined =
            Fact::ParticipantJoined { participant, user, kind, role, via, room: None, looks_like };
        happens(&mut stage, id, joined, name());
        happens(&mut stage, id, Fact::HandRaised { participant }, Personal::default());
    }
    for id in people.clone().take(SNAPSHOT_ATTRIBUTES_MAX) {
        let attributes = [("x".to_owned(), "x".repeat(ATTRIBUTES_BYTES_MAX - 8).into())].into();
        let attributes = Personal { attributes: Some(attributes), ..Personal::default() };
        let changed = Fact::AttributesChanged { participant: ParticipantId(id) };
        happens(&mut stage, id, changed, attributes);
    }
    for id in (0..i64::from(WAITING_CAPACITY_MAX)).map(|index| people.end + index) {
        let waiting = Fact::ParticipantWaiting {
            participant: ParticipantId(id),
            user: UserId(id),
            kind,
            reason: WaitReason::Approval,
            position: 1,
            invited: false,
            passes: None,
            stranger: false,
        };
        happens(&mut stage, id, waiting, name());
    }
    let ids: Vec<_> = people.map(ParticipantId).collect();
    let plans = ids.chunks(ids.len() / ROOMS_MAX + 1).zip(1..);
    let plans =
        plans.map(|(people, room)| RoomPlan { room: RoomId(room), participants: people.to_vec() });
    let rooms: Vec<_> = plans.collect();
    let texts = vec![long_name(); rooms.len()];
    let names = Personal { texts, ..Personal::default() };
    let (mode, minutes) = (BreakoutMode::SelfSelect, None);
    let prepared = Fact::BreakoutPrepared { rooms: rooms.clone(), mode, minutes };
    happens(&mut stage, 1, prepared, names.clone());
    let closes_at = Some(stage.now);
    happens(&mut stage, 1, Fact::BreakoutOpened { rooms, closes_at }, names);

    let facts = &stage.meeting.facts;
    let snapshot = facts.snapshot(stage.person(OWNER), stage.now);
    let bytes = |part: String| part.len();
    let state = bytes(serde_json::to_string(&snapshot).unwrap());
    let meeting = bytes(serde_json::to_string(&facts.meeting_info()).unwrap());
    let you = bytes(serde_json::to_string(&facts.you(stage.person(OWNER))).unwrap());
    // What else a welcome says is a page.
    let welcome = state + meeting + you + 4096;
    assert!(welcome <= SERVER_FRAME_BYTES_MAX, "{state} + {meeting} + {you}");
    assert!(snapshot.participants.len() >= 50 && snapshot.waiting.unwrap().len() >= 50);
}
