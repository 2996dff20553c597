//! What people say of a meeting: under their names, anonymously, while it runs and after; and who reads it.

use quorate_client::protocol::*;
use reqwest::Method;
use rusqlite::types::Value as Sql;
use serde_json::{Value, json};

use crate::asking::{Told, below};
use crate::stage::{Person, Stage, assign};

fn say(rating: u8, comment: &str) -> Command {
    let (comment, tags) = (Some(comment.to_owned()), vec![format!("tag of {comment}")]);
    Command::FeedbackSubmit(FeedbackSubmit { rating, comment, tags })
}

async fn give(stage: &Stage, meeting: &Meeting, name: &str, body: Value) -> Told {
    let headers = [("idempotency-key", "once")];
    let path = below(meeting, "/feedback");
    stage.ask_with(Method::POST, &path, &stage.token(name), body, &headers).await
}

async fn seen(stage: &Stage, meeting: &Meeting, token: &str) -> FeedbackSummary {
    let told = stage.ask(Method::GET, &below(meeting, "/feedback"), token, Value::Null).await;
    assert_eq!(told.status, 200, "{told:?}");
    serde_json::from_value(told.body).unwrap()
}

async fn read(stage: &Stage, path: &str, token: &str) -> String {
    let told = stage.ask(Method::GET, path, token, Value::Null).await;
    assert_eq!(told.status, 200, "{path}: {told:?}");
    told.body.to_string()
}

async fn end(ada: &mut Person) {
    ada.send(Command::MeetingEnd(Empty {})).await;
}

