//! Coming back after a lost connection, and saying a command twice.

use quorate_client::Notice;
use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Socket, Stage, assign, chat};

const RAISE: Command = Command::HandRaise(Empty {});

/// The numbers of the events in what comes after a welcome back, and the `up_to` at the end.
async fn caught_up(socket: &mut Socket) -> (Vec<u64>, u64) {
    let mut seqs = Vec::new();
    loop {
        let frame = socket.hear().await;
        // That someone's connection was lost is told in between.
        if frame["type"] == "signals" {
            continue;
        }
        assert_eq!(frame["type"], "events", "{frame}");
        let events = frame["events"].as_array().unwrap();
        seqs.extend(events.iter().map(|event| event["seq"].as_u64().unwrap()));
        if let Some(up_to) = frame["up_to"].as_u64() {
            return (seqs, up_to);
        }
    }
}

fn seq(welcome: &Value) -> u64 {
    welcome["data"]["seq"].as_u64().unwrap()
}

fn participant(welcome: &Value) -> ParticipantId {
    ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap())
}

#[tokio::test]
async fn a_client_that_loses_its_socket_goes_on_where_it_was() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.send(assign(ben.id(), Role::Presenter)).await;
    ben.send(RAISE).await;
    ben.heard().await;
    let session = ben.welcome.session.clone();
    ben.client.drop_socket();
    let welcome = ben.expect_welcome().await.clone();
    assert!(welcome.resumed && welcome.state.is_none());
    assert_eq!(welcome.session, session);
    assert_eq!(welcome.you.role, Role::Presenter);
    let statuses = [Presence::Lost, Presence::Present];
    for status in statuses {
        let changed = ada.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
        let EventBody::ConnectionChanged(changed) = changed.body else { unreachable!() };
        assert_eq!((changed.participant, changed.status), (ben.id(), status));
    }
    let snapshot: Snapshot = ada.ask(Command::StateGet(Empty {})).await;
    assert_eq!(snapshot.hands, [ben.id()], "the hand is still up");
    ada.send(chat("welcome back")).await;
    ben.expect(|event| matches!(event, EventBody::ChatSent(_))).await;
}

#[tokio::test]
async fn one_who_resumes_gets_exactly_what_was_missed() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut carla = stage.join(&meeting, "Carla").await;
    let (ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    carla.heard().await;
    drop(ben);
    carla.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
    let lost = stage.join(&meeting, "Dora").await;
    let shown = lost.state().participants.iter().find(|it| it.id == participant(&welcome));
    assert_eq!(shown.map(|person| person.status), Some(Presence::Lost));
    ada.send(chat("one")).await;
    let private = ChatTo::Participant(carla.id());
    let private = ChatSend { text: "not for Ben".into(), to: Some(private), reply_to: None };
    let private = ada.send(Command::ChatSend(private)).await.seq.unwrap();
    ada.send(RAISE).await;
    let (mut ben, back) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    assert_eq!(back["data"]["resumed"], true);
    let (seqs, up_to) = caught_up(&mut ben).await;
    assert_eq!(up_to, seq(&back));
    let others: Vec<_> = carla.news().await.iter().map(|event| event.seq.0).collect();
    let meant: Vec<_> = others.into_iter().filter(|seq| *seq != private.0).collect();
    // Carla has taken "lost" already; between there and now both see the same.
    assert_eq!(seqs[seqs.len() - meant.len()..], meant);
    assert_eq!(seqs.len(), meant.len() + 1);
    assert!(seqs.is_sorted() && seqs[0] > seq(&welcome));
}

