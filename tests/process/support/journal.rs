//! The journal as it lies on disk.

use std::path::Path;

use quorate_client::protocol::{MeetingId, ParticipantId};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// A row of `meeting_audit_logs`.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) seq: u64,
    pub(crate) participant: Option<ParticipantId>,
    pub(crate) action: String,
    pub(crate) details: Value,
    pub(crate) audience: String,
    pub(crate) at: String,
    /// The session and id of the command that this ends.
    pub(crate) command: Option<(String, i64)>,
    pub(crate) personal: Value,
}

impl Row {
    /// The text of a message.
    pub(crate) fn text(&self) -> &str {
        self.personal["text"].as_str().unwrap_or_default()
    }

    /// Whether someone who is in may see it.
    pub(crate) fn shows_to(&self, participant: ParticipantId, staff: bool) -> bool {
        let (group, also) = self.audience.split_once('+').unwrap_or((&self.audience, ""));
        let named = also.split(',').any(|id| id == participant.to_string());
        named || group == "everyone" || (staff && group != "nobody")
    }
}

/// A meeting's journal, in order.
pub(crate) fn read(database: &Path, meeting: MeetingId) -> Vec<Row> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(database, flags).unwrap();
    connection.busy_timeout(super::PATIENCE).unwrap();
    let sql = "SELECT seq, participant_id, action, details, audience, created_at, session_id, \
               command_id, personal FROM meeting_audit_logs WHERE meeting_id = ?1 ORDER BY seq";
    let mut statement = connection.prepare(sql).unwrap();
    let json = |text: Option<String>| {
        text.map_or(Value::Null, |text| serde_json::from_str(&text).expect("JSON"))
    };
    let rows = statement.query_map([meeting.0], |row| {
        let session: Option<String> = row.get(6)?;
        let command: Option<i64> = row.get(7)?;
        Ok(Row {
            seq: row.get::<_, i64>(0)?.cast_unsigned(),
            participant: row.get::<_, Option<i64>>(1)?.map(ParticipantId),
            action: row.get(2)?,
            details: json(row.get(3)?),
            audience: row.get(4)?,
            at: row.get(5)?,
            command: session.zip(command),
            personal: json(row.get(8)?),
        })
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// A connection of ours to the live database, to do harm with.
pub(crate) fn meddle(database: &Path) -> Connection {
    let connection = Connection::open(database).unwrap();
    connection.busy_timeout(super::PATIENCE).unwrap();
    connection
}
