//! For how long people were there, as the database says while the meeting goes on.

use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Person, Stage, admit};

/// Lets so many milliseconds of the meeting's time pass; each question gives the server its turn.
async fn pass(person: &mut Person, ms: i64) {
    let began: Pong = person.ask(Command::Ping(Empty {})).await;
    while person.ask::<Pong>(Command::Ping(Empty {})).await.time < began.time.plus_ms(ms) {}
}

/// Someone as they read themselves over REST.
async fn read(stage: &Stage, meeting: &Meeting, name: &str, id: ParticipantId) -> Value {
    let path = format!("/api/meetings/{}/participants/{id}", meeting.info.id);
    let request = stage.request(reqwest::Method::GET, &path, Some(&stage.token(name)));
    request.send().await.unwrap().json().await.unwrap()
}

/// What stands in the table of someone.
fn seconds(stage: &Stage, person: ParticipantId) -> i64 {
    stage.sql(&format!("SELECT total_time FROM meeting_participants WHERE id = {person}"))
}

#[tokio::test]
async fn time_counts_once_for_all_devices_in_all_rooms_and_not_while_waiting() {
    let stage = Stage::with(|config| {
        config.checkpoint_seconds = 1;
        config.limits.points_per_second = 1_000_000;
        config.limits.burst = 1_000_000;
    })
    .await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let cleo = stage.join(&meeting, "Cleo").await;
    pass(&mut ada, 2_000).await;
    ada.send(admit(ben.id())).await;
    ben.expect_welcome().await;
    let mut phone = stage.join(&meeting, "Ben").await;
    assert_eq!(phone.id(), ben.id());
    pass(&mut ada, 600).await;

    let room = RoomAsked { name: "Blue".into(), participants: vec![phone.id()] };
    let mode = BreakoutMode::Manual;
    let rooms = BreakoutPrepare { rooms: vec![room], mode, minutes: None };
    ada.send(Command::BreakoutPrepare(rooms)).await;
    ada.send(Command::BreakoutOpen(Empty {})).await;
    drop(ben);
    pass(&mut ada, 600).await;
    while seconds(&stage, phone.id()) < 1 {
        pass(&mut ada, 10).await;
    }
    phone.send(Command::Leave(Leave::default())).await;
    let there: i64 = stage.sql(&format!(
        "SELECT CAST(round((julianday(left_at) - julianday(joined_at)) * 86400000) AS INTEGER) / 1000 \
         FROM meeting_participants WHERE id = {}",
        phone.id()
    ));
    assert_eq!(seconds(&stage, phone.id()), there, "from coming in to leaving, once");
    // She was there while he waited.
    while seconds(&stage, ada.id()) <= there + 1 {
        pass(&mut ada, 10).await;
    }
    assert_eq!(seconds(&stage, cleo.id()), 0, "waiting is not being there");

    ada.send(Command::MeetingEnd(Empty {})).await;
    let finals: i64 = stage.sql(
        "SELECT count(*) FROM meeting_participants \
         WHERE participation_score = engagement ->> 'score' AND total_time > 0",
    );
    assert_eq!(finals, 2, "who was never in has no score");
}

#[tokio::test]
async fn over_rest_time_talk_and_score_are_of_one_moment_between_two_checkpoints() {
    let stage = Stage::with(|config| {
        config.checkpoint_seconds = 60;
        config.limits.points_per_second = 1_000_000;
        config.limits.burst = 1_000_000;
    })
    .await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let speaking = SpeakingReport { speaking: true, participant: None, source: None };
    ben.send(Command::SpeakingReport(speaking)).await;
    pass(&mut ada, 1_100).await;
    assert_eq!(seconds(&stage, ben.id()), 0, "nothing is written yet");
    let shown = read(&stage, &meeting, "Ben", ben.id()).await;
    let present = shown["engagement"]["components"][0]["raw"].as_f64().unwrap();
    let (total, talk) = (&shown["total_time_seconds"], &shown["talk_seconds"]);
    assert_eq!(total.as_f64(), Some(present.floor()), "{shown}");
    assert!((1..=total.as_u64().unwrap()).contains(&talk.as_u64().unwrap()), "{shown}");
}

#[tokio::test]
async fn before_the_start_rest_shows_the_score_that_the_socket_tells() {
    let stage = Stage::set().await;
    let times = json!({ "starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T11:00:00Z" });
    let meeting = stage.meeting("Ada", times).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let get = Command::EngagementGet(EngagementGet { participant: None });
    let told: EngagementShown = ada.ask(get).await;
    let shown = read(&stage, &meeting, "Ada", ada.id()).await;
    assert_eq!(shown["engagement"]["score"], json!(told.engagement.unwrap().score), "{shown}");
}
