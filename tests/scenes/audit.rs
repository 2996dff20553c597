//! Reading what happened afterwards: who may, how much of it, and that it is what was seen then.

use quorate::identity::Claims;
use quorate::live::clock;
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

fn say(text: &str) -> Command {
    Command::ChatSend(ChatSend { text: text.to_owned(), to: None, reply_to: None })
}

pub(crate) fn admin(stage: &Stage) -> String {
    let claims = Claims::new("root".to_owned(), None, 1, clock::wall());
    stage.key.sign(&Claims { admin: true, ..claims })
}

/// What comes back: status and body.
pub(crate) async fn get(stage: &Stage, path: &str, token: &str) -> (u16, Value) {
    let response = stage.request(Method::GET, path, Some(token)).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn items(stage: &Stage, path: &str, token: &str) -> Vec<Value> {
    let (status, body) = get(stage, path, token).await;
    assert_eq!(status, 200, "{path}: {body}");
    body["items"].as_array().unwrap().clone()
}

/// A meeting in which Ada hosts, Ben and Cyd are in; something was said to all and in private, and an
/// anonymous poll voted in.
async fn play(stage: &Stage) -> (Meeting, [crate::stage::Person; 3]) {
    let meeting = stage.meeting("Ada", json!({ "title": "Weekly" })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let cyd = stage.join(&meeting, "Cyd").await;
    ada.send(say("good morning")).await;
    let to = Some(ChatTo::Participant(cyd.id()));
    let whisper = ChatSend { text: "psst".to_owned(), to, reply_to: None };
    ben.send(Command::ChatSend(whisper)).await;
    let poll = PollOpen {
        question: "Lunch?".to_owned(),
        choices: vec!["soup".to_owned(), "salad".to_owned()],
        multiple: false,
        anonymous: true,
        seconds: None,
    };
    ada.send(Command::PollOpen(poll)).await;
    ben.send(Command::PollVote(PollVote { poll: PollId(1), choices: vec![1] })).await;
    (meeting, [ada, ben, cyd])
}

fn actions(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["action"].as_str().unwrap()).collect()
}

fn one<'a>(items: &'a [Value], action: &str, text: Option<&str>) -> &'a Value {
    let is = |item: &&Value| {
        item["action"] == action && (text.is_none() || item["personal"]["text"] == json!(text))
    };
    items.iter().find(is).unwrap_or_else(|| panic!("no {action} in {items:?}"))
}

#[tokio::test]
async fn each_reads_as_much_of_the_audit_as_was_for_them() {
    let stage = Stage::set().await;
    let (meeting, [_ada, ben, cyd]) = play(&stage).await;
    let path = format!("/api/meetings/{}/audit", meeting.info.id);
    let host = items(&stage, &path, &stage.token("Ada")).await;
    let root = items(&stage, &path, &admin(&stage)).await;
    let seqs: Vec<_> = host.iter().map(|item| item["seq"].as_u64().unwrap()).collect();
    assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "all of it, oldest first: {seqs:?}");
    for all in [&host, &root] {
        let whisper = &all.iter().filter(|it| it["action"] == "chat.sent").nth(1).unwrap();
        assert_eq!(whisper["user"], json!(ben.user()), "who did what when");
        assert_eq!(whisper["details"]["to"], json!(cyd.id()));
        assert_eq!(whisper.get("personal"), None, "and not what was said");
        let vote = one(all, "poll.vote_cast", None);
        assert_eq!((&vote["user"], &vote["details"]), (&Value::Null, &Value::Null));
        assert_eq!((vote.get("participant"), vote.get("personal")), (None, None));
        one(all, "chat.sent", Some("good morning"));
        // Nobody is told by choosing rows, either.
        let theirs = items(&stage, &format!("{path}?user={}", ben.user()), &admin(&stage)).await;
        assert!(!theirs.is_empty() && !actions(&theirs).contains(&"poll.vote_cast"), "{theirs:?}");
    }
    let mine = items(&stage, &path, &stage.token("Ben")).await;
    assert!(mine.iter().all(|item| item["user"] == json!(ben.user())), "{mine:?}");
    one(&mine, "chat.sent", Some("psst"));
    assert_eq!(one(&mine, "poll.vote_cast", None)["details"]["choices"], json!([1]));
    let (status, no) = get(&stage, &format!("{path}?user=1"), &stage.token("Cyd")).await;
    assert_eq!((status, &no["permission"]), (403, &json!("audit.view")));
    assert_eq!(get(&stage, &path, &stage.token("Eve")).await.0, 404);
}

