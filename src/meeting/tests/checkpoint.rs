//! What is written of what people take part in: only what changed, right across drops and kills, never less.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_protocol::*;

use super::office;
use super::stage::*;
use crate::meeting::event::{Admission, Fact, ImportedParticipant};
use crate::meeting::measures::{Checkpoint, PersonMeasured};
use crate::meeting::{Input, Meeting, Terms};

const NOBODY: [i64; 0] = [];

/// A meeting and what is on disk of its measurements.
struct House {
    stage: Stage,
    table: BTreeMap<ParticipantId, PersonMeasured>,
    /// When it was last known to be alive.
    alive: Timestamp,
    /// Events that are on disk.
    sealed: usize,
}

impl House {
    fn new() -> House {
        House::of(Stage::new(|_| {}))
    }

    fn of(stage: Stage) -> House {
        let (alive, sealed) = (stage.now, stage.journal.len());
        House { stage, table: BTreeMap::new(), alive, sealed }
    }

    /// Writes what happened; answers of whom something was written with it.
    fn seal(&mut self) -> Vec<i64> {
        let events = &self.stage.journal[self.sealed..];
        if events.is_empty() {
            return Vec::new();
        }
        let checkpoint = self.stage.meeting.checkpoint_with(self.stage.now, events);
        self.sealed = self.stage.journal.len();
        self.alive = self.stage.now;
        checkpoint.map(|checkpoint| self.write(checkpoint)).unwrap_or_default()
    }

    /// Writes what is measured.
    fn checkpoint(&mut self) -> Vec<i64> {
        let checkpoint = self.stage.meeting.checkpoint(self.stage.now);
        self.alive = self.stage.now;
        self.write(checkpoint)
    }

    fn write(&mut self, checkpoint: Checkpoint) -> Vec<i64> {
        let mut whose = Vec::new();
        for mut person in checkpoint.people {
            whose.push(person.participant.0 - 1000);
            let row = self.table.entry(person.participant).or_insert_with(|| person.clone());
            let before = row.total_time;
            assert!(person.total_time >= before, "{person:?} was {before} already");
            person.quality = person.quality.or(row.quality);
            *row = person;
        }
        whose
    }

    /// It is killed, and comes back after so many seconds.
    fn kill(&mut self, seconds: u32) {
        self.stage.now = self.stage.now.plus_seconds(seconds);
        let totals = self.table.iter().map(|(id, person)| (*id, person.totals)).collect();
        self.stage.meeting = Meeting::new(Terms::default());
        for event in &self.stage.journal {
            self.stage.meeting.apply(event);
        }
        self.stage.meeting.passing.measures.restore(totals);
        self.stage.take(&Input::Recover { last_alive: self.alive }).unwrap();
        self.stage.settle();
        self.stage.tell();
        self.seal();
    }

    fn pass(&mut self, seconds: u32) {
        self.stage.pass(seconds);
        self.seal();
    }

    fn enter(&mut self, user: i64) {
        self.stage.enter(user).unwrap();
        self.seal();
    }

    fn lose(&mut self, user: i64) -> Vec<i64> {
        lose(&mut self.stage, user);
        self.seal()
    }

    fn resume(&mut self, user: i64) {
        let session = self.stage.person(user).sessions[0];
        self.stage.take(&Input::Resume { session, user: UserId(user) }).unwrap();
        self.seal();
    }

    fn ask(&mut self, user: i64, command: Command) -> Vec<i64> {
        self.stage.ask(user, command).unwrap();
        self.seal()
    }

    /// The host asks without being there.
    fn ask_office(&mut self, command: Command) {
        office::act(&mut self.stage, office::actor(OWNER), command).unwrap();
        self.seal();
    }

    /// The column `total_time`.
    fn seconds(&self, user: i64) -> u64 {
        self.table[&at(user)].total_time
    }
}

