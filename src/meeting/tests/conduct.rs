//! What staff does about people's conduct: mute, rename, pin, slow down; and what people say of it.

use quorate_protocol::*;

use super::stage::*;
use super::tables::full_cast;
use crate::meeting::event::Fact;
use crate::meeting::{Refusal, SignalTo};

fn on(audio: bool, video: bool) -> Command {
    let (audio, video) = (Some(audio), Some(video));
    Command::MediaUpdate(MediaUpdate { audio, video, share: None })
}

fn mute(user: i64, media: &[MediaKind]) -> Command {
    Command::ParticipantMute(Mute { participant: at(user), media: media.to_vec() })
}

fn mute_all(except: Vec<ParticipantId>) -> Command {
    Command::ParticipantMuteAll(MuteAll { media: vec![MediaKind::Audio], except })
}

fn request_unmute(user: i64) -> Command {
    let media = vec![MediaKind::Audio];
    Command::ParticipantRequestUnmute(Mute { participant: at(user), media })
}

fn rename(participant: Option<i64>, name: &str) -> Command {
    Command::ParticipantRename(Rename { participant: participant.map(at), name: name.into() })
}

fn report(user: i64) -> Command {
    let text = "calls people names".to_owned();
    Command::AbuseReport(AbuseReport { participant: at(user), text })
}

fn pin(message: MessageId) -> Command {
    Command::ChatPin(MessageOnly { message })
}

fn unpin(message: MessageId) -> Command {
    Command::ChatUnpin(MessageOnly { message })
}

fn policy(policy: Policy) -> Command {
    Command::MeetingPolicy(Box::new(policy))
}

fn gone(last: &'static str) -> Refusal {
    Refusal::NotFound { what: "participant", last: Some(last) }
}

fn unknown(what: &'static str) -> Refusal {
    Refusal::NotFound { what, last: None }
}

/// A message of this user; its id.
fn said(stage: &mut Stage, user: i64, to: Option<ChatTo>) -> MessageId {
    stage.ask(user, say("hello", to)).unwrap();
    MessageId(stage.meeting.facts.head.0)
}

#[test]
fn one_is_muted_by_a_higher_rank_and_may_unmute_oneself() {
    let mut stage = full_cast();
    stage.ask(5, on(true, true)).unwrap();
    let lacks = Refusal::Forbidden(Permission::ParticipantMuteOther);
    assert_eq!(stage.ask(4, mute(5, &[MediaKind::Audio])), Err(lacks));
    for (user, other) in [(3, OWNER), (3, 2), (2, OWNER)] {
        let refused = stage.ask(user, mute(other, &[MediaKind::Audio]));
        assert_eq!(refused, Err(Refusal::RankTooLow), "{user} mutes {other}");
    }
    let oneself = stage.ask(3, mute(3, &[MediaKind::Audio]));
    assert!(matches!(oneself, Err(Refusal::Invalid { field: "participant", .. })));
    let nothing = stage.ask(3, mute(5, &[]));
    assert!(matches!(nothing, Err(Refusal::Invalid { field: "media", .. })));
    assert_eq!(stage.ask(3, mute(77, &[MediaKind::Audio])), Err(unknown("participant")));
    stage.ask(3, mute(5, &[MediaKind::Audio])).unwrap();
    assert_eq!(stage.person(5).media, Media { audio: false, video: true, share: false });
    let again = stage.ask(3, mute(5, &[MediaKind::Audio])).unwrap();
    assert_eq!(again, again.clone().answer(&Already { already: true, by: None }));
    assert!(again.events.is_empty());
    stage.ask(5, on(true, true)).unwrap();
    let both = [MediaKind::Video, MediaKind::Audio, MediaKind::Video];
    stage.ask(3, mute(5, &both)).unwrap();
    let muted = stage.journal.last().map(|event| event.fact.clone());
    let media = vec![MediaKind::Audio, MediaKind::Video];
    assert_eq!(muted, Some(Fact::ParticipantMuted { participant: at(5), media }));
    assert_eq!(stage.person(5).media, Media::default());
    stage
        .ask(OWNER, policy(Policy { locks: Some(vec![Permission::MediaAudio]), ..lax() }))
        .unwrap();
    let locked = Refusal::Forbidden(Permission::MediaAudio);
    assert_eq!(stage.ask(5, on(true, false)), Err(locked), "unless the permission is taken");
    stage.ask(5, leave()).unwrap();
    assert_eq!(stage.ask(3, mute(5, &[MediaKind::Audio])), Err(gone("left")));
}

