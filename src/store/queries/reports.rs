//! What reports ask of the tables, beside what is folded.

use quorate_protocol::{MeetingId, ParticipantId};
use rusqlite::Row;

use super::measures::{MINUTES, minute};
use super::{all, json_if_any};
use crate::meeting::measures::Minute;
use crate::store::journal::unreadable;
use crate::store::{Store, StoreError};

pub(in crate::store) const NAMED_RATINGS: &str = "SELECT id, feedback ->> '$.rating', \
     feedback ->> '$.comment', feedback -> '$.tags' FROM meeting_participants \
     WHERE meeting_id = ?1 AND feedback IS NOT NULL";
pub(in crate::store) const BALLOTS: &str = "SELECT NULL, rating, comment, tags \
     FROM meeting_ballots WHERE meeting_id = ?1";

/// What someone said of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// Who; none where nobody is to know.
    pub participant: Option<ParticipantId>,
    /// 1 to 5.
    pub rating: u8,
    /// In their words.
    pub comment: Option<String>,
    /// In a word each.
    pub tags: Vec<String>,
}

impl Store {
    /// What each said of a meeting who did.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ratings(&self, meeting: MeetingId) -> Result<Vec<Rating>, StoreError> {
        self.read(move |connection| {
            let mut ratings = all(connection, NAMED_RATINGS, [meeting.0], rating)?;
            ratings.extend(all(connection, BALLOTS, [meeting.0], rating)?);
            Ok(ratings)
        })
        .await
    }

    /// Hands each minute that was measured in a meeting to `add`, without holding them all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn each_minute<T: Send + 'static>(
        &self,
        meeting: MeetingId,
        mut sum: T,
        add: impl Fn(&mut T, &Minute) + Send + 'static,
    ) -> Result<T, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(MINUTES)?;
            let mut rows = statement.query([meeting.0])?;
            while let Some(row) = rows.next()? {
                add(&mut sum, &minute(row)?);
            }
            Ok(sum)
        })
        .await
    }
}

fn rating(row: &Row<'_>) -> rusqlite::Result<Rating> {
    let rating: i64 = row.get(1)?;
    Ok(Rating {
        participant: row.get::<_, Option<i64>>(0)?.map(ParticipantId),
        rating: u8::try_from(rating).map_err(|error| unreadable(1, error))?,
        comment: row.get(2)?,
        tags: json_if_any(row, 3)?.unwrap_or_default(),
    })
}
