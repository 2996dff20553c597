//! Summaries: kept as long as nothing happened that they are made of; and what the tables add up to.

use quorate_protocol::{AnalyticsWeek, MeetingSummary};

use super::*;
use crate::meeting::feedback::Ballot;
use crate::meeting::measures::{Checkpoint, PersonMeasured, Totals};
use crate::store::Ballots;

const EVER: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(2_000_000_000_000));

fn summary(participants: u32, effectiveness: f64) -> MeetingSummary {
    MeetingSummary {
        version: 1,
        participants,
        peak: participants,
        required: 0,
        required_present: 0,
        punctual: 0,
        late_seconds: None,
        live_seconds: 600,
        present_seconds: 500,
        engagement: None,
        effectiveness,
        raters: 0,
        rating: None,
    }
}

fn ended() -> Fact {
    Fact::MeetingEnded { reason: EndReason::Ended }
}

/// A meeting that is over, and where Ben was.
async fn held(store: &Store, meeting: i64) -> Hand {
    let mut hand = Hand::create(store, meeting).await;
    hand.tell(joined(meeting * 10, 2, Role::Attendee)).await;
    hand.tell(Fact::MeetingStarted {}).await;
    hand.tell(ended()).await;
    hand
}

async fn keep(store: &Store, hand: &Hand, summary: &MeetingSummary) {
    let (standing, _) = store.summary(hand.meeting, 1).await.unwrap();
    store.keep_summary(hand.meeting, standing, summary).await.unwrap();
}

async fn kept(store: &Store, hand: &Hand) -> Option<MeetingSummary> {
    store.summary(hand.meeting, 1).await.unwrap().1
}

#[tokio::test]
async fn a_summary_holds_until_what_it_is_made_of_is_another() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = held(&store, 1).await;
    let one = summary(3, 50.0);
    assert_eq!(kept(&store, &ada).await, None);
    keep(&store, &ada, &one).await;
    assert_eq!(kept(&store, &ada).await, Some(one.clone()));
    assert_eq!(store.summary(ada.meeting, 2).await.unwrap().1, None, "of other formulas");

    let ballot = Ballot { voter: [1; 32], rating: 4, comment: None, tags: Vec::new() };
    for rating in [4, 5] {
        let cast = vec![Ballot { rating, ..ballot.clone() }];
        let ballots = Some(Box::new(Ballots { key: [9; 32], cast }));
        ada.append(Batch { ballots, ..ada.batch(Vec::new()) });
        ada.result().await.unwrap();
        assert_eq!(kept(&store, &ada).await, None, "someone rated {rating}");
        keep(&store, &ada, &one).await;
    }
    ada.tell(chat()).await;
    assert_eq!(kept(&store, &ada).await, None);
    keep(&store, &ada, &one).await;
    // Texts are in none.
    ada.tell(Fact::Redacted { ranges: vec![(Seq(1), Seq(2))] }).await;
    assert_eq!(kept(&store, &ada).await, Some(one));
    store.close().await;
}

#[tokio::test]
async fn a_summary_stays_as_it_was_where_the_rest_is_forgotten() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = held(&store, 1).await;
    let ballot = Ballot { voter: [1; 32], rating: 4, comment: None, tags: Vec::new() };
    let ballots = Some(Box::new(Ballots { key: [9; 32], cast: vec![ballot] }));
    ada.append(Batch { ballots, ..ada.batch(Vec::new()) });
    ada.result().await.unwrap();
    let one = summary(3, 50.0);
    keep(&store, &ada, &one).await;
    let (before, _) = store.summary(ada.meeting, 1).await.unwrap();
    ada.tell(Fact::FeedbackClosed {}).await;
    let forgotten = vec![
        ada.event(Fact::Redacted { ranges: vec![(Seq(1), Seq(5))] }),
        ada.event_at(Seq(7), Fact::RetentionApplied { days: 1 }),
    ];
    ada.append(ada.batch(forgotten));
    ada.result().await.unwrap();
    assert_eq!(kept(&store, &ada).await, Some(one.clone()));
    ada.tell(Fact::Redacted { ranges: vec![(Seq(1), Seq(1))] }).await;
    assert_eq!(kept(&store, &ada).await, Some(one.clone()), "nor when someone is erased");
    // What was reckoned meanwhile comes too late.
    store.keep_summary(ada.meeting, before, &summary(1, 1.0)).await.unwrap();
    assert_eq!(kept(&store, &ada).await, Some(one));

    // Of before it was opened again: it is not what the meeting was like.
    let mut ben = held(&store, 2).await;
    keep(&store, &ben, &summary(3, 50.0)).await;
    for fact in [Fact::MeetingStarted {}, ended(), Fact::RetentionApplied { days: 1 }] {
        ben.tell(fact).await;
    }
    assert_eq!(kept(&store, &ben).await, None);
    store.close().await;
}

