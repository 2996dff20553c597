//! Odd rows: what is done with each, and that the report says so.

use super::*;

/// The column's odd entries, as `row: was → done`.
fn told(migrated: &Migrated, kind: &str, column: &str) -> Vec<String> {
    let odd = migrated.odd(kind).into_iter().filter(|odd| odd["column"] == column);
    odd.map(|odd| format!("{}: {} → {}", odd["row"], odd["was"], odd["done"].as_str().unwrap()))
        .collect()
}

fn user(id: i64, username: &str, rest: &str) -> String {
    format!("INSERT INTO users VALUES ({id}, {username}, 'e{id}', NULL, {rest});")
}

#[test]
fn people_whose_names_and_ids_mean_something_here() {
    let plain = "NULL, 1, '2024-01-01', NULL";
    let mut script = String::new();
    for (id, username) in [
        (0, "'zero'"),
        (-4, "'minus'"),
        (9_007_199_254_740_993, "'far'"),
        (7, "'system'"),
        (8, "'guest:ana'"),
        (9, "'bot:clock'"),
        (10, "' '"),
        (11, "'legacy:system'"),
        (12, "'Systems'"),
    ] {
        script += &user(id, username, plain);
    }
    script += &user(20, "'a'", "'  '  , 'yes', '2024-01-01', NULL");
    script += &user(21, "'b'", "'Bo\u{202E}b', NULL, '2024-01-01', NULL")
        .replace("NULL, '2024", "'f', '2024");
    script += &user(22, "'c'", "'\u{7}', 'perhaps', 'once', 'never'");
    script += &user(23, "x'ff61'", &format!("'{}', 1, '2024-01-01', NULL", "n".repeat(100)));
    script += "INSERT INTO meetings VALUES (1, 'm', NULL, 0, '2024-01-01', NULL, 'completed', 'c', NULL, \
        '2024-01-01', '2024-01-01');
        INSERT INTO meeting_participants VALUES (1, 1, -4, 'joined', NULL, NULL, '2024-01-01');";
    let migrated = Scratch::empty(&script).migrate();
    assert_eq!(
        migrated.rows("SELECT id, username FROM users WHERE id > 0 AND id < 100 ORDER BY id")[..],
        [
            "7|legacy:system",
            "8|legacy:guest:ana",
            "9|legacy:bot:clock",
            "10|legacy:10",
            "11|legacy:legacy:system-11",
            "12|Systems",
            "20|a",
            "21|b",
            "22|c",
            "23|\u{FFFD}a",
            "24|minus",
            "25|zero",
            "26|far",
        ]
    );
    assert_eq!(migrated.row("SELECT host_id FROM meetings"), "25");
    assert_eq!(migrated.row("SELECT user_id FROM meeting_participants"), "24");
    assert_eq!(
        told(&migrated, "id", "id"),
        [
            "-4: -4 → it is 24 now, here; other tables were not touched",
            "0: 0 → it is 25 now, here; other tables were not touched",
            "9007199254740993: 9007199254740993 → it is 26 now, here; other tables were not touched",
        ]
    );
    assert_eq!(migrated.odd("username").len(), 6);
    assert_eq!(
        migrated
            .rows("SELECT full_name, is_active, last_login FROM users WHERE id BETWEEN 20 AND 22"),
        ["–|1|–", "Bob|0|–", "–|0|–"]
    );
    assert_eq!(migrated.row("SELECT length(full_name) FROM users WHERE id = 23"), "80");
    assert_eq!(
        told(&migrated, "flag", "is_active"),
        ["22: \"perhaps\" → switched off, to be safe"]
    );
    assert_eq!(told(&migrated, "time", "last_login"), ["22: \"never\" → left out"]);
    assert_eq!(told(&migrated, "time", "created_at").len(), 2, "left out, and now in its place");
}

fn meeting(id: i64, status: &str, start: &str, end: &str) -> String {
    format!(
        "INSERT INTO meetings VALUES ({id}, 'm', NULL, 1, {start}, {end}, {status}, 'c{id}', NULL, \
         '2024-01-01', '2024-01-02');"
    )
}

