//! Breakout rooms: sub-rooms of the same meeting, prepared, then open, then gone.
//!
//! All rooms of a meeting are prepared or all are open; one that is closed is no more, and its id is
//! never given again. Where someone is stands with the [`Person`]; where they belong stands here, so that
//! who comes back comes back to their room. Rooms are the meeting's: they outlast whoever made them.

mod help;
pub(super) mod plan;
mod rooms;

use std::collections::BTreeMap;

use quorate_protocol::{
    BreakoutLate, BreakoutMode, ParticipantId, Room, RoomId, Seq, Timestamp, UserId, UserKind,
};

use super::chat::Message;
use super::event::{Audience, Fact, Group, Personal, RoomPlan, STAFF_RANK};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal};

/// The breakout rooms of a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Breakouts {
    rooms: BTreeMap<RoomId, BreakoutRoom>,
    open: bool,
    /// How people get into them; after they are closed, how they got in.
    mode: BreakoutMode,
    /// How long they are to be open.
    minutes: Option<u32>,
    /// Where people belong, here or not: in a room, or in the main room, to which they were sent or went.
    /// Of who is not named that is not said.
    assigned: BTreeMap<ParticipantId, Option<RoomId>>,
    /// The last id that was given.
    last: u32,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct BreakoutRoom {
    /// Empty after a redaction.
    name: String,
    closes_at: Option<Timestamp>,
    /// Who asked for help that did not come yet.
    help: Option<ParticipantId>,
}

impl Breakouts {
    /// Whether there are rooms to be in.
    #[must_use]
    pub fn open(&self) -> bool {
        self.open
    }

    /// Whether there is this room to be in.
    #[must_use]
    pub fn has_open(&self, room: RoomId) -> bool {
        self.open && self.rooms.contains_key(&room)
    }

    /// Whether a room asks for help; then not everyone is shown the same.
    #[must_use]
    pub fn needs_help(&self) -> bool {
        self.rooms.values().any(|room| room.help.is_some())
    }

    /// Whether it is whole: everyone assigned to a room that is there, nothing open without rooms.
    pub(super) fn is_sound(&self) -> bool {
        self.assigned.values().flatten().all(|room| self.rooms.contains_key(room))
            && (self.assigned.is_empty() || !self.rooms.is_empty())
            && self.rooms.keys().all(|room| room.0 <= self.last)
            && !(self.open && self.rooms.is_empty())
            && (self.open || !self.needs_help())
    }

    /// The rooms are no more.
    pub(super) fn clear(&mut self) {
        (self.open, self.rooms, self.assigned) = (false, BTreeMap::new(), BTreeMap::new());
    }
}

impl Facts {
    /// The breakout rooms, as someone may see them.
    #[must_use]
    pub fn rooms(&self, viewer: &Person) -> Vec<Room> {
        let breakouts = &self.breakouts;
        let mut people: BTreeMap<RoomId, Vec<ParticipantId>> = BTreeMap::new();
        if breakouts.open {
            for person in self.people.values() {
                person
                    .room
                    .into_iter()
                    .for_each(|it| people.entry(it).or_default().push(person.id));
            }
        } else {
            for (id, room) in &breakouts.assigned {
                room.iter().for_each(|it| people.entry(*it).or_default().push(*id));
            }
        }
        let sees_help = |id| viewer.view.rank >= STAFF_RANK || viewer.room == Some(id);
        let shown = |(id, room): (&RoomId, &BreakoutRoom)| Room {
            room: *id,
            name: room.name.clone(),
            participants: people.remove(id).unwrap_or_default(),
            open: breakouts.open,
            closes_at: room.closes_at,
            help: room.help.is_some() && sees_help(*id),
            mode: breakouts.mode,
        };
        breakouts.rooms.iter().map(shown).collect()
    }

    /// Those around someone, for what passes between people: their room while rooms are open, else all.
    pub(super) fn around(&self, me: &Person) -> Audience {
        if self.breakouts.open { Audience::room(me.room) } else { Audience::EVERYONE }
    }

    /// Someone who is in, and in the room where one is oneself: what is for one person alone stays there too.
    pub(super) fn room_mate(&self, me: &Person, id: ParticipantId) -> Result<&Person, Refusal> {
        let person = self.person(id)?.who_is_in()?;
        match person.room == me.room {
            true => Ok(person),
            false => Err(Refusal::Conflict("is in another room; what is said here stays here")),
        }
    }

    /// Who hears that something became of a message: who may see it. Of one in a breakout room these are
    /// also those who have been there and are elsewhere now; of one in the main room, from where people
    /// go and to where they come back, all.
    pub(super) fn concerned(&self, message: &Message) -> Audience {
        let audience = message.audience();
        let Some(room) = message.room() else {
            let in_main = audience.group == Group::Room(None);
            return if in_main { Audience::EVERYONE } else { audience };
        };
        let elsewhere = self.people.values().filter(|person| {
            person.is_in() && person.room != Some(room) && person.rooms_seen.contains_key(&room)
        });
        elsewhere.fold(audience, |audience, person| audience.and(person.id))
    }

