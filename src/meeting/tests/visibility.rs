//! Who gets to see what, by chance: whatever happens, each event is addressed to those for whom a second,
//! smaller reading of the journal says it is, and to nobody else; and no other way of asking shows more.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quorate_protocol::*;

use super::acts::{Act, act, aimed, perform};
use super::stage::*;
use crate::meeting::event::{Event, Fact, STAFF_RANK};
use crate::meeting::{Answer, Draft, Facts, Input, Person, SignalTo};

/// Where someone is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spot {
    Out,
    Waiting,
    In(Option<RoomId>),
}

/// A message: by whom, to whom, in which room.
type Said = (ParticipantId, Option<ChatTo>, Option<RoomId>);

/// What a reader of the journal knows of who is where, and what was said and asked.
#[derive(Default)]
struct Reader {
    spots: BTreeMap<ParticipantId, Spot>,
    been: BTreeSet<(ParticipantId, RoomId)>,
    said: BTreeMap<MessageId, Said>,
    anonymous: BTreeSet<PollId>,
    votes: BTreeMap<(PollId, ParticipantId), Vec<u32>>,
}

impl Reader {
    fn spot(&self, id: ParticipantId) -> Spot {
        self.spots.get(&id).copied().unwrap_or(Spot::Out)
    }

    fn put(&mut self, id: ParticipantId, spot: Spot) {
        self.spots.insert(id, spot);
        if let Spot::In(Some(room)) = spot {
            self.been.insert((id, room));
        }
    }

    fn read(&mut self, event: &Event) {
        match &event.fact {
            Fact::ParticipantJoined { participant, room, .. } => {
                self.put(*participant, Spot::In(*room));
            }
            Fact::ParticipantWaiting { participant, .. }
            | Fact::ReturnedToWaiting { participant } => {
                self.put(*participant, Spot::Waiting);
            }
            Fact::ParticipantAdmitted { participant } => self.put(*participant, Spot::In(None)),
            Fact::ParticipantLeft { participant, .. }
            | Fact::ParticipantRemoved { participant }
            | Fact::ParticipantDeclined { participant }
            | Fact::ParticipantWithdrawn { participant, .. }
            | Fact::ParticipantBanned { participant: Some(participant), .. } => {
                self.put(*participant, Spot::Out);
            }
            Fact::MeetingEnded { .. } => self.spots.clear(),
            Fact::BreakoutOpened { rooms, .. } => {
                for plan in rooms {
                    for id in &plan.participants {
                        self.put(*id, Spot::In(Some(plan.room)));
                    }
                }
            }
            Fact::ParticipantMoved { participant, to, .. } => self.put(*participant, Spot::In(*to)),
            Fact::BreakoutClosed { rooms } => {
                for spot in self.spots.values_mut() {
                    if matches!(spot, Spot::In(Some(room)) if rooms.contains(room)) {
                        *spot = Spot::In(None);
                    }
                }
            }
            Fact::ChatSent { to, room, .. } => {
                self.said.insert(MessageId(event.seq.0), (event.by.unwrap(), *to, *room));
            }
            Fact::PollOpened { poll, anonymous: true, .. } => drop(self.anonymous.insert(*poll)),
            Fact::PollVoteCast { poll, choices } => {
                self.votes.insert((*poll, event.by.unwrap()), choices.clone());
            }
            _ => {}
        }
    }

    /// Whether someone may know of a message, now or having been where it was said.
    fn knows_of(&self, (by, to, room): Said, who: &Person) -> bool {
        let staff = who.view.rank >= STAFF_RANK;
        let is_in = matches!(self.spot(who.id), Spot::In(_));
        let here = self.spot(who.id) != Spot::Out;
        match (to, room) {
            (Some(ChatTo::Participant(other)), _) => here && (who.id == by || who.id == other),
            (Some(ChatTo::Staff), _) => (is_in && staff) || (here && who.id == by),
            (_, Some(room)) => {
                (is_in && self.been.contains(&(who.id, room))) || (here && who.id == by)
            }
            (_, None) => is_in,
        }
    }

