//! Who may read what of a journal afterwards: the audit, the feed of events, a look back in time.
//!
//! What reached someone then they may read again. An auditor reads besides who did what when, of all that
//! happened; what people typed or are called only where it was for a group that the auditor would have
//! been in. What someone votes is theirs alone, of whatever poll: of one that is not anonymous staff
//! reads in `poll.votes_told` what everyone chose. What someone said of the meeting is theirs here too.

use quorate_protocol::{Permission, PermissionSet, Timestamp, UserId};

use super::custom_roles::Definer;
use super::event::{Event, Fact, Group, SYSTEM, View};
use super::facts::Facts;
use super::office::Actor;
use super::person::{Person, Place};

/// Someone who reads a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub user: UserId,
    /// By what right they read more than reached them; none: by none.
    pub auditor: Option<Auditor>,
}

/// Someone who reads who did what when, whether they were there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Auditor {
    /// The rank they have, or would have on joining.
    pub rank: u8,
    /// What they may, or would on joining.
    pub permissions: PermissionSet,
}

/// How much of an event someone may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Not even that it happened.
    Nothing,
    /// That it happened, and when; neither who did it nor to what.
    Happened,
    /// Who did what when, without what is personal.
    Structure,
    /// All of it.
    Whole,
}

impl Auditor {
    /// An administrator of the server.
    #[must_use]
    pub fn admin() -> Auditor {
        let Definer { rank, permissions } = Definer::admin();
        Auditor { rank, permissions }
    }

    /// The same by a credential that is good for these scopes, where it is good for auditing.
    #[must_use]
    pub fn within(self, scopes: Option<PermissionSet>) -> Option<Auditor> {
        let permissions = scopes.map_or(self.permissions, |scopes| self.permissions.and(scopes));
        permissions.has(Permission::AuditView).then_some(Auditor { permissions, ..self })
    }

    /// What of a group they count as. A breakout room is only for who was in it.
    fn is_of(&self, group: Group) -> bool {
        match group {
            Group::Nobody | Group::Room(Some(_)) => false,
            Group::Everyone | Group::Room(None) => true,
            Group::Rank(rank) => self.rank >= rank,
            Group::Holders(permission) => self.permissions.has(permission),
        }
    }
}

impl Reader {
    /// How much they may read of an event, whose view as of it was this; none where they had no place in
    /// the meeting.
    #[must_use]
    pub fn sight(&self, event: &Event, view: Option<&View>) -> Sight {
        // One's own: always.
        if event.user == self.user && self.user != SYSTEM {
            return Sight::Whole;
        }
        if matches!(event.fact, Fact::PollVoteCast { .. }) {
            return if self.auditor.is_some() { Sight::Happened } else { Sight::Nothing };
        }
        // What someone said of the meeting is told in its own place, to whom it is to be told.
        let most = match event.fact {
            Fact::FeedbackSubmitted { .. } => Sight::Structure,
            _ => Sight::Whole,
        };
        let view = view.filter(|view| view.here);
        let addressed = match (view, &self.auditor) {
            (Some(view), _) => event.audience.includes(view),
            (None, Some(auditor)) => auditor.is_of(event.audience.group),
            (None, None) => false,
        };
        match addressed {
            true => most,
            false if self.auditor.is_none() => Sight::Nothing,
            // What it is about is who voted what.
            false if matches!(event.fact, Fact::PollVotesTold { .. }) => Sight::Happened,
            false => Sight::Structure,
        }
    }
}

impl Facts {
    /// By what right someone audits this meeting, in or not, if they do; that of an administrator of the
    /// server is another.
    #[must_use]
    pub fn auditor(&self, now: Timestamp, actor: &Actor) -> Option<Auditor> {
        let known = self.person_of(actor.user);
        let (rank, permissions) = self.rights_outside(now, actor, known).ok()?;
        Auditor { rank, permissions }.within(actor.scopes)
    }

    /// An auditor as a viewer of a snapshot in which they are not: as staff in the main room who was there
    /// all along, and nothing was for them in person but what is theirs.
    #[must_use]
    pub fn onlooker(&self, user: UserId, auditor: Auditor) -> Person {
        let known = self.person_of(user).cloned();
        let kind = quorate_protocol::UserKind::Member;
        let nobody = quorate_protocol::ParticipantId(0);
        let mut person = known.unwrap_or_else(|| Person::new(nobody, user, kind));
        person.place = Place::In { admitted_by: None };
        person.joined_at = Timestamp::default();
        person.room = None;
        person.view = View {
            participant: person.id,
            here: true,
            joined: true,
            rank: auditor.rank,
            permissions: auditor.permissions,
            room: None,
        };
        person
    }
}
