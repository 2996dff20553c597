//! The waiting room, and how many find a seat.

use futures::future::join_all;
use quorate_client::ConnectError;
use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage, admit, because, hello_guest, same};

fn decline(participant: ParticipantId, reason: &str) -> Command {
    Command::ParticipantDecline(because(participant, reason))
}

fn admit_all(up_to_seq: Option<Seq>) -> Command {
    Command::ParticipantAdmit(Admit { participant: None, all: true, up_to_seq })
}

/// A meeting with a waiting room, Ada in it, and Carl as her co-host.
async fn doorkeepers(stage: &Stage) -> (Meeting, Person, Person) {
    let carl = stage.meeting("Carl", json!({})).await.owner.id;
    let body = json!({ "requires_approval": true, "co_hosts": [carl] });
    let meeting = stage.meeting("Ada", body).await;
    let ada = stage.join(&meeting, "Ada").await;
    let carl = stage.join(&meeting, "Carl").await;
    assert_eq!(carl.status(), Standing::Joined, "co-hosts do not wait");
    (meeting, ada, carl)
}

#[tokio::test]
async fn one_who_knocks_is_let_in_and_comes_in() {
    let stage = Stage::set().await;
    let (meeting, mut ada, mut carl) = doorkeepers(&stage).await;
    let mut ben = stage.join_guest(&meeting, "Ben").await;
    let waiting = ada.expect(|event| matches!(event, EventBody::ParticipantWaiting(_))).await;
    let EventBody::ParticipantWaiting(ParticipantWaiting { entry }) = waiting.body else {
        unreachable!()
    };
    assert_eq!((entry.participant, entry.name.as_str()), (ben.id(), "Ben"));
    assert_eq!((entry.verified, entry.reason), (false, WaitReason::Approval));
    ada.send(admit(ben.id())).await;
    assert_eq!(ben.expect_welcome().await.you.status, Standing::Joined);
    let joined = carl.expect(|event| matches!(event, EventBody::ParticipantJoined(_))).await;
    let EventBody::ParticipantJoined(joined) = joined.body else { unreachable!() };
    assert_eq!((joined.participant.name.as_str(), joined.via), ("Ben", Via::Approval));
    ben.send(Command::Leave(Leave::default())).await;
    let back = stage.join_guest(&meeting, "Ben").await;
    assert_eq!(back.status(), Standing::Joined, "who left shortly before passes");
}

#[tokio::test]
async fn one_who_is_turned_away_hears_why_and_may_not_knock_for_a_minute() {
    let stage = Stage::set().await;
    let (meeting, mut ada, _carl) = doorkeepers(&stage).await;
    let (mut ben, welcome) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    let id = ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap());
    ada.send(decline(id, "staff only today")).await;
    let (said, code) = ben.ending().await;
    let bye = &said.last().unwrap()["data"];
    assert_eq!((&bye["code"], code), (&json!("declined"), 4503));
    assert_eq!(bye["reason"], "staff only today");
    let (mut again, refusal) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    let error = &refusal["error"];
    assert_eq!((&error["code"], &error["retryable"]), (&json!("declined"), &json!(true)));
    assert!(error["retry_after_ms"].as_u64().is_some_and(|ms| (1..=60_000).contains(&ms)));
    assert_eq!(again.ending().await.1, 4503);
    assert!(ada.send(decline(id, "again")).await.data.contains(r#""already":true"#));
}

#[tokio::test]
async fn all_are_let_in_up_to_what_the_caller_had_seen() {
    let stage = Stage::set().await;
    let (meeting, mut ada, _carl) = doorkeepers(&stage).await;
    let mut ben = stage.join_guest(&meeting, "Ben").await;
    let cleo = stage.join_guest(&meeting, "Cleo").await;
    let waiting = |event: &EventBody| matches!(event, EventBody::ParticipantWaiting(_));
    ada.expect(waiting).await;
    let seen = ada.expect(waiting).await.seq;
    let mut dora = stage.join_guest(&meeting, "Dora").await;
    assert_eq!(dora.welcome.waiting.as_ref().map(|standing| standing.position), Some(3));
    let answer: Admitted = ada.ask(admit_all(Some(seen))).await;
    assert_eq!((answer.admitted, answer.left), (vec![ben.id(), cleo.id()], vec![]));
    assert_eq!(ben.expect_welcome().await.you.status, Standing::Joined);
    let position = dora
        .expect_signal(|signal| match signal {
            SignalBody::WaitingUpdated(standing) => Some(standing.position),
            _ => None,
        })
        .await;
    assert_eq!(position, 1, "the line moved up");
    let list: Page<WaitingEntry> = ada.ask(Command::WaitingList(Empty {})).await;
    assert_eq!(list.items.iter().map(|entry| entry.participant).collect::<Vec<_>>(), [dora.id()]);
    let answer: Admitted = ada.ask(admit_all(None)).await;
    assert_eq!(answer.admitted, [dora.id()]);
}

#[tokio::test]
async fn of_two_who_let_in_the_same_person_the_second_hears_who_was_first() {
    let stage = Stage::set().await;
    let (meeting, mut ada, mut carl) = doorkeepers(&stage).await;
    let mut ben = stage.join_guest(&meeting, "Ben").await;
    let id = ben.id();
    let (hers, his) = tokio::join!(ada.send(admit(id)), carl.send(admit(id)));
    let first = if hers.seq.is_some() { ada.id() } else { carl.id() };
    let second = if hers.seq.is_some() { his } else { hers };
    let Already { already, by } = second.data().unwrap();
    assert_eq!((already, by), (true, Some(first)));
    ben.expect_welcome().await;
    let kinds = ada.kinds().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "participant.admitted").count(), 1);
}

