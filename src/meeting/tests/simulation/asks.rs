//! What happens by chance: the terms of meetings, and what people in them ask for.

use quorate_protocol::*;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::super::model::{Ask, BOT, CUSTOM, Model, Succession as Then, Terms};
use super::super::stage::*;
use crate::meeting::event::MeetingCreated;
use Permission as P;

/// Who takes part.
pub(super) const USERS: [i64; 10] = [OWNER, 2, 3, 4, 5, 6, 100, 101, 102, BOT];
/// What is granted and denied in person.
const GIVEN: [P; 9] = [
    P::ChatSend,
    P::MediaAudio,
    P::MediaShare,
    P::ParticipantAdmit,
    P::ParticipantBan,
    P::MeetingEnd,
    P::MeetingPolicy,
    P::RoleAssign,
    P::BreakoutManage,
];
/// What is locked.
const LOCKS: [&[P]; 4] = [&[], &[P::MediaAudio], &[P::ChatSend], &[P::MediaAudio, P::ChatSend]];
/// Kinds of things that people ask for; see [`some_ask`].
pub(super) const THEMES: usize = 7;

fn with_room(name: &str, user: i64) -> RoomAsked {
    RoomAsked { name: name.to_owned(), participants: vec![at(user)] }
}

/// What a meeting is made with.
pub(super) fn terms(rng: &mut StdRng) -> Terms {
    let rules = ["staff", "returning", "invited", "bot_scope", "members"];
    let usual = |rule: &&str| *rule != "members";
    let passes = match rng.random_bool(0.5) {
        true => rules.into_iter().filter(usual).collect(),
        false => rules.into_iter().filter(|_| rng.random_bool(0.5)).collect(),
    };
    let succession =
        [Then::CohostFirst, Then::CohostFirst, Then::Hold, Then::EndAfter(1), Then::EndAfter(5)];
    Terms {
        approval: rng.random_bool(0.5),
        capacity: *[3, 5, 100].choose(rng).unwrap(),
        join_before_host: rng.random_bool(0.7),
        passes,
        succession: *succession.choose(rng).unwrap(),
        cohosts_max: *[2, 25].choose(rng).unwrap(),
        waiting_max: *[2, 200, 200].choose(rng).unwrap(),
        least_full: rng.random_bool(0.5),
        bot_owner: *[OWNER, 2, 3, 4].choose(rng).unwrap(),
    }
}

/// The meeting of these terms.
pub(super) fn make(created: &mut MeetingCreated, terms: &Terms) {
    created.requires_approval = terms.approval;
    created.max_participants = Some(terms.capacity as u32);
    let settings = &mut created.settings;
    let pass = |rule: &&str| match *rule {
        "staff" => Pass::Staff,
        "returning" => Pass::Returning,
        "invited" => Pass::Invited,
        "bot_scope" => Pass::BotScope,
        _ => Pass::Members,
    };
    settings.waiting_passes = terms.passes.iter().map(pass).collect();
    settings.join_before_host = terms.join_before_host;
    settings.succession = match terms.succession {
        Then::CohostFirst => Succession::CohostFirst,
        Then::Hold => Succession::Hold,
        Then::EndAfter(minutes) => {
            settings.end_after_minutes = minutes;
            Succession::EndAfter
        }
    };
    settings.max_cohosts = terms.cohosts_max as u32;
    settings.max_waiting = terms.waiting_max as u32;
    if terms.least_full {
        settings.breakout_late = BreakoutLate::LeastFull;
    }
}

/// One of the things that people ask for, by what they are about; mostly of people who are here.
pub(super) fn some_ask(rng: &mut StdRng, here: &[i64], theme: usize) -> Ask {
    let mut some = || {
        let anyone = here.is_empty() || rng.random_bool(0.2);
        *if anyone { &USERS } else { here }.choose(rng).unwrap()
    };
    let (one, other) = (some(), some());
    let rank = *["moderator", "presenter", "attendee", CUSTOM].choose(rng).unwrap();
    let given = *GIVEN.choose(rng).unwrap();
    let locks = *LOCKS.choose(rng).unwrap();
    let capacity = *[3, 4, 6, 100].choose(rng).unwrap();
    let room = rng.random_range(0..2);
    let yes = rng.random_bool(0.5);
    let asks: &[Ask] = match theme {
        // Coming in.
        0 => &[
            Ask::Admit(one),
            Ask::Admit(one),
            Ask::AdmitAll,
            Ask::Decline(one),
            Ask::SendBack(one),
            Ask::Invite(one),
            Ask::Approval,
            Ask::NoApproval(yes),
            Ask::Capacity(capacity),
        ],
        // Going, and staying out.
        1 => &[
            Ask::Leave(None),
            Ask::Remove(one),
            Ask::Remove(one),
            Ask::Ban(one, None),
            Ask::Ban(one, Some(100)),
            Ask::Unban(one),
            Ask::Unban(other),
            Ask::SendBack(one),
            Ask::Admit(one),
        ],
        // The seat.
        2 => &[
            Ask::AddCohost(one),
            Ask::AddCohost(one),
            Ask::RemoveCohost(one),
            Ask::Assign(one, "moderator"),
            Ask::Transfer(one),
            Ask::Leave(Some(one)),
            Ask::Leave(None),
            Ask::Reclaim,
        ],
        // Rights.
        3 => &[
            Ask::Assign(one, rank),
            Ask::Assign(one, rank),
            Ask::Assign(one, CUSTOM),
            Ask::Grant(one, given),
            Ask::Grant(one, given),
            Ask::Deny(one, given),
            Ask::Reset(one, None),
            Ask::Reset(one, Some(given)),
            Ask::AddCohost(one),
        ],
        // All at once.
        4 => &[
            Ask::Lock,
            Ask::Unlock,
            Ask::Unlock,
            Ask::Suspend,
            Ask::Resume,
            Ask::Locks(locks),
            Ask::MuteAll,
            if yes { Ask::Say } else { Ask::End },
        ],
        // Taking part.
        5 => &[
            Ask::Microphone(true),
            Ask::Microphone(true),
            Ask::Microphone(false),
            Ask::Say,
            Ask::Raise,
            Ask::Lower(one),
            Ask::Mute(one),
            Ask::Rename(one),
        ],
        // Rooms.
        _ => &[
            if one == other { Ask::CloseRooms } else { Ask::Prepare(one, other) },
            Ask::OpenRooms,
            Ask::OpenRooms,
            Ask::AssignRoom(one, yes.then_some(room)),
            Ask::JoinRoom(room),
            Ask::JoinRoom(room),
            Ask::Return,
            Ask::Return,
        ],
    };
    *asks.choose(rng).unwrap()
}