fn lax() -> Policy {
    Policy::default()
}

#[test]
fn mute_all_spares_peers_the_owner_the_excepted_and_lists_whom_it_muted() {
    let mut stage = full_cast();
    for user in [OWNER, 2, 3, 4, 5] {
        stage.ask(user, on(true, true)).unwrap();
    }
    stage.ask(3, mute_all(vec![at(4), at(4)])).unwrap();
    let Some(Fact::ParticipantsMuted { except, participants, .. }) =
        stage.journal.last().map(|event| &event.fact)
    else {
        panic!("nobody was muted")
    };
    // The guest never turned a microphone on, and may be on the telephone.
    assert_eq!((&except[..], &participants[..]), (&[at(4)][..], &[at(5), at(100)][..]));
    let sends = |stage: &Stage, user| stage.person(user).media.audio;
    assert!([OWNER, 2, 3, 4].into_iter().all(|user| sends(&stage, user)) && !sends(&stage, 5));
    assert!(stage.person(5).media.video);
    assert!(stage.ask(3, mute_all(vec![at(4)])).unwrap().events.is_empty(), "nobody is left");
    stage.ask(2, mute_all(Vec::new())).unwrap();
    assert!(!sends(&stage, 3) && !sends(&stage, 4) && sends(&stage, OWNER), "not the owner");
    assert_eq!(stage.ask(2, mute_all(vec![at(77)])), Err(unknown("participant")));
    let many = (0..101).map(ParticipantId).collect();
    let too_many = Refusal::TooLarge { field: "except", limit: MUTE_EXCEPT_MAX };
    assert_eq!(stage.ask(2, mute_all(many)), Err(too_many));
    let lacks = Refusal::Forbidden(Permission::ParticipantMuteOther);
    assert_eq!(stage.ask(5, mute_all(Vec::new())), Err(lacks));
}

#[test]
fn one_is_asked_to_unmute_and_never_made_to() {
    let mut stage = full_cast();
    let before = stage.meeting.facts.clone();
    let asked = stage.ask(3, request_unmute(5)).unwrap();
    assert!(asked.events.is_empty());
    assert_eq!(asked.signals.len(), 1);
    assert_eq!(asked.signals[0].to, SignalTo::Latest(at(5)));
    assert_eq!(stage.meeting.facts, before);
    stage.ask(5, on(true, false)).unwrap();
    assert!(stage.ask(3, request_unmute(5)).unwrap().signals.is_empty(), "already");
    assert_eq!(stage.ask(3, request_unmute(2)), Err(Refusal::RankTooLow));
    let lacks = Refusal::Forbidden(Permission::ParticipantRequestUnmute);
    assert_eq!(stage.ask(5, request_unmute(100)), Err(lacks));
}

