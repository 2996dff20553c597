//! How a meeting goes, and how engaged people are: who is shown what, live and afterwards.

use quorate_client::Notice;
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::asking::below;
use crate::stage::{Person, Stage, chat};

async fn stats(person: &mut Person, mut which: impl FnMut(&Stats) -> bool) -> Stats {
    let told = |signal: &SignalBody| match signal {
        SignalBody::Stats(stats) if which(stats) => Some((**stats).clone()),
        _ => None,
    };
    person.expect_signal(told).await
}

/// A participant as someone reads it.
async fn read(stage: &Stage, meeting: &Meeting, id: ParticipantId, who: &str) -> Value {
    let path = below(meeting, &format!("/participants/{id}"));
    let told = stage.ask(Method::GET, &path, &stage.token(who), Value::Null).await;
    assert_eq!(told.status, 200, "{told:?}");
    told.body
}

#[tokio::test]
async fn the_host_hears_how_it_goes_a_co_host_of_nobody_in_particular_and_attendees_nothing() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut carl = stage.join(&meeting, "Carl").await;
    ada.send(Command::CohostAdd(UserOnly { user: ben.user() })).await;
    carl.send(Command::HandRaise(Empty {})).await;
    let up = |stats: &Stats| stats.longest_hand.is_some();
    let host = stats(&mut ada, up).await;
    assert_eq!(host.longest_hand.unwrap().participant, carl.id());
    assert_eq!((host.present, host.silent.unwrap().count), (3, 3));
    let people: Vec<_> = host.people.unwrap().iter().map(|it| it.participant).collect();
    assert_eq!(people, [ada.id(), ben.id(), carl.id()]);
    let co_host = stats(&mut ben, up).await;
    assert_eq!((co_host.people, co_host.longest_hand), (None, host.longest_hand));
    let heard = carl.heard().await;
    assert!(!heard.iter().any(|it| matches!(it, Notice::Signal(SignalBody::Stats(_)))));
}

#[tokio::test]
async fn ones_own_score_is_ones_own_and_the_hosts() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut carl = stage.join(&meeting, "Carl").await;
    ben.send(chat("hello")).await;
    let get = |participant| Command::EngagementGet(EngagementGet { participant });
    let own: EngagementShown = ben.ask(get(None)).await;
    let chat = own.engagement.unwrap().components.into_iter().find(|it| it.key == "chat").unwrap();
    assert_eq!((chat.raw, chat.available), (Some(1.0), true));
    let theirs: EngagementShown = ada.ask(get(Some(ben.id()))).await;
    assert_eq!((theirs.profile, theirs.weights.presence), (EngagementProfile::Discussion, 35));
    let refused = carl.refused(get(Some(ben.id()))).await;
    assert_eq!(refused.permission, Some(Permission::ReportIndividual));
    for (who, sees) in [("Ada", true), ("Ben", true), ("Carl", false)] {
        let shown = read(&stage, &meeting, ben.id(), who).await;
        assert_eq!(shown["engagement"]["version"].is_u64(), sees, "{who}: {shown}");
        assert_eq!(shown["talk_seconds"].is_u64(), sees, "{who}: {shown}");
        assert_eq!(shown["exclude_from_report"].is_boolean(), sees, "{who}: {shown}");
        // The same in the list.
        let (path, token) = (below(&meeting, "/participants"), stage.token(who));
        let list = stage.ask(Method::GET, &path, &token, Value::Null).await;
        let listed = list.body["items"][1].clone();
        assert_eq!(listed["id"], json!(ben.id()));
        assert_eq!(listed["engagement"].is_object(), sees, "{who}: {listed}");
        assert_eq!(listed["talk_seconds"], shown["talk_seconds"], "{who}");
    }
}

