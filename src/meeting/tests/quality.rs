//! How good people's connections are: who reports, who is told, what is kept.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_protocol::*;

use super::acts::{Act, act, perform};
use super::stage::*;
use crate::meeting::event::Audience;
use crate::meeting::office::{Act as OfficeAct, Actor, INSIDE};
use crate::meeting::{Decision, Input, Refusal, Signal, SignalTo};
use QualityLevel::{Excellent, Fair, Good, Lost, Poor, Unknown};

/// Round trips in milliseconds without loss come to these levels; half the packets lost to the worst.
fn report(level: QualityLevel) -> Command {
    match level {
        Excellent => report_quality(60.0, 0.0),
        Good => report_quality(700.0, 0.0),
        Fair => report_quality(100.0, 5.0),
        _ => report_quality(100.0, 50.0),
    }
}

impl Stage {
    /// What is told at the step's end.
    fn told(&mut self) -> Vec<(SignalTo, i64, QualityLevel, QualityLevel)> {
        let change = |Signal { to, body }| match body {
            SignalBody::QualityChanged(QualityChanged { participant, from, to: now }) => {
                Some((to, participant.0 - 1000, from, now))
            }
            _ => None,
        };
        self.meeting.tell(self.now).into_iter().filter_map(change).collect()
    }

    fn seen(&self, viewer: i64, of: i64) -> QualityLevel {
        let people = self.meeting.snapshot(self.person(viewer), self.now).participants;
        people.iter().find(|it| it.id == at(of)).expect("is in the roster").quality
    }

    fn quality(&self, user: i64) -> Option<ConnectionQuality> {
        self.meeting.passing.measures.quality(at(user))
    }

    fn by(&mut self, session: SessionId, command: Command) -> Result<Decision, Refusal> {
        self.take(&Input::Command { session, command })
    }
}

fn of(people: i64) -> Stage {
    let mut stage = Stage::new(|_| {});
    for user in 1..=people {
        stage.enter_as(user, |enter| enter.kind = UserKind::Member).unwrap();
    }
    stage.told();
    stage
}

const ALL: SignalTo = SignalTo::Audience(Audience::EVERYONE);
const STAFF: SignalTo = SignalTo::Audience(Audience::STAFF);

#[test]
fn a_change_is_told_to_all_and_what_comes_within_two_seconds_is_told_at_once() {
    let mut stage = of(3);
    assert_eq!(stage.seen(2, 2), Unknown, "never excellent by default");
    stage.ask(2, report(Excellent)).unwrap();
    assert_eq!(stage.told(), [(ALL, 2, Unknown, Excellent)]);
    assert_eq!(
        (stage.seen(1, 2), stage.seen(3, 2), stage.seen(2, 2)),
        (Excellent, Excellent, Excellent)
    );
    stage.ask(2, report(Fair)).unwrap();
    stage.ask(3, report(Good)).unwrap();
    stage.ask(3, report(Poor)).unwrap();
    assert_eq!(stage.told(), [], "not yet");
    assert_eq!(stage.meeting.tell_deadline(), Some(stage.now.plus_seconds(2)));
    stage.now = stage.now.plus_ms(1999);
    assert_eq!(stage.told(), []);
    stage.now = stage.now.plus_ms(1);
    assert_eq!(stage.told(), [(ALL, 2, Excellent, Good), (ALL, 3, Unknown, Poor)]);
    assert_eq!(stage.tells_at(), None);
}

#[test]
fn who_is_as_they_were_when_it_would_be_told_is_not_told_of() {
    let mut stage = of(2);
    stage.ask(2, report(Excellent)).unwrap();
    stage.told();
    stage.ask(2, report(Good)).unwrap();
    assert_eq!(stage.told(), []);
    for _ in 0..5 {
        stage.ask(2, report(Excellent)).unwrap();
    }
    assert_eq!(stage.seen(1, 2), Excellent, "the roster says how it is");
    stage.now = stage.now.plus_seconds(2);
    assert_eq!(stage.told(), []);
}

