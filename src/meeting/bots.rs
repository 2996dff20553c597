//! Bots: programs with the scopes of their token, as far as their owner may at that moment.
//!
//! They have seats of their own (`max_bots`) and are no people: a meeting is as empty, as full and as
//! large as it is without them. A bot neither starts a meeting nor keeps it going. While its owner is
//! banned a bot does not come in, and one that is in may nothing.

use quorate_protocol::{MeetingStatus, Timestamp, UserId, UserKind, WaitReason};

use super::facts::Facts;
use super::person::Person;
use super::{Enter, Refusal};

impl Facts {
    /// Refuses giving a bot anything: nobody gives it what its token does not say.
    pub(super) fn not_a_bot(&self, person: &Person) -> Result<(), Refusal> {
        match person.kind {
            UserKind::Bot => Err(Refusal::Conflict("a bot's rights are its scopes")),
            UserKind::Member | UserKind::Guest => Ok(()),
        }
    }

    /// Whether there is a seat for one more bot beside so many.
    pub(super) fn has_bot_seat_beside(&self, more: u32) -> bool {
        self.bots_present + more < self.info.settings.max_bots
    }

    /// Why the meeting is not open yet for one of this kind who is not staff.
    pub(super) fn not_yet_for(&self, now: Timestamp, kind: UserKind) -> Option<WaitReason> {
        let early = kind == UserKind::Bot && self.info.status == MeetingStatus::Scheduled;
        self.not_yet(now).or(early.then_some(WaitReason::NotStarted))
    }

    /// What one of this kind is told who finds no seat.
    pub(super) fn no_seat(&self, kind: UserKind) -> Refusal {
        match kind {
            UserKind::Bot => Refusal::FullOfBots { limit: self.info.settings.max_bots },
            UserKind::Member | UserKind::Guest => Refusal::Full,
        }
    }

    /// Refuses the bot of someone who is banned.
    pub(super) fn owner_not_banned(&self, now: Timestamp, enter: &Enter) -> Result<(), Refusal> {
        let owner = enter.bot.as_ref().and_then(|bot| bot.owner);
        owner.map_or(Ok(()), |owner| self.not_banned(now, owner, None))
    }

    /// Whether a bot's owner was put out, and is not in again: then the bot may nothing.
    pub(super) fn owner_is_out(&self, owner: UserId) -> bool {
        let person = self.person_of(owner);
        let removed = person.is_some_and(|person| person.removed) || self.bans.has(owner);
        removed && !person.is_some_and(Person::is_in)
    }

    /// People and bots, in or lost: whether anyone is there at all.
    #[must_use]
    pub fn has_anyone(&self) -> bool {
        self.present + self.bots_present > 0
    }

    /// How many people and bots are in, lost ones included.
    #[must_use]
    pub fn people_in(&self) -> usize {
        (self.present + self.bots_present) as usize
    }

    /// One more who is in.
    pub(super) fn count_in(&mut self, kind: UserKind) {
        *self.counter(kind) += 1;
    }

    /// One fewer.
    pub(super) fn count_out(&mut self, kind: UserKind) {
        *self.counter(kind) -= 1;
    }

    fn counter(&mut self, kind: UserKind) -> &mut u32 {
        match kind {
            UserKind::Bot => &mut self.bots_present,
            UserKind::Member | UserKind::Guest => &mut self.present,
        }
    }
}
