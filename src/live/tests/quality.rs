//! How good connections are, in what a running meeting keeps and hands out.

use std::time::Duration;

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

fn report(loss_pct: f64) -> Command {
    let (rtt_ms, jitter_ms) = (60.0, 5.0);
    Command::QualityReport(QualityReport {
        rtt_ms,
        jitter_ms,
        loss_pct,
        bitrate_kbps: None,
        fec: false,
    })
}

fn levels_told(frames: &[ServerFrame]) -> Vec<QualityLevel> {
    let signals = frames.iter().filter_map(|frame| match frame {
        ServerFrame::Signals(signals) => Some(signals),
        _ => None,
    });
    let level = |signal: &SignalBody| match signal {
        SignalBody::QualityChanged(change) => Some(change.to),
        _ => None,
    };
    signals.flatten().filter_map(level).collect()
}

#[tokio::test(start_paused = true)]
async fn a_roster_that_many_share_is_made_anew_when_a_level_changed_and_nothing_else() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let ben = entered(&mut stage, 2).await;
    let ben_id = stage.running.meeting.facts.person_of(UserId(2)).unwrap().id;
    let head = stage.running.meeting.facts.head;
    let mut seen = Vec::new();
    for (id, loss) in [(2, 0.0), (3, 40.0)] {
        stage.ask(&ben, id, report(loss));
        stage.commit().await;
        // With more than there is, one comes back to a fresh snapshot.
        let mut answer = stage.resume(OWNER, ada.port.session, Seq(1000));
        stage.commit().await;
        let mut again = answered(&mut answer).unwrap().unwrap();
        let (frames, _) = deliver(&mut again).await;
        let ServerFrame::Welcome(_, welcome) = &frames[0] else { panic!("{frames:?}") };
        let people = &welcome.state.as_ref().unwrap().participants;
        seen.push(people.iter().find(|it| it.id == ben_id).unwrap().quality);
    }
    assert_eq!(seen, [QualityLevel::Excellent, QualityLevel::Poor]);
    assert_eq!(stage.running.meeting.facts.head, head, "it is no fact");
}

#[tokio::test(start_paused = true)]
async fn an_attendee_among_many_is_welcomed_with_their_own_level_and_staff_with_all() {
    let mut stage = Stage::new(false).await;
    let mut people = Vec::new();
    for user in 1..=50 {
        people.push(entered(&mut stage, user).await);
    }
    stage.ask(&people[1], 2, report(0.0));
    stage.ask(&people[2], 2, report(0.0));
    stage.commit().await;
    let order = [4, OWNER, 2, 5, 3];
    let mut answers = order.map(|user| stage.enter(user));
    stage.commit().await;
    for (answer, user) in answers.iter_mut().zip(order) {
        let mut attached = answered(answer).unwrap().unwrap();
        let (frames, _) = deliver(&mut attached).await;
        let ServerFrame::Welcome(_, welcome) = &frames[0] else { panic!("{frames:?}") };
        let measured = welcome.state.as_ref().unwrap().participants.iter();
        let measured = measured.filter(|it| it.quality != QualityLevel::Unknown);
        let measured: Vec<_> = measured.map(|it| it.user.0).collect();
        let expected = match user {
            OWNER => vec![2, 3],
            2 | 3 => vec![user],
            _ => vec![],
        };
        assert_eq!(measured, expected, "{user}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_round_trip_of_a_ping_stands_in_for_a_client_that_reports_nothing() {
    let mut stage = Stage::new(false).await;
    let mut ada = entered(&mut stage, OWNER).await;
    for (seconds, round_trip, told) in [
        (29, Some(20), vec![]),
        (2, None, vec![]),
        (0, Some(1400), vec![QualityLevel::Fair]),
        (5, None, vec![]),
    ] {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        if let Some(ms) = round_trip {
            ada.port.round_trip(ms);
        }
        stage.running.take_round_trips();
        stage.commit().await;
        let (frames, _) = deliver(&mut ada).await;
        assert_eq!(levels_told(&frames), told, "{round_trip:?}");
    }
    let minutes = &stage.running.meeting.passing.measures;
    let quality = minutes.quality(ada_id(&stage)).unwrap();
    assert_eq!(
        quality.rtt_ms,
        Some(1400.0),
        "asked again without a new one, it is not counted twice"
    );
}

fn ada_id(stage: &Stage) -> ParticipantId {
    stage.running.meeting.facts.person_of(UserId(OWNER)).unwrap().id
}
