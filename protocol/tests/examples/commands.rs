//! One of each command.

use super::*;

pub(crate) fn all() -> Vec<Command> {
    let person = |reason: &str| PersonReason { participant: BEN, reason: Some(reason.to_owned()) };
    vec![
        Command::Leave(Leave { successor: Some(BEN) }),
        Command::Ping(Empty {}),
        Command::StateGet(Empty {}),
        Command::ParticipantList(ParticipantList {
            after: Some(BEN),
            limit: 100,
            role: Some(Role::Attendee),
            room: Some(BLUE),
        }),
        Command::ParticipantRename(Rename {
            participant: Some(BEN),
            name: "Ben from Accounting".to_owned(),
        }),
        Command::ParticipantSetAttributes(SetAttributes { attributes: attributes() }),
        Command::MediaUpdate(MediaUpdate { audio: Some(true), video: Some(false), share: None }),
        Command::ParticipantMute(Mute { participant: BEN, media: vec![MediaKind::Audio] }),
        Command::ParticipantMuteAll(MuteAll {
            media: vec![MediaKind::Audio, MediaKind::Video],
            except: vec![BEN],
        }),
        Command::ParticipantRequestUnmute(Mute { participant: BEN, media: vec![MediaKind::Audio] }),
        Command::HandRaise(Empty {}),
        Command::HandLower(HandLower { participant: Some(BEN) }),
        Command::HandCallOn(HandCallOn { participant: BEN }),
        Command::PollOpen(PollOpen {
            question: "Which day?".to_owned(),
            choices: vec!["Tuesday".to_owned(), "Thursday".to_owned()],
            multiple: true,
            anonymous: true,
            seconds: Some(60),
        }),
        Command::PollVote(vote()),
        Command::PollClose(PollOnly { poll: PollId(1) }),
        Command::AgendaSet(AgendaSet {
            items: vec![
                AgendaPlan {
                    item: Some(ItemId(1)),
                    title: "Review".to_owned(),
                    minutes: 10,
                    owner: Some(BEN),
                },
                AgendaPlan { item: None, title: "Plan".to_owned(), minutes: 20, owner: None },
            ],
        }),
        Command::AgendaGoTo(AgendaGoTo { item: Some(ItemId(1)) }),
        Command::TimerStart(TimerStart { seconds: 300, label: Some("Break".to_owned()) }),
        Command::TimerStop(Empty {}),
        Command::DecisionRecord(DecisionRecord { text: decision().text }),
        Command::ActionRecord(ActionRecord {
            text: action().text,
            owner: action().owner,
            due: action().due,
        }),
        Command::ReactionSend(ReactionSend { emoji: "👋".to_owned() }),
        Command::AppPublish(AppPublish {
            topic: "whiteboard.stroke".to_owned(),
            data: json(r#"{"from":[3,4],"to":[5,12]}"#),
            to: Some(BEN),
        }),
        Command::ChatSend(ChatSend {
            text: "Shall we begin?".to_owned(),
            to: Some(ChatTo::Participant(BEN)),
            reply_to: Some(MessageId(41)),
        }),
        Command::ChatDelete(ChatDelete { message: MessageId(42) }),
        Command::ChatPin(MessageOnly { message: MessageId(42) }),
        Command::ChatUnpin(MessageOnly { message: MessageId(42) }),
        Command::ChatHistory(ChatHistoryGet { before: Some(MessageId(42)), limit: 50 }),
        Command::AbuseReport(AbuseReport {
            participant: BEN,
            text: "calls people names".to_owned(),
        }),
        Command::CaptionPublish(CaptionPublish {
            text: "Shall we begin?".to_owned(),
            speaker: Some(BEN),
            r#final: true,
            lang: Some("en-GB".to_owned()),
            start_ms: Some(61_200),
            end_ms: Some(62_450),
        }),
        Command::WaitingList(Empty {}),
        Command::WaitingTell(WaitingTell {
            participant: Some(CLEO),
            text: "One moment, please".to_owned(),
        }),
        Command::ParticipantSendToWaiting(SendToWaiting {
            participant: BEN,
            message: Some("We talk about you now".to_owned()),
        }),
        Command::InviteeAdd(InviteeAdd {
            user: None,
            email: Some("dora@example.org".to_owned()),
            required: true,
        }),
        Command::InviteeRemove(InviteeOnly { invitee: InviteeId(2) }),
        Command::InviteeList(InviteeList { after: Some(InviteeId(50)), limit: 50 }),
        Command::ParticipantAdmit(Admit { participant: None, all: true, up_to_seq: Some(Seq(40)) }),
        Command::ParticipantDecline(person("not on the list")),
        Command::ParticipantRemove(person("asked to")),
        Command::ParticipantBan(Ban {
            participant: Some(BEN),
            user: None,
            reason: Some("spam".to_owned()),
            until: Some(at("12:00:00.000")),
            scope: BanScope::Series,
        }),
        Command::ParticipantUnban(UserOnly { user: BEN_USER }),
        Command::BanList(BanList { after: Some(BEN_USER), limit: 100 }),
        Command::RoleAssign(RoleAssign { participant: BEN, role: Role::Presenter }),
        Command::CohostAdd(UserOnly { user: BEN_USER }),
        Command::CohostRemove(UserOnly { user: BEN_USER }),
        Command::RoleGrant(PersonPermissions {
            participant: BEN,
            permissions: vec![Permission::MediaShare],
        }),
        Command::RoleDeny(PersonPermissions {
            participant: BEN,
            permissions: vec![Permission::ChatSend, Permission::ChatPrivate],
        }),
        Command::RoleReset(RoleReset {
            participant: BEN,
            permissions: Some(vec![Permission::ChatSend]),
        }),
        Command::RoleDefine(note_taker_as_asked()),
        Command::RoleRemove(RoleOnly { key: note_taker().key }),
        Command::HostTransfer(HostTransfer { participant: BEN }),
        Command::HostReclaim(Empty {}),
        Command::MeetingStart(Empty {}),
        Command::MeetingEnd(Empty {}),
        Command::MeetingCancel(Empty {}),
        Command::MeetingLock(Empty {}),
        Command::MeetingUnlock(Empty {}),
        Command::MeetingSuspend(Empty {}),
        Command::MeetingResume(Empty {}),
        Command::MeetingPolicy(Box::new(Policy {
            passcode: Some(Some("correct horse".to_owned())),
            waiting: Some(WaitingThen::Keep),
            ..policy()
        })),
        Command::MeetingUpdate(MeetingUpdate {
            title: Some("Standup, long".to_owned()),
            description: Some(None),
            starts_at: None,
            ends_at: Some(Some(at("10:30:00.000"))),
            time_zone: Some(Some("Europe/Berlin".into())),
            recurrence: Some(Recurrence {
                count: Some(8),
                ..Recurrence::every(RecurrencePattern::Weekly)
            }),
        }),
        Command::MeetingExtend(MeetingExtend { minutes: 15 }),
        Command::RtcSend(RtcSend { to: BEN, session: Some(session()), data: candidate() }),
        Command::BreakoutPrepare(BreakoutPrepare {
            rooms: vec![
                RoomAsked { name: "Blue".to_owned(), participants: vec![BEN] },
                RoomAsked { name: "Green".to_owned(), participants: vec![] },
            ],
            mode: BreakoutMode::Manual,
            minutes: Some(15),
        }),
        Command::BreakoutOpen(Empty {}),
        Command::BreakoutClose(BreakoutClose { countdown_seconds: Some(60) }),
        Command::BreakoutAssign(BreakoutAssign { participant: BEN, room: None }),
        Command::BreakoutJoin(RoomOnly { room: BLUE }),
        Command::BreakoutReturn(Empty {}),
        Command::BreakoutAnnounce(BreakoutAnnounce {
            text: "Five minutes left.".to_owned(),
            rooms: Some(vec![BLUE]),
        }),
        Command::BreakoutExtend(BreakoutExtend { minutes: 5, room: Some(BLUE) }),
        Command::BreakoutRequestHelp(Empty {}),
        Command::BreakoutResolveHelp(RoomOnly { room: BLUE }),
        Command::SpeakingReport(SpeakingReport {
            speaking: true,
            participant: Some(BEN),
            source: Some(TalkSource::Sfu),
        }),
        Command::EngagementGet(EngagementGet { participant: Some(BEN) }),
        Command::ReportExclude(ReportExclude { participant: BEN, excluded: true }),
    ]
}
