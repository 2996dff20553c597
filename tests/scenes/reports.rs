//! What a meeting was like: who is told how much of it, in which format, and that it is the same before and
//! after the end and a restart.

use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::audit::admin;
use crate::stage::{Person, Stage, assign};

fn say(text: &str) -> Command {
    Command::ChatSend(ChatSend { text: text.to_owned(), to: None, reply_to: None })
}

/// What comes back to one who asks, in some format.
async fn ask(stage: &Stage, path: &str, token: &str, accept: &str) -> (u16, String, String) {
    let request = stage.request(Method::GET, path, Some(token)).header("accept", accept);
    let response = request.send().await.unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (status, kind) = (response.status().as_u16(), header("content-type"));
    if status == 200 {
        assert_eq!(header("cache-control"), "private, no-store");
        assert!(header("vary").to_lowercase().contains("accept"));
    }
    (status, kind, response.text().await.unwrap())
}

async fn report(stage: &Stage, meeting: &Meeting, token: &str) -> Report {
    let path = format!("/api/meetings/{}/report", meeting.info.id);
    let (status, kind, body) = ask(stage, &path, token, "*/*").await;
    assert_eq!((status, kind.as_str()), (200, "application/json"), "{body}");
    serde_json::from_str(&body).unwrap()
}

/// Ada hosts, Ben is co-host, Cyd and Dan take part; everything is done once.
async fn play(stage: &Stage, settings: Value) -> (Meeting, [Person; 4]) {
    let meeting = stage.meeting("Ada", json!({ "settings": settings })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut cyd = stage.join(&meeting, "Cyd").await;
    let mut dan = stage.join(&meeting, "Dan").await;
    ada.send(Command::CohostAdd(UserOnly { user: ben.user() })).await;
    ada.send(say("good morning")).await;
    cyd.send(say("hello")).await;
    let to = Some(ChatTo::Participant(cyd.id()));
    let whisper = ChatSend { text: "psst".to_owned(), to, reply_to: None };
    dan.send(Command::ChatSend(whisper)).await;
    dan.send(Command::HandRaise(Empty {})).await;
    let poll = PollOpen {
        question: "Lunch?".to_owned(),
        choices: vec!["soup".to_owned(), "salad".to_owned()],
        multiple: false,
        anonymous: true,
        seconds: None,
    };
    for _ in 0..2 {
        ada.send(Command::PollOpen(poll.clone())).await;
    }
    for (voter, choice) in [(&mut ben, 1), (&mut cyd, 0), (&mut dan, 1)] {
        voter.send(Command::PollVote(PollVote { poll: PollId(1), choices: vec![choice] })).await;
    }
    ada.send(Command::PollClose(PollOnly { poll: PollId(1) })).await;
    cyd.send(Command::PollVote(PollVote { poll: PollId(2), choices: vec![0] })).await;
    let item = AgendaPlan { item: None, title: "Budget".into(), minutes: 10, owner: None };
    ada.send(Command::AgendaSet(AgendaSet { items: vec![item] })).await;
    ada.send(Command::AgendaGoTo(AgendaGoTo { item: Some(ItemId(1)) })).await;
    // More of them than a snapshot shows.
    for number in 1..=60 {
        let text = format!("decision {number}");
        ada.send(Command::DecisionRecord(DecisionRecord { text })).await;
    }
    for owner in [None, Some(cyd.id())] {
        let text = "write it down".to_owned();
        ada.send(Command::ActionRecord(ActionRecord { text, owner, due: None })).await;
    }
    let room = RoomAsked { name: "Blue".to_owned(), participants: vec![cyd.id(), dan.id()] };
    let prepare = BreakoutPrepare { rooms: vec![room], mode: BreakoutMode::Manual, minutes: None };
    ada.send(Command::BreakoutPrepare(prepare)).await;
    ada.send(Command::BreakoutOpen(Empty {})).await;
    (meeting, [ada, ben, cyd, dan])
}

/// A report without what goes on while the meeting does.
fn timeless(mut report: Report) -> Report {
    (report.seq, report.as_of, report.r#final) = (Seq(0), Timestamp(0), false);
    (report.meeting.status, report.meeting.ended_at) = (MeetingStatus::InProgress, None);
    report.feedback.closes_at = None;
    report.polls.iter_mut().for_each(|poll| poll.closed_at = None);
    report.agenda.iter_mut().for_each(|item| item.spent_seconds = 0);
    report.rooms.iter_mut().for_each(|room| room.present_seconds = 0);
    (report.course, report.totals.live_seconds) = (Vec::new(), 0);
    (report.totals.present_seconds, report.totals.engagement) = (0, None);
    for person in &mut report.participants {
        (person.present_seconds, person.present) = (0, Vec::new());
        // A hand counts once it was up for a while.
        person.hands = 0;
        person.engagement.score = 0.0;
        person.engagement.components.clear();
    }
    report.effectiveness.score = None;
    report.effectiveness.components.iter_mut().for_each(|it| it.points = 0.0);
    report
}

#[tokio::test]
async fn what_was_is_told_while_it_goes_on_after_the_end_and_after_a_restart() {
    let mut stage = Stage::set().await;
    let (meeting, mut people) = play(&stage, json!({})).await;
    let ids = people.each_ref().map(Person::id);
    let [ada, _, cyd, _] = &mut people;
    let host = stage.token("Ada");
    let running = report(&stage, &meeting, &host).await;
    let names: Vec<_> = running.participants.iter().map(|person| person.name.as_str()).collect();
    assert_eq!(names, ["Ada", "Ben", "Cyd", "Dan"], "in the order in which they came");
    let of = |id: ParticipantId| {
        running.participants.iter().find(|person| person.participant == Some(id)).unwrap().clone()
    };
    assert_eq!(of(ids[1]).role, Some(Role::CoHost));
    assert_eq!((of(ids[3]).messages, of(ids[3]).polls_seen, of(ids[3]).polls_answered), (1, 2, 1));
    assert_eq!(of(ids[2]).present.last().unwrap().room, Some(RoomId(1)));
    let totals = &running.totals;
    assert_eq!((totals.participants, totals.peak, totals.messages, totals.hands), (4, 4, 3, 1));
    let [first, second] = running.polls.as_slice() else { panic!("{:?}", running.polls) };
    assert_eq!((first.question.as_str(), &first.counts, first.voters), ("Lunch?", &vec![1, 2], 3));
    assert_eq!((first.choices.len(), first.closed_at.is_some()), (2, true));
    assert_eq!((&second.counts, second.voters, second.closed_at), (&vec![1, 0], 1, None));
    assert_eq!((running.decisions.len(), running.decisions[0].text.as_str()), (60, "decision 1"));
    let owners: Vec<_> = running.actions.iter().map(|action| action.owner).collect();
    assert_eq!(owners, [None, Some(ids[2])]);
    assert_eq!(
        (running.agenda[0].title.as_str(), running.agenda[0].planned_minutes),
        ("Budget", 10)
    );
    let [room] = running.rooms.as_slice() else { panic!("{:?}", running.rooms) };
    assert_eq!((room.name.as_str(), room.participants), ("Blue", 2));
    assert_eq!(running.meeting.host.as_deref(), Some("Ada"));
    assert!(!running.r#final && running.feedback.open && running.summary.is_none());

    ada.send(Command::MeetingEnd(Empty {})).await;
    cyd.expect_bye().await;
    let over = report(&stage, &meeting, &host).await;
    assert!(over.r#final && over.seq > running.seq && over.meeting.ended_at == Some(over.as_of));
    assert_eq!(timeless(over.clone()), timeless(running));
    stage.restart().await;
    assert_eq!(report(&stage, &meeting, &host).await, over, "it comes from what is written");
}

#[tokio::test]
async fn what_a_meeting_was_like_that_goes_on_outlives_a_restart() {
    let mut stage = Stage::set().await;
    let (meeting, people) = play(&stage, json!({})).await;
    let host = stage.token("Ada");
    let before = report(&stage, &meeting, &host).await;
    drop(people);
    stage.restart().await;
    let after = report(&stage, &meeting, &host).await;
    assert_eq!(timeless(after.clone()), timeless(before.clone()));
    let present = |report: &Report| report.totals.present_seconds;
    assert!(after.seq > before.seq && present(&after) >= present(&before), "nothing is lost");
}

#[tokio::test]
async fn each_is_told_as_much_as_they_may_see() {
    let stage = Stage::set().await;
    let (meeting, [mut ada, ben, ..]) = play(&stage, json!({})).await;
    let path = format!("/api/meetings/{}/report", meeting.info.id);
    let whole = report(&stage, &meeting, &stage.token("Ada")).await;
    assert_eq!(whole.participants.len(), 4);
    let root = report(&stage, &meeting, &admin(&stage)).await;
    assert_eq!(root.participants.len(), 4);
    let (status, kind, page) = ask(&stage, &path, &stage.token("Ada"), "text/html").await;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.contains("<svg") && page.contains("Dan"));
    let together = report(&stage, &meeting, &stage.token("Ben")).await;
    assert!(together.participants.is_empty());
    assert_eq!(together.totals.participants, 4, "all the same");
    for format in ["?format=csv", ""] {
        let (status, _, body) =
            ask(&stage, &format!("{path}{format}"), &stage.token("Ben"), "text/csv").await;
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &problem["permission"]), (403, &json!("report.individual")));
    }
    for (who, status, code) in [("Cyd", 403, "forbidden"), ("Zoe", 404, "not_found")] {
        let (got, _, body) = ask(&stage, &path, &stage.token(who), "*/*").await;
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{who}: {body}");
    }
    let (status, _, body) = ask(&stage, "/api/meetings/4711/report", &admin(&stage), "*/*").await;
    assert_eq!(status, 404, "{body}");
    for query in ["?format=xml", "?colour=red", "?format="] {
        let (status, _, body) =
            ask(&stage, &format!("{path}{query}"), &stage.token("Ada"), "*/*").await;
        assert_eq!(status, 422, "{query}: {body}");
    }
    // What is granted is seen at once.
    let permissions = vec![Permission::ReportIndividual];
    let grant = PersonPermissions { participant: ben.id(), permissions };
    ada.send(Command::RoleGrant(grant)).await;
    let granted = report(&stage, &meeting, &stage.token("Ben")).await;
    assert_eq!(granted.participants.len(), 4);
}

#[tokio::test]
async fn who_is_put_out_reads_no_more_of_what_was_granted_and_a_stranger_never_did() {
    let stage = Stage::set().await;
    let (meeting, [mut ada, ben, cyd, mut dan]) = play(&stage, json!({})).await;
    ada.send(assign(cyd.id(), Role::Moderator)).await;
    use Permission::{ReportAggregate, ReportIndividual};
    for (participant, permission) in [(ben.id(), ReportIndividual), (cyd.id(), ReportAggregate)] {
        let permissions = vec![permission];
        ada.send(Command::RoleGrant(PersonPermissions { participant, permissions })).await;
    }
    dan.send(Command::FeedbackSubmit(FeedbackSubmit {
        rating: 1,
        comment: Some("secretly".into()),
        tags: Vec::new(),
    }))
    .await;
    let bot = |scopes: &[Permission]| {
        stage.bot_token("Scribe", scopes, |claims| claims.meetings = Some(vec![meeting.info.id]))
    };
    let told = async |token: &str| {
        let mut told = String::new();
        let dan = format!("participants/{}", dan.id());
        for path in ["report", "report?format=csv", "report?format=html", "feedback", &dan] {
            let path = format!("/api/meetings/{}/{path}", meeting.info.id);
            let request = stage.request(Method::GET, &path, Some(token));
            told += &request.send().await.unwrap().text().await.unwrap();
        }
        told
    };
    let secrets = ["secretly", "\"score\":", "points_presence", "\"rating\":1"];
    let (ben_reads, cyd_reads) = (told(&stage.token("Ben")).await, told(&stage.token("Cyd")).await);
    assert_eq!(secrets.map(|it| ben_reads.contains(it)), [true; 4], "{ben_reads}");
    let together = secrets.map(|it| cyd_reads.contains(it));
    assert_eq!(together, [false, true, false, false], "{cyd_reads}");
    for (participant, ban) in [(ben.id(), false), (cyd.id(), true)] {
        let command = match ban {
            true => Command::ParticipantBan(Ban {
                participant: Some(participant),
                user: None,
                reason: None,
                until: None,
                scope: BanScope::Meeting,
            }),
            false => Command::ParticipantRemove(PersonReason { participant, reason: None }),
        };
        ada.send(command).await;
    }
    let chatty = bot(&[Permission::ChatSend, Permission::ParticipantList]);
    for token in [stage.token("Ben"), stage.token("Cyd"), stage.token("Eve"), chatty] {
        let told = told(&token).await;
        assert!(!secrets.iter().any(|it| told.contains(it)), "{told}");
    }
}

#[tokio::test]
async fn names_and_talk_are_not_told_where_that_is_switched_off() {
    let stage = Stage::with(|config| config.privacy.talk_time = false).await;
    let settings = json!({ "privacy": { "names_in_reports": false } });
    let (meeting, [_, _, cyd, _]) = play(&stage, settings).await;
    let path = format!("/api/meetings/{}/report", meeting.info.id);
    for token in [stage.token("Ada"), admin(&stage)] {
        let told = report(&stage, &meeting, &token).await;
        let names: Vec<_> = told.participants.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["Participant 1", "Participant 2", "Participant 3", "Participant 4"]);
        assert!(told.participants.iter().all(|it| it.user.is_none() && it.talk_seconds.is_none()));
        assert_eq!((told.totals.talk_seconds, told.meeting.host), (None, None));
        let voice = &told.participants[0].engagement.components[1];
        assert!(!voice.available && voice.key == "voice");
        for accept in ["application/json", "text/csv", "text/html"] {
            let (status, _, body) = ask(&stage, &path, &token, accept).await;
            assert_eq!(status, 200);
            for hidden in [
                "Ada",
                "Ben",
                "Cyd",
                "Dan",
                "host,",
                "ohost",
                "o-host",
                &format!("\"owner\":{}", cyd.id()),
            ] {
                assert!(!body.contains(hidden), "{hidden} is in {body}");
            }
        }
    }
}

