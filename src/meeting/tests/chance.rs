//! Rules by chance: whatever happens, the live state is the fold of the journal.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quorate_protocol::*;

use super::docs;
use super::stage::*;
use crate::meeting::event::{Event, Fact};
use crate::meeting::{Enter, Input};

/// Something that happens; users and others are small numbers so that they meet.
#[derive(Debug, Clone)]
enum Act {
    Enter(i64),
    Lose(i64, usize),
    Resume(i64, usize),
    Ask(i64, Command),
    Pass(u32),
    Restart,
}

fn user() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 1i64..7, 2 => 100i64..103, 1 => 200i64..203]
}

/// What a user shows: some share an address, and from 200 on they are bots of the first ones.
fn shown(user: i64) -> impl FnOnce(&mut Enter) {
    move |enter| match user {
        4 | 5 => email("shared")(enter),
        200.. => bot((user > 200).then_some(user - 200), Permission::ALL.iter().copied())(enter),
        _ => {}
    }
}

fn command() -> impl Strategy<Value = Command> {
    let role = prop_oneof![
        Just(Role::Moderator),
        Just(Role::Presenter),
        Just(Role::Attendee),
        Just(Role::CoHost)
    ];
    let to = prop_oneof![
        Just(None),
        Just(Some(ChatTo::Staff)),
        user().prop_map(|user| Some(ChatTo::Participant(at(user))))
    ];
    let message =
        (1u64..80).prop_map(|id| Command::ChatDelete(ChatDelete { message: MessageId(id) }));
    let until = prop_oneof![Just(None), Just(Some(Timestamp(1_700_000_060_000)))];
    let simple = prop_oneof![
        Just(leave()),
        Just(empty(Command::Ping)),
        Just(empty(Command::StateGet)),
        Just(empty(Command::HandRaise)),
        Just(empty(Command::HandRaise)),
        Just(Command::HandLower(HandLower::default())),
        Just(empty(Command::WaitingList)),
        Just(empty(Command::MeetingStart)),
        Just(empty(Command::MeetingEnd)),
        Just(empty(Command::MeetingLock)),
        Just(empty(Command::MeetingUnlock)),
        Just(admit_all(None)),
    ];
    prop_oneof![
        4 => simple,
        2 => user().prop_map(admit),
        1 => user().prop_map(decline),
        1 => user().prop_map(|user| {
            let message = Some("one moment".to_owned());
            Command::ParticipantSendToWaiting(SendToWaiting { participant: at(user), message })
        }),
        1 => prop::option::of(user()).prop_map(|user| {
            let participant = user.map(at);
            Command::WaitingTell(WaitingTell { participant, text: "soon".into() })
        }),
        1 => user().prop_map(|user| {
            let user = Some(UserId(user));
            Command::InviteeAdd(InviteeAdd { user, ..InviteeAdd::default() })
        }),
        1 => (1u32..4).prop_map(|id| {
            Command::InviteeRemove(InviteeOnly { invitee: InviteeId(id) })
        }),
        1 => user().prop_map(remove),
        1 => (user(), until).prop_map(|(user, until)| ban(user, until)),
        1 => user().prop_map(unban),
        1 => (user(), until_or_none()).prop_map(|(user, until)| ban_for(user, until, "noise")),
        1 => Just(Command::BanList(BanList { after: None, limit: 50 })),
        1 => (1usize..9000).prop_map(|bytes| publish("pad", "x".repeat(bytes))),
        1 => user().prop_map(cohost),
        1 => user().prop_map(|user| Command::CohostRemove(UserOnly { user: UserId(user) })),
        2 => (user(), role).prop_map(|(user, role)| assign(user, role)),
        3 => to.prop_map(|to| say("hello", to)),
        1 => message,
        1 => user().prop_map(|user| {
            Command::HandLower(HandLower { participant: Some(at(user)) })
        }),
        8 => together(),
        8 => conduct(),
        4 => rights(),
        8 => rooms(),
        5 => at_the_door(),
        4 => any::<(bool, bool)>().prop_map(|(audio, share)| {
            let (audio, share) = (Some(audio), Some(share));
            Command::MediaUpdate(MediaUpdate { audio, share, video: None })
        }),
        1 => (0u8..3).prop_map(|n| {
            let value = if n == 0 { serde_json::Value::Null } else { n.into() };
            let attributes = [("n".to_owned(), value)].into();
            Command::ParticipantSetAttributes(SetAttributes { attributes })
        }),
    ]
}

