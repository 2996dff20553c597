//! Whose data an event holds: what an erasure looks for.

use quorate_protocol::{ParticipantId, UserId};

use super::{Event, Fact, Personal};

/// A person whose data is to go, as one meeting knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The user.
    pub user: UserId,
    /// Their place in the meeting, if they have one.
    pub participant: Option<ParticipantId>,
    /// Names that they have had, as typed.
    pub names: Vec<String>,
    /// Addresses that they have had, in lower case.
    pub addresses: Vec<String>,
}

impl Event {
    /// Whether its personal part holds data of this person: what they are called and where they are
    /// written to, what they typed, and what was written about them. What someone else typed to them, or
    /// of them in the middle of a text, is the other's.
    #[must_use]
    pub fn holds_data_of(&self, who: &Subject) -> bool {
        let Some(personal) = self.personal.as_deref() else { return false };
        let is = |participant| who.participant == Some(participant);
        let about = self.fact.about().is_some_and(is);
        let theirs = self.user == who.user || self.by.is_some_and(is);
        let has_address = |email: &String| who.addresses.contains(&email.to_lowercase());
        if personal.email.as_ref().is_some_and(has_address) {
            return true;
        }
        match &self.fact {
            // Of whom it is, whoever wrote it into the journal: a host lets others in.
            Fact::MeetingCreated(made) => made.owner == who.user,
            Fact::ParticipantWaiting { user, .. }
            | Fact::ParticipantJoined { user, .. }
            | Fact::ParticipantIdentified { user, .. }
            | Fact::ParticipantBanned { user, .. } => *user == who.user,
            Fact::InviteeAdded { user, .. } => *user == Some(who.user),
            Fact::ParticipantRenamed { .. } | Fact::AttributesChanged { .. } => about,
            // Texts of the one who wrote them.
            Fact::PollOpened { .. }
            | Fact::AgendaSet { .. }
            | Fact::BreakoutPrepared { .. }
            | Fact::BreakoutOpened { .. } => theirs,
            // Lists of names, as of those who were taken over from elsewhere.
            _ if personal.texts.iter().any(|text| who.names.contains(text)) => true,
            _ => {
                // In a large meeting: whom it is about, or who did it.
                let introduced = personal.role.is_some();
                let named = self.fact.about().or(self.by).is_some_and(is);
                (introduced && named) || (personal.has_texts() && (theirs || about))
            }
        }
    }
}

impl Personal {
    /// Whether someone typed any of it.
    fn has_texts(&self) -> bool {
        let Personal { name: _, role: _, text, reason, email, attributes, texts, rating } = self;
        text.is_some()
            || rating.is_some()
            || reason.is_some()
            || email.is_some()
            || attributes.is_some()
            || !texts.is_empty()
    }
}