fn place(id: i64, meeting: i64, user: i64, status: &str, joined: &str, left: &str) -> String {
    format!(
        "INSERT INTO meeting_participants VALUES ({id}, {meeting}, {user}, {status}, {joined}, {left}, \
         '2024-01-01');"
    )
}

fn people() -> String {
    let plain = "NULL, 1, '2024-01-01', NULL";
    (1..5).map(|id| user(id, &format!("'u{id}'"), plain)).collect()
}

#[test]
fn statuses_are_read_without_case_and_unknown_ones_by_their_times() {
    let mut script = people();
    for (id, status, start, end) in [
        (1, "' Scheduled '", "'2030-01-01'", "NULL"),
        (2, "'CANCELLED'", "'2024-01-01'", "NULL"),
        (3, "'In_Progress'", "'2024-01-01 10:00'", "NULL"),
        (4, "'moved'", "'2024-01-01'", "NULL"),
        (5, "'moved'", "'2030-01-01'", "NULL"),
        (6, "'moved'", "'2024-01-01'", "'2030-01-01'"),
        (7, "''", "''", "NULL"),
        (8, "'moved'", "'2030-01-01'", "NULL"),
        (9, "'completed'", "'soon'", "NULL"),
        (10, "'completed'", "'2030-01-01'", "'2030-01-02'"),
    ] {
        script += &meeting(id, status, start, end);
    }
    script += &place(1, 8, 1, "'JOINED'", "'2024-01-01 10:00'", "'2024-01-01 11:00'");
    let migrated = Scratch::empty(&script).migrate();
    assert_eq!(
        migrated.rows("SELECT id, status, started_at, ended_at FROM meetings"),
        [
            "1|scheduled|–|–",
            "2|cancelled|–|–",
            "3|completed|2024-01-01T10:00:00.000Z|2024-01-02T00:00:00.000Z",
            "4|completed|2024-01-01T00:00:00.000Z|2024-01-01T00:00:00.000Z",
            "5|scheduled|–|–",
            "6|scheduled|–|–",
            "7|scheduled|–|–",
            "8|completed|2024-01-01T10:00:00.000Z|2024-01-01T11:00:00.000Z",
            "9|completed|–|2024-01-02T00:00:00.000Z",
            "10|completed|–|2024-01-02T00:00:00.000Z",
        ]
    );
    assert_eq!(
        told(&migrated, "status", "status"),
        [
            "4: \"moved\" → completed, by its times",
            "5: \"moved\" → scheduled, by its times",
            "6: \"moved\" → scheduled, by its times",
            "7: \"\" → scheduled, by its times",
            "8: \"moved\" → completed, by its times",
        ]
    );
    let times = ["7: \"\" → left out", "9: \"soon\" → left out"];
    assert_eq!(told(&migrated, "time", "start_time"), times);
}

