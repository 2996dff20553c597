//! What the tables say after the events, and how they are asked.

use super::*;
use crate::store::queries::ALL_QUERIES;
use quorate_protocol::{
    BanKey, BanScope, CustomRole, Permission, PermissionSet, RoleKey, RoleUser,
};

#[tokio::test]
async fn a_meeting_goes_through_its_states() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 7).await;
    let row = async || store.meeting_row(MeetingId(7)).await.unwrap().unwrap();
    let made = row().await;
    assert_eq!(made.info.status, MeetingStatus::Scheduled);
    assert_eq!(made.info.host, UserRef { id: UserId(1), name: "ADA".to_owned() });
    assert_eq!(made.owner, made.info.host);
    assert_eq!((&*made.info.title, &*made.info.code), ("Weekly", "code-7"));
    assert_eq!((made.info.max_participants, made.info.requires_approval), (Some(50), true));
    assert_eq!(made.info.settings, Some(Settings::default()));
    assert_eq!((made.present, made.waiting), (0, 0));
    assert_eq!(made.created_at, ada.event_at(Seq(1), chat()).at);

    ada.tell(Fact::MeetingStarted {}).await;
    let started = row().await;
    assert_eq!(started.info.status, MeetingStatus::InProgress);
    assert_eq!(started.info.started_at, Some(started.updated_at));
    assert_eq!(store.unfinished_meetings().await.unwrap(), [MeetingId(7)]);
    ada.tell(Fact::MeetingLocked {}).await;
    assert!(row().await.info.locked);
    ada.tell(Fact::MeetingUnlocked {}).await;
    assert!(!row().await.info.locked);
    ada.tell(Fact::MeetingEnded { reason: EndReason::Ended }).await;
    let ended = row().await;
    assert_eq!(ended.info.status, MeetingStatus::Completed);
    assert_eq!(ended.info.ended_at, Some(ended.updated_at));
    assert_eq!(store.unfinished_meetings().await.unwrap(), []);
    ada.tell(Fact::MeetingReopened {}).await;
    let reopened = row().await;
    assert_eq!(reopened.info.status, MeetingStatus::InProgress);
    assert_eq!(reopened.info.ended_at, None);
    assert_eq!(reopened.info.started_at, started.info.started_at);
    store.close().await;
}

fn ban(user: i64, participant: Option<ParticipantId>, until: Option<Timestamp>) -> Fact {
    let (scope, key) = (BanScope::Series, BanKey::Email);
    Fact::ParticipantBanned { user: UserId(user), participant, until, scope, key }
}

/// A participant's row: role, status, waiting, present, removed.
fn place(scratch: &Scratch, participant: i64) -> String {
    let sql = "SELECT concat_ws(' ', role, status, iif(waiting_since IS NULL, NULL, 'waiting'), \
        iif(joined_at IS NOT NULL AND left_at IS NULL, 'present', NULL), \
        iif(removed_at IS NULL, NULL, 'removed')) FROM meeting_participants WHERE id = ?1";
    scratch.stranger().query_row(sql, [participant], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn people_come_wait_and_go() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let participant = ParticipantId(20);
    let waiting = Fact::ParticipantWaiting {
        participant,
        user: UserId(3),
        kind: UserKind::Guest,
        reason: WaitReason::Approval,
        position: 1,
        invited: false,
        passes: None,
        stranger: false,
    };
    let withdrawn = Fact::ParticipantWithdrawn { participant, reason: WithdrawReason::Withdrawn };
    let left = Fact::ParticipantLeft { participant, reason: LeaveReason::Left };
    let banned = ban(3, Some(participant), None);
    let unbanned = Fact::ParticipantUnbanned { user: UserId(3), participant: Some(participant) };
    assert!(!store.user_may_see(ada.meeting, UserId(3), None).await.unwrap());
    for (fact, then) in [
        (waiting.clone(), "attendee pending waiting"),
        (withdrawn, "attendee pending"),
        (waiting.clone(), "attendee pending waiting"),
        (Fact::ParticipantDeclined { participant }, "attendee declined"),
        (waiting.clone(), "attendee pending waiting"),
        (Fact::ParticipantAdmitted { participant }, "attendee approved"),
        (joined(20, 3, Role::Presenter), "presenter approved present"),
        (Fact::RoleAssigned { participant, role: Role::Moderator }, "moderator approved present"),
        (left, "moderator approved"),
        (joined(20, 3, Role::CoHost), "moderator approved present"),
        (Fact::ParticipantRemoved { participant }, "moderator approved removed"),
        (waiting, "moderator pending waiting removed"),
        (Fact::ParticipantAdmitted { participant }, "moderator approved"),
        (joined(20, 3, Role::Attendee), "attendee approved present"),
        (banned, "attendee approved"),
        (unbanned, "attendee approved"),
    ] {
        ada.tell(fact.clone()).await;
        assert_eq!(place(&scratch, 20), then, "after {fact:?}");
    }
    assert!(store.user_may_see(ada.meeting, UserId(3), None).await.unwrap());
    let ids = store.highest_ids().await.unwrap();
    assert_eq!((ids.user, ids.meeting, ids.participant), (UserId(3), MeetingId(1), participant));
    // Nobody whom the meeting does not know, and nobody under another's id.
    for stranger in
        [Fact::ParticipantAdmitted { participant: ParticipantId(21) }, joined(20, 2, Role::Host)]
    {
        ada.send(stranger);
        assert!(matches!(ada.result().await, Err(BatchError::Constraint(_))));
        ada.head = Seq(ada.head.0 - 1);
    }
    store.close().await;
}

#[tokio::test]
async fn the_end_puts_everyone_out() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    ada.tell(joined(20, 1, Role::Host)).await;
    ada.tell(joined(21, 2, Role::CoHost)).await;
    let (participant, user) = (ParticipantId(22), UserId(3));
    let reason = WaitReason::Full;
    ada.tell(Fact::ParticipantWaiting {
        participant,
        user,
        kind: UserKind::Member,
        reason,
        position: 1,
        invited: false,
        passes: None,
        stranger: false,
    })
    .await;
    let counts = async || {
        let row = store.meeting_row(ada.meeting).await.unwrap().unwrap();
        (row.present, row.waiting)
    };
    assert_eq!(counts().await, (2, 1));
    let ended = ada.event(Fact::MeetingEnded { reason: EndReason::Ended });
    ada.store.append(ada.batch(vec![ended]));
    assert_eq!(ada.result().await, Ok(Seq(5)));
    let row = store.meeting_row(ada.meeting).await.unwrap().unwrap();
    assert_eq!((row.present, row.waiting), (0, 0));
    store.close().await;
}

