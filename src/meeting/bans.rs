//! Bans: who is kept out, by what, until when (R7).
//!
//! A ban is of a user. What it keeps out besides is the verified email address that they had here, under
//! whatever account it comes back; a guest's user is their device. Whom it names is put out at once. Of
//! others with that address, who waits is put out too, and who is in is refused when they next say hello
//! or come back. Host, owner and co-hosts are kept out by a ban of their own user alone: else banning
//! someone of a lower rank could reach them.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use quorate_protocol::{
    BANS_MAX, Ban, BanEntry, BanKey, BanList, BanScope, Page, ParticipantId, Permission,
    REASON_CHARS_MAX, Seq, Timestamp, UserId, UserKind, WithdrawReason,
};

use super::event::{Audience, Event, Fact, Personal, SessionEnd};
use super::facts::Facts;
use super::person::{Exit, Person};
use super::profile::page_size;
use super::series::SeriesBan;
use super::series::follow::banned;
use super::{Decision, Refusal, text};

/// The bans of a meeting, expired ones among them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Bans(BTreeMap<UserId, Banned>);

/// One ban.
#[derive(Debug, Clone, PartialEq)]
struct Banned {
    participant: Option<ParticipantId>,
    key: BanKey,
    /// The verified address that it keeps out.
    email: Option<String>,
    scope: BanScope,
    until: Option<Timestamp>,
    by: Option<ParticipantId>,
    at: Timestamp,
    /// The event that banned.
    seq: Seq,
    /// Why, and the event that says so.
    reason: Option<(Seq, String)>,
}

impl Banned {
    fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }

    /// Whether this is what is asked for; who gives no reason leaves the one that is there.
    fn is(&self, ask: &Ban) -> bool {
        let reason = self.reason.as_ref().map(|(_, reason)| reason);
        let same_reason = ask.reason.is_none() || ask.reason.as_ref() == reason;
        self.until == ask.until && self.scope == ask.scope && same_reason
    }
}

impl Bans {
    fn holding(&self, user: UserId, now: Timestamp) -> Option<&Banned> {
        self.0.get(&user).filter(|ban| ban.holds(now))
    }

    /// The bans that keep out whoever has this address.
    fn holding_for(&self, email: &str, now: Timestamp) -> impl Iterator<Item = &Banned> {
        self.0.values().filter(move |ban| ban.email.as_deref() == Some(email) && ban.holds(now))
    }

    /// Whether a ban of this user came from the series.
    pub(super) fn is_of_the_series(&self, user: UserId) -> bool {
        self.0.get(&user).is_some_and(|ban| ban.scope == BanScope::Series && ban.by.is_none())
    }

    /// The bans of a series: all of them hold in its occurrences.
    pub(super) fn of_the_series(&self) -> Vec<(UserId, Option<Timestamp>, BanKey, Option<String>)> {
        let bans = self.0.iter();
        bans.map(|(user, ban)| (*user, ban.until, ban.key, ban.email.clone())).collect()
    }

    /// Whether there is a ban of this user, be it expired.
    pub(super) fn has(&self, user: UserId) -> bool {
        self.0.contains_key(&user)
    }
}

