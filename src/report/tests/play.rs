//! Meetings played by the rules, with a journal in a real store: a report from there is that of the live meeting.

use std::collections::BTreeMap;

use quorate_protocol::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::meeting::event::{Event, MeetingCreated};
use crate::meeting::measures::Checkpoint;
use crate::meeting::office::{Act, Actor};
use crate::meeting::{Bot, Enter, Input, Meeting, Passcode, Terms};
use crate::report::chronicle::Story;
use crate::report::compute::Subject;
use crate::report::{Asked, Disclosure, EVENTS_MAX, ReportError, Reports};
use crate::store::{Batch, Durability, Generation, Store, UserRow};

const MEETING: MeetingId = MeetingId(1);
pub(super) const BEGAN: Timestamp = Timestamp(1_790_000_000_000);
const DISCLOSURE: Disclosure = Disclosure {
    privacy: Privacy { talk_time: true, names_in_reports: true, retention_days: None },
    raters_min: 3,
};
const PEOPLE: i64 = 6;
/// The user who is a bot.
const BOT: i64 = 6;

/// A meeting, live and in a store.
pub(super) struct Play {
    pub(super) meeting: Meeting,
    story: Story,
    pub(super) now: Timestamp,
    pub(super) store: Store,
    generation: Generation,
    head: Seq,
    sessions: BTreeMap<i64, SessionId>,
    next_session: u128,
    /// The same meeting, of which nothing is ever written down: its minutes are whole.
    unwritten: Meeting,
    _folder: tempfile::TempDir,
}

fn user(id: i64) -> UserRow {
    let kind = if id == BOT { UserKind::Bot } else { UserKind::Member };
    let (username, name) = (format!("user-{id}"), format!("User {id}"));
    UserRow { id: UserId(id), username, name, email: None, kind }
}

pub(super) fn say(text: &str) -> Command {
    Command::ChatSend(ChatSend { text: text.into(), to: None, reply_to: None })
}

