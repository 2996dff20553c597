//! Every permission × everyone: the matrix, tried out. What is ● is taken by nothing, ○ by a lock below
//! rank 60 and by a deny, ◌ is off until granted, – never on.

use quorate_protocol::*;
use uuid::Uuid;

use super::stage::*;
use crate::meeting::event::MeetingCreated;
use crate::meeting::roles::{MATRIX, Mark};
use crate::meeting::{Bot, Enter, Input, Passcode, Refusal};
use Permission as P;

/// Attendees upon whom the others act.
const OTHER: i64 = 8;
/// A co-host who wrote a message.
const WRITER: i64 = 9;
/// A bot of the owner's with every scope.
const BOT: i64 = 200;

/// Who tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Host,
    CoHost,
    Moderator,
    Presenter,
    Attendee,
    /// Based on presenter, of rank 45, with `participant.admit`, without `media.share`.
    Custom,
    Guest,
    Bot,
    ActingHost,
}

const EVERYONE: [Who; 9] = [
    Who::Host,
    Who::CoHost,
    Who::Moderator,
    Who::Presenter,
    Who::Attendee,
    Who::Custom,
    Who::Guest,
    Who::Bot,
    Who::ActingHost,
];

/// What an acting host lacks of a host's permissions.
const ACTING_LACKS: [P; 5] = [
    P::MeetingDelete,
    P::RoleTransferHost,
    P::RoleAssignCohost,
    P::RoleDefine,
    P::ReportIndividual,
];

impl Who {
    fn user(self) -> i64 {
        match self {
            Who::Host => OWNER,
            Who::CoHost | Who::ActingHost => 2,
            Who::Moderator => 3,
            Who::Presenter => 4,
            Who::Attendee => 5,
            Who::Custom => 6,
            Who::Guest => GUESTS_FROM,
            Who::Bot => BOT,
        }
    }

    /// The column of the matrix.
    fn column(self) -> usize {
        match self {
            Who::Host | Who::ActingHost => 0,
            Who::CoHost => 1,
            Who::Moderator => 2,
            Who::Presenter | Who::Custom => 3,
            Who::Attendee | Who::Guest | Who::Bot => 4,
        }
    }

    /// How they stand to a permission, by the matrix.
    fn mark(self, permission: P) -> Mark {
        let (_, marks, scope) = MATRIX.iter().find(|(found, ..)| *found == permission).unwrap();
        match (self, permission) {
            (Who::Bot, P::BreakoutRequestHelp) => Mark::Never,
            (Who::Bot, _) => {
                if *scope {
                    Mark::Default
                } else {
                    Mark::Never
                }
            }
            (Who::ActingHost, _) if ACTING_LACKS.contains(&permission) => Mark::Never,
            (Who::Custom, P::ParticipantAdmit) => Mark::Default,
            (Who::Custom, P::MediaShare) => Mark::Grantable,
            _ => marks[self.column()],
        }
    }

    fn has(self, permission: P) -> bool {
        matches!(self.mark(permission), Mark::Always | Mark::Default)
    }

    fn below_staff(self) -> bool {
        self.column() > 2
    }

    fn role(self) -> Role {
        match self {
            Who::Custom => helper(),
            _ => Role::BUILT_IN[self.column()],
        }
    }
}

fn helper() -> Role {
    Role::of("helper").unwrap()
}

/// A meeting with everyone in it, and in which this one may try.
fn cast(who: Who, change: impl FnOnce(&mut MeetingCreated)) -> Stage {
    filled(who, Stage::new(change))
}

fn filled(who: Who, mut stage: Stage) -> Stage {
    for user in [OWNER, 2, 3, 4, 5, 6, 7, OTHER, WRITER, GUESTS_FROM] {
        stage.enter(user).unwrap();
    }
    enter_bot(&mut stage, P::ALL.iter().copied().collect());
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.ask(OWNER, cohost(WRITER)).unwrap();
    stage.ask(OWNER, assign(3, Role::Moderator)).unwrap();
    stage.ask(OWNER, assign(4, Role::Presenter)).unwrap();
    let helper = RoleDefine {
        based_on: Role::Presenter,
        rank: 45,
        grants: vec![P::ParticipantAdmit],
        denies: vec![P::MediaShare],
        ..define("helper")
    };
    stage.ask(OWNER, Command::RoleDefine(helper)).unwrap();
    stage.ask(OWNER, assign(6, self::helper())).unwrap();
    // Who was removed waits.
    stage.ask(OWNER, remove(7)).unwrap();
    stage.enter(7).unwrap();
    stage.ask(WRITER, say("a message", None)).unwrap();
    if who == Who::ActingHost {
        stage.ask(OWNER, leave()).unwrap();
    }
    stage
}

