//! Private meetings, invitations and passcodes: who finds the door, and what they say at it.

use quorate::identity::Claims;
use quorate::live::clock;
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{Stage, guest, hello_guest};

const PASSCODE: &str = "open sesame";

/// A guest at the door with this passcode.
fn guest_with(meeting: &Meeting, name: &str, passcode: &str) -> Hello {
    Hello { passcode: Some(passcode.to_owned()), ..hello_guest(meeting, name) }
}

/// The token of a member whose address was verified, or not.
fn with_address(stage: &Stage, name: &str, email: &str, verified: bool) -> String {
    let claims = Claims::new(name.to_lowercase(), Some(name.to_owned()), 1, clock::wall());
    let email = Some(email.to_owned());
    stage.key.sign(&Claims { email, email_verified: verified, ..claims })
}

fn by_id(meeting: &Meeting, hello: Hello) -> Hello {
    Hello { meeting: MeetingRef::Id(meeting.info.id), ..hello }
}

#[tokio::test]
async fn a_private_meeting_is_not_there_for_whom_it_does_not_invite() {
    let stage = Stage::set().await;
    // Whoever makes a meeting is known from then on.
    let ben = stage.meeting("Ben", json!({})).await.owner.id;
    let body = json!({
        "type": "private",
        "invitees": [{ "user_id": ben }, { "email": "Ana@Example.org", "required": true }],
        "settings": { "guests": false },
    });
    let meeting = stage.meeting("Ada", body).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let nowhere = Hello {
        meeting: MeetingRef::Code("zzz-zzzz-zzz".to_owned()),
        ..stage.hello(&meeting, "Eve")
    };
    let (mut socket, unknown) = stage.knock(&nowhere).await;
    let unknown = (unknown, socket.ending().await);
    assert_eq!((&unknown.0["error"]["code"], unknown.1.1), (&json!("not_found"), 4504));
    let ana = |verified| Hello {
        token: Some(with_address(&stage, "Ana", "ana@example.ORG", verified)),
        ..stage.hello(&meeting, "Ana")
    };
    for stranger in [
        stage.hello(&meeting, "Eve"),
        by_id(&meeting, stage.hello(&meeting, "Eve")),
        Hello { passcode: Some(PASSCODE.to_owned()), ..stage.hello(&meeting, "Eve") },
        hello_guest(&meeting, "Gus"),
        ana(false),
        by_id(&meeting, ana(false)),
    ] {
        let (mut socket, answer) = stage.knock(&stranger).await;
        assert_eq!((answer, socket.ending().await), unknown, "to the letter: {stranger:?}");
    }
    // What is wrong with what they show is said in the same words, whether the meeting is there or not.
    let code = |code: &str, hello: &Hello| Hello {
        meeting: MeetingRef::Code(code.to_owned()),
        ..hello.clone()
    };
    let token = Resume {
        session: serde_json::from_value(json!("019ab000-0000-7000-8000-000000000000")).unwrap(),
        token: "AAAA".into(),
        seq: Seq(0),
    };
    for wrong in [
        Hello { token: Some("nonsense".to_owned()), ..stage.hello(&meeting, "Eve") },
        Hello { token: None, ..stage.hello(&meeting, "Eve") },
        Hello { token: None, resume: Some(token.clone()), ..stage.hello(&meeting, "Eve") },
        Hello { resume: Some(token), ..stage.hello(&meeting, "Eve") },
        Hello { guest: Some(guest("Eve")), ..stage.hello(&meeting, "Eve") },
        Hello { passcode: Some("x".repeat(65)), ..stage.hello(&meeting, "Eve") },
        Hello {
            token: None,
            guest: Some(Guest { device: "short".to_owned(), ..guest("Eve") }),
            ..stage.hello(&meeting, "Eve")
        },
    ] {
        let mut answers = Vec::new();
        for hello in [code(&meeting.info.code, &wrong), code("zzz-zzzz-zzz", &wrong)] {
            let (mut socket, answer) = stage.knock(&hello).await;
            answers.push((answer, socket.ending().await));
        }
        assert_eq!(answers[0], answers[1], "{wrong:?}");
        assert_eq!(answers[0].0["type"], "error", "{wrong:?}");
    }
    for invited in [
        stage.hello(&meeting, "Ben"),
        by_id(&meeting, stage.hello(&meeting, "Ben")),
        by_id(&meeting, ana(true)),
        ana(true),
    ] {
        let (_, welcome) = stage.knock(&invited).await;
        assert_eq!(welcome["data"]["you"]["status"], "joined", "{welcome}");
    }
    let via = |event: &EventBody| matches!(event, EventBody::ParticipantJoined(it) if it.via == Via::Invited);
    ada.expect(via).await;
    ada.expect(via).await;
    let path = format!("/api/meetings/{}", meeting.info.id);
    let show = async |token: String| {
        stage.request(Method::GET, &path, Some(&token)).send().await.unwrap().status().as_u16()
    };
    assert_eq!(show(stage.token("Ben")).await, 200);
    assert_eq!(show(stage.token("Eve")).await, 404, "and nothing came of knocking");
}

