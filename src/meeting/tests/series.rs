//! Series: what becomes a meeting and when, what an occurrence takes from its series, and splitting.

use quorate_protocol::*;

use super::stage::*;
use crate::meeting::event::{Event, Fact, SYSTEM};
use crate::meeting::office::{Act, Actor};
use crate::meeting::series::{Fresh, News, Offspring, SeriesBan, Split};
use crate::meeting::{Decision, Input, Meeting, Refusal, Terms};

/// Monday, 2023-11-20, 09:00 in Berlin.
const FIRST: Timestamp = Timestamp(1_700_467_200_000);
const WEEK_MS: i64 = 7 * 24 * 3_600_000;
const HOUR_MS: i64 = 3_600_000;

fn week(number: i64) -> Timestamp {
    FIRST.plus_ms(number * WEEK_MS)
}

/// A series that meets for an hour every week, and what of it became a meeting.
struct Series {
    stage: Stage,
    made: Vec<(MeetingId, Stage)>,
    next: i64,
}

impl Series {
    fn weekly(change: impl FnOnce(&mut MeetingCreatedFact)) -> Series {
        let stage = Stage::new(|created| {
            created.kind = MeetingType::Recurring;
            created.starts_at = Some(FIRST);
            created.ends_at = Some(FIRST.plus_ms(HOUR_MS));
            created.time_zone = Some("Europe/Berlin".into());
            created.recurrence = Some(Recurrence::every(RecurrencePattern::Weekly));
            change(created);
        });
        Series { stage, made: Vec::new(), next: 100 }
    }

    fn fresh(&mut self) -> Fresh {
        self.next += 1;
        Fresh { meeting: MeetingId(self.next), code: format!("code-{}", self.next) }
    }

    /// Makes what is due, as the actor does.
    fn make_due(&mut self) {
        while let Some((at, original_start)) = self.stage.meeting.facts.occurrence_due()
            && at <= self.stage.now
        {
            let fresh = self.fresh();
            self.take(&Input::Occurrence { original_start, fresh }).unwrap();
        }
    }

    fn take(&mut self, input: &Input) -> Result<Decision, Refusal> {
        let decision = self.stage.take(input)?;
        for Offspring { meeting, events, .. } in &decision.offspring {
            self.made.push((*meeting, born(self.stage.now, events.clone())));
        }
        Ok(decision)
    }

    fn act(&mut self, command: Command) -> Result<Decision, Refusal> {
        self.act_of(None, command)
    }

    fn act_of(&mut self, of: Option<Timestamp>, command: Command) -> Result<Decision, Refusal> {
        self.take(&Input::Act(Box::new(act(of, command))))
    }

    /// Tells every occurrence what it is to take.
    fn tell(&mut self) {
        let places = self.stage.meeting.facts.occurrences_made().clone();
        for (meeting, occurrence) in &mut self.made {
            let place = places.iter().find(|(_, made)| *made == meeting);
            let Some((original_start, _)) = place else { continue };
            let news = self.stage.meeting.facts.news_for(*original_start);
            occurrence.take(&Input::Follow(Box::new(news))).unwrap();
        }
    }

    fn starts(&self) -> Vec<i64> {
        let weeks =
            |stage: &Stage| (stage.meeting.facts.info.starts_at.unwrap().0 - FIRST.0) / WEEK_MS;
        self.made.iter().map(|(_, stage)| weeks(stage)).collect()
    }

    fn occurrence(&mut self, index: usize) -> &mut Stage {
        &mut self.made[index].1
    }
}

type MeetingCreatedFact = crate::meeting::event::MeetingCreated;

fn born(now: Timestamp, events: Vec<crate::meeting::Draft>) -> Stage {
    let (mut stage, _) = Stage::before(|_| {});
    stage.now = now;
    stage.meeting = Meeting::new(Terms::default());
    for (seq, draft) in (1..).zip(events) {
        let event = draft.at(Seq(seq), now);
        stage.meeting.apply(&event);
        stage.journal.push(event);
    }
    stage.meeting.facts.assert_sound();
    stage
}

