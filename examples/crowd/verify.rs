//! What must hold in the end: everyone got what was for them, all of it, once, in order, and no more.

use std::collections::{BTreeMap, BTreeSet};

use quorate_client::protocol::Seq;

use crate::record::{Audience, Record, is_public};

/// What went wrong, in sentences; each meeting ends at its place in `until`.
pub(crate) fn verify(records: &[Record], until: &[Seq]) -> Vec<String> {
    let mut faults: Vec<String> =
        records.iter().flat_map(|record| record.faults.iter().cloned()).collect();
    for (meeting, &until) in until.iter().enumerate() {
        let people: Vec<&Record> =
            records.iter().filter(|record| record.meeting == meeting).collect();
        let who = |person: &Record| format!("meeting {meeting}, participant {}", person.id);
        let journal = merge(&people, until, &mut |person, seq| {
            faults.push(format!("{}: seq {seq} is not what others got", who(person)));
        });
        for person in &people {
            for gap in missing(person, &journal) {
                faults.push(format!("{}: {gap} never came", who(person)));
            }
        }
        for sender in &people {
            for fault in unfulfilled(sender, &people, until) {
                faults.push(format!("{}: {fault}", who(sender)));
            }
        }
    }
    faults
}

/// All that anybody got, up to `until`; tells who got something else than others under one `seq`.
fn merge(
    people: &[&Record],
    until: Seq,
    differs: &mut impl FnMut(&Record, Seq),
) -> BTreeMap<Seq, u8> {
    let mut journal = BTreeMap::new();
    for person in people {
        for (seq, code) in person.all().take_while(|(seq, _)| *seq <= until) {
            if *journal.entry(seq).or_insert(code) != code {
                differs(person, seq);
            }
        }
    }
    journal
}

/// Events for everyone that this one did not get, neighbours together.
fn missing(person: &Record, journal: &BTreeMap<Seq, u8>) -> Vec<String> {
    let missed = journal.range(person.start.next()..).filter(|(seq, code)| {
        is_public(**code) && person.listened_at(**seq) && person.came_with(**seq) == 0
    });
    let mut gaps: Vec<(Seq, Seq, usize)> = Vec::new();
    for (&seq, _) in missed {
        match gaps.last_mut() {
            Some((_, last, count)) if last.next() == seq => (*last, *count) = (seq, *count + 1),
            _ => gaps.push((seq, seq, 1)),
        }
    }
    let tell = |(first, last, count)| format!("seq {first} to {last} ({count} events)");
    gaps.into_iter().map(tell).collect()
}