#[test]
fn a_name_that_staff_gave_stays_and_ones_own_lasts_until_one_comes_again() {
    let mut stage = full_cast();
    let again = |stage: &mut Stage, user| {
        stage.ask(user, leave()).unwrap();
        stage.enter(user).unwrap();
    };
    stage.ask(100, rename(None, "  Gus ")).unwrap();
    assert_eq!(stage.person(100).name, "Gus");
    assert!(stage.ask(100, rename(Some(100), "Gus")).unwrap().events.is_empty(), "oneself, by id");
    again(&mut stage, 100);
    assert_eq!(stage.person(100).name, "User 100");
    stage.ask(3, rename(Some(100), "Guest of Ada")).unwrap();
    again(&mut stage, 100);
    assert_eq!(stage.person(100).name, "Guest of Ada");
    let joined = stage.journal.iter().rev().find(|event| is_fact(event, "participant.joined"));
    let told = joined.and_then(|event| event.personal.as_ref()?.name.clone());
    assert_eq!(told.as_deref(), Some("Guest of Ada"));
    stage.ask(100, rename(None, "Gus")).unwrap();
    again(&mut stage, 100);
    assert_eq!(stage.person(100).name, "User 100", "one's own choice again");
    stage.ask(3, rename(Some(100), "User 100")).unwrap();
    assert!(stage.person(100).name_given, "the same name, and it stays from now on");
}

#[test]
fn others_are_renamed_by_rank_and_by_moderators_only_if_they_are_guests() {
    let mut stage = full_cast();
    let lacks = Refusal::Forbidden(Permission::ParticipantRenameOther);
    assert_eq!(stage.ask(5, rename(Some(100), "Gus")), Err(lacks));
    assert_eq!(stage.ask(2, rename(Some(OWNER), "Ada")), Err(Refusal::RankTooLow));
    assert!(matches!(stage.ask(3, rename(Some(5), "Eve")), Err(Refusal::Conflict(_))));
    stage.ask(3, rename(Some(100), "Gus")).unwrap();
    stage.ask(2, rename(Some(5), "Eve")).unwrap();
    assert_eq!((&*stage.person(100).name, &*stage.person(5).name), ("Gus", "Eve"));
    assert_eq!(stage.ask(2, rename(Some(77), "Nobody")), Err(unknown("participant")));
    stage.ask(100, leave()).unwrap();
    assert_eq!(stage.ask(2, rename(Some(100), "Hal")), Err(gone("left")));
    let locks = Some(vec![Permission::ParticipantRenameSelf]);
    stage.ask(OWNER, policy(Policy { locks, ..lax() })).unwrap();
    let lacks = Refusal::Forbidden(Permission::ParticipantRenameSelf);
    assert_eq!(stage.ask(5, rename(None, "Eva")), Err(lacks));
}

#[test]
fn a_look_alike_is_flagged_for_the_one_who_came_later() {
    let mut stage = full_cast();
    let looks_like =
        |stage: &Stage, user| stage.meeting.facts.participant(stage.person(user), false).looks_like;
    stage.ask(2, rename(None, "Paula")).unwrap();
    // In Cyrillic, but for the l.
    stage.ask(5, rename(None, "\u{420}\u{430}ul\u{430}")).unwrap();
    assert_eq!(looks_like(&stage, 5), Some(at(2)));
    assert_eq!(looks_like(&stage, 2), None, "never the earlier one");
    stage.ask(2, rename(None, "Pauline")).unwrap();
    assert_eq!(looks_like(&stage, 5), None, "only while the other has that name");
    stage.ask(4, rename(None, "paula")).unwrap();
    assert_eq!(looks_like(&stage, 4), Some(at(5)));
    stage.ask(5, leave()).unwrap();
    assert_eq!(looks_like(&stage, 4), None, "or while the other is in");
    stage.ask(100, rename(None, "USER 5")).unwrap();
    stage.enter(5).unwrap();
    assert_eq!(looks_like(&stage, 5), Some(at(100)), "who comes under that name");
    stage.ask(5, rename(None, "Eve")).unwrap();
    assert_eq!(looks_like(&stage, 5), None);
}

