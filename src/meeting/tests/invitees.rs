//! Invitations: given, given twice, taken back, listed, bounded, and redacted.

use quorate_protocol::*;

use super::passes::{invite_email, invite_user};
use super::stage::*;
use crate::meeting::event::{Audience, Event, Fact, SYSTEM};
use crate::meeting::{Decision, Facts, Input, Refusal};

fn add(user: Option<i64>, email: Option<&str>) -> Command {
    let (user, email) = (user.map(UserId), email.map(str::to_owned));
    Command::InviteeAdd(InviteeAdd { user, email, required: false })
}

fn take_back(invitee: u32) -> Command {
    Command::InviteeRemove(InviteeOnly { invitee: InviteeId(invitee) })
}

fn list(after: Option<u32>, limit: u32) -> Command {
    Command::InviteeList(InviteeList { after: after.map(InviteeId), limit })
}

fn answer<T: serde::de::DeserializeOwned>(decision: &Decision) -> T {
    let crate::meeting::Answer::Data(data) = &decision.answer else { panic!("{decision:?}") };
    serde_json::from_str(data).unwrap()
}

fn meeting() -> Stage {
    let mut stage = Stage::new(|_| {});
    for user in [OWNER, 5] {
        stage.enter(user).unwrap();
    }
    stage
}

#[test]
fn who_is_invited_twice_has_one_invitation() {
    let mut stage = meeting();
    let once: Invited = answer(&stage.ask(OWNER, add(Some(7), None)).unwrap());
    assert_eq!(once, Invited { invitee: InviteeId(1), already: false });
    let address: Invited = answer(&stage.ask(OWNER, add(None, Some("Ana@B.org"))).unwrap());
    assert_eq!(address, Invited { invitee: InviteeId(2), already: false });
    for (again, of) in [(add(Some(7), None), once), (add(None, Some("aNA@b.ORG")), address)] {
        let decision = stage.ask(OWNER, again).unwrap();
        assert!(decision.events.is_empty());
        assert_eq!(answer::<Invited>(&decision), Invited { already: true, ..of });
    }
    stage.ask(OWNER, take_back(2)).unwrap();
    let gone = Err(Refusal::NotFound { what: "invitee", last: None });
    assert_eq!(stage.ask(OWNER, take_back(2)), gone);
    let next: Invited = answer(&stage.ask(OWNER, add(None, Some("ana@b.org"))).unwrap());
    assert_eq!(next.invitee, InviteeId(3), "no id is given twice");
    assert_eq!(stage.meeting.facts, stage.replayed());
}

#[test]
fn an_invitation_names_a_user_or_an_address_that_can_be_one() {
    let mut stage = meeting();
    let invalid =
        |field| move |no: &Refusal| matches!(no, Refusal::Invalid { field: f, .. } if *f == field);
    for ask in [add(None, None), add(Some(7), Some("a@b.org"))] {
        assert!(stage.ask(OWNER, ask).is_err_and(|no| invalid("user")(&no)));
    }
    for email in ["", "ana", "@b.org", "ana@", "a@b@c", "a na@b.org", "ana@b.org\n", "a\t@b.org"] {
        let no = stage.ask(OWNER, add(None, Some(email))).unwrap_err();
        assert!(invalid("email")(&no), "{email:?}: {no:?}");
    }
    let long = |chars: usize| format!("{}@b.org", "a".repeat(chars - 6));
    assert!(stage.ask(OWNER, add(None, Some(&long(320)))).is_ok());
    let limit = EMAIL_CHARS_MAX;
    let too_long = stage.ask(OWNER, add(None, Some(&long(321))));
    assert_eq!(too_long, Err(Refusal::TooLarge { field: "email", limit }));
    for user in [0, -1] {
        let no = Err(Refusal::NotFound { what: "user", last: None });
        assert_eq!(stage.ask(OWNER, add(Some(user), None)), no, "nobody invites the system");
    }
}

#[test]
fn only_those_who_may_invite_do_it_see_it_and_hear_of_it() {
    let mut stage = meeting();
    let lacks = Err(Refusal::Forbidden(Permission::ParticipantInvite));
    for ask in [add(Some(7), None), take_back(1), list(None, 50)] {
        assert_eq!(stage.ask(5, ask), lacks);
    }
    invite_email(&mut stage, "ana@b.org");
    stage.ask(OWNER, take_back(1)).unwrap();
    for event in &stage.journal[stage.journal.len() - 2..] {
        assert_eq!(event.audience, Audience::holders(Permission::ParticipantInvite));
        assert!(!event.audience.includes(&stage.person(5).view));
        assert!(!event.fact.to_row().1.contains("ana@b.org"), "an address is personal");
    }
}

#[test]
fn invitees_are_listed_page_by_page_in_the_order_of_their_ids() {
    let mut stage = meeting();
    for user in 1..=5 {
        invite_user(&mut stage, 100 + user);
    }
    stage.ask(OWNER, take_back(3)).unwrap();
    let page = |stage: &mut Stage, after, limit| -> (Vec<u32>, Option<i64>) {
        let page: Page<Invitee> = answer(&stage.ask(OWNER, list(after, limit)).unwrap());
        (page.items.iter().map(|item| item.invitee.0).collect(), page.next)
    };
    assert_eq!(page(&mut stage, None, 2), (vec![1, 2], Some(2)));
    assert_eq!(page(&mut stage, Some(2), 2), (vec![4, 5], None));
    assert_eq!(page(&mut stage, Some(9), 200), (vec![], None));
    for limit in [0, 201] {
        let no = stage.ask(OWNER, list(None, limit)).unwrap_err();
        assert!(matches!(no, Refusal::Invalid { field: "limit", .. }));
    }
}

