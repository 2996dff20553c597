//! Conduct: muting, names, pins, slow mode, reports and captions, as people see them.

use quorate_client::Notice;
use quorate_client::protocol::*;
use serde_json::json;

use crate::stage::{Person, Stage, assign, chat, guest, hello_guest};

/// Ada hosts, Mia moderates, Ben and Carla (a guest) take part; all is heard.
async fn cast(stage: &Stage, meeting: &Meeting) -> [Person; 4] {
    let mut ada = stage.join(meeting, "Ada").await;
    let mut mia = stage.join(meeting, "Mia").await;
    let mut ben = stage.join(meeting, "Ben").await;
    let mut carla = stage.join_guest(meeting, "Carla").await;
    ada.send(assign(mia.id(), Role::Moderator)).await;
    for person in [&mut ada, &mut mia, &mut ben, &mut carla] {
        person.heard().await;
    }
    [ada, mia, ben, carla]
}

fn media(audio: bool) -> Command {
    Command::MediaUpdate(MediaUpdate { audio: Some(audio), ..MediaUpdate::default() })
}

fn mute(participant: ParticipantId) -> Mute {
    Mute { participant, media: vec![MediaKind::Audio] }
}

fn rename(participant: Option<ParticipantId>, name: &str) -> Command {
    Command::ParticipantRename(Rename { participant, name: name.to_owned() })
}

fn policy(policy: Policy) -> Command {
    Command::MeetingPolicy(Box::new(policy))
}

async fn said(person: &mut Person, text: &str) -> MessageId {
    person.ask::<ChatSent>(chat(text)).await.message
}

async fn roster(person: &mut Person) -> Vec<Participant> {
    person.ask::<Snapshot>(Command::StateGet(Empty {})).await.participants
}

#[tokio::test]
async fn one_is_muted_before_all_and_asked_to_unmute_in_private() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [mut ada, mut mia, mut ben, mut carla] = cast(&stage, &meeting).await;
    ben.send(media(true)).await;
    assert_eq!(ben.refused(Command::ParticipantMute(mute(carla.id()))).await.code, Code::Forbidden);
    mia.send(Command::ParticipantMute(mute(ben.id()))).await;
    for person in [&mut ada, &mut ben, &mut carla] {
        let event = person.expect(|it| matches!(it, EventBody::ParticipantMuted(_))).await;
        assert_eq!(event.by, Some(mia.id()));
    }
    assert!(roster(&mut carla).await.iter().all(|person| !person.media.audio));
    carla.heard().await;
    mia.send(Command::ParticipantRequestUnmute(mute(ben.id()))).await;
    let request = ben
        .expect_signal(|signal| match signal {
            SignalBody::UnmuteRequested(request) => Some(request.clone()),
            _ => None,
        })
        .await;
    assert_eq!(request, UnmuteRequested { by: mia.id(), media: vec![MediaKind::Audio] });
    assert_eq!(carla.heard().await, [], "nobody else hears of it");
    ben.send(media(true)).await;
    carla.send(media(true)).await;
    ada.heard().await;
    let all = MuteAll { media: vec![MediaKind::Audio], except: vec![ben.id()] };
    ada.send(Command::ParticipantMuteAll(all)).await;
    // Mia never turned a microphone on, and may be on the telephone.
    let expected = ParticipantsMuted {
        media: vec![MediaKind::Audio],
        except: vec![ben.id()],
        participants: vec![mia.id(), carla.id()],
    };
    ben.expect(|it| *it == EventBody::ParticipantsMuted(expected.clone())).await;
    let sends = roster(&mut ben).await.into_iter().filter(|it| it.media.audio).map(|it| it.id);
    assert_eq!(sends.collect::<Vec<_>>(), [ben.id()]);
}

