//! Pages of history, and events that are long without a text.

use quorate_protocol::*;

use super::stage::*;
use crate::live::frames::event_frames;
use crate::meeting::event::{Audience, Event, Fact};

#[tokio::test(start_paused = true)]
async fn a_text_deleted_in_the_step_of_the_question_is_not_in_the_answer() {
    let mut stage = Stage::new(false).await;
    let mut answer = stage.enter(OWNER);
    stage.commit().await;
    let mut ada = answered(&mut answer).unwrap().unwrap();
    let say = |text: &str| ChatSend { text: text.into(), to: None, reply_to: None };
    stage.ask(&ada, 2, Command::ChatSend(say("hunter2")));
    let message = MessageId(stage.running.meeting.facts.head.0);
    stage.ask(&ada, 3, Command::ChatSend(say("hello")));
    stage.ask(&ada, 4, Command::ChatPin(MessageOnly { message }));
    stage.commit().await;
    deliver(&mut ada).await;
    stage.ask(&ada, 5, Command::ChatHistory(ChatHistoryGet { before: None, limit: 50 }));
    stage.ask(&ada, 6, Command::ChatDelete(ChatDelete { message }));
    stage.commit().await;
    let (frames, _) = deliver(&mut ada).await;
    let page = frames.iter().find_map(|frame| match frame {
        ServerFrame::Ok(ok) if ok.id == 5 => serde_json::from_str(&ok.data).ok(),
        _ => None,
    });
    let page: Page<ChatMessage> = page.expect("a page");
    let shown = page.items.iter().map(|it| (it.text.as_deref(), it.deleted, it.pinned));
    assert_eq!(shown.collect::<Vec<_>>(), [(Some("hello"), false, false), (None, true, false)]);
}

#[test]
fn events_with_long_lists_share_frames_that_every_client_takes() {
    let participants: Vec<_> = (0..10_000).map(|n| ParticipantId(i64::MAX - n)).collect();
    let muted = Fact::ParticipantsMuted {
        media: vec![MediaKind::Audio],
        except: Vec::new(),
        participants: participants.clone(),
    };
    let description = Some(Some("👋".repeat(DESCRIPTION_CHARS_MAX)));
    let updated = MeetingUpdated { description, ..MeetingUpdated::default() };
    let label = "x".repeat(60);
    let domains = (0..50).map(|n| format!("{n}.{label}.{label}.{label}.org")).collect();
    let changes = Box::new(Policy { waiting_domains: Some(domains), ..Policy::default() });
    let long = [
        muted,
        Fact::MeetingSuspended { participants },
        Fact::MeetingUpdated(Box::new(updated)),
        Fact::MeetingPolicyChanged { changes, has_passcode: None },
    ];
    for fact in long {
        let event = |seq| Event {
            seq: Seq(seq),
            at: Timestamp(0),
            user: UserId(1),
            by: Some(ParticipantId(1)),
            audience: Audience::EVERYONE,
            fact: fact.clone(),
            personal: None,
            cause: None,
            as_admin: false,
        };
        let events: Vec<_> = (1..=128).map(event).collect();
        let frames = event_frames(&events, &[]);
        assert!(frames.iter().all(|frame| frame.text.len() <= SERVER_FRAME_BYTES_MAX), "{fact:?}");
    }
}