#[test]
fn a_meeting_has_ten_thousand_invitees_at_most() {
    let mut stage = meeting();
    for user in 0..INVITEES_MAX as i64 {
        let input = Command::InviteeAdd(InviteeAdd {
            user: Some(UserId(1000 + user)),
            ..InviteeAdd::default()
        });
        // Without the stage, which looks at everything each time.
        let session = stage.person(OWNER).sessions[0];
        let input = Input::Command { session, command: input };
        for draft in stage.meeting.decide(stage.now, &input).unwrap().events {
            let event = draft.at(stage.meeting.facts.head.next(), stage.now);
            stage.meeting.apply(&event);
            stage.journal.push(event);
        }
    }
    let one_more = stage.ask(OWNER, add(None, Some("ana@b.org")));
    assert!(matches!(one_more, Err(Refusal::TooMany { limit: INVITEES_MAX, .. })), "{one_more:?}");
    let known: Invited = answer(&stage.ask(OWNER, add(Some(1000), None)).unwrap());
    assert!(known.already, "who is invited already is no one more");
}

#[test]
fn an_address_that_is_redacted_matches_nobody_and_its_invitation_stays() {
    let mut stage = meeting();
    invite_email(&mut stage, "ana@b.org");
    invite_email(&mut stage, "ben@b.org");
    let of = stage.journal.iter().rev().nth(1).unwrap().seq;
    let has = |facts: &Facts, email| facts.invitees.has(UserId(9), Some(email));
    assert!(has(&stage.meeting.facts, "ana@b.org"));
    let fact = Fact::Redacted { ranges: vec![(of, of)] };
    let (seq, at) = (stage.meeting.facts.head.next(), stage.now);
    let audience = Audience::NOBODY;
    let redacted = Event {
        seq,
        at,
        user: SYSTEM,
        by: None,
        audience,
        fact,
        personal: None,
        cause: None,
        as_admin: false,
    };
    stage.meeting.apply(&redacted);
    for event in stage.journal.iter_mut().filter(|event| event.seq == of) {
        event.personal = None;
    }
    stage.journal.push(redacted);
    let facts = &stage.meeting.facts;
    assert!(!has(facts, "ana@b.org") && has(facts, "ben@b.org"));
    assert_eq!(*facts, stage.replayed(), "also when it is read back without it");
    let page: Page<Invitee> = answer(&stage.ask(OWNER, list(None, 50)).unwrap());
    assert_eq!((page.items.len(), &page.items[0].email), (2, &None));
    stage.ask(OWNER, take_back(1)).unwrap();
    invite_email(&mut stage, "ana@b.org");
    assert!(has(&stage.meeting.facts, "ana@b.org"), "invited anew");
}

#[test]
fn those_invited_with_the_meeting_stand_right_after_its_making() {
    let stage = Stage::new(|_| {});
    let Fact::MeetingCreated(created) = stage.journal[0].fact.clone() else { panic!() };
    let invite = |user: Option<i64>, email: Option<&str>| InviteeAdd {
        user: user.map(UserId),
        email: email.map(str::to_owned),
        required: true,
    };
    let create = |invitees: Vec<InviteeAdd>| {
        let input =
            Input::Create { created: created.clone(), owner_name: "User 1".into(), invitees };
        crate::meeting::Meeting::default().decide(stage.now, &input)
    };
    let twice = vec![
        invite(Some(7), None),
        invite(None, Some("Ana@b.org")),
        invite(Some(7), None),
        invite(None, Some("ana@b.org")),
    ];
    let made = create(twice).unwrap();
    let added = |invitee, user| Fact::InviteeAdded { invitee, user, required: true };
    assert_eq!(made.events.len(), 3, "who is named twice is invited once");
    assert_eq!(made.events[1].fact, added(InviteeId(1), Some(UserId(7))));
    assert_eq!(made.events[2].fact, added(InviteeId(2), None));
    let personal = made.events[2].personal.as_ref().unwrap();
    assert_eq!(personal.email.as_deref(), Some("ana@b.org"));
    let wrong = create(vec![invite(None, Some("ana"))]).unwrap_err();
    assert!(matches!(wrong, Refusal::Invalid { field: "invitees", .. }), "{wrong:?}");
}

#[test]
fn an_address_is_the_same_however_it_is_typed() {
    let odd = ["ZO\u{cb}+tag@B\u{dc}CHER.example", "o'brien_%@xn--bcher-kva.example"];
    let shown = ["zoe\u{308}+TAG@b\u{fc}cher.Example", "O'Brien_%@XN--bcher-KVA.example"];
    let mut stage = Stage::new(|created| {
        created.kind = MeetingType::Private;
    });
    stage.enter(OWNER).unwrap();
    for (typed, again) in odd.iter().zip(shown) {
        let first: Invited = answer(&stage.ask(OWNER, add(None, Some(typed))).unwrap());
        let second: Invited = answer(&stage.ask(OWNER, add(None, Some(again))).unwrap());
        assert_eq!((first.invitee, first.already, second.already), (second.invitee, false, true));
    }
    for (user, email) in (5..).zip(shown) {
        stage.enter_as(user, |enter| enter.email = Some(email.to_owned())).unwrap();
        assert!(stage.is_in(user), "{email}");
    }
    for typed in ["an\u{202e}a@example.org", "ana@exa\u{2066}mple.org", "ana@\u{2028}example.org"] {
        let refused = stage.ask(OWNER, add(None, Some(typed)));
        assert!(matches!(refused, Err(Refusal::Invalid { field: "email", .. })), "{typed:?}");
    }
}
