//! Co-hosts, the waiting room, participants, bans, invitees and roles of a meeting, changed over REST.

use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::asking::{Told, below};
use crate::stage::{Stage, hello_with, same};

/// Ada's meeting, and a hand to change it with.
struct Office {
    stage: Stage,
    meeting: Meeting,
    ada: String,
}

impl Office {
    async fn open(body: Value) -> Office {
        let stage = Stage::set().await;
        let meeting = stage.meeting("Ada", body).await;
        let ada = stage.token("Ada");
        Office { stage, meeting, ada }
    }

    async fn post(&self, path: &str, body: Value) -> Told {
        self.stage.ask(Method::POST, &below(&self.meeting, path), &self.ada, body).await
    }

    async fn delete(&self, path: &str) -> Told {
        self.stage.ask(Method::DELETE, &below(&self.meeting, path), &self.ada, Value::Null).await
    }

    async fn on(&self, id: ParticipantId, action: &str, body: Value) -> Told {
        self.post(&format!("/participants/{id}/{action}"), body).await
    }
}

#[tokio::test]
async fn a_member_is_made_co_host_by_any_name_and_need_not_have_come() {
    let office = Office::open(json!({})).await;
    let stage = &office.stage;
    // Known from a meeting of his own.
    let bens = stage.meeting("Ben", json!({})).await;
    let ben = bens.owner.id;
    let mut cyd = stage.join(&office.meeting, "Cyd").await;
    let made = office.post("/co-hosts", json!({ "username": "ben" })).await;
    assert_eq!((made.status, made.body), (201, json!({ "user": ben })));
    cyd.expect(|it| matches!(it, EventBody::CohostAdded(added) if added.user == ben)).await;
    let again = office.post("/co-hosts", json!({ "user_id": ben })).await;
    assert_eq!((again.status, again.body), (200, json!({ "user": ben, "already": true })));
    let person = stage.join(&office.meeting, "Ben").await;
    assert_eq!(person.welcome.you.role, Role::CoHost);
    assert_eq!(office.delete(&format!("/co-hosts/{ben}")).await.status, 200);
    cyd.expect(|it| matches!(it, EventBody::CohostRemoved(gone) if gone.user == ben)).await;
    assert_eq!(office.delete(&format!("/co-hosts/{ben}")).await.problem().0, 404);

    let token = stage.token_with_email("Dan", "dan");
    stage.enter(hello_with(&office.meeting, token)).await.unwrap();
    let made = office.post("/co-hosts", json!({ "email": "dan@example.org" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(office.post("/co-hosts", json!({ "username": "nobody" })).await.problem().0, 404);
    let gus = stage.join_guest(&office.meeting, "Gus").await;
    let guest = office.post("/co-hosts", json!({ "user_id": gus.user() })).await;
    assert_eq!(guest.problem(), (409, "conflict", None), "only members");
    // Who may appoint nobody is not told who is known here.
    for name in ["ben", "nobody"] {
        let path = below(&office.meeting, "/co-hosts");
        let body = json!({ "username": name });
        let got = stage.ask(Method::POST, &path, &stage.token("Cyd"), body).await;
        assert_eq!(got.problem().0, 403, "{name}");
    }
}

#[tokio::test]
async fn the_waiting_room_is_worked_from_outside() {
    let office = Office::open(json!({ "requires_approval": true, "max_participants": 3 })).await;
    let stage = &office.stage;
    let mut people = Vec::new();
    for name in ["Ben", "Cyd", "Dan", "Eve", "Fay"] {
        people.push(stage.join(&office.meeting, name).await);
    }
    let [ben, cyd, dan, eve, fay] = [0, 1, 2, 3, 4].map(|it| people[it].id());
    assert_eq!(office.on(ben, "approve", Value::Null).await.body, json!({}));
    assert_eq!(people[0].expect_welcome().await.you.status, Standing::Joined);
    let again = office.on(ben, "approve", Value::Null).await;
    assert_eq!((again.status, &again.body["already"]), (200, &json!(true)));
    let rejected = office.on(cyd, "reject", json!({ "reason": "not today" })).await;
    assert_eq!((rejected.status, rejected.body), (200, json!({})));
    let bye = people[1].expect_bye().await;
    assert_eq!((bye.code, bye.reason.as_deref()), (Code::Declined, Some("not today")));
    let late = office.on(cyd, "approve", Value::Null).await;
    assert_eq!(late.problem(), (409, "conflict", None));
    assert_eq!(late.body["resolved"], "declined");
    assert!(late.body["by"].is_i64(), "and by whom: {late:?}");

    let up_to: i64 = stage.sql(&format!(
        "SELECT seq FROM meeting_audit_logs WHERE action = 'participant.waiting' \
         AND participant_id = {eve}"
    ));
    // A seat is kept for the host: one of two gets in.
    let all = office.post("/waiting-room/admit-all", json!({ "up_to_seq": up_to })).await;
    let expected = json!({ "admitted": [dan], "left": [eve], "reason": "meeting_full" });
    assert_eq!((all.status, all.body), (200, expected));
    let all = office.post("/waiting-room/admit-all", Value::Null).await;
    assert_eq!(all.body, json!({ "admitted": [], "left": [eve, fay], "reason": "meeting_full" }));
    assert_eq!(office.on(eve, "approve", Value::Null).await.problem().1, "meeting_full");
}

#[tokio::test]
async fn people_are_muted_given_roles_and_put_out_from_outside() {
    let office = Office::open(json!({})).await;
    let stage = &office.stage;
    let mut ben = stage.join(&office.meeting, "Ben").await;
    let mut cyd = stage.join(&office.meeting, "Cyd").await;
    let media = MediaUpdate { audio: Some(true), video: Some(true), share: None };
    ben.send(Command::MediaUpdate(media)).await;
    assert_eq!(office.on(ben.id(), "mute", Value::Null).await.status, 200);
    let muted = cyd.expect(|it| matches!(it, EventBody::ParticipantMuted(_))).await;
    let EventBody::ParticipantMuted(muted) = muted.body else { unreachable!() };
    assert_eq!(muted.media, [MediaKind::Audio], "without media it is the microphone");
    let again = office.on(ben.id(), "mute", json!({ "media": ["audio"] })).await;
    assert_eq!(again.body["already"], true);
    office.on(ben.id(), "mute", json!({ "media": ["video"] })).await;
    cyd.expect(|it| matches!(it, EventBody::ParticipantMuted(m) if m.media == [MediaKind::Video]))
        .await;

    let path = below(&office.meeting, &format!("/participants/{}", ben.id()));
    let role = json!({ "role": "moderator" });
    let given = stage.ask(Method::PATCH, &path, &office.ada, role.clone()).await;
    assert_eq!((given.status, given.body), (200, json!({})));
    cyd.expect(|it| matches!(it, EventBody::RoleAssigned(_))).await;
    let again = stage.ask(Method::PATCH, &path, &office.ada, role).await;
    assert_eq!(again.body["already"], true);
    let peer = json!({ "role": "presenter" });
    let peer = stage.ask(Method::PATCH, &path, &stage.token("Ben"), peer).await;
    assert_eq!(peer.problem().0, 403);
    let own = below(&office.meeting, &format!("/participants/{}/mute", ben.id()));
    let refused = stage.ask(Method::POST, &own, &stage.token("Ben"), json!({ "media": [] })).await;
    assert_eq!(refused.problem().0, 422);

    // The first act of one who was never here: its reason belongs to the ban, and not to their coming.
    let ban = format!("/participants/{}/ban", ben.id());
    let body = json!({ "reason": "spam", "until": "2100-01-01T00:00:00Z" });
    let banned = stage.ask(Method::POST, &below(&office.meeting, &ban), &stage.admin(), body).await;
    assert_eq!((banned.status, banned.body), (200, json!({})));
    let event = cyd.expect(|it| matches!(it, EventBody::ParticipantBanned(_))).await;
    assert_eq!(event.via, Some(ByRight::Admin));
    assert_eq!(ben.expect_bye().await.code, Code::Banned);
    assert_eq!(stage.sql::<String>("SELECT reason FROM meeting_bans"), "spam");
    let refused = stage.turned_back(&office.meeting, "Ben").await;
    assert_eq!(
        (refused.code, refused.until),
        (Code::Banned, Some("2100-01-01T00:00:00Z".parse().unwrap()))
    );
    assert_eq!(office.delete(&format!("/bans/{}", ben.user())).await.status, 200);
    stage.join(&office.meeting, "Ben").await;
}

#[tokio::test]
async fn a_ban_is_answered_alike_for_known_and_unknown_and_holds_when_they_come() {
    let office = Office::open(json!({})).await;
    let stage = &office.stage;
    let mut ben = stage.join(&office.meeting, "Ben").await;
    let dan = stage.token_with_email("Dan", "dan");
    let mut dan = stage.enter(hello_with(&office.meeting, dan)).await.unwrap();
    for someone in [
        json!({ "username": "ben" }),
        json!({ "username": "cyd" }),
        json!({ "user_id": 4711 }),
        json!({ "email": "Dan@Example.org" }),
        json!({ "email": "eve@example.org" }),
    ] {
        let got = office.post("/bans", someone.clone()).await;
        assert_eq!((got.status, got.header("location"), &got.body), (201, None, &json!({})));
        let again = office.post("/bans", someone).await;
        assert_eq!((again.status, again.body), (200, json!({ "already": true })));
    }
    assert_eq!(ben.expect_bye().await.code, Code::Banned);
    assert_eq!(dan.expect_bye().await.code, Code::Banned, "by the address that is verified here");
    for (name, code) in [("Ben", Code::Banned), ("Cyd", Code::Banned)] {
        assert_eq!(stage.turned_back(&office.meeting, name).await.code, code, "{name}");
    }
    let eve = hello_with(&office.meeting, stage.token_with_email("Eve", "eve"));
    assert_eq!(stage.turned_back_with(eve).await.code, Code::Banned);
    stage.join(&office.meeting, "Eve").await;
    let list = "SELECT json_group_array(key) FROM meeting_bans";
    let keys: Vec<String> = serde_json::from_str(&stage.sql::<String>(list)).unwrap();
    same(keys, ["user", "user", "email", "email"].map(str::to_owned).to_vec());
    let named =
        "SELECT count(*) FROM users WHERE username LIKE '%example%' OR full_name LIKE '%@%'";
    assert_eq!(stage.sql::<i64>(named), 0, "an address stands with no stranger's name");
}

#[tokio::test]
async fn people_are_invited_alike_whether_they_are_known_or_not() {
    let office = Office::open(json!({ "type": "private" })).await;
    let stage = &office.stage;
    stage.meeting("Ben", json!({})).await;
    for (id, someone) in [
        (1, json!({ "username": "ben", "required": true })),
        (2, json!({ "username": "cyd" })),
        (3, json!({ "email": "Dan@Example.org" })),
    ] {
        let got = office.post("/invitees", someone.clone()).await;
        let location = below(&office.meeting, &format!("/invitees/{id}"));
        assert_eq!((got.status, got.header("location")), (201, Some(&*location)));
        assert_eq!(got.body, json!({ "id": id }));
        let again = office.post("/invitees", someone).await;
        assert_eq!((again.status, again.body), (200, json!({ "id": id, "already": true })));
    }
    stage.join(&office.meeting, "Ben").await;
    stage.join(&office.meeting, "Cyd").await;
    let dan = stage.token_with_email("Dan", "dan");
    stage.enter(hello_with(&office.meeting, dan)).await.unwrap();
    assert_eq!(office.delete("/invitees/3").await.status, 200);
    assert_eq!(office.delete("/invitees/3").await.problem().0, 404);
    assert_eq!(stage.turned_back(&office.meeting, "Eve").await.code, Code::NotFound);

    let body = json!({ "title": "Next", "type": "private", "time_zone": "Europe/Vienna",
        "invitees": [{ "username": "fay" }, { "user_id": 4711 }, { "email": "hal@example.org" }] });
    let made = stage.ask(Method::POST, "/api/meetings", &office.ada, body).await;
    assert_eq!((made.status, &made.body["time_zone"]), (201, &json!("Europe/Vienna")));
    let meeting: Meeting = serde_json::from_value(made.body).unwrap();
    let host = stage.address.to_string();
    assert_eq!(meeting.links.join, format!("http://{host}/#meeting={}", meeting.info.code));
    stage.join(&meeting, "Fay").await;
    for zone in ["Mars/Olympus", "", "europe/vienna", "+01:00"] {
        let body = json!({ "title": "Next", "time_zone": zone });
        let refused = stage.ask(Method::POST, "/api/meetings", &office.ada, body).await;
        assert_eq!(refused.problem(), (422, "invalid", Some("time_zone")), "{zone}");
    }
}

#[tokio::test]
async fn a_meeting_has_roles_of_its_own() {
    let office = Office::open(json!({})).await;
    let stage = &office.stage;
    let mut ben = stage.join(&office.meeting, "Ben").await;
    let role = json!({ "key": "helper", "label": "Helper", "based_on": "presenter", "rank": 45,
        "grants": ["participant.admit"], "denies": [] });
    let made = office.post("/roles", role.clone()).await;
    let path = below(&office.meeting, "/roles/helper");
    assert_eq!((made.status, made.header("location")), (201, Some(&*path)), "{made:?}");
    let mut expected = role.clone();
    expected["version"] = json!(1);
    assert_eq!(made.body, expected);
    ben.expect(|it| matches!(it, EventBody::RoleDefined(_))).await;
    assert_eq!(office.post("/roles", role.clone()).await.problem().0, 409);
    let bens = stage.token("Ben");
    let read = async |path: &str| stage.ask(Method::GET, path, &bens, Value::Null).await.body;
    assert_eq!(read(&path).await, expected);
    let list = below(&office.meeting, "/roles");
    assert_eq!(read(&list).await, json!({ "items": [expected], "next": null }));

    let mut other = role;
    other.as_object_mut().unwrap().remove("key");
    other["rank"] = json!(50);
    let now = stage.ask(Method::PUT, &path, &office.ada, other.clone()).await;
    assert_eq!((now.status, &now.body["rank"], &now.body["version"]), (200, &json!(50), &json!(2)));
    other["based_on"] = json!("co_host");
    let refused = stage.ask(Method::PUT, &path, &office.ada, other).await;
    assert_eq!(refused.problem(), (422, "invalid", Some("based_on")));

    let of_ben = below(&office.meeting, &format!("/participants/{}", ben.id()));
    let given = json!({ "role": "helper" });
    assert_eq!(stage.ask(Method::PATCH, &of_ben, &office.ada, given).await.status, 200);
    let refused = office.delete("/roles/helper").await;
    assert_eq!(refused.problem(), (409, "conflict", None));
    assert_eq!(refused.body["used_by"], json!([ben.id()]));
    let attendee = json!({ "role": "attendee" });
    stage.ask(Method::PATCH, &of_ben, &office.ada, attendee).await;
    let gone = office.delete("/roles/helper").await;
    assert_eq!((gone.status, gone.body), (200, now.body));
    assert_eq!(office.delete("/roles/helper").await.problem().0, 404);
}
