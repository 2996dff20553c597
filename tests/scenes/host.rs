//! The host's seat: handed over, left, taken by another and taken back.

use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage, assign};

fn transfer(participant: ParticipantId) -> Command {
    Command::HostTransfer(HostTransfer { participant })
}

const RECLAIM: Command = Command::HostReclaim(Empty {});

/// The next change of the seat that this person hears of.
async fn seat(person: &mut Person) -> HostChanged {
    let changed = person.expect(|event| matches!(event, EventBody::HostChanged(_))).await;
    let EventBody::HostChanged(changed) = changed.body else { unreachable!() };
    changed
}

async fn may(person: &mut Person, permission: Permission) -> bool {
    let can = |signal: &SignalBody| match signal {
        SignalBody::Can(can) => Some(can.can.clone()),
        _ => None,
    };
    person.expect_signal(can).await.allow(permission)
}

/// Who the tables say is host, and who co-host.
fn tables(stage: &Stage) -> (i64, String) {
    let co_hosts = "SELECT coalesce(group_concat(user_id), '') FROM meeting_co_hosts";
    (stage.sql("SELECT host_id FROM meetings"), stage.sql(co_hosts))
}

#[tokio::test]
async fn the_host_hands_the_seat_over_and_the_owner_takes_it_back() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    assert_eq!(ada.refused(transfer(gus.id())).await.code, Code::Conflict);
    assert_eq!(
        ben.refused(transfer(gus.id())).await.permission,
        Some(Permission::RoleTransferHost)
    );
    ada.send(transfer(ben.id())).await;
    let expected = HostChanged { from: Some(ada.id()), to: ben.id(), acting: false };
    for person in [&mut ada, &mut ben, &mut gus] {
        assert_eq!(seat(person).await, expected);
    }
    assert!(may(&mut ben, Permission::RoleTransferHost).await);
    assert!(!may(&mut ada, Permission::RoleTransferHost).await);
    assert_eq!(tables(&stage), (ben.user().0, ada.user().to_string()));
    let late = stage.join(&meeting, "Late").await;
    assert_eq!(
        (late.welcome.meeting.host.id, &*late.welcome.meeting.host.name),
        (ben.user(), "Ben")
    );

    let refused = ben.refused(RECLAIM).await;
    assert_eq!(refused.code, Code::Forbidden, "the host, but not the owner");
    ada.send(RECLAIM).await;
    let expected = HostChanged { from: Some(ben.id()), to: ada.id(), acting: false };
    assert_eq!(seat(&mut gus).await, expected);
    assert_eq!(tables(&stage), (ada.user().0, ben.user().to_string()));
}

#[tokio::test]
async fn who_leaves_names_the_next_host() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let naming = |id| Command::Leave(Leave { successor: Some(id) });
    let refused = ben.refused(naming(ada.id())).await;
    assert_eq!(refused.permission, Some(Permission::RoleTransferHost));
    ada.send(naming(ben.id())).await;
    assert_eq!(
        seat(&mut ben).await,
        HostChanged { from: Some(ada.id()), to: ben.id(), acting: false }
    );
    let left = ben.expect(|event| matches!(event, EventBody::ParticipantLeft(_))).await;
    assert_eq!(left.by, Some(ada.id()));
    let back = stage.join(&meeting, "Ada").await;
    assert_eq!(back.welcome.you.role, Role::CoHost);
}

#[tokio::test]
async fn when_the_hosts_grace_is_over_another_acts_until_the_host_is_back() {
    let stage = Stage::with(|config| config.grace_seconds = 0).await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    let mut mia = stage.join(&meeting, "Mia").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    assert!(!may(&mut mia, Permission::MeetingEnd).await);
    let (ada_id, ada_user) = (ada.id(), ada.user());
    ada.client.close().await;
    let acting = HostChanged { from: Some(ada_id), to: mia.id(), acting: true };
    assert_eq!((seat(&mut gus).await, seat(&mut ben).await), (acting, acting));
    assert!(may(&mut mia, Permission::MeetingEnd).await);
    assert_eq!(
        mia.refused(transfer(ben.id())).await.permission,
        Some(Permission::RoleTransferHost)
    );
    assert_eq!(tables(&stage), (mia.user().0, String::new()));
    mia.send(Command::MeetingLock(Empty {})).await;
    let back = stage.join(&meeting, "Ada").await;
    assert_eq!((back.welcome.you.role, back.welcome.meeting.host.id), (Role::Host, ada_user));
    let full = HostChanged { from: Some(mia.id()), to: ada_id, acting: false };
    assert_eq!((seat(&mut gus).await, seat(&mut ben).await), (full, full));
    let joined = ben.expect(
        |event| matches!(event, EventBody::ParticipantJoined(it) if it.participant.id == ada_id),
    );
    let EventBody::ParticipantJoined(joined) = joined.await.body else { unreachable!() };
    assert_eq!(joined.participant.role, Role::Host);
    assert!(!may(&mut mia, Permission::MeetingEnd).await);
    let mia = back.state().participants.iter().find(|person| person.id == mia.id());
    assert_eq!(mia.map(|person| person.role), Some(Role::Moderator), "again what they were");
}

#[tokio::test]
async fn where_the_settings_say_so_the_meeting_ends_after_its_host() {
    let stage = Stage::set().await;
    let settings = json!({ "settings": { "succession": "end_after", "end_after_minutes": 0 } });
    let meeting = stage.meeting("Ada", settings).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.send(Command::Leave(Leave::default())).await;
    let ended = ben.expect(|event| matches!(event, EventBody::MeetingEnded(_))).await;
    assert_eq!(ended.body, EventBody::MeetingEnded(MeetingEnded { reason: EndReason::HostGone }));
    assert_eq!(ben.expect_bye().await.code, Code::MeetingEnded);
}