/// What opens and shuts the door, and what makes others of those who wait and of their names.
fn at_the_door() -> impl Strategy<Value = Command> {
    let hour = |hours: i64| Timestamp(1_700_000_000_000 + hours * 3_600_000);
    let policies = [
        Policy { requires_approval: Some(true), ..Policy::default() },
        Policy { requires_approval: Some(false), ..Policy::default() },
        Policy {
            requires_approval: Some(false),
            waiting: Some(WaitingThen::Keep),
            ..Policy::default()
        },
        Policy { waiting_passes: Some(vec![Pass::Members]), ..Policy::default() },
        Policy { waiting_passes: Some(vec![Pass::Staff, Pass::Returning]), ..Policy::default() },
        Policy { join_before_host: Some(false), ..Policy::default() },
        Policy { join_before_host: Some(true), guests: Some(true), ..Policy::default() },
        Policy { guests: Some(false), ..Policy::default() },
        Policy { max_participants: Some(Some(2)), ..Policy::default() },
        Policy { max_participants: Some(None), max_bots: Some(0), ..Policy::default() },
        Policy { max_waiting: Some(1), auto_start: Some(false), ..Policy::default() },
        Policy { auto_start: Some(true), succession: Some(Succession::Hold), ..Policy::default() },
        Policy { succession: Some(Succession::EndAfter), ..Policy::default() },
        Policy { passcode: Some(Some("$hash".into())), ..Policy::default() },
        Policy { passcode: Some(None), slow_mode_seconds: Some(5), ..Policy::default() },
        Policy { end_when_empty_minutes: Some(None), reusable: Some(true), ..Policy::default() },
        Policy { end_when_empty_minutes: Some(Some(0)), ..Policy::default() },
    ];
    let starts_at = prop_oneof![Just(None), Just(Some(hour(1))), Just(Some(hour(-1)))];
    let name = prop_oneof![Just("Ada"), Just("\u{410}da"), Just("User 2")];
    prop_oneof![
        4 => prop::sample::select(policies.to_vec())
            .prop_map(|policy| Command::MeetingPolicy(Box::new(policy))),
        2 => prop::sample::select(vec![
            empty(Command::MeetingSuspend),
            empty(Command::MeetingResume),
            reclaim(),
            Command::MeetingExtend(MeetingExtend { minutes: 30 }),
        ]),
        1 => (starts_at, any::<bool>()).prop_map(move |(starts_at, ends)| {
            let (starts_at, ends_at) = (Some(starts_at), Some(ends.then_some(hour(3))));
            Command::MeetingUpdate(MeetingUpdate { starts_at, ends_at, ..MeetingUpdate::default() })
        }),
        2 => (prop::option::of(user()), name).prop_map(|(user, name)| {
            let (participant, name) = (user.map(at), name.to_owned());
            Command::ParticipantRename(Rename { participant, name })
        }),
        1 => user().prop_map(transfer),
        1 => user().prop_map(|user| {
            let (participant, text) = (at(user), "rude".into());
            Command::AbuseReport(AbuseReport { participant, text })
        }),
        1 => Just(Command::ParticipantMuteAll(MuteAll {
            media: vec![MediaKind::Audio, MediaKind::Share],
            except: Vec::new(),
        })),
    ]
}

