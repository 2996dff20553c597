//! What staff does in the waiting room beside letting in and turning away; and what those who wait hear of
//! the meeting, which is nothing.

use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Person, Socket, Stage, admit, chat, hello_guest};

fn tell(participant: Option<ParticipantId>, text: &str) -> Command {
    Command::WaitingTell(WaitingTell { participant, text: text.to_owned() })
}

fn back(participant: ParticipantId, message: &str) -> Command {
    let message = Some(message.to_owned());
    Command::ParticipantSendToWaiting(SendToWaiting { participant, message })
}

fn told(text: &str) -> impl Fn(&EventBody) -> bool {
    move |event| matches!(event, EventBody::WaitingTold(told) if told.text == text)
}

/// Waits until their standing says this.
async fn reads(person: &mut Person, text: &str) {
    let says = |signal: &SignalBody| match signal {
        SignalBody::WaitingUpdated(standing) => {
            (standing.message.as_deref() == Some(text)).then_some(())
        }
        _ => None,
    };
    person.expect_signal(says).await;
}

#[tokio::test]
async fn what_staff_says_is_heard_by_those_who_wait_and_by_staff_and_by_nobody_else() {
    let stage = Stage::set().await;
    let body = json!({
        "requires_approval": true,
        "settings": { "waiting_message": "The figures come first" },
    });
    let meeting = stage.meeting("Ada", body).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join_guest(&meeting, "Ben").await;
    ada.send(admit(ben.id())).await;
    ben.expect_welcome().await;
    let mut cleo = stage.join_guest(&meeting, "Cleo").await;
    let mut dora = stage.join_guest(&meeting, "Dora").await;
    let first = cleo.welcome.waiting.as_ref().unwrap().message.as_deref();
    assert_eq!(first, Some("The figures come first"));
    ben.heard().await;
    ada.send(tell(None, "five minutes more")).await;
    ada.send(tell(Some(dora.id()), "you are next")).await;
    for person in [&mut ada, &mut cleo, &mut dora] {
        person.expect(told("five minutes more")).await;
    }
    for person in [&mut ada, &mut dora] {
        person.expect(told("you are next")).await;
    }
    reads(&mut cleo, "five minutes more").await;
    reads(&mut dora, "you are next").await;
    assert!(!cleo.kinds().await.contains(&"waiting.told".to_owned()), "that was for another");
    assert_eq!(ben.kinds().await, Vec::<String>::new(), "who is in hears nothing of it");
    assert_eq!(ben.refused(tell(None, "hello")).await.code, Code::Forbidden);
    let again = stage.join_guest(&meeting, "Cleo").await;
    let message = again.welcome.waiting.unwrap().message;
    assert_eq!(message.as_deref(), Some("five minutes more"), "on a new socket too");
}

#[tokio::test]
async fn one_sent_back_hears_no_more_of_the_meeting_until_let_in_again() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut cleo = stage.join(&meeting, "Cleo").await;
    let (mut ben, first) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    let id = ParticipantId(first["data"]["you"]["participant"].as_i64().unwrap());
    ben.ask(&Command::HandRaise(Empty {})).await;
    cleo.send(chat("a word before")).await;
    ada.send(back(id, "one moment, please")).await;
    cleo.send(chat("a word behind his back")).await;
    cleo.send(Command::HandRaise(Empty {})).await;
    for person in [&mut ada, &mut cleo] {
        let left = person.expect(|event| matches!(event, EventBody::ParticipantLeft(_))).await;
        let reason = LeaveReason::Waiting;
        assert_eq!(
            left.body,
            EventBody::ParticipantLeft(ParticipantLeft { participant: id, reason })
        );
    }
    ada.expect(|event| matches!(event, EventBody::ReturnedToWaiting(_))).await;
    assert!(!cleo.kinds().await.contains(&"participant.returned_to_waiting".to_owned()));
    let snapshot: Snapshot = cleo.ask(Command::StateGet(Empty {})).await;
    assert_eq!((snapshot.total, snapshot.hands), (2, vec![cleo.id()]), "his hand is down");
    let list: Page<WaitingEntry> = ada.ask(Command::WaitingList(Empty {})).await;
    assert_eq!((list.items[0].participant, list.items[0].reason), (id, WaitReason::Approval));

    let refusal = ben.say_and_hear(&chat("let me in")).await;
    let (heard, answer) = refusal;
    assert_eq!(answer["error"]["code"], "waiting", "{answer}");
    let welcome = heard.iter().find(|frame| frame["type"] == "welcome").expect("a second welcome");
    assert!(welcome.get("id").is_none() && welcome["data"].get("state").is_none(), "{welcome}");
    assert_eq!(welcome["data"]["you"]["status"], "waiting");
    assert_eq!(welcome["data"]["waiting"]["message"], "one moment, please");
    assert_eq!(welcome["data"]["session"], first["data"]["session"], "the session stays");
    let all = heard.iter().map(Value::to_string).collect::<String>();
    for secret in ["behind his back", "participant.left", "hand.raised"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }

    // A dropped connection changes nothing of it.
    drop(ben);
    let seq = welcome["data"]["seq"].as_u64().unwrap();
    let (mut ben, resumed) = stage.resume(&meeting, &first, seq).await;
    assert_eq!(resumed["data"]["you"]["status"], "waiting", "{resumed}");
    ada.send(admit(id)).await;
    let again = loop {
        let frame = ben.hear().await;
        assert!(!frame.to_string().contains("behind his back") || frame["type"] == "welcome");
        if frame["type"] == "welcome" {
            break frame;
        }
    };
    assert_eq!(again["data"]["you"]["status"], "joined");
    assert_eq!(again["data"]["state"]["total"], 3);
    assert_eq!(ben.ask(&chat("thank you")).await["type"], "ok");
}

