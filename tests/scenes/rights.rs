//! What is granted and taken in person, and custom roles of a meeting, as people hear of them.

use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage, assign, chat};
use Permission as P;

async fn told_can(person: &mut Person) -> Grants {
    let can = |signal: &SignalBody| match signal {
        SignalBody::Can(can) => Some(can.can.clone()),
        _ => None,
    };
    person.expect_signal(can).await
}

fn grant(participant: ParticipantId, permissions: &[P]) -> Command {
    Command::RoleGrant(PersonPermissions { participant, permissions: permissions.to_vec() })
}

fn deny(participant: ParticipantId, permissions: &[P]) -> Command {
    Command::RoleDeny(PersonPermissions { participant, permissions: permissions.to_vec() })
}

fn scribe() -> RoleDefine {
    RoleDefine {
        key: RoleKey::new("scribe").unwrap(),
        label: "Scribe".to_owned(),
        based_on: Role::Attendee,
        rank: 30,
        grants: vec![P::MediaShare],
        denies: vec![P::ReactionSend],
    }
}

#[tokio::test]
async fn one_hears_at_once_what_is_granted_and_taken_with_the_reason() {
    let stage = Stage::set().await;
    let settings = json!({ "settings": { "locks": ["reaction.send"] } });
    let meeting = stage.meeting("Ada", settings).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut mia = stage.join(&meeting, "Mia").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut cleo = stage.join(&meeting, "Cleo").await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    let can = &ben.welcome.you.can.0;
    assert_eq!(can[&P::ReactionSend], Grant::No(Denial::Lock));
    assert_eq!(can[&P::MediaShare], Grant::No(Denial::Role));
    ada.send(grant(ben.id(), &[P::MediaShare])).await;
    assert_eq!(told_can(&mut ben).await.0[&P::MediaShare], Grant::Yes);
    let share = MediaUpdate { share: Some(true), ..MediaUpdate::default() };
    ben.send(Command::MediaUpdate(share)).await;
    ada.send(deny(ben.id(), &[P::MediaShare, P::ChatSend])).await;
    let can = told_can(&mut ben).await.0;
    assert_eq!(can[&P::ChatSend], Grant::No(Denial::Denied));
    assert_eq!(can[&P::MediaShare], Grant::No(Denial::Role));
    let refused = ben.refused(chat("hello")).await;
    assert_eq!((refused.code, refused.permission), (Code::Forbidden, Some(P::ChatSend)));
    for person in [&mut ben, &mut mia] {
        let changed = |event: &EventBody| matches!(event, EventBody::PermissionsChanged(_));
        person.expect(changed).await;
        let EventBody::PermissionsChanged(now) = person.expect(changed).await.body else {
            unreachable!()
        };
        assert_eq!(now.denied.iter().collect::<Vec<_>>(), [P::MediaShare, P::ChatSend]);
    }
    assert!(!cleo.kinds().await.contains(&"permissions.changed".to_owned()), "not Cleo's business");
    let all = Command::RoleReset(RoleReset { participant: ben.id(), permissions: None });
    ada.send(all).await;
    assert_eq!(told_can(&mut ben).await.0[&P::ChatSend], Grant::Yes);
    ben.send(chat("hello again")).await;
}

#[tokio::test]
async fn an_unknown_permission_is_refused_where_it_stands() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, welcome) = stage.knock_as(&meeting, "Ada").await;
    let me = &welcome["data"]["you"]["participant"];
    let role = json!({ "key": "x", "label": "X", "based_on": "attendee", "rank": 30 });
    let with = |field: &str, value: serde_json::Value| {
        let mut role = role.clone();
        role[field] = value;
        role
    };
    for (kind, data, field) in [
        ("role.grant", json!({ "participant": me, "permissions": ["fly"] }), "permissions[0]"),
        (
            "role.deny",
            json!({ "participant": me, "permissions": ["chat.send", "fly"] }),
            "permissions[1]",
        ),
        ("role.grant", json!({ "participant": me }), "permissions"),
        ("role.reset", json!({ "participant": me, "permissions": ["fly"] }), "permissions[0]"),
        ("role.define", with("grants", json!(["fly"])), "grants[0]"),
        ("role.define", with("denies", json!(["fly"])), "denies[0]"),
        ("role.define", with("key", json!("host")), "key"),
        ("role.define", with("rank", json!(300)), "rank"),
        ("role.define", with("colour", json!("red")), "colour"),
        ("leave", json!({ "successor": "Ben" }), "successor"),
    ] {
        let id = ada.id();
        ada.say(&json!({ "type": kind, "id": id, "data": data }).to_string()).await;
        let error = &ada.answer(json!(id)).await["error"];
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("invalid"), &json!(field)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_was_given_in_person_outlives_the_server() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.send(Command::RoleDefine(scribe())).await;
    ada.send(assign(ben.id(), Role::Custom(scribe().key))).await;
    ada.send(deny(ben.id(), &[P::HandRaise])).await;
    ben.send(Command::Leave(Leave::default())).await;
    ada.client.close().await;
    stage.restart().await;
    let back = stage.join(&meeting, "Ben").await;
    let can = &back.welcome.you.can.0;
    assert_eq!(back.welcome.you.role.name(), "scribe");
    let now = [P::MediaShare, P::HandRaise, P::ReactionSend].map(|it| can[&it]);
    assert_eq!(now, [Grant::Yes, Grant::No(Denial::Denied), Grant::No(Denial::Role)]);
}

#[tokio::test]
async fn a_meeting_has_roles_of_its_own() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let refused = ben.refused(Command::RoleDefine(scribe())).await;
    assert_eq!(refused.permission, Some(P::RoleDefine));
    ada.send(Command::RoleDefine(scribe())).await;
    let defined = ben.expect(|event| matches!(event, EventBody::RoleDefined(_))).await;
    let EventBody::RoleDefined(defined) = defined.body else { unreachable!() };
    assert_eq!((defined.label.as_str(), defined.rank, defined.version), ("Scribe", 30, 1));
    ada.send(assign(ben.id(), Role::Custom(scribe().key))).await;
    let can = told_can(&mut ben).await.0;
    assert_eq!([can[&P::MediaShare], can[&P::ReactionSend]], [Grant::Yes, Grant::No(Denial::Role)]);
    assert_eq!(
        stage.sql::<String>("SELECT role FROM meeting_participants WHERE role <> 'attendee'"),
        "scribe"
    );

    let late = stage.join(&meeting, "Late").await;
    assert_eq!(late.state().roles, [defined]);
    let shown = late.state().participants.iter().find(|person| person.id == ben.id()).unwrap();
    assert_eq!(shown.role.name(), "scribe");

    ada.send(Command::RoleDefine(RoleDefine { grants: Vec::new(), ..scribe() })).await;
    assert_eq!(told_can(&mut ben).await.0[&P::MediaShare], Grant::No(Denial::Role));
    let key = scribe().key;
    let refused = ada.refused(Command::RoleRemove(RoleOnly { key })).await;
    assert_eq!((refused.code, refused.used_by), (Code::Conflict, vec![ben.id()]));
    ada.send(assign(ben.id(), Role::Presenter)).await;
    ada.send(Command::RoleRemove(RoleOnly { key })).await;
    ben.expect(|event| matches!(event, EventBody::RoleRemoved(it) if it.key == key)).await;
    let refused = ada.refused(assign(ben.id(), Role::Custom(key))).await;
    assert_eq!((refused.code, refused.field.as_deref()), (Code::Invalid, Some("role")));
}
