//! Talk: what is counted, when it ends, who may say so of whom, and who hears it.

use proptest::prelude::*;
use quorate_protocol::*;

use super::acts::{Act, act, perform};
use super::stage::*;
use crate::meeting::event::Audience;
use crate::meeting::measures::{MINUTE_MS, Minute};
use crate::meeting::{Input, Refusal, SignalTo};

/// A bot that listens.
pub(super) const BOT: i64 = 200;

/// The owner, attendees 5 and 6, and a bot that listens.
pub(super) fn cast() -> Stage {
    let mut stage = Stage::new(|_| {});
    for user in [OWNER, 5, 6] {
        stage.enter(user).unwrap();
    }
    stage.enter_as(BOT, bot(Some(OWNER), [Permission::CaptionPublish])).unwrap();
    stage
}

pub(super) fn speaking(speaking: bool) -> Command {
    Command::SpeakingReport(SpeakingReport { speaking, participant: None, source: None })
}

fn of(user: i64, speaking: bool, source: Option<TalkSource>) -> Command {
    Command::SpeakingReport(SpeakingReport { speaking, participant: Some(at(user)), source })
}

fn microphone(on: bool) -> Command {
    Command::MediaUpdate(MediaUpdate { audio: Some(on), ..MediaUpdate::default() })
}

/// For how long someone spoke until now, in milliseconds.
fn talk(stage: &Stage, user: i64) -> u64 {
    let totals = stage.meeting.passing.measures.totals_at(stage.now);
    totals.get(&at(user)).map_or(0, |totals| totals.talk_ms)
}

/// The same after a checkpoint, minute by minute.
fn minutes(stage: &mut Stage, user: i64) -> Vec<Minute> {
    let measures = &mut stage.meeting.passing.measures;
    measures.settle(stage.now);
    measures.minutes().filter(|minute| minute.participant == at(user)).cloned().collect()
}

/// Lets time pass, and speaks all the while.
pub(super) fn speak(stage: &mut Stage, user: i64, seconds: u32) {
    for _ in 0..seconds / 10 {
        stage.ask(user, speaking(true)).unwrap();
        stage.pass(10);
    }
    stage.ask(user, speaking(true)).unwrap();
    stage.pass(seconds % 10);
}

#[test]
fn talk_is_the_time_from_saying_so_to_saying_not() {
    let mut stage = cast();
    speak(&mut stage, 5, 42);
    assert_eq!(talk(&stage, 5), 42_000, "also while it goes on");
    stage.ask(5, speaking(false)).unwrap();
    stage.pass(60);
    assert_eq!((talk(&stage, 5), talk(&stage, 6)), (42_000, 0));
    stage.ask(5, speaking(false)).unwrap();
    assert_eq!(talk(&stage, 5), 42_000, "who did not speak does not stop");
}

#[test]
fn what_is_not_said_again_holds_for_fifteen_seconds() {
    let mut stage = cast();
    stage.ask(5, speaking(true)).unwrap();
    stage.pass(14);
    stage.ask(5, speaking(true)).unwrap();
    stage.pass(3600);
    assert_eq!(talk(&stage, 5), 29_000, "however late anyone looks");
    stage.ask(5, speaking(true)).unwrap();
    stage.pass(3);
    stage.ask(5, speaking(false)).unwrap();
    assert_eq!(talk(&stage, 5), 32_000);
}

