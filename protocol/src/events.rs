//! What happened: facts, durable and numbered. What a client may not see is skipped.

use schemars::JsonSchema;
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::message::messages;
use crate::{
    Attributes, ChatTo, CustomRole, Empty, MessageId, Participant, ParticipantId, PermissionSet,
    Presence, Role, RoleOnly, RoomId, Seq, Timestamp, UserId, Via, WaitingEntry,
};

/// A fact, as those see it who may.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number in the meeting's journal.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; none is the system.
    pub by: Option<ParticipantId>,
    /// What happened.
    pub body: EventBody,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 5)?;
        event.serialize_field("seq", &self.seq)?;
        event.serialize_field("at", &self.at)?;
        event.serialize_field("by", &self.by)?;
        event.serialize_field("type", self.body.kind())?;
        event.serialize_field("data", &self.body.data())?;
        event.end()
    }
}

messages! {
    /// What happened.
    EventBody {
        /// The meeting was made.
        MeetingCreated(MeetingCreated) = "meeting.created",
        /// The meeting started.
        MeetingStarted(Empty) = "meeting.started",
        /// The meeting ended; everyone is out.
        MeetingEnded(MeetingEnded) = "meeting.ended",
        /// An ended meeting goes on.
        MeetingReopened(Empty) = "meeting.reopened",
        /// The door was locked.
        MeetingLocked(Empty) = "meeting.locked",
        /// The door was unlocked.
        MeetingUnlocked(Empty) = "meeting.unlocked",
        /// The server came back; connections were lost at `last_alive`.
        MeetingRecovered(MeetingRecovered) = "meeting.recovered",
        /// Someone came in.
        ParticipantJoined(ParticipantJoined) = "participant.joined",
        /// Someone left.
        ParticipantLeft(ParticipantLeft) = "participant.left",
        /// Someone's connection was lost, or came back.
        ConnectionChanged(ConnectionChanged) = "participant.connection_changed",
        /// Someone waits (to those who may admit).
        ParticipantWaiting(ParticipantWaiting) = "participant.waiting",
        /// Someone who waited may come in (to those who may admit, and the person).
        ParticipantAdmitted(ParticipantOnly) = "participant.admitted",
        /// Someone who waited was turned away (to those who may admit; the person reads it in `bye`).
        ParticipantDeclined(ParticipantDeclined) = "participant.declined",
        /// Someone waits no longer (to those who may admit).
        ParticipantWithdrawn(ParticipantWithdrawn) = "participant.withdrawn",
        /// Someone was removed; this is their leaving.
        ParticipantRemoved(ParticipantOnly) = "participant.removed",
        /// Someone was banned; if they were in, this is their leaving.
        ParticipantBanned(ParticipantBanned) = "participant.banned",
        /// A ban was lifted (to staff).
        ParticipantUnbanned(UserAffected) = "participant.unbanned",
        /// The reason that was given for a removal or ban (to staff and the person).
        ReasonGiven(ReasonGiven) = "participant.reason_given",
        /// Someone's attributes changed.
        AttributesChanged(AttributesChanged) = "participant.attributes_changed",
        /// Someone sends something else now.
        MediaUpdated(MediaUpdated) = "media.updated",
        /// Someone has another role.
        RoleAssigned(RoleAssigned) = "role.assigned",
        /// Someone is co-host.
        CohostAdded(UserAffected) = "cohost.added",
        /// Someone is co-host no longer.
        CohostRemoved(UserAffected) = "cohost.removed",
        /// What was granted to someone and taken from them in person is other now (to staff and the person).
        PermissionsChanged(PermissionsChanged) = "permissions.changed",
        /// A custom role is defined, or is other now.
        RoleDefined(CustomRole) = "role.defined",
        /// A custom role is no more.
        RoleRemoved(RoleOnly) = "role.removed",
        /// Someone else is host.
        HostChanged(HostChanged) = "host.changed",
        /// A hand went up.
        HandRaised(ParticipantOnly) = "hand.raised",
        /// A hand went down.
        HandLowered(ParticipantOnly) = "hand.lowered",
        /// A message.
        ChatSent(ChatSentEvent) = "chat.sent",
        /// A message was deleted; its text is gone.
        ChatDeleted(ChatDeleted) = "chat.deleted",
        else Unknown
    }
}

