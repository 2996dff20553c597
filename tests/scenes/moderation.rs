//! Removing, banning, locking the door.

use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Stage, admit, because, chat};

fn remove(participant: ParticipantId) -> Command {
    Command::ParticipantRemove(because(participant, "shouting"))
}

fn ban(participant: ParticipantId, until: Option<Timestamp>) -> Command {
    let reason = Some("shouting again".to_owned());
    let scope = BanScope::Meeting;
    Command::ParticipantBan(Ban {
        participant: Some(participant),
        user: None,
        reason,
        until,
        scope,
    })
}

#[tokio::test]
async fn one_who_was_removed_comes_back_only_with_approval() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut carla = stage.join(&meeting, "Carla").await;
    let (mut ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let id = ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap());
    carla.heard().await;
    ada.heard().await;
    ada.send(remove(id)).await;
    let (said, code) = ben.ending().await;
    let bye = &said.last().unwrap()["data"];
    assert_eq!((&bye["code"], &bye["reason"], code), (&json!("removed"), &json!("shouting"), 4503));
    assert_eq!(carla.kinds().await, ["participant.removed"], "no reason, no left beside it");
    assert_eq!(ada.kinds().await, ["participant.removed", "participant.reason_given"]);

    let (mut gone, refusal) = stage.resume(&meeting, &welcome, 1).await;
    assert_eq!(refusal["error"]["code"], "unauthorized", "the session died with it");
    assert_eq!(gone.ending().await.1, 4501);

    let mut back = stage.join(&meeting, "Ben").await;
    let reason = back.welcome.waiting.as_ref().map(|standing| standing.reason);
    assert_eq!(reason, Some(WaitReason::RemovedBefore));
    let waiting = ada.expect(|event| matches!(event, EventBody::ParticipantWaiting(_))).await;
    let EventBody::ParticipantWaiting(waiting) = waiting.body else { unreachable!() };
    assert!(waiting.entry.removed_before);
    ada.send(admit(id)).await;
    assert_eq!(back.expect_welcome().await.you.status, Standing::Joined);
    back.send(Command::Leave(Leave::default())).await;
    let again = stage.join(&meeting, "Ben").await;
    assert_eq!(again.status(), Standing::Waiting, "for as long as the meeting lives");
}

#[tokio::test]
async fn one_who_is_banned_stays_out_until_the_ban_is_lifted() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut carla = stage.join(&meeting, "Carla").await;
    let (mut ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let you = &welcome["data"]["you"];
    let id = ParticipantId(you["participant"].as_i64().unwrap());
    let user = UserId(you["user"].as_i64().unwrap());
    let until = Some("2100-01-01T00:00:00Z".parse().unwrap());
    carla.heard().await;
    ada.send(ban(id, until)).await;
    let (said, code) = ben.ending().await;
    let bye = &said.last().unwrap()["data"];
    assert_eq!((&bye["code"], code), (&json!("banned"), 4503));
    assert_eq!(bye["reason"], "shouting again");
    assert_eq!(carla.kinds().await, ["participant.banned"]);
    let (mut again, refusal) = stage.knock(&stage.hello(&meeting, "Ben")).await;
    let error = &refusal["error"];
    assert_eq!(error["code"], "banned");
    assert_eq!(error["until"], "2100-01-01T00:00:00.000Z");
    assert_eq!(again.ending().await.1, 4503);

    let unban = Command::ParticipantUnban(UserOnly { user });
    assert_eq!(carla.refused(unban.clone()).await.permission, Some(Permission::ParticipantUnban));
    ada.send(unban.clone()).await;
    assert_eq!(ada.refused(unban).await.code, Code::NotFound);
    let back = stage.join(&meeting, "Ben").await;
    assert_eq!(back.status(), Standing::Joined, "lifting a ban clears the removal too");
}

#[tokio::test]
async fn a_user_may_be_banned_who_waits_or_never_came() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let never = stage.meeting("Nero", json!({})).await.owner.id;
    let scope = BanScope::Meeting;
    let forever = Ban { participant: None, user: Some(never), reason: None, until: None, scope };
    ada.send(Command::ParticipantBan(forever.clone())).await;
    assert_eq!(stage.turned_back(&meeting, "Nero").await.code, Code::Banned);
    assert!(ada.send(Command::ParticipantBan(forever)).await.data.contains(r#""already":true"#));
    let mut ben = stage.join_guest(&meeting, "Ben").await;
    ada.send(ban(ben.id(), None)).await;
    assert_eq!(ben.expect_bye().await.code, Code::Banned);
    let refusal = ada.refused(admit(ben.id())).await;
    assert_eq!((refusal.code, refusal.last.as_deref()), (Code::NotFound, Some("removed")));
    let nobody = UserId(1_000_000);
    let forever = Ban { participant: None, user: Some(nobody), reason: None, until: None, scope };
    ada.send(Command::ParticipantBan(forever)).await;
    let oneself = ada.refused(ban(ada.id(), None)).await;
    assert_eq!(oneself.code, Code::Invalid);
    assert_eq!(ada.refused(remove(ada.id())).await.code, Code::Invalid);
}

#[tokio::test]
async fn a_banned_one_cannot_go_on_with_the_session() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let id = ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap());
    drop(ben);
    ada.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
    ada.send(ban(id, None)).await;
    let seq = welcome["data"]["seq"].as_u64().unwrap();
    let (mut back, refusal) = stage.resume(&meeting, &welcome, seq).await;
    assert_eq!(refusal["error"]["code"], "unauthorized");
    assert_eq!(back.ending().await.1, 4501);
    assert_eq!(stage.turned_back(&meeting, "Ben").await.code, Code::Banned);
}

#[tokio::test]
async fn a_locked_door_is_locked_to_all_but_staff() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.send(Command::MeetingLock(Empty {})).await;
    assert!(ada.send(Command::MeetingLock(Empty {})).await.data.contains(r#""already":true"#));
    let refusal = stage.turned_back(&meeting, "Carla").await;
    assert_eq!((refusal.code, refusal.retryable), (Code::MeetingLocked, true));
    let phone = stage.join(&meeting, "Ada").await;
    assert!(phone.welcome.meeting.locked);
    ada.send(admit(ben.id())).await;
    assert_eq!(ben.expect_welcome().await.you.status, Standing::Joined, "who knocked before");
    assert_eq!(ben.refused(Command::MeetingUnlock(Empty {})).await.code, Code::Forbidden);
    ada.send(Command::MeetingUnlock(Empty {})).await;
    ben.expect(|event| matches!(event, EventBody::MeetingUnlocked(_))).await;
    assert_eq!(stage.join(&meeting, "Carla").await.status(), Standing::Waiting);
}

#[tokio::test]
async fn a_refusal_changes_nothing_and_throws_nobody_out() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.heard().await;
    for command in [
        remove(ada.id()),
        ban(ada.id(), None),
        Command::MeetingEnd(Empty {}),
        Command::MeetingLock(Empty {}),
        Command::MeetingStart(Empty {}),
    ] {
        assert_eq!(ben.refused(command).await.code, Code::Forbidden);
    }
    assert_eq!(ada.kinds().await, Vec::<String>::new());
    ben.send(chat("I only asked")).await;
}
