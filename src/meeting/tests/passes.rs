//! Who passes: each rule by which one comes in without approval, and the gate of private meetings and
//! of those with a passcode.

use quorate_protocol::*;
use uuid::Uuid;

use super::stage::*;
use crate::meeting::event::{Fact, MeetingCreated};
use crate::meeting::{Bot, Enter, Input, Passcode, Refusal};

/// A user at the door with what they bring.
pub(super) fn at_door(stage: &Stage, user: i64, bring: impl FnOnce(&mut Enter)) -> Input {
    let head = stage.meeting.facts.head.0;
    let mut enter = Enter {
        user: UserId(user),
        kind: if user >= GUESTS_FROM { UserKind::Guest } else { UserKind::Member },
        name: format!("User {user}"),
        email: None,
        bot: None,
        passcode: Passcode::Missing,
        participant: at(user),
        session: SessionId(Uuid::from_u128((1 << 64) + u128::from(head))),
    };
    bring(&mut enter);
    Input::Enter(enter)
}

/// How they fare: by which rule they came in, for what they wait, or why they are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fare {
    In(Via),
    Waits(WaitReason),
    Refused(Refusal),
}
use Fare::{In, Refused, Waits};

/// A user comes with what they bring.
pub(super) fn come(stage: &mut Stage, user: i64, bring: impl FnOnce(&mut Enter)) -> Fare {
    let input = at_door(stage, user, bring);
    let decision = match stage.take(&input) {
        Ok(decision) => decision,
        Err(refusal) => return Refused(refusal),
    };
    let fare = decision.events.iter().find_map(|draft| match &draft.fact {
        Fact::ParticipantJoined { via, .. } => Some(In(*via)),
        Fact::ParticipantWaiting { reason, .. } => Some(Waits(*reason)),
        _ => None,
    });
    stage.settle();
    fare.expect("came in or waits")
}

/// A waiting room with everything that may let one pass in it, and the host there.
fn waiting_room(change: impl FnOnce(&mut MeetingCreated)) -> Stage {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.has_passcode = true;
        created.co_hosts = vec![UserId(2)];
        created.settings.waiting_passes = vec![
            Pass::Members,
            Pass::BotScope,
            Pass::Passcode,
            Pass::Domain,
            Pass::Invited,
            Pass::Returning,
            Pass::Staff,
        ];
        created.settings.waiting_domains = vec!["Example.org".into()];
        change(created);
    });
    stage.enter(OWNER).unwrap();
    invite_user(&mut stage, 6);
    invite_user(&mut stage, 106);
    stage
}

pub(super) fn invite_user(stage: &mut Stage, user: i64) {
    let ask = InviteeAdd { user: Some(UserId(user)), ..InviteeAdd::default() };
    stage.ask(OWNER, Command::InviteeAdd(ask)).unwrap();
}

pub(super) fn invite_email(stage: &mut Stage, email: &str) {
    let ask = InviteeAdd { email: Some(email.into()), ..InviteeAdd::default() };
    stage.ask(OWNER, Command::InviteeAdd(ask)).unwrap();
}

fn scoped(owner: Option<i64>, scope: Permission) -> Option<Bot> {
    Some(Bot { owner: owner.map(UserId), scopes: [scope].into_iter().collect() })
}

fn without(pass: Pass) -> impl Fn(&mut MeetingCreated) {
    move |created| created.settings.waiting_passes.retain(|it| *it != pass)
}

#[test]
fn via_staff_host_and_owner_always_co_hosts_where_the_meeting_lets_them() {
    let mut stage = waiting_room(|_| {});
    assert_eq!(come(&mut stage, 2, |_| {}), In(Via::Staff));
    let mut stage = waiting_room(|created| created.settings.waiting_passes.clear());
    assert!(stage.is_in(OWNER));
    assert_eq!(come(&mut stage, 2, |_| {}), Waits(WaitReason::Approval));
}