#[test]
fn from_50_people_on_staff_is_told_and_everyone_of_themselves() {
    for (people, all) in [(49, true), (50, false)] {
        let mut stage = of(people);
        stage.ask(OWNER, assign(2, Role::Moderator)).unwrap();
        for user in [OWNER, 2, 3] {
            stage.ask(user, report(Good)).unwrap();
        }
        let group = if all { &ALL } else { &STAFF };
        let mut expected = [1, 2, 3].map(|user| (group.clone(), user, Unknown, Good)).to_vec();
        if !all {
            expected.push((SignalTo::Latest(at(3)), 3, Unknown, Good));
        }
        assert_eq!(stage.told(), expected, "{people}");
        let others = if all { Good } else { Unknown };
        assert_eq!((stage.seen(2, 3), stage.seen(OWNER, 3), stage.seen(3, 3)), (Good, Good, Good));
        assert_eq!((stage.seen(4, 3), stage.seen(3, 2)), (others, others), "{people}");
        let list = Command::ParticipantList(ParticipantList {
            after: None,
            limit: 200,
            role: None,
            room: None,
        });
        for (viewer, of_others) in [(2, Good), (4, others)] {
            let crate::meeting::Answer::Data(page) =
                stage.ask(viewer, list.clone()).unwrap().answer
            else {
                panic!("a page")
            };
            let page: Page<Participant> = serde_json::from_str(&page).unwrap();
            let third = page.items.iter().find(|it| it.id == at(3)).unwrap();
            assert_eq!(third.quality, of_others, "{people} {viewer}");
        }
    }
}

#[test]
fn a_lost_connection_is_told_and_the_next_one_is_measured_anew() {
    let mut stage = of(2);
    stage.ask(2, report(Poor)).unwrap();
    stage.told();
    stage.pass(2);
    lose(&mut stage, 2);
    assert_eq!((stage.seen(1, 2), stage.told()), (Lost, vec![(ALL, 2, Poor, Lost)]));
    let quality = stage.quality(2).unwrap();
    assert_eq!((quality.level, quality.r), (Lost, None));
    stage.pass(2);
    let session = stage.person(2).sessions[0];
    stage.take(&Input::Resume { session, user: UserId(2) }).unwrap();
    assert_eq!((stage.seen(1, 2), stage.told()), (Unknown, vec![(ALL, 2, Lost, Unknown)]));
    assert_eq!(stage.quality(2), None);
    stage.pass(29);
    stage.meeting.pinged(stage.now, session, 40);
    assert_eq!(stage.seen(1, 2), Unknown, "their client has 30 seconds to report");
    stage.ask(2, report(Excellent)).unwrap();
    assert_eq!(stage.seen(1, 2), Excellent, "the first sample sets it");
}

#[test]
fn a_restart_loses_what_was_measured_and_everyone() {
    let mut stage = of(2);
    stage.ask(2, report(Good)).unwrap();
    stage.told();
    stage.restart();
    let lost = [(ALL, 1, Unknown, Lost), (ALL, 2, Unknown, Lost)];
    assert_eq!(stage.told(), lost);
    let session = stage.person(2).sessions[0];
    stage.take(&Input::Resume { session, user: UserId(2) }).unwrap();
    assert_eq!(stage.seen(2, 2), Unknown);
}

#[test]
fn of_several_sessions_the_best_counts() {
    let mut stage = of(2);
    let first = stage.person(2).sessions[0];
    let second = stage.enter(2).unwrap();
    stage.by(first, report(Poor)).unwrap();
    stage.by(second, report(Good)).unwrap();
    stage.told();
    assert_eq!((stage.seen(1, 2), stage.quality(2).unwrap().rtt_ms), (Good, Some(700.0)));
    stage.take(&Input::Lost { session: second }).unwrap();
    stage.now = stage.now.plus_seconds(2);
    assert_eq!(stage.told(), [(ALL, 2, Good, Poor)], "a session is left");
    stage.take(&Input::Lost { session: first }).unwrap();
    assert_eq!(stage.seen(1, 2), Lost);
}

