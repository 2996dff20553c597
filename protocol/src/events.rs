//! What happened: facts, durable and numbered. What a client may not see is skipped.

use schemars::JsonSchema;
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::message::messages;
use crate::settings::given;
use crate::taking_part::ExclusionChanged;
use crate::working::{
    ActionItem, AgendaChanged, AgendaMoved, PollOpened, PollTally, PollVote, PollVotesTold,
    RecordedDecision, Timer,
};
use crate::{
    Attributes, BanScope, BreakoutMode, ChatTo, CustomRole, Empty, Invitee, InviteeId, MediaKind,
    MeetingId, MeetingStatus, MessageId, Participant, ParticipantId, PermissionSet, Policy,
    Presence, Recurrence, Role, RoleOnly, RoomId, Seq, Timestamp, UserId, Via, WaitingEntry,
};

/// By what right someone did something, where it is not their own in the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByRight {
    /// As an administrator of the server.
    Admin,
}

/// A fact, as those see it who may.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number in the meeting's journal.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; none is the system.
    pub by: Option<ParticipantId>,
    /// In a large meeting, of one who was not announced to all: the name of the one whom the event is
    /// about, or else of who did it.
    pub name: Option<String>,
    /// And their role.
    pub role: Option<Role>,
    /// By what right, where that is not one's own.
    pub via: Option<ByRight>,
    /// What happened.
    pub body: EventBody,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 8)?;
        event.serialize_field("seq", &self.seq)?;
        event.serialize_field("at", &self.at)?;
        event.serialize_field("by", &self.by)?;
        if let Some(name) = &self.name {
            event.serialize_field("name", name)?;
        }
        if let Some(role) = &self.role {
            event.serialize_field("role", role)?;
        }
        if let Some(via) = &self.via {
            event.serialize_field("via", via)?;
        }
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
        /// The meeting was taken over from the older application.
        MeetingImported(MeetingImported) = "meeting.imported",
        /// The meeting started.
        MeetingStarted(Empty) = "meeting.started",
        /// The meeting ended; everyone is out.
        MeetingEnded(MeetingEnded) = "meeting.ended",
        /// An ended meeting goes on.
        MeetingReopened(Empty) = "meeting.reopened",
        /// The meeting was called off.
        MeetingCancelled(Empty) = "meeting.cancelled",
        /// The planned end comes near.
        MeetingEndingSoon(MeetingEndingSoon) = "meeting.ending_soon",
        /// An occurrence of the series became a meeting.
        OccurrenceCreated(OccurrenceCreated) = "occurrence.created",
        /// The series repeats otherwise from now on.
        SeriesChanged(Box<SeriesChanged>) = "series.changed",
        /// The series ends before an occurrence.
        SeriesSplit(Box<SeriesSplit>) = "series.split",
        /// The door was locked.
        MeetingLocked(Empty) = "meeting.locked",
        /// The door was unlocked.
        MeetingUnlocked(Empty) = "meeting.unlocked",
        /// All is off for ranks below 60, and the door is locked.
        MeetingSuspended(MeetingSuspended) = "meeting.suspended",
        /// The suspension is over: permissions and door are as before it.
        MeetingResumed(Empty) = "meeting.resumed",
        /// The settings changed.
        MeetingPolicyChanged(Box<PolicyChanged>) = "meeting.policy_changed",
        /// Title, description or schedule changed.
        MeetingUpdated(MeetingUpdated) = "meeting.updated",
        /// The planned end was put off.
        MeetingExtended(MeetingExtended) = "meeting.extended",
        /// The server came back; connections were lost at `last_alive`.
        MeetingRecovered(MeetingRecovered) = "meeting.recovered",
        /// The meeting is large from now on, or no longer. While it is, the comings and goings of attendees
        /// are told to staff alone; after it, `participant.list` says who is there.
        MeetingSizeChanged(MeetingSizeChanged) = "meeting.size_changed",
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
        ParticipantDeclined(ParticipantOnly) = "participant.declined",
        /// Someone waits no longer (to those who may admit).
        ParticipantWithdrawn(ParticipantWithdrawn) = "participant.withdrawn",
        /// Someone who was in waits again (to those who may admit, and the person).
        ReturnedToWaiting(ReturnedToWaiting) = "participant.returned_to_waiting",
        /// Staff said something to those who wait (to those who may admit, and to them).
        WaitingTold(WaitingTold) = "waiting.told",
        /// Someone is invited (to those who may invite).
        InviteeAdded(Invitee) = "invitee.added",
        /// An invitation was taken back (to those who may invite).
        InviteeRemoved(InviteeRemoved) = "invitee.removed",
        /// Someone was removed; this is their leaving.
        ParticipantRemoved(ParticipantOnly) = "participant.removed",
        /// Someone was banned; if they were in, this is their leaving.
        ParticipantBanned(ParticipantBanned) = "participant.banned",
        /// A ban was lifted (to staff).
        ParticipantUnbanned(UserAffected) = "participant.unbanned",
        /// The reason that was given for a removal, ban or decline (to staff and the person).
        ReasonGiven(ReasonGiven) = "participant.reason_given",
        /// Someone's attributes changed.
        AttributesChanged(AttributesChanged) = "participant.attributes_changed",
        /// Someone has another name here.
        ParticipantRenamed(ParticipantRenamed) = "participant.renamed",
        /// Someone sends something else now.
        MediaUpdated(MediaUpdated) = "media.updated",
        /// What someone sent was turned off.
        ParticipantMuted(ParticipantMuted) = "participant.muted",
        /// What many sent was turned off.
        ParticipantsMuted(ParticipantsMuted) = "participants.muted",
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
        /// Someone was given the word; their hand is down with it.
        HandCalledOn(ParticipantOnly) = "hand.called_on",
        /// A poll was opened.
        PollOpened(PollOpened) = "poll.opened",
        /// One voted (to the voter alone).
        PollVoteCast(PollVote) = "poll.vote_cast",
        /// A poll is closed, and this is how it stands.
        PollClosed(PollTally) = "poll.closed",
        /// Who chose what in a poll that was closed and is not anonymous (to staff).
        PollVotesTold(PollVotesTold) = "poll.votes_told",
        /// The agenda is another.
        AgendaSet(AgendaChanged) = "agenda.set",
        /// Another item of the agenda is the current one.
        AgendaMoved(AgendaMoved) = "agenda.moved",
        /// The timer runs.
        TimerStarted(Timer) = "timer.started",
        /// The timer was stopped before its time.
        TimerStopped(Empty) = "timer.stopped",
        /// The timer's time is over.
        TimerEnded(Empty) = "timer.ended",
        /// Something was decided.
        DecisionRecorded(RecordedDecision) = "decision.recorded",
        /// Something is to be done.
        ActionRecorded(ActionItem) = "action.recorded",
        /// A message.
        ChatSent(ChatSentEvent) = "chat.sent",
        /// A message was deleted; its text is gone.
        ChatDeleted(ChatDeleted) = "chat.deleted",
        /// Breakout rooms are prepared, in place of those that were.
        BreakoutPrepared(BreakoutPrepared) = "breakout.prepared",
        /// The rooms are open, and who is named in one is in it.
        BreakoutOpened(BreakoutOpened) = "breakout.opened",
        /// Someone is assigned to a room, without having moved.
        BreakoutAssigned(BreakoutAssigned) = "breakout.assigned",
        /// Someone went from one room to another.
        ParticipantMoved(ParticipantMoved) = "participant.moved",
        /// Something is told to everyone, or to a room (to it and to who tells it).
        BreakoutAnnounced(BreakoutAnnounced) = "breakout.announced",
        /// The rooms, or one, close later.
        BreakoutExtended(BreakoutExtended) = "breakout.extended",
        /// The rooms close soon: a countdown runs.
        BreakoutClosing(BreakoutClosing) = "breakout.closing",
        /// Rooms are closed: who was in one is in the main room.
        BreakoutClosed(BreakoutClosed) = "breakout.closed",
        /// A room asks for help (to staff and the room).
        BreakoutHelpRequested(RoomAffected) = "breakout.help_requested",
        /// A room was helped (to staff and the room).
        BreakoutHelpResolved(RoomAffected) = "breakout.help_resolved",
        /// A message was pinned (to those who may read it).
        ChatPinned(ChatPinned) = "chat.pinned",
        /// A message was unpinned (to those who may read it).
        ChatUnpinned(ChatPinned) = "chat.unpinned",
        /// Someone's conduct was reported (to staff, but not to the one it is about).
        AbuseReported(AbuseReported) = "abuse.reported",
        /// A caption that changes no more (to the publisher's room).
        CaptionPublished(CaptionPublished) = "caption.published",
        /// Someone was refused for lack of permissions more than 20 times within a minute (to staff).
        PermissionRefused(PermissionRefused) = "permission.refused",
        /// Someone is left out of scores and reports, or no longer (to staff and the person).
        ExclusionChanged(ExclusionChanged) = "report.exclusion_changed",
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