#[test]
fn a_co_host_who_passes_by_another_rule_waits_for_no_host_nor_for_the_start() {
    for (pass, via) in [(Pass::Staff, Via::Members), (Pass::Members, Via::Staff)] {
        let mut stage = Stage::new(|created| {
            created.requires_approval = true;
            created.co_hosts = vec![UserId(2)];
            created.starts_at = Some(Timestamp(1_700_000_000_000 + 36_000_000));
            created.settings.join_before_host = false;
            created.settings.waiting_passes = vec![Pass::Staff, Pass::Members];
            without(pass)(created);
        });
        assert_eq!(come(&mut stage, 2, |_| {}), In(via));
    }
}

#[test]
fn a_co_host_who_passes_by_another_rule_waits_for_a_seat_alone() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.co_hosts = vec![UserId(2)];
        created.max_participants = Some(3);
        created.settings.waiting_passes = vec![Pass::Members];
    });
    for user in [OWNER, 5, 6] {
        stage.enter(user).unwrap();
    }
    assert_eq!(come(&mut stage, 2, |_| {}), Waits(WaitReason::Full));
    stage.ask(OWNER, empty(Command::MeetingLock)).unwrap();
    stage.ask(5, leave()).unwrap();
    assert!(stage.is_in(2), "no lock holds staff up");
}

#[test]
fn via_returning_one_who_was_in_within_ten_minutes() {
    for (without_it, seconds, fare) in [
        (false, 600, In(Via::Returning)),
        (false, 601, Waits(WaitReason::Approval)),
        (true, 1, Waits(WaitReason::Approval)),
    ] {
        let mut stage = waiting_room(|created| {
            if without_it {
                without(Pass::Returning)(created);
            }
        });
        come(&mut stage, 100, |_| {});
        stage.ask(OWNER, admit(100)).unwrap();
        stage.ask(100, leave()).unwrap();
        stage.pass(seconds);
        assert_eq!(come(&mut stage, 100, |_| {}), fare, "{seconds} s, without: {without_it}");
    }
}

#[test]
fn via_invited_by_user_or_by_a_verified_address() {
    let mut stage = waiting_room(|_| {});
    invite_email(&mut stage, "Ana@Elsewhere.net");
    assert_eq!(come(&mut stage, 106, |_| {}), In(Via::Invited), "a guest may be invited too");
    let ana = |enter: &mut Enter| enter.email = Some("ana@elsewhere.NET".into());
    assert_eq!(come(&mut stage, 7, ana), In(Via::Invited));
    let other = |enter: &mut Enter| enter.email = Some("ana@elsewhere.org".into());
    assert_eq!(come(&mut stage, 101, other), Waits(WaitReason::Approval));
    let mut stage = waiting_room(without(Pass::Invited));
    assert_eq!(come(&mut stage, 106, |_| {}), Waits(WaitReason::Approval));
}

#[test]
fn via_domain_of_a_verified_address() {
    for (email, passes) in [
        (Some("ben@EXAMPLE.org"), true),
        (Some("ben@example.org.evil.net"), false),
        (Some("ben@mail.example.org"), false),
        (Some("example.org"), false),
        (None, false),
    ] {
        let mut stage = waiting_room(without(Pass::Members));
        let bring = |enter: &mut Enter| enter.email = email.map(str::to_owned);
        let fare = if passes { In(Via::Domain) } else { Waits(WaitReason::Approval) };
        assert_eq!(come(&mut stage, 5, bring), fare, "{email:?}");
        let mut stage = waiting_room(|created| {
            without(Pass::Members)(created);
            without(Pass::Domain)(created);
        });
        assert_eq!(come(&mut stage, 5, bring), Waits(WaitReason::Approval), "{email:?}");
    }
}

