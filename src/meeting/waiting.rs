//! The waiting room: who waits and why, admitting and declining. What else staff does there is in [`staff`].

mod staff;

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{
    Admit, Admitted, Code, ParticipantId, Permission, PersonReason, REASON_CHARS_MAX, Seq,
    SignalBody, Timestamp, UserKind, Via, WaitReason, WaitingEntry, WaitingStanding,
};

use super::event::{Audience, Event, Fact, Personal, SessionEnd};
use super::facts::Facts;
use super::person::{Exit, Person, Place};
use super::{Decision, Refusal, Signal, SignalTo, text};

/// By which rule one comes in who waits for this reason, where the event does not say it.
fn passes_by_reason(reason: WaitReason) -> Option<Via> {
    match reason {
        WaitReason::Approval | WaitReason::RemovedBefore | WaitReason::Full => None,
        WaitReason::HostAbsent | WaitReason::NotStarted => Some(Via::Open),
    }
}

impl Facts {
    /// Who waits, in order, as staff sees them.
    #[must_use]
    pub fn waiting_entries(&self, now: Timestamp) -> Vec<WaitingEntry> {
        let line = self.waiting.values().filter_map(|id| self.people.get(id));
        let entry = |(index, person): (usize, &Person)| {
            let Place::Waiting { at, .. } = person.place else { return None };
            Some(WaitingEntry {
                participant: person.id,
                user: person.user,
                name: person.name.clone(),
                kind: person.kind,
                verified: person.kind == UserKind::Member,
                invited: self.invitees.has(person.user, person.email.as_deref()),
                removed_before: person.removed,
                reason: self.wait_reason(now, person),
                position: index as u32 + 1,
                waited_seconds: now.ms_since(at) / 1000,
                connected: self.connected(person),
                since: at,
            })
        };
        line.enumerate().filter_map(entry).collect()
    }

    /// Where someone who waits stands, as they see it themselves.
    #[must_use]
    pub fn standing(&self, now: Timestamp, person: &Person) -> Option<WaitingStanding> {
        let Place::Waiting { since, .. } = person.place else { return None };
        Some(WaitingStanding {
            position: self.waiting.range(..=since).count() as u32,
            reason: self.wait_reason(now, person),
            host_present: self.host_present(),
            message: person.told.clone().or_else(|| self.info.settings.waiting_message.clone()),
        })
    }

    /// Why someone waits, as of now.
    fn wait_reason(&self, now: Timestamp, person: &Person) -> WaitReason {
        let not_yet = match person.place {
            Place::Waiting { passes: Some(Via::Staff) | None, .. } => None,
            _ if self.is_staff(person.user) => None,
            _ => self.not_yet_for(now, person.kind),
        };
        if let Some(reason) = not_yet {
            reason
        } else if person.removed {
            WaitReason::RemovedBefore
        } else if !self.has_seat(person) {
            WaitReason::Full
        } else {
            WaitReason::Approval
        }
    }

