//! What part people took, as far as the journal says: when they were there and in which room, what they wrote,
//! asked and answered. What is measured beside the journal is in [`super::measures`].

use quorate_protocol::{
    MeetingStatus, ParticipantId, Permission, PollId, Presence, Timestamp, UserKind,
};

use super::event::{Event, Fact};
use super::facts::Facts;
use super::person::Person;

impl Facts {
    /// What an event says of the part that people take; after it was applied.
    pub(super) fn note_participation(&mut self, event: &Event) {
        let at = event.at;
        match &event.fact {
            Fact::MeetingStarted {} | Fact::MeetingReopened {} => {}
            Fact::MeetingEnded { .. } => {
                self.people.values_mut().for_each(|person| person.gone(at));
            }
            Fact::MeetingRecovered { last_alive } => {
                self.ran.lost(*last_alive);
                let there = self.people.values_mut().filter(|person| person.is_in());
                there.for_each(|person| person.attendance.lost(*last_alive));
            }
            Fact::ParticipantJoined { participant, .. } => self.came(*participant, at),
            Fact::ParticipantLeft { participant, .. }
            | Fact::ParticipantRemoved { participant }
            | Fact::ParticipantBanned { participant: Some(participant), .. } => {
                self.with(*participant, |person| person.gone(at));
            }
            Fact::ConnectionChanged { participant, status } => {
                self.with(*participant, |person| match status {
                    Presence::Lost => person.attendance.lost(at),
                    Presence::Present => {
                        let counts = person.attendance.resumed(at);
                        person.activity.back(counts);
                    }
                });
            }
            Fact::ParticipantMoved { participant, .. } => {
                self.with(*participant, |person| person.attendance.moved(person.room, at));
            }
            Fact::BreakoutOpened { .. } | Fact::BreakoutClosed { .. } => {
                for person in self.people.values_mut().filter(|person| person.is_in()) {
                    person.attendance.moved(person.room, at);
                }
            }
            _ => return self.note_activity(event),
        }
        self.note_running(at);
    }

    fn note_activity(&mut self, event: &Event) {
        let at = event.at;
        match &event.fact {
            Fact::ChatSent { short: false, .. } => {
                event.by.into_iter().for_each(|by| self.with(by, |it| it.activity.wrote(at)));
            }
            Fact::HandRaised { participant } => {
                self.with(*participant, |person| person.activity.hand_up = Some(at));
            }
            Fact::HandLowered { participant } | Fact::HandCalledOn { participant } => {
                self.with(*participant, |person| person.activity.hand_lowered(at));
            }
            Fact::PollOpened { poll, .. } => self.poll_seen(*poll),
            Fact::PollVoteCast { poll, .. } => {
                event.by.into_iter().for_each(|by| self.with(by, |it| it.activity.answered(*poll)));
            }
            Fact::PollClosed { poll, .. } => {
                for person in self.people.values_mut() {
                    person.activity.polls_open.remove(poll);
                    person.activity.polls_missed.remove(poll);
                }
            }
            _ => {}
        }
    }

    /// A meeting runs while it goes on and someone is there; bots are nobody. While all who are in are cut off it is
    /// itself: whether the gap counts is known when the first of them is back, or another comes.
    fn note_running(&mut self, at: Timestamp) {
        if self.info.status != MeetingStatus::InProgress || self.present == 0 {
            return self.ran.left(at);
        }
        if self.ran.open.is_none() {
            self.ran.came(at, None);
        }
        let mut people = self.people.values().filter(|person| person.kind != UserKind::Bot);
        if people.any(|person| person.attendance.is_there()) {
            self.ran.resumed(at);
        } else {
            self.ran.lost(at);
        }
    }

    fn with(&mut self, participant: ParticipantId, change: impl FnOnce(&mut Person)) {
        if let Some(person) = self.people.get_mut(&participant) {
            change(person);
        }
    }

    fn came(&mut self, participant: ParticipantId, at: Timestamp) {
        let Some(person) = self.people.get(&participant) else { return };
        // Let in while away. Who comes by themselves has no session yet: it is opened with the next event.
        let away = !person.sessions.is_empty() && !self.connected(person);
        let invited = self.invitees.since(person.user, person.email.as_deref());
        self.with(participant, |person| {
            // Who is invited only when they are there already was expected from the start.
            if !person.attendance.is_any() {
                person.expected_since = invited.unwrap_or_default();
            }
            person.attendance.came(at, person.room);
            if away {
                person.attendance.lost(at);
            }
        });
    }

    fn poll_seen(&mut self, poll: PollId) {
        let votes = |person: &&mut Person| person.view.permissions.has(Permission::PollVote);
        for person in self.people.values_mut().filter(votes) {
            if person.attendance.lost_at.is_none() {
                person.activity.saw(poll);
            } else {
                person.activity.polls_missed.insert(poll);
            }
        }
    }

    /// For how long the meeting ran since someone was expected in it, in milliseconds.
    #[must_use]
    pub fn live_ms(&self, person: &Person, now: Timestamp) -> u64 {
        self.ran.ms_after(person.expected_since, now)
    }

    /// For how long someone was there since then while the meeting ran, in milliseconds. It runs whenever anyone
    /// is there, but for those who came before the start.
    #[must_use]
    pub fn present_ms(&self, person: &Person, since: Timestamp, now: Timestamp) -> u64 {
        let ran_first = self.ran.spans(now).next();
        ran_first.map_or(0, |first| person.attendance.ms_after(since.max(first.from), now))
    }
}

impl Person {
    fn gone(&mut self, at: Timestamp) {
        self.attendance.left(at);
        self.activity.hand_lowered(at);
        self.activity.polls_missed.clear();
    }
}
