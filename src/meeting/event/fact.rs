//! The facts: everything that can have happened in a meeting. `docs/journal.md` says each in words.

use quorate_protocol::{
    ActionId, BanKey, BanScope, BreakoutMode, CastVote, ChatTo, Date, DecisionId, EndReason,
    InviteeId, ItemId, LeaveReason, Media, MediaKind, MeetingId, MeetingUpdated, ParticipantId,
    PermissionSet, Policy, PollId, Presence, Recurrence, Role, RoleKey, RoomId, Seq, SessionId,
    Timestamp, UserId, UserKind, Via, WaitReason, WithdrawReason,
};
use serde::{Deserialize, Serialize};

use super::created::MeetingCreated;
use super::import::{ImportedParticipant, MeetingImported};
use crate::meeting::agenda::Planned;
use crate::meeting::person::Bot;
use crate::meeting::roles::CustomRole;
use crate::meeting::series::Followed;

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Fact {
    /// The meeting was made; always the first.
    #[serde(rename = "meeting.created")]
    MeetingCreated(Box<MeetingCreated>),
    /// The meeting was taken over from the older application; always the first, instead of `meeting.created`.
    #[serde(rename = "meeting.imported")]
    MeetingImported(Box<MeetingImported>),
    /// The meeting started.
    #[serde(rename = "meeting.started")]
    MeetingStarted {},
    /// The meeting ended: everyone is out, every session closed, nobody waits.
    #[serde(rename = "meeting.ended")]
    MeetingEnded {
        /// Why.
        reason: EndReason,
    },
    /// An ended meeting goes on.
    #[serde(rename = "meeting.reopened")]
    MeetingReopened {},
    /// The meeting was called off.
    #[serde(rename = "meeting.cancelled")]
    MeetingCancelled {},
    /// The planned end comes near.
    #[serde(rename = "meeting.ending_soon")]
    MeetingEndingSoon {
        /// When it is to end.
        ends_at: Timestamp,
        /// How many minutes before that the settings remind of it.
        minutes: u32,
    },
    /// An occurrence of the series became a meeting.
    #[serde(rename = "occurrence.created")]
    OccurrenceCreated {
        /// The meeting.
        meeting: MeetingId,
        /// When the rule puts it.
        original_start: Timestamp,
    },
    /// The series repeats otherwise from now on.
    #[serde(rename = "series.changed")]
    SeriesChanged {
        /// When the first occurrence starts.
        starts_at: Timestamp,
        /// When it ends.
        ends_at: Option<Timestamp>,
        /// In which zone its times are meant.
        time_zone: String,
        /// The rule.
        recurrence: Box<Recurrence>,
        /// The occurrences that are meetings, and where the rule puts them now.
        occurrences: Vec<(MeetingId, Timestamp)>,
    },
    /// The series ends before an occurrence.
    #[serde(rename = "series.split")]
    SeriesSplit {
        /// That occurrence's original start.
        at: Timestamp,
        /// The series that goes on from there.
        into: Option<MeetingId>,
        /// The rule of what is left.
        recurrence: Box<Recurrence>,
    },
    /// What the meeting took from its series, with the events before this one.
    #[serde(rename = "series.followed")]
    SeriesFollowed(Box<Followed>),
    /// The door was locked.
    #[serde(rename = "meeting.locked")]
    MeetingLocked {},
    /// The door was unlocked.
    #[serde(rename = "meeting.unlocked")]
    MeetingUnlocked {},
    /// All was turned off for ranks below staff, and the door locked.
    #[serde(rename = "meeting.suspended")]
    MeetingSuspended {
        /// Those who sent something; they send nothing now.
        participants: Vec<ParticipantId>,
    },
    /// The suspension is over.
    #[serde(rename = "meeting.resumed")]
    MeetingResumed {},
    /// The settings changed.
    #[serde(rename = "meeting.policy_changed")]
    MeetingPolicyChanged {
        /// What changed, but for the passcode.
        changes: Box<Policy>,
        /// Whether there is a passcode now, where it was set, changed or taken away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        has_passcode: Option<bool>,
    },
    /// Title, description or schedule changed.
    #[serde(rename = "meeting.updated")]
    MeetingUpdated(Box<MeetingUpdated>),
    /// The planned end was put off.
    #[serde(rename = "meeting.extended")]
    MeetingExtended {
        /// To then.
        ends_at: Timestamp,
    },
    /// The meeting was restored from its journal: every session is lost as of now, and was as of
    /// `last_alive` for those who count time.
    #[serde(rename = "meeting.recovered")]
    MeetingRecovered {
        /// When the meeting was last known to be alive.
        last_alive: Timestamp,
    },
    /// The meeting is large from now on, or no longer.
    #[serde(rename = "meeting.size_changed")]
    MeetingSizeChanged {
        /// Which.
        large: bool,
    },
    /// A client is connected to the meeting.
    #[serde(rename = "session.opened")]
    SessionOpened {
        /// The new session.
        session: SessionId,
        /// Whose.
        participant: ParticipantId,
    },
    /// A session's socket was lost; its grace period runs.
    #[serde(rename = "session.lost")]
    SessionLost {
        /// Which.
        session: SessionId,
    },
    /// A session has a socket again.
    #[serde(rename = "session.resumed")]
    SessionResumed {
        /// Which.
        session: SessionId,
    },
    /// A session is over.
    #[serde(rename = "session.closed")]
    SessionClosed {
        /// Which.
        session: SessionId,
        /// Why.
        why: SessionEnd,
    },
    /// Someone knocked and waits.
    #[serde(rename = "participant.waiting")]
    ParticipantWaiting {
        /// Who.
        participant: ParticipantId,
        /// The user behind it.
        user: UserId,
        /// What kind of user.
        kind: UserKind,
        /// Why they wait.
        reason: WaitReason,
        /// Their place, from 1.
        position: u32,
        /// Whether they are invited.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        invited: bool,
        /// By which rule they come in by themselves when they can; none: someone must let them in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        passes: Option<Via>,
        /// Whether someone must let them in also where the waiting room is off.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stranger: bool,
    },
    /// Someone who waited may come in.
    #[serde(rename = "participant.admitted")]
    ParticipantAdmitted {
        /// Who.
        participant: ParticipantId,
    },
    /// Someone who waited was turned away.
    #[serde(rename = "participant.declined")]
    ParticipantDeclined {
        /// Who.
        participant: ParticipantId,
    },
    /// Someone waits no longer, by themselves.
    #[serde(rename = "participant.withdrawn")]
    ParticipantWithdrawn {
        /// Who.
        participant: ParticipantId,
        /// Why.
        reason: WithdrawReason,
    },
    /// Someone who was in waits again, at the end of the line; what they were told is personal.
    #[serde(rename = "participant.returned_to_waiting")]
    ReturnedToWaiting {
        /// Who.
        participant: ParticipantId,
    },
    /// Staff said something to those who wait; what it was is personal.
    #[serde(rename = "waiting.told")]
    WaitingTold {
        /// To whom; none is all who waited.
        participant: Option<ParticipantId>,
    },
    /// Someone is invited: this user, or else whoever has the address in the personal part. Once that is
    /// redacted, the invitation matches nobody.
    #[serde(rename = "invitee.added")]
    InviteeAdded {
        /// The invitation.
        invitee: InviteeId,
        /// The user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// Whether they are expected, and not only welcome.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        required: bool,
    },
    /// An invitation was taken back.
    #[serde(rename = "invitee.removed")]
    InviteeRemoved {
        /// Which.
        invitee: InviteeId,
    },
    /// Someone came in.
    #[serde(rename = "participant.joined")]
    ParticipantJoined {
        /// Who.
        participant: ParticipantId,
        /// The user behind it.
        user: UserId,
        /// What kind of user.
        kind: UserKind,
        /// The role they come in with.
        role: Role,
        /// How they came in.
        via: Via,
        /// The breakout room they came into.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// Someone else who is in, and whose name looks the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looks_like: Option<ParticipantId>,
    },
    /// People's places here were taken over from the older application.
    #[serde(rename = "participant.imported")]
    ParticipantImported {
        /// Whose, at most [`IMPORTED_AT_ONCE`](super::IMPORTED_AT_ONCE).
        participants: Vec<ImportedParticipant>,
    },
    /// What someone's credential says of them, where it differs from what was known.
    #[serde(rename = "participant.identified")]
    ParticipantIdentified {
        /// Who.
        participant: ParticipantId,
        /// The user behind it.
        user: UserId,
        /// What kind of user.
        kind: UserKind,
        /// What the token says of a bot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bot: Option<Bot>,
    },
    /// Someone left.
    #[serde(rename = "participant.left")]
    ParticipantLeft {
        /// Who.
        participant: ParticipantId,
        /// Why.
        reason: LeaveReason,
    },
    /// Someone's last socket was lost, or their first came back.
    #[serde(rename = "participant.connection_changed")]
    ConnectionChanged {
        /// Who.
        participant: ParticipantId,
        /// Connected or lost.
        status: Presence,
    },
    /// Someone was removed: out, and back only with approval.
    #[serde(rename = "participant.removed")]
    ParticipantRemoved {
        /// Who.
        participant: ParticipantId,
    },
    /// A user was banned: out, and stays out.
    #[serde(rename = "participant.banned")]
    ParticipantBanned {
        /// Who.
        user: UserId,
        /// Their place here, if they have one.
        participant: Option<ParticipantId>,
        /// Until when; none is for as long as the meeting lives.
        until: Option<Timestamp>,
        /// How far it reaches.
        #[serde(default)]
        scope: BanScope,
        /// Whom it keeps out; the address it holds is the event's personal part.
        #[serde(default)]
        key: BanKey,
    },
    /// A ban was lifted.
    #[serde(rename = "participant.unbanned")]
    ParticipantUnbanned {
        /// Who.
        user: UserId,
        /// Their place here, if they have one.
        participant: Option<ParticipantId>,
    },
    /// The reason that was given for a removal, ban or decline.
    #[serde(rename = "participant.reason_given")]
    ReasonGiven {
        /// The event it belongs to.
        event: Seq,
        /// The participant concerned, if they have a place here.
        participant: Option<ParticipantId>,
    },
    /// Someone's attributes changed.
    #[serde(rename = "participant.attributes_changed")]
    AttributesChanged {
        /// Whose.
        participant: ParticipantId,
    },
    /// Someone has another name here.
    #[serde(rename = "participant.renamed")]
    ParticipantRenamed {
        /// Who.
        participant: ParticipantId,
        /// Whether someone else gave it to them; then it stays when they come again.
        given: bool,
        /// Someone else who is in, and whose name looks the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looks_like: Option<ParticipantId>,
    },
    /// Someone sends something else now.
    #[serde(rename = "media.updated")]
    MediaUpdated {
        /// Whose.
        participant: ParticipantId,
        /// What they send now.
        media: Media,
    },
    /// What someone sent was turned off.
    #[serde(rename = "participant.muted")]
    ParticipantMuted {
        /// Whom it concerns.
        participant: ParticipantId,
        /// What they send no longer.
        media: Vec<MediaKind>,
    },
    /// What many sent was turned off.
    #[serde(rename = "participants.muted")]
    ParticipantsMuted {
        /// What they send no longer.
        media: Vec<MediaKind>,
        /// Who was excepted.
        except: Vec<ParticipantId>,
        /// Whom it concerns.
        participants: Vec<ParticipantId>,
    },
    /// Someone was given a role below co-host.
    #[serde(rename = "role.assigned")]
    RoleAssigned {
        /// To whom.
        participant: ParticipantId,
        /// The role.
        role: Role,
    },
    /// A user is co-host.
    #[serde(rename = "cohost.added")]
    CohostAdded {
        /// Who.
        user: UserId,
        /// Their place here, if they have one.
        participant: Option<ParticipantId>,
    },
    /// A user is co-host no longer.
    #[serde(rename = "cohost.removed")]
    CohostRemoved {
        /// Who.
        user: UserId,
        /// Their place here, if they have one.
        participant: Option<ParticipantId>,
    },
    /// What is granted to someone and taken from them in person: all of it, as of now.
    #[serde(rename = "permissions.changed")]
    PermissionsChanged {
        /// Whose.
        participant: ParticipantId,
        /// What is granted.
        granted: PermissionSet,
        /// What is taken.
        denied: PermissionSet,
    },
    /// A custom role is defined, or is other now.
    #[serde(rename = "role.defined")]
    RoleDefined {
        /// Its key.
        key: RoleKey,
        /// The role.
        role: Box<CustomRole>,
    },
    /// A custom role is no more; nobody had it.
    #[serde(rename = "role.removed")]
    RoleRemoved {
        /// Its key.
        key: RoleKey,
    },
    /// Someone else is host.
    #[serde(rename = "host.changed")]
    HostChanged {
        /// Who was host, if they have a place here.
        from: Option<ParticipantId>,
        /// Who is host.
        to: ParticipantId,
        /// The user behind it, who is co-host no longer if host in full.
        user: UserId,
        /// For whom they act; none when they are host in full.
        acting_for: Option<UserId>,
        /// Who becomes co-host with it: who was host in full before.
        co_host: Option<UserId>,
    },
    /// A hand went up.
    #[serde(rename = "hand.raised")]
    HandRaised {
        /// Whose.
        participant: ParticipantId,
    },
    /// A hand went down.
    #[serde(rename = "hand.lowered")]
    HandLowered {
        /// Whose.
        participant: ParticipantId,
    },
    /// Someone was given the word; their hand went down with it.
    #[serde(rename = "hand.called_on")]
    HandCalledOn {
        /// Who.
        participant: ParticipantId,
    },
    /// A poll was opened.
    #[serde(rename = "poll.opened")]
    PollOpened {
        /// Which.
        poll: PollId,
        /// How many choices there are.
        choices: u32,
        /// Whether one may choose several.
        multiple: bool,
        /// Whether nobody is told who chose what.
        anonymous: bool,
        /// When it closes by itself.
        closes_at: Option<Timestamp>,
    },
    /// A vote by the event's person, in the place of the one before. Theirs alone: whoever reads the
    /// journal for others leaves it out.
    #[serde(rename = "poll.vote_cast")]
    PollVoteCast {
        /// In which poll.
        poll: PollId,
        /// What they chose, as rising indexes from 0.
        choices: Vec<u32>,
    },
    /// A poll was closed.
    #[serde(rename = "poll.closed")]
    PollClosed {
        /// Which.
        poll: PollId,
        /// How many chose each.
        counts: Vec<u32>,
        /// How many voted.
        voters: u32,
    },
    /// Who chose what in a poll that is not anonymous, told when it was closed.
    #[serde(rename = "poll.votes_told")]
    PollVotesTold {
        /// In which poll.
        poll: PollId,
        /// Who, and what.
        votes: Vec<CastVote>,
    },
    /// The agenda is another.
    #[serde(rename = "agenda.set")]
    AgendaSet {
        /// The items, in order.
        items: Vec<Planned>,
    },
    /// Another item of the agenda is the current one.
    #[serde(rename = "agenda.moved")]
    AgendaMoved {
        /// Which; none is none.
        item: Option<ItemId>,
        /// Which it was.
        from: Option<ItemId>,
    },
    /// The timer runs.
    #[serde(rename = "timer.started")]
    TimerStarted {
        /// Until when.
        ends_at: Timestamp,
    },
    /// The timer was stopped before its time.
    #[serde(rename = "timer.stopped")]
    TimerStopped {},
    /// The timer's time is over.
    #[serde(rename = "timer.ended")]
    TimerEnded {},
    /// Something was decided.
    #[serde(rename = "decision.recorded")]
    DecisionRecorded {
        /// Its number.
        decision: DecisionId,
    },
    /// Something is to be done.
    #[serde(rename = "action.recorded")]
    ActionRecorded {
        /// Its number.
        action: ActionId,
        /// Who does it.
        owner: Option<ParticipantId>,
        /// By when.
        due: Option<Date>,
    },
    /// A message; its id is this event's `seq`.
    #[serde(rename = "chat.sent")]
    ChatSent {
        /// To whom; none is all.
        to: Option<ChatTo>,
        /// The breakout room it stays in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// The message it answers.
        reply_to: Option<quorate_protocol::MessageId>,
        /// Whether it is too short to count as a part taken.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        short: bool,
    },
    /// A message was deleted.
    #[serde(rename = "chat.deleted")]
    ChatDeleted {
        /// Which.
        message: quorate_protocol::MessageId,
    },
    /// Breakout rooms are prepared, in place of those that were; their names are its personal part.
    #[serde(rename = "breakout.prepared")]
    BreakoutPrepared {
        /// The rooms, and who is assigned to each.
        rooms: Vec<RoomPlan>,
        /// How people get into them.
        mode: BreakoutMode,
        /// For how long they are to be open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<u32>,
    },
    /// The breakout rooms are open; their names are its personal part.
    #[serde(rename = "breakout.opened")]
    BreakoutOpened {
        /// The rooms, and who is in each from now on.
        rooms: Vec<RoomPlan>,
        /// When they close by themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closes_at: Option<Timestamp>,
    },
    /// Someone belongs to another room, without having moved.
    #[serde(rename = "breakout.assigned")]
    BreakoutAssigned {
        /// Who.
        participant: ParticipantId,
        /// To which room; none is the main room.
        room: Option<RoomId>,
    },
    /// Someone went from one room to another.
    #[serde(rename = "participant.moved")]
    ParticipantMoved {
        /// Who.
        participant: ParticipantId,
        /// From which room; none is the main room.
        from: Option<RoomId>,
        /// To which room; none is the main room.
        to: Option<RoomId>,
    },
    /// Something was told to everyone, or to these rooms; the text is its personal part.
    #[serde(rename = "breakout.announced")]
    BreakoutAnnounced {
        /// Which rooms; none is everyone.
        rooms: Option<Vec<RoomId>>,
    },
    /// A room, or all, close later.
    #[serde(rename = "breakout.extended")]
    BreakoutExtended {
        /// When.
        closes_at: Timestamp,
        /// Which room; none is all.
        room: Option<RoomId>,
    },
    /// A countdown to the closing of all rooms runs.
    #[serde(rename = "breakout.closing")]
    BreakoutClosing {
        /// When they close.
        closes_at: Timestamp,
    },
    /// Rooms are closed: who was in one is in the main room.
    #[serde(rename = "breakout.closed")]
    BreakoutClosed {
        /// Which.
        rooms: Vec<RoomId>,
    },
    /// Someone asked for help in the room they are in.
    #[serde(rename = "breakout.help_requested")]
    BreakoutHelpRequested {
        /// Which room.
        room: RoomId,
    },
    /// A room was helped.
    #[serde(rename = "breakout.help_resolved")]
    BreakoutHelpResolved {
        /// Which room.
        room: RoomId,
    },
    /// A message was pinned.
    #[serde(rename = "chat.pinned")]
    ChatPinned {
        /// Which.
        message: quorate_protocol::MessageId,
    },
    /// A message was unpinned.
    #[serde(rename = "chat.unpinned")]
    ChatUnpinned {
        /// Which.
        message: quorate_protocol::MessageId,
    },
    /// Someone's conduct was reported.
    #[serde(rename = "abuse.reported")]
    AbuseReported {
        /// Whose.
        participant: ParticipantId,
    },
    /// A caption that changes no more.
    #[serde(rename = "caption.published")]
    CaptionPublished {
        /// Who said it, where that is known.
        speaker: Option<ParticipantId>,
        /// The language, as a BCP 47 tag.
        lang: Option<String>,
        /// When it began to be said, in milliseconds from a start of the publisher's choice.
        start_ms: Option<u64>,
        /// When it was said, by the same count.
        end_ms: Option<u64>,
    },
    /// Someone was refused for lack of permissions, more often than is told one by one.
    #[serde(rename = "permission.refused")]
    PermissionRefused {
        /// Who.
        participant: ParticipantId,
        /// How often, within a minute.
        count: u32,
    },
    /// Someone is left out of scores and reports, or no longer.
    #[serde(rename = "report.exclusion_changed")]
    ExclusionChanged {
        /// Who.
        participant: ParticipantId,
        /// Whether they are.
        excluded: bool,
    },
    /// Someone said what they think of the meeting; what it was is personal, and where feedback is anonymous
    /// stands in no event.
    #[serde(rename = "feedback.submitted")]
    FeedbackSubmitted {
        /// Who; none where feedback is anonymous.
        participant: Option<ParticipantId>,
    },
    /// What was said of the meeting changes no more.
    #[serde(rename = "feedback.closed")]
    FeedbackClosed {},
    /// What was said and agreed was published in short; the text is personal.
    #[serde(rename = "summary.published")]
    SummaryPublished {},
    /// What was personal and what was measured was kept long enough, and is deleted.
    #[serde(rename = "retention.applied")]
    RetentionApplied {
        /// For how many days after the meeting it was kept.
        days: u32,
    },
    /// What was personal in these events is gone.
    #[serde(rename = "redacted")]
    Redacted {
        /// First and last `seq` of each range.
        ranges: Vec<(Seq, Seq)>,
    },
}