#[test]
fn who_comes_back_to_a_name_that_another_kept_is_the_later_one() {
    let looks_like =
        |stage: &Stage, user| stage.meeting.facts.participant(stage.person(user), false).looks_like;
    let away: [fn(&mut Stage); 2] = [
        |stage| {
            stage.ask(4, leave()).unwrap();
            stage.enter_as(4, |enter| enter.name = "Paula".into()).unwrap();
        },
        |stage| {
            stage.ask(4, rename(None, "Pauline")).unwrap();
            stage.ask(4, rename(None, "Paula")).unwrap();
        },
    ];
    for away in away {
        let mut stage = full_cast();
        stage.ask(4, rename(None, "Paula")).unwrap();
        stage.ask(5, rename(None, "P\u{200b}a\u{ad}ula")).unwrap();
        assert_eq!((looks_like(&stage, 4), looks_like(&stage, 5)), (None, Some(at(4))));
        away(&mut stage);
        assert_eq!((looks_like(&stage, 4), looks_like(&stage, 5)), (Some(at(5)), None));
        assert_eq!(stage.meeting.facts, stage.replayed());
    }
}

#[test]
fn look_alikes_who_come_in_at_once_are_flagged_too() {
    let mut stage = Stage::new(|created| created.requires_approval = true);
    stage.enter(OWNER).unwrap();
    for user in [2, 3] {
        stage.enter(user).unwrap();
        stage.ask(OWNER, admit(user)).unwrap();
    }
    for user in [2, 3] {
        stage.ask(OWNER, rename(Some(user), "Twin")).unwrap();
        stage.ask(user, leave()).unwrap();
    }
    stage.pass(700);
    for user in [2, 3] {
        stage.enter(user).unwrap();
        assert!(stage.person(user).is_waiting());
    }
    stage.ask(OWNER, admit_all(None)).unwrap();
    assert_eq!((stage.person(2).looks_like, stage.person(3).looks_like), (None, Some(at(2))));
}

#[test]
fn messages_are_pinned_in_order_and_seen_by_those_who_may_read_them() {
    let mut stage = full_cast();
    let public = said(&mut stage, 5, None);
    let to_staff = said(&mut stage, 5, Some(ChatTo::Staff));
    let private = said(&mut stage, 3, Some(ChatTo::Participant(at(5))));
    let lacks = Refusal::Forbidden(Permission::ChatModerate);
    assert_eq!(stage.ask(5, pin(public)), Err(lacks), "not even one's own");
    assert!(matches!(stage.ask(3, pin(private)), Err(Refusal::Conflict(_))));
    assert_eq!(stage.ask(2, pin(private)), Err(unknown("message")), "not seen, not known");
    assert_eq!(stage.ask(2, pin(MessageId(1))), Err(unknown("message")));
    for message in [to_staff, public] {
        stage.ask(3, pin(message)).unwrap();
    }
    assert!(stage.ask(2, pin(public)).unwrap().events.is_empty(), "already");
    let pins = |stage: &Stage, user| stage.meeting.facts.pins(stage.person(user));
    assert_eq!(pins(&stage, 2), [to_staff, public]);
    assert_eq!(pins(&stage, 5), [to_staff, public], "one's own");
    assert_eq!(pins(&stage, 4), [public]);
    let event = stage.journal.iter().find(|event| is_fact(event, "chat.pinned")).unwrap();
    assert!(!event.audience.includes(&stage.person(4).view));
    let shown = stage.meeting.facts.recent_chat(stage.person(4));
    assert!(shown.iter().any(|message| message.message == public && message.pinned));
    stage.ask(2, unpin(to_staff)).unwrap();
    assert!(stage.ask(2, unpin(to_staff)).unwrap().events.is_empty(), "already");
    stage.ask(5, Command::ChatDelete(ChatDelete { message: public })).unwrap();
    assert_eq!(pins(&stage, 2), [], "deleting unpins");
    assert!(matches!(stage.ask(2, pin(public)), Err(Refusal::Conflict(_))));
    for _ in 0..PINS_MAX {
        let message = said(&mut stage, 3, None);
        stage.ask(3, pin(message)).unwrap();
    }
    let one_more = said(&mut stage, 3, None);
    let refused = stage.ask(3, pin(one_more));
    assert!(matches!(refused, Err(Refusal::TooMany { limit: PINS_MAX, .. })), "{refused:?}");
}

