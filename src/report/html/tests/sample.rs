//! Reports that are made up: a rich one of as many people as one likes, and one of a meeting without anything.

use quorate_protocol::{
    ActionId, Confidence, DecisionId, Effectiveness, Engagement, EngagementProfile,
    EngagementWeights, FeedbackComment, FeedbackMode, FeedbackSummary, ItemId, MeetingId,
    MeetingStatus, MeetingType, ParticipantId, PollId, Privacy, QualityLevel, QualityMinutes,
    RecordedDecision, Report, ReportAction, ReportItem, ReportMeeting, ReportPerson, ReportPoll,
    ReportRoom, ReportScoring, ReportSlice, ReportSpan, ReportTotals, Role, RoomId, ScoreComponent,
    Seq, TagCount, Timestamp, UserId, UserKind,
};

/// 22 November 2026, 09:00 UTC.
const START: Timestamp = Timestamp(1_795_338_000_000);
/// 1 h 23 min.
const SECONDS: u32 = 4_980;
/// The length of a slice.
const SLICE_SECONDS: u32 = 60;

const NAMES: [&str; 14] = [
    "Ada Lovelace",
    "Grace Hopper",
    "Alan Turing",
    "Katherine Johnson",
    "Edsger Dijkstra",
    "Margaret Hamilton",
    "نادية الخوارزمي",
    "Tim O’Brien-Featherstonehaugh von und zu Lichtenstein",
    "Barbara Liskov",
    "王小云",
    "MOHAMMED AHMED ABDELRAHMAN",
    "Nguyễn Thị Hồng Phượng Thế",
    "ЩЕРБАКОВА ЖАННА МИХАЙЛОВНА",
    "Guest of the finance team",
];

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.0 >> 33) % u64::from(most.max(1))) as u32
    }
}

fn at(seconds: u32) -> Timestamp {
    START.plus_seconds(seconds)
}

/// A report with something of everything.
pub(crate) fn rich(people: usize) -> Report {
    let mut chance = Chance(7);
    let mut participants: Vec<_> = (0..people).map(|n| person(n, &mut chance)).collect();
    participants.sort_by_key(|person| person.present[0].from);
    let course: Vec<_> = (1..SECONDS / SLICE_SECONDS)
        .map(|n| slice(n * SLICE_SECONDS, &participants, &mut chance))
        .collect();
    let totals = totals(&participants, &course);
    Report {
        effectiveness: effectiveness(totals.quality_minutes),
        totals,
        participants,
        excluded: 1,
        course,
        slice_seconds: SLICE_SECONDS,
        polls: polls(people as u32),
        decisions: [
            "The launch moves to 14 December, so that the payment provider’s review is done by then.",
            "Support starts with email only; chat follows when two more people are hired.",
        ]
        .into_iter()
        .zip(1..)
        .map(|(text, id)| RecordedDecision { decision: DecisionId(id), text: text.into() })
        .collect(),
        actions: actions(),
        agenda: agenda(),
        rooms: [("Pricing", 1), ("Onboarding", 2)]
            .map(|(name, id)| ReportRoom {
                room: RoomId(id),
                name: name.into(),
                participants: people as u32 / 2,
                present_seconds: u64::from(people as u32 / 2) * 890,
            })
            .into(),
        scoring: ReportScoring {
            engagement_version: 1,
            quality_version: 1,
            profile: EngagementProfile::Discussion,
            weights: EngagementWeights { presence: 35, voice: 25, chat: 15, response: 15, signal: 10 },
        },
        feedback: feedback(),
        summary: Some(
            "We agreed on the launch date and on what support can promise.\nPricing stays open until the \
             figures of November are in."
                .into(),
        ),
        ..empty()
    }
}

