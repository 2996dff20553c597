//! What someone at the door would be told, and what would change that: all of it asked of the rules.
//!
//! A case is a meeting and someone who says hello to it. What might help is carried out on a copy, by the
//! commands that a person would use, and the rules are asked again: only what helped there is told.

use std::mem::discriminant;

use quorate::meeting::event::Fact;
use quorate::meeting::office::{Act, Actor};
use quorate::meeting::{Decision, Enter, Input, Meeting, Passcode, Refusal};
use quorate_protocol::{
    Command, ErrorBody, ParticipantId, SessionId, Timestamp, UserId, UserKind, Via, WaitReason,
};
use serde::Serialize;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

/// Obstacles one behind the other that are looked through; there are fewer.
const STEPS_MAX: usize = 8;
/// Deadlines carried out at most before the rules are asked; there are fewer.
const DEADLINES_MAX: usize = 10_000;
/// Ids that nobody has.
const NOBODY: i64 = i64::MAX;

/// Someone says hello to a meeting.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) meeting: Meeting,
    pub(super) enter: Enter,
    pub(super) now: Timestamp,
    /// Users whose bans may keep them out: themselves, and others who had their address.
    pub(super) banned: Vec<UserId>,
}

/// What they are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They come in, or are in.
    In {
        /// By which rule; none when they are in already.
        via: Option<Via>,
    },
    /// They wait.
    Waits {
        /// Why.
        reason: WaitReason,
        /// Their place in line, from 1.
        position: u32,
    },
    /// They are turned back.
    Refused(Refusal),
}

/// One obstacle, and what would take it away.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    /// Each of these helps.
    pub(super) one_of: Vec<String>,
    /// What they would be told after the first.
    pub(super) then: String,
}

/// What might help.
struct Way {
    says: String,
    does: Does,
}

