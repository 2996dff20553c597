//! Who may read what of a journal afterwards: the audit, the feed of events, a look back in time.
//!
//! What reached someone then they may read again. An auditor reads besides who did what when, of all that
//! happened; what people typed or are called only where it was for a group that the auditor would have
//! been in. What someone votes is theirs alone, of whatever poll: of one that is not anonymous staff
//! reads in `poll.votes_told` what everyone chose.

use quorate_protocol::{Permission, PermissionSet, Timestamp, UserId};

use super::custom_roles::Definer;
use super::event::{Event, Fact, Group, SYSTEM, View};
use super::facts::Facts;
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
        let view = view.filter(|view| view.here);
        let addressed = match (view, &self.auditor) {
            (Some(view), _) => event.audience.includes(view),
            (None, Some(auditor)) => auditor.is_of(event.audience.group),
            (None, None) => false,
        };
        match addressed {
            true => Sight::Whole,
            false if self.auditor.is_some() => Sight::Structure,
            false => Sight::Nothing,
        }
    }
}

impl Facts {
    /// By what right a user audits this meeting, if they do.
    #[must_use]
    pub fn auditor(&self, user: UserId) -> Option<Auditor> {
        let permissions = self.can_of(user).set;
        let audits = permissions.has(Permission::AuditView);
        audits.then(|| Auditor { rank: self.rank_of(user), permissions })
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
