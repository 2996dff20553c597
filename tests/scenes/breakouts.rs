//! Breakout rooms, as those inside, outside and in charge see them.

use quorate_client::Notice;
use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Person, Socket, Stage, assign, chat};

const OPEN: Command = Command::BreakoutOpen(Empty {});
const CLOSE: Command = Command::BreakoutClose(BreakoutClose { countdown_seconds: None });
const RETURN: Command = Command::BreakoutReturn(Empty {});

fn prepare(rooms: &[&[ParticipantId]], mode: BreakoutMode) -> Command {
    let names = ["Blue", "Green", "Red"].iter().zip(rooms);
    let room = |(name, people): (&&str, &&[ParticipantId])| RoomAsked {
        name: (*name).to_owned(),
        participants: people.to_vec(),
    };
    let rooms = names.map(room).collect();
    Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes: None })
}

fn join(room: u32) -> Command {
    Command::BreakoutJoin(RoomOnly { room: RoomId(room) })
}

fn room(id: u32) -> Option<RoomId> {
    Some(RoomId(id))
}

fn react() -> Command {
    Command::ReactionSend(ReactionSend { emoji: "🎉".into() })
}

fn rtc(to: ParticipantId) -> Command {
    Command::RtcSend(RtcSend { to, session: None, data: json!({ "sdp": "v=0" }) })
}

/// Ada hosts; Ben and Bea are in Blue (1), Carl and Cleo in Green (2), Dora in Red (3), Eve in none.
struct Rooms {
    ada: Person,
    blue: [Person; 2],
    green: [Person; 2],
    dora: Person,
    eve: Person,
}

impl Rooms {
    async fn open(stage: &Stage, meeting: &Meeting) -> Rooms {
        let ada = stage.join(meeting, "Ada").await;
        let blue = [stage.join(meeting, "Ben").await, stage.join(meeting, "Bea").await];
        let green = [stage.join(meeting, "Carl").await, stage.join_guest(meeting, "Cleo").await];
        let (dora, eve) = (stage.join(meeting, "Dora").await, stage.join(meeting, "Eve").await);
        let mut rooms = Rooms { ada, blue, green, dora, eve };
        let (blue, green) = (rooms.blue.each_ref().map(Person::id), rooms.green.each_ref());
        let green = green.map(Person::id);
        let plan: &[&[_]] = &[&blue, &green, &[rooms.dora.id()]];
        rooms.ada.send(prepare(plan, BreakoutMode::Manual)).await;
        rooms.ada.send(OPEN).await;
        for person in rooms.everyone() {
            person.expect(|event| matches!(event, EventBody::BreakoutOpened(_))).await;
            person.heard().await;
        }
        rooms
    }

    fn everyone(&mut self) -> impl Iterator<Item = &mut Person> {
        let Rooms { ada, blue, green, dora, eve } = self;
        [ada, dora, eve].into_iter().chain(blue).chain(green)
    }
}

/// What was said among what was heard, and the reactions.
async fn heard(person: &mut Person) -> Vec<String> {
    let heard = person.heard().await.into_iter();
    let told = heard.filter_map(|notice| match notice {
        Notice::Event(Event { body: EventBody::ChatSent(sent), .. }) => sent.text,
        Notice::Signal(SignalBody::Reaction(reaction)) => Some(reaction.emoji),
        Notice::Signal(SignalBody::Rtc(_)) => Some("rtc".to_owned()),
        _ => None,
    });
    told.collect()
}

async fn texts(person: &mut Person) -> Vec<String> {
    let snapshot: Snapshot = person.ask(Command::StateGet(Empty {})).await;
    snapshot.chat.into_iter().filter_map(|message| message.text).collect()
}

