//! Custom roles: defined for a meeting, or taken over from the server's when first given.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_protocol::{
    CustomRole as WireRole, MEETING_ROLES_MAX, Permission, PermissionSet, ROLE_LABEL_CHARS_MAX,
    Role, RoleDefine, RoleKey, USED_BY_MAX, UserKind,
};

use super::event::{Audience, Fact};
use super::facts::Facts;
use super::person::Person;
use super::roles::{CUSTOM_RANKS, CustomRole, RoleSource, built_in_sets};
use super::{Decision, Refusal, text};

/// Custom roles by key, as the server has them for all its meetings.
pub type ServerRoles = Arc<BTreeMap<RoleKey, CustomRole>>;

/// Who defines a role, as far as that bounds it.
#[derive(Debug, Clone, Copy)]
pub struct Definer {
    /// Their rank: the role's is lower.
    pub rank: u8,
    /// What they may: the role is granted nothing else.
    pub permissions: PermissionSet,
}

impl Definer {
    /// An admin of the server.
    #[must_use]
    pub fn admin() -> Definer {
        let all: PermissionSet = Permission::ALL.iter().copied().collect();
        let lacks = PermissionSet::NONE.with(Permission::RoleTransferHost);
        Definer { rank: 110, permissions: all.minus(lacks) }
    }

    /// The role as defined, its version still to be given.
    ///
    /// # Errors
    /// When the definer may not define that.
    pub fn define(&self, ask: &RoleDefine, source: RoleSource) -> Result<CustomRole, Refusal> {
        let invalid = |field, message| Err(Refusal::Invalid { field, message });
        text::check("label", &ask.label, ROLE_LABEL_CHARS_MAX)?;
        if !matches!(ask.based_on, Role::Moderator | Role::Presenter | Role::Attendee) {
            return invalid("based_on", "must be moderator, presenter or attendee");
        }
        if !CUSTOM_RANKS.contains(&ask.rank) {
            return invalid("rank", "must be between 21 and 79");
        }
        let base = built_in_sets(ask.based_on);
        let grants: PermissionSet = ask.grants.iter().copied().collect();
        let denies: PermissionSet = ask.denies.iter().copied().collect();
        if !denies.and(base.always).is_empty() {
            return invalid("denies", "names what nothing takes from the role it is based on");
        }
        if !denies.and(grants).is_empty() {
            return invalid("denies", "names what `grants` names too");
        }
        if ask.rank >= self.rank {
            return Err(Refusal::RankTooLow);
        }
        let gives = self.permissions.and(base.always.or(base.default).or(base.grantable));
        if let Some(lacks) = grants.minus(gives).iter().next() {
            return Err(Refusal::Forbidden(lacks));
        }
        let (label, based_on, rank) = (ask.label.clone(), ask.based_on, ask.rank);
        Ok(CustomRole { label, based_on, rank, grants, denies, version: 0, source })
    }
}

impl CustomRole {
    /// The role after `before`; none when nothing changed.
    #[must_use]
    pub fn after(mut self, before: Option<&CustomRole>) -> Option<CustomRole> {
        self.version = before.map_or(0, |before| before.version);
        if before == Some(&self) {
            return None;
        }
        self.version += 1;
        Some(self)
    }

    /// The role as the wire has it.
    #[must_use]
    pub fn to_wire(&self, key: RoleKey) -> WireRole {
        let CustomRole { label, based_on, rank, grants, denies, version, source: _ } = self.clone();
        WireRole { key, label, based_on, rank, grants, denies, version }
    }

    /// One of the server's.
    #[must_use]
    pub fn of_server(role: WireRole) -> (RoleKey, CustomRole) {
        let WireRole { key, label, based_on, rank, grants, denies, version } = role;
        let source = RoleSource::Server;
        (key, CustomRole { label, based_on, rank, grants, denies, version, source })
    }
}

impl Facts {
    pub(super) fn define_role(&self, me: &Person, ask: &RoleDefine) -> Result<Decision, Refusal> {
        self.require(me, Permission::RoleDefine)?;
        let definer = Definer { rank: me.view.rank, permissions: me.view.permissions };
        let role = definer.define(ask, RoleSource::Meeting)?;
        let before = self.roles.get(&ask.key);
        let Some(role) = role.after(before) else { return Ok(Decision::already(None)) };
        if before.is_none() {
            self.has_room_for_role()?;
        }
        self.lifts_no_guest(ask.key, role.rank)?;
        Ok(Decision::by(me).role_defined(ask.key, role))
    }

