//! What is granted to someone in person, and taken from them; kept for the person, wherever they are.

use quorate_protocol::{ParticipantId, Permission, PermissionSet, PersonPermissions, RoleReset};

use super::event::{Audience, Fact};
use super::facts::Facts;
use super::person::Person;
use super::roles::{BOT_SCOPES, RoleSets};
use super::{Decision, Refusal};

impl Facts {
    /// Grants permissions; what was taken of them in person is given back with it.
    pub(super) fn grant(&self, me: &Person, ask: &PersonPermissions) -> Result<Decision, Refusal> {
        let (person, asked) = self.person_asked_about(me, ask)?;
        let sets = self.sets_of(person);
        let could = sets.always.or(sets.default).or(sets.grantable);
        give(me, asked, could)?;
        self.not_a_bot(person)?;
        Ok(self.change(me, person, person.grants.or(asked), person.denies.minus(asked)))
    }

    /// Takes permissions; that needs none of them.
    pub(super) fn deny(&self, me: &Person, ask: &PersonPermissions) -> Result<Decision, Refusal> {
        let (person, asked) = self.person_asked_about(me, ask)?;
        if !asked.and(self.sets_of(person).always).is_empty() {
            let message = "names what nothing takes from that role; assign another role instead";
            return Err(Refusal::Invalid { field: "permissions", message });
        }
        Ok(self.change(me, person, person.grants.minus(asked), person.denies.or(asked)))
    }

    /// Forgets grants and denies. To lift a deny is to give, be it for another role than the present one.
    pub(super) fn reset(&self, me: &Person, ask: &RoleReset) -> Result<Decision, Refusal> {
        self.require(me, Permission::RoleAssign)?;
        let person = self.target(me, ask.participant)?;
        let asked = ask.permissions.as_deref().unwrap_or(Permission::ALL);
        let asked: PermissionSet = asked.iter().copied().collect();
        let given = person.denies.and(asked).minus(self.sets_of(person).always);
        give(me, given, given)?;
        Ok(self.change(me, person, person.grants.minus(asked), person.denies.minus(asked)))
    }

    fn person_asked_about(
        &self,
        me: &Person,
        ask: &PersonPermissions,
    ) -> Result<(&Person, PermissionSet), Refusal> {
        self.require(me, Permission::RoleAssign)?;
        let person = self.target(me, ask.participant)?;
        if ask.permissions.is_empty() {
            let message = "name at least one permission";
            return Err(Refusal::Invalid { field: "permissions", message });
        }
        Ok((person, ask.permissions.iter().copied().collect()))
    }

    /// What someone always has, has by default, and may be granted: a bot by its token, others by role.
    fn sets_of(&self, person: &Person) -> RoleSets {
        match &person.bot {
            Some(bot) => RoleSets {
                always: PermissionSet::NONE,
                default: bot.scopes.and(BOT_SCOPES),
                grantable: PermissionSet::NONE,
            },
            None => self.role_sets(self.role_of(person.user)),
        }
    }

    fn change(
        &self,
        me: &Person,
        person: &Person,
        granted: PermissionSet,
        denied: PermissionSet,
    ) -> Decision {
        if (granted, denied) == (person.grants, person.denies) {
            return Decision::already(None);
        }
        let changed = Fact::PermissionsChanged { participant: person.id, granted, denied };
        Decision::by(me).event(Audience::STAFF.and(person.id), changed)
    }

    pub(super) fn permissions_changed(
        &mut self,
        participant: ParticipantId,
        granted: PermissionSet,
        denied: PermissionSet,
    ) {
        if let Some(person) = self.people.get_mut(&participant) {
            (person.grants, person.denies) = (granted, denied);
        }
    }
}

/// Nobody gives what they lack, nor what is not among what the other could have.
pub(super) fn give(me: &Person, given: PermissionSet, could: PermissionSet) -> Result<(), Refusal> {
    let gives = me.view.permissions.and(could);
    given.minus(gives).iter().next().map_or(Ok(()), |lacks| Err(Refusal::Forbidden(lacks)))
}