#[tokio::test]
async fn one_sent_back_while_away_finds_that_they_wait() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (ben, first) = stage.knock_as(&meeting, "Ben").await;
    let id = ParticipantId(first["data"]["you"]["participant"].as_i64().unwrap());
    drop(ben);
    ada.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
    ada.send(back(id, "one moment")).await;
    ada.send(chat("a word behind his back")).await;
    let seq = first["data"]["seq"].as_u64().unwrap();
    let (_ben, welcome) = stage.resume(&meeting, &first, seq).await;
    assert_eq!(
        (&welcome["data"]["resumed"], &welcome["data"]["you"]["status"]),
        (&json!(false), &json!("waiting"))
    );
    assert!(!welcome.to_string().contains("behind his back"), "{welcome}");
}

#[tokio::test]
async fn nothing_of_the_meeting_reaches_one_who_waits() {
    let stage = Stage::set().await;
    let body = json!({ "requires_approval": true, "passcode": "open sesame" });
    let meeting = stage.meeting("Ada", body).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let knock =
        |name| Hello { passcode: Some("open sesame".to_owned()), ..hello_guest(&meeting, name) };
    let mut cleo = stage.enter(knock("Cleopatra")).await.unwrap();
    ada.send(admit(cleo.id())).await;
    cleo.expect_welcome().await;
    let _dora = stage.enter(knock("Dorothea")).await.unwrap();
    let (mut ben, welcome) = stage.knock(&knock("Ben")).await;
    let private = ChatSend {
        text: "between us".to_owned(),
        to: Some(ChatTo::Participant(cleo.id())),
        reply_to: None,
    };
    ada.send(Command::ChatSend(private)).await;
    ada.send(chat("for all of us")).await;
    cleo.send(Command::HandRaise(Empty {})).await;
    let _emil = stage.enter(knock("Emilia")).await.unwrap();
    let email = Some("fay@example.org".to_owned());
    ada.send(Command::InviteeAdd(InviteeAdd { user: None, email, required: false })).await;
    ada.send(tell(None, "soon")).await;
    let (mut heard, _) = ben.say_and_hear(&Command::Ping(Empty {})).await;
    heard.push(welcome);
    let all = heard.iter().map(Value::to_string).collect::<String>();
    assert!(all.contains("soon"), "what is for them comes: {all}");
    for secret in [
        "open sesame",
        "argon2",
        "Cleopatra",
        "Dorothea",
        "Emilia",
        "between us",
        "for all of us",
        "hand.raised",
        "fay@example.org",
        "participant.waiting",
        "invitee.added",
    ] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
}

#[tokio::test]
async fn those_who_wait_are_sent_home_when_the_meeting_ends() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut ben, welcome) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    let id = ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap());
    ada.send(Command::MeetingEnd(Empty {})).await;
    let (said, code) = ben.ending().await;
    assert_eq!((&said.last().unwrap()["data"]["code"], code), (&json!("meeting_ended"), 4510));
    let mut ada = stage.join(&meeting, "Ada").await;
    let refusal = ada.refused(admit(id)).await;
    assert_eq!((refusal.code, refusal.last.as_deref()), (Code::NotFound, Some("closed")));
}

#[tokio::test]
async fn the_line_is_kept_over_a_restart_of_the_server() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut waiting = Vec::new();
    for name in ["Ben", "Cleo", "Dora"] {
        waiting.push(stage.join_guest(&meeting, name).await.id());
    }
    ada.send(tell(Some(waiting[1]), "you are next")).await;
    stage.restart().await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let cleo = stage.join_guest(&meeting, "Cleo").await;
    let standing = cleo.welcome.waiting.as_ref().unwrap();
    assert_eq!((standing.position, standing.message.as_deref()), (2, Some("you are next")));
    let list: Page<WaitingEntry> = ada.ask(Command::WaitingList(Empty {})).await;
    let line = list.items.iter().map(|entry| entry.participant);
    assert!(line.eq(waiting), "{:?}", list.items);
}

impl Socket {
    /// Says a command; everything up to its answer, and that.
    async fn say_and_hear(&mut self, command: &Command) -> (Vec<Value>, Value) {
        let id = self.id();
        self.say(&ClientFrame::command(id, command)).await;
        let mut heard = Vec::new();
        loop {
            let frame = self.hear().await;
            if frame["id"] == id {
                return (heard, frame);
            }
            heard.push(frame);
        }
    }
}
