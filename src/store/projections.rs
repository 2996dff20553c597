//! What follows from each fact in the tables of meetings; written in the transaction of its event.
//!
//! A fact about someone whom the meeting does not know is refused, and its batch with it.

mod feedback;
mod meetings;
mod people;
mod series;

use quorate_protocol::{MeetingId, Seq};
use rusqlite::{Connection, Params, params};
use serde::Serialize;

use crate::meeting::event::{Event, Fact};

/// Writes what follows from one event of a meeting. Every fact has its arm, also those that change no
/// table: a new one shall not be overlooked.
pub(super) fn project(
    connection: &Connection,
    meeting: MeetingId,
    event: &Event,
) -> rusqlite::Result<()> {
    let tables = Tables { connection, meeting: meeting.0, at: &event.at.to_string() };
    project_fact(&tables, event)?;
    if event.fact.changes_occurrences() {
        tables.note_series_version(event.seq)?;
    }
    Ok(())
}

fn project_fact(tables: &Tables<'_>, event: &Event) -> rusqlite::Result<()> {
    match &event.fact {
        Fact::MeetingCreated(made) => tables.create(made),
        Fact::MeetingStarted {} => tables.start(),
        Fact::MeetingEnded { .. } => tables.end(),
        Fact::MeetingReopened {} => tables.reopen(),
        Fact::MeetingCancelled {} => tables.cancel(),
        Fact::SeriesChanged { starts_at, ends_at, time_zone, recurrence, occurrences } => {
            tables.change_series((*starts_at, *ends_at), time_zone, recurrence, occurrences)
        }
        Fact::SeriesSplit { recurrence, .. } => tables.set_recurrence(recurrence),
        Fact::SeriesFollowed(followed) => tables.follow(followed),
        Fact::MeetingLocked {} => tables.lock(true),
        Fact::MeetingUnlocked {} => tables.lock(false),
        Fact::MeetingSuspended { .. } => tables.suspend(true),
        Fact::MeetingResumed {} => tables.suspend(false),
        Fact::MeetingPolicyChanged { changes, .. } => tables.change_policy(changes),
        Fact::MeetingUpdated(changes) => tables.update(changes),
        Fact::MeetingExtended { ends_at } => tables.extend(*ends_at),
        Fact::ParticipantWaiting { participant, user, .. } => tables.wait(*participant, *user),
        Fact::ParticipantAdmitted { participant } => tables.admit(*participant),
        Fact::ParticipantDeclined { participant } => tables.decline(*participant),
        Fact::ParticipantWithdrawn { participant, .. } => tables.withdraw(*participant),
        Fact::ReturnedToWaiting { participant } => tables.wait_again(*participant),
        Fact::InviteeAdded { invitee, user, required } => {
            let email = event.personal.as_ref().and_then(|personal| personal.email.as_deref());
            tables.invite(*invitee, *user, email, *required, event.seq)
        }
        Fact::InviteeRemoved { invitee } => tables.uninvite(*invitee),
        Fact::ParticipantJoined { participant, user, role, .. } => {
            tables.join(*participant, *user, *role)
        }
        Fact::ParticipantIdentified { participant, user, .. } => {
            tables.identify(*participant, *user)
        }
        Fact::ParticipantLeft { participant, .. } => tables.leave(*participant),
        Fact::ParticipantRemoved { participant } => tables.remove(*participant),
        Fact::ParticipantBanned { user, until, scope, key, .. } => {
            tables.ban(*user, (*until, *scope, *key), event.seq, event.user)
        }
        Fact::ParticipantUnbanned { user, .. } => tables.unban(*user),
        Fact::ReasonGiven { event: of, .. } => {
            let reason = event.personal.as_ref().and_then(|personal| personal.reason.as_deref());
            tables.give_reason(*of, event.seq, reason)
        }
        Fact::RoleAssigned { participant, role } => tables.assign(*participant, *role),
        Fact::CohostAdded { user, .. } => tables.add_cohost(*user),
        Fact::CohostRemoved { user, .. } => tables.remove_cohost(*user),
        Fact::HostChanged { user, acting_for, co_host, .. } => {
            tables.change_host(*user, acting_for.is_some(), *co_host)
        }
        Fact::ExclusionChanged { participant, excluded } => tables.exclude(*participant, *excluded),
        Fact::FeedbackSubmitted { participant: Some(participant) } => {
            tables.rate(*participant, event.at, event.personal.as_deref())
        }
        Fact::FeedbackClosed {} => tables.close_feedback(),
        Fact::RetentionApplied { .. } => tables.forget(),
        Fact::Redacted { ranges } => tables.redact(ranges, event.seq),
        // `quorate migrate` writes the rows together with what others keep in their own columns.
        Fact::MeetingImported(_) | Fact::ParticipantImported { .. } => Ok(()),
        // What passes with the meeting, and what only its journal tells.
        Fact::MeetingEndingSoon { .. }
        | Fact::OccurrenceCreated { .. }
        | Fact::MeetingRecovered { .. }
        | Fact::MeetingSizeChanged { .. }
        | Fact::SessionOpened { .. }
        | Fact::SessionLost { .. }
        | Fact::SessionResumed { .. }
        | Fact::SessionClosed { .. }
        | Fact::WaitingTold { .. }
        | Fact::ConnectionChanged { .. }
        | Fact::AttributesChanged { .. }
        | Fact::ParticipantRenamed { .. }
        | Fact::MediaUpdated { .. }
        | Fact::ParticipantMuted { .. }
        | Fact::ParticipantsMuted { .. }
        | Fact::PermissionsChanged { .. }
        | Fact::RoleDefined { .. }
        | Fact::RoleRemoved { .. }
        | Fact::HandRaised { .. }
        | Fact::HandLowered { .. }
        | Fact::HandCalledOn { .. }
        | Fact::PollOpened { .. }
        | Fact::PollVoteCast { .. }
        | Fact::PollClosed { .. }
        | Fact::PollVotesTold { .. }
        | Fact::AgendaSet { .. }
        | Fact::AgendaMoved { .. }
        | Fact::TimerStarted { .. }
        | Fact::TimerStopped {}
        | Fact::TimerEnded {}
        | Fact::DecisionRecorded { .. }
        | Fact::ActionRecorded { .. }
        | Fact::ChatSent { .. }
        | Fact::ChatDeleted { .. }
        | Fact::BreakoutPrepared { .. }
        | Fact::BreakoutOpened { .. }
        | Fact::BreakoutAssigned { .. }
        | Fact::ParticipantMoved { .. }
        | Fact::BreakoutAnnounced { .. }
        | Fact::BreakoutExtended { .. }
        | Fact::BreakoutClosing { .. }
        | Fact::BreakoutClosed { .. }
        | Fact::BreakoutHelpRequested { .. }
        | Fact::BreakoutHelpResolved { .. }
        | Fact::ChatPinned { .. }
        | Fact::ChatUnpinned { .. }
        | Fact::AbuseReported { .. }
        | Fact::CaptionPublished { .. }
        | Fact::PermissionRefused { .. }
        | Fact::FeedbackSubmitted { participant: None }
        | Fact::SummaryPublished {} => Ok(()),
    }
}

