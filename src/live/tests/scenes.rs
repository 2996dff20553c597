//! What a step does, one behaviour a test.

use quorate_protocol::*;

use super::stage::*;
use crate::live::frames::{event_frames, runs};
use crate::live::mail::Attached;
use crate::live::ring::Item;
use crate::meeting::event::{Audience, Event, Fact, Personal, View};

async fn entered(stage: &mut Stage, id: i64) -> Attached {
    let mut answer = stage.enter(id);
    stage.commit().await;
    let mut attached = answered(&mut answer).unwrap().unwrap();
    deliver(&mut attached).await;
    attached
}

#[tokio::test(start_paused = true)]
async fn who_was_being_sent_away_when_the_meeting_failed_is_told_to_come_back() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let mut ben = entered(&mut stage, 2).await;
    let mut eve = entered(&mut stage, 3).await;
    let ban = |user| Ban {
        participant: None,
        user: Some(user),
        reason: None,
        until: None,
        scope: BanScope::Meeting,
    };
    stage.ask(&ada, 2, Command::ParticipantBan(ban(UserId(2))));
    // One goodbye is held for its commit, the other still in the step, when the meeting fails.
    stage.end_step();
    stage.ask(&ada, 3, Command::ParticipantBan(ban(UserId(3))));
    stage.running.dismiss(Code::Unavailable);
    for away in [&mut ben, &mut eve] {
        let (_, closed) = deliver(away).await;
        assert_eq!(closed, Some(Code::Unavailable));
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_not_older_than_what_came_before_it() {
    let mut stage = Stage::new(false).await;
    let mut ada = entered(&mut stage, OWNER).await;
    let ben = entered(&mut stage, 2).await;
    deliver(&mut ada).await;
    stage.ask(&ada, 2, Command::StateGet(Empty {}));
    stage.ask(&ben, 2, Command::HandRaise(Empty {}));
    stage.commit().await;
    let (frames, _) = deliver(&mut ada).await;
    let [ServerFrame::Events(events), ServerFrame::Ok(ok)] = &frames[..] else {
        panic!("expected the hand, then the snapshot: {frames:?}");
    };
    let snapshot: Snapshot = serde_json::from_str(&ok.data).unwrap();
    assert_eq!(snapshot.seq, events.events[0].seq);
    assert_eq!(snapshot.hands.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_welcome_comes_before_anything_else() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let _phone = entered(&mut stage, 2).await;
    let mut answer = stage.enter(2);
    let to = stage.running.meeting.facts.person_of(UserId(2)).unwrap().id;
    let data = serde_json::json!({ "candidate": 1 });
    stage.ask(&ada, 2, Command::RtcSend(RtcSend { to, session: None, data }));
    stage.commit().await;
    let mut laptop = answered(&mut answer).unwrap().unwrap();
    let (frames, _) = deliver(&mut laptop).await;
    assert!(matches!(frames[0], ServerFrame::Welcome(..)), "{frames:?}");
    assert!(matches!(frames[1], ServerFrame::Signals(_)), "{frames:?}");
}

#[tokio::test(start_paused = true)]
async fn who_comes_in_one_step_finds_each_their_own_vote() {
    for order in [[2, 3], [3, 2]] {
        let mut stage = Stage::new(false).await;
        let ada = entered(&mut stage, OWNER).await;
        let ben = entered(&mut stage, 2).await;
        let (question, choices) = ("Which?".into(), vec!["a".into(), "b".into()]);
        let (multiple, anonymous) = (false, true);
        let poll = PollOpen { question, choices, multiple, anonymous, seconds: None };
        stage.ask(&ada, 2, Command::PollOpen(poll));
        stage.ask(&ben, 2, Command::PollVote(PollVote { poll: PollId(1), choices: vec![1] }));
        stage.commit().await;
        let mut answers = order.map(|id| stage.enter(id));
        stage.commit().await;
        for (id, answer) in order.iter().zip(&mut answers) {
            let mut attached = answered(answer).unwrap().unwrap();
            let (frames, _) = deliver(&mut attached).await;
            let ServerFrame::Welcome(_, welcome) = &frames[0] else { panic!("{frames:?}") };
            let poll = &welcome.state.as_ref().unwrap().polls[0];
            assert_eq!(poll.counts, [0, 1]);
            assert_eq!(poll.mine, (*id == 2).then(|| vec![1]), "user {id} of {order:?}");
        }
    }
}

#[test]
fn events_in_a_row_share_frames_that_every_client_takes() {
    let text = Some("\n".repeat(4 * TEXT_CHARS_MAX));
    let event = |seq| Event {
        seq: Seq(seq),
        at: Timestamp(0),
        user: UserId(1),
        by: Some(ParticipantId(1)),
        audience: Audience::EVERYONE,
        fact: Fact::ChatSent { to: None, room: None, reply_to: None, short: false },
        personal: Some(Box::new(Personal { text: text.clone(), ..Personal::default() })),
        cause: None,
        as_admin: false,
    };
    let events: Vec<_> = (1..=256).map(event).collect();
    let frames = event_frames(&events, &[]);
    assert!(frames.len() > 1 && frames.len() < 32);
    assert!(frames.iter().all(|frame| frame.text.len() <= SERVER_FRAME_BYTES_MAX));
    let in_order = runs(&events, |_, _| true).flatten().map(|event| event.seq.0);
    assert!(in_order.eq(1..=256), "each once, in order");
}

#[test]
fn events_that_tell_many_votes_make_frames_that_every_client_takes() {
    let vote = |voter| CastVote { participant: ParticipantId(voter), choices: (0..20).collect() };
    let votes: Vec<_> = (1_000_000..).take(VOTES_TOLD_MAX).map(vote).collect();
    let event = |seq| Event {
        seq: Seq(seq),
        at: Timestamp(0),
        user: UserId(1),
        by: None,
        audience: Audience::STAFF,
        fact: Fact::PollVotesTold { poll: PollId(1), votes: votes.clone() },
        personal: None,
        cause: None,
        as_admin: false,
    };
    let frames = event_frames(&(1..=32).map(event).collect::<Vec<_>>(), &[]);
    assert!(frames.len() > 1 && frames.len() < 32);
    assert!(frames.iter().all(|frame| frame.text.len() <= SERVER_FRAME_BYTES_MAX));
}

#[tokio::test(start_paused = true)]
async fn one_sent_to_waiting_while_lagging_gets_what_was_theirs_until_then_and_is_named_after() {
    let mut stage = Stage::new(false).await;
    let mut ben = entered(&mut stage, 2).await;
    let head = stage.running.meeting.facts.head;
    let person = stage.running.meeting.facts.person_of(UserId(2)).unwrap();
    let (me, waiting) = (person.id, View { joined: false, rank: 0, ..person.view });
    let frame = |n: u64, audience: Audience| Item {
        audience,
        events: Some((head.plus(n), head.plus(n))),
        text: format!(r#"{{"type":"events","events":[],"up_to":{}}}"#, head.plus(n)).into(),
        stale: false,
    };
    // As the actor lets a commit out: the views first, then the frames.
    ben.delivery.outbox.change_view(head.plus(2), waiting);
    let frames = vec![
        frame(1, Audience::EVERYONE),
        frame(2, Audience::EVERYONE),
        frame(3, Audience::people(vec![me])),
        frame(4, Audience::EVERYONE),
    ];
    ben.delivery.ring.publish(frames, head.plus(4));
    ben.delivery.outbox.wake();
    let (frames, _) = deliver(&mut ben).await;
    let told = |frame: &ServerFrame| match frame {
        ServerFrame::Events(frame) => frame.up_to,
        _ => None,
    };
    let told: Vec<_> = frames.iter().filter_map(told).collect();
    assert_eq!(told, [head.plus(1), head.plus(3)], "not their own leaving, nor what follows");
}

#[tokio::test(start_paused = true)]
async fn one_removed_within_a_step_gets_what_came_before_and_nothing_after() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let mut ben = entered(&mut stage, 2).await;
    let participant = stage.running.meeting.facts.person_of(UserId(2)).unwrap().id;
    stage.ask(&ada, 2, Command::HandRaise(Empty {}));
    let remove = PersonReason { participant, reason: None };
    stage.ask(&ada, 3, Command::ParticipantRemove(remove));
    stage.ask(&ada, 4, Command::HandLower(HandLower::default()));
    stage.commit().await;
    let (frames, closed) = deliver(&mut ben).await;
    let kinds = frames.iter().flat_map(|frame| match frame {
        ServerFrame::Events(frame) => frame.events.iter().map(|it| it.body.kind()).collect(),
        ServerFrame::Bye(_) => vec!["bye"],
        _ => vec![],
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["hand.raised", "bye"]);
    assert_eq!(closed, Some(Code::Removed));
}
