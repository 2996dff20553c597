//! That every change to a journal is found.

use std::fs;
use std::sync::OnceLock;

use proptest::prelude::*;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::*;
use crate::store::audit::{Flaw, Verdict, Why, sign_heads, verify};

const KEY: &[u8] = b"a key";
/// Every column but `id`, which is the database's own business.
const COLUMNS: [&str; 16] = [
    "meeting_id",
    "seq",
    "user_id",
    "participant_id",
    "action",
    "details",
    "audience",
    "created_at",
    "session_id",
    "command_id",
    "answer",
    "personal",
    "salt",
    "personal_hash",
    "via",
    "hash",
];

/// A small journal of everything a row can have: two meetings of six events, one redacted.
async fn write(scratch: &Scratch) {
    let store = scratch.open();
    for meeting in [1, 2] {
        let mut ada = Hand::create(&store, meeting).await;
        ada.send_with(joined(meeting, 3, Role::Host), said("Cyd"));
        let cause = Cause {
            session: SessionId(uuid::Uuid::from_u128(9)),
            command: 4,
            answer: r#"{"message":3}"#.into(),
        };
        let event = Event {
            by: Some(ParticipantId(meeting)),
            personal: Some(Box::new(said("hello"))),
            cause: Some(Box::new(cause)),
            ..ada.event(chat())
        };
        ada.append(ada.batch(vec![event]));
        ada.send_with(chat(), said("a secret"));
        ada.send(Fact::Redacted { ranges: vec![(Seq(4), Seq(4))] });
        ada.send_with(chat(), said("bye"));
        while ada.result().await.unwrap() < Seq(6) {}
    }
    store.close().await;
}

/// The file of [`write`], and the signed heads of its meetings.
fn model() -> &'static (Vec<u8>, Vec<SignedHead>) {
    static MODEL: OnceLock<(Vec<u8>, Vec<SignedHead>)> = OnceLock::new();
    MODEL.get_or_init(|| {
        let scratch = Scratch::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(write(&scratch));
        let mut signed = Vec::new();
        sign_heads(&scratch.path, None, KEY, |head| signed.push(head)).unwrap();
        (fs::read(&scratch.path).unwrap(), signed)
    })
}

/// A copy of it, with nothing in the way of a forger: no triggers, no constraints.
fn forged(edit: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Scratch {
    let scratch = Scratch::new();
    fs::write(&scratch.path, &model().0).unwrap();
    let connection = scratch.stranger();
    connection
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;
             CREATE TABLE copy AS SELECT * FROM meeting_audit_logs;
             DROP TABLE meeting_audit_logs;
             ALTER TABLE copy RENAME TO meeting_audit_logs;",
        )
        .unwrap();
    edit(&connection).unwrap();
    scratch
}

fn check(scratch: &Scratch, heads: &[SignedHead]) -> Verdict {
    verify(&scratch.path, None, heads, |_, _| ()).unwrap()
}

fn altered(meeting: i64, seq: u64, why: Why) -> Verdict {
    Verdict::Altered(Flaw { meeting: MeetingId(meeting), seq: Seq(seq), why })
}

fn script(sql: &'static str) -> impl FnOnce(&Connection) -> rusqlite::Result<()> {
    move |connection| connection.execute_batch(sql)
}

#[test]
fn a_sound_journal_is_whole_and_its_progress_is_told() {
    let scratch = forged(|_| Ok(()));
    let mut told = Vec::new();
    let verdict = verify(&scratch.path, None, &model().1, |done, total| told.push((done, total)));
    assert_eq!(verdict.unwrap(), Verdict::Whole { meetings: 2, rows: 12 });
    assert_eq!(told, [(6, 12), (12, 12)]);
    let one = verify(&scratch.path, Some(MeetingId(2)), &model().1[1..], |_, _| ()).unwrap();
    assert_eq!(one, Verdict::Whole { meetings: 1, rows: 6 });
    let of_other = verify(&scratch.path, Some(MeetingId(2)), &model().1, |_, _| ()).unwrap_err();
    assert_eq!(
        of_other.to_string(),
        "use the head of meeting 1: it is not the meeting to be verified"
    );
    assert!(verify(&scratch.path, Some(MeetingId(3)), &[], |_, _| ()).is_err());
    assert!(verify(&scratch.folder.path().join("other.db"), None, &[], |_, _| ()).is_err());
}

