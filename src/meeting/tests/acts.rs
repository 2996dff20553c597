//! What may happen to a meeting, by chance: every command, by anyone, at any time.

use std::num::NonZero;

use proptest::prelude::*;
use quorate_protocol::*;

use super::stage::*;
use crate::meeting::event::Fact;
use crate::meeting::{Enter, Input};

/// Something that happens; users and others are small numbers so that they meet.
#[derive(Debug, Clone)]
pub(super) enum Act {
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
        Just(Some(ChatTo::Room)),
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
        Just(Command::HandLower(HandLower::default())),
        Just(empty(Command::WaitingList)),
        Just(empty(Command::MeetingStart)),
        Just(empty(Command::MeetingEnd)),
        Just(empty(Command::MeetingCancel)),
        Just(empty(Command::MeetingLock)),
        Just(empty(Command::MeetingUnlock)),
        Just(admit_all(None)),
    ];
    prop_oneof![
        4 => simple,
        4 => taking_part(),
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
        8 => rooms(),
        4 => conduct(),
        4 => roles(),
        3 => settings(),
        5 => at_the_door(),
        1 => user().prop_map(|user| {
            Command::HandLower(HandLower { participant: Some(at(user)) })
        }),
        6 => together(),
        1 => any::<(bool, bool)>().prop_map(|(audio, share)| {
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

/// Polls, agenda, timer, decisions, and the word to who wants it.
fn together() -> impl Strategy<Value = Command> {
    let poll = || (1u32..9).prop_map(PollId);
    let item = || prop_oneof![1 => Just(None), 3 => (1u32..9).prop_map(|id| Some(ItemId(id)))];
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
        1 => prop::collection::vec(plan, 0..3)
            .prop_map(|items| Command::AgendaSet(AgendaSet { items })),
        2 => item().prop_map(|item| Command::AgendaGoTo(AgendaGoTo { item })),
        1 => Just(Command::TimerStart(TimerStart { seconds: 45, label: None })),
        1 => Just(empty(Command::TimerStop)),
        1 => Just(Command::DecisionRecord(DecisionRecord { text: "yes".into() })),
        1 => user().prop_map(|user| {
            let due = Some("2026-11-30".parse().unwrap());
            Command::ActionRecord(ActionRecord { text: "do it".into(), owner: Some(at(user)), due })
        }),
        1 => user().prop_map(|user| Command::HandCallOn(HandCallOn { participant: at(user) })),
    ]
}

/// Who speaks, how engaged people are, and who is left out of that.
fn taking_part() -> impl Strategy<Value = Command> {
    let source = prop_oneof![
        2 => Just(None),
        1 => Just(Some(TalkSource::Sfu)),
        1 => Just(Some(TalkSource::Client))
    ];
    prop_oneof![
        4 => any::<bool>().prop_map(|speaking| {
            Command::SpeakingReport(SpeakingReport { speaking, participant: None, source: None })
        }),
        4 => (any::<bool>(), user(), source).prop_map(|(speaking, user, source)| {
            let participant = Some(at(user));
            Command::SpeakingReport(SpeakingReport { speaking, participant, source })
        }),
        1 => prop::option::of(user()).prop_map(|user| {
            Command::EngagementGet(EngagementGet { participant: user.map(at) })
        }),
        1 => (user(), any::<bool>()).prop_map(|(user, excluded)| {
            Command::ReportExclude(ReportExclude { participant: at(user), excluded })
        }),
    ]
}

/// Breakout rooms.
fn rooms() -> impl Strategy<Value = Command> {
    let room = || (1u32..9).prop_map(RoomId);
    let mode = prop_oneof![
        2 => Just(BreakoutMode::Manual),
        1 => Just(BreakoutMode::Random),
        2 => Just(BreakoutMode::SelfSelect)
    ];
    let people = prop::collection::vec(user(), 0..3);
    let prepare = (prop::collection::vec(people, 1..4), mode, prop::option::of(Just(1u32)));
    let prepare = prepare.prop_map(|(rooms, mode, minutes)| {
        let asked = |(index, people): (usize, &Vec<i64>)| RoomAsked {
            name: format!("Room {index}"),
            participants: match mode {
                BreakoutMode::Random => Vec::new(),
                _ => people.iter().map(|user| at(*user)).collect(),
            },
        };
        let rooms = rooms.iter().enumerate().map(asked).collect();
        Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes })
    });
    prop_oneof![
        4 => prepare,
        5 => Just(empty(Command::BreakoutOpen)),
        1 => prop::option::of(Just(20)).prop_map(|countdown_seconds| {
            Command::BreakoutClose(BreakoutClose { countdown_seconds })
        }),
        4 => (user(), prop::option::of(room())).prop_map(|(user, room)| {
            Command::BreakoutAssign(BreakoutAssign { participant: at(user), room })
        }),
        5 => room().prop_map(|room| Command::BreakoutJoin(RoomOnly { room })),
        2 => Just(empty(Command::BreakoutReturn)),
        3 => prop::option::of(room()).prop_map(|room| {
            let rooms = room.map(|room| vec![room]);
            Command::BreakoutAnnounce(BreakoutAnnounce { text: "hello".into(), rooms })
        }),
        1 => prop::option::of(room())
            .prop_map(|room| Command::BreakoutExtend(BreakoutExtend { minutes: 1, room })),
        2 => Just(empty(Command::BreakoutRequestHelp)),
        1 => room().prop_map(|room| Command::BreakoutResolveHelp(RoomOnly { room })),
    ]
}

