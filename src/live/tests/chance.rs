//! By chance: people come, speak, are promoted, let in and moved between rooms, lag, drop and resume, while
//! commits are held back. Each gets exactly what they were entitled to at each `seq`, once, in order, and
//! nothing before it is committed.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use quorate_protocol::*;
use tokio::sync::oneshot;

use super::stage::*;
use crate::live::mail::{Attached, Reply};
use crate::meeting::event::View;
use crate::meeting::{Facts, Meeting, wire};

#[derive(Debug, Clone)]
enum Act {
    Enter(i64),
    Ask(i64, What),
    /// Reads all there is, but the socket drops before the last frames are read.
    DropAfter(i64, usize),
    Resume(i64),
    Deliver(i64),
    EndStep,
    CommitOne,
    CommitAll,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Say,
    SayToStaff,
    SayTo(i64),
    React,
    Hand,
    Promote(i64),
    Demote(i64),
    AdmitAll,
    Remove(i64),
    Snapshot,
    Forbidden,
    /// Rooms are prepared and opened, or closed.
    Rooms,
    OpenRooms,
    CloseRooms,
    Move(i64, Option<u32>),
    SayToRoom,
    Announce(u32),
}

fn someone() -> impl Strategy<Value = i64> {
    1i64..6
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        4 => Just(What::Say),
        3 => Just(What::SayToStaff),
        3 => someone().prop_map(What::SayTo),
        2 => Just(What::React),
        2 => Just(What::Hand),
        3 => someone().prop_map(What::Promote),
        2 => someone().prop_map(What::Demote),
        2 => Just(What::AdmitAll),
        1 => someone().prop_map(What::Remove),
        1 => Just(What::Snapshot),
        1 => Just(What::Forbidden),
        3 => Just(What::Rooms),
        3 => Just(What::OpenRooms),
        1 => Just(What::CloseRooms),
        6 => (someone(), prop::option::of(1u32..5)).prop_map(|(who, room)| What::Move(who, room)),
        4 => Just(What::SayToRoom),
        2 => (1u32..5).prop_map(What::Announce),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => someone().prop_map(Act::Enter),
        10 => (prop_oneof![2 => Just(OWNER), 1 => someone()], what())
            .prop_map(|(who, what)| Act::Ask(who, what)),
        2 => (someone(), 0usize..4).prop_map(|(who, unread)| Act::DropAfter(who, unread)),
        3 => someone().prop_map(Act::Resume),
        3 => someone().prop_map(Act::Deliver),
        4 => Just(Act::EndStep),
        2 => Just(Act::CommitOne),
        2 => Just(Act::CommitAll),
    ]
}

/// An unbroken run of what one person was told: from a snapshot (or none) on.
#[derive(Debug)]
struct Stretch {
    participant: ParticipantId,
    from: Seq,
    got: Vec<Seq>,
    /// Up to where nothing is missing.
    to: Seq,
    /// For each `ok` its `seq`, and how many events had come by then.
    oks: Vec<(Seq, usize)>,
}

/// One person's client.
#[derive(Default)]
struct Client {
    attached: Option<Attached>,
    entering: Option<oneshot::Receiver<Reply<Attached>>>,
    session: Option<SessionId>,
    next_id: i64,
    /// The head upon which each command's answer was decided.
    basis: HashMap<i64, Seq>,
    stretches: Vec<Stretch>,
}

impl Client {
    /// Takes what is there to be read, but for the last `unread` frames.
    async fn read(&mut self, committed: Seq, unread: usize) {
        if let Some(attached) = self.entering.as_mut().and_then(answered) {
            self.entering = None;
            match attached {
                Ok(attached) => {
                    self.session = Some(attached.port.session);
                    self.attached = Some(attached);
                }
                Err(_) => self.session = None,
            }
        }
        let Some(attached) = &mut self.attached else { return };
        let (mut frames, closed) = deliver(attached).await;
        frames.truncate(frames.len().saturating_sub(unread));
        for frame in frames {
            self.take(frame, committed);
        }
        if closed.is_some() {
            self.attached = None;
            self.session = None;
        }
    }

