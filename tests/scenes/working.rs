//! Working together: hands, polls, agenda, timer, decisions, as people see them.

use quorate_client::Notice;
use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Person, Socket, Stage, assign};

fn poll(anonymous: bool) -> Command {
    Command::PollOpen(PollOpen {
        question: "Which day?".into(),
        choices: vec!["Tuesday".into(), "Thursday".into()],
        multiple: false,
        anonymous,
        seconds: None,
    })
}

fn vote(poll: PollId, choice: u32) -> Command {
    Command::PollVote(PollVote { poll, choices: vec![choice] })
}

fn close(poll: PollId) -> Command {
    Command::PollClose(PollOnly { poll })
}

async fn open(person: &mut Person, anonymous: bool) -> PollId {
    person.ask::<PollOnly>(poll(anonymous)).await.poll
}

/// Waits for the signal that a poll stands so.
async fn stands(person: &mut Person, counts: [u32; 2]) {
    person
        .expect_signal(|signal| match signal {
            SignalBody::PollVoted(tally) if tally.counts == counts => Some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn two_vote_one_changes_and_everyone_hears_how_many_but_only_staff_who() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut pia = stage.join(&meeting, "Pia").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    ada.send(assign(pia.id(), Role::Presenter)).await;
    let poll = open(&mut pia, false).await;
    for person in [&mut ada, &mut pia, &mut ben, &mut gus] {
        person.expect(|event| matches!(event, EventBody::PollOpened(it) if it.poll == poll)).await;
        person.heard().await;
    }
    ben.send(vote(poll, 0)).await;
    gus.send(vote(poll, 1)).await;
    ben.send(vote(poll, 1)).await;
    assert!(ben.send(vote(poll, 1)).await.data.contains(r#""already":true"#));
    for person in [&mut ada, &mut pia, &mut ben, &mut gus] {
        stands(person, [0, 2]).await;
    }
    assert_eq!(ben.kinds().await, ["poll.vote_cast"; 2], "one's own, each time");
    assert_eq!(ada.kinds().await, Vec::<String>::new());
    ada.send(close(poll)).await;
    let closed = gus.expect(|event| matches!(event, EventBody::PollClosed(_))).await;
    let tally = PollTally { poll, counts: vec![0, 2], voters: 2 };
    assert_eq!(closed.body, EventBody::PollClosed(tally));
    let told = ada.expect(|event| matches!(event, EventBody::PollVotesTold(_))).await;
    let EventBody::PollVotesTold(told) = told.body else { unreachable!() };
    let one = |participant| CastVote { participant, choices: vec![1] };
    assert_eq!(told.votes, [one(ben.id()), one(gus.id())]);
    assert_eq!(pia.kinds().await, ["poll.closed"], "who opened it is no staff");
    assert_eq!(ben.refused(vote(poll, 0)).await.code, Code::Conflict);
    assert_eq!(ben.refused(vote(PollId(9), 0)).await.code, Code::NotFound);
    let wrong = ben.refused(vote(open(&mut ada, false).await, 2)).await;
    assert_eq!((wrong.code, wrong.field.as_deref()), (Code::Invalid, Some("choices")));
}

#[tokio::test]
async fn a_hundred_votes_make_few_signals_and_the_last_state_arrives() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let poll = open(&mut ada, true).await;
    for number in 0..100 {
        ben.send(vote(poll, number % 2)).await;
    }
    let mut signals = 0;
    ada.expect_signal(|signal| match signal {
        SignalBody::PollVoted(tally) => {
            signals += 1;
            (tally.counts == [0, 1]).then_some(())
        }
        _ => None,
    })
    .await;
    let later = ada.heard().await;
    let further = later.iter().filter(|it| matches!(it, Notice::Signal(SignalBody::PollVoted(_))));
    assert!(signals + further.count() < 50, "not one for each vote");
    let state: Snapshot = ada.ask(Command::StateGet(Empty {})).await;
    assert_eq!(state.polls[0].counts, [0, 1]);
}

/// Whether someone's id and what was chosen stand in one object, anywhere.
fn says_who_chose(value: &Value, who: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| says_who_chose(item, who)),
        Value::Object(fields) => {
            let names = fields.get("by") == Some(who) || fields.get("participant") == Some(who);
            let data = fields.get("data").unwrap_or(value);
            let chosen = data.get("choices").is_some();
            let mine = fields.get("mine").is_some_and(|mine| !mine.is_null());
            (names && chosen) || mine || fields.values().any(|it| says_who_chose(it, who))
        }
        _ => false,
    }
}

/// All that was said over a socket up to now.
async fn all(socket: &mut Socket) -> Value {
    let id = socket.id();
    socket.say(&json!({ "type": "state.get", "id": id, "data": {} }).to_string()).await;
    let mut said = Vec::new();
    loop {
        said.push(socket.hear().await);
        if said.last().is_some_and(|frame| frame["id"] == id && frame["type"] == "ok") {
            return Value::Array(said);
        }
    }
}

#[tokio::test]
async fn no_frame_that_anyone_else_gets_says_who_chose_what_in_an_anonymous_poll() {
    for anonymous in [true, false] {
        let stage = Stage::set().await;
        let meeting = stage.meeting("Ada", json!({})).await;
        let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
        let (mut carla, _) = stage.knock_as(&meeting, "Carla").await;
        let (mut ben, welcome) = stage.knock_as(&meeting, "Ben").await;
        let who = &welcome["data"]["you"]["participant"];
        ada.ask(&poll(anonymous)).await;
        let voted = ben.ask(&vote(PollId(1), 1)).await;
        assert_eq!(voted["type"], "ok", "{voted}");
        let own = all(&mut ben).await;
        assert!(says_who_chose(&own, who), "the voter alone: {own}");
        let id = ada.id();
        let data = json!({ "poll": 1 });
        let dry = json!({ "type": "poll.close", "id": id, "dry_run": true, "data": data });
        ada.say(&dry.to_string()).await;
        let late = stage.knock_as(&meeting, "Dora").await.1;
        let before = all(&mut ada).await;
        ada.ask(&close(PollId(1))).await;
        let mut heard = vec![all(&mut carla).await, late];
        heard.push(stage.knock_as(&meeting, "Edda").await.1);
        for said in &heard {
            assert!(!says_who_chose(said, who), "{said}");
        }
        let staff =
            json!([before, all(&mut ada).await, ada.ask(&Command::StateGet(Empty {})).await]);
        assert_eq!(says_who_chose(&staff, who), !anonymous, "{staff}");
        let told = stage
            .sql::<i64>("SELECT count(*) FROM meeting_audit_logs WHERE action = 'poll.votes_told'");
        assert_eq!(told, i64::from(!anonymous));
    }
}

#[tokio::test]
async fn a_dry_run_of_closing_tells_one_who_is_no_staff_no_votes() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut pia, welcome) = stage.knock_as(&meeting, "Pia").await;
    let id = ParticipantId(welcome["data"]["you"]["participant"].as_i64().unwrap());
    ada.send(assign(id, Role::Presenter)).await;
    let poll = open(&mut ada, false).await;
    ada.send(vote(poll, 0)).await;
    let id = pia.id();
    let data = json!({ "poll": poll });
    let dry = json!({ "type": "poll.close", "id": id, "dry_run": true, "data": data });
    pia.say(&dry.to_string()).await;
    let answer = pia.answer(json!(id)).await;
    let events = answer["data"]["events"].as_array().unwrap();
    let kinds: Vec<_> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["poll.closed"], "{answer}");
}