#[tokio::test]
async fn a_name_changes_before_all_and_a_look_alike_is_flagged() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [mut ada, mut mia, mut ben, mut carla] = cast(&stage, &meeting).await;
    carla.send(rename(None, " Carla <b>B</b> ")).await;
    let renamed = |event: &EventBody| matches!(event, EventBody::ParticipantRenamed(_));
    let event = ben.expect(renamed).await;
    let told = ParticipantRenamed {
        participant: carla.id(),
        name: "Carla <b>B</b>".to_owned(),
        looks_like: None,
    };
    assert_eq!(event.body, EventBody::ParticipantRenamed(told), "as typed");
    assert_eq!(mia.refused(rename(Some(ben.id()), "Bob")).await.code, Code::Conflict);
    assert_eq!(ben.refused(rename(Some(ada.id()), "Bob")).await.code, Code::Forbidden);
    assert_eq!(ben.refused(rename(None, "a\u{202e}b")).await.field.as_deref(), Some("name"));
    mia.send(rename(Some(carla.id()), "Guest 1")).await;
    carla.send(Command::Leave(Leave::default())).await;
    let mut carla = stage.join_guest(&meeting, "Carla").await;
    assert_eq!(carla.welcome.you.name, "Guest 1", "as staff said");
    // In Cyrillic.
    let looks_so = Guest { name: "\u{410}d\u{430}".to_owned(), ..guest("Double") };
    let hello = Hello { guest: Some(looks_so), ..hello_guest(&meeting, "Double") };
    let double = stage.enter(hello).await.unwrap();
    let joined = ben
        .expect(
            |it| matches!(it, EventBody::ParticipantJoined(at) if at.participant.id == double.id()),
        )
        .await;
    let EventBody::ParticipantJoined(joined) = joined.body else { panic!("has joined") };
    assert_eq!(joined.participant.looks_like, Some(ada.id()));
    let shown = roster(&mut carla).await;
    let flags = |id| shown.iter().find(|it| it.id == id).and_then(|it| it.looks_like);
    assert_eq!((flags(double.id()), flags(ada.id())), (Some(ada.id()), None));
    let name = "SELECT full_name FROM users WHERE kind = 'guest' ORDER BY id LIMIT 1";
    assert_eq!(stage.sql::<String>(name), "Carla", "the name belongs to the meeting");
    ada.heard().await;
}

#[tokio::test]
async fn pins_are_in_order_for_those_who_may_read_them_and_go_with_the_message() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [_ada, mut mia, mut ben, mut carla] = cast(&stage, &meeting).await;
    let to_staff = ChatSend { text: "help".into(), to: Some(ChatTo::Staff), reply_to: None };
    let to_staff = ben.ask::<ChatSent>(Command::ChatSend(to_staff)).await.message;
    let (first, second) = (said(&mut ben, "one").await, said(&mut ben, "two").await);
    for message in [to_staff, second, first] {
        mia.send(Command::ChatPin(MessageOnly { message })).await;
    }
    let seen = carla.kinds().await;
    assert_eq!(seen, ["chat.sent", "chat.sent", "chat.pinned", "chat.pinned"]);
    let late = stage.join(&meeting, "Dora").await;
    assert_eq!(late.state().pins, [second, first]);
    assert!(late.state().chat.iter().all(|message| message.pinned));
    let staff: Snapshot = mia.ask(Command::StateGet(Empty {})).await;
    assert_eq!(staff.pins, [to_staff, second, first]);
    mia.send(Command::ChatUnpin(MessageOnly { message: first })).await;
    ben.send(Command::ChatDelete(ChatDelete { message: second })).await;
    let after: Snapshot = carla.ask(Command::StateGet(Empty {})).await;
    assert_eq!(after.pins, []);
    let again = mia.refused(Command::ChatPin(MessageOnly { message: second })).await;
    assert_eq!(again.code, Code::Conflict);
}

#[tokio::test]
async fn slow_mode_says_when_one_may_write_again() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [mut ada, mut mia, mut ben, _carla] = cast(&stage, &meeting).await;
    ada.send(policy(Policy { slow_mode_seconds: Some(3600), ..Policy::default() })).await;
    said(&mut ben, "one").await;
    let refusal = ben.refused(chat("two")).await;
    assert_eq!(refusal.code, Code::RateLimited);
    assert!(refusal.retry_after_ms.is_some_and(|ms| (1..=3_600_000).contains(&ms)));
    for text in ["one", "two"] {
        said(&mut mia, text).await;
    }
}