#[tokio::test]
async fn the_audit_comes_in_pages_and_by_what_is_asked_for() {
    let stage = Stage::set().await;
    let (meeting, _people) = play(&stage).await;
    let (path, token) = (format!("/api/meetings/{}/audit", meeting.info.id), stage.token("Ada"));
    let all = items(&stage, &path, &token).await;
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, page) = get(&stage, &format!("{path}?limit=3{cursor}"), &token).await;
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, all);
    let chats = items(&stage, &format!("{path}?action=chat.sent"), &token).await;
    assert_eq!(actions(&chats), ["chat.sent", "chat.sent"]);
    let at = all[3]["at"].as_str().unwrap();
    let before = items(&stage, &format!("{path}?to={at}"), &token).await;
    let since = items(&stage, &format!("{path}?from={at}"), &token).await;
    assert_eq!([before, since].concat(), all, "from is within, to is not");
    for (query, field) in [
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("colour=red", "colour"),
        ("from=yesterday", "from"),
        ("user=ben", "user"),
    ] {
        let (status, problem) = get(&stage, &format!("{path}?{query}"), &token).await;
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{query}: {problem}");
    }
    let (_, page) = get(&stage, &format!("{path}?limit=3"), &token).await;
    let other = format!("{path}?action=chat.sent&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(get(&stage, &other, &token).await.0, 422, "the cursor of another list");
}

#[tokio::test]
async fn a_journal_is_verified_and_an_altered_row_is_named() {
    let stage = Stage::set().await;
    let (meeting, _people) = play(&stage).await;
    let base = format!("/api/meetings/{}/audit", meeting.info.id);
    let path = format!("{base}/verify");
    let token = stage.token("Ada");
    let last = items(&stage, &base, &token).await.pop().unwrap();
    let (_, sound) = get(&stage, &path, &token).await;
    let expected =
        json!({ "ok": true, "rows": last["seq"], "head": last["hash"], "first_bad": null });
    assert_eq!(sound, expected);
    assert_eq!(get(&stage, &path, &stage.token("Ben")).await.0, 403);
    let database = rusqlite::Connection::open(stage.config.database()).unwrap();
    database.execute_batch("DROP TRIGGER journal_is_not_altered").unwrap();
    let forge = "UPDATE meeting_audit_logs SET user_id = 0 WHERE seq = 4";
    assert_eq!(database.execute(forge, []).unwrap(), 1);
    let (_, verdict) = get(&stage, &path, &admin(&stage)).await;
    assert_eq!((&verdict["ok"], &verdict["rows"]), (&json!(false), &json!(3)));
    assert_eq!(verdict["first_bad"]["seq"], 4);
}

/// Everything of the feed from the beginning, by small pages; and where to go on.
async fn feed(stage: &Stage, token: &str, mut after: String) -> (Vec<Value>, String) {
    let mut all = Vec::new();
    loop {
        let query = if after.is_empty() { String::new() } else { format!("&after={after}") };
        let (status, page) = get(stage, &format!("/api/events?limit=2{query}"), token).await;
        assert_eq!(status, 200, "{page}");
        all.extend(page["items"].as_array().unwrap().clone());
        after = page["next"].as_str().unwrap().to_owned();
        if page["more"] == false {
            return (all, after);
        }
    }
}

#[tokio::test]
async fn the_feed_tells_each_what_happened_in_their_meetings_in_order() {
    let stage = Stage::set().await;
    let (meeting, [mut ada, ben, _cyd]) = play(&stage).await;
    let other = stage.meeting("Eve", json!({ "title": "Elsewhere" })).await;
    let texts = |items: &[Value]| -> Vec<String> {
        let said = items.iter().filter(|item| item["type"] == "chat.sent");
        said.map(|item| item["data"]["text"].to_string()).collect()
    };
    let (host, next) = feed(&stage, &stage.token("Ada"), String::new()).await;
    assert!(host.iter().all(|item| item["meeting"] == json!(meeting.info.id)));
    assert_eq!(texts(&host), ["\"good morning\"", "null"]);
    assert!(host.iter().all(|item| item["type"] != "poll.vote_cast"), "{host:?}");
    let seqs: Vec<_> = host.iter().map(|item| item["seq"].as_u64().unwrap()).collect();
    assert!(seqs.is_sorted() && host[0]["by"] == json!(ada.user()), "{host:?}");

    let (theirs, _) = feed(&stage, &stage.token("Ben"), String::new()).await;
    assert_eq!(texts(&theirs), ["\"good morning\"", "\"psst\""]);
    assert!(theirs.iter().any(|item| item["type"] == "poll.vote_cast"), "{theirs:?}");
    let joined = theirs.iter().find(|item| item["type"] == "participant.joined").unwrap();
    assert_eq!(joined["by"], json!(ben.user()), "not before they were there");

    let (root, _) = feed(&stage, &admin(&stage), String::new()).await;
    assert!(root.iter().any(|item| item["meeting"] == json!(other.info.id)));
    assert!(root.len() > host.len() && texts(&root) == texts(&host), "{root:?}");
    assert!(root.iter().all(|item| item["type"] != "poll.vote_cast"), "{root:?}");
    assert_eq!(feed(&stage, &stage.token("Dan"), String::new()).await.0, Vec::<Value>::new());

    ada.send(say("one more")).await;
    let (since, _) = feed(&stage, &stage.token("Ada"), next).await;
    assert_eq!(texts(&since), ["\"one more\""]);
    let (status, no) = get(&stage, "/api/events?after=x", &stage.token("Ada")).await;
    assert_eq!((status, &no["field"]), (422, &json!("after")));
}

