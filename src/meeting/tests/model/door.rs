//! Who comes in, waits, goes; and what happens by itself.

use quorate_protocol::Permission as P;

use super::{BOT, Model, No, Rooms, Succession, User, Where, is_member};
use crate::meeting::tests::stage::OWNER;

const MINUTE_MS: i64 = 60_000;
const GRACE_MS: i64 = MINUTE_MS;
const HELD_MS: i64 = 2 * MINUTE_MS;
const RETURN_MS: i64 = 10 * MINUTE_MS;
const KNOCK_AGAIN_MS: i64 = MINUTE_MS;
const END_WHEN_EMPTY_MS: i64 = 10 * MINUTE_MS;
const REOPEN_MS: i64 = 24 * 60 * MINUTE_MS;
const SESSIONS_MAX: usize = 3;
const REFUSALS_A_MINUTE: u32 = 20;

/// How someone comes in without approval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// As host, owner or co-host: also through a locked door.
    Staff,
    /// There is no waiting room.
    Open,
    /// By a rule of the waiting room.
    Rule,
}

impl Model {
    /// A seat is free, and not the one kept for host or owner.
    pub(super) fn has_seat(&self, user: i64) -> bool {
        let [host, owner] = [self.rightful_host(), OWNER];
        let kept = user != host && user != owner && !self.is_in(host) && !self.is_in(owner);
        user == BOT || self.present() + usize::from(kept) < self.terms.capacity
    }

    /// How someone comes in without approval; none: they wait for it.
    fn way_in(&self, user: i64) -> Option<Way> {
        let known = self.users.get(&user);
        // R6; but who is host in full became it since.
        if known.is_some_and(|known| known.removed) && user != self.rightful_host() {
            return None;
        }
        if self.is_seated(user) {
            return Some(Way::Staff);
        }
        if known.is_some_and(|known| known.sent_back) {
            return None;
        }
        let staff = self.is_staff(user);
        if !self.terms.approval {
            return Some(if staff { Way::Staff } else { Way::Open });
        }
        let left_at = known.and_then(|known| known.left_at);
        let rules = [
            ("returning", left_at.is_some_and(|at| self.now - at <= RETURN_MS)),
            ("invited", self.invited.contains(&user)),
            ("bot_scope", user == BOT && self.may(BOT, P::ParticipantAdmit)),
            ("members", is_member(user)),
        ];
        let allowed = |rule| self.terms.passes.contains(&rule);
        if staff && allowed("staff") {
            return Some(Way::Staff);
        }
        rules.iter().any(|(rule, holds)| *holds && allowed(rule)).then_some(Way::Rule)
    }

    /// Someone says hello.
    pub(in super::super) fn enter(&mut self, user: i64) -> Result<(), No> {
        if self.banned(user) || user == BOT && self.banned(self.terms.bot_owner) {
            return Err("banned");
        }
        if let place @ (Where::In | Where::Waiting) = self.place(user) {
            let most = if place == Where::In { SESSIONS_MAX } else { 1 };
            let sessions = &mut self.user(user).sessions;
            sessions.push(None);
            sessions.drain(..sessions.len().saturating_sub(most));
            self.settle();
            return Ok(());
        }
        let (staff, way) = (self.is_staff(user), self.way_in(user));
        let reopens = staff && self.now - self.ended_at < REOPEN_MS;
        if self.running == Some(false) && !reopens {
            return Err("meeting_ended");
        }
        if let Where::Declined(at) = self.place(user)
            && self.now - at < KNOCK_AGAIN_MS
        {
            return Err("declined");
        }
        if (self.locked || self.suspended) && !staff {
            return Err("meeting_locked");
        }
        if way.is_some() && self.is_open_for(user) && self.has_seat(user) {
            self.running = Some(true);
            self.come_in(user);
        } else if way.is_none() || !self.is_open_for(user) || self.terms.approval {
            if self.running == Some(false) {
                // There is nobody to approve.
                return Err("meeting_ended");
            }
            self.line_has_room()?;
            self.wait(user, way);
        } else {
            return Err("meeting_full");
        }
        self.user(user).sessions.push(None);
        self.settle();
        Ok(())
    }

