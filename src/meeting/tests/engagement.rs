//! Engagement: by hand for both profiles, and what holds of it whatever people do.

use proptest::prelude::*;
use quorate_protocol::*;
use serde::de::DeserializeOwned;

use super::acts::{act, perform};
use super::stage::*;
use super::talk::{BOT, cast, speak, speaking};
use crate::meeting::engagement::{Scoring, weights, without_talk};
use crate::meeting::event::{Audience, Fact};
use crate::meeting::{Answer, Decision, Refusal};

fn score(stage: &Stage, user: i64) -> Option<Engagement> {
    stage.meeting.engagement(stage.now, [at(user)]).pop().unwrap().1
}

#[track_caller]
fn points(stage: &Stage, user: i64) -> f64 {
    score(stage, user).expect("is scored").score
}

fn component(engagement: &Engagement, key: &str) -> ScoreComponent {
    engagement.components.iter().find(|component| component.key == key).cloned().unwrap()
}

fn policy(policy: Policy) -> Command {
    Command::MeetingPolicy(Box::new(policy))
}

fn react() -> Command {
    Command::ReactionSend(ReactionSend { emoji: "👋".into() })
}

fn open_poll() -> Command {
    let choices = vec!["yes".into(), "no".into()];
    let question = "Shall we?".into();
    let ask = PollOpen { question, choices, multiple: false, anonymous: false, seconds: None };
    Command::PollOpen(ask)
}

fn poll(stage: &mut Stage) -> PollId {
    answer::<PollOnly>(&stage.ask(OWNER, open_poll()).unwrap()).poll
}

fn answer<T: DeserializeOwned>(decision: &Decision) -> T {
    let Answer::Data(data) = &decision.answer else { panic!("{decision:?}") };
    serde_json::from_str(data).unwrap()
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-6
}

fn exclude(user: i64, excluded: bool) -> Command {
    Command::ReportExclude(ReportExclude { participant: at(user), excluded })
}

/// An hour: 5 speaks for two minutes and the owner for six, writes three times, votes in one of two polls,
/// reacts and raises a hand. 6 comes after half of it and does nothing. Hands up and messages have their pace.
fn an_hour(settings: impl FnOnce(&mut Settings)) -> Stage {
    let mut stage = Stage::new(|created| settings(&mut created.settings));
    let until = stage.now.plus_seconds(3600);
    stage.enter(OWNER).unwrap();
    stage.enter(5).unwrap();
    let first = poll(&mut stage);
    stage.ask(5, Command::PollVote(PollVote { poll: first, choices: vec![0] })).unwrap();
    for _ in 0..3 {
        stage.ask(5, say("hello", None)).unwrap();
        stage.pass(20);
    }
    stage.ask(5, say("?", None)).unwrap();
    stage.ask(5, react()).unwrap();
    stage.ask(5, empty(Command::HandRaise)).unwrap();
    stage.pass(2);
    stage.ask(5, Command::HandLower(HandLower::default())).unwrap();
    for (user, seconds) in [(5, 120), (OWNER, 360)] {
        speak(&mut stage, user, seconds);
        stage.ask(user, speaking(false)).unwrap();
    }
    let half = until.plus_seconds(0).plus_ms(-1_800_000);
    stage.pass((half.ms_since(stage.now) / 1000) as u32);
    stage.enter(6).unwrap();
    poll(&mut stage);
    stage.pass(1800);
    assert_eq!(stage.now, until);
    stage
}