#[tokio::test]
async fn co_hosts_and_bans_stand_in_their_tables() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let count =
        |sql: &str| -> i64 { scratch.stranger().query_row(sql, [], |row| row.get(0)).unwrap() };
    let cohosts = "SELECT coalesce(sum(user_id), 0) FROM meeting_co_hosts";
    assert_eq!(count(cohosts), 2);
    assert!(store.user_may_see(ada.meeting, UserId(2), None).await.unwrap());
    ada.tell(Fact::CohostAdded { user: UserId(3), participant: None }).await;
    assert_eq!(count(cohosts), 5);
    ada.tell(Fact::CohostRemoved { user: UserId(2), participant: None }).await;
    assert_eq!(count(cohosts), 3);
    assert!(!store.user_may_see(ada.meeting, UserId(2), None).await.unwrap());

    let until = Some(Timestamp(1_800_000_000_000));
    ada.tell(ban(2, None, until)).await;
    let given = Fact::ReasonGiven { event: ada.head, participant: None };
    let reason = Personal { reason: Some("noise".to_owned()), ..Personal::default() };
    ada.send_with(given, reason);
    ada.result().await.unwrap();
    let row =
        "SELECT concat_ws(' ', user_id, until, scope, key, reason, by_user_id) FROM meeting_bans";
    let row = || scratch.stranger().query_row(row, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(row(), "2 2027-01-15T08:00:00.000Z series email noise 1");
    ada.tell(Fact::Redacted { ranges: vec![(ada.head, ada.head)] }).await;
    assert_eq!(row(), "2 2027-01-15T08:00:00.000Z series email 1", "the reason is gone here too");
    ada.tell(ban(2, None, None)).await;
    ada.tell(Fact::Redacted { ranges: vec![(ada.head, ada.head)] }).await;
    assert_eq!(row(), "2 series user 1", "without the address it keeps out the user alone");
    ada.tell(Fact::ParticipantUnbanned { user: UserId(2), participant: None }).await;
    assert_eq!(count("SELECT count(*) FROM meeting_bans"), 0);
    store.close().await;
}

#[tokio::test]
async fn the_seat_changes_in_the_tables_and_an_acting_host_stays_what_they_were() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let co_hosts = "SELECT coalesce(group_concat(user_id ORDER BY id), '') FROM meeting_co_hosts";
    let stands = async || {
        let host = store.meeting_row(MeetingId(1)).await.unwrap().unwrap().info.host.id.0;
        let row = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        (host, scratch.stranger().query_row(co_hosts, [], row).unwrap())
    };
    let changed = |user: i64, acting_for: Option<i64>, co_host: Option<i64>| Fact::HostChanged {
        from: None,
        to: ParticipantId(user + 10),
        user: UserId(user),
        acting_for: acting_for.map(UserId),
        co_host: co_host.map(UserId),
    };
    for (fact, host, co_hosts) in [
        (changed(2, Some(1), None), 2, "2"),
        (changed(1, None, None), 1, "2"),
        (changed(3, None, Some(1)), 3, "2,1"),
        (changed(1, None, Some(3)), 1, "2,3"),
    ] {
        ada.tell(fact).await;
        assert_eq!(stands().await, (host, co_hosts.to_owned()));
    }
    store.close().await;
}