    /// Staff comes at any time; others perhaps when host or co-host is there, and a bot starts no meeting.
    fn is_open_for(&self, user: i64) -> bool {
        let host_present = self.is_in(self.host) || self.co_hosts.iter().any(|it| self.is_in(*it));
        let open = self.terms.join_before_host || host_present;
        self.is_staff(user) || open && (user != BOT || self.running == Some(true))
    }

    pub(super) fn line_has_room(&self) -> Result<(), No> {
        if self.line.len() < self.terms.waiting_max { Ok(()) } else { Err("waiting_room_full") }
    }

    pub(super) fn wait(&mut self, user: i64, way: Option<Way>) {
        self.line.push(user);
        let waits = self.user(user);
        (waits.place, waits.way) = (Where::Waiting, way);
    }

    pub(super) fn come_in(&mut self, user: i64) {
        let room = self.room_for(user);
        self.line.retain(|other| *other != user);
        let now = self.now;
        let comes = self.user(user);
        (comes.place, comes.joined_at, comes.sent_back) = (Where::In, now, false);
        if room.is_some() {
            self.move_to(user, room);
        }
        if user != BOT {
            self.empty_since = None;
        }
        if self.acting_for.is_some_and(|away| user == away || user == OWNER) {
            // Who loses the seat to the owner is co-host, if there is room.
            let away = self.rightful_host();
            let room = self.co_hosts_beside(user) < self.terms.cohosts_max;
            self.seat(user, Some(away).filter(|away| *away != user && room));
        } else if user == self.host {
            self.host_gone = None;
        }
    }

    pub(super) fn co_hosts_beside(&self, user: i64) -> usize {
        self.co_hosts.iter().filter(|other| **other != user).count()
    }

    /// Someone is host in full, and who was before perhaps co-host.
    pub(super) fn seat(&mut self, user: i64, co_host: Option<i64>) {
        self.co_hosts.retain(|other| *other != user);
        self.co_hosts.extend(co_host);
        (self.host, self.acting_for, self.host_gone) = (user, None, None);
    }

    /// One's own room while it is open; else the main room, or as the meeting has it for who is late.
    fn room_for(&self, user: i64) -> Option<u32> {
        let Rooms { open: true, ids, homes, .. } = &self.rooms else { return None };
        if let Some(home) = homes.get(&user) {
            return *home;
        }
        if !self.terms.least_full || user == BOT || self.rank(user) >= 60 {
            return None;
        }
        let people = |room: &u32| self.users.values().filter(|it| it.room == Some(*room)).count();
        ids.iter().copied().min_by_key(people)
    }

    pub(super) fn move_to(&mut self, user: i64, room: Option<u32>) {
        self.rooms.homes.insert(user, room);
        self.user(user).room = room;
    }

    pub(super) fn close_rooms(&mut self) {
        self.rooms = Rooms { last: self.rooms.last, ..Rooms::default() };
        self.users.values_mut().for_each(|user| user.room = None);
    }

    /// Someone is no longer here, or no longer in.
    pub(super) fn go(&mut self, user: i64, place: Where) {
        let now = self.now;
        let was_in = self.is_in(user);
        self.line.retain(|other| *other != user);
        self.hands.retain(|other| *other != user);
        let gone = self.user(user);
        (gone.place, gone.microphone, gone.room) = (place, false, None);
        if place != Where::Waiting {
            gone.sessions.clear();
        }
        if was_in {
            gone.left_at = Some(now);
            if user != BOT && self.present() == 0 {
                self.empty_since = Some(now);
            }
            if user == self.host {
                self.host_gone = Some(now);
            }
        }
    }

    /// A socket is gone.
    pub(in super::super) fn lose(&mut self, user: i64, session: usize) {
        let now = self.now;
        if let Some(lost @ None) = self.user(user).sessions.get_mut(session) {
            *lost = Some(now);
        }
    }

    /// It is back.
    pub(in super::super) fn resume(&mut self, user: i64, session: usize) {
        if let Some(lost) = self.user(user).sessions.get_mut(session) {
            *lost = None;
        }
        self.settle();
    }

    /// The server was killed, and started again. It has forgotten whom it refused what.
    pub(in super::super) fn restart(&mut self) {
        let now = self.now;
        for user in self.users.values_mut() {
            user.sessions.iter_mut().for_each(|lost| *lost = Some(now));
            user.refused = None;
        }
    }

