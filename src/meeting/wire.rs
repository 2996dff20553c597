//! From the journal to the wire: what of an event clients see.

use quorate_protocol::{
    AbuseReported, ActionItem, AgendaChanged, AgendaMoved, AttributesChanged, BreakoutAnnounced,
    BreakoutAssigned, BreakoutClosed, BreakoutClosing, BreakoutExtended, BreakoutOpened,
    BreakoutPrepared, ByRight, CaptionPublished, ChatDeleted, ChatPinned, ChatSentEvent,
    ConnectionChanged, Empty, EventBody, ExclusionChanged, FeedbackSubmitted, HostChanged, Invitee,
    InviteeRemoved, Media, MediaUpdated, MeetingCreated, MeetingEnded, MeetingEndingSoon,
    MeetingExtended, MeetingImported, MeetingRecovered, MeetingSizeChanged, MeetingSuspended,
    MessageId, OccurrenceCreated, Participant, ParticipantBanned, ParticipantJoined,
    ParticipantLeft, ParticipantMoved, ParticipantMuted, ParticipantOnly, ParticipantRenamed,
    ParticipantWaiting, ParticipantWithdrawn, ParticipantsMuted, PermissionRefused,
    PermissionsChanged, PolicyChanged, PollOpened, PollTally, PollVote, PollVotesTold, Presence,
    QualityLevel, ReasonGiven, RecordedDecision, Recurrence, RetentionApplied, ReturnedToWaiting,
    RoleAssigned, RoleOnly, RoomAffected, RoomNamed, SeriesChanged, SeriesSplit, SummaryPublished,
    Timer, UserAffected, UserKind, WaitReason, WaitingEntry, WaitingTold,
};

use super::breakouts::plan::rooms_prepared;
use super::event::{Event, Fact, Personal, RoomPlan};

/// The event as clients see it; none where it is for the audit log alone.
#[must_use]
pub fn event(event: &Event) -> Option<quorate_protocol::Event> {
    let body = body(event)?;
    let role = event.personal.as_ref().and_then(|personal| personal.role);
    let name = event.personal.as_ref().filter(|_| role.is_some());
    let name = name.and_then(|personal| personal.name.clone());
    let Event { seq, at, by, .. } = *event;
    let via = event.as_admin.then_some(ByRight::Admin);
    Some(quorate_protocol::Event { seq, at, by, name, role, via, body })
}

/// The answer's data to the command that an event ends, where the event tells all of it: then it is not kept
/// with it, and goes without the names that are redacted.
#[must_use]
pub fn answer(event: &Event) -> Option<Box<str>> {
    let Fact::BreakoutPrepared { rooms, mode, .. } = &event.fact else { return None };
    let names = Personal::texts(event.personal.as_deref(), rooms.len());
    let answer = rooms_prepared(rooms, names, *mode);
    Some(serde_json::to_string(&answer).expect("answers serialise").into())
}

