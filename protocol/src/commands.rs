//! What a client asks for. Each type, its data, and the data of its answer where it has one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::messages;
use crate::shapes::list_default;
use crate::{
    Attributes, ChatTo, Empty, MessageId, ParticipantId, Permission, Role, RoleKey, Seq, Timestamp,
    UserId,
};

messages! {
    /// A command: what a client may say after `hello`.
    Command {
        /// Leave the meeting with all of one's sessions.
        Leave(Leave) = "leave",
        /// Ask for the server's time.
        Ping(Empty) = "ping",
        /// Ask for a snapshot.
        StateGet(Empty) = "state.get",
        /// List who is there, in the order of their ids.
        ParticipantList(ParticipantList) = "participant.list",
        /// Change one's own attributes.
        ParticipantSetAttributes(SetAttributes) = "participant.set_attributes",
        /// Say what one sends.
        MediaUpdate(MediaUpdate) = "media.update",
        /// Raise one's hand.
        HandRaise(Empty) = "hand.raise",
        /// Lower one's hand, or another's.
        HandLower(HandLower) = "hand.lower",
        /// Send a reaction.
        ReactionSend(ReactionSend) = "reaction.send",
        /// Write to all, to one person, or to staff.
        ChatSend(ChatSend) = "chat.send",
        /// Delete a message.
        ChatDelete(ChatDelete) = "chat.delete",
        /// Read older messages, newest first.
        ChatHistory(ChatHistoryGet) = "chat.history",
        /// List who waits.
        WaitingList(Empty) = "waiting.list",
        /// Let one in, or all.
        ParticipantAdmit(Admit) = "participant.admit",
        /// Turn someone away who waits.
        ParticipantDecline(PersonReason) = "participant.decline",
        /// Remove someone who is in.
        ParticipantRemove(PersonReason) = "participant.remove",
        /// Ban someone: they are out, and stay out.
        ParticipantBan(Ban) = "participant.ban",
        /// Lift a ban.
        ParticipantUnban(UserOnly) = "participant.unban",
        /// Give someone a role below co-host.
        RoleAssign(RoleAssign) = "role.assign",
        /// Make a member co-host.
        CohostAdd(UserOnly) = "cohost.add",
        /// Make a co-host an ordinary participant again.
        CohostRemove(UserOnly) = "cohost.remove",
        /// Grant someone permissions in person.
        RoleGrant(PersonPermissions) = "role.grant",
        /// Take permissions from someone in person.
        RoleDeny(PersonPermissions) = "role.deny",
        /// Forget what was granted to someone and taken from them in person.
        RoleReset(RoleReset) = "role.reset",
        /// Define a role of this meeting, or define it anew.
        RoleDefine(RoleDefine) = "role.define",
        /// Remove a role of this meeting that nobody has.
        RoleRemove(RoleOnly) = "role.remove",
        /// Hand the meeting over to a member who is in.
        HostTransfer(HostTransfer) = "host.transfer",
        /// Take the seat back, as the owner.
        HostReclaim(Empty) = "host.reclaim",
        /// Start the meeting.
        MeetingStart(Empty) = "meeting.start",
        /// End the meeting for everyone.
        MeetingEnd(Empty) = "meeting.end",
        /// Lock the door: nobody new comes in.
        MeetingLock(Empty) = "meeting.lock",
        /// Unlock the door.
        MeetingUnlock(Empty) = "meeting.unlock",
        /// Send WebRTC signalling to one participant.
        RtcSend(RtcSend) = "rtc.send",
    }
}

/// Data of `leave`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// Who is host from then on, a member who is in; only the host may say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<ParticipantId>,
}

/// Data of `participant.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParticipantList {
    /// Only those with a greater id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ParticipantId>,
    /// How many, 1 to 200.
    #[serde(default = "list_default")]
    pub limit: u32,
    /// Only those with this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// Data of `participant.set_attributes`: null removes a key, others stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAttributes {
    /// What changes. All of one's attributes together take at most 1 KiB as JSON.
    pub attributes: Attributes,
}