#[test]
fn slow_mode_holds_ranks_below_staff_to_one_message_at_a_time() {
    let mut stage = full_cast();
    stage.ask(OWNER, policy(Policy { slow_mode_seconds: Some(10), ..lax() })).unwrap();
    stage.ask(5, say("one", None)).unwrap();
    stage.pass(4);
    let wait = Refusal::TooOften { retry_after_ms: 6000 };
    for to in [None, Some(ChatTo::Room), Some(ChatTo::Participant(at(4)))] {
        assert_eq!(stage.ask(5, say("two", to)), Err(wait.clone()), "{to:?}");
    }
    stage.ask(5, say("help", Some(ChatTo::Staff))).unwrap();
    for _ in 0..2 {
        stage.ask(3, say("staff", None)).unwrap();
    }
    stage.ask(4, say("another", None)).unwrap();
    stage.pass(6);
    stage.ask(5, say("two", None)).unwrap();
    stage.ask(OWNER, policy(Policy { slow_mode_seconds: Some(0), ..lax() })).unwrap();
    for _ in 0..2 {
        stage.ask(5, say("three", None)).unwrap();
    }
}

#[test]
fn the_chat_is_for_all_for_staff_or_off_and_staff_is_always_reached() {
    let private = Some(ChatTo::Participant(at(100)));
    for (chat, chat_private, to_all, to_one) in [
        (ChatPolicy::All, true, true, true),
        (ChatPolicy::All, false, true, false),
        (ChatPolicy::Staff, true, false, true),
        (ChatPolicy::Off, true, false, false),
    ] {
        let mut stage = full_cast();
        let change = Policy { chat: Some(chat), chat_private: Some(chat_private), ..lax() };
        stage.ask(OWNER, policy(change)).unwrap();
        let may = |it: bool, permission| {
            if it { Ok(()) } else { Err(Refusal::Forbidden(permission)) }
        };
        let all = stage.ask(5, say("all", None)).map(drop);
        assert_eq!(all, may(to_all, Permission::ChatSend), "{chat:?}");
        let one = stage.ask(5, say("one", private)).map(drop);
        assert_eq!(one, may(to_one, Permission::ChatPrivate), "{chat:?} {chat_private}");
        stage.ask(5, say("help", Some(ChatTo::Staff))).unwrap();
        for to in [None, private] {
            stage.ask(3, say("staff", to)).unwrap();
        }
        let why = stage.person(5).can.grants().0[&Permission::ChatSend];
        let expected = if to_all { Grant::Yes } else { Grant::No(Denial::Lock) };
        assert_eq!(why, expected);
    }
}

#[test]
fn a_report_of_abuse_is_told_to_staff_above_the_one_it_is_about() {
    let mut stage = full_cast();
    for (about, told) in
        [(4, vec![OWNER, 2, 3]), (3, vec![OWNER, 2]), (2, vec![OWNER]), (OWNER, vec![])]
    {
        stage.ask(5, report(about)).unwrap();
        let event = stage.journal.last().unwrap();
        for user in [OWNER, 2, 3, 4, 5, 100] {
            let hears = event.audience.includes(&stage.person(user).view);
            assert_eq!(hears, told.contains(&user), "{user} hears of {about}");
        }
    }
    let oneself = stage.ask(4, report(4));
    assert!(matches!(oneself, Err(Refusal::Invalid { field: "participant", .. })));
    assert_eq!(stage.ask(4, report(77)), Err(unknown("participant")));
    stage.ask(5, report(4)).unwrap();
    stage.pass(20);
    let wait = Refusal::TooOften { retry_after_ms: 40_000 };
    assert_eq!(stage.ask(5, report(4)), Err(wait), "the sixth in a minute");
    stage.ask(100, report(4)).unwrap();
    stage.pass(40);
    stage.ask(5, report(4)).unwrap();
}

