//! Erasing a person: what journals and tables hold of them goes, and every journal stays whole.
//!
//! Journals are redacted by an event of their own in each meeting, written as by an actor that takes the
//! meeting over: whoever held it before is fenced off. A running meeting is rebuilt from what is left, so
//! that nothing of it is served from memory any more. Broken off, it is done by doing it again: the name
//! goes last.

use quorate_protocol::{MeetingId, Seq, Timestamp, UserId};
use tokio::sync::mpsc;

use crate::live::{Live, Revoked, clock};
use crate::meeting::event::{Audience, Event, Fact, SYSTEM, Subject};
use crate::store::{Batch, BatchError, ERASED_PREFIX, Store, StoreError, StoredUser};

/// Events of a journal looked through at once.
const SLICE: usize = 1000;
/// Ranges that one event names at most.
const RANGES_MAX: usize = 500;
/// How often a meeting is taken over that is taken back meanwhile.
const TRIES: u32 = 20;
/// How often what was looked for is looked for again, as meetings went on meanwhile.
const PASSES: u32 = 3;

/// Why someone could not be erased. What was done stays done; do it again.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The database cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A meeting's journal could not be redacted.
    #[error("redact the journal of meeting {0}: {1}")]
    Redact(MeetingId, BatchError),
    /// The system is nobody.
    #[error("erase user {0}: it is the system, and nobody's data")]
    System(UserId),
}

/// What is known of someone, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    /// Who.
    pub user: UserId,
    /// Names that they have had.
    pub names: Vec<String>,
    /// Addresses that they have had, in lower case.
    pub addresses: Vec<String>,
    /// What of each journal holds data of theirs.
    pub traces: Vec<Trace>,
}

/// What of one journal holds data of someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Which meeting's.
    pub meeting: MeetingId,
    /// How many events.
    pub events: u64,
    /// First and last of each range; what is in between holds nobody's data.
    pub ranges: Vec<(Seq, Seq)>,
}

impl Footprint {
    /// How many events hold data of theirs.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.traces.iter().map(|trace| trace.events).sum()
    }
}

/// Looks for what is known of a user. `progress` is told how much is done, and of how much.
///
/// # Errors
/// When the database cannot be read.
pub async fn survey(
    store: &Store,
    user: &StoredUser,
    mut progress: impl FnMut(u64, u64),
) -> Result<Footprint, ErasureError> {
    if user.id == SYSTEM {
        return Err(ErasureError::System(user.id));
    }
    let addresses = user.email.iter().map(|email| email.to_lowercase()).collect();
    let names = Vec::new();
    let mut footprint = Footprint { user: user.id, names, addresses, traces: Vec::new() };
    for name in [&user.name, &user.username] {
        add(&mut footprint.names, Some(name.clone()).filter(|it| !it.starts_with(ERASED_PREFIX)));
    }
    collect_addresses(store, &mut footprint).await?;
    search(store, &mut footprint, &mut progress).await?;
    Ok(footprint)
}

/// Other addresses than that of the user's row are known from what their credentials said.
async fn collect_addresses(store: &Store, footprint: &mut Footprint) -> Result<(), ErasureError> {
    let user = footprint.user;
    for meeting in store.meetings_of(user, None).await? {
        let mut after = Seq(0);
        loop {
            let events = store.journal(meeting, after, SLICE).await?;
            for event in &events {
                let Some(personal) = &event.personal else { continue };
                let (is_theirs, name) = match &event.fact {
                    Fact::ParticipantIdentified { user: it, .. } => (*it == user, None),
                    Fact::ParticipantJoined { user: it, .. }
                    | Fact::ParticipantWaiting { user: it, .. } => {
                        (*it == user, personal.name.clone())
                    }
                    _ => (false, None),
                };
                if is_theirs {
                    let address = personal.email.as_ref().map(|email| email.to_lowercase());
                    add(&mut footprint.addresses, address);
                    add(&mut footprint.names, name);
                }
            }
            let Some(last) = events.last().filter(|_| events.len() == SLICE) else { break };
            after = last.seq;
        }
    }
    Ok(())
}

fn add(texts: &mut Vec<String>, text: Option<String>) {
    texts.extend(text.filter(|text| !text.is_empty() && !texts.contains(text)));
}

/// Finds the traces of someone in all journals.
async fn search(
    store: &Store,
    footprint: &mut Footprint,
    progress: &mut impl FnMut(u64, u64),
) -> Result<(), ErasureError> {
    let user = footprint.user;
    let mut meetings = store.meetings_of(user, None).await?;
    meetings.extend(store.meetings_acted_in(user).await?);
    if !footprint.addresses.is_empty() {
        meetings.extend(store.meetings_naming(&footprint.addresses, &mut *progress).await?);
    }
    meetings.sort_unstable();
    meetings.dedup();
    footprint.traces.clear();
    for (done, meeting) in (1..).zip(&meetings) {
        let trace = trace(store, footprint, *meeting).await?;
        footprint.traces.extend(trace.filter(|trace| trace.events > 0));
        progress(done, meetings.len() as u64);
    }
    Ok(())
}