/// What staff does to the meeting and to what people send.
fn conduct() -> impl Strategy<Value = Command> {
    let media = || vec![MediaKind::Audio, MediaKind::Share];
    let message = || (0u64..3).prop_map(|id| MessageOnly { message: MessageId(id) });
    let policy = prop_oneof![
        any::<bool>().prop_map(|it| Policy { requires_approval: Some(it), ..Policy::default() }),
        prop::option::of(2u32..5)
            .prop_map(|it| Policy { max_participants: Some(it), ..Policy::default() }),
        any::<bool>().prop_map(|on| {
            let locks = if on { vec![Permission::ChatSend] } else { Vec::new() };
            let grants = [(Role::Attendee, locks.iter().map(|_| Permission::MediaShare).collect())];
            Policy { locks: Some(locks), grants: Some(grants.into()), ..Policy::default() }
        }),
    ];
    prop_oneof![
        1 => policy.prop_map(|policy| Command::MeetingPolicy(Box::new(policy))),
        2 => Just(empty(Command::MeetingSuspend)),
        2 => Just(empty(Command::MeetingResume)),
        1 => prop::option::of(Just(Timestamp(1_700_000_900_000))).prop_map(|ends_at| {
            let ends_at = Some(ends_at);
            Command::MeetingUpdate(MeetingUpdate { ends_at, ..MeetingUpdate::default() })
        }),
        1 => Just(Command::MeetingExtend(MeetingExtend { minutes: 5 })),
        1 => user().prop_map(move |user| {
            Command::ParticipantMute(Mute { participant: at(user), media: media() })
        }),
        3 => user().prop_map(move |user| {
            Command::ParticipantMuteAll(MuteAll { media: media(), except: vec![at(user)] })
        }),
        2 => (prop::option::of(user()), 0u8..3).prop_map(|(user, n)| {
            let participant = user.map(at);
            Command::ParticipantRename(Rename { participant, name: format!("Name {n}") })
        }),
        4 => message().prop_map(Command::ChatPin),
        4 => message().prop_map(Command::ChatUnpin),
        1 => user().prop_map(|user| {
            Command::AbuseReport(AbuseReport { participant: at(user), text: "shouts".into() })
        }),
        1 => any::<bool>().prop_map(|last| Command::CaptionPublish(CaptionPublish {
            text: "as I said".into(),
            speaker: None,
            r#final: last,
            lang: None,
            start_ms: None,
            end_ms: None,
        })),
    ]
}

/// Who may what.
fn rights() -> impl Strategy<Value = Command> {
    use Permission as P;
    let some = || {
        let led_further = vec![P::RoleAssign, P::ParticipantAdmit, P::ChatSend, P::MediaShare];
        prop::sample::subsequence(led_further, 1..3)
    };
    let define = (21u8..70).prop_map(|rank| {
        Command::RoleDefine(RoleDefine { rank, grants: vec![P::MediaShare], ..define("helper") })
    });
    prop_oneof![
        2 => (user(), some()).prop_map(|(user, asked)| grant(user, &asked)),
        2 => (user(), some()).prop_map(|(user, asked)| deny(user, &asked)),
        1 => user().prop_map(|user| reset(user, None)),
        2 => define,
        2 => user().prop_map(|user| assign(user, role("helper"))),
        1 => Just(Command::RoleRemove(RoleOnly { key: key("helper") })),
        2 => user().prop_map(transfer),
        2 => Just(reclaim()),
        1 => user().prop_map(|user| Command::Leave(Leave { successor: Some(at(user)) })),
    ]
}

/// Breakout rooms; they have a file of tests of their own.
fn rooms() -> impl Strategy<Value = Command> {
    let room = || (1u32..4).prop_map(RoomId);
    let prepare = prop::collection::vec(user(), 0..2).prop_map(|people| {
        let participants = people.into_iter().map(at).collect();
        let rooms = vec![RoomAsked { name: "Room".into(), participants }];
        let minutes = Some(1);
        Command::BreakoutPrepare(BreakoutPrepare { rooms, mode: BreakoutMode::SelfSelect, minutes })
    });
    prop_oneof![
        1 => prepare,
        3 => Just(empty(Command::BreakoutOpen)),
        6 => room().prop_map(|room| Command::BreakoutJoin(RoomOnly { room })),
        1 => Just(empty(Command::BreakoutReturn)),
        2 => (user(), prop::option::of(room())).prop_map(|(user, room)| {
            Command::BreakoutAssign(BreakoutAssign { participant: at(user), room })
        }),
        3 => Just(Command::BreakoutExtend(BreakoutExtend { minutes: 1, room: None })),
        1 => Just(Command::BreakoutAnnounce(BreakoutAnnounce { text: "soon".into(), rooms: None })),
        3 => prop::option::of(Just(20)).prop_map(|countdown_seconds| {
            Command::BreakoutClose(BreakoutClose { countdown_seconds })
        }),
        1 => Just(empty(Command::BreakoutRequestHelp)),
        1 => room().prop_map(|room| Command::BreakoutResolveHelp(RoomOnly { room })),
    ]
}

