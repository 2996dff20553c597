//! Which meetings are woken by a server that keeps less from now on.

use quorate_protocol::{Recurrence, RecurrencePattern, Timestamp};

use super::*;

const DAY_MS: i64 = 86_400_000;
const START: Timestamp = Timestamp(1_790_000_000_000);

fn planned(meeting: i64, change: impl FnOnce(&mut MeetingCreated)) -> Fact {
    let Fact::MeetingCreated(mut created) = created(meeting) else { unreachable!() };
    change(&mut created);
    Fact::MeetingCreated(created)
}

fn weekly(created: &mut MeetingCreated) {
    (created.starts_at, created.kind) = (Some(START), MeetingType::Recurring);
    created.time_zone = Some("UTC".into());
    created.recurrence = Some(Recurrence::every(RecurrencePattern::Weekly));
}

#[tokio::test]
async fn who_was_never_held_is_woken_days_after_it_was_to_end() {
    let scratch = Scratch::new();
    let store = scratch.open();
    Hand::create(&store, 1).await;
    let later = START.plus_ms(90 * DAY_MS);
    let facts = [
        (planned(2, |it| it.starts_at = Some(START)), None),
        (planned(3, |it| (it.starts_at, it.ends_at) = (Some(START), Some(later))), None),
        (planned(4, |it| it.starts_at = Some(START)), Some(later)),
        // That of one series is over, the other makes more.
        (planned(5, weekly), None),
        (planned(6, weekly), Some(later)),
    ];
    for (meeting, (fact, next_deadline)) in (2..).zip(facts) {
        let mut hand = Hand::begin(&store, meeting).await;
        let made = hand.event(fact);
        hand.append(Batch { next_deadline, ..hand.batch(vec![made]) });
        hand.result().await.unwrap();
    }
    store.wake_over_meetings(30).await.unwrap();
    let soon = Some(START.plus_ms(30 * DAY_MS));
    let expected =
        [(1, None), (2, soon), (3, Some(later.plus_ms(30 * DAY_MS))), (4, soon), (5, soon)];
    for (meeting, at) in [&expected[..], &[(6, Some(later))]].concat() {
        assert_eq!(store.deadline_of(MeetingId(meeting)).await.unwrap(), at, "{meeting}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_newborn_meeting_is_woken_when_it_says() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let events = vec![ada.event_at(Seq(1), planned(2, |_| {}))];
    let newborn =
        Newborn { meeting: MeetingId(2), events, passcode: None, next_deadline: Some(START) };
    let made = ada.event(chat());
    ada.append(Batch { offspring: vec![newborn], ..ada.batch(vec![made]) });
    ada.result().await.unwrap();
    assert_eq!(store.deadline_of(MeetingId(2)).await.unwrap(), Some(START));
    store.close().await;
}