#[tokio::test]
async fn the_timer_ends_by_itself_once_also_over_a_restart() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let start =
        |label: &str| Command::TimerStart(TimerStart { seconds: 1, label: Some(label.to_owned()) });
    ada.send(start("Break")).await;
    let started = ben.expect(|event| matches!(event, EventBody::TimerStarted(_))).await;
    let EventBody::TimerStarted(timer) = started.body else { unreachable!() };
    assert_eq!(timer.label.as_deref(), Some("Break"));
    let ended = ben.expect(|event| matches!(event, EventBody::TimerEnded(_))).await;
    assert!(ended.at >= timer.ends_at && ended.by.is_none(), "at its time, by the system");
    ada.send(start("Again")).await;
    stage.restart().await;
    let mut ada = stage.join(&meeting, "Ada").await;
    if ada.state().timer.is_some() {
        ada.expect(|event| matches!(event, EventBody::TimerEnded(_))).await;
    }
    let state: Snapshot = ada.ask(Command::StateGet(Empty {})).await;
    assert_eq!(state.timer, None);
    let ended = "SELECT count(*) FROM meeting_audit_logs WHERE action = 'timer.ended'";
    assert_eq!(stage.sql::<i64>(ended), 2, "once for each");
}

#[tokio::test]
async fn who_comes_late_finds_what_the_others_worked_on() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let poll = open(&mut ada, false).await;
    ben.send(vote(poll, 1)).await;
    let plan =
        |title: &str, owner| AgendaPlan { item: None, title: title.into(), minutes: 10, owner };
    let items = vec![plan("Review", Some(ben.id())), plan("Plan", None)];
    ada.send(Command::AgendaSet(AgendaSet { items })).await;
    ada.send(Command::AgendaGoTo(AgendaGoTo { item: Some(ItemId(2)) })).await;
    let moved = ben.expect(|event| matches!(event, EventBody::AgendaMoved(_))).await;
    let moved_to = AgendaMoved { item: Some(ItemId(2)), from: None };
    assert_eq!(moved.body, EventBody::AgendaMoved(moved_to));
    ada.send(Command::TimerStart(TimerStart { seconds: 3600, label: None })).await;
    ada.send(Command::DecisionRecord(DecisionRecord { text: "We ship.".into() })).await;
    let due = Some("2026-11-30".parse().unwrap());
    let action = ActionRecord { text: "Write it down.".into(), owner: Some(ben.id()), due };
    ada.send(Command::ActionRecord(action)).await;
    ben.send(Command::Leave(Leave::default())).await;

    let mut late = stage.join(&meeting, "Carla").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    for (person, mine) in [(&mut late, None), (&mut ben, Some(vec![1]))] {
        let asked: Snapshot = person.ask(Command::StateGet(Empty {})).await;
        let state = person.state();
        assert_eq!(state.polls, asked.polls, "however one gets it");
        assert_eq!((&state.polls[0].counts, &state.polls[0].mine), (&vec![0, 1], &mine));
        assert_eq!(state.agenda.current, Some(ItemId(2)));
        assert_eq!(state.agenda.items[1].started_at, Some(moved.at));
        assert_eq!(state.agenda.items[0].title, "Review");
        assert!(state.timer.is_some());
        assert_eq!((&state.decisions, &state.actions), (&asked.decisions, &asked.actions));
        assert_eq!((&*state.decisions[0].text, state.actions[0].due), ("We ship.", due));
    }
}