/// Data of `meeting.imported`: what was before it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingImported {
    /// The title.
    pub title: String,
    /// Who made it, and hosts it.
    pub owner: UserId,
    /// Where it stood.
    pub status: MeetingStatus,
    /// When it was made there.
    pub made_at: Timestamp,
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
    /// Its planned end had passed for as long as its setting `hard_stop_minutes` says.
    HardStop,
    /// It was called off while people were in it.
    Cancelled,
}

/// Data of `meeting.ended`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingEnded {
    /// Why.
    pub reason: EndReason,
}

/// Data of `meeting.ending_soon`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingEndingSoon {
    /// When it is to end.
    pub ends_at: Timestamp,
    /// How many minutes before that its settings remind of it.
    pub minutes: u32,
}

/// Data of `meeting.recovered`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingRecovered {
    /// When the meeting was last known to be alive.
    pub last_alive: Timestamp,
}

/// Data of `meeting.suspended`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingSuspended {
    /// Those who sent something; they send nothing now.
    pub participants: Vec<ParticipantId>,
}

/// Data of `meeting.policy_changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyChanged {
    /// What changed; never the passcode.
    pub changes: Policy,
    /// Whether the passcode was set, changed or taken away.
    pub passcode_changed: bool,
}

/// Data of `meeting.updated`: what changed; null was taken away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingUpdated {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub title: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub description: Option<Option<String>>,
    /// When it is to start.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub starts_at: Option<Option<Timestamp>>,
    /// When it is to end.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub ends_at: Option<Option<Timestamp>>,
    /// In which zone its times are meant.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub time_zone: Option<Option<String>>,
}

