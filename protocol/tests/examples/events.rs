//! One of each event.

use super::*;

pub(crate) fn all() -> Vec<EventBody> {
    let ben_only = ParticipantOnly { participant: BEN };
    let ben_user = UserAffected { user: BEN_USER, participant: Some(BEN) };
    vec![
        EventBody::MeetingCreated(MeetingCreated { title: "Standup".to_owned(), owner: ANA_USER }),
        EventBody::MeetingStarted(Empty {}),
        EventBody::MeetingEnded(MeetingEnded { reason: EndReason::Ended }),
        EventBody::MeetingReopened(Empty {}),
        EventBody::MeetingLocked(Empty {}),
        EventBody::MeetingUnlocked(Empty {}),
        EventBody::MeetingRecovered(MeetingRecovered { last_alive: at("09:59:55.000") }),
        EventBody::ParticipantJoined(ParticipantJoined { participant: ben(), via: Via::Open }),
        EventBody::ParticipantLeft(ParticipantLeft { participant: BEN, reason: LeaveReason::Lost }),
        EventBody::ConnectionChanged(ConnectionChanged {
            participant: BEN,
            status: Presence::Lost,
        }),
        EventBody::ParticipantWaiting(ParticipantWaiting { entry: cleo_waits() }),
        EventBody::ParticipantAdmitted(ParticipantOnly { participant: CLEO }),
        EventBody::ParticipantDeclined(ParticipantDeclined {
            participant: CLEO,
            reason: Some("not on the list".to_owned()),
        }),
        EventBody::ParticipantWithdrawn(ParticipantWithdrawn {
            participant: CLEO,
            reason: WithdrawReason::Expired,
        }),
        EventBody::ParticipantRemoved(ben_only),
        EventBody::ParticipantBanned(ParticipantBanned {
            participant: Some(BEN),
            user: BEN_USER,
            until: Some(at("12:00:00.000")),
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
        EventBody::MediaUpdated(MediaUpdated { participant: BEN, media: ben().media }),
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
        EventBody::ChatSent(ChatSentEvent {
            message: MessageId(26),
            text: Some("Shall we begin?".to_owned()),
            to: Some(ChatTo::Staff),
            room: None,
            reply_to: None,
        }),
        EventBody::ChatDeleted(ChatDeleted { message: MessageId(26) }),
    ]
}
