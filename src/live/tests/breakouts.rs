//! Breakout rooms in what a step shares.

use quorate_protocol::*;

use super::stage::*;
use crate::live::frames::event_frames;
use crate::live::mail::Attached;
use crate::meeting::event::{Audience, Event, Fact, Personal, RoomPlan};

async fn entered(stage: &mut Stage, id: i64) -> Attached {
    let mut answer = stage.enter(id);
    stage.commit().await;
    let mut attached = answered(&mut answer).unwrap().unwrap();
    deliver(&mut attached).await;
    attached
}

#[tokio::test(start_paused = true)]
async fn of_those_welcomed_in_one_step_only_staff_is_shown_who_asks_for_help() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let ben = entered(&mut stage, 2).await;
    let participants = vec![stage.running.meeting.facts.person_of(UserId(2)).unwrap().id];
    let rooms = vec![RoomAsked { name: "Blue".into(), participants }];
    let prepare = BreakoutPrepare { rooms, mode: BreakoutMode::Manual, minutes: None };
    stage.ask(&ada, 2, Command::BreakoutPrepare(prepare));
    stage.ask(&ada, 3, Command::BreakoutOpen(Empty {}));
    stage.ask(&ben, 2, Command::BreakoutRequestHelp(Empty {}));
    for order in [[OWNER, 3], [4, OWNER]] {
        let mut answers = order.map(|user| stage.enter(user));
        stage.commit().await;
        for (answer, user) in answers.iter_mut().zip(order) {
            let mut attached = answered(answer).unwrap().unwrap();
            let (frames, _) = deliver(&mut attached).await;
            let ServerFrame::Welcome(_, welcome) = &frames[0] else { panic!("{frames:?}") };
            let room = &welcome.state.as_ref().unwrap().rooms[0];
            assert_eq!(room.help, user == OWNER, "{order:?} {user}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_sent_to_the_waiting_room_right_after_asking_for_a_snapshot_is_told_that_they_wait()
{
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let mut ben = entered(&mut stage, 2).await;
    let participant = stage.running.meeting.facts.person_of(UserId(2)).unwrap().id;
    stage.ask(&ben, 2, Command::StateGet(Empty {}));
    let back = SendToWaiting { participant, message: None };
    stage.ask(&ada, 2, Command::ParticipantSendToWaiting(back));
    stage.commit().await;
    let (frames, _) = deliver(&mut ben).await;
    let answers = frames.iter().filter_map(|frame| match frame {
        ServerFrame::Ok(ok) => Some((Some(ok.id), None)),
        ServerFrame::Error(id, error) => Some((*id, Some(error.code))),
        _ => None,
    });
    assert_eq!(answers.collect::<Vec<_>>(), [(Some(2), Some(Code::Waiting))]);
}

#[test]
fn plans_of_many_people_share_frames_that_every_client_takes() {
    let plan = |room| RoomPlan {
        room: RoomId(room),
        participants: (1..=100).map(|id| ParticipantId(1_000_000_000 + id)).collect(),
    };
    let event = |seq| Event {
        seq: Seq(seq),
        at: Timestamp(0),
        user: UserId(1),
        by: Some(ParticipantId(1)),
        audience: Audience::EVERYONE,
        fact: Fact::BreakoutOpened { rooms: (1..=50).map(plan).collect(), closes_at: None },
        personal: Some(Box::new(Personal {
            texts: vec!["\"".repeat(NAME_BYTES_MAX); 50],
            ..Personal::default()
        })),
        cause: None,
        as_admin: false,
    };
    let events: Vec<_> = (1..=20).map(event).collect();
    let frames = event_frames(&events, &[]);
    assert!(frames.len() < 20, "some share one");
    assert!(frames.iter().all(|frame| frame.text.len() <= SERVER_FRAME_BYTES_MAX));
}
