//! What a client asks for. Each type, its data, and the data of its answer where it has one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::messages;
use crate::settings::given;
use crate::shapes::list_default;
use crate::taking_part::{EngagementGet, ReportExclude, SpeakingReport};
use crate::working::{
    ActionRecord, AgendaGoTo, AgendaSet, DecisionRecord, PollOnly, PollOpen, PollVote, TimerStart,
};
use crate::{
    Attributes, BanScope, BreakoutMode, ChatTo, Empty, InviteeId, MediaKind, MessageId,
    ParticipantId, Permission, Policy, Recurrence, Role, RoleKey, Room, RoomId, Seq, Timestamp,
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
        /// Change the name shown: one's own, or another's.
        ParticipantRename(Rename) = "participant.rename",
        /// Change one's own attributes.
        ParticipantSetAttributes(SetAttributes) = "participant.set_attributes",
        /// Say what one sends.
        MediaUpdate(MediaUpdate) = "media.update",
        /// Turn off what another sends; they may turn it on again unless the permission is taken.
        ParticipantMute(Mute) = "participant.mute",
        /// Turn off what everyone of a lower rank sends.
        ParticipantMuteAll(MuteAll) = "participant.mute_all",
        /// Ask another to turn something on again.
        ParticipantRequestUnmute(Mute) = "participant.request_unmute",
        /// Raise one's hand.
        HandRaise(Empty) = "hand.raise",
        /// Lower one's hand, or another's.
        HandLower(HandLower) = "hand.lower",
        /// Give the word to someone whose hand is up; it goes down with it.
        HandCallOn(HandCallOn) = "hand.call_on",
        /// Ask everyone something.
        PollOpen(PollOpen) = "poll.open",
        /// Vote, or vote otherwise than before.
        PollVote(PollVote) = "poll.vote",
        /// Close a poll, whoever opened it.
        PollClose(PollOnly) = "poll.close",
        /// Set the whole agenda.
        AgendaSet(AgendaSet) = "agenda.set",
        /// Go to an item of the agenda, or to none.
        AgendaGoTo(AgendaGoTo) = "agenda.go_to",
        /// Start the timer; a running one is replaced.
        TimerStart(TimerStart) = "timer.start",
        /// Stop the timer before its time.
        TimerStop(Empty) = "timer.stop",
        /// Record what was decided.
        DecisionRecord(DecisionRecord) = "decision.record",
        /// Record what is to be done, by whom and by when.
        ActionRecord(ActionRecord) = "action.record",
        /// Send a reaction.
        ReactionSend(ReactionSend) = "reaction.send",
        /// Send a message of the application's own.
        AppPublish(AppPublish) = "app.publish",
        /// Write to all, to one person, or to staff.
        ChatSend(ChatSend) = "chat.send",
        /// Delete a message.
        ChatDelete(ChatDelete) = "chat.delete",
        /// Pin a message, for all who may read it.
        ChatPin(MessageOnly) = "chat.pin",
        /// Unpin a message.
        ChatUnpin(MessageOnly) = "chat.unpin",
        /// Read older messages, newest first.
        ChatHistory(ChatHistoryGet) = "chat.history",
        /// Tell staff of somebody's conduct.
        AbuseReport(AbuseReport) = "abuse.report",
        /// Publish a caption to the room one is in.
        CaptionPublish(CaptionPublish) = "caption.publish",
        /// List who waits.
        WaitingList(Empty) = "waiting.list",
        /// Say something to one who waits, or to all who wait.
        WaitingTell(WaitingTell) = "waiting.tell",
        /// Send someone who is in back to the waiting room.
        ParticipantSendToWaiting(SendToWaiting) = "participant.send_to_waiting",
        /// Invite a user, or whoever has a verified email address. Inviting lets nobody in who waits already.
        InviteeAdd(InviteeAdd) = "invitee.add",
        /// Take an invitation back; who is in stays.
        InviteeRemove(InviteeOnly) = "invitee.remove",
        /// List who is invited, in the order of their ids.
        InviteeList(InviteeList) = "invitee.list",
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
        /// List who is banned, in the order of their user ids.
        BanList(BanList) = "ban.list",
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
        /// Call the meeting off for good; ends it where it runs.
        MeetingCancel(Empty) = "meeting.cancel",
        /// Lock the door: nobody new comes in.
        MeetingLock(Empty) = "meeting.lock",
        /// Unlock the door.
        MeetingUnlock(Empty) = "meeting.unlock",
        /// Turn all off at once for ranks below 60, and lock the door.
        MeetingSuspend(Empty) = "meeting.suspend",
        /// Take the suspension back: permissions and door are as before, microphones stay off.
        MeetingResume(Empty) = "meeting.resume",
        /// Change the settings.
        MeetingPolicy(Box<Policy>) = "meeting.policy",
        /// Change title, description or schedule.
        MeetingUpdate(MeetingUpdate) = "meeting.update",
        /// Put the planned end off.
        MeetingExtend(MeetingExtend) = "meeting.extend",
        /// Send WebRTC signalling to one participant.
        RtcSend(RtcSend) = "rtc.send",
        /// Prepare breakout rooms; what was prepared before and is not open is replaced.
        BreakoutPrepare(BreakoutPrepare) = "breakout.prepare",
        /// Open the rooms: who is assigned to one is moved there.
        BreakoutOpen(Empty) = "breakout.open",
        /// Close the rooms, at once or after a countdown: everyone is back in the main room.
        BreakoutClose(BreakoutClose) = "breakout.close",
        /// Assign someone to a room; once the rooms are open, move them there.
        BreakoutAssign(BreakoutAssign) = "breakout.assign",
        /// Go into a room: needs `breakout.roam`, but where people choose their room themselves.
        BreakoutJoin(RoomOnly) = "breakout.join",
        /// Go back to the main room.
        BreakoutReturn(Empty) = "breakout.return",
        /// Tell something to all rooms, or to some.
        BreakoutAnnounce(BreakoutAnnounce) = "breakout.announce",
        /// Let the rooms, or one of them, close later.
        BreakoutExtend(BreakoutExtend) = "breakout.extend",
        /// Ask staff to come into the room one is in.
        BreakoutRequestHelp(Empty) = "breakout.request_help",
        /// Say that a room was helped.
        BreakoutResolveHelp(RoomOnly) = "breakout.resolve_help",
        /// Say whether one speaks, or, as a bot that listens, whether another does.
        SpeakingReport(SpeakingReport) = "speaking.report",
        /// Ask how engaged one is, or another, and what that is made of.
        EngagementGet(EngagementGet) = "engagement.get",
        /// Leave someone out of scores and reports, or take them in again.
        ReportExclude(ReportExclude) = "report.exclude",
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
    /// Only those in this breakout room; 0 is the main room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// Data of `participant.set_attributes`: null removes a key, others stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAttributes {
    /// What changes. All of one's attributes together take at most 1 KiB as JSON.
    pub attributes: Attributes,
}