    fn take(&mut self, frame: ServerFrame, committed: Seq) {
        match frame {
            ServerFrame::Welcome(id, welcome) => {
                assert!(welcome.seq <= committed, "a welcome before its basis was committed");
                if !welcome.resumed {
                    if let Some(stretch) = self.stretches.last_mut().filter(|_| id.is_none()) {
                        stretch.to = welcome.seq;
                    }
                    let participant = welcome.you.participant;
                    let (from, got, oks) = (welcome.seq, Vec::new(), Vec::new());
                    self.stretches.push(Stretch { participant, from, got, to: from, oks });
                }
            }
            ServerFrame::Events(frame) => {
                let stretch = self.stretches.last_mut().expect("events come after a welcome");
                for event in frame.events {
                    assert!(event.seq <= committed, "an event before it was committed");
                    stretch.got.push(event.seq);
                    stretch.to = event.seq;
                }
                stretch.to = stretch.to.max(frame.up_to.unwrap_or_default());
            }
            ServerFrame::Ok(ok) => {
                assert!(self.basis[&ok.id] <= committed, "an answer before its basis");
                if let (Some(seq), Some(stretch)) = (ok.seq, self.stretches.last_mut()) {
                    stretch.oks.push((seq, stretch.got.len()));
                }
            }
            ServerFrame::Error(id, _) => {
                assert!(self.basis[&id.unwrap()] <= committed, "a refusal before its basis");
            }
            ServerFrame::Signals(signals) => {
                for signal in signals {
                    if let SignalBody::Reaction(reaction) = signal {
                        let basis: u64 = reaction.emoji.parse().unwrap();
                        assert!(Seq(basis) <= committed, "a signal before its basis");
                    }
                }
            }
            ServerFrame::Bye(bye) => {
                let basis = bye.reason.map(|reason| Seq(reason.parse().unwrap()));
                assert!(basis <= Some(committed), "a goodbye before its basis");
            }
        }
    }
}

fn room_asked(name: &str) -> RoomAsked {
    RoomAsked { name: name.to_owned(), participants: Vec::new() }
}

fn command(what: What, facts: &Facts) -> Command {
    let id_of =
        |user: i64| facts.person_of(UserId(user)).map_or(ParticipantId(9999), |person| person.id);
    let say = |to| Command::ChatSend(ChatSend { text: "hello".into(), to, reply_to: None });
    let assign = |user, role| Command::RoleAssign(RoleAssign { participant: id_of(user), role });
    match what {
        What::Say => say(None),
        What::SayToStaff => say(Some(ChatTo::Staff)),
        What::SayTo(user) => say(Some(ChatTo::Participant(id_of(user)))),
        // The head it is decided upon, to be compared when it arrives.
        What::React => Command::ReactionSend(ReactionSend { emoji: facts.head.to_string() }),
        What::Hand => Command::HandRaise(Empty {}),
        What::Promote(user) => assign(user, Role::Moderator),
        What::Demote(user) => assign(user, Role::Attendee),
        What::AdmitAll => {
            Command::ParticipantAdmit(Admit { all: true, participant: None, up_to_seq: None })
        }
        What::Remove(user) => Command::ParticipantRemove(PersonReason {
            participant: id_of(user),
            reason: Some(facts.head.next().to_string()),
        }),
        What::Rooms => Command::BreakoutPrepare(BreakoutPrepare {
            rooms: ["Blue", "Green"].map(room_asked).into(),
            mode: BreakoutMode::Random,
            minutes: None,
        }),
        What::OpenRooms => Command::BreakoutOpen(Empty {}),
        What::CloseRooms => Command::BreakoutClose(BreakoutClose::default()),
        What::Move(user, room) => {
            let (participant, room) = (id_of(user), room.map(RoomId));
            Command::BreakoutAssign(BreakoutAssign { participant, room })
        }
        What::SayToRoom => say(Some(ChatTo::Room)),
        What::Announce(room) => {
            let rooms = Some(vec![RoomId(room)]);
            Command::BreakoutAnnounce(BreakoutAnnounce { text: "hello".into(), rooms })
        }
        What::Snapshot => Command::StateGet(Empty {}),
        What::Forbidden => Command::MeetingUnlock(Empty {}),
    }
}

