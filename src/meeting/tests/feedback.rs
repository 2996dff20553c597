//! What people say of a meeting, its summary, and for how long both are kept.

use quorate_protocol::*;

use super::office::{act, actor, admin};
use super::stage::*;
use crate::meeting::event::{Audience, Fact, View};
use crate::meeting::feedback::{Insight, Rating, Standing, summary};
use crate::meeting::{Auditor, Decision, Input, Reader, Refusal, Sight};

const DAY: u32 = 86_400;

/// A meeting with the owner and user 2 in it.
fn meeting(change: impl FnOnce(&mut Settings)) -> Stage {
    let mut stage = Stage::new(|created| change(&mut created.settings));
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    stage
}

fn anonymous(settings: &mut Settings) {
    settings.feedback = FeedbackMode::Anonymous;
}

fn policy(change: impl FnOnce(&mut Policy)) -> Command {
    let mut policy = Policy::default();
    change(&mut policy);
    Command::MeetingPolicy(Box::new(policy))
}

fn end(stage: &mut Stage) {
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
}

fn conflict(answer: Result<Decision, Refusal>) -> &'static str {
    match answer {
        Err(Refusal::Conflict(message)) => message,
        other => panic!("a conflict, and not {other:?}"),
    }
}

#[track_caller]
fn says(answer: Result<Decision, Refusal>, word: &str) {
    let message = conflict(answer);
    assert!(message.contains(word), "{message}");
}

#[test]
fn what_is_said_under_a_name_is_told_as_a_fact_and_kept_as_personal() {
    let mut stage = meeting(|_| {});
    let said = Command::FeedbackSubmit(FeedbackSubmit {
        rating: 5,
        comment: Some("so short".into()),
        tags: vec!["useful".into()],
    });
    let decision = stage.ask(2, said).unwrap();
    assert!(decision.ballot.is_none());
    let [draft] = &decision.events[..] else { panic!("one event") };
    assert_eq!(draft.audience, Audience::STAFF.and(at(2)));
    assert_eq!(draft.fact, Fact::FeedbackSubmitted { participant: Some(at(2)) });
    let personal = draft.personal.as_deref().unwrap();
    assert_eq!((personal.rating, personal.text.as_deref()), (Some(5), Some("so short")));
    assert_eq!(personal.texts, ["useful"]);
    let wire = crate::meeting::wire::event(stage.journal.last().unwrap()).unwrap();
    let told = serde_json::to_string(&wire).unwrap();
    assert!(!told.contains("so short") && !told.contains("useful") && !told.contains("rating"));
    stage.ask(2, rate(1)).unwrap();
    stage.ask(OWNER, rate(2)).unwrap();
    assert_eq!(stage.meeting.facts.feedback.count(), 2, "the last of each counts");
    assert_eq!(stage.replayed(), stage.meeting.facts);
}

#[test]
fn a_ballot_is_nobodys_and_told_once() {
    let mut stage = meeting(anonymous);
    let first = stage.ask(2, rate(5)).unwrap();
    let [draft] = &first.events[..] else { panic!("one event") };
    assert_eq!((draft.user, draft.by, &draft.personal), (UserId(0), None, &None));
    assert_eq!(draft.fact, Fact::FeedbackSubmitted { participant: None });
    assert_eq!(draft.audience, Audience::STAFF);
    let ballot = first.ballot.unwrap();
    let again = stage.ask(2, rate(1)).unwrap();
    assert!(again.events.is_empty());
    let changed = again.ballot.unwrap();
    assert_eq!((changed.voter, changed.rating), (ballot.voter, 1));
    stage.restart();
    stage.enter(2).unwrap();
    assert!(stage.ask(2, rate(2)).unwrap().events.is_empty(), "also after a restart");
    stage.ask(OWNER, rate(3)).unwrap();
    assert_eq!(stage.meeting.facts.feedback.count(), 2);
    assert!(!format!("{:?}", stage.meeting.facts.feedback).contains("1002"));
    // A dry run files nothing.
    stage.enter(3).unwrap();
    let session = stage.person(3).sessions[0];
    let asked = Input::Command { session, command: rate(4) };
    stage.meeting.decide(stage.now, &asked).unwrap();
    assert_eq!(stage.ask(3, rate(4)).unwrap().events.len(), 1);
}