/// Data of `meeting.created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingCreated {
    /// The title.
    pub title: String,
    /// Who made it, and hosts it.
    pub owner: UserId,
}

/// Why a meeting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Someone ended it.
    Ended,
    /// Nobody was there for long.
    Empty,
    /// The host was gone for long, and the settings say that it ends then.
    HostGone,
}

/// Data of `meeting.ended`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingEnded {
    /// Why.
    pub reason: EndReason,
}

/// Data of `meeting.recovered`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingRecovered {
    /// When the meeting was last known to be alive.
    pub last_alive: Timestamp,
}

/// Data of `participant.joined`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantJoined {
    /// Who.
    pub participant: Participant,
    /// How they came in.
    pub via: Via,
}

/// Why someone left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// On purpose.
    Left,
    /// Their connection did not come back in time.
    Lost,
}

/// Data of `participant.left`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantLeft {
    /// Who.
    pub participant: ParticipantId,
    /// Why.
    pub reason: LeaveReason,
}

/// Data of `participant.connection_changed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionChanged {
    /// Who.
    pub participant: ParticipantId,
    /// Connected or lost.
    pub status: Presence,
}

/// Data of `participant.waiting`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantWaiting {
    /// Who waits, and why.
    pub entry: WaitingEntry,
}

/// A participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantOnly {
    /// Whom it concerns.
    pub participant: ParticipantId,
}

/// Data of `participant.declined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantDeclined {
    /// Who.
    pub participant: ParticipantId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why someone waits no longer without having been let in or declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawReason {
    /// They left.
    Withdrawn,
    /// Their connection did not come back in time.
    Expired,
    /// They were banned.
    Banned,
}

/// Data of `participant.withdrawn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantWithdrawn {
    /// Who.
    pub participant: ParticipantId,
    /// Why.
    pub reason: WithdrawReason,
}

/// Data of `participant.banned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantBanned {
    /// Their place here, if they have one.
    pub participant: Option<ParticipantId>,
    /// The user.
    pub user: UserId,
    /// Until when; null is for as long as the meeting lives.
    pub until: Option<Timestamp>,
}

/// Data of `participant.reason_given`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReasonGiven {
    /// The event it belongs to.
    pub event: Seq,
    /// The participant concerned, if they have a place here.
    pub participant: Option<ParticipantId>,
    /// The reason.
    pub reason: String,
}

/// A user, and their place here if they have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserAffected {
    /// The user.
    pub user: UserId,
    /// Their place here.
    pub participant: Option<ParticipantId>,
}

/// Data of `participant.attributes_changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttributesChanged {
    /// Whose.
    pub participant: ParticipantId,
    /// What changed; null was removed.
    pub attributes: Attributes,
}

/// Data of `media.updated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MediaUpdated {
    /// Whose.
    pub participant: ParticipantId,
    /// What they send now.
    pub media: crate::Media,
}

/// Data of `role.assigned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleAssigned {
    /// To whom.
    pub participant: ParticipantId,
    /// The role.
    pub role: Role,
}

/// Data of `permissions.changed`: all that is granted and taken in person, after the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionsChanged {
    /// Whose.
    pub participant: ParticipantId,
    /// What is granted in person.
    pub granted: PermissionSet,
    /// What is taken in person.
    pub denied: PermissionSet,
}

/// Data of `host.changed`. When not acting, who was host in full before is co-host from then on; who only
/// acted is again what they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostChanged {
    /// Who was host; null is someone who never came.
    pub from: Option<ParticipantId>,
    /// Who is host.
    pub to: ParticipantId,
    /// Whether they only stand in until the host or the owner is back.
    pub acting: bool,
}

/// Data of `chat.sent`; the sender and time are the event's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatSentEvent {
    /// The message's id.
    pub message: MessageId,
    /// The text; null when it has been deleted since.
    pub text: Option<String>,
    /// To whom; null is all.
    pub to: Option<ChatTo>,
    /// The breakout room it stays in; null is none.
    pub room: Option<RoomId>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
}

/// Data of `chat.deleted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatDeleted {
    /// Which message.
    pub message: MessageId,
}