#[tokio::test]
async fn the_table_opens_in_a_spreadsheet_and_starts_nothing_there() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let _ada = stage.join(&meeting, "Ada").await;
    let names = ["=HYPERLINK(\"http://evil.example\")", "@SUM(A1)", "Zoë \"Z\", 🙂", "שלום"];
    let mut there = Vec::new();
    for name in names {
        let token = {
            let claims = quorate::identity::Claims::new(
                format!("user-{}", there.len()),
                Some(name.to_owned()),
                1,
                quorate::live::clock::wall(),
            );
            stage.key.sign(&claims)
        };
        there.push(stage.enter(crate::stage::hello_with(&meeting, token)).await.unwrap());
    }
    let path = format!("/api/meetings/{}/report?format=csv", meeting.info.id);
    let token = stage.token("Ada");
    let (status, kind, body) = ask(&stage, &path, &token, "application/json").await;
    assert_eq!((status, kind.as_str()), (200, "text/csv; charset=utf-8; header=present"));
    let rows: Vec<_> = body.split("\r\n").collect();
    assert_eq!(rows.len(), 1 + 5 + 1, "{body}");
    assert!(rows[2].starts_with("\"'=HYPERLINK(\"\"http://evil.example\"\")\","), "{}", rows[2]);
    assert!(rows[3].starts_with("'@SUM(A1),"), "{}", rows[3]);
    assert!(rows[4].starts_with("\"Zoë \"\"Z\"\", 🙂\","), "{}", rows[4]);
    assert!(rows[5].starts_with("שלום,"), "{}", rows[5]);
    let request = stage.request(Method::GET, &path, Some(&token));
    let response = request.send().await.unwrap();
    let name = response.headers()["content-disposition"].to_str().unwrap();
    assert_eq!(name, format!("attachment; filename=\"report-{}.csv\"", meeting.info.id));
}