/// Polls, agenda, timer, decisions, and the word to who wants it.
fn together() -> impl Strategy<Value = Command> {
    let poll = || (1u32..5).prop_map(PollId);
    let item = || prop_oneof![1 => Just(None), 3 => (1u32..4).prop_map(|id| Some(ItemId(id)))];
    let opened = (any::<(bool, bool)>(), prop_oneof![Just(None), Just(Some(30))]);
    let plan = item().prop_map(|item| AgendaPlan {
        item,
        title: "Review".into(),
        minutes: 10,
        owner: None,
    });
    prop_oneof![
        2 => opened.prop_map(|((multiple, anonymous), seconds)| {
            let choices = ["a", "b", "c"].map(str::to_owned).to_vec();
            let question = "Which?".into();
            Command::PollOpen(PollOpen { question, choices, multiple, anonymous, seconds })
        }),
        6 => (poll(), prop::collection::vec(0u32..4, 0..3))
            .prop_map(|(poll, choices)| Command::PollVote(PollVote { poll, choices })),
        1 => poll().prop_map(|poll| Command::PollClose(PollOnly { poll })),
        2 => prop::collection::vec(plan, 0..3)
            .prop_map(|items| Command::AgendaSet(AgendaSet { items })),
        2 => item().prop_map(|item| Command::AgendaGoTo(AgendaGoTo { item })),
        1 => Just(Command::TimerStart(TimerStart { seconds: 45, label: None })),
        1 => Just(empty(Command::TimerStop)),
        1 => Just(Command::DecisionRecord(DecisionRecord { text: "yes".into() })),
        1 => user().prop_map(|user| {
            let due = Some("2026-11-30".parse().unwrap());
            Command::ActionRecord(ActionRecord { text: "do it".into(), owner: Some(at(user)), due })
        }),
        2 => user().prop_map(|user| Command::HandCallOn(HandCallOn { participant: at(user) })),
    ]
}

fn until_or_none() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![Just(None), Just(Some(Timestamp(1_700_000_090_000)))]
}

fn act() -> impl Strategy<Value = Act> {
    // After a day without anyone a meeting is over for good: that is seldom, else little else would be.
    let seconds = prop_oneof![
        8 => Just(1u32), 8 => Just(30), 4 => Just(61), 4 => Just(700), 1 => Just(90_000)
    ];
    let session = || prop_oneof![3 => Just(0usize), 1 => 1usize..3];
    prop_oneof![
        14 => user().prop_map(Act::Enter),
        2 => (user(), session()).prop_map(|(user, n)| Act::Lose(user, n)),
        3 => (user(), session()).prop_map(|(user, n)| Act::Resume(user, n)),
        36 => (prop_oneof![2 => Just(OWNER), 3 => user()], command())
            .prop_map(|(user, command)| Act::Ask(user, command)),
        3 => seconds.prop_map(Act::Pass),
        1 => Just(Act::Restart),
    ]
}

/// To be pinned is the first message, the second or the third, which are known only when they were said.
fn with_a_message_of(stage: &Stage, mut command: Command) -> Command {
    if let Command::ChatPin(MessageOnly { message }) | Command::ChatUnpin(MessageOnly { message }) =
        &mut command
    {
        let mut said = stage.journal.iter().filter(|event| is_fact(event, "chat.sent"));
        let nth = usize::try_from(message.0).unwrap();
        *message = MessageId(said.nth(nth).map_or(message.0, |event| event.seq.0));
    }
    command
}

/// Does what an act says; a refusal must change nothing.
fn perform(stage: &mut Stage, act: &Act) {
    let before = (stage.meeting.facts.clone(), stage.journal.len());
    let session = |stage: &Stage, user: i64, n: usize| {
        let person = stage.meeting.facts.person_of(UserId(user))?;
        person.sessions.get(n).copied()
    };
    let refused = match act {
        Act::Enter(user) => stage.enter_as(*user, shown(*user)).is_err(),
        // Who is not here comes first, and asks for nothing yet.
        Act::Ask(user, _) if session(stage, *user, 0).is_none() => {
            stage.enter_as(*user, shown(*user)).is_err()
        }
        Act::Ask(user, command) => {
            let command = with_a_message_of(stage, command.clone());
            stage.ask(*user, command).is_err()
        }
        Act::Lose(user, n) => session(stage, *user, *n)
            .is_some_and(|session| stage.take(&Input::Lost { session }).is_err()),
        Act::Resume(user, n) => session(stage, *user, *n).is_some_and(|session| {
            let user = UserId(*user);
            stage.take(&Input::Resume { session, user }).is_err()
        }),
        Act::Pass(seconds) => {
            stage.pass(*seconds);
            false
        }
        Act::Restart => {
            stage.meeting.facts = stage.replayed();
            let last_alive = stage.now;
            stage.take(&Input::Recover { last_alive }).unwrap();
            false
        }
    };
    stage.settle();
    if refused {
        assert_eq!((&stage.meeting.facts, stage.journal.len()), (&before.0, before.1), "{act:?}");
    }
}

