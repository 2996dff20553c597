//! What a late comer reads in a snapshot is what someone knows who was there all along and heard the events.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_protocol::*;

use super::acts::{Act, act, perform};
use super::stage::*;
use crate::meeting::wire;

/// What a client makes of the events, of that which is everyone's to know.
#[derive(Default)]
struct Client {
    people: BTreeMap<ParticipantId, (String, Media, Option<RoomId>)>,
    hands: Vec<ParticipantId>,
    open_polls: Vec<PollId>,
    items: Vec<ItemId>,
    current: Option<ItemId>,
    timer: Option<Timer>,
    decisions: usize,
    actions: usize,
    /// The rooms, open or not, and who was planned into each.
    rooms: BTreeMap<RoomId, Vec<ParticipantId>>,
    rooms_open: bool,
}

impl Client {
    fn went(&mut self, id: ParticipantId) {
        self.people.remove(&id);
        self.hands.retain(|hand| *hand != id);
    }

    fn belongs(&mut self, id: ParticipantId, to: Option<RoomId>) {
        self.rooms.values_mut().for_each(|people| people.retain(|other| *other != id));
        if let Some(people) = to.and_then(|room| self.rooms.get_mut(&room)) {
            people.push(id);
            people.sort();
        }
    }

    fn hears(&mut self, event: &EventBody) {
        match event {
            EventBody::ParticipantJoined(it) => {
                let person = &it.participant;
                let shown = (person.name.clone(), person.media, person.room);
                self.people.insert(person.id, shown);
                if person.room.is_some() {
                    self.belongs(person.id, person.room);
                }
            }
            EventBody::ParticipantLeft(it) => self.went(it.participant),
            EventBody::ParticipantRemoved(it) => self.went(it.participant),
            EventBody::ParticipantBanned(it) => {
                it.participant.into_iter().for_each(|id| self.went(id));
            }
            EventBody::ParticipantRenamed(it) => {
                if let Some(person) = self.people.get_mut(&it.participant) {
                    person.0.clone_from(&it.name);
                }
            }
            EventBody::MediaUpdated(it) => {
                self.people.get_mut(&it.participant).unwrap().1 = it.media;
            }
            EventBody::ParticipantMuted(it) => self.muted(&[it.participant], &it.media),
            EventBody::ParticipantsMuted(it) => self.muted(&it.participants, &it.media),
            EventBody::MeetingSuspended(it) => {
                let all = [MediaKind::Audio, MediaKind::Video, MediaKind::Share];
                self.muted(&it.participants, &all);
            }
            EventBody::MeetingEnded(_) => {
                let (decisions, actions) = (self.decisions, self.actions);
                let items = std::mem::take(&mut self.items);
                *self = Client { decisions, actions, items, ..Client::default() };
            }
            EventBody::HandRaised(it) => self.hands.push(it.participant),
            EventBody::HandLowered(it) | EventBody::HandCalledOn(it) => {
                self.hands.retain(|hand| *hand != it.participant);
            }
            EventBody::PollOpened(it) => self.open_polls.push(it.poll),
            EventBody::PollClosed(it) => self.open_polls.retain(|poll| *poll != it.poll),
            EventBody::AgendaSet(it) => {
                self.items = it.items.iter().map(|item| item.item).collect();
                self.current = self.current.filter(|id| self.items.contains(id));
            }
            EventBody::AgendaMoved(it) => self.current = it.item,
            EventBody::TimerStarted(it) => self.timer = Some(it.clone()),
            EventBody::TimerStopped(_) | EventBody::TimerEnded(_) => self.timer = None,
            EventBody::DecisionRecorded(_) => self.decisions += 1,
            EventBody::ActionRecorded(_) => self.actions += 1,
            EventBody::BreakoutPrepared(it) => {
                let plan = |room: &RoomNamed| (room.room, room.participants.clone());
                self.rooms = it.rooms.iter().map(plan).collect();
            }
            EventBody::BreakoutOpened(it) => {
                self.rooms_open = true;
                for room in &it.rooms {
                    self.rooms.insert(room.room, room.participants.clone());
                    for id in &room.participants {
                        self.people.get_mut(id).unwrap().2 = Some(room.room);
                    }
                }
            }
            EventBody::BreakoutAssigned(it) if !self.rooms_open => {
                self.belongs(it.participant, it.room);
            }
            EventBody::ParticipantMoved(it) => {
                self.people.get_mut(&it.participant).unwrap().2 = it.to;
            }
            EventBody::BreakoutClosed(it) => {
                self.rooms.retain(|room, _| !it.rooms.contains(room));
                self.rooms_open &= !self.rooms.is_empty();
                for person in self.people.values_mut() {
                    person.2 = person.2.filter(|room| !it.rooms.contains(room));
                }
            }
            _ => {}
        }
    }

    fn muted(&mut self, people: &[ParticipantId], media: &[MediaKind]) {
        for id in people {
            let Some((_, sent, _)) = self.people.get_mut(id) else { continue };
            sent.audio &= !media.contains(&MediaKind::Audio);
            sent.video &= !media.contains(&MediaKind::Video);
            sent.share &= !media.contains(&MediaKind::Share);
        }
    }

    fn agrees(&self, snapshot: &Snapshot) {
        let shown = |it: &Participant| (it.id, (it.name.clone(), it.media, it.room));
        let people: BTreeMap<_, _> = snapshot.participants.iter().map(shown).collect();
        assert_eq!(people, self.people);
        assert_eq!(snapshot.hands, self.hands);
        let open = snapshot.polls.iter().filter(|poll| poll.open).map(|poll| poll.poll);
        assert_eq!(open.collect::<Vec<_>>(), self.open_polls);
        let items = snapshot.agenda.items.iter().map(|item| item.item);
        assert_eq!(items.collect::<Vec<_>>(), self.items);
        assert_eq!(snapshot.agenda.current, self.current);
        assert_eq!(snapshot.timer, self.timer);
        assert_eq!(snapshot.decisions.len(), self.decisions.min(SNAPSHOT_RECORDS_MAX));
        assert_eq!(snapshot.actions.len(), self.actions.min(SNAPSHOT_RECORDS_MAX));
        let in_room = |room: RoomId| {
            let there = self.people.iter().filter(|(_, person)| person.2 == Some(room));
            there.map(|(id, _)| *id).collect::<Vec<_>>()
        };
        let mut known = self.rooms.clone();
        if self.rooms_open {
            known.iter_mut().for_each(|(room, people)| *people = in_room(*room));
        }
        let rooms = snapshot.rooms.iter().map(|room| (room.room, room.participants.clone()));
        assert_eq!(rooms.collect::<BTreeMap<_, _>>(), known);
        assert!(snapshot.rooms.iter().all(|room| room.open == self.rooms_open));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_says_what_the_events_have_said(acts in prop::collection::vec(act(), 1..150)) {
        let mut stage = Stage::new(|_| {});
        let (mut client, mut heard) = (Client::default(), 0);
        for act in (1..6).map(Act::Enter).chain(acts) {
            perform(&mut stage, &act);
            let seen = stage.journal[heard..].iter().filter_map(wire::event);
            seen.for_each(|event| client.hears(&event.body));
            heard = stage.journal.len();
            let facts = &stage.meeting.facts;
            let lists = |it: &&crate::meeting::Person| {
                it.view.permissions.has(Permission::ParticipantList)
            };
            if let Some(viewer) = facts.people.values().find(lists) {
                client.agrees(&facts.snapshot(viewer, stage.now));
            }
        }
    }
}
