//! What one participant has seen and done: what is checked at once, and what is kept for the end.

use std::collections::BTreeSet;
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
    /// Whether its meeting is large, where attendees' comings and goings are told to staff alone.
    pub(crate) large: bool,
    /// The snapshot it started from.
    pub(crate) start: Seq,
    /// Nothing at or before it may come any more.
    pub(crate) last: Seq,
    /// What came with each `seq` after `start`, as [`code`] says it; 0 is nothing.
    came: Vec<u8>,
    /// What a fresh snapshot stood for.
    skipped: Vec<RangeInclusive<u64>>,
    /// Events by itself that came of commands.
    pub(crate) own: BTreeSet<Seq>,
    /// Events that its commands were told to have caused.
    pub(crate) acknowledged: Vec<(Seq, Audience)>,
    /// Times it went on where it was.
    pub(crate) resumed: u32,
    /// Times it got a fresh snapshot instead.
    pub(crate) fresh: u32,
    /// Commands refused, by code.
    pub(crate) refused: Vec<(Code, u32)>,
    pub(crate) faults: Vec<String>,
}

impl Record {
    pub(crate) fn new(meeting: usize, id: ParticipantId, staff: bool, start: Seq) -> Self {
        Record {
            meeting,
            id,
            staff,
            large: false,
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
        let for_me = match audience(&event.body, self.large) {
            Audience::Person(to) => mine || to == self.id,
            Audience::Staff => mine || self.staff,
            Audience::All | Audience::None => true,
        };
        if !for_me {
            self.fault(format!("seq {seq} ({}) was not for it", event.body.kind()));
        }
        let at = self.index(seq);
        self.came.resize(at, 0);
        self.came.push(code(&event.body, self.large));
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
            self.skip(self.last.0 + 1..=state.seq.0);
            self.last = state.seq;
        }
    }

    /// These will not come, as a fresh snapshot stands for them.
    pub(crate) fn skip(&mut self, seqs: RangeInclusive<u64>) {
        self.skipped.push(seqs);
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
    pub(crate) fn listened_at(&self, seq: Seq) -> bool {
        seq > self.start && !self.skipped.iter().any(|range| range.contains(&seq.0))
    }

    /// What came with this `seq`; 0 is nothing.
    pub(crate) fn came_with(&self, seq: Seq) -> u8 {
        if seq <= self.start { 0 } else { *self.came.get(self.index(seq)).unwrap_or(&0) }
    }

    fn index(&self, seq: Seq) -> usize {
        usize::try_from(seq.0 - self.start.0 - 1).unwrap_or(usize::MAX)
    }

    /// Every `seq` that came, with what it was.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Seq, u8)> {
        let numbered = self.came.iter().zip(1..);
        numbered.filter(|(code, _)| **code != 0).map(|(code, n)| (self.start.plus(n), *code))
    }
}

/// For whom an event is; none where that depends on when it came, in a meeting that grew large.
fn audience(body: &EventBody, large: bool) -> Audience {
    match body {
        EventBody::ParticipantJoined(_)
        | EventBody::ParticipantLeft(_)
        | EventBody::ConnectionChanged(_)
        | EventBody::MediaUpdated(_)
        | EventBody::AttributesChanged(_)
            if large =>
        {
            Audience::None
        }
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
fn code(body: &EventBody, large: bool) -> u8 {
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
    let public = u8::from(audience(body, large) == Audience::All);
    (kind + 1) << 1 | public
}

/// Whether that code is of an event for everyone.
pub(crate) fn is_public(code: u8) -> bool {
    code & 1 == 1
}
