//! A crowd at the door: five hundred who knock at once.

use quorate_protocol::*;

use super::stage::*;
use crate::live::mail::Attached;
use crate::meeting::event::{Audience, Event, Fact, View};

/// Those who knock.
const CROWD: i64 = 500;
/// Inputs that the actor takes in one step at most.
const STEP: i64 = 128;

#[tokio::test(start_paused = true)]
async fn five_hundred_knock_at_once_and_staff_hears_of_it_in_the_frames_of_a_few_commits() {
    let mut stage = Stage::with(|created| {
        created.requires_approval = true;
        created.settings.max_waiting = 500;
    })
    .await;
    let mut answer = stage.enter(OWNER);
    stage.commit().await;
    let mut ada = answered(&mut answer).unwrap().unwrap();
    deliver(&mut ada).await;
    let mut knocking = Vec::new();
    for id in 0..CROWD {
        knocking.push(stage.enter(1000 + id));
        if (id + 1) % STEP == 0 {
            stage.end_step();
        }
    }
    stage.commit().await;
    let (frames, _) = deliver(&mut ada).await;
    let mut heard: Vec<UserId> = Vec::new();
    for frame in &frames {
        let ServerFrame::Events(frame) = frame else { continue };
        for event in &frame.events {
            let EventBody::ParticipantWaiting(waiting) = &event.body else { panic!("{event:?}") };
            heard.push(waiting.entry.user);
        }
    }
    assert!(
        heard.iter().copied().eq((0..CROWD).map(|id| UserId(1000 + id))),
        "each once, in order"
    );
    assert!(frames.len() <= 8, "{} frames for {CROWD} people", frames.len());
    let entries = stage.running.meeting.facts.waiting_entries(stage.running.clock.now());
    assert!(entries.iter().map(|entry| entry.user).eq(heard), "and so they wait");
    assert!(entries.iter().map(|entry| i64::from(entry.position)).eq(1..=CROWD));
    let welcomed: Vec<Attached> =
        knocking.iter_mut().map(|knock| knock.try_recv().unwrap().unwrap()).collect();
    assert_eq!(welcomed.len(), CROWD as usize);
}

#[test]
fn what_nobody_sees_parts_no_frame_and_a_changed_view_does() {
    use crate::live::frames::event_frames;
    let hidden = Fact::SessionLost { session: SessionId(uuid::Uuid::nil()) };
    let event = |seq: u64| {
        let (fact, audience) = match seq % 2 {
            0 => (hidden.clone(), Audience::NOBODY),
            _ => (Fact::MeetingLocked {}, Audience::EVERYONE),
        };
        let user = UserId(1);
        let (seq, at) = (Seq(seq), Timestamp(0));
        Event {
            seq,
            at,
            user,
            by: None,
            audience,
            fact,
            personal: None,
            cause: None,
            as_admin: false,
        }
    };
    let events: Vec<_> = (1..=9).map(event).collect();
    for (splits, runs) in [
        (vec![], vec![(1, 9)]),
        // Someone's view changed with an event that nobody sees.
        (vec![4], vec![(1, 3), (5, 9)]),
        (vec![5], vec![(1, 3), (5, 9)]),
        (vec![1, 9], vec![(1, 7), (9, 9)]),
    ] {
        let splits: Vec<_> = splits.into_iter().map(Seq).collect();
        let frames = event_frames(&events, &splits).into_iter();
        let found: Vec<_> = frames.filter_map(|item| item.events).collect();
        let expected: Vec<_> = runs.into_iter().map(|(a, b)| (Seq(a), Seq(b))).collect();
        assert_eq!(found, expected, "{splits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_sent_back_gets_a_second_welcome_and_nothing_of_the_meeting_from_then_on() {
    let mut stage = Stage::new(false).await;
    let mut here = Vec::new();
    for id in [OWNER, 2, 3] {
        let mut answer = stage.enter(id);
        stage.commit().await;
        here.push(answered(&mut answer).unwrap().unwrap());
    }
    for attached in &mut here {
        deliver(attached).await;
    }
    let [mut ada, mut ben, cyd] = <[Attached; 3]>::try_from(here).unwrap();
    let participant = stage.running.meeting.facts.person_of(UserId(2)).unwrap().id;
    let chat =
        |text: &str| Command::ChatSend(ChatSend { text: text.into(), to: None, reply_to: None });
    // All in one step, and one commit.
    stage.ask(&cyd, 2, chat("figures before"));
    let message = Some("one moment".to_owned());
    let back = SendToWaiting { participant, message };
    stage.ask(&ada, 2, Command::ParticipantSendToWaiting(back));
    stage.ask(&cyd, 3, chat("figures after"));
    stage.commit().await;
    let (frames, closed) = deliver(&mut ben).await;
    assert_eq!(closed, None, "the session stays");
    let text = frames.iter().map(ServerFrame::to_text).collect::<String>();
    for secret in ["figures after", "participant.left", "\"participants\""] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let welcome = frames.iter().find_map(|frame| match frame {
        ServerFrame::Welcome(None, welcome) => Some(welcome),
        _ => None,
    });
    let welcome = welcome.expect("a second welcome");
    assert_eq!((welcome.you.status, &welcome.state), (Standing::Waiting, &None));
    let standing = welcome.waiting.as_ref().unwrap();
    assert_eq!(standing.message.as_deref(), Some("one moment"));
    let view = stage.running.meeting.facts.get(participant).unwrap().view;
    assert_eq!(
        view,
        View { here: true, joined: false, rank: 0, permissions: PermissionSet::NONE, ..view }
    );
    let (frames, _) = deliver(&mut ada).await;
    let told = frames.iter().map(ServerFrame::to_text).collect::<String>();
    let order =
        ["figures before", "participant.left", "participant.returned_to_waiting", "figures after"];
    let places: Vec<_> = order.iter().map(|it| told.find(it).expect(it)).collect();
    assert!(places.is_sorted(), "{told}");
}
