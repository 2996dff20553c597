//! What the tables that are no fold know of a person, and taking it away. What journals know is redacted
//! by events of their own, and the tables that follow from them with it.

use quorate_protocol::{MeetingId, ParticipantId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::journal::parsed_if_any;
use super::queries::all;
use super::users::bots_of;
use super::writer::Job;
use super::{Store, StoreError};

/// What the username of one who was erased begins with; their id follows.
pub const ERASED_PREFIX: &str = "erased:";
/// Rows of the journal looked through in one read.
const SCANNED: i64 = 10_000;

pub(super) const PLACE: &str =
    "SELECT id FROM meeting_participants WHERE meeting_id = ?1 AND user_id = ?2";
pub(super) const ACTED_IN: &str = "SELECT min(meeting_id) FROM meeting_audit_logs \
     WHERE user_id = ?1 AND meeting_id > ?2";
pub(super) const NAMING: &str = "SELECT meeting_id FROM meeting_audit_logs \
     WHERE id > ?1 AND id <= ?2 AND personal IS NOT NULL \
     AND EXISTS (SELECT 1 FROM json_each(?3) WHERE instr(lower(personal), value) > 0)";
pub(super) const DEADLINE: &str = "SELECT next_deadline FROM meetings WHERE id = ?1";

impl Store {
    /// A user's place in a meeting.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn place_of(
        &self,
        meeting: MeetingId,
        user: UserId,
    ) -> Result<Option<ParticipantId>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(PLACE)?;
            let id = statement.query_row([meeting.0, user.0], |row| row.get(0)).optional()?;
            Ok(id.map(ParticipantId))
        })
        .await
    }

    /// When a meeting must be woken, if anything is due.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn deadline_of(&self, meeting: MeetingId) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(DEADLINE)?;
            let at = statement.query_row([meeting.0], |row| parsed_if_any(row, 0)).optional()?;
            Ok(at.flatten())
        })
        .await
    }

    /// The meetings in whose journals one of these texts, in lower case, stands in a personal part. This
    /// reads every journal, slice by slice; `progress` is told how many rows are done, and of how many.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn meetings_naming(
        &self,
        texts: &[String],
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Vec<MeetingId>, StoreError> {
        let texts: Vec<_> = texts.iter().map(|text| within_json(text)).collect();
        let texts = serde_json::to_string(&texts).expect("texts serialise");
        let last = |connection: &Connection| {
            let sql = "SELECT coalesce(max(id), 0) FROM meeting_audit_logs";
            Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        };
        let last = self.read(last).await?;
        let (mut found, mut at) = (Vec::new(), 0);
        while at < last {
            let params = (at, at + SCANNED, texts.clone());
            let slice = self.read(move |connection| {
                all(connection, NAMING, params, |row| row.get(0).map(MeetingId))
            });
            found.extend(slice.await?);
            found.sort_unstable();
            found.dedup();
            at += SCANNED;
            progress(at.min(last).cast_unsigned(), last.cast_unsigned());
        }
        Ok(found)
    }

    /// The meetings in which a user ever did something.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn meetings_acted_in(&self, user: UserId) -> Result<Vec<MeetingId>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(ACTED_IN)?;
            let (mut found, mut after) = (Vec::new(), 0);
            while let Some(id) = statement.query_row((user.0, after), |row| row.get(0))? {
                found.push(MeetingId(id));
                after = id;
            }
            Ok(found)
        })
        .await
    }

    /// Lets a user in no more: the account is switched off, and what they sign in with is gone. Answers their
    /// bots, who are gone with them.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn deactivate(&self, user: UserId) -> Result<Vec<UserId>, StoreError> {
        self.write(move |connection| {
            let bots = bots_of(connection, user)?;
            for sql in [
                "UPDATE users SET is_active = 0, is_admin = 0, password_hash = NULL WHERE id = ?1",
                "DELETE FROM tokens WHERE owner_id = ?1 OR user_id = ?1",
                "DELETE FROM sign_ins WHERE user_id = ?1",
                "DELETE FROM user_identities WHERE user_id = ?1",
                "DELETE FROM idempotency_keys WHERE user_id = ?1",
                "UPDATE meeting_digests SET changes = changes + 1 WHERE NOT frozen AND meeting_id IN \
                 (SELECT meeting_id FROM meeting_participants WHERE user_id = ?1 AND feedback IS NOT NULL)",
                "UPDATE meeting_participants SET feedback = NULL \
                 WHERE user_id = ?1 AND feedback IS NOT NULL",
            ] {
                connection.execute(sql, [user.0])?;
            }
            Ok(bots)
        })
        .await
    }

    /// Takes the name and the addresses of a user out of the tables; the last that is known of them.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn pseudonymise(
        &self,
        user: UserId,
        names: Vec<String>,
        addresses: Vec<String>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "UPDATE users SET username = ?2 || id, email = NULL, full_name = NULL, \
                 last_login = NULL, calendar_version = calendar_version + 1 WHERE id = ?1",
                params![user.0, ERASED_PREFIX],
            )?;
            for address in &addresses {
                connection.execute(
                    "UPDATE meeting_invitees SET email = NULL WHERE email = ?1",
                    [address],
                )?;
            }
            for text in names.iter().chain(&addresses) {
                let quoted = format!("\"{}\"", within_json(&text.to_lowercase()));
                connection.execute(
                    "UPDATE migration_quarantine SET row = '{\"erased\":true}' \
                     WHERE instr(lower(row), ?1) > 0",
                    [quoted],
                )?;
            }
            Ok(())
        })
        .await
    }

    /// Brings the write-ahead log, with what was overwritten, into the database, and cuts it to nothing;
    /// while someone reads, it is tried again until it is done.
    pub fn truncate_log(&self) {
        // A closed store has done it.
        let _ = self.shared.jobs.send(Job::Truncate);
    }
}

/// A text as it stands within JSON.
fn within_json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text serialises");
    quoted[1..quoted.len() - 1].to_owned()
}