#[tokio::test]
async fn a_journal_of_many_slices_is_checked_beside_a_running_server() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let events = (2..=2500).map(|seq| ada.event_at(Seq(seq), chat())).collect();
    ada.append(ada.batch(events));
    ada.result().await.unwrap();
    assert_eq!(check(&scratch, &[]), Verdict::Whole { meetings: 1, rows: 2500 });
    let mut line = String::new();
    sign_heads(&scratch.path, Some(MeetingId(1)), KEY, |head| line = head.to_string()).unwrap();
    ada.tell(chat()).await;
    let head = SignedHead::parse(&line, KEY).unwrap();
    assert_eq!(check(&scratch, &[head]), Verdict::Whole { meetings: 1, rows: 2501 });
    store.close().await;
}

#[test]
fn each_kind_of_flaw_has_its_name() {
    let heads = &model().1;
    for (sql, verdict) in [
        (
            "DELETE FROM meeting_audit_logs WHERE meeting_id = 1 AND seq = 3",
            altered(1, 3, Why::Missing),
        ),
        ("DELETE FROM meeting_audit_logs WHERE meeting_id = 2", altered(2, 1, Why::CutOff)),
        (
            "DELETE FROM meeting_audit_logs WHERE meeting_id = 2 AND seq > 4",
            altered(2, 4, Why::PersonalMissing),
        ),
        (
            "DELETE FROM meeting_audit_logs WHERE meeting_id = 2 AND seq = 6",
            altered(2, 6, Why::CutOff),
        ),
        (
            "UPDATE meeting_audit_logs SET user_id = 2 WHERE meeting_id = 2 AND seq = 2",
            altered(2, 2, Why::Altered),
        ),
        (
            "UPDATE meeting_audit_logs SET personal = '{}' WHERE meeting_id = 1 AND seq = 3",
            altered(1, 3, Why::PersonalAltered),
        ),
        (
            "UPDATE meeting_audit_logs SET personal = NULL, salt = NULL WHERE meeting_id = 1 AND seq = 3",
            altered(1, 3, Why::PersonalMissing),
        ),
        (
            "UPDATE meeting_audit_logs SET meeting_id = 'x' WHERE meeting_id = 2",
            altered(2, 1, Why::CutOff),
        ),
    ] {
        assert_eq!(check(&forged(script(sql)), heads), verdict, "{sql}");
    }
    let stray = script("INSERT INTO meeting_audit_logs (meeting_id, seq) VALUES ('x', 1)");
    assert_eq!(check(&forged(stray), heads), altered(0, 0, Why::Stray));
    let before_the_first = script("INSERT INTO meeting_audit_logs (meeting_id, seq) VALUES (2, 0)");
    assert_eq!(check(&forged(before_the_first), heads), altered(2, 1, Why::Altered));
    let emptied = forged(script("DELETE FROM meeting_audit_logs WHERE meeting_id = 2"));
    assert_eq!(check(&emptied, &[]), altered(2, 1, Why::Missing));
    assert_eq!(
        Flaw { meeting: MeetingId(7), seq: Seq(42), why: Why::Missing }.to_string(),
        "meeting 7, seq 42: the row is missing"
    );
}