#[test]
fn what_is_known_of_one_who_left_stays_and_who_comes_again_is_unknown() {
    let mut stage = of(2);
    stage.ask(2, report(Fair)).unwrap();
    stage.told();
    stage.pass(2);
    stage.ask(2, leave()).unwrap();
    assert_eq!(stage.told(), [], "that they left is said");
    assert_eq!(stage.quality(2).map(|it| it.level), Some(Fair));
    stage.enter(2).unwrap();
    assert_eq!((stage.told(), stage.seen(1, 2), stage.quality(2)), (vec![], Unknown, None));
}

#[test]
fn who_is_sent_to_wait_is_measured_anew_when_let_in() {
    let mut stage = of(2);
    stage.ask(2, report(Poor)).unwrap();
    stage.told();
    let back = SendToWaiting { participant: at(2), message: None };
    stage.ask(OWNER, Command::ParticipantSendToWaiting(back)).unwrap();
    assert_eq!(stage.told(), []);
    assert_eq!(stage.ask(2, report(Poor)), Err(Refusal::StillWaiting));
    stage.ask(OWNER, admit(2)).unwrap();
    assert_eq!((stage.told(), stage.seen(1, 2)), (vec![], Unknown));
}

#[test]
fn numbers_that_cannot_be_are_refused_by_their_field() {
    let mut stage = of(1);
    let fine = QualityReport {
        rtt_ms: 60_000.0,
        jitter_ms: 10_000.0,
        loss_pct: 100.0,
        bitrate_kbps: Some(10_000_000.0),
        fec: false,
    };
    type Set = fn(&mut QualityReport, f64);
    let fields: [(&str, Set, f64); 4] = [
        ("rtt_ms", |it, number| it.rtt_ms = number, 60_000.0),
        ("jitter_ms", |it, number| it.jitter_ms = number, 10_000.0),
        ("loss_pct", |it, number| it.loss_pct = number, 100.0),
        ("bitrate_kbps", |it, number| it.bitrate_kbps = Some(number), 10_000_000.0),
    ];
    for (field, set, max) in fields {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.001, max + 0.001, f64::MAX] {
            let mut ask = fine;
            set(&mut ask, number);
            match stage.ask(OWNER, Command::QualityReport(ask)) {
                Err(Refusal::Invalid { field: named, .. }) => assert_eq!(named, field, "{number}"),
                other => panic!("{field} {number}: {other:?}"),
            }
        }
    }
    assert_eq!((stage.told(), stage.seen(1, 1)), (vec![], Unknown), "none of it was measured");
    stage.ask(OWNER, Command::QualityReport(fine)).unwrap();
    assert_eq!(stage.seen(1, 1), Poor);
}

#[test]
fn more_than_ten_reports_in_ten_seconds_are_too_often_for_a_session() {
    let mut stage = of(1);
    let first = stage.person(1).sessions[0];
    for _ in 0..10 {
        stage.by(first, report(Good)).unwrap();
        stage.now = stage.now.plus_ms(100);
    }
    let again = Err(Refusal::TooOften { retry_after_ms: 9_000 });
    assert_eq!(stage.by(first, report(Good)), again);
    assert_eq!(stage.by(first, report(Good)), again, "what is refused does not count");
    let second = stage.enter(1).unwrap();
    stage.by(second, report(Good)).unwrap();
    stage.now = stage.now.plus_ms(9_000);
    stage.by(first, report(Good)).unwrap();
}

