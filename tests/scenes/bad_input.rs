//! Whatever comes over a socket that should not: the documented answer, and harm to nobody else.

use quorate::identity::{Claims, ServerKey};
use quorate_client::protocol::*;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, coding::Data, coding::OpCode};

use crate::stage::{Socket, Stage, chat, guest, hello_guest};

/// Brackets within brackets, this deep.
fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// Frames that are refused, and the socket goes on: `ID` stands for the id that is next.
fn refused_frames() -> Vec<(String, &'static str, Option<&'static str>)> {
    let command = |kind: &str, data: &str| format!(r#"{{"type":"{kind}","id":ID,"data":{data}}}"#);
    let mut table: Vec<(String, &str, Option<&str>)> = Vec::new();
    for text in [
        "hello there",
        "",
        "null",
        "7",
        r#""ping""#,
        "[]",
        r#"["ping",ID,{}]"#,
        "{}",
        r#"{"id":ID}"#,
        r#"{"type":7,"id":ID}"#,
        r#"{"type":"ping","id":ID"#,
        r#"{"type":"ping","id":ID} {}"#,
        r#"{"type":"ping","type":"ping","id":ID}"#,
        r#"{"type":"ping","id":ID,"id":ID}"#,
        r#"{"type":"ping","id":ID,"colour":"red"}"#,
        r#"{"type":"ping","id":ID,"dry_run":"yes"}"#,
        r#"{"type":"pi\ud800ng","id":ID}"#,
        r#"{'type':'ping','id':ID}"#,
    ] {
        table.push((text.to_owned(), "bad_json", None));
    }
    table.push((nested(30_000), "bad_json", None));
    // No numbers of JSON.
    for number in ["NaN", "Infinity", "-Infinity"] {
        let data = format!(r#"{{"rtt_ms":{number},"jitter_ms":1,"loss_pct":0}}"#);
        table.push((command("quality.report", &data), "bad_json", None));
    }
    for id in ["0", "-1", r#""2""#, "null", "2.5", "1e3", "true", "99999999999999999999", "[2]"] {
        table.push((format!(r#"{{"type":"ping","id":{id}}}"#), "invalid", Some("id")));
    }
    table.push((r#"{"type":"ping"}"#.to_owned(), "invalid", Some("id")));
    for kind in ["hand.wave", "", "PING", "ping ", "chat.sent"] {
        table.push((command(kind, "{}"), "unknown_command", None));
    }
    for (kind, data, field) in [
        ("hand.raise", r#"{"high":true}"#, "high"),
        ("chat.send", r#"{"text":"a","colour":"red"}"#, "colour"),
        ("chat.send", "{}", "text"),
        ("chat.send", r#"{"text":7}"#, "text"),
        ("chat.send", r#"{"text":null}"#, "text"),
        ("chat.send", r#"{"text":"a","text":"b"}"#, "text"),
        ("chat.send", r#"{"text":"a","to":"everyone"}"#, "to"),
        ("chat.send", r#"{"text":"a","to":1.5}"#, "to"),
        ("chat.send", r#"{"text":"a","reply_to":"b"}"#, "reply_to"),
        ("chat.send", r#"{"text":"a","reply_to":-1}"#, "reply_to"),
        ("chat.send", r#"{"text":" \n "}"#, "text"),
        ("chat.send", r#"{"text":"a\u0007"}"#, "text"),
        ("chat.send", r#"{"text":"a\u202eb"}"#, "text"),
        ("chat.send", r#"{"text":"\ud800"}"#, "text"),
        ("chat.send", r#"{"text":"\udc00\ud800"}"#, "text"),
        ("chat.send", "7", "data"),
        ("chat.send", r#""a""#, "data"),
        ("chat.send", r#"["a"]"#, "data"),
        ("hand.raise", "[]", "data"),
        ("participant.list", r#"{"limit":0}"#, "limit"),
        ("participant.list", r#"{"limit":201}"#, "limit"),
        ("participant.list", r#"{"limit":-1}"#, "limit"),
        ("participant.list", r#"{"role":"king"}"#, "role"),
        ("chat.history", r#"{"limit":201}"#, "limit"),
        ("participant.admit", "{}", "participant"),
        ("participant.admit", r#"{"participant":1,"all":true}"#, "participant"),
        ("participant.ban", "{}", "participant"),
        ("participant.ban", r#"{"user":1000000,"until":"tomorrow"}"#, "until"),
        ("participant.ban", r#"{"user":1000000,"until":"2020-01-01T00:00:00Z"}"#, "until"),
        ("participant.set_attributes", r#"{"attributes":[]}"#, "attributes"),
        ("media.update", r#"{"audio":"on"}"#, "audio"),
        ("participant.ban", r#"{"user":1000000,"scope":"world"}"#, "scope"),
        ("ban.list", r#"{"limit":0}"#, "limit"),
        ("ban.list", r#"{"after":"b"}"#, "after"),
        ("app.publish", r#"{"topic":"a"}"#, "data"),
        ("app.publish", r#"{"topic":"A","data":1}"#, "topic"),
        ("app.publish", r#"{"topic":"a","data":1,"to":"all"}"#, "to"),
        ("quality.report", r#"{"jitter_ms":1,"loss_pct":0}"#, "rtt_ms"),
        ("quality.report", r#"{"rtt_ms":"NaN","jitter_ms":1,"loss_pct":0}"#, "rtt_ms"),
        ("quality.report", r#"{"rtt_ms":null,"jitter_ms":1,"loss_pct":0}"#, "rtt_ms"),
        ("quality.report", r#"{"rtt_ms":1e999,"jitter_ms":1,"loss_pct":0}"#, "rtt_ms"),
        ("quality.report", r#"{"rtt_ms":-1,"jitter_ms":1,"loss_pct":0}"#, "rtt_ms"),
        ("quality.report", r#"{"rtt_ms":60001,"jitter_ms":1,"loss_pct":0}"#, "rtt_ms"),
        ("quality.report", r#"{"rtt_ms":1,"jitter_ms":-0.1,"loss_pct":0}"#, "jitter_ms"),
        ("quality.report", r#"{"rtt_ms":1,"jitter_ms":1e300,"loss_pct":0}"#, "jitter_ms"),
        ("quality.report", r#"{"rtt_ms":1,"jitter_ms":1,"loss_pct":100.1}"#, "loss_pct"),
        ("quality.report", r#"{"rtt_ms":1,"jitter_ms":1,"loss_pct":-1}"#, "loss_pct"),
        (
            "quality.report",
            r#"{"rtt_ms":1,"jitter_ms":1,"loss_pct":0,"bitrate_kbps":-5}"#,
            "bitrate_kbps",
        ),
        ("quality.report", r#"{"rtt_ms":1,"jitter_ms":1,"loss_pct":0,"fec":"yes"}"#, "fec"),
        ("quality.report", r#"{"rtt_ms":1,"jitter_ms":1,"loss_pct":0,"mos":4}"#, "mos"),
        ("rtc.send", r#"{"data":{}}"#, "to"),
        ("rtc.send", r#"{"to":1,"session":"x","data":{}}"#, "session"),
    ] {
        table.push((command(kind, data), "invalid", Some(field)));
    }
    table
}

#[tokio::test]
async fn a_malformed_frame_is_answered_and_the_socket_goes_on() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    for (frame, code, field) in refused_frames() {
        let id = ada.id();
        ada.say(&frame.replace("ID", &id.to_string())).await;
        let error = ada.hear().await;
        let shown = &frame[..frame.len().min(200)];
        assert_eq!(error["type"], "error", "{shown}: {error}");
        assert_eq!(error["error"]["code"], code, "{shown}: {error}");
        assert_eq!(error["error"]["field"], json!(field), "{shown}: {error}");
        assert!(error["error"]["message"].as_str().is_some_and(|it| !it.is_empty()), "{error}");
        let with_id = code != "bad_json" && field != Some("id");
        assert_eq!(error["id"], if with_id { json!(id) } else { Value::Null }, "{shown}: {error}");
        let pong = ada.ask(&Command::Ping(Empty {})).await;
        assert_eq!(pong["type"], "ok", "after {shown}: {pong}");
    }
}

#[tokio::test]
async fn a_field_over_its_limit_is_too_large_and_says_which_and_how_much() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let ben = stage.join(&meeting, "Ben").await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    let reason = "r".repeat(501);
    let big = |bytes: usize| json!({ "pad": "x".repeat(bytes) });
    for (kind, data, field, limit) in [
        ("chat.send", json!({ "text": "é".repeat(4001) }), "text", 4000),
        ("participant.remove", json!({ "participant": ben.id(), "reason": reason }), "reason", 500),
        ("participant.set_attributes", json!({ "attributes": big(1024) }), "attributes", 1024),
        ("rtc.send", json!({ "to": ben.id(), "data": big(16 * 1024) }), "data", 16 * 1024),
        ("app.publish", json!({ "topic": "a", "data": big(8 * 1024) }), "data", 8 * 1024),
        ("app.publish", json!({ "topic": "a".repeat(65), "data": 1 }), "topic", 64),
    ] {
        let id = ada.id();
        ada.say(&json!({ "type": kind, "id": id, "data": data }).to_string()).await;
        let answer = ada.answer(json!(id)).await;
        let error = &answer["error"];
        assert_eq!(
            (&error["code"], &error["field"], &error["limit"]),
            (&json!("too_large"), &json!(field), &json!(limit)),
            "{kind}: {answer}"
        );
    }
    assert_eq!(ada.ask(&chat("é".repeat(4000))).await["type"], "ok", "the limit itself will do");
}

#[tokio::test]
async fn json_that_nests_deeply_harms_nobody() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    let id = ada.id();
    let deep = nested(30_000);
    ada.say(&format!(r#"{{"type":"rtc.send","id":{id},"data":{{"to":1,"data":{deep}}}}}"#)).await;
    let error = ada.answer(json!(id)).await;
    assert_eq!(error["error"]["code"], "invalid", "{error}");
    ada.say(&nested(100_000)).await;
    let (said, code) = ada.ending().await;
    assert_eq!((last_code(&said), code), ("too_large", 4513), "{said:?}");
}

#[tokio::test]
async fn ids_rise_and_the_answer_to_one_that_does_not_is_invalid_or_the_first() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    let ping = |id: i64| ClientFrame::command(id, &Command::Ping(Empty {}));
    ada.say(&ping(7)).await;
    let first = ada.hear().await;
    assert_eq!((&first["type"], &first["id"]), (&json!("ok"), &json!(7)));
    for falling in [1, 2, 6] {
        ada.say(&ping(falling)).await;
        let error = ada.hear().await;
        assert_eq!(error["error"]["code"], "invalid", "{falling}: {error}");
        assert_eq!(error["error"]["field"], "id");
        assert_eq!(error["id"], falling);
    }
    ada.say(&ping(7)).await;
    assert_eq!(ada.hear().await, first, "sent again, it is answered as the first time");
    ada.say(&ping(i64::MAX)).await;
    assert_eq!(ada.hear().await["type"], "ok");
}

#[tokio::test]
async fn a_second_hello_is_a_conflict() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let hello = stage.hello(&meeting, "Ada");
    let (mut ada, _) = stage.knock(&hello).await;
    ada.say(&ClientFrame::hello_text(&hello)).await;
    let error = ada.hear().await;
    assert_eq!(error["error"]["code"], "conflict", "{error}");
    assert_eq!(ada.ask(&Command::Ping(Empty {})).await["type"], "ok");
}

/// What is said before the close: an error of this code (if any), and `bye` of that one.
fn assert_ends(
    what: &str,
    (said, code): (Vec<Value>, u16),
    error: &str,
    bye: &str,
    close: u16,
    field: Option<&str>,
) {
    let [first, last] = &said[..] else { panic!("{what}: an error and bye, not {said:?}") };
    assert_eq!(first["error"]["code"], error, "{what}: {first}");
    assert_eq!(first["error"]["field"], json!(field), "{what}: {first}");
    assert_eq!((&last["type"], &last["data"]["code"]), (&json!("bye"), &json!(bye)), "{what}");
    assert_eq!(code, close, "{what}");
}

fn last_code(said: &[Value]) -> &str {
    said.last().and_then(|bye| bye["data"]["code"].as_str()).unwrap_or_default()
}

#[tokio::test]
async fn what_breaks_the_protocol_closes_the_socket_and_nobody_elses() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let text = |payload: &str| Message::text(payload.to_owned());
    let raw = |data: Data, payload: Vec<u8>| {
        Message::Frame(Frame::message(payload, OpCode::Data(data), true))
    };
    for (what, message, error, close) in [
        ("binary", Message::binary(b"{}".to_vec()), "bad_json", 4500),
        ("not UTF-8", raw(Data::Text, vec![b'"', 0xff, b'"']), "bad_json", 4500),
        ("a reserved opcode", raw(Data::Reserved(3), b"{}".to_vec()), "bad_json", 4500),
        ("no start", raw(Data::Continue, b"{}".to_vec()), "bad_json", 4500),
        ("65537 bytes", text(&" ".repeat(65_537)), "too_large", 4513),
    ] {
        let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
        ada.push(message).await;
        let bye = if close == 4513 { "too_large" } else { "protocol_error" };
        assert_ends(what, ada.ending().await, error, bye, close, None);
    }
    assert!(ben.kinds().await.iter().all(|kind| kind.starts_with("participant.")));
}

#[tokio::test]
async fn a_frame_may_be_as_large_as_the_limit() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, welcome) = stage.knock_as(&meeting, "Ada").await;
    assert_eq!(welcome["data"]["limits"]["frame_bytes"], 65_536);
    let id = ada.id();
    let ping = ClientFrame::command(id, &Command::Ping(Empty {}));
    ada.say(&(" ".repeat(65_536 - ping.len()) + &ping)).await;
    assert_eq!(ada.answer(json!(id)).await["type"], "ok");
}

/// The head of a masked text frame that says how long it will be.
fn head(bytes: u64) -> Vec<u8> {
    let mut head = vec![0x81, 0x80 | 127];
    head.extend(bytes.to_be_bytes());
    head.extend([0; 4]);
    head
}

#[tokio::test]
async fn a_frame_that_is_only_announced_as_too_large_is_refused_by_its_head() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    ada.socket.get_mut().write_all(&head(10_000_000)).await.unwrap();
    assert_ends("10 MB", ada.ending().await, "too_large", "too_large", 4513, None);
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    ada.socket.get_mut().write_all(&head(u64::MAX >> 1)).await.unwrap();
    assert_ends("8 EiB", ada.ending().await, "too_large", "too_large", 4513, None);
}

#[tokio::test]
async fn who_sends_a_large_frame_whole_still_reads_why_it_was_refused() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    let socket = ada.socket.get_mut();
    socket.write_all(&head(10_000_000)).await.unwrap();
    for _ in 0..100 {
        socket.write_all(&[b' '; 100_000]).await.expect("the server reads what it does not want");
    }
    assert_ends("10 MB", ada.ending().await, "too_large", "too_large", 4513, None);
}

#[tokio::test]
async fn fragments_count_together() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    for part in 0..20 {
        let data = if part == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(vec![b' '; 4096], OpCode::Data(data), false);
        ada.push(Message::Frame(frame)).await;
    }
    assert_ends("80 KiB", ada.ending().await, "too_large", "too_large", 4513, None);
}

#[tokio::test]
async fn ten_frames_in_a_row_that_are_no_envelope_close_the_socket() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    for _ in 0..9 {
        ada.say("{").await;
    }
    assert_eq!(ada.ask(&Command::Ping(Empty {})).await["type"], "ok", "nine will do");
    for _ in 0..10 {
        ada.say("{").await;
    }
    let (said, code) = ada.ending().await;
    assert_eq!(said.len(), 11, "ten errors and bye: {said:?}");
    assert!(said[..10].iter().all(|error| error["error"]["code"] == "bad_json"));
    assert_eq!((last_code(&said), code), ("protocol_error", 4500));
}

#[tokio::test]
async fn beyond_its_rate_a_socket_is_told_to_wait_and_in_the_end_closed() {
    let stage = Stage::with(|config| {
        (config.limits.burst, config.limits.points_per_second) = (5, 1);
    })
    .await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, welcome) = stage.knock_as(&meeting, "Ada").await;
    let limits = &welcome["data"]["limits"];
    assert_eq!((&limits["burst"], &limits["points_per_second"]), (&json!(5), &json!(1)));
    for _ in 0..5 {
        assert_eq!(ada.ask(&Command::Ping(Empty {})).await["type"], "ok", "the burst");
    }
    for _ in 0..200 {
        let id = ada.id();
        ada.say(&ClientFrame::command(id, &Command::Ping(Empty {}))).await;
    }
    let (said, code) = ada.ending().await;
    let limited: Vec<_> =
        said.iter().filter(|frame| frame["error"]["code"] == "rate_limited").collect();
    assert_eq!(limited.len(), 100, "a hundred, and then the close");
    for error in limited {
        assert!(error["id"].is_i64(), "{error}");
        assert!(error["error"]["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0), "{error}");
        assert_eq!(error["error"]["retryable"], true);
    }
    assert_eq!((last_code(&said), code), ("rate_limited", 4029));
    assert_eq!(said.last().unwrap()["data"]["action"], "resume");
}

#[tokio::test]
async fn a_list_costs_ten_points() {
    let stage = Stage::with(|config| {
        (config.limits.burst, config.limits.points_per_second) = (12, 1);
    })
    .await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    let state = Command::StateGet(Empty {});
    assert_eq!(ada.ask(&state).await["type"], "ok");
    assert_eq!(ada.ask(&state).await["error"]["code"], "rate_limited");
    assert_eq!(ada.ask(&Command::Ping(Empty {})).await["type"], "ok", "one point is there");
}

#[tokio::test]
async fn who_says_no_hello_in_time_is_told_so() {
    let stage = Stage::with(|config| config.hello_seconds = 1).await;
    let mut socket = stage.socket().await;
    let ending = socket.ending().await;
    assert_ends("silence", ending, "hello_expected", "protocol_error", 4500, None);
}

#[tokio::test]
async fn a_first_frame_that_is_no_hello_closes_the_socket() {
    let stage = Stage::set().await;
    let ping = ClientFrame::command(2, &Command::Ping(Empty {}));
    for (what, message, error, bye, close) in [
        ("not JSON", Message::text("hello"), "bad_json", "protocol_error", 4500),
        ("an array", Message::text(r#"["hello",1]"#), "bad_json", "protocol_error", 4500),
        ("binary", Message::binary(b"{}".to_vec()), "bad_json", "protocol_error", 4500),
        ("a command", Message::text(ping), "hello_expected", "protocol_error", 4500),
        ("too large", Message::text(" ".repeat(70_000)), "too_large", "too_large", 4513),
    ] {
        let mut socket = stage.socket().await;
        socket.push(message).await;
        assert_ends(what, socket.ending().await, error, bye, close, None);
    }
}

#[tokio::test]
async fn a_hello_that_is_refused_says_why_and_closes() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (code, id) = (&meeting.info.code, meeting.info.id);
    let token = |name: &str| stage.token(name);
    let others = {
        let folder = tempfile::tempdir().unwrap();
        let key = ServerKey::load_or_create(folder.path()).unwrap();
        key.sign(&Claims::new("ada".into(), None, 1, Timestamp(4_000_000_000_000)))
    };
    let expired = stage.key.sign(&Claims::new("ada".into(), None, 1, Timestamp(0)));
    let session = "019ab1c2-3d4e-7f50-8a6b-7c8d9e0f1a2b";
    let device = guest("Ben").device;
    let (short, odd) = (&device[..21], "0123456789+/=abcdefghij");
    for (data, error, close, field) in [
        (json!({ "meeting": code, "token": "nonsense" }), "unauthorized", 4501, None),
        (json!({ "meeting": code, "token": others }), "unauthorized", 4501, None),
        (json!({ "meeting": code, "token": expired }), "unauthorized", 4501, None),
        (json!({ "meeting": code }), "unauthorized", 4501, None),
        (
            json!({ "meeting": code, "resume": { "session": session, "token": "x", "seq": 1 } }),
            "unauthorized",
            4501,
            None,
        ),
        (
            json!({ "meeting": "aaa-aaaa-aaa", "token": token("Ada") }),
            "not_found",
            4504,
            Some("meeting"),
        ),
        (json!({ "meeting": 4711, "token": token("Ada") }), "not_found", 4504, Some("meeting")),
        (json!({ "meeting": id, "token": token("Ben") }), "not_found", 4504, Some("meeting")),
        (json!({ "meeting": -1, "token": token("Ada") }), "invalid", 4511, Some("meeting")),
        (json!({ "token": token("Ada") }), "invalid", 4511, Some("meeting")),
        (json!({ "meeting": code, "colour": "red" }), "invalid", 4511, Some("colour")),
        (json!({ "meeting": code, "token": 7 }), "invalid", 4511, Some("token")),
        (
            json!({ "meeting": code, "token": token("Ada"), "guest": guest("Ben") }),
            "invalid",
            4511,
            Some("guest"),
        ),
        (
            json!({ "meeting": code, "guest": { "name": " ", "device": device } }),
            "invalid",
            4511,
            Some("guest.name"),
        ),
        (
            json!({ "meeting": code, "guest": { "name": "B\u{202e}en", "device": device } }),
            "invalid",
            4511,
            Some("guest.name"),
        ),
        (
            json!({ "meeting": code, "guest": { "name": "é".repeat(81), "device": device } }),
            "too_large",
            4511,
            Some("guest.name"),
        ),
        (
            json!({ "meeting": code, "guest": { "name": "Ben", "device": short } }),
            "invalid",
            4511,
            Some("guest.device"),
        ),
        (
            json!({ "meeting": code, "guest": { "name": "Ben", "device": odd } }),
            "invalid",
            4511,
            Some("guest.device"),
        ),
        (
            json!({ "meeting": code, "guest": { "name": "Ben" } }),
            "invalid",
            4511,
            Some("guest.device"),
        ),
        (
            json!({ "meeting": code, "resume": { "session": "x", "token": "x", "seq": 1 } }),
            "invalid",
            4511,
            Some("resume.session"),
        ),
        (
            json!({ "meeting": code, "resume": { "session": session, "token": "x", "seq": -1 } }),
            "invalid",
            4511,
            Some("resume.seq"),
        ),
    ] {
        let mut socket = stage.socket().await;
        socket.say(&json!({ "type": "hello", "id": 1, "data": data }).to_string()).await;
        let (said, closed) = socket.ending().await;
        assert_eq!(said[0]["id"], 1, "{data}: {said:?}");
        assert_ends(&data.to_string(), (said, closed), error, error, close, field);
    }
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM users WHERE kind = 'guest'"), 0);
}

#[tokio::test]
async fn the_id_of_hello_is_one() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let hello = ClientFrame::hello_text(&hello_guest(&meeting, "Ben"));
    for id in ["0", "2", "-1", "null", r#""1""#] {
        let mut socket = stage.socket().await;
        socket.say(&hello.replace(r#""id":1"#, &format!(r#""id":{id}"#))).await;
        assert_ends(id, socket.ending().await, "invalid", "invalid", 4511, Some("id"));
    }
}

#[tokio::test]
async fn the_handshake_takes_our_subprotocol_or_none_and_our_origin_or_none() {
    let stage = Stage::with(|config| config.origins = vec!["https://app.example".into()]).await;
    let own = format!("http://{}", stage.address);
    let protocol = "sec-websocket-protocol";
    for (headers, status) in [
        (&[][..], None),
        (&[(protocol, "quorate.v1")], None),
        (&[(protocol, "chat, quorate.v1")], None),
        (&[(protocol, "chat")], Some(400)),
        (&[(protocol, "quorate.v9")], Some(400)),
        (&[("origin", own.as_str())], None),
        (&[("origin", "https://app.example")], None),
        (&[("origin", "https://evil.example")], Some(403)),
        (&[("origin", "null")], Some(403)),
    ] {
        // The library refuses a server that chooses a subprotocol which it did not offer, and one that
        // chooses none.
        let answer: Result<Socket, u16> = stage.socket_with(headers).await;
        assert_eq!(answer.err(), status, "{headers:?}");
    }
}
