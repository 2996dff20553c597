//! Whatever stands in an old database: no row of it is lost, and the tables are what the journals say.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::params_from_iter;
use rusqlite::types::Value as V;

use super::folding::assert_folds;
use super::*;

fn text(text: &str) -> V {
    V::Text(text.to_owned())
}

/// What may stand anywhere.
fn odd() -> impl Strategy<Value = V> {
    prop_oneof![
        Just(V::Null),
        Just(text("")),
        Just(text("  ")),
        Just(text("\u{202E}\u{7}x")),
        Just(V::Blob(vec![0, 0xFF])),
        Just(V::Integer(-1)),
        Just(V::Real(2.5)),
        any::<String>().prop_map(V::Text),
    ]
}

/// Nearly always of this kind.
fn mostly(usual: impl Strategy<Value = V> + 'static) -> impl Strategy<Value = V> {
    prop_oneof![12 => usual, 1 => odd()]
}

fn time() -> impl Strategy<Value = V> {
    let usual = (0..40_i64).prop_map(|hours| {
        text(&format!("2024-06-{:02} {:02}:10:00.123456", 1 + hours / 24, hours % 24))
    });
    let rest = prop_oneof![Just(V::Null), Just(text("2999-01-01 00:00:00")), Just(text("soon"))];
    mostly(prop_oneof![5 => usual, 1 => rest])
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = V> {
    mostly(prop::sample::select(words).prop_map(text))
}

fn id(most: i64) -> impl Strategy<Value = V> {
    mostly((0..=most).prop_map(V::Integer))
}

/// Keys: distinct, and some that cannot be kept.
fn keys() -> impl Strategy<Value = Vec<i64>> {
    let key = prop_oneof![20 => 1..30_i64, 1 => -2..1_i64, 1 => Just(i64::MAX), 1 => Just(1 << 53)];
    prop::collection::btree_set(key, 0..12).prop_map(|keys| keys.into_iter().collect())
}

fn user() -> impl Strategy<Value = Vec<V>> {
    let name = || one_of(&["ana", "ben", "chen", "system", "guest:x", "bot:y", "legacy:system"]);
    let active = one_of(&["1", "0", "true", "perhaps"]);
    (name(), name(), odd(), name(), active, time(), time())
        .prop_map(|(a, b, c, d, e, f, g)| vec![a, b, c, d, e, f, g])
}

fn meeting() -> impl Strategy<Value = Vec<V>> {
    let status = one_of(&["scheduled", "Completed", "in_progress", "cancelled", "moved"]);
    let code = one_of(&["abc", "def", "ghi", ""]);
    // Hashing is slow on purpose: few have a passcode.
    let password = prop_oneof![9 => Just(V::Null), 1 => Just(text("open sesame"))];
    let texts = (one_of(&["Weekly", "1:1"]), odd());
    let times = (time(), time(), time(), time());
    (texts, id(30), status, code, password, times).prop_map(
        |(texts, host, status, code, password, times)| {
            let (start, end, created, updated) = times;
            vec![texts.0, texts.1, host, start, end, status, code, password, created, updated]
        },
    )
}

fn place() -> impl Strategy<Value = Vec<V>> {
    let status = one_of(&["invited", "ACCEPTED", "joined", "declined", "maybe"]);
    (id(30), id(30), status, time(), time(), time()).prop_map(
        |(meeting, user, status, joined, left, created)| {
            vec![meeting, user, status, joined, left, created]
        },
    )
}

/// Rows of a table, under these keys.
fn rows_of(row: impl Strategy<Value = Vec<V>>) -> impl Strategy<Value = Vec<(i64, Vec<V>)>> {
    (keys(), prop::collection::vec(row, 12))
        .prop_map(|(keys, rows)| keys.into_iter().zip(rows).collect())
}

/// The old tables, where nothing is demanded of a row; each has a mark of its own.
const TABLES: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, username, email, password_hash, full_name, is_active,
        created_at, last_login, mark INTEGER);
    CREATE TABLE meetings (id INTEGER PRIMARY KEY, title, description, host_id, start_time, end_time, status,
        meeting_code, password, created_at, updated_at, mark INTEGER);
    CREATE TABLE meeting_participants (id INTEGER PRIMARY KEY, meeting_id, user_id, status, joined_at,
        left_at, created_at, mark INTEGER);";

fn fill(connection: &Connection, table: &str, rows: &[(i64, Vec<V>)]) {
    for (mark, (key, row)) in rows.iter().enumerate() {
        let values =
            [V::Integer(*key)].into_iter().chain(row.clone()).chain([V::Integer(mark as i64)]);
        let values: Vec<_> = values.collect();
        let marks = vec!["?"; values.len()].join(",");
        let sql = format!("INSERT INTO {table} VALUES ({marks})");
        connection.execute(&sql, params_from_iter(values)).unwrap();
    }
}

fn marks(migrated: &Migrated, table: &str) -> Vec<String> {
    let mut marks = migrated.rows(&format!("SELECT mark FROM {table} WHERE mark IS NOT NULL"));
    let sql = format!("SELECT row ->> 'mark' FROM migration_quarantine WHERE source = '{table}'");
    marks.extend(migrated.rows(&sql));
    let merged = migrated.odd("duplicate").into_iter().filter(|odd| odd["table"] == table);
    marks.extend(merged.map(|odd| odd["whole"]["mark"].to_string()));
    marks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_row_is_lost(
        users in rows_of(user()),
        meetings in rows_of(meeting()),
        places in rows_of(place()),
        more in rows_of(place()),
    ) {
        let scratch = Scratch::of(TABLES);
        let places: Vec<_> =
            places.into_iter().chain(more.into_iter().map(|(key, row)| (key.wrapping_add(100), row))).collect();
        let connection = scratch.open();
        let mut keys = BTreeSet::new();
        let places: Vec<_> = places.into_iter().filter(|(key, _)| keys.insert(*key)).collect();
        let tables = [("users", &users), ("meetings", &meetings), ("meeting_participants", &places)];
        for (table, rows) in tables {
            fill(&connection, table, rows);
        }
        drop(connection);
        let migrated = scratch.migrate();
        for (table, rows) in tables {
            let mut found: Vec<usize> =
                marks(&migrated, table).iter().map(|mark| mark.parse().unwrap()).collect();
            found.sort_unstable();
            prop_assert!(found.iter().copied().eq(0..rows.len()), "{table}: {found:?} of {}", rows.len());
        }
        for (table, counts) in &migrated.summary.rows {
            let all = counts.taken_over + counts.merged + counts.quarantined;
            prop_assert_eq!(counts.found, all, "{}", table);
        }
        assert_folds(&migrated, &scratch.path);
    }
}