/// What ends someone's talk, ten seconds after they said that they speak.
#[test]
fn talk_ends_with_the_microphone_the_connection_and_the_meeting() {
    type Ends = fn(&mut Stage);
    let ends: [(&str, Ends); 10] = [
        ("muted by oneself", |stage| drop(stage.ask(5, microphone(false)).unwrap())),
        ("muted by another", |stage| {
            let media = vec![MediaKind::Audio];
            let mute = Command::ParticipantMute(Mute { participant: at(5), media });
            stage.ask(OWNER, mute).unwrap();
        }),
        ("muted with all", |stage| {
            let media = vec![MediaKind::Audio];
            let mute = Command::ParticipantMuteAll(MuteAll { media, except: Vec::new() });
            stage.ask(OWNER, mute).unwrap();
        }),
        ("suspended", |stage| drop(stage.ask(OWNER, empty(Command::MeetingSuspend)).unwrap())),
        ("left", |stage| drop(stage.ask(5, leave()).unwrap())),
        ("removed", |stage| drop(stage.ask(OWNER, remove(5)).unwrap())),
        ("banned", |stage| drop(stage.ask(OWNER, ban(5, None)).unwrap())),
        ("sent back", |stage| {
            let ask = SendToWaiting { participant: at(5), message: None };
            stage.ask(OWNER, Command::ParticipantSendToWaiting(ask)).unwrap();
        }),
        ("lost", |stage| lose(stage, 5)),
        ("ended", |stage| drop(stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap())),
    ];
    for (how, end) in ends {
        for microphone_used in [true, false] {
            let mut stage = cast();
            if microphone_used {
                stage.ask(5, microphone(true)).unwrap();
            } else if how == "muted by oneself" {
                continue;
            }
            stage.ask(5, speaking(true)).unwrap();
            stage.ask(BOT, of(5, true, None)).unwrap();
            stage.pass(10);
            end(&mut stage);
            assert_eq!(talk(&stage, 5), 10_000, "{how}");
            stage.pass(3);
            assert_eq!(talk(&stage, 5), 10_000, "{how}: it is over");
            assert!(stage.ask(BOT, of(5, true, None)).is_err(), "{how}: nobody speaks there");
            stage.pass(3);
            assert_eq!(talk(&stage, 5), 10_000, "{how}: and nobody says so");
        }
    }
}

#[test]
fn who_was_muted_speaks_again_with_the_microphone_on() {
    let mut stage = cast();
    let off =
        Refusal::Conflict("the microphone is off; turn it on with media.update before speaking");
    stage.ask(5, speaking(true)).expect("who never used it may speak by telephone");
    for on in [true, false] {
        stage.ask(5, microphone(on)).unwrap();
    }
    assert_eq!(stage.ask(5, speaking(true)), Err(off.clone()));
    assert_eq!(stage.ask(BOT, of(5, true, None)), Err(off), "whoever says so");
    stage.ask(5, speaking(false)).expect("that they do not they may say");
    stage.ask(5, microphone(true)).unwrap();
    stage.ask(5, speaking(true)).unwrap();
    stage.ask(5, leave()).unwrap();
    stage.enter(5).unwrap();
    stage.ask(5, speaking(true)).expect("a new coming is a new start");
    let media = vec![MediaKind::Audio];
    let mute = || Command::ParticipantMute(Mute { participant: at(5), media: media.clone() });
    assert!(!is_already(&stage.ask(OWNER, mute())), "of a telephone nothing is known");
    assert!(is_already(&stage.ask(OWNER, mute())));
    assert!(stage.ask(5, speaking(true)).is_err());
    stage.ask(5, microphone(true)).unwrap();
    stage.ask(5, speaking(true)).expect("with the microphone on they speak again");
    stage.ask(OWNER, empty(Command::MeetingSuspend)).unwrap();
    let suspended = Refusal::Conflict("the meeting is suspended, and microphones are off");
    assert_eq!(stage.ask(6, speaking(true)), Err(suspended));
    stage.ask(OWNER, speaking(true)).expect("staff goes on");
}

#[test]
fn all_who_say_so_together_count_once() {
    let mut stage = cast();
    let second = stage.enter(5).unwrap();
    stage.ask(5, speaking(true)).unwrap();
    stage.pass(4);
    let input = Input::Command { session: second, command: speaking(true) };
    stage.take(&input).unwrap();
    stage.ask(BOT, of(5, true, Some(TalkSource::Sfu))).unwrap();
    stage.pass(4);
    stage.ask(5, speaking(false)).unwrap();
    stage.pass(2);
    stage.take(&Input::Lost { session: second }).unwrap();
    stage.pass(1);
    assert_eq!(talk(&stage, 5), 11_000, "the media server still hears them");
    lose(&mut stage, BOT);
    stage.pass(60);
    assert_eq!(talk(&stage, 5), 11_000, "and what a bot says ends with its connection");
}

