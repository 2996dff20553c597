//! Open rooms: going in and back, staying longer, closing.

use quorate_protocol::*;

use super::*;
use crate::meeting::event::{Audience, Fact};

#[test]
fn opening_moves_those_who_are_assigned_and_in_with_one_event() {
    let mut stage = cast();
    conflicts(&mut stage, OWNER, OPEN);
    stage.ask(OWNER, prepare(&[&[4, 5], &[6, 7], &[]], BreakoutMode::Manual, Some(10))).unwrap();
    assert_eq!(rooms(&stage), [(1, vec![4, 5]), (2, vec![6, 7]), (3, vec![])]);
    assert!((4..8).all(|user| place(&stage, user).is_none()), "nobody moves before");
    stage.ask(7, leave()).unwrap();
    let before = stage.journal.len();
    stage.ask(2, OPEN).unwrap();
    assert_eq!(stage.journal.len(), before + 1);
    assert_eq!(last(&stage).audience, Audience::EVERYONE);
    assert_eq!(rooms(&stage), [(1, vec![4, 5]), (2, vec![6]), (3, vec![])]);
    let at_ten = Some(stage.now.plus_seconds(600));
    assert_eq!(closing(&stage), [at_ten; 3]);
    let Fact::BreakoutOpened { rooms: plan, closes_at } = &last(&stage).fact else { panic!() };
    assert_eq!((*closes_at, plan[1].participants.clone()), (at_ten, vec![at(6)]));
    assert_eq!(place(&stage, 100), None, "who is unassigned stays in the main room");
    assert!(is_already(stage.ask(OWNER, OPEN)));
    stage.enter(7).unwrap();
    assert_eq!(place(&stage, 7), Some(2), "who comes back comes to their room");
}

#[test]
fn an_assignment_changes_the_plan_and_once_open_moves() {
    let mut stage = cast();
    conflicts(&mut stage, OWNER, send_to(4, None));
    assert_eq!(stage.ask(OWNER, send_to(4, Some(1))), Err(not_found(None)));
    stage.ask(OWNER, prepare(&[&[4], &[]], BreakoutMode::Manual, None)).unwrap();
    stage.ask(OWNER, send_to(4, Some(2))).unwrap();
    assert_eq!(stage.last(1), ["breakout.assigned"]);
    assert!(is_already(stage.ask(OWNER, send_to(4, Some(2)))));
    stage.ask(OWNER, send_to(5, Some(1))).unwrap();
    stage.ask(OWNER, send_to(5, None)).unwrap();
    assert_eq!(rooms(&stage), [(1, vec![]), (2, vec![4])]);
    stage.ask(6, leave()).unwrap();
    stage.ask(OWNER, OPEN).unwrap();
    stage.ask(OWNER, send_to(4, Some(1))).unwrap();
    let moved = |from, to| Fact::ParticipantMoved { participant: at(4), from, to };
    assert_eq!(last(&stage).fact, moved(Some(RoomId(2)), Some(RoomId(1))));
    assert_eq!(last(&stage).audience, Audience::EVERYONE);
    assert!(is_already(stage.ask(OWNER, send_to(4, Some(1)))));
    stage.ask(OWNER, send_to(4, None)).unwrap();
    assert_eq!(last(&stage).fact, moved(Some(RoomId(1)), None));
    stage.ask(OWNER, send_to(6, Some(2))).unwrap();
    assert_eq!(stage.last(1), ["breakout.assigned"], "who is out is assigned for later");
    stage.enter(6).unwrap();
    assert_eq!(place(&stage, 6), Some(2));
    stage.ask(OWNER, close_in(30)).unwrap();
    stage.ask(OWNER, send_to(5, Some(1))).unwrap();
    assert_eq!(place(&stage, 5), Some(1), "also while a countdown runs");
    stage.pass(30);
    assert_eq!(stage.ask(OWNER, send_to(5, Some(1))), Err(not_found(Some("closed"))));
}

#[test]
fn who_may_choose_a_room_goes_there_and_back() {
    let mut stage = open();
    stage.ask(3, join(1)).unwrap();
    stage.ask(3, join(2)).unwrap();
    assert_eq!(place(&stage, 3), Some(2), "staff roams");
    assert!(is_already(stage.ask(3, join(2))));
    assert_eq!(stage.ask(7, join(1)), Err(Refusal::Forbidden(Permission::BreakoutRoam)));
    stage.ask(4, RETURN).unwrap();
    assert_eq!(place(&stage, 4), None, "anyone goes back");
    assert!(is_already(stage.ask(4, RETURN)));

    let mut stage = cast();
    conflicts(&mut stage, 4, RETURN);
    stage.ask(OWNER, prepare(&[&[], &[]], BreakoutMode::SelfSelect, None)).unwrap();
    conflicts(&mut stage, 4, join(1));
    stage.ask(OWNER, OPEN).unwrap();
    stage.ask(4, join(1)).unwrap();
    stage.ask(100, join(1)).unwrap();
    stage.ask(4, join(2)).unwrap();
    assert_eq!(rooms(&stage), [(1, vec![100]), (2, vec![4])]);
    stage.ask(OWNER, CLOSE).unwrap();
    assert_eq!(stage.ask(5, join(1)), Err(not_found(Some("closed"))), "one came too late");
    conflicts(&mut stage, 4, RETURN);
}

