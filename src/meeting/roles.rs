//! Roles: ranks, the permission matrix, giving roles and co-hosts.

use quorate_protocol::{
    COHOSTS_MAX, Denial, Grant, Grants, ParticipantId, Permission, PermissionSet, Role, RoleAssign,
    UserId, UserKind,
};

use super::event::{Audience, Fact};
use super::facts::{Facts, Person};
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

/// The permission matrix: each permission for host, co-host, moderator, presenter, attendee.
pub const MATRIX: &[(Permission, [Mark; 5])] = &[
    (P::MeetingStart, [A, G, N, N, N]),
    (P::MeetingEnd, [A, G, N, N, N]),
    (P::MeetingExtend, [A, A, N, N, N]),
    (P::MeetingUpdate, [A, D, N, N, N]),
    (P::MeetingDelete, [A, N, N, N, N]),
    (P::RoleTransferHost, [A, N, N, N, N]),
    (P::MeetingLock, [A, A, A, N, N]),
    (P::MeetingSuspend, [A, A, A, N, N]),
    (P::MeetingPolicy, [A, G, N, N, N]),
    (P::RoleDefine, [A, G, N, N, N]),
    (P::WebhookManage, [A, G, N, N, N]),
    (P::ParticipantInvite, [A, A, D, G, G]),
    (P::ParticipantAdmit, [A, A, A, G, N]),
    (P::ParticipantDecline, [A, A, A, N, N]),
    (P::ParticipantRemove, [A, A, A, N, N]),
    (P::ParticipantSendToWaiting, [A, A, A, N, N]),
    (P::ParticipantBan, [A, A, G, N, N]),
    (P::ParticipantUnban, [A, A, N, N, N]),
    (P::ParticipantRenameOther, [A, A, D, N, N]),
    (P::ParticipantRenameSelf, [A, D, D, D, D]),
    (P::ParticipantList, [A, A, A, A, D]),
    (P::ParticipantMuteOther, [A, A, A, G, N]),
    (P::ParticipantRequestUnmute, [A, A, A, G, N]),
    (P::RoleAssign, [A, A, G, N, N]),
    (P::RoleAssignCohost, [A, G, N, N, N]),
    (P::MediaAudio, [A, A, D, D, D]),
    (P::MediaVideo, [A, A, D, D, D]),
    (P::MediaShare, [A, A, D, D, G]),
    (P::ChatSend, [A, A, A, D, D]),
    (P::ChatPrivate, [A, A, A, D, D]),
    (P::ChatModerate, [A, A, A, N, N]),
    (P::ReactionSend, [A, A, A, D, D]),
    (P::AppPublish, [A, A, D, D, D]),
    (P::AttributesSet, [A, A, D, D, D]),
    (P::HandRaise, [A, D, D, D, D]),
    (P::HandManage, [A, A, A, D, N]),
    (P::AgendaManage, [A, A, A, D, N]),
    (P::TimerControl, [A, A, A, D, N]),
    (P::PollCreate, [A, A, A, D, G]),
    (P::PollVote, [A, A, A, D, D]),
    (P::DecisionRecord, [A, A, A, D, G]),
    (P::RecordingControl, [A, D, G, N, N]),
    (P::RecordingView, [A, D, G, G, G]),
    (P::RecordingDelete, [A, G, N, N, N]),
    (P::CaptionPublish, [A, A, D, G, G]),
    (P::BreakoutManage, [A, A, G, N, N]),
    (P::BreakoutRoam, [A, A, A, N, N]),
    (P::BreakoutRequestHelp, [N, N, A, A, A]),
    (P::ReportAggregate, [A, A, G, N, N]),
    (P::ReportIndividual, [A, G, N, N, N]),
    (P::AuditView, [A, G, N, N, N]),
    (P::FeedbackSubmit, [A, A, A, A, A]),
    (P::AbuseReport, [A, A, A, A, A]),
];

