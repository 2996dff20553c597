//! What must hold in the end: everyone got what was for them, all of it, once, in order, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use quorate_client::protocol::{
    ChatSentEvent, ChatTo, Code, Event, EventBody, ParticipantId, Seq, Welcome,
};

/// Faults that one participant remembers; more say nothing new.
const FAULTS_MAX: usize = 10;

/// For whom something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    All,
    Person(ParticipantId),
    Staff,
    /// It is no event.
    None,
}

/// What one participant has seen and done, small enough to keep thousands.
pub(crate) struct Record {
    pub(crate) meeting: usize,
    pub(crate) id: ParticipantId,
    pub(crate) staff: bool,
    /// The snapshot it started from.
    start: Seq,
    /// Nothing at or before it may come any more.
    pub(crate) last: Seq,
    /// What came with each `seq` after `start`: a [`code`], 0 for nothing.
    came: Vec<u8>,
    /// What a fresh snapshot stood for.
    skipped: Vec<RangeInclusive<u64>>,
    /// Events by itself that came of commands.
    own: BTreeSet<Seq>,
    /// Events that its commands were told to have caused.
    acknowledged: Vec<(Seq, Audience)>,
    /// Times it went on where it was.
    pub(crate) resumed: u32,
    /// Times it got a fresh snapshot instead.
    pub(crate) fresh: u32,
    /// Commands refused, by code.
    pub(crate) refused: Vec<(Code, u32)>,
    faults: Vec<String>,
}

impl Record {
    pub(crate) fn new(meeting: usize, id: ParticipantId, staff: bool, start: Seq) -> Self {
        Record {
            meeting,
            id,
            staff,
            start,
            last: start,
            came: Vec::new(),
            skipped: Vec::new(),
            own: BTreeSet::new(),
            acknowledged: Vec::new(),
            resumed: 0,
            fresh: 0,
            refused: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// An event came.
    pub(crate) fn event(&mut self, event: &Event) {
        let (seq, last) = (event.seq, self.last);
        if seq <= last {
            let how = if self.came_with(seq) == 0 { "out of order" } else { "twice" };
            return self.fault(format!("seq {seq} came {how}, after {last}"));
        }
        self.last = seq;
        let mine = event.by == Some(self.id);
        let for_me = match audience(&event.body) {
            Audience::Person(to) => mine || to == self.id,
            Audience::Staff => mine || self.staff,
            Audience::All | Audience::None => true,
        };
        if !for_me {
            self.fault(format!("seq {seq} ({}) was not for it", event.body.kind()));
        }
        let at = self.index(seq);
        self.came.resize(at, 0);
        self.came.push(code(&event.body));
        if mine && by_command(&event.body) {
            self.own.insert(seq);
        }
    }

    /// Nothing is missing up to there.
    pub(crate) fn up_to(&mut self, seq: Seq) {
        self.last = self.last.max(seq);
    }

    /// It is back after its socket was lost.
    pub(crate) fn welcomed_back(&mut self, welcome: &Welcome) {
        if welcome.resumed {
            self.resumed += 1;
        } else if let Some(state) = &welcome.state {
            self.fresh += 1;
            self.skipped.push(self.last.0 + 1..=state.seq.0);
            self.last = state.seq;
        }
    }

    /// A command was answered with the event it caused.
    pub(crate) fn acknowledged(&mut self, seq: Seq, audience: Audience) {
        self.acknowledged.push((seq, audience));
    }

    /// A command was refused.
    pub(crate) fn refused(&mut self, code: Code) {
        match self.refused.iter_mut().find(|(other, _)| *other == code) {
            Some((_, count)) => *count += 1,
            None => self.refused.push((code, 1)),
        }
    }

    /// Something went wrong.
    pub(crate) fn fault(&mut self, fault: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(format!("meeting {}, participant {}: {fault}", self.meeting, self.id));
        }
    }

    /// Whether an event with this `seq` would have come, had it been for this participant.
    fn listened_at(&self, seq: Seq) -> bool {
        seq > self.start && !self.skipped.iter().any(|range| range.contains(&seq.0))
    }

    fn came_with(&self, seq: Seq) -> u8 {
        if seq <= self.start { 0 } else { *self.came.get(self.index(seq)).unwrap_or(&0) }
    }

    fn index(&self, seq: Seq) -> usize {
        usize::try_from(seq.0 - self.start.0 - 1).unwrap_or(usize::MAX)
    }

    /// Every `seq` that came, with what it was.
    fn all(&self) -> impl Iterator<Item = (Seq, u8)> {
        let numbered = self.came.iter().zip(1..);
        numbered.filter(|(code, _)| **code != 0).map(|(code, n)| (self.start.plus(n), *code))
    }
}

/// For whom an event is.
fn audience(body: &EventBody) -> Audience {
    match body {
        EventBody::ChatSent(ChatSentEvent { to: Some(ChatTo::Participant(to)), .. }) => {
            Audience::Person(*to)
        }
        EventBody::ChatSent(ChatSentEvent { to: Some(ChatTo::Staff), .. })
        | EventBody::ParticipantWaiting(_)
        | EventBody::ParticipantWithdrawn(_)
        | EventBody::ParticipantUnbanned(_) => Audience::Staff,
        _ => Audience::All,
    }
}

/// Whether this is an event that a command of the crowd causes.
fn by_command(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::ChatSent(_)
            | EventBody::HandRaised(_)
            | EventBody::HandLowered(_)
            | EventBody::MediaUpdated(_)
            | EventBody::AttributesChanged(_)
    )
}

/// The type of an event and whether it is for everyone, in a byte; 0 is none.
fn code(body: &EventBody) -> u8 {
    let kind = match body {
        // The frequent ones without a search.
        EventBody::ChatSent(_) => 0,
        EventBody::ParticipantJoined(_) => 1,
        EventBody::ConnectionChanged(_) => 2,
        other => {
            let at = EventBody::TYPES.iter().position(|kind| *kind == other.kind());
            at.map_or(u8::MAX / 2 - 1, |at| 3 + u8::try_from(at).unwrap_or(u8::MAX / 4))
        }
    };
    let public = u8::from(audience(body) == Audience::All);
    (kind + 1) << 1 | public
}

/// Whether that code is of an event for everyone.
fn is_public(code: u8) -> bool {
    code & 1 == 1
}

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
    use quorate_client::protocol::{MessageId, Timestamp};

    const ANA: ParticipantId = ParticipantId(1);
    const BEN: ParticipantId = ParticipantId(2);
    const CLEO: ParticipantId = ParticipantId(3);

    fn chat(seq: u64, by: ParticipantId, to: Option<ChatTo>) -> Event {
        let text = Some("hello".to_owned());
        let body = EventBody::ChatSent(ChatSentEvent {
            message: MessageId(seq),
            text,
            to,
            reply_to: None,
        });
        Event { seq: Seq(seq), at: Timestamp(0), by: Some(by), body }
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
        people[0].skipped.push(11..=13);
        for (person, gets) in people.iter_mut().zip([&[][..], &[0, 1, 2], &[0, 1]]) {
            gets.iter().for_each(|&at| person.event(&events[at]));
        }
        assert!(verify(&people, &[Seq(13)]).is_empty());
    }
}
