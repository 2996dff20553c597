//! What was decided, and what is to be done by whom and by when: recorded for everyone to see, those who
//! come late included.

use std::collections::VecDeque;

use quorate_protocol::{
    ActionId, ActionItem, ActionOnly, ActionRecord, Date, DecisionId, DecisionOnly, DecisionRecord,
    ParticipantId, Permission, RECORD_CHARS_MAX, RECORDS_MAX, RecordedDecision,
    SNAPSHOT_RECORDS_MAX, SNAPSHOT_TEXTS_BYTES_MAX,
};

use super::event::{Audience, Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, text};

/// The decisions and action items of a meeting: how many there are, and the last of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Records {
    decided: u32,
    decisions: VecDeque<RecordedDecision>,
    agreed: u32,
    actions: VecDeque<ActionItem>,
}

impl Records {
    /// The last decisions, oldest first.
    #[must_use]
    pub fn decisions(&self) -> Vec<RecordedDecision> {
        cut(&self.decisions, |decision| &decision.text)
    }

    /// The last action items, oldest first.
    #[must_use]
    pub fn actions(&self) -> Vec<ActionItem> {
        cut(&self.actions, |action| &action.text)
    }

    pub(super) fn decided(&mut self, decision: DecisionId, personal: Option<&Personal>) {
        self.decided = decision.0;
        keep(&mut self.decisions, RecordedDecision { decision, text: text_of(personal) });
    }

    pub(super) fn agreed(
        &mut self,
        action: ActionId,
        owner: Option<ParticipantId>,
        due: Option<Date>,
        personal: Option<&Personal>,
    ) {
        self.agreed = action.0;
        keep(&mut self.actions, ActionItem { action, text: text_of(personal), owner, due });
    }
}

fn text_of(personal: Option<&Personal>) -> String {
    personal.and_then(|personal| personal.text.clone()).unwrap_or_default()
}

/// Keeps one more; the oldest falls out where there are more than a snapshot shows.
fn keep<T>(records: &mut VecDeque<T>, record: T) {
    records.push_back(record);
    if records.len() > SNAPSHOT_RECORDS_MAX {
        records.pop_front();
    }
}

/// As many of the last as a snapshot has room for.
fn cut<T: Clone>(records: &VecDeque<T>, text_of: impl Fn(&T) -> &String) -> Vec<T> {
    let mut bytes = 0;
    let fits = |record: &&T| {
        bytes += text::json_bytes(text_of(record));
        bytes <= SNAPSHOT_TEXTS_BYTES_MAX
    };
    let fitting = records.iter().rev().take_while(fits).count();
    records.range(records.len() - fitting..).cloned().collect()
}

impl Facts {
    pub(super) fn record_decision(
        &self,
        me: &Person,
        ask: &DecisionRecord,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::DecisionRecord)?;
        text::check("text", &ask.text, RECORD_CHARS_MAX)?;
        let decision = DecisionId(next(self.records.decided)?);
        let text = Personal { text: Some(ask.text.clone()), ..Personal::default() };
        Ok(Decision::by(me)
            .personal_event(Audience::EVERYONE, Fact::DecisionRecorded { decision }, text)
            .answer(&DecisionOnly { decision }))
    }

    pub(super) fn record_action(
        &self,
        me: &Person,
        ask: &ActionRecord,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::DecisionRecord)?;
        text::check("text", &ask.text, RECORD_CHARS_MAX)?;
        if let Some(owner) = ask.owner {
            self.person(owner)?;
        }
        let action = ActionId(next(self.records.agreed)?);
        let recorded = Fact::ActionRecorded { action, owner: ask.owner, due: ask.due };
        let text = Personal { text: Some(ask.text.clone()), ..Personal::default() };
        Ok(Decision::by(me)
            .personal_event(Audience::EVERYONE, recorded, text)
            .answer(&ActionOnly { action }))
    }
}

/// The number after the last one.
fn next(last: u32) -> Result<u32, Refusal> {
    let message = "this meeting holds no more decisions, or no more action items";
    match (last as usize) < RECORDS_MAX {
        true => Ok(last + 1),
        false => Err(Refusal::TooMany { message, limit: RECORDS_MAX }),
    }
}
