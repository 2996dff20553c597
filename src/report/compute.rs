//! A report: made of a meeting's story and of what was measured and said, for one who asks.

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{
    ActionItem, FeedbackSummary, ParticipantId, Privacy, Report, ReportAction, ReportItem,
    ReportMeeting, ReportPerson, ReportPoll, ReportRoom, ReportScoring, ReportSlice, ReportSpan,
    ReportTotals, RoomId, Timestamp,
};

use super::Disclosure;
use super::chronicle::Story;
use super::course::Course;
use super::effectiveness::effectiveness;
use super::measured::{Measured, Quality};
use crate::meeting::engagement::{self, Scoring, weights};
use crate::meeting::feedback::{Insight, Rating, summary};
use crate::meeting::measures::Totals;
use crate::meeting::{Person, quality};

/// The version of a report's shape.
const VERSION: u32 = 1;
/// Who is there, or waits, no later than this after the start is punctual, in milliseconds.
const PUNCTUAL_MS: i64 = 5 * 60_000;

/// For whom a report is, and as of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// When it is asked for; a meeting that is over is told as of its end.
    pub now: Timestamp,
    /// Whether the one who asks may see figures of single people.
    pub individuals: bool,
}

/// A meeting that is to be reported, before its minutes are read.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) story: Story,
    pub(super) disclosure: Disclosure,
    /// What of people is measured and shown.
    pub(super) privacy: Privacy,
    asked: Asked,
    pub(super) as_of: Timestamp,
    pub(super) course: Course,
}

impl Subject {
    /// Of this story.
    pub(super) fn new(story: Story, disclosure: Disclosure, asked: Asked) -> Subject {
        let info = &story.facts.info;
        let as_of = info.ended_at.filter(|_| info.status.is_over());
        // The meeting's clock may be a little ahead of the one that was looked at.
        let as_of = as_of.unwrap_or(asked.now.max(story.facts.at));
        let mut ran = story.facts.ran.spans(as_of).filter(|span| span.ms() > 0);
        let first = ran.next();
        let until = ran.last().or(first).map_or(as_of, |span| span.to);
        let course = Course::new(first.map(|span| span.from), until);
        let privacy = story.facts.privacy(disclosure.privacy);
        Subject { story, disclosure, privacy, asked, as_of, course }
    }

    /// What is to be summed up of the minutes.
    pub(super) fn measured(&self) -> Measured {
        Measured::of(self.people().map(|person| person.id), self.course)
    }

    /// Those of whom it speaks.
    pub(super) fn people(&self) -> impl Iterator<Item = &Person> {
        self.story.facts.people.values().filter(|person| person.is_reported())
    }

    /// The report.
    pub(super) fn report(
        &self,
        totals: &BTreeMap<ParticipantId, Totals>,
        measured: &Measured,
        ratings: &[Rating],
    ) -> Report {
        let Story { facts, chronicle } = &self.story;
        let people = self.persons(totals, measured);
        let counted = self.counted();
        let together = self.totals(totals, &people, &counted, measured);
        let agenda = self.agenda();
        let individuals = self.asked.individuals;
        let excluded = |person: &&Person| person.was_there() && person.excluded;
        Report {
            version: VERSION,
            meeting: self.meeting(),
            seq: facts.head,
            as_of: self.as_of,
            r#final: facts.info.status.is_over(),
            privacy: self.privacy,
            participants: if individuals { people } else { Vec::new() },
            excluded: facts.people.values().filter(excluded).count() as u32,
            course: self.course(&counted, measured),
            slice_seconds: self.course.slice_seconds(),
            polls: self.polls(),
            decisions: chronicle.decisions.clone(),
            actions: chronicle.actions.iter().map(|it| self.action(it)).collect(),
            rooms: self.rooms(),
            scoring: ReportScoring {
                engagement_version: engagement::VERSION,
                quality_version: quality::VERSION,
                profile: facts.info.settings.engagement_profile,
                weights: weights(&facts.info.settings),
            },
            effectiveness: effectiveness(&self.input(totals, &together, &agenda, ratings)),
            totals: together,
            agenda,
            feedback: self.feedback(ratings),
            summary: facts.summary.as_ref().map(|it| it.text.clone()).filter(|it| !it.is_empty()),
        }
    }

    fn feedback(&self, ratings: &[Rating]) -> FeedbackSummary {
        let Disclosure { privacy, raters_min } = self.disclosure;
        let standing = self.story.facts.feedback_standing(self.asked.now, privacy);
        let insight = Insight { aggregate: true, each: self.shows_each(), raters_min };
        summary(standing, ratings, insight, None)
    }

    /// Whether it says who said what.
    pub(super) fn shows_each(&self) -> bool {
        self.asked.individuals && self.privacy.names_in_reports
    }

