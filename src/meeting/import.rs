//! What the journal of a meeting from the older application begins with.

use quorate_protocol::{MeetingType, Seq, Timestamp, UserKind};

use super::event::{Admission, ImportedParticipant, MeetingImported, Personal};
use super::facts::{Facts, Info};
use super::person::{Exit, Place};

impl Facts {
    pub(super) fn imported(&mut self, it: &MeetingImported, personal: Option<&Personal>) {
        let it = it.clone();
        self.info = Info {
            id: it.meeting,
            code: it.code,
            title: it.title,
            description: it.description,
            kind: MeetingType::Regular,
            status: it.status,
            starts_at: it.starts_at,
            ends_at: it.ends_at,
            started_at: it.started_at,
            ended_at: it.ended_at,
            has_passcode: it.has_passcode,
            owner: it.host,
            host: it.host,
            host_name: personal.and_then(|personal| personal.name.clone()).unwrap_or_default(),
            settings: it.settings,
            ..Info::default()
        };
        if it.status.is_over() {
            self.retention.over(it.ended_at.unwrap_or(it.created_at));
        }
    }

    /// Their names stand in the table of users alone, and come with them: to redact one person's in an event
    /// about hundreds would take those of all.
    pub(super) fn participants_imported(
        &mut self,
        people: &[ImportedParticipant],
        event: (Seq, Timestamp),
    ) {
        for it in people {
            let person = self.place_for(it.participant, it.user, UserKind::Member, None);
            person.joined_at = it.joined_at.unwrap_or_default();
            person.left_at = it.left_at;
            person.imported_seconds = it.total_seconds.max(0).cast_unsigned();
            if it.admission == Admission::Declined {
                let declined = Exit::Declined { at: it.created_at, by: None };
                person.place = Place::Out(declined);
            }
            if let Some(invitee) = it.invitee {
                self.invitees.added(invitee, event, Some(it.user), false, None);
            }
        }
    }
}
