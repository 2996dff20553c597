//! Polls: opened, voted in, closed by someone or by time. They belong to the meeting, not to who opened
//! them, and span all rooms.
//!
//! A vote is its voter's event alone; everyone hears how many, and of a poll that is not anonymous staff
//! hears who, once it is closed. A vote counts whatever becomes of its voter.

use std::collections::BTreeMap;

use quorate_protocol::{
    CHOICE_CHARS_MAX, CHOICES, CastVote, POLL_SECONDS, POLLS_MAX, POLLS_OPEN_MAX, ParticipantId,
    Permission, PollId, PollOnly, PollOpen, PollTally, PollVote, QUESTION_CHARS_MAX,
    SNAPSHOT_POLLS_CLOSED_MAX, SNAPSHOT_TEXTS_BYTES_MAX, SignalBody, Timestamp, VOTES_TOLD_MAX,
};

use super::event::{Audience, Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, Signal, SignalTo, text};

/// The polls of a meeting: those that are open, and the last that were closed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Polls {
    /// How many were ever opened; the newest has this id.
    opened: u32,
    by_id: BTreeMap<PollId, Poll>,
    /// Those of them that are closed, in the order of their closing.
    closed: Vec<PollId>,
}

/// A poll.
#[derive(Debug, Clone, PartialEq)]
struct Poll {
    question: String,
    choices: Vec<String>,
    multiple: bool,
    anonymous: bool,
    open: bool,
    closes_at: Option<Timestamp>,
    counts: Vec<u32>,
    votes: BTreeMap<ParticipantId, Ballot>,
}

/// What someone chose: a bit for each choice, of which there are at most 20.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ballot(u32);

impl Ballot {
    fn of(choices: &[u32]) -> Ballot {
        Ballot(choices.iter().fold(0, |bits, choice| bits | 1u32.checked_shl(*choice).unwrap_or(0)))
    }

    fn has(self, choice: u32) -> bool {
        self.0.checked_shr(choice).unwrap_or(0) & 1 == 1
    }

    /// The choices, rising.
    fn choices(self) -> impl Iterator<Item = u32> {
        (0..u32::BITS).filter(move |choice| self.has(*choice))
    }
}

impl Poll {
    fn tally(&self, poll: PollId) -> PollTally {
        PollTally { poll, counts: self.counts.clone(), voters: self.votes.len() as u32 }
    }

    /// Puts a vote in the place of the one that its voter cast before.
    fn cast(&mut self, voter: ParticipantId, ballot: Ballot) {
        let before = self.votes.insert(voter, ballot);
        for (choice, count) in (0..).zip(&mut self.counts) {
            *count -= u32::from(before.is_some_and(|before| before.has(choice)));
            *count += u32::from(ballot.has(choice));
        }
    }

    /// What someone chooses, if it is a vote here.
    fn ballot(&self, choices: &[u32]) -> Result<Ballot, Refusal> {
        let invalid = |message| Err(Refusal::Invalid { field: "choices", message });
        let ballot = Ballot::of(choices);
        if choices.iter().any(|choice| *choice as usize >= self.choices.len()) {
            return invalid("must be indexes of the poll's choices, from 0");
        }
        if ballot.0.count_ones() as usize != choices.len() {
            return invalid("must name each choice once");
        }
        match (self.multiple, choices.len()) {
            (_, 0) => invalid("must name a choice"),
            (false, 2..) => invalid("must be one choice alone"),
            _ => Ok(ballot),
        }
    }

    fn texts_bytes(&self) -> usize {
        let choices = self.choices.iter().map(|choice| text::json_bytes(choice));
        text::json_bytes(&self.question) + choices.sum::<usize>()
    }

