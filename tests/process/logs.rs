//! The log: as text and as JSON, with ids to look for, and never a secret however much is logged.

use std::process::{Command as Process, Stdio};

use quorate_client::protocol::{
    ClientFrame, Command, CreateMeeting, Guest, Hello, Meeting, MeetingRef, Policy, Resume, Seq,
    SignIn, SignedIn,
};
use serde_json::{Value, json};

use crate::support::server::{Quorate, hello_as, quorate};
use crate::support::{Home, Raw, soon};

const SCRAPER: &str = "the-scrapers-own-secret-token";
const PASSCODE: &str = "open-sesame-and-more";
const WRONG: &str = "a-wrong-passcode-is-a-near-one";
const DEVICE: &str = "device-secret-of-gus-0123456789";

/// A server of this home, with these variables, whose whole log is kept.
fn start(home: &Home, variables: &[(&str, &str)]) -> Quorate {
    let mut command: Process = quorate();
    command.arg("--data").arg(home.data()).args(["--listen", "127.0.0.1:0"]);
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    Quorate::start(command)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_the_log_at_its_most_talkative() {
    let home = Home::new();
    let token = home.token("hester");
    let mut server = start(&home, &[("RUST_LOG", "trace"), ("QUORATE_METRICS__TOKEN", SCRAPER)]);
    let url = format!("http://{}", server.address());
    let http = reqwest::Client::new();
    let body = CreateMeeting { title: "Weekly".to_owned(), ..CreateMeeting::default() };
    let made = http.post(format!("{url}/api/meetings")).bearer_auth(&token).json(&body);
    let meeting: Meeting = soon("a meeting", made.send()).await.unwrap().json().await.unwrap();
    let guest = Guest { name: "Gus".to_owned(), device: DEVICE.to_owned() };
    let sign_in = http.post(format!("{url}/api/sessions")).json(&SignIn::Guest(guest.clone()));
    let guest_token =
        soon("a sign-in", sign_in.send()).await.unwrap().json::<SignedIn>().await.unwrap().token;
    for (path, bearer) in [
        ("/metrics", SCRAPER),
        ("/metrics", WRONG),
        ("/api/meetings/1", &*token),
        ("/api/roles?token=in-the-query-string", "not-a-token-of-ours-at-all"),
        ("/api/calendar/a-secret-in-the-path.ics", &*guest_token),
    ] {
        soon("an answer", http.get(format!("{url}{path}")).bearer_auth(bearer).send())
            .await
            .unwrap();
    }

    let (mut host, welcome) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    let policy = Policy { passcode: Some(Some(PASSCODE.to_owned())), ..Policy::default() };
    host.command(2, &Command::MeetingPolicy(Box::new(policy))).await;
    let frame = json!({ "type": "made.up", "id": 3, "data": { "passcode": WRONG } });
    host.say(&frame.to_string()).await;
    host.say(&format!("no JSON but {WRONG}")).await;
    let named = MeetingRef::Code(meeting.info.code.clone());
    let hello = |passcode: Option<&str>| Hello {
        meeting: named.clone(),
        token: None,
        guest: Some(guest.clone()),
        resume: None,
        passcode: passcode.map(str::to_owned),
        client: None,
    };
    // Answered one after the other, the host's policy before: it is asked for.
    let mut gus = Raw::connect(server.address()).await;
    let mut heard = String::new();
    for passcode in [None, Some(WRONG), Some(PASSCODE)] {
        gus.say(&ClientFrame::hello_text(&hello(passcode))).await;
        heard = format!("{:?}", gus.next().await);
        if heard.contains("Welcome") {
            break;
        }
    }
    assert!(heard.contains("Welcome"), "{heard}");
    drop(host);
    let resume =
        Resume { session: welcome.session.id, token: welcome.session.token.clone(), seq: Seq(1) };
    let again = Hello { resume: Some(resume), ..hello_as(&meeting, &token) };
    let (_host, again) = Raw::enter(server.address(), &again).await;
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));

    let log = server.log();
    assert!(
        log.len() > 10 && log.iter().any(|line| line.contains("TRACE") || line.contains("DEBUG"))
    );
    let key = std::fs::read_to_string(home.data().join("quorate.key")).unwrap();
    let device = json!(DEVICE).to_string();
    for secret in [
        &*token,
        &*guest_token,
        &*welcome.session.token,
        &*again.session.token,
        SCRAPER,
        PASSCODE,
        WRONG,
        device.trim_matches('"'),
        key.trim(),
        "not-a-token-of-ours-at-all",
        "in-the-query-string",
        "a-secret-in-the-path",
        "argon2id",
    ] {
        let told: Vec<_> = log.iter().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "`{secret}` is in the log: {told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_json_each_line_is_an_object_with_the_ids_around_it() {
    let home = Home::new();
    let token = home.token("hester");
    let variables = [("RUST_LOG", "quorate=debug"), ("QUORATE_LOG__FORMAT", "json")];
    let mut server = start(&home, &variables);
    let url = format!("http://{}", server.address());
    let body = CreateMeeting { title: "Weekly".to_owned(), ..CreateMeeting::default() };
    let made =
        reqwest::Client::new().post(format!("{url}/api/meetings")).bearer_auth(&token).json(&body);
    let made = soon("a meeting", made.send()).await.unwrap();
    let id = made.headers()["x-request-id"].to_str().unwrap().to_owned();
    let meeting: Meeting = made.json().await.unwrap();
    let (host, welcome) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    drop(host);
    server.logs("a socket ended").await;
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));

    let lines: Vec<Value> = server
        .log()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    for line in &lines {
        for field in ["timestamp", "level", "target"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    let of_request = |line: &&Value| line["spans"][0]["id"] == *id;
    let line = lines.iter().find(of_request).unwrap_or_else(|| panic!("{id} in {lines:#?}"));
    assert_eq!((&line["message"], &line["status"]), (&json!("answered"), &json!(201)), "{line}");
    let span = &line["spans"][0];
    assert_eq!(
        (&span["method"], &span["route"]),
        (&json!("POST"), &json!("/api/meetings")),
        "{line}"
    );
    assert_eq!(lines.iter().filter(of_request).count(), 1, "one line a request");
    let ended = lines.iter().find(|line| line["message"] == "a socket ended").unwrap();
    let socket = ended["spans"].as_array().unwrap().last().unwrap();
    assert_eq!(socket["session"], welcome.session.id.to_string(), "{ended}");
    assert_eq!(socket["meeting"], meeting.info.id.to_string(), "{ended}");
    assert!(ended["spans"][0]["id"].is_string(), "and the request that it began as: {ended}");
}

#[test]
fn a_log_of_another_format_is_refused() {
    let home = Home::new();
    let output = quorate()
        .arg("--data")
        .arg(home.data())
        .env("QUORATE_LOG__FORMAT", "xml")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("QUORATE_LOG__FORMAT: unknown variant `xml`"), "{error}");
}