async fn play(acts: &[Act], requires_approval: bool) {
    let mut stage = Stage::new(requires_approval).await;
    let mut clients: BTreeMap<i64, Client> = (1..6).map(|user| (user, Client::default())).collect();
    for act in acts.iter().chain(&[Act::CommitAll]) {
        let committed = stage.running.committed;
        match act {
            Act::Enter(user) => {
                let client = clients.get_mut(user).unwrap();
                if client.attached.is_none() && client.entering.is_none() {
                    client.entering = Some(stage.enter(*user));
                    client.next_id = 2;
                }
            }
            Act::Ask(user, what) => {
                let client = clients.get_mut(user).unwrap();
                client.read(committed, 0).await;
                if let Some(attached) = &client.attached {
                    let id = client.next_id;
                    let command = command(*what, &stage.running.meeting.facts);
                    stage.ask(attached, id, command);
                    client.basis.insert(id, stage.running.meeting.facts.head);
                    client.next_id += 1;
                }
            }
            Act::DropAfter(user, unread) => {
                let client = clients.get_mut(user).unwrap();
                client.read(committed, *unread).await;
                client.attached = None;
                stage.lose_sockets();
            }
            Act::Resume(user) => {
                let client = clients.get_mut(user).unwrap();
                if let (None, None, Some(session)) =
                    (&client.attached, &client.entering, client.session)
                {
                    let seq = client.stretches.last().map_or(Seq(0), |stretch| stretch.to);
                    client.entering = Some(stage.resume(*user, session, seq));
                }
            }
            Act::Deliver(user) => clients.get_mut(user).unwrap().read(committed, 0).await,
            Act::EndStep => stage.end_step(),
            Act::CommitOne => drop(stage.commit_one().await),
            Act::CommitAll => stage.commit().await,
        }
    }
    let journal = stage.journal().await;
    let head = stage.running.meeting.facts.head;
    assert_eq!(stage.running.committed, head);
    let mut restored = Meeting::default();
    let mut views: Vec<BTreeMap<ParticipantId, View>> = vec![BTreeMap::new()];
    for event in &journal {
        restored.apply(event);
        let people = restored.facts.people.values();
        views.push(people.map(|person| (person.id, person.view)).collect());
    }
    assert_eq!(restored.facts, stage.running.meeting.facts, "live state is the journal's fold");
    for client in clients.values_mut() {
        client.read(head, 0).await;
        let connected = client.attached.is_some();
        if let Some(stretch) = client.stretches.last_mut().filter(|_| connected) {
            stretch.to = head;
        }
        for stretch in &client.stretches {
            let entitled = journal.iter().filter(|event| {
                let view = views[event.seq.0 as usize].get(&stretch.participant);
                (stretch.from < event.seq && event.seq <= stretch.to)
                    && view.is_some_and(|view| event.audience.includes(view))
                    && wire::event(event).is_some()
            });
            let entitled: Vec<_> = entitled.map(|event| event.seq).collect();
            assert_eq!(stretch.got, entitled, "{stretch:?}");
            for (seq, got) in &stretch.oks {
                let caused = entitled.partition_point(|event| event <= seq);
                assert!(caused <= *got, "an event reaches its sender before its ok: {stretch:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn each_gets_what_they_may_once_and_not_before_it_is_committed(
        acts in prop::collection::vec(act(), 20..140),
        requires_approval: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let acts: Vec<_> = (1..6).map(Act::Enter).chain([Act::CommitAll]).chain(acts).collect();
        runtime.block_on(play(&acts, requires_approval));
    }
}
