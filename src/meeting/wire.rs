//! From the journal to the wire: what of an event clients see.

use quorate_protocol::{
    AttributesChanged, ChatDeleted, ChatSentEvent, ConnectionChanged, Empty, EventBody,
    HostChanged, Media, MediaUpdated, MeetingCreated, MeetingEnded, MeetingRecovered, MessageId,
    Participant, ParticipantBanned, ParticipantDeclined, ParticipantJoined, ParticipantLeft,
    ParticipantOnly, ParticipantWaiting, ParticipantWithdrawn, PermissionsChanged, Presence,
    ReasonGiven, RoleAssigned, RoleOnly, UserAffected, UserKind, WaitReason, WaitingEntry,
};

use super::event::{Event, Fact, Personal};

/// The event as clients see it; none where it is for the audit log alone.
#[must_use]
pub fn event(event: &Event) -> Option<quorate_protocol::Event> {
    let body = body(event)?;
    Some(quorate_protocol::Event { seq: event.seq, at: event.at, by: event.by, body })
}

fn body(event: &Event) -> Option<EventBody> {
    let nothing = Personal::default();
    let personal = event.personal.as_deref().unwrap_or(&nothing);
    let name = || personal.name.clone().unwrap_or_default();
    Some(match &event.fact {
        Fact::MeetingCreated(created) => EventBody::MeetingCreated(MeetingCreated {
            title: created.title.clone(),
            owner: created.owner,
        }),
        Fact::MeetingStarted {} => EventBody::MeetingStarted(Empty {}),
        Fact::MeetingEnded { reason } => EventBody::MeetingEnded(MeetingEnded { reason: *reason }),
        Fact::MeetingReopened {} => EventBody::MeetingReopened(Empty {}),
        Fact::MeetingLocked {} => EventBody::MeetingLocked(Empty {}),
        Fact::MeetingUnlocked {} => EventBody::MeetingUnlocked(Empty {}),
        Fact::MeetingRecovered { last_alive } => {
            EventBody::MeetingRecovered(MeetingRecovered { last_alive: *last_alive })
        }
        Fact::SessionOpened { .. }
        | Fact::SessionLost { .. }
        | Fact::SessionResumed { .. }
        | Fact::SessionClosed { .. }
        | Fact::ParticipantIdentified { .. }
        | Fact::Redacted { .. } => return None,
        Fact::ParticipantWaiting { participant, user, kind, reason, position } => {
            EventBody::ParticipantWaiting(ParticipantWaiting {
                entry: WaitingEntry {
                    participant: *participant,
                    user: *user,
                    name: name(),
                    kind: *kind,
                    verified: *kind == UserKind::Member,
                    invited: false,
                    removed_before: *reason == WaitReason::RemovedBefore,
                    reason: *reason,
                    position: *position,
                    waited_seconds: 0,
                    connected: true,
                    since: event.at,
                },
            })
        }
        Fact::ParticipantAdmitted { participant } => {
            EventBody::ParticipantAdmitted(ParticipantOnly { participant: *participant })
        }
        Fact::ParticipantDeclined { participant } => {
            EventBody::ParticipantDeclined(ParticipantDeclined {
                participant: *participant,
                reason: personal.reason.clone(),
            })
        }
        Fact::ParticipantWithdrawn { participant, reason } => {
            EventBody::ParticipantWithdrawn(ParticipantWithdrawn {
                participant: *participant,
                reason: *reason,
            })
        }
        Fact::ParticipantJoined { participant, user, kind, role, via, room, looks_like } => {
            EventBody::ParticipantJoined(ParticipantJoined {
                participant: Participant {
                    id: *participant,
                    user: *user,
                    name: name(),
                    kind: *kind,
                    role: *role,
                    status: Presence::Present,
                    hand: None,
                    media: Media::default(),
                    room: *room,
                    looks_like: *looks_like,
                    joined_at: event.at,
                    attributes: Default::default(),
                },
                via: *via,
            })
        }
        Fact::ParticipantLeft { participant, reason } => {
            EventBody::ParticipantLeft(ParticipantLeft {
                participant: *participant,
                reason: *reason,
            })
        }
        Fact::ConnectionChanged { participant, status } => {
            EventBody::ConnectionChanged(ConnectionChanged {
                participant: *participant,
                status: *status,
            })
        }
        Fact::ParticipantRemoved { participant } => {
            EventBody::ParticipantRemoved(ParticipantOnly { participant: *participant })
        }
        Fact::ParticipantBanned { user, participant, until } => {
            EventBody::ParticipantBanned(ParticipantBanned {
                participant: *participant,
                user: *user,
                until: *until,
            })
        }
        Fact::ParticipantUnbanned { user, participant } => {
            EventBody::ParticipantUnbanned(affected(*user, *participant))
        }
        Fact::ReasonGiven { event, participant } => EventBody::ReasonGiven(ReasonGiven {
            event: *event,
            participant: *participant,
            reason: personal.reason.clone().unwrap_or_default(),
        }),
        Fact::AttributesChanged { participant } => {
            EventBody::AttributesChanged(AttributesChanged {
                participant: *participant,
                attributes: personal.attributes.clone().unwrap_or_default(),
            })
        }
        Fact::MediaUpdated { participant, media } => {
            EventBody::MediaUpdated(MediaUpdated { participant: *participant, media: *media })
        }
        Fact::RoleAssigned { participant, role } => {
            EventBody::RoleAssigned(RoleAssigned { participant: *participant, role: *role })
        }
        Fact::CohostAdded { user, participant } => {
            EventBody::CohostAdded(affected(*user, *participant))
        }
        Fact::CohostRemoved { user, participant } => {
            EventBody::CohostRemoved(affected(*user, *participant))
        }
        Fact::PermissionsChanged { participant, granted, denied } => {
            EventBody::PermissionsChanged(PermissionsChanged {
                participant: *participant,
                granted: *granted,
                denied: *denied,
            })
        }
        Fact::RoleDefined { key, role } => EventBody::RoleDefined(role.to_wire(*key)),
        Fact::RoleRemoved { key } => EventBody::RoleRemoved(RoleOnly { key: *key }),
        Fact::HostChanged { from, to, acting_for, .. } => EventBody::HostChanged(HostChanged {
            from: *from,
            to: *to,
            acting: acting_for.is_some(),
        }),
        Fact::HandRaised { participant } => {
            EventBody::HandRaised(ParticipantOnly { participant: *participant })
        }
        Fact::HandLowered { participant } => {
            EventBody::HandLowered(ParticipantOnly { participant: *participant })
        }
        Fact::ChatSent { to, room, reply_to } => EventBody::ChatSent(ChatSentEvent {
            message: MessageId(event.seq.0),
            text: personal.text.clone(),
            to: *to,
            room: *room,
            reply_to: *reply_to,
        }),
        Fact::ChatDeleted { message } => EventBody::ChatDeleted(ChatDeleted { message: *message }),
    })
}

fn affected(
    user: quorate_protocol::UserId,
    participant: Option<quorate_protocol::ParticipantId>,
) -> UserAffected {
    UserAffected { user, participant }
}
