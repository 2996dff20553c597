//! What applications say among themselves, and how much of it a meeting carries.

use quorate_protocol::*;
use serde_json::Value;

use super::stage::*;
use crate::meeting::event::Audience;
use crate::meeting::{Decision, Refusal, SignalTo};

fn stage() -> Stage {
    let mut stage = Stage::new(|_| {});
    for user in [OWNER, 5, 6] {
        stage.enter(user).unwrap();
    }
    stage
}

fn to(user: i64) -> Command {
    Command::AppPublish(AppPublish { topic: "cursor".into(), data: 1.into(), to: Some(at(user)) })
}

fn heard_by(stage: &Stage, decision: &Decision) -> Vec<i64> {
    let [signal] = &decision.signals[..] else { panic!("{decision:?}") };
    let SignalTo::Audience(audience) = &signal.to else { panic!("{signal:?}") };
    let users = [OWNER, 5, 6].into_iter();
    users.filter(|user| audience.includes(&stage.person(*user).view)).collect()
}

#[test]
fn what_is_published_goes_to_all_or_to_one() {
    let mut stage = stage();
    let decision = stage.ask(5, publish("cursor", 7)).unwrap();
    assert!(decision.events.is_empty(), "it passes");
    let app = App { from: at(5), topic: "cursor".into(), data: 7.into() };
    assert_eq!(decision.signals[0].body, SignalBody::App(app));
    assert_eq!(heard_by(&stage, &decision), [OWNER, 5, 6]);
    let decision = stage.ask(5, to(6)).unwrap();
    assert_eq!(heard_by(&stage, &decision), [6]);
}

#[test]
fn topic_data_and_addressee_are_checked() {
    let mut stage = stage();
    stage.ask(6, leave()).unwrap();
    let long = "x".repeat(APP_BYTES_MAX - 1);
    for (command, refused) in [
        (publish("", 1), "topic"),
        (publish("Cursor", 1), "topic"),
        (publish("a b", 1), "topic"),
        (publish("é", 1), "topic"),
        (publish(&"a".repeat(65), 1), "topic"),
        (publish("pad", long.clone()), "data"),
        (to(5), "to"),
    ] {
        let field = match stage.ask(5, command.clone()) {
            Err(Refusal::Invalid { field, .. } | Refusal::TooLarge { field, .. }) => field,
            other => panic!("{command:?}: {other:?}"),
        };
        assert_eq!(field, refused, "{command:?}");
    }
    let gone = Refusal::NotFound { what: "participant", last: Some("left") };
    assert_eq!(stage.ask(5, to(6)), Err(gone));
    assert_eq!(stage.ask(5, to(9)), Err(Refusal::NotFound { what: "participant", last: None }));
    assert!(stage.ask(5, publish(&"a.b_c-9".repeat(9), Value::Null)).is_ok());
    assert!(stage.ask(5, publish("pad", long[1..].to_owned())).is_ok(), "the limit itself");
}

#[test]
fn it_needs_its_permission() {
    let mut stage = Stage::new(|created| created.settings.locks = vec![Permission::AppPublish]);
    stage.enter(OWNER).unwrap();
    stage.enter(5).unwrap();
    let refused = stage.ask(5, publish("cursor", 1));
    assert_eq!(refused, Err(Refusal::Forbidden(Permission::AppPublish)));
    assert!(stage.ask(OWNER, publish("cursor", 1)).is_ok());
}

#[test]
fn r14_it_stays_in_the_room_from_which_it_comes() {
    let mut stage = stage();
    stage.enter(7).unwrap();
    let people = vec![at(6), at(7)];
    let rooms = vec![RoomAsked { name: "Blue".into(), participants: people }];
    let prepare = BreakoutPrepare { rooms, mode: BreakoutMode::Manual, minutes: None };
    stage.ask(OWNER, Command::BreakoutPrepare(prepare)).unwrap();
    stage.ask(OWNER, empty(Command::BreakoutOpen)).unwrap();
    let decision = stage.ask(7, publish("cursor", 1)).unwrap();
    assert_eq!(decision.signals[0].to, SignalTo::Audience(Audience::room(Some(RoomId(1)))));
    assert_eq!(heard_by(&stage, &decision), [6]);
    let decision = stage.ask(5, publish("cursor", 1)).unwrap();
    assert_eq!(heard_by(&stage, &decision), [OWNER, 5], "the main room is one too");
    assert!(stage.ask(7, to(6)).is_ok() && stage.ask(5, to(OWNER)).is_ok());
    for (from, other) in [(7, 5), (5, 7)] {
        assert!(matches!(stage.ask(from, to(other)), Err(Refusal::Conflict(_))), "{from}");
    }
    stage.ask(OWNER, Command::BreakoutClose(BreakoutClose::default())).unwrap();
    let decision = stage.ask(7, publish("cursor", 1)).unwrap();
    assert_eq!(heard_by(&stage, &decision), [OWNER, 5, 6]);
}

/// Data that comes to so many bytes.
fn pad(bytes: usize) -> Value {
    "x".repeat(bytes - 2).into()
}

#[test]
fn a_meeting_carries_so_many_bytes_a_second() {
    let mut stage = Stage::new(|_| {});
    let people: i64 = 256;
    for user in 1..=people {
        stage.enter_as(user, |enter| enter.kind = UserKind::Member).unwrap();
    }
    // Two MiB each: eight in a second.
    let full = || publish("pad", pad(APP_BYTES_MAX));
    for _ in 0..8 {
        stage.ask(5, full()).unwrap();
    }
    let refused = stage.ask(6, full());
    assert_eq!(refused, Err(Refusal::TooOften { retry_after_ms: 125 }), "whoever asks");
    let rtc = RtcSend { to: at(7), session: None, data: pad(RTC_BYTES_MAX) };
    let rtc = || Command::RtcSend(rtc.clone());
    assert_eq!(stage.ask(6, rtc()), Err(Refusal::TooOften { retry_after_ms: 1 }));
    assert!(stage.ask(6, say("words are no traffic", None)).is_ok());
    stage.now = stage.now.plus_ms(124);
    assert_eq!(stage.ask(6, full()), Err(Refusal::TooOften { retry_after_ms: 1 }));
    assert!(stage.ask(6, rtc()).is_ok(), "what fits, goes");
    stage.now = stage.now.plus_ms(2);
    assert!(stage.ask(6, full()).is_ok());
}