fn act(of: Option<Timestamp>, command: Command) -> Act {
    let actor = Actor {
        user: UserId(OWNER),
        kind: UserKind::Member,
        name: "User 1".into(),
        email: None,
        bot: None,
        scopes: None,
        admin: false,
    };
    let participant = ParticipantId(OWNER + 1000);
    Act {
        actor,
        participant,
        revisions: None,
        named: Some(UserKind::Member),
        address: None,
        role_exists: None,
        of,
        commands: vec![command],
    }
}

fn retitle(title: &str) -> Command {
    Command::MeetingUpdate(MeetingUpdate { title: Some(title.into()), ..MeetingUpdate::default() })
}

fn at_time(starts_at: Timestamp) -> Command {
    let ends_at = Some(Some(starts_at.plus_ms(HOUR_MS)));
    let starts_at = Some(Some(starts_at));
    Command::MeetingUpdate(MeetingUpdate { starts_at, ends_at, ..MeetingUpdate::default() })
}

fn policy(change: impl FnOnce(&mut Policy)) -> Command {
    let mut policy = Policy::default();
    change(&mut policy);
    Command::MeetingPolicy(Box::new(policy))
}

fn title(stage: &Stage) -> &str {
    &stage.meeting.facts.info.title
}

#[test]
fn an_occurrence_becomes_a_meeting_two_weeks_before_it() {
    let mut series = Series::weekly(|_| {});
    series.make_due();
    // It is the 14th: the 20th and the 27th are closer than two weeks.
    assert_eq!(series.starts(), [0, 1]);
    series.stage.now = week(0);
    series.make_due();
    assert_eq!(series.starts(), [0, 1, 2]);
    let info = &series.made[2].1.meeting.facts.info;
    assert_eq!((info.parent, info.original_start), (Some(MeetingId(1)), Some(week(2))));
    assert_eq!((info.kind, info.ends_at), (MeetingType::Regular, Some(week(2).plus_ms(HOUR_MS))));
    assert_eq!(series.stage.replayed(), series.stage.meeting.facts);
    assert_eq!(series.occurrence(2).replayed(), series.occurrence(2).meeting.facts);
}

#[test]
fn an_occurrence_is_made_once_and_only_where_the_rule_has_one() {
    let mut series = Series::weekly(|_| {});
    let far = week(104);
    let fresh = series.fresh();
    series.take(&Input::Occurrence { original_start: far, fresh }).unwrap();
    let fresh = series.fresh();
    let again = series.take(&Input::Occurrence { original_start: far, fresh }).unwrap();
    assert!(again.events.is_empty() && series.made.len() == 1);
    let fresh = series.fresh();
    let off = series.take(&Input::Occurrence { original_start: far.plus_ms(1000), fresh });
    assert!(matches!(off, Err(Refusal::NotFound { .. })));
    series.make_due();
    assert_eq!(series.starts(), [104, 0, 1], "what is due does not wait for it");
}

#[test]
fn nobody_is_in_a_series() {
    let mut series = Series::weekly(|_| {});
    assert!(matches!(series.stage.enter(OWNER), Err(Refusal::Conflict(_))));
}

