//! Talk: who hears who speaks, and what is made of it.

use quorate_client::Notice;
use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Person, Stage, hello_with};

fn speaking(speaking: bool) -> Command {
    Command::SpeakingReport(SpeakingReport { speaking, participant: None, source: None })
}

fn microphone(on: bool) -> Command {
    Command::MediaUpdate(MediaUpdate { audio: Some(on), ..MediaUpdate::default() })
}

/// What this person hears next of who speaks.
async fn hears(person: &mut Person) -> (ParticipantId, bool) {
    let heard = |signal: &SignalBody| match signal {
        SignalBody::Speaking(it) => Some((it.participant, it.speaking)),
        _ => None,
    };
    person.expect_signal(heard).await
}

#[tokio::test]
async fn everyone_hears_who_speaks_and_that_they_stop() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut carl = stage.join(&meeting, "Carl").await;
    let done = ben.send(speaking(true)).await;
    assert_eq!(done.seq, None, "it is no event");
    let who = ben.id();
    for person in [&mut ada, &mut ben, &mut carl] {
        assert_eq!(hears(person).await, (who, true));
    }
    ben.send(speaking(false)).await;
    assert_eq!(hears(&mut ada).await, (ben.id(), false));
    // By being muted, by leaving, by losing the connection.
    ben.send(microphone(true)).await;
    ben.send(speaking(true)).await;
    assert_eq!(hears(&mut ada).await, (ben.id(), true));
    let media = vec![MediaKind::Audio];
    ada.send(Command::ParticipantMute(Mute { participant: ben.id(), media })).await;
    assert_eq!(hears(&mut ada).await, (ben.id(), false));
    let muted = ben.refused(speaking(true)).await;
    assert_eq!((muted.code, muted.message.contains("media.update")), (Code::Conflict, true));
    ben.send(microphone(true)).await;
    ben.send(speaking(true)).await;
    carl.send(speaking(true)).await;
    let mut heard = [hears(&mut ada).await, hears(&mut ada).await];
    heard.sort();
    assert_eq!(heard, [(ben.id(), true), (carl.id(), true)]);
    let (gone, lost) = (ben.id(), carl.id());
    ben.send(Command::Leave(Leave::default())).await;
    assert_eq!(hears(&mut ada).await, (gone, false));
    drop(carl);
    assert_eq!(hears(&mut ada).await, (lost, false));
}

#[tokio::test]
async fn a_bot_that_listens_says_who_speaks_and_nobody_else_does() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let scopes = [Permission::CaptionPublish];
    let token = stage.bot_token("Ear", &scopes, |claims| claims.owner = Some("ada".to_owned()));
    let mut ear = stage.enter(hello_with(&meeting, token)).await.unwrap();
    let of = |participant: ParticipantId, source| {
        let participant = Some(participant);
        Command::SpeakingReport(SpeakingReport { speaking: true, participant, source })
    };
    ear.send(of(ben.id(), Some(TalkSource::Sfu))).await;
    assert_eq!(hears(&mut ada).await, (ben.id(), true));
    let refused = ada.refused(of(ben.id(), None)).await;
    assert_eq!((refused.code, refused.field.as_deref()), (Code::Invalid, Some("participant")));
    let refused = ben.refused(of(ben.id(), Some(TalkSource::Bot))).await;
    assert_eq!((refused.code, refused.field.as_deref()), (Code::Invalid, Some("source")));
    let gone = ben.id();
    ben.send(Command::Leave(Leave::default())).await;
    assert_eq!(ear.refused(of(gone, None)).await.code, Code::NotFound, "after leaving");
}

#[tokio::test]
async fn a_thousand_toggles_harm_nobody() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let began = tokio::time::Instant::now();
    for toggle in 0..1000 {
        ben.send(speaking(toggle % 2 == 0)).await;
    }
    let took = began.elapsed().as_millis();
    let heard = ada.heard().await;
    let told = |notice: &&Notice| matches!(notice, Notice::Signal(SignalBody::Speaking(_)));
    let signals = heard.iter().filter(told).count() as u128;
    assert!(signals <= 2 + took / 250, "{signals} in {took} ms");
    let rows: i64 = stage.sql("SELECT count(*) FROM meeting_audit_logs WHERE action LIKE 'speak%'");
    assert_eq!(rows, 0);
    let path = format!("/api/meetings/{}/participants/{}", meeting.info.id, ben.id());
    let shown = stage.ask(reqwest::Method::GET, &path, &stage.token("Ben"), Value::Null).await;
    let seconds = shown.body["talk_seconds"].as_u64().unwrap();
    assert!(u128::from(seconds) <= took / 1000 + 1, "{seconds} s in {took} ms");
}
