//! What someone may do here who need not be in: the back office acts and reads for them.

use quorate_protocol::{Permission, Role, UserId};

use super::facts::Facts;
use super::person::{Bot, Exit, Person, Place};

impl Facts {
    /// Whether a user may do this, in or not. Host and co-hosts may what they always may. Everyone else must
    /// have been let in, and not have been put out, turned away or sent back since; then it is what they may
    /// when they are in. `bot` is what the token of a bot says that was never here.
    #[must_use]
    pub fn may_from_outside(
        &self,
        user: UserId,
        bot: Option<&Bot>,
        permission: Permission,
    ) -> bool {
        let person = self.person_of(user);
        let is_in = person.is_some_and(Person::is_in);
        let put_out = person.is_some_and(|person| person.removed) || self.bans.has(user);
        if put_out && !is_in {
            return false;
        }
        if let Some(bot) = bot {
            return self.can_of_bot(bot, person).set.has(permission);
        }
        let runs_it = matches!(self.role_of(user), Role::Host | Role::CoHost);
        let left = |it: &Person| it.left_at.is_some() && it.place == Place::Out(Exit::Left);
        let was_in = is_in || person.is_some_and(left);
        (runs_it || was_in) && self.can_of(user).set.has(permission)
    }
}