fn enter_bot(stage: &mut Stage, scopes: PermissionSet) {
    let bot = Bot { owner: Some(UserId(OWNER)), scopes };
    let enter = Enter {
        user: UserId(BOT),
        kind: UserKind::Bot,
        name: "Greeter".into(),
        email: None,
        bot: Some(bot),
        passcode: Passcode::Missing,
        participant: at(BOT),
        session: SessionId(Uuid::from_u128(u128::MAX)),
    };
    stage.take(&Input::Enter(enter)).unwrap();
}

/// What nothing asks for yet but REST, or nothing at all.
const WITHOUT_COMMAND: [P; 7] = [
    P::WebhookManage,
    P::RecordingControl,
    P::RecordingView,
    P::RecordingDelete,
    P::ReportAggregate,
    P::AuditView,
    P::FeedbackSubmit,
];

/// A command that needs this permission; none is of those [`WITHOUT_COMMAND`].
fn command_needing(stage: &Stage, permission: P) -> Option<Command> {
    let participant = at(OTHER);
    let media = MediaUpdate::default();
    let mute = || Mute { participant, media: vec![MediaKind::Audio] };
    let rename = |participant| {
        Command::ParticipantRename(Rename { participant, name: "Somebody else".into() })
    };
    Some(match permission {
        P::MeetingStart => empty(Command::MeetingStart),
        P::MeetingEnd => empty(Command::MeetingEnd),
        P::MeetingDelete => empty(Command::MeetingCancel),
        P::MeetingExtend => Command::MeetingExtend(MeetingExtend { minutes: 5 }),
        P::MeetingUpdate => {
            let title = Some("Monthly".into());
            Command::MeetingUpdate(MeetingUpdate { title, ..MeetingUpdate::default() })
        }
        P::MeetingLock => empty(Command::MeetingLock),
        P::MeetingSuspend => empty(Command::MeetingSuspend),
        P::MeetingPolicy => {
            let chat = Some(ChatPolicy::Staff);
            Command::MeetingPolicy(Box::new(Policy { chat, ..Policy::default() }))
        }
        P::RoleTransferHost => transfer(OTHER),
        P::RoleDefine => Command::RoleDefine(define("scribe")),
        P::RoleAssign => assign(OTHER, Role::Presenter),
        P::RoleAssignCohost => cohost(OTHER),
        P::ParticipantInvite => {
            let user = Some(UserId(77));
            Command::InviteeAdd(InviteeAdd { user, ..InviteeAdd::default() })
        }
        P::ParticipantAdmit => admit(7),
        P::ParticipantDecline => decline(7),
        P::ParticipantRemove => remove(OTHER),
        P::ParticipantSendToWaiting => {
            Command::ParticipantSendToWaiting(SendToWaiting { participant, message: None })
        }
        P::ParticipantBan => ban(OTHER, None),
        P::ParticipantUnban => unban(OTHER),
        P::ParticipantRenameOther => rename(Some(participant)),
        P::ParticipantRenameSelf => rename(None),
        P::ParticipantList => Command::ParticipantList(ParticipantList {
            after: None,
            limit: 1,
            role: None,
            room: None,
        }),
        P::ParticipantMuteOther => Command::ParticipantMute(mute()),
        P::ParticipantRequestUnmute => Command::ParticipantRequestUnmute(mute()),
        P::MediaAudio => Command::MediaUpdate(MediaUpdate { audio: Some(true), ..media }),
        P::MediaVideo => Command::MediaUpdate(MediaUpdate { video: Some(true), ..media }),
        P::MediaShare => Command::MediaUpdate(MediaUpdate { share: Some(true), ..media }),
        P::ChatSend => say("hello", None),
        P::ChatPrivate => say("hello", Some(ChatTo::Participant(participant))),
        P::ChatModerate => {
            let said = stage.journal.iter().find(|event| is_fact(event, "chat.sent")).unwrap();
            Command::ChatDelete(ChatDelete { message: MessageId(said.seq.0) })
        }
        P::ReactionSend => Command::ReactionSend(ReactionSend { emoji: "👋".into() }),
        P::AppPublish => publish("cursor", 1),
        P::AttributesSet => Command::ParticipantSetAttributes(SetAttributes {
            attributes: [("seat".to_owned(), 4.into())].into(),
        }),
        P::HandRaise => empty(Command::HandRaise),
        P::HandManage => Command::HandLower(HandLower { participant: Some(participant) }),
        P::AgendaManage => Command::AgendaGoTo(AgendaGoTo { item: None }),
        P::TimerControl => Command::TimerStart(TimerStart { seconds: 60, label: None }),
        P::PollCreate => Command::PollOpen(PollOpen {
            question: "Which?".into(),
            choices: vec!["a".into(), "b".into()],
            multiple: false,
            anonymous: false,
            seconds: None,
        }),
        P::PollVote => Command::PollVote(PollVote { poll: PollId(1), choices: vec![0] }),
        P::DecisionRecord => Command::DecisionRecord(DecisionRecord { text: "yes".into() }),
        P::CaptionPublish => Command::CaptionPublish(CaptionPublish {
            text: "hello".into(),
            speaker: None,
            r#final: true,
            lang: None,
            start_ms: None,
            end_ms: None,
        }),
        P::BreakoutManage => empty(Command::BreakoutOpen),
        P::BreakoutRoam => Command::BreakoutJoin(RoomOnly { room: RoomId(1) }),
        P::BreakoutRequestHelp => empty(Command::BreakoutRequestHelp),
        P::ReportIndividual => {
            Command::ReportExclude(ReportExclude { participant, excluded: true })
        }
        P::AbuseReport => Command::AbuseReport(AbuseReport { participant, text: "shouts".into() }),
        _ => return None,
    })
}

