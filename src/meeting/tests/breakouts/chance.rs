//! By chance: whatever happens, everyone is in exactly one place, and reads what was said where they were.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quorate_protocol::*;

use super::*;
use crate::meeting::Facts;
use crate::meeting::event::Fact;

#[derive(Debug, Clone)]
enum Act {
    Enter(i64),
    Lose(i64),
    Resume(i64),
    Ask(i64, Command),
    Pass(u32),
    Restart,
}

fn user() -> impl Strategy<Value = i64> {
    1i64..9
}

fn room() -> impl Strategy<Value = u32> {
    1u32..10
}

fn command() -> impl Strategy<Value = Command> {
    let mode = prop_oneof![
        Just(BreakoutMode::Manual),
        Just(BreakoutMode::Random),
        Just(BreakoutMode::SelfSelect)
    ];
    let minutes = prop_oneof![Just(None), Just(Some(1))];
    let people = prop::collection::vec(user(), 0..3);
    let prepares = (prop::collection::vec(people, 1..4), mode, minutes).prop_map(
        |(mut rooms, mode, minutes)| {
            if mode == BreakoutMode::Random {
                rooms.iter_mut().for_each(Vec::clear);
            }
            let rooms: Vec<&[i64]> = rooms.iter().map(Vec::as_slice).collect();
            prepare(&rooms, mode, minutes)
        },
    );
    let maybe = || prop::option::of(room());
    let to = prop_oneof![Just(None), Just(Some(ChatTo::Room)), Just(Some(ChatTo::Staff))];
    prop_oneof![
        4 => prepares,
        5 => Just(OPEN),
        1 => Just(CLOSE),
        1 => Just(close_in(20)),
        4 => (user(), maybe()).prop_map(|(user, room)| send_to(user, room)),
        4 => room().prop_map(join),
        2 => Just(RETURN),
        1 => (1u32..3, maybe()).prop_map(|(minutes, room)| extend(minutes, room)),
        1 => Just(HELP),
        1 => room().prop_map(resolve),
        1 => room().prop_map(|room| announce("hello", Some(&[room]))),
        5 => to.prop_map(|to| say("hello", to)),
        2 => Just(leave()),
        1 => user().prop_map(remove),
        1 => user().prop_map(|user| assign(user, Role::Moderator)),
        1 => Just(admit_all(None)),
        1 => Just(empty(Command::MeetingEnd)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => user().prop_map(Act::Enter),
        1 => user().prop_map(Act::Lose),
        1 => user().prop_map(Act::Resume),
        16 => (prop_oneof![1 => Just(OWNER), 1 => user()], command())
            .prop_map(|(user, command)| Act::Ask(user, command)),
        2 => prop_oneof![Just(1u32), Just(20), Just(61)].prop_map(Act::Pass),
        1 => Just(Act::Restart),
    ]
}

fn perform(stage: &mut Stage, act: &Act) {
    let before = (stage.meeting.facts.clone(), stage.journal.len());
    let session = |stage: &Stage, user: i64| {
        stage.meeting.facts.person_of(UserId(user))?.sessions.first().copied()
    };
    let refused = match act {
        Act::Enter(user) => stage.enter(*user).is_err(),
        Act::Lose(user) => session(stage, *user)
            .is_some_and(|session| stage.take(&Input::Lost { session }).is_err()),
        Act::Resume(user) => session(stage, *user).is_some_and(|session| {
            stage.take(&Input::Resume { session, user: UserId(*user) }).is_err()
        }),
        Act::Ask(user, command) => {
            let here = stage.meeting.facts.person_of(UserId(*user)).is_some();
            here && stage.ask(*user, command.clone()).is_err()
        }
        Act::Pass(seconds) => {
            stage.pass(*seconds);
            false
        }
        Act::Restart => {
            stage.meeting.facts = stage.replayed();
            stage.take(&Input::Recover { last_alive: stage.now }).unwrap();
            false
        }
    };
    if refused {
        assert_eq!((&stage.meeting.facts, stage.journal.len()), (&before.0, before.1), "{act:?}");
    }
    everyone_is_in_one_place(&stage.meeting.facts);
}

fn everyone_is_in_one_place(facts: &Facts) {
    let Some(person) = facts.people.values().find(|person| person.is_in()) else { return };
    let rooms = facts.rooms(person);
    let open = facts.breakouts.open();
    assert!(rooms.iter().all(|room| room.open == open), "all or none are open");
    let is_in = facts.people.values().filter(|person| person.is_in());
    let places: BTreeMap<_, _> = is_in.map(|person| (person.id, person.room)).collect();
    if open {
        let mut listed = BTreeSet::new();
        for room in &rooms {
            for id in &room.participants {
                assert!(listed.insert(*id), "in one room only");
                assert_eq!(places.get(id), Some(&Some(room.room)), "who is listed is there");
            }
        }
        let main = places.values().filter(|room| room.is_none()).count();
        assert_eq!(listed.len() + main, facts.present as usize, "and nobody is nowhere");
    } else {
        assert!(places.values().all(Option::is_none), "no room, nobody in one");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn everyone_is_in_exactly_one_place(
        acts in prop::collection::vec(act(), 1..100),
        seed: u64,
        requires_approval: bool,
        least_full: bool,
    ) {
        let mut stage = Stage::new(|created| {
            created.requires_approval = requires_approval;
            created.co_hosts = vec![UserId(2)];
            if least_full {
                created.settings.breakout_late = BreakoutLate::LeastFull;
            }
        });
        stage.meeting.seed = seed;
        stage.enter(OWNER).unwrap();
        // Where everyone was as of each event.
        let mut been: BTreeSet<(ParticipantId, RoomId)> = BTreeSet::new();
        for act in &acts {
            perform(&mut stage, act);
        }
        let facts = &stage.meeting.facts;
        prop_assert_eq!(facts, &stage.replayed());
        let mut replay = Facts::default();
        for event in &stage.journal {
            replay.apply(event);
            been.extend(replay.people.values().filter_map(|it| Some((it.id, it.room?))));
            if let Fact::BreakoutPrepared { rooms, mode: BreakoutMode::Random, .. } = &event.fact {
                let sizes = rooms.iter().map(|room| room.participants.len());
                prop_assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
            }
        }
        for person in facts.people.values().filter(|person| person.is_in()) {
            for message in facts.recent_chat(person) {
                let event = &stage.journal[message.message.0 as usize - 1];
                let was_there = message.room.is_some_and(|room| been.contains(&(person.id, room)));
                prop_assert!(was_there || event.audience.includes(&person.view), "{:?}", message);
            }
        }
    }
}
