//! Acting without being there.

use quorate_protocol::*;

use super::stage::*;
use crate::meeting::event::{Event, Fact};
use crate::meeting::office::{Act, Actor};
use crate::meeting::{Bot, Decision, Input, Refusal};
use Permission as P;

/// One who never came.
const STRANGER: i64 = 50;

pub(super) fn actor(user: i64) -> Actor {
    Actor {
        user: UserId(user),
        kind: UserKind::Member,
        name: format!("User {user}"),
        email: None,
        bot: None,
        scopes: None,
        admin: false,
    }
}

pub(super) fn admin(user: i64) -> Actor {
    Actor { admin: true, ..actor(user) }
}

/// What this one asks, all of it or nothing.
fn asking(actor: Actor, commands: Vec<Command>) -> Act {
    Act {
        participant: ParticipantId(actor.user.0 + 1000),
        actor,
        revisions: None,
        named: Some(UserKind::Member),
        address: None,
        role_exists: None,
        of: None,
        commands,
    }
}

fn act_at(
    stage: &mut Stage,
    actor: Actor,
    command: Command,
    revision: Option<Seq>,
) -> Result<Decision, Refusal> {
    let revisions = revision.map(|seen| vec![seen]);
    let act = Act { revisions, ..asking(actor, vec![command]) };
    let decision = stage.take(&Input::Act(Box::new(act)))?;
    stage.settle();
    Ok(decision)
}

pub(super) fn act(stage: &mut Stage, actor: Actor, command: Command) -> Result<Decision, Refusal> {
    act_at(stage, actor, command, None)
}

fn last(stage: &Stage) -> &Event {
    stage.journal.last().unwrap()
}

#[test]
fn the_owner_acts_from_outside_and_gets_a_place_that_is_not_counted() {
    let mut stage = Stage::new(|_| {});
    act(&mut stage, actor(OWNER), cohost(2)).unwrap();
    let place = ParticipantId(OWNER + 1000);
    assert_eq!(last(&stage).by, Some(place));
    assert_eq!(last(&stage).personal.as_ref().unwrap().name.as_deref(), Some("User 1"));
    let person = stage.person(OWNER);
    assert_eq!((person.id, person.is_in(), &*person.name), (place, false, "User 1"));
    assert_eq!(stage.meeting.facts.present, 0);
    // The place is theirs when they come.
    stage.enter(OWNER).unwrap();
    assert_eq!(stage.person(OWNER).id, place);
    let events = stage.journal.len();
    act(&mut stage, actor(OWNER), empty(Command::MeetingLock)).unwrap();
    assert_eq!(stage.journal.len(), events + 1, "who is in is known");
    assert_eq!(last(&stage).personal, None);
}

#[test]
fn what_one_may_outside_is_what_one_would_inside() {
    for (user, command, answer) in [
        (2, empty(Command::MeetingLock), Ok(())),
        (2, empty(Command::MeetingEnd), Err(Refusal::Forbidden(P::MeetingEnd))),
        (3, empty(Command::MeetingLock), Ok(())),
        (3, ban(STRANGER, None), Err(Refusal::Forbidden(P::ParticipantBan))),
        (STRANGER, empty(Command::MeetingLock), Err(Refusal::Forbidden(P::MeetingLock))),
        (OWNER, say("Hello", None), Err(crate::meeting::office::INSIDE)),
        (OWNER, leave(), Err(crate::meeting::office::INSIDE)),
    ] {
        let mut stage = Stage::new(|_| {});
        for user in [OWNER, 2, 3] {
            stage.enter(user).unwrap();
        }
        stage.ask(OWNER, cohost(2)).unwrap();
        stage.ask(OWNER, assign(3, Role::Moderator)).unwrap();
        for user in [2, 3] {
            stage.ask(user, leave()).unwrap();
        }
        let before = stage.meeting.facts.clone();
        let got = act(&mut stage, actor(user), command.clone()).map(drop);
        assert_eq!(got, answer, "{user} {command:?}");
        if answer.is_err() {
            assert_eq!(stage.meeting.facts, before, "a refusal changes nothing");
        }
    }
}

