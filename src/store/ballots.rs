//! Ballots: what people said of a meeting where nobody is to know who said what.
//!
//! A row says what was said and for which meeting, and is filed under what was made of the user with the key
//! beside it. There is no time in it and no order; once the key is gone, nothing ties it to anybody.

use std::collections::BTreeSet;
use std::fmt;

use quorate_protocol::MeetingId;
use rusqlite::{Connection, OptionalExtension, params};

use super::projections::json;
use super::queries::feedback::{BALLOT_KEY, VOTERS};
use super::{Store, StoreError};
use crate::meeting::feedback::{Ballot, Voter};

/// Ballots to be filed.
#[derive(Clone)]
pub struct Ballots {
    /// What their voters were made with; written with the first.
    pub key: [u8; 32],
    /// The ballots, in order: of one voter the last counts.
    pub cast: Vec<Ballot>,
}

impl fmt::Debug for Ballots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ballots").field("cast", &self.cast.len()).finish_non_exhaustive()
    }
}

/// What a meeting goes on with that takes ballots.
#[derive(Clone, Default)]
pub struct BallotBox {
    /// The key, while feedback is open.
    pub key: Option<[u8; 32]>,
    /// Under what ballots are filed.
    pub voters: BTreeSet<Voter>,
}

/// Files ballots, each in the place of the one before of the same voter.
pub(super) fn file(
    connection: &Connection,
    meeting: MeetingId,
    ballots: &Ballots,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO meeting_ballot_keys (meeting_id, key) VALUES (?1, ?2) \
             ON CONFLICT (meeting_id) DO NOTHING",
        )?
        .execute(params![meeting.0, ballots.key])?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO meeting_ballots (meeting_id, voter, rating, comment, tags) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (meeting_id, voter) \
         DO UPDATE SET rating = ?3, comment = ?4, tags = ?5",
    )?;
    for Ballot { voter, rating, comment, tags } in &ballots.cast {
        statement.execute(params![meeting.0, voter, rating, comment, json(tags)])?;
    }
    Ok(())
}

impl Store {
    /// The key of a meeting's ballots, if there is one, and under what they are filed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ballot_box(&self, meeting: MeetingId) -> Result<BallotBox, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(BALLOT_KEY)?;
            let key = statement.query_row([meeting.0], |row| row.get(0)).optional()?;
            let mut statement = connection.prepare_cached(VOTERS)?;
            let voters = statement.query_map([meeting.0], |row| row.get(0))?;
            Ok(BallotBox { key, voters: voters.collect::<rusqlite::Result<_>>()? })
        })
        .await
    }
}
