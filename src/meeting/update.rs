//! What a meeting is called, what it is about, when it is to be.

use quorate_protocol::{
    DESCRIPTION_CHARS_MAX, EXTEND_MINUTES_MAX, MeetingExtend, MeetingUpdate, MeetingUpdated,
    Permission, TITLE_CHARS_MAX, Timestamp,
};

use super::event::{Audience, Fact};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, text};
use crate::schedule;

pub(super) fn check_title(title: &str) -> Result<(), Refusal> {
    text::check("title", title, TITLE_CHARS_MAX)
}

pub(super) fn check_description(description: Option<&str>) -> Result<(), Refusal> {
    text::check_some("description", description, DESCRIPTION_CHARS_MAX)
}

pub(super) fn check_times(
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
) -> Result<(), Refusal> {
    match (starts_at, ends_at) {
        (Some(starts_at), Some(ends_at)) if ends_at <= starts_at => {
            Err(Refusal::Invalid { field: "ends_at", message: "must be after starts_at" })
        }
        _ => Ok(()),
    }
}

pub(super) fn check_time_zone(name: Option<&str>) -> Result<(), Refusal> {
    match name.is_none_or(schedule::is_time_zone) {
        true => Ok(()),
        false => Err(Refusal::Schedule(schedule::Invalid::Zone)),
    }
}

impl Facts {
    pub(super) fn update(&self, me: &Person, ask: &MeetingUpdate) -> Result<Decision, Refusal> {
        let info = &self.info;
        if info.recurrence.is_some() {
            return self.update_series(me, ask, None);
        }
        self.require(me, Permission::MeetingUpdate)?;
        if ask.recurrence.is_some() {
            let message = "is of meetings of type `recurring`; make one";
            return Err(Refusal::Invalid { field: "recurrence", message });
        }
        ask.title.as_deref().map_or(Ok(()), check_title)?;
        check_description(ask.description.as_ref().and_then(Option::as_deref))?;
        let starts_at = ask.starts_at.unwrap_or(info.starts_at);
        let ends_at = ask.ends_at.unwrap_or(info.ends_at);
        check_times(starts_at, ends_at)?;
        check_time_zone(ask.time_zone.as_ref().and_then(Option::as_deref))?;
        let changes = MeetingUpdated {
            title: ask.title.clone().filter(|title| *title != info.title),
            description: ask.description.clone().filter(|it| *it != info.description),
            starts_at: (starts_at != info.starts_at).then_some(starts_at),
            ends_at: (ends_at != info.ends_at).then_some(ends_at),
            time_zone: ask.time_zone.clone().filter(|zone| *zone != info.time_zone),
        };
        if changes == MeetingUpdated::default() {
            return Ok(Decision::already(None));
        }
        let updated = Fact::MeetingUpdated(Box::new(changes));
        Ok(Decision::by(me).event(Audience::EVERYONE, updated))
    }

    pub(super) fn extend(&self, me: &Person, ask: MeetingExtend) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingExtend)?;
        if !(1..=EXTEND_MINUTES_MAX).contains(&ask.minutes) {
            let message = "must be between 1 and 1440, a day";
            return Err(Refusal::Invalid { field: "minutes", message });
        }
        let Some(ends_at) = self.info.ends_at else {
            return Err(Refusal::Conflict("this meeting has no planned end to put off"));
        };
        let (before, ends_at) = (ends_at, ends_at.plus_seconds(ask.minutes * 60));
        // Times end where they can be written no more.
        if ends_at.ms_since(before) < u64::from(ask.minutes) * 60_000 {
            return Err(Refusal::Conflict("the end cannot be put off any further"));
        }
        let extended = Fact::MeetingExtended { ends_at };
        Ok(Decision::by(me).event(Audience::EVERYONE, extended))
    }

    pub(super) fn updated(&mut self, changes: &MeetingUpdated) {
        let MeetingUpdated { title, description, starts_at, ends_at, time_zone } = changes.clone();
        let info = &mut self.info;
        info.title = title.unwrap_or_else(|| std::mem::take(&mut info.title));
        info.description = description.unwrap_or_else(|| info.description.take());
        info.starts_at = starts_at.unwrap_or(info.starts_at);
        info.ends_at = ends_at.unwrap_or(info.ends_at);
        info.time_zone = time_zone.unwrap_or_else(|| info.time_zone.take());
    }
}
