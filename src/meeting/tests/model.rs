//! A small model of a meeting, written from the pages rather than from the code, and as plainly as can be:
//! no events, no views, no indexes. The simulation holds the rules against it.
//!
//! Here is what a meeting is, and who may what in it; [`door`] has who comes in, and what happens by
//! itself; [`asks`] what people ask for.

mod asks;
mod door;

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::Permission;

use super::docs::{Mark, is_scope, mark};
use super::stage::{GUESTS_FROM, OWNER};
use Permission as P;
pub(super) use asks::Ask;
use door::Way;

/// The user that is a bot.
pub(super) const BOT: i64 = 200;
/// The custom role that some meetings define.
pub(super) const CUSTOM: &str = "helper";

/// The code of a refusal.
pub(super) type No = &'static str;

/// Where someone is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Where {
    Never,
    Out,
    /// Turned away, at this time.
    Declined(i64),
    Waiting,
    In,
}

/// A user as the model knows them.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) place: Where,
    /// Each session, and since when it is lost.
    pub(super) sessions: Vec<Option<i64>>,
    pub(super) microphone: bool,
    /// The breakout room they are in.
    pub(super) room: Option<u32>,
    role: &'static str,
    granted: BTreeSet<P>,
    denied: BTreeSet<P>,
    removed: bool,
    sent_back: bool,
    /// While they wait: how they come in by themselves, if they do.
    way: Option<Way>,
    left_at: Option<i64>,
    joined_at: i64,
    /// Since when refusals are counted, and how many there were.
    refused: Option<(i64, u32)>,
}

/// What becomes of a meeting whose host is gone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Succession {
    CohostFirst,
    Hold,
    /// So many minutes.
    EndAfter(u32),
}

/// A custom role.
#[derive(Debug, Clone)]
pub(super) struct Custom {
    pub(super) based_on: &'static str,
    pub(super) rank: u8,
    pub(super) grants: Vec<P>,
    pub(super) denies: Vec<P>,
}

/// What a meeting is made with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    pub(super) approval: bool,
    pub(super) capacity: usize,
    pub(super) join_before_host: bool,
    pub(super) passes: Vec<&'static str>,
    pub(super) succession: Succession,
    pub(super) cohosts_max: usize,
    pub(super) waiting_max: usize,
    /// Whether who is late is sent to the emptiest breakout room.
    pub(super) least_full: bool,
    pub(super) bot_owner: i64,
}

/// The meeting as the model knows it. Times are milliseconds.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) now: i64,
    pub(super) terms: Terms,
    pub(super) users: BTreeMap<i64, User>,
    pub(super) line: Vec<i64>,
    pub(super) hands: Vec<i64>,
    pub(super) host: i64,
    /// Who lost the seat by being gone.
    pub(super) acting_for: Option<i64>,
    pub(super) co_hosts: Vec<i64>,
    pub(super) locked: bool,
    pub(super) suspended: bool,
    pub(super) locks: Vec<P>,
    /// None before the start, then whether it runs.
    pub(super) running: Option<bool>,
    pub(super) custom: Option<Custom>,
    pub(super) rooms: Rooms,
    /// How many refusals the journal was told of, by the minute.
    pub(super) told_of_refusals: usize,
    invited: BTreeSet<i64>,
    bans: BTreeMap<i64, Option<i64>>,
    host_gone: Option<i64>,
    empty_since: Option<i64>,
    ended_at: i64,
}

/// The breakout rooms.
#[derive(Debug, Clone, Default)]
pub(super) struct Rooms {
    pub(super) open: bool,
    ids: Vec<u32>,
    last: u32,
    /// Where people belong, the main room too where they were sent there or went.
    homes: BTreeMap<i64, Option<u32>>,
}

pub(super) fn is_guest(user: i64) -> bool {
    (GUESTS_FROM..BOT).contains(&user)
}

fn is_member(user: i64) -> bool {
    user < GUESTS_FROM
}

/// What an acting host lacks (R4).
const ACTING_LACKS: [P; 5] = [
    P::MeetingDelete,
    P::RoleTransferHost,
    P::RoleAssignCohost,
    P::RoleDefine,
    P::ReportIndividual,
];

/// What a suspended meeting turns off (R16): media, chat, reactions, sharing, `app.publish`, attributes
/// and renaming.
const SUSPENDED: [P; 10] = [
    P::MediaAudio,
    P::MediaVideo,
    P::MediaShare,
    P::ChatSend,
    P::ChatPrivate,
    P::ReactionSend,
    P::AppPublish,
    P::AttributesSet,
    P::ParticipantRenameSelf,
    P::ParticipantRenameOther,
];

impl Model {
    pub(super) fn new(now: i64, terms: Terms) -> Model {
        Model {
            now,
            terms,
            users: BTreeMap::new(),
            line: Vec::new(),
            hands: Vec::new(),
            host: OWNER,
            acting_for: None,
            co_hosts: Vec::new(),
            locked: false,
            suspended: false,
            locks: Vec::new(),
            running: None,
            custom: None,
            rooms: Rooms::default(),
            told_of_refusals: 0,
            invited: BTreeSet::new(),
            bans: BTreeMap::new(),
            host_gone: None,
            empty_since: None,
            ended_at: 0,
        }
    }