/// Who belongs in a breakout room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomPlan {
    /// The room.
    pub room: RoomId,
    /// Who, in the order of their ids.
    pub participants: Vec<ParticipantId>,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// Its person left.
    Left,
    /// It was not resumed in time.
    Expired,
    /// A newer one of the same person took its place.
    Replaced,
    /// Its person was removed.
    Removed,
    /// Its person was banned.
    Banned,
    /// Its person was turned away.
    Declined,
}

impl Fact {
    /// Whether it changes the meeting itself, and not only who is in it and what they do there.
    #[must_use]
    pub fn changes_meeting(&self) -> bool {
        matches!(
            self,
            Fact::MeetingCreated(_)
                | Fact::MeetingImported(_)
                | Fact::MeetingStarted {}
                | Fact::MeetingEnded { .. }
                | Fact::MeetingReopened {}
                | Fact::MeetingCancelled {}
                | Fact::MeetingLocked {}
                | Fact::MeetingUnlocked {}
                | Fact::MeetingSuspended { .. }
                | Fact::MeetingResumed {}
                | Fact::MeetingPolicyChanged { .. }
                | Fact::MeetingUpdated(_)
                | Fact::MeetingExtended { .. }
                | Fact::SeriesChanged { .. }
                | Fact::SeriesSplit { .. }
                | Fact::SeriesFollowed(_)
                | Fact::HostChanged { .. }
        )
    }