#[tokio::test]
async fn admitting_against_declining_the_first_wins_and_the_second_hears_how() {
    let stage = Stage::set().await;
    let (meeting, mut ada, mut carl) = doorkeepers(&stage).await;
    let ben = stage.join_guest(&meeting, "Ben").await;
    ada.send(admit(ben.id())).await;
    let late = carl.refused(decline(ben.id(), "no")).await;
    assert_eq!((late.code, late.by), (Code::Conflict, Some(ada.id())));
    assert_eq!(late.resolved.as_deref(), Some("admitted"));
    let cleo = stage.join_guest(&meeting, "Cleo").await;
    carl.send(decline(cleo.id(), "no")).await;
    let late = ada.refused(admit(cleo.id())).await;
    assert_eq!((late.code, late.by), (Code::Conflict, Some(carl.id())));
    assert_eq!(late.resolved.as_deref(), Some("declined"));
}

#[tokio::test]
async fn one_who_goes_before_being_let_in_was_withdrawn() {
    let stage = Stage::set().await;
    let (meeting, mut ada, _carl) = doorkeepers(&stage).await;
    let mut ben = stage.join_guest(&meeting, "Ben").await;
    ben.send(Command::Leave(Leave::default())).await;
    assert_eq!(ben.expect_bye().await.code, Code::Left);
    ada.expect(|event| matches!(event, EventBody::ParticipantWithdrawn(_))).await;
    let refusal = ada.refused(admit(ben.id())).await;
    assert_eq!((refusal.code, refusal.last.as_deref()), (Code::NotFound, Some("withdrawn")));
}

#[tokio::test]
async fn two_tabs_knock_as_one_and_the_newer_owns_the_place() {
    let stage = Stage::set().await;
    let (meeting, mut ada, _carl) = doorkeepers(&stage).await;
    let (mut older, _) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    let mut newer = stage.join_guest(&meeting, "Ben").await;
    let (said, code) = older.ending().await;
    assert_eq!((&said.last().unwrap()["data"]["code"], code), (&json!("replaced"), 4509));
    let list: Page<WaitingEntry> = ada.ask(Command::WaitingList(Empty {})).await;
    assert_eq!(list.items.len(), 1);
    assert!(list.items[0].connected);
    ada.send(admit(newer.id())).await;
    assert_eq!(newer.expect_welcome().await.you.status, Standing::Joined);
}

#[tokio::test]
async fn only_those_who_may_hear_of_the_door() {
    let stage = Stage::set().await;
    let (meeting, mut ada, mut carl) = doorkeepers(&stage).await;
    let mut ben = stage.join_guest(&meeting, "Ben").await;
    ada.send(admit(ben.id())).await;
    ben.expect_welcome().await;
    for person in [&mut ada, &mut carl, &mut ben] {
        person.heard().await;
    }
    let cleo = stage.join_guest(&meeting, "Cleo").await;
    ada.send(decline(cleo.id(), "a private matter")).await;
    let door = ["participant.waiting", "participant.declined", "participant.reason_given"];
    assert_eq!(ada.kinds().await, door);
    assert_eq!(carl.kinds().await, door);
    assert_eq!(ben.kinds().await, Vec::<String>::new());
    let refusal = ben.refused(Command::WaitingList(Empty {})).await;
    assert_eq!(refusal.permission, Some(Permission::ParticipantAdmit));
    assert_eq!(ben.refused(admit(cleo.id())).await.code, Code::Forbidden);
    assert_eq!(ben.refused(decline(cleo.id(), "no")).await.code, Code::Forbidden);
}

#[tokio::test]
async fn the_waiting_room_has_an_end() {
    let stage = Stage::set().await;
    let body = json!({ "requires_approval": true, "settings": { "max_waiting": 2 } });
    let meeting = stage.meeting("Ada", body).await;
    let _ben = stage.join(&meeting, "Ben").await;
    let _cleo = stage.join(&meeting, "Cleo").await;
    let refusal = stage.turned_back(&meeting, "Dora").await;
    assert_eq!((refusal.code, refusal.retryable), (Code::WaitingRoomFull, true));
}