#[tokio::test]
async fn activity_is_ones_own_and_an_admins_to_read() {
    let stage = Stage::set().await;
    let (meeting, [_, mut ben, _]) = play(&stage).await;
    let second = stage.meeting("Ben", json!({ "title": "Second" })).await;
    ben.send(say("bye")).await;
    let path = format!("/api/users/{}/activity", ben.user());
    let mine = items(&stage, &path, &stage.token("Ben")).await;
    assert_eq!(mine[0]["personal"]["text"], "bye", "newest first");
    assert_eq!(mine[1]["meeting"], json!(second.info.id));
    assert!(mine.iter().any(|item| item["action"] == "poll.vote_cast"));
    let root = items(&stage, &path, &admin(&stage)).await;
    assert!(root.iter().all(|item| item["action"] != "poll.vote_cast"), "{root:?}");
    assert!(root.iter().all(|item| item.get("personal").is_none()), "{root:?}");
    assert_eq!(root.len() + 1, mine.len());
    let chats =
        items(&stage, &format!("{path}?action=chat.sent&limit=1"), &stage.token("Ben")).await;
    assert_eq!((chats.len(), &chats[0]["meeting"]), (1, &json!(meeting.info.id)));
    let (_, page) = get(&stage, &format!("{path}?limit=1"), &stage.token("Ben")).await;
    let next = format!("{path}?limit=200&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(items(&stage, &next, &stage.token("Ben")).await, mine[1..]);
    assert_eq!(get(&stage, &path, &stage.token("Ada")).await.0, 404);
    assert_eq!(get(&stage, "/api/users/x/activity", &admin(&stage)).await.0, 404);
}

#[tokio::test]
async fn a_meeting_is_shown_as_each_saw_it_then() {
    let stage = Stage::set().await;
    let (meeting, [mut ada, mut ben, cyd]) = play(&stage).await;
    let path = format!("/api/meetings/{}/state", meeting.info.id);
    let then: Snapshot = ben.ask(Command::StateGet(Empty {})).await;
    let seen = async |token: &str| {
        let (status, body) = get(&stage, &format!("{path}?seq={}", then.seq), token).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_value::<StateThen>(body).unwrap().state
    };
    let mine = ada.ask::<Snapshot>(Command::StateGet(Empty {})).await;
    ada.send(say("later")).await;
    ben.send(Command::Leave(Leave::default())).await;
    assert_eq!(seen(&stage.token("Ben")).await, then, "also who has left");
    assert_eq!(then.polls[0].mine, Some(vec![1]));
    assert_eq!(seen(&stage.token("Ada")).await, mine);
    let root = seen(&admin(&stage)).await;
    let texts: Vec<_> = root.chat.iter().map(|message| message.text.as_deref()).collect();
    assert_eq!((texts, root.polls[0].mine.clone()), (vec![Some("good morning")], None));
    // Before Cyd came.
    let (status, no) = get(&stage, &format!("{path}?seq=2"), &stage.token("Cyd")).await;
    assert_eq!((status, &no["permission"]), (403, &json!("audit.view")), "{}", cyd.id());
    for (query, field) in [
        ("seq=9999", "seq"),
        ("seq=0", "seq"),
        ("at=2001-01-01T00:00:00Z", "at"),
        ("", "at"),
        ("seq=1&at=2001-01-01T00:00:00Z", "at"),
        ("seq=-1", "seq"),
    ] {
        let (status, problem) = get(&stage, &format!("{path}?{query}"), &stage.token("Ada")).await;
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{query}: {problem}");
    }
    let now = get(&stage, &format!("{path}?at=2100-01-01T00:00:00Z"), &stage.token("Ada")).await;
    assert_eq!(now.1["chat"].as_array().unwrap().last().unwrap()["text"], "later");
}