enum Does {
    /// Someone who may do all does this, before they say hello.
    Before(Vec<(&'static str, Value)>),
    /// The same, while they wait.
    Meanwhile(&'static str, Value),
    /// They know the passcode.
    Passcode,
    /// Time passes, in milliseconds.
    Wait(u64),
    /// The host says hello.
    Host,
}

impl Outcome {
    pub(super) fn is_in(&self) -> bool {
        matches!(self, Outcome::In { .. })
    }

    /// In words.
    pub(super) fn says(&self) -> String {
        match self {
            Outcome::In { via: None } => "is in".to_owned(),
            Outcome::In { via: Some(via) } => format!("comes in (by the rule `{}`)", word(via)),
            Outcome::Waits { reason, position } => {
                let why = match reason {
                    WaitReason::Approval => "someone must let them in",
                    WaitReason::HostAbsent => "no host or co-host is there",
                    WaitReason::NotStarted => "the meeting has not started",
                    WaitReason::RemovedBefore => "they were removed before, and must be let in",
                    WaitReason::Full => "there is no free seat",
                };
                format!("waits (`{}`, place {position}): {why}", word(reason))
            }
            Outcome::Refused(refusal) => {
                let error = ErrorBody::from(refusal);
                let until = error.until.map(|until| format!(" until {until}")).unwrap_or_default();
                format!("is refused (`{}`{until}): {}", error.code.name(), error.message)
            }
        }
    }

    /// Whether this is another obstacle than that.
    fn differs(&self, other: &Outcome) -> bool {
        match (self, other) {
            (Outcome::Waits { reason, .. }, Outcome::Waits { reason: other, .. }) => {
                reason != other
            }
            (Outcome::Refused(one), Outcome::Refused(other)) => {
                discriminant(one) != discriminant(other)
            }
            (one, other) => discriminant(one) != discriminant(other),
        }
    }
}

/// A plain enum's name on the wire.
pub(super) fn word(value: &impl Serialize) -> String {
    let word = serde_json::to_value(value).unwrap_or_default();
    word.as_str().map(str::to_owned).unwrap_or_default()
}

impl Case {
    /// What the rules say, and the meeting after it.
    pub(super) fn ask(&self) -> (Outcome, Meeting) {
        let mut after = self.meeting.clone();
        let was_in = after.facts.person_of(self.enter.user).is_some_and(|person| person.is_in());
        let decision = match after.decide(self.now, &Input::Enter(self.enter.clone())) {
            Ok(decision) => decision,
            Err(refusal) => return (Outcome::Refused(refusal), after),
        };
        let via = decision.events.iter().find_map(|draft| match draft.fact {
            Fact::ParticipantJoined { user, via, .. } if user == self.enter.user => Some(via),
            _ => None,
        });
        carry_out(&mut after, self.now, decision);
        run_deadlines(&mut after, self.now);
        let entries = after.facts.waiting_entries(self.now);
        let outcome = match entries.iter().find(|entry| entry.user == self.enter.user) {
            Some(entry) => Outcome::Waits { reason: entry.reason, position: entry.position },
            None if was_in => Outcome::In { via: None },
            // Who waited and comes in by themselves was let in by a deadline.
            None => Outcome::In { via: via.or(Some(Via::Open)) },
        };
        (outcome, after)
    }

    /// The obstacles one after the other, and what would take each away.
    pub(super) fn steps(&self) -> Vec<Step> {
        let (mut case, mut steps) = (self.clone(), Vec::new());
        let (mut outcome, mut after) = case.ask();
        while !outcome.is_in() && steps.len() < STEPS_MAX {
            let helped = case.ways(&outcome, &after).into_iter().filter_map(|way| {
                let next = case.take(&way.does, &after)?;
                let (told, after) = next.ask();
                told.differs(&outcome).then_some((way.says, next, told, after))
            });
            let mut helped: Vec<_> = helped.collect();
            // Where something brings them in at once, what only brings them to the next obstacle is left out.
            if helped.iter().any(|(_, _, told, _)| told.is_in()) {
                helped.retain(|(_, _, told, _)| told.is_in());
            }
            // Who was never here has no id yet.
            let shown = |says: &String| says.replace(&NOBODY.to_string(), "…");
            let one_of = helped.iter().map(|(says, ..)| shown(says)).collect();
            let Some((_, next, told, then)) = helped.into_iter().next() else {
                let then = "nothing that a host can do changes that".to_owned();
                steps.push(Step { one_of, then });
                break;
            };
            steps.push(Step { one_of, then: told.says() });
            (case, outcome, after) = (next, told, then);
        }
        steps
    }

    /// What might help against this.
    fn ways(&self, outcome: &Outcome, after: &Meeting) -> Vec<Way> {
        let before = |says: &str, kind: &'static str, data: Value| {
            let says = format!("{says}: {kind} {data}");
            Way { says, does: Does::Before(vec![(kind, data)]) }
        };
        let info = &self.meeting.facts.info;
        let user = self.enter.user;
        let invite = || before("invite them", "invitee.add", json!({ "user": user }));
        let passcode =
            Way { says: "send the passcode with hello".to_owned(), does: Does::Passcode };
        let host = Way { says: "the host comes".to_owned(), does: Does::Host };
        let start = || before("start the meeting", "meeting.start", json!({}));
        let more_seats = || {
            let seats = self.meeting.facts.capacity().saturating_add(1);
            before("make room", "meeting.policy", json!({ "max_participants": seats }))
        };
        match outcome {
            Outcome::In { .. } => Vec::new(),
            Outcome::Refused(refusal) => match refusal {
                Refusal::Banned { .. } => vec![self.lift_bans()],
                Refusal::Locked if info.suspended => {
                    vec![before("end the suspension", "meeting.resume", json!({}))]
                }
                Refusal::Locked => vec![before("unlock the door", "meeting.unlock", json!({}))],
                Refusal::Ended => {
                    vec![
                        start(),
                        Way { says: "the host comes again, which reopens it".into(), ..host },
                    ]
                }
                Refusal::Declined { retry_after_ms } => vec![Way {
                    says: format!("knock again in {} s", retry_after_ms.div_ceil(1000)),
                    does: Does::Wait(*retry_after_ms),
                }],
                Refusal::Full => vec![more_seats()],
                Refusal::FullOfBots { limit } => {
                    vec![before(
                        "allow more bots",
                        "meeting.policy",
                        json!({ "max_bots": limit + 1 }),
                    )]
                }
                Refusal::WaitingRoomFull => {
                    let places = info.settings.max_waiting.saturating_add(1);
                    let more = json!({ "max_waiting": places });
                    let all = json!({ "all": true });
                    vec![
                        before("let those in who wait", "participant.admit", all),
                        before("make the waiting room larger", "meeting.policy", more),
                    ]
                }
                Refusal::PasscodeRequired | Refusal::PasscodeWrong => vec![passcode, invite()],
                Refusal::NotFound { .. } => vec![invite(), passcode],
                Refusal::Unauthorized(_) if self.enter.kind == UserKind::Guest => {
                    vec![before("let guests come", "meeting.policy", json!({ "guests": true }))]
                }
                _ => Vec::new(),
            },
            Outcome::Waits { reason, .. } => {
                let place =
                    after.facts.person_of(user).map_or(ParticipantId(0), |person| person.id);
                let admit = json!({ "participant": place });
                let admit = Way {
                    says: format!("someone who may lets them in: participant.admit {admit}"),
                    does: Does::Meanwhile("participant.admit", admit),
                };
                let open = json!({ "requires_approval": false });
                match reason {
                    WaitReason::Approval | WaitReason::RemovedBefore => vec![
                        admit,
                        invite(),
                        passcode,
                        before("turn the waiting room off", "meeting.policy", open),
                    ],
                    WaitReason::HostAbsent => {
                        let alone = json!({ "join_before_host": true });
                        let alone =
                            before("let people come without a host", "meeting.policy", alone);
                        vec![host, alone, admit, start()]
                    }
                    WaitReason::NotStarted => {
                        let opens = self.meeting.facts.info.starts_at;
                        let wait = opens.map(|at| Way {
                            says: format!(
                                "wait until it starts, at {at} (15 minutes before will do)"
                            ),
                            does: Does::Wait(at.ms_since(self.now)),
                        });
                        let itself = json!({ "auto_start": true });
                        let itself = before("let it start by itself", "meeting.policy", itself);
                        wait.into_iter().chain([start(), itself, host, admit]).collect()
                    }
                    WaitReason::Full => vec![more_seats(), admit],
                }
            }
        }
    }

    fn lift_bans(&self) -> Way {
        let each = self.banned.iter().map(|user| ("participant.unban", json!({ "user": user })));
        let commands: Vec<_> = each.collect();
        let said: Vec<_> = commands.iter().map(|(kind, data)| format!("{kind} {data}")).collect();
        Way { says: format!("lift the ban: {}", said.join(", ")), does: Does::Before(commands) }
    }

    /// The case with this done; none when it cannot be.
    fn take(&self, does: &Does, after: &Meeting) -> Option<Case> {
        let mut case = self.clone();
        match does {
            Does::Before(commands) => {
                // Of several bans some may be none; the rules say what that comes to.
                let done = commands.iter().filter(|(kind, data)| case.order(kind, data)).count();
                (done > 0).then_some(case)
            }
            Does::Meanwhile(kind, data) => {
                case.meeting = after.clone();
                case.order(kind, data).then_some(case)
            }
            Does::Passcode => {
                case.enter.passcode = Passcode::Right;
                self.meeting.facts.info.has_passcode.then_some(case)
            }
            Does::Wait(ms) => {
                case.now = case.now.plus_ms(i64::try_from(*ms).unwrap_or(0));
                run_deadlines(&mut case.meeting, case.now);
                Some(case)
            }
            Does::Host => {
                let host = case.meeting.facts.rightful_host();
                let name = case.meeting.facts.info.host_name.clone();
                let enter = someone(&case.meeting, host, UserKind::Member, name, NOBODY - 1);
                let decision = case.meeting.decide(case.now, &Input::Enter(enter)).ok()?;
                carry_out(&mut case.meeting, case.now, decision);
                run_deadlines(&mut case.meeting, case.now);
                Some(case)
            }
        }
    }

    /// Someone who may do all gives a command. False when the rules refuse it even so.
    fn order(&mut self, kind: &str, data: &Value) -> bool {
        let Some(command) =
            to_raw_value(data).ok().and_then(|data| Command::parse(kind, &data).ok())
        else {
            return false;
        };
        let actor = Actor {
            user: UserId(NOBODY - 1),
            kind: UserKind::Member,
            name: "doctor".to_owned(),
            email: None,
            bot: None,
            scopes: None,
            admin: true,
        };
        let participant = ParticipantId(NOBODY - 2);
        let act = Act {
            actor,
            participant,
            revisions: None,
            named: None,
            address: None,
            role_exists: None,
            of: None,
            commands: vec![command],
        };
        match self.meeting.decide(self.now, &Input::Act(Box::new(act))) {
            Ok(decision) => {
                carry_out(&mut self.meeting, self.now, decision);
                run_deadlines(&mut self.meeting, self.now);
                true
            }
            Err(_) => false,
        }
    }
}

/// A hello as this user would say it, as far as the meeting knows them; `fresh` is their place where they have
/// none, and their session.
pub(super) fn someone(
    meeting: &Meeting,
    user: UserId,
    kind: UserKind,
    name: String,
    fresh: i64,
) -> Enter {
    let known = meeting.facts.person_of(user);
    Enter {
        user,
        kind,
        name,
        email: known.and_then(|person| person.email.clone()),
        bot: known.and_then(|person| person.bot.clone()),
        passcode: Passcode::Missing,
        participant: known.map_or(ParticipantId(fresh), |person| person.id),
        session: SessionId(uuid::Uuid::from_u128(fresh.cast_unsigned().into())),
    }
}

/// What a server that starts now does with a meeting before anyone comes.
pub(super) fn recover(meeting: &mut Meeting, now: Timestamp) {
    let last_alive = meeting.facts.at;
    if let Ok(decision) = meeting.decide(now, &Input::Recover { last_alive }) {
        carry_out(meeting, now, decision);
    }
    run_deadlines(meeting, now);
}

pub(super) fn run_deadlines(meeting: &mut Meeting, now: Timestamp) {
    for _ in 0..DEADLINES_MAX {
        if meeting.next_deadline().is_none_or(|at| at > now) {
            return;
        }
        let Ok(decision) = meeting.decide(now, &Input::Deadline) else { return };
        carry_out(meeting, now, decision);
    }
}

fn carry_out(meeting: &mut Meeting, now: Timestamp, decision: Decision) {
    for draft in decision.events {
        let event = draft.at(meeting.facts.head.next(), now);
        meeting.apply(&event);
    }
}
