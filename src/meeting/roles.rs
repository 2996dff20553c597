//! Roles: ranks, the permission matrix, giving roles and co-hosts.

use quorate_protocol::{
    ParticipantId, Permission, PermissionSet, Role, RoleAssign, UserId, UserKind,
};
use serde::{Deserialize, Serialize};

use super::custom_roles::ServerRoles;
use super::event::{Audience, Fact};
use super::facts::Facts;
use super::grants::give;
use super::person::Person;
use super::{Decision, Refusal};
use Mark::{Always as A, Default as D, Grantable as G, Never as N};
use Permission as P;

/// How a role stands to a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing takes it (●).
    Always,
    /// On by default (○).
    Default,
    /// Off by default, grantable (◌).
    Grantable,
    /// Never (–).
    Never,
}

/// As a bot's scope.
const S: bool = true;
/// Never a bot's.
const X: bool = false;

/// The permission matrix: each permission for host, co-host, moderator, presenter, attendee; and whether
/// it may be the scope of a bot's token.
pub const MATRIX: &[(Permission, [Mark; 5], bool)] = &[
    (P::MeetingStart, [A, G, N, N, N], S),
    (P::MeetingEnd, [A, G, N, N, N], S),
    (P::MeetingExtend, [A, A, N, N, N], S),
    (P::MeetingUpdate, [A, D, N, N, N], S),
    (P::MeetingDelete, [A, N, N, N, N], X),
    (P::RoleTransferHost, [A, N, N, N, N], X),
    (P::MeetingLock, [A, A, A, N, N], S),
    (P::MeetingSuspend, [A, A, A, N, N], X),
    (P::MeetingPolicy, [A, G, N, N, N], X),
    (P::RoleDefine, [A, G, N, N, N], X),
    (P::WebhookManage, [A, G, N, N, N], X),
    (P::ParticipantInvite, [A, A, D, G, G], S),
    (P::ParticipantAdmit, [A, A, A, G, N], S),
    (P::ParticipantDecline, [A, A, A, N, N], S),
    (P::ParticipantRemove, [A, A, A, N, N], S),
    (P::ParticipantSendToWaiting, [A, A, A, N, N], X),
    (P::ParticipantBan, [A, A, G, N, N], S),
    (P::ParticipantUnban, [A, A, N, N, N], X),
    (P::ParticipantRenameOther, [A, A, D, N, N], X),
    (P::ParticipantRenameSelf, [A, D, D, D, D], X),
    (P::ParticipantList, [A, A, A, A, D], S),
    (P::ParticipantMuteOther, [A, A, A, G, N], X),
    (P::ParticipantRequestUnmute, [A, A, A, G, N], X),
    (P::RoleAssign, [A, A, G, N, N], X),
    (P::RoleAssignCohost, [A, G, N, N, N], X),
    (P::MediaAudio, [A, A, D, D, D], S),
    (P::MediaVideo, [A, A, D, D, D], S),
    (P::MediaShare, [A, A, D, D, G], S),
    (P::ChatSend, [A, A, A, D, D], S),
    (P::ChatPrivate, [A, A, A, D, D], S),
    (P::ChatModerate, [A, A, A, N, N], S),
    (P::ReactionSend, [A, A, A, D, D], X),
    (P::AppPublish, [A, A, D, D, D], S),
    (P::AttributesSet, [A, A, D, D, D], S),
    (P::HandRaise, [A, D, D, D, D], X),
    (P::HandManage, [A, A, A, D, N], S),
    (P::AgendaManage, [A, A, A, D, N], S),
    (P::TimerControl, [A, A, A, D, N], S),
    (P::PollCreate, [A, A, A, D, G], S),
    (P::PollVote, [A, A, A, D, D], X),
    (P::DecisionRecord, [A, A, A, D, G], S),
    (P::RecordingControl, [A, D, G, N, N], S),
    (P::RecordingView, [A, D, G, G, G], S),
    (P::RecordingDelete, [A, G, N, N, N], X),
    (P::CaptionPublish, [A, A, D, G, G], S),
    (P::BreakoutManage, [A, A, G, N, N], S),
    (P::BreakoutRoam, [A, A, A, N, N], S),
    (P::BreakoutRequestHelp, [N, N, A, A, A], X),
    (P::ReportAggregate, [A, A, G, N, N], S),
    (P::ReportIndividual, [A, G, N, N, N], S),
    (P::AuditView, [A, G, N, N, N], S),
    (P::FeedbackSubmit, [A, A, A, A, A], X),
    (P::AbuseReport, [A, A, A, A, A], X),
];