    fn shown(&self, poll: PollId, viewer: ParticipantId) -> quorate_protocol::Poll {
        quorate_protocol::Poll {
            poll,
            question: self.question.clone(),
            choices: self.choices.clone(),
            multiple: self.multiple,
            anonymous: self.anonymous,
            open: self.open,
            closes_at: self.closes_at,
            counts: self.counts.clone(),
            voters: self.votes.len() as u32,
            mine: self.votes.get(&viewer).map(|ballot| ballot.choices().collect()),
        }
    }
}

impl Polls {
    fn open(&self) -> impl Iterator<Item = (PollId, &Poll)> {
        self.by_id.iter().filter(|(_, poll)| poll.open).map(|(id, poll)| (*id, poll))
    }

    /// Refuses a poll that never was; answers none for one that was closed and is no longer shown.
    fn get(&self, id: PollId) -> Result<Option<&Poll>, Refusal> {
        match (1..=self.opened).contains(&id.0) {
            true => Ok(self.by_id.get(&id)),
            false => Err(Refusal::NotFound { what: "poll", last: None }),
        }
    }

    /// Whether someone voted in one that is shown, so that their snapshot is not everyone's.
    #[must_use]
    pub fn has_vote_of(&self, person: ParticipantId) -> bool {
        self.by_id.values().any(|poll| poll.votes.contains_key(&person))
    }

    /// The open ones and the last that were closed, as someone sees them, by id.
    #[must_use]
    pub fn shown(&self, viewer: ParticipantId) -> Vec<quorate_protocol::Poll> {
        let mut bytes = 0;
        let fits = |id: &&PollId| {
            bytes += self.by_id.get(*id).map_or(0, Poll::texts_bytes);
            bytes <= SNAPSHOT_TEXTS_BYTES_MAX
        };
        let fitting = self.closed.iter().rev().take_while(fits).count();
        let hidden = &self.closed[..self.closed.len() - fitting];
        let shown = self.by_id.iter().filter(|(id, _)| !hidden.contains(id));
        shown.map(|(id, poll)| poll.shown(*id, viewer)).collect()
    }

    /// The open poll that closes by itself first, and when.
    pub(super) fn next_close(&self) -> Option<(Timestamp, PollId)> {
        self.open().filter_map(|(id, poll)| Some((poll.closes_at?, id))).min()
    }

    pub(super) fn opened(
        &mut self,
        id: PollId,
        choices: u32,
        (multiple, anonymous): (bool, bool),
        closes_at: Option<Timestamp>,
        personal: Option<&Personal>,
    ) {
        let count = choices as usize;
        let poll = Poll {
            question: personal.and_then(|it| it.text.clone()).unwrap_or_default(),
            choices: Personal::texts(personal, count),
            multiple,
            anonymous,
            open: true,
            closes_at,
            counts: vec![0; count],
            votes: BTreeMap::new(),
        };
        self.by_id.insert(id, poll);
        self.opened = id.0;
    }

    pub(super) fn vote_cast(&mut self, id: PollId, voter: Option<ParticipantId>, choices: &[u32]) {
        if let (Some(poll), Some(voter)) = (self.by_id.get_mut(&id), voter) {
            poll.cast(voter, Ballot::of(choices));
        }
    }

    pub(super) fn closed(&mut self, id: PollId) {
        if let Some(poll) = self.by_id.get_mut(&id).filter(|poll| poll.open) {
            poll.open = false;
            self.closed.push(id);
        }
        if self.closed.len() > SNAPSHOT_POLLS_CLOSED_MAX {
            self.by_id.remove(&self.closed.remove(0));
        }
    }

    /// States what is always true between two inputs; see [`Facts::assert_sound`].
    pub(super) fn assert_sound(&self) {
        for poll in self.by_id.values() {
            for (choice, count) in (0..).zip(&poll.counts) {
                let votes = poll.votes.values().filter(|vote| vote.has(choice));
                assert_eq!(votes.count(), *count as usize, "counts are of the votes");
            }
        }
        assert!(self.open().count() <= POLLS_OPEN_MAX, "few polls are open at a time");
        assert_eq!(self.open().count() + self.closed.len(), self.by_id.len(), "open, or closed");
    }