/// Data of `participant.rename`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// Whom; absent is oneself. Ranks below 80 rename guests only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// The name shown in this meeting, at most 80 graphemes. One that staff gave stays when they come
    /// again; one's own choice lasts until one comes again.
    pub name: String,
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

/// Data of `participant.mute` and `participant.request_unmute`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mute {
    /// Whom.
    pub participant: ParticipantId,
    /// What, at least one; the microphone, if not said.
    #[serde(default = "microphone")]
    pub media: Vec<MediaKind>,
}

/// Data of `participant.mute_all`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MuteAll {
    /// What, at least one; the microphone, if not said.
    #[serde(default = "microphone")]
    pub media: Vec<MediaKind>,
    /// But not these people, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ParticipantId>,
}

fn microphone() -> Vec<MediaKind> {
    vec![MediaKind::Audio]
}

/// Data of `hand.lower`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandLower {
    /// Whose; absent is one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
}

/// Data of `hand.call_on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandCallOn {
    /// Who has the word.
    pub participant: ParticipantId,
}

/// Data of `reaction.send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionSend {
    /// An emoji, at most 16 characters.
    pub emoji: String,
}

/// Data of `app.publish`: to everyone, or to those in the breakout room one is in; or to one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppPublish {
    /// What it is about: 1 to 64 of `a` to `z`, `0` to `9`, `.`, `_` and `-`.
    pub topic: String,
    /// The application's. At most 8 KiB as JSON; each KiB beyond the first costs a point more.
    pub data: Value,
    /// To one person; from a breakout room, only to someone in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ParticipantId>,
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

/// Data of `chat.pin` and `chat.unpin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageOnly {
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