/// The rank of bots.
pub const BOT_RANK: u8 = 30;
/// The ranks that custom roles may have.
pub const CUSTOM_RANKS: std::ops::RangeInclusive<u8> = 21..=79;

/// What a bot's token may hold.
pub const BOT_SCOPES: PermissionSet = {
    let mut set = PermissionSet::NONE;
    let mut row = 0;
    while row < MATRIX.len() {
        if MATRIX[row].2 {
            set = set.with(MATRIX[row].0);
        }
        row += 1;
    }
    set
};

/// What a role always has, has by default, and may be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleSets {
    /// Nothing takes these.
    pub always: PermissionSet,
    /// Locks and denies take these.
    pub default: PermissionSet,
    /// Off, until granted.
    pub grantable: PermissionSet,
}

/// A role that the meeting or the server defines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomRole {
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
    /// Who defines it.
    #[serde(default)]
    pub source: RoleSource,
}

/// Who defines a custom role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleSource {
    /// The meeting itself.
    #[default]
    Meeting,
    /// The server, for all its meetings.
    Server,
}

impl CustomRole {
    /// What it always has, has by default, and may be granted.
    #[must_use]
    pub fn sets(&self) -> RoleSets {
        let base = built_in_sets(self.based_on);
        let all = base.always.or(base.default).or(base.grantable);
        let default = base.default.or(self.grants.and(base.grantable)).minus(self.denies);
        RoleSets { always: base.always, default, grantable: all.minus(base.always).minus(default) }
    }
}

/// The rank of a built-in role; custom ones bring their own.
#[must_use]
pub const fn built_in_rank(role: Role) -> u8 {
    match role {
        Role::Host => 100,
        Role::CoHost => 80,
        Role::Moderator => 60,
        Role::Presenter => 40,
        Role::Attendee | Role::Custom(_) => 20,
    }
}

/// What a built-in role always has, has by default, and may be granted.
#[must_use]
pub const fn built_in_sets(role: Role) -> RoleSets {
    let column = match role {
        Role::Host => 0,
        Role::CoHost => 1,
        Role::Moderator => 2,
        Role::Presenter => 3,
        Role::Attendee | Role::Custom(_) => 4,
    };
    let none = PermissionSet::NONE;
    let mut sets = RoleSets { always: none, default: none, grantable: none };
    let mut row = 0;
    while row < MATRIX.len() {
        let (permission, marks, _) = &MATRIX[row];
        match marks[column] {
            A => sets.always = sets.always.with(*permission),
            D => sets.default = sets.default.with(*permission),
            G => sets.grantable = sets.grantable.with(*permission),
            N => {}
        }
        row += 1;
    }
    sets
}

/// Who hears of someone's new role: all, but of one who is not in only staff.
fn audience_about(person: &Person) -> Audience {
    if person.is_in() { Audience::EVERYONE } else { Audience::STAFF.and(person.id) }
}

impl Facts {
    /// Refuses a custom role that is not defined here.
    pub(super) fn knows_role(&self, role: Role) -> Result<(), Refusal> {
        match role {
            Role::Custom(key) if !self.roles.contains_key(&key) => {
                Err(Refusal::Invalid { field: "role", message: "there is no such role here" })
            }
            _ => Ok(()),
        }
    }