#[tokio::test]
async fn what_is_said_in_a_room_reaches_nobody_outside() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut rooms = Rooms::open(&stage, &meeting).await;
    rooms.blue[0].send(chat("blue")).await;
    rooms.blue[0].send(react()).await;
    rooms.green[0].send(chat("green")).await;
    for person in &mut rooms.blue {
        assert_eq!(heard(person).await, ["blue", "🎉"]);
    }
    for person in &mut rooms.green {
        assert_eq!(heard(person).await, ["green"]);
    }
    for person in [&mut rooms.ada, &mut rooms.dora, &mut rooms.eve] {
        assert!(heard(person).await.is_empty(), "not even the host in the main room");
        assert!(texts(person).await.is_empty());
    }
    rooms.eve.send(chat("to all")).await;
    rooms.eve.send(react()).await;
    assert_eq!(heard(&mut rooms.ada).await, ["to all", "🎉"]);
    assert_eq!(heard(&mut rooms.dora).await, ["to all"], "a reaction stays in the main room");
    assert_eq!(texts(&mut rooms.blue[1]).await, ["blue", "to all"]);
    let (carl, private) = (rooms.green[0].id(), "across");
    let to = Some(ChatTo::Participant(carl));
    let send = ChatSend { text: private.into(), to, reply_to: None };
    rooms.dora.send(Command::ChatSend(send)).await;
    assert_eq!(heard(&mut rooms.green[0]).await, ["to all", private]);
    rooms.ada.send(CLOSE).await;
    assert_eq!(texts(&mut rooms.blue[1]).await, ["blue", "to all"], "also afterwards");
    assert_eq!(texts(&mut rooms.ada).await, ["to all"]);
}

#[tokio::test]
async fn signalling_goes_to_room_mates_only() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut rooms = Rooms::open(&stage, &meeting).await;
    let (bea, carl, eve) = (rooms.blue[1].id(), rooms.green[0].id(), rooms.eve.id());
    rooms.blue[0].send(rtc(bea)).await;
    assert_eq!(heard(&mut rooms.blue[1]).await, ["rtc"]);
    for other in [carl, eve] {
        let refused = rooms.blue[0].refused(rtc(other)).await;
        let message = "is in another room; what is said here stays here";
        assert_eq!((refused.code, refused.message.as_str()), (Code::Conflict, message));
    }
    assert!(heard(&mut rooms.green[0]).await.is_empty());
    rooms.ada.send(rtc(eve)).await;
}

#[tokio::test]
async fn the_host_roams_and_is_seen_coming_and_going() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut rooms = Rooms::open(&stage, &meeting).await;
    rooms.ada.send(join(1)).await;
    rooms.blue[0].send(chat("welcome")).await;
    assert_eq!(heard(&mut rooms.ada).await, ["welcome"]);
    rooms.ada.send(join(2)).await;
    rooms.blue[0].send(chat("now that she is gone")).await;
    assert!(heard(&mut rooms.ada).await.is_empty());
    rooms.ada.send(RETURN).await;
    let id = rooms.ada.id();
    for (from, to) in [(None, room(1)), (room(1), room(2)), (room(2), None)] {
        let moved = rooms.dora.expect(|it| matches!(it, EventBody::ParticipantMoved(_))).await;
        let expected = ParticipantMoved { participant: id, from, to };
        assert_eq!(moved.body, EventBody::ParticipantMoved(expected));
    }
    let refused = rooms.eve.refused(join(1)).await;
    assert_eq!(refused.permission, Some(Permission::BreakoutRoam));
    let (carl, eve) = (rooms.green[0].id(), rooms.eve.id());
    for (participant, to) in [(carl, room(3)), (eve, room(3)), (eve, None)] {
        let assign = BreakoutAssign { participant, room: to };
        rooms.ada.send(Command::BreakoutAssign(assign)).await;
    }
    let snapshot: Snapshot = rooms.eve.ask(Command::StateGet(Empty {})).await;
    let sizes: Vec<_> = snapshot.rooms.iter().map(|room| room.participants.len()).collect();
    assert_eq!(sizes, [2, 1, 2]);
    let carl = snapshot.participants.iter().find(|person| person.id == carl).unwrap();
    assert_eq!(carl.room, room(3));
}

