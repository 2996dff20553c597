//! Makes a large database as the older application left it, a few per cent of it odd, to measure
//! `quorate migrate` with: `cargo run --release --example old_database -- FILE [MEETINGS [ROWS]]`.

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, params};

/// The tables, and six meetings that this takes only the tables of.
const BEFORE: &str = include_str!("../tests/migrate/before.sql");
/// People.
const USERS: i64 = 20_000;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().context("name the file to make")?;
    let mut number = |or: i64| arguments.next().map_or(Ok(or), |text| text.parse::<i64>());
    let (meetings, rows) = (number(10_000)?, number(1_000_000)?);
    ensure!(!std::path::Path::new(&file).exists(), "{file} is there already; name another");
    let connection = Connection::open(&file)?;
    let (tables, _) = BEFORE.split_once("INSERT INTO").context("the tables come first")?;
    connection.execute_batch(tables)?;
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO users SELECT i, 'user' || i, 'user' || i || '@example.org', 'pbkdf2:sha256:' || i,
            iif(i % 20, 'User ' || i, NULL), i % 50 > 0, '2024-01-08 09:12:44.120311', NULL FROM n",
        [USERS],
    )?;
    // Every third has a password, every tenth no code; of a hundred, one is left running, one has a status
    // that is not known, one a host who is not there, and one a time that does not parse.
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO meetings SELECT i, 'Meeting ' || i, iif(i % 2, 'What it is about, number ' || i, NULL),
            iif(i % 100 = 7, 999999, 1 + i * 7919 % ?2),
            iif(i % 100 = 8, 'next week', strftime('%Y-%m-%d %H:%M:%S', 1704067200 + i * 3600, 'unixepoch')),
            NULL, CASE WHEN i % 100 = 9 THEN 'in_progress' WHEN i % 100 = 10 THEN 'postponed'
                WHEN i % 10 = 1 THEN 'cancelled' WHEN i % 10 = 2 THEN 'scheduled' ELSE 'completed' END,
            iif(i % 10, 'old-' || i, NULL), iif(i % 3, '', 'secret' || i),
            '2024-01-08 09:12:44.120311', '2024-06-08 09:12:44.120311' FROM n",
        params![meetings, USERS],
    )?;
    // The rows of a meeting are spread over the table. Of a hundred, two are left open, one is a second row of
    // a person, one is of no meeting, one has a status that is not known, and one a time that does not parse.
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO meeting_participants SELECT i, iif(i % 100 = 7, ?2 + 1 + i % 50, 1 + i % ?2),
            1 + (i / ?2 * 197 + i % ?2 - iif(i / ?2 % 100 = 8, 197, 0)) % ?3,
            CASE i % 10 WHEN 1 THEN 'invited' WHEN 2 THEN 'accepted' WHEN 3 THEN 'declined'
                ELSE iif(i % 100 = 19, 'maybe', 'joined') END,
            iif(i % 10 IN (1, 2, 3), NULL, iif(i % 100 = 20, '?', strftime('%Y-%m-%d %H:%M:%S.250000',
                1704067200 + (1 + i % ?2) * 3600 + i % 600, 'unixepoch'))),
            iif(i % 10 IN (1, 2, 3) OR i % 50 = 24, NULL, strftime('%Y-%m-%d %H:%M:%S.750000',
                1704067200 + (1 + i % ?2) * 3600 + 1800 + i % 900, 'unixepoch')),
            '2024-01-08 09:12:44.120311' FROM n",
        params![rows, meetings, USERS],
    )?;
    connection.execute_batch(
        "INSERT INTO alembic_version VALUES ('9b0ad2e47904');
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO notifications SELECT i, 1 + i % 20000, 'Someone joined', 0,
            '2024-06-03 08:01:01.000000' FROM n;
         COMMIT",
    )?;
    Ok(())
}