#[tokio::test]
async fn what_is_said_under_a_name_is_read_by_whom_it_is_for_and_by_nobody_else() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "co_hosts": [] })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut mia = stage.join(&meeting, "Mia").await;
    let _cyd = stage.join(&meeting, "Cyd").await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    let grants = vec![Permission::ReportAggregate];
    let grant = PersonPermissions { participant: mia.id(), permissions: grants };
    ada.send(Command::RoleGrant(grant)).await;
    ben.send(say(2, "secretly dull")).await;
    ben.send(say(1, "secretly boring")).await;
    let is_fact = |it: &EventBody| matches!(it, EventBody::FeedbackSubmitted(_));
    let told = mia.expect(is_fact).await;
    let EventBody::FeedbackSubmitted(told) = told.body else { panic!("is submitted") };
    assert_eq!(told.participant, Some(ben.id()));

    let (of_ada, of_ben, of_mia) = (stage.token("Ada"), stage.token("Ben"), stage.token("Mia"));
    let few = seen(&stage, &meeting, &of_mia).await;
    assert_eq!((few.raters, few.mean, few.comments.len()), (Some(1), None, 0));
    let own = seen(&stage, &meeting, &of_ben).await;
    assert_eq!((own.raters, own.open, own.closes_at), (None, true, None));
    let yours = own.yours.unwrap();
    assert_eq!((yours.rating, yours.comment.as_deref()), (1, Some("secretly boring")));
    assert_eq!(yours.tags, ["tag of secretly boring"]);
    let host = seen(&stage, &meeting, &of_ada).await;
    assert_eq!(host.comments[0].participant, Some(ben.id()));

    // The meeting goes on without them, and is over.
    end(&mut ada).await;
    assert_eq!(give(&stage, &meeting, "Cyd", json!({ "rating": 5 })).await.status, 200);
    assert_eq!(give(&stage, &meeting, "Cyd", json!({ "rating": 5 })).await.status, 200);
    assert_eq!(give(&stage, &meeting, "Mia", json!({ "rating": 3 })).await.status, 200);
    let stranger = give(&stage, &meeting, "Eve", json!({ "rating": 3 })).await;
    assert_eq!(stranger.problem(), (404, "not_found", None));
    let bad = give(&stage, &meeting, "Mia", json!({ "rating": 6 })).await;
    assert_eq!(bad.problem(), (422, "invalid", Some("rating")));
    let enough = seen(&stage, &meeting, &of_mia).await;
    assert_eq!((enough.raters, enough.mean), (Some(3), Some(3.0)));
    assert_eq!(enough.counts, [1, 0, 1, 0, 1]);
    assert_eq!(enough.comments[0].participant, None, "who may not see it of each");
    assert!(enough.open && enough.closes_at.is_some());

    // Neither staff nor auditors nor administrators find it anywhere else.
    let root = stage.admin();
    let (id, secret) = (meeting.info.id, "secretly");
    for token in [&of_ada, &of_mia, &root] {
        let paths = [
            below(&meeting, "/audit?limit=200"),
            "/api/events?limit=200".to_owned(),
            below(&meeting, ""),
            format!("/api/users/{}/activity", ben.user()),
        ];
        for path in paths {
            let told = stage.ask(Method::GET, &path, token, Value::Null).await.body.to_string();
            let others = ["\"rating\":1", "\"rating\":2", "\"rating\":5", secret];
            assert!(!others.iter().any(|it| told.contains(it)), "{path}: {told}");
        }
    }
    let audit = read(&stage, &below(&meeting, "/audit?limit=200"), &of_ada).await;
    assert!(audit.contains("feedback.submitted"), "that it happened");
    let state = format!("/api/meetings/{id}/state?at=2100-01-01T00:00:00Z");
    let told = read(&stage, &state, &root).await;
    assert!(!told.contains(secret), "{told}");
    let mine = read(&stage, &below(&meeting, "/audit?limit=200"), &of_ben).await;
    assert!(mine.contains("secretly dull"), "one's own: {mine}");
    for person in [&mut mia, &mut ada] {
        // What was heard until the goodbye.
        let heard = format!("{:?}", person.expect_bye().await);
        assert!(!heard.contains(secret));
    }

    let participants = below(&meeting, "/participants");
    let own = read(&stage, &participants, &of_ben).await;
    assert!(own.contains("secretly boring"), "{own}");
    let others = read(&stage, &participants, &of_mia).await;
    assert!(!others.contains(secret) && others.contains(r#""rating":3"#), "{others}");
    let each = read(&stage, &participants, &of_ada).await;
    assert!(each.contains("secretly boring"), "{each}");

    // Erased: gone from the journal and from the table.
    let path = format!("/api/users/{}/erase", ben.user());
    assert_eq!(stage.ask(Method::POST, &path, &root, Value::Null).await.status, 200);
    let each = read(&stage, &participants, &of_ada).await;
    assert!(!each.contains(secret), "{each}");
    let left: i64 = stage.sql(&format!(
        "SELECT count(*) FROM meeting_audit_logs WHERE meeting_id = {id} \
         AND instr(coalesce(personal, ''), 'secretly') > 0"
    ));
    assert_eq!(left, 0);
}

#[tokio::test]
async fn names_that_are_not_in_reports_stand_beside_no_feedback() {
    let privacy = json!({ "privacy": { "names_in_reports": false } });
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "settings": privacy })).await;
    let ada = stage.join(&meeting, "Ada").await;
    assert!(!ada.welcome.privacy.names_in_reports);
    let mut ben = stage.join(&meeting, "Ben").await;
    ben.send(say(1, "secretly boring")).await;
    let token = stage.token("Ada");
    assert!(seen(&stage, &meeting, &token).await.comments.is_empty());
    let told = read(&stage, &below(&meeting, "/participants"), &token).await;
    assert!(!told.contains("secretly"), "{told}");
}

