//! Roles: five that are built in, and custom ones by their key.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::PermissionSet;

/// Characters of a custom role's key.
pub const ROLE_KEY_CHARS_MAX: usize = 31;

/// A role in a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs the meeting; exactly one.
    Host,
    /// Runs it with the host.
    CoHost,
    /// Looks after people.
    Moderator,
    /// Presents.
    Presenter,
    /// Takes part.
    Attendee,
    /// One that the meeting or the server defines.
    Custom(RoleKey),
}

impl Role {
    /// The built-in roles, highest first.
    pub const BUILT_IN: [Role; 5] =
        [Role::Host, Role::CoHost, Role::Moderator, Role::Presenter, Role::Attendee];

    /// The name on the wire: of a custom role its key.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Role::Host => "host",
            Role::CoHost => "co_host",
            Role::Moderator => "moderator",
            Role::Presenter => "presenter",
            Role::Attendee => "attendee",
            Role::Custom(key) => key.as_str(),
        }
    }

    /// The role of that name; none where it can be no key either.
    #[must_use]
    pub fn of(name: &str) -> Option<Role> {
        let built_in = Role::BUILT_IN.into_iter().find(|role| role.name() == name);
        built_in.or_else(|| RoleKey::new(name).map(Role::Custom))
    }
}

/// The key of a custom role: 1 to 31 small letters, digits and underscores, first a letter, and no
/// built-in role's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleKey([u8; ROLE_KEY_CHARS_MAX]);

impl RoleKey {
    /// That key, if it may be one.
    #[must_use]
    pub fn new(key: &str) -> Option<RoleKey> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let starts = key.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let built_in = Role::BUILT_IN.iter().any(|role| role.name() == key);
        if !starts || built_in || key.len() > ROLE_KEY_CHARS_MAX || !key.bytes().all(fits) {
            return None;
        }
        let mut bytes = [0; ROLE_KEY_CHARS_MAX];
        bytes.iter_mut().zip(key.bytes()).for_each(|(to, from)| *to = from);
        Some(RoleKey(bytes))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(ROLE_KEY_CHARS_MAX);
        str::from_utf8(self.0.get(..end).unwrap_or_default()).unwrap_or_default()
    }
}

impl fmt::Debug for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role that a meeting or the server defines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomRole {
    /// Its key.
    pub key: RoleKey,
    /// The name shown.
    pub label: String,
    /// The built-in role it starts from.
    pub based_on: Role,
    /// Its rank, 21 to 79.
    pub rank: u8,
    /// What it has beyond that role.
    pub grants: PermissionSet,
    /// What it lacks of that role.
    pub denies: PermissionSet,
    /// Rises with each change.
    pub version: u32,
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Role::of(&name).ok_or_else(|| {
            de::Error::custom(format!(
                "`{name}` is no role: host, co_host, moderator, presenter, attendee, or the key of a \
                 custom one (small letters, digits, underscores)"
            ))
        })
    }
}

impl Serialize for RoleKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RoleKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = std::borrow::Cow::<str>::deserialize(deserializer)?;
        RoleKey::new(&key).ok_or_else(|| {
            de::Error::custom(
                "a role's key is 1 to 31 small letters, digits and underscores, first a letter, and no \
                 built-in role",
            )
        })
    }
}

impl JsonSchema for Role {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Role".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "host, co_host, moderator, presenter, attendee, or a custom role's key.",
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]{0,30}$"
        })
    }
}

impl JsonSchema for RoleKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RoleKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The key of a custom role.",
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]{0,30}$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_read_back_by_its_name_and_a_key_is_no_built_in_one() {
        for name in ["host", "co_host", "attendee", "note_taker", "a", &"x".repeat(31)] {
            assert_eq!(Role::of(name).unwrap().name(), name);
        }
        assert!(matches!(Role::of("host"), Some(Role::Host)));
        for name in ["", "Host", "1st", "_a", "a-b", "ä", &"x".repeat(32)] {
            assert_eq!(Role::of(name), None, "{name}");
        }
        assert_eq!(RoleKey::new("moderator"), None);
    }
}