#[tokio::test]
async fn one_who_had_heard_a_part_gets_the_rest() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let mut sent = Vec::new();
    for number in 0..20 {
        sent.push(ada.send(chat(format!("{number}"))).await.seq.unwrap().0);
    }
    drop(ben);
    ada.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
    for had in [0, 7, 19] {
        let (mut ben, back) = stage.resume(&meeting, &welcome, sent[had]).await;
        assert_eq!(back["data"]["resumed"], true);
        let (seqs, up_to) = caught_up(&mut ben).await;
        let chats: Vec<_> = seqs.into_iter().filter(|seq| sent.contains(seq)).collect();
        assert_eq!(chats, sent[had + 1..]);
        assert_eq!(up_to, seq(&back));
    }
}

#[tokio::test]
async fn one_whose_role_changed_meanwhile_starts_from_a_snapshot() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let id = participant(&welcome);
    drop(ben);
    ada.send(assign(id, Role::Moderator)).await;
    let (ben, up) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    assert_eq!(
        (&up["data"]["resumed"], &up["data"]["you"]["role"]),
        (&json!(false), &json!("moderator"))
    );
    assert!(up["data"]["state"]["waiting"].is_array(), "and sees what a moderator sees");
    drop(ben);
    ada.send(assign(id, Role::Attendee)).await;
    let (_ben, down) = stage.resume(&meeting, &up, seq(&up)).await;
    assert_eq!(down["data"]["resumed"], false);
    assert_eq!(down["data"]["you"]["role"], "attendee");
    assert!(down["data"]["state"].get("waiting").is_none());
}

#[tokio::test]
async fn one_who_was_let_in_meanwhile_starts_from_a_snapshot() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    drop(ben);
    let (_ben, back) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    assert_eq!(back["data"]["you"]["status"], "waiting", "the place in the line is held");
    assert_eq!(back["data"]["waiting"]["position"], 1);
    drop(_ben);
    ada.send(crate::stage::admit(participant(&welcome))).await;
    let (_ben, back) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    assert_eq!(
        (&back["data"]["resumed"], &back["data"]["you"]["status"]),
        (&json!(false), &json!("joined"))
    );
    assert!(back["data"]["state"].is_object());
}

#[tokio::test]
async fn one_who_is_ahead_of_the_journal_starts_from_a_snapshot() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (ada, welcome) = stage.knock_as(&meeting, "Ada").await;
    drop(ada);
    let (_ada, back) = stage.resume(&meeting, &welcome, seq(&welcome) + 1000).await;
    assert_eq!(back["data"]["resumed"], false);
    assert_eq!(back["data"]["state"]["seq"], back["data"]["seq"]);
}

#[tokio::test]
async fn a_session_is_resumed_by_its_own_secret_alone() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (_ada, hers) = stage.knock_as(&meeting, "Ada").await;
    let (_ben, his) = stage.knock_as(&meeting, "Ben").await;
    let other = stage.meeting("Ben", json!({})).await;
    let mut mixed = hers.clone();
    mixed["data"]["session"]["token"] = his["data"]["session"]["token"].clone();
    let mut cut = hers.clone();
    cut["data"]["session"]["token"] = json!("AAAA");
    for (meeting, welcome) in [(&meeting, &mixed), (&meeting, &cut), (&other, &hers)] {
        let (mut thief, refusal) = stage.resume(meeting, welcome, 1).await;
        assert_eq!(refusal["error"]["code"], "unauthorized", "{refusal}");
        assert_eq!(thief.ending().await.1, 4501);
    }
}

#[tokio::test]
async fn a_session_has_one_socket_the_newest() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut older, welcome) = stage.knock_as(&meeting, "Ben").await;
    ada.heard().await;
    let (mut newer, back) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    assert_eq!(back["data"]["resumed"], true);
    let (said, code) = older.ending().await;
    assert_eq!((&said.last().unwrap()["data"]["code"], code), (&json!("replaced"), 4509));
    assert_eq!(newer.ask(&RAISE).await["type"], "ok");
    assert_eq!(ada.kinds().await, ["hand.raised"], "nobody was lost");
}