#[test]
fn only_what_changed_is_written() {
    let mut house = House::new();
    house.enter(OWNER);
    house.enter(2);
    house.enter(3);
    assert_eq!(house.checkpoint(), [OWNER, 2, 3]);
    assert_eq!(house.checkpoint(), NOBODY, "no time passed");
    house.pass(100);
    assert_eq!(house.checkpoint(), [OWNER, 2, 3]);
    assert_eq!(house.ask(2, leave()), NOBODY, "it is written to the second");
    house.pass(10);
    house.ask(3, empty(Command::HandRaise));
    assert_eq!(house.ask(3, leave()), [3], "their own row with their leaving");
    assert_eq!((house.seconds(2), house.seconds(3)), (100, 110));
    house.pass(10);
    assert_eq!(house.checkpoint(), [OWNER, 2, 3], "scores of those who are gone sink");
    house.stage.now = house.stage.now.plus_ms(100);
    assert_eq!(house.checkpoint(), NOBODY, "less than anyone would see");
}

#[test]
fn at_the_end_everything_is_written_with_what_scores_are_made_of() {
    let mut house = House::new();
    house.enter(OWNER);
    house.enter(2);
    house.stage.enter_as(50, bot(None, [])).unwrap();
    house.pass(400);
    house.checkpoint();
    assert!(house.table.values().all(|person| person.engagement.is_none()), "not over yet");
    house.ask(2, leave());
    house.pass(400);
    assert_eq!(house.ask(OWNER, empty(Command::MeetingEnd)), [OWNER, 2, 50]);
    assert_eq!([OWNER, 2, 50].map(|user| house.seconds(user)), [800, 400, 800]);
    let engagement = |user| house.table[&at(user)].engagement.as_deref();
    let (owner, gone) = (engagement(OWNER).unwrap(), engagement(2).unwrap());
    assert_eq!(Some(owner.score), house.table[&at(OWNER)].score, "to the last digit");
    assert!(gone.score < owner.score, "who was there for half of it");
    assert_eq!((engagement(50), house.table[&at(50)].score), (None, None), "bots are not scored");
    house.pass(3600);
    assert_eq!(house.checkpoint(), NOBODY, "nothing changes when it is over");
}

#[test]
fn one_that_is_called_off_while_people_are_in_is_over_like_any_other() {
    let mut house = House::new();
    house.enter(OWNER);
    house.enter(2);
    house.pass(400);
    house.ask_office(empty(Command::MeetingCancel));
    assert_eq!(house.stage.meeting.facts.info.status, MeetingStatus::Cancelled);
    let before = final_score(&house, 2).expect("is final");
    assert_eq!(Some(before), house.table[&at(2)].score, "to the last digit");
    house.ask_office(Command::ReportExclude(ReportExclude { participant: at(2), excluded: true }));
    assert_eq!(final_score(&house, 2), None, "and follows what it is made of");
}

#[test]
fn what_a_crash_takes_is_no_time_of_the_meeting_nor_of_its_agenda() {
    let mut house = House::new();
    house.enter(OWNER);
    house.enter(2);
    let plan = AgendaPlan { item: None, title: "Budget".into(), minutes: 30, owner: None };
    house.ask(OWNER, Command::AgendaSet(AgendaSet { items: vec![plan] }));
    house.ask(OWNER, Command::AgendaGoTo(AgendaGoTo { item: Some(ItemId(1)) }));
    house.pass(20);
    house.checkpoint();
    house.kill(10_800);
    house.resume(OWNER);
    house.pass(5);
    let (facts, now) = (&house.stage.meeting.facts, house.stage.now);
    assert_eq!(facts.agenda_shown(now).items[0].spent_seconds, 25);
    assert_eq!(facts.ran.total_ms(now), 25_000);

    // Nor is the time in which it was up again and nobody was back.
    let mut house = House::new();
    house.enter(OWNER);
    house.pass(20);
    house.checkpoint();
    house.kill(1);
    house.pass(40);
    house.resume(OWNER);
    house.pass(5);
    assert_eq!(house.stage.meeting.facts.ran.total_ms(house.stage.now), 25_000);
    house.checkpoint();
    assert_eq!(house.seconds(OWNER), 25);

    // The same where everyone had gone before, and nothing says that it was down.
    let mut house = House::new();
    house.enter(OWNER);
    house.pass(20);
    house.ask(OWNER, leave());
    house.kill(10_800);
    assert_eq!(house.stage.meeting.facts.info.status, MeetingStatus::Completed);
    assert_eq!(house.stage.meeting.facts.ran.total_ms(house.stage.now), 20_000);
    let presence = house.table[&at(OWNER)].engagement.as_ref().unwrap().components[0].x;
    assert_eq!(presence, Some(1.0));
}