#[tokio::test]
async fn who_is_invited_by_address_sees_the_meeting_before_coming() {
    let stage = Stage::set().await;
    let meeting =
        stage.meeting("Ada", json!({ "invitees": [{ "email": "ana@example.org" }] })).await;
    let path = format!("/api/meetings/{}", meeting.info.id);
    for (email, verified, status) in [
        ("Ana@example.org", true, 200),
        ("ana@example.org", false, 404),
        ("ana@example.com", true, 404),
    ] {
        let token = with_address(&stage, "Ana", email, verified);
        let answer = stage.request(Method::GET, &path, Some(&token)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{email}");
    }
}

#[tokio::test]
async fn a_stranger_waits_where_the_host_lets_strangers_knock() {
    let stage = Stage::set().await;
    let body = json!({ "type": "private", "settings": { "private_strangers": "wait" } });
    let meeting = stage.meeting("Ada", body).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut eve = stage.join(&meeting, "Eve").await;
    assert_eq!(eve.status(), Standing::Waiting);
    ada.send(crate::stage::admit(eve.id())).await;
    assert_eq!(eve.expect_welcome().await.you.status, Standing::Joined);
}

#[tokio::test]
async fn a_passcode_is_asked_for_on_the_same_socket_and_the_sixth_wrong_one_closes_it() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "type": "private", "passcode": PASSCODE })).await;
    assert!(meeting.info.has_passcode);
    let _ada = stage.join(&meeting, "Ada").await;
    let (mut ben, asked) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    assert_eq!((&asked["id"], &asked["error"]["code"]), (&json!(1), &json!("passcode_required")));
    assert_eq!(asked["error"]["retryable"], true);
    ben.say(&ClientFrame::hello_text(&guest_with(&meeting, "Ben", "open barley"))).await;
    assert_eq!(ben.hear().await["error"]["code"], "passcode_wrong");
    ben.say(&ClientFrame::hello_text(&guest_with(&meeting, "Ben", PASSCODE))).await;
    let welcome = ben.hear().await;
    assert_eq!((&welcome["type"], &welcome["id"]), (&json!("welcome"), &json!(1)));
    assert_eq!(ben.ask(&Command::HandRaise(Empty {})).await["type"], "ok");

    let wrong = ClientFrame::hello_text(&guest_with(&meeting, "Eve", "open wheat"));
    let mut eve = stage.socket().await;
    for _ in 0..5 {
        eve.say(&wrong).await;
        let answer = eve.hear().await;
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&json!(1), &json!("passcode_wrong"))
        );
    }
    eve.say(&wrong).await;
    let (said, code) = eve.ending().await;
    let words: Vec<_> = said.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!((words, code), (vec!["error", "bye"], 4511));
    assert_eq!(said[0]["error"]["code"], "passcode_wrong");

    // Who was wrong that often waits, on every socket, and whatever the passcode is.
    let (mut eve, slowed) = stage.knock(&guest_with(&meeting, "Eve", PASSCODE)).await;
    assert_eq!(slowed["error"]["code"], "rate_limited");
    let wait = slowed["error"]["retry_after_ms"].as_u64();
    assert!(wait.is_some_and(|ms| (1..=60_000).contains(&ms)), "{slowed}");
    let (said, code) = eve.ending().await;
    assert_eq!((&said[0]["data"]["action"], code), (&json!("stop"), 4511), "nothing to resume");
    assert!(said[0]["data"]["retry_after_ms"].is_u64(), "{said:?}");
    let (_dan, welcome) = stage.knock(&guest_with(&meeting, "Dan", PASSCODE)).await;
    assert_eq!(welcome["type"], "welcome", "others are not concerned: {welcome}");
}

#[tokio::test]
async fn who_does_not_know_the_passcode_is_asked_five_times_too() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "passcode": PASSCODE })).await;
    let hello = ClientFrame::hello_text(&hello_guest(&meeting, "Ben"));
    let mut ben = stage.socket().await;
    for _ in 0..6 {
        ben.say(&hello).await;
        assert_eq!(ben.hear().await["error"]["code"], "passcode_required");
    }
    ben.say(&hello).await;
    assert_eq!(ben.ending().await.1, 4511);
}

