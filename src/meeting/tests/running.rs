//! For how long a meeting ran, and what that does to scores: time in which nobody was there is nobody's.

use quorate_protocol::*;

use super::office;
use super::stage::*;
use crate::meeting::Input;

/// For how long it ran, in seconds.
fn ran(stage: &Stage) -> u64 {
    stage.meeting.facts.ran.total_ms(stage.now) / 1000
}

fn component(stage: &Stage, user: i64, key: &str) -> ScoreComponent {
    let engagement = stage.meeting.engagement(stage.now, [at(user)]).pop().unwrap().1.unwrap();
    engagement.components.into_iter().find(|component| component.key == key).unwrap()
}

fn two_for(seconds: u32) -> Stage {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    stage.enter(5).unwrap();
    stage.pass(seconds);
    stage
}

fn invite(user: i64) -> Command {
    let user = Some(UserId(user));
    Command::InviteeAdd(InviteeAdd { user, email: None, required: true })
}

fn open_poll() -> Command {
    let (question, choices) = ("Shall we?".into(), vec!["yes".into(), "no".into()]);
    let ask = PollOpen { question, choices, multiple: false, anonymous: false, seconds: None };
    Command::PollOpen(ask)
}

#[test]
fn a_meeting_that_all_left_ran_while_they_were_there() {
    let mut stage = two_for(60);
    stage.ask(OWNER, leave()).unwrap();
    stage.pass(40);
    stage.ask(5, leave()).unwrap();
    stage.pass(3600);
    assert_eq!(stage.meeting.facts.info.status, MeetingStatus::Completed, "empty for long");
    assert_eq!(ran(&stage), 100);
    assert_eq!(component(&stage, 5, "presence").x, Some(1.0), "to the last second");
    assert_eq!(component(&stage, OWNER, "presence").x, Some(0.6));
}

#[test]
fn of_those_whose_connection_is_lost_for_good_nobody_was_there_from_then_on() {
    let mut stage = two_for(60);
    lose(&mut stage, OWNER);
    stage.pass(10);
    lose(&mut stage, 5);
    stage.pass(3600);
    assert_eq!(ran(&stage), 70);
    assert_eq!(component(&stage, 5, "presence").x, Some(1.0));

    // Nor where it is ended before that is known, and a bot was there to the end.
    let mut stage = two_for(60);
    stage.enter_as(50, bot(None, [])).unwrap();
    lose(&mut stage, OWNER);
    lose(&mut stage, 5);
    stage.pass(10);
    office::act(&mut stage, office::actor(OWNER), empty(Command::MeetingEnd)).unwrap();
    assert_eq!(ran(&stage), 60);
}

#[test]
fn it_runs_again_when_someone_comes_and_bots_are_nobody() {
    let mut stage = two_for(60);
    stage.enter_as(50, bot(None, [])).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.ask(5, leave()).unwrap();
    stage.pass(30);
    assert_eq!(ran(&stage), 60);
    stage.enter(5).unwrap();
    stage.pass(10);
    assert_eq!(ran(&stage), 70);
    assert_eq!(component(&stage, 5, "presence").x, Some(1.0));
}

#[test]
fn an_item_of_the_agenda_takes_no_time_in_which_the_meeting_does_not_run() {
    let mut stage = two_for(10);
    let plan = AgendaPlan { item: None, title: "Budget".into(), minutes: 30, owner: None };
    stage.ask(OWNER, Command::AgendaSet(AgendaSet { items: vec![plan] })).unwrap();
    stage.ask(OWNER, Command::AgendaGoTo(AgendaGoTo { item: Some(ItemId(1)) })).unwrap();
    stage.pass(20);
    let spent = |stage: &Stage| stage.meeting.facts.agenda_shown(stage.now).items[0].spent_seconds;
    assert_eq!(spent(&stage), 20);
    stage.ask(OWNER, leave()).unwrap();
    stage.ask(5, leave()).unwrap();
    stage.pass(300);
    assert_eq!(spent(&stage), 20, "nobody spoke of it");
    stage.enter(OWNER).unwrap();
    stage.pass(5);
    assert_eq!(spent(&stage), 25);
    stage.ask(OWNER, Command::AgendaGoTo(AgendaGoTo { item: None })).unwrap();
    assert_eq!(spent(&stage), 25);
}

