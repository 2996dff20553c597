//! Lists of meetings: right whoever asks for what, page by page while rows come and go, and in as many steps
//! of the database for a hundred thousand meetings as for a hundred.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, params};

use super::*;
use crate::store::queries::meetings::page;

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(open::SCHEMA).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection
}

fn people(connection: &Connection, last: i64) {
    for id in 1..=last {
        let insert = "INSERT INTO users (id, username) VALUES (?1, 'user-' || ?1)";
        connection.execute(insert, [id]).unwrap();
    }
}

fn day(day: i64) -> String {
    Timestamp(1_790_000_000_000).plus_ms(day * 86_400_000).to_string()
}

fn add(connection: &Connection, id: i64, host: i64, start: Option<i64>) {
    let insert = "INSERT INTO meetings (id, title, host_id, owner_id, start_time, end_time, \
         created_at, updated_at) VALUES (?1, 'Meeting ' || ?1, ?2, ?2, ?3, ?4, ?5, ?5)";
    let end = start.map(|start| day(start + id % 3));
    let insert = connection.prepare_cached(insert);
    insert.unwrap().execute(params![id, host, start.map(day), end, day(id % 700)]).unwrap();
}

fn take_part(connection: &Connection, meeting: i64, user: i64) {
    let insert = "INSERT INTO meeting_participants (meeting_id, user_id, created_at) \
         VALUES (?1, ?2, '2026-01-01T00:00:00.000Z')";
    connection.prepare_cached(insert).unwrap().execute([meeting, user]).unwrap();
}

fn all_of(
    whose: &Whose,
    filter: &MeetingFilter,
    limit: usize,
    connection: &Connection,
) -> Vec<i64> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let (items, next) = page(connection, whose, filter, after, limit).unwrap();
        assert!(items.len() <= limit);
        ids.extend(items.iter().map(|it| it.info.id.0));
        let Some(next) = next else { return ids };
        after = Some(next);
    }
}

fn of(user: i64) -> Whose {
    Whose::Of(UserId(user), Some(format!("user-{user}@example.org")))
}

/// What a list must be, asked in one plain question.
fn expected(connection: &Connection, condition: &str) -> Vec<i64> {
    let sql = format!(
        "SELECT id FROM meetings AS m WHERE {condition} \
         ORDER BY coalesce(start_time, created_at) DESC, id DESC"
    );
    let mut statement = connection.prepare(&sql).unwrap();
    let ids = statement.query_map([], |row| row.get(0)).unwrap();
    ids.collect::<rusqlite::Result<_>>().unwrap()
}

/// Whose meetings are a user's, as one reads them in the tables.
fn theirs(user: i64) -> String {
    format!(
        "({user} IN (host_id, owner_id) \
         OR id IN (SELECT meeting_id FROM meeting_co_hosts WHERE user_id = {user}) \
         OR id IN (SELECT meeting_id FROM meeting_participants WHERE user_id = {user}) \
         OR id IN (SELECT meeting_id FROM meeting_invitees \
             WHERE user_id = {user} OR email = 'user-{user}@example.org'))"
    )
}

/// Everything that ties people to meetings, at random, and undone again.
fn live(connection: &Connection, rng: &mut StdRng, meetings: i64, users: i64) {
    let (meeting, user) = (rng.random_range(1..=meetings), rng.random_range(1..=users));
    let run = |sql: &str| connection.execute(sql, [meeting, user]).unwrap();
    match rng.random_range(0..11) {
        0 => run(
            "INSERT OR IGNORE INTO meeting_co_hosts (meeting_id, user_id, created_at, updated_at) \
             VALUES (?1, ?2, '', '')",
        ),
        1 => run("DELETE FROM meeting_co_hosts WHERE meeting_id = ?1 AND user_id = ?2"),
        2 | 3 => {
            run("INSERT OR IGNORE INTO meeting_participants (meeting_id, user_id, created_at) \
             VALUES (?1, ?2, '')")
        }
        4 => run(
            "INSERT OR IGNORE INTO meeting_invitees (meeting_id, invitee_id, user_id, seq, created_at) \
             VALUES (?1, ?2, ?2, ?2, '')",
        ),
        5 => run(
            "INSERT OR IGNORE INTO meeting_invitees (meeting_id, invitee_id, email, seq, created_at) \
             VALUES (?1, 100 + ?2, 'user-' || ?2 || '@example.org', 100 + ?2, '')",
        ),
        6 => run("DELETE FROM meeting_invitees WHERE meeting_id = ?1 AND invitee_id % 100 = ?2"),
        7 => run(
            "UPDATE meeting_invitees SET email = NULL WHERE meeting_id = ?1 AND invitee_id = 100 + ?2",
        ),
        8 => run("UPDATE meetings SET host_id = ?2 WHERE id = ?1"),
        9 => run("UPDATE meetings SET start_time = created_at WHERE id = ?1 AND ?2 % 2 = 0"),
        _ => run(
            "UPDATE meetings SET start_time = NULL, status = 'cancelled' WHERE id = ?1 AND ?2 = 1",
        ),
    };
}

