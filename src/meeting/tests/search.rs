//! By chance: whatever people do to get at rights, nobody has more than the matrix allows for what they are,
//! rises by the hand of a peer, or is given what the giver lacks; and the seat is never without an heir.

use std::sync::Arc;

use proptest::prelude::*;
use quorate_protocol::*;
use uuid::Uuid;

use super::stage::*;
use crate::meeting::custom_roles::{Definer, ServerRoles};
use crate::meeting::event::{Event, Fact};
use crate::meeting::roles::{BOT_SCOPES, MATRIX, Mark, RoleSource, built_in_sets};
use crate::meeting::{Bot, Enter, Facts, Input, Passcode, Person};
use Permission as P;

const BOT: i64 = 200;
const KEYS: [&str; 3] = ["helper", "scribe", "guide"];

#[derive(Debug, Clone)]
enum Act {
    Enter(i64),
    EnterBot(u64),
    Lose(i64),
    Ask(i64, Command),
    Pass(u32),
    ServerDefines(Vec<RoleDefine>),
    Restart,
}

fn user() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 1i64..7, 2 => 100i64..102, 1 => Just(BOT)]
}

fn permissions() -> impl Strategy<Value = Vec<P>> {
    prop_oneof![
        3 => prop::sample::subsequence(P::ALL.to_vec(), 1..3),
        1 => prop::sample::subsequence(P::ALL.to_vec(), 0..P::ALL.len()),
        // What leads further.
        3 => prop::sample::subsequence(
            vec![P::RoleAssign, P::RoleAssignCohost, P::RoleDefine, P::RoleTransferHost, P::MediaShare],
            1..4,
        ),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    let built_in = prop::sample::select(Role::BUILT_IN.to_vec());
    let custom = prop::sample::select(KEYS.to_vec()).prop_map(|key| Role::of(key).unwrap());
    prop_oneof![3 => built_in, 2 => custom]
}

fn definition() -> impl Strategy<Value = RoleDefine> {
    let key = prop::sample::select(KEYS.to_vec());
    (key, role(), 19u8..82, permissions(), permissions(), any::<bool>()).prop_map(
        |(key, based_on, rank, grants, denies, plain)| {
            let (grants, denies) = if plain { Default::default() } else { (grants, denies) };
            RoleDefine { based_on, rank, grants, denies, ..define(key) }
        },
    )
}

/// What a policy does to rights.
fn policy() -> impl Strategy<Value = Command> {
    let guests = prop::sample::select(vec![Role::Moderator, Role::Presenter, Role::Attendee]);
    (
        prop::option::of((role(), permissions())),
        prop::option::of(permissions()),
        prop::option::of(guests),
        prop::option::of(any::<bool>()),
    )
        .prop_map(|(grants, locks, guest_max_role, requires_approval)| {
            // What a lock or a grant cannot be is refused, and tried seldom.
            let few = |permissions: Vec<P>| permissions.into_iter().take(2).collect();
            Command::MeetingPolicy(Box::new(Policy {
                grants: grants.map(|(role, granted)| [(role, few(granted))].into()),
                locks: locks.map(few),
                guest_max_role,
                requires_approval,
                ..Policy::default()
            }))
        })
}

fn command() -> impl Strategy<Value = Command> {
    let key = prop::sample::select(KEYS.to_vec());
    prop_oneof![
        4 => (user(), role()).prop_map(|(user, role)| assign(user, role)),
        4 => (user(), permissions()).prop_map(|(user, asked)| grant(user, &asked)),
        2 => (user(), permissions()).prop_map(|(user, asked)| deny(user, &asked)),
        1 => (user(), prop::option::of(permissions()))
            .prop_map(|(user, asked)| reset(user, asked.as_deref())),
        3 => definition().prop_map(Command::RoleDefine),
        1 => key.prop_map(|key| {
            Command::RoleRemove(RoleOnly { key: RoleKey::new(key).unwrap() })
        }),
        3 => user().prop_map(cohost),
        1 => user().prop_map(|user| Command::CohostRemove(UserOnly { user: UserId(user) })),
        3 => user().prop_map(transfer),
        1 => Just(reclaim()),
        2 => prop::option::of(user())
            .prop_map(|user| Command::Leave(Leave { successor: user.map(at) })),
        1 => user().prop_map(remove),
        1 => user().prop_map(admit),
        1 => user().prop_map(|user| {
            let participant = at(user);
            Command::ParticipantSendToWaiting(SendToWaiting { participant, message: None })
        }),
        1 => user().prop_map(|user| ban(user, None)),
        1 => user().prop_map(unban),
        1 => Just(empty(Command::MeetingSuspend)),
        1 => Just(empty(Command::MeetingResume)),
        1 => Just(empty(Command::MeetingLock)),
        1 => Just(empty(Command::MeetingUnlock)),
        3 => policy(),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => user().prop_map(Act::Enter),
        1 => any::<u64>().prop_map(Act::EnterBot),
        1 => user().prop_map(Act::Lose),
        14 => (user(), command()).prop_map(|(user, command)| Act::Ask(user, command)),
        1 => prop_oneof![Just(30u32), Just(61), Just(301)].prop_map(Act::Pass),
        1 => prop::collection::vec(definition(), 0..3).prop_map(Act::ServerDefines),
        1 => Just(Act::Restart),
    ]
}

fn perform(stage: &mut Stage, act: &Act) {
    match act {
        Act::Enter(BOT) => enter_bot(stage, P::ALL.iter().copied().collect()),
        Act::Enter(user) => drop(stage.enter(*user)),
        Act::EnterBot(bits) => {
            let scopes = P::ALL.iter().copied().filter(|it| bits & (1 << *it as u64) != 0);
            enter_bot(stage, scopes.collect());
        }
        Act::Ask(user, command) => {
            if stage.meeting.facts.person_of(UserId(*user)).is_some() {
                drop(stage.ask(*user, command.clone()));
            }
        }
        Act::Lose(user) => {
            let person = stage.meeting.facts.person_of(UserId(*user));
            if let Some(&session) = person.and_then(|person| person.sessions.first()) {
                stage.take(&Input::Lost { session }).unwrap();
            }
        }
        Act::Pass(seconds) => stage.pass(*seconds),
        Act::ServerDefines(asks) => {
            let mut roles = ServerRoles::unwrap_or_clone(stage.meeting.server_roles.clone());
            roles.retain(|key, _| asks.iter().all(|ask| ask.key != *key) || asks.len() > 1);
            for ask in asks {
                let defined = Definer::admin().define(ask, RoleSource::Server);
                if let Some(role) = defined.ok().and_then(|role| role.after(roles.get(&ask.key))) {
                    roles.insert(ask.key, role);
                }
            }
            stage.meeting.server_roles = Arc::new(roles);
            stage.take(&Input::ServerRoles).unwrap();
        }
        Act::Restart => {
            stage.meeting.facts = stage.replayed();
            let last_alive = stage.now;
            stage.take(&Input::Recover { last_alive }).unwrap();
        }
    }
    stage.settle();
}

fn enter_bot(stage: &mut Stage, scopes: PermissionSet) {
    let count = stage.journal.len() as u128;
    let enter = Enter {
        user: UserId(BOT),
        kind: UserKind::Bot,
        name: "Greeter".into(),
        email: None,
        bot: Some(Bot { owner: Some(UserId(2)), scopes }),
        passcode: Passcode::Missing,
        participant: at(BOT),
        session: SessionId(Uuid::from_u128(u128::MAX - count)),
    };
    drop(stage.take(&Input::Enter(enter)));
}

/// What the matrix allows someone, given what they are and what was granted.
fn allowed(facts: &Facts, person: &Person) -> PermissionSet {
    if !person.is_in() {
        return PermissionSet::NONE;
    }
    if let Some(bot) = &person.bot {
        let owner = facts.person_of(UserId(2)).map(|owner| with_role(facts, owner));
        return BOT_SCOPES.and(bot.scopes).and(owner.unwrap_or(BOT_SCOPES));
    }
    with_role(facts, person)
}

fn with_role(facts: &Facts, person: &Person) -> PermissionSet {
    let role = facts.role_of(person.user);
    let (base, here) = match role {
        Role::Custom(key) => {
            let custom = &facts.roles[&key];
            (custom.based_on, custom.grants)
        }
        role => (role, PermissionSet::NONE),
    };
    let settings = facts.info.settings.grants.get(&role).into_iter().flatten().copied();
    let granted = person.grants.or(here).or(settings.collect());
    let column = Role::BUILT_IN.iter().position(|role| *role == base).unwrap();
    let acting = role == Role::Host && facts.info.acting_for.is_some();
    let lacks = |permission| {
        let five = [
            P::MeetingDelete,
            P::RoleTransferHost,
            P::RoleAssignCohost,
            P::RoleDefine,
            P::ReportIndividual,
        ];
        acting && five.contains(&permission)
    };
    let has = |permission, mark| match mark {
        Mark::Always | Mark::Default => !lacks(permission),
        Mark::Grantable => granted.has(permission),
        Mark::Never => false,
    };
    let rows = MATRIX.iter().filter(|(permission, marks, _)| has(*permission, marks[column]));
    rows.map(|(permission, ..)| *permission).collect()
}

/// What one event did, and by whom.
fn check_event(before: &Facts, event: &Event, after: &Facts) {
    let by = event.by.and_then(|by| before.get(by));
    let rank_of = |person: &Person| before.rank_of(person.user);
    for person in before.people.values() {
        let (was, is) = (before.rank_of(person.user), after.rank_of(person.user));
        if is <= was {
            continue;
        }
        match &event.fact {
            Fact::HostChanged { to, acting_for: Some(_), .. } => {
                assert!(by.is_none() && *to == person.id, "only by succession: {event:?}");
                assert_eq!(person.kind, UserKind::Member);
            }
            Fact::HostChanged { to, co_host, .. } => {
                let by = by.expect("someone");
                let takes = by.user == before.info.owner || Some(by.user) == before.info.acting_for;
                let gives = by.user == before.info.host && before.info.acting_for.is_none();
                let let_in = before.get(*to).is_some_and(|to| {
                    to.user == before.info.owner || Some(to.user) == before.info.acting_for
                });
                assert!(takes || gives || let_in, "{event:?}");
                assert!(*to == person.id || *co_host == Some(person.user), "{event:?}");
            }
            // The one way to one's own rank, which a host grants.
            Fact::CohostAdded { .. } => {
                let by = by.expect("someone");
                assert!(by.view.permissions.has(P::RoleAssignCohost) && rank_of(by) > was);
            }
            _ => {
                let server = |role: &crate::meeting::roles::CustomRole| {
                    role.source == RoleSource::Server && event.by.is_none()
                };
                let of_server =
                    matches!(&event.fact, Fact::RoleDefined { role, .. } if server(role));
                assert!(
                    of_server || by.is_some_and(|by| rank_of(by) > is),
                    "{event:?}: {was} {is}"
                );
            }
        }
    }
    if let (Some(by), Some(beyond)) = (by, beyond_the_base(after, &event.fact)) {
        let lacks = beyond.minus(by.view.permissions);
        assert!(lacks.is_empty(), "gives a role with what they lack: {event:?}");
    }
    if let Fact::MeetingPolicyChanged { changes, .. } = &event.fact
        && let Some(granted) = &changes.grants
    {
        let by = by.expect("someone");
        for (role, granted) in granted {
            let had = before.info.settings.grants.get(role).into_iter().flatten().copied();
            let given = granted.iter().copied().collect::<PermissionSet>();
            let given = given.minus(had.collect());
            assert!(given.is_empty() || before.rank(*role) < rank_of(by), "{event:?}");
            assert!(given.minus(by.view.permissions).is_empty(), "gives what they lack: {event:?}");
        }
    }
    if let Fact::ParticipantBanned { participant: Some(acted_on), .. }
    | Fact::ParticipantRemoved { participant: acted_on }
    | Fact::ReturnedToWaiting { participant: acted_on } = &event.fact
    {
        let (by, person) = (by.expect("someone"), before.get(*acted_on).expect("someone"));
        assert!(rank_of(by) > rank_of(person) && person.user != before.info.owner, "{event:?}");
    }
    if let Fact::PermissionsChanged { participant, granted, .. } = &event.fact {
        let (by, person) = (by.expect("someone"), before.get(*participant).expect("someone"));
        assert!(rank_of(by) > rank_of(person) && person.user != before.info.owner);
        let given = granted.minus(person.grants);
        assert!(given.minus(by.view.permissions).is_empty(), "gives what they lack: {event:?}");
    }
}

/// What a custom role that is defined or given has beyond the one it is based on.
fn beyond_the_base(facts: &Facts, fact: &Fact) -> Option<PermissionSet> {
    let (Fact::RoleDefined { key, .. } | Fact::RoleAssigned { role: Role::Custom(key), .. }) = fact
    else {
        return None;
    };
    let role = facts.roles.get(key)?;
    Some(role.grants.and(built_in_sets(role.based_on).grantable))
}

/// What holds of everyone; guests were allowed a rank so high until now.
fn check(facts: &Facts, guest_rank_max: u8) {
    for person in facts.people.values() {
        let has = person.view.permissions;
        let beyond: Vec<_> = has.minus(allowed(facts, person)).iter().collect();
        assert!(beyond.is_empty(), "{:?} has {beyond:?}", facts.role_of(person.user));
        let off = facts.info.suspended && person.view.rank < 60;
        assert!(!(off && has.has(P::ChatSend)), "{person:?} writes in a suspended meeting");
        if person.kind == UserKind::Guest {
            assert!(facts.rank_of(person.user) <= guest_rank_max, "no guest rises above that");
        }
    }
    let hosts = facts.people.values().filter(|it| facts.role_of(it.user) == Role::Host).count();
    let came = facts.person_of(facts.info.host).is_some();
    assert_eq!(hosts, usize::from(came), "there is one host");
    // Somebody holds authority, or nobody is there who might.
    let running = facts.info.status == MeetingStatus::InProgress;
    if facts.host_gone.is_some() && running {
        let might = facts.people.values().find(|person| {
            person.is_in()
                && person.kind == UserKind::Member
                && facts.connected(person)
                && facts.rank_of(person.user) >= 60
        });
        assert!(might.is_none(), "{might:?} might act, and does not");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_leads_beyond_the_matrix(
        acts in prop::collection::vec(act(), 1..100),
        granted in (role(), permissions()),
        locks in permissions(),
        max_cohosts in 0u32..4,
        trusting: bool,
    ) {
        let mut stage = Stage::unchecked(|created| {
            created.settings.grants = [granted].into();
            created.settings.locks = locks;
            created.settings.max_cohosts = max_cohosts;
        });
        for user in 1..5 {
            stage.enter(user).unwrap();
        }
        if trusting {
            let _ = stage.ask(OWNER, cohost(2));
            let _ = stage.ask(OWNER, grant(2, &[P::RoleAssignCohost, P::RoleDefine]));
            stage.ask(OWNER, assign(3, Role::Moderator)).unwrap();
            stage.ask(OWNER, grant(3, &[P::RoleAssign])).unwrap();
        }
        let mut guest_rank_max = 40;
        for act in &acts {
            let (mut facts, seen) = (stage.meeting.facts.clone(), stage.journal.len());
            perform(&mut stage, act);
            for event in &stage.journal[seen..] {
                let before = facts.clone();
                facts.apply(event);
                check_event(&before, event, &facts);
                guest_rank_max = guest_rank_max.max(facts.rank(facts.info.settings.guest_max_role));
            }
            check(&stage.meeting.facts, guest_rank_max);
        }
        prop_assert_eq!(&stage.meeting.facts, &stage.replayed());
    }
}
