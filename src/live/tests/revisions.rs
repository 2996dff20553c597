//! A meeting's revision: the same in the facts and in its row, and another whenever the row is another.

use proptest::prelude::*;
use quorate_protocol::*;

use super::stage::*;
use crate::store::{StoredMeeting, Whose};

fn command() -> impl Strategy<Value = Command> {
    let title = |n: u8| MeetingUpdate { title: Some(format!("Title {n}")), ..Default::default() };
    let limit = |n: u32| Policy { max_participants: Some(Some(n)), ..Policy::default() };
    let say = |text: String| ChatSend { text, to: None, reply_to: None };
    prop_oneof![
        Just(Command::MeetingLock(Empty {})),
        Just(Command::MeetingUnlock(Empty {})),
        Just(Command::MeetingSuspend(Empty {})),
        Just(Command::MeetingResume(Empty {})),
        Just(Command::MeetingEnd(Empty {})),
        any::<u8>().prop_map(move |n| Command::MeetingUpdate(title(n))),
        (10u32..20).prop_map(move |n| Command::MeetingPolicy(Box::new(limit(n)))),
        "[a-z]{1,5}".prop_map(move |text| Command::ChatSend(say(text))),
        Just(Command::HandRaise(Empty {})),
        (2i64..4).prop_map(|user| Command::CohostAdd(UserOnly { user: UserId(user) })),
        (1i64..4).prop_map(|id| {
            Command::HostTransfer(HostTransfer { participant: ParticipantId(id) })
        }),
    ]
}

/// The row without what says when and how often it changed, and who is there.
fn itself(row: &StoredMeeting) -> StoredMeeting {
    let updated_at = Timestamp(0);
    StoredMeeting { revision: Seq(0), present: 0, waiting: 0, updated_at, ..row.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn facts_and_row_agree_and_it_rises_with_each_change(
        commands in prop::collection::vec((1i64..4, command()), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut stage = Stage::new(false).await;
            let mut before: Option<StoredMeeting> = None;
            let mut here = Vec::new();
            let mut id = 2;
            for (user, command) in commands {
                if !here.iter().any(|(it, _)| *it == user) {
                    let mut entering = stage.enter(user);
                    stage.commit().await;
                    if let Some(Ok(attached)) = answered(&mut entering) {
                        here.push((user, attached));
                    }
                }
                if let Some((_, attached)) = here.iter().find(|(it, _)| *it == user) {
                    stage.ask(attached, id, command);
                    id += 1;
                    stage.commit().await;
                }
                if stage.running.meeting.facts.sessions.is_empty() {
                    here.clear();
                }
                let row = stage.store.shown_meeting(MEETING, Whose::Everyones).await.unwrap();
                let row = row.unwrap();
                assert_eq!(row.revision, stage.running.meeting.facts.info.revision);
                if let Some(before) = before {
                    assert!(row.revision >= before.revision);
                    assert!(row.revision > before.revision || itself(&row) == itself(&before));
                }
                before = Some(row);
            }
        });
    }
}
