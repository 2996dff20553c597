//! Bots: their scopes, their owners, their seats.

use quorate_protocol::*;

use super::stage::*;
use crate::meeting::{Input, Refusal};
use Permission as P;

const BOT: i64 = 200;
const SCOPES: [Permission; 4] = [P::ChatSend, P::MeetingLock, P::ParticipantAdmit, P::PollVote];

/// A meeting that has started, with the owner, co-host 2 and attendee 5 in it, and the bot of this user.
fn with_bot_of(owner: Option<i64>) -> Stage {
    let mut stage = Stage::new(|_| {});
    for user in [OWNER, 2, 5] {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.enter_as(BOT, bot(owner, SCOPES)).unwrap();
    stage
}

fn may(stage: &Stage) -> Vec<Permission> {
    stage.person(BOT).can.set.iter().collect()
}

#[test]
fn a_bot_may_what_its_scopes_and_its_owner_may_both() {
    for (owner, expected) in [
        (None, vec![P::MeetingLock, P::ParticipantAdmit, P::ChatSend]),
        (Some(OWNER), vec![P::MeetingLock, P::ParticipantAdmit, P::ChatSend]),
        (Some(2), vec![P::MeetingLock, P::ParticipantAdmit, P::ChatSend]),
        (Some(5), vec![P::ChatSend]),
        (Some(77), vec![P::ChatSend]),
    ] {
        let stage = with_bot_of(owner);
        assert_eq!(may(&stage), expected, "owned by {owner:?}; voting is no scope");
        assert_eq!(stage.meeting.facts.rank_of(UserId(BOT)), 30);
    }
}

#[test]
fn a_bot_loses_with_its_owner_at_once() {
    let mut stage = with_bot_of(Some(2));
    stage.ask(OWNER, Command::CohostRemove(UserOnly { user: UserId(2) })).unwrap();
    assert_eq!(may(&stage), [P::ChatSend]);
    assert_eq!(
        stage.ask(BOT, empty(Command::MeetingLock)),
        Err(Refusal::Forbidden(P::MeetingLock))
    );
    stage.ask(OWNER, cohost(2)).unwrap();
    assert!(stage.ask(BOT, empty(Command::MeetingLock)).is_ok());
    stage.ask(OWNER, empty(Command::MeetingUnlock)).unwrap();
    stage.ask(OWNER, Command::CohostRemove(UserOnly { user: UserId(2) })).unwrap();
    stage.ask(OWNER, remove(2)).unwrap();
    assert_eq!(may(&stage), [], "whose owner was put out may nothing");
    stage.enter(2).unwrap();
    assert_eq!(may(&stage), [], "and while they wait");
    stage.ask(OWNER, admit(2)).unwrap();
    assert_eq!(may(&stage), [P::ChatSend], "until they are in again");
}

#[test]
fn the_bot_of_someone_banned_may_nothing_and_does_not_come_in() {
    let mut stage = with_bot_of(Some(77));
    stage.ask(OWNER, ban(77, None)).unwrap();
    assert_eq!(may(&stage), []);
    stage.ask(BOT, leave()).unwrap();
    let refused = stage.enter_as(BOT, bot(Some(77), SCOPES));
    assert_eq!(refused, Err(Refusal::Banned { until: None }));
    stage.ask(OWNER, unban(77)).unwrap();
    stage.enter_as(BOT, bot(Some(77), SCOPES)).unwrap();
    assert_eq!(may(&stage), [P::ChatSend]);
}

#[test]
fn nobody_gives_a_bot_what_its_token_does_not_say() {
    let mut stage = with_bot_of(Some(OWNER));
    for command in [assign(BOT, Role::Moderator), cohost(BOT)] {
        let refused = Err(Refusal::Conflict("a bot's rights are its scopes"));
        assert_eq!(stage.ask(OWNER, command.clone()), refused, "{command:?}");
    }
    let hand = stage.ask(BOT, empty(Command::HandRaise));
    assert_eq!(hand, Err(Refusal::Forbidden(P::HandRaise)));
}

#[test]
fn a_token_of_other_scopes_changes_what_the_bot_may() {
    let mut stage = with_bot_of(None);
    stage.enter_as(BOT, bot(None, [P::ChatSend])).unwrap();
    assert_eq!(may(&stage), [P::ChatSend]);
}

#[test]
fn r10_bots_have_seats_of_their_own() {
    let mut stage = Stage::new(|created| {
        created.max_participants = Some(2);
        created.settings.max_bots = 1;
    });
    stage.enter(OWNER).unwrap();
    stage.enter_as(BOT, bot(None, SCOPES)).unwrap();
    assert_eq!(stage.enter_as(BOT + 1, bot(None, [])), Err(Refusal::FullOfBots { limit: 1 }));
    let error = ErrorBody::from(&Refusal::FullOfBots { limit: 1 });
    assert_eq!((error.code, error.limit), (Code::MeetingFull, Some(1)));
    stage.enter(5).unwrap();
    assert_eq!(stage.enter(6), Err(Refusal::Full));
    let facts = &stage.meeting.facts;
    assert_eq!(facts.present, 2, "the bot is nobody");
    assert_eq!(facts.snapshot(stage.person(OWNER), stage.now).total, 2);
    assert_eq!(facts.roster(stage.person(OWNER)).len(), 3, "but it is seen");
    stage.ask(BOT, leave()).unwrap();
    assert!(stage.enter_as(BOT + 1, bot(None, [])).is_ok());
}

#[test]
fn r10_admitting_all_counts_bots_and_people_apart() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.max_participants = Some(3);
        created.settings.max_bots = 1;
    });
    stage.enter(OWNER).unwrap();
    for user in [BOT, BOT + 1] {
        stage.enter_as(user, bot(None, [])).unwrap();
    }
    for user in 5..8 {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, admit_all(None)).unwrap();
    let inside: Vec<_> =
        [BOT, BOT + 1, 5, 6, 7].into_iter().filter(|user| stage.is_in(*user)).collect();
    assert_eq!(inside, [BOT, 5, 6]);
    assert_eq!(stage.ask(OWNER, admit(BOT + 1)), Err(Refusal::FullOfBots { limit: 1 }));
}