#[test]
fn an_hour_is_scored_as_by_hand_in_both_profiles() {
    // Voice: 120·3/480 is above half a fair share. Chat: 1 − 2^(−3/6). Response: 1 of 2. Signal: 1 − 2^(−2/2).
    // Discussion: 35 + 25 + 15·0.292893 + 15/2 + 10/2; lecture: 50 + 0 + 15·0.292893 + 25/2 + 10/2.
    let profiles = [
        (EngagementProfile::Discussion, 76.893_398, 17.5),
        (EngagementProfile::Lecture, 71.893_398, 25.0),
    ];
    for (profile, five, six) in profiles {
        let stage = an_hour(|settings| settings.engagement_profile = profile);
        assert!(near(points(&stage, 5), five), "{profile:?}: {:?}", score(&stage, 5));
        assert!(near(points(&stage, 6), six), "{profile:?}: {:?}", score(&stage, 6));
        let theirs = score(&stage, 5).unwrap();
        assert_eq!((theirs.version, theirs.confidence), (1, Confidence::Normal));
        let voice = component(&theirs, "voice");
        assert_eq!((voice.raw, voice.of, voice.x), (Some(120.0), Some(480.0), Some(1.0)));
    }
    // Weights of the meeting's own take the profile's place: 10·1 + 30·0.292893 of 40.
    let own = EngagementWeights { presence: 10, voice: 0, chat: 30, response: 0, signal: 0 };
    let stage = an_hour(|settings| settings.engagement_weights = Some(own));
    assert!(near(points(&stage, 5), 100.0 * (10.0 + 30.0 * 0.292_893_218_8) / 40.0));
    assert_eq!(weights(&stage.meeting.facts.info.settings), own);
}

#[test]
fn half_of_the_points_for_the_chat_are_three_messages_or_three_for_every_thirty_minutes_there() {
    for (minutes, messages, x) in [
        (1, 1, 0.206_299),
        (10, 1, 0.206_299),
        (10, 2, 0.370_039),
        (30, 3, 0.5),
        (60, 3, 0.292_893),
    ] {
        let mut stage = cast();
        for _ in 0..messages {
            stage.ask(5, say("hello", None)).unwrap();
            stage.pass(60);
        }
        stage.pass((minutes - messages) * 60);
        let chat = component(&score(&stage, 5).unwrap(), "chat");
        assert!((chat.x.unwrap() - x).abs() < 1e-6, "{messages} in {minutes} min: {chat:?}");
    }
}

#[test]
fn half_a_fair_share_of_the_talk_is_full_and_less_is_a_part() {
    let mut stage = cast();
    speak(&mut stage, OWNER, 100);
    stage.ask(OWNER, speaking(false)).unwrap();
    speak(&mut stage, 5, 10);
    // 10·3/110 of half.
    let voice = component(&score(&stage, 5).unwrap(), "voice");
    assert!(near(voice.x.unwrap(), 10.0 * 3.0 / 110.0 / 0.5), "{voice:?}");
    assert_eq!(component(&score(&stage, OWNER).unwrap(), "voice").x, Some(1.0));
}

#[test]
fn what_does_not_apply_says_why_and_gives_its_weight_to_the_others() {
    let mut stage = Stage::new(|created| created.settings.chat = ChatPolicy::Off);
    stage.enter(OWNER).unwrap();
    stage.enter(5).unwrap();
    stage.pass(600);
    stage.ask(5, react()).unwrap();
    let theirs = score(&stage, 5).unwrap();
    // Presence, and a reaction: 1 − 2^(−1/2).
    assert!(near(theirs.score, 100.0 * (35.0 + 10.0 * 0.292_893_218_8) / 45.0), "{theirs:?}");
    for (key, why) in [
        ("voice", "less than a minute was spoken, as far as anyone told"),
        ("chat", "the chat was locked"),
        ("response", "no poll was opened meanwhile"),
    ] {
        let component = component(&theirs, key);
        assert_eq!((component.available, component.points), (false, 0.0), "{key}");
        assert_eq!((component.x, component.why.as_deref()), (None, Some(why)), "{key}");
    }
    let alone = {
        let mut stage = Stage::new(|_| {});
        stage.enter(OWNER).unwrap();
        speak(&mut stage, OWNER, 90);
        component(&score(&stage, OWNER).unwrap(), "voice")
    };
    assert_eq!(alone.why.as_deref(), Some("nobody else was there"));
    stage.meeting.terms.privacy.talk_time = false;
    let private = component(&score(&stage, 5).unwrap(), "voice");
    assert_eq!(private.why.as_deref(), Some("it is not measured here for how long people speak"));
}

