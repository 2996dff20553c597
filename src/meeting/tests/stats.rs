//! How a meeting goes while it runs: who hears it, how often, and what of it.

use quorate_protocol::*;

use super::stage::*;
use super::talk::{BOT, cast, speak, speaking};
use crate::meeting::{Input, SignalTo};

/// What is told of how it goes: to which sessions, and what.
fn told(stage: &mut Stage) -> Vec<(Vec<SessionId>, Stats)> {
    let told = stage.meeting.tell(stage.now).into_iter().filter_map(|signal| {
        match (signal.to, signal.body) {
            (SignalTo::LatestOf(sessions), SignalBody::Stats(stats)) => Some((sessions, *stats)),
            _ => None,
        }
    });
    told.collect()
}

/// The one thing that is told, once it may be.
#[track_caller]
fn next(stage: &mut Stage) -> Stats {
    stage.pass(2);
    let mut all = told(stage);
    assert_eq!(all.len(), 1, "{all:?}");
    all.pop().unwrap().1
}

fn privacy(stage: &mut Stage, privacy: Privacy) {
    let policy = Policy { privacy: Some(privacy), ..Policy::default() };
    stage.ask(OWNER, Command::MeetingPolicy(Box::new(policy))).unwrap();
}

fn people(stats: &Stats) -> Vec<i64> {
    stats.people.as_ref().unwrap().iter().map(|it| it.participant.0 - 1000).collect()
}

#[test]
fn it_is_told_at_most_every_two_seconds_and_only_while_something_changes() {
    let mut stage = cast();
    assert_eq!(told(&mut stage).len(), 1, "the first at once");
    let later = stage.now.plus_seconds(5);
    assert_eq!(stage.meeting.tell_deadline(), Some(later), "scores may drift");
    stage.pass(60);
    assert_eq!(told(&mut stage), [], "nothing changes");
    stage.pass(2);
    stage.ask(5, empty(Command::HandRaise)).unwrap();
    assert_eq!(told(&mut stage).len(), 1);
    stage.ask(6, empty(Command::HandRaise)).unwrap();
    stage.ask(5, Command::HandLower(HandLower::default())).unwrap();
    assert_eq!(told(&mut stage), [], "within two seconds");
    assert_eq!(stage.meeting.tell_deadline(), Some(stage.now.plus_seconds(2)));
    assert_eq!(next(&mut stage).longest_hand.unwrap().participant, at(6), "the last always");
    stage.ask(6, say("hello", Some(ChatTo::Staff))).unwrap();
    stage.pass(2);
    assert_eq!(told(&mut stage).len(), 1, "a score is another");
    stage.ask(6, say("hello", Some(ChatTo::Staff))).unwrap();
    stage.pass(2);
    assert_eq!(told(&mut stage), [], "what changes nothing of it is not told");
}

#[test]
fn while_someone_speaks_it_goes_on_and_the_end_of_it_is_told() {
    let mut stage = cast();
    told(&mut stage);
    stage.pass(2);
    stage.ask(5, speaking(true)).unwrap();
    let mut seconds = Vec::new();
    let until = stage.now.plus_seconds(60);
    while let Some(at) = stage.meeting.tell_deadline().filter(|at| *at <= until) {
        stage.now = at.max(stage.now);
        let heard = told(&mut stage).into_iter().map(|(_, stats)| stats.talk.unwrap().talk_seconds);
        seconds.extend(heard);
    }
    assert_eq!(seconds, [2, 4, 6, 8, 10, 12, 14, 15], "nothing at first: they just began");
}

#[test]
fn scores_that_drift_while_nothing_happens_are_told_as_they_are() {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    stage.pass(10);
    stage.enter(2).unwrap();
    stage.ask(OWNER, cohost(2)).unwrap();
    let until = stage.now.plus_seconds(60);
    let (mut scores, mut together) = (Vec::new(), 0);
    while let Some(at) = stage.meeting.tell_deadline().filter(|at| *at <= until) {
        stage.now = at.max(stage.now);
        let all = told(&mut stage);
        together += all.iter().filter(|(_, stats)| stats.people.is_none()).count();
        let people = all.into_iter().find_map(|(_, stats)| stats.people).unwrap();
        scores.push((people[1].score.unwrap() * 10.0).round());
        let now = stage.meeting.engagement(stage.now, [super::stage::at(2)]).pop().unwrap().1;
        assert_eq!(scores.last(), Some(&(now.unwrap().score * 10.0).round()));
    }
    assert_eq!((scores.len(), together), (13, 1), "every 5 s, and only what changes: {scores:?}");
    assert!(scores.is_sorted_by(|a, b| a < b), "who came late catches up: {scores:?}");
}