impl Facts {
    /// Bans whom the command names; with an address whoever has it here, or else the user named, who is known
    /// by nothing else.
    pub(super) fn ban(
        &self,
        now: Timestamp,
        me: &Person,
        ask: &Ban,
        address: Option<&str>,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantBan)?;
        text::check_some("reason", ask.reason.as_deref(), REASON_CHARS_MAX)?;
        let (user, person) = match address.and_then(|address| self.person_with(address)) {
            Some(person) => (person.user, Some(person)),
            None => self.whom(ask.participant, ask.user)?,
        };
        if user == me.user {
            return Err(Refusal::Invalid { field: "participant", message: "cannot be oneself" });
        }
        self.outrank(me, user)?;
        if ask.until.is_some_and(|until| until <= now) {
            return Err(Refusal::Invalid { field: "until", message: "must be in the future" });
        }
        match self.bans.holding(user, now) {
            Some(ban) if ban.is(ask) => return Ok(Decision::already(ban.by)),
            Some(_) => {}
            None => self.room_for_a_ban(now)?,
        }
        Ok(self.put_out(me, user, person, ask, address))
    }

    /// Who has this address here, verified: rather one who is in than one who waits, or is not there.
    fn person_with(&self, address: &str) -> Option<&Person> {
        let theirs = self.people.values().filter(|it| it.email.as_deref() == Some(address));
        theirs.max_by_key(|person| (person.is_in(), person.is_waiting()))
    }

    fn room_for_a_ban(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.bans.0.values().filter(|ban| ban.holds(now)).count() < BANS_MAX {
            return Ok(());
        }
        let message = "there are as many bans as there may be; lift some first";
        Err(Refusal::TooMany { message, limit: BANS_MAX })
    }

    fn put_out(
        &self,
        me: &Person,
        user: UserId,
        person: Option<&Person>,
        ask: &Ban,
        address: Option<&str>,
    ) -> Decision {
        let participant = person.map(|person| person.id);
        let email = person.and_then(|person| person.email.clone());
        let email = email.or_else(|| address.map(str::to_owned));
        let key = match person.map(|person| person.kind) {
            Some(UserKind::Guest) => BanKey::Device,
            _ if email.is_some() => BanKey::Email,
            _ => BanKey::User,
        };
        let mut decision = Decision::by(me);
        if let Some(person) = person.filter(|person| person.is_waiting()) {
            decision = decision.withdraw_banned(person);
        }
        let was_in = person.is_some_and(Person::is_in);
        let audience = if was_in { Audience::EVERYONE } else { Audience::STAFF };
        let (until, scope) = (ask.until, ask.scope);
        let banned = Fact::ParticipantBanned { user, participant, until, scope, key };
        let personal = Personal { email: email.clone(), ..Personal::default() };
        decision = decision.personal_event(audience, banned, personal);
        decision = decision.reason(self, participant, ask.reason.as_deref());
        if let Some(person) = person {
            decision = decision.close_sessions(person, SessionEnd::Banned);
        }
        let others = self.waiting.values().filter_map(|id| self.people.get(id));
        let others = others.filter(|other| email.is_some() && other.email == email);
        for other in others.filter(|other| other.user != user && !self.is_staff(other.user)) {
            decision = decision.withdraw_banned(other).close_sessions(other, SessionEnd::Banned);
        }
        decision
    }

    /// The bans that were given in this occurrence and are to hold in its whole series. Told when the meeting is
    /// restored: the server may have stopped before the series had heard of them.
    #[must_use]
    pub fn bans_for_series(&self, now: Timestamp) -> Vec<SeriesBan> {
        if self.info.parent.is_none() {
            return Vec::new();
        }
        let given =
            |ban: &Banned| ban.scope == BanScope::Series && ban.by.is_some() && ban.holds(now);
        let told = |(user, ban): (&UserId, &Banned)| SeriesBan {
            user: *user,
            until: ban.until,
            key: ban.key,
            email: ban.email.clone(),
            at: ban.at,
        };
        self.bans.0.iter().filter(|(_, ban)| given(ban)).map(told).collect()
    }

    /// A ban in an occurrence holds in the series from now on.
    pub(super) fn take_over_ban(&self, now: Timestamp, ban: &SeriesBan) -> Decision {
        let SeriesBan { user, until, key, ref email, at } = *ban;
        let decision = Decision::by_system();
        let same = self.bans.holding(user, now).is_some_and(|held| held.until == until);
        let full = self.room_for_a_ban(now).is_err();
        // It may be told again, long after it was lifted here.
        let lifted = self.bans_lifted.get(&user).is_some_and(|lifted| *lifted >= at);
        if same || full || lifted || self.info.recurrence.is_none() || self.is_staff(user) {
            return decision;
        }
        self.ban_by_series(decision, user, until, key, email.clone())
    }

    /// A ban that comes from the series, or from another of its occurrences.
    pub(super) fn ban_by_series(
        &self,
        mut decision: Decision,
        user: UserId,
        until: Option<Timestamp>,
        key: BanKey,
        email: Option<String>,
    ) -> Decision {
        let person = self.person_of(user);
        if let Some(person) = person.filter(|person| person.is_waiting()) {
            decision = decision.withdraw_banned(person);
        }
        let participant = person.map(|person| person.id);
        decision = banned(decision, user, participant, until, key, email);
        match person {
            Some(person) => decision.close_sessions(person, SessionEnd::Banned),
            None => decision,
        }
    }

    pub(super) fn unban(&self, me: &Person, user: UserId) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantUnban)?;
        if !self.bans.has(user) {
            return Err(Refusal::NotFound { what: "ban", last: None });
        }
        let participant = self.person_of(user).map(|person| person.id);
        let unbanned = Fact::ParticipantUnbanned { user, participant };
        Ok(Decision::by(me).event(Audience::STAFF, unbanned))
    }

    pub(super) fn list_bans(
        &self,
        now: Timestamp,
        me: &Person,
        ask: BanList,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantUnban)?;
        let limit = page_size(ask.limit)?;
        let after = ask.after.map_or(Unbounded, Excluded);
        let mut rest = self.bans.0.range((after, Unbounded)).filter(|(_, ban)| ban.holds(now));
        let entry = |(user, ban): (&UserId, &Banned)| {
            let name = self.person_of(*user).map(|person| person.name.clone());
            BanEntry {
                user: *user,
                participant: ban.participant,
                name: name.filter(|name| !name.is_empty()),
                key: ban.key,
                scope: ban.scope,
                reason: ban.reason.as_ref().map(|(_, reason)| reason.clone()),
                until: ban.until,
                by: ban.by,
                at: ban.at,
            }
        };
        let items: Vec<_> = rest.by_ref().take(limit).map(entry).collect();
        let next = items.last().map(|last| last.user.0).filter(|_| rest.next().is_some());
        Ok(Decision::by(me).answer(&Page { items, next }))
    }

    /// Refuses who is banned, by their user or by the verified address they have now.
    pub(super) fn not_banned(
        &self,
        now: Timestamp,
        user: UserId,
        email: Option<&str>,
    ) -> Result<(), Refusal> {
        if let Some(ban) = self.bans.holding(user, now) {
            return Err(Refusal::Banned { until: ban.until });
        }
        let Some(email) = email.filter(|_| !self.is_staff(user)) else { return Ok(()) };
        // Of several the one that ends last.
        let last = |ban: &&Banned| (ban.until.is_none(), ban.until);
        match self.bans.holding_for(email, now).max_by_key(last) {
            Some(ban) => Err(Refusal::Banned { until: ban.until }),
            None => Ok(()),
        }
    }

    fn whom(
        &self,
        participant: Option<ParticipantId>,
        user: Option<UserId>,
    ) -> Result<(UserId, Option<&Person>), Refusal> {
        match (participant, user) {
            (Some(id), None) => self.person(id).map(|person| (person.user, Some(person))),
            (None, Some(user)) if user.0 > 0 => Ok((user, self.person_of(user))),
            (None, Some(_)) => Err(Refusal::NotFound { what: "user", last: None }),
            _ => {
                let message = "name either a participant or a user";
                Err(Refusal::Invalid { field: "participant", message })
            }
        }
    }

    /// Carries a `participant.banned` into the state.
    pub(super) fn banned(&mut self, event: &Event) {
        let Fact::ParticipantBanned { user, participant, until, scope, key } = event.fact else {
            return;
        };
        let (at, bans) = (event.at, &mut self.bans.0);
        if bans.len() >= BANS_MAX {
            bans.retain(|_, ban| ban.holds(at));
        }
        let before = bans.remove(&user).filter(|ban| ban.holds(at));
        let email = event.personal.as_ref().and_then(|personal| personal.email.clone());
        // After a redaction it reaches the user alone.
        let key = if key == BanKey::Email && email.is_none() { BanKey::User } else { key };
        let (by, seq) = (event.by, event.seq);
        let reason = before.and_then(|ban| ban.reason);
        bans.insert(user, Banned { participant, key, email, scope, until, by, at, seq, reason });
        if let Some(participant) = participant {
            self.out(participant, Exit::Removed, at);
            self.set_removed(participant, true);
        }
    }

    /// A ban was lifted, and a removal with it.
    pub(super) fn unbanned(
        &mut self,
        user: UserId,
        participant: Option<ParticipantId>,
        at: Timestamp,
    ) {
        self.bans.0.remove(&user);
        if self.info.recurrence.is_some() {
            self.bans_lifted.insert(user, at);
        }
        if let Some(participant) = participant {
            self.set_removed(participant, false);
        }
    }

    /// The reason of an event was given by another; that of a removal is not kept.
    pub(super) fn ban_reason_given(&mut self, of: Seq, event: &Event) {
        let reason = event.personal.as_ref().and_then(|personal| personal.reason.clone());
        if let Some(ban) = self.bans.0.values_mut().find(|ban| ban.seq == of) {
            ban.reason = reason.map(|reason| (event.seq, reason));
        }
    }

    /// What was personal in these events is gone.
    pub(super) fn bans_redacted(&mut self, ranges: &[(Seq, Seq)]) {
        let gone = |seq: Seq| ranges.iter().any(|(first, last)| (*first..=*last).contains(&seq));
        for ban in self.bans.0.values_mut() {
            if gone(ban.seq) && ban.email.take().is_some() && ban.key == BanKey::Email {
                ban.key = BanKey::User;
            }
            ban.reason = ban.reason.take().filter(|(seq, _)| !gone(*seq));
        }
    }
}

impl Decision {
    /// Someone banned waits no longer.
    fn withdraw_banned(self, person: &Person) -> Decision {
        let reason = WithdrawReason::Banned;
        let withdrawn = Fact::ParticipantWithdrawn { participant: person.id, reason };
        self.event(Audience::holders(Permission::ParticipantAdmit), withdrawn)
    }
}