/// What people do to each other, and what they say besides.
fn conduct() -> impl Strategy<Value = Command> {
    let message = || (1u64..120).prop_map(|id| MessageOnly { message: MessageId(id) });
    prop_oneof![
        1 => (prop::option::of(user()), 0u8..3).prop_map(|(user, n)| {
            let (participant, name) = (user.map(at), format!("Name {n}"));
            Command::ParticipantRename(Rename { participant, name })
        }),
        1 => user().prop_map(|user| {
            let media = vec![MediaKind::Audio];
            Command::ParticipantMute(Mute { participant: at(user), media })
        }),
        1 => user().prop_map(|user| {
            let (media, except) = (vec![MediaKind::Share, MediaKind::Audio], vec![at(user)]);
            Command::ParticipantMuteAll(MuteAll { media, except })
        }),
        1 => user().prop_map(|user| {
            let media = vec![MediaKind::Audio];
            Command::ParticipantRequestUnmute(Mute { participant: at(user), media })
        }),
        2 => Just(Command::ReactionSend(ReactionSend { emoji: "👋".into() })),
        2 => any::<bool>().prop_map(|r#final| Command::CaptionPublish(CaptionPublish {
            text: "and so".into(),
            speaker: None,
            r#final,
            lang: None,
            start_ms: None,
            end_ms: None,
        })),
        2 => user().prop_map(|user| {
            let to = Some(at(user));
            Command::AppPublish(AppPublish { topic: "one".into(), data: 1.into(), to })
        }),
        2 => user().prop_map(|user| {
            Command::RtcSend(RtcSend { to: at(user), session: None, data: 1.into() })
        }),
        4 => message().prop_map(Command::ChatPin),
        1 => message().prop_map(Command::ChatUnpin),
        1 => Just(Command::ChatHistory(ChatHistoryGet { before: None, limit: 200 })),
        2 => user().prop_map(|user| {
            Command::AbuseReport(AbuseReport { participant: at(user), text: "rude".into() })
        }),
        1 => user().prop_map(|user| {
            let (participant, reason) = (at(user), Some("loud".to_owned()));
            Command::ParticipantRemove(PersonReason { participant, reason })
        }),
        1 => user().prop_map(|user| {
            let (participant, reason) = (at(user), Some("unknown".to_owned()));
            Command::ParticipantDecline(PersonReason { participant, reason })
        }),
        1 => user().prop_map(|user| {
            let (participant, user) = (None, Some(UserId(user)));
            let (reason, until, scope) = (Some("spam".to_owned()), None, BanScope::Series);
            Command::ParticipantBan(Ban { participant, user, reason, until, scope })
        }),
        1 => Just(Command::InviteeList(InviteeList { after: None, limit: 50 })),
    ]
}

/// Roles, what is granted and taken in person, and the host's seat.
fn roles() -> impl Strategy<Value = Command> {
    let permission = || {
        prop_oneof![
            Just(Permission::ParticipantAdmit),
            Just(Permission::ParticipantList),
            Just(Permission::CaptionPublish),
            Just(Permission::BreakoutManage),
            Just(Permission::PollCreate),
            Just(Permission::ChatSend),
        ]
    };
    let greeter =
        |rank| RoleDefine { rank, grants: vec![Permission::PollCreate], ..define("greeter") };
    prop_oneof![
        2 => (user(), permission()).prop_map(|(user, permission)| grant(user, &[permission])),
        1 => (user(), permission()).prop_map(|(user, permission)| deny(user, &[permission])),
        1 => user().prop_map(|user| reset(user, None)),
        1 => (30u8..70).prop_map(move |rank| Command::RoleDefine(greeter(rank))),
        1 => Just(Command::RoleRemove(RoleOnly { key: key("greeter") })),
        1 => user().prop_map(|user| assign(user, role("greeter"))),
        1 => user().prop_map(transfer),
        1 => Just(reclaim()),
        1 => user().prop_map(|user| Command::Leave(Leave { successor: Some(at(user)) })),
    ]
}

