//! Who may see an event, and what of a meeting someone may see.

use std::fmt;
use std::str::FromStr;

use quorate_protocol::{ParticipantId, Permission, PermissionSet, RoomId};

/// Who may see an event: a group of those who are in, and people named one by one, in or waiting.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Audience {
    /// Who of those who are in.
    pub group: Group,
    /// And these, wherever they are.
    pub also: Vec<ParticipantId>,
}

/// A group of those who are in the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Nobody: the audit log alone.
    Nobody,
    /// All.
    Everyone,
    /// Those of this rank and above.
    Rank(u8),
    /// Those who have this permission.
    Holders(Permission),
    /// Those in this breakout room; none is the main room.
    Room(Option<RoomId>),
}

/// The lowest rank that counts as staff: moderators.
pub const STAFF_RANK: u8 = 60;

impl Audience {
    /// All who are in.
    pub const EVERYONE: Audience = Audience { group: Group::Everyone, also: Vec::new() };
    /// The audit log alone.
    pub const NOBODY: Audience = Audience { group: Group::Nobody, also: Vec::new() };
    /// Moderators and above.
    pub const STAFF: Audience = Audience { group: Group::Rank(STAFF_RANK), also: Vec::new() };

    /// Those in this breakout room; none is the main room.
    #[must_use]
    pub fn room(room: Option<RoomId>) -> Audience {
        Audience { group: Group::Room(room), also: Vec::new() }
    }

    /// Those who have this permission.
    #[must_use]
    pub fn holders(permission: Permission) -> Audience {
        Audience { group: Group::Holders(permission), also: Vec::new() }
    }

    /// Nobody but these people.
    #[must_use]
    pub fn people(people: Vec<ParticipantId>) -> Audience {
        Audience { group: Group::Nobody, also: people }
    }

    /// And this person.
    #[must_use]
    pub fn and(mut self, participant: ParticipantId) -> Audience {
        self.also.push(participant);
        self
    }

    /// Whether someone with this view may see it.
    #[must_use]
    pub fn includes(&self, view: &View) -> bool {
        let in_group = match self.group {
            Group::Nobody => false,
            Group::Everyone => view.joined,
            Group::Rank(rank) => view.joined && view.rank >= rank,
            Group::Holders(permission) => view.joined && view.permissions.has(permission),
            Group::Room(room) => view.joined && view.room == room,
        };
        in_group || (view.here && self.also.contains(&view.participant))
    }
}

/// As the journal's column has it: `everyone`, `nobody`, `rank:60`, `can:chat.send`, `room:2` (0 is the main
/// room), with `+3,5` behind it for people named.
impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group {
            Group::Nobody => f.write_str("nobody")?,
            Group::Everyone => f.write_str("everyone")?,
            Group::Rank(rank) => write!(f, "rank:{rank}")?,
            Group::Holders(permission) => write!(f, "can:{permission}")?,
            Group::Room(room) => write!(f, "room:{}", room.map_or(0, |room| room.0))?,
        }
        for (index, participant) in self.also.iter().enumerate() {
            write!(f, "{}{participant}", if index == 0 { '+' } else { ',' })?;
        }
        Ok(())
    }
}

/// Not an audience.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an audience")]
pub struct UnknownAudience(String);

impl FromStr for Audience {
    type Err = UnknownAudience;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownAudience(text.to_owned());
        let (group, also) = text.split_once('+').unwrap_or((text, ""));
        let group = match group.split_once(':') {
            None if group == "nobody" => Group::Nobody,
            None if group == "everyone" => Group::Everyone,
            Some(("rank", rank)) => Group::Rank(rank.parse().map_err(|_| unknown())?),
            Some(("room", room)) => {
                let room = room.parse().map_err(|_| unknown())?;
                Group::Room((room > 0).then_some(RoomId(room)))
            }
            Some(("can", name)) => Group::Holders(name.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        };
        let also = also.split(',').filter(|id| !id.is_empty());
        let also = also.map(|id| id.parse().map(ParticipantId).map_err(|_| unknown()));
        Ok(Audience { group, also: also.collect::<Result<_, _>>()? })
    }
}

/// What of a meeting someone may see, as of one `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Whose view.
    pub participant: ParticipantId,
    /// In the meeting or waiting; false for one who is out.
    pub here: bool,
    /// In the meeting.
    pub joined: bool,
    /// The rank; 0 while not joined.
    pub rank: u8,
    /// What they may do; nothing while not joined.
    pub permissions: PermissionSet,
    /// The breakout room they are in; none is the main room.
    pub room: Option<RoomId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_is_read_back_from_its_column() {
        for text in [
            "everyone",
            "nobody",
            "rank:60+7",
            "can:participant.admit+3,5",
            "nobody+1",
            "room:0",
            "room:2+3",
        ] {
            assert_eq!(text.parse::<Audience>().unwrap().to_string(), text);
        }
        for text in ["", "rank:x", "can:fly", "everyone+x", "room:x"] {
            assert!(text.parse::<Audience>().is_err(), "{text}");
        }
    }
}
