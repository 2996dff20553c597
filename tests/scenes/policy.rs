//! Settings and suspension: what changes for whom, at once.

use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage, assign, chat};

async fn told_can(person: &mut Person) -> Grants {
    let can = |signal: &SignalBody| match signal {
        SignalBody::Can(can) => Some(can.can.clone()),
        _ => None,
    };
    person.expect_signal(can).await
}

fn policy(policy: Policy) -> Command {
    Command::MeetingPolicy(Box::new(policy))
}

fn none() -> Policy {
    Policy::default()
}

#[tokio::test]
async fn a_policy_is_told_to_all_and_everyone_hears_what_they_may_no_longer() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut mia = stage.join(&meeting, "Mia").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    told_can(&mut mia).await;
    let refusal = mia.refused(policy(none())).await;
    assert_eq!(refusal.permission, Some(Permission::MeetingPolicy));
    let wish = Policy {
        chat: Some(ChatPolicy::Staff),
        locks: Some(vec![Permission::MediaVideo]),
        max_participants: Some(Some(40)),
        ..none()
    };
    ada.send(policy(wish.clone())).await;
    let told = ben.expect(|event| matches!(event, EventBody::MeetingPolicyChanged(_))).await;
    let expected = PolicyChanged { changes: wish, passcode_changed: false };
    assert_eq!(told.body, EventBody::MeetingPolicyChanged(Box::new(expected)));
    let can = told_can(&mut ben).await;
    for permission in [Permission::ChatSend, Permission::MediaVideo] {
        assert_eq!(can.0[&permission], Grant::No(Denial::Lock), "{permission}");
    }
    assert_eq!(can.0[&Permission::ChatPrivate], Grant::Yes);
    let refusal = ben.refused(chat("hello")).await;
    assert_eq!(refusal.permission, Some(Permission::ChatSend));
    let help = ChatSend { text: "help".into(), to: Some(ChatTo::Staff), reply_to: None };
    ben.send(Command::ChatSend(help)).await;
    mia.send(chat("staff writes")).await;
    let mia_heard = mia.heard().await;
    let is_can = |it: &quorate_client::Notice| {
        matches!(it, quorate_client::Notice::Signal(SignalBody::Can(_)))
    };
    assert!(!mia_heard.iter().any(is_can), "nothing changed for her");
    let late = stage.join(&meeting, "Dora").await;
    assert_eq!(late.welcome.meeting.settings.as_ref().unwrap().chat, ChatPolicy::Staff);
    assert_eq!(late.welcome.meeting.max_participants, Some(40));
    assert_eq!(late.welcome.you.can.0[&Permission::ChatSend], Grant::No(Denial::Lock));
    let stored = "SELECT settings ->> 'chat' || max_participants FROM meetings";
    assert_eq!(stage.sql::<String>(stored), "staff40");
    let open = Policy { chat: Some(ChatPolicy::All), locks: Some(Vec::new()), ..none() };
    ada.send(policy(open.clone())).await;
    assert_eq!(told_can(&mut ben).await.0[&Permission::ChatSend], Grant::Yes);
    assert!(ada.send(policy(open)).await.data.contains(r#""already":true"#));
}

#[tokio::test]
async fn a_policy_that_makes_no_sense_is_refused_with_its_field() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    for (data, field) in [
        (json!({ "colour": "red" }), "colour"),
        (json!({ "guests": null }), "guests"),
        (json!({ "chat": "loud" }), "chat"),
        (json!({ "locks": ["fly"] }), "locks[0]"),
        (json!({ "locks": ["meeting.end"] }), "locks"),
        (json!({ "grants": { "attendee": ["meeting.end"] } }), "grants"),
        (json!({ "grants": { "unheard_of": ["media.share"] } }), "grants"),
        (json!({ "max_participants": 1 }), "max_participants"),
        (json!({ "slow_mode_seconds": 3601 }), "slow_mode_seconds"),
        (json!({ "waiting_domains": ["no domain"] }), "waiting_domains"),
        (json!({ "waiting": "keep" }), "waiting"),
    ] {
        let id = ada.id();
        let frame = json!({ "type": "meeting.policy", "id": id, "data": data });
        ada.say(&frame.to_string()).await;
        let answer = ada.answer(json!(id)).await;
        assert_eq!(answer["error"]["code"], "invalid", "{answer}");
        assert_eq!(answer["error"]["field"], field, "{answer}");
    }
}

