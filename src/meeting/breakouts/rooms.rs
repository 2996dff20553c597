//! Rooms that are open: going in and back, staying longer, closing.

use quorate_protocol::{
    BreakoutClose, BreakoutExtend, BreakoutMode, Permission, ROOMS_COUNTDOWN_SECONDS_MAX,
    ROOMS_MINUTES_MAX, RoomId, RoomOnly, Timestamp,
};

use super::plan::check_minutes;
use crate::meeting::event::{Audience, Fact, Personal, RoomPlan};
use crate::meeting::facts::Facts;
use crate::meeting::person::Person;
use crate::meeting::{Decision, Refusal};

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;

impl Facts {
    pub(in crate::meeting) fn open_rooms(
        &self,
        now: Timestamp,
        me: &Person,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::BreakoutManage)?;
        let breakouts = &self.breakouts;
        if breakouts.open {
            return Ok(Decision::already(None));
        }
        if breakouts.rooms.is_empty() {
            return Err(Refusal::Conflict("no rooms are prepared; see breakout.prepare"));
        }
        let plan = |room: &RoomId| {
            let assigned = breakouts.assigned.iter().filter(|(_, it)| it.as_ref() == Some(room));
            let here = assigned.map(|(id, _)| *id);
            let here = here.filter(|id| self.get(*id).is_some_and(Person::is_in));
            RoomPlan { room: *room, participants: here.collect() }
        };
        let closes_at = breakouts.minutes.map(|it| now.plus_ms(i64::from(it) * MINUTE_MS));
        let rooms = breakouts.rooms.keys().map(plan).collect();
        let texts = breakouts.rooms.values().map(|room| room.name.clone()).collect();
        let personal = Personal { texts, ..Personal::default() };
        let opened = Fact::BreakoutOpened { rooms, closes_at };
        Ok(Decision::by(me).personal_event(Audience::EVERYONE, opened, personal))
    }

    /// One goes into a room: anyone where people choose theirs, else who roams.
    pub(in crate::meeting) fn join_room(
        &self,
        me: &Person,
        ask: RoomOnly,
    ) -> Result<Decision, Refusal> {
        if self.breakouts.mode != BreakoutMode::SelfSelect {
            self.require(me, Permission::BreakoutRoam)?;
        }
        self.room(ask.room)?;
        self.need_open_rooms()?;
        Ok(self.go(Decision::by(me), me, Some(ask.room)))
    }

    pub(in crate::meeting) fn return_from_room(&self, me: &Person) -> Result<Decision, Refusal> {
        self.need_open_rooms()?;
        Ok(self.go(Decision::by(me), me, None))
    }

    /// Someone goes to a room, if they are not there.
    pub(super) fn go(&self, decision: Decision, person: &Person, to: Option<RoomId>) -> Decision {
        if person.room == to {
            return Decision::already(None);
        }
        let moved = Fact::ParticipantMoved { participant: person.id, from: person.room, to };
        decision.event(Audience::EVERYONE, moved)
    }

    /// Lets one room close later, or all: those then close together, after the one that had most time.
    pub(in crate::meeting) fn extend_rooms(
        &self,
        now: Timestamp,
        me: &Person,
        ask: BreakoutExtend,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::BreakoutManage)?;
        check_minutes(ask.minutes)?;
        let only = ask.room.map(|room| self.room(room)).transpose()?;
        self.need_open_rooms()?;
        let all = self.breakouts.rooms.values();
        let closes_at = match only {
            Some(room) => room.closes_at,
            None => all.filter_map(|room| room.closes_at).max(),
        };
        let unlimited = Refusal::Conflict("the rooms are open until someone closes them");
        let closes_at = closes_at.ok_or(unlimited)?.plus_ms(i64::from(ask.minutes) * MINUTE_MS);
        if closes_at > now.plus_ms(i64::from(ROOMS_MINUTES_MAX) * MINUTE_MS) {
            let message = "rooms close at most 1440 minutes from now";
            return Err(Refusal::Invalid { field: "minutes", message });
        }
        let extended = Fact::BreakoutExtended { closes_at, room: ask.room };
        Ok(Decision::by(me).event(Audience::EVERYONE, extended))
    }

    /// Closes all rooms, or begins the countdown to it, in place of one that runs.
    pub(in crate::meeting) fn close_rooms_by(
        &self,
        now: Timestamp,
        me: &Person,
        ask: BreakoutClose,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::BreakoutManage)?;
        let countdown = ask.countdown_seconds.unwrap_or(0);
        if countdown > ROOMS_COUNTDOWN_SECONDS_MAX {
            let message = "must be at most 600";
            return Err(Refusal::Invalid { field: "countdown_seconds", message });
        }
        if !self.breakouts.open {
            return Ok(Decision::already(None));
        }
        if countdown == 0 {
            return Ok(self.close_rooms(Decision::by(me)));
        }
        let closing = Fact::BreakoutClosing { closes_at: now.plus_seconds(countdown) };
        Ok(Decision::by(me).event(Audience::EVERYONE, closing))
    }

    /// All rooms close, where some are open; also before the meeting ends.
    pub(in crate::meeting) fn close_rooms(&self, decision: Decision) -> Decision {
        if !self.breakouts.open {
            return decision;
        }
        let rooms = self.breakouts.rooms.keys().copied().collect();
        decision.event(Audience::EVERYONE, Fact::BreakoutClosed { rooms })
    }

    /// When the next room closes by itself.
    pub(in crate::meeting) fn rooms_due(&self) -> Option<Timestamp> {
        self.breakouts.rooms.values().filter_map(|room| room.closes_at).min()
    }

    /// The rooms close whose time has come.
    pub(in crate::meeting) fn close_due_rooms(&self, now: Timestamp) -> Decision {
        let due = self.breakouts.rooms.iter();
        let due = due.filter(|(_, room)| room.closes_at.is_some_and(|at| at <= now));
        let rooms = due.map(|(id, _)| *id).collect();
        Decision::by_system().event(Audience::EVERYONE, Fact::BreakoutClosed { rooms })
    }
}