impl Play {
    /// A meeting of user 1.
    pub(super) async fn new(change: impl FnOnce(&mut MeetingCreated)) -> Play {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("quorate.db"), Durability::Normal).unwrap();
        let (generation, head) = store.begin(MEETING).await.unwrap();
        let mut created = MeetingCreated::new(MEETING, "abc-defg-hij", "Weekly", UserId(1));
        change(&mut created);
        let mut play = Play {
            meeting: Meeting::new(Terms::default()),
            story: Story::default(),
            now: BEGAN,
            store,
            generation,
            head,
            sessions: BTreeMap::new(),
            next_session: 1,
            unwritten: Meeting::new(Terms::default()),
            _folder: folder,
        };
        let owner_name = "User 1".into();
        play.take(Input::Create { created: created.into(), owner_name, invitees: Vec::new() })
            .await;
        play
    }

    /// Decides an input, and carries it out where the rules say yes; answers whether they do.
    pub(super) async fn take(&mut self, input: Input) -> bool {
        let Ok(decision) = self.meeting.decide(self.now, &input) else { return false };
        for meeting in [&mut self.meeting, &mut self.unwritten] {
            meeting.carried(self.now, &decision);
        }
        let mut events = Vec::new();
        for draft in decision.events {
            let event = draft.at(self.meeting.facts.head.next(), self.now);
            self.meeting.apply(&event);
            self.unwritten.apply(&event);
            self.story.apply(&event);
            events.push(event);
        }
        let measured = self.meeting.checkpoint_with(self.now, &events);
        if !events.is_empty() {
            self.append(events, measured).await;
        }
        true
    }

    /// Writes down what was measured since it was written last.
    pub(super) async fn checkpoint(&mut self) {
        let measured = self.meeting.checkpoint(self.now);
        self.append(Vec::new(), Some(measured)).await;
    }

    async fn append(&mut self, events: Vec<Event>, measured: Option<Checkpoint>) {
        let (done, mut committed) = mpsc::unbounded_channel();
        let expected_head = self.head;
        self.head = expected_head.plus(events.len() as u64);
        self.store.append(Batch {
            meeting: MEETING,
            generation: self.generation,
            expected_head,
            events,
            users: (1..=PEOPLE).map(user).collect(),
            passcode: None,
            offspring: Vec::new(),
            kept: Vec::new(),
            measured: measured.map(Box::new),
            ballots: None,
            next_deadline: None,
            last_alive: Some(self.now),
            done,
        });
        assert_eq!(committed.recv().await.unwrap().result, Ok(self.head));
    }

    /// Moves the clock on, and carries out what is due.
    pub(super) async fn pass(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
        while self.meeting.next_deadline().is_some_and(|at| at <= self.now) {
            assert!(self.take(Input::Deadline).await);
        }
    }

    pub(super) async fn enter(&mut self, id: i64) {
        let session = SessionId(Uuid::from_u128(self.next_session));
        self.next_session += 1;
        let UserRow { id: user, name, kind, .. } = user(id);
        let scopes = [Permission::ChatSend].into_iter().collect();
        let enter = Enter {
            user,
            kind,
            name,
            email: None,
            bot: (id == BOT).then_some(Bot { owner: None, scopes }),
            passcode: Passcode::Missing,
            participant: ParticipantId(id + 1000),
            session,
        };
        if self.take(Input::Enter(enter)).await {
            self.sessions.insert(id, session);
        }
    }

    /// A user's last session asks for something; whether it is carried out.
    pub(super) async fn ask(&mut self, user: i64, command: Command) -> bool {
        match self.sessions.get(&user) {
            Some(session) => self.take(Input::Command { session: *session, command }).await,
            None => false,
        }
    }

    /// The owner asks for something without being there; whether it is carried out.
    pub(super) async fn office(&mut self, command: Command) -> bool {
        let UserRow { id: user, name, kind, .. } = user(1);
        let actor = Actor { user, kind, name, email: None, bot: None, scopes: None, admin: false };
        let act = Act {
            participant: ParticipantId(1001),
            actor,
            revisions: None,
            named: None,
            address: None,
            role_exists: None,
            of: None,
            commands: vec![command],
        };
        self.take(Input::Act(Box::new(act))).await
    }

    /// A user's client says how its connection is.
    async fn connection(&mut self, user: i64, loss_pct: f64) -> bool {
        self.ask(user, Command::QualityReport(connection(loss_pct))).await
    }

    /// A user's client says whether they speak, as it does at least every 15 s.
    async fn speaking(&mut self, user: i64, speaks: bool) -> bool {
        self.ask(user, Command::SpeakingReport(speaking(speaks))).await
    }

    /// A user speaks for so long.
    async fn speak(&mut self, user: i64, ms: i64) {
        for from in (0..ms).step_by(15_000) {
            assert!(self.speaking(user, true).await);
            self.pass((ms - from).min(15_000)).await;
        }
        self.speaking(user, false).await;
    }

    /// The report of the live meeting, of what it knows.
    fn live(&self, asked: Asked) -> Report {
        let mut story = self.story.clone();
        story.facts = self.meeting.facts.clone();
        let subject = Subject::new(story, DISCLOSURE, asked);
        let mut measured = subject.measured();
        let mut unwritten = self.unwritten.clone();
        unwritten.checkpoint(self.now).minutes.iter().for_each(|minute| measured.add(minute));
        subject.report(&unwritten.passing.measures.totals(), &measured, &[])
    }

    pub(super) async fn stored(&self, asked: Asked) -> Report {
        let reports = Reports::new(self.store.clone(), DISCLOSURE);
        reports.report(MEETING, Seq(u64::MAX), asked).await.unwrap()
    }

    pub(super) fn asked(&self) -> Asked {
        Asked { now: self.now, individuals: true }
    }
}

fn connection(loss_pct: f64) -> QualityReport {
    QualityReport { rtt_ms: 60.0, jitter_ms: 5.0, loss_pct, bitrate_kbps: None, fec: false }
}

fn speaking(speaking: bool) -> SpeakingReport {
    SpeakingReport { speaking, participant: None, source: None }
}

