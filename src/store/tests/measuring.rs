//! Measurements: columns of people that are replaced, minutes that are added to.

use quorate_protocol::{
    Confidence, ConnectionQuality, Engagement, QualityLevel, ScoreComponent, TalkSource,
};

use super::*;
use crate::meeting::measures::{Checkpoint, Minute, PersonMeasured, Totals};

const ADA: ParticipantId = ParticipantId(7);

fn measured(total_time: u64) -> PersonMeasured {
    PersonMeasured {
        participant: ADA,
        total_time,
        totals: Totals { talk_ms: 12_345, reactions: 3 },
        quality: None,
        score: Some(61.5),
        engagement: None,
    }
}

fn minute(at: i64, talk_ms: u32, source: Option<TalkSource>) -> Minute {
    Minute { talk_ms, source, ..Minute::of(ADA, Timestamp(at)) }
}

impl Hand {
    async fn measure(&mut self, people: Vec<PersonMeasured>, minutes: Vec<Minute>) {
        let measured = Some(Box::new(Checkpoint { people, minutes }));
        self.append(Batch { measured, ..self.batch(vec![]) });
        assert_eq!(self.result().await, Ok(self.head));
    }
}

/// The minutes of a meeting that are written.
async fn written(store: &Store, meeting: MeetingId) -> Vec<Minute> {
    let add = |all: &mut Vec<Minute>, minute: &Minute| all.push(minute.clone());
    store.each_minute(meeting, Vec::new(), add).await.unwrap()
}

/// The measured columns of a person, as another program reads them.
fn row(scratch: &Scratch) -> String {
    let sql = "SELECT total_time || '|' || talk_ms || '|' || reactions || '|' || \
        coalesce(connection_quality ->> 'level', '-') || '|' || coalesce(participation_score, '-') \
        || '|' || coalesce(engagement ->> 'score', '-') FROM meeting_participants WHERE id = 7";
    scratch.stranger().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn what_is_measured_of_someone_takes_the_place_of_what_was() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut hand = Hand::create(&store, 1).await;
    hand.tell(joined(7, 2, Role::Attendee)).await;
    assert_eq!(row(&scratch), "0|0|0|-|-|-");

    let quality = ConnectionQuality {
        version: 1,
        level: QualityLevel::Good,
        r: Some(70.5),
        mos: Some(3.6),
        rtt_ms: Some(80.0),
        jitter_ms: None,
        loss_pct: None,
        slow_signalling: false,
    };
    let fine = PersonMeasured { quality: Some(quality), ..measured(30) };
    hand.measure(vec![fine], vec![]).await;
    assert_eq!(row(&scratch), "30|12345|3|good|61.5|-");
    let totals = store.totals(hand.meeting).await.unwrap();
    assert_eq!(totals, [(ADA, Totals { talk_ms: 12_345, reactions: 3 })].into());

    let component = ScoreComponent {
        key: "presence".into(),
        raw: Some(40.0),
        of: Some(80.0),
        x: Some(0.5),
        weight: 35.0,
        points: 50.0,
        available: true,
        why: None,
    };
    let (confidence, components) = (Confidence::Low, vec![component]);
    let engagement = Engagement { version: 1, score: 50.0, confidence, components };
    let last = PersonMeasured { engagement: Some(Box::new(engagement.clone())), ..measured(40) };
    hand.measure(vec![last], vec![]).await;
    assert_eq!(
        row(&scratch),
        "40|12345|3|good|61.5|50.0",
        "a quality that is not known says nothing"
    );
    let sql = "SELECT engagement FROM meeting_participants WHERE id = 7";
    let written: String = scratch.stranger().query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(serde_json::from_str::<Engagement>(&written).unwrap(), engagement);
    store.close().await;
}

#[tokio::test]
async fn minutes_are_added_to_and_their_means_weighed() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut hand = Hand::create(&store, 1).await;
    hand.tell(joined(7, 2, Role::Attendee)).await;
    let sampled = |samples, r: f64| Minute {
        samples,
        r,
        rtt_ms: 2.0 * r,
        jitter_ms: r / 2.0,
        loss_pct: r / 10.0,
        ..Minute::of(ADA, Timestamp(60_000))
    };
    let talked = |talk_ms, source| minute(60_000, talk_ms, Some(source));
    hand.measure(vec![], vec![talked(5_000, TalkSource::Bot)]).await;
    hand.measure(vec![], vec![sampled(1, 80.0), minute(120_000, 1, None)]).await;
    hand.measure(vec![], vec![sampled(3, 40.0)]).await;
    hand.measure(vec![], vec![talked(6_000, TalkSource::Client)]).await;
    let minutes = written(&store, hand.meeting).await;
    let expected = Minute { talk_ms: 11_000, source: Some(TalkSource::Bot), ..sampled(4, 50.0) };
    assert_eq!(minutes, [expected.clone(), minute(120_000, 1, None)]);

    hand.measure(vec![], vec![talked(55_000, TalkSource::Sfu), minute(180_000, 99_000, None)])
        .await;
    let minutes = written(&store, hand.meeting).await;
    let full = Minute { talk_ms: 60_000, source: Some(TalkSource::Sfu), ..expected };
    assert_eq!(minutes[0], full, "no minute is longer than one");
    assert_eq!(minutes[2], minute(180_000, 60_000, None));
    let sql = "SELECT r IS NULL AND rtt_ms IS NULL AND loss_pct IS NULL FROM meeting_minutes \
        WHERE at = '1970-01-01T00:02:00.000Z'";
    assert!(scratch.stranger().query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap());
    store.close().await;
}

#[tokio::test]
async fn measurements_share_the_fate_of_their_batch() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut hand = Hand::create(&store, 1).await;
    hand.tell(joined(7, 2, Role::Attendee)).await;
    // A minute of someone who is not there is refused, and what else is in the batch with it.
    let stranger = Minute { participant: ParticipantId(99), ..minute(60_000, 1, None) };
    let checkpoint = Checkpoint { people: vec![measured(30)], minutes: vec![stranger] };
    let event = hand.event(chat());
    let before = hand.head;
    hand.append(Batch { measured: Some(Box::new(checkpoint)), ..hand.batch(vec![event]) });
    assert!(matches!(hand.result().await, Err(BatchError::Constraint(_))));
    assert_eq!((row(&scratch), hand.journal().await.len()), ("0|0|0|-|-|-".into(), 2));
    hand.head = before;
    // Of another meeting nobody's row is written.
    let mut other = Hand::create(&store, 2).await;
    other.measure(vec![measured(30)], vec![]).await;
    assert_eq!(row(&scratch), "0|0|0|-|-|-");
    hand.tell(chat()).await;
    store.close().await;
}
