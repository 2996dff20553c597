//! What people ask for, and what the pages answer.

use quorate_protocol::Permission as P;

use super::door::Way;
use super::{BOT, CUSTOM, Mark, Model, No, Rooms, Where, is_guest, is_member, is_scope};
use crate::meeting::tests::stage::OWNER;

/// What someone may ask for, by the number of the user concerned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Ask {
    /// And who is host then.
    Leave(Option<i64>),
    Admit(i64),
    AdmitAll,
    Decline(i64),
    Remove(i64),
    /// For so many seconds, or for good.
    Ban(i64, Option<u32>),
    Unban(i64),
    SendBack(i64),
    Invite(i64),
    Rename(i64),
    Mute(i64),
    MuteAll,
    Assign(i64, &'static str),
    AddCohost(i64),
    RemoveCohost(i64),
    Transfer(i64),
    Reclaim,
    Grant(i64, P),
    Deny(i64, P),
    /// One, or all.
    Reset(i64, Option<P>),
    Lock,
    Unlock,
    Suspend,
    Resume,
    /// What is locked from now on.
    Locks(&'static [P]),
    Approval,
    /// And whether those who wait are kept.
    NoApproval(bool),
    Capacity(u32),
    Raise,
    Lower(i64),
    Microphone(bool),
    Say,
    /// Two rooms, with one person in each.
    Prepare(i64, i64),
    OpenRooms,
    /// The first or the second of the rooms, or the main room.
    AssignRoom(i64, Option<usize>),
    JoinRoom(usize),
    Return,
    CloseRooms,
    End,
}

impl Model {
    /// Someone who has a session asks for something.
    pub(in super::super) fn ask(&mut self, me: i64, ask: Ask) -> Result<(), No> {
        match self.answer(me, ask) {
            Ok(()) => self.settle(),
            Err("forbidden") => return Err(self.refuse(me)),
            Err(no) => return Err(no),
        }
        Ok(())
    }

    fn answer(&mut self, me: i64, ask: Ask) -> Result<(), No> {
        if ask == Ask::Leave(None) {
            self.go(me, Where::Out);
            return Ok(());
        }
        if !self.is_in(me) {
            // Who waits may leave, and names nobody.
            return Err(if matches!(ask, Ask::Leave(_)) { "forbidden" } else { "waiting" });
        }
        match ask {
            Ask::Leave(Some(other)) => {
                self.require(me, P::RoleTransferHost)?;
                self.hand_over(me, other)?;
                self.go(me, Where::Out);
            }
            Ask::Transfer(other) => {
                self.require(me, P::RoleTransferHost)?;
                self.hand_over(me, other)?;
            }
            Ask::Reclaim => self.reclaim(me)?,
            Ask::Admit(_) | Ask::AdmitAll => {
                self.require(me, P::ParticipantAdmit)?;
                self.admit(ask)?;
            }
            Ask::Decline(other) => {
                self.require(me, P::ParticipantDecline)?;
                self.target(me, other)?;
                match self.place(other) {
                    Where::Waiting => self.go(other, Where::Declined(self.now)),
                    Where::In => return Err("conflict"),
                    Where::Declined(_) => {}
                    Where::Out | Where::Never => return Err("not_found"),
                }
            }
            Ask::Remove(other) => {
                self.someone_in(me, P::ParticipantRemove, other)?;
                self.go(other, Where::Out);
                self.user(other).removed = true;
            }
            Ask::SendBack(other) => {
                self.someone_in(me, P::ParticipantSendToWaiting, other)?;
                self.line_has_room()?;
                self.go(other, Where::Waiting);
                self.wait(other, None);
                self.user(other).sent_back = true;
            }
            Ask::Mute(other) => {
                self.someone_in(me, P::ParticipantMuteOther, other)?;
                self.user(other).microphone = false;
            }
            Ask::MuteAll => {
                self.require(me, P::ParticipantMuteOther)?;
                for other in self.users.keys().copied().collect::<Vec<_>>() {
                    if self.outrank(me, other).is_ok() {
                        self.user(other).microphone = false;
                    }
                }
            }
            Ask::Ban(other, seconds) => {
                self.require(me, P::ParticipantBan)?;
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
                self.require(me, P::ParticipantUnban)?;
                self.bans.remove(&other).ok_or("not_found")?;
                if let Some(user) = self.users.get_mut(&other) {
                    user.removed = false;
                }
            }
            Ask::Invite(other) => {
                self.require(me, P::ParticipantInvite)?;
                self.invited.insert(other);
            }
            Ask::Rename(other) if other == me => self.require(me, P::ParticipantRenameSelf)?,
            Ask::Rename(other) => {
                self.someone_in(me, P::ParticipantRenameOther, other)?;
                if self.rank(me) < 80 && !is_guest(other) {
                    return Err("conflict");
                }
            }
            Ask::Assign(other, role) => self.assign(me, other, role)?,
            Ask::AddCohost(other) => self.add_cohost(me, other)?,
            Ask::RemoveCohost(other) => {
                self.require(me, P::RoleAssignCohost)?;
                let at = self.co_hosts.iter().position(|user| *user == other).ok_or("not_found")?;
                self.outrank(me, other)?;
                self.co_hosts.remove(at);
            }
            Ask::Grant(..) | Ask::Deny(..) | Ask::Reset(..) => self.give_or_take(me, ask)?,
            Ask::Lock | Ask::Unlock => {
                self.require(me, P::MeetingLock)?;
                self.locked = ask == Ask::Lock;
            }
            Ask::Suspend | Ask::Resume => {
                self.require(me, P::MeetingSuspend)?;
                self.suspend(ask == Ask::Suspend);
            }
            Ask::Locks(_) | Ask::Approval | Ask::NoApproval(_) | Ask::Capacity(_) => {
                self.require(me, P::MeetingPolicy)?;
                self.change_policy(ask);
            }
            Ask::Raise => {
                self.require(me, P::HandRaise)?;
                if !self.hands.contains(&me) {
                    self.hands.push(me);
                }
            }
            Ask::Lower(other) => {
                if other != me {
                    self.require(me, P::HandManage)?;
                    self.target(me, other)?;
                }
                self.hands.retain(|user| *user != other);
            }
            Ask::Microphone(on) => {
                if on {
                    self.require(me, P::MediaAudio)?;
                }
                self.user(me).microphone = on;
            }
            Ask::Say => self.require(me, P::ChatSend)?,
            Ask::Prepare(..) | Ask::OpenRooms | Ask::AssignRoom(..) | Ask::CloseRooms => {
                self.require(me, P::BreakoutManage)?;
                self.manage_rooms(me, ask)?;
            }
            Ask::JoinRoom(which) => {
                self.require(me, P::BreakoutRoam)?;
                let room = self.room(which)?;
                self.need_open_rooms()?;
                self.go_to(me, Some(room));
            }
            Ask::Return => {
                self.need_open_rooms()?;
                self.go_to(me, None);
            }
            Ask::End => {
                self.require(me, P::MeetingEnd)?;
                self.end();
            }
            Ask::Leave(None) => {}
        }
        Ok(())
    }

    /// Acting on someone who must be in, and not oneself.
    fn someone_in(&self, me: i64, permission: P, other: i64) -> Result<(), No> {
        self.require(me, permission)?;
        if me == other {
            return Err("invalid");
        }
        self.target(me, other)?;
        if self.is_in(other) { Ok(()) } else { Err("not_found") }
    }

    /// R3: the old host becomes co-host.
    fn hand_over(&mut self, me: i64, other: i64) -> Result<(), No> {
        self.known(other)?;
        if other == me {
            return Err("invalid");
        }
        if !is_member(other) {
            return Err("conflict");
        }
        if !self.is_in(other) {
            return Err("not_found");
        }
        self.seat_in_place(other)
    }

    fn reclaim(&mut self, me: i64) -> Result<(), No> {
        if me != OWNER {
            return Err("forbidden");
        }
        if self.host == OWNER && self.acting_for.is_none() {
            return Ok(());
        }
        self.seat_in_place(OWNER)
    }

    fn seat_in_place(&mut self, user: i64) -> Result<(), No> {
        let before = Some(self.rightful_host()).filter(|host| *host != user);
        if before.is_some() && self.co_hosts_beside(user) >= self.terms.cohosts_max {
            return Err("conflict");
        }
        self.seat(user, before);
        Ok(())
    }

    fn admit(&mut self, ask: Ask) -> Result<(), No> {
        let Ask::Admit(other) = ask else {
            for other in self.line.clone() {
                if self.has_seat(other) {
                    self.come_in(other);
                }
            }
            return Ok(());
        };
        match self.place(other) {
            Where::Never | Where::Out => return Err("not_found"),
            Where::Declined(_) => return Err("conflict"),
            Where::In => {}
            Where::Waiting if !self.has_seat(other) => return Err("meeting_full"),
            Where::Waiting => self.come_in(other),
        }
        Ok(())
    }

    fn assign(&mut self, me: i64, other: i64, role: &'static str) -> Result<(), No> {
        self.require(me, P::RoleAssign)?;
        self.target(me, other)?;
        if other == BOT {
            return Err("conflict");
        }
        if role == CUSTOM && self.custom.is_none() {
            return Err("invalid");
        }
        let rank = self.rank_of_role(role);
        if rank >= self.rank(me) {
            return Err("rank_too_low");
        }
        if let Some(custom) = self.custom.as_ref().filter(|_| role == CUSTOM) {
            // R2: nor by way of a role does one give what one lacks.
            custom.grants.iter().try_for_each(|granted| self.require(me, *granted))?;
        }
        if is_guest(other) && rank > 40 || self.role(other) == "co_host" {
            return Err("conflict");
        }
        self.user(other).role = role;
        Ok(())
    }

    fn add_cohost(&mut self, me: i64, other: i64) -> Result<(), No> {
        self.require(me, P::RoleAssignCohost)?;
        self.known(other)?;
        if self.co_hosts.contains(&other) {
            return Ok(());
        }
        self.outrank(me, other)?;
        if !is_member(other) || self.co_hosts.len() >= self.terms.cohosts_max {
            return Err("conflict");
        }
        self.co_hosts.push(other);
        Ok(())
    }

    /// R2: one gives what one has, where it is not `–`; what is always there is not taken.
    fn give_or_take(&mut self, me: i64, ask: Ask) -> Result<(), No> {
        let (Ask::Grant(other, _) | Ask::Deny(other, _) | Ask::Reset(other, _)) = ask else {
            unreachable!()
        };
        self.require(me, P::RoleAssign)?;
        self.target(me, other)?;
        let mark = |permission| match other {
            BOT if is_scope(permission) => Mark::Default,
            BOT => Mark::Never,
            other => self.mark(permission, self.role(other)),
        };
        match ask {
            Ask::Grant(_, permission) => {
                if mark(permission) == Mark::Never {
                    return Err("forbidden");
                }
                self.require(me, permission)?;
                if other == BOT {
                    return Err("conflict");
                }
                let other = self.user(other);
                other.granted.insert(permission);
                other.denied.remove(&permission);
            }
            Ask::Deny(_, permission) => {
                if mark(permission) == Mark::Always {
                    return Err("invalid");
                }
                let other = self.user(other);
                other.granted.remove(&permission);
                other.denied.insert(permission);
            }
            Ask::Reset(_, which) => {
                let asked = |permission: &P| which.is_none_or(|which| which == *permission);
                // To lift a deny is to give.
                let lifted = self.users[&other].denied.iter().copied().filter(asked);
                let mut lifted = lifted.filter(|permission| mark(*permission) != Mark::Always);
                lifted.try_for_each(|permission| self.require(me, permission))?;
                let other = self.user(other);
                other.granted.retain(|permission| !asked(permission));
                other.denied.retain(|permission| !asked(permission));
            }
            _ => {}
        }
        Ok(())
    }

    fn suspend(&mut self, on: bool) {
        if on && !self.suspended {
            for user in self.users.keys().copied().collect::<Vec<_>>() {
                if self.rank(user) < 60 {
                    self.user(user).microphone = false;
                }
            }
        }
        self.suspended = on;
    }

    fn change_policy(&mut self, ask: Ask) {
        let before = (self.locks.clone(), self.terms.clone());
        match ask {
            Ask::Locks(locks) => self.locks = locks.to_vec(),
            Ask::Capacity(capacity) => self.terms.capacity = capacity as usize,
            Ask::Approval => self.terms.approval = true,
            Ask::NoApproval(_) => self.terms.approval = false,
            _ => {}
        }
        if before == (self.locks.clone(), self.terms.clone()) {
            return;
        }
        if self.terms.approval {
            // The waiting room holds those too who wait for something else, and would not pass it.
            for user in self.line.clone() {
                let allowed = match self.users[&user].way {
                    Some(Way::Open) => false,
                    Some(Way::Staff) => self.terms.passes.contains(&"staff"),
                    Some(Way::Rule) | None => true,
                };
                if !allowed && !self.is_seated(user) {
                    self.user(user).way = None;
                }
            }
        } else if ask == Ask::NoApproval(false) {
            // R6: who was removed waits for approval in any case; who was sent back does too.
            let users = self.users.values_mut().filter(|it| !it.removed && !it.sent_back);
            users.for_each(|user| user.way = user.way.or(Some(Way::Open)));
        }
    }

    fn manage_rooms(&mut self, me: i64, ask: Ask) -> Result<(), No> {
        match ask {
            Ask::Prepare(one, other) => {
                self.assignable(me, one)?;
                self.assignable(me, other)?;
                if self.rooms.open {
                    return Err("conflict");
                }
                let last = self.rooms.last + 2;
                let homes = [(one, Some(last - 1)), (other, Some(last))].into();
                self.rooms = Rooms { open: false, ids: vec![last - 1, last], last, homes };
            }
            Ask::OpenRooms if self.rooms.ids.is_empty() => return Err("conflict"),
            Ask::OpenRooms if !self.rooms.open => {
                self.rooms.open = true;
                for (user, room) in self.rooms.homes.clone() {
                    if self.is_in(user) {
                        self.user(user).room = room;
                    }
                }
            }
            Ask::AssignRoom(other, which) => {
                self.known(other)?;
                let room = which.map(|which| self.room(which)).transpose()?;
                self.assignable(me, other)?;
                if self.rooms.ids.is_empty() {
                    return Err("conflict");
                }
                if self.rooms.open && self.is_in(other) {
                    self.go_to(other, room);
                } else {
                    self.rooms.homes.insert(other, room);
                }
            }
            Ask::CloseRooms if self.rooms.open => self.close_rooms(),
            _ => {}
        }
        Ok(())
    }

    /// Someone who is or was in; oneself, or of a lower rank.
    fn assignable(&self, me: i64, other: i64) -> Result<(), No> {
        self.known(other)?;
        if !self.is_in(other) && self.users[&other].left_at.is_none() {
            return Err("not_found");
        }
        if me == other { Ok(()) } else { self.outrank(me, other) }
    }

    fn go_to(&mut self, user: i64, room: Option<u32>) {
        if self.users[&user].room != room {
            self.move_to(user, room);
        }
    }

    fn need_open_rooms(&self) -> Result<(), No> {
        if self.rooms.open { Ok(()) } else { Err("conflict") }
    }

    fn room(&self, which: usize) -> Result<u32, No> {
        self.rooms.ids.get(which).copied().ok_or("not_found")
    }

    /// The id that someone has in mind: of a room that is there, or of one that was, or is to be.
    pub(in super::super) fn room_meant(&self, which: usize) -> u32 {
        self.room(which).unwrap_or(self.rooms.last.max(1))
    }
}