    fn meeting(&self) -> ReportMeeting {
        let facts = &self.story.facts;
        let info = &facts.info;
        let host = facts.person_of(info.host).map(|person| &person.name);
        let host = host.unwrap_or(&info.host_name).clone();
        let (starts_at, ends_at) = self.planned();
        ReportMeeting {
            id: info.id,
            title: info.title.clone(),
            r#type: info.kind,
            status: info.status,
            starts_at,
            ends_at,
            started_at: info.started_at,
            ended_at: info.ended_at,
            time_zone: info.time_zone.clone(),
            host: Some(host).filter(|name| self.privacy.names_in_reports && !name.is_empty()),
            parent_meeting_id: info.parent,
        }
    }

    /// Everyone of whom it speaks, in the order in which they came.
    fn persons(
        &self,
        totals: &BTreeMap<ParticipantId, Totals>,
        measured: &Measured,
    ) -> Vec<ReportPerson> {
        let scoring = Scoring::new(&self.story.facts, totals, self.privacy, self.as_of);
        let mut people: Vec<_> = self.people().collect();
        people.sort_by_key(|person| (self.came(person), person.id));
        let known = |person: &Person| {
            let totals = totals.get(&person.id).copied().unwrap_or_default();
            (totals, measured.people.get(&person.id).copied().unwrap_or_default())
        };
        let person = |(number, person): (u32, &Person)| {
            Some(self.person(number, person, known(person), scoring.of(person)?))
        };
        (1..).zip(people).filter_map(person).collect()
    }

    fn person(
        &self,
        number: u32,
        person: &Person,
        (totals, quality): (Totals, Quality),
        engagement: quorate_protocol::Engagement,
    ) -> ReportPerson {
        let privacy = self.privacy;
        let names = privacy.names_in_reports;
        let spans = person.attendance.spans(self.as_of);
        let named = names && !person.name.is_empty();
        ReportPerson {
            participant: names.then_some(person.id),
            user: names.then_some(person.user),
            name: if named { person.name.clone() } else { format!("Participant {number}") },
            kind: person.kind,
            // The role of host would say who that is.
            role: names.then(|| self.story.facts.role_of(person.user)),
            present: spans
                .map(|span| ReportSpan { from: span.from, to: span.to, room: span.room })
                .collect(),
            present_seconds: person.attendance.total_ms(self.as_of) / 1000,
            talk_seconds: privacy.talk_time.then_some(totals.talk_ms / 1000),
            messages: person.activity.messages,
            hands: person.activity.hands(self.as_of),
            reactions: totals.reactions,
            polls_seen: person.activity.polls_seen,
            polls_answered: person.activity.polls_answered,
            quality_r: quality.mean_r(),
            quality_minutes: quality.minutes,
            engagement,
        }
    }

    /// When those of whom it speaks wrote and raised hands.
    fn counted(&self) -> Counted {
        let people: BTreeSet<_> = self.people().map(|person| person.id).collect();
        let of = |all: &[(ParticipantId, Timestamp)]| {
            all.iter().filter(|(id, _)| people.contains(id)).map(|(_, at)| *at).collect()
        };
        let chronicle = &self.story.chronicle;
        Counted { messages: of(&chronicle.messages), hands: of(&chronicle.hands) }
    }

    /// When they came first.
    fn came(&self, person: &Person) -> Option<Timestamp> {
        person.attendance.spans(self.as_of).next().map(|span| span.from)
    }

    /// Whether they were there in time; who had to wait to be let in was there from then on.
    fn is_punctual(&self, person: &Person) -> bool {
        let began = self.planned().0.or(self.story.facts.info.started_at).unwrap_or_default();
        let waited = self.story.chronicle.waited.get(&person.id).copied();
        self.came(person).into_iter().chain(waited).any(|at| at <= began.plus_ms(PUNCTUAL_MS))
    }

    fn totals(
        &self,
        totals: &BTreeMap<ParticipantId, Totals>,
        people: &[ReportPerson],
        counted: &Counted,
        measured: &Measured,
    ) -> ReportTotals {
        let facts = &self.story.facts;
        let (required, required_present) = facts.required_present(self.as_of);
        let scores: f64 = people.iter().map(|person| person.engagement.score).sum();
        // Of milliseconds: sums of whole seconds would lose up to one of each.
        let present_ms = |person: &Person| person.attendance.total_ms(self.as_of);
        let talk_ms = |person: &Person| totals.get(&person.id).map_or(0, |it| it.talk_ms);
        let present_ms: u64 = self.people().map(present_ms).sum();
        let talk_ms: u64 = self.people().map(talk_ms).sum();
        ReportTotals {
            participants: people.len() as u32,
            peak: peak(people),
            live_seconds: facts.ran.total_ms(self.as_of) / 1000,
            present_seconds: present_ms / 1000,
            talk_seconds: self.privacy.talk_time.then_some(talk_ms / 1000),
            messages: counted.messages.len() as u32,
            hands: counted.hands.len() as u32,
            reactions: people.iter().map(|person| person.reactions).sum(),
            required,
            required_present,
            punctual: self.people().filter(|person| self.is_punctual(person)).count() as u32,
            engagement: (!people.is_empty()).then(|| scores / people.len() as f64),
            quality_minutes: measured.minutes,
        }
    }

