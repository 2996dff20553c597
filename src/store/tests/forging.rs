//! That no forger of a random journal goes unnoticed: any byte, any row, any order.

use std::fs;

use proptest::prelude::*;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::*;
use crate::store::audit::{Verdict, sign_heads, verify};

const KEY: &[u8] = b"a key";
/// Every column that is written, but for `id`.
const COLUMNS: &str = "meeting_id, seq, user_id, participant_id, action, details, audience, created_at, \
     session_id, command_id, answer, personal, salt, personal_hash, via, hash";
const COUNT: usize = 16;

/// What a journal may hold.
#[derive(Debug, Clone)]
enum Said {
    Text(String),
    Nothing,
    AsAdmin,
    Answered(i64),
    /// Redacts this many of the last events.
    Redacted(u64),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => "[a-zé\"]{0,12}".prop_map(Said::Text),
        2 => Just(Said::Nothing),
        1 => Just(Said::AsAdmin),
        1 => (2_i64..9).prop_map(Said::Answered),
        1 => (1_u64..4).prop_map(Said::Redacted),
    ]
}

async fn write(scratch: &Scratch, journals: &[Vec<Said>]) {
    let store = scratch.open();
    for (meeting, journal) in (1..).zip(journals) {
        let mut ada = Hand::create(&store, meeting).await;
        ada.send_with(joined(meeting, 3, Role::Host), super::said("Cyd"));
        for what in journal {
            let event = ada.event(chat());
            let event = match what {
                Said::Text(text) => Event { personal: Some(Box::new(super::said(text))), ..event },
                Said::Nothing => event,
                Said::AsAdmin => Event { as_admin: true, ..event },
                Said::Answered(command) => {
                    let session = SessionId(uuid::Uuid::from_u128(9));
                    let answer = r#"{"message":3}"#.into();
                    let cause = Cause { session, command: *command, answer };
                    Event {
                        by: Some(ParticipantId(meeting)),
                        cause: Some(Box::new(cause)),
                        ..event
                    }
                }
                Said::Redacted(count) => {
                    let first = Seq(ada.head.0.saturating_sub(*count) + 1);
                    let ranges = vec![(first, ada.head)];
                    Event { fact: Fact::Redacted { ranges }, ..event }
                }
            };
            ada.append(ada.batch(vec![event]));
        }
        while ada.result().await.unwrap() < ada.head {}
    }
    store.close().await;
}

/// What a forger does to the rows, each by its place in the file.
#[derive(Debug, Clone)]
enum Forgery {
    /// Another byte, by what it is changed with, somewhere in a column.
    Byte {
        row: usize,
        column: usize,
        at: usize,
        with: u8,
    },
    Delete(usize),
    /// The same row again, as the last of its meeting.
    Insert(usize),
    /// Two rows change places, each whole or under its number.
    Swap {
        one: usize,
        other: usize,
        whole: bool,
    },
    /// A row as the last of the other meeting.
    Move(usize),
    /// All rows from this one on are numbered one higher, or one lower.
    Renumber {
        row: usize,
        up: bool,
    },
}

fn forgery() -> impl Strategy<Value = Forgery> {
    let row = any::<usize>;
    prop_oneof![
        8 => (row(), 0..COUNT, row(), 1_u8..=255)
            .prop_map(|(row, column, at, with)| Forgery::Byte { row, column, at, with }),
        2 => row().prop_map(Forgery::Delete),
        1 => row().prop_map(Forgery::Insert),
        3 => (row(), row(), any::<bool>())
            .prop_map(|(one, other, whole)| Forgery::Swap { one, other, whole }),
        2 => row().prop_map(Forgery::Move),
        2 => (row(), any::<bool>()).prop_map(|(row, up)| Forgery::Renumber { row, up }),
    ]
}

type Rows = Vec<[Value; COUNT]>;

