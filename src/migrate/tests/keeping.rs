//! What is not ours, and goes on working.

use super::*;

const THEIRS: &str = "
    CREATE TABLE teams (id INTEGER PRIMARY KEY, label TEXT UNIQUE);
    INSERT INTO teams VALUES (1, 'red'), (2, 'blue');
    ALTER TABLE users ADD COLUMN team_id INTEGER REFERENCES teams (id);
    ALTER TABLE meetings ADD COLUMN \"our, colour\" TEXT NOT NULL DEFAULT 'grey' COLLATE NOCASE;
    ALTER TABLE meetings ADD COLUMN shout TEXT GENERATED ALWAYS AS (upper(title)) VIRTUAL;
    ALTER TABLE meeting_participants ADD COLUMN badge BLOB;
    UPDATE users SET team_id = 1 + id % 2;
    UPDATE meetings SET \"our, colour\" = 'Red' WHERE id = 4;
    UPDATE meeting_participants SET badge = x'00ff10' WHERE id = 9;
    UPDATE meeting_participants SET badge = 1.5 WHERE id = 8;
    CREATE TABLE ratings (meeting_id INTEGER REFERENCES meetings (id) ON DELETE CASCADE, stars INT);
    INSERT INTO ratings VALUES (1, 5), (4, 3);
    CREATE TABLE log (text);
    CREATE INDEX by_colour ON meetings (\"our, colour\", lower(title)) WHERE id > 1;
    CREATE UNIQUE INDEX by_team ON users (team_id, id);
    CREATE INDEX idx_meeting_host ON meetings (host_id, title);
    CREATE VIEW hosts AS SELECT m.title, u.username FROM meetings AS m JOIN users AS u ON u.id = m.host_id;
    CREATE TRIGGER noted AFTER UPDATE OF title ON meetings BEGIN INSERT INTO log VALUES (NEW.title); END;
    CREATE TRIGGER rated AFTER INSERT ON ratings
        BEGIN UPDATE meetings SET \"our, colour\" = 'gold' WHERE id = NEW.meeting_id; END;
    CREATE VIRTUAL TABLE words USING fts5 (body);
    INSERT INTO words VALUES ('quorum and quorate');";

#[test]
fn what_others_made_goes_on_working() {
    let scratch = Scratch::before(THEIRS);
    let dump = |connection: &Connection, table: &str| {
        rows(connection, &format!("SELECT rowid, * FROM {table}"), [])
    };
    let tables = ["notifications", "alembic_version", "teams", "ratings", "words"];
    let before = tables.map(|table| dump(&scratch.open(), table));
    let migrated = scratch.migrate();
    let after = tables.map(|table| dump(&migrated.connection, table));
    assert_eq!(before, after);
    for (sql, says) in [
        ("SELECT id, team_id FROM users WHERE id BETWEEN 0 AND 3", "0|–\n1|2\n2|1\n3|2"),
        (
            "SELECT id, \"our, colour\", shout FROM meetings WHERE id > 3",
            "4|Red|ALL HANDS\n5|grey|INTERVIEW LOOP\n6|grey|LEFT RUNNING",
        ),
        (
            "SELECT id, badge FROM meeting_participants WHERE badge IS NOT NULL",
            "8|1.5\n9|[0, 255, 16]",
        ),
        ("SELECT * FROM hosts WHERE title = '1:1'", "1:1|amara"),
        ("SELECT count(*) FROM words WHERE words MATCH 'quorate'", "1"),
        ("SELECT id FROM meetings WHERE \"our, colour\" = 'RED'", "4"),
        ("SELECT count(*) FROM log", "0"),
    ] {
        assert_eq!(migrated.row(sql), says, "{sql}");
    }
    let kept = ["index by_colour", "index by_team", "trigger noted", "trigger rated", "view hosts"];
    let mut found = migrated.summary.kept.clone();
    found.sort();
    assert_eq!(found, kept);
    let dropped = &migrated.summary.dropped;
    assert_eq!(dropped[..], ["index idx_meeting_host: ours of that name is in its place"]);
    drop(migrated);

    let connection = scratch.open();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection.execute_batch("UPDATE meetings SET title = 'Other' WHERE id = 1").unwrap();
    connection.execute_batch("INSERT INTO ratings VALUES (5, 1)").unwrap();
    assert_eq!(rows(&connection, "SELECT * FROM log", []), ["Other"]);
    let colour = "SELECT \"our, colour\" FROM meetings WHERE id = 5";
    assert_eq!(rows(&connection, colour, []), ["gold"]);
    let refused = connection.execute_batch("UPDATE users SET team_id = 9 WHERE id = 1");
    assert!(refused.is_err(), "their foreign key holds");
    let refused = connection.execute_batch("INSERT INTO ratings VALUES (99, 1)");
    assert!(refused.is_err(), "and theirs to our tables");
    let plan = rows(&connection, "EXPLAIN QUERY PLAN SELECT 1 FROM users WHERE team_id = 1", []);
    assert!(plan[0].contains("by_team"), "{plan:?}");
}

#[test]
fn constraints_that_name_their_columns_are_kept_and_demands_that_nobody_meets_are_not() {
    let script = BEFORE.replace(
        "is_active BOOLEAN NOT NULL DEFAULT 1,",
        "is_active BOOLEAN NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
         badge TEXT NOT NULL, -- from the door
         floor INTEGER NOT NULL DEFAULT 1,",
    );
    let script = script.replace(
        "last_login DATETIME\n);",
        "last_login DATETIME, CONSTRAINT one UNIQUE (badge, floor), CHECK (length(username) > 1));",
    );
    let columns =
        "users (id, username, email, password_hash, full_name, is_active, created_at, last_login)";
    let script =
        script.replace("INSERT INTO users VALUES", &format!("INSERT INTO {columns} VALUES"));
    // Rows came before the demand.
    let script = script.replace("badge TEXT NOT NULL,", "badge TEXT,");
    let script = format!(
        "{script}; UPDATE users SET badge = hex(id), floor = 2; PRAGMA writable_schema = ON; \
         UPDATE sqlite_schema SET sql = replace(sql, 'badge TEXT,', 'badge TEXT NOT NULL,'); \
         PRAGMA writable_schema = RESET"
    );
    let scratch = Scratch::of(&script);
    let before = rows(&scratch.open(), "SELECT id, badge, floor FROM users", []);
    let migrated = scratch.migrate();
    assert_eq!(migrated.rows("SELECT id, badge, floor FROM users WHERE id > 0"), before);
    assert_eq!(
        migrated.summary.dropped,
        ["users.badge: NOT NULL, since it has no default", "users: CHECK (length(username) > 1)"]
    );
    drop(migrated);
    let connection = scratch.open();
    let insert = "INSERT INTO users (username, badge) VALUES (?1, ?2)";
    connection.execute(insert, ["new", "7"]).unwrap();
    assert!(connection.execute(insert, ["newer", "7"]).is_err(), "badge and floor are one");
}

#[test]
fn a_database_of_another_encoding_and_page_size_is_taken_over() {
    let scratch = Scratch::of(&format!(
        "PRAGMA encoding = 'UTF-16le'; PRAGMA page_size = 1024; PRAGMA auto_vacuum = FULL; {BEFORE}"
    ));
    let migrated = scratch.migrate();
    super::folding::assert_folds(&migrated, &scratch.path);
    assert_eq!(migrated.row("SELECT full_name FROM users WHERE id = 3"), "Chen Wei 陈伟");
}
