//! Acting without being there: the back office's way into a meeting, over REST.
//!
//! One acts with the rights that one would have inside, as far as one's credential goes. Who acts for the
//! first time gets a place in the meeting, so that the events can say who; they are neither in nor counted.
//! An administrator of the server may also do what they may not as a person; the events say so.

use quorate_protocol::{
    Command, ParticipantId, Permission, PermissionSet, Seq, Timestamp, UserId, UserKind,
};

use super::event::{Audience, Fact, Personal, View};
use super::person::{Bot, Exit, Person, Place};
use super::roles::BOT_RANK;
use super::{Decision, Facts, Meeting, Refusal};

/// The rank of an administrator of the server: above everyone.
const ADMIN_RANK: u8 = 110;

/// What is for those who are in, alone.
pub const INSIDE: Refusal = Refusal::Conflict("be in the meeting to do that");

/// Someone acts who need not be there, with ids handed in.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// Who acts.
    pub actor: Actor,
    /// A fresh participant id, for one who has no place here yet.
    pub participant: ParticipantId,
    /// The revision that they saw; it must still be the meeting's.
    pub revision: Option<Seq>,
    /// What kind of user the command names, where it names one.
    pub named: Option<UserKind>,
    /// What they ask.
    pub command: Command,
}

/// Who acts without being there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// What kind of user.
    pub kind: UserKind,
    /// The name to show.
    pub name: String,
    /// Their verified email address.
    pub email: Option<String>,
    /// What their token says of a bot.
    pub bot: Option<Bot>,
    /// What their credential is good for; none: all that they may.
    pub scopes: Option<PermissionSet>,
    /// Whether they administer the server.
    pub admin: bool,
}

/// What a command asks of the meeting's state, given from outside.
enum Office {
    /// May be done at any time.
    Always,
    /// Only while the meeting is not over.
    WhileOpen,
    /// Is done by those who are in, alone.
    Inside,
}

fn office(command: &Command) -> Office {
    match command {
        Command::MeetingStart(_)
        | Command::MeetingEnd(_)
        | Command::MeetingCancel(_)
        | Command::MeetingUpdate(_)
        | Command::MeetingPolicy(_)
        | Command::InviteeAdd(_)
        | Command::InviteeRemove(_)
        | Command::ParticipantBan(_)
        | Command::ParticipantUnban(_)
        | Command::RoleAssign(_)
        | Command::CohostAdd(_)
        | Command::CohostRemove(_)
        | Command::RoleGrant(_)
        | Command::RoleDeny(_)
        | Command::RoleReset(_)
        | Command::RoleDefine(_)
        | Command::RoleRemove(_)
        | Command::HostTransfer(_) => Office::Always,
        Command::MeetingLock(_)
        | Command::MeetingUnlock(_)
        | Command::MeetingSuspend(_)
        | Command::MeetingResume(_)
        | Command::MeetingExtend(_)
        | Command::AgendaSet(_)
        | Command::WaitingTell(_)
        | Command::ParticipantAdmit(_)
        | Command::ParticipantDecline(_)
        | Command::ParticipantSendToWaiting(_)
        | Command::ParticipantRemove(_)
        | Command::ParticipantRename(_)
        | Command::ParticipantMute(_)
        | Command::ParticipantMuteAll(_)
        | Command::ParticipantRequestUnmute(_) => Office::WhileOpen,
        _ => Office::Inside,
    }
}

impl Meeting {
    /// What a command comes to that is given from outside.
    pub(super) fn act(&self, now: Timestamp, act: &Act) -> Result<Decision, Refusal> {
        let facts = &self.facts;
        match office(&act.command) {
            Office::Always => {}
            Office::WhileOpen if facts.info.status.is_over() => {
                return Err(Refusal::Ended);
            }
            Office::WhileOpen => {}
            Office::Inside => return Err(INSIDE),
        }
        let known = facts.person_of(act.actor.user);
        let mut me = known.cloned().unwrap_or_else(|| act.newcomer());
        let own = facts.rights_outside(now, &act.actor, known);
        let own = own.and_then(|(rank, permissions)| {
            let view = &mut me.view;
            (view.rank, view.permissions) = (rank, permissions);
            self.act_as(now, &me, act)
        });
        let decision = match own {
            Err(refusal) if act.actor.admin && is_about_rights(&refusal) => {
                let all: PermissionSet = Permission::ALL.iter().copied().collect();
                let all = all.minus(PermissionSet::NONE.with(Permission::RoleTransferHost));
                let scopes = act.actor.scopes.unwrap_or(all);
                (me.view.rank, me.view.permissions) = (ADMIN_RANK, all.and(scopes));
                let mut decision = self.act_as(now, &me, act)?;
                decision.events.iter_mut().for_each(|draft| draft.as_admin = true);
                decision
            }
            own => own?,
        };
        Ok(facts.place_actor(decision, act, known))
    }