/// Whether they may, as `can` says, with its reason, and as the answer to a command says.
#[track_caller]
fn expect(stage: &mut Stage, who: Who, permission: P, grant: Grant) {
    let user = who.user();
    let told = format!("{who:?} {permission}");
    let person = stage.person(user).clone();
    assert_eq!(stage.meeting.facts.you(&person).can.0[&permission], grant, "{told}");
    assert_eq!(person.view.permissions.has(permission), grant == Grant::Yes, "{told}");
    let Some(command) = command_needing(stage, permission) else { return };
    let before = (stage.meeting.facts.clone(), stage.journal.len());
    let session = person.sessions[0];
    let answer = stage.meeting.decide(stage.now, &Input::Command { session, command });
    match (grant, answer) {
        (Grant::Yes, Err(Refusal::Forbidden(lacks))) => panic!("{told}: lacks {lacks}"),
        (Grant::Yes, _) => {}
        (Grant::No(_), Err(refusal)) => {
            assert_eq!(refusal, Refusal::Forbidden(permission), "{told}");
            let error = ErrorBody::from(&refusal);
            assert_eq!((error.code, error.permission), (Code::Forbidden, Some(permission)));
        }
        (Grant::No(_), Ok(decision)) => panic!("{told}: {decision:?}"),
    }
    let after = (&stage.meeting.facts, stage.journal.len());
    assert_eq!(after, (&before.0, before.1), "{told}: deciding changes nothing");
}

fn role_says(has: bool) -> Grant {
    if has { Grant::Yes } else { Grant::No(Denial::Role) }
}

#[test]
fn the_table_of_commands_tries_what_it_says() {
    let mut stage = cast(Who::Host, |_| {});
    for &permission in P::ALL {
        let command = command_needing(&stage, permission);
        assert_eq!(command.is_none(), WITHOUT_COMMAND.contains(&permission), "{permission}");
        if let Some(command) = command {
            let refused = stage.ask(7, command.clone());
            assert_eq!(refused, Err(Refusal::StillWaiting), "who waits may nothing: {command:?}");
        }
    }
    assert!(stage.person(7).view.permissions.is_empty());
}

#[test]
fn everyone_may_what_their_column_says() {
    for who in EVERYONE {
        let mut stage = cast(who, |_| {});
        for &permission in P::ALL {
            expect(&mut stage, who, permission, role_says(who.has(permission)));
        }
    }
}

#[test]
fn a_lock_takes_what_is_on_by_default_below_rank_60() {
    for who in EVERYONE {
        let locks = |created: &mut MeetingCreated| created.settings.locks = P::ALL.to_vec();
        let mut stage = filled(who, Stage::unchecked(locks));
        for &permission in P::ALL {
            let grant = match who.mark(permission) {
                Mark::Default if who.below_staff() => Grant::No(Denial::Lock),
                _ => role_says(who.has(permission)),
            };
            expect(&mut stage, who, permission, grant);
        }
    }
}