    /// Whether an event is for this person: `before` is who was where when it was decided.
    fn is_for(&self, before: &Reader, event: &Event, facts: &Facts, who: &Person) -> bool {
        let spot = self.spot(who.id);
        let is_in = matches!(spot, Spot::In(_));
        let (here, me) = (spot != Spot::Out, who.id);
        let staff = is_in && who.view.rank >= STAFF_RANK;
        let may = |permission| is_in && who.view.permissions.has(permission);
        let was_in = |id: &ParticipantId| matches!(before.spot(*id), Spot::In(_));
        let themselves = |id: &ParticipantId| here && *id == me;
        match &event.fact {
            Fact::SessionOpened { .. }
            | Fact::SessionLost { .. }
            | Fact::SessionResumed { .. }
            | Fact::SessionClosed { .. }
            | Fact::ParticipantIdentified { .. }
            | Fact::Redacted { .. } => false,
            Fact::ParticipantWaiting { .. }
            | Fact::ParticipantDeclined { .. }
            | Fact::ParticipantWithdrawn { .. } => may(Permission::ParticipantAdmit),
            Fact::ParticipantAdmitted { participant } | Fact::ReturnedToWaiting { participant } => {
                may(Permission::ParticipantAdmit) || themselves(participant)
            }
            Fact::WaitingTold { participant } => {
                let told = participant.map_or(spot == Spot::Waiting, |id| here && id == me);
                may(Permission::ParticipantAdmit) || told
            }
            Fact::InviteeAdded { .. } | Fact::InviteeRemoved { .. } => {
                may(Permission::ParticipantInvite)
            }
            Fact::ReasonGiven { participant, .. } => {
                staff || participant.is_some_and(|id| themselves(&id))
            }
            Fact::PermissionsChanged { participant, .. }
            | Fact::ExclusionChanged { participant, .. } => staff || themselves(participant),
            Fact::PermissionRefused { .. } | Fact::ParticipantUnbanned { .. } => staff,
            Fact::ParticipantBanned { participant, .. } => {
                match participant.is_some_and(|id| was_in(&id)) {
                    true => is_in,
                    false => staff,
                }
            }
            Fact::RoleAssigned { participant, .. }
            | Fact::CohostAdded { participant: Some(participant), .. } => match was_in(participant)
            {
                true => is_in,
                false => staff || themselves(participant),
            },
            Fact::AbuseReported { participant } => {
                let reported = facts.get(*participant).unwrap();
                staff && me != *participant && who.view.rank > facts.rank_of(reported.user)
            }
            Fact::PollVoteCast { .. } => here && event.by == Some(me),
            Fact::PollVotesTold { poll, .. } => staff && !self.anonymous.contains(poll),
            Fact::ChatSent { to, room, .. } => {
                let by = event.by == Some(me) && here;
                match (to, room) {
                    (Some(ChatTo::Participant(other)), _) => by || themselves(other),
                    (Some(ChatTo::Staff), _) => by || staff,
                    (None, None) => is_in,
                    (None | Some(ChatTo::Room), room) => by || spot == Spot::In(*room),
                }
            }
            Fact::ChatDeleted { message }
            | Fact::ChatPinned { message }
            | Fact::ChatUnpinned { message } => self.knows_of(self.said[message], who),
            Fact::CaptionPublished { .. } => is_in && spot == self.spot(event.by.unwrap()),
            Fact::BreakoutAnnounced { rooms: None } => is_in,
            Fact::BreakoutAnnounced { rooms: Some(rooms) } => {
                let there = matches!(spot, Spot::In(Some(room)) if rooms.contains(&room));
                there || (here && event.by == Some(me))
            }
            Fact::BreakoutHelpRequested { room } | Fact::BreakoutHelpResolved { room } => {
                staff || spot == Spot::In(Some(*room))
            }
            _ => is_in,
        }
    }

    /// No way of asking shows more than is for them.
    fn check_answers(&self, stage: &Stage) {
        let facts = &stage.meeting.facts;
        for who in facts.people.values().filter(|person| person.is_in()) {
            let snapshot = facts.snapshot(who, stage.now);
            let staff = who.view.rank >= STAFF_RANK;
            assert_eq!(
                snapshot.waiting.is_some(),
                who.view.permissions.has(Permission::ParticipantAdmit)
            );
            let ask = ChatHistoryGet { before: None, limit: 200 };
            let command = Command::ChatHistory(ask);
            let input = Input::Command { session: who.sessions[0], command };
            let Answer::History(page) = stage.meeting.decide(stage.now, &input).unwrap().answer
            else {
                panic!("a page")
            };
            for message in snapshot.chat.iter().chain(&page.items) {
                let said = self.said[&message.message];
                assert!(self.knows_of(said, who), "{said:?} is shown to {:?}", who.id);
            }
            for pin in &snapshot.pins {
                assert!(self.knows_of(self.said[pin], who), "{pin:?} is shown to {:?}", who.id);
            }
            for poll in &snapshot.polls {
                assert_eq!(poll.mine.as_ref(), self.votes.get(&(poll.poll, who.id)));
            }
            for room in snapshot.rooms.iter().filter(|room| room.help) {
                assert!(staff || self.spot(who.id) == Spot::In(Some(room.room)));
            }
            for other in &snapshot.participants {
                let lists = who.view.permissions.has(Permission::ParticipantList);
                let other = facts.get(other.id).unwrap();
                assert!(lists || other.id == who.id || other.view.rank >= STAFF_RANK);
            }
            self.check_signals(stage, who);
        }
    }