#[tokio::test]
async fn what_was_measured_is_in_it_as_it_is_in_the_tables() {
    let stage = Stage::set().await;
    let (meeting, mut people) = play(&stage, json!({})).await;
    let [_, ben, cyd, _] = people.each_ref().map(Person::id);
    people[0].send(Command::MeetingEnd(Empty {})).await;
    let host = stage.token("Ada");
    let ended: Report = report(&stage, &meeting, &host).await;
    let database = rusqlite::Connection::open(stage.config.database()).unwrap();
    let minute = Timestamp(ended.as_of.0 - ended.as_of.0.rem_euclid(60_000)).to_string();
    for (id, talk_ms, r) in [(ben, 40_000, 82.0), (cyd, 20_000, 39.0)] {
        let sql = "UPDATE meeting_participants SET talk_ms = ?2, reactions = 1 WHERE id = ?1";
        database.execute(sql, (id.0, talk_ms)).unwrap();
        let sql = "INSERT INTO meeting_minutes (meeting_id, participant_id, at, talk_ms, samples, r) \
                   VALUES (?1, ?2, ?3, ?4, 2, ?5)";
        database.execute(sql, (meeting.info.id.0, id.0, &minute, talk_ms, r)).unwrap();
    }
    let told = report(&stage, &meeting, &host).await;
    assert_eq!((told.totals.talk_seconds, told.totals.reactions), (Some(60), 2));
    let minutes = |excellent| QualityMinutes { excellent, poor: 1, ..QualityMinutes::default() };
    assert_eq!(told.totals.quality_minutes, minutes(1));
    let of = |id| told.participants.iter().find(|it| it.participant == Some(id)).unwrap();
    assert_eq!((of(ben).talk_seconds, of(ben).quality_r), (Some(40), Some(82.0)));
    assert_eq!(of(cyd).quality_minutes, minutes(0));
    let talk: u64 = told.course.iter().filter_map(|slice| slice.talk_seconds).sum();
    assert_eq!(talk, 60);
    let quality = told.effectiveness.components.iter().find(|it| it.key == "quality").unwrap();
    assert_eq!(quality.x, Some(0.5));
}