#[test]
fn little_to_go_by_is_said() {
    let mut stage = cast();
    stage.pass(299);
    assert_eq!(score(&stage, 5).unwrap().confidence, Confidence::Low, "under five minutes");
    stage.pass(1);
    assert_eq!(score(&stage, 5).unwrap().confidence, Confidence::Normal);
    let one = EngagementWeights { presence: 1, voice: 0, chat: 0, response: 0, signal: 0 };
    stage
        .ask(OWNER, policy(Policy { engagement_weights: Some(Some(one)), ..Policy::default() }))
        .unwrap();
    assert_eq!(score(&stage, 5).unwrap().confidence, Confidence::Low, "one component alone");
}

#[test]
fn a_score_that_may_tell_of_no_talk_any_more_is_as_if_none_had_been_measured() {
    let talk_counts =
        EngagementWeights { presence: 50, voice: 50, chat: 0, response: 0, signal: 0 };
    for (weights, seconds, confidence) in [
        (None, 600, Confidence::Normal),
        (None, 120, Confidence::Low),
        (Some(talk_counts), 600, Confidence::Low),
    ] {
        let mut stage = Stage::new(|created| created.settings.engagement_weights = weights);
        stage.enter(OWNER).unwrap();
        stage.enter(5).unwrap();
        speak(&mut stage, OWNER, 90);
        stage.pass(seconds - 90);
        let told = without_talk(score(&stage, OWNER).unwrap());
        stage.meeting.terms.privacy.talk_time = false;
        assert_eq!(Some(&told), score(&stage, OWNER).as_ref(), "{weights:?}, {seconds} s");
        assert_eq!(told.confidence, confidence, "{weights:?}, {seconds} s");
    }
}

#[test]
fn bots_those_who_wait_and_those_who_are_excluded_are_out_and_count_for_nothing() {
    let mut stage = cast();
    speak(&mut stage, 5, 10);
    stage.ask(5, speaking(false)).unwrap();
    for user in [6, BOT] {
        speak(&mut stage, user, 60);
        stage.ask(user, speaking(false)).unwrap();
    }
    // The bot's talk counts for nothing: 10·3/70 of half.
    let x = |stage: &Stage| component(&score(stage, 5).unwrap(), "voice").x;
    assert!(near(x(&stage).unwrap(), 10.0 * 3.0 / 70.0 / 0.5));
    assert_eq!(score(&stage, BOT), None);
    stage
        .ask(OWNER, policy(Policy { requires_approval: Some(true), ..Policy::default() }))
        .unwrap();
    stage.enter(7).unwrap();
    assert!(stage.person(7).is_waiting());
    assert_eq!(score(&stage, 7), None);
    assert!(near(x(&stage).unwrap(), 10.0 * 3.0 / 70.0 / 0.5), "who waits is not one of them");
    stage.ask(OWNER, exclude(6, true)).unwrap();
    assert_eq!(score(&stage, 6), None);
    speak(&mut stage, OWNER, 49);
    assert_eq!(x(&stage), None, "what is left of the talk is less than a minute");
    speak(&mut stage, OWNER, 1);
    assert!(near(x(&stage).unwrap(), 10.0 * 2.0 / 60.0 / 0.5), "of two, and of their talk");
    stage.ask(OWNER, exclude(6, false)).unwrap();
    assert!(score(&stage, 6).is_some());
}

#[test]
fn ones_own_score_is_shown_always_and_anothers_to_who_may() {
    let get =
        |user: Option<i64>| Command::EngagementGet(EngagementGet { participant: user.map(at) });
    let mut stage = cast();
    stage.pass(600);
    let own: EngagementShown = answer(&stage.ask(5, get(None)).unwrap());
    assert_eq!(own.engagement, score(&stage, 5));
    assert_eq!(own.profile, EngagementProfile::Discussion);
    assert_eq!((own.weights.presence, own.weights.voice), (35, 25), "echoed");
    let named: EngagementShown = answer(&stage.ask(5, get(Some(5))).unwrap());
    assert_eq!(named, own, "oneself by name is oneself");
    let forbidden = Err(Refusal::Forbidden(Permission::ReportIndividual));
    assert_eq!(stage.ask(5, get(Some(6))), forbidden);
    let theirs: EngagementShown = answer(&stage.ask(OWNER, get(Some(5))).unwrap());
    assert_eq!(theirs, own);
    let bot: EngagementShown = answer(&stage.ask(OWNER, get(Some(BOT))).unwrap());
    assert_eq!(bot.engagement, None);
    let never = Err(Refusal::NotFound { what: "participant", last: None });
    assert_eq!(stage.ask(OWNER, get(Some(77))), never);
    let privacy = Privacy { names_in_reports: false, ..Privacy::default() };
    stage.ask(OWNER, policy(Policy { privacy: Some(privacy), ..Policy::default() })).unwrap();
    assert!(matches!(stage.ask(OWNER, get(Some(5))), Err(Refusal::Conflict(_))));
    assert!(answer::<EngagementShown>(&stage.ask(5, get(None)).unwrap()).engagement.is_some());
}