    /// Whether it changes what the occurrences of a series take from it.
    #[must_use]
    pub fn changes_occurrences(&self) -> bool {
        matches!(
            self,
            Fact::MeetingCreated(_)
                | Fact::MeetingCancelled {}
                | Fact::MeetingPolicyChanged { .. }
                | Fact::MeetingUpdated(_)
                | Fact::SeriesChanged { .. }
                | Fact::SeriesSplit { .. }
                | Fact::CohostAdded { .. }
                | Fact::CohostRemoved { .. }
                | Fact::InviteeAdded { .. }
                | Fact::InviteeRemoved { .. }
                | Fact::ParticipantBanned { .. }
                | Fact::ParticipantUnbanned { .. }
                | Fact::RoleDefined { .. }
        )
    }

    /// Whom it is about; of the two in the host's seat, who has it now.
    #[must_use]
    pub fn about(&self) -> Option<ParticipantId> {
        match self {
            Fact::SessionOpened { participant, .. }
            | Fact::ParticipantWaiting { participant, .. }
            | Fact::ParticipantAdmitted { participant, .. }
            | Fact::ParticipantDeclined { participant, .. }
            | Fact::ParticipantWithdrawn { participant, .. }
            | Fact::ReturnedToWaiting { participant, .. }
            | Fact::ParticipantJoined { participant, .. }
            | Fact::ParticipantIdentified { participant, .. }
            | Fact::ParticipantLeft { participant, .. }
            | Fact::ConnectionChanged { participant, .. }
            | Fact::ParticipantRemoved { participant, .. }
            | Fact::AttributesChanged { participant, .. }
            | Fact::ParticipantRenamed { participant, .. }
            | Fact::MediaUpdated { participant, .. }
            | Fact::ParticipantMuted { participant, .. }
            | Fact::RoleAssigned { participant, .. }
            | Fact::PermissionsChanged { participant, .. }
            | Fact::HandRaised { participant, .. }
            | Fact::HandLowered { participant, .. }
            | Fact::HandCalledOn { participant, .. }
            | Fact::BreakoutAssigned { participant, .. }
            | Fact::ParticipantMoved { participant, .. }
            | Fact::AbuseReported { participant, .. }
            | Fact::PermissionRefused { participant, .. }
            | Fact::ExclusionChanged { participant, .. } => Some(*participant),
            Fact::WaitingTold { participant, .. }
            | Fact::ParticipantBanned { participant, .. }
            | Fact::ParticipantUnbanned { participant, .. }
            | Fact::ReasonGiven { participant, .. }
            | Fact::CohostAdded { participant, .. }
            | Fact::CohostRemoved { participant, .. }
            | Fact::FeedbackSubmitted { participant } => *participant,
            Fact::HostChanged { to, .. } => Some(*to),
            Fact::MeetingCreated(_)
            | Fact::MeetingImported(_)
            | Fact::ParticipantImported { .. }
            | Fact::MeetingStarted { .. }
            | Fact::MeetingEnded { .. }
            | Fact::MeetingReopened { .. }
            | Fact::MeetingCancelled {}
            | Fact::MeetingEndingSoon { .. }
            | Fact::OccurrenceCreated { .. }
            | Fact::SeriesChanged { .. }
            | Fact::SeriesSplit { .. }
            | Fact::SeriesFollowed(_)
            | Fact::MeetingLocked { .. }
            | Fact::MeetingUnlocked { .. }
            | Fact::MeetingSuspended { .. }
            | Fact::MeetingResumed { .. }
            | Fact::MeetingPolicyChanged { .. }
            | Fact::MeetingUpdated(_)
            | Fact::MeetingExtended { .. }
            | Fact::MeetingRecovered { .. }
            | Fact::MeetingSizeChanged { .. }
            | Fact::SessionLost { .. }
            | Fact::SessionResumed { .. }
            | Fact::SessionClosed { .. }
            | Fact::InviteeAdded { .. }
            | Fact::InviteeRemoved { .. }
            | Fact::ParticipantsMuted { .. }
            | Fact::RoleDefined { .. }
            | Fact::RoleRemoved { .. }
            | Fact::PollOpened { .. }
            | Fact::PollVoteCast { .. }
            | Fact::PollClosed { .. }
            | Fact::PollVotesTold { .. }
            | Fact::AgendaSet { .. }
            | Fact::AgendaMoved { .. }
            | Fact::TimerStarted { .. }
            | Fact::TimerStopped { .. }
            | Fact::TimerEnded { .. }
            | Fact::DecisionRecorded { .. }
            | Fact::ActionRecorded { .. }
            | Fact::ChatSent { .. }
            | Fact::ChatDeleted { .. }
            | Fact::BreakoutPrepared { .. }
            | Fact::BreakoutOpened { .. }
            | Fact::BreakoutAnnounced { .. }
            | Fact::BreakoutExtended { .. }
            | Fact::BreakoutClosing { .. }
            | Fact::BreakoutClosed { .. }
            | Fact::BreakoutHelpRequested { .. }
            | Fact::BreakoutHelpResolved { .. }
            | Fact::ChatPinned { .. }
            | Fact::ChatUnpinned { .. }
            | Fact::CaptionPublished { .. }
            | Fact::FeedbackClosed { .. }
            | Fact::SummaryPublished { .. }
            | Fact::RetentionApplied { .. }
            | Fact::Redacted { .. } => None,
        }
    }

