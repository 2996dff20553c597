//! The life of a meeting: before it starts, its end, and after.

use quorate::live::clock;
use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage};

const START: Command = Command::MeetingStart(Empty {});
const END: Command = Command::MeetingEnd(Empty {});

fn reason(person: &Person) -> Option<WaitReason> {
    person.welcome.waiting.as_ref().map(|standing| standing.reason)
}

#[tokio::test]
async fn before_a_scheduled_meeting_starts_people_wait_and_then_come_in_by_themselves() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "starts_at": "2100-01-01T10:00:00Z" })).await;
    assert_eq!(meeting.info.status, MeetingStatus::Scheduled);
    let mut ben = stage.join(&meeting, "Ben").await;
    assert_eq!(reason(&ben), Some(WaitReason::NotStarted));
    let mut ada = stage.join(&meeting, "Ada").await;
    assert_eq!(ada.status(), Standing::Joined, "staff comes at any time");
    assert_eq!(ada.welcome.meeting.status, MeetingStatus::Scheduled);
    let carla = stage.join(&meeting, "Carla").await;
    assert_eq!(reason(&carla), Some(WaitReason::NotStarted));
    ada.send(START).await;
    let inside = ben.expect_welcome().await;
    assert_eq!(inside.you.status, Standing::Joined);
    assert_eq!(inside.meeting.status, MeetingStatus::InProgress);
    for _ in 0..2 {
        let joined = ada.expect(|event| matches!(event, EventBody::ParticipantJoined(_))).await;
        let EventBody::ParticipantJoined(joined) = joined.body else { unreachable!() };
        assert_eq!(joined.via, Via::Open);
    }
    assert!(ada.send(START).await.data.contains(r#""already":true"#));
    assert_eq!(stage.join(&meeting, "Dora").await.status(), Standing::Joined);
}

#[tokio::test]
async fn a_scheduled_meeting_starts_by_itself_a_quarter_of_an_hour_before() {
    let stage = Stage::set().await;
    let soon = clock::wall().plus_ms(15 * 60_000 + 400);
    let meeting = stage.meeting("Ada", json!({ "starts_at": soon })).await;
    let mut ben = stage.join(&meeting, "Ben").await;
    if ben.status() == Standing::Waiting {
        ben.expect_welcome().await;
    }
    assert_eq!(ben.status(), Standing::Joined);
    assert!(ben.welcome.meeting.started_at.is_some_and(|at| at >= soon.plus_ms(-15 * 60_000)));
}

#[tokio::test]
async fn where_nobody_joins_before_the_host_all_wait_for_one() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "settings": { "join_before_host": false } })).await;
    let mut ben = stage.join(&meeting, "Ben").await;
    assert_eq!(reason(&ben), Some(WaitReason::HostAbsent));
    assert_eq!(ben.welcome.waiting.as_ref().map(|standing| standing.host_present), Some(false));
    let ada = stage.join(&meeting, "Ada").await;
    assert_eq!(ada.welcome.meeting.status, MeetingStatus::InProgress);
    assert_eq!(ben.expect_welcome().await.you.status, Standing::Joined);
}

#[tokio::test]
async fn a_meeting_ends_for_everyone_and_the_host_reopens_it() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let id = ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap());
    ada.send(crate::stage::admit(id)).await;
    let (mut carla, _) = stage.knock_as(&meeting, "Carla").await;
    ada.send(END).await;
    assert_eq!(ada.expect_bye().await.code, Code::MeetingEnded);
    let (said, code) = ben.ending().await;
    let [.., ended, bye] = &said[..] else { panic!("the event and bye, not {said:?}") };
    assert_eq!(ended["events"][0]["type"], "meeting.ended");
    assert_eq!((&bye["data"]["code"], code), (&json!("meeting_ended"), 4510));
    let (said, code) = carla.ending().await;
    assert_eq!((said.len(), code), (1, 4510), "who waits hears of the end alone: {said:?}");

    let (mut late, refusal) = stage.knock(&stage.hello(&meeting, "Ben")).await;
    assert_eq!(refusal["error"]["code"], "meeting_ended");
    assert_eq!(late.ending().await.1, 4510);
    let seq = welcome["data"]["seq"].as_u64().unwrap();
    let (_, refusal) = stage.resume(&meeting, &welcome, seq).await;
    assert_eq!(refusal["error"]["code"], "unauthorized", "no session outlives the meeting");

    let ada = stage.join(&meeting, "Ada").await;
    assert_eq!(ada.welcome.meeting.status, MeetingStatus::InProgress);
    assert_eq!(ada.state().total, 1);
    let journal = format!("FROM meeting_audit_logs WHERE meeting_id = {}", meeting.info.id);
    let count = |action: &str| {
        stage.sql::<i64>(&format!("SELECT count(*) {journal} AND action = '{action}'"))
    };
    assert_eq!((count("meeting.started"), count("meeting.reopened")), (1, 1));
    assert_eq!(stage.join(&meeting, "Ben").await.status(), Standing::Joined, "who was in lately");
}

#[tokio::test]
async fn a_meeting_that_everyone_has_left_ends() {
    let stage = Stage::set().await;
    let body = json!({ "settings": { "end_when_empty_minutes": 0 } });
    let meeting = stage.meeting("Ada", body).await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ben.send(Command::Leave(Leave::default())).await;
    assert_eq!(ben.expect_bye().await.code, Code::Left);
    assert_eq!(stage.turned_back(&meeting, "Ben").await.code, Code::MeetingEnded);
    let ada = stage.join(&meeting, "Ada").await;
    assert_eq!(ada.welcome.meeting.status, MeetingStatus::InProgress);
}

#[tokio::test]
async fn a_cohost_who_was_removed_does_not_reopen_the_meeting() {
    let stage = Stage::set().await;
    let carl = stage.meeting("Carl", json!({})).await.owner.id;
    let meeting = stage.meeting("Ada", json!({ "co_hosts": [carl] })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let carl = stage.join(&meeting, "Carl").await;
    let remove = PersonReason { participant: carl.id(), reason: None };
    ada.send(Command::ParticipantRemove(remove)).await;
    ada.send(END).await;
    assert_eq!(stage.turned_back(&meeting, "Carl").await.code, Code::MeetingEnded);
}

#[tokio::test]
async fn a_meeting_without_guests_takes_none() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "settings": { "guests": false } })).await;
    let (mut ben, refusal) = stage.knock(&crate::stage::hello_guest(&meeting, "Ben")).await;
    assert_eq!(refusal["error"]["code"], "unauthorized");
    assert_eq!(ben.ending().await.1, 4501);
    assert_eq!(stage.join(&meeting, "Ben").await.status(), Standing::Joined);
}