#[test]
fn occurrences_take_what_changes_and_keep_what_was_changed_in_them() {
    let mut series = Series::weekly(|created| created.co_hosts = vec![UserId(2)]);
    series.make_due();
    series.occurrence(1).take(&Input::Act(Box::new(act(None, retitle("Own"))))).unwrap();
    let slow = |seconds| policy(|policy| policy.slow_mode_seconds = Some(seconds));
    series.occurrence(0).take(&Input::Act(Box::new(act(None, slow(5))))).unwrap();
    series.act(retitle("New")).unwrap();
    let change = |policy: &mut Policy| {
        policy.slow_mode_seconds = Some(9);
        policy.chat = Some(ChatPolicy::Staff);
        policy.requires_approval = Some(true);
    };
    series.act(policy(change)).unwrap();
    series.act(cohost(3)).unwrap();
    series.act(Command::CohostRemove(UserOnly { user: UserId(2) })).unwrap();
    let invite = InviteeAdd { user: Some(UserId(9)), email: None, required: true };
    series.act(Command::InviteeAdd(invite)).unwrap();
    series.act(ban(7, None)).unwrap();
    series.tell();
    for (index, title, slow_mode) in [(0, "New", 5), (1, "Own", 9)] {
        let facts = &series.made[index].1.meeting.facts;
        assert_eq!((&*facts.info.title, facts.info.settings.slow_mode_seconds), (title, slow_mode));
        assert_eq!(facts.info.settings.chat, ChatPolicy::Staff);
        assert!(facts.info.requires_approval);
        assert_eq!(facts.co_hosts, [UserId(3)]);
        assert!(facts.invitees.has(UserId(9), None));
        let banned = series.made[index].1.enter(7);
        assert!(matches!(banned, Err(Refusal::Banned { .. })));
    }
    let journal = series.made[0].1.journal.len();
    series.tell();
    assert_eq!(series.made[0].1.journal.len(), journal, "what was told is not told again");
    series.act(Command::ParticipantUnban(UserOnly { user: UserId(7) })).unwrap();
    series.act(Command::InviteeRemove(InviteeOnly { invitee: InviteeId(1) })).unwrap();
    series.tell();
    assert!(!series.made[0].1.meeting.facts.invitees.has(UserId(9), None));
    assert!(series.made[0].1.enter(7).is_ok());
    assert_eq!(series.made[0].1.replayed(), series.made[0].1.meeting.facts);
}

#[test]
fn a_live_occurrence_is_not_touched() {
    let mut series = Series::weekly(|_| {});
    series.make_due();
    let live = series.occurrence(0);
    live.now = week(0);
    live.enter(OWNER).unwrap();
    series.act(retitle("New")).unwrap();
    series.act(at_time(FIRST.plus_ms(HOUR_MS))).unwrap();
    series.tell();
    assert_eq!((title(&series.made[0].1), title(&series.made[1].1)), ("Weekly", "New"));
    assert_eq!(series.made[0].1.meeting.facts.info.starts_at, Some(FIRST));
    series.act(empty(Command::MeetingCancel)).unwrap();
    series.tell();
    let status = |index: usize| series.made[index].1.meeting.facts.info.status;
    assert_eq!((status(0), status(1)), (MeetingStatus::InProgress, MeetingStatus::Cancelled));
}

#[test]
fn all_move_by_the_difference_and_exceptions_keep_their_time() {
    let mut series = Series::weekly(|_| {});
    series.make_due();
    let own = week(1).plus_ms(5 * HOUR_MS);
    series.occurrence(1).take(&Input::Act(Box::new(act(None, at_time(own))))).unwrap();
    // As one moves the second to Tuesday, an hour later.
    let shift = 25 * HOUR_MS;
    series.act_of(Some(week(1)), at_time(week(1).plus_ms(shift))).unwrap();
    series.tell();
    let times = |index: usize| {
        let info = &series.made[index].1.meeting.facts.info;
        (info.original_start.unwrap(), info.starts_at.unwrap())
    };
    assert_eq!(times(0), (week(0).plus_ms(shift), week(0).plus_ms(shift)));
    assert_eq!(times(1), (week(1).plus_ms(shift), own));
    let facts = &series.stage.meeting.facts;
    assert_eq!(facts.info.starts_at, Some(FIRST.plus_ms(shift)));
    assert!(facts.series().unwrap().is_occurrence(week(52).plus_ms(shift)));
    assert_eq!(series.stage.replayed(), *facts);
}

#[test]
fn what_the_rule_has_no_more_is_called_off() {
    let mut series = Series::weekly(|_| {});
    series.make_due();
    let recurrence = Recurrence { interval: 2, ..Recurrence::every(RecurrencePattern::Weekly) };
    let update = MeetingUpdate { recurrence: Some(recurrence), ..MeetingUpdate::default() };
    series.act(Command::MeetingUpdate(update)).unwrap();
    series.tell();
    let status = |index: usize| series.made[index].1.meeting.facts.info.status;
    assert_eq!((status(0), status(1)), (MeetingStatus::Scheduled, MeetingStatus::Cancelled));
}