#[test]
fn what_refers_to_nothing_goes_into_quarantine_whole() {
    let mut script = people() + &meeting(1, "'completed'", "'2024-01-01'", "NULL");
    script += "INSERT INTO meetings VALUES (2, 'lost', x'00ff', 99, 'soon', NULL, 'completed', NULL, \
        'secret word', '2024-01-01', '2024-01-01');";
    script += &place(1, 2, 1, "'joined'", "NULL", "NULL");
    script += &place(2, 1, 99, "'joined'", "'2024-01-01'", "NULL");
    script += &place(3, 77, 1, "'joined'", "NULL", "NULL");
    script += &place(4, -1, 1, "'joined'", "NULL", "NULL");
    script += &place(5, 1, 1, "'joined'", "NULL", "NULL").replace("(5, 1,", "(5, 'one',");
    script += &place(6, 1, 2, "'joined'", "NULL", "NULL");
    let migrated = Scratch::empty(&script).migrate();
    assert_eq!(migrated.row("SELECT id FROM meetings"), "1");
    assert_eq!(migrated.row("SELECT id FROM meeting_participants"), "6");
    let mut found = migrated.rows("SELECT source, row ->> 'id', reason FROM migration_quarantine");
    found.sort();
    let meeting = "its meeting is none that there is";
    assert_eq!(
        found,
        [
            format!("meeting_participants|1|{meeting}"),
            "meeting_participants|2|its user is none that there is".to_owned(),
            format!("meeting_participants|3|{meeting}"),
            format!("meeting_participants|4|{meeting}"),
            format!("meeting_participants|5|{meeting}"),
            "meetings|2|its host is no user that there is".to_owned(),
        ]
    );
    let whole = migrated.row("SELECT row FROM migration_quarantine WHERE source = 'meetings'");
    let mut whole: Json = serde_json::from_str(&whole).unwrap();
    assert!(whole["password"].as_str().unwrap().starts_with("$argon2id$"));
    whole.as_object_mut().unwrap().remove("password");
    assert_eq!(
        whole,
        serde_json::json!({
            "id": 2, "title": "lost", "description": { "blob": "00ff" }, "host_id": 99,
            "start_time": "soon", "end_time": null, "status": "completed", "meeting_code": null,
            "created_at": "2024-01-01", "updated_at": "2024-01-01"
        })
    );
    assert_eq!(migrated.odd("orphan").len(), 6);
    let rows = &migrated.summary.rows["meeting_participants"];
    assert_eq!((rows.found, rows.taken_over, rows.merged, rows.quarantined), (6, 1, 0, 5));
}

#[test]
fn rows_of_one_person_are_merged_into_the_first() {
    let mut script = people() + &meeting(1, "'completed'", "'2024-01-01'", "NULL");
    script += &place(1, 1, 1, "'declined'", "NULL", "NULL");
    script += &place(2, 1, 1, "'joined'", "'2024-01-01 10:00'", "'2024-01-01 11:00'");
    script += &place(3, 1, 2, "'joined'", "'2024-01-01 10:00'", "'2024-01-01 10:30'");
    script += &place(4, 1, 1, "'invited'", "'2024-01-01 10:30'", "'2024-01-01 12:00'");
    script += &place(5, 1, 1, "'joined'", "'2024-01-01 13:00'", "NULL");
    let migrated = Scratch::empty(&script).migrate();
    assert_eq!(
        migrated.rows(
            "SELECT id, user_id, status, first_joined_at, joined_at, left_at, total_time \
             FROM meeting_participants"
        ),
        [
            "1|1|approved|2024-01-01T10:00:00.000Z|2024-01-01T13:00:00.000Z|2024-01-01T13:00:00.000Z|7200",
            "3|2|approved|2024-01-01T10:00:00.000Z|2024-01-01T10:00:00.000Z|2024-01-01T10:30:00.000Z|1800",
        ]
    );
    assert_eq!(migrated.row("SELECT user_id FROM meeting_invitees"), "1");
    let merged: Vec<_> =
        migrated.odd("duplicate").iter().map(|odd| odd["whole"]["id"].clone()).collect();
    assert_eq!(merged, [2, 4, 5], "with the rows themselves");
    assert_eq!(migrated.summary.rows["meeting_participants"].merged, 3);
}

#[test]
fn places_with_odd_times_and_statuses() {
    let mut script = people() + &meeting(1, "'scheduled'", "'2030-01-01'", "'2029-01-01'");
    script += &place(1, 1, 1, "'maybe'", "'2024-01-01 10:00'", "'2024-01-01 09:00'");
    script += &place(2, 1, 2, "'joined'", "NULL", "'2024-01-01 09:00'");
    script += &place(3, 1, 3, "'Accepted'", "'2999-01-01'", "'?'");
    script += &place(4, 1, 4, "NULL", "NULL", "NULL").replace("NULL, NULL, NULL", "'', NULL, NULL");
    let migrated = Scratch::empty(&script).migrate();
    assert_eq!(
        migrated.rows("SELECT id, status, joined_at, left_at FROM meeting_participants"),
        [
            "1|pending|2024-01-01T10:00:00.000Z|2024-01-01T10:00:00.000Z",
            "2|approved|–|–",
            "3|approved|–|–",
            "4|pending|–|–",
        ]
    );
    assert_eq!(migrated.row("SELECT end_time FROM meetings"), "–");
    let times =
        ["end_time", "joined_at", "left_at"].map(|column| told(&migrated, "time", column).len());
    assert_eq!(times, [1, 1, 3]);
    assert_eq!(told(&migrated, "status", "status").len(), 2);
}