#[test]
fn it_is_measured_when_it_is_carried_out_and_by_those_who_are_in() {
    let mut stage = of(2);
    let session = stage.person(2).sessions[0];
    let command = report(Good);
    stage.meeting.decide(stage.now, &Input::Command { session, command: command.clone() }).unwrap();
    assert_eq!(stage.seen(2, 2), Unknown, "a decision alone measures nothing");
    let actor = Actor {
        user: UserId(2),
        kind: UserKind::Member,
        name: "User 2".into(),
        email: None,
        bot: None,
        scopes: None,
        admin: true,
    };
    let act = OfficeAct {
        actor,
        participant: at(2),
        revisions: None,
        named: None,
        address: None,
        role_exists: None,
        of: None,
        commands: vec![command],
    };
    assert_eq!(stage.take(&Input::Act(Box::new(act))), Err(INSIDE));
    assert_eq!(stage.journal.len(), stage.meeting.facts.head.0 as usize, "and is no fact");
}

#[test]
fn pings_stand_in_after_30_seconds_and_are_no_measure_of_who_waits() {
    let mut stage = of(2);
    let session = stage.person(2).sessions[0];
    stage.now = stage.now.plus_ms(29_999);
    stage.meeting.pinged(stage.now, session, 40);
    assert_eq!(stage.seen(1, 2), Unknown);
    stage.now = stage.now.plus_ms(1);
    stage.meeting.pinged(stage.now, session, 1400);
    assert_eq!(stage.told(), [(ALL, 2, Unknown, Fair)]);
    let quality = stage.quality(2).unwrap();
    assert_eq!((quality.rtt_ms, quality.loss_pct), (Some(1400.0), Some(0.0)));
    assert!(!quality.slow_signalling);
    stage.meeting.pinged(stage.now, session, u64::MAX);
    stage.told();
    assert_eq!(stage.quality(2).unwrap().rtt_ms, Some(60_000.0), "no absurd value");
    stage.ask(2, report(Excellent)).unwrap();
    stage.told();
    let quality = stage.quality(2).unwrap();
    assert_eq!((quality.r, quality.slow_signalling), (Some(93.2), true), "slow, and not bad");
    let back = SendToWaiting { participant: at(2), message: None };
    stage.ask(OWNER, Command::ParticipantSendToWaiting(back)).unwrap();
    stage.now = stage.now.plus_seconds(60);
    stage.meeting.pinged(stage.now, session, 40);
    stage.ask(OWNER, admit(2)).unwrap();
    stage.meeting.pinged(stage.now, session, 40);
    assert_eq!(stage.seen(1, 2), Unknown, "they had no time to report yet");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Who hears every signal and every coming and going knows what a roster says.
    #[test]
    fn signals_say_what_the_roster_does(acts in prop::collection::vec(act(), 1..150)) {
        let mut stage = Stage::new(|_| {});
        let mut told: BTreeMap<ParticipantId, QualityLevel> = BTreeMap::new();
        let mut not_before = stage.now;
        for act in (1..6).map(Act::Enter).chain(acts) {
            perform(&mut stage, &act);
            let changes = stage.told();
            prop_assert!(changes.is_empty() || stage.now >= not_before, "merged");
            let facts = &stage.meeting.facts;
            told.retain(|id, _| facts.get(*id).is_some_and(|person| person.is_in()));
            for (_, user, from, to) in &changes {
                prop_assert_eq!(told.insert(at(*user), *to).unwrap_or(Unknown), *from);
                prop_assert_ne!(from, to);
            }
            if !changes.is_empty() {
                not_before = stage.now.plus_seconds(2);
            }
            let Some(viewer) = facts.people.values().find(|person| person.is_in()) else { continue };
            let roster = stage.meeting.roster(viewer);
            for shown in &roster {
                let person = facts.get(shown.id).unwrap();
                prop_assert_eq!(shown.quality == Lost, !facts.connected(person));
                let measured = stage.meeting.passing.measures.quality(shown.id);
                prop_assert_eq!(measured.map_or(Unknown, |it| it.level), shown.quality);
                let known = told.get(&shown.id).copied().unwrap_or(Unknown);
                let is_due = stage.meeting.tell_deadline().is_some();
                prop_assert!(known == shown.quality || is_due, "{:?} {:?}", known, shown);
            }
        }
    }
}