fn body(event: &Event) -> Option<EventBody> {
    let nothing = Personal::default();
    let personal = event.personal.as_deref().unwrap_or(&nothing);
    let name = || personal.name.clone().unwrap_or_default();
    let text = || personal.text.clone().unwrap_or_default();
    Some(match &event.fact {
        Fact::MeetingCreated(created) => EventBody::MeetingCreated(MeetingCreated {
            title: created.title.clone(),
            owner: created.owner,
        }),
        Fact::MeetingImported(imported) => EventBody::MeetingImported(MeetingImported {
            title: imported.title.clone(),
            owner: imported.host,
            status: imported.status,
            made_at: imported.created_at,
        }),
        Fact::MeetingStarted {} => EventBody::MeetingStarted(Empty {}),
        Fact::MeetingEnded { reason } => EventBody::MeetingEnded(MeetingEnded { reason: *reason }),
        Fact::MeetingReopened {} => EventBody::MeetingReopened(Empty {}),
        Fact::MeetingCancelled {} => EventBody::MeetingCancelled(Empty {}),
        Fact::MeetingEndingSoon { ends_at, minutes } => {
            let (ends_at, minutes) = (*ends_at, *minutes);
            EventBody::MeetingEndingSoon(MeetingEndingSoon { ends_at, minutes })
        }
        Fact::OccurrenceCreated { meeting, original_start } => {
            let (meeting, original_start) = (*meeting, *original_start);
            EventBody::OccurrenceCreated(OccurrenceCreated { meeting, original_start })
        }
        Fact::SeriesChanged { starts_at, ends_at, time_zone, recurrence, .. } => {
            EventBody::SeriesChanged(Box::new(SeriesChanged {
                starts_at: *starts_at,
                ends_at: *ends_at,
                time_zone: time_zone.clone(),
                recurrence: Recurrence::clone(recurrence),
            }))
        }
        Fact::SeriesSplit { at, into, recurrence } => {
            EventBody::SeriesSplit(Box::new(SeriesSplit {
                at: *at,
                into: *into,
                recurrence: Recurrence::clone(recurrence),
            }))
        }
        Fact::MeetingLocked {} => EventBody::MeetingLocked(Empty {}),
        Fact::MeetingUnlocked {} => EventBody::MeetingUnlocked(Empty {}),
        Fact::MeetingSuspended { participants } => {
            EventBody::MeetingSuspended(MeetingSuspended { participants: participants.clone() })
        }
        Fact::MeetingResumed {} => EventBody::MeetingResumed(Empty {}),
        Fact::MeetingPolicyChanged { changes, has_passcode } => {
            EventBody::MeetingPolicyChanged(Box::new(PolicyChanged {
                changes: (**changes).clone(),
                passcode_changed: has_passcode.is_some(),
            }))
        }
        Fact::MeetingUpdated(changes) => EventBody::MeetingUpdated((**changes).clone()),
        Fact::MeetingExtended { ends_at } => {
            EventBody::MeetingExtended(MeetingExtended { ends_at: *ends_at })
        }
        Fact::MeetingRecovered { last_alive } => {
            EventBody::MeetingRecovered(MeetingRecovered { last_alive: *last_alive })
        }
        Fact::MeetingSizeChanged { large } => {
            EventBody::MeetingSizeChanged(MeetingSizeChanged { large: *large })
        }
        Fact::SessionOpened { .. }
        | Fact::SessionLost { .. }
        | Fact::SessionResumed { .. }
        | Fact::SessionClosed { .. }
        | Fact::ParticipantIdentified { .. }
        | Fact::SeriesFollowed(_)
        | Fact::ParticipantImported { .. }
        | Fact::Redacted { .. } => return None,
        Fact::ParticipantWaiting { participant, user, kind, reason, position, invited, .. } => {
            EventBody::ParticipantWaiting(ParticipantWaiting {
                entry: WaitingEntry {
                    participant: *participant,
                    user: *user,
                    name: name(),
                    kind: *kind,
                    verified: *kind == UserKind::Member,
                    invited: *invited,
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
            EventBody::ParticipantDeclined(ParticipantOnly { participant: *participant })
        }
        Fact::ParticipantWithdrawn { participant, reason } => {
            EventBody::ParticipantWithdrawn(ParticipantWithdrawn {
                participant: *participant,
                reason: *reason,
            })
        }
        Fact::ReturnedToWaiting { participant } => {
            EventBody::ReturnedToWaiting(ReturnedToWaiting {
                participant: *participant,
                message: personal.text.clone(),
            })
        }
        Fact::WaitingTold { participant } => EventBody::WaitingTold(WaitingTold {
            participant: *participant,
            text: personal.text.clone().unwrap_or_default(),
        }),
        Fact::InviteeAdded { invitee, user, required } => EventBody::InviteeAdded(Invitee {
            invitee: *invitee,
            user: *user,
            email: personal.email.clone(),
            required: *required,
        }),
        Fact::InviteeRemoved { invitee } => {
            EventBody::InviteeRemoved(InviteeRemoved { invitee: *invitee })
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
                    quality: QualityLevel::Unknown,
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
        Fact::ParticipantBanned { user, participant, until, scope, .. } => {
            EventBody::ParticipantBanned(ParticipantBanned {
                participant: *participant,
                user: *user,
                until: *until,
                scope: *scope,
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
        Fact::ParticipantRenamed { participant, looks_like, .. } => {
            EventBody::ParticipantRenamed(ParticipantRenamed {
                participant: *participant,
                name: name(),
                looks_like: *looks_like,
            })
        }
        Fact::MediaUpdated { participant, media } => {
            EventBody::MediaUpdated(MediaUpdated { participant: *participant, media: *media })
        }
        Fact::ParticipantMuted { participant, media } => {
            EventBody::ParticipantMuted(ParticipantMuted {
                participant: *participant,
                media: media.clone(),
            })
        }
        Fact::ParticipantsMuted { media, except, participants } => {
            EventBody::ParticipantsMuted(ParticipantsMuted {
                media: media.clone(),
                except: except.clone(),
                participants: participants.clone(),
            })
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
        Fact::HandCalledOn { participant } => {
            EventBody::HandCalledOn(ParticipantOnly { participant: *participant })
        }
        Fact::PollOpened { poll, choices, multiple, anonymous, closes_at } => {
            EventBody::PollOpened(PollOpened {
                poll: *poll,
                question: text(),
                choices: Personal::texts(Some(personal), *choices as usize),
                multiple: *multiple,
                anonymous: *anonymous,
                closes_at: *closes_at,
            })
        }
        Fact::PollVoteCast { poll, choices } => {
            EventBody::PollVoteCast(PollVote { poll: *poll, choices: choices.clone() })
        }
        Fact::PollClosed { poll, counts, voters } => EventBody::PollClosed(PollTally {
            poll: *poll,
            counts: counts.clone(),
            voters: *voters,
        }),
        Fact::PollVotesTold { poll, votes } => {
            EventBody::PollVotesTold(PollVotesTold { poll: *poll, votes: votes.clone() })
        }
        Fact::AgendaSet { items } => {
            let titles = Personal::texts(Some(personal), items.len());
            let items = items.iter().zip(titles).map(|(plan, title)| plan.shown(title));
            EventBody::AgendaSet(AgendaChanged { items: items.collect() })
        }
        Fact::AgendaMoved { item, from } => {
            EventBody::AgendaMoved(AgendaMoved { item: *item, from: *from })
        }
        Fact::TimerStarted { ends_at } => {
            EventBody::TimerStarted(Timer { ends_at: *ends_at, label: personal.text.clone() })
        }
        Fact::TimerStopped {} => EventBody::TimerStopped(Empty {}),
        Fact::TimerEnded {} => EventBody::TimerEnded(Empty {}),
        Fact::DecisionRecorded { decision } => {
            EventBody::DecisionRecorded(RecordedDecision { decision: *decision, text: text() })
        }
        Fact::ActionRecorded { action, owner, due } => EventBody::ActionRecorded(ActionItem {
            action: *action,
            text: text(),
            owner: *owner,
            due: *due,
        }),
        Fact::ChatSent { to, room, reply_to, .. } => EventBody::ChatSent(ChatSentEvent {
            message: MessageId(event.seq.0),
            text: personal.text.clone(),
            to: *to,
            room: *room,
            reply_to: *reply_to,
        }),
        Fact::ChatDeleted { message } => EventBody::ChatDeleted(ChatDeleted { message: *message }),
        Fact::BreakoutPrepared { rooms, mode, minutes } => {
            EventBody::BreakoutPrepared(BreakoutPrepared {
                rooms: rooms_named(rooms, personal),
                mode: *mode,
                minutes: *minutes,
            })
        }
        Fact::BreakoutOpened { rooms, closes_at } => EventBody::BreakoutOpened(BreakoutOpened {
            rooms: rooms_named(rooms, personal),
            closes_at: *closes_at,
        }),
        Fact::BreakoutAssigned { participant, room } => {
            EventBody::BreakoutAssigned(BreakoutAssigned { participant: *participant, room: *room })
        }
        Fact::ParticipantMoved { participant, from, to } => {
            EventBody::ParticipantMoved(ParticipantMoved {
                participant: *participant,
                from: *from,
                to: *to,
            })
        }
        Fact::BreakoutAnnounced { rooms } => EventBody::BreakoutAnnounced(BreakoutAnnounced {
            text: personal.text.clone().unwrap_or_default(),
            rooms: rooms.clone(),
        }),
        Fact::BreakoutExtended { closes_at, room } => {
            EventBody::BreakoutExtended(BreakoutExtended { closes_at: *closes_at, room: *room })
        }
        Fact::BreakoutClosing { closes_at } => {
            EventBody::BreakoutClosing(BreakoutClosing { closes_at: *closes_at })
        }
        Fact::BreakoutClosed { rooms } => {
            EventBody::BreakoutClosed(BreakoutClosed { rooms: rooms.clone() })
        }
        Fact::BreakoutHelpRequested { room } => {
            EventBody::BreakoutHelpRequested(RoomAffected { room: *room })
        }
        Fact::BreakoutHelpResolved { room } => {
            EventBody::BreakoutHelpResolved(RoomAffected { room: *room })
        }
        Fact::ChatPinned { message } => EventBody::ChatPinned(ChatPinned { message: *message }),
        Fact::ChatUnpinned { message } => EventBody::ChatUnpinned(ChatPinned { message: *message }),
        Fact::AbuseReported { participant } => EventBody::AbuseReported(AbuseReported {
            participant: *participant,
            text: personal.text.clone().unwrap_or_default(),
        }),
        Fact::CaptionPublished { speaker, lang, start_ms, end_ms } => {
            EventBody::CaptionPublished(CaptionPublished {
                text: personal.text.clone(),
                speaker: *speaker,
                lang: lang.clone(),
                start_ms: *start_ms,
                end_ms: *end_ms,
            })
        }
        Fact::FeedbackSubmitted { participant } => {
            EventBody::FeedbackSubmitted(FeedbackSubmitted { participant: *participant })
        }
        Fact::FeedbackClosed {} => EventBody::FeedbackClosed(Empty {}),
        Fact::SummaryPublished {} => {
            EventBody::SummaryPublished(SummaryPublished { text: personal.text.clone() })
        }
        Fact::RetentionApplied { days } => {
            EventBody::RetentionApplied(RetentionApplied { days: *days })
        }
        Fact::PermissionRefused { participant, count } => {
            EventBody::PermissionRefused(PermissionRefused {
                participant: *participant,
                count: *count,
            })
        }
        Fact::ExclusionChanged { participant, excluded } => {
            let (participant, excluded) = (*participant, *excluded);
            EventBody::ExclusionChanged(ExclusionChanged { participant, excluded })
        }
    })
}

fn affected(
    user: quorate_protocol::UserId,
    participant: Option<quorate_protocol::ParticipantId>,
) -> UserAffected {
    UserAffected { user, participant }
}

fn rooms_named(rooms: &[RoomPlan], personal: &Personal) -> Vec<RoomNamed> {
    let names = Personal::texts(Some(personal), rooms.len());
    let named = |(plan, name): (&RoomPlan, String)| RoomNamed {
        room: plan.room,
        name,
        participants: plan.participants.clone(),
    };
    rooms.iter().zip(names).map(named).collect()
}