/// The rank of a role; one acts only on a lower one.
#[must_use]
pub const fn rank(role: Role) -> u8 {
    match role {
        Role::Host => 100,
        Role::CoHost => 80,
        Role::Moderator => 60,
        Role::Presenter => 40,
        Role::Attendee => 20,
    }
}

/// What a role may do, before anything is granted or taken.
#[must_use]
pub const fn permissions(role: Role) -> PermissionSet {
    let mut set = PermissionSet::NONE;
    let mut row = 0;
    while row < MATRIX.len() {
        let (permission, marks) = &MATRIX[row];
        if matches!(marks[role as usize], A | D) {
            set = set.with(*permission);
        }
        row += 1;
    }
    set
}

/// Every permission for a client: granted, or why not.
#[must_use]
pub fn grants(set: PermissionSet) -> Grants {
    let grant = |&permission: &Permission| {
        let grant = if set.has(permission) { Grant::Yes } else { Grant::No(Denial::Role) };
        (permission, grant)
    };
    Grants(Permission::ALL.iter().map(grant).collect())
}

/// Who hears of someone's new role: all, but of one who is not in only staff.
fn audience_about(person: &Person) -> Audience {
    if person.is_in() { Audience::EVERYONE } else { Audience::STAFF.and(person.id) }
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
        if other == self.info.owner || rank(self.role_of(other)) >= me.view.rank {
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

    pub(super) fn assign_role(&self, me: &Person, ask: RoleAssign) -> Result<Decision, Refusal> {
        self.require(me, Permission::RoleAssign)?;
        let person = self.target(me, ask.participant)?;
        if matches!(ask.role, Role::Host | Role::CoHost) {
            let message = "must be moderator, presenter or attendee; see cohost.add";
            return Err(Refusal::Invalid { field: "role", message });
        }
        if rank(ask.role) >= me.view.rank {
            return Err(Refusal::RankTooLow);
        }
        if person.kind == UserKind::Guest && ask.role == Role::Moderator {
            return Err(Refusal::Conflict("a guest rises at most to presenter"));
        }
        match self.role_of(person.user) {
            Role::CoHost => Err(Refusal::Conflict("is co-host; take that away first")),
            role if role == ask.role => Ok(Decision::already(None)),
            _ => Ok(Decision::by(me).event(
                audience_about(person),
                Fact::RoleAssigned { participant: person.id, role: ask.role },
            )),
        }
    }

    pub(super) fn add_cohost(&self, me: &Person, user: UserId) -> Result<Decision, Refusal> {
        self.require(me, Permission::RoleAssignCohost)?;
        let person = self.person_of(user).ok_or(Refusal::NotFound { what: "user", last: None })?;
        if self.co_hosts.contains(&user) {
            return Ok(Decision::already(None));
        }
        self.outrank(me, user)?;
        if person.kind != UserKind::Member {
            return Err(Refusal::Conflict("only members can be co-hosts"));
        }
        if self.co_hosts.len() >= COHOSTS_MAX {
            let message = "there are as many co-hosts as there may be; take one away first";
            return Err(Refusal::TooMany { message, limit: COHOSTS_MAX });
        }
        let fact = Fact::CohostAdded { user, participant: Some(person.id) };
        Ok(Decision::by(me).event(audience_about(person), fact))
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
        let mut rows: Vec<_> = MATRIX.iter().map(|(permission, _)| *permission).collect();
        rows.sort();
        assert_eq!(rows, Permission::ALL);
    }

    #[test]
    fn a_role_may_what_is_always_or_by_default_its() {
        assert!(permissions(Role::Host).has(P::MeetingEnd));
        assert!(!permissions(Role::CoHost).has(P::MeetingEnd));
        assert!(permissions(Role::Attendee).has(P::ChatSend));
        assert!(!permissions(Role::Attendee).has(P::MediaShare));
        assert!(!permissions(Role::Host).has(P::BreakoutRequestHelp));
    }
}