#[tokio::test]
async fn those_that_are_over_are_summed_up_once() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut over = held(&store, 1).await;
    let mut running = Hand::create(&store, 2).await;
    running.tell(Fact::MeetingStarted {}).await;
    let found = async |after: i64, rows: i64| store.unsummarised(after, rows).await.unwrap();
    assert_eq!(found(0, 100).await, ([over.meeting].into(), 6));
    assert_eq!(found(0, 3).await, ([].into(), 3), "row by row");
    assert_eq!(found(6, 100).await, ([].into(), 6));
    keep(&store, &over, &summary(1, 1.0)).await;
    assert_eq!(found(0, 100).await, ([].into(), 6));
    over.tell(Fact::SummaryPublished {}).await;
    assert_eq!(found(6, 100).await, ([over.meeting].into(), 7));
    // Called off while it went on.
    running.tell(Fact::MeetingEnded { reason: EndReason::Cancelled }).await;
    running.tell(Fact::MeetingCancelled {}).await;
    assert_eq!(found(7, 100).await, ([running.meeting].into(), 9));
    store.close().await;
}

#[tokio::test]
async fn weeks_add_up_what_is_kept_and_count_what_is_not_yet() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut hands = Vec::new();
    for meeting in 1..=3 {
        hands.push(held(&store, meeting).await);
    }
    let mut running = Hand::create(&store, 4).await;
    running.tell(Fact::MeetingStarted {}).await;
    keep(&store, &running, &summary(9, 99.0)).await;
    keep(&store, &hands[0], &summary(3, 40.0)).await;
    keep(&store, &hands[1], &summary(2, 61.0)).await;
    let weeks = store.weeks(EVER.0, EVER.1).await.unwrap();
    let expected = AnalyticsWeek {
        week: "2026-W39".to_owned(),
        r#type: MeetingType::Regular,
        meetings: 4,
        participants: 5,
        present_seconds: 1000,
        engagement: None,
        effectiveness: Some(50.5),
        rating: None,
        pending: 2,
    };
    assert_eq!(weeks, [expected]);
    // The fourth started before the others.
    let at = hands[0].event_at(Seq(3), chat()).at;
    assert_eq!(store.weeks(EVER.0, at).await.unwrap()[0].meetings, 1);
    assert_eq!(store.weeks(at, EVER.1).await.unwrap()[0].meetings, 3);
    assert_eq!(store.weeks(at.plus_ms(1), EVER.1).await.unwrap(), []);
    store.close().await;
}

#[tokio::test]
async fn weeks_of_someone_are_those_in_which_they_were_there() {
    let scratch = Scratch::new();
    let store = scratch.open();
    for (meeting, score) in [(1, Some(40.0)), (2, Some(60.0)), (3, None)] {
        let mut hand = held(&store, meeting).await;
        let person = PersonMeasured {
            participant: ParticipantId(meeting * 10),
            total_time: 100,
            totals: Totals { talk_ms: 1_500, reactions: 0 },
            quality: None,
            score,
            engagement: None,
        };
        let measured = Some(Box::new(Checkpoint { people: vec![person], minutes: Vec::new() }));
        hand.append(Batch { measured, ..hand.batch(Vec::new()) });
        hand.result().await.unwrap();
    }
    scratch.stranger().execute("UPDATE meetings SET host_id = 2 WHERE id = 3", []).unwrap();
    let weeks = store.user_weeks(UserId(2), EVER.0, EVER.1).await.unwrap();
    let [week] = weeks.as_slice() else { panic!("{weeks:?}") };
    assert_eq!((week.week.as_str(), week.meetings, week.hosted), ("2026-W39", 3, 1));
    assert_eq!((week.present_seconds, week.talk_seconds), (300, 4));
    assert_eq!(week.engagement, Some(50.0));
    assert_eq!(store.user_weeks(UserId(3), EVER.0, EVER.1).await.unwrap(), []);
    store.close().await;
}