    /// Gives a role below co-host. One that only the server defines is taken over with it.
    pub(super) fn assign_role(
        &self,
        me: &Person,
        ask: RoleAssign,
        server: &ServerRoles,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::RoleAssign)?;
        let person = self.target(me, ask.participant)?;
        if matches!(ask.role, Role::Host | Role::CoHost) {
            let message = "must be moderator, presenter, attendee or a custom role; see cohost.add";
            return Err(Refusal::Invalid { field: "role", message });
        }
        self.not_a_bot(person)?;
        let custom = self.role_given(ask.role, server)?;
        let rank = custom.map_or_else(|| self.rank(ask.role), |(role, _)| role.rank);
        if rank >= me.view.rank {
            return Err(Refusal::RankTooLow);
        }
        if let Some((role, _)) = custom {
            // What it has beyond the role it is based on is given by whoever assigns it.
            let beyond = role.grants.and(built_in_sets(role.based_on).grantable);
            give(me, beyond, beyond)?;
        }
        match person.kind {
            UserKind::Bot => {
                return Err(Refusal::Conflict("a bot has no role; its token says what it may"));
            }
            UserKind::Guest if rank > self.guest_rank_max() => {
                let message = "a guest rises no higher than the setting `guest_max_role`";
                return Err(Refusal::Conflict(message));
            }
            UserKind::Guest | UserKind::Member => {}
        }
        let assigned = Fact::RoleAssigned { participant: person.id, role: ask.role };
        match (self.role_of(person.user), ask.role, custom) {
            (Role::CoHost, ..) => Err(Refusal::Conflict("is co-host; take that away first")),
            (role, asked, _) if role == asked => Ok(Decision::already(None)),
            (_, Role::Custom(key), Some((role, true))) => Ok(Decision::by(me)
                .role_defined(key, role.clone())
                .event(audience_about(person), assigned)),
            _ => Ok(Decision::by(me).event(audience_about(person), assigned)),
        }
    }

    /// Appoints a co-host: someone who was here, or of whom it is known what kind of user they are.
    pub(super) fn add_cohost(
        &self,
        me: &Person,
        user: UserId,
        kind: Option<UserKind>,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::RoleAssignCohost)?;
        let person = self.person_of(user);
        let kind = person.map(|person| person.kind).or(kind);
        let kind = kind.ok_or(Refusal::NotFound { what: "user", last: None })?;
        if self.co_hosts.contains(&user) {
            return Ok(Decision::already(None));
        }
        self.outrank(me, user)?;
        if let Some(person) = person {
            self.not_a_bot(person)?;
        }
        if kind != UserKind::Member {
            return Err(Refusal::Conflict("only members can be co-hosts"));
        }
        if self.co_hosts.len() >= self.co_hosts_max() {
            let message = "there are as many co-hosts as there may be; take one away first";
            return Err(Refusal::TooMany { message, limit: self.co_hosts_max() });
        }
        let fact = Fact::CohostAdded { user, participant: person.map(|person| person.id) };
        let audience = person.map_or(Audience::EVERYONE, audience_about);
        Ok(Decision::by(me).event(audience, fact))
    }

    pub(super) fn remove_cohost(&self, me: &Person, user: UserId) -> Result<Decision, Refusal> {
        self.require(me, Permission::RoleAssignCohost)?;
        if !self.co_hosts.contains(&user) {
            return Err(Refusal::NotFound { what: "co-host", last: None });
        }
        self.outrank(me, user)?;
        let participant = self.person_of(user).map(|person| person.id);
        let fact = Fact::CohostRemoved { user, participant };
        Ok(Decision::by(me).event(Audience::EVERYONE, fact))
    }

    pub(super) fn role_assigned(&mut self, participant: ParticipantId, role: Role) {
        if let Some(person) = self.people.get_mut(&participant) {
            person.role_given = role;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_has_each_permission_once() {
        let mut rows: Vec<_> = MATRIX.iter().map(|(permission, ..)| *permission).collect();
        rows.sort();
        assert_eq!(rows, Permission::ALL);
    }

    #[test]
    fn a_role_has_what_its_column_says() {
        let host = built_in_sets(Role::Host);
        assert!(host.always.has(P::MeetingEnd) && host.default.is_empty());
        let co_host = built_in_sets(Role::CoHost);
        assert!(co_host.grantable.has(P::MeetingEnd) && co_host.default.has(P::MeetingUpdate));
        let attendee = built_in_sets(Role::Attendee);
        assert!(attendee.default.has(P::ChatSend) && attendee.grantable.has(P::MediaShare));
        assert!(BOT_SCOPES.has(P::ChatSend) && !BOT_SCOPES.has(P::PollVote));
    }
}