#[tokio::test]
async fn a_command_sent_again_gets_its_first_answer() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let share = MediaUpdate { share: Some(true), ..MediaUpdate::default() };
    let share = Command::MediaUpdate(share);
    let (done, refused) = (ben.ask(&chat("once")).await, ben.ask(&share).await);
    assert_eq!((&done["id"], &refused["id"]), (&json!(2), &json!(3)));
    assert_eq!(refused["error"]["permission"], "media.share");
    ada.send(assign(participant(&welcome), Role::Presenter)).await;
    drop(ben);
    let (mut ben, _) = stage.resume(&meeting, &welcome, 0).await;
    ben.say(&ClientFrame::command(2, &chat("once"))).await;
    assert_eq!(ben.answer(json!(2)).await, done);
    ben.say(&ClientFrame::command(3, &share)).await;
    assert_eq!(ben.answer(json!(3)).await, refused, "though by now it would be allowed");
    ben.say(&ClientFrame::command(4, &share)).await;
    assert_eq!(ben.answer(json!(4)).await["type"], "ok");
    let snapshot: Snapshot = ada.ask(Command::StateGet(Empty {})).await;
    assert_eq!(snapshot.chat.len(), 1, "and it was carried out once");
}

#[tokio::test]
async fn a_question_sent_again_is_answered_again() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    for number in 0..20 {
        ada.ask(&chat(format!("a message to make the answer long, {number}"))).await;
    }
    let ask = [
        Command::StateGet(Empty {}),
        Command::ChatHistory(ChatHistoryGet { before: None, limit: 50 }),
    ];
    for command in ask {
        let id = ada.id();
        for _ in 0..2 {
            ada.say(&ClientFrame::command(id, &command)).await;
            let answer = ada.answer(json!(id)).await;
            assert_eq!(answer["type"], "ok", "{answer}");
        }
    }
}

#[tokio::test]
async fn one_whose_grace_is_over_is_gone() {
    let stage = Stage::with(|config| config.grace_seconds = 1).await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    ben.ask(&RAISE).await;
    assert_eq!(welcome["data"]["session"]["grace_seconds"], 1);
    drop(ben);
    let left = ada.expect(|event| matches!(event, EventBody::ParticipantLeft(_))).await;
    let EventBody::ParticipantLeft(left) = left.body else { unreachable!() };
    assert_eq!((left.participant, left.reason), (participant(&welcome), LeaveReason::Lost));
    let snapshot: Snapshot = ada.ask(Command::StateGet(Empty {})).await;
    assert_eq!((snapshot.total, snapshot.hands), (1, vec![]));
    let (mut back, refusal) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    let error = &refusal["error"];
    assert_eq!((&error["code"], &error["retryable"]), (&json!("unauthorized"), &json!(true)));
    assert_eq!(back.ending().await.1, 4501);
}

#[tokio::test]
async fn one_whose_session_is_over_comes_in_anew_with_the_token_beside() {
    let stage = Stage::with(|config| config.grace_seconds = 1).await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    drop(ben);
    ada.expect(|event| matches!(event, EventBody::ParticipantLeft(_))).await;
    let session = &welcome["data"]["session"];
    let resume = json!({ "session": session["id"], "token": session["token"], "seq": 1 });
    let resume = Some(serde_json::from_value(resume).unwrap());
    let ben = stage.enter(Hello { resume, ..stage.hello(&meeting, "Ben") }).await.unwrap();
    assert!(!ben.welcome.resumed);
    assert_eq!(ben.id(), participant(&welcome), "in the same place");
    assert_ne!(json!(ben.welcome.session.id), session["id"]);
}