/// The event as it is read back, with what a redaction leaves of it.
pub(super) fn through_the_store(event: &Event, redacted: bool) -> Event {
    let (kind, details) = event.fact.to_row();
    let personal = event.personal.as_ref().filter(|_| !redacted);
    let personal = personal.map(|personal| serde_json::to_string(personal).unwrap());
    Event {
        fact: Fact::from_row(&kind, &details).unwrap(),
        audience: event.audience.to_string().parse().unwrap(),
        personal: personal.map(|text| serde_json::from_str(&text).unwrap()),
        ..event.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn live_state_is_the_fold_of_the_journal(
        acts in prop::collection::vec(act(), 1..120),
        requires_approval: bool,
        join_before_host: bool,
        max_participants in prop_oneof![Just(None), Just(Some(3))],
    ) {
        let mut stage = Stage::new(|created| {
            created.requires_approval = requires_approval;
            created.max_participants = max_participants;
            created.settings.join_before_host = join_before_host;
        });
        for act in &acts {
            perform(&mut stage, act);
        }
        let facts = &stage.meeting.facts;
        prop_assert_eq!(facts, &stage.replayed());
        let redacted: Vec<_> = stage.journal.iter().filter_map(|event| match &event.fact {
            Fact::Redacted { ranges } => Some(ranges[0].0),
            _ => None,
        }).collect();
        let mut restored = crate::meeting::Facts::default();
        for event in &stage.journal {
            restored.apply(&through_the_store(event, redacted.contains(&event.seq)));
        }
        prop_assert_eq!(facts, &restored, "also through the store, and after redactions");
        for (index, event) in stage.journal.iter().enumerate() {
            prop_assert_eq!(event.seq, Seq(index as u64 + 1));
        }
    }

    /// Nobody sees more than they may, whichever way they look: what a snapshot shows of the chat is what
    /// the events addressed to them were.
    #[test]
    fn a_snapshot_shows_no_more_than_the_events_did(
        acts in prop::collection::vec(act(), 1..100),
    ) {
        let mut stage = Stage::new(|_| {});
        for act in &acts {
            perform(&mut stage, act);
        }
        for person in stage.meeting.facts.people.values().filter(|person| person.is_in()) {
            for message in stage.meeting.facts.recent_chat(person) {
                let event = &stage.journal[message.message.0 as usize - 1];
                prop_assert!(event.audience.includes(&person.view));
            }
        }
    }
}

/// What takes a crowd, refusals by the dozen, or someone in a room who may ask for help: tests of their own
/// bring that about.
const NOT_BY_CHANCE: [&str; 4] = [
    "meeting.size_changed",
    "permission.refused",
    "breakout.help_requested",
    "breakout.help_resolved",
];

/// Else what the other tests here say would say nothing of it.
#[test]
fn chance_brings_about_every_fact() {
    let mut runner = TestRunner::deterministic();
    let life = prop::collection::vec(act(), 100..200);
    let mut missing: BTreeSet<_> = docs::actions().into_iter().collect();
    missing.retain(|kind| !NOT_BY_CHANCE.contains(kind));
    for _ in 0..1000 {
        let acts = life.new_tree(&mut runner).unwrap().current();
        let mut stage = Stage::new(|_| {});
        (OWNER..7).for_each(|user| perform(&mut stage, &Act::Enter(user)));
        acts.iter().for_each(|act| perform(&mut stage, act));
        for event in &stage.journal {
            missing.remove(&*event.fact.to_row().0);
        }
        if missing.is_empty() {
            return;
        }
    }
    panic!("{missing:?}");
}
