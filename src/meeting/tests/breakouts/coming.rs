//! Coming late and coming back, leaving, the end; and what rooms do not change.

use quorate_protocol::*;

use super::*;
use crate::meeting::event::{Audience, Fact};

#[test]
fn who_is_late_stays_in_the_main_room_or_goes_where_the_fewest_are() {
    let mut stage = open();
    stage.enter(8).unwrap();
    assert_eq!(place(&stage, 8), None);

    let least = |settings: &mut Settings| settings.breakout_late = BreakoutLate::LeastFull;
    let mut stage = opened(cast_with(least), None);
    for (user, room) in [(8, 2), (9, 1), (10, 2)] {
        stage.enter(user).unwrap();
        assert_eq!(place(&stage, user), Some(room), "{user}");
        let joined = stage.journal.iter().rev().find_map(|event| match event.fact {
            Fact::ParticipantJoined { room, .. } => Some(room),
            _ => None,
        });
        assert_eq!(joined, Some(Some(RoomId(room))), "the event says it");
    }
    enter_bot(&mut stage);
    stage.ask(2, leave()).unwrap();
    stage.enter(2).unwrap();
    assert_eq!((place(&stage, 2), place(&stage, BOT)), (None, None), "not staff, not bots");
    stage.ask(OWNER, CLOSE).unwrap();
    stage.enter(11).unwrap();
    assert_eq!(place(&stage, 11), None);
}

#[test]
fn those_admitted_together_are_spread_over_the_rooms() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.settings.breakout_late = BreakoutLate::LeastFull;
    });
    stage.enter(OWNER).unwrap();
    stage.ask(OWNER, named(&["a", "b"])).unwrap();
    stage.ask(OWNER, OPEN).unwrap();
    for user in 4..8 {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, admit_all(None)).unwrap();
    assert_eq!(rooms(&stage), [(1, vec![4, 6]), (2, vec![5, 7])]);
}

#[test]
fn who_was_in_a_room_comes_back_to_it_while_it_is_open() {
    let mut stage = open();
    let session = stage.person(4).sessions[0];
    stage.take(&Input::Lost { session }).unwrap();
    assert_eq!(place(&stage, 4), Some(1), "within grace one stays");
    stage.take(&Input::Resume { session, user: UserId(4) }).unwrap();
    assert_eq!(place(&stage, 4), Some(1));
    stage.take(&Input::Lost { session }).unwrap();
    stage.pass(60);
    assert_eq!((stage.is_in(4), place(&stage, 4)), (false, None), "who is gone is in no room");
    assert_eq!(rooms(&stage)[0].1, [5]);
    stage.enter(4).unwrap();
    assert_eq!(place(&stage, 4), Some(1));
    stage.ask(4, RETURN).unwrap();
    stage.ask(4, leave()).unwrap();
    stage.enter(4).unwrap();
    assert_eq!(place(&stage, 4), None, "who had gone back to the main room belongs there");
    stage.ask(3, join(2)).unwrap();
    stage.ask(3, leave()).unwrap();
    stage.enter(3).unwrap();
    assert_eq!(place(&stage, 3), Some(2), "staff too");
    stage.ask(3, leave()).unwrap();
    stage.ask(OWNER, CLOSE).unwrap();
    stage.enter(3).unwrap();
    assert_eq!(place(&stage, 3), None, "a room that was closed is nobody's");
}

#[test]
fn who_is_assigned_stays_so_however_they_come_and_go_before_the_rooms_open() {
    let mut stage = cast();
    stage.ask(5, leave()).unwrap();
    stage.ask(OWNER, prepare(&[&[4, 5], &[6]], BreakoutMode::Manual, None)).unwrap();
    stage.ask(4, leave()).unwrap();
    for user in [4, 5] {
        stage.enter(user).unwrap();
        assert_eq!(place(&stage, user), None, "{user}");
    }
    assert_eq!(rooms(&stage), [(1, vec![4, 5]), (2, vec![6])], "as everyone was told");
    stage.ask(OWNER, OPEN).unwrap();
    assert_eq!(rooms(&stage), [(1, vec![4, 5]), (2, vec![6])]);
}

