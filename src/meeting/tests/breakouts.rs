//! Breakout rooms by table, one behaviour a test; and by chance.

mod between;
mod chance;
mod coming;
mod plan;
mod rooms;

use quorate_protocol::*;
use uuid::Uuid;

use super::stage::*;
use crate::meeting::event::Event;
use crate::meeting::{Answer, Bot, Decision, Enter, Input, Passcode, Refusal};

/// A bot.
const BOT: i64 = 50;

/// The owner, co-host 2, moderator 3, attendees 4 to 7, and guest 100, all in.
fn cast() -> Stage {
    cast_with(|_| {})
}

fn cast_with(change: impl FnOnce(&mut Settings)) -> Stage {
    let mut stage = Stage::new(|created| {
        created.co_hosts = vec![UserId(2)];
        change(&mut created.settings);
    });
    for user in [OWNER, 2, 3, 4, 5, 6, 7, 100] {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, assign(3, Role::Moderator)).unwrap();
    stage
}

/// The same with rooms 1 and 2 open: 4 and 5 are in 1, 6 is in 2, all others in the main room.
fn open() -> Stage {
    opened(cast(), None)
}

fn opened(mut stage: Stage, minutes: Option<u32>) -> Stage {
    stage.ask(OWNER, prepare(&[&[4, 5], &[6]], BreakoutMode::Manual, minutes)).unwrap();
    stage.ask(OWNER, OPEN).unwrap();
    stage
}

const OPEN: Command = Command::BreakoutOpen(Empty {});
const RETURN: Command = Command::BreakoutReturn(Empty {});
const HELP: Command = Command::BreakoutRequestHelp(Empty {});
const CLOSE: Command = Command::BreakoutClose(BreakoutClose { countdown_seconds: None });

fn prepare(rooms: &[&[i64]], mode: BreakoutMode, minutes: Option<u32>) -> Command {
    let room = |(index, people): (usize, &&[i64])| RoomAsked {
        name: format!("Room {}", index + 1),
        participants: people.iter().map(|user| at(*user)).collect(),
    };
    let rooms = rooms.iter().enumerate().map(room).collect();
    Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes })
}

fn named(names: &[&str]) -> Command {
    let room = |name: &&str| RoomAsked { name: (*name).to_owned(), participants: Vec::new() };
    let rooms = names.iter().map(room).collect();
    let mode = BreakoutMode::Manual;
    Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes: None })
}

fn close_in(seconds: u32) -> Command {
    Command::BreakoutClose(BreakoutClose { countdown_seconds: Some(seconds) })
}

fn send_to(user: i64, room: Option<u32>) -> Command {
    let room = room.map(RoomId);
    Command::BreakoutAssign(BreakoutAssign { participant: at(user), room })
}

fn join(room: u32) -> Command {
    Command::BreakoutJoin(RoomOnly { room: RoomId(room) })
}

fn extend(minutes: u32, room: Option<u32>) -> Command {
    Command::BreakoutExtend(BreakoutExtend { minutes, room: room.map(RoomId) })
}

fn announce(text: &str, rooms: Option<&[u32]>) -> Command {
    let rooms = rooms.map(|rooms| rooms.iter().map(|room| RoomId(*room)).collect());
    Command::BreakoutAnnounce(BreakoutAnnounce { text: text.to_owned(), rooms })
}

fn resolve(room: u32) -> Command {
    Command::BreakoutResolveHelp(RoomOnly { room: RoomId(room) })
}

/// The rooms as the owner sees them: their ids, and the users in or assigned to each.
fn rooms(stage: &Stage) -> Vec<(u32, Vec<i64>)> {
    let rooms = stage.meeting.facts.rooms(stage.person(OWNER)).into_iter();
    let users = |ids: Vec<ParticipantId>| ids.into_iter().map(|id| id.0 - 1000).collect();
    rooms.map(|room| (room.room.0, users(room.participants))).collect()
}

/// When each room closes.
fn closing(stage: &Stage) -> Vec<Option<Timestamp>> {
    let rooms = stage.meeting.facts.rooms(stage.person(OWNER)).into_iter();
    rooms.map(|room| room.closes_at).collect()
}

/// The room that someone is in.
fn place(stage: &Stage, user: i64) -> Option<u32> {
    let person = stage.person(user);
    assert_eq!(person.view.room, person.room);
    person.room.map(|room| room.0)
}

fn last(stage: &Stage) -> &Event {
    stage.journal.last().unwrap()
}

fn is_already(answer: Result<Decision, Refusal>) -> bool {
    let decision = answer.unwrap();
    let Answer::Data(data) = &decision.answer else { return false };
    decision.events.is_empty() && data.contains(r#""already":true"#)
}

fn not_found(last: Option<&'static str>) -> Refusal {
    Refusal::NotFound { what: "room", last }
}

fn invalid_field(stage: &mut Stage, user: i64, command: Command) -> &'static str {
    match stage.ask(user, command.clone()) {
        Err(Refusal::Invalid { field, .. } | Refusal::TooLarge { field, .. }) => field,
        other => panic!("{command:?}: {other:?}"),
    }
}

fn conflicts(stage: &mut Stage, user: i64, command: Command) {
    let answer = stage.ask(user, command.clone());
    assert!(matches!(answer, Err(Refusal::Conflict(_))), "{command:?}: {answer:?}");
}

fn shows(stage: &Stage, user: i64) -> Vec<String> {
    let chat = stage.meeting.facts.recent_chat(stage.person(user)).into_iter();
    chat.filter_map(|message| message.text).collect()
}

/// The bot comes in.
fn enter_bot(stage: &mut Stage) {
    let session = SessionId(Uuid::from_u128(1 << 64));
    let (user, participant) = (UserId(BOT), at(BOT));
    let scopes = [Permission::BreakoutRoam].into_iter().collect();
    let bot = Some(Bot { owner: None, scopes });
    let (name, passcode) = ("Bot".to_owned(), Passcode::Missing);
    let kind = UserKind::Bot;
    let enter = Enter { user, kind, name, email: None, bot, passcode, participant, session };
    stage.take(&Input::Enter(enter)).unwrap();
}
