//! Who reads how much of an event afterwards, by table; and whose data an event holds.

use quorate_protocol::*;

use super::stage::*;
use crate::meeting::event::{Audience, Event, Fact, Personal, Subject, View};
use crate::meeting::office::Actor;
use crate::meeting::person::Bot;
use crate::meeting::{Auditor, Reader, Sight};

const ME: i64 = 7;

fn event(audience: Audience, by: i64, fact: Fact) -> Event {
    let text = Some("something".to_owned());
    Event {
        seq: Seq(5),
        at: Timestamp(1_700_000_000_000),
        user: UserId(by),
        by: Some(ParticipantId(by)),
        audience,
        fact,
        personal: Some(Box::new(Personal { text, ..Personal::default() })),
        cause: None,
        as_admin: false,
    }
}

fn chat() -> Fact {
    Fact::ChatSent { to: None, room: None, reply_to: None, short: false }
}

fn vote() -> Fact {
    Fact::PollVoteCast { poll: PollId(1), choices: vec![1] }
}

fn there(rank: u8, room: Option<u32>, permissions: &[Permission]) -> Option<View> {
    Some(View {
        participant: ParticipantId(ME),
        here: true,
        joined: true,
        rank,
        permissions: permissions.iter().copied().collect(),
        room: room.map(RoomId),
    })
}

fn waiting() -> Option<View> {
    there(0, None, &[]).map(|view| View { joined: false, ..view })
}

fn out() -> Option<View> {
    waiting().map(|view| View { here: false, ..view })
}

#[test]
fn each_reads_what_was_for_them_and_an_auditor_who_did_what_besides() {
    let admits = &[Permission::ParticipantAdmit][..];
    let holder = Auditor { rank: 60, permissions: PermissionSet::NONE };
    let (none, staff, admin) = (None, Some(holder), Some(Auditor::admin()));
    let (to_all, to_staff) = (Audience::EVERYONE, Audience::STAFF);
    let room = |room| Audience::room(Some(RoomId(room)));
    let main = Audience::room(None);
    let me = Audience::people(vec![ParticipantId(ME)]);
    let other = Audience::people(vec![ParticipantId(8)]);
    let may_admit = Audience::holders(Permission::ParticipantAdmit);
    use Sight::{Happened, Nothing, Structure, Whole};
    for (audience, view, auditor, sight) in [
        // There: by what one saw, whatever one may by now.
        (&to_all, there(20, None, &[]), none, Whole),
        (&to_all, waiting(), none, Nothing),
        (&to_all, out(), none, Nothing),
        (&to_all, None, none, Nothing),
        (&to_staff, there(20, None, &[]), none, Nothing),
        (&to_staff, there(60, None, &[]), none, Whole),
        (&to_staff, there(20, None, &[]), staff, Structure),
        (&to_staff, there(20, None, &[]), admin, Structure),
        (&may_admit, there(20, None, admits), none, Whole),
        (&may_admit, there(20, None, &[]), none, Nothing),
        (&room(1), there(20, Some(1), &[]), none, Whole),
        (&room(1), there(100, Some(2), &[]), staff, Structure),
        (&me, there(20, None, &[]), none, Whole),
        (&me, waiting(), none, Whole),
        (&other, there(100, None, &[]), none, Nothing),
        (&other, there(100, None, &[]), staff, Structure),
        (&other, there(100, None, &[]), admin, Structure),
        // Not there: as one of the group that one would be of.
        (&to_all, None, staff, Whole),
        (&to_all, out(), staff, Whole),
        (&to_staff, None, staff, Whole),
        (&to_staff, None, Some(Auditor { rank: 20, ..holder }), Structure),
        (&may_admit, None, staff, Structure),
        (&may_admit, None, admin, Whole),
        (&main, None, admin, Whole),
        (&room(1), None, admin, Structure),
        (&me, out(), admin, Structure),
        (&other, None, admin, Structure),
        (&Audience::NOBODY, None, admin, Structure),
        (&Audience::NOBODY, there(100, None, &[]), none, Nothing),
    ] {
        let reader = Reader { user: UserId(ME), auditor };
        let event = event(audience.clone(), 8, chat());
        assert_eq!(reader.sight(&event, view.as_ref()), sight, "{audience} {view:?} {auditor:?}");
    }
    // What one did oneself, always; what one votes, nobody else, also not who might see it all.
    for (by, fact, auditor, sight) in [
        (ME, chat(), none, Whole),
        (ME, vote(), none, Whole),
        (8, vote(), none, Nothing),
        (8, vote(), staff, Happened),
        (8, vote(), admin, Happened),
    ] {
        let reader = Reader { user: UserId(ME), auditor };
        let event = event(Audience::people(vec![ParticipantId(by)]), by, fact);
        assert_eq!(reader.sight(&event, None), sight, "{by} {auditor:?}");
        // Nor one who was let see it by mistake.
        let told = Event { audience: Audience::EVERYONE, ..event };
        assert_eq!(reader.sight(&told, there(100, None, &[]).as_ref()), sight);
    }
    // What staff is told of a poll is who voted what: an auditor who is no staff reads none of it.
    let told = Fact::PollVotesTold { poll: PollId(1), votes: Vec::new() };
    let told = event(Audience::STAFF, 8, told);
    let bot = Some(Auditor { rank: 30, ..holder });
    for (auditor, sight) in [(none, Nothing), (bot, Happened), (staff, Whole), (admin, Whole)] {
        assert_eq!(Reader { user: UserId(ME), auditor }.sight(&told, None), sight, "{auditor:?}");
    }
    let system = Reader { user: UserId(0), auditor: None };
    let timer = Event { user: UserId(0), ..event(Audience::NOBODY, 8, chat()) };
    assert_eq!(system.sight(&timer, None), Nothing, "the system reads nothing");
}

