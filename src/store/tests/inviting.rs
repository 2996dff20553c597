//! Invitations in their table, and a passcode's hash in its column.

use quorate_protocol::InviteeId;

use super::*;

fn invited(invitee: u32, user: Option<i64>) -> Fact {
    Fact::InviteeAdded { invitee: InviteeId(invitee), user: user.map(UserId), required: true }
}

fn address(email: &str) -> Personal {
    Personal { email: Some(email.to_owned()), ..Personal::default() }
}

#[tokio::test]
async fn who_is_invited_may_see_the_meeting_until_it_is_taken_back_or_redacted() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 7).await;
    let meeting = ada.meeting;
    let sees = async |user, email| store.user_may_see(meeting, UserId(user), email).await.unwrap();
    let ana = Some("ana@b.org");
    assert!(!sees(3, None).await && !sees(9, ana).await);
    ada.tell(invited(1, Some(3))).await;
    ada.send_with(invited(2, None), address("ana@b.org"));
    assert!(ada.result().await.is_ok());
    let event = ada.head;
    assert!(sees(3, None).await && sees(9, ana).await);
    assert!(!sees(9, None).await && !sees(9, Some("ben@b.org")).await);
    let elsewhere = MeetingId(8);
    assert!(!store.user_may_see(elsewhere, UserId(3), ana).await.unwrap());
    // Of one whom nobody knows the journal alone tells.
    ada.tell(invited(3, Some(4711))).await;
    ada.tell(Fact::InviteeRemoved { invitee: InviteeId(1) }).await;
    assert!(!sees(3, None).await);
    ada.tell(Fact::Redacted { ranges: vec![(event, event)] }).await;
    assert!(!sees(9, ana).await);
    let rows = "SELECT group_concat(concat_ws(' ', invitee_id, email, required)) \
        FROM meeting_invitees";
    let rows: String = scratch.stranger().query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(rows, "2 1", "the invitation stays, and matches nobody");
    store.close().await;
}

#[tokio::test]
async fn one_sent_back_to_wait_was_in_until_then() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 7).await;
    ada.tell(joined(20, 3, Role::Attendee)).await;
    let participant = ParticipantId(20);
    ada.tell(Fact::ParticipantLeft { participant, reason: LeaveReason::Waiting }).await;
    ada.tell(Fact::ReturnedToWaiting { participant }).await;
    let row = store.meeting_row(ada.meeting).await.unwrap().unwrap();
    assert_eq!((row.present, row.waiting), (0, 1));
    ada.tell(Fact::ParticipantAdmitted { participant }).await;
    ada.tell(joined(20, 3, Role::Attendee)).await;
    let row = store.meeting_row(ada.meeting).await.unwrap().unwrap();
    assert_eq!((row.present, row.waiting), (1, 0));
    ada.send(Fact::ReturnedToWaiting { participant: ParticipantId(21) });
    assert!(matches!(ada.result().await, Err(BatchError::Constraint(_))), "nobody knows them");
    store.close().await;
}

#[tokio::test]
async fn a_passcode_is_set_and_taken_away_with_its_batch_and_else_stays() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 7).await;
    let hash = async || store.passcode_hash(MeetingId(7)).await.unwrap();
    assert_eq!(hash().await, None);
    for (passcode, then) in [
        (Some(Some("$one")), Some("$one")),
        (None, Some("$one")),
        (Some(Some("$two")), Some("$two")),
        (Some(None), None),
    ] {
        let passcode = passcode.map(|it: Option<&str>| it.map(str::to_owned));
        let event = ada.event(chat());
        ada.append(Batch { passcode, ..ada.batch(vec![event]) });
        assert!(ada.result().await.is_ok());
        assert_eq!(hash().await.as_deref(), then);
        let shown = store.meeting_row(MeetingId(7)).await.unwrap().unwrap().info.has_passcode;
        assert_eq!(shown, then.is_some());
    }
    let event = ada.event(Fact::ParticipantAdmitted { participant: ParticipantId(99) });
    ada.append(Batch { passcode: Some(Some("$three".into())), ..ada.batch(vec![event]) });
    assert!(ada.result().await.is_err());
    assert_eq!(hash().await, None, "nothing of a batch that failed");
    assert_eq!(store.passcode_hash(MeetingId(8)).await.unwrap(), None);
    store.close().await;
}