    /// Whether any is open.
    pub(super) fn any_open(&self) -> bool {
        self.open().next().is_some()
    }
}

impl Facts {
    pub(super) fn open_poll(
        &self,
        now: Timestamp,
        me: &Person,
        ask: &PollOpen,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::PollCreate)?;
        text::check("question", &ask.question, QUESTION_CHARS_MAX)?;
        let choices = checked_choices(&ask.choices)?;
        if ask.seconds.is_some_and(|seconds| !POLL_SECONDS.contains(&seconds)) {
            return Err(Refusal::Invalid { field: "seconds", message: "must be 5 to 86400" });
        }
        let too_many = |message, limit| Err(Refusal::TooMany { message, limit });
        if self.polls.opened as usize >= POLLS_MAX {
            return too_many("this meeting holds no more polls", POLLS_MAX);
        }
        if self.polls.open().count() >= POLLS_OPEN_MAX {
            return too_many("as many polls are open as may be; close one first", POLLS_OPEN_MAX);
        }
        let poll = PollId(self.polls.opened + 1);
        let opened = Fact::PollOpened {
            poll,
            choices: choices.len() as u32,
            multiple: ask.multiple,
            anonymous: ask.anonymous,
            closes_at: ask.seconds.map(|seconds| now.plus_seconds(seconds)),
        };
        let text = Some(ask.question.clone());
        let personal = Personal { text, texts: choices, ..Personal::default() };
        Ok(Decision::by(me)
            .personal_event(Audience::EVERYONE, opened, personal)
            .answer(&PollOnly { poll }))
    }

    pub(super) fn vote(
        &self,
        now: Timestamp,
        me: &Person,
        ask: &PollVote,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::PollVote)?;
        // What is due to close takes no vote, though its closing may come a moment later.
        let in_time = |poll: &&Poll| poll.open && poll.closes_at.is_none_or(|at| now < at);
        let poll = self.polls.get(ask.poll)?.filter(in_time);
        let poll = poll.ok_or(Refusal::Conflict("this poll is closed and takes no more votes"))?;
        let ballot = poll.ballot(&ask.choices)?;
        if poll.votes.get(&me.id) == Some(&ballot) {
            return Ok(Decision::already(None));
        }
        let cast = Fact::PollVoteCast { poll: ask.poll, choices: ballot.choices().collect() };
        // Nothing personal, and a salt with it: without, the row's hash would tell who tries them all.
        let salted = Personal::default();
        Ok(Decision::by(me).personal_event(Audience::people(vec![me.id]), cast, salted))
    }

    /// Anyone who may open polls closes any of them.
    pub(super) fn close_poll(&self, me: &Person, ask: PollOnly) -> Result<Decision, Refusal> {
        self.require(me, Permission::PollCreate)?;
        match self.polls.get(ask.poll)?.filter(|poll| poll.open) {
            Some(poll) => Ok(close(Decision::by(me), ask.poll, poll)),
            None => Ok(Decision::already(None)),
        }
    }

    /// A poll's time is over.
    pub(super) fn close_due_poll(&self, id: PollId) -> Decision {
        let decision = Decision::by_system();
        match self.polls.by_id.get(&id) {
            Some(poll) => close(decision, id, poll),
            None => decision,
        }
    }

    /// The meeting ends, and what is open closes with it.
    pub(super) fn close_all_polls(&self, decision: Decision) -> Decision {
        self.polls.open().fold(decision, |decision, (id, poll)| close(decision, id, poll))
    }
}

