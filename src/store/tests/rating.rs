//! What people said of a meeting, in its tables.

use super::*;
use crate::meeting::feedback::Ballot;
use crate::store::Ballots;

fn rated(rating: u8) -> Personal {
    Personal { rating: Some(rating), ..said("well") }
}

#[tokio::test]
async fn what_was_said_last_stands_in_the_row_until_just_that_is_redacted() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 7).await;
    ada.tell(joined(70, 3, Role::Attendee)).await;
    let submitted = Fact::FeedbackSubmitted { participant: Some(ParticipantId(70)) };
    let by = |event: Event| Event { by: Some(ParticipantId(70)), ..event };
    for rating in [2, 4] {
        let event = by(ada.event(submitted.clone()));
        let event = Event { personal: Some(Box::new(rated(rating))), ..event };
        ada.append(ada.batch(vec![event]));
        ada.result().await.unwrap();
    }
    let given = async || store.feedback_of(MeetingId(7), UserId(3)).await.unwrap();
    let it = given().await.unwrap();
    assert_eq!((it.rating, it.comment.as_deref()), (4, Some("well")));
    assert_eq!(it.at, ada.event_at(Seq(4), chat()).at);
    ada.tell(Fact::Redacted { ranges: vec![(Seq(1), Seq(3))] }).await;
    assert_eq!(given().await.unwrap().rating, 4, "what was said since stays");
    ada.tell(Fact::Redacted { ranges: vec![(Seq(4), Seq(4))] }).await;
    assert_eq!(given().await, None);
    assert_eq!(store.ratings(MeetingId(7)).await.unwrap(), []);
    store.close().await;
}

fn ballot(voter: u8, rating: u8) -> Ballot {
    Ballot { voter: [voter; 32], rating, comment: None, tags: vec!["calm".into()] }
}

#[tokio::test]
async fn ballots_are_filed_once_for_each_voter_and_their_key_goes_when_feedback_closes() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 7).await;
    let cast = vec![ballot(1, 1), ballot(2, 2), ballot(1, 3)];
    for (key, cast) in [([9; 32], cast), ([8; 32], vec![ballot(2, 5)])] {
        let ballots = Some(Box::new(Ballots { key, cast }));
        ada.append(Batch { ballots, ..ada.batch(Vec::new()) });
        ada.result().await.unwrap();
    }
    let found = store.ballot_box(MeetingId(7)).await.unwrap();
    assert_eq!((found.key, found.voters.len()), (Some([9; 32]), 2), "the first key stays");
    let ratings = store.ratings(MeetingId(7)).await.unwrap();
    let ratings: Vec<_> = ratings.iter().map(|it| (it.participant, it.rating, &it.tags)).collect();
    let tags = vec!["calm".to_owned()];
    assert_eq!(ratings, [(None, 3, &tags), (None, 5, &tags)]);
    // One that is cast in the step that closes feedback is filed, and its key goes with it.
    let ballots = Some(Box::new(Ballots { key: [9; 32], cast: vec![ballot(3, 1)] }));
    let closed = ada.event(Fact::FeedbackClosed {});
    ada.append(Batch { ballots, ..ada.batch(vec![closed]) });
    ada.result().await.unwrap();
    let found = store.ballot_box(MeetingId(7)).await.unwrap();
    assert_eq!((found.key, found.voters.len()), (None, 3));
    ada.tell(Fact::RetentionApplied { days: 1 }).await;
    assert_eq!(store.ratings(MeetingId(7)).await.unwrap(), []);
    store.close().await;
}

/// Whether these bytes stand anywhere in the database or in its log.
fn holds(scratch: &Scratch, bytes: &[u8]) -> bool {
    let log = scratch.path.with_extension("db-wal");
    let files = [std::fs::read(&scratch.path).unwrap(), std::fs::read(log).unwrap_or_default()];
    files.iter().any(|file| file.windows(bytes.len()).any(|it| it == bytes))
}

const KEY: [u8; 32] = *b"the key of all these ballots: 32";

async fn cast(store: &Store) -> Hand {
    let mut ada = Hand::create(store, 7).await;
    let ballots = Some(Box::new(Ballots { key: KEY, cast: vec![ballot(1, 1)] }));
    ada.append(Batch { ballots, ..ada.batch(Vec::new()) });
    ada.result().await.unwrap();
    ada
}

#[tokio::test]
async fn when_feedback_closes_the_key_is_in_no_file_any_more() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = cast(&store).await;
    assert!(holds(&scratch, &KEY));
    ada.tell(Fact::FeedbackClosed {}).await;
    // Behind what comes after the commit.
    store.writes().await.unwrap();
    assert!(!holds(&scratch, &KEY));
    store.close().await;
}

#[tokio::test]
async fn what_a_crash_left_in_the_log_is_gone_after_the_next_start() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = cast(&store).await;
    // As when the server is killed before it cuts the log: the last one to close it would.
    let reader = scratch.stranger();
    reader.execute_batch("BEGIN; SELECT count(*) FROM meetings;").unwrap();
    ada.tell(Fact::FeedbackClosed {}).await;
    store.close().await;
    let copy = Scratch::new();
    for end in ["db", "db-wal"] {
        std::fs::copy(scratch.path.with_extension(end), copy.path.with_extension(end)).unwrap();
    }
    assert!(holds(&copy, &KEY), "it stands in the log still");
    let store = copy.open();
    store.writes().await.unwrap();
    assert!(!holds(&copy, &KEY));
    assert_eq!(store.ballot_box(MeetingId(7)).await.unwrap().key, None);
    store.close().await;
}