async fn trace(
    store: &Store,
    footprint: &Footprint,
    meeting: MeetingId,
) -> Result<Option<Trace>, ErasureError> {
    let subject = Subject {
        user: footprint.user,
        participant: store.place_of(meeting, footprint.user).await?,
        names: footprint.names.clone(),
        addresses: footprint.addresses.clone(),
    };
    let mut trace = Trace { meeting, events: 0, ranges: Vec::new() };
    // Whether the last range may be made longer: since then there was nobody else's data.
    let (mut open, mut after) = (false, Seq(0));
    loop {
        let events = store.journal(meeting, after, SLICE).await?;
        for event in events.iter().filter(|event| event.personal.is_some()) {
            let held = event.holds_data_of(&subject);
            match trace.ranges.last_mut() {
                Some((_, last)) if held && open => *last = event.seq,
                _ if held => trace.ranges.push((event.seq, event.seq)),
                _ => {}
            }
            trace.events += u64::from(held);
            open = held;
        }
        let Some(last) = events.last().filter(|_| events.len() == SLICE) else { break };
        after = last.seq;
    }
    Ok(Some(trace))
}

/// Erases what was found, and what meetings that run have added since. `progress` is told how many
/// journals are done, and of how many.
///
/// # Errors
/// When the store fails; what was done stays done.
pub async fn erase(
    store: &Store,
    live: Option<&Live>,
    mut footprint: Footprint,
    mut progress: impl FnMut(u64, u64),
) -> Result<(u64, u64), ErasureError> {
    let bots = store.deactivate(footprint.user).await?;
    if let Some(live) = live {
        let users = [vec![footprint.user], bots].concat();
        live.revoke(Revoked { users, tokens: Vec::new() }).await;
    }
    let (mut meetings, mut events) = (0, 0);
    for pass in 1..=PASSES {
        let all = footprint.traces.len() as u64;
        for (done, trace) in (1..).zip(&footprint.traces) {
            redact(store, trace).await?;
            if let Some(live) = live {
                live.rebuild(trace.meeting).await;
            }
            events += trace.events;
            progress(done, all);
        }
        meetings += if pass == 1 { all } else { 0 };
        if footprint.traces.is_empty() || live.is_none() {
            break;
        }
        search(store, &mut footprint, &mut |_, _| ()).await?;
    }
    let Footprint { user, names, addresses, .. } = footprint;
    store.pseudonymise(user, names, addresses).await?;
    store.truncate_log();
    Ok((meetings, events))
}

/// Appends to a meeting's journal that these ranges are redacted.
async fn redact(store: &Store, trace: &Trace) -> Result<(), ErasureError> {
    let meeting = trace.meeting;
    let mut result = Err(BatchError::Stale);
    for _ in 0..TRIES {
        let (generation, head) = store.begin(meeting).await?;
        let last = store.events_at(meeting, vec![head]).await?;
        let at = last.first().map_or(Timestamp::default(), |event| event.at).max(clock::wall());
        let (done, mut committed) = mpsc::unbounded_channel();
        store.append(Batch {
            meeting,
            generation,
            expected_head: head,
            events: redactions(&trace.ranges, head, at),
            users: Vec::new(),
            passcode: None,
            offspring: Vec::new(),
            kept: Vec::new(),
            measured: None,
            ballots: None,
            next_deadline: store.deadline_of(meeting).await?,
            last_alive: None,
            done,
        });
        result = committed.recv().await.map_or(Err(BatchError::Stale), |it| it.result);
        store.forget(meeting, generation);
        match result {
            Err(BatchError::Stale | BatchError::Head { .. }) => {}
            _ => break,
        }
    }
    result.map(drop).map_err(|error| ErasureError::Redact(meeting, error))
}

fn redactions(ranges: &[(Seq, Seq)], head: Seq, at: Timestamp) -> Vec<Event> {
    let event = |(ranges, seq): (&[(Seq, Seq)], u64)| Event {
        seq: head.plus(seq),
        at,
        user: SYSTEM,
        by: None,
        audience: Audience::NOBODY,
        fact: Fact::Redacted { ranges: ranges.to_vec() },
        personal: None,
        cause: None,
        as_admin: false,
    };
    ranges.chunks(RANGES_MAX).zip(1..).map(event).collect()
}