/// A report of a meeting that nobody came to.
pub(crate) fn empty() -> Report {
    Report {
        version: 1,
        meeting: ReportMeeting {
            id: MeetingId(7),
            title: "Launch planning: what is left, and who does it".into(),
            r#type: MeetingType::Regular,
            status: MeetingStatus::Completed,
            starts_at: Some(START),
            ends_at: Some(at(4_500)),
            started_at: Some(at(60)),
            ended_at: Some(at(SECONDS)),
            time_zone: Some("Europe/Berlin".into()),
            host: Some("Ada Lovelace".into()),
            parent_meeting_id: None,
        },
        seq: Seq(1_482),
        as_of: at(SECONDS),
        r#final: true,
        privacy: Privacy::default(),
        totals: totals(&[], &[]),
        participants: Vec::new(),
        excluded: 0,
        course: Vec::new(),
        slice_seconds: SLICE_SECONDS,
        polls: Vec::new(),
        decisions: Vec::new(),
        actions: Vec::new(),
        agenda: Vec::new(),
        rooms: Vec::new(),
        scoring: ReportScoring {
            engagement_version: 1,
            quality_version: 1,
            profile: EngagementProfile::Lecture,
            weights: EngagementWeights {
                presence: 50,
                voice: 0,
                chat: 15,
                response: 25,
                signal: 10,
            },
        },
        effectiveness: Effectiveness {
            version: 1,
            score: None,
            components: Vec::new(),
            losses: Vec::new(),
        },
        feedback: FeedbackSummary {
            mode: FeedbackMode::Named,
            open: false,
            closes_at: None,
            raters: Some(0),
            mean: None,
            counts: Vec::new(),
            tags: Vec::new(),
            yours: None,
            comments: Vec::new(),
        },
        summary: None,
    }
}

fn person(n: usize, chance: &mut Chance) -> ReportPerson {
    let first = NAMES[n % NAMES.len()];
    let name =
        if n < NAMES.len() { first.into() } else { format!("{first} {}", n / NAMES.len() + 1) };
    let present = spans(n as u32, chance);
    let seconds = present.iter().map(|span| span.to.ms_since(span.from) / 1000).sum::<u64>();
    // A few have most of the talk.
    let talk = u64::from([1_320, 760, 410, 300, 220, 95, 60, 8][n.min(7)] * u32::from(n % 5 != 4));
    let (messages, hands, reactions) = (chance.below(9), chance.below(4), chance.below(6));
    let quality = 95.0 - f64::from(chance.below(50));
    let mut minutes = QualityMinutes::default();
    for _ in 0..seconds / 60 {
        let r = quality + f64::from(chance.below(30)) - 15.0;
        let below = [80.0, 65.0, 40.0].iter().filter(|least| r < **least).count();
        minutes.count(QualityMinutes::LEVELS[below]);
    }
    ReportPerson {
        participant: Some(ParticipantId(n as i64 + 1)),
        user: Some(UserId(n as i64 + 101)),
        name,
        kind: if n % 14 == 13 { UserKind::Guest } else { UserKind::Member },
        role: Some(
            [Role::Host, Role::CoHost, Role::Presenter].get(n).cloned().unwrap_or(Role::Attendee),
        ),
        engagement: engagement(seconds, talk, messages, hands + reactions),
        present,
        present_seconds: seconds,
        talk_seconds: Some(talk),
        messages,
        hands,
        reactions,
        polls_seen: 2,
        polls_answered: chance.below(3),
        quality_r: Some(quality),
        quality_minutes: minutes,
    }
}

/// Someone comes, goes to a room for a quarter of an hour, some drop out for a while, and leaves.
fn spans(n: u32, chance: &mut Chance) -> Vec<ReportSpan> {
    let come = 60 + chance.below(if n % 4 == 3 { 900 } else { 90 });
    let leave = if n % 13 == 12 { come + 240 } else { SECONDS - chance.below(300) * (n % 3) };
    let room = Some(RoomId(n % 2 + 1));
    let mut spans = vec![(come, 2_400.min(leave), None)];
    if leave > 3_300 {
        spans.extend([(2_400, 3_290, room), (3_290, leave, None)]);
    }
    if n % 5 == 2 && leave > 4_000 {
        spans.pop();
        spans.extend([(3_290, 3_700, None), (3_880, leave, None)]);
    }
    let span = |(from, to, room)| ReportSpan { from: at(from), to: at(to), room };
    spans.into_iter().map(span).collect()
}