#[test]
fn minutes_hold_what_was_spoken_in_them_and_who_said_so() {
    let mut stage = cast();
    stage.now = Timestamp(stage.now.0 - stage.now.0 % MINUTE_MS + 47_000);
    let first = stage.now.0 - 47_000;
    speak(&mut stage, 5, 75);
    stage.ask(BOT, of(5, true, None)).unwrap();
    stage.pass(3);
    stage.ask(5, speaking(false)).unwrap();
    stage.ask(BOT, of(5, false, None)).unwrap();
    let found = minutes(&mut stage, 5);
    let found: Vec<_> =
        found.iter().map(|it| ((it.at.0 - first) / MINUTE_MS, it.talk_ms, it.source)).collect();
    let (client, bot) = (Some(TalkSource::Client), Some(TalkSource::Bot));
    assert_eq!(found, [(0, 13_000, client), (1, 60_000, client), (2, 5_000, bot)]);
    assert_eq!(talk(&stage, 5), 78_000);
}

#[test]
fn only_a_bot_that_listens_says_who_else_speaks() {
    let mut stage = cast();
    stage.enter_as(201, bot(Some(OWNER), [Permission::ParticipantList])).unwrap();
    let field = |result: Result<_, Refusal>| match result {
        Err(Refusal::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(stage.ask(OWNER, of(5, true, None))), "participant", "no person");
    assert_eq!(field(stage.ask(5, of(OWNER, true, None))), "participant");
    let forbidden = Err(Refusal::Forbidden(Permission::CaptionPublish));
    assert_eq!(stage.ask(201, of(5, true, None)), forbidden, "no bot that may not");
    assert_eq!(field(stage.ask(5, of(5, true, Some(TalkSource::Sfu)))), "source");
    assert_eq!(field(stage.ask(BOT, of(5, true, Some(TalkSource::Client)))), "source");
    let never = Err(Refusal::NotFound { what: "participant", last: None });
    assert_eq!(stage.ask(BOT, of(77, true, None)), never);
    stage.ask(6, leave()).unwrap();
    let left = Err(Refusal::NotFound { what: "participant", last: Some("left") });
    assert_eq!(stage.ask(BOT, of(6, true, None)), left);
    stage.pass(60);
    assert_eq!([OWNER, 5, 6].map(|user| talk(&stage, user)), [0; 3]);
    stage.ask(5, of(5, true, None)).expect("oneself by name is oneself");
}

#[test]
fn nothing_is_measured_where_talk_is_private_and_signals_pass_all_the_same() {
    let private = Privacy { talk_time: false, ..Privacy::default() };
    let private = Policy { privacy: Some(private), ..Policy::default() };
    let mut stage = cast();
    stage.ask(5, speaking(true)).unwrap();
    stage.pass(4);
    stage.ask(OWNER, Command::MeetingPolicy(Box::new(private))).unwrap();
    stage.pass(4);
    assert_eq!(told(&mut stage), [(5, true)]);
    stage.ask(5, speaking(true)).unwrap();
    stage.ask(6, speaking(true)).unwrap();
    stage.pass(4);
    assert_eq!(told(&mut stage), [(6, true)]);
    stage.pass(2);
    assert_eq!((talk(&stage, 5), talk(&stage, 6)), (4_000, 0), "not what is private");
    let mut stage = cast();
    stage.meeting.terms.privacy.talk_time = false;
    stage.ask(5, speaking(true)).unwrap();
    stage.pass(10);
    assert_eq!(talk(&stage, 5), 0, "nor where the server says so");
    assert_eq!(minutes(&mut stage, 5), []);
}

/// Who began to speak and who stopped, as it is told now.
fn told(stage: &mut Stage) -> Vec<(i64, bool)> {
    let told = stage.tell().into_iter().filter_map(|signal| match signal.body {
        SignalBody::Speaking(it) => Some((it.participant.0 - 1000, it.speaking)),
        _ => None,
    });
    told.collect()
}

#[test]
fn who_begins_and_who_stops_is_told_also_when_it_ends_by_itself() {
    let mut stage = cast();
    assert_eq!(told(&mut stage), []);
    stage.ask(5, speaking(true)).unwrap();
    assert_eq!(told(&mut stage), [(5, true)], "the first at once");
    stage.ask(5, speaking(true)).unwrap();
    stage.ask(6, speaking(true)).unwrap();
    assert_eq!(told(&mut stage), [], "not more than four times a second");
    assert_eq!(stage.tells_at(), Some(stage.now.plus_ms(250)));
    stage.now = stage.now.plus_ms(250);
    assert_eq!(told(&mut stage), [(6, true)], "and once");
    let ends = stage.now.plus_ms(15_000 - 250);
    assert_eq!(stage.tells_at(), Some(ends));
    stage.now = ends;
    assert_eq!(told(&mut stage), [(5, false), (6, false)]);
    assert_eq!((told(&mut stage), stage.tells_at()), (vec![], None));
}

#[test]
fn who_speaks_is_told_to_their_room() {
    let mut stage = cast();
    let rooms = vec![RoomAsked { name: "Blue".into(), participants: vec![at(5)] }];
    let mode = BreakoutMode::Manual;
    let prepare = Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes: None });
    stage.ask(OWNER, prepare).unwrap();
    stage.ask(5, speaking(true)).unwrap();
    let to = |stage: &mut Stage| -> Vec<_> {
        stage.tell().into_iter().map(|signal| signal.to).collect()
    };
    assert_eq!(to(&mut stage), [SignalTo::Audience(Audience::EVERYONE)]);
    stage.ask(OWNER, empty(Command::BreakoutOpen)).unwrap();
    stage.pass(1);
    let blue = SignalTo::Audience(Audience::room(Some(RoomId(1))));
    assert_eq!(to(&mut stage), [SignalTo::Audience(Audience::EVERYONE), blue], "where they went");
}