/// What the meeting is and how it is set.
fn settings() -> impl Strategy<Value = Command> {
    let policy = |change: fn(&mut Policy)| {
        let mut policy = Policy::default();
        change(&mut policy);
        Just(Command::MeetingPolicy(Box::new(policy)))
    };
    prop_oneof![
        2 => Just(empty(Command::MeetingSuspend)),
        2 => Just(empty(Command::MeetingResume)),
        1 => policy(|it| it.requires_approval = Some(true)),
        1 => policy(|it| it.requires_approval = Some(false)),
        1 => policy(|it| {
            (it.requires_approval, it.waiting) = (Some(false), Some(WaitingThen::Keep));
        }),
        1 => policy(|it| it.breakout_late = Some(BreakoutLate::LeastFull)),
        1 => policy(|it| it.chat_history = Some(ChatHistory::SinceJoin)),
        1 => policy(|it| it.chat = Some(ChatPolicy::Staff)),
        1 => policy(|it| it.locks = Some(vec![Permission::ParticipantList])),
        1 => policy(|it| it.succession = Some(Succession::EndAfter)),
        1 => policy(|it| it.max_participants = Some(Some(4))),
        1 => Just(Command::MeetingUpdate(MeetingUpdate {
            title: Some("Other".into()),
            ..MeetingUpdate::default()
        })),
        1 => Just(Command::MeetingExtend(MeetingExtend { minutes: 5 })),
        1 => Just(Command::ParticipantList(ParticipantList {
            after: None,
            limit: 200,
            role: None,
            room: None,
        })),
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

fn until_or_none() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![Just(None), Just(Some(Timestamp(1_700_000_090_000)))]
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    // After a day without anyone a meeting is over for good: that is seldom, else little else would be.
    let seconds = prop_oneof![
        8 => Just(1u32), 8 => Just(30), 4 => Just(61), 4 => Just(700), 1 => Just(90_000)
    ];
    prop_oneof![
        5 => user().prop_map(Act::Enter),
        2 => (user(), 0usize..3).prop_map(|(user, n)| Act::Lose(user, n)),
        2 => (user(), 0usize..3).prop_map(|(user, n)| Act::Resume(user, n)),
        16 => (prop_oneof![1 => Just(OWNER), 1 => user()], command())
            .prop_map(|(user, command)| Act::Ask(user, command)),
        2 => seconds.prop_map(Act::Pass),
        1 => Just(Act::Restart),
    ]
}

/// The command, its numbers of messages, rooms and polls put on such as are there, where any are.
pub(super) fn aimed(stage: &Stage, command: &Command) -> Command {
    let mut command = command.clone();
    let (mut messages, mut rooms, mut polls) = (Vec::new(), Vec::new(), 0);
    for event in &stage.journal {
        match &event.fact {
            Fact::ChatSent { .. } => messages.push(MessageId(event.seq.0)),
            Fact::BreakoutPrepared { rooms: plans, .. } => {
                rooms = plans.iter().map(|plan| plan.room).collect();
            }
            Fact::PollOpened { .. } => polls += 1,
            _ => {}
        }
    }
    let message = |id: &mut MessageId| {
        if let Some(length) = NonZero::new(messages.len()) {
            *id = messages[id.0 as usize % length];
        }
    };
    let room = |id: &mut RoomId| {
        if let Some(length) = NonZero::new(rooms.len()) {
            *id = rooms[id.0 as usize % length];
        }
    };
    // One in two to the newest.
    let poll = |id: &mut PollId| id.0 = if id.0.is_multiple_of(2) { polls } else { id.0 };
    match &mut command {
        Command::ChatDelete(ask) => message(&mut ask.message),
        Command::ChatPin(ask) | Command::ChatUnpin(ask) => message(&mut ask.message),
        Command::BreakoutAssign(ask) => ask.room.iter_mut().for_each(room),
        Command::BreakoutJoin(ask) | Command::BreakoutResolveHelp(ask) => room(&mut ask.room),
        Command::BreakoutAnnounce(ask) => ask.rooms.iter_mut().flatten().for_each(room),
        Command::BreakoutExtend(ask) => ask.room.iter_mut().for_each(room),
        Command::PollVote(ask) => poll(&mut ask.poll),
        Command::PollClose(ask) => poll(&mut ask.poll),
        _ => {}
    }
    command
}

/// Does what an act says; a refusal must change nothing.
pub(super) fn perform(stage: &mut Stage, act: &Act) {
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
        Act::Ask(user, command) => stage.ask(*user, aimed(stage, command)).is_err(),
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