    pub(super) fn list_waiting(&self, now: Timestamp, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantAdmit)?;
        let items = self.waiting_entries(now);
        Ok(Decision::by(me).answer(&quorate_protocol::Page { items, next: None }))
    }

    pub(super) fn admit(&self, me: &Person, ask: Admit) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantAdmit)?;
        match (ask.participant, ask.all, ask.up_to_seq) {
            (Some(participant), false, None) => self.admit_one(me, participant),
            (None, true, up_to_seq) => Ok(self.admit_all(me, up_to_seq)),
            _ => Err(Refusal::Invalid {
                field: "participant",
                message: "name one participant, or all: true with up_to_seq",
            }),
        }
    }

    fn admit_one(&self, me: &Person, participant: ParticipantId) -> Result<Decision, Refusal> {
        let person = self.person(participant)?;
        match person.place {
            Place::Waiting { .. } if !self.has_seat(person) => Err(self.no_seat(person.kind)),
            Place::Waiting { .. } => Ok(self.let_in(Decision::by(me), person, Via::Approval)),
            Place::In { admitted_by } => Ok(Decision::already(admitted_by)),
            Place::Out(Exit::Declined { by, .. }) => Err(Refusal::Resolved { how: "declined", by }),
            Place::Out(_) => Err(Refusal::NotFound { what: "entry", last: person.last() }),
        }
    }

    fn admit_all(&self, me: &Person, up_to: Option<Seq>) -> Decision {
        let mut decision = Decision::by(me);
        let mut answer = Admitted { admitted: Vec::new(), left: Vec::new(), reason: None };
        let (mut let_in, mut bots) = (BTreeSet::new(), 0);
        let line = self.waiting.range(..=up_to.unwrap_or(self.head)).map(|(_, id)| id);
        for person in line.filter_map(|id| self.people.get(id)) {
            // Each one let in before takes a seat; the kept one is free again once the host is in.
            let kept = !let_in.contains(&self.rightful_host()) && self.keeps_seat(person.user);
            let people = self.present + let_in.len() as u32 + u32::from(kept);
            let is_bot = person.kind == UserKind::Bot;
            let fits =
                if is_bot { self.has_bot_seat_beside(bots) } else { people < self.capacity() };
            if fits {
                if is_bot {
                    bots += 1;
                } else {
                    let_in.insert(person.user);
                }
                answer.admitted.push(person.id);
                decision = self.let_in(decision, person, Via::Approval);
            } else {
                answer.left.push(person.id);
                answer.reason = Some(Code::MeetingFull);
            }
        }
        decision.answer(&answer)
    }

    /// Someone who waits comes in by themselves.
    pub(super) fn come_in(&self, decision: Decision, person: &Person) -> Decision {
        let Place::Waiting { passes: Some(via), .. } = person.place else { return decision };
        self.let_in(decision, person, via)
    }

    /// Someone who waits comes in.
    pub(super) fn let_in(&self, decision: Decision, person: &Person, via: Via) -> Decision {
        let admitted = Fact::ParticipantAdmitted { participant: person.id };
        let room = self.room_on_coming(&decision, person.id, person.user, person.kind);
        let decision = self.take_back(decision, Some(person));
        let joined = Fact::ParticipantJoined {
            participant: person.id,
            user: person.user,
            kind: person.kind,
            role: self.role_on_joining(&decision, person.user),
            via,
            room,
            looks_like: self.look_alike_of(person, &decision),
        };
        let name = Personal { name: Some(person.name.clone()), ..Personal::default() };
        decision
            .event(Audience::holders(Permission::ParticipantAdmit).and(person.id), admitted)
            .personal_event(Audience::EVERYONE, joined, name)
    }

    /// The first in line who comes in by themselves now. Staff needs neither a start nor an open door.
    pub(super) fn may_come_in(&self, now: Timestamp) -> Option<&Person> {
        if self.waiting.is_empty() {
            return None;
        }
        let open = |kind| {
            let welcome = kind != UserKind::Guest || self.info.settings.guests;
            welcome && !self.door_locked() && self.not_yet_for(now, kind).is_none()
        };
        let comes = |person: &&Person| match person.place {
            Place::Waiting { passes: Some(Via::Staff), .. } => self.is_staff(person.user),
            Place::Waiting { passes: Some(_), .. } => {
                self.is_staff(person.user) || open(person.kind)
            }
            _ => false,
        };
        let line = self.waiting.values().filter_map(|id| self.people.get(id));
        line.filter(comes).find(|person| self.has_seat(person))
    }

    pub(super) fn knocked(&mut self, participant: ParticipantId, event: &Event) {
        let Fact::ParticipantWaiting { reason, passes, stranger, .. } = event.fact else { return };
        let Some(person) = self.people.get_mut(&participant) else { return };
        let passes = passes.or_else(|| passes_by_reason(reason));
        person.place = Place::Waiting { since: event.seq, at: event.at, passes, stranger };
        self.waiting.insert(event.seq, participant);
    }

    pub(super) fn decline(&self, me: &Person, ask: &PersonReason) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantDecline)?;
        text::check_some("reason", ask.reason.as_deref(), REASON_CHARS_MAX)?;
        let person = self.target(me, ask.participant)?;
        match person.place {
            Place::Waiting { .. } => {
                let declined = Fact::ParticipantDeclined { participant: person.id };
                // The person is out with it, and reads the reason in `bye`.
                let audience = Audience::holders(Permission::ParticipantAdmit);
                Ok(Decision::by(me)
                    .event(audience, declined)
                    .reason(self, Some(person.id), ask.reason.as_deref())
                    .close_sessions(person, SessionEnd::Declined))
            }
            Place::In { admitted_by } => {
                Err(Refusal::Resolved { how: "admitted", by: admitted_by })
            }
            Place::Out(Exit::Declined { by, .. }) => Ok(Decision::already(by)),
            Place::Out(_) => Err(Refusal::NotFound { what: "entry", last: person.last() }),
        }
    }
}

/// How often those who wait hear that their standing changed, in milliseconds.
const TELL_EVERY_MS: i64 = 1000;

/// What each of those who wait was last told.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    standings: BTreeMap<ParticipantId, WaitingStanding>,
    /// The head as of which that was.
    as_of: Seq,
    /// When the reasons change by the clock alone.
    until: Option<Timestamp>,
    /// Not before then again.
    not_before: Timestamp,
}

impl Told {
    /// What those who wait are to be told now: those whose standing changed, at most once a second.
    pub(super) fn tell(&mut self, facts: &Facts, now: Timestamp) -> Vec<Signal> {
        let stale = self.as_of != facts.head || self.until.is_some_and(|until| until <= now);
        if !stale || now < self.not_before {
            return Vec::new();
        }
        self.as_of = facts.head;
        self.until = facts.opens_at().filter(|at| *at > now);
        if facts.waiting.is_empty() {
            self.standings.clear();
            return Vec::new();
        }
        let line = facts.waiting.values().filter_map(|id| facts.get(*id));
        let standings: BTreeMap<_, _> =
            line.filter_map(|person| Some((person.id, facts.standing(now, person)?))).collect();
        // Who just came read it in `welcome`, and it may have changed since.
        let changed = |id: &ParticipantId, standing: &WaitingStanding| {
            self.standings.get(id).is_none_or(|told| told != standing)
        };
        let signal = |(id, standing): (&ParticipantId, &WaitingStanding)| Signal {
            to: SignalTo::Latest(*id),
            body: SignalBody::WaitingUpdated(standing.clone()),
        };
        let signals: Vec<_> =
            standings.iter().filter(|(id, standing)| changed(id, standing)).map(signal).collect();
        if !signals.is_empty() {
            self.not_before = now.plus_ms(TELL_EVERY_MS);
        }
        self.standings = standings;
        signals
    }

    /// When they are to be told next, if anything happened since.
    pub(super) fn deadline(&self, facts: &Facts) -> Option<Timestamp> {
        if facts.waiting.is_empty() {
            return None;
        }
        match self.as_of == facts.head {
            true => self.until.map(|until| until.max(self.not_before)),
            false => Some(self.not_before),
        }
    }
}