#[test]
fn whoever_asks_gets_what_the_tables_say_in_pages_of_any_size() {
    for seed in 0..15 {
        let mut rng = StdRng::seed_from_u64(seed);
        let connection = database();
        people(&connection, 6);
        for id in 1..=40 {
            let start = rng.random_bool(0.7).then(|| rng.random_range(0..40));
            add(&connection, id, rng.random_range(1..=6), start);
            if rng.random_bool(0.3) {
                let parent = "UPDATE meetings SET parent_meeting_id = 1 WHERE id = ?1 AND id > 1";
                connection.execute(parent, [id]).unwrap();
            }
        }
        for _ in 0..200 {
            live(&connection, &mut rng, 40, 6);
        }
        let default = MeetingFilter::default();
        let shown = "status <> 'cancelled'";
        for limit in [1, 3, 7, 200] {
            let check = |whose: &Whose, filter: &MeetingFilter, condition: String| {
                let got = all_of(whose, filter, limit, &connection);
                assert_eq!(got, expected(&connection, &condition), "seed {seed}: {filter:?}");
            };
            check(&Whose::Everyones, &default, shown.to_owned());
            check(
                &Whose::Everyones,
                &MeetingFilter { status: Some(MeetingStatus::Cancelled), ..default.clone() },
                "status = 'cancelled'".to_owned(),
            );
            check(&Whose::HostedBy(UserId(2)), &default, format!("host_id = 2 AND {shown}"));
            check(
                &Whose::These(vec![MeetingId(3), MeetingId(5), MeetingId(99)]),
                &default,
                format!("id IN (3, 5) AND {shown}"),
            );
            let (from, to) = (Timestamp(1_790_000_000_000), Timestamp(1_790_000_000_000));
            let (from, to) = (from.plus_ms(10 * 86_400_000), to.plus_ms(20 * 86_400_000));
            check(
                &of(3),
                &MeetingFilter { from: Some(from), to: Some(to), ..default.clone() },
                format!(
                    "{} AND {shown} AND coalesce(start_time, created_at) < '{to}' AND iif(end_time IS NULL, \
                     coalesce(start_time, created_at) >= '{from}', end_time > '{from}')",
                    theirs(3)
                ),
            );
            for user in 1..=6 {
                check(&of(user), &default, format!("{} AND {shown}", theirs(user)));
                check(
                    &of(user),
                    &MeetingFilter { parent: Some(MeetingId(1)), ..default.clone() },
                    format!("parent_meeting_id = 1 AND {} AND {shown}", theirs(user)),
                );
                check(
                    &of(user),
                    &MeetingFilter { run_by: Some(UserId(user)), ..default.clone() },
                    format!(
                        "(host_id = {user} OR id IN (SELECT meeting_id FROM meeting_co_hosts \
                         WHERE user_id = {user})) AND {shown}"
                    ),
                );
                check(
                    &of(user),
                    &MeetingFilter { text: Some("meeting 1".to_owned()), ..default.clone() },
                    format!("title LIKE 'Meeting 1%' AND {} AND {shown}", theirs(user)),
                );
            }
        }
    }
}

#[test]
fn while_meetings_come_and_go_no_other_is_missed_or_told_twice() {
    for seed in 0..20 {
        let mut rng = StdRng::seed_from_u64(seed);
        let connection = database();
        people(&connection, 2);
        for id in 1..=60 {
            add(&connection, id, 1, Some(rng.random_range(0..20)));
        }
        let whose = if seed % 2 == 0 { Whose::Everyones } else { of(1) };
        let (mut told, mut after, mut gone) = (Vec::new(), None, BTreeSet::new());
        loop {
            let (items, next) =
                page(&connection, &whose, &MeetingFilter::default(), after, 7).unwrap();
            told.extend(items.iter().map(|it| it.info.id.0));
            let Some(next) = next else { break };
            after = Some(next);
            add(&connection, 100 + told.len() as i64, 1, Some(rng.random_range(0..20)));
            let removed = rng.random_range(1..=60);
            connection
                .execute("UPDATE meetings SET status = 'cancelled' WHERE id = ?1", [removed])
                .unwrap();
            gone.insert(removed);
        }
        let mut once = told.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), told.len(), "seed {seed}: told twice");
        let missed: Vec<_> =
            (1..=60).filter(|id| !gone.contains(id) && !told.contains(id)).collect();
        assert_eq!(missed, [0; 0], "seed {seed}");
    }
}

