//! Permissions: named bits, a set of them in one `u64`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! permissions {
    ($($(#[doc = $doc:expr])+ $Variant:ident = $name:literal,)+) => {
        /// What a participant may do. The order is the bit in a [`PermissionSet`] and part of no contract;
        /// the names are.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Permission { $($(#[doc = $doc])+ $Variant,)+ }

        impl Permission {
            /// Every permission there is.
            pub const ALL: &'static [Permission] = &[$(Permission::$Variant),+];

            /// The stable name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Permission::$Variant => $name,)+ }
            }
        }
    };
}

permissions! {
    /// Start the meeting.
    MeetingStart = "meeting.start",
    /// End the meeting.
    MeetingEnd = "meeting.end",
    /// Extend the meeting.
    MeetingExtend = "meeting.extend",
    /// Change title, schedule and agenda.
    MeetingUpdate = "meeting.update",
    /// Cancel the meeting for good.
    MeetingDelete = "meeting.delete",
    /// Hand the meeting to another host.
    RoleTransferHost = "role.transfer_host",
    /// Lock and unlock the door.
    MeetingLock = "meeting.lock",
    /// All off at once, and back.
    MeetingSuspend = "meeting.suspend",
    /// Waiting room, locks, limits.
    MeetingPolicy = "meeting.policy",
    /// Define custom roles.
    RoleDefine = "role.define",
    /// Manage webhooks.
    WebhookManage = "webhook.manage",
    /// Invite people.
    ParticipantInvite = "participant.invite",
    /// Let people in from the waiting room.
    ParticipantAdmit = "participant.admit",
    /// Turn people away from the waiting room.
    ParticipantDecline = "participant.decline",
    /// Remove people who are in.
    ParticipantRemove = "participant.remove",
    /// Send people back to the waiting room.
    ParticipantSendToWaiting = "participant.send_to_waiting",
    /// Ban people.
    ParticipantBan = "participant.ban",
    /// Lift bans.
    ParticipantUnban = "participant.unban",
    /// Rename others.
    ParticipantRenameOther = "participant.rename_other",
    /// Rename oneself.
    ParticipantRenameSelf = "participant.rename_self",
    /// See who is there.
    ParticipantList = "participant.list",
    /// Mute others.
    ParticipantMuteOther = "participant.mute_other",
    /// Ask others to unmute.
    ParticipantRequestUnmute = "participant.request_unmute",
    /// Assign roles below one's own.
    RoleAssign = "role.assign",
    /// Appoint co-hosts.
    RoleAssignCohost = "role.assign_cohost",
    /// Use the microphone.
    MediaAudio = "media.audio",
    /// Use the camera.
    MediaVideo = "media.video",
    /// Share the screen.
    MediaShare = "media.share",
    /// Write to all.
    ChatSend = "chat.send",
    /// Write to one person.
    ChatPrivate = "chat.private",
    /// Delete and pin messages of others.
    ChatModerate = "chat.moderate",
    /// Send reactions.
    ReactionSend = "reaction.send",
    /// Send the application's own messages.
    AppPublish = "app.publish",
    /// Set one's attributes.
    AttributesSet = "attributes.set",
    /// Raise the hand.
    HandRaise = "hand.raise",
    /// Lower, order and call on hands.
    HandManage = "hand.manage",
    /// Manage the agenda.
    AgendaManage = "agenda.manage",
    /// Start and stop the timer.
    TimerControl = "timer.control",
    /// Open polls.
    PollCreate = "poll.create",
    /// Vote.
    PollVote = "poll.vote",
    /// Record decisions and action items.
    DecisionRecord = "decision.record",
    /// Start and stop recordings.
    RecordingControl = "recording.control",
    /// See recordings.
    RecordingView = "recording.view",
    /// Delete recordings.
    RecordingDelete = "recording.delete",
    /// Publish captions.
    CaptionPublish = "caption.publish",
    /// Manage breakout rooms.
    BreakoutManage = "breakout.manage",
    /// Enter any breakout room.
    BreakoutRoam = "breakout.roam",
    /// Ask for help from a breakout room.
    BreakoutRequestHelp = "breakout.request_help",
    /// See figures of the meeting.
    ReportAggregate = "report.aggregate",
    /// See figures of single people.
    ReportIndividual = "report.individual",
    /// Read the audit log.
    AuditView = "audit.view",
    /// Give feedback.
    FeedbackSubmit = "feedback.submit",
    /// Report abuse.
    AbuseReport = "abuse.report",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no permission of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownPermission;

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Permission::ALL.iter().copied().find(|p| p.name() == name).ok_or(UnknownPermission)
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|_| de::Error::custom(format!("unknown permission `{name}`")))
    }
}