/// Data of `abuse.report`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbuseReport {
    /// Whose conduct.
    pub participant: ParticipantId,
    /// What happened, at most 2000 characters; told to staff, but never to the one it is about.
    pub text: String,
}

/// Data of `caption.publish`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptionPublish {
    /// What was said, at most 1000 characters.
    pub text: String,
    /// Who said it; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<ParticipantId>,
    /// Whether it will change no more: then it is kept, else it passes.
    pub r#final: bool,
    /// The language, as a BCP 47 tag of at most 35 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// When it began to be said, in milliseconds from a start of the publisher's choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<u64>,
    /// When it was said, by the same count; not before `start_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ms: Option<u64>,
}

/// Data of `waiting.tell`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitingTell {
    /// To whom; absent is all who wait now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// What, 1 to 500 characters.
    pub text: String,
}

/// Data of `participant.send_to_waiting`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendToWaiting {
    /// Whom: they wait at the end of the line until someone lets them in.
    pub participant: ParticipantId,
    /// What they are told, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Data of `invitee.add`: either a user or an email address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteeAdd {
    /// A user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Whoever has this address, verified; at most 320 characters, compared without regard to case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether they are expected, and not only welcome.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

/// Answer to `invitee.add`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invited {
    /// The invitation.
    pub invitee: InviteeId,
    /// They were invited before, and nothing changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub already: bool,
}

/// An invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteeOnly {
    /// Which.
    pub invitee: InviteeId,
}

/// Data of `invitee.list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteeList {
    /// Only those with a greater id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<InviteeId>,
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
    /// How far it reaches; absent is this meeting.
    #[serde(default)]
    pub scope: BanScope,
}

/// Data of `ban.list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BanList {
    /// Only users with a greater id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<UserId>,
    /// How many, 1 to 200.
    #[serde(default = "list_default")]
    pub limit: u32,
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

/// Data of `meeting.update`: what is absent stays, null takes away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeetingUpdate {
    /// The title, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub title: Option<String>,
    /// What it is about, at most 4000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub description: Option<Option<String>>,
    /// When it is to start.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub starts_at: Option<Option<Timestamp>>,
    /// When it is to end, after `starts_at`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub ends_at: Option<Option<Timestamp>>,
    /// In which zone its times are meant: a name of the IANA database.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub time_zone: Option<Option<String>>,
    /// Of a series: how it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub recurrence: Option<Recurrence>,
}

/// Data of `meeting.extend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeetingExtend {
    /// By how many minutes the planned end moves, 1 to 1440.
    pub minutes: u32,
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

/// Data of `breakout.prepare`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakoutPrepare {
    /// The rooms, 1 to 50.
    pub rooms: Vec<RoomAsked>,
    /// How people get into them.
    pub mode: BreakoutMode,
    /// Minutes after opening at which the rooms close by themselves, 1 to 1440; absent: by command alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

/// A room to be prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomAsked {
    /// Its name, at most 80 graphemes, unlike the others'.
    pub name: String,
    /// Who is assigned to it: people who are or were in the meeting, each in one room; nobody in `random`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<ParticipantId>,
}

/// Answer to `breakout.prepare`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomsPrepared {
    /// The rooms, with their ids, in the order asked for.
    pub rooms: Vec<Room>,
}

/// Data of `breakout.close`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakoutClose {
    /// Seconds until the rooms close, 0 to 600; absent or 0: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countdown_seconds: Option<u32>,
}

/// Data of `breakout.assign`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakoutAssign {
    /// Whom.
    pub participant: ParticipantId,
    /// To which room; null is the main room.
    pub room: Option<RoomId>,
}

/// A breakout room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomOnly {
    /// Which room.
    pub room: RoomId,
}

/// Data of `breakout.announce`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakoutAnnounce {
    /// Plain text, 1 to 2000 characters, kept as typed.
    pub text: String,
    /// To these rooms, each named once; absent is everyone, the main room included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Vec<RoomId>>,
}

/// Data of `breakout.extend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakoutExtend {
    /// How many minutes more, 1 to 1440; no room stays open for more than 1440 minutes from now.
    pub minutes: u32,
    /// Which room; absent is all, which then close together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// Answer to `ping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pong {
    /// The meeting's clock.
    pub time: Timestamp,
}