#[tokio::test]
async fn of_one_who_is_excluded_from_reports_nothing_is_told_by_name_anywhere() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ben.send(say(1, "secretly boring")).await;
    let (token, of_ben) = (stage.token("Ada"), stage.token("Ben"));
    let one = below(&meeting, &format!("/participants/{}", ben.id()));
    let paths = ["/feedback", "/participants", "/report"].map(|path| below(&meeting, path));
    let paths = [&paths[..], &[one]].concat();
    for excluded in [false, true] {
        let exclude = ReportExclude { participant: ben.id(), excluded };
        ada.send(Command::ReportExclude(exclude)).await;
        for path in &paths {
            let told = read(&stage, path, &token).await;
            assert_eq!(told.contains("secretly"), !excluded, "{path}: {told}");
        }
    }
    // They see their own.
    for path in [&paths[0], &paths[1], &paths[3]] {
        assert!(read(&stage, path, &of_ben).await.contains("secretly"), "{path}");
    }
    // With enough others it is told together, and without their name.
    for (name, rating) in [("Cyd", 4), ("Dan", 5)] {
        stage.join(&meeting, name).await.send(say(rating, "fine")).await;
    }
    for path in [&paths[0], &paths[2]] {
        let told = stage.ask(Method::GET, path, &token, Value::Null).await.body;
        let feedback = told.get("feedback").unwrap_or(&told);
        let comments = feedback["comments"].as_array().unwrap();
        let theirs = comments.iter().find(|it| it["comment"] == "secretly boring").unwrap();
        assert_eq!((&theirs["participant"], comments.len()), (&Value::Null, 3), "{path}");
    }
}

/// Every row of every table in which a text stands, as the table's name and the row's values.
fn rows_with(stage: &Stage, text: &str) -> Vec<(String, Vec<Sql>)> {
    let database = rusqlite::Connection::open(stage.config.database()).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let mut tables = database.prepare(tables).unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(tables.len() > 15, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let mut rows = database.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = rows.column_count();
        let rows = rows.query_map([], |row| (0..columns).map(|n| row.get(n)).collect()).unwrap();
        for row in rows {
            let row: Vec<Sql> = row.unwrap();
            let holds = row.iter().any(|value| match value {
                Sql::Text(it) => it.contains(text),
                Sql::Blob(it) => it.windows(text.len()).any(|part| part == text.as_bytes()),
                _ => false,
            });
            if holds {
                found.push((table.clone(), row));
            }
        }
    }
    found
}

