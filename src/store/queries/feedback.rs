//! What people said of meetings.

use quorate_protocol::{FeedbackGiven, MeetingId, ParticipantId, UserId};
use rusqlite::Row;

use super::{all, first, json_if_any};
use crate::meeting::feedback::Rating;
use crate::store::journal::unreadable;
use crate::store::{Store, StoreError};

pub(in crate::store) const RATINGS: &str = "SELECT id, feedback, exclude_from_report \
     FROM meeting_participants WHERE meeting_id = ?1 AND feedback IS NOT NULL ORDER BY id";
/// In an order that tells nothing.
pub(in crate::store) const BALLOTS: &str = "SELECT rating, comment, tags FROM meeting_ballots \
     WHERE meeting_id = ?1 ORDER BY voter";
pub(in crate::store) const FEEDBACK_OF: &str = "SELECT feedback FROM meeting_participants \
     WHERE meeting_id = ?1 AND user_id = ?2";
pub(in crate::store) const BALLOT_KEY: &str =
    "SELECT key FROM meeting_ballot_keys WHERE meeting_id = ?1";
pub(in crate::store) const VOTERS: &str =
    "SELECT voter FROM meeting_ballots WHERE meeting_id = ?1 ORDER BY voter";

impl Store {
    /// What people said of a meeting, under their names or anonymously.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ratings(&self, meeting: MeetingId) -> Result<Vec<Rating>, StoreError> {
        self.read(move |connection| {
            let named = all(connection, RATINGS, [meeting.0], named)?;
            let ballots = all(connection, BALLOTS, [meeting.0], ballot)?;
            Ok(named.into_iter().flatten().chain(ballots).collect())
        })
        .await
    }

    /// What a user said of a meeting under their name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn feedback_of(
        &self,
        meeting: MeetingId,
        user: UserId,
    ) -> Result<Option<FeedbackGiven>, StoreError> {
        let params = (meeting.0, user.0);
        let found = self.read(move |connection| {
            first(connection, FEEDBACK_OF, params, |row| json_if_any(row, 0))
        });
        Ok(found.await?.flatten())
    }
}

fn named(row: &Row<'_>) -> rusqlite::Result<Option<Rating>> {
    let (participant, excluded) = (Some(ParticipantId(row.get(0)?)), row.get(2)?);
    let rating = |FeedbackGiven { rating, comment, tags, at: _ }| Rating {
        participant,
        excluded,
        rating,
        comment,
        tags,
    };
    Ok(json_if_any(row, 1)?.map(rating))
}

fn ballot(row: &Row<'_>) -> rusqlite::Result<Rating> {
    let tags: String = row.get(2)?;
    Ok(Rating {
        participant: None,
        excluded: false,
        rating: row.get(0)?,
        comment: row.get(1)?,
        tags: serde_json::from_str(&tags).map_err(|error| unreadable(2, error))?,
    })
}