fn split(series: &mut Series, at: Timestamp, command: Command) -> Result<Decision, Refusal> {
    let participant = ParticipantId(OWNER + 2000);
    let split = Split { act: act(None, command), at, fresh: series.fresh(), participant };
    series.take(&Input::Split(Box::new(split)))
}

#[test]
fn what_follows_goes_on_as_a_new_series_and_takes_later_occurrences_along() {
    let mut series = Series::weekly(|created| {
        created.recurrence.as_mut().unwrap().count = Some(10);
        created.settings.chat = ChatPolicy::Staff;
    });
    series.make_due();
    let fresh = series.fresh();
    series.take(&Input::Occurrence { original_start: week(5), fresh }).unwrap();
    let moved = retitle("Later");
    split(&mut series, week(1), moved).unwrap();
    let facts = &series.stage.meeting.facts;
    assert_eq!(facts.series().unwrap().last().unwrap().starts_at, week(0));
    assert_eq!(facts.occurrences_made().keys().collect::<Vec<_>>(), [&week(0)]);
    let (_, rest) = series.made.last().unwrap();
    let rest = &rest.meeting.facts;
    assert_eq!((&*rest.info.title, rest.info.kind), ("Later", MeetingType::Recurring));
    assert_eq!(rest.series().unwrap().last().unwrap().starts_at, week(9));
    assert_eq!(rest.occurrences_made().keys().collect::<Vec<_>>(), [&week(1), &week(5)]);
    assert_eq!(rest.info.settings.chat, ChatPolicy::Staff);
    // They follow it from now on, though its journal is shorter.
    let news: News = rest.news_for(week(1));
    let (id, follower) = &mut series.made[1];
    assert_eq!((*id, rest_of(&series.stage.journal)), (MeetingId(102), Some(MeetingId(104))));
    follower.take(&Input::Follow(Box::new(news))).unwrap();
    assert_eq!(title(follower), "Later");
    assert_eq!(follower.meeting.facts.info.parent, Some(MeetingId(104)));
    // What the old one said before comes too late, and it says no more to them.
    let mut late = series.stage.meeting.facts.news_for(week(1));
    late.template.version = Seq(1000);
    let (id, follower) = &mut series.made[1];
    assert!(follower.take(&Input::Follow(Box::new(late))).unwrap().events.is_empty());
    assert_eq!(series.stage.meeting.facts.news_to(*id), None);
}

#[test]
fn the_passcode_of_the_series_that_goes_on_is_another_though_it_was_set_by_an_event_of_the_same_number()
 {
    let mut series = Series::weekly(|created| created.has_passcode = true);
    series.make_due();
    let mut news = series.stage.meeting.facts.news_for(week(0));
    news.template.series = MeetingId(104);
    let first = series.occurrence(0);
    let decision = first.take(&Input::Follow(Box::new(news.clone()))).unwrap();
    let took = decision.events.iter().any(|draft| match &draft.fact {
        Fact::SeriesFollowed(followed) => followed.took_passcode,
        _ => false,
    });
    assert!(took, "{decision:?}");
    news.template.version = Seq(1000);
    let decision = first.take(&Input::Follow(Box::new(news))).unwrap();
    assert_eq!(decision.events.len(), 1, "once: {decision:?}");
}

#[test]
fn what_was_over_before_the_server_came_back_is_made_no_more() {
    let mut series = Series::weekly(|_| {});
    series.make_due();
    series.stage.now = week(60);
    series.make_due();
    assert_eq!(series.starts(), [0, 1, 2, 60, 61, 62]);
    assert_eq!(series.stage.replayed(), series.stage.meeting.facts);
}

fn rest_of(journal: &[Event]) -> Option<MeetingId> {
    journal.iter().find_map(|event| match event.fact {
        Fact::SeriesSplit { into, .. } => into,
        _ => None,
    })
}

