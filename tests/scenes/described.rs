//! What the OpenAPI document says of requests is what is done with them, also with those that nobody sends.

use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::asking::{Told, below};
use crate::stage::Stage;

async fn document(stage: &Stage) -> Value {
    let request = stage.request(Method::GET, "/api/openapi.json", None);
    request.send().await.unwrap().json().await.unwrap()
}

/// The field that is wrong about a request with this header.
async fn wrong_with(
    stage: &Stage,
    (method, path): (&str, &str),
    token: Option<&str>,
    (name, value): (&str, &str),
) -> Value {
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let request = stage.request(method, path, token).header(name, value);
    let answer: Value = request.json(&json!({})).send().await.unwrap().json().await.unwrap();
    answer["field"].clone()
}

#[tokio::test]
async fn a_header_is_described_where_it_is_honoured() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let ada = stage.token("Ada");
    let document = document(&stage).await;
    let mut described = [0, 0];
    for (path, operations) in document["paths"].as_object().unwrap() {
        let at = path.replace("{id}", &meeting.info.id.to_string()).replace(['{', '}'], "");
        for (method, operation) in operations.as_object().unwrap() {
            // What changes nothing needs neither.
            if method == "get" {
                continue;
            }
            let token = operation.get("security").is_none().then_some(ada.as_str());
            let headers = [("If-Match", "no tag"), ("Idempotency-Key", "é")];
            for (count, (name, wrong)) in described.iter_mut().zip(headers) {
                let parameters = operation["parameters"].as_array().unwrap();
                let is_described = parameters.iter().any(|it| it["name"] == name);
                *count += usize::from(is_described);
                let field = wrong_with(&stage, (method, &at), token, (name, wrong)).await;
                assert_eq!(field == name, is_described, "{method} {path}: {name}: {field}");
            }
        }
    }
    assert!(described.iter().all(|count| *count > 15), "{described:?}");
}

#[tokio::test]
async fn what_was_so_already_is_described() {
    let stage = Stage::set().await;
    let ben = stage.join(&stage.meeting("Ben", json!({})).await, "Ben").await.user();
    let meeting = stage.meeting("Ada", json!({})).await;
    let (document, ada) = (document(&stage).await, stage.token("Ada"));
    for below_it in ["/co-hosts", "/invitees", "/bans"] {
        let path = below(&meeting, below_it);
        let ask = || stage.ask(Method::POST, &path, &ada, json!({ "user_id": ben }));
        assert_eq!([ask().await.status, ask().await.status], [201, 200], "{below_it}");
        let operation = &document["paths"][format!("/api/meetings/{{id}}{below_it}")]["post"];
        let [made, already] = ["201", "200"].map(|status| &operation["responses"][status]);
        assert_eq!(already["content"], made["content"]);
        assert!(already["content"]["application/json"].is_object(), "{operation}");
    }
}

#[tokio::test]
async fn an_id_is_written_in_one_way() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await.info.id;
    let user: i64 = stage.sql("SELECT owner_id FROM meetings");
    let token = json!({ "name": "key", "kind": "api" });
    let made = stage.ask(Method::POST, "/api/tokens", &stage.token("Ada"), token).await;
    let (key, root) = (made.body["id"].clone(), stage.admin());
    let invite = format!("/api/meetings/{meeting}/invitees");
    let invited = stage.ask(Method::POST, &invite, &root, json!({ "user_id": 4711 })).await;
    assert_eq!(invited.body["id"], 1);
    for odd in ["+", "0"] {
        for (method, path, body) in [
            (Method::POST, format!("/api/users/{odd}{user}/erase"), Value::Null),
            (Method::PATCH, format!("/api/users/{odd}{user}"), json!({ "is_active": false })),
            (Method::GET, format!("/api/users/{odd}{user}/activity"), Value::Null),
            (Method::DELETE, format!("/api/tokens/{odd}{key}"), Value::Null),
            (Method::GET, format!("/api/meetings/{odd}{meeting}/audit"), Value::Null),
            (Method::POST, format!("{invite}/{odd}1/link"), Value::Null),
        ] {
            let by = if path.contains("tokens") { stage.token("Ada") } else { root.clone() };
            let told = stage.ask(method, &path, &by, body).await;
            assert_eq!(told.problem().0, 404, "{path}: {told:?}");
        }
    }
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM tokens WHERE revoked_at IS NULL"), 1);
    assert_eq!(stage.sql::<String>("SELECT username FROM users WHERE id = 1"), "ada");
    let path = "/api/calendar/%ff.ics";
    let told = stage.ask(Method::GET, path, &root, Value::Null).await;
    assert_eq!(told.problem().0, 404, "{path}: {told:?}");
}

#[tokio::test]
async fn nothing_is_called_off_by_the_name_of_no_occurrence() {
    let stage = Stage::set().await;
    let starts_at = "2100-01-04T10:00:00Z";
    let once = stage.meeting("Ada", json!({ "starts_at": starts_at })).await;
    let weekly = json!({
        "type": "recurring", "starts_at": starts_at, "time_zone": "UTC",
        "recurrence": { "pattern": "weekly" },
    });
    let weekly = stage.meeting("Ada", weekly).await;
    for (meeting, at) in
        [(&once, "2100-01-04T10:00:00Z"), (&weekly, "2100-01-05T10:00:00Z"), (&weekly, "Monday")]
    {
        for scope in ["this", "following", "all"] {
            let path = below(meeting, &format!("/occurrences/{at}?scope={scope}"));
            for (method, body) in
                [(Method::PATCH, json!({ "title": "Changed" })), (Method::DELETE, Value::Null)]
            {
                let told = stage.ask(method, &path, &stage.token("Ada"), body).await;
                assert_eq!(told.problem().0, 404, "{path}: {told:?}");
            }
        }
    }
    let changed = "SELECT count(*) FROM meetings WHERE status <> 'scheduled' OR title = 'Changed'";
    assert_eq!(stage.sql::<i64>(changed), 0);
}

#[tokio::test]
async fn nobody_makes_a_meeting_that_cannot_be_read_again() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let late = json!({ "title": "Late", "starts_at": "9999-12-31T23:59:60Z" });
    let refused = stage.ask(Method::POST, "/api/meetings", &ada, late).await;
    assert_eq!(refused.problem(), (422, "invalid", Some("starts_at")));
    let series = json!({
        "type": "recurring", "starts_at": "2100-01-04T23:30:00Z", "ends_at": "2100-01-05T01:00:00Z",
        "time_zone": "UTC", "recurrence": { "pattern": "daily" },
    });
    let series = stage.meeting("Ada", series).await;
    let last = below(&series, "/occurrences/9999-12-31T23:30:00Z");
    let told = stage.ask(Method::PATCH, &last, &ada, json!({ "title": "The last" })).await;
    assert_eq!((told.status, &told.body["title"]), (200, &json!("The last")), "{told:?}");
    let read = async |path: &str| -> Told { stage.ask(Method::GET, path, &ada, Value::Null).await };
    let listed = read(&below(&series, "/occurrences?from=9999-12-31T00:00:00Z")).await;
    let found: List<OccurrenceInfo> = serde_json::from_value(listed.body).unwrap();
    assert_eq!((found.items.len(), found.next), (1, None));
    for path in ["/api/meetings", "/api/events", &below(&series, "/state?seq=1")] {
        assert_eq!(read(path).await.status, 200, "{path}");
    }
}
