//! Digests: kept as long as nothing happened that they are made of; and what the tables add up to.

use quorate_protocol::{AnalyticsWeek, Confidence, Engagement, MeetingDigest};

use super::*;
use crate::meeting::feedback::Ballot;
use crate::meeting::measures::{Checkpoint, PersonMeasured, Totals};
use crate::store::Ballots;

const EVER: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(2_000_000_000_000));

fn digest(participants: u32, effectiveness: f64) -> MeetingDigest {
    MeetingDigest {
        engagement_version: 1,
        effectiveness_version: 1,
        participants,
        peak: participants,
        required: 0,
        required_present: 0,
        punctual: 0,
        starts_at: None,
        late_seconds: None,
        live_seconds: 600,
        present_seconds: 500,
        engagement: None,
        effectiveness: Some(effectiveness),
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

/// Formulas and settings.
const UNDER: &str = "engagement 1";

async fn changes(store: &Store, hand: &Hand) -> i64 {
    store.digest(hand.meeting, UNDER.to_owned()).await.unwrap().unwrap().changes
}

async fn keep(store: &Store, hand: &Hand, digest: &MeetingDigest) {
    let changes = changes(store, hand).await;
    store.keep_digest(hand.meeting, changes, UNDER.to_owned(), digest).await.unwrap();
}

async fn kept(store: &Store, hand: &Hand) -> Option<MeetingDigest> {
    let stored = store.digest(hand.meeting, UNDER.to_owned()).await.unwrap();
    stored.and_then(|it| it.digest)
}

async fn stale(store: &Store) -> Vec<MeetingId> {
    store.stale_digests(MeetingId(0), 100).await.unwrap()
}

async fn weeks(store: &Store, raters_min: u32) -> Vec<AnalyticsWeek> {
    store.weeks(EVER.0, EVER.1, UNDER.to_owned(), raters_min).await.unwrap()
}

fn ballot(rating: u8) -> Option<Box<Ballots>> {
    let ballot = Ballot { voter: [1; 32], rating, comment: None, tags: Vec::new() };
    Some(Box::new(Ballots { key: [9; 32], cast: vec![ballot] }))
}

/// Appends what retention writes.
async fn forget(hand: &mut Hand) {
    let next = hand.head.next();
    let events = vec![
        hand.event(Fact::FeedbackClosed {}),
        hand.event_at(next.next(), Fact::Redacted { ranges: vec![(Seq(1), next)] }),
        hand.event_at(next.next().next(), Fact::RetentionApplied { days: 1 }),
    ];
    hand.append(hand.batch(events));
    hand.result().await.unwrap();
}

#[tokio::test]
async fn a_digest_holds_until_what_it_is_made_of_is_another() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = held(&store, 1).await;
    let one = digest(3, 50.0);
    let again = async |ada: &Hand, why: &str| {
        assert_eq!(kept(&store, ada).await, None, "{why}");
        assert_eq!(stale(&store).await, [ada.meeting], "{why}");
        assert_eq!(weeks(&store, 0).await[0].pending, 1, "{why}");
        keep(&store, ada, &one).await;
        assert_eq!(kept(&store, ada).await, Some(one.clone()), "{why}");
        assert_eq!(stale(&store).await, [], "{why}");
        assert_eq!(weeks(&store, 0).await[0].pending, 0, "{why}");
    };
    again(&ada, "there was none").await;
    for rating in [4, 5] {
        ada.append(Batch { ballots: ballot(rating), ..ada.batch(Vec::new()) });
        ada.result().await.unwrap();
        again(&ada, "someone rated, or rated anew").await;
    }
    let measured = Some(Box::new(Checkpoint { people: Vec::new(), minutes: Vec::new() }));
    ada.append(Batch { measured, ..ada.batch(Vec::new()) });
    ada.result().await.unwrap();
    again(&ada, "something was measured").await;
    let ben = ParticipantId(10);
    for fact in [
        Fact::ExclusionChanged { participant: ben, excluded: true },
        Fact::SummaryPublished {},
        // Who was required and whom it is no longer known is left out.
        Fact::Redacted { ranges: vec![(Seq(1), Seq(2))] },
    ] {
        ada.tell(fact).await;
        again(&ada, "something happened").await;
    }
    let rating = Personal { rating: Some(4), ..Personal::default() };
    ada.send_with(Fact::FeedbackSubmitted { participant: Some(ben) }, rating);
    ada.result().await.unwrap();
    again(&ada, "someone rated by name").await;
    store.deactivate(UserId(2)).await.unwrap();
    again(&ada, "what they said was taken away").await;
    ada.tell(Fact::FeedbackClosed {}).await;
    assert_eq!(kept(&store, &ada).await, Some(one.clone()), "nothing was said");

    // What was begun before a change comes too late.
    let before = changes(&store, &ada).await;
    ada.tell(chat()).await;
    store.keep_digest(ada.meeting, before, UNDER.to_owned(), &one).await.unwrap();
    assert_eq!(kept(&store, &ada).await, None);
    store.close().await;
}

#[tokio::test]
async fn a_digest_is_made_anew_under_other_settings() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let (ada, mut ben) = (held(&store, 1).await, held(&store, 2).await);
    let rated = MeetingDigest { raters: 1, rating: Some(2.0), ..digest(3, 50.0) };
    keep(&store, &ada, &rated).await;
    keep(&store, &ben, &rated).await;
    forget(&mut ben).await;
    let other = "engagement 2".to_owned();
    let outdated = store.outdated_digests(MeetingId(0), 100, other.clone()).await.unwrap();
    assert_eq!(outdated, [ada.meeting], "the other cannot be made anew");
    assert_eq!(store.outdated_digests(ada.meeting, 100, other.clone()).await.unwrap(), []);
    assert_eq!(store.outdated_digests(MeetingId(0), 100, UNDER.to_owned()).await.unwrap(), []);
    let of = async |hand: &Hand| {
        store.digest(hand.meeting, other.clone()).await.unwrap().unwrap().digest
    };
    assert_eq!((of(&ada).await, of(&ben).await), (None, Some(rated)));
    let [week] = &*store.weeks(EVER.0, EVER.1, other.clone(), 1).await.unwrap() else { panic!() };
    assert_eq!((week.meetings, week.pending, week.participants), (2, 1, 3));
    assert_eq!((week.effectiveness, week.rating), (Some(50.0), Some(2.0)));
    let [week] = &*store.weeks(EVER.0, EVER.1, other.clone(), 3).await.unwrap() else { panic!() };
    assert_eq!((week.participants, week.effectiveness, week.rating), (3, None, None), "of one");
    store.close().await;
}