#[test]
fn via_passcode_where_the_meeting_has_one_for_passing() {
    for (passcode, fare) in [
        (Passcode::Right, In(Via::Passcode)),
        (Passcode::Wrong, Waits(WaitReason::Approval)),
        (Passcode::Missing, Waits(WaitReason::Approval)),
    ] {
        let mut stage = waiting_room(|_| {});
        assert_eq!(come(&mut stage, 100, |enter| enter.passcode = passcode), fare);
    }
    let mut stage = waiting_room(|created| created.has_passcode = false);
    let right = |enter: &mut Enter| enter.passcode = Passcode::Right;
    assert_eq!(come(&mut stage, 100, right), Waits(WaitReason::Approval), "none to know");
}

#[test]
fn via_bot_scope_as_far_as_its_owner_may_admit() {
    let admits = Permission::ParticipantAdmit;
    for (bot, fare) in [
        (scoped(Some(OWNER), admits), In(Via::BotScope)),
        (scoped(None, admits), In(Via::BotScope)),
        (scoped(Some(OWNER), Permission::ChatSend), Waits(WaitReason::Approval)),
        (scoped(Some(7), admits), Waits(WaitReason::Approval)),
    ] {
        let mut stage = waiting_room(|_| {});
        let bring = |enter: &mut Enter| (enter.kind, enter.bot) = (UserKind::Bot, bot.clone());
        assert_eq!(come(&mut stage, 50, bring), fare, "{bot:?}");
        let mut stage = waiting_room(without(Pass::BotScope));
        assert_eq!(come(&mut stage, 50, bring), Waits(WaitReason::Approval), "{bot:?}");
    }
}

#[test]
fn via_bot_scope_not_while_its_owner_is_put_out() {
    let mut stage = waiting_room(|_| {});
    come(&mut stage, 3, |_| {});
    stage.ask(OWNER, assign(3, Role::Moderator)).unwrap();
    stage.ask(OWNER, remove(3)).unwrap();
    let bring = |enter: &mut Enter| {
        enter.kind = UserKind::Bot;
        enter.bot = scoped(Some(3), Permission::ParticipantAdmit);
    };
    assert_eq!(come(&mut stage, 50, bring), Waits(WaitReason::Approval));
    stage.enter(3).unwrap();
    stage.ask(OWNER, admit(3)).unwrap();
    stage.ask(50, leave()).unwrap();
    assert_eq!(come(&mut stage, 50, bring), In(Via::BotScope), "they are in again");
}

#[test]
fn via_members_whoever_has_an_account() {
    let mut stage = waiting_room(|_| {});
    assert_eq!(come(&mut stage, 5, |_| {}), In(Via::Members));
    assert_eq!(come(&mut stage, 100, |_| {}), Waits(WaitReason::Approval));
    let mut stage = waiting_room(without(Pass::Members));
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::Approval));
}

#[test]
fn the_first_rule_that_lets_one_pass_is_named_whatever_the_order_of_the_setting() {
    let all = |enter: &mut Enter| {
        enter.email = Some("x@example.org".into());
        enter.passcode = Passcode::Right;
        enter.bot = scoped(None, Permission::ParticipantAdmit);
    };
    let order = [
        (Pass::Staff, Via::Staff),
        (Pass::Returning, Via::Returning),
        (Pass::Invited, Via::Invited),
        (Pass::Domain, Via::Domain),
        (Pass::Passcode, Via::Passcode),
        (Pass::BotScope, Via::BotScope),
        (Pass::Members, Via::Members),
    ];
    for first in 0..order.len() {
        let mut stage = waiting_room(|created| {
            for (pass, _) in &order[..first] {
                without(*pass)(created);
            }
        });
        // The co-host, who is invited and was just here: every rule holds.
        invite_user(&mut stage, 2);
        if come(&mut stage, 2, |_| {}) == Waits(WaitReason::Approval) {
            stage.ask(OWNER, admit(2)).unwrap();
        }
        stage.ask(2, leave()).unwrap();
        assert_eq!(come(&mut stage, 2, all), In(order[first].1));
    }
}