/// Notes in its row which event changed the meeting itself last: what an `ETag` is made of.
pub(super) fn revise(
    connection: &Connection,
    meeting: MeetingId,
    event: &Event,
) -> rusqlite::Result<()> {
    if !event.fact.changes_meeting() {
        return Ok(());
    }
    let revise = "UPDATE meetings SET revision = ?2 WHERE id = ?1";
    let seq = event.seq.0.cast_signed();
    connection.prepare_cached(revise)?.execute(params![meeting.0, seq]).map(drop)
}

/// The tables of one meeting, as of one event.
struct Tables<'a> {
    connection: &'a Connection,
    meeting: i64,
    at: &'a str,
}

impl Tables<'_> {
    /// Takes the personal part of events before `seq` out of the journal, and out of what followed
    /// from it.
    fn redact(&self, ranges: &[(Seq, Seq)], seq: Seq) -> rusqlite::Result<()> {
        for (first, last) in ranges {
            let last = (*last).min(Seq(seq.0 - 1));
            let range = params![self.meeting, first.0.cast_signed(), last.0.cast_signed()];
            self.any(
                "UPDATE meeting_audit_logs SET personal = NULL, salt = NULL \
                 WHERE meeting_id = ?1 AND seq BETWEEN ?2 AND ?3 AND personal IS NOT NULL",
                range,
            )?;
            self.any(
                "UPDATE meeting_bans SET reason = NULL \
                 WHERE meeting_id = ?1 AND reason_seq BETWEEN ?2 AND ?3",
                range,
            )?;
            self.any(
                "UPDATE meeting_invitees SET email = NULL \
                 WHERE meeting_id = ?1 AND seq BETWEEN ?2 AND ?3",
                range,
            )?;
            // Without the address it keeps out the user alone.
            self.any(
                "UPDATE meeting_bans SET key = 'user' \
                 WHERE meeting_id = ?1 AND seq BETWEEN ?2 AND ?3 AND key = 'email'",
                range,
            )?;
            self.redact_feedback(*first, last)?;
        }
        Ok(())
    }

    /// Runs a statement that must change exactly one row.
    fn one(&self, sql: &str, params: impl Params) -> rusqlite::Result<()> {
        match self.connection.prepare_cached(sql)?.execute(params)? {
            1 => Ok(()),
            rows => Err(rusqlite::Error::StatementChangedRows(rows)),
        }
    }

    /// Runs a statement that may change any number of rows.
    fn any(&self, sql: &str, params: impl Params) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(params).map(drop)
    }
}

/// A plain enum's name, as the wire has it.
pub(super) fn word(value: &impl Serialize) -> String {
    json(value).trim_matches('"').to_owned()
}

/// As JSON text.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("settings and names serialise")
}