/// Data of `occurrence.created`: an occurrence of a series became a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OccurrenceCreated {
    /// The meeting.
    pub meeting: MeetingId,
    /// When the rule puts it.
    pub original_start: Timestamp,
}

/// Data of `series.changed`: how and when it repeats from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesChanged {
    /// When the first occurrence starts.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// In which zone its times are meant.
    pub time_zone: String,
    /// The rule.
    pub recurrence: Recurrence,
}

/// Data of `series.split`: the series ends before an occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesSplit {
    /// That occurrence's original start.
    pub at: Timestamp,
    /// The series that goes on from there; null where it just ends.
    pub into: Option<MeetingId>,
    /// The rule of what is left.
    pub recurrence: Recurrence,
}

/// Data of `meeting.extended`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingExtended {
    /// When it is to end now.
    pub ends_at: Timestamp,
}

/// Data of `meeting.size_changed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingSizeChanged {
    /// Large: above 500 people, until there are fewer than 400.
    pub large: bool,
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
    /// They were sent back to the waiting room.
    Waiting,
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

/// Data of `participant.returned_to_waiting`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnedToWaiting {
    /// Who.
    pub participant: ParticipantId,
    /// What they were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Data of `invitee.removed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InviteeRemoved {
    /// Which invitation.
    pub invitee: InviteeId,
}

/// Data of `waiting.told`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingTold {
    /// To whom; null is all who waited then.
    pub participant: Option<ParticipantId>,
    /// What.
    pub text: String,
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
    /// How far it reaches.
    pub scope: BanScope,
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