fn component(key: &str, weight: f64, x: Result<f64, &str>) -> ScoreComponent {
    ScoreComponent {
        key: key.into(),
        raw: None,
        of: None,
        x: x.ok(),
        weight,
        points: 0.0,
        available: x.is_ok(),
        why: x.err().map(Into::into),
    }
}

fn scored(mut components: Vec<ScoreComponent>) -> (f64, Vec<ScoreComponent>) {
    let weights: f64 = components.iter().filter(|it| it.available).map(|it| it.weight).sum();
    for it in &mut components {
        it.points = 100.0 * it.weight * it.x.unwrap_or(0.0) / weights;
    }
    (components.iter().map(|it| it.points).sum(), components)
}

fn engagement(seconds: u64, talk: u64, messages: u32, signals: u32) -> Engagement {
    let (score, components) = scored(vec![
        component("presence", 35.0, Ok((seconds as f64 / 4_920.0).min(1.0))),
        component("voice", 25.0, Ok((talk as f64 / 120.0).min(1.0))),
        component("chat", 15.0, Ok(1.0 - (-f64::from(messages) / 3.0).exp2())),
        component("response", 15.0, Ok(f64::from(messages.min(2)) / 2.0)),
        component("signal", 10.0, Ok(1.0 - (-f64::from(signals) / 2.0).exp2())),
    ]);
    let confidence = if seconds < 300 { Confidence::Low } else { Confidence::Normal };
    Engagement { version: 1, score, confidence, components }
}

fn slice(from: u32, people: &[ReportPerson], chance: &mut Chance) -> ReportSlice {
    let middle = at(from + SLICE_SECONDS / 2);
    let is_there =
        |it: &&ReportPerson| it.present.iter().any(|span| span.from <= middle && middle < span.to);
    let present = people.iter().filter(is_there).count() as u32;
    let in_rooms = (2_400..3_290).contains(&from);
    let mut quality_minutes = QualityMinutes::default();
    for _ in 0..present {
        let r = chance.below(100) + if (1_200..1_800).contains(&from) { 0 } else { 25 };
        let below = [80, 50, 30].iter().filter(|least| r < **least).count();
        quality_minutes.count(QualityMinutes::LEVELS[below]);
    }
    ReportSlice {
        at: at(from),
        present: f64::from(present),
        talk_seconds: Some(u64::from(20 + chance.below(if in_rooms { 90 } else { 36 }))),
        messages: chance.below(if in_rooms { 2 } else { 5 }),
        hands: chance.below(8) / 6,
        quality_minutes,
    }
}

fn totals(people: &[ReportPerson], course: &[ReportSlice]) -> ReportTotals {
    let sum = |of: fn(&ReportPerson) -> u32| people.iter().map(of).sum();
    let minutes = |level| course.iter().map(|slice| slice.quality_minutes.of(level)).sum();
    let [excellent, good, fair, poor] = QualityMinutes::LEVELS.map(minutes);
    let scores: f64 = people.iter().map(|person| person.engagement.score).sum();
    ReportTotals {
        participants: people.len() as u32,
        peak: course.iter().map(|slice| slice.present as u32).max().unwrap_or(0),
        live_seconds: if people.is_empty() { 0 } else { u64::from(SECONDS) - 60 },
        present_seconds: people.iter().map(|person| person.present_seconds).sum(),
        talk_seconds: Some(people.iter().filter_map(|person| person.talk_seconds).sum()),
        messages: sum(|person| person.messages),
        hands: sum(|person| person.hands),
        reactions: sum(|person| person.reactions),
        required: people.len() as u32 / 2,
        punctual: (people.len() as u32).saturating_sub(2),
        required_present: (people.len() as u32 / 2).saturating_sub(1),
        engagement: (!people.is_empty()).then(|| scores / people.len() as f64),
        quality_minutes: QualityMinutes { excellent, good, fair, poor },
    }
}

