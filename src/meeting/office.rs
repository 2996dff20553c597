//! Acting without being there: the back office's way into a meeting, over REST.
//!
//! One acts with the rights that one would have inside, as far as one's credential goes. Who acts for the
//! first time gets a place in the meeting, so that the events can say who; they are neither in nor counted.
//! An administrator of the server may also do what they may not as a person; the events say so.

use quorate_protocol::{
    Command, ParticipantId, Permission, PermissionSet, Seq, Timestamp, UserId, UserKind,
};

use super::event::{Audience, Fact, Personal, STAFF_RANK, View};
use super::person::{Bot, Exit, Person, Place};
use super::roles::BOT_RANK;
use super::series::{Offspring, Split};
use super::{Decision, Draft, Facts, Meeting, Refusal};

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
    /// The meeting must be at one of these revisions; none: at whichever.
    pub revisions: Option<Vec<Seq>>,
    /// What kind of user the commands name, where they name one.
    pub named: Option<UserKind>,
    /// The email address that a ban is to keep out, under whatever account.
    pub address: Option<String>,
    /// Whether the custom role that is defined must be there before; none: it may be.
    pub role_exists: Option<bool>,
    /// Of a series: the occurrence that times in the commands are meant of.
    pub of: Option<Timestamp>,
    /// What they ask, in order: all of it is done, or nothing.
    pub commands: Vec<Command>,
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
        | Command::HostTransfer(_)
        | Command::ReportExclude(_)
        | Command::FeedbackSubmit(_)
        | Command::SummaryPublish(_) => Office::Always,
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
    /// What commands come to that are given from outside: all that is asked, or a refusal.
    pub(super) fn act(&self, now: Timestamp, act: &Act) -> Result<Decision, Refusal> {
        let Some((first, others)) = act.commands.split_first() else {
            return Ok(Decision::by_system());
        };
        let mut decision = self.act_on(now, act, first)?;
        if !others.is_empty() {
            // Each is decided upon what those before it leave.
            let mut after = self.clone();
            let mut done = decision.events.len();
            after.go_on(now, &decision.events);
            for command in others {
                decision.then(after.act_on(now, act, command)?);
                after.go_on(now, &decision.events[done..]);
                done = decision.events.len();
            }
        }
        self.is_as_seen(act).map(|()| decision)
    }

    /// Refuses what was meant of another revision. Asked after who one is: a stranger learns nothing of the
    /// meeting by it.
    fn is_as_seen(&self, act: &Act) -> Result<(), Refusal> {
        match &act.revisions {
            Some(seen) if !seen.contains(&self.facts.info.revision) => Err(Refusal::Outdated),
            _ => Ok(()),
        }
    }

    /// Applies what is decided and not yet journaled.
    fn go_on(&mut self, now: Timestamp, events: &[Draft]) {
        for draft in events {
            self.apply(&draft.clone().at(self.facts.head.next(), now));
        }
    }

    fn act_on(&self, now: Timestamp, act: &Act, command: &Command) -> Result<Decision, Refusal> {
        let facts = &self.facts;
        match office(command) {
            Office::Always => {}
            Office::WhileOpen if facts.info.status.is_over() => {
                return Err(Refusal::Ended);
            }
            Office::WhileOpen => {}
            Office::Inside => return Err(INSIDE),
        }
        self.act_by(now, act, |me| self.act_as(now, me, act, command))
    }

    /// What someone does by their own rights, or else by those of an administrator.
    fn act_by(
        &self,
        now: Timestamp,
        act: &Act,
        decide: impl Fn(&Person) -> Result<Decision, Refusal>,
    ) -> Result<Decision, Refusal> {
        let facts = &self.facts;
        let known = facts.person_of(act.actor.user);
        let mut me = known.cloned().unwrap_or_else(|| act.newcomer());
        let own = facts.rights_outside(now, &act.actor, known);
        let own = own.and_then(|(rank, permissions)| {
            let view = &mut me.view;
            (view.rank, view.permissions) = (rank, permissions);
            decide(&me)
        });
        let decision = match own {
            Err(refusal) if act.actor.admin && is_about_rights(&refusal) => {
                let all: PermissionSet = Permission::ALL.iter().copied().collect();
                let all = all.minus(PermissionSet::NONE.with(Permission::RoleTransferHost));
                let scopes = act.actor.scopes.unwrap_or(all);
                (me.view.rank, me.view.permissions) = (ADMIN_RANK, all.and(scopes));
                let mut decision = decide(&me)?;
                // Of nobody, and so by nobody's right.
                if decision.ballot.is_some() {
                    return Ok(decision);
                }
                let born = decision.offspring.iter_mut().flat_map(|it| &mut it.events);
                decision.events.iter_mut().chain(born).for_each(|draft| draft.as_admin = true);
                decision
            }
            own => own?,
        };
        Ok(facts.place_actor(decision, act, known))
    }

    /// What the splitting of a series comes to.
    pub(super) fn split(&self, now: Timestamp, split: &Split) -> Result<Decision, Refusal> {
        let mut decision = self.act_by(now, &split.act, |me| match split.act.commands.first() {
            Some(Command::MeetingUpdate(patch)) => self.facts.split(me, split, Some(patch)),
            Some(Command::MeetingCancel(_)) => self.facts.split(me, split, None),
            _ => Err(INSIDE),
        })?;
        if let Some(rest) = decision.offspring.first_mut() {
            self.go_on_in(now, split, rest)?;
        }
        self.is_as_seen(&split.act).map(|()| decision)
    }

    /// What is to be done in the series that goes on from a split, decided as though it were there.
    fn go_on_in(&self, now: Timestamp, split: &Split, rest: &mut Offspring) -> Result<(), Refusal> {
        let (terms, server_roles) = (self.terms, self.server_roles.clone());
        let mut series = Meeting { terms, server_roles, seed: self.seed, ..Meeting::default() };
        series.go_on(now, &rest.events);
        let act = Act {
            participant: split.participant,
            revisions: None,
            commands: split.act.commands[1..].to_vec(),
            ..split.act.clone()
        };
        let decision = series.act(now, &act)?;
        rest.events.extend(decision.events);
        rest.passcode = decision.passcode;
        Ok(())
    }

    fn act_as(
        &self,
        now: Timestamp,
        me: &Person,
        act: &Act,
        command: &Command,
    ) -> Result<Decision, Refusal> {
        match command {
            Command::CohostAdd(ask) => self.facts.add_cohost(me, ask.user, act.named),
            Command::MeetingUpdate(ask) if self.facts.info.recurrence.is_some() => {
                self.facts.update_series(me, ask, act.of)
            }
            Command::ParticipantBan(ask) => self.facts.ban(now, me, ask, act.address.as_deref()),
            Command::RoleDefine(ask) => {
                let decision = self.carry(now, None, me, command)?;
                match (act.role_exists, self.facts.roles.contains_key(&ask.key)) {
                    (Some(false), true) => {
                        Err(Refusal::Conflict("there is a role of that key; change it with PUT"))
                    }
                    (Some(true), false) => Err(Refusal::NotFound { what: "role", last: None }),
                    _ => Ok(decision),
                }
            }
            command => self.carry(now, None, me, command),
        }
    }
}

