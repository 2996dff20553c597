//! Frames as text: events and signals shared by many, answers to one.

use std::borrow::Borrow;

use quorate_protocol::{
    ATTRIBUTES_BYTES_MAX, Event as WireEvent, EventsFrame, FRAME_BYTES_MAX, OkFrame, Seq,
    ServerFrame, SignalBody,
};

use super::ring::Item;
use crate::meeting::event::{Audience, Event, Fact};
use crate::meeting::{HistoryPage, wire};

/// Bytes of an event without what people typed, generously.
const EVENT_BYTES: usize = 1024;
/// Bytes of a vote in an event that tells many.
const VOTE_BYTES: usize = 128;
/// Bytes of a room that an event lists, generously.
const ROOM_BYTES: usize = 64;
/// Bytes of an id in a list.
const ID_BYTES: usize = 20;
/// Bytes of a frame of events, by that measure; a frame towards a client has at most 1 MiB.
const EVENTS_FRAME_BYTES: usize = 512 * 1024;

/// Bytes of a frame of signals.
const SIGNALS_FRAME_BYTES: usize = 512 * 1024;

/// Events of one commit, in frames: those in a row for one audience share one, but at a split. What nobody
/// sees is left out and parts nothing, so that a crowd at the door comes in few frames.
pub(super) fn event_frames(events: &[Event], splits: &[Seq]) -> Vec<Item> {
    let up_to = |seq: Seq| splits.partition_point(|split| *split <= seq);
    let together = |a: &Event, b: &Event| a.audience == b.audience && up_to(a.seq) == up_to(b.seq);
    let frame = |run: &[&Event]| {
        let (first, last) = (run.first()?, run.last()?);
        let shown: Vec<_> = run.iter().filter_map(|event| wire::event(event)).collect();
        let text = ServerFrame::Events(EventsFrame { events: shown, up_to: None });
        Some(Item {
            audience: first.audience.clone(),
            events: Some((first.seq, last.seq)),
            text: text.to_text().into(),
            stale: false,
        })
    };
    let seen: Vec<_> = events.iter().filter(|it| it.audience != Audience::NOBODY).collect();
    runs(&seen, together).filter_map(frame).collect()
}

/// Runs of events that share a frame: those that may be together, up to a size that every client takes.
pub(super) fn runs<E: Borrow<Event>>(
    events: &[E],
    together: impl Fn(&Event, &Event) -> bool,
) -> impl Iterator<Item = &[E]> {
    // What is long about an event is what people typed, which may be twice that as JSON, or a list.
    let weight = |event: &Event| {
        let personal = event.personal.as_ref();
        let text: usize = personal.map_or(0, |it| {
            [&it.text, &it.name, &it.reason, &it.email].into_iter().flatten().map(String::len).sum()
        });
        let texts: usize = personal.map_or(0, |it| it.texts.iter().map(String::len).sum());
        let attributes = personal.is_some_and(|it| it.attributes.is_some());
        let listed = match &event.fact {
            Fact::PollVotesTold { votes, .. } => VOTE_BYTES * votes.len(),
            Fact::BreakoutPrepared { rooms, .. } | Fact::BreakoutOpened { rooms, .. } => {
                let people: usize = rooms.iter().map(|room| room.participants.len()).sum();
                ROOM_BYTES * rooms.len() + ID_BYTES * people
            }
            Fact::ParticipantsMuted { participants, .. }
            | Fact::MeetingSuspended { participants } => ID_BYTES * participants.len(),
            // As long as the command that asked for it, at most.
            Fact::MeetingPolicyChanged { .. } | Fact::MeetingUpdated(_) => FRAME_BYTES_MAX,
            _ => 0,
        };
        EVENT_BYTES
            + 2 * (text + texts)
            + if attributes { 2 * ATTRIBUTES_BYTES_MAX } else { 0 }
            + listed
    };
    let mut bytes = events.first().map_or(0, |event| weight(event.borrow()));
    events.chunk_by(move |a, b| {
        let (a, b) = (a.borrow(), b.borrow());
        bytes += weight(b);
        let joined = together(a, b) && bytes <= EVENTS_FRAME_BYTES;
        if !joined {
            bytes = weight(b);
        }
        joined
    })
}