    /// The room into which someone comes, given who else comes in with this decision: their own, if it is
    /// open; else as the meeting has it for those who are late.
    pub(super) fn room_on_coming(
        &self,
        decision: &Decision,
        participant: ParticipantId,
        user: UserId,
        kind: UserKind,
    ) -> Option<RoomId> {
        let breakouts = &self.breakouts;
        if !breakouts.open {
            return None;
        }
        if let Some(room) = breakouts.assigned.get(&participant) {
            return *room;
        }
        let stays = kind == UserKind::Bot || self.rank_of(user) >= STAFF_RANK;
        if stays || self.info.settings.breakout_late == BreakoutLate::Main {
            return None;
        }
        let mut sizes: BTreeMap<RoomId, usize> =
            breakouts.rooms.keys().map(|room| (*room, 0)).collect();
        let coming = decision.events.iter().filter_map(|draft| match draft.fact {
            Fact::ParticipantJoined { room, .. } => room,
            _ => None,
        });
        for room in self.people.values().filter_map(|person| person.room).chain(coming) {
            *sizes.entry(room).or_default() += 1;
        }
        sizes.into_iter().min_by_key(|(room, size)| (*size, *room)).map(|(room, _)| room)
    }

    /// A room, by its id.
    fn room(&self, id: RoomId) -> Result<&BreakoutRoom, Refusal> {
        let was = (1..=self.breakouts.last).contains(&id.0);
        let last = was.then_some("closed");
        self.breakouts.rooms.get(&id).ok_or(Refusal::NotFound { what: "room", last })
    }

    /// What an id stands for where 0 is the main room.
    pub(super) fn room_or_main(&self, id: RoomId) -> Result<Option<RoomId>, Refusal> {
        if id == RoomId(0) { Ok(None) } else { self.room(id).map(|_| Some(id)) }
    }

    /// Refuses where no rooms are open.
    fn need_open_rooms(&self) -> Result<(), Refusal> {
        match self.breakouts.open {
            true => Ok(()),
            false => Err(Refusal::Conflict("no breakout rooms are open; see breakout.open")),
        }
    }

    pub(super) fn rooms_prepared(
        &mut self,
        rooms: &[RoomPlan],
        mode: BreakoutMode,
        minutes: Option<u32>,
        personal: Option<&Personal>,
    ) {
        let names = Personal::texts(personal, rooms.len());
        let breakouts = &mut self.breakouts;
        breakouts.clear();
        (breakouts.mode, breakouts.minutes) = (mode, minutes);
        for (plan, name) in rooms.iter().zip(names) {
            let room = BreakoutRoom { name, ..BreakoutRoom::default() };
            breakouts.rooms.insert(plan.room, room);
            breakouts.last = breakouts.last.max(plan.room.0);
            let assigned = plan.participants.iter().map(|id| (*id, Some(plan.room)));
            breakouts.assigned.extend(assigned);
        }
    }

    pub(super) fn rooms_opened(
        &mut self,
        rooms: &[RoomPlan],
        closes_at: Option<Timestamp>,
        seq: Seq,
    ) {
        self.breakouts.open = true;
        self.breakouts.rooms.values_mut().for_each(|room| room.closes_at = closes_at);
        for plan in rooms {
            for participant in &plan.participants {
                self.put_into_room(*participant, Some(plan.room), seq);
            }
        }
    }

    pub(super) fn room_assigned(&mut self, participant: ParticipantId, room: Option<RoomId>) {
        self.breakouts.assigned.insert(participant, room);
    }

    /// Someone is in this room since this event, and belongs there.
    pub(super) fn put_into_room(
        &mut self,
        participant: ParticipantId,
        room: Option<RoomId>,
        seq: Seq,
    ) {
        self.room_assigned(participant, room);
        if let Some(person) = self.people.get_mut(&participant) {
            person.room = room;
            if let Some(room) = room {
                person.rooms_seen.entry(room).or_insert(seq);
            }
        }
    }

    pub(super) fn rooms_close_at(&mut self, closes_at: Timestamp, only: Option<RoomId>) {
        for (id, room) in &mut self.breakouts.rooms {
            if only.is_none_or(|only| only == *id) {
                room.closes_at = Some(closes_at);
            }
        }
    }

    pub(super) fn rooms_closed(&mut self, rooms: &[RoomId]) {
        let breakouts = &mut self.breakouts;
        breakouts.rooms.retain(|id, _| !rooms.contains(id));
        breakouts.assigned.retain(|_, id| id.is_none_or(|id| !rooms.contains(&id)));
        if breakouts.rooms.is_empty() {
            breakouts.clear();
        }
        for person in self.people.values_mut() {
            person.room = person.room.filter(|id| !rooms.contains(id));
        }
    }

    pub(super) fn room_help(&mut self, room: RoomId, asked_by: Option<ParticipantId>) {
        if let Some(room) = self.breakouts.rooms.get_mut(&room) {
            room.help = asked_by;
        }
    }
}
