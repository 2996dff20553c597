//! A reader that stops reading: it is let go, nobody else waits for it, and it comes back to all it missed.

use quorate_client::protocol::{
    Code, ConnectionChanged, Event, EventBody, ParticipantId, Presence, Seq, Welcome,
};

use crate::support::raw::chat;
use crate::support::server::{hello_as, hello_guest};
use crate::support::{Home, Raw};

/// How many stop reading.
const STUCK: usize = 12;
/// How much more the server may hold at its peak than before: the ring, the last texts and caches. A
/// copy for each of those who do not read would be more.
const GROWTH_BYTES_MAX: u64 = 48 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_let_go_and_misses_nothing() {
    let home = Home::unlimited();
    let server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let (mut ada, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    let (mut ben, _) = Raw::enter(server.address(), &hello_guest(&meeting, "Ben")).await;
    let mut stuck = Vec::new();
    for number in 0..STUCK {
        let hello = hello_guest(&meeting, &format!("Stuck {number}"));
        let mut raw = Raw::connect_narrow(server.address()).await;
        let welcome = raw.hello(&hello).await;
        stuck.push((hello, welcome, raw));
    }
    let stuck_ones: Vec<_> = stuck.iter().map(|(_, welcome, _)| welcome.you.participant).collect();

    let before = server.memory_peak();
    let (mut sent, mut bytes) = (Vec::new(), 0);
    let text = "\u{1F4A4}".repeat(4000);
    while !stuck_ones.iter().all(|who| is_lost(&ada.events, *who)) {
        let id = 2 + sent.len() as i64;
        ada.command(id, &chat(&*text, None)).await;
        let answer = ada.answer(id).await;
        assert!(answer.contains(r#""type":"ok""#), "{answer}");
        sent.push(newest_chat(&ada.events));
        bytes += text.len() as u64;
        // The other reader has it while those do not read.
        ben.reach(ada.reached).await;
    }
    let growth = server.memory_peak() - before;
    assert!(growth < GROWTH_BYTES_MAX, "it grew by {growth} bytes over {bytes}");
    assert!(chats(&ben.events).eq(sent.iter().copied()));

    for (hello, welcome, mut raw) in stuck {
        let (bye, code) = raw.end().await;
        assert_eq!((bye.map(|bye| bye.code), code), (Some(Code::SlowConsumer), Some(4002)));
        let had = chats(&raw.events).count();
        assert!(had < sent.len(), "it had everything");
        let (again, _) = Raw::resume(server.address(), &hello, &welcome, raw.reached).await;
        misses_nothing(raw.events, again, &welcome, &sent, &mut ada).await;
    }
    drop(server);
    home.assert_whole();
}

/// What came before and after the resume is all there was, once, in order.
async fn misses_nothing(
    before: Vec<Event>,
    mut again: Raw,
    welcome: &Welcome,
    sent: &[Seq],
    other: &mut Raw,
) {
    again.reach(*sent.last().unwrap()).await;
    other.reach(again.reached).await;
    let start = welcome.state.as_ref().unwrap().seq;
    let shown = |event: &&Event| event.seq > start && event.seq <= again.reached;
    let expected: Vec<_> = other.events.iter().filter(shown).map(|event| event.seq).collect();
    let seen = before.iter().chain(&again.events).filter(shown);
    let seen: Vec<_> = seen.map(|event| event.seq).collect();
    assert_eq!(seen, expected);
}

fn is_lost(events: &[Event], who: ParticipantId) -> bool {
    let lost = ConnectionChanged { participant: who, status: Presence::Lost };
    events.iter().any(|event| event.body == EventBody::ConnectionChanged(lost))
}

fn chats(events: &[Event]) -> impl Iterator<Item = Seq> {
    let chats = events.iter().filter(|event| matches!(event.body, EventBody::ChatSent(_)));
    chats.map(|event| event.seq)
}

fn newest_chat(events: &[Event]) -> Seq {
    chats(&events[events.len().saturating_sub(64)..]).last().unwrap()
}