#[test]
fn a_row_that_was_altered_with_its_hash_breaks_the_chain() {
    let scratch = forged(|connection| {
        let before: [u8; 32] = connection.query_row(
            "SELECT hash FROM meeting_audit_logs WHERE meeting_id = 1 AND seq = 2",
            [],
            |row| row.get(0),
        )?;
        connection.execute_batch(
            "UPDATE meeting_audit_logs SET user_id = 2 WHERE meeting_id = 1 AND seq = 3",
        )?;
        let sql = concat!(
            "SELECT ",
            journal::hashed!(),
            " FROM meeting_audit_logs WHERE meeting_id = 1 AND seq = 3"
        );
        let hash = connection.query_row(sql, [], |row| {
            let columns = std::array::from_fn(|index| row.get_ref(index).unwrap());
            Ok(journal::chain(&before, columns))
        })?;
        let sql = "UPDATE meeting_audit_logs SET hash = ?1 WHERE meeting_id = 1 AND seq = 3";
        connection.execute(sql, [hash]).map(drop)
    });
    assert_eq!(check(&scratch, &[]), altered(1, 4, Why::Altered));
}

#[test]
fn only_a_signed_head_tells_that_the_end_was_cut_off_or_written_anew() {
    let cut = "DELETE FROM meeting_audit_logs WHERE meeting_id = 2 AND seq = 6";
    let cut = forged(script(cut));
    assert_eq!(check(&cut, &[]), Verdict::Whole { meetings: 2, rows: 11 });
    assert_eq!(check(&cut, &model().1), altered(2, 6, Why::CutOff));
    // A forger who knows the scheme, but not the key.
    let scratch = Scratch::new();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(write(&scratch));
    assert_eq!(check(&scratch, &[]), Verdict::Whole { meetings: 2, rows: 12 });
    assert_eq!(check(&scratch, &model().1), altered(1, 6, Why::NotAsSigned));
}

#[tokio::test]
async fn a_redaction_takes_the_text_away_and_leaves_the_journal_whole() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    // Long ones have pages of their own, which are freed.
    let long = "third secret ".repeat(1000);
    for text in ["stays", "first secret", "second secret", &long] {
        ada.send_with(chat(), said(text));
        ada.result().await.unwrap();
    }
    // A range may reach ahead; it takes what was there.
    ada.tell(Fact::Redacted { ranges: vec![(Seq(3), Seq(3)), (Seq(4), Seq(99))] }).await;
    ada.send_with(chat(), said("stays too"));
    ada.result().await.unwrap();
    let texts = ada.journal().await.into_iter().filter_map(|event| event.personal);
    let texts: Vec<_> = texts.filter_map(|personal| personal.text).collect();
    assert_eq!(texts, ["stays", "stays too"]);
    assert_eq!(check(&scratch, &[]), Verdict::Whole { meetings: 1, rows: 7 });
    store.close().await;
    let file = fs::read(&scratch.path).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    let secrets = ["first secret", "second secret", "third secret"];
    assert!(holds("stays") && !secrets.iter().any(|it| holds(it)), "the text is still in the file");
}

/// What a forger does to one value.
#[derive(Debug, Clone)]
enum Edit {
    Bit(usize, u8),
    Null,
    Class,
    Longer,
}

impl Edit {
    /// The value after it; the same where it does not apply.
    fn apply(&self, value: &Value) -> Value {
        let flip = |bytes: &[u8], at: usize, bit: u8| {
            let mut bytes = bytes.to_vec();
            let at = at % bytes.len().max(1);
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
            bytes
        };
        match (self, value.clone()) {
            (Edit::Null, _) => Value::Null,
            (_, Value::Null) => Value::Text("x".to_owned()),
            (Edit::Bit(at, bit), Value::Integer(value)) => {
                Value::Integer(value ^ (1 << (at % 8 * 8 + usize::from(*bit))))
            }
            (Edit::Bit(at, bit), Value::Blob(bytes)) => Value::Blob(flip(&bytes, *at, *bit)),
            // ASCII stays ASCII: the driver writes no other text.
            (Edit::Bit(at, bit), Value::Text(text)) => {
                let bytes = flip(text.as_bytes(), *at, bit % 7);
                Value::Text(String::from_utf8(bytes).unwrap())
            }
            (Edit::Class, Value::Text(text)) => Value::Blob(text.into_bytes()),
            (Edit::Class, Value::Integer(value)) => Value::Blob(value.to_string().into_bytes()),
            (Edit::Longer, Value::Text(text)) => Value::Text(text + " "),
            (Edit::Longer, Value::Blob(bytes)) => Value::Blob([bytes, vec![0]].concat()),
            (_, value) => Value::Text(format!("{value:?}")),
        }
    }
}

