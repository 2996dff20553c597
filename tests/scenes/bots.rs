//! Bots: what their tokens let them do, where they let them in, and what their owners take with them.

use Permission as P;
use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage, chat, hello_with};

const SCOPES: [Permission; 4] = [P::ChatSend, P::MeetingLock, P::ParticipantList, P::PollVote];

async fn bot(stage: &Stage, meeting: &Meeting, owner: Option<&str>) -> Person {
    let owner = owner.map(str::to_owned);
    let token = stage.bot_token("Greeter", &SCOPES, |claims| claims.owner = owner);
    stage.enter(hello_with(meeting, token)).await.unwrap()
}

#[tokio::test]
async fn a_bot_is_shown_as_one_and_may_what_its_scopes_say() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "max_participants": 2 })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut bot = bot(&stage, &meeting, Some("ada")).await;
    let you = bot.welcome.you.clone();
    assert_eq!((you.kind, you.name.as_str(), you.role), (UserKind::Bot, "Greeter", Role::Attendee));
    let may: Vec<_> = P::ALL.iter().filter(|permission| you.can.allow(**permission)).collect();
    assert_eq!(may, [&P::MeetingLock, &P::ParticipantList, &P::ChatSend], "votes are people's");
    bot.send(chat("hello, people")).await;
    bot.send(Command::MeetingLock(Empty {})).await;
    bot.send(Command::MeetingUnlock(Empty {})).await;
    assert_eq!(bot.refused(Command::HandRaise(Empty {})).await.permission, Some(P::HandRaise));
    let kind: String = stage.sql("SELECT kind FROM users WHERE username = 'bot:greeter'");
    assert_eq!(kind, "bot");

    // It takes nobody's seat.
    let mut ben = stage.join(&meeting, "Ben").await;
    assert_eq!((ben.state().total, ben.state().participants.len()), (2, 3));
    assert_eq!(stage.turned_back(&meeting, "Carl").await.code, Code::MeetingFull);
    let token = stage.token("Ada");
    let path = format!("/api/meetings/{}", meeting.info.id);
    let request = stage.request(reqwest::Method::GET, &path, Some(&token));
    let shown: Meeting = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(shown.present, 2);

    let assign = crate::stage::assign(bot.id(), Role::Moderator);
    assert_eq!(ada.refused(assign).await.code, Code::Conflict);
    let cohost = Command::CohostAdd(UserOnly { user: bot.user() });
    assert_eq!(ada.refused(cohost).await.code, Code::Conflict);
    ben.send(Command::Leave(Leave::default())).await;
}

#[tokio::test]
async fn a_bot_hears_at_once_that_its_owner_may_less() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let cora = stage.join(&meeting, "Cora").await;
    ada.send(Command::CohostAdd(UserOnly { user: cora.user() })).await;
    let here = meeting.info.id;
    let token = stage.bot_token("Clock", &SCOPES, |claims| {
        (claims.owner, claims.meetings) = (Some("cora".to_owned()), Some(vec![here]));
    });
    let mut bot = stage.enter(hello_with(&meeting, token)).await.unwrap();
    assert!(bot.welcome.you.can.allow(P::MeetingLock));
    ada.send(Command::CohostRemove(UserOnly { user: cora.user() })).await;
    let can = |signal: &SignalBody| match signal {
        SignalBody::Can(can) => Some(can.can.clone()),
        _ => None,
    };
    let now = bot.expect_signal(can).await;
    assert_eq!(now.0[&P::MeetingLock], Grant::No(Denial::Role));
    assert!(now.allow(P::ChatSend));
    let refusal = bot.refused(Command::MeetingLock(Empty {})).await;
    assert_eq!(refusal.permission, Some(P::MeetingLock));
    ada.send(Command::ParticipantRemove(PersonReason { participant: cora.id(), reason: None }))
        .await;
    let now = bot.expect_signal(can).await;
    assert!(!now.allow(P::ChatSend), "its owner was put out");
}

#[tokio::test]
async fn a_bot_reaches_the_meetings_of_its_owner_or_those_it_names_and_sees_no_others() {
    let stage = Stage::set().await;
    let of_ada = stage.meeting("Ada", json!({})).await;
    let of_ben = stage.meeting("Ben", json!({})).await;
    let token = |owner: Option<&str>, meetings: Option<Vec<MeetingId>>| {
        let owner = owner.map(str::to_owned);
        stage.bot_token("Greeter", &SCOPES, |claims| {
            (claims.owner, claims.meetings) = (owner, meetings);
        })
    };
    let nowhere = |token: &str| Hello {
        meeting: MeetingRef::Code("not-here-atall".to_owned()),
        ..hello_with(&of_ada, token.to_owned())
    };
    for (token, reaches_ada, reaches_ben) in [
        (token(Some("ada"), None), true, false),
        (token(Some("ada"), Some(vec![of_ben.info.id])), false, true),
        (token(None, Some(vec![of_ada.info.id])), true, false),
        (token(None, Some(Vec::new())), false, false),
        (token(None, None), true, true),
    ] {
        let missing = stage.turned_back_with(nowhere(&token)).await;
        assert_eq!(missing.code, Code::NotFound);
        for (meeting, reaches) in [(&of_ada, reaches_ada), (&of_ben, reaches_ben)] {
            let id = meeting.info.id;
            let by_code = hello_with(meeting, token.clone());
            if reaches {
                let bot = stage.enter(by_code).await.unwrap();
                assert_eq!(bot.status(), Standing::Waiting, "nobody has started it");
            } else {
                let by_id = Hello { meeting: MeetingRef::Id(id), ..by_code.clone() };
                for hello in [by_code, by_id] {
                    let refusal = stage.turned_back_with(hello).await;
                    assert_eq!(refusal, missing, "as one that is not there");
                }
                let path = format!("/api/meetings/{id}");
                let request = stage.request(reqwest::Method::GET, &path, Some(&token));
                assert_eq!(request.send().await.unwrap().status(), 404);
            }
        }
    }
    let body = json!({ "title": "Mine" });
    let bots = token(None, None);
    let request = stage.request(reqwest::Method::POST, "/api/meetings", Some(&bots)).json(&body);
    assert_eq!(request.send().await.unwrap().status(), 403, "a bot makes no meetings");
    let stranger = hello_with(&of_ada, token(Some("nobody"), None));
    assert_eq!(stage.turned_back_with(stranger).await.code, Code::Unauthorized);
}

#[tokio::test]
async fn a_meeting_has_so_many_bots_and_one_alone_does_not_keep_it_going() {
    let stage = Stage::set().await;
    let settings = json!({ "settings": { "max_bots": 1, "end_when_empty_minutes": 0 } });
    let meeting = stage.meeting("Ada", settings).await;
    let token = |name: &str| stage.bot_token(name, &SCOPES, |_| {});
    let mut first = stage.enter(hello_with(&meeting, token("First"))).await.unwrap();
    assert_eq!(first.status(), Standing::Waiting, "a bot starts no meeting");
    let mut ada = stage.join(&meeting, "Ada").await;
    assert_eq!(first.expect_welcome().await.you.status, Standing::Joined);
    let refusal = stage.turned_back_with(hello_with(&meeting, token("Second"))).await;
    assert_eq!((refusal.code, refusal.limit), (Code::MeetingFull, Some(1)));
    ada.send(Command::Leave(Leave::default())).await;
    assert_eq!(first.expect_bye().await.code, Code::MeetingEnded);
}