#[tokio::test]
async fn one_is_called_on_and_everyone_sees_the_hand_go_down() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    let call_on = |participant| Command::HandCallOn(HandCallOn { participant });
    assert_eq!(ada.refused(call_on(gus.id())).await.code, Code::Conflict);
    assert_eq!(ben.refused(call_on(gus.id())).await.permission, Some(Permission::HandManage));
    gus.send(Command::HandRaise(Empty {})).await;
    ada.send(call_on(gus.id())).await;
    let called = ben.expect(|event| matches!(event, EventBody::HandCalledOn(_))).await;
    assert_eq!(called.body, EventBody::HandCalledOn(ParticipantOnly { participant: gus.id() }));
    let state: Snapshot = ben.ask(Command::StateGet(Empty {})).await;
    assert_eq!(state.hands, []);
}

#[tokio::test]
async fn polls_close_before_the_meeting_ends() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let poll = open(&mut ada, false).await;
    ben.send(vote(poll, 0)).await;
    ada.send(Command::MeetingEnd(Empty {})).await;
    let closed = ben.expect(|event| matches!(event, EventBody::PollClosed(_))).await;
    let ended = ben.expect(|event| matches!(event, EventBody::MeetingEnded(_))).await;
    assert!(closed.seq < ended.seq && closed.by == Some(ada.id()));
}
