//! Between the rooms and those who run them: announcements, and calls for help.

use std::collections::BTreeSet;

use quorate_protocol::{ANNOUNCEMENT_CHARS_MAX, BreakoutAnnounce, Permission, RoomId, RoomOnly};

use crate::meeting::event::{Audience, Fact, Personal};
use crate::meeting::facts::Facts;
use crate::meeting::person::Person;
use crate::meeting::{Decision, Refusal, text};

impl Facts {
    /// Tells everyone, or some rooms; each of these gets an event of its own, for an event has one audience.
    pub(in crate::meeting) fn announce(
        &self,
        me: &Person,
        ask: &BreakoutAnnounce,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::BreakoutManage)?;
        text::check("text", &ask.text, ANNOUNCEMENT_CHARS_MAX)?;
        let distinct: BTreeSet<_> = ask.rooms.iter().flatten().collect();
        if ask.rooms.as_ref().is_some_and(|it| it.is_empty() || it.len() > distinct.len()) {
            let message = "must name each room once; leave it out to tell everyone";
            return Err(Refusal::Invalid { field: "rooms", message });
        }
        distinct.iter().try_for_each(|room| self.room(**room).map(drop))?;
        self.need_open_rooms()?;
        let tell = |decision: Decision, audience, rooms| {
            let personal = Personal { text: Some(ask.text.clone()), ..Personal::default() };
            decision.personal_event(audience, Fact::BreakoutAnnounced { rooms }, personal)
        };
        let decision = Decision::by(me);
        if ask.rooms.is_none() {
            return Ok(tell(decision, Audience::EVERYONE, None));
        }
        Ok(distinct.into_iter().fold(decision, |decision, room| {
            tell(decision, Audience::room(Some(*room)).and(me.id), Some(vec![*room]))
        }))
    }

    pub(in crate::meeting) fn request_help(&self, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::BreakoutRequestHelp)?;
        let Some(id) = me.room else {
            return Err(Refusal::Conflict("help comes to breakout rooms, and you are in none"));
        };
        if let Some(by) = self.room(id)?.help {
            return Ok(Decision::already(Some(by)));
        }
        let requested = Fact::BreakoutHelpRequested { room: id };
        Ok(Decision::by(me).event(self.staff_and(id), requested))
    }

    pub(in crate::meeting) fn resolve_help(
        &self,
        me: &Person,
        ask: RoomOnly,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::BreakoutManage)?;
        if self.room(ask.room)?.help.is_none() {
            return Ok(Decision::already(None));
        }
        let resolved = Fact::BreakoutHelpResolved { room: ask.room };
        Ok(Decision::by(me).event(self.staff_and(ask.room), resolved))
    }

    /// Staff, and those in this room, by name: an audience is one group.
    fn staff_and(&self, room: RoomId) -> Audience {
        let people = self.people.values().filter(|person| person.room == Some(room));
        people.fold(Audience::STAFF, |audience, person| audience.and(person.id))
    }
}