#[tokio::test]
async fn between_two_hellos_nothing_else_is_said_and_not_for_long() {
    let stage = Stage::with(|config| config.hello_seconds = 1).await;
    let meeting = stage.meeting("Ada", json!({ "passcode": PASSCODE })).await;
    let (mut ben, asked) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    assert_eq!(asked["error"]["code"], "passcode_required");
    ben.say(&ClientFrame::command(2, &Command::HandRaise(Empty {}))).await;
    let (said, code) = ben.ending().await;
    assert_eq!((&said[0]["error"]["code"], code), (&json!("hello_expected"), 4500));
    let (mut ben, _) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    let (said, code) = ben.ending().await;
    assert_eq!((&said[0]["error"]["code"], code), (&json!("hello_expected"), 4500));
}

#[tokio::test]
async fn a_passcode_of_a_regular_meeting_is_no_matter_to_whom_it_knows() {
    let stage = Stage::set().await;
    let ben = stage.meeting("Ben", json!({})).await.owner.id;
    let body = json!({ "passcode": PASSCODE, "invitees": [{ "user_id": ben }] });
    let meeting = stage.meeting("Ada", body).await;
    stage.join(&meeting, "Ada").await;
    let hello = Hello { passcode: Some("wrong".to_owned()), ..stage.hello(&meeting, "Ben") };
    for _ in 0..8 {
        let ben = stage.enter(hello.clone()).await.unwrap();
        assert_eq!(ben.status(), Standing::Joined, "who is invited, however often they are wrong");
    }
    assert_eq!(stage.turned_back(&meeting, "Cleo").await.code, Code::PasscodeRequired);
    let hello = Hello { passcode: Some(PASSCODE.to_owned()), ..stage.hello(&meeting, "Cleo") };
    stage.enter(hello).await.unwrap();
    let open = stage.meeting("Ada", json!({})).await;
    let hello = Hello { passcode: Some("anything".to_owned()), ..stage.hello(&open, "Cleo") };
    stage.enter(hello).await.unwrap();
    let long = Hello { passcode: Some("x".repeat(65)), ..stage.hello(&open, "Cleo") };
    let (mut socket, answer) = stage.knock(&long).await;
    let error = &answer["error"];
    assert_eq!((&error["code"], &error["field"]), (&json!("too_large"), &json!("passcode")));
    assert_eq!((&error["limit"], socket.ending().await.1), (&json!(64), 4511));
}

#[tokio::test]
async fn a_crowd_that_knows_the_passcode_is_not_slowed_down() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "passcode": PASSCODE })).await;
    let names: Vec<_> = (0..40).map(|number| format!("Guest{number}")).collect();
    let coming = names.iter().map(|name| stage.enter(guest_with(&meeting, name, PASSCODE)));
    for person in futures::future::join_all(coming).await {
        assert_eq!(person.unwrap().status(), Standing::Joined);
    }
}

#[tokio::test]
async fn a_passcode_is_kept_as_a_hash_in_one_column_and_told_nowhere() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "passcode": PASSCODE })).await;
    let (mut ben, welcome) = stage.knock(&guest_with(&meeting, "Ben", PASSCODE)).await;
    assert_eq!(welcome["data"]["meeting"]["has_passcode"], true);
    let snapshot = ben.ask(&Command::StateGet(Empty {})).await;
    let hash: String = stage.sql("SELECT password FROM meetings");
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    let journal: String = stage.sql(
        "SELECT group_concat(coalesce(details, '') || coalesce(personal, '') \
         || coalesce(answer, '')) FROM meeting_audit_logs",
    );
    let shown = serde_json::to_string(&meeting).unwrap();
    for text in [journal, shown, welcome.to_string(), snapshot.to_string()] {
        assert!(!text.contains(PASSCODE) && !text.contains("argon2"), "{text}");
    }
}

