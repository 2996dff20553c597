//! Reports of abuse: to staff, and never to the one they are about.

use quorate_protocol::{ABUSE_CHARS_MAX, AbuseReport, Permission, Timestamp};

use super::event::{Audience, Fact, Group, Personal, STAFF_RANK};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Meeting, Refusal, text};

impl Meeting {
    /// At most so many in a minute.
    pub(super) fn report_abuse(
        &self,
        now: Timestamp,
        me: &Person,
        ask: &AbuseReport,
    ) -> Result<Decision, Refusal> {
        let decision = self.facts.report_abuse(me, ask)?;
        self.passing.pace.may_report(now, me.id)?;
        Ok(decision)
    }
}

impl Facts {
    fn report_abuse(&self, me: &Person, ask: &AbuseReport) -> Result<Decision, Refusal> {
        self.require(me, Permission::AbuseReport)?;
        text::check("text", &ask.text, ABUSE_CHARS_MAX)?;
        self.not_oneself(me, ask.participant)?;
        // No rank protects from being reported.
        let person = self.person(ask.participant)?;
        let reported = Fact::AbuseReported { participant: person.id };
        let text = Personal { text: Some(ask.text.clone()), ..Personal::default() };
        Ok(Decision::by(me).personal_event(self.above(person), reported, text))
    }

    /// Staff; when it is about one of them, those above. Of the host, the audit log alone tells.
    fn above(&self, person: &Person) -> Audience {
        let rank = self.rank_of(person.user).saturating_add(1).max(STAFF_RANK);
        Audience { group: Group::Rank(rank), also: Vec::new() }
    }
}