#[test]
fn audit_view_makes_an_auditor_with_the_rank_one_has() {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    let who = |user: i64, scopes: Option<&[Permission]>| Actor {
        user: UserId(user),
        kind: UserKind::Member,
        name: "Somebody".to_owned(),
        email: None,
        bot: None,
        scopes: scopes.map(|scopes| scopes.iter().copied().collect()),
        admin: false,
    };
    let by = |stage: &Stage, actor: &Actor| stage.meeting.facts.auditor(stage.now, actor);
    let auditor = |stage: &Stage, user| by(stage, &who(user, None));
    let host = auditor(&stage, OWNER).unwrap();
    assert_eq!((host.rank, host.permissions.has(Permission::RoleTransferHost)), (100, true));
    assert_eq!((auditor(&stage, 2), auditor(&stage, 99)), (None, None));
    // By a key one audits where it is good for that, and then by what else it is good for.
    assert_eq!(by(&stage, &who(OWNER, Some(&[Permission::ChatSend]))), None);
    let key = by(&stage, &who(OWNER, Some(&[Permission::AuditView]))).unwrap();
    assert_eq!((key.rank, key.permissions), (100, PermissionSet::NONE.with(Permission::AuditView)));
    stage.ask(OWNER, cohost(2)).unwrap();
    assert_eq!(auditor(&stage, 2), None, "a co-host may be granted it");
    stage.ask(OWNER, grant(2, &[Permission::AuditView])).unwrap();
    assert_eq!(auditor(&stage, 2).unwrap().rank, 80);
    // A bot by its scopes, in or not.
    let bot = |scope| Bot { owner: None, scopes: PermissionSet::NONE.with(scope) };
    let bot = |scope| Actor { kind: UserKind::Bot, bot: Some(bot(scope)), ..who(98, None) };
    assert_eq!(by(&stage, &bot(Permission::ChatSend)), None);
    assert_eq!(by(&stage, &bot(Permission::AuditView)).unwrap().rank, 30);
}

#[test]
fn an_event_holds_the_data_of_whom_it_names_and_of_who_typed_it() {
    let who = Subject {
        user: UserId(ME),
        participant: Some(ParticipantId(ME)),
        names: vec!["Ana Ortiz".to_owned()],
        addresses: vec!["ana@example.org".to_owned()],
    };
    let named = |name: &str| Personal { name: Some(name.to_owned()), ..Personal::default() };
    let mail = |email: &str| Personal { email: Some(email.to_owned()), ..Personal::default() };
    let text = || Personal { text: Some("hello".to_owned()), ..Personal::default() };
    let texts = |text: &str| Personal { texts: vec![text.to_owned()], ..Personal::default() };
    let joined = |id: i64| Fact::ParticipantJoined {
        participant: ParticipantId(id),
        user: UserId(id),
        kind: UserKind::Member,
        role: Role::Attendee,
        via: Via::Approval,
        room: None,
        looks_like: None,
    };
    let renamed = |id: i64| Fact::ParticipantRenamed {
        participant: ParticipantId(id),
        given: true,
        looks_like: None,
    };
    let reason =
        |id: i64| Fact::ReasonGiven { event: Seq(1), participant: Some(ParticipantId(id)) };
    let invited = Fact::InviteeAdded { invitee: InviteeId(1), user: None, required: false };
    let poll = Fact::PollOpened {
        poll: PollId(1),
        choices: 1,
        multiple: false,
        anonymous: false,
        closes_at: None,
    };
    let lowered = |id: i64| Fact::HandLowered { participant: ParticipantId(id) };
    let introduced = |name: &str| Personal { role: Some(Role::Attendee), ..named(name) };
    for (by, fact, personal, holds) in [
        (8, joined(ME), named("Ana"), true),
        // Whom one lets in keeps the name.
        (ME, joined(8), named("Ben"), false),
        (8, renamed(ME), named("Anna"), true),
        (ME, renamed(8), named("Benno"), false),
        (ME, chat(), text(), true),
        (8, chat(), text(), false),
        (8, reason(ME), Personal { reason: Some("rude".into()), ..Personal::default() }, true),
        (ME, reason(8), Personal { reason: Some("rude".into()), ..Personal::default() }, true),
        (8, invited.clone(), mail("ana@example.org"), true),
        (8, invited, mail("ben@example.org"), false),
        (8, poll.clone(), texts("Ana Ortiz"), false),
        (ME, poll, texts("soup"), true),
        (8, lowered(ME), introduced("Ana"), true),
        (ME, lowered(8), introduced("Ben"), false),
        (ME, vote(), Personal::default(), false),
    ] {
        let personal = Some(Box::new(personal));
        let event = Event { personal, ..event(Audience::EVERYONE, by, fact) };
        assert_eq!(event.holds_data_of(&who), holds, "{event:?}");
        let redacted = Event { personal: None, ..event };
        assert!(!redacted.holds_data_of(&who));
    }
}