#[tokio::test]
async fn a_meeting_is_not_made_with_a_wrong_passcode_or_invitee() {
    let stage = Stage::set().await;
    let token = stage.token("Ada");
    let many: Vec<Value> = (0..1001).map(|n| json!({ "email": format!("a{n}@b.org") })).collect();
    for (what, code, field) in [
        (json!({ "passcode": "123" }), "invalid", "passcode"),
        (json!({ "passcode": "    " }), "invalid", "passcode"),
        (json!({ "passcode": "x".repeat(65) }), "too_large", "passcode"),
        (json!({ "invitees": [{ "user_id": 0 }] }), "invalid", "invitees"),
        (json!({ "invitees": [{ "username": "" }] }), "invalid", "invitees"),
        (json!({ "invitees": [{ "email": "nobody" }] }), "invalid", "invitees"),
        (json!({ "invitees": [{}] }), "invalid", "invitees"),
        (json!({ "invitees": [{ "email": "a@b.org", "user_id": 1 }] }), "invalid", "invitees"),
        (json!({ "invitees": [{ "name": "Ben" }] }), "invalid", "invitees[0].name"),
        (json!({ "invitees": many }), "too_large", "invitees"),
    ] {
        let mut body = what.clone();
        body["title"] = json!("Quarterly review");
        let request = stage.request(Method::POST, "/api/meetings", Some(&token));
        let answer = request.json(&body).send().await.unwrap();
        let problem: Value = answer.json().await.unwrap();
        assert_eq!((&problem["code"], &problem["field"]), (&json!(code), &json!(field)), "{what}");
    }
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM meetings"), 0);
}

#[tokio::test]
async fn invitations_are_given_seen_and_taken_back_by_those_who_may() {
    let stage = Stage::set().await;
    let ben = stage.meeting("Ben", json!({})).await.owner.id;
    let body = json!({ "type": "private", "invitees": [{ "username": "ben" }] });
    let meeting = stage.meeting("Ada", body).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben_here = stage.join(&meeting, "Ben").await;
    let page: Page<Invitee> =
        ada.ask(Command::InviteeList(InviteeList { after: None, limit: 50 })).await;
    let first = Invitee { invitee: InviteeId(1), user: Some(ben), email: None, required: false };
    assert_eq!(page.items, [first]);
    ben_here.heard().await;
    let email = Some("Ana@Example.org".to_owned());
    let ask = InviteeAdd { user: None, email, required: true };
    let invited: Invited = ada.ask(Command::InviteeAdd(ask.clone())).await;
    let added = ada.expect(|event| matches!(event, EventBody::InviteeAdded(_))).await;
    let expected = Invitee {
        invitee: invited.invitee,
        user: None,
        email: Some("ana@example.org".to_owned()),
        required: true,
    };
    assert_eq!(added.body, EventBody::InviteeAdded(expected));
    let again: Invited = ada.ask(Command::InviteeAdd(ask)).await;
    assert_eq!(again, Invited { already: true, ..invited });
    let token = Some(with_address(&stage, "Ana", "ana@example.org", true));
    let ana = Hello { token, ..stage.hello(&meeting, "Ana") };
    stage.enter(ana.clone()).await.unwrap().send(Command::Leave(Leave::default())).await;
    ada.send(Command::InviteeRemove(InviteeOnly { invitee: InviteeId(1) })).await;
    ada.expect(|event| matches!(event, EventBody::InviteeRemoved(_))).await;
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM meeting_invitees"), 1);
    let kinds = ben_here.kinds().await;
    assert!(!kinds.iter().any(|kind| kind.starts_with("invitee.")), "{kinds:?}");
}

#[tokio::test]
async fn a_passcode_is_set_changed_and_taken_away_by_the_host_and_never_told() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let policy = |passcode: Option<&str>| {
        let passcode = Some(passcode.map(str::to_owned));
        Command::MeetingPolicy(Box::new(Policy { passcode, ..Policy::default() }))
    };
    let changed = |event: &EventBody| matches!(event, EventBody::MeetingPolicyChanged(_));
    ada.send(policy(Some("first secret"))).await;
    let told = ada.expect(changed).await;
    let expected = PolicyChanged { changes: Policy::default(), passcode_changed: true };
    assert_eq!(told.body, EventBody::MeetingPolicyChanged(Box::new(expected)));
    ada.send(policy(Some(PASSCODE))).await;
    for (sent, code) in [(None, "passcode_required"), (Some("first secret"), "passcode_wrong")] {
        let passcode = sent.map(str::to_owned);
        let (_, answer) = stage.knock(&Hello { passcode, ..hello_guest(&meeting, "Gus") }).await;
        assert_eq!(answer["error"]["code"], code);
    }
    stage.enter(guest_with(&meeting, "Gus", PASSCODE)).await.unwrap();
    let short = ada.refused(policy(Some("abc"))).await;
    assert_eq!((short.code, short.field.as_deref()), (Code::Invalid, Some("passcode")));
    let secrets: u32 = stage.sql(
        "SELECT count(*) FROM meeting_audit_logs WHERE details LIKE '%secret%' \
         OR details LIKE '%argon2%' OR personal LIKE '%argon2%'",
    );
    assert_eq!(secrets, 0);
    ada.send(policy(None)).await;
    stage.join_guest(&meeting, "Hal").await;
    assert_eq!(stage.sql::<Option<String>>("SELECT password FROM meetings"), None);
}
