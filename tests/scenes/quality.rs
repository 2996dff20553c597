//! How good connections are, over real sockets: reported, told, shown.

use std::time::{Duration, Instant};

use quorate_client::Notice;
use quorate_client::protocol::*;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::stage::{Person, Stage, assign};
use QualityLevel::{Excellent, Lost, Poor, Unknown};

fn report(rtt_ms: f64, loss_pct: f64) -> Command {
    let (jitter_ms, bitrate_kbps, fec) = (15.0, Some(2400.0), false);
    Command::QualityReport(QualityReport { rtt_ms, jitter_ms, loss_pct, bitrate_kbps, fec })
}

async fn told(person: &mut Person) -> QualityChanged {
    let change = |signal: &SignalBody| match signal {
        SignalBody::QualityChanged(change) => Some(*change),
        _ => None,
    };
    person.expect_signal(change).await
}

async fn get(stage: &Stage, token: &str, path: &str) -> Value {
    let request = stage.request(reqwest::Method::GET, path, Some(token));
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn what_a_client_reports_is_told_and_stands_in_rosters_lists_and_the_rest_interface() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    let done = ben.send(report(150.0, 1.0)).await;
    assert_eq!(done.seq, None, "it is no fact");
    let changed = QualityChanged { participant: ben.id(), from: Unknown, to: Excellent };
    for person in [&mut ada, &mut ben, &mut gus] {
        assert_eq!(told(person).await, changed);
    }
    let of = |people: &[Participant], id| people.iter().find(|it| it.id == id).unwrap().quality;
    let snapshot: Snapshot = gus.ask(Command::StateGet(Empty {})).await;
    assert_eq!(of(&snapshot.participants, ben.id()), Excellent);
    assert_eq!(of(&snapshot.participants, ada.id()), Unknown, "never excellent by default");
    let cyd = stage.join(&meeting, "Cyd").await;
    assert_eq!(of(&cyd.state().participants, ben.id()), Excellent);

    let (token, people) =
        (stage.token("Ada"), format!("/api/meetings/{}/participants", meeting.info.id));
    let one = get(&stage, &token, &format!("{people}/{}", ben.id())).await;
    let expected = json!({
        "version": 1, "level": "excellent", "r": 84.6, "mos": 4.18,
        "rtt_ms": 150.0, "jitter_ms": 15.0, "loss_pct": 1.0,
    });
    assert_eq!(one["quality"], expected);
    for (who, whole) in [("Ben", true), ("Cyd", false)] {
        let shown = get(&stage, &stage.token(who), &format!("{people}/{}", ben.id())).await;
        assert_eq!(shown["quality"]["level"], "excellent", "{who}");
        let figures = ["r", "mos", "rtt_ms", "jitter_ms", "loss_pct"];
        assert!(figures.iter().all(|it| shown["quality"][it].is_null() != whole), "{who}: {shown}");
    }
    for (level, found) in [
        ("excellent", json!([ben.id()])),
        ("unknown", json!([ada.id(), gus.id(), cyd.id()])),
        ("lost", json!([])),
    ] {
        let page = get(&stage, &token, &format!("{people}?quality={level}")).await;
        let ids: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
        assert_eq!(json!(ids), found, "{level}: {page}");
    }
}

#[tokio::test]
async fn among_fifty_the_rest_interface_shows_others_connections_to_staff_alone() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let _ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut people = vec![stage.join(&meeting, "Cyd").await];
    for guest in 0..47 {
        people.push(stage.join_guest(&meeting, &format!("Guest{guest}")).await);
    }
    ben.send(report(60.0, 0.0)).await;
    assert_eq!(told(&mut ben).await.to, Excellent, "oneself hears it");
    let base = format!("/api/meetings/{}/participants", meeting.info.id);
    let one = format!("{base}/{}", ben.id());
    for (name, level, found) in
        [("Ada", json!("excellent"), 1), ("Ben", json!("excellent"), 1), ("Cyd", Value::Null, 0)]
    {
        let token = stage.token(name);
        assert_eq!(get(&stage, &token, &one).await["quality"]["level"], level, "{name}");
        let page = get(&stage, &token, &format!("{base}?quality=excellent&limit=200")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{name}: {page}");
    }
    let snapshot: Snapshot = people[0].ask(Command::StateGet(Empty {})).await;
    assert!(snapshot.participants.iter().all(|it| it.quality == Unknown));
}

