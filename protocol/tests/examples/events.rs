//! One of each event.

use super::*;

pub(crate) fn all() -> Vec<EventBody> {
    let ben_only = ParticipantOnly { participant: BEN };
    let ben_user = UserAffected { user: BEN_USER, participant: Some(BEN) };
    vec![
        EventBody::MeetingCreated(MeetingCreated { title: "Standup".to_owned(), owner: ANA_USER }),
        EventBody::MeetingStarted(Empty {}),
        EventBody::MeetingEnded(MeetingEnded { reason: EndReason::Ended }),
        EventBody::MeetingCancelled(Empty {}),
        EventBody::OccurrenceCreated(OccurrenceCreated {
            meeting: MeetingId(8),
            original_start: Timestamp(1_790_000_000_000),
        }),
        EventBody::SeriesChanged(Box::new(SeriesChanged {
            starts_at: Timestamp(1_790_000_000_000),
            ends_at: Some(Timestamp(1_790_003_600_000)),
            time_zone: "Europe/Berlin".into(),
            recurrence: Recurrence::custom("FREQ=MONTHLY;BYDAY=2TU"),
        })),
        EventBody::SeriesSplit(Box::new(SeriesSplit {
            at: Timestamp(1_790_000_000_000),
            into: Some(MeetingId(9)),
            recurrence: Recurrence {
                until: Some(Timestamp(1_789_000_000_000)),
                ..Recurrence::every(RecurrencePattern::Daily)
            },
        })),
        EventBody::MeetingEndingSoon(MeetingEndingSoon {
            ends_at: Timestamp(1_790_000_000_000),
            minutes: 10,
        }),
        EventBody::MeetingReopened(Empty {}),
        EventBody::MeetingLocked(Empty {}),
        EventBody::MeetingUnlocked(Empty {}),
        EventBody::MeetingRecovered(MeetingRecovered { last_alive: at("09:59:55.000") }),
        EventBody::MeetingSuspended(MeetingSuspended { participants: vec![BEN] }),
        EventBody::MeetingResumed(Empty {}),
        EventBody::MeetingPolicyChanged(Box::new(PolicyChanged {
            changes: Policy { waiting: Some(WaitingThen::Keep), ..policy() },
            passcode_changed: true,
        })),
        EventBody::MeetingUpdated(MeetingUpdated {
            title: Some("Standup, long".to_owned()),
            description: Some(None),
            starts_at: None,
            ends_at: Some(Some(at("10:30:00.000"))),
            time_zone: Some(Some("Europe/Berlin".into())),
        }),
        EventBody::MeetingExtended(MeetingExtended { ends_at: at("10:45:00.000") }),
        EventBody::MeetingSizeChanged(MeetingSizeChanged { large: true }),
        EventBody::ParticipantJoined(ParticipantJoined { participant: ben(), via: Via::Open }),
        EventBody::ParticipantLeft(ParticipantLeft { participant: BEN, reason: LeaveReason::Lost }),
        EventBody::ConnectionChanged(ConnectionChanged {
            participant: BEN,
            status: Presence::Lost,
        }),
        EventBody::ParticipantWaiting(ParticipantWaiting { entry: cleo_waits() }),
        EventBody::ParticipantAdmitted(ParticipantOnly { participant: CLEO }),
        EventBody::ParticipantDeclined(ParticipantOnly { participant: CLEO }),
        EventBody::ParticipantWithdrawn(ParticipantWithdrawn {
            participant: CLEO,
            reason: WithdrawReason::Expired,
        }),
        EventBody::ReturnedToWaiting(ReturnedToWaiting {
            participant: BEN,
            message: Some("We talk about you now".to_owned()),
        }),
        EventBody::WaitingTold(WaitingTold {
            participant: None,
            text: "We begin in five minutes".to_owned(),
        }),
        EventBody::InviteeAdded(Invitee {
            invitee: InviteeId(2),
            user: None,
            email: Some("dora@example.org".to_owned()),
            required: true,
        }),
        EventBody::InviteeRemoved(InviteeRemoved { invitee: InviteeId(2) }),
        EventBody::ParticipantRemoved(ben_only),
        EventBody::ParticipantBanned(ParticipantBanned {
            participant: Some(BEN),
            user: BEN_USER,
            until: Some(at("12:00:00.000")),
            scope: BanScope::Meeting,
        }),
        EventBody::ParticipantUnbanned(ben_user),
        EventBody::ReasonGiven(ReasonGiven {
            event: Seq(16),
            participant: Some(BEN),
            reason: "spam".to_owned(),
        }),
        EventBody::AttributesChanged(AttributesChanged {
            participant: BEN,
            attributes: attributes(),
        }),
        EventBody::ParticipantRenamed(ParticipantRenamed {
            participant: BEN,
            name: "Ana".to_owned(),
            looks_like: Some(ANA),
        }),
        EventBody::MediaUpdated(MediaUpdated { participant: BEN, media: ben().media }),
        EventBody::ParticipantMuted(ParticipantMuted {
            participant: BEN,
            media: vec![MediaKind::Audio],
        }),
        EventBody::ParticipantsMuted(ParticipantsMuted {
            media: vec![MediaKind::Audio, MediaKind::Video],
            except: vec![CLEO],
            participants: vec![BEN],
        }),
        EventBody::RoleAssigned(RoleAssigned { participant: BEN, role: Role::Presenter }),
        EventBody::CohostAdded(ben_user),
        EventBody::CohostRemoved(ben_user),
        EventBody::PermissionsChanged(PermissionsChanged {
            participant: BEN,
            granted: [Permission::MediaShare].into_iter().collect(),
            denied: [Permission::ChatSend].into_iter().collect(),
        }),
        EventBody::RoleDefined(note_taker()),
        EventBody::RoleRemoved(RoleOnly { key: note_taker().key }),
        EventBody::HostChanged(HostChanged { from: Some(ANA), to: BEN, acting: true }),
        EventBody::HandRaised(ben_only),
        EventBody::HandLowered(ben_only),
        EventBody::HandCalledOn(ben_only),
        EventBody::PollOpened(PollOpened {
            poll: PollId(1),
            question: "Which day?".to_owned(),
            choices: vec!["Tuesday".to_owned(), "Thursday".to_owned()],
            multiple: true,
            anonymous: false,
            closes_at: Some(at("10:05:00.000")),
        }),
        EventBody::PollVoteCast(vote()),
        EventBody::PollClosed(tally()),
        EventBody::PollVotesTold(PollVotesTold {
            poll: PollId(1),
            votes: vec![CastVote { participant: BEN, choices: vec![0, 1] }],
        }),
        EventBody::AgendaSet(AgendaChanged { items: agenda().items }),
        EventBody::AgendaMoved(AgendaMoved { item: Some(ItemId(1)), from: None }),
        EventBody::TimerStarted(timer()),
        EventBody::TimerStopped(Empty {}),
        EventBody::TimerEnded(Empty {}),
        EventBody::DecisionRecorded(decision()),
        EventBody::ActionRecorded(action()),
        EventBody::ChatSent(ChatSentEvent {
            message: MessageId(26),
            text: Some("Shall we begin?".to_owned()),
            to: Some(ChatTo::Staff),
            room: None,
            reply_to: None,
        }),
        EventBody::ChatDeleted(ChatDeleted { message: MessageId(26) }),
        EventBody::BreakoutPrepared(BreakoutPrepared {
            rooms: vec![blue()],
            mode: BreakoutMode::Manual,
            minutes: Some(15),
        }),
        EventBody::BreakoutOpened(BreakoutOpened {
            rooms: vec![blue()],
            closes_at: Some(at("10:20:00.000")),
        }),
        EventBody::BreakoutAssigned(BreakoutAssigned { participant: BEN, room: Some(BLUE) }),
        EventBody::ParticipantMoved(ParticipantMoved {
            participant: BEN,
            from: None,
            to: Some(BLUE),
        }),
        EventBody::BreakoutAnnounced(BreakoutAnnounced {
            text: "Five minutes left.".to_owned(),
            rooms: Some(vec![BLUE]),
        }),
        EventBody::BreakoutExtended(BreakoutExtended { closes_at: at("10:25:00.000"), room: None }),
        EventBody::BreakoutClosing(BreakoutClosing { closes_at: at("10:16:00.000") }),
        EventBody::BreakoutClosed(BreakoutClosed { rooms: vec![BLUE] }),
        EventBody::BreakoutHelpRequested(RoomAffected { room: BLUE }),
        EventBody::BreakoutHelpResolved(RoomAffected { room: BLUE }),
        EventBody::ChatPinned(ChatPinned { message: MessageId(26) }),
        EventBody::ChatUnpinned(ChatPinned { message: MessageId(26) }),
        EventBody::AbuseReported(AbuseReported {
            participant: BEN,
            text: "calls people names".to_owned(),
        }),
        EventBody::CaptionPublished(CaptionPublished {
            text: Some("Shall we begin?".to_owned()),
            speaker: Some(BEN),
            lang: Some("en-GB".to_owned()),
            start_ms: Some(61_200),
            end_ms: Some(62_450),
        }),
        EventBody::PermissionRefused(PermissionRefused { participant: BEN, count: 57 }),
        EventBody::MeetingImported(MeetingImported {
            title: "Standup".to_owned(),
            owner: ANA_USER,
            status: MeetingStatus::Scheduled,
            made_at: at("09:00:00.000"),
        }),
        EventBody::ExclusionChanged(ExclusionChanged { participant: BEN, excluded: true }),
    ]
}

fn blue() -> RoomNamed {
    RoomNamed { room: BLUE, name: "Blue".to_owned(), participants: vec![BEN] }
}
