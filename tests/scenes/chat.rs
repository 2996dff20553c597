//! Chat: who gets what, what deletion takes away, and the way back through history.

use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage, assign, chat};

fn chat_to(text: &str, to: ChatTo) -> Command {
    Command::ChatSend(ChatSend { text: text.into(), to: Some(to), reply_to: None })
}

fn delete(message: MessageId) -> Command {
    Command::ChatDelete(ChatDelete { message })
}

fn history(before: Option<MessageId>, limit: u32) -> Command {
    Command::ChatHistory(ChatHistoryGet { before, limit })
}

async fn send(person: &mut Person, command: Command) -> MessageId {
    person.ask::<ChatSent>(command).await.message
}

/// The texts of the messages among what was heard.
async fn texts(person: &mut Person) -> Vec<String> {
    let text = |event: Event| match event.body {
        EventBody::ChatSent(sent) => sent.text,
        _ => None,
    };
    person.news().await.into_iter().filter_map(text).collect()
}

/// Ada hosts, Mia moderates, Ben and Carla take part; all is heard.
async fn cast(stage: &Stage, meeting: &Meeting) -> [Person; 4] {
    let mut ada = stage.join(meeting, "Ada").await;
    let mut mia = stage.join(meeting, "Mia").await;
    let mut ben = stage.join(meeting, "Ben").await;
    let mut carla = stage.join_guest(meeting, "Carla").await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    for person in [&mut ada, &mut mia, &mut ben, &mut carla] {
        person.heard().await;
    }
    [ada, mia, ben, carla]
}

#[tokio::test]
async fn a_message_reaches_exactly_those_it_is_for() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [mut ada, mut mia, mut ben, mut carla] = cast(&stage, &meeting).await;
    let public = send(&mut ben, chat("to all")).await;
    send(&mut ben, chat_to("to Carla", ChatTo::Participant(carla.id()))).await;
    send(&mut carla, chat_to("to staff", ChatTo::Staff)).await;
    assert_eq!(texts(&mut ada).await, ["to all", "to staff"]);
    assert_eq!(texts(&mut mia).await, ["to all", "to staff"]);
    assert_eq!(texts(&mut ben).await, ["to all", "to Carla"]);
    assert_eq!(texts(&mut carla).await, ["to all", "to Carla", "to staff"]);

    for (person, sees) in [
        (&mut ada, &["to all", "to staff"][..]),
        (&mut ben, &["to all", "to Carla"]),
        (&mut carla, &["to all", "to Carla", "to staff"]),
    ] {
        let snapshot: Snapshot = person.ask(Command::StateGet(Empty {})).await;
        let shown: Vec<_> = snapshot.chat.iter().filter_map(|it| it.text.as_deref()).collect();
        assert_eq!(shown, sees, "the snapshot has the same");
        let page: Page<ChatMessage> = person.ask(history(None, 200)).await;
        let shown: Vec<_> = page.items.iter().rev().filter_map(|it| it.text.as_deref()).collect();
        assert_eq!(shown, sees, "and so has history");
    }
    let reply = ChatSend { text: "yes".into(), to: None, reply_to: Some(public) };
    carla.send(Command::ChatSend(reply)).await;
    let heard = ben.expect(|event| matches!(event, EventBody::ChatSent(_))).await;
    let EventBody::ChatSent(sent) = heard.body else { unreachable!() };
    assert_eq!((sent.reply_to, heard.by), (Some(public), Some(carla.id())));
    assert_eq!(sent.message.0, heard.seq.0, "a message's id is its event's number");
}

#[tokio::test]
async fn one_answers_only_what_one_has_seen_and_writes_only_to_who_is_in() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [mut ada, mia, mut ben, mut carla] = cast(&stage, &meeting).await;
    let private = send(&mut ben, chat_to("psst", ChatTo::Participant(carla.id()))).await;
    let reply = ChatSend { text: "what?".into(), to: None, reply_to: Some(private) };
    assert_eq!(ada.refused(Command::ChatSend(reply)).await.code, Code::NotFound);
    let oneself = chat_to("note", ChatTo::Participant(ben.id()));
    assert_eq!(ben.refused(oneself).await.field.as_deref(), Some("to"));
    let nobody = chat_to("hello?", ChatTo::Participant(ParticipantId(4711)));
    assert_eq!(ben.refused(nobody).await.code, Code::NotFound);
    carla.send(Command::Leave(Leave::default())).await;
    let gone = ben.refused(chat_to("still there?", ChatTo::Participant(carla.id()))).await;
    assert_eq!((gone.code, gone.last.as_deref()), (Code::NotFound, Some("left")));
    drop(mia);
}