#[tokio::test]
async fn a_report_reaches_staff_and_never_the_one_it_is_about() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [mut ada, mut mia, mut ben, mut carla] = cast(&stage, &meeting).await;
    let report = |participant| {
        let text = "<script>alert(1)</script>".to_owned();
        Command::AbuseReport(AbuseReport { participant, text })
    };
    carla.send(report(ben.id())).await;
    for person in [&mut ada, &mut mia] {
        let event = person.expect(|it| matches!(it, EventBody::AbuseReported(_))).await;
        let EventBody::AbuseReported(told) = event.body else { panic!("is reported") };
        assert_eq!((event.by, told.participant), (Some(carla.id()), ben.id()));
        assert_eq!(told.text, "<script>alert(1)</script>", "as typed");
    }
    carla.send(report(mia.id())).await;
    ada.expect(|it| matches!(it, EventBody::AbuseReported(at) if at.participant == mia.id())).await;
    for person in [&mut mia, &mut ben, &mut carla] {
        assert_eq!(person.heard().await, [], "neither who it is about, nor who says it");
    }
    assert_eq!(carla.refused(report(carla.id())).await.field.as_deref(), Some("participant"));
    for _ in 0..3 {
        carla.send(report(ben.id())).await;
    }
    let refusal = carla.refused(report(ben.id())).await;
    assert_eq!(refusal.code, Code::RateLimited);
    assert!(refusal.retry_after_ms.is_some_and(|ms| ms <= 60_000));
}

#[tokio::test]
async fn captions_pass_by_and_the_final_ones_stay() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let [mut ada, _mia, mut ben, mut carla] = cast(&stage, &meeting).await;
    let caption = |text: &str, r#final| {
        Command::CaptionPublish(CaptionPublish {
            text: text.to_owned(),
            speaker: Some(ben.id()),
            r#final,
            lang: Some("en".to_owned()),
            start_ms: Some(0),
            end_ms: None,
        })
    };
    let (part, whole) = (caption("Shall", false), caption("Shall we begin?", true));
    assert_eq!(carla.refused(part.clone()).await.permission, Some(Permission::CaptionPublish));
    ada.send(part).await;
    ada.send(whole).await;
    for person in [&mut ben, &mut carla] {
        for text in ["Shall", "Shall we begin?"] {
            let caption = person
                .expect_signal(|signal| match signal {
                    SignalBody::Caption(caption) => Some(caption.clone()),
                    _ => None,
                })
                .await;
            assert_eq!((caption.by, &*caption.text), (ada.id(), text));
        }
        let event = person.expect(|it| matches!(it, EventBody::CaptionPublished(_))).await;
        let EventBody::CaptionPublished(kept) = event.body else { panic!("is published") };
        assert_eq!(kept.text.as_deref(), Some("Shall we begin?"));
    }
    let kept = "SELECT count(*) FROM meeting_audit_logs WHERE action = 'caption.published'";
    assert_eq!(stage.sql::<i64>(kept), 1);
}

#[tokio::test]
async fn r15_many_refusals_are_answered_as_too_often_and_dry_runs_count() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ben, _) = stage.knock_as(&meeting, "Ben").await;
    for n in 0..30 {
        let id = ben.id();
        let dry_run = n % 2 == 0;
        let end = json!({ "type": "meeting.end", "id": id, "dry_run": dry_run, "data": {} });
        ben.say(&end.to_string()).await;
        let answer = ben.answer(json!(id)).await;
        let error = &answer["error"];
        if n < 20 {
            assert_eq!(error["code"], "forbidden", "{n}: {answer}");
        } else {
            assert_eq!(error["code"], "rate_limited", "{n}: {answer}");
            let wait = error["retry_after_ms"].as_u64();
            assert!(wait.is_some_and(|ms| (1..=60_000).contains(&ms)), "{answer}");
        }
    }
    let raise = ben.ask(&Command::HandRaise(Empty {})).await;
    assert_eq!(raise["type"], "ok", "what one may, one may: {raise}");
}

#[tokio::test]
async fn one_who_may_not_hear_it_hears_no_signal_of_it() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    gus.heard().await;
    ada.send(Command::CaptionPublish(CaptionPublish {
        text: "for those who are in".to_owned(),
        speaker: None,
        r#final: true,
        lang: None,
        start_ms: None,
        end_ms: None,
    }))
    .await;
    let heard = gus.heard().await;
    let told = |notice: &Notice| {
        matches!(notice, Notice::Event(_) | Notice::Signal(SignalBody::Caption(_)))
    };
    assert!(!heard.iter().any(told), "{heard:?}");
    let waits = ada.refused(Command::ParticipantMute(mute(gus.id()))).await;
    assert_eq!((waits.code, waits.last.as_deref()), (Code::NotFound, Some("waiting")));
}
