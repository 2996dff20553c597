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
        }),
        Command::ParticipantSetAttributes(SetAttributes { attributes: attributes() }),
        Command::MediaUpdate(MediaUpdate { audio: Some(true), video: Some(false), share: None }),
        Command::HandRaise(Empty {}),
        Command::HandLower(HandLower { participant: Some(BEN) }),
        Command::ReactionSend(ReactionSend { emoji: "👋".to_owned() }),
        Command::ChatSend(ChatSend {
            text: "Shall we begin?".to_owned(),
            to: Some(ChatTo::Participant(BEN)),
            reply_to: Some(MessageId(41)),
        }),
        Command::ChatDelete(ChatDelete { message: MessageId(42) }),
        Command::ChatHistory(ChatHistoryGet { before: Some(MessageId(42)), limit: 50 }),
        Command::WaitingList(Empty {}),
        Command::ParticipantAdmit(Admit { participant: None, all: true, up_to_seq: Some(Seq(40)) }),
        Command::ParticipantDecline(person("not on the list")),
        Command::ParticipantRemove(person("asked to")),
        Command::ParticipantBan(Ban {
            participant: Some(BEN),
            user: None,
            reason: Some("spam".to_owned()),
            until: Some(at("12:00:00.000")),
        }),
        Command::ParticipantUnban(UserOnly { user: BEN_USER }),
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
        Command::MeetingLock(Empty {}),
        Command::MeetingUnlock(Empty {}),
        Command::RtcSend(RtcSend { to: BEN, session: Some(session()), data: candidate() }),
    ]
}
