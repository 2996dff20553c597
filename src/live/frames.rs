//! Frames as text: events and signals shared by many, answers to one.

use std::borrow::Borrow;

use quorate_protocol::{
    ATTRIBUTES_BYTES_MAX, Event as WireEvent, EventsFrame, FRAME_BYTES_MAX, OkFrame, Seq,
    ServerFrame, SignalBody,
};
use serde::Serialize;

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

/// What a command would come to.
pub(super) fn dry_run_frame(id: i64, events: &[WireEvent]) -> String {
    #[derive(Serialize)]
    struct Preview<'a> {
        events: Vec<&'a quorate_protocol::EventBody>,
    }
    let preview = Preview { events: events.iter().map(|event| &event.body).collect() };
    let data = serde_json::to_string(&preview).expect("events serialise").into();
    ServerFrame::Ok(OkFrame { id, seq: None, dry_run: true, data }).to_text()
}

#[cfg(test)]
mod tests {
    use quorate_protocol::{App, ParticipantId, SERVER_FRAME_BYTES_MAX};

    use super::*;

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
