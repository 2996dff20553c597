//! Preparing: what is checked, who is dealt where.

use quorate_protocol::*;

use super::*;

#[test]
fn a_missing_permission_is_named_before_anything_else() {
    use Permission as P;
    let mut stage = open();
    for (command, permission) in [
        (prepare(&[&[4711]], BreakoutMode::Manual, Some(0)), P::BreakoutManage),
        (OPEN, P::BreakoutManage),
        (CLOSE, P::BreakoutManage),
        (send_to(4711, Some(9)), P::BreakoutManage),
        (announce("", None), P::BreakoutManage),
        (extend(0, Some(9)), P::BreakoutManage),
        (resolve(9), P::BreakoutManage),
        (join(9), P::BreakoutRoam),
    ] {
        assert_eq!(
            stage.ask(4, command.clone()),
            Err(Refusal::Forbidden(permission)),
            "{command:?}"
        );
        if permission == P::BreakoutManage {
            let refused = stage.ask(3, command);
            assert_eq!(refused, Err(Refusal::Forbidden(permission)), "a moderator roams only");
        }
    }
    for user in [OWNER, 2] {
        let refused = stage.ask(user, HELP);
        assert_eq!(refused, Err(Refusal::Forbidden(P::BreakoutRequestHelp)), "who runs the rooms");
    }
}

#[test]
fn what_is_asked_of_a_preparation_is_checked() {
    let mut stage = cast();
    let before = stage.meeting.facts.clone();
    let many: Vec<_> = (0..51).map(|n| n.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let (long, manual) = ("é".repeat(81), BreakoutMode::Manual);
    for (command, field) in [
        (named(&[]), "rooms"),
        (named(&many), "rooms"),
        (named(&["Blue", " "]), "rooms.name"),
        (named(&["Blue", "a\nb"]), "rooms.name"),
        (named(&[&long]), "rooms.name"),
        (named(&["Blue", " Blue "]), "rooms.name"),
        (named(&["Zo\u{eb}", "Zoe\u{308}"]), "rooms.name"),
        (prepare(&[&[4]], manual, Some(0)), "minutes"),
        (prepare(&[&[4]], manual, Some(1441)), "minutes"),
        (prepare(&[&[4, 4]], manual, None), "rooms.participants"),
        (prepare(&[&[4], &[5, 4]], manual, None), "rooms.participants"),
        (prepare(&[&[4]], BreakoutMode::Random, None), "rooms.participants"),
    ] {
        assert_eq!(invalid_field(&mut stage, OWNER, command.clone()), field, "{command:?}");
    }
    let unknown = stage.ask(OWNER, prepare(&[&[4711]], manual, None));
    assert_eq!(unknown, Err(Refusal::NotFound { what: "participant", last: None }));
    assert_eq!(stage.meeting.facts, before, "a refusal changes nothing");
    assert!(stage.ask(OWNER, named(&many[..50])).is_ok());
    assert!(stage.ask(OWNER, named(&["é".repeat(80).as_str()])).is_ok());
}

#[test]
fn r1_one_assigns_oneself_and_people_of_a_lower_rank() {
    let mut stage = cast();
    let manual = BreakoutMode::Manual;
    for user in [OWNER, 2] {
        assert!(stage.ask(user, prepare(&[&[user, 3, 4]], manual, None)).is_ok());
        assert!(stage.ask(user, send_to(user, None)).is_ok());
    }
    assert_eq!(stage.ask(2, prepare(&[&[OWNER]], manual, None)), Err(Refusal::RankTooLow));
    let room = rooms(&stage)[0].0;
    assert_eq!(stage.ask(2, send_to(OWNER, Some(room))), Err(Refusal::RankTooLow));
    stage.ask(2, OPEN).unwrap();
    assert_eq!(stage.ask(2, send_to(OWNER, Some(room))), Err(Refusal::RankTooLow));
    assert_eq!(stage.ask(2, send_to(OWNER, Some(99))), Err(not_found(None)), "existence is first");
}

#[test]
fn who_was_never_in_is_not_assigned_and_so_not_named() {
    let mut stage = Stage::new(|created| created.requires_approval = true);
    stage.enter(OWNER).unwrap();
    stage.enter(4).unwrap();
    let waits = Refusal::NotFound { what: "participant", last: Some("waiting") };
    let refused = stage.ask(OWNER, prepare(&[&[4]], BreakoutMode::Manual, None));
    assert_eq!(refused, Err(waits.clone()));
    stage.ask(OWNER, named(&["Blue"])).unwrap();
    assert_eq!(stage.ask(OWNER, send_to(4, Some(1))), Err(waits));
}

#[test]
fn ids_count_on_and_are_not_given_again() {
    let mut stage = cast();
    let ids = |stage: &Stage| rooms(stage).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    stage.ask(OWNER, named(&["a", "b"])).unwrap();
    assert_eq!(ids(&stage), [1, 2]);
    stage.ask(OWNER, named(&["a"])).unwrap();
    assert_eq!(ids(&stage), [3], "what was not open is replaced");
    stage.ask(OWNER, OPEN).unwrap();
    conflicts(&mut stage, OWNER, named(&["c"]));
    stage.ask(OWNER, CLOSE).unwrap();
    assert!(ids(&stage).is_empty());
    stage.ask(OWNER, named(&["c"])).unwrap();
    assert_eq!(ids(&stage), [4]);
    assert_eq!(stage.ask(OWNER, join(3)), Err(not_found(Some("closed"))));
    assert_eq!(stage.ask(OWNER, join(5)), Err(not_found(None)));
    assert_eq!(stage.ask(OWNER, join(0)), Err(not_found(None)));
}

#[test]
fn random_deals_out_who_is_in_but_for_staff_and_bots_and_a_seed_does_it_again() {
    let dealt = |seed: u64, by: i64| {
        let mut stage = cast();
        enter_bot(&mut stage);
        stage.ask(7, leave()).unwrap();
        stage.meeting.seed = seed;
        stage.ask(by, prepare(&[&[], &[], &[]], BreakoutMode::Random, None)).unwrap();
        stage
    };
    let stage = dealt(1, OWNER);
    let mut all: Vec<_> = rooms(&stage).into_iter().flat_map(|(_, users)| users).collect();
    all.sort();
    assert_eq!(all, [4, 5, 6, 100]);
    let sizes: Vec<_> = rooms(&stage).iter().map(|(_, users)| users.len()).collect();
    assert_eq!(sizes, [2, 1, 1]);
    assert_eq!(rooms(&stage), rooms(&dealt(1, OWNER)), "the same seed, the same rooms");
    assert!((2..9).any(|seed| rooms(&stage) != rooms(&dealt(seed, OWNER))));
    assert_eq!(stage.replayed(), stage.meeting.facts, "a replay needs no seed");
}