impl Decision {
    /// What is decided after it; its answer is the answer to all.
    fn then(&mut self, next: Decision) {
        self.events.extend(next.events);
        self.signals.extend(next.signals);
        self.passcode = next.passcode.or(self.passcode.take());
        self.offspring.extend(next.offspring);
        self.carried_bytes += next.carried_bytes;
        self.ballot = next.ballot.or(self.ballot.take());
        self.answer = next.answer;
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
    pub(super) fn rights_outside(
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
            known.removed || out || self.knocked_in_vain(known, actor)
        });
        // A co-host who was removed waits for approval as all do; who has the host's seat is put out by nobody.
        let removed = known.is_some_and(|known| known.removed) && !self.is_seated(actor.user);
        if removed || (put_out && !self.is_staff(actor.user)) {
            return Ok((0, PermissionSet::NONE));
        }
        Ok(match &actor.bot {
            Some(bot) => (BOT_RANK, within(self.can_of_bot(bot, PermissionSet::NONE).set)),
            None => (self.rank_of(actor.user), within(self.can_of(actor.user).set)),
        })
    }

    /// Whether someone nobody asked to come has waited and was never let in: to knock opens no door.
    fn knocked_in_vain(&self, known: &Person, actor: &Actor) -> bool {
        matches!(known.place, Place::Out(Exit::Withdrawn | Exit::Expired | Exit::Closed))
            && known.joined_at == Timestamp::default()
            && !self.invitees.has(actor.user, actor.email.as_deref())
    }

    /// What someone may here, whether they are in or not; nothing for who waits, or was put out.
    #[must_use]
    pub fn permissions_outside(&self, now: Timestamp, actor: &Actor) -> PermissionSet {
        let rights = self.rights_outside(now, actor, self.person_of(actor.user));
        rights.map_or(PermissionSet::NONE, |(_, permissions)| permissions)
    }

    /// Whether someone is staff here, in or not; nobody who waits, or was put out.
    #[must_use]
    pub fn is_staff_outside(&self, now: Timestamp, actor: &Actor) -> bool {
        let rights = self.rights_outside(now, actor, self.person_of(actor.user));
        rights.is_ok_and(|(rank, _)| rank >= STAFF_RANK)
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
            // What names another event of the decision names it by its number.
            for draft in &mut decision.events {
                if let Fact::ReasonGiven { event, .. } = &mut draft.fact {
                    *event = event.next();
                }
            }
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