#[tokio::test]
async fn a_text_that_was_deleted_meanwhile_does_not_come_with_what_was_missed() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    drop(ben);
    ada.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
    let sent: ChatSent = ada.ask(chat("hunter2")).await;
    ada.send(Command::ChatDelete(ChatDelete { message: sent.message })).await;
    let (mut ben, _) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    loop {
        let frame = ben.hear().await;
        assert!(!frame.to_string().contains("hunter2"), "{frame}");
        if frame["up_to"].is_u64() {
            break;
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_what_was_is_there_when_it_is_back() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, welcome) = stage.knock_as(&meeting, "Ada").await;
    let done = ada.ask(&chat("before")).await;
    let raised = ada.ask(&RAISE).await;
    // The server waits a while for those who do not close.
    let goes = async move { ada.ending().await };
    let ((), (said, code)) = tokio::join!(stage.restart(), goes);
    let bye = &said.last().unwrap()["data"];
    assert_eq!(
        (&bye["code"], &bye["action"], code),
        (&json!("restarting"), &json!("resume"), 4001)
    );
    let seq = done["seq"].as_u64().unwrap();
    let (mut ada, back) = stage.resume(&meeting, &welcome, seq).await;
    assert_eq!(back["data"]["resumed"], true);
    let (seqs, up_to) = caught_up(&mut ada).await;
    assert_eq!(seqs[0], raised["seq"].as_u64().unwrap());
    assert!(seqs.is_sorted() && up_to >= *seqs.last().unwrap());
    ada.say(&ClientFrame::command(2, &chat("before"))).await;
    assert_eq!(ada.answer(json!(2)).await, done, "answered as before, and not carried out again");
    let id = json!(9);
    ada.say(&ClientFrame::command(9, &Command::StateGet(Empty {}))).await;
    let state = ada.answer(id).await;
    assert_eq!(state["data"]["chat"].as_array().unwrap().len(), 1);
    assert_eq!(state["data"]["hands"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_under_way_when_the_socket_was_lost_is_carried_out_once() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.heard().await;
    for number in 0..30 {
        // The order to drop goes before the command, or after it, or between it and its answer.
        if number % 3 == 0 {
            ben.client.drop_socket();
        }
        ben.send(chat(format!("{number}"))).await;
    }
    let texts: Vec<_> = ada
        .news()
        .await
        .into_iter()
        .filter_map(|event| match event.body {
            EventBody::ChatSent(sent) => sent.text,
            _ => None,
        })
        .collect();
    assert_eq!(texts, (0..30).map(|number| number.to_string()).collect::<Vec<_>>());
    let own = ben.heard().await.into_iter();
    let own = own.filter(|notice| {
        matches!(notice, Notice::Event(Event { body: EventBody::ChatSent(_), .. }))
    });
    assert_eq!(own.count(), 30, "the sender too hears each once");
}

#[tokio::test]
async fn an_expired_credential_goes_on_with_a_fresh_token_beside_it() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let hello = Hello { token: Some(stage.expired_token("Ada")), ..stage.hello(&meeting, "Ada") };
    let (socket, welcome) = stage.knock(&hello).await;
    drop(socket);
    let (_, refused) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    assert_eq!(refused["error"]["code"], "unauthorized");
    let token = Some(stage.token("Ada"));
    let (_ada, back) = stage.resume_with(&meeting, &welcome, seq(&welcome), token).await;
    assert_eq!(back["data"]["resumed"], true, "{back}");
    assert_eq!(back["data"]["session"]["id"], welcome["data"]["session"]["id"]);
    // Someone else's token does not: they come in as themselves.
    let token = Some(stage.token("Ben"));
    let (_ben, ben) = stage.resume_with(&meeting, &welcome, seq(&welcome), token).await;
    assert_eq!(ben["data"]["you"]["name"], "Ben");
    assert_ne!(ben["data"]["session"]["id"], welcome["data"]["session"]["id"]);
}

#[tokio::test]
async fn one_whose_account_is_switched_off_does_not_come_back() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (socket, welcome) = stage.knock_as(&meeting, "Ben").await;
    drop(socket);
    stage.sql::<i64>("UPDATE users SET is_active = 0 WHERE username = 'ben' RETURNING id");
    let (mut socket, refused) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    assert_eq!(refused["error"]["code"], "unauthorized");
    let (_, code) = socket.ending().await;
    assert_eq!(code, 4501);
}