    fn user(&mut self, user: i64) -> &mut User {
        self.users.entry(user).or_insert(User {
            place: Where::Never,
            sessions: Vec::new(),
            microphone: false,
            room: None,
            role: "attendee",
            granted: BTreeSet::new(),
            denied: BTreeSet::new(),
            removed: false,
            sent_back: false,
            way: None,
            left_at: None,
            joined_at: 0,
            refused: None,
        })
    }

    fn place(&self, user: i64) -> Where {
        self.users.get(&user).map_or(Where::Never, |user| user.place)
    }

    pub(super) fn is_in(&self, user: i64) -> bool {
        self.place(user) == Where::In
    }

    /// Who is in or waits.
    pub(super) fn here(&self) -> Vec<i64> {
        let here = |user: &User| matches!(user.place, Where::In | Where::Waiting);
        self.users.iter().filter(|(_, user)| here(user)).map(|(id, _)| *id).collect()
    }

    /// People who are in; bots are counted apart.
    pub(super) fn present(&self) -> usize {
        let is_in = |(id, user): &(&i64, &User)| **id != BOT && user.place == Where::In;
        self.users.iter().filter(is_in).count()
    }

    /// Who is host in full: of an acting host, the one who is gone.
    fn rightful_host(&self) -> i64 {
        self.acting_for.unwrap_or(self.host)
    }

    /// The owner, the host, and for whom the host acts.
    fn is_seated(&self, user: i64) -> bool {
        [OWNER, self.host, self.rightful_host()].contains(&user)
    }

    fn is_staff(&self, user: i64) -> bool {
        self.is_seated(user) || self.co_hosts.contains(&user)
    }

    pub(super) fn role(&self, user: i64) -> &'static str {
        if user == self.host {
            "host"
        } else if self.co_hosts.contains(&user) {
            "co_host"
        } else {
            self.users.get(&user).map_or("attendee", |user| user.role)
        }
    }

    fn rank_of_role(&self, role: &str) -> u8 {
        match role {
            "host" => 100,
            "co_host" => 80,
            "moderator" => 60,
            "presenter" => 40,
            CUSTOM => self.custom.as_ref().map_or(20, |custom| custom.rank),
            _ => 20,
        }
    }

    /// Who lost the seat by being gone keeps the host's rank.
    pub(super) fn rank(&self, user: i64) -> u8 {
        match user {
            BOT => 30,
            user if user == self.rightful_host() => 100,
            user => self.rank_of_role(self.role(user)),
        }
    }

    /// What someone may, or would once they are in.
    pub(super) fn may(&self, user: i64, permission: P) -> bool {
        if user != BOT {
            return self.may_by_role(user, permission);
        }
        let owner = self.terms.bot_owner;
        let removed = self.users.get(&owner).is_some_and(|owner| owner.removed);
        let put_out = (removed || self.bans.contains_key(&owner)) && !self.is_in(owner);
        is_scope(permission)
            && !put_out
            && self.may_by_role(owner, permission)
            && !self.is_denied(BOT, permission)
            && !self.is_locked(30, permission)
            && !self.is_suspended(30, permission)
    }

    fn may_by_role(&self, user: i64, permission: P) -> bool {
        let role = self.role(user);
        let rank = self.rank_of_role(role);
        if role == "host" && self.acting_for.is_some() && ACTING_LACKS.contains(&permission) {
            return false;
        }
        let default = match self.mark(permission, role) {
            Mark::Never => return false,
            // No lock and no deny takes it.
            Mark::Always => return !self.is_suspended(rank, permission),
            Mark::Default => true,
            Mark::Grantable => false,
        };
        let granted = self.users.get(&user).is_some_and(|it| it.granted.contains(&permission));
        (default || granted)
            && !self.is_denied(user, permission)
            && !self.is_locked(rank, permission)
            && !self.is_suspended(rank, permission)
    }

    /// A custom role is as the one it is based on, but for what it grants and denies.
    fn mark(&self, permission: P, role: &str) -> Mark {
        let custom = self.custom.as_ref().filter(|_| role == CUSTOM);
        let Some(custom) = custom else { return mark(permission, role) };
        match mark(permission, custom.based_on) {
            Mark::Default if custom.denies.contains(&permission) => Mark::Grantable,
            Mark::Grantable if custom.grants.contains(&permission) => Mark::Default,
            mark => mark,
        }
    }

    fn is_denied(&self, user: i64, permission: P) -> bool {
        self.users.get(&user).is_some_and(|user| user.denied.contains(&permission))
    }

    fn is_locked(&self, rank: u8, permission: P) -> bool {
        rank < 60 && self.locks.contains(&permission)
    }

    fn is_suspended(&self, rank: u8, permission: P) -> bool {
        self.suspended && rank < 60 && SUSPENDED.contains(&permission)
    }

    fn require(&self, user: i64, permission: P) -> Result<(), No> {
        if self.may(user, permission) { Ok(()) } else { Err("forbidden") }
    }

    fn known(&self, user: i64) -> Result<(), No> {
        if self.place(user) == Where::Never { Err("not_found") } else { Ok(()) }
    }

    fn outrank(&self, me: i64, other: i64) -> Result<(), No> {
        let lower = self.rank(other) < self.rank(me) && other != OWNER;
        if lower { Ok(()) } else { Err("rank_too_low") }
    }

    fn target(&self, me: i64, other: i64) -> Result<(), No> {
        self.known(other)?;
        self.outrank(me, other)
    }

    fn banned(&self, user: i64) -> bool {
        self.bans.get(&user).is_some_and(|until| until.is_none_or(|until| until > self.now))
    }
}