#[test]
fn an_administrator_who_was_there_leaves_no_trace_of_the_right_by_which_they_say_it() {
    let mut stage = meeting(anonymous);
    stage.enter(3).unwrap();
    stage.ask(OWNER, remove(3)).unwrap();
    let refused = act(&mut stage, actor(3), rate(4));
    assert_eq!(refused, Err(Refusal::Forbidden(Permission::FeedbackSubmit)), "who was put out");
    act(&mut stage, admin(3), rate(4)).unwrap();
    let event = stage.journal.last().unwrap();
    assert!(!event.as_admin && event.by.is_none() && event.user == UserId(0), "{event:?}");
}

#[test]
fn feedback_is_of_those_who_were_there_from_the_start_until_it_closes() {
    let mut stage = Stage::new(|created| created.co_hosts = vec![UserId(5)]);
    let outside = |stage: &mut Stage, user| act(stage, actor(user), rate(4));
    says(outside(&mut stage, OWNER), "has not started");
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    says(outside(&mut stage, 5), "only who was in");
    stage.enter_as(9, bot(Some(OWNER), Permission::ALL.iter().copied())).unwrap();
    let refused = stage.ask(9, rate(4));
    assert_eq!(
        refused,
        Err(Refusal::Forbidden(Permission::FeedbackSubmit)),
        "no bot says anything"
    );
    end(&mut stage);
    assert!(outside(&mut stage, 2).is_ok(), "also when the meeting is over");
    stage.pass(7 * DAY - 1);
    assert!(outside(&mut stage, 2).is_ok());
    stage.pass(1);
    assert_eq!(stage.last(1), ["feedback.closed"]);
    says(outside(&mut stage, 2), "closed");
    assert_eq!(stage.replayed(), stage.meeting.facts);
}

#[test]
fn feedback_that_nobody_gave_needs_no_closing_and_with_no_days_ends_with_the_meeting() {
    let mut stage = meeting(|_| {});
    end(&mut stage);
    assert_eq!(stage.meeting.next_deadline(), None);
    stage.pass(8 * DAY);
    says(act(&mut stage, actor(2), rate(4)), "closed");
    let mut stage = meeting(|settings| settings.feedback_days = 0);
    stage.ask(2, rate(4)).unwrap();
    end(&mut stage);
    assert_eq!(stage.last(2), ["meeting.ended", "feedback.closed"]);
    let closed_at = Some(stage.now);
    let later = Policy { feedback_days: Some(7), ..Policy::default() };
    act(&mut stage, actor(OWNER), Command::MeetingPolicy(Box::new(later))).unwrap();
    says(act(&mut stage, actor(2), rate(4)), "closed");
    let standing = stage.meeting.facts.feedback_standing(stage.now, Privacy::default());
    assert_eq!((standing.open, standing.closes_at), (false, closed_at), "it stays closed");
}

#[test]
fn a_meeting_that_goes_on_takes_feedback_again() {
    let mut stage = meeting(|settings| settings.reusable = true);
    stage.ask(2, rate(4)).unwrap();
    end(&mut stage);
    stage.pass(3 * DAY);
    stage.enter(OWNER).unwrap();
    stage.pass(10 * DAY);
    assert_ne!(stage.last(1), ["feedback.closed"], "not while it goes on");
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    end(&mut stage);
    stage.pass(7 * DAY);
    assert_eq!(stage.last(1), ["feedback.closed"]);
    stage.enter(OWNER).unwrap();
    assert!(act(&mut stage, actor(2), rate(5)).is_ok());
    assert_eq!(stage.meeting.facts.feedback.count(), 1);
}

#[test]
fn what_is_off_is_refused_and_the_mode_stays_once_somebody_said_something() {
    let mut stage = meeting(|settings| settings.feedback = FeedbackMode::Off);
    says(stage.ask(2, rate(4)), "off");
    stage.ask(OWNER, policy(|it| it.feedback = Some(FeedbackMode::Anonymous))).unwrap();
    stage.ask(2, rate(4)).unwrap();
    for mode in [FeedbackMode::Named, FeedbackMode::Off] {
        says(stage.ask(OWNER, policy(|it| it.feedback = Some(mode))), "already");
    }
    stage.ask(OWNER, policy(|it| it.feedback = Some(FeedbackMode::Anonymous))).unwrap();
    stage.ask(OWNER, policy(|it| it.feedback_days = Some(1))).unwrap();
}