#[tokio::test]
async fn what_is_said_anonymously_is_tied_to_nobody() {
    let mut stage = Stage::set().await;
    let settings = json!({ "feedback": "anonymous", "feedback_days": 0, "reusable": true });
    let meeting = stage.meeting("Ada", json!({ "settings": settings })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let _cyd = stage.join(&meeting, "Cyd").await;
    ben.send(say(1, "quietly one")).await;
    ben.send(say(2, "quietly two")).await;
    ada.send(say(4, "quietly four")).await;
    let body = json!({ "rating": 3, "comment": "quietly three", "tags": ["calm"] });
    for _ in 0..2 {
        let told = give(&stage, &meeting, "Cyd", body.clone()).await;
        assert_eq!((told.status, told.body), (200, json!({})));
    }
    let (of_ada, root) = (stage.token("Ada"), stage.admin());
    for token in [&of_ada, &root] {
        let all = seen(&stage, &meeting, token).await;
        assert_eq!((all.raters, all.mean, all.yours), (Some(3), Some(3.0), None));
        assert_eq!(all.counts, [0, 1, 1, 1, 0]);
        assert!(all.comments.iter().all(|it| it.participant.is_none()));
        assert_eq!(all.comments.len(), 3);
        for path in ["/audit?limit=200", "/participants", "/state?at=2100-01-01T00:00:00Z"] {
            let told = read(&stage, &below(&meeting, path), token).await;
            assert!(!told.contains("quietly") && !told.contains("\"rating\""), "{path}: {told}");
        }
    }
    let change = Policy { feedback: Some(FeedbackMode::Named), ..Policy::default() };
    let refused = ada.refused(Command::MeetingPolicy(Box::new(change))).await;
    assert_eq!(refused.code, Code::Conflict);

    // Whose it is only the key tells, while feedback is open; and the journal tells of each rater once.
    let keys = "SELECT count(*) FROM meeting_ballot_keys";
    assert_eq!(stage.sql::<i64>(keys), 1);
    let journal = "SELECT count(*) FROM meeting_audit_logs WHERE action = 'feedback.submitted'";
    assert_eq!(stage.sql::<i64>(journal), 3);
    let nobodys = format!(
        "{journal} AND user_id = 0 AND participant_id IS NULL AND session_id IS NULL \
         AND command_id IS NULL AND answer IS NULL AND personal IS NULL AND via IS NULL \
         AND details = '{{\"participant\":null}}' AND audience = 'rank:60'"
    );
    assert_eq!(stage.sql::<i64>(&nobodys), 3);
    for table in ["idempotency_keys", "meeting_participants WHERE feedback IS NOT NULL"] {
        // The meeting was made without a key.
        assert_eq!(stage.sql::<i64>(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    for (text, rating) in [("quietly two", 2), ("quietly three", 3), ("quietly four", 4)] {
        let [(table, row)] = &rows_with(&stage, text)[..] else { panic!("{text}: one row") };
        assert_eq!(table, "meeting_ballots");
        let [Sql::Integer(id), Sql::Blob(voter), Sql::Integer(stars), Sql::Text(_), Sql::Text(_)] =
            &row[..]
        else {
            panic!("{row:?}")
        };
        assert_eq!((*id, voter.len(), *stars), (meeting.info.id.0, 32, rating));
    }
    assert!(rows_with(&stage, "quietly one").is_empty(), "what was said before is gone");

    end(&mut ada).await;
    assert_eq!(stage.sql::<i64>(keys), 0, "the key goes when feedback closes");
    let late = give(&stage, &meeting, "Ben", json!({ "rating": 3 })).await;
    assert_eq!(late.problem(), (409, "conflict", None));
    assert!(!seen(&stage, &meeting, &of_ada).await.open);
    // After a restart too, nothing in the file ties anyone to what was said.
    drop((ada, ben));
    stage.restart().await;
    assert_eq!(seen(&stage, &meeting, &of_ada).await.mean, Some(3.0));
    assert_eq!(rows_with(&stage, "quietly").len(), 3);
    // A meeting that goes on takes feedback again, under another key.
    let mut ada = stage.join(&meeting, "Ada").await;
    ada.send(say(5, "quietly five")).await;
    assert_eq!(stage.sql::<i64>(keys), 1);
    assert_eq!(rows_with(&stage, "quietly").len(), 4);
}

#[tokio::test]
async fn a_summary_is_published_also_when_the_meeting_is_over() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let text = "We ship on Friday.".to_owned();
    ada.send(Command::SummaryPublish(SummaryPublish { text: text.clone() })).await;
    let told = ben.expect(|it| matches!(it, EventBody::SummaryPublished(_))).await;
    assert_eq!(told.body, EventBody::SummaryPublished(SummaryPublished { text: Some(text) }));
    end(&mut ada).await;
    let path = below(&meeting, "/summary");
    let put = async |name: &str, body: Value| {
        stage.ask(Method::PUT, &path, &stage.token(name), body).await
    };
    let done = put("Ada", json!({ "text": "We ship on Monday." })).await;
    assert_eq!((done.status, done.body), (200, json!({})));
    let refused = put("Ben", json!({ "text": "Mine" })).await;
    assert_eq!(refused.problem(), (403, "forbidden", None));
    let long = put("Ada", json!({ "text": "x".repeat(4001) })).await;
    assert_eq!(long.problem(), (413, "too_large", Some("text")));
    let odd = put("Ada", json!({ "text": "x", "more": 1 })).await;
    assert_eq!(odd.problem().0, 422, "{odd:?}");
}
