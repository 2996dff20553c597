//! The settings of a meeting, each named once: what they are, and what of them a command changes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{COHOSTS_MAX, Permission, Role, WAITING_MAX};

macro_rules! settings {
    ($($(#[doc = $doc:expr])+ $name:ident: $Type:ty = $default:expr,)+) => {
        /// Settings of a meeting; a field that is absent has its default.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct Settings { $($(#[doc = $doc])+ pub $name: $Type,)+ }

        impl Default for Settings {
            fn default() -> Self {
                Settings { $($name: $default,)+ }
            }
        }

        impl Settings {
            /// These settings with what a policy says of them; what it leaves out stays.
            #[must_use]
            pub fn with(&self, policy: &Policy) -> Settings {
                let mut settings = self.clone();
                $(if let Some(value) = &policy.$name {
                    settings.$name.clone_from(value);
                })+
                settings
            }

            /// What of these settings is not as it was before.
            #[must_use]
            pub fn changes_since(&self, before: &Settings) -> Policy {
                Policy {
                    $($name: (self.$name != before.$name).then(|| self.$name.clone()),)+
                    ..Policy::default()
                }
            }
        }

        impl Policy {
            /// What it says, but for what the other says something of.
            #[must_use]
            pub fn without(mut self, other: &Policy) -> Policy {
                $(if other.$name.is_some() {
                    self.$name = None;
                })+
                self
            }
        }

        /// Data of `meeting.policy`: what is absent stays.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Policy {
            /// People present at most, from 2; null is the server's bound. Who is in stays in when it is
            /// set below that.
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
            pub max_participants: Option<Option<u32>>,
            /// Whether people wait for approval.
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
            pub requires_approval: Option<bool>,
            /// Whether it is to be recorded.
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
            pub is_recorded: Option<bool>,
            /// The passcode, 4 to 64 characters; null takes it away. In no event.
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
            pub passcode: Option<Option<String>>,
            /// With `requires_approval: false`: what becomes of those who wait. Admit all, if not said.
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
            pub waiting: Option<WaitingThen>,
            $($(#[doc = $doc])+
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
            pub $name: Option<$Type>,)+
        }

        /// What is to change of the settings: what is absent stays.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct SettingsPatch {
            $($(#[doc = $doc])+
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
            pub $name: Option<$Type>,)+
        }

        impl From<SettingsPatch> for Policy {
            fn from(patch: SettingsPatch) -> Policy {
                Policy { $($name: patch.$name,)+ ..Policy::default() }
            }
        }
    };
}

settings! {
    /// People without a token may join.
    guests: bool = true,
    /// When false, all wait until a host or co-host is there.
    join_before_host: bool = true,
    /// Who passes the waiting room without approval; host and owner always do. `via` names the first of
    /// staff, returning, invited, domain, passcode, bot_scope and members that lets one pass.
    waiting_passes: Vec<Pass> = vec![Pass::Staff, Pass::Returning, Pass::Invited, Pass::BotScope],
    /// Email domains whose verified members pass, with `domain` in `waiting_passes`; at most 50.
    waiting_domains: Vec<String> = Vec::new(),
    /// Shown to those who wait; at most 500 characters.
    waiting_message: Option<String> = None,
    /// What becomes of one who is not invited to a private meeting without a passcode.
    private_strangers: Strangers = Strangers::Refuse,
    /// Who runs the meeting when the host is gone.
    succession: Succession = Succession::CohostFirst,
    /// With `end_after`: after how many minutes without the host it ends, 0 to 1440.
    end_after_minutes: u32 = 5,
    /// Who may write to all.
    chat: ChatPolicy = ChatPolicy::All,
    /// Whether people may write to one another.
    chat_private: bool = true,
    /// Seconds between two messages of one person below rank 60; 0 to 3600.
    slow_mode_seconds: u32 = 0,
    /// Permissions taken from ranks below 60: such as presenters or attendees may have. What one sends
    /// already goes on until it is turned off.
    locks: Vec<Permission> = Vec::new(),
    /// Permissions that a role has not by default, and has here.
    grants: BTreeMap<Role, Vec<Permission>> = BTreeMap::new(),
    /// The highest role that a guest may be given: moderator, presenter or attendee.
    guest_max_role: Role = Role::Presenter,
    /// Bots in the meeting at most, 0 to 50.
    max_bots: u32 = 10,
    /// People waiting at most, 0 to 500.
    max_waiting: u32 = WAITING_MAX,
    /// Co-hosts at most, 0 to 25.
    max_cohosts: u32 = COHOSTS_MAX as u32,
    /// Starts when the first joins who may.
    auto_start: bool = true,
    /// Ends when nobody was there for so long; null is never.
    end_when_empty_minutes: Option<u32> = Some(10),
    /// Minutes after its planned end at which it is ended, 0 to 1440; null is never.
    hard_stop_minutes: Option<u32> = None,
    /// Minutes before its planned end at which everyone is reminded of it, 1 to 1440; at most 5.
    remind_minutes: Vec<u32> = vec![10, 1],
    /// What late comers may read.
    chat_history: ChatHistory = ChatHistory::All,
    /// A permanent room: may be started again however long ago it ended.
    reusable: bool = false,
    /// Where one goes who joins while breakout rooms are open.
    breakout_late: BreakoutLate = BreakoutLate::Main,
    /// How engagement is scored.
    engagement_profile: EngagementProfile = EngagementProfile::Discussion,
    /// What the components of engagement weigh; null is as the profile says.
    engagement_weights: Option<EngagementWeights> = None,
    /// Whether people may say what they think of the meeting, and whether it is known who said what. It stays
    /// as it is once someone did.
    feedback: FeedbackMode = FeedbackMode::Named,
    /// For how many days after the meeting they may, 0 to 90.
    feedback_days: u32 = 7,
    /// What is measured, shown and kept; the server may allow less. Once others were in it only becomes stricter:
    /// they were told.
    privacy: Privacy = Privacy::default(),
}

/// Reads a value where there is one, be it null, so that null differs from absent.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

macro_rules! words {
    ($($(#[doc = $doc:expr])+ $Name:ident { $($(#[doc = $what:expr])+ $Word:ident,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $Name { $($(#[doc = $what])+ $Word,)+ }
    )+};
}

words! {
    /// What lets one pass the waiting room without approval.
    Pass {
        /// Being co-host; host and owner always pass.
        Staff,
        /// Having been in within the last ten minutes, and not removed.
        Returning,
        /// An invitation.
        Invited,
        /// A verified email address of a domain in `waiting_domains`.
        Domain,
        /// The passcode, which then is asked of nobody but to pass.
        Passcode,
        /// The scope `participant.admit` of a bot's token, where its owner has that permission too.
        BotScope,
        /// An account.
        Members,
    }
    /// What becomes of one who is not invited to a private meeting.
    Strangers {
        /// Refused, as though there were no such meeting.
        Refuse,
        /// Waits for approval.
        Wait,
    }
    /// Who runs the meeting when the host is gone.
    Succession {
        /// The co-host appointed earliest who is there, then a moderator.
        CohostFirst,
        /// Nobody: the seat is held for the host.
        Hold,
        /// Nobody, and it ends after a while.
        EndAfter,
    }
    /// Who may write to all. Everyone may write to staff, and staff to all.
    ChatPolicy {
        /// Everyone who may otherwise.
        All,
        /// Ranks from 60.
        Staff,
        /// Ranks from 60, and the others not to one another either.
        Off,
    }
    /// What late comers may read.
    ChatHistory {
        /// All that was addressed to everyone.
        All,
        /// Only what came after they joined.
        SinceJoin,
    }
    /// Where one goes who joins while breakout rooms are open.
    BreakoutLate {
        /// The main room.
        Main,
        /// The open room with the fewest people.
        LeastFull,
    }
    /// How engagement is scored.
    EngagementProfile {
        /// Everyone is to speak.
        Discussion,
        /// Most listen.
        Lecture,
    }
    /// Whether people may say what they think of a meeting.
    FeedbackMode {
        /// Yes, under their name.
        Named,
        /// Yes, and who said what is nowhere written.
        Anonymous,
        /// No.
        Off,
    }
    /// What becomes of those who wait when the waiting room is turned off.
    WaitingThen {
        /// They come in, in order, until the meeting is full.
        AdmitAll,
        /// They go on waiting.
        Keep,
    }
}

/// What the components of engagement weigh, 0 to 100 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngagementWeights {
    /// Being there; at least 1.
    pub presence: u32,
    /// Speaking.
    pub voice: u32,
    /// Writing.
    pub chat: u32,
    /// Answering polls.
    pub response: u32,
    /// Reactions and raised hands.
    pub signal: u32,
}

/// What is measured of people, shown of them, and for how long it is kept. What is absent has its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Privacy {
    /// Whether it is measured for how long each speaks.
    pub talk_time: bool,
    /// Whether reports say who is who.
    pub names_in_reports: bool,
    /// How many days after the meeting names, texts and measurements are deleted, 1 to 3650; null is never.
    pub retention_days: Option<u32>,
}

impl Default for Privacy {
    fn default() -> Self {
        Privacy { talk_time: true, names_in_reports: true, retention_days: None }
    }
}

impl Privacy {
    /// What both allow.
    #[must_use]
    pub fn and(self, other: Privacy) -> Privacy {
        let days = [self.retention_days, other.retention_days];
        Privacy {
            talk_time: self.talk_time && other.talk_time,
            names_in_reports: self.names_in_reports && other.names_in_reports,
            retention_days: days.into_iter().flatten().min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_tells_null_from_absent_and_changes_only_what_it_names() {
        let policy: Policy =
            serde_json::from_str(r#"{"end_when_empty_minutes":null,"chat":"staff"}"#).unwrap();
        assert_eq!(policy.end_when_empty_minutes, Some(None));
        assert_eq!(policy.max_participants, None);
        let settings = Settings::default().with(&policy);
        let expected = Settings {
            end_when_empty_minutes: None,
            chat: ChatPolicy::Staff,
            ..Settings::default()
        };
        assert_eq!(settings, expected);
        assert!(serde_json::from_str::<Policy>(r#"{"guests":null}"#).is_err());
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    }
}
