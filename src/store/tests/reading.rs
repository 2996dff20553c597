//! The journal as it is read afterwards.

use super::*;

#[tokio::test]
async fn the_last_event_at_a_time_is_found_by_halving() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let base = ada.event(chat()).at;
    // Some at the same moment, some far apart.
    let offsets = [0, 0, 0, 5, 5, 9, 40, 40, 41, 1000];
    let events = offsets.iter().zip(2..).map(|(offset, seq)| {
        let at = base.plus_ms(*offset);
        Event { at, ..ada.event_at(Seq(seq), chat()) }
    });
    let events = events.collect();
    ada.append(ada.batch(events));
    ada.result().await.unwrap();
    let journal = ada.journal().await;
    for offset in -3..1010 {
        let at = base.plus_ms(offset);
        let expected = journal.iter().filter(|event| event.at <= at).count() as u64;
        assert_eq!(store.seq_at(MeetingId(1), at).await.unwrap(), Seq(expected), "{offset}");
    }
    assert_eq!(store.seq_at(MeetingId(2), base).await.unwrap(), Seq(0));
    assert_eq!(store.imported_at(MeetingId(1)).await.unwrap(), None);
    let forger = scratch.stranger();
    forger.execute_batch("DROP TRIGGER journal_is_not_altered").unwrap();
    let imported = "UPDATE meeting_audit_logs SET action = 'meeting.imported' WHERE seq = 1";
    forger.execute(imported, []).unwrap();
    let at = Some(journal[0].at);
    assert_eq!(store.imported_at(MeetingId(1)).await.unwrap(), at, "what was before is unknown");
    store.close().await;
}

#[tokio::test]
async fn rows_of_several_meetings_come_in_the_order_of_their_commits() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut hands = Vec::new();
    for meeting in 1..=3 {
        hands.push(Hand::create(&store, meeting).await);
    }
    for turn in 0..12 {
        hands[turn * 7 % 3].tell(chat()).await;
    }
    let all = store.rows_after(0, None, 100).await.unwrap();
    assert!(all.len() == 15 && all.is_sorted_by_key(|row| row.id));
    let some = |meetings: &[i64]| meetings.iter().map(|id| MeetingId(*id)).collect::<Vec<_>>();
    for meetings in [&[1, 3][..], &[2], &[1, 2, 3], &[], &[9]] {
        let theirs = some(meetings);
        let expected: Vec<_> =
            all.iter().filter(|row| theirs.contains(&row.meeting)).cloned().collect();
        let (mut paged, mut after) = (Vec::new(), 0);
        loop {
            let page = store.rows_after(after, Some(theirs.clone()), 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.id;
            paged.extend(page);
        }
        assert_eq!(paged, expected, "{meetings:?}");
    }
    let newest = store.rows_of_user(UserId(1), i64::MAX, 4).await.unwrap();
    assert!(newest.iter().eq(all.iter().rev().take(4)));
    assert_eq!(store.meetings_of(UserId(2), None).await.unwrap(), some(&[1, 2, 3]), "a co-host's");
    assert_eq!(store.meetings_of(UserId(3), None).await.unwrap(), []);
    store.close().await;
}

#[tokio::test]
async fn who_was_erased_stays_so_whatever_comes_in_late() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    store.deactivate(UserId(2)).await.unwrap();
    store.pseudonymise(UserId(2), vec!["ben".to_owned()], Vec::new()).await.unwrap();
    let event = ada.event(chat());
    ada.append(Batch { users: vec![user(2, "ben"), user(3, "cid")], ..ada.batch(vec![event]) });
    ada.result().await.unwrap();
    let ben = store.user_by_id(UserId(2)).await.unwrap().unwrap();
    assert_eq!((&*ben.username, &*ben.name, ben.is_active), ("erased:2", "erased:2", false));
    assert_eq!(store.user_by_id(UserId(3)).await.unwrap().unwrap().username, "cid");
    store.close().await;
}