/// Signals, in frames: those in a row for one audience share one, up to a size that every client takes.
pub(super) fn signal_frames(signals: Vec<(Audience, SignalBody)>) -> Vec<Item> {
    let text = |body: &SignalBody| serde_json::to_string(body).expect("wire types serialise");
    let mut frames: Vec<(Audience, String)> = Vec::new();
    for (audience, body) in &signals {
        let text = text(body);
        match frames.last_mut() {
            Some((same, all))
                if same == audience && all.len() + text.len() <= SIGNALS_FRAME_BYTES =>
            {
                all.push(',');
                all.push_str(&text);
            }
            _ => frames.push((audience.clone(), text)),
        }
    }
    let item = |(audience, all): (Audience, String)| {
        let text = format!(r#"{{"type":"signals","signals":[{all}]}}"#);
        Item { audience, events: None, text: text.into(), stale: false }
    };
    frames.into_iter().map(item).collect()
}

/// Signals in one frame.
pub(super) fn signals_text(signals: Vec<SignalBody>) -> String {
    ServerFrame::Signals(signals).to_text()
}

/// A command was carried out.
pub(super) fn ok_frame(id: i64, seq: Option<Seq>, data: Box<str>) -> String {
    ServerFrame::Ok(OkFrame { id, seq, dry_run: false, data }).to_text()
}

/// A page of messages, cut to what fits a frame.
pub(super) fn history_frame(id: i64, mut page: HistoryPage) -> String {
    page.cut();
    let page = quorate_protocol::Page { items: page.items, next: page.next };
    ok_frame(id, None, serde_json::to_string(&page).expect("a page serialises").into())
}

/// What a command would come to, as much of it as fits a frame.
pub(super) fn dry_run_frame(id: i64, events: &[WireEvent]) -> String {
    let mut bytes = 0;
    let texts = events.iter().map(|event| serde_json::to_string(&event.body));
    let texts = texts.map(|text| text.expect("events serialise")).take_while(|text| {
        bytes += text.len();
        bytes <= EVENTS_FRAME_BYTES
    });
    let texts: Vec<_> = texts.collect();
    let data = format!(r#"{{"events":[{}]}}"#, texts.join(",")).into();
    ServerFrame::Ok(OkFrame { id, seq: None, dry_run: true, data }).to_text()
}

#[cfg(test)]
mod tests {
    use quorate_protocol::{
        App, CastVote, ParticipantId, PollId, REASON_CHARS_MAX, SERVER_FRAME_BYTES_MAX, Timestamp,
        UserId, VOTES_TOLD_MAX,
    };

    use super::*;
    use crate::meeting::event::Personal;

    fn event(seq: u64, fact: Fact, personal: Personal) -> Event {
        Event {
            seq: Seq(seq),
            at: Timestamp(0),
            user: UserId(1),
            by: Some(ParticipantId(1)),
            audience: Audience::STAFF,
            fact,
            personal: Some(Box::new(personal)),
            cause: None,
            as_admin: false,
        }
    }

    #[test]
    fn many_long_reasons_come_in_frames_that_every_client_takes() {
        let given = |seq: u64| {
            let reason = Some("🙅".repeat(REASON_CHARS_MAX));
            let fact = Fact::ReasonGiven { event: Seq(seq), participant: None };
            event(seq, fact, Personal { reason, ..Personal::default() })
        };
        let events: Vec<_> = (1..=1000).map(given).collect();
        let frames = event_frames(&events, &[]);
        assert!(frames.iter().all(|frame| frame.text.len() <= SERVER_FRAME_BYTES_MAX));
        let last = frames.last().and_then(|frame| frame.events);
        assert_eq!(last.map(|(_, last)| last), Some(Seq(1000)));
    }

    #[test]
    fn a_dry_run_of_much_shows_as_much_as_fits_a_frame() {
        let told = |seq: u64| {
            let participants = (0..VOTES_TOLD_MAX as i64).map(|id| ParticipantId(i64::MAX - id));
            let vote = |participant| CastVote { participant, choices: vec![1] };
            let votes = participants.map(vote).collect();
            let fact = Fact::PollVotesTold { poll: PollId(1), votes };
            wire::event(&event(seq, fact, Personal::default())).unwrap()
        };
        let events: Vec<_> = (1..=100).map(told).collect();
        for (events, shown) in [(&events[..3], 3), (&events[..], 10)] {
            let text = dry_run_frame(2, events);
            assert!(text.len() <= SERVER_FRAME_BYTES_MAX);
            let ServerFrame::Ok(ok) = ServerFrame::parse(&text).unwrap() else { panic!("{text}") };
            let data: serde_json::Value = serde_json::from_str(&ok.data).unwrap();
            assert_eq!(data["events"].as_array().unwrap().len(), shown);
        }
    }

    #[test]
    fn signals_share_frames_that_every_client_takes_and_none_is_lost() {
        let app = |number: i64| {
            let data = "x".repeat(8000).into();
            SignalBody::App(App { from: ParticipantId(number), topic: "pad".into(), data })
        };
        let audience = |number: i64| match number {
            0..200 => Audience::EVERYONE,
            _ => Audience::STAFF,
        };
        let signals: Vec<_> = (0..203).map(|number| (audience(number), app(number))).collect();
        let frames = signal_frames(signals.clone());
        assert_eq!(frames.len(), 5, "four of 64 at most, and one for staff");
        let mut told = Vec::new();
        for frame in frames {
            assert!(frame.text.len() < SERVER_FRAME_BYTES_MAX);
            let ServerFrame::Signals(bodies) = ServerFrame::parse(&frame.text).unwrap() else {
                panic!("a frame of signals")
            };
            told.extend(bodies.into_iter().map(|body| (frame.audience.clone(), body)));
        }
        assert_eq!(told, signals);
    }
}