    /// The fact as the journal's columns hold it: its type, and its details as JSON.
    #[must_use]
    pub fn to_row(&self) -> (String, String) {
        let text = serde_json::to_string(self).expect("facts serialise");
        let (kind, details) = text
            .strip_prefix(r#"{"type":""#)
            .and_then(|rest| rest.strip_suffix('}'))
            .and_then(|rest| rest.split_once(r#"","data":"#))
            .expect("a fact is its type and its data");
        (kind.to_owned(), details.to_owned())
    }

    /// Reads what [`Fact::to_row`] wrote.
    ///
    /// # Errors
    /// When there is no fact of that type, or its details are of another shape.
    pub fn from_row(kind: &str, details: &str) -> Result<Fact, serde_json::Error> {
        let kind = serde_json::to_string(kind)?;
        serde_json::from_str(&format!(r#"{{"type":{kind},"data":{details}}}"#))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_read_back_from_its_row() {
        let fact =
            Fact::ChatSent { to: Some(ChatTo::Staff), room: None, reply_to: None, short: false };
        let (kind, details) = fact.to_row();
        assert_eq!(kind, "chat.sent");
        assert_eq!(details, r#"{"to":"staff","reply_to":null}"#);
        assert_eq!(Fact::from_row(&kind, &details).unwrap(), fact);
        assert_eq!(Fact::MeetingStarted {}.to_row(), ("meeting.started".into(), "{}".into()));
    }
}