#[tokio::test]
async fn one_who_is_excluded_over_rest_hears_of_it_and_is_scored_no_more() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut carl = stage.join(&meeting, "Carl").await;
    let path = below(&meeting, &format!("/participants/{}", ben.id()));
    let patch = async |who: &str, body: Value| {
        stage.ask(Method::PATCH, &path, &stage.token(who), body).await
    };
    let told = patch("Carl", json!({ "exclude_from_report": true })).await;
    assert_eq!((told.status, &told.body["permission"]), (403, &json!("report.individual")));
    for nothing in [json!({}), json!({ "exclude_from_report": "yes" })] {
        assert_eq!(patch("Ada", nothing).await.status, 422);
    }
    let both = json!({ "exclude_from_report": true, "role": "presenter" });
    assert_eq!(patch("Ada", both).await.status, 200);
    let changed = |event: &EventBody| matches!(event, EventBody::ExclusionChanged(it) if it.excluded && it.participant.0 > 0);
    ben.expect(changed).await;
    ada.expect(changed).await;
    assert!(!carl.kinds().await.contains(&"report.exclusion_changed".to_owned()));
    let shown = read(&stage, &meeting, ben.id(), "Ada").await;
    assert_eq!(shown["role"], "presenter", "both, or neither");
    assert_eq!(shown["exclude_from_report"], true);
    assert!(shown["engagement"].is_null() && shown["talk_seconds"].is_null(), "{shown}");
    let own: EngagementShown = ben.ask(Command::EngagementGet(EngagementGet::default())).await;
    assert_eq!(own.engagement, None);
    let again = patch("Ada", json!({ "exclude_from_report": true })).await;
    assert_eq!((again.status, &again.body["already"]), (200, &json!(true)));
    // After the meeting, too.
    ada.send(Command::MeetingEnd(Empty {})).await;
    assert_eq!(patch("Ada", json!({ "exclude_from_report": false })).await.status, 200);
    let shown = read(&stage, &meeting, ben.id(), "Ada").await;
    assert_eq!(shown["exclude_from_report"], false);
}

#[tokio::test]
async fn after_the_meeting_the_last_score_is_shown_and_no_more_than_is_to_be() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let ben = stage.join(&meeting, "Ben").await;
    let carl = stage.join(&meeting, "Carl").await;
    ada.send(Command::MeetingEnd(Empty {})).await;
    let engagement = json!({ "version": 1, "score": 41.5, "confidence": "low", "components": [] });
    let write = format!(
        "UPDATE meeting_participants SET engagement = '{engagement}', talk_ms = 61999 WHERE id = {}",
        ben.id()
    );
    rusqlite::Connection::open(stage.config.database()).unwrap().execute(&write, []).unwrap();
    for (who, sees) in [("Ada", true), ("Ben", true), ("Carl", false)] {
        let shown = read(&stage, &meeting, ben.id(), who).await;
        let expected =
            if sees { (engagement.clone(), json!(61)) } else { (json!(null), json!(null)) };
        assert_eq!((shown["engagement"].clone(), shown["talk_seconds"].clone()), expected, "{who}");
    }
    let privacy = json!({ "settings": { "privacy": { "names_in_reports": false } } });
    let path = below(&meeting, "");
    let told = stage.ask(Method::PATCH, &path, &stage.token("Ada"), privacy).await;
    assert_eq!(told.status, 200, "{told:?}");
    let shown = read(&stage, &meeting, ben.id(), "Ada").await;
    assert!(shown["engagement"].is_null(), "nobody's but one's own: {shown}");
    let shown = read(&stage, &meeting, ben.id(), "Ben").await;
    assert_eq!(shown["engagement"], engagement);
    drop(carl);
}

#[tokio::test]
async fn a_server_that_measures_no_talk_any_more_tells_none_that_it_measured_before() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let ben = stage.join(&meeting, "Ben").await.id();
    ada.send(Command::MeetingEnd(Empty {})).await;
    let part = |key: &str, raw: f64, weight: f64| {
        json!({ "key": key, "raw": raw, "x": 0.5, "weight": weight, "points": 10.0,
                "available": true })
    };
    let engagement = json!({
        "version": 1, "score": 20.0, "confidence": "normal",
        "components": [part("presence", 61.0, 35.0), part("voice", 77.0, 25.0)],
    });
    rusqlite::Connection::open(stage.config.database())
        .unwrap()
        .execute(
            "UPDATE meeting_participants SET talk_ms = 77000, engagement = ?1",
            [engagement.to_string()],
        )
        .unwrap();
    let shown = read(&stage, &meeting, ben, "Ben").await;
    assert_eq!(shown["engagement"]["components"][1]["raw"], 77.0, "{shown}");
    stage.config.privacy.talk_time = false;
    stage.restart().await;
    for who in ["Ada", "Ben"] {
        let shown = read(&stage, &meeting, ben, who).await;
        assert!(shown["talk_seconds"].is_null(), "{shown}");
        assert!(!shown["engagement"].to_string().contains("77"), "{shown}");
        let [presence, voice] = &shown["engagement"]["components"].as_array().unwrap()[..] else {
            panic!("{shown}")
        };
        assert_eq!((&voice["available"], &voice["points"]), (&json!(false), &json!(0.0)));
        assert_eq!(
            (&presence["points"], &shown["engagement"]["score"]),
            (&json!(50.0), &json!(50.0))
        );
    }
}
