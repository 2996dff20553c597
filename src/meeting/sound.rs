//! What is always true of a meeting between two inputs.

use quorate_protocol::{COHOSTS_MAX, MEETING_ROLES_MAX, MeetingStatus, UserKind};
use std::collections::BTreeSet;

use super::event::STAFF_RANK;
use super::facts::Facts;
use super::person::{Person, Place};
use super::roles::{CUSTOM_RANKS, CustomRole};

impl Facts {
    /// States what is always true between two inputs.
    ///
    /// # Panics
    /// When it is not.
    pub fn assert_sound(&self) {
        let is_bot = |person: &&Person| person.kind == UserKind::Bot;
        let (bots, people): (Vec<_>, Vec<_>) =
            self.people.values().filter(|person| person.is_in()).partition(is_bot);
        assert_eq!(people.len(), self.present as usize, "present counts the people who are in");
        assert_eq!(bots.len(), self.bots_present as usize, "and bots are counted apart");
        // Who was in before the capacity was lowered stays in; `apply` says that nobody comes in beyond it.
        for person in self.people.values() {
            assert_eq!(self.by_user.get(&person.user), Some(&person.id), "one place per user");
            let now = (person.view, person.can);
            assert_eq!(now, self.view_now(person), "views and rights are what the state gives");
            let banned = self.not_banned(self.at, person.user, None).is_err();
            assert!(!(person.view.here && banned), "no banned one here");
            assert_eq!(person.view.here, !person.sessions.is_empty(), "who is here has a session");
            assert_eq!(person.hand.is_some(), self.hands.contains(&person.id), "hands agree");
            let there = person.room.is_none_or(|room| self.breakouts.has_open(room));
            assert!(there && (person.room.is_none() || person.is_in()), "one is in rooms that are");
            let is_named = person.is_in() && !person.skeleton.is_empty();
            assert_eq!(
                self.names.has(&person.skeleton, person.id),
                is_named,
                "who is in is indexed"
            );
            for session in &person.sessions {
                let owner = self.sessions.get(session).map(|session| session.participant);
                assert_eq!(owner, Some(person.id), "a session belongs to its person");
            }
        }
        let sessions: usize = self.people.values().map(|person| person.sessions.len()).sum();
        assert_eq!(sessions, self.sessions.len(), "no session without a person");
        let lost = self.sessions.iter().filter(|(_, s)| s.lost_at.is_some()).map(|(id, _)| *id);
        assert!(lost.eq(self.lost.iter().copied()), "lost sessions are indexed");
        for (since, id) in &self.waiting {
            let place = self.people.get(id).map(|person| person.place);
            assert!(
                matches!(place, Some(Place::Waiting { since: at, .. }) if at == *since),
                "the line is of those who wait"
            );
        }
        self.polls.assert_sound();
        assert!(self.breakouts.is_sound(), "rooms are whole");
        let away = self.info.acting_for.and_then(|user| self.person_of(user));
        assert!(!away.is_some_and(Person::is_in), "nobody acts for one who is in");
        assert!(
            self.info.acting_for.is_some() || !self.co_hosts.contains(&self.info.host),
            "the host in full is no co-host"
        );
        let distinct: BTreeSet<_> = self.co_hosts.iter().collect();
        assert_eq!(distinct.len(), self.co_hosts.len(), "each co-host is one once");
        assert!(self.co_hosts.len() <= COHOSTS_MAX, "there are not too many co-hosts");
        assert!(self.host_gone.is_none() || !self.host_is_in(), "a host who is in is not gone");
        let sound = |role: &CustomRole| CUSTOM_RANKS.contains(&role.rank);
        assert!(self.roles.len() <= MEETING_ROLES_MAX && self.roles.values().all(sound));
        let staff = self.people.values().filter(|person| person.view.rank >= STAFF_RANK);
        assert!(staff.map(|person| person.id).eq(self.staff.iter().copied()), "staff is indexed");
        let running = self.info.status == MeetingStatus::InProgress;
        assert!(
            running || self.info.status == MeetingStatus::Scheduled || self.sessions.is_empty()
        );
        let ended = self.info.status.is_over();
        let rests = !self.polls.any_open() && self.timer.is_none();
        assert!(!ended || rests, "nothing is open or runs in a meeting that ended");
    }
}
