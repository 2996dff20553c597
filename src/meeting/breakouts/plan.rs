//! Preparing rooms, and who belongs in which.

use std::collections::BTreeSet;

use quorate_protocol::{
    BreakoutAssign, BreakoutMode, BreakoutPrepare, ParticipantId, Permission, ROOMS_EVER_MAX,
    ROOMS_MAX, ROOMS_MINUTES_MAX, Room, RoomAsked, RoomId, RoomsPrepared, UserKind,
};

use crate::meeting::event::{Audience, Fact, Personal, RoomPlan, STAFF_RANK};
use crate::meeting::facts::Facts;
use crate::meeting::person::Person;
use crate::meeting::{Decision, Refusal, text};

/// What `breakout.prepare` is answered.
pub(in crate::meeting) fn rooms_prepared(
    plan: &[RoomPlan],
    names: Vec<String>,
    mode: BreakoutMode,
) -> RoomsPrepared {
    let shown = plan.iter().zip(names).map(|(plan, name)| Room {
        room: plan.room,
        name,
        participants: plan.participants.clone(),
        open: false,
        closes_at: None,
        help: false,
        mode,
    });
    RoomsPrepared { rooms: shown.collect() }
}

impl Facts {
    /// Prepares rooms. `seed` is the chance by which `random` deals people out.
    pub(in crate::meeting) fn prepare_rooms(
        &self,
        me: &Person,
        ask: &BreakoutPrepare,
        seed: u64,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::BreakoutManage)?;
        let names = names(&ask.rooms)?;
        ask.minutes.map_or(Ok(()), check_minutes)?;
        let mut assigned = self.asked_for(me, ask)?;
        if self.breakouts.open {
            return Err(Refusal::Conflict("the rooms are open; close them first"));
        }
        if self.breakouts.last as usize + names.len() > ROOMS_EVER_MAX {
            let message = "this meeting had as many breakout rooms as it may have";
            return Err(Refusal::TooMany { message, limit: ROOMS_EVER_MAX });
        }
        if ask.mode == BreakoutMode::Random {
            assigned = deal(self.to_be_dealt(me), names.len(), seed ^ self.head.0);
        }
        let ids = (self.breakouts.last + 1..).map(RoomId);
        let plan = ids.zip(assigned).map(|(room, participants)| RoomPlan { room, participants });
        let plan: Vec<_> = plan.collect();
        let answer = rooms_prepared(&plan, names.clone(), ask.mode);
        let prepared = Fact::BreakoutPrepared { rooms: plan, mode: ask.mode, minutes: ask.minutes };
        let personal = Personal { texts: names, ..Personal::default() };
        let decision = Decision::by(me).personal_event(Audience::EVERYONE, prepared, personal);
        Ok(decision.answer(&answer))
    }

    /// Who is asked for in each room, in the order of their ids.
    fn asked_for(
        &self,
        me: &Person,
        ask: &BreakoutPrepare,
    ) -> Result<Vec<Vec<ParticipantId>>, Refusal> {
        let invalid = |message| Refusal::Invalid { field: "rooms.participants", message };
        let mut seen = BTreeSet::new();
        let mut assigned = Vec::new();
        for room in &ask.rooms {
            if ask.mode == BreakoutMode::Random && !room.participants.is_empty() {
                return Err(invalid("must be left out: chance deals people out"));
            }
            for id in &room.participants {
                self.assignable(me, *id)?;
                if !seen.insert(*id) {
                    return Err(invalid("must name each once, in one room"));
                }
            }
            let mut people = room.participants.clone();
            people.sort();
            assigned.push(people);
        }
        Ok(assigned)
    }

    /// Someone who may be assigned: in, or known to all because they were; oneself, or of a lower rank.
    fn assignable(&self, me: &Person, id: ParticipantId) -> Result<&Person, Refusal> {
        let person = self.person(id)?;
        if !person.is_in() && person.left_at.is_none() {
            return Err(Refusal::NotFound { what: "participant", last: person.last() });
        }
        if person.id != me.id {
            self.outrank(me, person.user)?;
        }
        Ok(person)
    }

    /// Whom chance deals out: who is in, but for staff, bots, and whoever is not of a lower rank.
    fn to_be_dealt(&self, me: &Person) -> Vec<ParticipantId> {
        let people = self.people.values().filter(|person| {
            person.is_in()
                && person.kind != UserKind::Bot
                && person.view.rank < STAFF_RANK
                && self.outrank(me, person.user).is_ok()
        });
        people.map(|person| person.id).collect()
    }

    /// Assigns someone to a room. Once the rooms are open, who is in moves; the others are assigned for
    /// when they come.
    pub(in crate::meeting) fn assign_room(
        &self,
        me: &Person,
        ask: BreakoutAssign,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::BreakoutManage)?;
        let person = self.person(ask.participant)?;
        ask.room.map_or(Ok(()), |room| self.room(room).map(drop))?;
        self.assignable(me, ask.participant)?;
        let breakouts = &self.breakouts;
        if breakouts.rooms.is_empty() {
            return Err(Refusal::Conflict("no breakout rooms are prepared"));
        }
        if breakouts.open && person.is_in() {
            return Ok(self.go(Decision::by(me), person, ask.room));
        }
        if breakouts.assigned.get(&person.id) == Some(&ask.room) {
            return Ok(Decision::already(None));
        }
        let assigned = Fact::BreakoutAssigned { participant: person.id, room: ask.room };
        Ok(Decision::by(me).event(Audience::EVERYONE, assigned))
    }
}