#[tokio::test]
async fn a_digest_stays_as_it_was_where_the_rest_is_forgotten() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = held(&store, 1).await;
    let rating = Personal { rating: Some(4), ..Personal::default() };
    ada.send_with(Fact::FeedbackSubmitted { participant: Some(ParticipantId(10)) }, rating);
    ada.result().await.unwrap();
    let one = digest(3, 50.0);
    keep(&store, &ada, &one).await;
    let before = changes(&store, &ada).await;
    forget(&mut ada).await;
    assert_eq!(kept(&store, &ada).await, Some(one.clone()));
    for fact in [
        Fact::Redacted { ranges: vec![(Seq(1), Seq(1))] },
        Fact::SummaryPublished {},
        Fact::ExclusionChanged { participant: ParticipantId(10), excluded: true },
    ] {
        ada.tell(fact).await;
        assert_eq!(kept(&store, &ada).await, Some(one.clone()));
    }
    forget(&mut ada).await;
    assert_eq!(stale(&store).await, [], "nor is it to be made");
    // What was reckoned meanwhile comes too late.
    store.keep_digest(ada.meeting, before, UNDER.to_owned(), &digest(1, 1.0)).await.unwrap();
    assert_eq!(kept(&store, &ada).await, Some(one));
    ada.tell(Fact::MeetingReopened {}).await;
    assert_eq!(kept(&store, &ada).await, None);
    ada.tell(ended()).await;
    assert_eq!(stale(&store).await, [ada.meeting], "it goes on to be another");

    // Of before it was opened again: it is not what the meeting was like.
    let mut ben = held(&store, 2).await;
    keep(&store, &ben, &digest(3, 50.0)).await;
    for fact in [Fact::MeetingReopened {}, ended()] {
        ben.tell(fact).await;
    }
    let before = changes(&store, &ben).await;
    forget(&mut ben).await;
    store.keep_digest(ben.meeting, before, UNDER.to_owned(), &digest(1, 1.0)).await.unwrap();
    assert_eq!(kept(&store, &ben).await, None, "it may be of half of what there was");
    keep(&store, &ben, &digest(3, 40.0)).await;
    assert_eq!(kept(&store, &ben).await, Some(digest(3, 40.0)), "of what is left");
    store.close().await;
}