/// Data of `media.update`: what is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaUpdate {
    /// The microphone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<bool>,
    /// The camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
    /// The screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<bool>,
}

/// Data of `hand.lower`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandLower {
    /// Whose; absent is one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
}

/// Data of `reaction.send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionSend {
    /// An emoji, at most 16 characters.
    pub emoji: String,
}

/// Data of `chat.send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatSend {
    /// Plain text, 1 to 4000 characters, kept as typed.
    pub text: String,
    /// To whom; absent is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ChatTo>,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
}

/// Answer to `chat.send`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatSent {
    /// The message's id.
    pub message: MessageId,
}

/// Data of `chat.delete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatDelete {
    /// Which message.
    pub message: MessageId,
}

/// Data of `chat.history`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatHistoryGet {
    /// Only messages before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<MessageId>,
    /// How many, 1 to 200.
    #[serde(default = "list_default")]
    pub limit: u32,
}

/// Data of `participant.admit`: one person, or all that one has seen waiting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Admit {
    /// One person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// Everyone who waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// With `all`: only entries up to this `seq`, the newest that the caller had seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_seq: Option<Seq>,
}

/// Answer to `participant.admit` with `all`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Admitted {
    /// Who came in.
    pub admitted: Vec<ParticipantId>,
    /// Who still waits.
    pub left: Vec<ParticipantId>,
    /// Why they still wait: `meeting_full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<crate::Code>,
}

/// Answer to what was done already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Already {
    /// Always true.
    pub already: bool,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ParticipantId>,
}

/// A person, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonReason {
    /// Whom it concerns.
    pub participant: ParticipantId,
    /// Why, at most 500 characters; told to staff and the person only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Data of `participant.ban`: a participant, or a user who may never have been here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ban {
    /// Someone who is or was here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// Any user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Why, at most 500 characters; told to staff and the person only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when; absent is for as long as the meeting lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserOnly {
    /// Whom it concerns.
    pub user: UserId,
}

/// Data of `role.assign`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleAssign {
    /// To whom.
    pub participant: ParticipantId,
    /// `moderator`, `presenter`, `attendee`, or a custom role's key.
    pub role: Role,
}

/// Data of `role.grant` and `role.deny`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonPermissions {
    /// Whose.
    pub participant: ParticipantId,
    /// Which, at least one.
    pub permissions: Vec<Permission>,
}

/// Data of `role.reset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleReset {
    /// Whose.
    pub participant: ParticipantId,
    /// Which; absent is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Permission>>,
}

/// Data of `role.define`, and body of `POST /api/roles`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleDefine {
    /// Its key: 1 to 31 small letters, digits and underscores, first a letter.
    pub key: RoleKey,
    /// The name shown, at most 80 characters.
    pub label: String,
    /// The built-in role it starts from: `moderator`, `presenter` or `attendee`.
    pub based_on: Role,
    /// Its rank, 21 to 79, and below one's own.
    pub rank: u8,
    /// What it has beyond that role; only what that role may be granted, and one has oneself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Permission>,
    /// What it lacks of that role; nothing that the role always has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denies: Vec<Permission>,
}

/// A custom role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleOnly {
    /// Its key.
    pub key: RoleKey,
}

/// Data of `host.transfer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostTransfer {
    /// To whom: a member who is in.
    pub participant: ParticipantId,
}

/// Data of `rtc.send`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RtcSend {
    /// To whom.
    pub to: ParticipantId,
    /// To one of their sessions; absent is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<crate::SessionId>,
    /// The application's: SDP, candidates. At most 16 KiB.
    pub data: Value,
}

/// Answer to `rtc.send`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RtcDelivered {
    /// How many sessions it reached.
    pub delivered: usize,
}

/// Answer to `ping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pong {
    /// The meeting's clock.
    pub time: Timestamp,
}