#[tokio::test]
async fn the_servers_roles_stand_in_their_table_and_who_has_one_is_found() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let key = RoleKey::new("helper").unwrap();
    let role = CustomRole {
        key,
        label: "Helper".to_owned(),
        based_on: Role::Presenter,
        rank: 45,
        grants: [Permission::ParticipantAdmit].into_iter().collect(),
        denies: PermissionSet::NONE,
        version: 1,
    };
    let now = Timestamp(1_790_000_000_000);
    store.set_role(role.clone(), now).await.unwrap();
    let newer = CustomRole { rank: 50, version: 2, ..role };
    store.set_role(newer.clone(), now.plus_seconds(1)).await.unwrap();
    assert_eq!(store.roles().await.unwrap(), [newer]);
    assert_eq!(store.users_of_role(key).await.unwrap(), []);
    ada.tell(joined(20, 3, Role::Custom(key))).await;
    let user = RoleUser { meeting: MeetingId(1), user: UserId(3) };
    assert_eq!(store.users_of_role(key).await.unwrap(), [user]);
    ada.tell(Fact::MeetingEnded { reason: EndReason::Ended }).await;
    assert_eq!(store.users_of_role(key).await.unwrap(), [], "it has a copy of its own");
    store.remove_role(key).await.unwrap();
    assert_eq!(store.roles().await.unwrap(), []);
    store.close().await;
    let error = store_closed(&scratch).await;
    assert!(matches!(error, Err(StoreError::Closed)), "{error:?}");
}

/// Changing a role when the store is closed.
async fn store_closed(scratch: &Scratch) -> Result<(), StoreError> {
    let store = scratch.open();
    store.clone().close().await;
    store.remove_role(RoleKey::new("helper").unwrap()).await
}

#[tokio::test]
async fn users_and_meetings_are_found_by_name_and_code() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 5).await;
    let renamed = UserRow {
        email: Some("ben@example.org".to_owned()),
        kind: UserKind::Guest,
        name: "Ben".to_owned(),
        ..user(2, "ben")
    };
    ada.append(Batch { users: vec![renamed], ..ada.batch(vec![]) });
    ada.result().await.unwrap();
    let ben = store.user_by_name("ben").await.unwrap().unwrap();
    assert_eq!((ben.id, &*ben.name, ben.kind), (UserId(2), "Ben", Some(UserKind::Guest)));
    assert_eq!((ben.email.as_deref(), ben.is_active), (Some("ben@example.org"), true));
    assert_eq!(store.user_by_name("BEN").await.unwrap(), None);
    assert_eq!(store.user_by_name("system").await.unwrap().unwrap().kind, None);
    assert_eq!(store.meeting_by_code("code-5").await.unwrap(), Some(MeetingId(5)));
    assert_eq!(store.meeting_by_code("code-6").await.unwrap(), None);
    assert!(store.meeting_exists(MeetingId(5)).await.unwrap());
    assert!(!store.meeting_exists(MeetingId(6)).await.unwrap());
    assert_eq!(store.meeting_row(MeetingId(6)).await.unwrap(), None);
    store.close().await;
}

#[test]
fn no_query_reads_a_whole_table() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection.execute_batch(open::SCHEMA).unwrap();
    for sql in ALL_QUERIES {
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let unbound = rusqlite::params_from_iter(vec![0; plan.parameter_count()]);
        let steps = plan.query_map(unbound, |row| row.get::<_, String>(3)).unwrap();
        for step in steps {
            let step = step.unwrap();
            // Partial indexes hold only what is asked for.
            let partial = [
                "idx_meeting_running",
                "idx_meeting_deadline",
                "idx_participant_present",
                "idx_participant_waiting",
                "idx_user_admin",
                "idx_meeting_to_come",
            ];
            let sound = !step.starts_with("SCAN")
                || step == "SCAN CONSTANT ROW"
                || step.starts_with("SCAN json_each")
                || partial.iter().any(|index| step.contains(index));
            assert!(sound, "{step}: {sql}");
            // What is put together by week is of a bounded time.
            let by_week = step == "USE TEMP B-TREE FOR GROUP BY" && sql.contains("GROUP BY week");
            assert!(by_week || !step.contains("TEMP B-TREE"), "{step}: {sql}");
        }
    }
}
