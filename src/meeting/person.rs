//! A user's place in a meeting.

use std::collections::BTreeMap;

use quorate_protocol::{
    Attributes, Media, ParticipantId, PermissionSet, Role, RoomId, Seq, SessionId, Timestamp,
    UserId, UserKind, Via, WithdrawReason,
};
use serde::{Deserialize, Serialize};

use super::activity::Activity;
use super::attendance::Attendance;
use super::event::View;
use super::rights::Can;

/// A user's place in the meeting; kept when they leave and come back.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The participant's id.
    pub id: ParticipantId,
    /// The user behind it.
    pub user: UserId,
    /// The name shown; empty after a redaction.
    pub name: String,
    /// What that name looks like, to be compared only.
    pub(super) skeleton: String,
    /// Whether someone else gave them that name; then it stays when they come again.
    pub name_given: bool,
    /// What kind of user.
    pub kind: UserKind,
    /// Their verified email address, as their credential said last.
    pub email: Option<String>,
    /// What their token says of a bot.
    pub bot: Option<Bot>,
    /// The role given to them here, below co-host.
    pub role_given: Role,
    /// Permissions granted to them in person.
    pub grants: PermissionSet,
    /// Permissions taken from them in person.
    pub denies: PermissionSet,
    /// Where they are.
    pub place: Place,
    /// Whether they were removed, so that they come back only with approval.
    pub removed: bool,
    /// Whether they were sent back to the waiting room, and not let in since.
    pub sent_back: bool,
    /// What staff told them last while they wait.
    pub told: Option<String>,
    /// When they were last in.
    pub left_at: Option<Timestamp>,
    /// When they came in.
    pub joined_at: Timestamp,
    /// What they send.
    pub media: Media,
    /// Whether anything is known of their microphone: since they came they turned it on, or another turned it off.
    pub(super) microphone_known: bool,
    /// Their own key-value pairs.
    pub attributes: Attributes,
    /// When those changed last.
    pub attributes_at: Option<Timestamp>,
    /// Since when their hand is up.
    pub hand: Option<Timestamp>,
    /// Someone else who was in when they came or took their name, and whose name looks the same.
    pub looks_like: Option<ParticipantId>,
    /// The breakout room they are in; none is the main room.
    pub room: Option<RoomId>,
    /// The breakout rooms they have been in, and the events with which they first were.
    pub rooms_seen: BTreeMap<RoomId, Seq>,
    /// For how long they were there before the meeting was taken over from the older application, in seconds.
    pub imported_seconds: u64,
    /// When they were there.
    pub attendance: Attendance,
    /// What they did that counts.
    pub activity: Activity,
    /// Since when they are expected: their invitation, where they had one when they first came.
    pub expected_since: Timestamp,
    /// Whether they are left out of scores and reports.
    pub excluded: bool,
    /// Their sessions, oldest first.
    pub sessions: Vec<SessionId>,
    /// What they may see.
    pub view: View,
    /// What they may do, and why not more.
    pub can: Can,
    /// The event since which they see just that.
    pub view_since: Seq,
}

/// Where a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Not here.
    Out(Exit),
    /// Waiting to be let in.
    Waiting {
        /// Since which event.
        since: Seq,
        /// Since when.
        at: Timestamp,
        /// By which rule they come in by themselves when they can; none: someone must let them in.
        passes: Option<Via>,
        /// Whether someone must let them in also where the waiting room is off.
        stranger: bool,
    },
    /// In the meeting.
    In {
        /// Who let them in.
        admitted_by: Option<ParticipantId>,
    },
}

/// How a person came to be out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Left, or was lost, or the meeting ended.
    Left,
    /// Gave up waiting.
    Withdrawn,
    /// Waited, and their connection did not come back in time.
    Expired,
    /// Waited when the meeting ended.
    Closed,
    /// Was turned away.
    Declined {
        /// When.
        at: Timestamp,
        /// By whom.
        by: Option<ParticipantId>,
    },
    /// Was removed or banned.
    Removed,
}

impl Exit {
    /// How one is out who waits no longer.
    pub(super) fn of(reason: WithdrawReason) -> Exit {
        match reason {
            WithdrawReason::Withdrawn | WithdrawReason::Banned => Exit::Withdrawn,
            WithdrawReason::Expired => Exit::Expired,
        }
    }
}

/// One client's presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub participant: ParticipantId,
    /// Since when its socket is lost; none while it is there.
    pub lost_at: Option<Timestamp>,
}

/// What a bot's token says: what it may do, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bot {
    /// Whose bot it is: it may no more than they; none is the server's own.
    pub owner: Option<UserId>,
    /// What it may do at most.
    pub scopes: PermissionSet,
}

impl Person {
    pub(super) fn new(id: ParticipantId, user: UserId, kind: UserKind) -> Person {
        let view = View {
            participant: id,
            here: false,
            joined: false,
            rank: 0,
            permissions: PermissionSet::NONE,
            room: None,
        };
        Person {
            id,
            user,
            name: String::new(),
            skeleton: String::new(),
            name_given: false,
            kind,
            email: None,
            bot: None,
            role_given: Role::Attendee,
            grants: PermissionSet::NONE,
            denies: PermissionSet::NONE,
            place: Place::Out(Exit::Left),
            removed: false,
            sent_back: false,
            told: None,
            left_at: None,
            joined_at: Timestamp::default(),
            media: Media::default(),
            microphone_known: false,
            attributes: Attributes::new(),
            attributes_at: None,
            hand: None,
            looks_like: None,
            room: None,
            rooms_seen: BTreeMap::new(),
            imported_seconds: 0,
            attendance: Attendance::default(),
            activity: Activity::default(),
            expected_since: Timestamp::default(),
            excluded: false,
            sessions: Vec::new(),
            view,
            can: Can::default(),
            view_since: Seq(0),
        }
    }

    /// Whether they are in the meeting, lost ones included.
    #[must_use]
    pub fn is_in(&self) -> bool {
        matches!(self.place, Place::In { .. })
    }

    /// For how long they were there until now, in whole seconds, with what the older application knew of.
    #[must_use]
    pub fn total_seconds(&self, now: Timestamp) -> u64 {
        self.imported_seconds + self.attendance.total_ms(now) / 1000
    }

    /// Whether they wait.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.place, Place::Waiting { .. })
    }

    /// What became of someone who is not here, in a word.
    pub(super) fn last(&self) -> Option<&'static str> {
        Some(match self.place {
            Place::In { .. } => "joined",
            Place::Waiting { .. } => "waiting",
            Place::Out(Exit::Left) => "left",
            Place::Out(Exit::Withdrawn) => "withdrawn",
            Place::Out(Exit::Expired) => "expired",
            Place::Out(Exit::Closed) => "closed",
            Place::Out(Exit::Declined { .. }) => "declined",
            Place::Out(Exit::Removed) => "removed",
        })
    }

    pub(super) fn leave(&mut self, exit: Exit, at: Timestamp) {
        if self.is_in() {
            self.left_at = Some(at);
        }
        self.place = Place::Out(exit);
        self.media = Media::default();
        self.microphone_known = false;
        self.attributes.clear();
        self.hand = None;
        self.room = None;
    }
}