    /// What passes reaches those in the same room, and only them.
    fn check_signals(&self, stage: &Stage, who: &Person) {
        let facts = &stage.meeting.facts;
        let reached = |command: Command| {
            let input = Input::Command { session: who.sessions[0], command };
            let decision = stage.meeting.decide(stage.now, &input).ok()?;
            let people = facts.people.values();
            let gets = |person: &&Person| match &decision.signals[0].to {
                SignalTo::Audience(audience) => audience.includes(&person.view),
                SignalTo::Sessions(sessions) => {
                    person.sessions.iter().any(|session| sessions.contains(session))
                }
                SignalTo::LatestOf(sessions) => {
                    person.sessions.iter().any(|session| sessions.contains(session))
                }
                SignalTo::Latest(id) => person.id == *id,
            };
            Some(people.filter(gets).map(|person| person.id).collect::<Vec<_>>())
        };
        let here = self.spot(who.id);
        let around = self.spots.iter().filter(|(_, spot)| **spot == here);
        let around: Vec<_> = around.map(|(id, _)| *id).collect();
        let caption = CaptionPublish {
            text: "and".into(),
            speaker: None,
            r#final: false,
            lang: None,
            start_ms: None,
            end_ms: None,
        };
        for command in [
            Command::ReactionSend(ReactionSend { emoji: "👋".into() }),
            Command::CaptionPublish(caption),
            publish("one", 1),
        ] {
            assert!(reached(command).is_none_or(|reached| reached == around));
        }
        for to in facts.people.keys().copied().filter(|id| *id != who.id) {
            let one = AppPublish { topic: "one".into(), data: 1.into(), to: Some(to) };
            let reached_one = reached(Command::AppPublish(one));
            assert!(reached_one.is_none_or(|reached| reached == [to] && around.contains(&to)));
            let rtc = RtcSend { to, session: None, data: 1.into() };
            let reached = reached(Command::RtcSend(rtc));
            assert!(reached.is_none_or(|reached| {
                reached.is_empty() || (reached == [to] && around.contains(&to))
            }));
        }
    }

    /// A dry run shows its asker nothing that is not for them.
    fn check_preview(&self, stage: &Stage, act: &Act) {
        let Act::Ask(user, command) = act else { return };
        let facts = &stage.meeting.facts;
        let Some(who) = facts.person_of(UserId(*user)) else { return };
        let Some(session) = who.sessions.first().copied() else { return };
        let input = Input::Command { session, command: aimed(stage, command) };
        let Ok(decision) = stage.meeting.decide(stage.now, &input) else { return };
        let seen = |draft: &&Draft| draft.audience.includes(&who.view);
        for draft in decision.events.iter().filter(seen) {
            let event = draft.clone().at(facts.head.next(), stage.now);
            assert!(self.is_for(self, &event, facts, who), "{who:?} is shown {event:?}");
        }
    }
}

/// Reads what was written since, one event at a time, beside a fold that has come as far.
fn read_on(reader: &mut Reader, folded: &mut Facts, journal: &[Event]) {
    for event in &journal[folded.head.0 as usize..] {
        let before = Reader { spots: reader.spots.clone(), ..Reader::default() };
        reader.read(event);
        folded.apply(event);
        for who in folded.people.values() {
            let addressed = event.audience.includes(&who.view);
            let is_for = reader.is_for(&before, event, folded, who);
            assert_eq!(addressed, is_for, "{:?} at {:?}: {event:?}", who.id, reader.spot(who.id));
        }
    }
}

/// Some come, one helps the host, and rooms are open.
fn beginning() -> Vec<Act> {
    let room = |name: &str, people: &[i64]| RoomAsked {
        name: name.to_owned(),
        participants: people.iter().map(|user| at(*user)).collect(),
    };
    let rooms = vec![room("Blue", &[2, 4]), room("Green", &[3, 5])];
    let mode = BreakoutMode::SelfSelect;
    let asked = [
        admit_all(None),
        assign(2, Role::Moderator),
        Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes: None }),
        empty(Command::BreakoutOpen),
    ];
    let coming = (1..6).chain([100]).map(Act::Enter);
    coming.chain(asked.map(|command| Act::Ask(OWNER, command))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn everyone_sees_what_is_for_them_and_nothing_else(
        acts in prop::collection::vec(act(), 1..150),
        requires_approval: bool,
    ) {
        let mut stage = Stage::new(|created| created.requires_approval = requires_approval);
        let (mut reader, mut folded) = (Reader::default(), Facts::default());
        for (index, act) in beginning().into_iter().chain(acts).enumerate() {
            reader.check_preview(&stage, &act);
            perform(&mut stage, &act);
            read_on(&mut reader, &mut folded, &stage.journal);
            if index % 8 == 0 {
                reader.check_answers(&stage);
            }
        }
        reader.check_answers(&stage);
    }
}
