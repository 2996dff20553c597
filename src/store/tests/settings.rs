//! What the table of meetings says after its settings changed.

use quorate_protocol::{ChatPolicy, MeetingUpdated, Policy, Timestamp};

use super::*;

#[tokio::test]
async fn settings_title_and_schedule_are_as_the_journal_leaves_them() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 7).await;
    let row = async || store.meeting_row(MeetingId(7)).await.unwrap().unwrap().info;
    let change = |changes: Policy, has_passcode| Fact::MeetingPolicyChanged {
        changes: Box::new(changes),
        has_passcode,
    };
    let changes = Policy {
        max_participants: Some(None),
        requires_approval: Some(false),
        is_recorded: Some(true),
        end_when_empty_minutes: Some(None),
        ..Policy::default()
    };
    ada.tell(change(changes, None)).await;
    ada.tell(change(Policy { chat: Some(ChatPolicy::Off), ..Policy::default() }, None)).await;
    let info = row().await;
    assert_eq!((info.max_participants, info.requires_approval), (None, false));
    assert!(info.is_recorded);
    let settings =
        Settings { end_when_empty_minutes: None, chat: ChatPolicy::Off, ..Settings::default() };
    assert_eq!(info.settings, Some(settings), "null is kept, and what was not named");
    // A passcode comes and goes beside the event, which says no more than whether there is one.
    let set = |hash: Option<&str>| Some(hash.map(str::to_owned));
    for (passcode, is_there) in [(set(Some("hash")), true), (None, true), (set(None), false)] {
        let changed = ada.event(change(Policy::default(), passcode.as_ref().map(Option::is_some)));
        ada.append(Batch { passcode, ..ada.batch(vec![changed]) });
        assert_eq!(ada.result().await, Ok(ada.head));
        assert_eq!(row().await.has_passcode, is_there);
    }

    let (early, late) = (Timestamp(1_800_000_000_000), Timestamp(1_800_000_600_000));
    let update = |it: MeetingUpdated| Fact::MeetingUpdated(Box::new(it));
    ada.tell(update(MeetingUpdated {
        title: Some("Retrospective".to_owned()),
        description: Some(Some("What went well".to_owned())),
        starts_at: Some(Some(early)),
        ends_at: Some(Some(late)),
        time_zone: Some(Some("Europe/Berlin".to_owned())),
    }))
    .await;
    ada.tell(update(MeetingUpdated { starts_at: Some(None), ..MeetingUpdated::default() })).await;
    let info = row().await;
    assert_eq!((&*info.title, info.starts_at, info.ends_at), ("Retrospective", None, Some(late)));
    assert_eq!(info.description.as_deref(), Some("What went well"));
    ada.tell(Fact::MeetingExtended { ends_at: late.plus_seconds(900) }).await;
    assert_eq!(row().await.ends_at, Some(late.plus_seconds(900)));
    ada.tell(Fact::MeetingSuspended { participants: Vec::new() }).await;
    let info = row().await;
    assert!(info.suspended && info.locked);
    ada.tell(Fact::MeetingResumed {}).await;
    let info = row().await;
    assert!(!info.suspended && !info.locked);
    store.close().await;
}