#[test]
fn who_waits_or_was_put_out_may_nothing_outside() {
    let mut stage = Stage::new(|created| created.requires_approval = true);
    stage.enter(OWNER).unwrap();
    for user in [3, 4, 5] {
        stage.enter(user).unwrap();
        stage.ask(OWNER, admit(user)).unwrap();
        stage.ask(OWNER, assign(user, Role::Moderator)).unwrap();
    }
    stage.ask(OWNER, remove(3)).unwrap();
    stage.ask(OWNER, ban(4, None)).unwrap();
    let back = SendToWaiting { participant: ParticipantId(1005), message: None };
    stage.ask(OWNER, Command::ParticipantSendToWaiting(back)).unwrap();
    for (user, refusal) in [
        (3, Refusal::Forbidden(P::MeetingLock)),
        (4, Refusal::Banned { until: None }),
        (5, Refusal::StillWaiting),
    ] {
        let got = act(&mut stage, actor(user), empty(Command::MeetingLock));
        assert_eq!(got, Err(refusal), "user {user}");
    }
}

#[test]
fn an_administrator_may_all_but_hand_the_meeting_on_and_the_events_say_so() {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    act(&mut stage, admin(STRANGER), remove(2)).unwrap();
    let events = stage.journal.iter().rev().take_while(|event| event.user == UserId(STRANGER));
    assert!(
        events
            .filter(|it| it.audience != crate::meeting::event::Audience::NOBODY)
            .all(|it| it.as_admin)
    );
    assert_eq!(
        act(&mut stage, admin(STRANGER), remove(OWNER)),
        Err(Refusal::RankTooLow),
        "the owner is immune"
    );
    assert_eq!(
        act(&mut stage, admin(STRANGER), transfer(2)),
        Err(Refusal::Forbidden(P::RoleTransferHost))
    );
    // What the own role allows is done by it.
    act(&mut stage, admin(OWNER), empty(Command::MeetingLock)).unwrap();
    assert!(!last(&stage).as_admin);
}

#[test]
fn a_credential_is_good_for_its_scopes_alone() {
    let mut stage = Stage::new(|_| {});
    let scoped = |scopes: &[Permission]| Actor {
        scopes: Some(scopes.iter().copied().collect()),
        ..admin(OWNER)
    };
    assert_eq!(
        act(&mut stage, scoped(&[P::MeetingStart]), empty(Command::MeetingLock)),
        Err(Refusal::Forbidden(P::MeetingLock))
    );
    act(&mut stage, scoped(&[P::MeetingLock]), empty(Command::MeetingLock)).unwrap();
    let scoped_bot =
        Bot { owner: Some(UserId(OWNER)), scopes: [P::MeetingLock].into_iter().collect() };
    let bot = Actor { kind: UserKind::Bot, bot: Some(scoped_bot), ..actor(200) };
    act(&mut stage, bot.clone(), empty(Command::MeetingUnlock)).unwrap();
    assert_eq!(
        act(&mut stage, bot, empty(Command::MeetingStart)),
        Err(Refusal::Forbidden(P::MeetingStart))
    );
}

#[test]
fn what_was_changed_meanwhile_is_not_overwritten() {
    let mut stage = Stage::new(|_| {});
    let seen = stage.meeting.facts.info.revision;
    stage.enter(OWNER).unwrap();
    stage.ask(OWNER, say("Hello", None)).unwrap();
    let seen_late = stage.meeting.facts.info.revision;
    assert!(seen_late > seen, "it started");
    let lock = || empty(Command::MeetingLock);
    assert_eq!(act_at(&mut stage, actor(OWNER), lock(), Some(seen)), Err(Refusal::Outdated));
    act_at(&mut stage, actor(OWNER), lock(), Some(seen_late)).unwrap();
    assert_eq!(
        act_at(&mut stage, actor(STRANGER), lock(), Some(seen)),
        Err(Refusal::Forbidden(P::MeetingLock)),
        "a stranger learns nothing of it"
    );
}

fn both(stage: &mut Stage, user: i64, commands: Vec<Command>) -> Result<Decision, Refusal> {
    let act = asking(actor(user), commands);
    stage.take(&Input::Act(Box::new(act)))
}

fn titled(title: &str) -> Command {
    let title = Some(title.to_owned());
    Command::MeetingUpdate(MeetingUpdate { title, ..MeetingUpdate::default() })
}