/// With means as one would write them: those that are put together of parts differ in the last digit.
fn rounded(mut report: Report) -> Report {
    for r in report.participants.iter_mut().filter_map(|person| person.quality_r.as_mut()) {
        *r = (*r * 1e6).round();
    }
    report
}

/// What someone does next; refused or not.
fn command(chance: &mut StdRng) -> Command {
    let someone = ParticipantId(1000 + chance.random_range(1..=PEOPLE));
    let text = format!("text {}", chance.random_range(0..1000));
    match chance.random_range(0..23) {
        0..=2 => say(&text),
        3 => Command::ChatSend(ChatSend {
            text,
            to: Some(ChatTo::Participant(someone)),
            reply_to: None,
        }),
        4 | 5 => Command::HandRaise(Empty {}),
        6 => Command::HandLower(HandLower::default()),
        7 => Command::PollOpen(PollOpen {
            question: text,
            choices: vec!["yes".to_owned(), "no".to_owned()],
            multiple: chance.random(),
            anonymous: chance.random(),
            seconds: None,
        }),
        8 | 9 => {
            let choices = vec![chance.random_range(0..2)];
            Command::PollVote(PollVote { poll: PollId(chance.random_range(1..9)), choices })
        }
        10 => Command::PollClose(PollOnly { poll: PollId(chance.random_range(1..9)) }),
        11 => Command::DecisionRecord(DecisionRecord { text }),
        12 => {
            let owner = Some(someone).filter(|_| chance.random());
            Command::ActionRecord(ActionRecord { text, owner, due: None })
        }
        13 => {
            let item = |title: String| AgendaPlan { item: None, title, minutes: 5, owner: None };
            Command::AgendaSet(AgendaSet { items: vec![item(text), item("next".to_owned())] })
        }
        14 => Command::AgendaGoTo(AgendaGoTo { item: Some(ItemId(chance.random_range(1..5))) }),
        15 => {
            let room = |name: &str, participants| RoomAsked { name: name.into(), participants };
            let rooms = vec![room("Blue", vec![someone]), room("Green", Vec::new())];
            let mode = BreakoutMode::Manual;
            Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes: None })
        }
        16 => Command::BreakoutOpen(Empty {}),
        17 => Command::BreakoutClose(BreakoutClose::default()),
        18 => Command::ReactionSend(ReactionSend { emoji: "👍".to_owned() }),
        19 => Command::Leave(Leave::default()),
        _ => Command::SpeakingReport(speaking(chance.random_range(0..4) > 0)),
    }
}