/// What a suspended meeting takes from ranks below 60 (R16).
const SUSPENDED: [P; 10] = [
    P::MediaAudio,
    P::MediaVideo,
    P::MediaShare,
    P::ChatSend,
    P::ChatPrivate,
    P::ReactionSend,
    P::AppPublish,
    P::AttributesSet,
    P::ParticipantRenameSelf,
    P::ParticipantRenameOther,
];

#[test]
fn r16_a_suspension_takes_just_its_set_below_rank_60_and_gives_it_back() {
    for who in EVERYONE {
        let mut stage = cast(who, |_| {});
        stage.ask(WRITER, empty(Command::MeetingSuspend)).unwrap();
        for &permission in P::ALL {
            let taken = who.below_staff() && SUSPENDED.contains(&permission);
            let grant = match who.has(permission) && taken {
                true => Grant::No(Denial::Suspended),
                false => role_says(who.has(permission)),
            };
            expect(&mut stage, who, permission, grant);
        }
        stage.ask(WRITER, empty(Command::MeetingResume)).unwrap();
        for &permission in P::ALL {
            expect(&mut stage, who, permission, role_says(who.has(permission)));
        }
    }
}

#[test]
fn a_deny_takes_what_is_on_by_default_at_any_rank_and_nothing_else() {
    for who in EVERYONE.into_iter().filter(|who| !matches!(who, Who::Host | Who::ActingHost)) {
        let mut stage = cast(who, |_| {});
        for &permission in P::ALL {
            let answer = stage.ask(OWNER, deny(who.user(), &[permission]));
            let grant = match who.mark(permission) {
                Mark::Always => {
                    let field = "permissions";
                    assert!(
                        matches!(answer, Err(Refusal::Invalid { field: at, .. }) if at == field)
                    );
                    Grant::Yes
                }
                Mark::Default => Grant::No(Denial::Denied),
                Mark::Grantable | Mark::Never => Grant::No(Denial::Role),
            };
            expect(&mut stage, who, permission, grant);
        }
    }
}

#[test]
fn a_grant_gives_what_is_grantable_and_never_what_is_never() {
    for who in EVERYONE.into_iter().filter(|who| !matches!(who, Who::Host | Who::ActingHost)) {
        let mut stage = cast(who, |_| {});
        for &permission in P::ALL {
            let answer = stage.ask(OWNER, grant(who.user(), &[permission]));
            let host_lacks = !Who::Host.has(permission);
            let mark = who.mark(permission);
            if mark == Mark::Never || host_lacks {
                assert_eq!(answer, Err(Refusal::Forbidden(permission)), "{who:?}");
            } else if who == Who::Bot {
                let scopes = Err(Refusal::Conflict("a bot's rights are its scopes"));
                assert_eq!(answer, scopes, "{permission}");
            } else {
                assert!(answer.is_ok(), "{who:?} {permission}: {answer:?}");
            }
            let has = who.has(permission) || mark == Mark::Grantable && !host_lacks;
            expect(&mut stage, who, permission, role_says(has));
        }
    }
}

#[test]
fn the_settings_give_a_role_what_is_grantable_and_nothing_else() {
    for who in EVERYONE {
        let all = |created: &mut MeetingCreated| {
            created.settings.grants = [(who.role(), P::ALL.to_vec())].into();
        };
        let mut stage = filled(who, Stage::unchecked(all));
        for &permission in P::ALL {
            let given = who.mark(permission) == Mark::Grantable && who != Who::Bot;
            expect(&mut stage, who, permission, role_says(given || who.has(permission)));
        }
    }
}

#[test]
fn a_bot_may_no_more_than_its_scopes_and_its_owner_at_that_moment() {
    let mut stage = cast(Who::Bot, |_| {});
    stage.ask(OWNER, transfer(3)).unwrap();
    for &permission in P::ALL {
        let both = Who::Bot.has(permission) && Who::CoHost.has(permission);
        expect(&mut stage, Who::Bot, permission, role_says(both));
    }
    stage.ask(OWNER, reclaim()).unwrap();
    expect(&mut stage, Who::Bot, P::MeetingEnd, Grant::Yes);
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    enter_bot(&mut stage, [P::ChatSend, P::PollVote].into_iter().collect());
    let permissions: Vec<_> = stage.person(BOT).view.permissions.iter().collect();
    assert_eq!(permissions, [P::ChatSend], "no bot votes, whatever its token says");
}