    fn course(&self, counted: &Counted, measured: &Measured) -> Vec<ReportSlice> {
        let course = self.course;
        let talk_time = self.privacy.talk_time;
        let mut present = vec![0; course.len];
        for span in self.people().flat_map(|person| person.attendance.spans(self.as_of)) {
            for (slice, ms) in course.slices(span.from, span.to) {
                present[slice] += ms;
            }
        }
        let per_slice = |times: &[Timestamp]| {
            let mut counts = vec![0; course.len];
            times.iter().filter_map(|at| course.slice(*at)).for_each(|slice| counts[slice] += 1);
            counts
        };
        let (messages, hands) = (per_slice(&counted.messages), per_slice(&counted.hands));
        let slice = |slice: usize| {
            let (talk_ms, quality_minutes) = measured.slices[slice];
            ReportSlice {
                at: course.start(slice),
                present: present[slice] as f64 / course.ms(slice).max(1) as f64,
                talk_seconds: talk_time.then_some(talk_ms / 1000),
                messages: messages[slice],
                hands: hands[slice],
                quality_minutes,
            }
        };
        (0..course.len).map(slice).collect()
    }

    /// The polls; of those that are open, as they stand.
    fn polls(&self) -> Vec<ReportPoll> {
        let open = self.story.facts.polls.shown(ParticipantId(0)).into_iter();
        let mut open: BTreeMap<_, _> =
            open.filter(|poll| poll.open).map(|poll| (poll.poll, poll)).collect();
        let stands = |poll: &ReportPoll| match open.remove(&poll.poll) {
            Some(now) => ReportPoll { counts: now.counts, voters: now.voters, ..poll.clone() },
            None => poll.clone(),
        };
        self.story.chronicle.polls.values().map(stands).collect()
    }

    /// An action item, with who does it where names are shown, and with their name as that of the host is.
    fn action(&self, item: &ActionItem) -> ReportAction {
        let owner = item.owner.filter(|_| self.privacy.names_in_reports);
        let person = owner.and_then(|owner| self.story.facts.people.get(&owner));
        let named = person.filter(|person| !person.excluded && !person.name.is_empty());
        ReportAction {
            action: item.action,
            text: item.text.clone(),
            owner,
            owner_name: named.map(|person| person.name.clone()),
            due: item.due,
        }
    }

    fn agenda(&self) -> Vec<ReportItem> {
        let items = self.story.facts.agenda_shown(self.as_of).items.into_iter();
        let item = |item: quorate_protocol::AgendaItem| ReportItem {
            item: item.item,
            title: item.title,
            planned_minutes: item.minutes,
            spent_seconds: item.spent_seconds,
            started_at: item.started_at,
        };
        items.map(item).collect()
    }

    /// The breakout rooms that anyone was in of whom it speaks.
    fn rooms(&self) -> Vec<ReportRoom> {
        let mut rooms: BTreeMap<RoomId, (u32, u64)> = BTreeMap::new();
        for (room, ms) in self.people().flat_map(|it| it.attendance.rooms_ms(self.as_of)) {
            let (people, total_ms) = rooms.entry(room).or_default();
            (*people, *total_ms) = (*people + 1, *total_ms + ms);
        }
        let names = &self.story.chronicle.rooms;
        let room = |(room, (participants, ms))| ReportRoom {
            room,
            name: names.get(&room).cloned().unwrap_or_default(),
            participants,
            present_seconds: ms / 1000,
        };
        rooms.into_iter().map(room).collect()
    }

    /// From when and until when it was to be when it first started, or is to be if it never did.
    pub(super) fn planned(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let info = &self.story.facts.info;
        let start = self.story.chronicle.start;
        start.map_or((info.starts_at, info.ends_at), |it| (it.planned, it.ends_at))
    }
}

/// When people wrote and raised hands.
struct Counted {
    messages: Vec<Timestamp>,
    hands: Vec<Timestamp>,
}

/// How many were there at once, at most.
fn peak(people: &[ReportPerson]) -> u32 {
    let mut changes: Vec<(Timestamp, i32)> = Vec::new();
    for span in people.iter().flat_map(|person| &person.present) {
        changes.extend([(span.from, 1), (span.to, -1)]);
    }
    // Who goes at the very moment at which another comes, or goes from room to room, is not there twice.
    changes.sort_unstable();
    let (mut there, mut peak) = (0, 0);
    for (_, change) in changes {
        there += change;
        peak = peak.max(there);
    }
    peak.cast_unsigned()
}