/// The command that asks it.
pub(super) fn command(ask: Ask, model: &Model) -> Command {
    let reason = |user| PersonReason { participant: at(user), reason: None };
    let policy = |policy| Command::MeetingPolicy(Box::new(policy));
    let media = vec![MediaKind::Audio];
    match ask {
        Ask::Leave(successor) => Command::Leave(Leave { successor: successor.map(at) }),
        Ask::Admit(user) => admit(user),
        Ask::AdmitAll => admit_all(None),
        Ask::Decline(user) => decline(user),
        Ask::Remove(user) => Command::ParticipantRemove(reason(user)),
        Ask::Ban(user, seconds) => {
            ban(user, seconds.map(|seconds| Timestamp(model.now).plus_seconds(seconds)))
        }
        Ask::Unban(user) => unban(user),
        Ask::SendBack(user) => Command::ParticipantSendToWaiting(SendToWaiting {
            participant: at(user),
            message: None,
        }),
        Ask::Invite(user) => {
            Command::InviteeAdd(InviteeAdd { user: Some(UserId(user)), ..InviteeAdd::default() })
        }
        Ask::Rename(user) => Command::ParticipantRename(Rename {
            participant: Some(at(user)),
            name: "Somebody".to_owned(),
        }),
        Ask::Mute(user) => Command::ParticipantMute(Mute { participant: at(user), media }),
        Ask::MuteAll => Command::ParticipantMuteAll(MuteAll { media, except: Vec::new() }),
        Ask::Assign(user, name) => assign(user, role(name)),
        Ask::AddCohost(user) => cohost(user),
        Ask::RemoveCohost(user) => Command::CohostRemove(UserOnly { user: UserId(user) }),
        Ask::Transfer(user) => transfer(user),
        Ask::Reclaim => reclaim(),
        Ask::Grant(user, permission) => grant(user, &[permission]),
        Ask::Deny(user, permission) => deny(user, &[permission]),
        Ask::Reset(user, None) => reset(user, None),
        Ask::Reset(user, Some(permission)) => reset(user, Some(&[permission])),
        Ask::Lock => empty(Command::MeetingLock),
        Ask::Unlock => empty(Command::MeetingUnlock),
        Ask::Suspend => empty(Command::MeetingSuspend),
        Ask::Resume => empty(Command::MeetingResume),
        Ask::Locks(locks) => policy(Policy { locks: Some(locks.to_vec()), ..Policy::default() }),
        Ask::Approval => policy(Policy { requires_approval: Some(true), ..Policy::default() }),
        Ask::NoApproval(keep) => policy(Policy {
            requires_approval: Some(false),
            waiting: Some(if keep { WaitingThen::Keep } else { WaitingThen::AdmitAll }),
            ..Policy::default()
        }),
        Ask::Capacity(most) => {
            policy(Policy { max_participants: Some(Some(most)), ..Policy::default() })
        }
        Ask::Raise => empty(Command::HandRaise),
        Ask::Lower(user) => Command::HandLower(HandLower { participant: Some(at(user)) }),
        Ask::Microphone(on) => {
            Command::MediaUpdate(MediaUpdate { audio: Some(on), ..MediaUpdate::default() })
        }
        Ask::Say => say("hello", None),
        Ask::Prepare(one, other) => Command::BreakoutPrepare(BreakoutPrepare {
            rooms: vec![with_room("Blue", one), with_room("Green", other)],
            mode: BreakoutMode::Manual,
            minutes: None,
        }),
        Ask::OpenRooms => empty(Command::BreakoutOpen),
        Ask::AssignRoom(user, room) => Command::BreakoutAssign(BreakoutAssign {
            participant: at(user),
            room: room.map(|room| RoomId(model.room_meant(room))),
        }),
        Ask::JoinRoom(room) => {
            Command::BreakoutJoin(RoomOnly { room: RoomId(model.room_meant(room)) })
        }
        Ask::Return => empty(Command::BreakoutReturn),
        Ask::CloseRooms => Command::BreakoutClose(BreakoutClose::default()),
        Ask::End => empty(Command::MeetingEnd),
    }
}
