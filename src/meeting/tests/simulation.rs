//! Many people, at random: the rules come to what the model comes to, answer by answer, and the journal
//! tells the same story again. `SEED=… cargo test simulation` plays one seed alone.

mod asks;

use std::env;
use std::ops::Range;
use std::thread;

use quorate_protocol::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::model::{Ask, BOT, CUSTOM, Custom, Model, No, Where};
use super::stage::*;
use crate::meeting::event::Fact;
use crate::meeting::{Facts, Input, Place, Refusal};
use Permission as P;
use asks::{THEMES, USERS, command, make, some_ask, terms};

/// Seeds that are played.
const SEEDS: u64 = 3_000;
/// Things that happen in each.
const ACTS: usize = 120;
/// How much time passes at once.
const SECONDS: [u32; 12] = [1, 1, 30, 59, 61, 61, 119, 121, 299, 301, 599, 601];

#[test]
fn the_rules_come_to_what_the_model_comes_to() {
    play_all(0..SEEDS / 2);
}

#[test]
fn the_rules_come_to_what_the_model_comes_to_the_other_half() {
    play_all(SEEDS / 2..SEEDS);
}

fn play_all(seeds: Range<u64>) {
    match env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        // One that is beyond them all is played in the first half.
        Some(one) if seeds.contains(&one) || one >= SEEDS && seeds.start == 0 => play(one),
        Some(_) => {}
        None => seeds.for_each(play),
    }
}

fn play(seed: u64) {
    let mut play = Play::new(seed);
    for act in 0..ACTS {
        play.act();
        play.compare(&format!("seed {seed}, act {act}: {}", play.last));
    }
}

/// The rules and the model side by side, and what the journal tells.
struct Play {
    rng: StdRng,
    seed: u64,
    stage: Stage,
    model: Model,
    /// The fold of the journal, which is read as it grows.
    told: Facts,
    told_of_refusals: usize,
    /// What people in this meeting mostly ask for.
    theme: usize,
    last: String,
}

impl Drop for Play {
    /// Whatever fails, the seed is known.
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("seed {}, at: {}", self.seed, self.last);
        }
    }
}

impl Play {
    fn new(seed: u64) -> Play {
        let mut rng = StdRng::seed_from_u64(seed);
        let terms = terms(&mut rng);
        let stage = Stage::new(|created| make(created, &terms));
        let model = Model::new(stage.now.0, terms);
        let theme = rng.random_range(0..THEMES);
        let (told, last) = (Facts::default(), String::new());
        let mut play = Play { rng, seed, stage, model, told, told_of_refusals: 0, theme, last };
        if play.rng.random_bool(0.7) {
            play.enter(OWNER);
            play.define_role();
        }
        play
    }

    /// The owner defines a custom role, in most meetings.
    fn define_role(&mut self) {
        let of = |based_on, rank, grants: &[P], denies: &[P]| {
            Some(Custom { based_on, rank, grants: grants.to_vec(), denies: denies.to_vec() })
        };
        let custom = match self.rng.random_range(0..4) {
            0 => of("attendee", 30, &[P::MediaShare], &[P::ChatSend]),
            1 => of("moderator", 50, &[P::ParticipantBan], &[P::MediaAudio]),
            2 => of("presenter", 65, &[P::ParticipantAdmit], &[]),
            _ => None,
        };
        if let Some(Custom { based_on, rank, grants, denies }) = custom.clone() {
            let based_on = role(based_on);
            let define = RoleDefine { based_on, rank, grants, denies, ..define(CUSTOM) };
            self.stage.ask(OWNER, Command::RoleDefine(define)).unwrap();
        }
        self.model.custom = custom;
    }

    fn act(&mut self) {
        let user = *USERS.choose(&mut self.rng).unwrap();
        match self.rng.random_range(0..100) {
            0..20 => {
                let here = self.model.here();
                let others: Vec<_> = USERS.into_iter().filter(|it| !here.contains(it)).collect();
                let again = self.rng.random_bool(0.2);
                let other = others.choose(&mut self.rng).filter(|_| !again);
                self.enter(*other.unwrap_or(&user));
            }
            20..28 => self.with_session(user, |play, user, at, session| {
                play.last = format!("{user} loses a socket");
                play.stage.take(&Input::Lost { session }).unwrap();
                play.stage.settle();
                play.model.lose(user, at);
            }),
            28..33 => self.with_session(user, |play, user, at, session| {
                play.last = format!("{user} comes back");
                play.stage.take(&Input::Resume { session, user: UserId(user) }).unwrap();
                play.stage.settle();
                play.model.resume(user, at);
            }),
            33..39 => {
                let seconds = *SECONDS.choose(&mut self.rng).unwrap();
                self.last = format!("{seconds} seconds pass");
                self.stage.pass(seconds);
                self.model.pass(seconds);
            }
            39 => {
                self.last = "a restart".to_owned();
                self.stage.restart();
                self.model.restart();
            }
            40 => self.with_session(user, |play, user, _, _| {
                let ask = *[Ask::Reclaim, Ask::Lock, Ask::Say].choose(&mut play.rng).unwrap();
                (0..25).for_each(|_| play.ask(user, ask));
            }),
            _ => {
                let here = self.model.here();
                let who = match self.rng.random_range(0..10) {
                    0..4 => self.model.host,
                    4..6 => *self.model.co_hosts.choose(&mut self.rng).unwrap_or(&user),
                    _ => *here.choose(&mut self.rng).unwrap_or(&user),
                };
                let theme = self.rng.random_bool(0.5).then_some(self.theme);
                let theme = theme.unwrap_or_else(|| self.rng.random_range(0..THEMES));
                let ask = some_ask(&mut self.rng, &here, theme);
                self.with_session(who, |play, user, _, _| play.ask(user, ask));
            }
        }
    }