    fn act_as(&self, now: Timestamp, me: &Person, act: &Act) -> Result<Decision, Refusal> {
        // After who one is: a stranger learns nothing of the meeting by it.
        let decision = match &act.command {
            Command::CohostAdd(ask) => self.facts.add_cohost(me, ask.user, act.named)?,
            command => self.carry(now, None, me, command)?,
        };
        match act.revision {
            Some(seen) if seen != self.facts.info.revision => Err(Refusal::Outdated),
            _ => Ok(decision),
        }
    }
}

impl Act {
    fn newcomer(&self) -> Person {
        let Actor { user, kind, ref name, ref email, ref bot, .. } = self.actor;
        let mut me = Person::new(self.participant, user, kind);
        me.name.clone_from(name);
        me.email.clone_from(email);
        me.bot.clone_from(bot);
        me
    }
}

impl Facts {
    /// The rank and the permissions of one who need not be in: none for who waits, or was put out.
    fn rights_outside(
        &self,
        now: Timestamp,
        actor: &Actor,
        known: Option<&Person>,
    ) -> Result<(u8, PermissionSet), Refusal> {
        self.not_banned(now, actor.user, actor.email.as_deref())?;
        let within = |permissions: PermissionSet| match actor.scopes {
            Some(scopes) => permissions.and(scopes),
            None => permissions,
        };
        if let Some(View { joined: true, rank, permissions, .. }) = known.map(|known| known.view) {
            return Ok((rank, within(permissions)));
        }
        if known.is_some_and(Person::is_waiting) {
            return Err(Refusal::StillWaiting);
        }
        let put_out = known.is_some_and(|known| {
            let out = matches!(known.place, Place::Out(Exit::Declined { .. } | Exit::Removed));
            known.removed || out
        });
        if put_out && !self.is_staff(actor.user) {
            return Ok((0, PermissionSet::NONE));
        }
        Ok(match &actor.bot {
            Some(bot) => (BOT_RANK, within(self.can_of_bot(bot, PermissionSet::NONE).set)),
            None => (self.rank_of(actor.user), within(self.can_of(actor.user).set)),
        })
    }

    /// What someone may here, whether they are in or not; nothing for who waits, or was put out.
    #[must_use]
    pub fn permissions_outside(&self, now: Timestamp, actor: &Actor) -> PermissionSet {
        let rights = self.rights_outside(now, actor, self.person_of(actor.user));
        rights.map_or(PermissionSet::NONE, |(_, permissions)| permissions)
    }

    /// Gives the actor a place where they have none, and says to those who read of them who they are.
    fn place_actor(&self, mut decision: Decision, act: &Act, known: Option<&Person>) -> Decision {
        if known.is_some_and(Person::is_in) || decision.events.is_empty() {
            return decision;
        }
        let Actor { user, kind, ref name, ref email, ref bot, .. } = act.actor;
        let me = known.map_or(act.participant, |known| known.id);
        let role = self.role_of(user);
        for draft in &mut decision.events {
            if draft.by == Some(me) && draft.audience != Audience::NOBODY {
                let personal = draft.personal.get_or_insert_default();
                // An event that is about a name says it by itself.
                if personal.name.is_none() {
                    (personal.name, personal.role) = (Some(name.clone()), Some(role));
                }
            }
        }
        if known.is_none() {
            let fact =
                Fact::ParticipantIdentified { participant: me, user, kind, bot: bot.clone() };
            let personal =
                Personal { name: Some(name.clone()), email: email.clone(), ..Personal::default() };
            let mut placed = Decision::by_system();
            (placed.by, placed.user) = (Some(me), user);
            placed = placed.personal_event(Audience::NOBODY, fact, personal);
            decision.events.splice(0..0, placed.events);
        }
        decision
    }
}

/// Whether someone with more rights would not get this answer.
fn is_about_rights(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Forbidden(_)
            | Refusal::RankTooLow
            | Refusal::Banned { .. }
            | Refusal::StillWaiting
    )
}