#[test]
fn ratings_and_tags_are_checked_and_one_changes_ones_mind_ten_times_a_minute() {
    let mut stage = meeting(|_| {});
    for rating in [0, 6, 255] {
        let refused = stage.ask(2, rate(rating));
        assert!(matches!(refused, Err(Refusal::Invalid { field: "rating", .. })), "{rating}");
    }
    let tags = |tags: Vec<String>| {
        Command::FeedbackSubmit(FeedbackSubmit { rating: 3, comment: None, tags })
    };
    let many: Vec<_> = (0..11).map(|n| format!("tag {n}")).collect();
    let refused = stage.ask(2, tags(many.clone()));
    assert_eq!(refused, Err(Refusal::TooLarge { field: "tags", limit: 10 }));
    stage.ask(2, tags(many[..10].to_vec())).unwrap();
    let twice = stage.ask(2, tags(vec!["a".into(), "a".into()]));
    assert!(matches!(twice, Err(Refusal::Invalid { field: "tags", .. })));
    (2..=10).for_each(|_| drop(stage.ask(2, rate(3)).unwrap()));
    assert!(matches!(stage.ask(2, rate(3)), Err(Refusal::TooOften { retry_after_ms: 60_000 })));
    stage.ask(OWNER, rate(3)).unwrap();
    stage.pass(60);
    stage.ask(2, rate(3)).unwrap();
}

#[test]
fn no_reader_of_the_journal_reads_what_another_said() {
    let mut stage = meeting(|_| {});
    stage.ask(2, rate(1)).unwrap();
    let event = stage.journal.last().unwrap();
    let view = |user| Some(stage.person(user).view);
    let sight = |user, auditor, view: Option<View>| {
        Reader { user: UserId(user), auditor }.sight(event, view.as_ref())
    };
    let admin = Some(Auditor::admin());
    assert_eq!(sight(2, None, view(2)), Sight::Whole, "their own");
    assert_eq!(sight(OWNER, None, view(OWNER)), Sight::Structure);
    assert_eq!(sight(OWNER, admin, view(OWNER)), Sight::Structure);
    assert_eq!(sight(77, admin, None), Sight::Structure);
    assert_eq!(sight(77, None, None), Sight::Nothing);
}

fn ratings(named: bool, given: &[u8]) -> Vec<Rating> {
    let rating = |(n, rating): (i64, &u8)| Rating {
        participant: named.then_some(at(n)),
        excluded: false,
        rating: *rating,
        comment: Some(format!("comment {n}")),
        tags: vec!["same".into(), format!("tag {}", n % 2)],
    };
    (1..).zip(given).map(rating).collect()
}

#[test]
fn a_summary_tells_no_more_than_one_may_see() {
    let mode = FeedbackMode::Named;
    let standing = Standing { mode, open: true, closes_at: None, is_forgotten: false };
    let see = |ratings: &[Rating], aggregate, each| {
        let insight = Insight { aggregate, each, raters_min: 3 };
        summary(standing, ratings, insight, None)
    };
    for named in [true, false] {
        let two = see(&ratings(named, &[5, 4]), true, false);
        assert_eq!((two.raters, two.mean, two.counts.len(), two.tags.len()), (Some(2), None, 0, 0));
        assert!(two.comments.is_empty());
        let three = see(&ratings(named, &[5, 4, 4]), true, false);
        assert_eq!((three.raters, three.mean), (Some(3), Some(13.0 / 3.0)));
        assert_eq!(three.counts, [0, 0, 0, 2, 1]);
        let tags: Vec<_> = three.tags.iter().map(|it| (&*it.tag, it.count)).collect();
        assert_eq!(tags, [("same", 3), ("tag 1", 2), ("tag 0", 1)]);
        assert!(three.comments.iter().all(|it| it.participant.is_none()));
        assert_eq!(three.comments.len(), 3);
        let nobody = see(&ratings(named, &[5, 4, 4]), false, false);
        assert_eq!((nobody.raters, nobody.mean, nobody.counts.len()), (None, None, 0));
        assert!(nobody.comments.is_empty() && nobody.tags.is_empty() && nobody.open);
    }
    let each = see(&ratings(true, &[5]), true, true);
    assert_eq!(each.comments[0].participant, Some(at(1)));
    assert_eq!((each.raters, each.mean), (Some(1), None));
    assert!(see(&ratings(false, &[5, 1]), true, true).comments.is_empty());
    assert!(see(&ratings(false, &[5, 1, 1]), true, true).comments[0].participant.is_none());
    let none = summary(standing, &[], Insight { aggregate: true, each: true, raters_min: 0 }, None);
    assert_eq!((none.mean, none.counts.len()), (None, 0));
}