#[test]
fn r6_who_was_removed_waits_for_approval_whatever_he_has() {
    for (requires_approval, private) in [(true, false), (false, false), (false, true)] {
        let mut stage = waiting_room(|created| {
            created.requires_approval = requires_approval;
            created.kind = if private { MeetingType::Private } else { MeetingType::Regular };
        });
        let all = |enter: &mut Enter| {
            enter.email = Some("x@example.org".into());
            enter.passcode = Passcode::Right;
        };
        assert!(matches!(come(&mut stage, 6, all), In(_)));
        stage.ask(OWNER, remove(6)).unwrap();
        assert_eq!(come(&mut stage, 6, all), Waits(WaitReason::RemovedBefore));
        let nothing = come(&mut stage, 100, |_| {});
        let asked = Refused(Refusal::PasscodeRequired);
        assert_eq!(nothing == asked, private, "only the private one asks: {nothing:?}");
    }
}

/// Everyone who may come to a private meeting, with what they bring.
const STRANGER: i64 = 9;

#[test]
fn a_private_meeting_takes_staff_the_invited_and_who_knows_the_passcode() {
    use Passcode::{Missing, Right, Wrong};
    let not_found = || Refused(Refusal::NotFound { what: "meeting", last: None });
    for requires_approval in [false, true] {
        for (has_passcode, passcode, strangers) in [
            (false, Missing, Strangers::Refuse),
            (false, Missing, Strangers::Wait),
            (false, Right, Strangers::Refuse),
            (false, Wrong, Strangers::Wait),
            (true, Missing, Strangers::Refuse),
            (true, Missing, Strangers::Wait),
            (true, Wrong, Strangers::Refuse),
            (true, Wrong, Strangers::Wait),
            (true, Right, Strangers::Refuse),
            (true, Right, Strangers::Wait),
        ] {
            let stranger = match (has_passcode, passcode) {
                (true, Right) if requires_approval => Waits(WaitReason::Approval),
                (true, Right) => In(Via::Passcode),
                (true, Missing) => Refused(Refusal::PasscodeRequired),
                (true, Wrong) => Refused(Refusal::PasscodeWrong),
                (false, _) if strangers == Strangers::Wait => Waits(WaitReason::Approval),
                (false, _) => not_found(),
            };
            let case = format!("{requires_approval} {has_passcode} {passcode:?} {strangers:?}");
            let mut stage = Stage::new(|created| {
                created.kind = MeetingType::Private;
                created.requires_approval = requires_approval;
                created.has_passcode = has_passcode;
                created.co_hosts = vec![UserId(2)];
                created.settings.private_strangers = strangers;
            });
            let with = |enter: &mut Enter| enter.passcode = passcode;
            assert_eq!(come(&mut stage, OWNER, with), In(Via::Staff), "{case}");
            invite_user(&mut stage, 6);
            invite_email(&mut stage, "ana@example.org");
            let ana = |enter: &mut Enter| {
                (enter.passcode, enter.email) = (passcode, Some("Ana@example.org".into()));
            };
            for (user, fare) in [(2, In(Via::Staff)), (6, In(Via::Invited))] {
                assert_eq!(come(&mut stage, user, with), fare, "{user}: {case}");
            }
            assert_eq!(come(&mut stage, 7, ana), In(Via::Invited), "{case}");
            for user in [STRANGER, 100] {
                assert_eq!(come(&mut stage, user, with), stranger, "{user}: {case}");
            }
        }
    }
}

#[test]
fn a_private_meeting_tells_a_stranger_nothing_else() {
    let not_found = Refused(Refusal::NotFound { what: "meeting", last: None });
    for (what, change) in [
        ("locked", empty(Command::MeetingLock)),
        ("ended", empty(Command::MeetingEnd)),
        ("as it is", empty(Command::Ping)),
    ] {
        let mut stage = Stage::new(|created| {
            created.kind = MeetingType::Private;
            created.settings.guests = false;
            created.max_participants = Some(2);
        });
        stage.enter(OWNER).unwrap();
        stage.ask(OWNER, change).unwrap();
        for user in [STRANGER, 100] {
            assert_eq!(come(&mut stage, user, |_| {}), not_found, "{what}");
        }
    }
}