#[test]
fn what_else_is_asked_of_the_rest_is_decided_with_the_split_or_nothing_is() {
    let mut series = Series::weekly(|_| {});
    series.make_due();
    let split = |policy: Command, fresh: Fresh| {
        let mut act = act(None, retitle("Later"));
        act.commands.push(policy);
        let participant = ParticipantId(OWNER + 2000);
        Input::Split(Box::new(Split { act, at: week(1), fresh, participant }))
    };
    let before = series.stage.meeting.facts.clone();
    let fresh = series.fresh();
    let wrong = series.take(&split(policy(|it| it.max_bots = Some(51)), fresh));
    assert!(matches!(wrong, Err(Refusal::Invalid { field: "max_bots", .. })), "{wrong:?}");
    assert_eq!(series.stage.meeting.facts, before, "and the series is whole");
    let right = policy(|policy| {
        policy.chat = Some(ChatPolicy::Staff);
        policy.passcode = Some(Some("a hash".into()));
    });
    let fresh = series.fresh();
    let decision = series.take(&split(right.clone(), fresh)).unwrap();
    assert_eq!(decision.offspring[0].passcode, Some(Some("a hash".into())));
    let (_, rest) = series.made.last().unwrap();
    let info = &rest.meeting.facts.info;
    assert_eq!(
        (&*info.title, info.settings.chat, info.has_passcode),
        ("Later", ChatPolicy::Staff, true)
    );
    assert_eq!(rest.person(OWNER).id, ParticipantId(OWNER + 2000), "a place of their own there");
    let mut series = Series::weekly(|_| {});
    let fresh = series.fresh();
    let mut late = split(right, fresh);
    if let Input::Split(split) = &mut late {
        split.act.revisions = Some(vec![Seq(9)]);
    }
    assert_eq!(series.take(&late), Err(Refusal::Outdated));
}

#[test]
fn what_follows_is_called_off() {
    let mut series = Series::weekly(|_| {});
    series.make_due();
    split(&mut series, week(1), empty(Command::MeetingCancel)).unwrap();
    series.tell();
    let status = |index: usize| series.made[index].1.meeting.facts.info.status;
    assert_eq!((status(0), status(1)), (MeetingStatus::Scheduled, MeetingStatus::Cancelled));
    assert!(matches!(
        split(&mut series, week(0), empty(Command::MeetingCancel)),
        Err(Refusal::Conflict(_))
    ));
    assert!(matches!(split(&mut series, week(1), retitle("None")), Err(Refusal::NotFound { .. })));
}

#[test]
fn a_ban_for_the_series_reaches_it_and_its_other_occurrences() {
    let mut series = Series::weekly(|_| {});
    series.make_due();
    let first = series.occurrence(0);
    first.now = week(0);
    first.enter(OWNER).unwrap();
    let ban = Ban {
        participant: None,
        user: Some(UserId(7)),
        reason: None,
        until: None,
        scope: BanScope::Series,
    };
    first.ask(OWNER, Command::ParticipantBan(ban)).unwrap();
    let event = first.journal.iter().rfind(|event| is_fact(event, "participant.banned")).unwrap();
    let ban = first.meeting.facts.ban_for_series(event).unwrap();
    let input = Input::SeriesBan(Box::new(SeriesBan { ..ban }));
    assert!(!series.take(&input).unwrap().events.is_empty());
    assert!(series.take(&input).unwrap().events.is_empty(), "once");
    // After a restart it is told again: as it was given, and not once it was lifted in the series.
    let again = |series: &Series| series.made[0].1.meeting.facts.bans_for_series(series.stage.now);
    let told = again(&series);
    assert_eq!(told.iter().map(|ban| ban.user).collect::<Vec<_>>(), [UserId(7)]);
    series.tell();
    assert!(matches!(series.made[1].1.enter(7), Err(Refusal::Banned { .. })));
    let told = series.made[1].1.journal.iter().rfind(|event| is_fact(event, "participant.banned"));
    assert_eq!(told.map(|event| event.user), Some(SYSTEM));
    assert_eq!(series.made[1].1.meeting.facts.ban_for_series(told.unwrap()), None, "and not back");
    series.stage.now = week(0).plus_ms(HOUR_MS);
    series.act(Command::ParticipantUnban(UserOnly { user: UserId(7) })).unwrap();
    let told = Input::SeriesBan(Box::new(again(&series).remove(0)));
    assert!(series.take(&told).unwrap().events.is_empty(), "it was lifted since");
    assert_eq!(series.stage.replayed(), series.stage.meeting.facts);
}