#[test]
fn who_went_or_was_sent_to_the_main_room_is_not_late_when_they_come_again() {
    let least = |settings: &mut Settings| settings.breakout_late = BreakoutLate::LeastFull;
    let mut stage = opened(cast_with(least), None);
    stage.ask(4, RETURN).unwrap();
    stage.ask(4, leave()).unwrap();
    stage.ask(6, leave()).unwrap();
    stage.ask(OWNER, send_to(6, None)).unwrap();
    stage.ask(7, leave()).unwrap();
    for user in [4, 6, 7] {
        stage.enter(user).unwrap();
    }
    assert_eq!([4, 6, 7].map(|user| place(&stage, user)), [None, None, Some(2)]);
}

#[test]
fn a_restart_leaves_everyone_where_they_were() {
    let mut stage = opened(cast(), Some(1));
    stage.meeting.facts = stage.replayed();
    stage.take(&Input::Recover { last_alive: stage.now }).unwrap();
    assert_eq!(rooms(&stage), [(1, vec![4, 5]), (2, vec![6])]);
    stage.pass(60);
    let closed = stage.journal.iter().filter(|event| is_fact(event, "breakout.closed"));
    assert_eq!(closed.count(), 1, "its time was kept");
}

#[test]
fn who_is_removed_or_banned_is_out_of_their_room() {
    let mut stage = open();
    stage.ask(OWNER, remove(4)).unwrap();
    stage.ask(OWNER, ban(6, None)).unwrap();
    assert_eq!(rooms(&stage), [(1, vec![5]), (2, vec![])]);
    assert_eq!((place(&stage, 4), place(&stage, 6)), (None, None));
    stage.enter(4).unwrap();
    assert_eq!(place(&stage, 4), None, "who waits is in no room");
    assert!(!Audience::room(None).includes(&stage.person(4).view));
    stage.ask(OWNER, admit(4)).unwrap();
    assert_eq!(place(&stage, 4), Some(1));
}

#[test]
fn r11_rooms_outlast_whoever_made_them() {
    let mut stage = cast();
    stage.ask(2, prepare(&[&[4], &[5]], BreakoutMode::Manual, Some(5))).unwrap();
    stage.ask(OWNER, Command::CohostRemove(UserOnly { user: UserId(2) })).unwrap();
    stage.ask(2, leave()).unwrap();
    stage.ask(OWNER, OPEN).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    assert_eq!((place(&stage, 4), place(&stage, 5)), (Some(1), Some(2)));
    stage.pass(300);
    assert_eq!(stage.last(1), ["breakout.closed"]);
}

#[test]
fn r14_permissions_are_those_of_the_main_meeting_in_every_room() {
    let mut stage = cast();
    let before: Vec<_> = [2, 3, 4].map(|user| stage.person(user).can).into();
    stage.ask(OWNER, prepare(&[&[2, 3, 4]], BreakoutMode::Manual, None)).unwrap();
    stage.ask(OWNER, OPEN).unwrap();
    let within: Vec<_> = [2, 3, 4].map(|user| stage.person(user).can).into();
    assert_eq!(before, within);
    assert!(stage.ask(3, remove(5)).is_ok(), "also upon people in other rooms");
    let refused = stage.ask(4, remove(5));
    assert_eq!(refused, Err(Refusal::Forbidden(Permission::ParticipantRemove)));
    stage.ask(2, assign(4, Role::Presenter)).unwrap();
    assert!(stage.person(4).can.set.has(Permission::MediaShare), "what is given holds there");
    assert!(stage.ask(4, empty(Command::HandRaise)).is_ok());
    assert_eq!(last(&stage).audience, Audience::EVERYONE, "hands span all rooms");
}

#[test]
fn the_end_of_a_meeting_closes_its_rooms_first() {
    let mut stage = open();
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(stage.last(2), ["breakout.closed", "meeting.ended"]);
    stage.enter(OWNER).unwrap();
    assert_eq!(rooms(&stage), []);
    conflicts(&mut stage, OWNER, OPEN);

    let mut stage = open();
    for user in [OWNER, 2, 3, 4, 5, 6, 7, 100] {
        stage.ask(user, leave()).unwrap();
    }
    stage.pass(600);
    assert_eq!(stage.last(2), ["breakout.closed", "meeting.ended"], "also when nobody is left");

    let mut stage = cast();
    stage.ask(OWNER, named(&["a"])).unwrap();
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(stage.last(2), ["breakout.prepared", "meeting.ended"], "nothing was open");
    stage.enter(OWNER).unwrap();
    assert_eq!(rooms(&stage), [], "and what was prepared is gone");
}