    fn enter(&mut self, user: i64) {
        self.last = format!("{user} says hello");
        let owner = self.model.terms.bot_owner;
        let rules = match user {
            BOT => self.stage.enter_as(BOT, bot(Some(owner), P::ALL.iter().copied())),
            user => self.stage.enter(user),
        };
        let model = self.model.enter(user);
        self.agree(rules.map(drop), model);
    }

    fn ask(&mut self, user: i64, ask: Ask) {
        self.last = format!("{user} asks {ask:?}");
        let head = self.stage.journal.len();
        let command = command(ask, &self.model);
        let session = self.stage.person(user).sessions.first().copied();
        let rules = self.stage.ask(user, command).map(drop);
        let rules = rules.map_err(|refusal| {
            let now = self.stage.now;
            assert_eq!(self.stage.journal.len(), head, "a refusal changes nothing");
            self.stage.meeting.note_refusal(now, session.unwrap(), refusal)
        });
        let model = self.model.ask(user, ask);
        self.agree(rules, model);
    }

    fn with_session(&mut self, user: i64, act: impl FnOnce(&mut Play, i64, usize, SessionId)) {
        let Some(person) = self.stage.meeting.facts.person_of(UserId(user)) else { return };
        let sessions = person.sessions.clone();
        let Some(session) = sessions.choose(&mut self.rng).copied() else { return };
        let at = sessions.iter().position(|id| *id == session).unwrap();
        act(self, user, at, session);
    }

    fn agree(&self, rules: Result<(), Refusal>, model: Result<(), No>) {
        let rules = rules.map_err(|refusal| ErrorBody::from(&refusal).code.name());
        assert_eq!(rules, model, "rules and model; seed {}: {}", self.seed, self.last);
    }

    /// Everyone is where the model has them, and may what it says.
    fn compare(&mut self, when: &str) {
        let (facts, model) = (&self.stage.meeting.facts, &self.model);
        for user in USERS {
            let person = facts.person_of(UserId(user));
            let place = match person.map(|person| person.place) {
                None => "never here",
                Some(Place::In { .. }) => "in",
                Some(Place::Waiting { .. }) => "waiting",
                Some(Place::Out(_)) => "out",
            };
            let expected = match model.users.get(&user).map(|user| user.place) {
                None | Some(Where::Never) => "never here",
                Some(Where::In) => "in",
                Some(Where::Waiting) => "waiting",
                Some(Where::Out | Where::Declined(_)) => "out",
            };
            assert_eq!(place, expected, "{when}: user {user}");
            assert_eq!(facts.role_of(UserId(user)).name(), model.role(user), "{when}: user {user}");
            let Some(person) = person else { continue };
            let is = &model.users[&user];
            let lost = person.sessions.iter().map(|id| facts.sessions[id].lost_at.map(|at| at.0));
            assert_eq!(lost.collect::<Vec<_>>(), is.sessions, "{when}: sessions of {user}");
            assert_eq!(person.media.audio, is.microphone, "{when}: the microphone of {user}");
            assert_eq!(person.room.map(|room| room.0), is.room, "{when}: the room of {user}");
            let rank = if person.is_in() { model.rank(user) } else { 0 };
            assert_eq!(person.view.rank, rank, "{when}: the rank of {user}");
            for permission in P::ALL {
                let may = person.is_in() && model.may(user, *permission);
                assert_eq!(
                    person.view.permissions.has(*permission),
                    may,
                    "{when}: {permission} of {user}"
                );
            }
        }
        self.compare_the_meeting(when);
        self.read_the_journal(when);
    }

    /// The journal tells the same story again. As it grows by no refusal, nor does a refusal change anything.
    fn read_the_journal(&mut self, when: &str) {
        for event in &self.stage.journal[self.told.head.0 as usize..] {
            self.told.apply(event);
            self.told_of_refusals +=
                usize::from(matches!(event.fact, Fact::PermissionRefused { .. }));
        }
        assert!(self.told == self.stage.meeting.facts, "{when}: the journal tells another story");
        let expected = self.model.told_of_refusals;
        assert_eq!(self.told_of_refusals, expected, "{when}: refusals in the journal");
    }

    fn compare_the_meeting(&self, when: &str) {
        let (facts, model) = (&self.stage.meeting.facts, &self.model);
        let ids = |users: &[i64]| users.iter().map(|user| at(*user)).collect::<Vec<_>>();
        let users = |users: &[i64]| users.iter().map(|user| UserId(*user)).collect::<Vec<_>>();
        let info = &facts.info;
        assert_eq!(facts.waiting.values().copied().collect::<Vec<_>>(), ids(&model.line), "{when}");
        assert_eq!(facts.hands, ids(&model.hands), "{when}: hands");
        assert_eq!(facts.present as usize, model.present(), "{when}: present");
        assert_eq!(info.host, UserId(model.host), "{when}: the host");
        assert_eq!(info.acting_for, model.acting_for.map(UserId), "{when}: for whom the host acts");
        assert_eq!(facts.co_hosts, users(&model.co_hosts), "{when}: co-hosts");
        assert_eq!((info.locked, info.suspended), (model.locked, model.suspended), "{when}");
        assert_eq!(info.settings.locks, model.locks, "{when}: locks");
        assert_eq!(info.requires_approval, model.terms.approval, "{when}: approval");
        assert_eq!(facts.capacity() as usize, model.terms.capacity, "{when}: capacity");
        assert_eq!(facts.breakouts.open(), model.rooms.open, "{when}: rooms");
        let running = match info.status {
            MeetingStatus::InProgress => Some(true),
            MeetingStatus::Completed => Some(false),
            _ => None,
        };
        assert_eq!(running, model.running, "{when}: whether it runs");
    }
}