#[test]
fn a_bot_neither_starts_a_meeting_nor_keeps_it_going() {
    let mut stage = Stage::new(|_| {});
    stage.enter_as(BOT, bot(None, SCOPES)).unwrap();
    let standing = stage.meeting.facts.standing(stage.now, stage.person(BOT)).unwrap();
    assert_eq!(standing.reason, WaitReason::NotStarted);
    assert_eq!(stage.meeting.facts.info.status, MeetingStatus::Scheduled);
    stage.enter(5).unwrap();
    assert!(stage.is_in(BOT), "it comes in when someone starts it");
    stage.ask(5, leave()).unwrap();
    stage.pass(599);
    assert!(stage.is_in(BOT));
    stage.pass(1);
    assert_eq!(stage.meeting.facts.info.status, MeetingStatus::Completed);
    assert!(!stage.is_in(BOT));
    assert_eq!(stage.enter_as(BOT, bot(None, SCOPES)), Err(Refusal::Ended));
}

#[test]
fn a_bot_comes_back_to_its_session_as_others_do() {
    let mut stage = with_bot_of(Some(2));
    let session = stage.person(BOT).sessions[0];
    stage.take(&Input::Lost { session }).unwrap();
    stage.ask(OWNER, Command::CohostRemove(UserOnly { user: UserId(2) })).unwrap();
    stage.take(&Input::Resume { session, user: UserId(BOT) }).unwrap();
    assert_eq!(may(&stage), [P::ChatSend], "with what is left to it");
}

#[test]
fn what_the_meeting_takes_from_a_bot_and_its_owner_is_said_to_be_taken_by_the_meeting() {
    let mut stage = with_bot_of(Some(5));
    let why = |stage: &Stage| stage.person(BOT).can.grants().0[&P::ChatSend];
    let locks = Some(vec![P::ChatSend]);
    let policy = Policy { locks, ..Policy::default() };
    stage.ask(OWNER, empty(Command::MeetingSuspend)).unwrap();
    assert_eq!(why(&stage), Grant::No(Denial::Suspended));
    stage.ask(OWNER, Command::MeetingPolicy(Box::new(policy))).unwrap();
    assert_eq!(why(&stage), Grant::No(Denial::Lock), "which lasts longer");
    stage.ask(OWNER, deny(5, &[P::ChatSend])).unwrap();
    assert_eq!(why(&stage), Grant::No(Denial::Role), "it is the owner's to have");
}

#[test]
fn whatever_befalls_the_owner_befalls_the_bot() {
    let mut stage = with_bot_of(Some(OWNER));
    let facts = &mut stage.meeting.facts;
    let may = |facts: &crate::meeting::Facts| facts.can_of(UserId(BOT)).set;
    facts.info.host = UserId(2);
    assert!(!may(facts).has(P::MeetingLock), "transferred");
    facts.info.host = UserId(OWNER);
    let owner = facts.people.get_mut(&at(OWNER)).unwrap();
    owner.role_given = Role::Attendee;
    owner.denies = PermissionSet::NONE.with(P::ChatSend);
    facts.info.host = UserId(2);
    assert!(!may(facts).has(P::ChatSend), "denied");
    facts.info.settings.locks = vec![P::ChatSend];
    facts.people.get_mut(&at(OWNER)).unwrap().denies = PermissionSet::NONE;
    assert!(!may(facts).has(P::ChatSend), "locked for both");
    facts.info.host = UserId(OWNER);
    assert!(!may(facts).has(P::ChatSend), "locked for the bot, whose rank is below staff");
    assert!(may(facts).has(P::MeetingLock));
}