#[test]
fn who_is_excluded_hears_of_it_with_staff_and_whoever_is_of_whichever_rank() {
    let mut stage = cast();
    let forbidden = Err(Refusal::Forbidden(Permission::ReportIndividual));
    assert_eq!(stage.ask(5, exclude(5, true)), forbidden, "also of oneself");
    stage.ask(OWNER, cohost(6)).unwrap();
    stage.ask(OWNER, grant(6, &[Permission::ReportIndividual])).unwrap();
    stage.ask(6, exclude(1, true)).expect("it harms nobody");
    let event = stage.journal.last().unwrap();
    assert_eq!(event.fact, Fact::ExclusionChanged { participant: at(OWNER), excluded: true });
    assert_eq!(event.audience, Audience::STAFF.and(at(OWNER)));
    assert!(is_already(&stage.ask(6, exclude(1, true))));
    assert!(is_already(&stage.ask(6, exclude(5, false))));
    stage.ask(OWNER, leave()).unwrap();
    stage.enter(OWNER).unwrap();
    assert_eq!(score(&stage, OWNER), None, "it holds for the meeting");
}

/// By the formula: who asks much asks for answers.
#[test]
fn many_polls_lower_the_response_of_who_does_not_answer_and_only_who_may_opens_them() {
    let mut stage = cast();
    let first = poll(&mut stage);
    stage.ask(5, Command::PollVote(PollVote { poll: first, choices: vec![0] })).unwrap();
    let response = |stage: &Stage| component(&score(stage, 5).unwrap(), "response").x;
    for _ in 0..20 {
        assert_eq!(stage.ask(6, open_poll()), Err(Refusal::Forbidden(Permission::PollCreate)));
    }
    assert_eq!(response(&stage), Some(1.0));
    for _ in 0..19 {
        let poll = poll(&mut stage);
        stage.ask(OWNER, Command::PollClose(PollOnly { poll })).unwrap();
    }
    assert_eq!(response(&stage), Some(0.05), "one of twenty");
}

/// What someone may do of that which counts.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Say(i64),
    React(i64),
    Hand(i64, bool),
    Vote(i64),
    Speak(i64, bool),
    Pass(u32),
}

fn deed() -> impl Strategy<Value = Deed> {
    let user = || prop_oneof![Just(OWNER), Just(5), Just(6)];
    prop_oneof![
        2 => user().prop_map(Deed::Say),
        1 => user().prop_map(Deed::React),
        2 => (user(), any::<bool>()).prop_map(|(user, up)| Deed::Hand(user, up)),
        1 => user().prop_map(Deed::Vote),
        3 => (user(), any::<bool>()).prop_map(|(user, speaks)| Deed::Speak(user, speaks)),
        5 => (1u32..40).prop_map(Deed::Pass),
    ]
}

/// Three people and two polls, and what they do; refusals are part of life.
fn after(deeds: impl IntoIterator<Item = Deed>) -> Stage {
    let mut stage = cast();
    poll(&mut stage);
    poll(&mut stage);
    for deed in deeds {
        let _ = match deed {
            Deed::Say(user) => stage.ask(user, say("hello", None)),
            Deed::React(user) => stage.ask(user, react()),
            Deed::Hand(user, true) => stage.ask(user, empty(Command::HandRaise)),
            Deed::Hand(user, false) => stage.ask(user, Command::HandLower(HandLower::default())),
            Deed::Vote(user) => {
                let vote = PollVote { poll: PollId(1), choices: vec![0] };
                stage.ask(user, Command::PollVote(vote))
            }
            Deed::Speak(user, speaks) => stage.ask(user, speaking(speaks)),
            Deed::Pass(seconds) => {
                stage.pass(seconds);
                continue;
            }
        };
    }
    stage
}

