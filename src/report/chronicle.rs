//! What a report needs of the journal and [`Facts`] do not keep: a fold beside theirs.

use std::collections::BTreeMap;

use quorate_protocol::{
    ActionItem, ParticipantId, PollId, RecordedDecision, ReportPoll, RoomId, Timestamp,
};

use crate::meeting::Facts;
use crate::meeting::event::{Event, Fact, RoomPlan};

/// A meeting's journal, folded for a report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Story {
    /// The facts.
    pub facts: Facts,
    /// What they do not keep.
    pub chronicle: Chronicle,
}

/// What was, all of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chronicle {
    /// How it was to be when it first started.
    pub start: Option<Start>,
    /// Whether there is an agenda.
    agenda: bool,
    /// Since when someone first waited to be let in.
    pub waited: BTreeMap<ParticipantId, Timestamp>,
    /// Who wrote, and when.
    pub messages: Vec<(ParticipantId, Timestamp)>,
    /// Who raised a hand, and when.
    pub hands: Vec<(ParticipantId, Timestamp)>,
    /// Every poll; of those that are open how they stand is with the facts.
    pub polls: BTreeMap<PollId, ReportPoll>,
    /// Every decision.
    pub decisions: Vec<RecordedDecision>,
    /// Every action item.
    pub actions: Vec<ActionItem>,
    /// The names of the breakout rooms.
    pub rooms: BTreeMap<RoomId, String>,
}

/// How a meeting was to be when it first started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// When it started.
    pub at: Timestamp,
    /// When it was to start; none: it was not scheduled.
    pub planned: Option<Timestamp>,
    /// When it was to end.
    pub ends_at: Option<Timestamp>,
    /// Whether there was an agenda.
    pub agenda: bool,
}

impl Story {
    /// Folds one more event.
    pub fn apply(&mut self, event: &Event) {
        self.facts.apply(event);
        self.chronicle.apply(event);
        let info = &self.facts.info;
        if self.chronicle.start.is_none()
            && let Some(at) = info.started_at
        {
            let agenda = self.chronicle.agenda;
            let (planned, ends_at) = (info.starts_at, info.ends_at);
            self.chronicle.start = Some(Start { at, planned, ends_at, agenda });
        }
    }
}

impl Chronicle {
    fn apply(&mut self, event: &Event) {
        let (at, personal) = (event.at, event.personal.as_deref());
        let text = || personal.and_then(|it| it.text.clone()).unwrap_or_default();
        let texts = || personal.map(|it| it.texts.clone()).unwrap_or_default();
        match &event.fact {
            Fact::AgendaSet { items } => self.agenda = !items.is_empty(),
            Fact::ParticipantWaiting { participant, .. } => {
                self.waited.entry(*participant).or_insert(at);
            }
            Fact::ChatSent { .. } => self.messages.extend(event.by.map(|by| (by, at))),
            Fact::HandRaised { participant } => self.hands.push((*participant, at)),
            Fact::PollOpened { poll, choices, .. } => {
                let opened = opened(*poll, *choices as usize, text(), texts(), at);
                self.polls.insert(*poll, opened);
            }
            Fact::PollClosed { poll, counts, voters } => {
                if let Some(closed) = self.polls.get_mut(poll) {
                    (closed.counts, closed.voters) = (counts.clone(), *voters);
                    closed.closed_at = Some(at);
                }
            }
            Fact::DecisionRecorded { decision } => {
                self.decisions.push(RecordedDecision { decision: *decision, text: text() });
            }
            Fact::ActionRecorded { action, owner, due } => {
                let item = ActionItem { action: *action, text: text(), owner: *owner, due: *due };
                self.actions.push(item);
            }
            Fact::BreakoutOpened { rooms, .. } => self.rooms_opened(rooms, texts()),
            _ => {}
        }
    }

    fn rooms_opened(&mut self, rooms: &[RoomPlan], names: Vec<String>) {
        let names = names.into_iter().chain(std::iter::repeat_with(String::new));
        self.rooms.extend(rooms.iter().map(|plan| plan.room).zip(names));
    }
}

fn opened(
    poll: PollId,
    count: usize,
    question: String,
    mut choices: Vec<String>,
    at: Timestamp,
) -> ReportPoll {
    // Empty ones after a redaction.
    choices.resize(count, String::new());
    let counts = vec![0; count];
    ReportPoll { poll, question, choices, counts, voters: 0, opened_at: at, closed_at: None }
}