#[test]
fn closing_brings_all_back_with_one_event_and_the_second_close_finds_it_done() {
    let mut stage = open();
    stage.ask(3, join(2)).unwrap();
    let before = stage.journal.len();
    stage.ask(OWNER, CLOSE).unwrap();
    assert_eq!(stage.journal.len(), before + 1);
    assert_eq!(last(&stage).fact, Fact::BreakoutClosed { rooms: vec![RoomId(1), RoomId(2)] });
    assert_eq!(last(&stage).audience, Audience::EVERYONE);
    assert!([3, 4, 5, 6].iter().all(|user| place(&stage, *user).is_none()));
    assert_eq!(rooms(&stage), []);
    assert!(is_already(stage.ask(2, CLOSE)));
    assert!(is_already(stage.ask(2, close_in(30))));
    conflicts(&mut stage, OWNER, OPEN);
}

#[test]
fn a_countdown_closes_by_itself_with_the_same_event() {
    let mut stage = open();
    assert_eq!(invalid_field(&mut stage, OWNER, close_in(601)), "countdown_seconds");
    stage.ask(OWNER, close_in(600)).unwrap();
    let closes_at = stage.now.plus_seconds(600);
    assert_eq!(last(&stage).fact, Fact::BreakoutClosing { closes_at });
    assert_eq!(closing(&stage), [Some(closes_at); 2]);
    stage.pass(10);
    stage.ask(2, close_in(60)).unwrap();
    stage.pass(59);
    assert_eq!(place(&stage, 4), Some(1));
    stage.pass(1);
    assert_eq!(last(&stage).fact, Fact::BreakoutClosed { rooms: vec![RoomId(1), RoomId(2)] });
    assert_eq!((last(&stage).by, place(&stage, 4)), (None, None));

    let mut stage = open();
    stage.ask(OWNER, close_in(60)).unwrap();
    stage.ask(OWNER, CLOSE).unwrap();
    let closed = stage.journal.len();
    stage.pass(60);
    assert_eq!(stage.journal.len(), closed, "closed at once, and not again");
}

#[test]
fn rooms_with_minutes_close_by_themselves_and_may_be_extended() {
    let mut stage = opened(cast(), Some(10));
    let minutes = |n: i64| Some(stage.now.plus_ms(n * 60_000));
    let (fifteen, twenty) = (minutes(15), minutes(20));
    stage.ask(OWNER, extend(5, Some(2))).unwrap();
    assert_eq!(closing(&stage), [stage.now.plus_seconds(600).into(), fifteen]);
    stage.pass(600);
    assert_eq!(last(&stage).fact, Fact::BreakoutClosed { rooms: vec![RoomId(1)] });
    assert_eq!((place(&stage, 4), place(&stage, 6)), (None, Some(2)));
    assert_eq!(stage.ask(OWNER, extend(5, Some(1))), Err(not_found(Some("closed"))));
    stage.ask(OWNER, extend(5, None)).unwrap();
    assert_eq!(closing(&stage), [twenty]);
    stage.ask(OWNER, close_in(10)).unwrap();
    stage.ask(OWNER, extend(10, None)).unwrap();
    assert_eq!(closing(&stage), [Some(stage.now.plus_seconds(610))], "a countdown too");
    for wrong in [0, 1441, 1440] {
        assert_eq!(invalid_field(&mut stage, OWNER, extend(wrong, None)), "minutes", "{wrong}");
    }
    stage.pass(610);
    assert_eq!(rooms(&stage), []);
    conflicts(&mut stage, OWNER, extend(5, None));
    conflicts(&mut open(), OWNER, extend(5, None));
    conflicts(&mut open(), OWNER, extend(5, Some(1)));
}

#[test]
fn extending_all_lets_them_close_together() {
    let mut stage = opened(cast(), Some(10));
    stage.ask(OWNER, extend(5, Some(2))).unwrap();
    stage.ask(OWNER, extend(1, None)).unwrap();
    assert_eq!(closing(&stage), [Some(stage.now.plus_seconds(16 * 60)); 2]);
}
