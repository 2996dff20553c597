//! By chance: people come, speak, vote, wait and go; whatever someone saw of the meeting at some moment
//! is what looking back at that moment shows them.

use std::collections::BTreeMap;

use quorate_client::protocol::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::audit::get;
use crate::stage::{Person, Stage};

const NAMES: [&str; 5] = ["Ada", "Ben", "Cyd", "Dan", "Eve"];
const STEPS: usize = 120;

/// What someone does next; refused or not.
fn command(chance: &mut StdRng, people: &[ParticipantId]) -> Command {
    let someone = people[chance.random_range(0..people.len())];
    let text = format!("text {}", chance.random_range(0..1000));
    let chat = |to| Command::ChatSend(ChatSend { text: text.clone(), to, reply_to: None });
    match chance.random_range(0..18) {
        0 | 1 => chat(None),
        2 => chat(Some(ChatTo::Participant(someone))),
        3 => chat(Some(ChatTo::Staff)),
        4 => chat(Some(ChatTo::Room)),
        5 => Command::HandRaise(Empty {}),
        6 => Command::HandLower(HandLower::default()),
        7 => Command::PollOpen(PollOpen {
            question: text,
            choices: vec!["yes".to_owned(), "no".to_owned()],
            multiple: false,
            anonymous: chance.random(),
            seconds: None,
        }),
        8 | 9 => {
            let choices = vec![chance.random_range(0..2)];
            Command::PollVote(PollVote { poll: PollId(chance.random_range(1..4)), choices })
        }
        10 => Command::PollClose(PollOnly { poll: PollId(chance.random_range(1..4)) }),
        11 => Command::RoleAssign(RoleAssign { participant: someone, role: Role::Moderator }),
        12 => Command::RoleAssign(RoleAssign { participant: someone, role: Role::Attendee }),
        13 => Command::DecisionRecord(DecisionRecord { text }),
        14 => Command::BreakoutPrepare(BreakoutPrepare {
            rooms: ["Blue", "Green"]
                .map(|name| RoomAsked { name: name.to_owned(), participants: Vec::new() })
                .into(),
            mode: BreakoutMode::Random,
            minutes: None,
        }),
        15 => Command::BreakoutOpen(Empty {}),
        16 => Command::BreakoutClose(BreakoutClose::default()),
        _ => Command::ParticipantRename(Rename { participant: None, name: text }),
    }
}

/// Without what tells how long something took: that goes on while nothing happens.
fn timeless(mut state: Snapshot) -> Snapshot {
    state.waiting.iter_mut().flatten().for_each(|entry| entry.waited_seconds = 0);
    state.agenda.items.iter_mut().for_each(|item| item.spent_seconds = 0);
    state
}

#[tokio::test]
async fn looking_back_shows_each_what_they_saw() {
    for seed in 0..6 {
        println!("seed {seed}");
        let mut chance = StdRng::seed_from_u64(seed);
        let stage = Stage::set().await;
        let ask = json!({ "title": "Weekly", "requires_approval": chance.random::<bool>() });
        let meeting = stage.meeting("Ada", ask).await;
        let mut here: BTreeMap<&str, Person> = BTreeMap::new();
        here.insert("Ada", stage.join(&meeting, "Ada").await);
        let mut people = vec![here["Ada"].id()];
        let mut seen: Vec<(&str, Snapshot)> = Vec::new();
        for _ in 0..STEPS {
            let name = NAMES[chance.random_range(0..NAMES.len())];
            if !here.contains_key(name) {
                let person = stage.join(&meeting, name).await;
                people.push(person.id());
                here.insert(name, person);
                if let Some(host) = here.get_mut("Ada") {
                    let all = Admit { all: true, participant: None, up_to_seq: None };
                    let _ = host.try_send(Command::ParticipantAdmit(all)).await;
                }
                continue;
            }
            let Some(person) = here.get_mut(name) else { continue };
            if name != "Ada" && chance.random_range(0..15) == 0 {
                let _ = person.try_send(Command::Leave(Leave::default())).await;
                here.remove(name);
                continue;
            }
            let _ = person.try_send(command(&mut chance, &people)).await;
            if chance.random_range(0..3) == 0
                && let Ok(done) = person.try_send(Command::StateGet(Empty {})).await
            {
                seen.push((name, done.data().unwrap()));
            }
        }
        assert!(seen.len() > 10, "seed {seed}: {} snapshots", seen.len());
        for (name, then) in seen {
            let path = format!("/api/meetings/{}/state?seq={}", meeting.info.id, then.seq);
            let (status, body) = get(&stage, &path, &stage.token(name)).await;
            assert_eq!(status, 200, "seed {seed}, {name} at {}: {body}", then.seq);
            let back: StateThen = serde_json::from_value(body).unwrap();
            assert_eq!(timeless(back.state), timeless(then), "seed {seed}, {name}");
        }
    }
}
