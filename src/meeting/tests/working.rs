//! Working together: hands, polls, agenda, timer, decisions. One behaviour a test.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_protocol::*;

use super::stage::*;
use crate::meeting::event::{Event, Fact};
use crate::meeting::{Answer, Decision, Facts, Refusal, wire};

const CLOSED: Refusal = Refusal::Conflict("this poll is closed and takes no more votes");
const HAND_DOWN: Refusal =
    Refusal::Conflict("this hand is not up; one calls on someone who raised theirs");

/// The owner, co-host 2, moderator 3, presenter 4, attendees 5 and 6, and guest 100.
fn cast() -> Stage {
    let mut stage = Stage::new(|_| {});
    for user in [OWNER, 2, 3, 4, 5, 6, 100] {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.ask(OWNER, assign(3, Role::Moderator)).unwrap();
    stage.ask(OWNER, assign(4, Role::Presenter)).unwrap();
    stage
}

fn poll(choices: &[&str]) -> PollOpen {
    PollOpen {
        question: "Which?".into(),
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
        multiple: false,
        anonymous: false,
        seconds: None,
    }
}

fn abc() -> PollOpen {
    poll(&["a", "b", "c"])
}

/// Someone opens a poll; its id.
fn open(stage: &mut Stage, user: i64, ask: PollOpen) -> PollId {
    let decision = stage.ask(user, Command::PollOpen(ask)).unwrap();
    serde_json::from_str::<PollOnly>(data(&decision)).unwrap().poll
}

fn vote(poll: PollId, choices: &[u32]) -> Command {
    Command::PollVote(PollVote { poll, choices: choices.to_vec() })
}

fn close(poll: PollId) -> Command {
    Command::PollClose(PollOnly { poll })
}

fn data(decision: &Decision) -> &str {
    match &decision.answer {
        Answer::Data(data) => data,
        other => panic!("{other:?}"),
    }
}

fn is_already(decision: Result<Decision, Refusal>) -> bool {
    let decision = decision.unwrap();
    decision.events.is_empty() && data(&decision).contains("already")
}

/// A poll as someone sees it now.
fn seen(stage: &Stage, user: i64, poll: PollId) -> Poll {
    let shown = stage.meeting.facts.polls.shown(at(user));
    shown.into_iter().find(|shown| shown.poll == poll).expect("is shown")
}

fn counts(stage: &Stage, poll: PollId) -> Vec<u32> {
    seen(stage, OWNER, poll).counts
}

fn snapshot(stage: &Stage) -> Snapshot {
    stage.meeting.facts.snapshot(stage.person(OWNER), stage.now)
}

fn item(item: Option<u32>, title: &str) -> AgendaPlan {
    AgendaPlan { item: item.map(ItemId), title: title.into(), minutes: 10, owner: None }
}

fn agenda(items: &[AgendaPlan]) -> Command {
    Command::AgendaSet(AgendaSet { items: items.to_vec() })
}

fn go_to(item: Option<u32>) -> Command {
    Command::AgendaGoTo(AgendaGoTo { item: item.map(ItemId) })
}

/// Each item's id and seconds, as of now.
fn spent(stage: &Stage) -> Vec<(u32, u64)> {
    let items = stage.meeting.facts.agenda_shown(stage.now).items;
    items.iter().map(|item| (item.item.0, item.spent_seconds)).collect()
}

fn timer(seconds: u32) -> Command {
    Command::TimerStart(TimerStart { seconds, label: Some("Break".into()) })
}

fn decide(text: &str) -> Command {
    Command::DecisionRecord(DecisionRecord { text: text.into() })
}

fn act(text: &str, owner: Option<i64>) -> Command {
    Command::ActionRecord(ActionRecord { text: text.into(), owner: owner.map(at), due: None })
}

fn call_on(user: i64) -> Command {
    Command::HandCallOn(HandCallOn { participant: at(user) })
}

/// The state that the journal gives once everything personal in it is gone.
fn redacted(stage: &Stage) -> Facts {
    let mut facts = Facts::default();
    for event in &stage.journal {
        facts.apply(&Event { personal: None, ..event.clone() });
    }
    facts
}

#[test]
fn each_command_names_the_permission_that_it_needs() {
    let mut stage = cast();
    let poll = open(&mut stage, 4, abc());
    for (command, permission) in [
        (call_on(6), Permission::HandManage),
        (Command::PollOpen(abc()), Permission::PollCreate),
        (close(poll), Permission::PollCreate),
        (agenda(&[]), Permission::AgendaManage),
        (go_to(None), Permission::AgendaManage),
        (timer(5), Permission::TimerControl),
        (empty(Command::TimerStop), Permission::TimerControl),
        (decide("yes"), Permission::DecisionRecord),
        (act("do it", None), Permission::DecisionRecord),
    ] {
        let before = stage.meeting.facts.clone();
        assert_eq!(stage.ask(5, command.clone()), Err(Refusal::Forbidden(permission)));
        assert_eq!(stage.meeting.facts, before, "a refusal changes nothing");
        let presenter = stage.ask(4, command);
        assert!(!matches!(presenter, Err(Refusal::Forbidden(_))), "{presenter:?}");
    }
}

#[test]
fn one_whose_hand_is_up_is_called_on_and_it_goes_down_whatever_the_ranks() {
    let mut stage = cast();
    assert_eq!(stage.ask(4, call_on(5)), Err(HAND_DOWN));
    let nobody = Err(Refusal::NotFound { what: "participant", last: None });
    assert_eq!(stage.ask(4, call_on(77)), nobody);
    for user in [5, OWNER, 6] {
        stage.ask(user, empty(Command::HandRaise)).unwrap();
    }
    stage.ask(4, call_on(OWNER)).unwrap();
    assert_eq!(stage.last(1), ["hand.called_on"], "one event, and no hand.lowered beside it");
    assert_eq!(stage.meeting.facts.hands, [at(5), at(6)]);
    assert_eq!(stage.person(OWNER).hand, None);
    assert_eq!(stage.ask(4, call_on(OWNER)), Err(HAND_DOWN));
}

#[test]
fn a_poll_is_a_question_and_some_distinct_choices() {
    let long = |chars| "x".repeat(chars);
    let many = |count: usize| -> Vec<String> { (0..count).map(|n| format!("c{n}")).collect() };
    let (short, full) = (long(200), long(201));
    let asks: &[(PollOpen, Option<&str>)] = &[
        (poll(&["yes", "no"]), None),
        (PollOpen { choices: many(20), ..abc() }, None),
        (PollOpen { question: long(500), ..poll(&["a", &short]) }, None),
        (PollOpen { seconds: Some(5), ..abc() }, None),
        (PollOpen { seconds: Some(86_400), ..abc() }, None),
        (PollOpen { question: "  ".into(), ..abc() }, Some("question")),
        (PollOpen { question: long(501), ..abc() }, Some("question")),
        (poll(&["alone"]), Some("choices")),
        (PollOpen { choices: many(21), ..abc() }, Some("choices")),
        (poll(&["a", " "]), Some("choices")),
        (poll(&["a", &full]), Some("choices")),
        (poll(&["a", " a "]), Some("choices")),
        (poll(&["Zo\u{eb}", "Zoe\u{308}"]), Some("choices")),
        (poll(&["a", "b\u{202E}"]), Some("choices")),
        (PollOpen { seconds: Some(4), ..abc() }, Some("seconds")),
        (PollOpen { seconds: Some(86_401), ..abc() }, Some("seconds")),
    ];
    for (ask, wrong) in asks {
        let mut stage = cast();
        let found = match stage.ask(4, Command::PollOpen(ask.clone())) {
            Ok(_) => None,
            Err(Refusal::Invalid { field, .. } | Refusal::TooLarge { field, .. }) => Some(field),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(found, *wrong, "{ask:?}");
    }
    let mut stage = cast();
    let id = open(&mut stage, 4, poll(&["  A", "a", "Zoe\u{308}\t"]));
    assert_eq!(seen(&stage, 5, id).choices, ["A", "a", "Zo\u{eb}"], "compared as they are");
}

#[test]
fn few_polls_are_open_at_a_time_and_a_meeting_holds_a_hundred() {
    let mut stage = cast();
    let too_many = |refused: Result<Decision, Refusal>| match refused {
        Err(Refusal::TooMany { limit, .. }) => limit,
        other => panic!("{other:?}"),
    };
    for number in 1..=5 {
        assert_eq!(open(&mut stage, 4, abc()), PollId(number));
    }
    assert_eq!(too_many(stage.ask(4, Command::PollOpen(abc()))), 5);
    for number in 6..=100 {
        stage.ask(4, close(PollId(number - 5))).unwrap();
        assert_eq!(open(&mut stage, 4, abc()), PollId(number));
    }
    stage.ask(4, close(PollId(100))).unwrap();
    assert_eq!(too_many(stage.ask(4, Command::PollOpen(abc()))), 100);
}

#[test]
fn a_vote_is_one_choice_or_several_where_the_poll_says_so() {
    let one: &[(&[u32], bool)] =
        &[(&[0], true), (&[2], true), (&[], false), (&[3], false), (&[0, 1], false)];
    let several: &[(&[u32], bool)] = &[
        (&[0], true),
        (&[2, 0], true),
        (&[0, 1, 2], true),
        (&[], false),
        (&[1, 1], false),
        (&[0, 3], false),
        (&[32], false),
        (&[u32::MAX], false),
    ];
    for (multiple, table) in [(false, one), (true, several)] {
        for (choices, valid) in table {
            let mut stage = cast();
            let id = open(&mut stage, 4, PollOpen { multiple, ..abc() });
            let voted = stage.ask(5, vote(id, choices));
            let invalid = matches!(voted, Err(Refusal::Invalid { field: "choices", .. }));
            assert_eq!((voted.is_ok(), invalid), (*valid, !*valid), "{multiple} {choices:?}");
            let mine = seen(&stage, 5, id).mine;
            let mut rising = choices.to_vec();
            rising.sort_unstable();
            assert_eq!(mine, valid.then_some(rising));
        }
    }
}

#[test]
fn a_vote_may_be_changed_until_the_poll_closes_and_counts_once() {
    let mut stage = cast();
    let id = open(&mut stage, 4, PollOpen { multiple: true, ..abc() });
    stage.ask(5, vote(id, &[0, 1])).unwrap();
    stage.ask(6, vote(id, &[1])).unwrap();
    assert_eq!(counts(&stage, id), [1, 2, 0]);
    stage.ask(5, vote(id, &[2, 0])).unwrap();
    assert_eq!(counts(&stage, id), [1, 1, 1]);
    assert!(is_already(stage.ask(5, vote(id, &[0, 2]))), "the same, however it is ordered");
    assert_eq!(seen(&stage, 5, id).voters, 2);
    stage.ask(4, close(id)).unwrap();
    let closed = Err(CLOSED);
    assert_eq!(stage.ask(5, vote(id, &[1])), closed);
    assert_eq!(stage.ask(6, vote(id, &[1])), closed, "also what one chose before");
    assert_eq!(stage.ask(2, vote(id, &[1])), closed);
    assert_eq!(counts(&stage, id), [1, 1, 1]);
    let unknown = Err(Refusal::NotFound { what: "poll", last: None });
    for id in [PollId(0), PollId(2)] {
        assert_eq!(stage.ask(5, vote(id, &[1])), unknown);
        assert_eq!(stage.ask(4, close(id)), unknown);
    }
}

#[test]
fn a_poll_closes_by_itself_at_its_time_and_takes_no_vote_from_then_on() {
    let mut stage = cast();
    let timed = open(&mut stage, 4, PollOpen { seconds: Some(60), ..abc() });
    let open_end = open(&mut stage, 4, abc());
    stage.pass(59);
    stage.ask(5, vote(timed, &[0])).unwrap();
    stage.now = stage.now.plus_seconds(1);
    // Before what is due is done: the rules look at the clock, too.
    let late = stage.ask(6, vote(timed, &[1]));
    assert_eq!(late, Err(CLOSED));
    stage.settle();
    let closed = &stage.journal[stage.journal.len() - 2];
    let counts = vec![1, 0, 0];
    assert_eq!(closed.fact, Fact::PollClosed { poll: timed, counts, voters: 1 });
    assert_eq!(closed.by, None, "by the system");
    stage.pass(24 * 3600);
    assert!(seen(&stage, 5, open_end).open, "no time, no end");
    assert!(is_already(stage.ask(4, close(timed))));
}

#[test]
fn r11_polls_agenda_and_timer_survive_the_leaving_and_demotion_of_whoever_made_them() {
    let mut stage = cast();
    let ids = [open(&mut stage, 4, abc()), open(&mut stage, 4, abc())];
    stage.ask(4, agenda(&[item(None, "Review"), item(None, "Plan")])).unwrap();
    stage.ask(4, go_to(Some(1))).unwrap();
    stage.ask(4, timer(600)).unwrap();
    stage.ask(4, decide("we go on")).unwrap();
    let before = snapshot(&stage);
    stage.ask(OWNER, assign(4, Role::Attendee)).unwrap();
    assert_eq!(stage.ask(4, close(ids[0])), Err(Refusal::Forbidden(Permission::PollCreate)));
    stage.ask(4, leave()).unwrap();
    let after = snapshot(&stage);
    assert_eq!((&after.polls, &after.timer), (&before.polls, &before.timer));
    assert_eq!((&after.agenda, &after.decisions), (&before.agenda, &before.decisions));
    stage.ask(5, vote(ids[0], &[0])).unwrap();
    stage.ask(3, close(ids[0])).unwrap();
    stage.ask(2, close(ids[1])).unwrap();
    stage.ask(3, go_to(Some(2))).unwrap();
    stage.pass(600);
    assert_eq!(stage.last(1), ["timer.ended"]);
}

#[test]
fn a_vote_stays_and_counts_whatever_becomes_of_its_voter() {
    let mut stage = cast();
    let id = open(&mut stage, 4, abc());
    for user in [5, 6, 100] {
        stage.ask(user, vote(id, &[1])).unwrap();
    }
    stage.ask(5, leave()).unwrap();
    stage.ask(OWNER, remove(6)).unwrap();
    stage.ask(OWNER, ban(100, None)).unwrap();
    assert_eq!(counts(&stage, id), [0, 3, 0]);
    stage.enter(5).unwrap();
    assert_eq!(seen(&stage, 5, id).mine, Some(vec![1]), "one finds one's vote again");
    stage.ask(5, vote(id, &[2])).unwrap();
    assert_eq!(counts(&stage, id), [0, 2, 1], "and changes it, and has no second one");
    stage.ask(4, close(id)).unwrap();
    let Fact::PollVotesTold { votes, .. } = &stage.journal.last().unwrap().fact else { panic!() };
    let told: Vec<_> = votes.iter().map(|vote| vote.participant).collect();
    assert_eq!(told, [at(5), at(6), at(100)], "those who were sent out among them");
}

#[test]
fn a_vote_is_a_persons_not_a_sessions_and_who_comes_late_may_vote() {
    let mut stage = cast();
    let id = open(&mut stage, 4, abc());
    stage.ask(5, vote(id, &[0])).unwrap();
    let phone = stage.enter(5).unwrap();
    let command = vote(id, &[1]);
    stage.take(&crate::meeting::Input::Command { session: phone, command }).unwrap();
    assert_eq!(counts(&stage, id), [0, 1, 0]);
    stage.enter(7).unwrap();
    stage.ask(7, vote(id, &[1])).unwrap();
    assert_eq!(counts(&stage, id), [0, 2, 0]);
}

/// The types of the events since `from` that a user sees, in order.
fn seen_by(stage: &Stage, user: i64, from: usize) -> Vec<String> {
    let view = stage.person(user).view;
    let events = stage.journal[from..].iter().filter(|event| event.audience.includes(&view));
    events.map(|event| event.fact.to_row().0).collect()
}

#[test]
fn who_chose_what_is_told_to_staff_when_a_poll_closes_and_of_an_anonymous_one_to_nobody() {
    for anonymous in [false, true] {
        let mut stage = cast();
        let id = open(&mut stage, 4, PollOpen { anonymous, ..abc() });
        let from = stage.journal.len();
        stage.ask(5, vote(id, &[2])).unwrap();
        assert_eq!(seen_by(&stage, 5, from), ["poll.vote_cast"]);
        for user in [OWNER, 3, 4, 6] {
            assert_eq!(seen_by(&stage, user, from), Vec::<String>::new(), "only one's own");
        }
        let from = stage.journal.len();
        stage.ask(4, close(id)).unwrap();
        let staff: &[_] =
            if anonymous { &["poll.closed"] } else { &["poll.closed", "poll.votes_told"] };
        for (user, sees) in [(OWNER, staff), (3, staff), (4, &staff[..1]), (5, &staff[..1])] {
            assert_eq!(seen_by(&stage, user, from), sees, "{anonymous} {user}");
        }
        let others = stage.journal.iter().filter(|event| {
            let view = stage.person(OWNER).view;
            event.audience.includes(&view)
        });
        let text: String = others.filter_map(wire::event).map(|e| format!("{e:?}")).collect();
        let names = text.contains("CastVote") || text.contains("PollVoteCast");
        assert_eq!(names, !anonymous, "nothing that a host sees names the voter");
    }
}

#[test]
fn what_is_open_closes_before_the_meeting_ends_whichever_way_it_ends() {
    let end = |stage: &mut Stage| {
        stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    };
    let leave = |stage: &mut Stage| {
        for user in [OWNER, 2, 3, 4, 5, 6, 100] {
            stage.ask(user, leave()).unwrap();
        }
        stage.pass(10 * 60);
    };
    for way in [end as fn(&mut Stage), leave] {
        let mut stage = cast();
        let ids = [open(&mut stage, 4, abc()), open(&mut stage, 4, abc())];
        stage.ask(5, vote(ids[1], &[0])).unwrap();
        stage.ask(4, agenda(&[item(None, "Review")])).unwrap();
        stage.ask(4, go_to(Some(1))).unwrap();
        stage.ask(4, timer(86_400)).unwrap();
        stage.ask(4, decide("it ends")).unwrap();
        stage.pass(60);
        way(&mut stage);
        let closing = ["poll.closed", "poll.closed", "poll.votes_told", "meeting.ended"];
        assert_eq!(stage.last(4), closing);
        assert_eq!(stage.meeting.facts.timer, None, "the timer stops with it");
        let ended = spent(&stage);
        stage.pass(3600);
        assert_eq!(spent(&stage), ended, "and no item takes time any more");
        stage.enter(OWNER).unwrap();
        let state = snapshot(&stage);
        assert_eq!(state.polls.iter().map(|poll| poll.open).collect::<Vec<_>>(), [false; 2]);
        assert_eq!((state.agenda.current, state.agenda.items.len()), (None, 1));
        assert_eq!((state.timer, state.decisions.len()), (None, 1), "what was recorded stays");
    }
}

#[test]
fn a_snapshot_shows_the_open_polls_and_the_last_ten_that_were_closed() {
    let mut stage = cast();
    let kept = open(&mut stage, 4, abc());
    for _ in 0..12 {
        let id = open(&mut stage, 4, abc());
        stage.ask(5, vote(id, &[0])).unwrap();
        stage.ask(4, close(id)).unwrap();
    }
    let shown = stage.meeting.facts.polls.shown(at(5));
    let ids: Vec<_> = shown.iter().map(|poll| poll.poll.0).collect();
    assert_eq!(ids, [&[kept.0][..], &(4..=13).collect::<Vec<_>>()].concat());
    assert_eq!(shown[10].mine, Some(vec![0]));
    assert_eq!(seen(&stage, 6, PollId(13)).mine, None);
    let gone = stage.ask(5, vote(PollId(2), &[0]));
    assert_eq!(gone, Err(CLOSED), "but it was there");
    assert!(is_already(stage.ask(4, close(PollId(2)))));
    // Each of these is 12 KiB: the open one stands, of the closed ones as many as fit.
    let long: Vec<String> = (0..20).map(|n| format!("{n:02}{}", "…".repeat(198))).collect();
    for _ in 0..5 {
        let id = open(&mut stage, 4, PollOpen { choices: long.clone(), ..abc() });
        stage.ask(4, close(id)).unwrap();
    }
    let ids: Vec<_> = snapshot(&stage).polls.iter().map(|poll| poll.poll.0).collect();
    assert_eq!(ids, [kept.0, 17, 18]);
}

#[test]
fn how_the_polls_stand_is_told_at_most_twice_a_second_and_the_last_state_always() {
    let mut stage = cast();
    let id = open(&mut stage, 4, abc());
    let tell = |stage: &mut Stage| -> Vec<Vec<u32>> {
        let signals = stage.tell();
        let counts = |signal: crate::meeting::Signal| match signal.body {
            SignalBody::PollVoted(tally) => tally.counts,
            other => panic!("{other:?}"),
        };
        signals.into_iter().map(counts).collect()
    };
    assert_eq!(tell(&mut stage), Vec::<Vec<u32>>::new(), "nobody voted yet");
    assert_eq!(stage.tells_at(), None);
    stage.ask(5, vote(id, &[0])).unwrap();
    assert_eq!(tell(&mut stage), [[1, 0, 0]], "the first at once");
    stage.ask(6, vote(id, &[0])).unwrap();
    stage.now = stage.now.plus_ms(499);
    stage.ask(2, vote(id, &[1])).unwrap();
    assert_eq!(tell(&mut stage), Vec::<Vec<u32>>::new());
    assert_eq!(stage.tells_at(), Some(stage.now.plus_ms(1)));
    stage.now = stage.now.plus_ms(1);
    assert_eq!(tell(&mut stage), [[2, 1, 0]]);
    assert_eq!(stage.tells_at(), None, "and no more until something changes");
    stage.ask(6, vote(id, &[2])).unwrap();
    stage.ask(4, close(id)).unwrap();
    stage.pass(1);
    assert_eq!(tell(&mut stage), Vec::<Vec<u32>>::new(), "of a closed one `poll.closed` tells");
}

#[test]
fn after_a_redaction_texts_are_empty_and_all_else_stays() {
    let mut stage = cast();
    let id = open(&mut stage, 4, abc());
    stage.ask(5, vote(id, &[1])).unwrap();
    stage.ask(4, agenda(&[item(None, "Review")])).unwrap();
    stage.ask(4, timer(60)).unwrap();
    stage.ask(4, act("call them", Some(5))).unwrap();
    let facts = redacted(&stage);
    let poll = &facts.polls.shown(at(5))[0];
    assert_eq!((&*poll.question, &poll.choices), ("", &vec![String::new(); 3]));
    assert_eq!((&poll.counts, &poll.mine), (&vec![0, 1, 0], &Some(vec![1])));
    let agenda = facts.agenda_shown(stage.now);
    assert_eq!((&*agenda.items[0].title, agenda.items[0].minutes), ("", 10));
    assert_eq!(facts.timer.map(|timer| timer.label), Some(None));
    let action = &facts.records.actions()[0];
    assert_eq!((&*action.text, action.owner), ("", Some(at(5))));
}

#[test]
fn an_agenda_is_a_list_of_items_with_owners_who_are_known() {
    let long = |chars| "x".repeat(chars);
    let with = |change: fn(&mut AgendaPlan)| {
        let mut plan = item(None, "Review");
        change(&mut plan);
        vec![plan]
    };
    for (items, wrong) in [
        (vec![], None),
        (vec![item(None, "Same"), item(None, "Same")], None),
        (with(|plan| plan.minutes = 0), None),
        (with(|plan| plan.minutes = 1440), None),
        (with(|plan| plan.owner = Some(at(5))), None),
        (vec![item(Some(1), "Kept")], None),
        (vec![item(None, &long(200)); 100], None),
        (vec![item(None, "Review"); 101], Some("items")),
        (vec![item(None, " ")], Some("items.title")),
        (vec![item(None, &long(201))], Some("items.title")),
        (with(|plan| plan.minutes = 1441), Some("items.minutes")),
        (with(|plan| plan.owner = Some(at(77))), Some("participant")),
        (vec![item(Some(2), "Never was")], Some("item")),
        (vec![item(Some(1), "Twice"), item(Some(1), "Twice")], Some("items.item")),
    ] {
        let mut stage = cast();
        stage.ask(4, agenda(&[item(None, "First")])).unwrap();
        let found = match stage.ask(4, agenda(&items)) {
            Ok(_) => None,
            Err(Refusal::Invalid { field, .. } | Refusal::TooLarge { field, .. }) => Some(field),
            Err(Refusal::NotFound { what, .. }) => Some(what),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(found, wrong, "{items:?}");
    }
}

#[test]
fn each_item_of_the_agenda_counts_the_time_for_which_it_was_the_current_one() {
    let mut stage = cast();
    stage.ask(4, agenda(&[item(None, "Review"), item(None, "Plan")])).unwrap();
    stage.pass(30);
    assert_eq!(spent(&stage), [(1, 0), (2, 0)]);
    stage.ask(4, go_to(Some(1))).unwrap();
    let started = stage.now;
    stage.pass(10);
    assert_eq!(spent(&stage), [(1, 10), (2, 0)], "as of now");
    assert!(is_already(stage.ask(4, go_to(Some(1)))));
    stage.ask(4, go_to(Some(2))).unwrap();
    let moved = Fact::AgendaMoved { item: Some(ItemId(2)), from: Some(ItemId(1)) };
    assert_eq!(stage.journal.last().unwrap().fact, moved);
    stage.pass(5);
    stage.ask(4, go_to(None)).unwrap();
    assert!(is_already(stage.ask(4, go_to(None))));
    stage.pass(100);
    stage.ask(4, go_to(Some(1))).unwrap();
    stage.pass(3);
    assert_eq!(spent(&stage), [(1, 13), (2, 5)]);
    let shown = stage.meeting.facts.agenda_shown(stage.now);
    assert_eq!(shown.items[0].started_at, Some(started), "the first time");
    let unknown = Err(Refusal::NotFound { what: "item", last: None });
    assert_eq!(stage.ask(4, go_to(Some(3))), unknown);
}

#[test]
fn an_item_that_is_named_in_a_new_agenda_keeps_its_id_and_its_time() {
    let mut stage = cast();
    stage.ask(4, agenda(&[item(None, "Review"), item(None, "Plan")])).unwrap();
    stage.ask(4, go_to(Some(2))).unwrap();
    stage.pass(20);
    stage.ask(4, agenda(&[item(Some(2), "The plan"), item(None, "Review")])).unwrap();
    let Some(EventBody::AgendaSet(set)) =
        wire::event(stage.journal.last().unwrap()).map(|event| event.body)
    else {
        panic!()
    };
    assert_eq!(set.items, stage.meeting.facts.agenda_shown(stage.now).items);
    stage.pass(5);
    assert_eq!(spent(&stage), [(2, 25), (3, 0)], "still the current one; the other is new");
    assert_eq!(snapshot(&stage).agenda.items[0].title, "The plan");
    stage.ask(4, agenda(&[item(Some(3), "Review")])).unwrap();
    assert_eq!(snapshot(&stage).agenda.current, None, "it is gone with its item");
    stage.ask(4, agenda(&[item(None, "Plan")])).unwrap();
    assert_eq!(spent(&stage), [(4, 0)], "no id is given twice");
}

#[test]
fn the_timer_ends_by_itself_exactly_once_also_when_the_server_was_away() {
    let mut stage = cast();
    assert!(is_already(stage.ask(4, empty(Command::TimerStop))));
    for seconds in [0, 86_401] {
        let refused = stage.ask(4, timer(seconds));
        assert!(matches!(refused, Err(Refusal::Invalid { field: "seconds", .. })));
    }
    stage.ask(4, timer(60)).unwrap();
    stage.pass(30);
    stage.ask(3, timer(60)).unwrap();
    let ends_at = stage.now.plus_seconds(60);
    let label = Some("Break".to_owned());
    assert_eq!(snapshot(&stage).timer, Some(Timer { ends_at, label }), "the later one counts");
    stage.pass(59);
    assert_eq!(stage.meeting.next_deadline(), Some(ends_at));
    stage.meeting.facts = stage.replayed();
    stage.pass(3600);
    let ended = |event: &&Event| event.fact == Fact::TimerEnded {};
    assert_eq!(stage.journal.iter().filter(ended).count(), 1);
    assert_eq!((stage.meeting.facts.timer.clone(), snapshot(&stage).timer), (None, None));
    stage.ask(4, timer(60)).unwrap();
    stage.ask(2, empty(Command::TimerStop)).unwrap();
    stage.pass(60);
    assert_eq!(stage.last(1), ["timer.stopped"]);
}

#[test]
fn decisions_and_action_items_are_recorded_for_those_who_come_late() {
    let mut stage = cast();
    let decision = stage.ask(4, decide("We ship.")).unwrap();
    assert_eq!(data(&decision), r#"{"decision":1}"#);
    let due = Some("2026-11-30".parse().unwrap());
    let ask = ActionRecord { text: "Write it down.".into(), owner: Some(at(5)), due };
    let action = stage.ask(4, Command::ActionRecord(ask)).unwrap();
    assert_eq!(data(&action), r#"{"action":1}"#);
    for (command, field) in [
        (decide(" "), "text"),
        (decide(&"x".repeat(2001)), "text"),
        (act(&"x".repeat(2001), None), "text"),
        (act("x", Some(77)), "participant"),
    ] {
        let found = match stage.ask(4, command) {
            Err(Refusal::Invalid { field, .. } | Refusal::TooLarge { field, .. }) => field,
            Err(Refusal::NotFound { what, .. }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, field);
    }
    stage.ask(5, leave()).unwrap();
    stage.enter(7).unwrap();
    let state = stage.meeting.facts.snapshot(stage.person(7), stage.now);
    assert_eq!(state.decisions[0].text, "We ship.");
    assert_eq!((state.actions[0].owner, state.actions[0].due), (Some(at(5)), due));
    stage.ask(4, act("for one who left", Some(5))).unwrap();
}

#[test]
fn a_meeting_holds_500_decisions_and_a_snapshot_the_last_of_them() {
    let mut stage = cast();
    for number in 1..=RECORDS_MAX {
        stage.ask(4, decide(&format!("number {number}"))).unwrap();
    }
    let refused = stage.ask(4, decide("one more"));
    assert!(matches!(refused, Err(Refusal::TooMany { limit: RECORDS_MAX, .. })), "{refused:?}");
    let shown = snapshot(&stage).decisions;
    assert_eq!((shown.len(), &*shown[0].text), (50, "number 451"));
    for _ in 0..50 {
        stage.ask(4, act(&"…".repeat(2000), None)).unwrap();
    }
    assert_eq!(snapshot(&stage).actions.len(), 5, "as many as 32 KiB hold");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Counts are those of a plain model, of the fold of the journal, and of the fold after a redaction.
    #[test]
    fn counts_always_equal_the_votes(
        multiple: bool,
        anonymous: bool,
        votes in prop::collection::vec((1i64..7, prop::collection::btree_set(0u32..4, 0..4)), 1..60),
    ) {
        let mut stage = cast();
        let choices = abc();
        let id = open(&mut stage, 4, PollOpen { multiple, anonymous, ..choices });
        let mut model = BTreeMap::new();
        for (user, choices) in votes {
            let choices: Vec<u32> = choices.into_iter().collect();
            let fits = choices.iter().all(|choice| *choice < 3)
                && if multiple { !choices.is_empty() } else { choices.len() == 1 };
            prop_assert_eq!(stage.ask(user, vote(id, &choices)).is_ok(), fits);
            if fits {
                model.insert(at(user), choices);
            }
            let expected: Vec<u32> = (0..3)
                .map(|choice| model.values().filter(|vote| vote.contains(&choice)).count() as u32)
                .collect();
            let poll = seen(&stage, user, id);
            prop_assert_eq!((&poll.counts, poll.voters), (&expected, model.len() as u32));
            prop_assert_eq!(poll.mine.as_ref(), model.get(&at(user)));
        }
        stage.ask(OWNER, close(id)).unwrap();
        prop_assert_eq!(&stage.meeting.facts, &stage.replayed());
        let forgotten = redacted(&stage);
        let shown = forgotten.polls.shown(at(OWNER));
        prop_assert_eq!(&shown[0].counts, &seen(&stage, OWNER, id).counts);
        let told = stage.journal.iter().find_map(|event| match &event.fact {
            Fact::PollVotesTold { votes, .. } => Some(votes.clone()),
            _ => None,
        });
        let named = model.into_iter().map(|(participant, choices)| CastVote { participant, choices });
        let named: Vec<_> = named.collect();
        let expected = (!anonymous && !named.is_empty()).then_some(named);
        prop_assert_eq!(told, expected);
    }
}