#[tokio::test]
async fn those_that_ran_and_are_over_are_summed_up() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let over = held(&store, 1).await;
    let mut running = Hand::create(&store, 2).await;
    running.tell(Fact::MeetingStarted {}).await;
    Hand::create(&store, 3).await.tell(Fact::MeetingCancelled {}).await;
    let last = held(&store, 4).await;
    assert_eq!(stale(&store).await, [over.meeting, last.meeting]);
    assert_eq!(store.stale_digests(MeetingId(0), 1).await.unwrap(), [over.meeting]);
    assert_eq!(store.stale_digests(over.meeting, 1).await.unwrap(), [last.meeting]);
    keep(&store, &over, &digest(1, 1.0)).await;
    assert_eq!(stale(&store).await, [last.meeting]);
    // Called off while it went on.
    running.tell(Fact::MeetingEnded { reason: EndReason::Cancelled }).await;
    running.tell(Fact::MeetingCancelled {}).await;
    assert_eq!(stale(&store).await, [running.meeting, last.meeting]);
    // One of the older application, which says no more than that it was.
    scratch
        .stranger()
        .execute_batch(
            "DELETE FROM meeting_digests WHERE meeting_id = 4; \
             UPDATE meetings SET started_at = '2026-09-21T10:00:00.000Z' WHERE id = 3",
        )
        .unwrap();
    let mut imported = Hand::begin(&store, 4).await;
    imported.tell(Fact::SummaryPublished {}).await;
    assert_eq!(stale(&store).await, [running.meeting]);
    let [week] = &*weeks(&store, 0).await else { panic!() };
    assert_eq!((week.meetings, week.pending), (2, 1));
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
    for fact in [Fact::MeetingStarted {}, ended(), Fact::MeetingReopened {}] {
        running.tell(fact).await;
    }
    keep(&store, &running, &digest(9, 99.0)).await;
    keep(&store, &hands[0], &digest(3, 40.0)).await;
    keep(&store, &hands[1], &digest(2, 61.0)).await;
    let told = weeks(&store, 0).await;
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
    assert_eq!(told, [expected]);
    // The fourth started before the others.
    let at = hands[0].event_at(Seq(3), chat()).at;
    let between = async |from: Timestamp, to: Timestamp| {
        store.weeks(from, to, UNDER.to_owned(), 0).await.unwrap()
    };
    assert_eq!(between(EVER.0, at).await[0].meetings, 1);
    assert_eq!(between(at, EVER.1).await[0].meetings, 3);
    assert_eq!(between(at.plus_ms(1), EVER.1).await, []);
    store.close().await;
}

#[tokio::test]
async fn of_someone_the_meetings_are_told_in_which_they_were() {
    let scratch = Scratch::new();
    let store = scratch.open();
    for (meeting, score) in [(1, Some(40.0)), (2, None)] {
        let mut hand = held(&store, meeting).await;
        let engagement = score.map(|score| {
            Box::new(Engagement {
                version: 1,
                score,
                confidence: Confidence::Low,
                components: Vec::new(),
            })
        });
        let person = PersonMeasured {
            participant: ParticipantId(meeting * 10),
            total_time: 100,
            totals: Totals { talk_ms: 1_500, reactions: 0 },
            quality: None,
            score,
            engagement,
        };
        let measured = Some(Box::new(Checkpoint { people: vec![person], minutes: Vec::new() }));
        hand.append(Batch { measured, ..hand.batch(Vec::new()) });
        hand.result().await.unwrap();
    }
    scratch
        .stranger()
        .execute_batch(
            "UPDATE meetings SET host_id = 2, \
             settings = json_set(settings, '$.privacy', json('{\"talk_time\":false}')) WHERE id = 2; \
             UPDATE meeting_participants SET exclude_from_report = 1 WHERE meeting_id = 2",
        )
        .unwrap();
    let told = store.user_meetings(UserId(2), EVER.0, EVER.1).await.unwrap();
    let [one, two] = &*told else { panic!("{told:?}") };
    assert_eq!((&*one.week, one.hosted, one.excluded), ("2026-W39", false, false));
    assert_eq!((one.present_seconds, one.talk_ms, one.privacy.talk_time), (100, 1_500, true));
    assert_eq!(one.engagement.as_ref().map(|it| it.score), Some(40.0));
    assert_eq!((two.hosted, two.excluded, two.privacy.talk_time), (true, true, false));
    assert_eq!(two.engagement, None);
    assert_eq!(store.user_meetings(UserId(3), EVER.0, EVER.1).await.unwrap(), []);
    store.close().await;
}