#[tokio::test]
async fn a_room_asks_for_help_and_others_do_not_hear_of_it() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut rooms = Rooms::open(&stage, &meeting).await;
    let help = || Command::BreakoutRequestHelp(Empty {});
    let helped = |it: &EventBody| matches!(it, EventBody::BreakoutHelpRequested(_));
    rooms.blue[0].send(help()).await;
    let asked = rooms.ada.expect(helped).await;
    assert_eq!(asked.by, Some(rooms.blue[0].id()));
    rooms.blue[1].expect(helped).await;
    let again: Already = rooms.blue[1].ask(help()).await;
    assert_eq!(again.by, asked.by);
    assert_eq!(rooms.eve.refused(help()).await.code, Code::Conflict);
    for (person, sees) in [(&mut rooms.ada, true), (&mut rooms.dora, false)] {
        let snapshot: Snapshot = person.ask(Command::StateGet(Empty {})).await;
        assert_eq!(snapshot.rooms[0].help, sees);
    }
    let late = stage.join(&meeting, "Finn").await;
    assert!(late.state().rooms.iter().all(|room| !room.help));
    rooms.ada.send(Command::BreakoutResolveHelp(RoomOnly { room: RoomId(1) })).await;
    rooms.blue[0].expect(|it| matches!(it, EventBody::BreakoutHelpResolved(_))).await;
    for person in [&mut rooms.green[0], &mut rooms.dora, &mut rooms.eve] {
        let kinds = person.kinds().await;
        assert!(kinds.iter().all(|kind| kind == "participant.joined"), "{kinds:?}");
    }
}

#[tokio::test]
async fn an_announcement_to_some_rooms_is_heard_there() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut rooms = Rooms::open(&stage, &meeting).await;
    let announce = |text: &str, rooms: Option<Vec<RoomId>>| {
        Command::BreakoutAnnounce(BreakoutAnnounce { text: text.to_owned(), rooms })
    };
    rooms.ada.send(announce("some", Some(vec![RoomId(1), RoomId(2)]))).await;
    rooms.ada.send(announce("all", None)).await;
    let told = async |person: &mut Person| {
        let news = person.news().await.into_iter();
        let text = |event: Event| match event.body {
            EventBody::BreakoutAnnounced(told) => Some((told.text, told.rooms)),
            _ => None,
        };
        news.filter_map(text).collect::<Vec<_>>()
    };
    let (some, all) = ("some".to_owned(), ("all".to_owned(), None));
    let to = |id| (some.clone(), Some(vec![RoomId(id)]));
    assert_eq!(told(&mut rooms.blue[0]).await, [to(1), all.clone()]);
    assert_eq!(told(&mut rooms.green[1]).await, [to(2), all.clone()]);
    assert_eq!(told(&mut rooms.ada).await, [to(1), to(2), all.clone()]);
    for person in [&mut rooms.dora, &mut rooms.eve] {
        assert_eq!(told(person).await, std::slice::from_ref(&all));
    }
    let text = "SELECT count(*) FROM meeting_audit_logs WHERE details LIKE '%some%'";
    assert_eq!(stage.sql::<i64>(text), 0, "a text is personal, and so are the rooms' names");
    let named = "SELECT count(*) FROM meeting_audit_logs WHERE details LIKE '%Blue%'";
    assert_eq!(stage.sql::<i64>(named), 0);
}

/// Reads up to a frame with this event, and answers it.
async fn frame_with(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let frame = socket.hear().await;
        let events = frame["events"].as_array();
        if events.is_some_and(|events| events.iter().any(|event| event["type"] == kind)) {
            return frame;
        }
    }
}

fn participant(welcome: &Value) -> ParticipantId {
    ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap())
}

fn seq(frame: &Value) -> u64 {
    frame["data"]["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn all_are_back_in_the_main_room_with_one_frame_when_the_countdown_ends() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    let (mut sockets, mut ids) = (Vec::new(), Vec::new());
    for name in ["Ben", "Bea", "Carl", "Cleo"] {
        let (socket, welcome) = stage.knock_as(&meeting, name).await;
        sockets.push(socket);
        ids.push(participant(&welcome));
    }
    ada.ask(&prepare(&[&ids[..2], &ids[2..]], BreakoutMode::Manual)).await;
    ada.ask(&OPEN).await;
    let close = Command::BreakoutClose(BreakoutClose { countdown_seconds: Some(1) });
    let closing = ada.ask(&close).await;
    assert_eq!(closing["type"], "ok", "{closing}");
    for socket in &mut sockets {
        let opened = frame_with(socket, "breakout.opened").await;
        assert_eq!(opened["events"].as_array().unwrap().len(), 1);
        let closing = frame_with(socket, "breakout.closing").await;
        assert!(closing["events"][0]["data"]["closes_at"].is_string(), "{closing}");
        let closed = socket.hear().await;
        assert_eq!(closed["events"].as_array().map(Vec::len), Some(1), "{closed}");
        let event = &closed["events"][0];
        assert_eq!((&event["type"], &event["by"]), (&json!("breakout.closed"), &Value::Null));
        assert_eq!(event["data"], json!({ "rooms": [1, 2] }));
    }
    // Where all are again, all hear what one says, and nothing came in between.
    sockets[0].ask(&chat("back")).await;
    for socket in &mut sockets[1..] {
        let frame = socket.hear().await;
        assert_eq!(frame["events"][0]["data"]["text"], "back", "{frame}");
        assert_eq!(frame["events"][0]["data"]["room"], Value::Null);
    }
}

#[tokio::test]
async fn what_rooms_are_called_is_not_kept_where_it_cannot_be_redacted() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, welcome) = stage.knock_as(&meeting, "Ada").await;
    let command = prepare(&[&[participant(&welcome)], &[]], BreakoutMode::Manual);
    let done = ada.ask(&command).await;
    assert_eq!(done["data"]["rooms"][0]["name"], "Blue", "{done}");
    let kept: i64 = stage.sql(
        "SELECT count(*) FROM meeting_audit_logs \
         WHERE instr(answer, 'Blue') OR instr(details, 'Blue')",
    );
    assert_eq!(kept, 0);
    tokio::join!(stage.restart(), async move { ada.ending().await });
    let (mut ada, back) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    assert_eq!(back["data"]["resumed"], true, "{back}");
    let id = done["id"].as_i64().unwrap();
    ada.say(&ClientFrame::command(id, &command)).await;
    assert_eq!(ada.answer(json!(id)).await, done, "answered as before, with the names");
}

