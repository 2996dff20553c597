//! What of people's talk and engagement is shown to whom: one's own always, another's with
//! `report.individual`, where reports say who is who.

use std::collections::HashMap;

use quorate_protocol::{
    Engagement, MeetingId, MeetingStatus, ParticipantId, Permission, Privacy, Timestamp, UserId,
};

use super::Api;
use super::access::{may, no_meeting};
use super::problem::Problem;
use crate::identity::{Caller, unavailable};
use crate::meeting::Meeting;
use crate::meeting::engagement::without_talk;
use crate::store::{StoredPerson, Whose};

/// What someone may see of it.
pub(super) struct Scores {
    viewer: UserId,
    /// Whether they may see what is others'.
    individual: bool,
    privacy: Privacy,
    /// Whether the meeting runs, and the tables are behind it.
    runs: bool,
}

/// Talk in milliseconds, and the score; none: not scored.
pub(super) type Measured = (u64, Option<Engagement>);

/// What is measured of these people as of now.
pub(super) fn measured(
    meeting: &Meeting,
    now: Timestamp,
    people: &[ParticipantId],
) -> HashMap<ParticipantId, Measured> {
    let totals = meeting.passing.measures.totals_at(now);
    let talk = |id| totals.get(&id).map_or(0, |totals| totals.talk_ms);
    let engagement = meeting.engagement(now, people.iter().copied());
    engagement.into_iter().map(|(id, score)| (id, (talk(id), score))).collect()
}

/// What is shown of someone.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) talk_seconds: Option<u64>,
    pub(super) engagement: Option<Engagement>,
    pub(super) excluded: Option<bool>,
}

impl Scores {
    /// What this caller may see of these people. A meeting is not started for it, where the tables say who the
    /// caller is in it.
    ///
    /// # Errors
    /// `unavailable` where the store or the meeting cannot be asked.
    pub(super) async fn of(
        api: &Api,
        caller: &Caller,
        meeting: MeetingId,
        people: &[StoredPerson],
    ) -> Result<Scores, Problem> {
        let viewer = caller.user.id;
        let row = api.door.store.shown_meeting(meeting, Whose::Everyones);
        let row = row.await.map_err(unavailable)?.ok_or_else(no_meeting)?;
        let here = row.info.settings.map(|settings| settings.privacy).unwrap_or_default();
        let privacy = api.door.live.terms().privacy.and(here);
        let others = people.iter().any(|it| it.user != viewer);
        let individual = others && may(api, caller, meeting, Permission::ReportIndividual).await?;
        let runs = row.info.status == MeetingStatus::InProgress;
        Ok(Scores { viewer, individual, privacy, runs })
    }

    /// Of whom of these they may see it.
    pub(super) fn shown(&self, people: &[StoredPerson]) -> Vec<ParticipantId> {
        people.iter().filter(|it| self.shows(it)).map(|it| it.id).collect()
    }

    /// Whether the running meeting is to be asked about these people: it is ahead of the tables.
    pub(super) fn ask(&self, people: &[ParticipantId]) -> bool {
        self.runs && !people.is_empty()
    }

    fn shows(&self, person: &StoredPerson) -> bool {
        person.user == self.viewer || (self.individual && self.privacy.names_in_reports)
    }

    /// What they see of someone of whom this is measured now, or else what was written.
    pub(super) fn of_one(&self, person: &StoredPerson, now: Option<Measured>) -> Shown {
        let own = person.user == self.viewer;
        let excluded = (own || self.individual).then_some(person.excluded);
        if !self.shows(person) {
            return Shown { excluded, ..Shown::default() };
        }
        let written = || (person.talk_ms, person.engagement.clone());
        let (talk_ms, engagement) = now.unwrap_or_else(written);
        let (talk_ms, engagement) = told(self.privacy, own, person.excluded, talk_ms, engagement);
        Shown { talk_seconds: talk_ms.map(|ms| ms / 1000), engagement, excluded }
    }
}

/// What of someone's talk and score may be told to one who may see theirs: themselves, if it is their `own`.
pub(super) fn told(
    privacy: Privacy,
    own: bool,
    excluded: bool,
    talk_ms: u64,
    engagement: Option<Engagement>,
) -> (Option<u64>, Option<Engagement>) {
    let talks = privacy.talk_time && (own || !excluded);
    let engagement = engagement.filter(|_| !excluded).map(|it| {
        // What the table keeps may be of a time when talk was measured.
        if privacy.talk_time { it } else { without_talk(it) }
    });
    (talks.then_some(talk_ms), engagement)
}