#[test]
fn texts_codes_and_passcodes_that_cannot_be_as_they_are() {
    let columns = BEFORE.replace("meeting_code VARCHAR(32) UNIQUE", "meeting_code VARCHAR(32)");
    let (tables, _) = columns.split_once("INSERT INTO").unwrap();
    let long = "t".repeat(201);
    let text = |id: i64, title: &str, description: &str, code: &str, password: &str| {
        format!(
            "INSERT INTO meetings VALUES ({id}, {title}, {description}, 1, '2024-01-01', NULL, 'completed', \
             {code}, {password}, '2024-01-01', '2024-01-01');"
        )
    };
    let script = people()
        + &text(1, &format!("'{long}'"), "NULL", "'same'", "'   '")
        + &text(2, "''", "''", "'same'", "''")
        + &text(3, "'a\u{202E}b\nc'", &format!("'{}'", "d".repeat(4001)), "x'00'", "NULL")
        + &text(4, "'plain'", "'as it is'", "' '", &format!("'{}'", "p".repeat(65)));
    let migrated = Scratch::of(&format!("{tables} {script} COMMIT")).migrate();
    assert_eq!(
        migrated
            .rows("SELECT length(title), length(description), password IS NOT NULL FROM meetings"),
        ["200|–|1", "8|0|0", "4|4000|0", "5|8|1"]
    );
    let titles = migrated.rows("SELECT title FROM meetings WHERE id IN (2, 3)");
    assert_eq!(titles, ["Untitled", "ab\nc"]);
    assert_eq!(migrated.row("SELECT count(DISTINCT meeting_code) FROM meetings"), "4");
    assert_eq!(migrated.row("SELECT id FROM meetings WHERE meeting_code = 'same'"), "1");
    assert_eq!((migrated.odd("code").len(), migrated.summary.codes_made), (2, 1));
    let passcodes = migrated.odd("passcode");
    assert_eq!((passcodes.len(), &passcodes[0]["row"]), (1, &Json::from(4)));
    assert_eq!(passcodes[0].get("was"), None, "a passcode is told to nobody");
    assert_eq!(migrated.odd("text").len(), 4);
    assert_eq!(migrated.odd("text")[0]["was"], long.as_str(), "what was cut is in the report");
}

#[test]
fn rows_of_others_that_refer_to_nothing_are_told_and_untouched() {
    let scratch = Scratch::before(
        "CREATE TABLE ratings (id INTEGER PRIMARY KEY, meeting_id INTEGER REFERENCES meetings (id));
         INSERT INTO ratings VALUES (5, 1), (6, 99)",
    );
    let migrated = scratch.migrate();
    assert_eq!(migrated.rows("SELECT * FROM ratings"), ["5|1", "6|99"]);
    let odd = migrated.odd("reference");
    assert_eq!((odd.len(), &odd[0]["table"], &odd[0]["row"]), (1, &"ratings".into(), &6.into()));
}

#[test]
fn people_are_shown_the_first_few_and_the_report_has_them_all() {
    let mut script = people();
    for id in 1..=20 {
        script += &meeting(id, "'moved'", "'2024-01-01'", "NULL");
    }
    let migrated = Scratch::empty(&script).migrate();
    assert_eq!(migrated.odd("status").len(), 20);
    let shown = migrated.summary.to_string();
    assert!(
        shown.contains("20 statuses that are not known") && shown.contains("and 15 more"),
        "{shown}"
    );
    assert_eq!(shown.matches("by its times").count(), 5);
}