#[test]
fn the_order_of_comments_without_names_does_not_tell_who_wrote_them() {
    let standing =
        Standing { mode: FeedbackMode::Named, open: true, closes_at: None, is_forgotten: false };
    let told = |ratings: &[Rating], each| {
        let insight = Insight { aggregate: true, each, raters_min: 3 };
        let comments = summary(standing, ratings, insight, None).comments;
        let told = comments.into_iter().map(|it| (it.participant.map(|it| it.0), it.comment));
        told.collect::<Vec<_>>()
    };
    // As they came; neither words nor marks are in that order.
    let mut ratings = ratings(true, &[3, 5, 4, 2]);
    let words = ["pears", "apples", "quinces", "figs"];
    ratings.iter_mut().zip(words).for_each(|(it, word)| it.comment = Some(word.into()));
    let nameless = |word: &str| (None, word.to_owned());
    assert_eq!(told(&ratings, false), ["apples", "figs", "pears", "quinces"].map(nameless));
    let by = |n, word: &str| (Some(at(n).0), word.to_owned());
    let named = [by(1, "pears"), by(2, "apples"), by(3, "quinces"), by(4, "figs")];
    assert_eq!(told(&ratings, true), named);
    // Nor does its place between the others, of one who is excluded from reports.
    ratings[1].excluded = true;
    ratings[2].excluded = true;
    let rest = [by(1, "pears"), by(4, "figs"), nameless("apples"), nameless("quinces")];
    assert_eq!(told(&ratings, true), rest);
    assert_eq!(told(&ratings[..2], true), [by(1, "pears")], "and too few to be told together");
}

#[test]
fn the_last_summary_counts_and_the_first_says_when() {
    let mut stage = Stage::new(|_| {});
    says(act(&mut stage, actor(OWNER), sum_up("early")), "not started");
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    assert_eq!(stage.ask(2, sum_up("mine")), Err(Refusal::Forbidden(Permission::DecisionRecord)));
    let first = stage.now;
    stage.ask(OWNER, sum_up("one")).unwrap();
    end(&mut stage);
    stage.pass(3600);
    act(&mut stage, actor(OWNER), sum_up("two")).unwrap();
    let summary = stage.meeting.facts.summary.clone().unwrap();
    assert_eq!((&*summary.text, summary.first_at, summary.at), ("two", first, stage.now));
    for _ in 2..RECORDS_MAX {
        act(&mut stage, actor(OWNER), sum_up("again")).unwrap();
    }
    let refused = act(&mut stage, actor(OWNER), sum_up("too often"));
    assert!(matches!(refused, Err(Refusal::TooMany { limit: RECORDS_MAX, .. })), "{refused:?}");
}

fn kept_for(days: u32) -> impl FnOnce(&mut Settings) {
    move |settings| settings.privacy.retention_days = Some(days)
}

/// The range that was redacted last, and how many times that happened.
fn forgotten(stage: &Stage) -> (usize, (u64, u64)) {
    let ranges = stage.journal.iter().filter_map(|event| match &event.fact {
        Fact::Redacted { ranges } => Some(ranges[0]),
        _ => None,
    });
    let last = ranges.clone().next_back().map_or((0, 0), |(first, last)| (first.0, last.0));
    (ranges.count(), last)
}

#[test]
fn what_is_personal_goes_days_after_the_end_and_feedback_closes_before() {
    let mut stage = meeting(kept_for(2));
    stage.ask(2, rate(4)).unwrap();
    end(&mut stage);
    stage.pass(2 * DAY - 1);
    assert_eq!(forgotten(&stage).0, 0);
    let before = stage.meeting.facts.head.0;
    stage.pass(1);
    assert_eq!(stage.last(3), ["feedback.closed", "redacted", "retention.applied"]);
    assert_eq!(forgotten(&stage), (1, (1, before + 1)));
    let last = stage.journal.last().unwrap();
    assert_eq!((&last.audience, last.user), (&Audience::STAFF, UserId(0)));
    assert_eq!(stage.meeting.next_deadline(), None);
    assert_eq!(stage.replayed(), stage.meeting.facts);
    // What comes after goes too, as many days later, and only once.
    stage.pass(DAY);
    act(&mut stage, actor(OWNER), sum_up("late")).unwrap();
    stage.pass(DAY - 1);
    assert_eq!(forgotten(&stage).0, 1);
    stage.pass(1);
    let (times, (first, _)) = forgotten(&stage);
    assert_eq!((times, first), (2, before + 4));
    assert_eq!(stage.meeting.next_deadline(), None);
    stage.pass(100 * DAY);
    assert_eq!(forgotten(&stage).0, 2);
}

