//! Many people, at random: the rules come to what the model comes to, answer by answer, and the journal
//! tells the same story again. `SEED=… cargo test simulation` plays one seed alone.

use std::env;

use quorate_protocol::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::model::{Ask, Model, No, Where};
use super::stage::*;
use crate::meeting::{Input, Place, Refusal};

/// Seeds that are played.
const SEEDS: u64 = 2_000;
/// Things that happen in each.
const ACTS: usize = 120;
/// Who takes part.
const USERS: [i64; 9] = [OWNER, 2, 3, 4, 5, 6, 100, 101, 102];

#[test]
fn the_rules_come_to_what_the_model_comes_to() {
    let one = env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in one.map_or(0..SEEDS, |seed| seed..seed + 1) {
        play(seed);
    }
}

fn play(seed: u64) {
    let mut play = Play::new(seed);
    for act in 0..ACTS {
        play.act();
        play.compare(&format!("seed {seed}, act {act}: {}", play.last));
    }
    let told_again = play.stage.replayed();
    assert_eq!(
        told_again, play.stage.meeting.facts,
        "seed {seed}: the journal tells another story"
    );
}

/// The rules and the model side by side.
struct Play {
    rng: StdRng,
    stage: Stage,
    model: Model,
    last: String,
}

impl Play {
    fn new(seed: u64) -> Play {
        let mut rng = StdRng::seed_from_u64(seed);
        let approval = rng.random_bool(0.5);
        let capacity: u32 = *[3, 5, 100].choose(&mut rng).unwrap();
        let stage = Stage::new(|created| {
            created.requires_approval = approval;
            created.max_participants = Some(capacity);
        });
        let model = Model::new(stage.now.0, approval, capacity as usize);
        Play { rng, stage, model, last: String::new() }
    }

    fn act(&mut self) {
        let user = *USERS.choose(&mut self.rng).unwrap();
        match self.rng.random_range(0..100) {
            0..22 => {
                self.last = format!("{user} says hello");
                let (rules, model) = (self.stage.enter(user).map(drop), self.model.enter(user));
                self.agree(rules, model);
            }
            22..32 => self.with_session(user, |play, user, at, session| {
                play.last = format!("{user} loses a socket");
                play.stage.take(&Input::Lost { session }).unwrap();
                play.model.lose(user, at);
            }),
            32..40 => self.with_session(user, |play, user, at, session| {
                play.last = format!("{user} comes back");
                play.stage.take(&Input::Resume { session, user: UserId(user) }).unwrap();
                play.model.resume(user, at);
            }),
            40..48 => {
                let seconds = *[1, 30, 59, 61, 119, 121, 599, 601].choose(&mut self.rng).unwrap();
                self.last = format!("{seconds} seconds pass");
                self.stage.pass(seconds);
                self.model.pass(seconds);
            }
            48..50 => {
                self.last = "a restart".to_owned();
                self.stage.restart();
                self.model.restart();
            }
            _ => {
                let ask = self.ask();
                self.with_session(user, move |play, user, _, _| {
                    play.last = format!("{user} asks {ask:?}");
                    let before = play.stage.meeting.facts.clone();
                    let rules = play.stage.ask(user, command(ask, play.stage.now)).map(drop);
                    if rules.is_err() {
                        assert_eq!(play.stage.meeting.facts, before, "a refusal changes nothing");
                    }
                    let model = play.model.ask(user, ask);
                    play.agree(rules, model);
                });
            }
        }
    }

    fn with_session(&mut self, user: i64, act: impl FnOnce(&mut Play, i64, usize, SessionId)) {
        let Some(person) = self.stage.meeting.facts.person_of(UserId(user)) else { return };
        let sessions = person.sessions.clone();
        let Some(session) = sessions.choose(&mut self.rng).copied() else { return };
        let at = sessions.iter().position(|id| *id == session).unwrap();
        act(self, user, at, session);
    }