#[tokio::test]
async fn of_two_hundred_who_come_at_once_to_fifty_seats_the_right_number_is_in() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "max_participants": 50 })).await;
    let names: Vec<_> = (0..200).map(|number| format!("Guest{number}")).collect();
    let coming = names.iter().map(|name| stage.enter(hello_guest(&meeting, name)));
    let (mut inside, mut refused) = (Vec::new(), 0);
    for answer in join_all(coming).await {
        match answer {
            Ok(person) => inside.push(person),
            Err(ConnectError::Refused(error)) => {
                assert_eq!((error.code, error.retryable), (Code::MeetingFull, true));
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((inside.len(), refused), (49, 151), "one seat is kept for the host");
    let mut ada = stage.join(&meeting, "Ada").await;
    assert_eq!(ada.state().total, 50);
    let shown = ada.state().participants.iter().map(|person| person.id).collect();
    same(shown, inside.iter().map(Person::id).chain([ada.id()]).collect());
    assert_eq!(stage.turned_back(&meeting, "Ben").await.code, Code::MeetingFull);
    inside[0].send(Command::Leave(Leave::default())).await;
    ada.expect(|event| matches!(event, EventBody::ParticipantLeft(_))).await;
    assert_eq!(stage.join(&meeting, "Ben").await.status(), Standing::Joined);
}

#[tokio::test]
async fn a_full_meeting_lets_people_wait_where_it_has_a_waiting_room() {
    let stage = Stage::set().await;
    let body = json!({ "requires_approval": true, "max_participants": 2 });
    let meeting = stage.meeting("Ada", body).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join_guest(&meeting, "Ben").await;
    let cleo = stage.join_guest(&meeting, "Cleo").await;
    let answer: Admitted = ada.ask(admit_all(None)).await;
    assert_eq!((answer.admitted, answer.left), (vec![ben.id()], vec![cleo.id()]));
    assert_eq!(answer.reason, Some(Code::MeetingFull), "in the order of arrival");
    let dora = stage.join_guest(&meeting, "Dora").await;
    let reason = dora.welcome.waiting.as_ref().map(|standing| standing.reason);
    assert_eq!(reason, Some(WaitReason::Full));
    assert_eq!(ada.refused(admit(cleo.id())).await.code, Code::MeetingFull);
    let list: Page<WaitingEntry> = ada.ask(Command::WaitingList(Empty {})).await;
    assert_eq!(list.items.len(), 2, "and the entry keeps waiting");
    ben.expect_welcome().await;
    ben.send(Command::Leave(Leave::default())).await;
    ada.send(admit(cleo.id())).await;
}

#[tokio::test]
async fn one_in_grace_keeps_the_seat() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "max_participants": 2 })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let ben = stage.join(&meeting, "Ben").await;
    ben.client.close().await;
    ada.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
    assert_eq!(stage.turned_back(&meeting, "Cleo").await.code, Code::MeetingFull);
    assert_eq!(stage.join(&meeting, "Ben").await.status(), Standing::Joined);
}

/// The keys of an object, and of those in it, with where they stand.
fn keys(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value.is_object() && !["can", "settings", "limits"].contains(&key.as_str()) {
            true => keys(value, &path, found),
            false => found.push(path),
        }
    }
}

#[tokio::test]
async fn who_waits_is_told_of_the_meeting_and_of_oneself_and_nothing_else() {
    let stage = Stage::set().await;
    let (meeting, mut ada, _carl) = doorkeepers(&stage).await;
    let passcode = Some(Some("open sesame".to_owned()));
    let policy = Policy { passcode, ..Policy::default() };
    ada.send(Command::MeetingPolicy(Box::new(policy))).await;
    let text = "the secret agenda".to_owned();
    ada.send(Command::ChatSend(ChatSend { text, to: None, reply_to: None })).await;
    let hello = Hello { passcode: Some("open sesame".to_owned()), ..hello_guest(&meeting, "Ben") };
    let (mut ben, welcome) = stage.knock(&hello).await;
    let mut found = Vec::new();
    keys(&welcome["data"], "", &mut found);
    found.retain(|key| !key.starts_with("session.") && !key.starts_with("server."));
    let mut allowed: Vec<_> = [
        "code",
        "description",
        "ended_at",
        "ends_at",
        "has_passcode",
        "host.id",
        "host.name",
        "id",
        "is_recorded",
        "locked",
        "max_participants",
        "requires_approval",
        "started_at",
        "starts_at",
        "status",
        "suspended",
        "title",
        "type",
    ]
    .map(|key| format!("meeting.{key}"))
    .to_vec();
    allowed.extend(
        ["can", "kind", "name", "participant", "role", "status", "user"]
            .map(|it| format!("you.{it}")),
    );
    allowed.extend(["host_present", "position", "reason"].map(|it| format!("waiting.{it}")));
    allowed.extend(["heartbeat_seconds", "limits", "resumed", "seq"].map(str::to_owned));
    // Before one comes in: what will be measured there, and kept.
    let privacy = ["measured", "names_in_reports", "retention_days", "talk_time"];
    allowed.extend(privacy.map(|name| format!("privacy.{name}")));
    found.sort();
    allowed.sort();
    assert_eq!(found, allowed);
    for secret in ["argon2", "the secret", "Carl", "sesame"] {
        assert!(!welcome.to_string().contains(secret), "{secret}: {welcome}");
    }
    ben.say(r#"{"type":"state.get","id":2}"#).await;
    assert_eq!(ben.hear().await["error"]["code"], "waiting");
}