#[test]
fn several_commands_are_one_decision_each_upon_the_one_before() {
    let mut stage = Stage::new(|_| {});
    let before = stage.meeting.facts.clone();
    let extend = Command::MeetingExtend(MeetingExtend { minutes: 5 });
    let refused = both(&mut stage, OWNER, vec![titled("New"), extend.clone()]);
    assert!(matches!(refused, Err(Refusal::Conflict(_))), "there is no end to put off");
    assert_eq!(stage.meeting.facts, before, "and then the title stays too");

    let ends_at = Some(Some(Timestamp(4_000_000_000_000)));
    let end = Command::MeetingUpdate(MeetingUpdate { ends_at, ..MeetingUpdate::default() });
    let done = both(&mut stage, OWNER, vec![end, titled("New"), extend]).unwrap();
    let facts: Vec<_> = done.events.iter().map(|draft| &draft.fact).collect();
    assert!(
        matches!(
            facts[..],
            [
                Fact::ParticipantIdentified { .. },
                Fact::MeetingUpdated(_),
                Fact::MeetingUpdated(_),
                Fact::MeetingExtended { ends_at: Timestamp(4_000_000_300_000) }
            ]
        ),
        "one place, and the end put off that was set before: {facts:?}"
    );
    assert_eq!(stage.meeting.facts.info.title, "New");
}

#[test]
fn the_reason_of_ones_first_act_belongs_to_the_act() {
    let mut stage = Stage::new(|_| {});
    stage.enter(2).unwrap();
    let ban = Ban {
        participant: None,
        user: Some(UserId(2)),
        reason: Some("spam".to_owned()),
        until: None,
        scope: BanScope::Meeting,
    };
    act(&mut stage, actor(OWNER), Command::ParticipantBan(ban)).unwrap();
    let banned = |event: &&Event| matches!(event.fact, Fact::ParticipantBanned { .. });
    let banned = stage.journal.iter().find(banned).unwrap().seq;
    let given = |event: &Event| match event.fact {
        Fact::ReasonGiven { event, .. } => Some(event),
        _ => None,
    };
    assert_eq!(stage.journal.iter().find_map(given), Some(banned));
}

#[test]
fn an_address_is_banned_with_whoever_has_it_here() {
    let mut stage = Stage::new(|_| {});
    let ban = |stage: &mut Stage, stand_in: i64, address: &str| {
        let ask = Ban {
            participant: None,
            user: Some(UserId(stand_in)),
            reason: None,
            until: None,
            scope: BanScope::Meeting,
        };
        let act = asking(actor(OWNER), vec![Command::ParticipantBan(ask)]);
        let act = Act { address: Some(address.to_owned()), ..act };
        stage.take(&Input::Act(Box::new(act))).unwrap()
    };
    ban(&mut stage, 900, "eve@example.org");
    let Fact::ParticipantBanned { user, key, participant, .. } = last(&stage).fact else {
        panic!()
    };
    assert_eq!((user, key, participant), (UserId(900), BanKey::Email, None));
    assert!(ban(&mut stage, 900, "eve@example.org").events.is_empty(), "already");
    let knock = stage.enter_as(4, email("eve")).map(drop);
    assert_eq!(knock, Err(Refusal::Banned { until: None }), "under whatever account");
}

#[test]
fn what_is_over_is_not_locked_and_may_be_opened_again() {
    let mut stage = Stage::new(|_| {});
    act(&mut stage, actor(OWNER), empty(Command::MeetingStart)).unwrap();
    act(&mut stage, actor(OWNER), empty(Command::MeetingEnd)).unwrap();
    let again = act(&mut stage, actor(OWNER), empty(Command::MeetingEnd)).unwrap();
    assert!(again.events.is_empty());
    assert_eq!(act(&mut stage, actor(OWNER), empty(Command::MeetingLock)), Err(Refusal::Ended));
    act(&mut stage, actor(OWNER), cohost(2)).unwrap();
    act(&mut stage, actor(OWNER), empty(Command::MeetingStart)).unwrap();
    assert_eq!(last(&stage).fact, Fact::MeetingReopened {});
    act(&mut stage, actor(OWNER), empty(Command::MeetingEnd)).unwrap();
    stage.pass(24 * 3600 + 1);
    assert_eq!(act(&mut stage, actor(OWNER), empty(Command::MeetingStart)), Err(Refusal::Ended));
}
