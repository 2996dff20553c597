//! Bodies of what changes a meeting over REST. Where it is a command too, the body is the command's data, less
//! what the path says already.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::given;
use crate::{
    BanScope, InviteeId, MediaKind, MeetingUpdate, Policy, Recurrence, Role, Seq, SettingsPatch,
    Timestamp, UserId, WaitingThen,
};

/// Body of `PATCH /api/meetings/{id}`: what is absent stays, null takes away. All of it is done, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchMeeting {
    /// The title, 1 to 200 characters.
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
    /// People present at most, from 2; null is the server's bound.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub max_participants: Option<Option<u32>>,
    /// Whether people wait for approval.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub requires_approval: Option<bool>,
    /// With `requires_approval: false`: what becomes of those who wait. Admit all, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub waiting: Option<WaitingThen>,
    /// Whether it is to be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub is_recorded: Option<bool>,
    /// The passcode, 4 to 64 characters; null takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub passcode: Option<Option<String>>,
    /// Settings; those that are absent stay.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub settings: Option<SettingsPatch>,
}

impl PatchMeeting {
    /// What of it `meeting.update` does.
    #[must_use]
    pub fn update(&self) -> MeetingUpdate {
        MeetingUpdate {
            title: self.title.clone(),
            description: self.description.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            time_zone: self.time_zone.clone(),
            recurrence: self.recurrence.clone(),
        }
    }

    /// What of it `meeting.policy` does; none where there is nothing of that.
    #[must_use]
    pub fn policy(&self) -> Option<Policy> {
        let policy = Policy {
            max_participants: self.max_participants,
            requires_approval: self.requires_approval,
            is_recorded: self.is_recorded,
            passcode: self.passcode.clone(),
            waiting: self.waiting,
            ..self.settings.clone().unwrap_or_default().into()
        };
        (policy != Policy::default()).then_some(policy)
    }
}

/// Body of `POST …/co-hosts`: exactly one of a user's id, a user's name, and an email address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedUser {
    /// A user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// A user, by the name they sign in with; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Whoever has this address, verified; at most 320 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Body of `POST /api/meetings/{id}/bans`: exactly one of `user_id`, `username` and `email`. It is answered alike
/// whether they are known or not, and holds when they come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBan {
    /// A user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// A user, by the name they sign in with; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Whoever has this address, verified, under whatever account; at most 320 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
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

/// Body of `POST …/participants/{participant_id}/ban`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BanTerms {
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

/// Body of `POST …/participants/{participant_id}/reject` and `/remove`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why, at most 500 characters; told to staff and the person only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Body of `POST …/participants/{participant_id}/mute`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MuteMedia {
    /// What to turn off; absent is the microphone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Vec<MediaKind>>,
}

/// Body of `POST …/waiting-room/admit-all`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdmitAll {
    /// Only entries up to this `seq`, the newest that one has seen; absent is all who wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_seq: Option<Seq>,
}

/// Body of `PATCH …/participants/{participant_id}`: at least one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchParticipant {
    /// `moderator`, `presenter`, `attendee`, or a custom role's key.
    #[serde(default)]
    pub role: Option<Role>,
    /// Whether they are left out of scores and reports.
    #[serde(default)]
    pub exclude_from_report: Option<bool>,
}

/// Answer to an action: what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionDone {
    /// It was done before, and nothing changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub already: bool,
    /// The participant who did it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<crate::ParticipantId>,
}

/// Answer to `POST …/co-hosts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CohostMade {
    /// Who is co-host.
    pub user: UserId,
    /// They were before, and nothing changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub already: bool,
}

/// Answer to `POST …/invitees`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InviteeMade {
    /// The invitation.
    pub id: InviteeId,
    /// They were invited before, and nothing changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub already: bool,
}