/// These, with others mixed in after some of them.
fn mixed(deeds: &[Deed], others: &[(usize, Deed)]) -> Vec<Deed> {
    let mut mixed = Vec::new();
    for (index, deed) in deeds.iter().enumerate() {
        mixed.push(*deed);
        let here = others.iter().filter(|(place, _)| place % deeds.len() == index);
        mixed.extend(here.map(|(_, deed)| *deed));
    }
    mixed
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_score_is_within_its_bounds_and_the_sum_of_its_points(
        acts in prop::collection::vec(act(), 1..120),
        lecture: bool,
    ) {
        let mut stage = Stage::new(|created| if lecture {
            created.settings.engagement_profile = EngagementProfile::Lecture;
        });
        for act in &acts {
            perform(&mut stage, act);
        }
        let ids: Vec<_> = stage.meeting.facts.people.keys().copied().collect();
        for (id, score) in stage.meeting.engagement(stage.now, ids) {
            let person = stage.meeting.facts.get(id).unwrap();
            let out = person.kind == UserKind::Bot || person.excluded || !person.attendance.is_any();
            prop_assert_eq!(score.is_none(), out);
            let Some(engagement) = score else { continue };
            prop_assert!((0.0..=100.0).contains(&engagement.score));
            let points: f64 = engagement.components.iter().map(|it| it.points).sum();
            prop_assert!(near(points, engagement.score));
            let available: Vec<_> = engagement.components.iter().filter(|it| it.available).collect();
            let weight: f64 = available.iter().map(|it| it.weight).sum();
            let presence = component(&engagement, "presence");
            prop_assert!(presence.raw <= presence.of, "nobody is there when it does not run");
            for it in &engagement.components {
                prop_assert_eq!(it.available, it.why.is_none());
                let x = it.x.unwrap_or(0.0);
                prop_assert!((0.0..=1.0).contains(&x));
                let due = if it.available { 100.0 * it.weight * x / weight } else { 0.0 };
                prop_assert!(near(it.points, due));
            }
        }
    }

    #[test]
    fn more_messages_never_lower_a_score(
        deeds in prop::collection::vec(deed(), 1..60),
        more in prop::collection::vec((any::<usize>(), Just(Deed::Say(5))), 1..30),
    ) {
        let (before, now) = (after(deeds.clone()), after(mixed(&deeds, &more)));
        prop_assert!(points(&now, 5) >= points(&before, 5) - 1e-9);
    }

    #[test]
    fn spam_of_one_never_lowers_anothers_score(
        deeds in prop::collection::vec(deed(), 1..60),
        spam in prop::collection::vec((any::<usize>(), prop_oneof![
            Just(Deed::Say(6)), Just(Deed::React(6)), any::<bool>().prop_map(|up| Deed::Hand(6, up)),
            Just(Deed::Vote(6)),
        ]), 1..60),
    ) {
        let (before, now) = (after(deeds.clone()), after(mixed(&deeds, &spam)));
        for user in [OWNER, 5] {
            prop_assert_eq!(score(&now, user), score(&before, user), "user {}", user);
        }
    }

    #[test]
    fn journal_and_totals_give_the_score_that_it_had_live(
        acts in prop::collection::vec(act(), 1..100),
    ) {
        let mut stage = Stage::new(|_| {});
        for act in &acts {
            perform(&mut stage, act);
        }
        stage.meeting.passing.measures.settle(stage.now);
        let totals = stage.meeting.passing.measures.totals();
        let (facts, privacy) = (stage.replayed(), stage.meeting.privacy());
        let scoring = Scoring::new(&facts, &totals, privacy, stage.now);
        for person in facts.people.values() {
            let live = stage.meeting.engagement(stage.now, [person.id]).pop().unwrap().1;
            prop_assert_eq!(scoring.of(person), live);
        }
    }
}
