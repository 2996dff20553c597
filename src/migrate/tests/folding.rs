//! The tables are what the journals say.

use quorate_protocol::{MeetingStatus, Seq, Timestamp, UserId};

use super::*;
use crate::meeting::Facts;
use crate::meeting::event::{Event, Fact, SYSTEM};
use crate::store::audit::{Verdict, verify};

/// The state that a meeting's journal comes to.
pub(super) fn folded(connection: &Connection, meeting: i64) -> Facts {
    let sql = "SELECT seq, created_at, audience, action, details, personal FROM meeting_audit_logs \
        WHERE meeting_id = ?1 ORDER BY seq";
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query([meeting]).unwrap();
    let mut facts = Facts::default();
    while let Some(row) = rows.next().unwrap() {
        let text = |column: usize| row.get::<_, String>(column).unwrap();
        let personal = row.get::<_, Option<String>>(5).unwrap();
        facts.apply(&Event {
            seq: Seq(row.get::<_, i64>(0).unwrap().cast_unsigned()),
            at: text(1).parse().unwrap(),
            user: SYSTEM,
            by: None,
            audience: text(2).parse().unwrap(),
            fact: Fact::from_row(&text(3), &text(4)).unwrap(),
            personal: personal.map(|text| serde_json::from_str(&text).unwrap()),
            cause: None,
            as_admin: false,
        });
        facts.assert_sound();
    }
    facts
}

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or("–".to_owned(), |at| at.to_string())
}

/// States that each meeting's facts and rows say the same, and that its journal is whole.
pub(super) fn assert_folds(migrated: &Migrated, path: &std::path::Path) {
    let connection = &migrated.connection;
    for id in migrated.rows("SELECT id FROM meetings") {
        let facts = folded(connection, id.parse().unwrap());
        let info = &facts.info;
        let of_facts = [
            info.id.to_string(),
            info.title.clone(),
            info.description.clone().unwrap_or("–".to_owned()),
            info.host.to_string(),
            info.owner.to_string(),
            info.host_name.clone(),
            time(info.starts_at),
            time(info.ends_at),
            time(info.started_at),
            time(info.ended_at),
            word(info.status),
            info.code.clone(),
            u8::from(info.has_passcode).to_string(),
            serde_json::to_string(&info.settings).unwrap(),
            info.revision.to_string(),
        ];
        let sql = format!(
            "SELECT m.id, title, description, host_id, owner_id, coalesce(u.full_name, u.username), \
             start_time, end_time, started_at, ended_at, status, meeting_code, password IS NOT NULL, settings, revision \
             FROM meetings AS m JOIN users AS u ON u.id = host_id WHERE m.id = {id}"
        );
        assert_eq!(of_facts.join("|"), migrated.row(&sql));
        let people = facts.people.values().map(|person| {
            let joined = (person.joined_at != Timestamp::default()).then_some(person.joined_at);
            let invited = facts.invitees.has(person.user, None);
            format!(
                "{}|{}|{}|{}|{}|{}",
                person.id,
                person.user,
                time(joined),
                time(person.left_at),
                u8::from(format!("{:?}", person.place).contains("Declined")),
                u8::from(invited)
            )
        });
        let sql = format!(
            "SELECT id, user_id, joined_at, left_at, status = 'declined', EXISTS (SELECT 1 FROM \
             meeting_invitees AS i WHERE i.meeting_id = p.meeting_id AND i.user_id = p.user_id) \
             FROM meeting_participants AS p WHERE meeting_id = {id} ORDER BY id"
        );
        assert_eq!(people.collect::<Vec<_>>(), migrated.rows(&sql));
    }
    assert_eq!(migrated.rows("PRAGMA foreign_key_check"), [""; 0]);
    assert_eq!(migrated.row("PRAGMA integrity_check"), "ok");
    let verdict = verify(path, None, &[], |_, _| {}).unwrap();
    let meetings: u64 = migrated.row("SELECT count(*) FROM meetings").parse().unwrap();
    assert!(matches!(verdict, Verdict::Whole { meetings: found, .. } if found == meetings));
}

#[test]
fn the_sample_is_what_its_journals_say() {
    let scratch = Scratch::before("");
    let migrated = scratch.migrate();
    assert_folds(&migrated, &scratch.path);
    assert_eq!(
        migrated.rows(
            "SELECT meeting_id, seq, user_id, action, audience FROM meeting_audit_logs WHERE meeting_id < 4"
        ),
        [
            "1|1|0|meeting.imported|everyone",
            "1|2|0|participant.imported|nobody",
            "2|1|0|meeting.imported|everyone",
            "2|2|0|participant.imported|nobody",
            "3|1|0|meeting.imported|everyone",
        ]
    );
    let facts = folded(&migrated.connection, 4);
    assert_eq!(facts.info.status, MeetingStatus::Scheduled);
    assert_eq!(facts.meeting_info().host.name, "Chen Wei 陈伟");
    assert!(facts.is_staff(UserId(3)) && facts.invitees.has(UserId(6), None));
    // Who hosts and has a place of their own, too, is shown by their name.
    assert_eq!(folded(&migrated.connection, 1).meeting_info().host.name, "Amara Okafor");
}

#[test]
fn a_large_meeting_is_taken_over_in_slices() {
    let scratch = Scratch::empty(
        "INSERT INTO meetings VALUES (1, 'm', NULL, 1, '2024-01-01', NULL, 'completed', 'c', NULL, \
             '2024-01-01', '2024-01-01');
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
         INSERT INTO users SELECT i, 'u' || i, 'e' || i, NULL, NULL, 1, '2024-01-01', NULL FROM n;
         INSERT INTO meeting_participants SELECT id, 1, id, 'invited', NULL, NULL, '2024-01-01' FROM users",
    );
    let migrated = scratch.migrate();
    assert_eq!(
        migrated.rows(
            "SELECT seq, json_array_length(details, '$.participants'), json_extract(details, \
             '$.participants[#-1].invitee') FROM meeting_audit_logs WHERE seq > 1"
        ),
        ["2|500|500", "3|500|1000", "4|1|1001"]
    );
    assert_folds(&migrated, &scratch.path);
}
