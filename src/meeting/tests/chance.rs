//! Rules by chance: whatever happens, the live state is the fold of the journal.

use std::collections::HashSet;

use proptest::prelude::*;
use quorate_protocol::*;

use super::acts::{act, perform};
use super::stage::*;
use crate::meeting::event::{Event, Fact};

/// The event as it is read back, with what a redaction leaves of it.
pub(super) fn through_the_store(event: &Event, redacted: bool) -> Event {
    let (kind, details) = event.fact.to_row();
    let personal = event.personal.as_ref().filter(|_| !redacted);
    let personal = personal.map(|personal| serde_json::to_string(personal).unwrap());
    Event {
        fact: Fact::from_row(&kind, &details).unwrap(),
        audience: event.audience.to_string().parse().unwrap(),
        personal: personal.map(|text| serde_json::from_str(&text).unwrap()),
        ..event.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn live_state_is_the_fold_of_the_journal(
        acts in prop::collection::vec(act(), 1..120),
        requires_approval: bool,
        join_before_host: bool,
        max_participants in prop_oneof![Just(None), Just(Some(3))],
        starts_in_an_hour: bool,
    ) {
        let mut stage = Stage::new(|created| {
            created.requires_approval = requires_approval;
            created.max_participants = max_participants;
            created.settings.join_before_host = join_before_host;
            created.starts_at =
                starts_in_an_hour.then_some(Timestamp(1_700_000_000_000 + 3_600_000));
        });
        for act in &acts {
            perform(&mut stage, act);
        }
        let facts = &stage.meeting.facts;
        prop_assert_eq!(facts, &stage.replayed());
        let redacted: Vec<_> = stage.journal.iter().filter_map(|event| match &event.fact {
            Fact::Redacted { ranges } => Some(ranges[0].0),
            _ => None,
        }).collect();
        let mut restored = crate::meeting::Facts::default();
        for event in &stage.journal {
            restored.apply(&through_the_store(event, redacted.contains(&event.seq)));
        }
        prop_assert_eq!(facts, &restored, "also through the store, and after redactions");
        for (index, event) in stage.journal.iter().enumerate() {
            prop_assert_eq!(event.seq, Seq(index as u64 + 1));
            let details: serde_json::Value =
                serde_json::from_str(&event.fact.to_row().1).unwrap();
            let (named, seated) = (&details["participant"], &details["to"]);
            let seat = matches!(event.fact, Fact::HostChanged { .. });
            let about = if seat { seated.as_i64() } else { named.as_i64() };
            prop_assert_eq!(event.fact.about(), about.map(ParticipantId), "as the details name them");
        }
    }

    /// Nobody sees more than they may, whichever way they look: what a snapshot shows of the chat was addressed
    /// to them at some time, in the room where they were then or for the part that they had.
    #[test]
    fn a_snapshot_shows_no_more_than_the_events_did(
        acts in prop::collection::vec(act(), 1..100),
    ) {
        let mut stage = Stage::new(|_| {});
        let mut read = HashSet::new();
        for act in &acts {
            perform(&mut stage, act);
            for person in stage.meeting.facts.people.values().filter(|person| person.is_in()) {
                let said = stage.journal.iter().filter(|event| matches!(event.fact, Fact::ChatSent { .. }));
                let readable = said.filter(|event| event.audience.includes(&person.view));
                read.extend(readable.map(|event| (person.id, event.seq.0)));
            }
        }
        for person in stage.meeting.facts.people.values().filter(|person| person.is_in()) {
            for message in stage.meeting.facts.recent_chat(person) {
                prop_assert!(read.contains(&(person.id, message.message.0)));
            }
        }
    }
}
