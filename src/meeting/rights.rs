//! What one may do here, and why not: the role, what was granted and taken, the meeting's locks.
//!
//! `((role ∪ grants) ∖ locks) ∖ denies`, where nothing takes what a role always has, locks touch only
//! ranks below [`STAFF_RANK`], and a bot has the scopes of its token as far as its owner has them.

use quorate_protocol::{
    ChatPolicy, Denial, Grant, Grants, ParticipantId, Permission, PermissionSet, Role, UserId,
    UserKind,
};

use super::event::{Event, Fact, STAFF_RANK, View};
use super::facts::Facts;
use super::person::{Bot, Person};
use super::roles::{BOT_RANK, BOT_SCOPES, RoleSets, built_in_rank, built_in_sets};
use super::{Refusal, Renewed};
use Permission as P;

/// What an acting host lacks of a host's permissions.
const ACTING_LACKS: PermissionSet = PermissionSet::NONE
    .with(P::MeetingDelete)
    .with(P::RoleTransferHost)
    .with(P::RoleAssignCohost)
    .with(P::RoleDefine)
    .with(P::ReportIndividual);

/// What a suspended meeting takes from ranks below staff.
const SUSPENDED: PermissionSet = PermissionSet::NONE
    .with(P::MediaAudio)
    .with(P::MediaVideo)
    .with(P::MediaShare)
    .with(P::ChatSend)
    .with(P::ChatPrivate)
    .with(P::ReactionSend)
    .with(P::AppPublish)
    .with(P::AttributesSet)
    .with(P::ParticipantRenameSelf)
    .with(P::ParticipantRenameOther);

/// What one may do, and what one would be able to do but for a lock, a deny, or the suspension. What several
/// of these take stands with the one that ends last: a deny, then a lock, then the suspension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Can {
    /// What one may.
    pub set: PermissionSet,
    locked: PermissionSet,
    denied: PermissionSet,
    suspended: PermissionSet,
}

impl Can {
    /// Every permission for a client: granted, or why not.
    #[must_use]
    pub fn grants(&self) -> Grants {
        let grant = |&permission: &Permission| {
            let grant = if self.set.has(permission) {
                Grant::Yes
            } else if self.denied.has(permission) {
                Grant::No(Denial::Denied)
            } else if self.locked.has(permission) {
                Grant::No(Denial::Lock)
            } else if self.suspended.has(permission) {
                Grant::No(Denial::Suspended)
            } else {
                Grant::No(Denial::Role)
            };
            (permission, grant)
        };
        Grants(Permission::ALL.iter().map(grant).collect())
    }

    /// What one may, or could if the meeting took nothing from ranks below staff. Of a bot, whose rank is
    /// below it, the meeting takes that anyway.
    fn but_for_the_meeting(&self) -> PermissionSet {
        self.set.or(self.locked).or(self.suspended)
    }
}

impl Facts {
    /// The role a user has, or would have on joining.
    #[must_use]
    pub fn role_of(&self, user: UserId) -> Role {
        if user == self.info.host {
            Role::Host
        } else if self.co_hosts.contains(&user) {
            Role::CoHost
        } else {
            self.person_of(user).map_or(Role::Attendee, |person| person.role_given)
        }
    }

    /// The rank of a role; one acts only on a lower one.
    #[must_use]
    pub fn rank(&self, role: Role) -> u8 {
        match role {
            Role::Custom(key) => {
                self.roles.get(&key).map_or(built_in_rank(Role::Attendee), |role| role.rank)
            }
            role => built_in_rank(role),
        }
    }

    /// The rank of a user, here or not: bots have their own, and for whom another acts keeps the host's.
    #[must_use]
    pub fn rank_of(&self, user: UserId) -> u8 {
        if self.rightful_host() == user {
            return built_in_rank(Role::Host);
        }
        match self.person_of(user) {
            Some(person) if person.kind == UserKind::Bot => BOT_RANK,
            _ => self.rank(self.role_of(user)),
        }
    }