#[test]
fn several_sessions_are_one_and_waiting_is_none() {
    let mut house = House::of(Stage::new(|created| created.requires_approval = true));
    house.enter(OWNER);
    house.enter(2);
    house.pass(100);
    house.checkpoint();
    assert!(!house.table.contains_key(&at(2)), "waiting does not count, nor is it measured");
    house.ask(OWNER, admit(2));
    house.pass(10);
    house.enter(2);
    house.pass(10);
    house.lose(2);
    house.pass(10);
    house.checkpoint();
    assert_eq!((house.seconds(OWNER), house.seconds(2)), (130, 30), "the second was still there");
}

#[test]
fn a_gap_counts_up_to_thirty_seconds() {
    for (gap, seconds) in [(30, 60), (31, 30)] {
        let mut house = House::new();
        house.enter(OWNER);
        house.enter(2);
        house.pass(20);
        assert_eq!(house.lose(2), [2], "their row with the loss");
        assert_eq!(house.seconds(2), 20);
        house.pass(gap);
        house.checkpoint();
        assert_eq!(house.seconds(2), 20, "whether it counts is open");
        house.resume(2);
        house.pass(10);
        house.checkpoint();
        assert_eq!(house.seconds(2), seconds);
    }
}

#[test]
fn whose_connection_is_back_and_not_measured_yet_is_no_longer_written_as_lost() {
    let mut house = House::new();
    house.enter(OWNER);
    house.enter(2);
    let level = |house: &mut House| {
        house.stage.tell();
        house.checkpoint();
        house.table[&at(2)].quality.map(|quality| quality.level)
    };
    assert_eq!(level(&mut house), None, "never measured");
    house.lose(2);
    assert_eq!(level(&mut house), Some(QualityLevel::Lost));
    house.resume(2);
    assert_eq!(level(&mut house), Some(QualityLevel::Unknown));
    assert_eq!(level(&mut house), Some(QualityLevel::Unknown));
    house.ask(2, report_quality(60.0, 0.0));
    assert_eq!(level(&mut house), Some(QualityLevel::Excellent));
}

#[test]
fn after_a_kill_what_was_written_of_connections_does_not_stay_as_if_it_were_known() {
    let mut house = House::new();
    for user in [OWNER, 2, 3, 4] {
        house.enter(user);
    }
    for user in [OWNER, 2, 3] {
        house.ask(user, report_quality(60.0, 0.0));
    }
    house.stage.tell();
    house.checkpoint();
    house.ask(3, leave());
    let levels = |house: &House| {
        let quality = [OWNER, 2, 3, 4].map(|user| house.table[&at(user)].quality);
        quality.map(|quality| quality.map(|quality| quality.level))
    };
    use QualityLevel::{Excellent, Lost, Unknown};
    assert_eq!(levels(&house), [Some(Excellent), Some(Excellent), Some(Excellent), None]);
    house.kill(1);
    let lost = [Some(Lost), Some(Lost), Some(Excellent), Some(Lost)];
    assert_eq!(levels(&house), lost, "of one who left it is what it was last");
    house.resume(2);
    house.stage.tell();
    house.checkpoint();
    assert_eq!(levels(&house), [Some(Lost), Some(Unknown), Some(Excellent), Some(Lost)]);
}

/// The final score of someone, as it is written.
fn final_score(house: &House, user: i64) -> Option<f64> {
    house.table[&at(user)].engagement.as_ref().map(|engagement| engagement.score)
}

#[test]
fn final_scores_follow_what_they_are_made_of_and_go_when_the_meeting_goes_on() {
    let mut house = House::new();
    house.enter(OWNER);
    house.enter(2);
    house.enter(3);
    house.ask(3, say("hello", None));
    house.pass(60);
    house.ask(3, leave());
    house.pass(60);
    house.ask(OWNER, empty(Command::MeetingEnd));
    let before = final_score(&house, 3).unwrap();

    let ask = ReportExclude { participant: at(2), excluded: true };
    house.ask_office(Command::ReportExclude(ask));
    assert_eq!((final_score(&house, 2), house.table[&at(2)].score), (None, None), "excluded");
    assert_eq!(final_score(&house, 3), Some(before));

    let weights = EngagementWeights { presence: 50, voice: 0, chat: 50, response: 0, signal: 0 };
    let policy = Policy { engagement_weights: Some(Some(weights)), ..Policy::default() };
    house.ask_office(Command::MeetingPolicy(Box::new(policy)));
    // There for half of the time, and one message of three that are half of the points.
    let expected = 50.0 * 0.5 + 50.0 * (1.0 - (-1.0f64 / 3.0).exp2());
    let after = final_score(&house, 3).unwrap();
    assert!((after - expected).abs() < 1e-9, "{after}, not {expected}");

    house.enter(OWNER);
    assert_eq!(final_score(&house, 3), None, "it goes on, and nothing is final");
    house.ask(OWNER, empty(Command::MeetingEnd));
    assert_eq!(final_score(&house, 3), Some(after), "and is made again");
}