fn polls(people: u32) -> Vec<ReportPoll> {
    let poll = |id: u32, question: &str, choices: &[&str], parts: &[u32], from: u32| {
        let counts: Vec<_> = parts.iter().map(|part| people * part / 20).collect();
        ReportPoll {
            poll: PollId(id),
            question: question.into(),
            choices: choices.iter().map(|choice| (*choice).into()).collect(),
            voters: counts.iter().sum(),
            counts,
            opened_at: at(from),
            closed_at: Some(at(from + 120)),
        }
    };
    vec![
        poll(
            1,
            "When do we launch?",
            &["7 December", "14 December", "In January"],
            &[3, 11, 2],
            1_500,
        ),
        poll(
            2,
            "What should support start with?",
            &["Email only, answered within one working day", "Email and chat", "A public forum"],
            &[10, 5, 3],
            4_100,
        ),
    ]
}

fn actions() -> Vec<ReportAction> {
    let action = |id: u32, text: &str, owner: Option<usize>, due: Option<&str>| ReportAction {
        action: ActionId(id),
        text: text.into(),
        owner: owner.map(|owner| ParticipantId(owner as i64)),
        owner_name: owner.map(|owner| NAMES[owner - 1].into()),
        due: due.and_then(|due| due.parse().ok()),
    };
    vec![
        action(1, "Ask the payment provider for a date in writing", Some(2), Some("2026-11-25")),
        action(2, "Write the texts of the onboarding mails", Some(9), Some("2026-12-01")),
        action(3, "Find out what two more people in support would cost", None, None),
    ]
}

fn agenda() -> Vec<ReportItem> {
    [
        ("Where we are", 15, 780, Some(60)),
        ("Launch date", 20, 1_710, Some(840)),
        ("Pricing and onboarding, in rooms", 15, 890, Some(2_400)),
        ("Support", 15, 1_080, Some(3_290)),
        ("Any other business", 10, 0, None),
    ]
    .into_iter()
    .zip(1..)
    .map(|((title, planned_minutes, spent_seconds, from), id)| ReportItem {
        item: ItemId(id),
        title: title.into(),
        planned_minutes,
        spent_seconds,
        started_at: from.map(at),
    })
    .collect()
}

fn effectiveness(minutes: QualityMinutes) -> Effectiveness {
    let quality = minutes.at_least(QualityLevel::Fair) as f64 / minutes.all() as f64;
    let (score, components) = scored(vec![
        component("structure", 15.0, Ok(0.92)),
        component("timeliness", 15.0, Ok(0.86)),
        component("attendance", 10.0, Ok(0.86)),
        component("participation", 20.0, Ok(0.58)),
        component("outcomes", 15.0, Ok(0.9)),
        component("quality", 10.0, Ok(quality)),
        component("feedback", 30.0, Ok(0.7)),
    ]);
    let losses = vec!["feedback".into(), "participation".into()];
    Effectiveness { version: 1, score: Some(score), components, losses }
}

fn feedback() -> FeedbackSummary {
    FeedbackSummary {
        mode: FeedbackMode::Named,
        open: true,
        closes_at: Some(at(90_000)),
        raters: Some(9),
        mean: Some(3.9),
        counts: vec![0, 1, 2, 3, 3],
        tags: [("clear goal", 5), ("too long", 3), ("good pace", 2)]
            .map(|(tag, count)| TagCount { tag: tag.into(), count })
            .into(),
        yours: None,
        comments: vec![
            FeedbackComment {
                participant: Some(ParticipantId(4)),
                comment: "The rooms were worth it. Let us begin with them next time.".into(),
            },
            FeedbackComment { participant: None, comment: "Too long for a Sunday.".into() },
        ],
    }
}
