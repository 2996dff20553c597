//! Roles: who gives which to whom, and how people hear that they may do something else now.

use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage, assign};

async fn told_can(person: &mut Person) -> CanChanged {
    let can = |signal: &SignalBody| match signal {
        SignalBody::Can(can) => Some(can.clone()),
        _ => None,
    };
    person.expect_signal(can).await
}

fn add(user: UserId) -> Command {
    Command::CohostAdd(UserOnly { user })
}

fn take_away(user: UserId) -> Command {
    Command::CohostRemove(UserOnly { user })
}

#[tokio::test]
async fn one_gives_roles_below_ones_own_rank_to_people_below_it() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut carl = stage.join(&meeting, "Carl").await;
    let cora = stage.join(&meeting, "Cora").await;
    let mut mia = stage.join(&meeting, "Mia").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.send(add(carl.user())).await;
    ada.send(add(cora.user())).await;
    carl.send(assign(mia.id(), Role::Moderator)).await;
    let assigned = ben.expect(|event| matches!(event, EventBody::RoleAssigned(_))).await;
    assert_eq!(assigned.by, Some(carl.id()));
    let (ada_id, carl_id, ben_id) = (ada.id(), carl.id(), ben.id());
    let lacks = |who: ErrorBody| (who.code, who.permission);
    let role_assign = (Code::Forbidden, Some(Permission::RoleAssign));
    assert_eq!(lacks(ben.refused(assign(mia.id(), Role::Attendee)).await), role_assign);
    assert_eq!(lacks(mia.refused(assign(ben_id, Role::Presenter)).await), role_assign);
    for (person, target) in [(&mut carl, cora.id()), (&mut ada, ada_id)] {
        let refusal = person.refused(assign(target, Role::Attendee)).await;
        assert_eq!(refusal.code, Code::RankTooLow, "a peer, or oneself");
    }
    assert_eq!(carl.refused(assign(ada_id, Role::Attendee)).await.code, Code::RankTooLow);
    for role in [Role::Host, Role::CoHost] {
        let refusal = ada.refused(assign(ben_id, role)).await;
        assert_eq!((refusal.code, refusal.field.as_deref()), (Code::Invalid, Some("role")));
    }
    assert_eq!(ada.refused(assign(carl_id, Role::Presenter)).await.code, Code::Conflict);
    assert!(ada.send(assign(ben_id, Role::Attendee)).await.data.contains(r#""already":true"#));
    assert_eq!(
        ada.refused(assign(ParticipantId(4711), Role::Presenter)).await.code,
        Code::NotFound
    );
}

#[tokio::test]
async fn a_guest_rises_at_most_to_presenter() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    ada.send(assign(gus.id(), Role::Presenter)).await;
    assert_eq!(told_can(&mut gus).await.can.0[&Permission::MediaShare], Grant::Yes);
    assert_eq!(ada.refused(assign(gus.id(), Role::Moderator)).await.code, Code::Conflict);
    assert_eq!(ada.refused(add(gus.user())).await.code, Code::Conflict);
}

#[tokio::test]
async fn nobody_touches_the_owner() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut carl = stage.join(&meeting, "Carl").await;
    ada.send(add(carl.user())).await;
    let person = |participant| PersonReason { participant, reason: None };
    let scope = BanScope::Meeting;
    let ban = Ban { participant: Some(ada.id()), user: None, reason: None, until: None, scope };
    for command in [
        Command::ParticipantRemove(person(ada.id())),
        Command::ParticipantBan(ban),
        Command::ParticipantDecline(person(ada.id())),
        Command::HandLower(HandLower { participant: Some(ada.id()) }),
        assign(ada.id(), Role::Attendee),
    ] {
        assert_eq!(carl.refused(command.clone()).await.code, Code::RankTooLow, "{command:?}");
    }
    assert_eq!(ada.kinds().await, ["participant.joined", "cohost.added"], "nothing happened");
}

#[tokio::test]
async fn cohosts_come_and_go_and_the_host_alone_says_who() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut carl = stage.join(&meeting, "Carl").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.send(add(carl.user())).await;
    let can = told_can(&mut carl).await;
    assert_eq!(can.can.0[&Permission::ParticipantBan], Grant::Yes);
    assert_eq!(can.can.0[&Permission::MeetingEnd], Grant::No(Denial::Role));
    ben.expect(|it| matches!(it, EventBody::CohostAdded(at) if at.participant == Some(carl.id())))
        .await;
    assert!(ada.send(add(carl.user())).await.data.contains(r#""already":true"#));
    let refusal = carl.refused(add(ben.user())).await;
    assert_eq!(refusal.permission, Some(Permission::RoleAssignCohost));
    assert_eq!(ada.refused(add(UserId(4711))).await.code, Code::NotFound);
    let late = stage.join(&meeting, "Dora").await;
    let role = |of: &Person, in_: &Snapshot| {
        in_.participants.iter().find(|person| person.id == of.id()).map(|person| person.role)
    };
    assert_eq!(role(&carl, late.state()), Some(Role::CoHost));
    ada.send(take_away(carl.user())).await;
    assert_eq!(
        told_can(&mut carl).await.can.0[&Permission::ParticipantBan],
        Grant::No(Denial::Role)
    );
    let snapshot = ada.ask::<Snapshot>(Command::StateGet(Empty {})).await;
    assert_eq!(role(&carl, &snapshot), Some(Role::Attendee));
    assert_eq!(ada.refused(take_away(carl.user())).await.code, Code::NotFound);
}

#[tokio::test]
async fn the_26th_cohost_is_a_conflict_with_its_limit() {
    let stage = Stage::set().await;
    let mut co_hosts = Vec::new();
    for number in 0..25 {
        // Whoever makes a meeting is known from then on.
        co_hosts.push(stage.meeting(&format!("Co{number}"), json!({})).await.owner.id);
    }
    let meeting = stage.meeting("Ada", json!({ "co_hosts": co_hosts })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let ben = stage.join(&meeting, "Ben").await;
    let refusal = ada.refused(add(ben.user())).await;
    assert_eq!((refusal.code, refusal.limit), (Code::Conflict, Some(25)));
    ada.send(take_away(co_hosts[0])).await;
    ada.send(add(ben.user())).await;
}

#[tokio::test]
async fn who_may_admit_from_now_on_is_told_who_waits_and_who_may_no_longer_hears_no_more() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut mia = stage.join(&meeting, "Mia").await;
    ada.send(crate::stage::admit(mia.id())).await;
    mia.expect_welcome().await;
    let gus = stage.join_guest(&meeting, "Gus").await;
    mia.heard().await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    let waiting = told_can(&mut mia).await.waiting.expect("who waits");
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].participant, waiting[0].name.as_str()), (gus.id(), "Gus"));
    stage.join_guest(&meeting, "Hal").await;
    mia.expect(|event| matches!(event, EventBody::ParticipantWaiting(_))).await;
    ada.send(assign(mia.id(), Role::Presenter)).await;
    assert_eq!(told_can(&mut mia).await.waiting, None);
    mia.heard().await;
    stage.join_guest(&meeting, "Ida").await;
    ada.expect(|it| matches!(it, EventBody::ParticipantWaiting(at) if at.entry.name == "Ida"))
        .await;
    assert_eq!(mia.kinds().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_role_is_kept_for_who_comes_back() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut mia = stage.join(&meeting, "Mia").await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    mia.send(Command::Leave(Leave::default())).await;
    let back = stage.join(&meeting, "Mia").await;
    assert_eq!(back.id(), mia.id(), "the same place");
    assert_eq!(back.welcome.you.role, Role::Moderator);
}