    pub(super) fn remove_role(&self, me: &Person, key: RoleKey) -> Result<Decision, Refusal> {
        self.require(me, Permission::RoleDefine)?;
        if !self.roles.contains_key(&key) {
            return Err(Refusal::NotFound { what: "role", last: None });
        }
        let used_by = self.used_by(key, |_| true);
        if !used_by.is_empty() {
            let message = "the role is in use; give those who have it another first";
            return Err(Refusal::InUse { message, used_by });
        }
        if self.settings_name(key) {
            return Err(Refusal::Conflict(
                "the settings name this role in `grants` or `guest_max_role`; change them first",
            ));
        }
        Ok(Decision::by(me).event(Audience::EVERYONE, Fact::RoleRemoved { key }))
    }

    /// What became of the server's roles that are in use here: the newer version of one, or that it is no
    /// more. One that would lift a guest here above what guests may be stays as it is.
    pub(super) fn take_over_roles(&self, server: &ServerRoles) -> Decision {
        let taken = self.roles.iter().filter(|(_, role)| role.source == RoleSource::Server);
        taken.fold(Decision::by_system(), |decision, (key, role)| match server.get(key) {
            Some(now) if now != role && self.lifts_no_guest(*key, now.rank).is_ok() => {
                decision.role_defined(*key, now.clone())
            }
            None if self.used_by(*key, |_| true).is_empty() && !self.settings_name(*key) => {
                decision.event(Audience::EVERYONE, Fact::RoleRemoved { key: *key })
            }
            _ => decision,
        })
    }

    /// A role that is given: a custom one as it is defined here, or else by the server, and whether it is
    /// to be taken over from there.
    pub(super) fn role_given<'a>(
        &'a self,
        role: Role,
        server: &'a ServerRoles,
    ) -> Result<Option<(&'a CustomRole, bool)>, Refusal> {
        let Role::Custom(key) = role else { return Ok(None) };
        if let Some(here) = self.roles.get(&key) {
            return Ok(Some((here, false)));
        }
        let message = "there is no such role here";
        let there = server.get(&key).ok_or(Refusal::Invalid { field: "role", message })?;
        self.has_room_for_role()?;
        Ok(Some((there, true)))
    }

    fn has_room_for_role(&self) -> Result<(), Refusal> {
        if self.roles.len() >= MEETING_ROLES_MAX {
            let message = "there are as many custom roles as there may be; remove one first";
            return Err(Refusal::TooMany { message, limit: MEETING_ROLES_MAX });
        }
        Ok(())
    }

    /// Refuses a rank that would lift guests who have the role above what guests may be.
    fn lifts_no_guest(&self, key: RoleKey, rank: u8) -> Result<(), Refusal> {
        if rank <= self.guest_rank_max() {
            return Ok(());
        }
        let used_by = self.used_by(key, |person| person.kind == UserKind::Guest);
        if used_by.is_empty() {
            return Ok(());
        }
        let message = "guests have this role, and may not have that rank; see `guest_max_role`";
        Err(Refusal::InUse { message, used_by })
    }

    /// The rank above which no guest rises.
    pub(super) fn guest_rank_max(&self) -> u8 {
        self.rank(self.info.settings.guest_max_role)
    }

    /// Whether the settings say something of this role, which another of its key would inherit.
    fn settings_name(&self, key: RoleKey) -> bool {
        let settings = &self.info.settings;
        let role = Role::Custom(key);
        settings.guest_max_role == role || settings.grants.contains_key(&role)
    }

    /// Who was given this role, here now or not: the first of them.
    fn used_by(
        &self,
        key: RoleKey,
        which: impl Fn(&Person) -> bool,
    ) -> Vec<quorate_protocol::ParticipantId> {
        let people = self.people.values().filter(|person| person.role_given == Role::Custom(key));
        people.filter(|person| which(person)).map(|person| person.id).take(USED_BY_MAX).collect()
    }

    /// The custom roles of this meeting, for a snapshot.
    #[must_use]
    pub fn custom_roles(&self) -> Vec<WireRole> {
        self.roles.iter().map(|(key, role)| role.to_wire(*key)).collect()
    }
}

impl Decision {
    /// A custom role is defined, or is other now.
    pub(super) fn role_defined(self, key: RoleKey, role: CustomRole) -> Decision {
        self.event(Audience::EVERYONE, Fact::RoleDefined { key, role: Box::new(role) })
    }
}