/// The rooms' names as they are kept.
fn names(rooms: &[RoomAsked]) -> Result<Vec<String>, Refusal> {
    if !(1..=ROOMS_MAX).contains(&rooms.len()) {
        return Err(Refusal::Invalid { field: "rooms", message: "must be 1 to 50 rooms" });
    }
    let names = rooms.iter().map(|room| text::name("rooms.name", &room.name));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        return Err(Refusal::Invalid { field: "rooms.name", message: "must differ" });
    }
    Ok(names)
}

pub(super) fn check_minutes(minutes: u32) -> Result<(), Refusal> {
    match (1..=ROOMS_MINUTES_MAX).contains(&minutes) {
        true => Ok(()),
        false => Err(Refusal::Invalid { field: "minutes", message: "must be 1 to 1440" }),
    }
}

/// Deals people out by chance into rooms whose sizes differ by at most one.
fn deal(mut people: Vec<ParticipantId>, rooms: usize, seed: u64) -> Vec<Vec<ParticipantId>> {
    shuffle(&mut people, seed);
    let mut dealt = vec![Vec::new(); rooms];
    for (index, id) in people.into_iter().enumerate() {
        dealt[index % rooms].push(id);
    }
    dealt.iter_mut().for_each(|people| people.sort());
    dealt
}

/// Fisher and Yates' shuffle, with numbers from SplitMix64 (Steele, Lea and Flood, 2014).
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    for last in (1..items.len()).rev() {
        items.swap(last, (next() % (last as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_differ_by_at_most_one_and_a_seed_deals_the_same_again() {
        let people: Vec<_> = (1..=103).map(ParticipantId).collect();
        for count in 0..people.len() {
            for rooms in [1, 2, 3, 7, 50] {
                let people = people[..count].to_vec();
                let dealt = deal(people.clone(), rooms, 7);
                let sizes = dealt.iter().map(Vec::len);
                let (least, most) = (sizes.clone().min().unwrap(), sizes.max().unwrap());
                assert!(most - least <= 1, "{count} in {rooms}: {least} to {most}");
                let mut all = dealt.concat();
                all.sort();
                assert_eq!(all, people, "each once");
                assert_eq!(dealt, deal(people, rooms, 7));
            }
        }
        assert_ne!(deal(people.clone(), 3, 7), deal(people, 3, 8));
    }

    #[test]
    fn everyone_may_come_into_every_room() {
        let mut counts = [[0; 3]; 6];
        for seed in 0..6000 {
            let dealt = deal((0..6).map(ParticipantId).collect(), 3, seed);
            for (room, people) in dealt.iter().enumerate() {
                people.iter().for_each(|id| counts[id.0 as usize][room] += 1);
            }
        }
        // 2000 each are expected; the deviation is 37.
        assert!(counts.iter().flatten().all(|count| (1800..2200).contains(count)), "{counts:?}");
    }
}