#[test]
fn a_series_is_made_only_of_what_can_repeat() {
    for (change, field) in [
        (
            Box::new(|it: &mut MeetingCreatedFact| it.recurrence = None) as Box<dyn Fn(&mut _)>,
            "recurrence",
        ),
        (Box::new(|it: &mut MeetingCreatedFact| it.starts_at = None), "starts_at"),
        (Box::new(|it: &mut MeetingCreatedFact| it.time_zone = None), "time_zone"),
        (Box::new(|it: &mut MeetingCreatedFact| it.time_zone = Some("Mars".into())), "time_zone"),
        (Box::new(|it: &mut MeetingCreatedFact| it.kind = MeetingType::Regular), "recurrence"),
    ] {
        let (stage, mut created) = Stage::before(|created| {
            created.kind = MeetingType::Recurring;
            created.starts_at = Some(FIRST);
            created.time_zone = Some("Europe/Berlin".into());
            created.recurrence = Some(Recurrence::every(RecurrencePattern::Daily));
        });
        change(&mut created);
        let created = Box::new(created);
        let input = Input::Create { created, owner_name: "Ada".into(), invitees: Vec::new() };
        let refusal = stage.meeting.decide(stage.now, &input).unwrap_err();
        assert_eq!(ErrorBody::from(&refusal).field.as_deref(), Some(field));
    }
}

/// How many times what was personal in it went.
fn forgotten(stage: &Stage) -> usize {
    let went = |event: &&Event| matches!(event.fact, Fact::RetentionApplied { .. });
    stage.journal.iter().filter(went).count()
}

#[test]
fn a_series_is_over_with_its_last_occurrence() {
    let mut series = Series::weekly(|created| {
        created.recurrence.as_mut().unwrap().count = Some(2);
        created.settings.privacy.retention_days = Some(3);
    });
    let over = week(1).plus_ms(HOUR_MS).plus_seconds(3 * 86_400);
    for (at, times) in [(week(1), 0), (over.plus_ms(-1), 0), (over, 1)] {
        series.stage.now = at;
        series.make_due();
        series.stage.settle();
        assert_eq!(forgotten(&series.stage), times, "{at}");
    }
    assert_eq!(series.stage.meeting.next_deadline(), None);
    assert_eq!(series.stage.replayed(), series.stage.meeting.facts);
    // It goes on after all; then that is over as much later.
    let count = Some(9);
    let recurrence = Recurrence { count, ..Recurrence::every(RecurrencePattern::Weekly) };
    let update = MeetingUpdate { recurrence: Some(recurrence), ..MeetingUpdate::default() };
    series.act(Command::MeetingUpdate(update)).unwrap();
    let over = week(8).plus_ms(HOUR_MS).plus_seconds(3 * 86_400);
    for (at, times) in [(week(8), 1), (over.plus_ms(-1), 1), (over, 2)] {
        series.stage.now = at;
        series.make_due();
        series.stage.settle();
        assert_eq!(forgotten(&series.stage), times, "{at}");
    }
    let mut endless = Series::weekly(|created| created.settings.privacy.retention_days = Some(3));
    endless.stage.now = week(100);
    endless.make_due();
    endless.stage.settle();
    assert_eq!(forgotten(&endless.stage), 0);
}

#[test]
fn an_occurrence_takes_no_looser_privacy_once_someone_was_in() {
    let mut series = Series::weekly(|created| {
        created.co_hosts = vec![UserId(5)];
        created.settings.privacy.names_in_reports = false;
    });
    series.make_due();
    series.occurrence(0).enter(5).expect("before its start");
    let privacy = Privacy { retention_days: Some(3), ..Privacy::default() };
    let looser = Policy { privacy: Some(privacy), ..Policy::default() };
    series.act(Command::MeetingPolicy(Box::new(looser))).unwrap();
    series.tell();
    let taken = series.made.iter().map(|(_, stage)| stage.meeting.facts.info.settings.privacy);
    let stricter = Privacy { names_in_reports: false, ..privacy };
    assert_eq!(taken.collect::<Vec<_>>()[..2], [stricter, privacy]);
}