#[test]
fn a_thousand_toggles_are_few_signals_and_no_more_talk_than_time() {
    let mut stage = cast();
    let (mut signals, mut spoken) = (0, 0);
    for toggle in 0..1000 {
        stage.ask(5, speaking(toggle % 2 == 0)).unwrap();
        signals += told(&mut stage).len();
        stage.now = stage.now.plus_ms(10);
        spoken += if toggle % 2 == 0 { 10 } else { 0 };
    }
    assert!(signals <= 41, "{signals} in ten seconds");
    assert_eq!((talk(&stage, 5), spoken), (5_000, 5_000));
    assert_eq!(stage.meeting.facts, stage.replayed(), "and nothing in the journal");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn nobody_speaks_for_longer_than_they_were_there(
        acts in prop::collection::vec(prop_oneof![3 => act(), 1 => (0u32..20).prop_map(Act::Pass)], 1..120),
    ) {
        let mut stage = Stage::new(|_| {});
        for act in &acts {
            perform(&mut stage, act);
            let _ = stage.meeting.tell(stage.now);
        }
        let now = stage.now;
        let ahead = stage.meeting.passing.measures.totals_at(now);
        stage.meeting.passing.measures.settle(now);
        let measures = &stage.meeting.passing.measures;
        prop_assert_eq!(&ahead, &measures.totals_at(now), "settling changes no total");
        prop_assert_eq!(&ahead, &measures.totals());
        for (id, totals) in &ahead {
            let there = stage.meeting.facts.get(*id).unwrap().attendance.total_ms(now);
            prop_assert!(totals.talk_ms <= there, "{} of {}", totals.talk_ms, there);
            let minutes = measures.minutes().filter(|minute| minute.participant == *id);
            let talk: Vec<_> = minutes.map(|minute| u64::from(minute.talk_ms)).collect();
            prop_assert!(talk.iter().all(|ms| *ms <= 60_000));
            prop_assert_eq!(talk.iter().sum::<u64>(), totals.talk_ms);
        }
    }
}
