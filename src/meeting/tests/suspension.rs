//! R16: suspending and resuming.

use proptest::prelude::*;
use quorate_protocol::*;

use super::chance::through_the_store;
use super::stage::*;
use super::tables::full_cast;
use crate::meeting::event::Fact;
use crate::meeting::{Facts, Refusal};

fn suspend() -> Command {
    empty(Command::MeetingSuspend)
}

fn resume() -> Command {
    empty(Command::MeetingResume)
}

fn media(audio: bool, video: bool) -> Command {
    let (audio, video) = (Some(audio), Some(video));
    Command::MediaUpdate(MediaUpdate { audio, video, share: None })
}

#[test]
fn r16_suspend_turns_all_off_for_ranks_below_staff_and_locks_the_door() {
    use Permission as P;
    let mut stage = full_cast();
    for user in [OWNER, 3, 4, 5] {
        stage.ask(user, media(true, true)).unwrap();
    }
    let lacks = Refusal::Forbidden(P::MeetingSuspend);
    assert_eq!(stage.ask(4, suspend()), Err(lacks.clone()));
    stage.ask(3, suspend()).unwrap();
    let participants = vec![at(4), at(5)];
    let fact = Fact::MeetingSuspended { participants };
    assert_eq!(stage.journal.last().map(|event| &event.fact), Some(&fact));
    assert!(stage.ask(2, suspend()).unwrap().events.is_empty(), "already");
    let off = [
        P::MediaAudio,
        P::MediaVideo,
        P::ChatSend,
        P::ChatPrivate,
        P::ReactionSend,
        P::AppPublish,
        P::AttributesSet,
        P::ParticipantRenameSelf,
    ];
    for user in [4, 5, 100] {
        assert_eq!(stage.person(user).media, Media::default(), "{user}");
        for permission in off {
            let grant = stage.person(user).can.grants().0[&permission];
            assert_eq!(grant, Grant::No(Denial::Suspended), "{user} {permission}");
        }
    }
    for user in [OWNER, 2, 3] {
        assert!(off.iter().all(|it| stage.person(user).view.permissions.has(*it)), "{user}");
    }
    assert!(stage.person(3).media.audio, "staff goes on");
    assert_eq!(stage.ask(5, say("hello", None)), Err(Refusal::Forbidden(P::ChatSend)));
    stage.ask(5, say("help", Some(ChatTo::Staff))).unwrap();
    assert_eq!(stage.enter(6), Err(Refusal::Locked));
    assert!(stage.meeting.facts.meeting_info().locked);
    assert_eq!(stage.ask(4, resume()), Err(lacks));
    stage.ask(2, resume()).unwrap();
    assert!(stage.ask(2, resume()).unwrap().events.is_empty(), "already");
    assert_eq!(stage.person(5).media, Media::default(), "off until they turn it on");
    stage.ask(5, media(true, false)).unwrap();
    stage.enter(6).unwrap();
}

#[test]
fn r16_nobody_below_staff_renames_others_either() {
    let mut stage = full_cast();
    let based_on = Role::Moderator;
    let usher = RoleDefine { based_on, rank: 45, ..define("usher") };
    stage.ask(OWNER, Command::RoleDefine(usher)).unwrap();
    stage.ask(OWNER, assign(4, role("usher"))).unwrap();
    let rename = |name: &str| {
        Command::ParticipantRename(Rename { participant: Some(at(100)), name: name.into() })
    };
    stage.ask(4, rename("Guest of Ana")).unwrap();
    stage.ask(3, suspend()).unwrap();
    let lacks = Refusal::Forbidden(Permission::ParticipantRenameOther);
    assert_eq!(stage.ask(4, rename("Nobody")), Err(lacks));
    assert!(stage.ask(3, rename("Guest of Ben")).is_ok());
}

#[test]
fn r16_who_waits_for_nothing_but_the_start_stays_outside_a_suspended_meeting() {
    let starts_at = Timestamp(1_700_000_000_000 + 3_600_000);
    let mut stage = Stage::new(|created| created.starts_at = Some(starts_at));
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    stage.ask(OWNER, suspend()).unwrap();
    stage.ask(OWNER, empty(Command::MeetingStart)).unwrap();
    assert!(stage.person(2).is_waiting());
    stage.ask(OWNER, resume()).unwrap();
    assert!(stage.is_in(2));
}

#[test]
fn r16_the_door_is_afterwards_as_it_was_said_to_be() {
    let mut stage = full_cast();
    stage.ask(OWNER, empty(Command::MeetingLock)).unwrap();
    stage.ask(OWNER, suspend()).unwrap();
    stage.ask(OWNER, resume()).unwrap();
    assert_eq!(stage.enter(6), Err(Refusal::Locked), "locked before");
    stage.ask(OWNER, suspend()).unwrap();
    stage.ask(OWNER, empty(Command::MeetingUnlock)).unwrap();
    assert_eq!(stage.enter(6), Err(Refusal::Locked), "suspended still");
    stage.ask(OWNER, resume()).unwrap();
    stage.enter(6).unwrap();
}