    fn ask(&mut self) -> Ask {
        let other = *USERS.choose(&mut self.rng).unwrap();
        let role = *["moderator", "presenter", "attendee"].choose(&mut self.rng).unwrap();
        match self.rng.random_range(0..30) {
            0..2 => Ask::Leave,
            2..6 => Ask::Admit(other),
            6..7 => Ask::AdmitAll,
            7..9 => Ask::Decline(other),
            9..11 => Ask::Remove(other),
            11..12 => Ask::Ban(other, None),
            12..13 => Ask::Ban(other, Some(100)),
            13..15 => Ask::Unban(other),
            15..19 => Ask::Assign(other, role),
            19..21 => Ask::AddCohost(other),
            21..22 => Ask::RemoveCohost(other),
            22..23 => Ask::Lock,
            23..24 => Ask::Unlock,
            24..25 => Ask::Raise,
            25..26 => Ask::Lower(other),
            26..27 => Ask::Microphone(true),
            27..28 => Ask::Microphone(false),
            28..29 => Ask::Say,
            _ if self.rng.random_bool(0.2) => Ask::End,
            _ => Ask::Say,
        }
    }

    fn agree(&self, rules: Result<(), Refusal>, model: Result<(), No>) {
        let rules = rules.map_err(|refusal| ErrorBody::from(&refusal).code.name());
        assert_eq!(rules, model, "{}", self.last);
    }

    /// Everyone is where the model has them.
    fn compare(&self, when: &str) {
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
            let (Some(person), Some(user)) = (person, model.users.get(&user)) else { continue };
            let lost = person.sessions.iter().map(|id| facts.sessions[id].lost_at.map(|at| at.0));
            assert_eq!(lost.collect::<Vec<_>>(), user.sessions, "{when}: sessions");
            assert_eq!(person.media.audio, user.microphone, "{when}: the microphone");
            for permission in Permission::ALL {
                let may = person.is_in() && model.may(person.user.0, permission.name());
                assert_eq!(person.view.permissions.has(*permission), may, "{when}: {permission}");
            }
        }
        let ids = |users: &[i64]| users.iter().map(|user| at(*user)).collect::<Vec<_>>();
        assert_eq!(facts.waiting.values().copied().collect::<Vec<_>>(), ids(&model.line), "{when}");
        assert_eq!(facts.hands, ids(&model.hands), "{when}");
        assert_eq!(facts.present as usize, model.present(), "{when}");
        assert_eq!(facts.info.locked, model.locked, "{when}");
        assert_eq!(
            facts.info.status == MeetingStatus::InProgress,
            model.running == Some(true),
            "{when}"
        );
    }
}

fn command(ask: Ask, now: Timestamp) -> Command {
    match ask {
        Ask::Leave => leave(),
        Ask::Admit(user) => admit(user),
        Ask::AdmitAll => admit_all(None),
        Ask::Decline(user) => decline(user),
        Ask::Remove(user) => remove(user),
        Ask::Ban(user, seconds) => ban(user, seconds.map(|seconds| now.plus_seconds(seconds))),
        Ask::Unban(user) => unban(user),
        Ask::Assign(user, role) => assign(user, Role::of(role).unwrap()),
        Ask::AddCohost(user) => cohost(user),
        Ask::RemoveCohost(user) => Command::CohostRemove(UserOnly { user: UserId(user) }),
        Ask::Lock => empty(Command::MeetingLock),
        Ask::Unlock => empty(Command::MeetingUnlock),
        Ask::Raise => empty(Command::HandRaise),
        Ask::Lower(user) => Command::HandLower(HandLower { participant: Some(at(user)) }),
        Ask::Microphone(on) => {
            Command::MediaUpdate(MediaUpdate { audio: Some(on), ..MediaUpdate::default() })
        }
        Ask::Say => say("hello", None),
        Ask::End => empty(Command::MeetingEnd),
    }
}