#[tokio::test]
async fn who_comes_back_is_in_their_room_also_when_the_server_was_away() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, host) = stage.knock_as(&meeting, "Ada").await;
    let (ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let me = participant(&welcome);
    let (mut bea, mate) = stage.knock_as(&meeting, "Bea").await;
    ada.ask(&prepare(&[&[me, participant(&mate)], &[]], BreakoutMode::Manual)).await;
    let opened = ada.ask(&OPEN).await["seq"].as_u64().unwrap();
    drop(ben);
    frame_with(&mut bea, "participant.connection_changed").await;
    let said = bea.ask(&chat("are you there?")).await["seq"].as_u64().unwrap();

    // Moved since: a new state, with the room's chat in it.
    let (ben, back) = stage.resume(&meeting, &welcome, seq(&welcome)).await;
    assert_eq!(back["data"]["resumed"], false);
    assert_eq!(back["data"]["state"]["rooms"][0]["participants"], json!([me, participant(&mate)]));
    assert_eq!(back["data"]["state"]["chat"][0]["text"], "are you there?");
    drop(ben);
    // Not moved since: what was missed, of one's room.
    let (mut ben, back) = stage.resume(&meeting, &welcome, opened).await;
    assert_eq!(back["data"]["resumed"], true);
    let missed = frame_with(&mut ben, "chat.sent").await;
    let sent = missed["events"].as_array().unwrap().iter().find(|it| it["type"] == "chat.sent");
    assert_eq!(sent.unwrap()["seq"], said);

    let ends = async move { tokio::join!(ada.ending(), bea.ending(), ben.ending()) };
    tokio::join!(stage.restart(), ends);
    let (mut ben, back) = stage.resume(&meeting, &welcome, opened).await;
    assert_eq!(back["data"]["resumed"], true, "{back}");
    let (mut bea, _) = stage.resume(&meeting, &mate, opened).await;
    // The ids that were used before the server went.
    bea.id();
    bea.ask(&RETURN).await;
    ben.ask(&chat("alone in Blue")).await;
    let state = bea.ask(&Command::StateGet(Empty {})).await;
    let room = &state["data"]["rooms"][0];
    assert_eq!((&room["open"], &room["participants"]), (&json!(true), &json!([me])));
    let (mut ada, _) = stage.resume(&meeting, &host, opened).await;
    ada.id();
    ada.id();
    let state = ada.ask(&Command::StateGet(Empty {})).await;
    assert_eq!(state["data"]["chat"], json!([]), "and what stays in a room stayed there");
}