/// Steps of SQLite's machine that a question takes.
fn steps<T>(connection: &mut Connection, ask: impl FnOnce(&Connection) -> T) -> (T, u64) {
    static STEPS: AtomicU64 = AtomicU64::new(0);
    STEPS.store(0, Ordering::Relaxed);
    let count = || STEPS.fetch_add(1, Ordering::Relaxed) == u64::MAX;
    connection.progress_handler(1, Some(count)).unwrap();
    let answer = ask(connection);
    connection.progress_handler(0, None::<fn() -> bool>).unwrap();
    (answer, STEPS.load(Ordering::Relaxed))
}

/// So many meetings; user 2 takes part in every other, user 3 in ten of them, user 4 in none.
fn many(meetings: i64) -> Connection {
    let connection = database();
    people(&connection, 4);
    connection.execute_batch("BEGIN").unwrap();
    for id in 1..=meetings {
        add(&connection, id, 1, Some(id % 1000));
        if id % 2 == 0 {
            take_part(&connection, id, 2);
        }
        if id % (meetings / 10) == 0 {
            take_part(&connection, id, 3);
        }
    }
    connection.execute_batch("COMMIT; ANALYZE").unwrap();
    connection
}

#[test]
fn the_first_page_of_very_many_takes_as_many_steps_as_that_of_a_hundred() {
    let default = MeetingFilter::default();
    let first = |connection: &mut Connection, whose: &Whose, filter: &MeetingFilter| {
        let ask = |connection: &Connection| page(connection, whose, filter, None, 50).unwrap();
        let ((items, _), steps) = steps(connection, ask);
        (items.len(), steps)
    };
    let (mut few, mut very_many) = (many(100), many(100_000));
    let running = MeetingFilter { status: Some(MeetingStatus::InProgress), ..default.clone() };
    for (name, whose, filter, there) in [
        ("an admin", Whose::Everyones, &default, 50),
        ("an admin, running", Whose::Everyones, &running, 0),
        ("a host", of(1), &default, 50),
        ("who takes part in half of them", of(2), &default, 50),
        ("who takes part in ten of them", of(3), &default, 10),
        ("a stranger", of(4), &default, 0),
    ] {
        let (found, steps) = first(&mut few, &whose, filter);
        let (found_of_many, steps_of_many) = first(&mut very_many, &whose, filter);
        println!("{name}: {steps} steps of 100, {steps_of_many} of 100,000");
        assert_eq!((found, found_of_many), (there, there), "{name}");
        assert!(steps_of_many <= steps + steps / 10 + 20, "{name}: {steps}, {steps_of_many}");
    }
    // Nor does a page far from the beginning.
    let end = MeetingFilter {
        to: Some(Timestamp(1_790_000_000_000).plus_ms(3 * 86_400_000)),
        ..default.clone()
    };
    for whose in [Whose::Everyones, of(1), of(2)] {
        let (found, deep) = first(&mut very_many, &whose, &end);
        let (_, begin) = first(&mut very_many, &whose, &default);
        assert_eq!(found, 50);
        // A hundred meetings begin at the same time, and are passed by one by one.
        println!("{whose:?}: {deep} steps far from the beginning");
        assert!(deep <= 2 * begin, "{deep} {begin}");
    }
    // What nobody's title says is not looked for for ever: a page ends.
    let text = MeetingFilter { text: Some("nobody says this".to_owned()), ..default };
    let (answer, steps) = steps_of_search(&mut very_many, &text);
    println!("a search in vain: {steps} steps");
    assert!(answer, "there may be more");
    assert!(steps < 300_000, "{steps}");
}

/// Whether a page that finds nothing tells where to go on, and in how many steps.
fn steps_of_search(connection: &mut Connection, filter: &MeetingFilter) -> (bool, u64) {
    let ask =
        |connection: &Connection| page(connection, &Whose::Everyones, filter, None, 50).unwrap();
    let ((items, next), steps) = steps(connection, ask);
    assert!(items.is_empty());
    (next.is_some(), steps)
}
