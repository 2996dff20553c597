//! The timer: one for the whole meeting. It ends by itself, also when nobody is there or the server was
//! away meanwhile.

use quorate_protocol::{LABEL_CHARS_MAX, Permission, TIMER_SECONDS, Timer, TimerStart, Timestamp};

use super::event::{Audience, Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, text};

impl Facts {
    /// Starts the timer; a running one is replaced.
    pub(super) fn start_timer(
        &self,
        now: Timestamp,
        me: &Person,
        ask: &TimerStart,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::TimerControl)?;
        if !TIMER_SECONDS.contains(&ask.seconds) {
            return Err(Refusal::Invalid { field: "seconds", message: "must be 1 to 86400" });
        }
        text::check_some("label", ask.label.as_deref(), LABEL_CHARS_MAX)?;
        let started = Fact::TimerStarted { ends_at: now.plus_seconds(ask.seconds) };
        let label = Personal { text: ask.label.clone(), ..Personal::default() };
        Ok(Decision::by(me).personal_event(Audience::EVERYONE, started, label))
    }

    pub(super) fn stop_timer(&self, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::TimerControl)?;
        if self.timer.is_none() {
            return Ok(Decision::already(None));
        }
        Ok(Decision::by(me).event(Audience::EVERYONE, Fact::TimerStopped {}))
    }

    /// When the timer ends by itself.
    pub(super) fn timer_due(&self) -> Option<Timestamp> {
        self.timer.as_ref().map(|timer| timer.ends_at)
    }

    pub(super) fn timer_started(&mut self, ends_at: Timestamp, personal: Option<&Personal>) {
        let label = personal.and_then(|personal| personal.text.clone());
        self.timer = Some(Timer { ends_at, label });
    }
}