#[test]
fn a_stranger_who_may_knock_comes_in_by_approval_alone() {
    let mut stage = Stage::new(|created| {
        created.kind = MeetingType::Private;
        created.settings.private_strangers = Strangers::Wait;
    });
    stage.enter(OWNER).unwrap();
    assert_eq!(come(&mut stage, STRANGER, |_| {}), Waits(WaitReason::Approval));
    stage.pass(3600);
    assert!(stage.person(STRANGER).is_waiting());
    stage.ask(OWNER, admit(STRANGER)).unwrap();
    stage.ask(STRANGER, leave()).unwrap();
    assert_eq!(come(&mut stage, STRANGER, |_| {}), In(Via::Returning));
    stage.ask(STRANGER, leave()).unwrap();
    stage.pass(601);
    assert_eq!(come(&mut stage, STRANGER, |_| {}), Waits(WaitReason::Approval));
}

#[test]
fn a_passcode_of_a_regular_meeting_is_asked_of_whom_it_does_not_know() {
    let meeting = |passes: bool| {
        let mut stage = Stage::new(|created| {
            created.has_passcode = true;
            created.co_hosts = vec![UserId(2)];
            if passes {
                created.settings.waiting_passes.push(Pass::Passcode);
            }
        });
        assert_eq!(come(&mut stage, OWNER, |_| {}), In(Via::Staff));
        invite_user(&mut stage, 6);
        stage
    };
    let right = |enter: &mut Enter| enter.passcode = Passcode::Right;
    let wrong = |enter: &mut Enter| enter.passcode = Passcode::Wrong;
    let mut stage = meeting(false);
    assert_eq!(come(&mut stage, 2, wrong), In(Via::Staff));
    assert_eq!(come(&mut stage, 6, wrong), In(Via::Invited));
    for user in [STRANGER, 100] {
        assert_eq!(come(&mut stage, user, |_| {}), Refused(Refusal::PasscodeRequired));
        assert_eq!(come(&mut stage, user, wrong), Refused(Refusal::PasscodeWrong));
        assert_eq!(come(&mut stage, user, right), In(Via::Passcode));
        stage.ask(user, leave()).unwrap();
        assert_eq!(come(&mut stage, user, |_| {}), In(Via::Returning));
        stage.ask(user, leave()).unwrap();
    }
    stage.pass(599);
    assert_eq!(come(&mut stage, 100, |_| {}), In(Via::Returning));
    stage.ask(100, leave()).unwrap();
    stage.pass(601);
    assert_eq!(
        come(&mut stage, 100, |_| {}),
        Refused(Refusal::PasscodeRequired),
        "known is not enough"
    );
    for (owner, fare) in [
        (Some(2), In(Via::Open)),
        (None, In(Via::Open)),
        (Some(6), Refused(Refusal::PasscodeRequired)),
    ] {
        let bot = scoped(owner, Permission::ChatSend);
        let bring = |enter: &mut Enter| (enter.kind, enter.bot) = (UserKind::Bot, bot.clone());
        assert_eq!(come(&mut stage, 50 + owner.unwrap_or(0), bring), fare, "{owner:?}");
    }
    let mut stage = meeting(true);
    assert_eq!(come(&mut stage, 100, wrong), In(Via::Open), "it is for passing, and all pass");
}

#[test]
fn a_second_device_of_one_who_is_in_is_not_asked() {
    let mut stage = Stage::new(|created| {
        created.kind = MeetingType::Private;
        created.has_passcode = true;
    });
    stage.enter(OWNER).unwrap();
    come(&mut stage, 100, |enter| enter.passcode = Passcode::Right);
    assert!(stage.enter(100).is_ok());
    assert_eq!(stage.person(100).sessions.len(), 2);
}