#[tokio::test]
async fn a_report_from_the_store_is_that_of_the_live_meeting() {
    let (mut polls, mut rooms, mut agendas, mut talk, mut minutes) = (0, 0, 0, 0, 0);
    for seed in 0..12 {
        let mut chance = StdRng::seed_from_u64(seed);
        let scheduled: bool = chance.random();
        let mut play = Play::new(|created| {
            created.starts_at = scheduled.then_some(BEGAN.plus_ms(-60_000));
            created.ends_at = scheduled.then_some(BEGAN.plus_ms(1_800_000));
            created.settings.privacy.names_in_reports = seed % 4 != 3;
            created.settings.privacy.talk_time = seed % 5 != 4;
        })
        .await;
        play.enter(1).await;
        for _ in 0..200 {
            let who = chance.random_range(1..=PEOPLE);
            play.pass(chance.random_range(0..20_000)).await;
            let there = play.meeting.facts.person_of(UserId(who)).is_some_and(|it| it.is_in());
            if !there {
                play.enter(who).await;
            } else if chance.random_range(0..12) == 0 {
                let session = play.sessions[&who];
                play.take(Input::Lost { session }).await;
            } else {
                // Most of what there is to do is the host's to do.
                let who = if chance.random() { 1 } else { who };
                play.ask(who, command(&mut chance)).await;
            }
            for _ in 0..chance.random_range(0..4) {
                play.connection(who, chance.random_range(0.0..60.0)).await;
            }
            if chance.random_range(0..4) == 0 {
                play.checkpoint().await;
            }
        }
        play.checkpoint().await;
        let running = rounded(play.live(play.asked()));
        assert_eq!(rounded(play.stored(play.asked()).await), running, "seed {seed}: it runs");
        check(&running, running.as_of);
        for session in play.sessions.values().copied().collect::<Vec<_>>() {
            play.take(Input::Lost { session }).await;
        }
        // Their grace passes, and then the time after which an empty meeting ends.
        for _ in 0..2 {
            play.pass(1_200_000).await;
        }
        assert_eq!(play.meeting.facts.info.status, MeetingStatus::Completed, "seed {seed}");
        let over = play.stored(play.asked()).await;
        let live = rounded(play.live(play.asked()));
        assert_eq!(rounded(over.clone()), live, "seed {seed}: it is over");
        let later = Asked { now: play.now.plus_ms(999_999), individuals: false };
        let aggregate = Report { participants: Vec::new(), ..over.clone() };
        assert_eq!(play.stored(later).await, aggregate, "seed {seed}: later, and for fewer");
        let ran = play.meeting.facts.ran.spans(over.as_of);
        check(&over, ran.filter(|span| span.ms() > 0).last().unwrap().to);
        assert!(over.r#final && !running.r#final && over.as_of >= running.as_of);
        (polls, rooms) = (polls + over.polls.len(), rooms + over.rooms.len());
        agendas += usize::from(over.agenda.iter().any(|item| item.spent_seconds > 0));
        talk += over.totals.talk_seconds.unwrap_or(0);
        minutes += over.totals.quality_minutes.all();
    }
    assert!(polls > 12 && rooms > 6 && agendas > 0, "{polls} {rooms} {agendas}: much was played");
    assert!(talk > 600 && minutes > 100, "{talk} {minutes}: and measured");
}

/// What holds of every report of a meeting that ran until then.
fn check(report: &Report, until: Timestamp) {
    let totals = &report.totals;
    assert_eq!(totals.participants as usize, report.participants.len());
    assert!(totals.participants < PEOPLE as u32, "the bot is not in it");
    assert!(report.course.len() <= 240 && totals.peak <= totals.participants);
    let messages: u32 = report.course.iter().map(|slice| slice.messages).sum();
    let hands: u32 = report.course.iter().map(|slice| slice.hands).sum();
    assert_eq!((messages, hands), (totals.messages, totals.hands), "each is in one slice");
    let mut course = 0.0;
    for (index, slice) in report.course.iter().enumerate() {
        let next = report.course.get(index + 1).map_or(until, |next| next.at);
        let from = slice.at.max(report.meeting.started_at.unwrap());
        course += slice.present * next.ms_since(from) as f64;
        assert!(slice.present <= f64::from(totals.peak) + 1e-9);
        assert_eq!(slice.talk_seconds.is_some(), report.privacy.talk_time);
    }
    let present: u64 = report
        .participants
        .iter()
        .flat_map(|it| &it.present)
        .map(|it| it.to.ms_since(it.from))
        .sum();
    assert!((course - present as f64).abs() < 1.0, "{course} {present}");
    for (number, person) in (1..).zip(&report.participants) {
        assert_eq!(person.participant.is_some(), report.privacy.names_in_reports);
        assert_eq!(person.user.is_some(), report.privacy.names_in_reports);
        if !report.privacy.names_in_reports {
            assert_eq!(person.name, format!("Participant {number}"));
            assert!(report.actions.iter().all(|action| action.owner.is_none()));
        }
        assert_eq!(person.talk_seconds.is_some(), report.privacy.talk_time);
        assert!((0.0..=100.0).contains(&person.engagement.score));
        assert_ne!(person.kind, UserKind::Bot);
    }
    let came = report.participants.iter().map(|person| person.present[0].from);
    assert!(came.is_sorted(), "in the order in which they came");
}

#[tokio::test]
async fn a_meeting_is_told_to_the_figure() {
    let mut play = Play::new(|created| {
        created.starts_at = Some(BEGAN.plus_ms(-360_000));
        created.ends_at = Some(BEGAN.plus_ms(600_000));
        created.settings.auto_start = false;
    })
    .await;
    play.enter(1).await;
    let item =
        |title: &str| AgendaPlan { item: None, title: title.into(), minutes: 4, owner: None };
    let items = vec![item("Budget"), item("Hiring")];
    assert!(play.ask(1, Command::AgendaSet(AgendaSet { items })).await);
    assert!(play.ask(1, Command::MeetingStart(Empty {})).await);
    play.enter(2).await;
    play.enter(BOT).await;
    assert!(play.ask(1, Command::AgendaGoTo(AgendaGoTo { item: Some(ItemId(1)) })).await);
    play.pass(60_000).await;
    play.enter(3).await;
    assert!(play.ask(2, say("good morning")).await && play.ask(BOT, say("I am a bot")).await);
    assert!(play.ask(3, Command::HandRaise(Empty {})).await);
    assert!(play.connection(2, 0.0).await && play.connection(2, 1.0).await);
    play.speak(2, 30_000).await;
    play.pass(30_000).await;
    assert!(play.connection(2, 40.0).await && play.connection(BOT, 90.0).await);
    assert!(play.ask(1, Command::DecisionRecord(DecisionRecord { text: "Yes".into() })).await);
    assert!(play.ask(3, Command::Leave(Leave::default())).await);
    assert!(play.ask(1, Command::AgendaGoTo(AgendaGoTo { item: None })).await);
    play.speak(2, 30_000).await;
    play.speak(BOT, 30_000).await;
    assert!(play.ask(1, Command::MeetingEnd(Empty {})).await);
    let report = play.stored(play.asked()).await;
    let totals = &report.totals;
    assert_eq!((totals.participants, totals.peak, totals.live_seconds), (3, 3, 180));
    assert_eq!((totals.present_seconds, totals.talk_seconds), (180 + 180 + 60, Some(60)));
    assert_eq!((totals.messages, totals.hands, report.excluded), (1, 1, 0), "without the bot's");
    let measured = QualityMinutes { excellent: 1, poor: 1, ..QualityMinutes::default() };
    assert_eq!(totals.quality_minutes, measured);
    let planned = |item: &ReportItem| (item.planned_minutes, item.spent_seconds);
    assert_eq!(report.agenda.iter().map(planned).collect::<Vec<_>>(), [(4, 120), (4, 0)]);
    let present: Vec<_> = report.course.iter().map(|slice| slice.present).collect();
    // The meeting began 20 s after a whole minute.
    assert_eq!(present, [2.0, 2.0 + 2.0 / 3.0, 2.0 + 1.0 / 3.0, 2.0]);
    let x = |key: &str| {
        let found = report.effectiveness.components.iter().find(|it| it.key == key);
        found.unwrap().x
    };
    assert_eq!(x("structure"), Some(0.5 + 0.5 * 2.0 / 8.0));
    assert_eq!(x("timeliness"), Some(0.6 * 0.5 + 0.4), "six minutes late");
    assert_eq!(x("quality"), Some(0.5));
    assert_eq!(x("outcomes"), Some(0.5));
    // One has all the talk; two of three took part: 2 wrote and spoke, 3 only raised a hand.
    assert!((x("participation").unwrap() - 0.6 / 3.0).abs() < 1e-9);
    assert_eq!((x("attendance"), x("feedback")), (None, None));
    assert_eq!(report.effectiveness.losses, ["participation", "outcomes"]);
}

#[tokio::test]
async fn seconds_of_everyone_together_are_of_their_milliseconds() {
    let mut play = Play::new(|_| {}).await;
    play.enter(1).await;
    play.enter(2).await;
    assert!(play.speaking(1, true).await && play.speaking(2, true).await);
    play.pass(1_600).await;
    assert!(play.speaking(1, false).await && play.speaking(2, false).await);
    play.checkpoint().await;
    let report = play.stored(play.asked()).await;
    let told = |it: &ReportPerson| (it.present_seconds, it.talk_seconds);
    assert!(report.participants.iter().map(told).all(|told| told == (1, Some(1))));
    assert_eq!((report.totals.present_seconds, report.totals.talk_seconds), (3, Some(3)));
}

#[tokio::test]
async fn a_meeting_that_runs_is_summed_up_by_its_own_clock_as_of_its_last_checkpoint() {
    let mut play = Play::new(|_| {}).await;
    play.enter(1).await;
    assert!(play.ask(1, Command::MeetingStart(Empty {})).await);
    play.pass(60_000).await;
    play.checkpoint().await;
    play.pass(7_000).await;
    let reports = Reports::new(play.store.clone(), DISCLOSURE);
    let digest = reports.digest(MEETING).await.unwrap();
    assert_eq!((digest.live_seconds, digest.present_seconds), (60, 60));
}

#[tokio::test]
async fn required_invitees_are_looked_for_by_user_and_since_they_were_invited() {
    let mut play = Play::new(|_| {}).await;
    play.enter(1).await;
    let invite = |user: Option<i64>, email: Option<&str>, required: bool| {
        let (user, email) = (user.map(UserId), email.map(str::to_owned));
        Command::InviteeAdd(InviteeAdd { user, email, required })
    };
    assert!(play.ask(1, invite(Some(2), None, true)).await);
    assert!(play.ask(1, invite(Some(3), None, true)).await);
    assert!(play.ask(1, invite(Some(5), None, false)).await);
    assert!(play.ask(1, invite(None, Some("nobody@example.org"), true)).await);
    play.pass(100_000).await;
    play.enter(2).await;
    // One who is invited late is expected from then on.
    assert!(play.ask(1, invite(Some(4), None, true)).await);
    play.enter(4).await;
    play.pass(99_000).await;
    play.enter(3).await;
    let required = |report: &Report| (report.totals.required, report.totals.required_present);
    assert_eq!(required(&play.stored(play.asked()).await), (4, 1), "2 has not been there for half");
    play.pass(1_000).await;
    assert_eq!(required(&play.stored(play.asked()).await), (4, 2), "now they have");
    assert!(play.ask(1, Command::InviteeRemove(InviteeOnly { invitee: InviteeId(2) })).await);
    assert_eq!(required(&play.stored(play.asked()).await), (3, 2));
}

#[tokio::test]
async fn feedback_is_told_together_from_three_raters_on() {
    for (mode, named) in [(FeedbackMode::Named, true), (FeedbackMode::Anonymous, false)] {
        let mut play = Play::new(|created| created.settings.feedback = mode).await;
        for id in 1..=4 {
            play.enter(id).await;
        }
        play.pass(60_000).await;
        assert!(play.ask(1, Command::MeetingEnd(Empty {})).await);
        let database = rusqlite::Connection::open(play.store.path()).unwrap();
        for (id, rating) in [(1, 5), (2, 4), (3, 4)] {
            let report = play.stored(play.asked()).await;
            let feedback = &report.feedback;
            assert_eq!((feedback.raters, feedback.mean), (Some(id - 1), None));
            assert!(feedback.counts.is_empty() && feedback.tags.is_empty() && feedback.open);
            assert_eq!(feedback.comments.len(), if named { id as usize - 1 } else { 0 });
            let component = report.effectiveness.components.last().unwrap();
            assert_eq!(component.available, named && id > 1);
            let asked = Asked { individuals: false, ..play.asked() };
            let fewer = play.stored(asked).await.effectiveness;
            let component = fewer.components.last().unwrap();
            assert_eq!((component.available, component.x, component.points), (false, None, 0.0));
            let points: f64 = fewer.components.iter().map(|it| it.points).sum();
            assert!(
                (points - fewer.score.unwrap()).abs() < 1e-9,
                "and the score is of what is told"
            );
            if named {
                let said = format!(
                    r#"{{"rating":{rating},"comment":"fine","tags":["short","{id}"],"at":"2026-11-22T10:00:00Z"}}"#
                );
                let sql = "UPDATE meeting_participants SET feedback = ?2 WHERE id = ?1";
                database.execute(sql, (id + 1000, said)).unwrap();
            } else {
                let sql = "INSERT INTO meeting_ballots VALUES (1, ?1, ?2, 'fine', ?3)";
                database
                    .execute(sql, ([id as u8], rating, format!(r#"["short","{id}"]"#)))
                    .unwrap();
            }
        }
        let report = play.stored(play.asked()).await;
        let feedback = &report.feedback;
        assert_eq!((feedback.raters, feedback.mean), (Some(3), Some(13.0 / 3.0)));
        assert_eq!(feedback.counts, [0, 0, 0, 2, 1]);
        assert_eq!((feedback.tags[0].tag.as_str(), feedback.tags[0].count), ("short", 3));
        assert_eq!((feedback.tags.len(), feedback.comments.len()), (4, 3));
        assert_eq!(feedback.comments[0].participant, named.then_some(ParticipantId(1001)));
        let component = report.effectiveness.components.last().unwrap();
        assert_eq!((component.weight, component.raw), (30.0, Some(13.0 / 3.0)));
        let fewer = play.stored(Asked { individuals: false, ..play.asked() }).await;
        assert!(fewer.feedback.comments.iter().all(|it| it.participant.is_none()));
        assert_eq!(fewer.feedback.comments.len(), 3, "told together, without who wrote what");
        let later = Asked { now: play.now.plus_ms(7 * 86_400_000), ..play.asked() };
        assert!(!play.stored(later).await.feedback.open);
    }
}

#[tokio::test]
async fn what_an_excluded_one_says_is_told_without_their_name() {
    let mut play = Play::new(|_| {}).await;
    for id in 1..=4 {
        play.enter(id).await;
    }
    let exclude = ReportExclude { participant: ParticipantId(1002), excluded: true };
    assert!(play.ask(1, Command::ReportExclude(exclude)).await);
    let database = rusqlite::Connection::open(play.store.path()).unwrap();
    for (raters, told) in [(2, vec![Some(1003)]), (3, vec![Some(1003), Some(1004), None])] {
        let said = r#"{"rating":4,"comment":"fine","tags":[],"at":"2026-11-22T10:00:00Z"}"#;
        let sql = "UPDATE meeting_participants SET feedback = ?1 WHERE id BETWEEN 1002 AND ?2";
        database.execute(sql, (said, 1001 + raters)).unwrap();
        let feedback = play.stored(play.asked()).await.feedback;
        let who = feedback.comments.iter().map(|it| it.participant.map(|id| id.0));
        assert_eq!((feedback.raters, who.collect::<Vec<_>>()), (Some(raters), told));
    }
}

#[tokio::test]
async fn a_journal_that_is_too_long_is_refused_and_nothing_is_folded() {
    let play = Play::new(|_| {}).await;
    let database = rusqlite::Connection::open(play.store.path()).unwrap();
    // As though there were so many rows: the head alone is looked at.
    let events = EVENTS_MAX + 1;
    let columns = "meeting_id, user_id, participant_id, action, details, audience, created_at, \
                   session_id, command_id, answer, personal, salt, personal_hash, via, hash";
    let sql = format!(
        "INSERT INTO meeting_audit_logs (seq, {columns}) SELECT ?1, {columns} \
         FROM meeting_audit_logs WHERE seq = 1"
    );
    database.execute(&sql, [events.cast_signed()]).unwrap();
    let reports = Reports::new(play.store.clone(), DISCLOSURE);
    let refused = reports.report(MEETING, Seq(u64::MAX), play.asked()).await;
    assert!(
        matches!(refused, Err(ReportError::TooLong { meeting: MEETING, events: found }) if found == events),
        "{refused:?}"
    );
    let first = reports.report(MEETING, Seq(1), play.asked()).await.unwrap();
    assert_eq!((first.seq, first.participants.len(), first.course.len()), (Seq(1), 0, 0));
}
