//! Who is shown which score, and who is left out of all of them.

use quorate_protocol::{
    Engagement, EngagementGet, EngagementShown, ParticipantId, Permission, Privacy, ReportExclude,
    Timestamp,
};

use super::engagement::{Scoring, weights};
use super::event::{Audience, Fact};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Meeting, Refusal};

impl Meeting {
    /// What may be measured and shown here: what both the server and the meeting allow.
    #[must_use]
    pub fn privacy(&self) -> Privacy {
        self.terms.privacy.and(self.facts.info.settings.privacy)
    }

    /// The scores of these people as of now; none for who is not scored.
    #[must_use]
    pub fn engagement(
        &self,
        now: Timestamp,
        people: impl IntoIterator<Item = ParticipantId>,
    ) -> Vec<(ParticipantId, Option<Engagement>)> {
        let totals = self.passing.measures.totals_at(now);
        let scoring = Scoring::new(&self.facts, &totals, self.privacy(), now);
        let of = |id| self.facts.get(id).and_then(|person| scoring.of(person));
        people.into_iter().map(|id| (id, of(id))).collect()
    }

    /// One's own score one sees always.
    pub(super) fn get_engagement(
        &self,
        now: Timestamp,
        me: &Person,
        ask: EngagementGet,
    ) -> Result<Decision, Refusal> {
        let id = match ask.participant.filter(|id| *id != me.id) {
            None => me.id,
            Some(other) => {
                self.facts.require(me, Permission::ReportIndividual)?;
                let other = self.facts.person(other)?.id;
                if !self.privacy().names_in_reports {
                    let message = "reports say of nobody here who is who, and scores neither; \
                        one sees one's own";
                    return Err(Refusal::Conflict(message));
                }
                other
            }
        };
        let settings = &self.facts.info.settings;
        let engagement = self.engagement(now, [id]).into_iter().find_map(|(_, score)| score);
        let (profile, weights) = (settings.engagement_profile, weights(settings));
        Ok(Decision::by(me).answer(&EngagementShown { engagement, profile, weights }))
    }
}

impl Facts {
    /// That harms nobody, so no rank is above it.
    pub(super) fn exclude_from_report(
        &self,
        me: &Person,
        ask: ReportExclude,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::ReportIndividual)?;
        let person = self.person(ask.participant)?;
        if person.excluded == ask.excluded {
            return Ok(Decision::already(None));
        }
        let changed = Fact::ExclusionChanged { participant: person.id, excluded: ask.excluded };
        Ok(Decision::by(me).event(Audience::STAFF.and(person.id), changed))
    }
}