    /// What a role always has, has by default, and may be granted.
    #[must_use]
    pub fn role_sets(&self, role: Role) -> RoleSets {
        match role {
            Role::Custom(key) => self
                .roles
                .get(&key)
                .map_or_else(|| built_in_sets(Role::Attendee), super::roles::CustomRole::sets),
            role => built_in_sets(role),
        }
    }

    /// What a user may do here, or would be able to on joining.
    #[must_use]
    pub fn can_of(&self, user: UserId) -> Can {
        match self.person_of(user) {
            Some(person) => match &person.bot {
                Some(bot) => self.can_of_bot(bot, person.denies),
                None => self.can_of_member(user, Some(person)),
            },
            None => self.can_of_member(user, None),
        }
    }

    /// What a bot may do that lacks these in person.
    pub(super) fn can_of_bot(&self, bot: &Bot, denies: PermissionSet) -> Can {
        let owner = bot.owner.map(|owner| self.can_of_owner(owner));
        let owner = owner.as_ref().map(Can::but_for_the_meeting);
        let have = bot.scopes.and(BOT_SCOPES);
        let have = owner.map_or(have, |owner| have.and(owner));
        self.taken(have, PermissionSet::NONE, BOT_RANK, denies)
    }

    /// What a bot's owner lets it do here: nothing while they are put out.
    pub(super) fn can_of_owner(&self, owner: UserId) -> Can {
        match self.owner_is_out(owner) {
            true => Can::default(),
            false => self.can_of_member(owner, None),
        }
    }

    fn can_of_member(&self, user: UserId, person: Option<&Person>) -> Can {
        let person = person.or_else(|| self.person_of(user));
        let role = self.role_of(user);
        let sets = self.role_sets(role);
        let here = self.info.settings.grants.get(&role).into_iter().flatten().copied();
        let granted = person.map_or(PermissionSet::NONE, |person| person.grants);
        let granted = granted.or(here.collect()).and(sets.grantable);
        let mut have = sets.always.or(sets.default).or(granted);
        if role == Role::Host && self.info.acting_for.is_some() {
            have = have.minus(ACTING_LACKS);
        }
        let denies = person.map_or(PermissionSet::NONE, |person| person.denies);
        self.taken(have, sets.always, self.rank(role), denies)
    }

    /// What is left of `have`.
    fn taken(
        &self,
        have: PermissionSet,
        always: PermissionSet,
        rank: u8,
        denies: PermissionSet,
    ) -> Can {
        let below = |set: PermissionSet| if rank < STAFF_RANK { set } else { PermissionSet::NONE };
        let locked = have.and(below(self.locks())).minus(always);
        let denied = have.and(denies).minus(always);
        let is_suspended = self.info.suspended;
        let suspended = if is_suspended { below(SUSPENDED).and(have) } else { PermissionSet::NONE };
        let set = have.minus(locked).minus(denied).minus(suspended);
        let (locked, suspended) = (locked.minus(denied), suspended.minus(denied).minus(locked));
        Can { set, locked, denied, suspended }
    }

    /// What the meeting takes from ranks below staff: its locks, and what its chat policy comes to.
    fn locks(&self) -> PermissionSet {
        let settings = &self.info.settings;
        let mut locks: PermissionSet = settings.locks.iter().copied().collect();
        if settings.chat != ChatPolicy::All {
            locks = locks.with(P::ChatSend);
        }
        if settings.chat == ChatPolicy::Off || !settings.chat_private {
            locks = locks.with(P::ChatPrivate);
        }
        locks
    }

    /// Refuses who lacks the permission.
    pub(super) fn require(&self, me: &Person, permission: Permission) -> Result<(), Refusal> {
        if me.view.permissions.has(permission) {
            Ok(())
        } else {
            Err(Refusal::Forbidden(permission))
        }
    }

    /// Refuses acting on someone whose rank is not lower, and on the owner.
    pub(super) fn outrank(&self, me: &Person, other: UserId) -> Result<(), Refusal> {
        if other == self.info.owner || self.rank_of(other) >= me.view.rank {
            Err(Refusal::RankTooLow)
        } else {
            Ok(())
        }
    }

