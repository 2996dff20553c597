//! Sessions: opened, lost, resumed, closed; leaving, and the grace period.

use quorate_protocol::{
    Leave, LeaveReason, ParticipantId, Permission, Presence, SessionId, Timestamp, UserId,
    WithdrawReason,
};

use super::event::{Audience, Fact, SessionEnd};
use super::facts::Facts;
use super::person::{Person, Session};
use super::{Decision, Refusal, Terms};

impl Facts {
    pub(super) fn resume(
        &self,
        now: Timestamp,
        session: SessionId,
        user: UserId,
    ) -> Result<Decision, Refusal> {
        let over = "that session is over; say hello with a token or as a guest";
        let person = self.person_in(session).filter(|person| person.user == user);
        let person = person.ok_or(Refusal::Unauthorized(over))?;
        self.not_banned(now, user, person.email.as_deref())?;
        if !self.lost.contains(&session) {
            return Ok(Decision::by(person));
        }
        let resumed = Fact::SessionResumed { session };
        let mut decision = Decision::by(person).event(Audience::NOBODY, resumed);
        if person.is_in() && !self.connected(person) {
            decision = decision.event(Audience::EVERYONE, changed(person, Presence::Present));
        }
        Ok(decision)
    }

    /// A socket is gone. A session that is over has nothing to lose.
    pub(super) fn lose(&self, session: SessionId) -> Decision {
        let Some(person) = self.person_in(session).filter(|_| !self.lost.contains(&session)) else {
            return Decision::by_system();
        };
        let lost = Fact::SessionLost { session };
        let mut decision = Decision::by(person).event(Audience::NOBODY, lost);
        if person.is_in() && self.hangs_on(person, session) {
            decision = decision.event(Audience::EVERYONE, changed(person, Presence::Lost));
        }
        decision
    }

    /// Whether a person has a connection by this session alone.
    fn hangs_on(&self, person: &Person, session: SessionId) -> bool {
        let mut connected = person.sessions.iter().filter(|id| !self.lost.contains(*id));
        connected.next() == Some(&session) && connected.next().is_none()
    }

    pub(super) fn recover(&self, last_alive: Timestamp) -> Decision {
        if self.sessions.is_empty() {
            return Decision::by_system();
        }
        Decision::by_system().event(Audience::EVERYONE, Fact::MeetingRecovered { last_alive })
    }

    /// Leaves on purpose; a host may say who is host then.
    pub(super) fn leave(&self, me: &Person, ask: Leave) -> Result<Decision, Refusal> {
        let mut decision = Decision::by(me);
        if let Some(successor) = ask.successor {
            self.require(me, Permission::RoleTransferHost)?;
            decision = self.hand_over(decision, me, "successor", successor)?;
        }
        let decision = self.depart(decision, me, LeaveReason::Left);
        Ok(decision.close_sessions(me, SessionEnd::Left))
    }

    /// A session was not resumed in time, or what is behind it holds no more; with the last one its person is gone.
    pub(super) fn expire(&self, session: SessionId) -> Decision {
        let decision = Decision::by_system();
        let Some(person) = self.person_in(session) else { return decision };
        let last = person.sessions.len() == 1;
        let decision =
            if last { self.depart(decision, person, LeaveReason::Lost) } else { decision };
        let closed = Fact::SessionClosed { session, why: SessionEnd::Expired };
        let decision = decision.event(Audience::NOBODY, closed);
        if !last && person.is_in() && self.hangs_on(person, session) {
            return decision.event(Audience::EVERYONE, changed(person, Presence::Lost));
        }
        decision
    }

    fn depart(&self, decision: Decision, person: &Person, reason: LeaveReason) -> Decision {
        let participant = person.id;
        if person.is_in() {
            return decision
                .event(Audience::EVERYONE, Fact::ParticipantLeft { participant, reason });
        }
        let reason = match reason {
            LeaveReason::Left | LeaveReason::Waiting => WithdrawReason::Withdrawn,
            LeaveReason::Lost => WithdrawReason::Expired,
        };
        let withdrawn = Fact::ParticipantWithdrawn { participant, reason };
        decision.event(Audience::holders(Permission::ParticipantAdmit), withdrawn)
    }

    /// The lost session that expires first, and when.
    pub(super) fn next_expiry(&self, terms: &Terms) -> Option<(Timestamp, SessionId)> {
        let expiry = |id: &SessionId| {
            let session = self.sessions.get(id)?;
            let person = self.people.get(&session.participant)?;
            let lost_at = session.lost_at?;
            // One who was let in while away has the whole grace to notice.
            let expires_at = match person.is_in() {
                true => lost_at.max(person.joined_at).plus_seconds(terms.grace_seconds),
                false => lost_at.plus_seconds(terms.held_seconds),
            };
            Some((expires_at, *id))
        };
        self.lost.iter().filter_map(expiry).min()
    }

    pub(super) fn session_opened(&mut self, session: SessionId, participant: ParticipantId) {
        self.sessions.insert(session, Session { participant, lost_at: None });
        if let Some(person) = self.people.get_mut(&participant) {
            person.sessions.push(session);
        }
    }

    pub(super) fn session_lost(&mut self, session: SessionId, at: Timestamp) {
        if let Some(lost) = self.sessions.get_mut(&session) {
            lost.lost_at = Some(at);
            self.lost.insert(session);
        }
    }

    pub(super) fn session_resumed(&mut self, session: SessionId) {
        if let Some(resumed) = self.sessions.get_mut(&session) {
            resumed.lost_at = None;
            self.lost.remove(&session);
        }
    }

    pub(super) fn session_closed(&mut self, session: SessionId) {
        self.lost.remove(&session);
        if let Some(closed) = self.sessions.remove(&session)
            && let Some(person) = self.people.get_mut(&closed.participant)
        {
            person.sessions.retain(|id| *id != session);
        }
    }

    /// Every session is lost, and its grace counts from `at`.
    pub(super) fn recovered(&mut self, at: Timestamp) {
        for (id, session) in &mut self.sessions {
            session.lost_at = Some(at);
            self.lost.insert(*id);
        }
    }
}

impl Decision {
    /// All of a person's sessions are over.
    pub(super) fn close_sessions(mut self, person: &Person, why: SessionEnd) -> Decision {
        for &session in &person.sessions {
            self = self.event(Audience::NOBODY, Fact::SessionClosed { session, why });
        }
        self
    }
}

fn changed(person: &Person, status: Presence) -> Fact {
    Fact::ConnectionChanged { participant: person.id, status }
}
