//! What people do in a meeting besides talking: hands, reactions, media, attributes, signalling, lists.

use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Person, Stage, assign};

const RAISE: Command = Command::HandRaise(Empty {});

fn lower(participant: Option<ParticipantId>) -> Command {
    Command::HandLower(HandLower { participant })
}

async fn hands(person: &mut Person) -> Vec<ParticipantId> {
    person.ask::<Snapshot>(Command::StateGet(Empty {})).await.hands
}

#[tokio::test]
async fn hands_stand_in_the_order_in_which_they_went_up() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut carla = stage.join(&meeting, "Carla").await;
    carla.send(RAISE).await;
    ben.send(RAISE).await;
    let raised = ada.expect(|event| matches!(event, EventBody::HandRaised(_))).await;
    assert_eq!(raised.by, Some(carla.id()));
    assert_eq!(hands(&mut ada).await, [carla.id(), ben.id()]);
    assert!(ben.send(RAISE).await.data.contains(r#""already":true"#));
    let late = stage.join(&meeting, "Dora").await;
    assert_eq!(late.state().hands, [carla.id(), ben.id()]);
    let shown = late.state().participants.iter().filter(|person| person.hand.is_some()).count();
    assert_eq!(shown, 2, "the roster says since when");

    let refusal = ben.refused(lower(Some(carla.id()))).await;
    assert_eq!(refusal.permission, Some(Permission::HandManage));
    ada.send(lower(Some(carla.id()))).await;
    let lowered = carla.expect(|event| matches!(event, EventBody::HandLowered(_))).await;
    assert_eq!(lowered.by, Some(ada.id()));
    ben.send(lower(None)).await;
    carla.send(RAISE).await;
    assert_eq!(hands(&mut ada).await, [carla.id()]);
    carla.send(Command::Leave(Leave::default())).await;
    assert_eq!(hands(&mut ada).await, [], "who leaves takes the hand along");
}

#[tokio::test]
async fn a_reaction_is_a_signal_to_everyone_and_no_event() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.heard().await;
    let done = ben.send(Command::ReactionSend(ReactionSend { emoji: "🎉".into() })).await;
    assert_eq!(done.seq, None);
    let from = ada
        .expect_signal(|signal| match signal {
            SignalBody::Reaction(reaction) => Some((reaction.participant, reaction.emoji.clone())),
            _ => None,
        })
        .await;
    assert_eq!(from, (ben.id(), "🎉".to_owned()));
    assert_eq!(ada.kinds().await, Vec::<String>::new());
}

#[tokio::test]
async fn everyone_says_what_they_send_and_shares_only_when_allowed() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let media = |audio, video, share| Command::MediaUpdate(MediaUpdate { audio, video, share });
    ben.send(media(Some(true), None, None)).await;
    ben.send(media(None, Some(true), None)).await;
    let refusal = ben.refused(media(Some(false), None, Some(true))).await;
    assert_eq!((refusal.code, refusal.permission), (Code::Forbidden, Some(Permission::MediaShare)));
    let on = Media { audio: true, video: true, share: false };
    ada.expect(|event| matches!(event, EventBody::MediaUpdated(it) if it.media == on)).await;
    ada.send(assign(ben.id(), Role::Presenter)).await;
    ben.send(media(None, None, Some(true))).await;
    let all = Media { share: true, ..on };
    ada.expect(|event| matches!(event, EventBody::MediaUpdated(it) if it.media == all)).await;
    let late = stage.join(&meeting, "Carla").await;
    let shown = late.state().participants.iter().find(|person| person.id == ben.id());
    assert_eq!(shown.map(|person| person.media), Some(all));
}

fn attributes(changes: Value) -> Command {
    let attributes = serde_json::from_value(changes).unwrap();
    Command::ParticipantSetAttributes(SetAttributes { attributes })
}

