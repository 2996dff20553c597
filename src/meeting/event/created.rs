//! What a meeting starts as.

use quorate_protocol::{MeetingId, MeetingType, Recurrence, Settings, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// What a meeting starts as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeetingCreated {
    /// The meeting's id.
    pub meeting: MeetingId,
    /// The code in links.
    pub code: String,
    /// The title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// What kind of meeting.
    pub kind: MeetingType,
    /// Who made it, and hosts it; their name is the event's personal part.
    pub owner: UserId,
    /// When it is to start.
    pub starts_at: Option<Timestamp>,
    /// When it is to end.
    pub ends_at: Option<Timestamp>,
    /// People present at most.
    pub max_participants: Option<u32>,
    /// Whether people wait for approval.
    pub requires_approval: bool,
    /// Whether it is to be recorded.
    #[serde(default)]
    pub is_recorded: bool,
    /// Whether there is a passcode.
    #[serde(default)]
    pub has_passcode: bool,
    /// Co-hosts from the start, in order.
    pub co_hosts: Vec<UserId>,
    /// The settings.
    pub settings: Settings,
    /// In which zone its times are meant: a name of the IANA database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Of a series: how it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// Of an occurrence: its series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<MeetingId>,
    /// Of an occurrence: when the rule puts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_start: Option<Timestamp>,
    /// Of a series: the one that it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<MeetingId>,
    /// Its occurrences that are meetings already, of the one that it goes on with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub occurrences: Vec<(MeetingId, Timestamp)>,
}

impl MeetingCreated {
    /// An ad-hoc meeting that anyone may enter: what more there is to it is set beside this.
    #[must_use]
    pub fn new(
        meeting: MeetingId,
        code: impl Into<String>,
        title: impl Into<String>,
        owner: UserId,
    ) -> MeetingCreated {
        MeetingCreated {
            meeting,
            code: code.into(),
            title: title.into(),
            description: None,
            kind: MeetingType::Regular,
            owner,
            starts_at: None,
            ends_at: None,
            max_participants: None,
            requires_approval: false,
            is_recorded: false,
            has_passcode: false,
            co_hosts: Vec::new(),
            settings: Settings::default(),
            time_zone: None,
            recurrence: None,
            parent: None,
            original_start: None,
            follows: None,
            occurrences: Vec::new(),
        }
    }
}