#[tokio::test]
async fn people_choose_their_rooms_and_who_is_late_goes_where_the_fewest_are() {
    let stage = Stage::set().await;
    let settings = json!({ "settings": { "breakout_late": "least_full" } });
    let meeting = stage.meeting("Ada", settings).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let prepared: RoomsPrepared = ada.ask(prepare(&[&[], &[]], BreakoutMode::SelfSelect)).await;
    assert_eq!(prepared.rooms.iter().map(|room| room.room.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(ben.refused(join(1)).await.code, Code::Conflict, "not open yet");
    ada.send(OPEN).await;
    ben.send(join(1)).await;
    let mut carl = stage.join(&meeting, "Carl").await;
    assert_eq!(carl.state().rooms[1].participants, [carl.id()]);
    let joined = ben.expect(|it| matches!(it, EventBody::ParticipantJoined(_))).await;
    let EventBody::ParticipantJoined(joined) = joined.body else { unreachable!() };
    assert_eq!(joined.participant.room, room(2));
    carl.send(Command::Leave(Leave::default())).await;
    ben.send(join(2)).await;
    ben.send(RETURN).await;
    let carl = stage.join(&meeting, "Carl").await;
    assert_eq!(carl.state().rooms[1].participants, [carl.id()], "back in the room he was in");
    let page: Page<Participant> = ada
        .ask(Command::ParticipantList(ParticipantList {
            after: None,
            limit: 50,
            role: None,
            room: Some(RoomId(0)),
        }))
        .await;
    let main: Vec<_> = page.items.into_iter().map(|person| person.name).collect();
    assert_eq!(main, ["Ada", "Ben"]);
}

#[tokio::test]
async fn r14_a_moderator_in_a_room_is_one_for_the_whole_meeting() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut rooms = Rooms::open(&stage, &meeting).await;
    rooms.ada.send(assign(rooms.blue[0].id(), Role::Moderator)).await;
    let person = |id| Command::ParticipantRemove(PersonReason { participant: id, reason: None });
    let (dora, carl) = (rooms.dora.id(), rooms.green[0].id());
    rooms.blue[0].send(person(dora)).await;
    assert_eq!(rooms.dora.expect_bye().await.code, Code::Removed);
    let refused = rooms.blue[1].refused(person(carl)).await;
    assert_eq!(refused.permission, Some(Permission::ParticipantRemove));
    let snapshot: Snapshot = rooms.eve.ask(Command::StateGet(Empty {})).await;
    assert!(snapshot.rooms[2].participants.is_empty(), "who is removed is in no room");
}

#[tokio::test]
async fn what_makes_no_sense_is_named() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, welcome) = stage.knock_as(&meeting, "Ada").await;
    let me = participant(&welcome);
    ada.ask(&prepare(&[&[me]], BreakoutMode::Manual)).await;
    for (kind, data, code, field) in [
        ("breakout.prepare", json!({ "rooms": [], "mode": "manual" }), "invalid", "rooms"),
        ("breakout.prepare", json!({ "rooms": [{ "name": "a" }], "mode": "x" }), "invalid", "mode"),
        ("breakout.prepare", json!({ "mode": "manual" }), "invalid", "rooms"),
        ("breakout.assign", json!({ "participant": me, "room": -1 }), "invalid", "room"),
        ("breakout.assign", json!({ "participant": me, "room": 0 }), "not_found", ""),
        ("breakout.assign", json!({ "participant": 4711, "room": 1 }), "not_found", ""),
        ("breakout.join", json!({ "room": 4_294_967_295u32 }), "not_found", ""),
        ("breakout.join", json!({ "room": 4_294_967_296u64 }), "invalid", "room"),
        ("breakout.join", json!({ "room": 1 }), "conflict", ""),
        ("breakout.return", json!({}), "conflict", ""),
        ("breakout.extend", json!({ "minutes": 0 }), "invalid", "minutes"),
        ("breakout.extend", json!({ "minutes": 5 }), "conflict", ""),
        ("breakout.close", json!({ "countdown_seconds": 601 }), "invalid", "countdown_seconds"),
        ("breakout.announce", json!({ "text": "hello", "rooms": [] }), "invalid", "rooms"),
        ("breakout.announce", json!({ "text": "x".repeat(2001) }), "too_large", "text"),
        ("breakout.resolve_help", json!({ "room": 9 }), "not_found", ""),
    ] {
        let id = ada.id();
        let frame = json!({ "type": kind, "id": id, "data": data });
        ada.say(&frame.to_string()).await;
        let error = ada.answer(json!(id)).await["error"].clone();
        assert_eq!(error["code"], code, "{frame}: {error}");
        assert_eq!(error["field"].as_str().unwrap_or_default(), field, "{frame}: {error}");
    }
}