#[test]
fn who_is_invited_when_they_are_there_already_was_expected_from_the_start() {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    stage.pass(60);
    stage.ask(OWNER, invite(6)).unwrap();
    stage.enter(5).unwrap();
    stage.enter(6).unwrap();
    stage.pass(60);
    stage.ask(OWNER, invite(5)).unwrap();
    let x = |stage: &Stage, user| component(stage, user, "presence").x;
    assert_eq!((x(&stage, 5), x(&stage, 6)), (Some(0.5), Some(1.0)), "6 was invited before");
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    let host = || office::actor(OWNER);
    office::act(&mut stage, host(), invite(OWNER)).unwrap();
    let remove = |invitee| Command::InviteeRemove(InviteeOnly { invitee: InviteeId(invitee) });
    office::act(&mut stage, host(), remove(1)).unwrap();
    assert_eq!((x(&stage, 5), x(&stage, 6)), (Some(0.5), Some(1.0)), "nor does it change later");
}

#[test]
fn who_was_there_before_the_start_was_not_in_the_meeting_yet() {
    let mut stage = Stage::new(|created| {
        created.starts_at = Some(Timestamp(1_700_000_000_000 + 3_600_000));
        created.co_hosts = vec![UserId(2), UserId(3)];
    });
    stage.enter(OWNER).unwrap();
    for user in [2, 3] {
        stage.ask(OWNER, invite(user)).unwrap();
        stage.enter(user).unwrap();
    }
    stage.pass(600);
    let presence = |stage: &Stage, user| {
        let it = component(stage, user, "presence");
        (it.raw, it.of, it.x)
    };
    let required = |stage: &Stage| stage.meeting.facts.required_present(stage.now);
    assert_eq!(presence(&stage, 2), (Some(0.0), Some(0.0), Some(1.0)), "nobody missed anything");
    assert_eq!(required(&stage), (0, 0));
    stage.ask(2, leave()).unwrap();
    stage.ask(OWNER, empty(Command::MeetingStart)).unwrap();
    stage.pass(100);
    stage.ask(3, leave()).unwrap();
    stage.pass(300);
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(presence(&stage, OWNER), (Some(400.0), Some(400.0), Some(1.0)));
    assert_eq!(presence(&stage, 2), (Some(0.0), Some(400.0), Some(0.0)));
    assert_eq!(presence(&stage, 3), (Some(100.0), Some(400.0), Some(0.25)));
    assert_eq!(required(&stage), (2, 0), "neither for half of it");
    let confidence = |user| {
        let engagement = stage.meeting.engagement(stage.now, [at(user)]).pop().unwrap().1;
        engagement.unwrap().confidence
    };
    assert_eq!((confidence(OWNER), confidence(3)), (Confidence::Normal, Confidence::Low));
    assert_eq!(stage.person(2).total_seconds(stage.now), 600, "they were there all the same");

    // Time between the end and the reopening is nobody's.
    stage.pass(1_000);
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    stage.pass(400);
    assert_eq!(presence(&stage, 2), (Some(400.0), Some(800.0), Some(0.5)));
    assert_eq!(required(&stage), (2, 1));
}

#[test]
fn a_gap_in_which_all_are_cut_off_counts_like_that_of_one() {
    let cut_off = |seconds| {
        let mut stage = two_for(60);
        stage.enter_as(50, bot(None, [])).unwrap();
        let plan = AgendaPlan { item: None, title: "Budget".into(), minutes: 30, owner: None };
        stage.ask(OWNER, Command::AgendaSet(AgendaSet { items: vec![plan] })).unwrap();
        stage.ask(OWNER, Command::AgendaGoTo(AgendaGoTo { item: Some(ItemId(1)) })).unwrap();
        lose(&mut stage, OWNER);
        stage.pass(10);
        assert_eq!(ran(&stage), 70, "5 is still there");
        lose(&mut stage, 5);
        stage.pass(seconds);
        assert_eq!(ran(&stage), 70, "whether the gap counts is open");
        resume(&mut stage, 5);
        stage.pass(5);
        resume(&mut stage, OWNER);
        stage.pass(5);
        stage
    };
    for (seconds, ran_for, there) in [(30, 110, (65, 110)), (31, 80, (65, 80))] {
        let stage = cut_off(seconds);
        assert_eq!(ran(&stage), ran_for, "{seconds} s");
        let present = |user| stage.person(user).total_seconds(stage.now);
        assert_eq!((present(OWNER), present(5)), there, "{seconds} s");
        assert_eq!(component(&stage, 5, "presence").x, Some(1.0));
        let spent = stage.meeting.facts.agenda_shown(stage.now).items[0].spent_seconds;
        assert_eq!(spent, ran_for - 60);
    }
}

