//! What is always true of a meeting between two inputs.

use std::collections::BTreeSet;

use quorate_protocol::{COHOSTS_MAX, MEETING_ROLES_MAX, MeetingStatus};

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
        let present = self.people.values().filter(|person| person.is_in()).count();
        assert_eq!(present, self.present as usize, "present counts who is in");
        assert!(self.present <= self.capacity(), "nobody is in beyond the capacity");
        for person in self.people.values() {
            assert_eq!(self.by_user.get(&person.user), Some(&person.id), "one place per user");
            let now = (person.view, person.can);
            assert_eq!(now, self.view_now(person), "views and rights are what the state gives");
            assert!(
                !(person.view.here && self.is_banned(person.user, self.at)),
                "no banned one here"
            );
            assert_eq!(person.view.here, !person.sessions.is_empty(), "who is here has a session");
            assert_eq!(person.hand.is_some(), self.hands.contains(&person.id), "hands agree");
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
    }
}
