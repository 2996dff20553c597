//! The examples: one meeting of Ana (host, participant 1), Ben (a guest, 3), and Cleo, who waits (4).

mod commands;
mod events;
mod frames;

use std::str::FromStr;

use quorate_protocol::*;

/// What goes over the wire, either way.
#[derive(Debug, PartialEq)]
pub(crate) enum Wire {
    Hello(Hello),
    Command(i64, Command),
    Server(ServerFrame),
}

impl Wire {
    /// Its text on the wire.
    pub(crate) fn text(&self) -> String {
        match self {
            Wire::Hello(hello) => ClientFrame::hello_text(hello),
            Wire::Command(id, command) => ClientFrame::command(*id, command),
            Wire::Server(frame) => frame.to_text(),
        }
    }

    /// Reads a frame of the same direction, as the other side does.
    pub(crate) fn parse_same(&self, text: &str) -> Wire {
        if let Wire::Server(_) = self {
            return Wire::Server(ServerFrame::parse(text).unwrap());
        }
        let frame = ClientFrame::parse(text).unwrap();
        match (&*frame.r#type, frame.id().unwrap()) {
            ("hello", 1) => Wire::Hello(frame.hello().unwrap()),
            (kind, id) => Wire::Command(id, Command::parse(kind, frame.data()).unwrap()),
        }
    }
}

/// Every example with the name of its file.
pub(crate) fn all() -> Vec<(String, Wire)> {
    let commands = commands::all()
        .into_iter()
        .zip(2..)
        .map(|(command, id)| (format!("command.{}", command.kind()), Wire::Command(id, command)));
    let events = events::all().into_iter().zip(1..).map(|(body, seq)| {
        let (seq, at, by) = (Seq(seq), at("10:00:00.123"), Some(ANA));
        let event = Event { seq, at, by, name: None, role: None, via: None, body };
        let name = format!("event.{}", event.body.kind());
        let frame = EventsFrame { events: vec![event], up_to: None };
        (name, Wire::Server(ServerFrame::Events(frame)))
    });
    let signals = frames::signals().into_iter().map(|signal| {
        let name = format!("signal.{}", signal.kind());
        (name, Wire::Server(ServerFrame::Signals(vec![signal])))
    });
    let frames = frames::all().into_iter().map(|(name, wire)| (format!("frame.{name}"), wire));
    commands.chain(events).chain(signals).chain(frames).collect()
}

const ANA: ParticipantId = ParticipantId(1);
const BEN: ParticipantId = ParticipantId(3);
const CLEO: ParticipantId = ParticipantId(4);
const ANA_USER: UserId = UserId(11);
const BEN_USER: UserId = UserId(13);
const CLEO_USER: UserId = UserId(14);
const BLUE: RoomId = RoomId(1);

/// A time on the day of the meeting.
fn at(time: &str) -> Timestamp {
    Timestamp::from_str(&format!("2026-11-22T{time}Z")).unwrap()
}

/// A value from its JSON.
fn json<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

fn session() -> SessionId {
    json(r#""019ab1c2-3d4e-7f50-8a6b-7c8d9e0f1a2b""#)
}

fn attributes() -> Attributes {
    json(r#"{"pronouns":"they/them","table":4}"#)
}

fn ben() -> Participant {
    Participant {
        id: BEN,
        user: BEN_USER,
        name: "Ben".to_owned(),
        kind: UserKind::Guest,
        role: Role::Attendee,
        status: Presence::Present,
        hand: Some(at("10:04:00.000")),
        media: Media { audio: true, video: false, share: false },
        quality: QualityLevel::Good,
        room: None,
        looks_like: None,
        joined_at: at("10:01:00.000"),
        attributes: attributes(),
    }
}

fn cleo_waits() -> WaitingEntry {
    WaitingEntry {
        participant: CLEO,
        user: CLEO_USER,
        name: "Cleo".to_owned(),
        kind: UserKind::Guest,
        verified: false,
        invited: false,
        removed_before: false,
        reason: WaitReason::Approval,
        position: 1,
        waited_seconds: 12,
        connected: true,
        since: at("10:03:00.000"),
    }
}

fn note_taker_as_asked() -> RoleDefine {
    RoleDefine {
        key: RoleKey::new("note_taker").unwrap(),
        label: "Note taker".to_owned(),
        based_on: Role::Attendee,
        rank: 30,
        grants: vec![Permission::DecisionRecord],
        denies: vec![Permission::ReactionSend],
    }
}

fn note_taker() -> CustomRole {
    let RoleDefine { key, label, based_on, rank, grants, denies } = note_taker_as_asked();
    let (grants, denies) = (grants.into_iter().collect(), denies.into_iter().collect());
    CustomRole { key, label, based_on, rank, grants, denies, version: 1 }
}

fn grants() -> Grants {
    let may = |permission| match permission {
        Permission::ChatSend | Permission::HandRaise | Permission::MediaAudio => Grant::Yes,
        _ => Grant::No(Denial::Role),
    };
    Grants(Permission::ALL.iter().map(|&permission| (permission, may(permission))).collect())
}

fn vote() -> PollVote {
    PollVote { poll: PollId(1), choices: vec![0, 1] }
}

fn tally() -> PollTally {
    PollTally { poll: PollId(1), counts: vec![2, 1], voters: 2 }
}

fn agenda() -> Agenda {
    let review = AgendaItem {
        item: ItemId(1),
        title: "Review".to_owned(),
        minutes: 10,
        owner: Some(BEN),
        started_at: Some(at("10:00:30.000")),
        spent_seconds: 215,
    };
    Agenda { items: vec![review], current: Some(ItemId(1)) }
}

fn timer() -> Timer {
    Timer { ends_at: at("10:09:00.000"), label: Some("Break".to_owned()) }
}

fn decision() -> RecordedDecision {
    RecordedDecision { decision: DecisionId(1), text: "We ship on Thursday.".to_owned() }
}

fn action() -> ActionItem {
    ActionItem {
        action: ActionId(1),
        text: "Write the notes.".to_owned(),
        owner: Some(BEN),
        due: Some("2026-11-30".parse().unwrap()),
    }
}

/// What an application puts into `rtc`.
fn candidate() -> serde_json::Value {
    json(r#"{"candidate":"candidate:1 1 UDP 2130706431 192.0.2.1 54400 typ host"}"#)
}

/// A policy of which something is turned on, and something taken away.
fn policy() -> Policy {
    Policy {
        requires_approval: Some(false),
        chat: Some(ChatPolicy::Staff),
        locks: Some(vec![Permission::MediaShare]),
        end_when_empty_minutes: Some(None),
        ..Policy::default()
    }
}
