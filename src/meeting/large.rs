//! Large meetings: attendees come and go in front of staff, and the others hear how many there are.
//!
//! Above [`LARGE_ABOVE`] people a meeting is large, until there are fewer than [`LARGE_UNTIL_BELOW`]. While
//! it is, those of a rank below presenters are not announced to ranks below staff; an event by or about
//! one of them then says their name and role itself.

use quorate_protocol::{
    LARGE_ABOVE, LARGE_UNTIL_BELOW, ParticipantId, Role, RosterCount, SignalBody, Timestamp, UserId,
};

use super::event::{Audience, Fact, Group, STAFF_RANK};
use super::facts::Facts;
use super::roles::built_in_rank;
use super::{Decision, Draft, Signal, SignalTo};

/// From this rank on everyone is announced to all.
const ANNOUNCED_RANK: u8 = built_in_rank(Role::Presenter);

impl Facts {
    /// What the meeting is to be from now on, when it is not: large, or not.
    pub(super) fn size_due(&self) -> Option<bool> {
        match self.info.large {
            false => (self.present > LARGE_ABOVE).then_some(true),
            true => (self.present < LARGE_UNTIL_BELOW).then_some(false),
        }
    }

    /// While the meeting is large: takes from all but staff what they are not told, and says who it is
    /// wherever else one of those appears who were not announced. Every decision goes through it.
    pub(super) fn introduce(&self, mut decision: Decision) -> Decision {
        if self.info.large {
            decision.events.iter_mut().for_each(|draft| self.introduce_in(draft));
        }
        decision
    }

    fn introduce_in(&self, draft: &mut Draft) {
        let passes = self.comes_or_goes(&draft.fact).filter(|(_, user)| !self.is_announced(*user));
        if let Some((participant, _)) = passes
            && draft.audience == Audience::EVERYONE
        {
            draft.audience = Audience::STAFF.and(participant);
        }
        let staff_alone = match draft.audience.group {
            Group::Nobody => draft.audience.also.is_empty(),
            Group::Rank(rank) => rank >= STAFF_RANK,
            Group::Everyone | Group::Holders(_) | Group::Room(_) => false,
        };
        if staff_alone {
            return;
        }
        // Whoever reads the event must know whose name it is.
        let who = draft.fact.about().or(draft.by).and_then(|id| self.people.get(&id));
        let Some(person) = who.filter(|person| !self.is_announced(person.user)) else { return };
        let personal = draft.personal.get_or_insert_default();
        // An event that is about a name says it by itself.
        if personal.name.is_none() {
            personal.name = Some(person.name.clone());
            personal.role = Some(self.role_of(person.user));
        }
    }

    /// Whose coming, going or looks this is: what only staff is told of those who are not announced.
    fn comes_or_goes(&self, fact: &Fact) -> Option<(ParticipantId, UserId)> {
        match fact {
            Fact::ParticipantJoined { participant, user, .. } => Some((*participant, *user)),
            Fact::ParticipantLeft { participant, .. }
            | Fact::ConnectionChanged { participant, .. }
            | Fact::MediaUpdated { participant, .. }
            | Fact::AttributesChanged { participant }
            | Fact::ParticipantRenamed { participant, .. }
            | Fact::ParticipantMuted { participant, .. } => {
                self.people.get(participant).map(|person| (person.id, person.user))
            }
            _ => None,
        }
    }

    fn is_announced(&self, user: UserId) -> bool {
        self.rank_of(user) >= ANNOUNCED_RANK
    }
}

/// How often the people of a large meeting hear how many they are, in milliseconds.
const TELL_EVERY_MS: i64 = 1000;

/// How many the people of a large meeting were last told that they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    total: u32,
    /// Not before then again.
    not_before: Timestamp,
}

impl Counted {
    /// The count, where it changed, at most once a second.
    pub(super) fn tell(&mut self, facts: &Facts, now: Timestamp) -> Option<Signal> {
        if !facts.info.large {
            self.total = 0;
            return None;
        }
        if self.total == facts.present || now < self.not_before {
            return None;
        }
        self.total = facts.present;
        self.not_before = now.plus_ms(TELL_EVERY_MS);
        let count = SignalBody::RosterCount(RosterCount { total: self.total });
        Some(Signal { to: SignalTo::Audience(Audience::EVERYONE), body: count })
    }

    /// When they are to be told next.
    pub(super) fn deadline(&self, facts: &Facts) -> Option<Timestamp> {
        let stale = facts.info.large && self.total != facts.present;
        stale.then_some(self.not_before)
    }
}