#[tokio::test]
async fn a_deleted_text_is_gone_and_a_tombstone_stays() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [_ada, mut mia, mut ben, mut carla] = cast(&stage, &meeting).await;
    let own = send(&mut ben, chat("my password is hunter2")).await;
    let other = send(&mut carla, chat("and mine is 1234")).await;
    let refusal = ben.refused(delete(other)).await;
    assert_eq!(refusal.permission, Some(Permission::ChatModerate));
    ben.send(delete(own)).await;
    mia.send(delete(other)).await;
    assert!(ben.send(delete(own)).await.data.contains(r#""already":true"#));
    for _ in 0..2 {
        carla.expect(|event| matches!(event, EventBody::ChatDeleted(_))).await;
    }
    let snapshot: Snapshot = carla.ask(Command::StateGet(Empty {})).await;
    let page: Page<ChatMessage> = carla.ask(history(None, 50)).await;
    let late = stage.join(&meeting, "Dora").await;
    for shown in [&snapshot.chat, &page.items, &late.state().chat] {
        assert_eq!(shown.len(), 2);
        assert!(shown.iter().all(|message| message.deleted && message.text.is_none()));
    }
    for message in [own, other] {
        let row = format!(
            "FROM meeting_audit_logs WHERE meeting_id = {} AND seq = {message}",
            meeting.info.id
        );
        assert_eq!(stage.sql::<Option<String>>(&format!("SELECT personal {row}")), None);
        assert_eq!(stage.sql::<Option<Vec<u8>>>(&format!("SELECT salt {row}")), None);
        assert_eq!(stage.sql::<String>(&format!("SELECT action {row}")), "chat.sent");
    }
    let texts = "SELECT count(*) FROM meeting_audit_logs \
                 WHERE personal LIKE '%hunter2%' OR details LIKE '%hunter2%' \
                 OR answer LIKE '%hunter2%'";
    assert_eq!(stage.sql::<i64>(texts), 0);
}

#[tokio::test]
async fn a_private_message_is_deleted_before_those_who_saw_it_alone() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [mut ada, _mia, mut ben, mut carla] = cast(&stage, &meeting).await;
    let private = send(&mut ben, chat_to("psst", ChatTo::Participant(carla.id()))).await;
    assert_eq!(ada.refused(delete(private)).await.code, Code::NotFound, "not even staff");
    ben.send(delete(private)).await;
    assert_eq!(carla.kinds().await, ["chat.sent", "chat.deleted"]);
    assert_eq!(ada.kinds().await, Vec::<String>::new());
}

#[tokio::test]
async fn history_goes_back_past_what_is_in_memory() {
    const MESSAGES: usize = 430;
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut sent = Vec::new();
    for number in 0..MESSAGES {
        sent.push(send(&mut ada, chat(format!("message {number}"))).await);
    }
    ada.send(delete(sent[3])).await;
    let mut ben = stage.join(&meeting, "Ben").await;
    assert_eq!(ben.state().chat.len(), 50, "the last fifty come with the snapshot");
    let (mut read, mut before) = (Vec::new(), None);
    loop {
        let page: Page<ChatMessage> = ben.ask(history(before, 100)).await;
        assert!(page.items.len() <= 100);
        read.extend(page.items);
        let Some(next) = page.next else { break };
        before = Some(MessageId(next.try_into().unwrap()));
    }
    read.reverse();
    assert_eq!(read.len(), MESSAGES, "each once");
    for (number, message) in read.iter().enumerate() {
        assert_eq!(message.message, sent[number]);
        let text = (number != 3).then(|| format!("message {number}"));
        assert_eq!((&message.text, message.deleted), (&text, number == 3));
    }
    let page: Page<ChatMessage> = ben.ask(history(Some(sent[0]), 100)).await;
    assert_eq!((page.items.len(), page.next), (0, None), "nothing before the first");
}

#[tokio::test]
async fn late_comers_read_what_was_before_only_where_the_meeting_says_so() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "settings": { "chat_history": "since_join" } }));
    let meeting = meeting.await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let before = send(&mut ada, chat("before Ben")).await;
    let mut ben = stage.join(&meeting, "Ben").await;
    assert_eq!(ben.state().chat, []);
    assert_eq!(ben.refused(delete(before)).await.code, Code::NotFound);
    ada.send(chat("after Ben")).await;
    let page: Page<ChatMessage> = ben.ask(history(None, 50)).await;
    assert_eq!(page.items.len(), 1);
}
