//! What is measured of meetings, written in the transaction of their batches.

use quorate_protocol::MeetingId;
use rusqlite::{Connection, params};

use super::projections::{json, word};
use crate::meeting::measures::{Checkpoint, Minute, PersonMeasured};

/// A quality that is not known leaves what is there: since a restart nothing may have been measured.
const PERSON: &str = "UPDATE meeting_participants SET total_time = ?3, talk_ms = ?4, reactions = ?5, \
     connection_quality = coalesce(?6, connection_quality), participation_score = ?7, engagement = ?8 \
     WHERE id = ?1 AND meeting_id = ?2";

/// Adds to what is there of that minute: talk up to its length, means by how much was measured for each.
const MINUTE: &str = "INSERT INTO meeting_minutes (meeting_id, participant_id, at, talk_ms, source, \
     samples, r, rtt_ms, jitter_ms, loss_pct) \
     VALUES (?1, ?2, ?3, min(60000, ?4), ?5, ?6, ?7, ?8, ?9, ?10) \
     ON CONFLICT (meeting_id, participant_id, at) DO UPDATE SET \
     talk_ms = min(60000, talk_ms + excluded.talk_ms), \
     source = CASE WHEN 'sfu' IN (source, excluded.source) THEN 'sfu' \
                   WHEN 'bot' IN (source, excluded.source) THEN 'bot' \
                   ELSE coalesce(source, excluded.source) END, \
     samples = samples + excluded.samples, \
     r = coalesce((r * samples + excluded.r * excluded.samples) / (samples + excluded.samples), \
         r, excluded.r), \
     rtt_ms = coalesce((rtt_ms * samples + excluded.rtt_ms * excluded.samples) \
         / (samples + excluded.samples), rtt_ms, excluded.rtt_ms), \
     jitter_ms = coalesce((jitter_ms * samples + excluded.jitter_ms * excluded.samples) \
         / (samples + excluded.samples), jitter_ms, excluded.jitter_ms), \
     loss_pct = coalesce((loss_pct * samples + excluded.loss_pct * excluded.samples) \
         / (samples + excluded.samples), loss_pct, excluded.loss_pct)";

/// Writes a checkpoint within the open transaction.
pub(super) fn write(
    connection: &Connection,
    meeting: MeetingId,
    checkpoint: &Checkpoint,
) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(PERSON)?;
    for person in &checkpoint.people {
        let PersonMeasured { participant, total_time, totals, quality, score, engagement } = person;
        update.execute(params![
            participant.0,
            meeting.0,
            integer(*total_time),
            integer(totals.talk_ms),
            totals.reactions,
            quality.as_ref().map(json),
            score,
            engagement.as_ref().map(json),
        ])?;
    }
    let mut add = connection.prepare_cached(MINUTE)?;
    for minute in &checkpoint.minutes {
        let Minute { participant, at, talk_ms, source, samples, .. } = minute;
        let mean = |mean: f64| (*samples > 0).then_some(mean);
        add.execute(params![
            meeting.0,
            participant.0,
            at.to_string(),
            talk_ms,
            source.as_ref().map(word),
            samples,
            mean(minute.r),
            mean(minute.rtt_ms),
            mean(minute.jitter_ms),
            mean(minute.loss_pct),
        ])?;
    }
    Ok(())
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
