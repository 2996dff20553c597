//! A small model of who is where in a meeting, written from the pages rather than from the code, and as
//! plainly as can be: no events, no views, no indexes. The simulation holds the rules against it.

use std::collections::BTreeMap;

use super::docs::{Mark, mark};
use super::stage::{GUESTS_FROM, OWNER};

/// What someone may ask for, by the number of the user concerned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ask {
    Leave,
    Admit(i64),
    AdmitAll,
    Decline(i64),
    Remove(i64),
    /// For so many seconds, or for good.
    Ban(i64, Option<u32>),
    Unban(i64),
    Assign(i64, &'static str),
    AddCohost(i64),
    RemoveCohost(i64),
    Lock,
    Unlock,
    Raise,
    Lower(i64),
    Microphone(bool),
    Say,
    End,
}

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
    pub(super) role: &'static str,
    pub(super) microphone: bool,
    removed: bool,
    left_at: Option<i64>,
    joined_at: i64,
}

/// The meeting as the model knows it. Times are milliseconds.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) now: i64,
    pub(super) users: BTreeMap<i64, User>,
    pub(super) line: Vec<i64>,
    pub(super) hands: Vec<i64>,
    pub(super) co_hosts: Vec<i64>,
    pub(super) locked: bool,
    /// None before the start, then whether it runs.
    pub(super) running: Option<bool>,
    approval: bool,
    capacity: usize,
    bans: BTreeMap<i64, Option<i64>>,
    empty_since: Option<i64>,
}

const GRACE_MS: i64 = 60_000;
const HELD_MS: i64 = 120_000;
const RETURN_MS: i64 = 600_000;
const KNOCK_AGAIN_MS: i64 = 60_000;
const END_WHEN_EMPTY_MS: i64 = 600_000;
const REOPEN_MS: i64 = 24 * 3_600_000;
const SESSIONS_MAX: usize = 3;
const WAITING_MAX: usize = 200;
const COHOSTS_MAX: usize = 25;

fn is_guest(user: i64) -> bool {
    user >= GUESTS_FROM
}

fn rank_of_role(role: &str) -> u8 {
    match role {
        "host" => 100,
        "co_host" => 80,
        "moderator" => 60,
        "presenter" => 40,
        _ => 20,
    }
}

impl Model {
    pub(super) fn new(now: i64, approval: bool, capacity: usize) -> Model {
        Model {
            now,
            users: BTreeMap::new(),
            line: Vec::new(),
            hands: Vec::new(),
            co_hosts: Vec::new(),
            locked: false,
            running: None,
            approval,
            capacity,
            bans: BTreeMap::new(),
            empty_since: None,
        }
    }

    fn user(&mut self, user: i64) -> &mut User {
        self.users.entry(user).or_insert(User {
            place: Where::Never,
            sessions: Vec::new(),
            role: "attendee",
            microphone: false,
            removed: false,
            left_at: None,
            joined_at: 0,
        })
    }

    fn place(&self, user: i64) -> Where {
        self.users.get(&user).map_or(Where::Never, |user| user.place)
    }

    pub(super) fn is_in(&self, user: i64) -> bool {
        self.place(user) == Where::In
    }

    pub(super) fn present(&self) -> usize {
        self.users.values().filter(|user| user.place == Where::In).count()
    }