impl JsonSchema for Permission {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Permission".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Permission::ALL.iter().map(|p| p.name()).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}

/// A set of permissions, one bit each; on the wire a list of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// No permission.
    pub const NONE: PermissionSet = PermissionSet(0);

    /// Whether `permission` is in it.
    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// With `permission` in it.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        PermissionSet(self.0 | (1 << permission as u8))
    }

    /// What is in this or in `other`.
    #[must_use]
    pub const fn or(self, other: PermissionSet) -> Self {
        PermissionSet(self.0 | other.0)
    }

    /// What is in this and in `other`.
    #[must_use]
    pub const fn and(self, other: PermissionSet) -> Self {
        PermissionSet(self.0 & other.0)
    }

    /// What is in this and not in `other`.
    #[must_use]
    pub const fn minus(self, other: PermissionSet) -> Self {
        PermissionSet(self.0 & !other.0)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in it.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(PermissionSet::NONE, PermissionSet::with)
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Permissions of a later version are passed over: whoever knows them not cannot use them.
impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }
}

impl JsonSchema for PermissionSet {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PermissionSet".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let permission = generator.subschema_for::<Permission>();
        json_schema!({ "type": "array", "items": permission })
    }
}

/// Why a permission is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// The role does not have it.
    Role,
    /// The meeting's locks, or its chat policy, take it.
    Lock,
    /// It was taken from this person.
    Denied,
    /// The meeting is suspended.
    Suspended,
}

/// Whether one may: `true`, or `{"no": why}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Granted.
    Yes,
    /// Missing, and why.
    No(Denial),
}

/// Every permission with its grant, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Grants(pub BTreeMap<Permission, Grant>);

impl Grants {
    /// Whether `permission` is granted.
    #[must_use]
    pub fn allow(&self, permission: Permission) -> bool {
        self.0.get(&permission) == Some(&Grant::Yes)
    }
}

/// Permissions and reasons of a later version are passed over: an older client knows no use for them.
impl<'de> Deserialize<'de> for Grants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
        let known = named.into_iter().filter_map(|(name, grant)| {
            Some((name.parse().ok()?, serde_json::from_value(grant).ok()?))
        });
        Ok(Grants(known.collect()))
    }
}

#[derive(Serialize, Deserialize)]
struct No {
    no: Denial,
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Grant::Yes => serializer.serialize_bool(true),
            Grant::No(no) => No { no }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GrantVisitor;
        impl<'de> de::Visitor<'de> for GrantVisitor {
            type Value = Grant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, or an object that says why not")
            }

            fn visit_bool<E: de::Error>(self, granted: bool) -> Result<Grant, E> {
                if granted { Ok(Grant::Yes) } else { Err(E::custom("expected why not")) }
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Grant, A::Error> {
                let No { no } = No::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Grant::No(no))
            }
        }
        deserializer.deserialize_any(GrantVisitor)
    }
}

impl JsonSchema for Grant {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Grant".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let why = generator.subschema_for::<Denial>();
        json_schema!({
            "description": "Whether one may: true, or why not.",
            "oneOf": [
                { "const": true },
                { "type": "object", "properties": { "no": why }, "required": ["no"] }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_bit_of_its_own_and_a_name_that_is_read_back() {
        assert!(Permission::ALL.len() <= 64);
        let mut set = PermissionSet::NONE;
        for &permission in Permission::ALL {
            assert!(!set.has(permission), "{permission} shares a bit");
            set = set.with(permission);
            assert_eq!(permission.name().parse(), Ok(permission));
        }
        assert_eq!(set, Permission::ALL.iter().copied().collect());
    }
}