#[tokio::test]
async fn the_waiting_room_is_turned_off_and_all_come_in() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    assert_eq!((ben.status(), gus.status()), (Standing::Waiting, Standing::Waiting));
    ada.send(policy(Policy { requires_approval: Some(false), ..none() })).await;
    for person in [&mut ben, &mut gus] {
        assert_eq!(person.expect_welcome().await.you.status, Standing::Joined);
    }
    assert_eq!(stage.join(&meeting, "Dora").await.status(), Standing::Joined);
}

#[tokio::test]
async fn a_suspended_meeting_is_still_and_locked_until_it_is_resumed() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let before = ben.welcome.you.can.clone();
    let audio = Command::MediaUpdate(MediaUpdate { audio: Some(true), ..MediaUpdate::default() });
    ben.send(audio.clone()).await;
    ada.send(audio.clone()).await;
    ada.send(Command::MeetingSuspend(Empty {})).await;
    let told = ben.expect(|event| matches!(event, EventBody::MeetingSuspended(_))).await;
    let expected = MeetingSuspended { participants: vec![ben.id()] };
    assert_eq!(told.body, EventBody::MeetingSuspended(expected));
    let can = told_can(&mut ben).await;
    assert_eq!(can.0[&Permission::MediaAudio], Grant::No(Denial::Suspended));
    assert_eq!(ben.refused(chat("hello")).await.permission, Some(Permission::ChatSend));
    assert_eq!(stage.turned_back(&meeting, "Dora").await.code, Code::MeetingLocked);
    let snapshot: Snapshot = ben.ask(Command::StateGet(Empty {})).await;
    let sends = |id| snapshot.participants.iter().any(|it| it.id == id && it.media.audio);
    assert!(sends(ada.id()) && !sends(ben.id()));
    assert_eq!(stage.sql::<i64>("SELECT suspended FROM meetings"), 1);
    ada.send(Command::MeetingResume(Empty {})).await;
    ben.expect(|event| matches!(event, EventBody::MeetingResumed(_))).await;
    assert_eq!(told_can(&mut ben).await, before, "exactly as before");
    let snapshot: Snapshot = ben.ask(Command::StateGet(Empty {})).await;
    assert!(!snapshot.participants.iter().any(|it| it.id == ben.id() && it.media.audio));
    ben.send(audio).await;
    stage.join(&meeting, "Dora").await;
}

#[tokio::test]
async fn a_suspension_outlives_a_restart() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    ada.send(policy(Policy { chat_private: Some(false), ..none() })).await;
    ada.send(Command::MeetingSuspend(Empty {})).await;
    stage.restart().await;
    let mut ada = stage.join(&meeting, "Ada").await;
    assert!(ada.welcome.meeting.suspended && ada.welcome.meeting.locked);
    assert!(!ada.welcome.meeting.settings.as_ref().unwrap().chat_private);
    assert_eq!(stage.turned_back(&meeting, "Dora").await.code, Code::MeetingLocked);
    ada.send(Command::MeetingResume(Empty {})).await;
    stage.join(&meeting, "Dora").await;
}

#[tokio::test]
async fn title_and_schedule_change_before_all() {
    let stage = Stage::set().await;
    let ends_at = "2030-01-01T10:00:00.000Z";
    let meeting = stage.meeting("Ada", json!({ "ends_at": ends_at })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let update = MeetingUpdate { title: Some("Retrospective".into()), ..Default::default() };
    assert_eq!(ben.refused(Command::MeetingUpdate(update.clone())).await.code, Code::Forbidden);
    ada.send(Command::MeetingUpdate(update)).await;
    let expected =
        MeetingUpdated { title: Some("Retrospective".into()), ..MeetingUpdated::default() };
    ben.expect(|it| *it == EventBody::MeetingUpdated(expected.clone())).await;
    ada.send(Command::MeetingExtend(MeetingExtend { minutes: 15 })).await;
    let ends_at = "2030-01-01T10:15:00.000Z".parse().unwrap();
    ben.expect(|it| *it == EventBody::MeetingExtended(MeetingExtended { ends_at })).await;
    let late = stage.join(&meeting, "Dora").await;
    assert_eq!(late.welcome.meeting.title, "Retrospective");
    assert_eq!(late.welcome.meeting.ends_at, Some(ends_at));
    assert_eq!(stage.sql::<String>("SELECT end_time FROM meetings"), "2030-01-01T10:15:00.000Z");
}