    pub(super) fn role(&self, user: i64) -> &'static str {
        if user == OWNER {
            "host"
        } else if self.co_hosts.contains(&user) {
            "co_host"
        } else {
            self.users.get(&user).map_or("attendee", |user| user.role)
        }
    }

    pub(super) fn may(&self, user: i64, permission: &str) -> bool {
        matches!(mark(permission, self.role(user)), Mark::Always | Mark::Default)
    }

    fn require(&self, user: i64, permission: &str) -> Result<(), No> {
        if self.may(user, permission) { Ok(()) } else { Err("forbidden") }
    }

    fn known(&self, user: i64) -> Result<(), No> {
        if self.place(user) == Where::Never { Err("not_found") } else { Ok(()) }
    }

    fn outrank(&self, me: i64, other: i64) -> Result<(), No> {
        let lower = rank_of_role(self.role(other)) < rank_of_role(self.role(me));
        if lower && other != OWNER { Ok(()) } else { Err("rank_too_low") }
    }

    fn banned(&self, user: i64) -> bool {
        self.bans.get(&user).is_some_and(|until| until.is_none_or(|until| until > self.now))
    }

    /// A seat is free, and not the one kept for the host.
    fn has_seat(&self, user: i64) -> bool {
        let kept = user != OWNER && !self.is_in(OWNER);
        self.present() + usize::from(kept) < self.capacity
    }

    /// Someone says hello.
    pub(super) fn enter(&mut self, user: i64) -> Result<(), No> {
        if self.banned(user) {
            return Err("banned");
        }
        match self.place(user) {
            place @ (Where::In | Where::Waiting) => {
                let most = if place == Where::In { SESSIONS_MAX } else { 1 };
                let sessions = &mut self.user(user).sessions;
                sessions.push(None);
                if sessions.len() > most {
                    sessions.remove(0);
                }
                return Ok(());
            }
            _ => {}
        }
        let staff = matches!(self.role(user), "host" | "co_host");
        let known = self.users.get(&user);
        let removed = known.is_some_and(|user| user.removed);
        let left_at = known.and_then(|user| user.left_at);
        let reopens =
            staff && !removed && self.empty_since.is_some_and(|at| self.now - at < REOPEN_MS);
        if self.running == Some(false) && !reopens {
            return Err("meeting_ended");
        }
        if let Where::Declined(at) = self.place(user)
            && self.now - at < KNOCK_AGAIN_MS
        {
            return Err("declined");
        }
        if self.locked && !staff {
            return Err("meeting_locked");
        }
        let returning = left_at.is_some_and(|at| self.now - at <= RETURN_MS);
        let passes = !removed && (staff || !self.approval || returning);
        if passes && self.has_seat(user) {
            self.running = Some(true);
            self.come_in(user);
        } else if removed || self.approval {
            if self.line.len() >= WAITING_MAX {
                return Err("waiting_room_full");
            }
            self.line.push(user);
            self.user(user).place = Where::Waiting;
        } else {
            return Err("meeting_full");
        }
        self.user(user).sessions.push(None);
        Ok(())
    }

    fn come_in(&mut self, user: i64) {
        self.line.retain(|other| *other != user);
        let now = self.now;
        let user = self.user(user);
        (user.place, user.joined_at) = (Where::In, now);
        self.empty_since = None;
    }

    fn go(&mut self, user: i64, place: Where) {
        let now = self.now;
        let was_in = self.is_in(user);
        self.line.retain(|other| *other != user);
        self.hands.retain(|other| *other != user);
        let gone = self.user(user);
        gone.place = place;
        gone.sessions.clear();
        gone.microphone = false;
        if was_in {
            gone.left_at = Some(now);
            if self.present() == 0 {
                self.empty_since = Some(now);
            }
        }
    }

    /// A socket is gone.
    pub(super) fn lose(&mut self, user: i64, session: usize) {
        let now = self.now;
        if let Some(lost @ None) = self.user(user).sessions.get_mut(session) {
            *lost = Some(now);
        }
    }

    /// It is back.
    pub(super) fn resume(&mut self, user: i64, session: usize) {
        if let Some(lost) = self.user(user).sessions.get_mut(session) {
            *lost = None;
        }
    }

    /// The server was killed, and started again.
    pub(super) fn restart(&mut self) {
        let now = self.now;
        let sessions = self.users.values_mut().flat_map(|user| &mut user.sessions);
        sessions.for_each(|lost| *lost = Some(now));
    }

    /// Time passes at once, and what is due by then happens then.
    pub(super) fn pass(&mut self, seconds: u32) {
        self.now += i64::from(seconds) * 1000;
        let now = self.now;
        for user in self.users.keys().copied().collect::<Vec<_>>() {
            let place = self.place(user);
            let gone = self.user(user);
            let joined_at = gone.joined_at;
            let over = |lost_at: i64| match place {
                // One who was let in while away has the whole grace to notice.
                Where::In => now - lost_at.max(joined_at) >= GRACE_MS,
                _ => now - lost_at >= HELD_MS,
            };
            let sessions = &mut gone.sessions;
            let before = sessions.len();
            sessions.retain(|lost| lost.is_none_or(|at| !over(at)));
            if before > 0 && sessions.is_empty() {
                self.go(user, Where::Out);
            }
        }
        if self.running == Some(true)
            && self.empty_since.is_some_and(|at| now - at >= END_WHEN_EMPTY_MS)
        {
            self.end();
        }
    }

    fn end(&mut self) {
        for user in self.users.keys().copied().collect::<Vec<_>>() {
            if matches!(self.place(user), Where::In | Where::Waiting) {
                self.go(user, Where::Out);
            }
        }
        self.running = Some(false);
        // From here on: since when it is over.
        self.empty_since = Some(self.now);
    }

    /// Someone who has a session asks for something.
    pub(super) fn ask(&mut self, me: i64, ask: Ask) -> Result<(), No> {
        if ask == Ask::Leave {
            self.go(me, Where::Out);
            return Ok(());
        }
        if !self.is_in(me) {
            return Err("waiting");
        }
        match ask {
            Ask::Leave => {}
            Ask::Admit(other) => {
                self.require(me, "participant.admit")?;
                match self.place(other) {
                    Where::Never | Where::Out => return Err("not_found"),
                    Where::Declined(_) => return Err("conflict"),
                    Where::In => {}
                    Where::Waiting if !self.has_seat(other) => return Err("meeting_full"),
                    Where::Waiting => self.come_in(other),
                }
            }
            Ask::AdmitAll => {
                self.require(me, "participant.admit")?;
                for other in self.line.clone() {
                    if self.has_seat(other) {
                        self.come_in(other);
                    }
                }
            }
            Ask::Decline(other) => {
                self.require(me, "participant.decline")?;
                self.known(other)?;
                self.outrank(me, other)?;
                match self.place(other) {
                    Where::Waiting => self.go(other, Where::Declined(self.now)),
                    Where::In => return Err("conflict"),
                    Where::Declined(_) => {}
                    Where::Out | Where::Never => return Err("not_found"),
                }
            }
            Ask::Remove(other) => {
                self.require(me, "participant.remove")?;
                if me == other {
                    return Err("invalid");
                }
                self.known(other)?;
                self.outrank(me, other)?;
                if !self.is_in(other) {
                    return Err("not_found");
                }
                self.go(other, Where::Out);
                self.user(other).removed = true;
            }
            Ask::Ban(other, seconds) => {
                self.require(me, "participant.ban")?;
                if me == other {
                    return Err("invalid");
                }
                self.outrank(me, other)?;
                let until = seconds.map(|seconds| self.now + i64::from(seconds) * 1000);
                self.bans.insert(other, until);
                if self.place(other) != Where::Never {
                    self.go(other, Where::Out);
                    self.user(other).removed = true;
                }
            }
            Ask::Unban(other) => {
                self.require(me, "participant.unban")?;
                self.bans.remove(&other).ok_or("not_found")?;
                if let Some(user) = self.users.get_mut(&other) {
                    user.removed = false;
                }
            }
            Ask::Assign(other, role) => {
                self.require(me, "role.assign")?;
                self.known(other)?;
                self.outrank(me, other)?;
                if rank_of_role(role) >= rank_of_role(self.role(me)) {
                    return Err("rank_too_low");
                }
                if is_guest(other) && role == "moderator" || self.role(other) == "co_host" {
                    return Err("conflict");
                }
                self.user(other).role = role;
            }
            Ask::AddCohost(other) => {
                self.require(me, "role.assign_cohost")?;
                self.known(other)?;
                if self.co_hosts.contains(&other) {
                    return Ok(());
                }
                self.outrank(me, other)?;
                if is_guest(other) || self.co_hosts.len() >= COHOSTS_MAX {
                    return Err("conflict");
                }
                self.co_hosts.push(other);
            }
            Ask::RemoveCohost(other) => {
                self.require(me, "role.assign_cohost")?;
                let at = self.co_hosts.iter().position(|user| *user == other).ok_or("not_found")?;
                self.outrank(me, other)?;
                self.co_hosts.remove(at);
            }
            Ask::Lock | Ask::Unlock => {
                self.require(me, "meeting.lock")?;
                self.locked = ask == Ask::Lock;
            }
            Ask::Raise => {
                self.require(me, "hand.raise")?;
                if !self.hands.contains(&me) {
                    self.hands.push(me);
                }
            }
            Ask::Lower(other) => {
                if other != me {
                    self.require(me, "hand.manage")?;
                    self.known(other)?;
                    self.outrank(me, other)?;
                }
                self.hands.retain(|user| *user != other);
            }
            Ask::Microphone(on) => {
                if on {
                    self.require(me, "media.audio")?;
                }
                self.user(me).microphone = on;
            }
            Ask::Say => self.require(me, "chat.send")?,
            Ask::End => {
                self.require(me, "meeting.end")?;
                self.end();
            }
        }
        Ok(())
    }
}