#[test]
fn captions_pass_and_the_final_ones_are_kept() {
    let mut stage = full_cast();
    let caption = |speaker, r#final, start_ms, end_ms, lang: Option<&str>| {
        let (text, lang) = ("so it is".to_owned(), lang.map(str::to_owned));
        Command::CaptionPublish(CaptionPublish { text, speaker, r#final, lang, start_ms, end_ms })
    };
    let lacks = Refusal::Forbidden(Permission::CaptionPublish);
    assert_eq!(stage.ask(5, caption(None, false, None, None, None)), Err(lacks));
    let passing = stage.ask(3, caption(Some(at(5)), false, Some(5), None, Some("en"))).unwrap();
    assert_eq!((passing.events.len(), passing.signals.len()), (0, 1));
    let kept = stage.ask(3, caption(Some(at(5)), true, Some(5), Some(5), Some("en"))).unwrap();
    assert_eq!((kept.events.len(), kept.signals.len()), (1, 1));
    assert_eq!(SignalTo::Audience(kept.events[0].audience.clone()), kept.signals[0].to);
    for (command, field) in [
        (caption(None, true, Some(6), Some(5), None), "end_ms"),
        (caption(None, true, None, None, Some("not a tag")), "lang"),
    ] {
        let refused = stage.ask(3, command);
        assert!(matches!(refused, Err(Refusal::Invalid { field: at, .. }) if at == field));
    }
    stage.ask(5, leave()).unwrap();
    let speaker = caption(Some(at(5)), true, None, None, None);
    assert_eq!(stage.ask(3, speaker), Err(gone("left")));
}

/// Refused for lack of a permission; what is answered.
fn refused(stage: &mut Stage, user: i64) -> Refusal {
    let before = stage.meeting.facts.clone();
    let refusal = stage.ask(user, empty(Command::MeetingEnd)).unwrap_err();
    let session = stage.person(user).sessions[0];
    let answer = stage.meeting.note_refusal(stage.now, session, refusal);
    assert_eq!(stage.meeting.facts, before, "a refused command changes nothing");
    answer
}

#[test]
fn r15_from_the_21st_refusal_in_a_minute_on_it_is_too_often_and_told_once() {
    let mut stage = full_cast();
    let forbidden = Refusal::Forbidden(Permission::MeetingEnd);
    let head = stage.meeting.facts.head;
    for _ in 0..20 {
        assert_eq!(refused(&mut stage, 5), forbidden);
    }
    stage.pass(60);
    assert_eq!(stage.meeting.facts.head, head, "below 21 nothing is written");
    for _ in 0..10 {
        assert_eq!(refused(&mut stage, 5), forbidden, "another minute");
    }
    stage.pass(10);
    for _ in 0..10 {
        assert_eq!(refused(&mut stage, 5), forbidden);
    }
    for _ in 0..7 {
        assert_eq!(refused(&mut stage, 5), Refusal::TooOften { retry_after_ms: 50_000 });
    }
    assert_eq!(refused(&mut stage, 4), forbidden, "each person counts alone");
    stage.ask(5, empty(Command::HandRaise)).unwrap();
    let other = Refusal::RankTooLow;
    let session = stage.person(5).sessions[0];
    assert_eq!(stage.meeting.note_refusal(stage.now, session, other.clone()), other);
    stage.pass(49);
    assert!(!stage.journal.iter().any(|event| is_fact(event, "permission.refused")));
    stage.pass(1);
    let told = stage.journal.last().unwrap().clone();
    assert_eq!(told.fact, Fact::PermissionRefused { participant: at(5), count: 27 });
    assert_eq!(told.by, None);
    let hears = |user| told.audience.includes(&stage.person(user).view);
    assert!(hears(3) && !hears(4) && !hears(5));
    assert_eq!(refused(&mut stage, 5), forbidden, "and it begins anew");
    stage.pass(60);
    assert_eq!(stage.journal.last(), Some(&told), "told once");
}
