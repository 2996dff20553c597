//! What was measured of meetings.

use std::collections::BTreeMap;

use quorate_protocol::{MeetingId, ParticipantId};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::{all, word};
use crate::meeting::measures::{Minute, Totals};
use crate::store::journal::parsed;
use crate::store::{Store, StoreError};

pub(in crate::store) const TOTALS: &str = "SELECT id, talk_ms, reactions FROM meeting_participants \
     WHERE meeting_id = ?1 AND (talk_ms > 0 OR reactions > 0)";
pub(in crate::store) const MINUTES: &str = "SELECT participant_id, at, talk_ms, source, samples, \
     coalesce(r, 0), coalesce(rtt_ms, 0), coalesce(jitter_ms, 0), coalesce(loss_pct, 0) \
     FROM meeting_minutes WHERE meeting_id = ?1 ORDER BY participant_id, at";

impl Store {
    /// What was measured of each in a meeting, all together, as of the last checkpoint.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn totals(
        &self,
        meeting: MeetingId,
    ) -> Result<BTreeMap<ParticipantId, Totals>, StoreError> {
        self.read(move |connection| {
            Ok(all(connection, TOTALS, [meeting.0], totals)?.into_iter().collect())
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

fn totals(row: &Row<'_>) -> rusqlite::Result<(ParticipantId, Totals)> {
    let talk_ms = row.get::<_, i64>(1)?.max(0).cast_unsigned();
    Ok((ParticipantId(row.get(0)?), Totals { talk_ms, reactions: row.get(2)? }))
}

fn minute(row: &Row<'_>) -> rusqlite::Result<Minute> {
    Ok(Minute {
        participant: ParticipantId(row.get(0)?),
        at: parsed(row, 1)?,
        talk_ms: row.get(2)?,
        source: if row.get_ref(3)? == ValueRef::Null { None } else { Some(word(row, 3)?) },
        samples: row.get(4)?,
        r: row.get(5)?,
        rtt_ms: row.get(6)?,
        jitter_ms: row.get(7)?,
        loss_pct: row.get(8)?,
    })
}
