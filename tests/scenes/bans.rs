//! Bans: by verified email too, listed to those who may lift them, checked on every way in.

use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage, assign, hello_with};

fn ban(participant: ParticipantId) -> Command {
    Command::ParticipantBan(Ban {
        participant: Some(participant),
        user: None,
        reason: Some("shouting".to_owned()),
        until: None,
        scope: BanScope::Series,
    })
}

fn list() -> Command {
    Command::BanList(BanList { after: None, limit: 50 })
}

async fn join(stage: &Stage, meeting: &Meeting, name: &str, email: &str) -> Person {
    stage.enter(hello_with(meeting, stage.token_with_email(name, email))).await.unwrap()
}

#[tokio::test]
async fn another_account_with_the_same_verified_address_is_banned_too() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut mia = stage.join(&meeting, "Mia").await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    let eve = join(&stage, &meeting, "Eve", "eve").await;
    mia.heard().await;
    ada.send(ban(eve.id())).await;
    let banned = mia.expect(|event| matches!(event, EventBody::ParticipantBanned(_))).await;
    let text = serde_json::to_string(&banned).unwrap();
    assert!(!text.contains("eve@"), "the address is nobody's business: {text}");

    let again = hello_with(&meeting, stage.token_with_email("Eva", "EVE"));
    assert_eq!(stage.turned_back_with(again.clone()).await.code, Code::Banned);
    let unverified = stage.join(&meeting, "Eva").await;
    assert_eq!(unverified.status(), Standing::Joined, "an address that nobody vouches for");

    let refusal = mia.refused(list()).await;
    assert_eq!(refusal.permission, Some(Permission::ParticipantUnban));
    let page: Page<BanEntry> = ada.ask(list()).await;
    let [entry] = &page.items[..] else { panic!("{page:?}") };
    assert_eq!((entry.user, entry.participant), (eve.user(), Some(eve.id())));
    assert_eq!((entry.name.as_deref(), entry.by), (Some("Eve"), Some(ada.id())));
    assert_eq!((entry.key, entry.scope), (BanKey::Email, BanScope::Series));
    assert_eq!((entry.reason.as_deref(), entry.until), (Some("shouting"), None));
    assert_eq!(page.next, None);
    let row: String = stage.sql("SELECT concat_ws(' ', scope, key, reason) FROM meeting_bans");
    assert_eq!(row, "series email shouting");

    ada.send(Command::ParticipantUnban(UserOnly { user: eve.user() })).await;
    let page: Page<BanEntry> = ada.ask(list()).await;
    assert_eq!(page.items, []);
    assert!(stage.enter(again).await.is_ok(), "lifted for both");
}

#[tokio::test]
async fn a_ban_by_address_is_checked_while_waiting_and_on_resume_and_outlives_a_restart() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let hello = hello_with(&meeting, stage.token_with_email("Eva", "eve"));
    let (eva, welcome) = stage.knock(&hello).await;
    let eva_id = ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap());
    ada.send(crate::stage::admit(eva_id)).await;
    let mut eve = join(&stage, &meeting, "Eve", "eve").await;
    let mut evi = join(&stage, &meeting, "Evi", "eve").await;
    drop(eva);
    ada.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
    ada.send(ban(eve.id())).await;
    for (waits, reason) in [(&mut eve, Some("shouting")), (&mut evi, None)] {
        let bye = waits.expect_bye().await;
        assert_eq!((bye.code, bye.reason.as_deref()), (Code::Banned, reason), "hers alone");
    }
    let seq = welcome["data"]["seq"].as_u64().unwrap();
    let (mut back, refusal) = stage.resume(&meeting, &welcome, seq).await;
    assert_eq!(refusal["error"]["code"], "banned", "{refusal}");
    assert_eq!(back.ending().await.1, 4503);

    stage.restart().await;
    let (mut back, refusal) = stage.resume(&meeting, &welcome, seq).await;
    assert_eq!(refusal["error"]["code"], "banned", "{refusal}");
    assert_eq!(back.ending().await.1, 4503);
    let evi = hello_with(&meeting, stage.token_with_email("Evi", "eve"));
    assert_eq!(stage.turned_back_with(evi).await.code, Code::Banned);
}