#[tokio::test]
async fn attributes_change_once_a_second_and_null_removes_one() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut ben, welcome) = stage.knock_as(&meeting, "Ben").await;
    let first = attributes(json!({ "seat": 4, "mood": { "is": "good" } }));
    let second = attributes(json!({ "seat": null, "pet": "cat" }));
    // Both in one breath, so that no second can pass between them.
    let (one, two) = (ben.id(), ben.id());
    ben.say(&ClientFrame::command(one, &first)).await;
    ben.say(&ClientFrame::command(two, &second)).await;
    assert_eq!(ben.answer(json!(one)).await["type"], "ok");
    let mut answer = ben.answer(json!(two)).await;
    assert_eq!(answer["error"]["code"], "rate_limited", "{answer}");
    // The server says when it will do again, so it is asked until it does.
    while answer["error"]["code"] == "rate_limited" {
        let wait = answer["error"]["retry_after_ms"].as_u64();
        assert!(wait.is_some_and(|ms| (1..=1000).contains(&ms)), "{answer}");
        answer = ben.ask(&second).await;
    }
    assert_eq!(answer["type"], "ok", "{answer}");
    let expected = json!({ "mood": { "is": "good" }, "pet": "cat" });
    let late = stage.join(&meeting, "Carla").await;
    let ben = &welcome["data"]["you"]["participant"];
    let shown = late.state().participants.iter().find(|person| json!(person.id) == *ben);
    assert_eq!(shown.map(|person| json!(person.attributes)), Some(expected));
    for changes in
        [json!({ "seat": 4, "mood": { "is": "good" } }), json!({ "seat": null, "pet": "cat" })]
    {
        let changed = ada.expect(|event| matches!(event, EventBody::AttributesChanged(_))).await;
        let EventBody::AttributesChanged(changed) = changed.body else { unreachable!() };
        assert_eq!(json!(changed.attributes), changes);
    }
}

#[tokio::test]
async fn signalling_reaches_the_one_it_is_for_and_says_how_many_devices() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut laptop = stage.join(&meeting, "Ben").await;
    let mut phone = stage.join(&meeting, "Ben").await;
    let mut carla = stage.join(&meeting, "Carla").await;
    for person in [&mut ada, &mut laptop, &mut phone, &mut carla] {
        person.heard().await;
    }
    let rtc = |to, session, data| Command::RtcSend(RtcSend { to, session, data });
    let offer = json!({ "sdp": "v=0" });
    let reached: RtcDelivered = ada.ask(rtc(laptop.id(), None, offer.clone())).await;
    assert_eq!(reached.delivered, 2);
    for device in [&mut laptop, &mut phone] {
        let signal = device
            .expect_signal(
                |it| if let SignalBody::Rtc(rtc) = it { Some(rtc.clone()) } else { None },
            )
            .await;
        assert_eq!((signal.from, &signal.data), (ada.id(), &offer));
        assert_eq!(signal.from_session, ada.welcome.session.id);
    }
    let session = Some(phone.welcome.session.id);
    let reached: RtcDelivered = ada.ask(rtc(phone.id(), session, offer.clone())).await;
    assert_eq!(reached.delivered, 1);
    assert_eq!(laptop.heard().await, []);
    assert_eq!(phone.heard().await.len(), 1);
    assert_eq!(carla.heard().await, [], "nobody else hears of it");
    let oneself = ada.refused(rtc(ada.id(), None, offer.clone())).await;
    assert_eq!(oneself.field.as_deref(), Some("to"));
    assert_eq!(ada.refused(rtc(ParticipantId(4711), None, offer)).await.code, Code::NotFound);
}

#[tokio::test]
async fn the_list_of_people_is_read_page_by_page() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut people = Vec::new();
    for name in ["Ada", "Ben", "Carla", "Dora", "Emil"] {
        people.push(stage.join(&meeting, name).await);
    }
    let (dora, emil) = (people[3].id(), people[4].id());
    let ada = &mut people[0];
    ada.send(assign(dora, Role::Presenter)).await;
    ada.send(assign(emil, Role::Presenter)).await;
    let list = |after, limit, role| {
        Command::ParticipantList(ParticipantList { after, limit, role, room: None })
    };
    let (mut names, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page: Page<Participant> = ada.ask(list(after, 2, None)).await;
        names.extend(page.items.into_iter().map(|person| person.name));
        pages += 1;
        let Some(next) = page.next else { break };
        after = Some(ParticipantId(next));
    }
    assert_eq!((names.join(" "), pages), ("Ada Ben Carla Dora Emil".to_owned(), 3));
    let page: Page<Participant> = ada.ask(list(None, 1, Some(Role::Presenter))).await;
    assert_eq!((page.items[0].id, page.next), (dora, Some(dora.0)));
    let page: Page<Participant> = ada.ask(list(Some(dora), 1, Some(Role::Presenter))).await;
    assert_eq!((page.items[0].id, page.next), (emil, None));
}

#[tokio::test]
async fn a_snapshot_that_is_asked_for_is_as_of_now() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let ben = stage.join(&meeting, "Ben").await;
    let seq = ada.send(RAISE).await.seq.unwrap();
    let snapshot: Snapshot = ada.ask(Command::StateGet(Empty {})).await;
    assert_eq!((snapshot.seq, snapshot.total), (seq, 2));
    assert_eq!(snapshot.hands, [ada.id()]);
    assert_eq!(snapshot.waiting, Some(vec![]), "who may admit sees who waits");
    assert!(snapshot.participants.iter().any(|person| person.id == ben.id()));
}