/// What became of one's commands that should not have.
fn unfulfilled(sender: &Record, people: &[&Record], until: Seq) -> Vec<String> {
    let mut faults = Vec::new();
    let mut answered = BTreeSet::new();
    for &(seq, audience) in sender.acknowledged.iter().filter(|(seq, _)| *seq <= until) {
        if !answered.insert(seq) {
            faults.push(format!("two commands were answered with seq {seq}"));
        }
        let reaches = |person: &Record| match audience {
            Audience::All => true,
            Audience::Person(to) => person.id == to || person.id == sender.id,
            Audience::Staff => person.staff || person.id == sender.id,
            Audience::None => false,
        };
        for person in people.iter().filter(|person| reaches(person) && person.listened_at(seq)) {
            if person.came_with(seq) == 0 {
                faults.push(format!("its acknowledged seq {seq} never came to {}", person.id));
            }
        }
    }
    let unasked = sender.own.iter().filter(|seq| **seq <= until && !answered.contains(seq));
    faults.extend(unasked.map(|seq| format!("its seq {seq} is of no command that was answered")));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_client::protocol::{
        ChatSentEvent, ChatTo, Event, EventBody, MessageId, ParticipantId, Timestamp,
    };

    const ANA: ParticipantId = ParticipantId(1);
    const BEN: ParticipantId = ParticipantId(2);
    const CLEO: ParticipantId = ParticipantId(3);

    fn chat(seq: u64, by: ParticipantId, to: Option<ChatTo>) -> Event {
        let text = Some("hello".to_owned());
        let body = EventBody::ChatSent(ChatSentEvent {
            message: MessageId(seq),
            text,
            to,
            room: None,
            reply_to: None,
        });
        Event {
            seq: Seq(seq),
            at: Timestamp(0),
            by: Some(by),
            name: None,
            role: None,
            via: None,
            body,
        }
    }

    /// Ana, the host, Ben and Cleo, from seq 10; Ben has written to all (11), Cleo (12) and staff (13).
    fn given() -> (Vec<Record>, [Event; 3]) {
        let record = |id, staff| Record::new(0, id, staff, Seq(10));
        let mut people = vec![record(ANA, true), record(BEN, false), record(CLEO, false)];
        people[1].acknowledged(Seq(11), Audience::All);
        people[1].acknowledged(Seq(12), Audience::Person(CLEO));
        people[1].acknowledged(Seq(13), Audience::Staff);
        let to_cleo = Some(ChatTo::Participant(CLEO));
        let events =
            [chat(11, BEN, None), chat(12, BEN, to_cleo), chat(13, BEN, Some(ChatTo::Staff))];
        (people, events)
    }

    /// Who gets which of the three, and what is then wrong.
    fn check(gets: [&[usize]; 3], expected: &[&str]) {
        let (mut people, events) = given();
        for (person, gets) in people.iter_mut().zip(gets) {
            gets.iter().for_each(|&at| person.event(&events[at]));
        }
        let faults = verify(&people, &[Seq(13)]);
        assert_eq!(faults.len(), expected.len(), "{faults:?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.contains(expected), "{fault}");
        }
    }

    #[test]
    fn all_is_well_when_each_gets_what_is_for_them() {
        check([&[0, 2], &[0, 1, 2], &[0, 1]], &[]);
    }

    #[test]
    fn a_loss_is_told() {
        check(
            [&[2], &[0, 1, 2], &[0, 1]],
            &[
                "participant 1: seq 11 to 11 (1 events) never came",
                "its acknowledged seq 11 never came to 1",
            ],
        );
        check([&[0, 2], &[0, 1, 2], &[0]], &["its acknowledged seq 12 never came to 3"]);
        check([&[0], &[0, 1, 2], &[0, 1]], &["its acknowledged seq 13 never came to 1"]);
    }

    #[test]
    fn a_duplicate_and_disorder_are_told() {
        check([&[0, 0, 2], &[0, 1, 2], &[0, 1]], &["participant 1: seq 11 came twice"]);
        check(
            [&[2, 0], &[0, 1, 2], &[0, 1]],
            &[
                "participant 1: seq 11 came out of order",
                "participant 1: seq 11 to 11",
                "its acknowledged seq 11 never came to 1",
            ],
        );
    }

    #[test]
    fn a_leak_is_told() {
        check(
            [&[0, 1, 2], &[0, 1, 2], &[0, 1]],
            &["participant 1: seq 12 (chat.sent) was not for"],
        );
        check(
            [&[0, 2], &[0, 1, 2], &[0, 1, 2]],
            &["participant 3: seq 13 (chat.sent) was not for"],
        );
    }

    #[test]
    fn a_command_carried_out_twice_is_told() {
        let (mut people, events) = given();
        let again = chat(14, BEN, None);
        for (person, gets) in people.iter_mut().zip([&[0, 2][..], &[0, 1, 2], &[0, 1]]) {
            gets.iter().for_each(|&at| person.event(&events[at]));
            person.event(&again);
        }
        let faults = verify(&people, &[Seq(14)]);
        assert_eq!(
            faults,
            ["meeting 0, participant 2: its seq 14 is of no command that was answered"]
        );
    }

    #[test]
    fn what_a_fresh_snapshot_stands_for_need_not_come() {
        let (mut people, events) = given();
        people[0].skip(11..=13);
        for (person, gets) in people.iter_mut().zip([&[][..], &[0, 1, 2], &[0, 1]]) {
            gets.iter().for_each(|&at| person.event(&events[at]));
        }
        assert!(verify(&people, &[Seq(13)]).is_empty());
    }
}