/// Data of `participant.renamed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantRenamed {
    /// Who.
    pub participant: ParticipantId,
    /// The name shown from now on.
    pub name: String,
    /// Someone else who is in, and whose name looks the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<ParticipantId>,
}

/// Data of `media.updated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MediaUpdated {
    /// Whose.
    pub participant: ParticipantId,
    /// What they send now.
    pub media: crate::Media,
}

/// Data of `participant.muted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantMuted {
    /// Whom it concerns.
    pub participant: ParticipantId,
    /// What they send no longer.
    pub media: Vec<MediaKind>,
}

/// Data of `participants.muted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantsMuted {
    /// What they send no longer.
    pub media: Vec<MediaKind>,
    /// Who was excepted.
    pub except: Vec<ParticipantId>,
    /// Those who sent any of it, and were not excepted.
    pub participants: Vec<ParticipantId>,
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

/// A breakout room in an event: who is assigned to it, or goes into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomNamed {
    /// The room's id.
    pub room: RoomId,
    /// Its name.
    pub name: String,
    /// Who.
    pub participants: Vec<ParticipantId>,
}

/// Data of `breakout.prepared`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakoutPrepared {
    /// The rooms, and who is assigned to each.
    pub rooms: Vec<RoomNamed>,
    /// How people get into them.
    pub mode: BreakoutMode,
    /// Minutes after opening at which they close by themselves; null: by command alone.
    pub minutes: Option<u32>,
}

/// Data of `breakout.opened`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakoutOpened {
    /// The rooms, and who is in each from now on; all others stay in the main room.
    pub rooms: Vec<RoomNamed>,
    /// When they close by themselves; null: by command alone.
    pub closes_at: Option<Timestamp>,
}

/// Data of `breakout.assigned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakoutAssigned {
    /// Who.
    pub participant: ParticipantId,
    /// To which room; null is the main room.
    pub room: Option<RoomId>,
}

/// Data of `participant.moved`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantMoved {
    /// Who.
    pub participant: ParticipantId,
    /// From which room; null is the main room.
    pub from: Option<RoomId>,
    /// To which room; null is the main room.
    pub to: Option<RoomId>,
}

/// Data of `breakout.announced`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakoutAnnounced {
    /// The text.
    pub text: String,
    /// To which room, in a list of one: each room named gets an event of its own; null is everyone.
    pub rooms: Option<Vec<RoomId>>,
}

/// Data of `breakout.extended`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakoutExtended {
    /// When it closes now.
    pub closes_at: Timestamp,
    /// Which room; null is all.
    pub room: Option<RoomId>,
}

/// Data of `breakout.closing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakoutClosing {
    /// When all rooms close.
    pub closes_at: Timestamp,
}

/// Data of `breakout.closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakoutClosed {
    /// Which rooms: all that were open, but those that were let stay open for longer.
    pub rooms: Vec<RoomId>,
}

/// A breakout room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomAffected {
    /// Which room.
    pub room: RoomId,
}

/// Data of `chat.pinned` and `chat.unpinned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatPinned {
    /// Which message.
    pub message: MessageId,
}

/// Data of `abuse.reported`; who reports it is the event's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AbuseReported {
    /// Whose conduct.
    pub participant: ParticipantId,
    /// What happened.
    pub text: String,
}

/// Data of `caption.published`; the publisher is the event's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaptionPublished {
    /// What was said; null where it is gone since.
    pub text: Option<String>,
    /// Who said it; null where that is not known.
    pub speaker: Option<ParticipantId>,
    /// The language, as a BCP 47 tag.
    pub lang: Option<String>,
    /// When it began to be said, in milliseconds from a start of the publisher's choice.
    pub start_ms: Option<u64>,
    /// When it was said, by the same count.
    pub end_ms: Option<u64>,
}

/// Data of `permission.refused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionRefused {
    /// Who was refused.
    pub participant: ParticipantId,
    /// How often, within a minute.
    pub count: u32,
}
