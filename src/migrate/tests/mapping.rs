//! The sample database, row by row, and the schema that comes out.

use std::collections::BTreeSet;

use super::*;
use crate::identity::passcode;
use crate::migrate::model;

/// Everything in a schema, in words that do not depend on how it was typed.
fn described(connection: &Connection) -> BTreeSet<String> {
    const COLUMNS: &str =
        "SELECT 'column', s.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden
        FROM sqlite_schema AS s, pragma_table_xinfo(s.name) AS c WHERE s.type = 'table'";
    const KEYS: &str =
        "SELECT 'key', s.name, k.\"table\", k.\"from\", k.\"to\", k.on_update, k.on_delete, k.match
        FROM sqlite_schema AS s, pragma_foreign_key_list(s.name) AS k WHERE s.type = 'table'";
    const INDEXES: &str = "SELECT 'index', s.name, i.\"unique\", i.origin, i.partial,
            (SELECT group_concat(coalesce(x.name, '?') || x.desc || x.coll) FROM pragma_index_xinfo(i.name) AS x)
        FROM sqlite_schema AS s, pragma_index_list(s.name) AS i WHERE s.type = 'table'";
    const TYPED: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    const MARKS: &str = "SELECT 'marks', (SELECT * FROM pragma_application_id), (SELECT * FROM pragma_user_version)";
    let all = [COLUMNS, KEYS, INDEXES, TYPED, MARKS].map(|sql| rows(connection, sql, []));
    let plain = |text: String| {
        let lines = text.lines().map(|line| line.split("--").next().unwrap_or_default());
        let text = lines.collect::<Vec<_>>().join(" ").replace('"', "");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    all.into_iter().flatten().map(plain).collect()
}

#[test]
fn the_schema_is_that_of_a_new_install_and_what_was_not_ours() {
    let migrated = Scratch::before("").migrate();
    let theirs =
        |text: &&String| text.contains("alembic_version") || text.contains("notifications");
    let found: BTreeSet<_> = described(&migrated.connection);
    let expected = described(&model().unwrap());
    let found: BTreeSet<_> = found.iter().filter(|text| !theirs(text)).collect();
    let expected: BTreeSet<_> = expected.iter().collect();
    assert!(found.len() > 150);
    let difference: Vec<_> = found.symmetric_difference(&expected).collect();
    assert!(difference.is_empty(), "{difference:#?}");
}

#[test]
fn people_are_who_they_were() {
    let migrated = Scratch::before("").migrate();
    assert_eq!(
        migrated.rows(
            "SELECT id, username, email, password_hash, full_name, kind, is_active, is_admin, \
             created_at, last_login FROM users ORDER BY id"
        )[1..],
        [
            "1|amara|amara@example.org|pbkdf2:sha256:260000$Jk2f$0e11aa|Amara Okafor|member|1|0|\
             2024-01-08T09:12:44.120Z|2024-06-03T07:55:01.000Z",
            "2|bruno|bruno@example.org|pbkdf2:sha256:260000$Qp8s$77ab01|Bruno Keller|member|1|0|\
             2024-01-08T09:15:02.551Z|–",
            "3|chen|chen@example.org|pbkdf2:sha256:260000$Mz1q$ab3411|Chen Wei 陈伟|member|1|0|\
             2024-01-11T16:40:10.000Z|2024-06-02T18:20:33.712Z",
            "4|dilnoza|dilnoza@example.org|–|Dilnoza Yusupova|member|1|0|2024-02-01T08:00:00.000Z|–",
            "5|eoin|eoin@example.org|pbkdf2:sha256:260000$Xr7t$c0ffee|Eoin O'Brien|member|0|0|\
             2024-02-14T12:30:59.999Z|2024-03-01T09:00:00.000Z",
            "6|fatou|fatou@example.org|pbkdf2:sha256:260000$Lw3e$beef00|–|member|1|0|\
             2024-03-20T10:10:10.101Z|–",
        ]
    );
    assert_eq!(migrated.row("SELECT username, kind FROM users WHERE id = 0"), "system|system");
}

#[test]
fn meetings_are_what_they_were() {
    let migrated = Scratch::before("").migrate();
    assert_eq!(
        migrated.rows(
            "SELECT id, title, replace(description, char(10), '/'), host_id, owner_id, start_time, end_time, \
             started_at, ended_at, status, iif(id = 3, '', meeting_code), password IS NOT NULL, \
             created_at, updated_at FROM meetings"
        ),
        [
            "1|Weekly sync|Every Monday|1|1|2024-06-03T08:00:00.000Z|2024-06-03T08:45:00.000Z|\
             2024-06-03T07:59:10.000Z|2024-06-03T08:45:30.000Z|completed|wks-8841-abq|0|\
             2024-05-27T10:00:00.000Z|2024-06-03T08:46:10.402Z",
            "2|Design review <v2> & \"next\"|–|2|2|2024-06-04T13:30:00.000Z|2024-06-04T14:30:00.000Z|\
             2024-06-04T13:29:00.000Z|2024-06-04T14:30:00.000Z|completed|drv-2210-kkz|1|\
             2024-05-30T15:20:00.000Z|2024-06-04T14:31:00.000Z",
            "3|1:1||1|1|2024-06-05T09:00:00.000Z|–|–|–|cancelled||0|\
             2024-06-01T09:00:00.000Z|2024-06-04T20:00:00.000Z",
            "4|All hands|Line one/Line two|3|3|2030-01-15T16:00:00.000Z|2030-01-15T17:00:00.000Z|–|–|\
             scheduled|all-0001-hnd|0|2024-06-02T11:11:11.111Z|2024-06-02T11:11:11.111Z",
            "5|Interview loop|–|4|4|2030-02-01T10:00:00.000Z|2030-02-01T10:45:00.000Z|–|–|scheduled|\
             int-5512-qqa|1|2024-06-03T12:00:00.000Z|2024-06-03T12:00:00.000Z",
            "6|Left running|The app died during this one|2|2|2024-06-06T07:00:00.000Z|–|\
             2024-06-06T07:00:01.000Z|2024-06-06T07:02:41.000Z|completed|run-7710-zzt|0|\
             2024-06-05T17:00:00.000Z|2024-06-06T07:00:03.250Z",
        ]
    );
    let code = migrated.row("SELECT meeting_code FROM meetings WHERE id = 3");
    let lengths: Vec<_> = code.split('-').map(str::len).collect();
    assert_eq!((lengths, migrated.summary.codes_made), (vec![3, 4, 3], 1));
    assert_eq!(migrated.odd("in_progress").len(), 1);
}

#[test]
fn people_have_their_places_and_those_who_were_invited_are() {
    let migrated = Scratch::before("").migrate();
    assert_eq!(
        migrated.rows(
            "SELECT id, meeting_id, user_id, role, status, first_joined_at, joined_at, left_at, total_time \
             FROM meeting_participants"
        ),
        [
            "1|1|1|attendee|approved|2024-06-03T07:59:10.000Z|2024-06-03T07:59:10.000Z|\
             2024-06-03T08:45:30.000Z|2780",
            "2|1|2|attendee|approved|2024-06-03T08:01:00.500Z|2024-06-03T08:01:00.500Z|\
             2024-06-03T08:44:00.000Z|2579",
            "3|1|3|attendee|declined|–|–|–|0",
            "4|1|4|attendee|approved|–|–|–|0",
            "5|2|2|attendee|approved|2024-06-04T13:29:00.000Z|2024-06-04T13:29:00.000Z|\
             2024-06-04T14:30:00.000Z|3660",
            "6|2|1|attendee|approved|2024-06-04T13:35:00.000Z|2024-06-04T13:35:00.000Z|\
             2024-06-04T14:30:00.000Z|3300",
            "7|4|1|attendee|approved|–|–|–|0",
            "8|4|2|attendee|approved|–|–|–|0",
            "9|4|6|attendee|approved|–|–|–|0",
            "10|5|5|attendee|approved|–|–|–|0",
            "11|6|2|attendee|approved|2024-06-06T07:00:01.000Z|2024-06-06T07:00:01.000Z|\
             2024-06-06T07:02:41.000Z|160",
            "12|6|3|attendee|approved|2024-06-06T07:02:41.000Z|2024-06-06T07:02:41.000Z|\
             2024-06-06T07:02:41.000Z|0",
        ]
    );
    assert_eq!(
        migrated.rows(
            "SELECT meeting_id, invitee_id, user_id, email, required, created_at FROM meeting_invitees"
        ),
        [
            "1|1|4|–|0|2024-05-27T10:00:00.000Z",
            "4|1|1|–|0|2024-06-02T11:11:11.111Z",
            "4|2|2|–|0|2024-06-02T11:11:11.111Z",
            "4|3|6|–|0|2024-06-02T11:11:11.111Z",
            "5|1|5|–|0|2024-06-03T12:00:00.000Z",
        ]
    );
    assert_eq!(migrated.summary.invitees, 5);
    let open: Vec<_> = migrated.odd("left_open").iter().map(|odd| odd["row"].clone()).collect();
    assert_eq!(open, [6, 11, 12]);
}

#[test]
fn passcodes_are_hashed_and_gone() {
    // Some that were deleted and changed before, and one of a meeting that goes into quarantine.
    let mut script = String::from("CREATE TABLE filler (text);");
    for id in 100..160 {
        let text = "x".repeat(2000);
        script += &format!(
            "INSERT INTO meetings VALUES ({id}, 'm', '{text}', 1, '2024-01-01', NULL, 'completed', NULL, \
             'opensesame{id}', '2024-01-01', '2024-01-01');"
        );
    }
    script +=
        "DELETE FROM meetings WHERE id > 101; UPDATE meetings SET host_id = 77 WHERE id = 100;";
    let scratch = Scratch::before(&script);
    let holds =
        |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|at| at == word.as_bytes());
    let before = fs::read(&scratch.path).unwrap();
    assert!(holds(&before, "opensesame150"), "what was deleted is still there");
    let migrated = scratch.migrate();
    for file in [scratch.path.clone(), scratch.beside(".migration.json")] {
        let bytes = fs::read(file).unwrap();
        for word in ["hunter2", "s3cret", "opensesame"] {
            assert!(!holds(&bytes, word), "{word} is still there");
        }
    }
    assert!(holds(&fs::read(scratch.beside(".before-quorate")).unwrap(), "hunter2"));
    assert!(migrated.summary.to_string().contains("still holds the passwords in clear"));
    let hashes = migrated.rows("SELECT password FROM meetings WHERE id IN (2, 5, 101)");
    let quarantined = "SELECT row ->> 'password' FROM migration_quarantine";
    let hashes = hashes.into_iter().chain(migrated.rows(quarantined));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let clear = ["s3cret", "hunter2", "opensesame101", "opensesame100"];
    for (hash, clear) in hashes.zip(clear) {
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let known = runtime.block_on(async {
            passcode::verify(passcode::turn().await, clear, hash).await.unwrap()
        });
        assert!(known, "{clear}");
    }
    assert_eq!(migrated.summary.passcodes_hashed, 4);
}
