//! Many at once: what a large meeting tells whom, and how much of the clients' own it carries.

use quorate_protocol::*;

use super::stage::*;
use crate::live::mail::Attached;

async fn entered(stage: &mut Stage, id: i64) -> Attached {
    let mut answer = stage.enter(id);
    stage.commit().await;
    let mut attached = answered(&mut answer).unwrap().unwrap();
    deliver(&mut attached).await;
    attached
}

/// The types of the events and signals among these frames.
fn kinds(frames: &[ServerFrame]) -> Vec<String> {
    let kinds = frames.iter().flat_map(|frame| match frame {
        ServerFrame::Events(frame) => {
            frame.events.iter().map(|event| event.body.kind().to_owned()).collect()
        }
        ServerFrame::Signals(signals) => {
            signals.iter().map(|signal| signal.kind().to_owned()).collect()
        }
        _ => Vec::new(),
    });
    kinds.collect()
}

#[tokio::test(start_paused = true)]
async fn a_large_meeting_tells_staff_who_comes_and_the_others_how_many_there_are() {
    let mut stage = Stage::new(false).await;
    let mut ada = entered(&mut stage, OWNER).await;
    let mut ben = entered(&mut stage, 2).await;
    let crowd: Vec<_> = (3..=501).map(|id| stage.enter(id)).collect();
    stage.commit().await;
    let (frames, _) = deliver(&mut ben).await;
    assert_eq!(kinds(&frames).last().map(String::as_str), Some("roster.count"));
    assert!(kinds(&frames).contains(&"meeting.size_changed".to_owned()));
    deliver(&mut ada).await;

    let mut late = stage.enter(502);
    stage.commit().await;
    let mut late = answered(&mut late).unwrap().unwrap();
    let (frames, _) = deliver(&mut late).await;
    let ServerFrame::Welcome(_, welcome) = &frames[0] else { panic!("{frames:?}") };
    let state = welcome.state.as_ref().unwrap();
    assert_eq!((state.large, state.total, state.participants.len()), (true, 502, 200));
    let (frames, _) = deliver(&mut ada).await;
    assert!(kinds(&frames).contains(&"participant.joined".to_owned()), "{frames:?}");
    let (frames, _) = deliver(&mut ben).await;
    assert!(!kinds(&frames).contains(&"participant.joined".to_owned()), "{frames:?}");

    stage.ask(&late, 2, Command::HandRaise(Empty {}));
    stage.commit().await;
    let (frames, _) = deliver(&mut ben).await;
    let raised = frames.iter().find_map(|frame| match frame {
        ServerFrame::Events(frame) => frame.events.first().cloned(),
        _ => None,
    });
    let raised = raised.expect("the hand");
    assert_eq!(raised.body.kind(), "hand.raised");
    assert_eq!((raised.name.as_deref(), raised.role), (Some("User 502"), Some(Role::Attendee)));
    drop(crowd);
}

#[tokio::test(start_paused = true)]
async fn what_is_carried_out_counts_and_what_is_tried_does_not() {
    let mut stage = Stage::new(false).await;
    let mut ada = entered(&mut stage, OWNER).await;
    let data = serde_json::Value::from("x".repeat(APP_BYTES_MAX - 2));
    let publish = || {
        let ask = AppPublish { topic: "pad".to_owned(), data: data.clone(), to: None };
        Command::AppPublish(ask)
    };
    let fits = (TRAFFIC_BYTES_PER_SECOND as usize / APP_BYTES_MAX) as i64;
    for id in 0..=fits {
        let (session, attachment) = (ada.port.session, ada.port.attachment);
        let command = Box::new(publish());
        let (id, dry_run) = (2 + id, id == 0);
        stage.mail(crate::live::mail::Mail::Command { session, attachment, id, dry_run, command });
    }
    stage.ask(&ada, fits + 3, publish());
    stage.end_step();
    let (frames, _) = deliver(&mut ada).await;
    let refused = frames.iter().filter_map(|frame| match frame {
        ServerFrame::Error(id, error) => Some((*id, error.code, error.retry_after_ms)),
        _ => None,
    });
    let refused: Vec<_> = refused.collect();
    let [(Some(id), Code::RateLimited, Some(_))] = refused[..] else {
        panic!("{} refused", refused.len())
    };
    assert_eq!(id, fits + 3, "only the last");
}