#[test]
fn nothing_is_forgotten_of_a_meeting_that_goes_on_and_what_it_keeps_counts_from_its_last_end() {
    let mut stage = meeting(|settings| {
        kept_for(2)(settings);
        settings.reusable = true;
        settings.end_when_empty_minutes = None;
    });
    stage.pass(10 * DAY);
    assert_eq!(forgotten(&stage).0, 0, "it runs");
    stage.enter(OWNER).unwrap();
    end(&mut stage);
    stage.pass(DAY);
    stage.enter(OWNER).unwrap();
    stage.pass(10 * DAY);
    assert_eq!(forgotten(&stage).0, 0, "it runs again");
    stage.enter(OWNER).unwrap();
    end(&mut stage);
    stage.pass(2 * DAY);
    assert_eq!(forgotten(&stage).0, 1);
    stage.enter(OWNER).unwrap();
    end(&mut stage);
    stage.pass(2 * DAY);
    assert_eq!(forgotten(&stage).0, 2);
}

#[test]
fn the_shorter_of_what_server_and_meeting_say_counts_and_it_may_be_said_later() {
    let mut stage = meeting(kept_for(30));
    end(&mut stage);
    stage.pass(20 * DAY);
    assert_eq!(forgotten(&stage).0, 0);
    stage.meeting.terms.privacy.retention_days = Some(5);
    stage.pass(0);
    assert_eq!(forgotten(&stage).0, 1, "what is late is done at once");
    let Fact::RetentionApplied { days } = stage.journal.last().unwrap().fact else { panic!() };
    assert_eq!(days, 5);
    let mut stage = Stage::new(|created| kept_for(3)(&mut created.settings));
    act(&mut stage, actor(OWNER), empty(Command::MeetingCancel)).unwrap();
    stage.pass(3 * DAY);
    assert_eq!(forgotten(&stage).0, 1, "also of one that was called off and never was");
}

#[test]
fn what_was_never_held_is_over_when_it_was_to_end() {
    let ended = |stage: &Stage| stage.meeting.facts.info.ends_at.unwrap();
    let mut stage = Stage::new(|created| {
        kept_for(3)(&mut created.settings);
        created.starts_at = Some(Timestamp(1_700_100_000_000));
        created.ends_at = Some(Timestamp(1_700_103_600_000));
    });
    stage.now = ended(&stage).plus_seconds(3 * DAY - 1);
    stage.settle();
    assert_eq!(forgotten(&stage).0, 0);
    stage.pass(1);
    assert_eq!(forgotten(&stage), (1, (1, 1)));
    assert_eq!(stage.meeting.next_deadline(), None);
    assert_eq!(stage.replayed(), stage.meeting.facts);
    // Held after all, it is a meeting as any other, and counts from its end.
    stage.enter(OWNER).unwrap();
    stage.pass(10 * DAY);
    assert_eq!(forgotten(&stage).0, 1, "it runs");
    stage.enter(OWNER).unwrap();
    end(&mut stage);
    let exclude = ReportExclude { participant: at(OWNER), excluded: true };
    act(&mut stage, actor(OWNER), Command::ReportExclude(exclude)).unwrap();
    let excluded = stage.journal.last().unwrap().clone();
    let anew = stage.meeting.checkpoint_with(stage.now, &[excluded]);
    assert!(anew.is_some(), "its scores were not deleted, and are made anew");
    stage.pass(3 * DAY - 1);
    assert_eq!(forgotten(&stage).0, 1);
    stage.pass(1);
    assert_eq!(forgotten(&stage).0, 2);
}

#[test]
fn whoever_still_prepares_what_was_not_held_loses_nothing_yet() {
    let mut stage = Stage::new(|created| {
        kept_for(3)(&mut created.settings);
        created.starts_at = Some(Timestamp(1_600_000_000_000));
    });
    stage.settle();
    assert_eq!(forgotten(&stage).0, 0, "its start was long ago when it was made");
    stage.pass(2 * DAY);
    let later = Timestamp(1_600_000_001_000);
    let update = MeetingUpdate { starts_at: Some(Some(later)), ..MeetingUpdate::default() };
    act(&mut stage, actor(OWNER), Command::MeetingUpdate(update)).unwrap();
    stage.pass(3 * DAY - 1);
    assert_eq!(forgotten(&stage).0, 0);
    stage.pass(1);
    assert_eq!(forgotten(&stage).0, 1);
    // Of one that has no time nobody knows that it was not held.
    let mut stage = Stage::new(|created| kept_for(3)(&mut created.settings));
    stage.pass(1000 * DAY);
    assert_eq!(forgotten(&stage).0, 0);
}