/// What someone does before the meeting is suspended.
fn act() -> impl Strategy<Value = (i64, Command)> {
    let user = || prop_oneof![Just(OWNER), 2i64..6, Just(100)];
    let chat = prop_oneof![Just(ChatPolicy::All), Just(ChatPolicy::Staff), Just(ChatPolicy::Off)];
    let lock = prop_oneof![
        Just(Permission::MediaAudio),
        Just(Permission::ChatSend),
        Just(Permission::ReactionSend),
        Just(Permission::ParticipantRenameSelf),
    ];
    let grant = prop_oneof![Just(Permission::MediaShare), Just(Permission::PollCreate)];
    let policy = (
        prop::option::of(chat),
        prop::option::of(any::<bool>()),
        prop::option::of(prop::collection::vec(lock, 0..3)),
        prop::option::of(prop::collection::vec(grant, 0..3)),
        prop::option::of(any::<bool>()),
        prop::option::of(prop_oneof![Just(None), Just(Some(3))]),
    );
    let policy = policy.prop_map(|(chat, chat_private, locks, grants, approval, seats)| {
        Command::MeetingPolicy(Box::new(Policy {
            chat,
            chat_private,
            locks,
            grants: grants.map(|grants| [(Role::Attendee, grants)].into()),
            requires_approval: approval,
            max_participants: seats,
            ..Policy::default()
        }))
    });
    let role = prop_oneof![Just(Role::Moderator), Just(Role::Presenter), Just(Role::Attendee)];
    let kinds =
        prop::collection::vec(prop_oneof![Just(MediaKind::Audio), Just(MediaKind::Video)], 1..3);
    let name = prop_oneof![Just("Ada"), Just("\u{410}da"), Just("Ben")];
    let command = prop_oneof![
        3 => policy,
        2 => any::<(bool, bool)>().prop_map(|(audio, video)| media(audio, video)),
        2 => (user(), role).prop_map(|(user, role)| assign(user, role)),
        1 => (user(), kinds.clone()).prop_map(|(user, media)| {
            Command::ParticipantMute(Mute { participant: at(user), media })
        }),
        1 => kinds.prop_map(|media| Command::ParticipantMuteAll(MuteAll { media, except: vec![] })),
        2 => (prop::option::of(user()), name).prop_map(|(user, name)| {
            let (participant, name) = (user.map(at), name.to_owned());
            Command::ParticipantRename(Rename { participant, name })
        }),
        1 => Just(empty(Command::MeetingLock)),
        1 => Just(empty(Command::MeetingUnlock)),
        1 => Just(leave()),
        1 => Just(suspend()),
        1 => Just(resume()),
        1 => user().prop_map(cohost),
        1 => Just(say("hello", None)),
        1 => (1u64..60).prop_map(|id| {
            Command::ChatPin(MessageOnly { message: MessageId(id) })
        }),
        1 => (1u64..60).prop_map(|id| {
            Command::ChatDelete(ChatDelete { message: MessageId(id) })
        }),
    ];
    (user(), command)
}

/// Everything but what a suspension turns off, and what counts events.
fn but_media(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    (facts.head, facts.at, facts.info.revision) = (Seq(0), Timestamp(0), Seq(0));
    for person in facts.people.values_mut() {
        person.media = Media::default();
        person.view_since = Seq(0);
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn r16_resume_restores_exactly_the_permissions_and_locks_from_before(
        acts in prop::collection::vec(act(), 0..40),
        join in prop::collection::vec(2i64..9, 0..4),
    ) {
        let mut stage = full_cast();
        for (index, (user, command)) in acts.iter().enumerate() {
            // Refused or not: what comes before the suspension is of no matter.
            let _ = stage.ask(*user, command.clone());
            if let Some(user) = join.get(index / 8) {
                let _ = stage.enter(*user);
            }
        }
        if !stage.is_in(OWNER) {
            let _ = stage.enter(OWNER);
        }
        prop_assume!(stage.is_in(OWNER));
        let _ = stage.ask(OWNER, resume());
        let before = but_media(&stage.meeting.facts);
        let media: Vec<_> =
            stage.meeting.facts.people.values().map(|it| (it.id, it.view.rank, it.media)).collect();
        stage.ask(OWNER, suspend()).unwrap();
        stage.ask(OWNER, resume()).unwrap();
        prop_assert_eq!(but_media(&stage.meeting.facts), before);
        for (id, rank, media) in media {
            let now = stage.meeting.facts.people[&id].media;
            prop_assert_eq!(now, if rank < 60 { Media::default() } else { media });
        }
        prop_assert_eq!(&stage.meeting.facts, &stage.replayed());
        let mut restored = Facts::default();
        for event in &stage.journal {
            let deleted = |other: &crate::meeting::Event| matches!(
                &other.fact,
                Fact::Redacted { ranges } if ranges[0].0 == event.seq
            );
            restored.apply(&through_the_store(event, stage.journal.iter().any(deleted)));
        }
        prop_assert_eq!(&stage.meeting.facts, &restored, "also through the store");
    }
}