/// Closes a poll; staff is told who chose what, unless it is anonymous. That is an event of its own,
/// for an event has one shape and one audience.
fn close(mut decision: Decision, id: PollId, poll: &Poll) -> Decision {
    let PollTally { counts, voters, .. } = poll.tally(id);
    decision = decision.event(Audience::EVERYONE, Fact::PollClosed { poll: id, counts, voters });
    if poll.anonymous {
        return decision;
    }
    let vote = |(participant, ballot): (&ParticipantId, &Ballot)| CastVote {
        participant: *participant,
        choices: ballot.choices().collect(),
    };
    let votes: Vec<_> = poll.votes.iter().map(vote).collect();
    votes.chunks(VOTES_TOLD_MAX).fold(decision, |decision, votes| {
        let told = Fact::PollVotesTold { poll: id, votes: votes.to_vec() };
        decision.event(Audience::STAFF, told)
    })
}

/// The choices as they are kept: without blanks around them, NFC, no two the same.
fn checked_choices(typed: &[String]) -> Result<Vec<String>, Refusal> {
    let invalid = |message| Err(Refusal::Invalid { field: "choices", message });
    if typed.len() > *CHOICES.end() {
        return Err(Refusal::TooLarge { field: "choices", limit: *CHOICES.end() });
    }
    if typed.len() < *CHOICES.start() {
        return invalid("must be 2 at least");
    }
    let mut choices: Vec<String> = Vec::new();
    for typed in typed {
        let choice = text::plain("choices", typed, CHOICE_CHARS_MAX)?;
        if choices.contains(&choice) {
            return invalid("must differ from each other");
        }
        choices.push(choice);
    }
    Ok(choices)
}

/// How often everyone hears how the polls stand, in milliseconds.
const TELL_EVERY_MS: i64 = 500;

/// What everyone was last told of the open polls.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    tallies: BTreeMap<PollId, PollTally>,
    /// Not before then again.
    not_before: Timestamp,
}

impl Told {
    /// How those polls stand that changed since the last time, at most twice a second.
    pub(super) fn tell(&mut self, facts: &Facts, now: Timestamp) -> Vec<Signal> {
        if now < self.not_before {
            return Vec::new();
        }
        let changed: Vec<_> = self.changed(facts).map(|(id, poll)| poll.tally(id)).collect();
        if changed.is_empty() {
            return Vec::new();
        }
        self.not_before = now.plus_ms(TELL_EVERY_MS);
        self.tallies.retain(|id, _| facts.polls.by_id.get(id).is_some_and(|poll| poll.open));
        self.tallies.extend(changed.iter().map(|tally| (tally.poll, tally.clone())));
        let signal = |tally| Signal {
            to: SignalTo::Audience(Audience::EVERYONE),
            body: SignalBody::PollVoted(tally),
        };
        changed.into_iter().map(signal).collect()
    }

    /// When everyone is to be told next.
    pub(super) fn deadline(&self, facts: &Facts) -> Option<Timestamp> {
        self.changed(facts).next().map(|_| self.not_before)
    }

    fn changed<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = (PollId, &'a Poll)> {
        facts.polls.open().filter(|(id, poll)| match self.tallies.get(id) {
            Some(told) => told.counts != poll.counts || told.voters as usize != poll.votes.len(),
            None => !poll.votes.is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_votes_of_a_crowd_are_told_in_slices_each_vote_once() {
        let mut polls = Polls::default();
        polls.opened(PollId(1), 2, (false, false), None, None);
        let voters = VOTES_TOLD_MAX as i64 + 1;
        for voter in 1..=voters {
            polls.vote_cast(PollId(1), Some(ParticipantId(voter)), &[(voter % 2) as u32]);
        }
        let decision = close(Decision::by_system(), PollId(1), &polls.by_id[&PollId(1)]);
        let slices = decision.events[1..].iter().map(|draft| match &draft.fact {
            Fact::PollVotesTold { votes, .. } => votes.iter().map(|vote| vote.participant.0),
            other => panic!("{other:?}"),
        });
        let slices: Vec<Vec<i64>> = slices.map(Iterator::collect).collect();
        assert_eq!(slices.iter().map(Vec::len).collect::<Vec<_>>(), [VOTES_TOLD_MAX, 1]);
        assert_eq!(slices.concat(), (1..=voters).collect::<Vec<_>>());
    }
}
