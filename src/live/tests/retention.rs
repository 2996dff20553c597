//! A meeting whose time to be forgotten comes while it is in memory.

use std::time::Duration;

use quorate_protocol::*;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::stage::*;
use crate::live::Live;
use crate::live::ids::Ids;
use crate::meeting::Facts;
use crate::store::{Durability, Store};

#[tokio::test(start_paused = true)]
async fn what_is_deleted_is_known_to_nobody_any_more_not_even_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("quorate.db"), Durability::Normal).unwrap();
    let ids = Ids::after(UserId(100), MEETING, ParticipantId(0));
    // It is not to retire meanwhile.
    let settings = crate::live::Settings { retire_after_seconds: 10 * 86_400, ..settings() };
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let live = Live::new(store.clone(), ids, settings, stop, tasks);
    let mut meeting = created(false);
    meeting.settings.privacy.retention_days = Some(1);
    live.create(making(meeting)).await.unwrap();
    let attached = live.enter(MEETING, entering(OWNER)).await.unwrap();
    let text = "vermouth".to_owned();
    let said = [
        Command::ChatSend(ChatSend { text: text.clone(), to: None, reply_to: None }),
        Command::DecisionRecord(DecisionRecord { text: text.clone() }),
        Command::SummaryPublish(SummaryPublish { text }),
        Command::MeetingEnd(Empty {}),
    ];
    for (id, command) in (2..).zip(said) {
        assert!(attached.port.send(id, false, command).await);
    }
    let known = || live.look(MEETING, |facts, _| facts.clone());
    let before = known().await.unwrap();
    assert!(before.info.status.is_over() && format!("{before:?}").contains("vermouth"));
    tokio::time::advance(Duration::from_secs(86_400 + 1)).await;
    // Whoever asks in the moment in which it is rebuilt is told to ask again.
    let after = loop {
        match known().await {
            Ok(facts) if !format!("{facts:?}").contains("vermouth") => break facts,
            _ => tokio::task::yield_now().await,
        }
    };
    assert!(after.people.values().all(|person| person.name.is_empty()));
    let mut folded = Facts::default();
    let journal = store.journal(MEETING, Seq(0), 1000).await.unwrap();
    journal.iter().for_each(|event| drop(folded.apply(event)));
    assert_eq!(after, folded);
    assert!(journal.iter().all(|event| event.personal.is_none()));
    let applied = journal.iter().filter(|event| event.fact.to_row().0 == "retention.applied");
    assert_eq!(applied.count(), 1);
}