#[tokio::test]
async fn who_admits_people_and_is_not_staff_reads_no_figures_of_their_connections() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mia = stage.join(&meeting, "Mia").await;
    let pam = stage.join(&meeting, "Pam").await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    ada.send(assign(pam.id(), Role::Presenter)).await;
    let (participant, permissions) = (pam.id(), vec![Permission::ParticipantAdmit]);
    ada.send(Command::RoleGrant(PersonPermissions { participant, permissions })).await;
    ben.send(report(150.0, 1.0)).await;
    let scopes = [Permission::ParticipantAdmit, Permission::ParticipantList];
    let claims = |claims: &mut quorate::identity::Claims| {
        claims.meetings = Some(vec![meeting.info.id]);
    };
    let bot = stage.bot_token("Doorman", &scopes, claims);
    let tokens = [stage.token("Mia"), stage.token("Pam"), bot];
    let base = format!("/api/meetings/{}/participants", meeting.info.id);
    let one = format!("{base}/{}", ben.id());
    let alone = json!({ "version": 1, "level": "excellent" });
    for (token, figures) in tokens.iter().zip([true, false, false]) {
        let shown = get(&stage, token, &one).await;
        assert_eq!(shown["admission"], "approved", "they admit: {shown}");
        let quality = shown["quality"].as_object().unwrap();
        let told = quality.iter().filter(|(_, value)| !value.is_null());
        let told: serde_json::Map<_, _> = told.map(|(k, v)| (k.clone(), v.clone())).collect();
        assert_eq!(told.len() > 2, figures, "{shown}");
        assert!(figures || json!(told) == alone, "{shown}");
    }
    ben.send(Command::Leave(Leave::default())).await;
    for (token, figures) in tokens.iter().zip([true, false, false]) {
        let shown = get(&stage, token, &one).await;
        assert_eq!(shown["quality"].is_null(), !figures, "of one who left: {shown}");
        let page = get(&stage, token, &format!("{base}?quality=excellent")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), usize::from(figures), "{page}");
    }
}

#[tokio::test]
async fn a_lost_connection_is_told_and_one_that_is_back_is_measured_anew() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let participant = ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap());
    ben.ask(&report(60.0, 0.0)).await;
    let changed = |from, to| QualityChanged { participant, from, to };
    assert_eq!(told(&mut ada).await, changed(Unknown, Excellent));
    drop(ben);
    assert_eq!(told(&mut ada).await, changed(Excellent, Lost));
    let token = stage.token("Ada");
    let path = format!("/api/meetings/{}/participants?quality=lost", meeting.info.id);
    let page = get(&stage, &token, &path).await;
    assert_eq!(page["items"][0]["id"], json!(participant), "{page}");
    let seq = welcome["data"]["seq"].as_u64().unwrap();
    let (mut ben, _) = stage.resume(&meeting, &welcome, seq).await;
    assert_eq!(told(&mut ada).await, changed(Lost, Unknown));
    // The first id was the report's before.
    ben.id();
    ben.ask(&report(60.0, 60.0)).await;
    assert_eq!(told(&mut ada).await, changed(Unknown, Poor), "nothing of before is in it");
}

#[tokio::test]
async fn more_than_ten_reports_in_ten_seconds_are_refused_and_the_socket_goes_on() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    for _ in 0..10 {
        ada.send(report(60.0, 0.0)).await;
    }
    let error = ada.refused(report(60.0, 0.0)).await;
    assert_eq!(error.code, Code::RateLimited);
    assert!(error.retry_after_ms.is_some_and(|ms| (1..=10_000).contains(&ms)), "{error:?}");
    ada.send(Command::Ping(Empty {})).await;
}

#[tokio::test]
async fn a_bot_is_measured_and_one_who_waits_is_not() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    assert_eq!(gus.refused(report(60.0, 0.0)).await.code, Code::Waiting);
    let claims = |claims: &mut quorate::identity::Claims| {
        claims.meetings = Some(vec![meeting.info.id]);
    };
    let token = stage.bot_token("Scribe", &[Permission::ChatSend], claims);
    let hello = crate::stage::hello_with(&meeting, token);
    let mut bot = stage.enter(hello).await.unwrap();
    if bot.status() == Standing::Waiting {
        let admit = Admit { participant: Some(bot.id()), ..Admit::default() };
        ada.send(Command::ParticipantAdmit(admit)).await;
        bot.expect_welcome().await;
    }
    bot.send(report(60.0, 0.0)).await;
    assert_eq!(told(&mut ada).await.participant, bot.id());
    let heard = gus.heard().await;
    let of_quality =
        |notice: &Notice| matches!(notice, Notice::Signal(SignalBody::QualityChanged(_)));
    assert!(!heard.iter().any(of_quality), "{heard:?}");
}

/// The server's ping is answered by the library; here an answer is made up, to one sent when the socket came.
#[tokio::test]
async fn a_server_that_is_far_away_is_shown_as_slow_signalling_and_not_as_bad_media() {
    let stage = Stage::with(|config| config.checkpoint_seconds = 1).await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, welcome) = stage.knock_as(&meeting, "Ada").await;
    let id = welcome["data"]["you"]["participant"].as_i64().unwrap();
    ada.ask(&report(60.0, 0.0)).await;
    let token = stage.token("Ada");
    let path = format!("/api/meetings/{}/participants/{id}", meeting.info.id);
    let since = Instant::now();
    loop {
        ada.push(Message::Pong(0u64.to_be_bytes().to_vec().into())).await;
        let quality = get(&stage, &token, &path).await["quality"].clone();
        assert_eq!((&quality["level"], &quality["rtt_ms"]), (&json!("excellent"), &json!(60.0)));
        if quality["slow_signalling"] == json!(true) {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{quality}");
    }
}