#[test]
fn who_is_cut_off_keeps_no_meeting_running_that_the_last_one_leaves() {
    let mut stage = two_for(60);
    lose(&mut stage, 5);
    stage.pass(10);
    stage.ask(OWNER, leave()).unwrap();
    stage.pass(40);
    assert_eq!(ran(&stage), 70);
    resume(&mut stage, 5);
    stage.pass(10);
    assert_eq!(ran(&stage), 80);
    lose(&mut stage, 5);
    stage.pass(40);
    stage.enter(6).unwrap();
    stage.pass(10);
    assert_eq!(ran(&stage), 90, "with who comes it goes on");
    assert_eq!(component(&stage, 6, "presence").of, Some(90.0));
}

#[test]
fn a_meeting_that_starts_while_all_are_cut_off_runs_when_the_first_is_back() {
    let mut stage = Stage::new(|created| {
        created.starts_at = Some(Timestamp(1_700_000_000_000 + 3_600_000));
    });
    stage.enter(OWNER).unwrap();
    lose(&mut stage, OWNER);
    stage.pass(5);
    office::act(&mut stage, office::actor(OWNER), empty(Command::MeetingStart)).unwrap();
    stage.pass(40);
    assert_eq!(ran(&stage), 0);
    resume(&mut stage, OWNER);
    stage.pass(10);
    assert_eq!(ran(&stage), 10);
    assert_eq!(component(&stage, OWNER, "presence").x, Some(1.0));
}

/// One whose connection is lost while a poll is opened, and after so many seconds.
fn asked_while_lost(seconds: u32, meanwhile: impl FnOnce(&mut Stage)) -> Stage {
    let mut stage = two_for(60);
    lose(&mut stage, 5);
    stage.pass(4);
    stage.ask(OWNER, open_poll()).unwrap();
    meanwhile(&mut stage);
    stage.pass(seconds);
    stage
}

fn resume(stage: &mut Stage, user: i64) {
    let session = stage.person(user).sessions[0];
    stage.take(&Input::Resume { session, user: UserId(user) }).unwrap();
}

#[test]
fn a_poll_is_seen_by_those_who_were_there_when_it_was_opened() {
    let seen = |stage: &Stage| component(stage, 5, "response").of;
    let mut back_soon = asked_while_lost(10, |_| {});
    assert_eq!(seen(&back_soon), None, "whether they were there is not known yet");
    resume(&mut back_soon, 5);
    assert_eq!(seen(&back_soon), Some(1.0));
    let vote = PollVote { poll: PollId(1), choices: vec![0] };
    back_soon.ask(5, Command::PollVote(vote)).unwrap();
    assert_eq!(component(&back_soon, 5, "response").x, Some(1.0));

    let mut back_late = asked_while_lost(27, |_| {});
    resume(&mut back_late, 5);
    assert_eq!(seen(&back_late), None, "31 s are no gap that counts");

    let mut closed = asked_while_lost(10, |stage| {
        stage.ask(OWNER, Command::PollClose(PollOnly { poll: PollId(1) })).unwrap();
    });
    resume(&mut closed, 5);
    assert_eq!(seen(&closed), None, "it was over when they were back");

    let mut never_back = asked_while_lost(600, |_| {});
    assert_eq!(seen(&never_back), None);
    never_back.enter(5).unwrap();
    assert_eq!(seen(&never_back), None);
}