/// The rows after it.
fn forge(rows: &Rows, forgery: &Forgery) -> Rows {
    let mut forged = rows.clone();
    let count = rows.len();
    let end_of = |meeting: &Value| {
        let number = |row: &[Value; COUNT]| match row[1] {
            Value::Integer(seq) if row[0] == *meeting => seq,
            _ => 0,
        };
        Value::Integer(rows.iter().map(number).max().unwrap_or(0) + 1)
    };
    match *forgery {
        Forgery::Byte { row, column, at, with } => {
            let value = &mut forged[row % count][column];
            *value = changed(value, at, with);
        }
        Forgery::Delete(row) => drop(forged.remove(row % count)),
        Forgery::Insert(row) => {
            let mut again = rows[row % count].clone();
            again[1] = end_of(&again[0]);
            forged.push(again);
        }
        Forgery::Swap { one, other, whole } => {
            let (one, other) = (one % count, other % count);
            forged.swap(one, other);
            if !whole {
                // The same row twice is no two rows.
                if let Ok([one, other]) = forged.get_disjoint_mut([one, other]) {
                    one[..2].swap_with_slice(&mut other[..2]);
                }
            }
        }
        Forgery::Move(row) => {
            let row = &mut forged[row % count];
            row[0] = Value::Integer(if row[0] == Value::Integer(1) { 2 } else { 1 });
            row[1] = end_of(&row[0]);
        }
        Forgery::Renumber { row, up } => {
            let from = rows[row % count].clone();
            let later = |row: &&mut [Value; COUNT]| match (&row[1], &from[1]) {
                (Value::Integer(seq), Value::Integer(first)) => row[0] == from[0] && seq >= first,
                _ => false,
            };
            for row in forged.iter_mut().filter(later) {
                if let Value::Integer(seq) = &mut row[1] {
                    *seq += if up { 1 } else { -1 };
                }
            }
        }
    }
    forged
}

/// One byte of it changed; of what is null, made a byte.
fn changed(value: &Value, at: usize, with: u8) -> Value {
    let flip = |mut bytes: Vec<u8>| {
        if bytes.is_empty() {
            return vec![with];
        }
        let at = at % bytes.len();
        bytes[at] ^= with;
        bytes
    };
    match value {
        Value::Null => Value::Blob(vec![with]),
        Value::Integer(value) => {
            let bytes = flip(value.to_le_bytes().to_vec());
            Value::Integer(i64::from_le_bytes(bytes.try_into().unwrap()))
        }
        Value::Real(value) => Value::Real(f64::from_bits(value.to_bits() ^ u64::from(with))),
        Value::Blob(bytes) => Value::Blob(flip(bytes.clone())),
        // What is text no more is written as bytes, which it is not either.
        Value::Text(text) => match String::from_utf8(flip(text.clone().into_bytes())) {
            Ok(text) => Value::Text(text),
            Err(error) => Value::Blob(error.into_bytes()),
        },
    }
}

fn read(connection: &Connection) -> Rows {
    let sql = format!("SELECT {COLUMNS} FROM meeting_audit_logs ORDER BY id");
    let mut statement = connection.prepare(&sql).unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok(std::array::from_fn(|index| row.get(index).unwrap()));
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Writes the rows in the place of those that are there, with nothing in the way.
fn write_rows(connection: &Connection, rows: &Rows) {
    connection
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
             CREATE TABLE copy AS SELECT * FROM meeting_audit_logs WHERE 0;
             DROP TABLE meeting_audit_logs;
             ALTER TABLE copy RENAME TO meeting_audit_logs;",
        )
        .unwrap();
    let sql =
        format!("INSERT INTO meeting_audit_logs ({COLUMNS}) VALUES ({})", ["?"; COUNT].join(","));
    let mut insert = connection.prepare(&sql).unwrap();
    for row in rows {
        insert.execute(params_from_iter(row)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn no_forgery_of_a_random_journal_is_overlooked(
        journals in prop::collection::vec(prop::collection::vec(said(), 0..12), 2),
        forgeries in prop::collection::vec(forgery(), 8),
    ) {
        let scratch = Scratch::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(write(&scratch, &journals));
        let mut heads = Vec::new();
        sign_heads(&scratch.path, None, KEY, |head| heads.push(head)).unwrap();
        let check = |scratch: &Scratch| verify(&scratch.path, None, &heads, |_, _| ()).unwrap();
        let sound = matches!(check(&scratch), Verdict::Whole { meetings: 2, .. });
        prop_assert!(sound);
        let rows = read(&scratch.stranger());
        let sorted = |rows: &Rows| {
            let mut rows: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            rows
        };
        for forgery in forgeries {
            let forged = forge(&rows, &forgery);
            let copy = Scratch::new();
            fs::copy(&scratch.path, &copy.path).unwrap();
            write_rows(&copy.stranger(), &forged);
            // The same rows in another order of the file are the same journal.
            let same = sorted(&forged) == sorted(&rows);
            let verdict = check(&copy);
            prop_assert_eq!(matches!(verdict, Verdict::Whole { .. }), same, "{:?}: {:?}", forgery, verdict);
        }
    }
}