    /// Time passes at once, and what is due by then happens then.
    pub(in super::super) fn pass(&mut self, seconds: u32) {
        self.now += i64::from(seconds) * 1000;
        let now = self.now;
        for user in self.users.values_mut() {
            let over = |(since, count)| count > REFUSALS_A_MINUTE && now - since >= MINUTE_MS;
            if user.refused.is_some_and(over) {
                user.refused = None;
                self.told_of_refusals += 1;
            }
        }
        self.expire();
        let running = self.running == Some(true);
        let empty = self.empty_since.is_some_and(|at| now - at >= END_WHEN_EMPTY_MS);
        let hostless = self.hostless_end();
        if running && (empty || hostless.is_some_and(|at| at < now)) {
            self.end();
        }
        self.settle();
        if running && hostless.is_some_and(|at| at == now) {
            self.end();
        }
    }

    /// Sessions that were lost for too long are over.
    fn expire(&mut self) {
        let now = self.now;
        for user in self.users.keys().copied().collect::<Vec<_>>() {
            let place = self.place(user);
            let User { sessions, joined_at, .. } = self.user(user);
            let over = |lost_at: i64| match place {
                // One who was let in while away has the whole grace to notice.
                Where::In => now - lost_at.max(*joined_at) >= GRACE_MS,
                _ => now - lost_at >= HELD_MS,
            };
            let before = sessions.len();
            sessions.retain(|lost| lost.is_none_or(|at| !over(at)));
            if before > 0 && sessions.is_empty() {
                self.go(user, Where::Out);
            }
        }
    }

    fn hostless_end(&self) -> Option<i64> {
        let Succession::EndAfter(minutes) = self.terms.succession else { return None };
        self.host_gone.map(|at| at + i64::from(minutes) * MINUTE_MS)
    }

    /// What happens by itself, now: who can comes in, in order; then someone acts for a host who is gone.
    pub(super) fn settle(&mut self) {
        self.expire();
        while let Some(user) = self.line.iter().copied().find(|user| self.comes_by_itself(*user)) {
            self.come_in(user);
        }
        if let Some(user) = self.successor() {
            let away = self.rightful_host();
            (self.host, self.acting_for, self.host_gone) = (user, Some(away), None);
            // Others may have waited for a host.
            self.settle();
        }
    }

    fn comes_by_itself(&self, user: i64) -> bool {
        let may = match self.users[&user].way {
            None => false,
            Some(Way::Staff) => self.is_staff(user),
            Some(Way::Open | Way::Rule) => {
                let door_open = !self.locked && !self.suspended;
                (door_open || self.is_staff(user)) && self.is_open_for(user)
            }
        };
        may && self.has_seat(user)
    }

    /// R4: the co-host appointed earliest and present, then the moderator, or who has such a rank, who came
    /// earliest. Never a guest, a bot or someone waiting.
    fn successor(&self) -> Option<i64> {
        let on = self.terms.succession == Succession::CohostFirst && self.running == Some(true);
        self.host_gone.filter(|_| on)?;
        let fits = |user: &i64| {
            let connected = self.users[user].sessions.contains(&None);
            is_member(*user) && self.is_in(*user) && connected
        };
        let mut co_hosts = self.co_hosts.iter().copied();
        let moderators = self.users.keys().copied().filter(|user| self.rank(*user) >= 60);
        let known = |user: &i64| self.users.contains_key(user);
        co_hosts.find(|user| known(user) && fits(user)).or_else(|| {
            moderators.filter(fits).min_by_key(|user| (self.users[user].joined_at, *user))
        })
    }

    pub(super) fn end(&mut self) {
        for user in self.users.keys().copied().collect::<Vec<_>>() {
            if matches!(self.place(user), Where::In | Where::Waiting) {
                self.go(user, Where::Out);
            }
        }
        self.close_rooms();
        self.running = Some(false);
        (self.host_gone, self.empty_since, self.ended_at) = (None, None, self.now);
    }

    /// R15: the answer to one who lacks a permission.
    pub(super) fn refuse(&mut self, user: i64) -> No {
        let now = self.now;
        let refused = &mut self.user(user).refused;
        let (since, count) =
            refused.filter(|(since, _)| now - since < MINUTE_MS).unwrap_or((now, 0));
        *refused = Some((since, count + 1));
        if count < REFUSALS_A_MINUTE { "forbidden" } else { "rate_limited" }
    }
}