    /// The person acted on: known here, and of a lower rank.
    pub(super) fn target(&self, me: &Person, id: ParticipantId) -> Result<&Person, Refusal> {
        let person = self.person(id)?;
        self.outrank(me, person.user)?;
        Ok(person)
    }

    /// Whose view and rights an event may have changed: renewed, and named where they are others now.
    pub(super) fn renew(&mut self, event: &Event) -> Renewed {
        let concerned: Vec<ParticipantId> = match &event.fact {
            Fact::ParticipantWaiting { participant, .. }
            | Fact::ParticipantAdmitted { participant }
            | Fact::ParticipantDeclined { participant }
            | Fact::ParticipantWithdrawn { participant, .. }
            | Fact::ReturnedToWaiting { participant }
            | Fact::ParticipantJoined { participant, .. }
            | Fact::ParticipantIdentified { participant, .. }
            | Fact::ParticipantLeft { participant, .. }
            | Fact::ParticipantRemoved { participant }
            | Fact::ParticipantBanned { participant: Some(participant), .. }
            | Fact::RoleAssigned { participant, .. }
            | Fact::CohostAdded { participant: Some(participant), .. }
            | Fact::CohostRemoved { participant: Some(participant), .. }
            | Fact::PermissionsChanged { participant, .. } => vec![*participant],
            Fact::HostChanged { from, to, .. } => from.iter().chain([to]).copied().collect(),
            Fact::RoleDefined { key, .. } => {
                let has_it = |person: &&Person| person.role_given == Role::Custom(*key);
                self.people.values().filter(has_it).map(|person| person.id).collect()
            }
            Fact::ParticipantUnbanned { participant, .. } => participant.iter().copied().collect(),
            Fact::ParticipantBanned { .. }
            | Fact::CohostAdded { .. }
            | Fact::CohostRemoved { .. } => Vec::new(),
            Fact::MeetingEnded { .. } => self.people.keys().copied().collect(),
            Fact::ParticipantMoved { participant, .. } => vec![*participant],
            Fact::BreakoutOpened { .. } | Fact::BreakoutClosed { .. } => {
                let moved = self.people.values().filter(|person| person.view.room != person.room);
                moved.map(|person| person.id).collect()
            }
            Fact::MeetingSuspended { .. }
            | Fact::MeetingResumed {}
            | Fact::MeetingPolicyChanged { .. } => {
                let is_in = |person: &&Person| person.is_in();
                self.people.values().filter(is_in).map(|person| person.id).collect()
            }
            _ => return Renewed::Nobody,
        };
        // A bot may no more than its owner, whose rights these may be.
        let bots: Vec<_> = self.bots.iter().copied().collect();
        let renewed = concerned.into_iter().chain(bots).filter(|id| self.renew_one(*id, event));
        let renewed: Vec<_> = renewed.collect();
        match &event.fact {
            Fact::MeetingEnded { .. } => Renewed::Ended,
            _ if renewed.is_empty() => Renewed::Nobody,
            _ => Renewed::People(renewed),
        }
    }

    fn renew_one(&mut self, id: ParticipantId, event: &Event) -> bool {
        let Some(person) = self.people.get(&id) else { return false };
        let (view, can) = self.view_now(person);
        match self.people.get_mut(&id) {
            Some(person) if person.view != view || person.can != can => {
                if person.view != view {
                    person.view_since = event.seq;
                }
                (person.view, person.can) = (view, can);
                person.activity.could_chat |= view.permissions.has(Permission::ChatSend);
                if view.rank >= STAFF_RANK {
                    self.staff.insert(id);
                } else {
                    self.staff.remove(&id);
                }
                true
            }
            _ => false,
        }
    }

    pub(super) fn view_now(&self, person: &Person) -> (View, Can) {
        let joined = person.is_in();
        let can = if joined { self.can_of(person.user) } else { Can::default() };
        let view = View {
            participant: person.id,
            here: joined || person.is_waiting(),
            joined,
            rank: if joined { self.rank_of(person.user) } else { 0 },
            permissions: can.set,
            room: person.room,
        };
        (view, can)
    }
}
