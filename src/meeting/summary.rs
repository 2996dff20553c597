//! What was said and agreed in a meeting, in short, as someone of it published it.

use quorate_protocol::{Permission, RECORDS_MAX, SUMMARY_CHARS_MAX, SummaryPublish, Timestamp};

use super::event::{Audience, Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, text};

/// The summary of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The text that was published last; empty after a redaction.
    pub text: String,
    /// When that was.
    pub at: Timestamp,
    /// When one was published first.
    pub first_at: Timestamp,
    /// How many were published.
    count: u32,
}

impl Facts {
    pub(super) fn publish_summary(
        &self,
        me: &Person,
        ask: &SummaryPublish,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::DecisionRecord)?;
        text::check("text", &ask.text, SUMMARY_CHARS_MAX)?;
        if self.info.started_at.is_none() {
            return Err(Refusal::Conflict(
                "the meeting has not started; there is nothing to sum up",
            ));
        }
        if self.summary.as_ref().is_some_and(|it| it.count as usize >= RECORDS_MAX) {
            let message = "the summary of this meeting was published as often as it may be";
            return Err(Refusal::TooMany { message, limit: RECORDS_MAX });
        }
        let text = Personal { text: Some(ask.text.clone()), ..Personal::default() };
        Ok(Decision::by(me).personal_event(Audience::EVERYONE, Fact::SummaryPublished {}, text))
    }

    pub(super) fn summarised(&mut self, personal: Option<&Personal>, at: Timestamp) {
        let text = personal.and_then(|personal| personal.text.clone()).unwrap_or_default();
        let before = self.summary.as_ref();
        let first_at = before.map_or(at, |it| it.first_at);
        let count = before.map_or(0, |it| it.count) + 1;
        self.summary = Some(Summary { text, at, first_at, count });
    }
}