fn edits() -> impl Strategy<Value = Edit> {
    prop_oneof![
        6 => (any::<usize>(), 0_u8..8).prop_map(|(at, bit)| Edit::Bit(at, bit)),
        1 => Just(Edit::Null),
        1 => Just(Edit::Class),
        1 => Just(Edit::Longer),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_change_of_any_column_is_found(row in 1..=12_i64, column in 0..16_usize, edit in edits()) {
        let column = COLUMNS[column];
        let mut changed = false;
        let scratch = forged(|connection| {
            let read = format!("SELECT {column} FROM meeting_audit_logs WHERE rowid = ?1");
            let value: Value = connection.query_row(&read, [row], |row| row.get(0))?;
            let after = edit.apply(&value);
            let write = format!("UPDATE meeting_audit_logs SET {column} = ?2 WHERE rowid = ?1");
            connection.execute(&write, (row, after))?;
            let stored: Value = connection.query_row(&read, [row], |row| row.get(0))?;
            changed = stored != value;
            Ok(())
        });
        let verdict = check(&scratch, &model().1);
        prop_assert_eq!(matches!(verdict, Verdict::Altered(_)), changed, "{:?}", verdict);
    }

    #[test]
    fn any_row_deleted_doubled_or_moved_is_found(row in 1..=12_i64, other in 1..=12_i64, how in 0..5) {
        let all = COLUMNS.join(", ");
        let same = COLUMNS.map(|column| format!("{column} = ?")).join(", ");
        let scratch = forged(|connection| match how {
            0 => connection.execute("DELETE FROM meeting_audit_logs WHERE rowid = ?1", [row]).map(drop),
            1 => {
                let sql = format!("INSERT INTO meeting_audit_logs ({all}) \
                    SELECT {all} FROM meeting_audit_logs WHERE rowid = ?1");
                connection.execute(&sql, [row]).map(drop)
            }
            // As the next row of the other's meeting.
            2 => connection.execute(
                "UPDATE meeting_audit_logs SET seq = 7, meeting_id = \
                 (SELECT meeting_id FROM meeting_audit_logs WHERE rowid = ?2) WHERE rowid = ?1",
                [row, other],
            ).map(drop),
            3 => connection.execute(
                "INSERT INTO meeting_audit_logs SELECT * FROM meeting_audit_logs WHERE rowid = ?1",
                [row],
            ).map(drop),
            // Two change places, each under the other's number.
            _ => {
                let other = if other == row { row % 12 + 1 } else { other };
                let read = |id: i64| {
                    let sql = format!("SELECT {all} FROM meeting_audit_logs WHERE rowid = ?1");
                    connection.query_row(&sql, [id], |row| {
                        (0..COLUMNS.len()).map(|index| row.get(index)).collect::<Result<Vec<Value>, _>>()
                    })
                };
                let (mut one, mut two) = (read(row)?, read(other)?);
                (0..2).for_each(|index| std::mem::swap(&mut one[index], &mut two[index]));
                let sql = format!("UPDATE meeting_audit_logs SET {same} WHERE rowid = ?");
                for (id, mut values) in [(row, one), (other, two)] {
                    values.push(Value::Integer(id));
                    connection.execute(&sql, params_from_iter(values))?;
                }
                Ok(())
            }
        });
        let verdict = check(&scratch, &model().1);
        prop_assert!(matches!(verdict, Verdict::Altered(_)), "{verdict:?}");
    }
}