#[test]
fn rooms_share_the_time() {
    let mut house = House::new();
    house.enter(OWNER);
    house.enter(2);
    let rooms = vec![RoomAsked { name: "One".into(), participants: vec![at(2)] }];
    let mode = BreakoutMode::Manual;
    house.ask(OWNER, Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes: None }));
    house.pass(10);
    house.ask(OWNER, empty(Command::BreakoutOpen));
    house.pass(20);
    house.kill(2);
    house.resume(2);
    house.resume(OWNER);
    house.pass(5);
    house.ask(2, empty(Command::BreakoutReturn));
    house.pass(3);
    house.checkpoint();
    assert_eq!(house.seconds(2), 40);
    let attendance = &house.stage.person(2).attendance;
    assert_eq!(attendance.rooms_ms(house.stage.now), [(RoomId(1), 27_000)].into());
}

#[test]
fn several_kills_in_a_row_cost_what_was_not_written_and_no_more() {
    let mut house = House::new();
    house.enter(OWNER);
    house.enter(2);
    house.pass(100);
    house.ask(2, leave());
    house.pass(7);
    house.checkpoint();
    for _ in 0..3 {
        house.stage.now = house.stage.now.plus_seconds(4);
        house.kill(40);
        assert_eq!(house.seconds(2), 100, "what was over");
    }
    house.resume(OWNER);
    house.pass(10);
    house.checkpoint();
    // The first kill took 4 s; then nobody was there, for longer than a gap may be.
    assert_eq!((house.seconds(OWNER), house.seconds(2)), (117, 100));
}

#[test]
fn what_the_older_application_knew_of_is_added_to_and_never_overwritten() {
    let mut house = House::new();
    house.enter(OWNER);
    let place = |user: i64| ImportedParticipant {
        participant: at(user),
        user: UserId(user),
        admission: Admission::Approved,
        invitee: None,
        first_joined_at: None,
        joined_at: None,
        left_at: None,
        total_seconds: 1_000,
        created_at: Timestamp(0),
    };
    let participants = vec![place(2), place(3)];
    let mut event = house.stage.journal[0].clone();
    event.seq = house.stage.meeting.facts.head.next();
    event.fact = Fact::ParticipantImported { participants };
    house.stage.meeting.apply(&event);
    house.stage.journal.push(event);
    house.enter(2);
    house.pass(60);
    assert_eq!(house.checkpoint(), [OWNER, 2], "who did not come again keeps what stands there");
    house.kill(1);
    assert_eq!((house.seconds(OWNER), house.seconds(2)), (60, 1_060));
}

/// What happens to one of three people, or to all.
#[derive(Debug, Clone, Copy)]
enum Act {
    Enter(i64),
    Leave(i64),
    Lose(i64),
    Resume(i64),
    Revoke(i64),
    Pass(u32),
    Checkpoint,
    Kill(u32),
}

fn act() -> impl Strategy<Value = Act> {
    let someone = 1i64..4;
    prop_oneof![
        3 => someone.clone().prop_map(Act::Enter),
        1 => someone.clone().prop_map(Act::Leave),
        3 => someone.clone().prop_map(Act::Lose),
        4 => someone.clone().prop_map(Act::Resume),
        1 => someone.prop_map(Act::Revoke),
        6 => (1u32..45).prop_map(Act::Pass),
        3 => Just(Act::Checkpoint),
        1 => (0u32..45).prop_map(Act::Kill),
    ]
}

/// The smallest clerk: since when someone is there, and since when they are cut off.
#[derive(Debug, Clone, Copy, Default)]
struct Clerk {
    ms: u64,
    since: Option<Timestamp>,
    cut: Option<Timestamp>,
}