#[test]
fn who_may_hears_it_and_of_people_only_who_may_that_too() {
    let mut stage = cast();
    stage.ask(OWNER, cohost(6)).unwrap();
    let session = |stage: &Stage, user: i64| stage.person(user).sessions.clone();
    let all = told(&mut stage);
    let [(to, together), (to_each, each)] = &all[..] else { panic!("{all:?}") };
    assert_eq!((to, to_each), (&session(&stage, 6), &session(&stage, OWNER)), "and nobody else");
    assert_eq!(together.people, None);
    assert_eq!(*each, Stats { people: each.people.clone(), ..together.clone() });
    assert_eq!(people(each), [1, 5, 6]);
    // A second window of the host's hears it as well, and the first once more; one without a socket does not.
    let second = stage.enter(OWNER).unwrap();
    stage.pass(2);
    let all = told(&mut stage);
    assert_eq!(all.len(), 1, "nothing changed for the others");
    assert_eq!(all[0].0, session(&stage, OWNER));
    lose(&mut stage, OWNER);
    stage.ask(5, empty(Command::HandRaise)).unwrap();
    stage.pass(2);
    assert!(told(&mut stage).iter().any(|(to, _)| *to == [second]));
    // Who may hear of people without hearing how it goes hears nothing.
    stage.ask(6, leave()).unwrap();
    stage.take(&Input::Lost { session: second }).unwrap();
    stage.pass(2);
    assert_eq!(told(&mut stage), [], "nobody is there to hear it");
    assert_eq!(stage.meeting.tell_deadline(), None, "and nobody is woken for it");
    stage.ask(5, speaking(true)).unwrap();
    stage.pass(2);
    assert_eq!(told(&mut stage), []);
}

#[test]
fn it_says_how_the_talk_is_shared_and_who_has_not_spoken() {
    let mut stage = cast();
    let before = next(&mut stage);
    assert_eq!(before.present, 3, "bots are not counted");
    let nothing = TalkBalance { talk_seconds: 0, largest_share: None, balance: None };
    assert_eq!(before.talk, Some(nothing));
    assert_eq!(before.silent.unwrap(), Silent { count: 3, participants: [1, 5, 6].map(at).into() });
    for (user, seconds) in [(5, 180), (6, 60), (BOT, 300)] {
        speak(&mut stage, user, seconds);
        stage.ask(user, speaking(false)).unwrap();
    }
    let stats = next(&mut stage);
    let talk = TalkBalance { talk_seconds: 240, largest_share: Some(0.75), balance: Some(0.25) };
    assert_eq!(stats.talk, Some(talk));
    assert_eq!(stats.silent.clone().unwrap(), Silent { count: 1, participants: vec![at(OWNER)] });
    assert_eq!(stats.quality, QualityCounts { unknown: 3, ..QualityCounts::default() });
    assert_eq!(people(&stats), [5, 6, 1], "who spoke most first");
    let first = stats.people.unwrap()[0];
    assert_eq!(first.talk_seconds, Some(180));
    let engagement = stage.meeting.engagement(stage.now, [at(5)]).pop().unwrap().1.unwrap();
    assert!((first.score.unwrap() - engagement.score).abs() <= 0.05);
    // Who left is silent no more, and what they said stays said.
    stage.ask(5, leave()).unwrap();
    let stats = next(&mut stage);
    assert_eq!((stats.present, stats.talk), (2, Some(talk)));
    assert_eq!(people(&stats), [6, 1]);
    let exclude = ReportExclude { participant: at(6), excluded: true };
    stage.ask(OWNER, Command::ReportExclude(exclude)).unwrap();
    let stats = next(&mut stage);
    assert_eq!((people(&stats), stats.talk.unwrap().talk_seconds), (vec![1], 180));
}

#[test]
fn the_hand_that_waits_longest_is_told() {
    let mut stage = cast();
    let since = stage.now;
    stage.ask(6, empty(Command::HandRaise)).unwrap();
    stage.pass(5);
    stage.ask(5, empty(Command::HandRaise)).unwrap();
    let longest = |stats: Stats| stats.longest_hand.map(|hand| (hand.participant, hand.since));
    assert_eq!(longest(next(&mut stage)), Some((at(6), since)));
    stage.ask(OWNER, Command::HandCallOn(HandCallOn { participant: at(6) })).unwrap();
    assert_eq!(longest(next(&mut stage)), Some((at(5), since.plus_seconds(5))));
    stage.ask(5, leave()).unwrap();
    assert_eq!(longest(next(&mut stage)), None);
}

#[test]
fn what_is_private_is_not_told() {
    let mut stage = cast();
    speak(&mut stage, 5, 20);
    stage.ask(5, speaking(false)).unwrap();
    privacy(&mut stage, Privacy { names_in_reports: false, ..Privacy::default() });
    let stats = next(&mut stage);
    assert_eq!(stats.people, None, "also for who may see people");
    assert_eq!(stats.silent, Some(Silent { count: 2, participants: Vec::new() }));
    assert_eq!(stats.talk.unwrap().talk_seconds, 20);
    let mut stage = cast();
    speak(&mut stage, 5, 20);
    privacy(&mut stage, Privacy { talk_time: false, ..Privacy::default() });
    let stats = next(&mut stage);
    assert_eq!((stats.talk, stats.silent.as_ref()), (None, None));
    assert_eq!(people(&stats), [1, 5, 6], "the order does not tell who spoke most");
    assert!(stats.people.unwrap().iter().all(|it| it.talk_seconds.is_none()));
}

#[test]
fn of_many_it_names_few() {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    for user in 1000..1250 {
        stage.enter(user).unwrap();
    }
    stage.ask(1249, speaking(true)).unwrap();
    stage.pass(1);
    let stats = next(&mut stage);
    let silent = stats.silent.clone().unwrap();
    assert_eq!((silent.count, silent.participants.len()), (250, 50));
    assert_eq!((people(&stats).len(), people(&stats)[0]), (200, 1249));
}
