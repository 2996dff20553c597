//! What must be true of a journal and of what a crowd sent, got and saw.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use quorate_client::protocol::{Event, EventBody, MeetingId, ParticipantId, Role, Snapshot};

use super::Home;
use super::crowd::{Record, Wish};
use super::journal::{self, Row};

/// A crowd's records and snapshots against the journals on disk; gives the journals.
pub(crate) fn verify(
    home: &Home,
    records: &[Record],
    snapshots: &[Snapshot],
) -> BTreeMap<MeetingId, Vec<Row>> {
    let mut journals = BTreeMap::new();
    for record in records {
        let rows = journals
            .entry(record.meeting)
            .or_insert_with(|| journal::read(&home.database(), record.meeting));
        assert_eq!(record.faults, Vec::<String>::new(), "participant {}", record.participant);
        commands_are_carried_out_once(record, rows);
        nothing_is_missed_or_repeated(record, rows);
        assert!(record.welcomes.iter().all(|resumed| *resumed), "a snapshot instead of a resume");
    }
    for (rows, snapshot) in journals.values().zip(snapshots) {
        is_sound(rows);
        is_the_state(rows, snapshot);
    }
    journals
}

/// Numbered without a gap, each command once, nobody out or in again.
fn is_sound(rows: &[Row]) {
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row.seq, index as u64 + 1, "a gap in the journal");
    }
    // Not always in order: what had no event before a crash may have one after it.
    let mut commands = HashSet::new();
    for command in rows.iter().filter_map(|row| row.command.as_ref()) {
        assert!(commands.insert(command), "carried out twice: {command:?}");
    }
    let joined: Vec<_> = rows.iter().filter(|row| row.action == "participant.joined").collect();
    let people: BTreeSet<_> =
        joined.iter().map(|row| row.details["participant"].as_i64()).collect();
    assert_eq!(joined.len(), people.len(), "someone joined twice");
    let out = |row: &&Row| row.action == "participant.left" || row.action == "session.closed";
    assert!(!rows.iter().any(|row| out(&row)), "someone is out");
}

/// Each answer's event is there as it was wished, and there is no other of that client.
fn commands_are_carried_out_once(record: &Record, rows: &[Row]) {
    let session = record.session.to_string();
    let ours = |row: &&Row| row.command.as_ref().is_some_and(|(of, _)| *of == session);
    let mut by_seq: BTreeMap<u64, &Row> =
        rows.iter().filter(ours).map(|row| (row.seq, row)).collect();
    for (wish, seq) in &record.done {
        let row = by_seq.remove(&seq.0);
        let row = row.unwrap_or_else(|| panic!("{wish:?} was acknowledged as {seq} and is lost"));
        assert!(fits(wish, row), "{wish:?} was acknowledged as {seq}, which is {row:?}");
        assert_eq!(row.participant, Some(record.participant));
    }
    // What the host did before the crowd began.
    by_seq.retain(|_, row| row.action != "role.assigned");
    let mut unanswered = record.unanswered.clone();
    for row in by_seq.values() {
        let wish = unanswered.iter().position(|wish| fits(wish, row));
        let wish = wish.unwrap_or_else(|| panic!("nobody wished, or twice: {row:?}"));
        unanswered.swap_remove(wish);
    }
}

fn fits(wish: &Wish, row: &Row) -> bool {
    let text = match wish {
        Wish::Chat(text) => text,
        _ => "",
    };
    row.action == wish.action() && row.text() == text
}

/// What a client saw is the journal from its start on, as far as it may see it.
fn nothing_is_missed_or_repeated(record: &Record, rows: &[Row]) {
    let staff = record.role != Role::Attendee;
    let shown = |row: &&Row| row.seq > record.start.0 && row.shows_to(record.participant, staff);
    let mut expected: Vec<_> = rows.iter().filter(shown).map(of_row).collect();
    let seen: Vec<_> = record.seen.iter().map(of_event).collect();
    if record.deserted {
        expected.truncate(seen.len());
    } else {
        // It goes at the last word; others going before it may still be seen to be lost.
        expected.truncate(seen.len().max(last_word(&expected)));
    }
    if let Some(at) =
        (0..seen.len().max(expected.len())).find(|&at| seen.get(at) != expected.get(at))
    {
        panic!(
            "participant {} saw {:?} where the journal has {:?}",
            record.participant,
            seen.get(at),
            expected.get(at)
        );
    }
}

/// How many events there are up to the last word.
fn last_word(expected: &[(u64, String, String)]) -> usize {
    expected.iter().rposition(|(_, _, text)| text == "the last word").map_or(0, |at| at + 1)
}

fn of_row(row: &Row) -> (u64, String, String) {
    (row.seq, row.action.clone(), row.text().to_owned())
}

fn of_event(event: &Event) -> (u64, String, String) {
    let text = match &event.body {
        EventBody::ChatSent(sent) => sent.text.clone().unwrap_or_default(),
        _ => String::new(),
    };
    (event.seq.0, event.body.kind().to_owned(), text)
}

/// The snapshot is what the journal says: hands in order, microphones, roles.
fn is_the_state(rows: &[Row], snapshot: &Snapshot) {
    let (mut hands, mut audio) = (Vec::new(), HashMap::new());
    for row in rows.iter().filter(|row| row.seq <= snapshot.seq.0) {
        let whose = row.details["participant"].as_i64().map(ParticipantId);
        match (&*row.action, whose) {
            ("hand.raised", Some(whose)) => hands.push(whose),
            ("hand.lowered", Some(whose)) => hands.retain(|hand| *hand != whose),
            ("media.updated", Some(whose)) => {
                audio.insert(whose, row.details["media"]["audio"].as_bool().unwrap());
            }
            _ => {}
        }
    }
    assert_eq!(snapshot.hands, hands);
    for person in &snapshot.participants {
        assert_eq!(person.hand.is_some(), hands.contains(&person.id));
        assert_eq!(person.media.audio, audio.get(&person.id).copied().unwrap_or(false));
    }
    let moderators = snapshot.participants.iter().filter(|person| person.role == Role::Moderator);
    assert_eq!(moderators.count(), 1);
}

/// How often this happened.
pub(crate) fn count(rows: &[Row], action: &str) -> usize {
    rows.iter().filter(|row| row.action == action).count()
}