impl Clerk {
    fn see(&mut self, connected: bool, is_in: bool, at: Timestamp, now: Timestamp) {
        match (self.since, connected) {
            (None, true) => self.since = Some(now),
            (Some(since), true) => {
                if let Some(cut) = self.cut.take().filter(|cut| now.ms_since(*cut) > 30_000) {
                    (self.ms, self.since) = (self.ms + cut.ms_since(since), Some(now));
                }
            }
            (Some(since), false) if !is_in => {
                let to = self.cut.take().unwrap_or(at);
                (self.ms, self.since) = (self.ms + to.ms_since(since), None);
            }
            (Some(_), false) => self.cut = self.cut.or(Some(at)),
            (None, false) => {}
        }
    }

    fn seconds(&self, now: Timestamp) -> u64 {
        let open = self.since.map_or(0, |since| self.cut.unwrap_or(now).ms_since(since));
        (self.ms + open) / 1000
    }
}

impl House {
    /// Leaves out what cannot be.
    fn carry_out(&mut self, act: Act) {
        let facts = &self.stage.meeting.facts;
        let session = |user: i64, lost: bool| {
            let person = facts.person_of(UserId(user)).filter(|person| person.is_in())?;
            let is_lost = |id: &SessionId| facts.sessions[id].lost_at.is_some();
            person.sessions.iter().find(|id| is_lost(id) == lost).copied()
        };
        match act {
            Act::Enter(user) => self.enter(user),
            Act::Leave(user) if self.stage.is_in(user) => drop(self.ask(user, leave())),
            Act::Lose(user) => {
                let lost = session(user, false).map(|session| Input::Lost { session });
                lost.into_iter().for_each(|lost| drop(self.stage.take(&lost)));
            }
            Act::Resume(user) => {
                let user_id = UserId(user);
                let back =
                    session(user, true).map(|session| Input::Resume { session, user: user_id });
                back.into_iter().for_each(|back| drop(self.stage.take(&back)));
            }
            Act::Revoke(user) => {
                let revoked = session(user, false).map(|session| Input::Revoked { session });
                revoked.into_iter().for_each(|it| drop(self.stage.take(&it)));
            }
            Act::Pass(seconds) => self.pass(seconds),
            Act::Checkpoint => drop(self.checkpoint()),
            Act::Kill(seconds) => self.kill(seconds),
            Act::Leave(_) => {}
        }
        self.seal();
    }
}

proptest! {
    #[test]
    fn by_chance_time_is_what_a_clerk_would_write_down(acts in prop::collection::vec(act(), 1..60)) {
        let mut house = House::new();
        let (mut clerks, mut meetings) = ([Clerk::default(); 3], Clerk::default());
        for act in acts {
            let alive = house.alive;
            // Second by second, so that the clerk sees when someone's grace is over.
            let acts = match act {
                Act::Pass(seconds) => vec![Act::Pass(1); seconds as usize],
                act => vec![act],
            };
            for act in acts {
                house.carry_out(act);
                let now = house.stage.now;
                let facts = &house.stage.meeting.facts;
                for (user, clerk) in (1..).zip(&mut clerks) {
                    let Some(person) = facts.person_of(UserId(user)) else { continue };
                    if let Act::Kill(_) = act {
                        clerk.see(false, true, alive, now);
                    }
                    clerk.see(person.is_in() && facts.connected(person), person.is_in(), now, now);
                }
                if let Act::Kill(_) = act {
                    meetings.see(false, true, alive, now);
                }
                let goes_on = facts.info.status == MeetingStatus::InProgress;
                let mut people = facts.people.values().filter(|it| it.is_in() && goes_on);
                let is_any_in = people.clone().next().is_some();
                meetings.see(people.any(|it| facts.connected(it)), is_any_in, now, now);
            }
        }
        house.checkpoint();
        for (user, clerk) in (1..).zip(&clerks) {
            let written = house.table.get(&at(user)).map_or(0, |person| person.total_time);
            prop_assert_eq!(written, clerk.seconds(house.stage.now), "user {}", user);
        }
        let ran = house.stage.meeting.facts.ran.total_ms(house.stage.now) / 1000;
        prop_assert_eq!(ran, meetings.seconds(house.stage.now), "when the meeting ran");
    }
}
