//! What a report says and scores are across `kill -9`: the same, but for what time itself changes.

use std::collections::BTreeMap;

use quorate_client::protocol::{
    ChatSend, Command, DecisionRecord, Empty, Engagement, Leave, Meeting, PollId, PollOpen,
    PollVote, QualityMinutes, QualityReport, ReactionSend, Report, ReportPerson, ScoreComponent,
    SpeakingReport,
};

use crate::measuring::{Reader, Voice};
use crate::support::server::{hello_as, hello_guest};
use crate::support::{Home, soon};

/// `GET /api/meetings/{id}/report`.
async fn report(home: &Home, token: &str, meeting: &Meeting) -> Report {
    let url = format!("{}/api/meetings/{}/report", home.url(), meeting.info.id.0);
    let answer = soon("a report", reqwest::Client::new().get(url).bearer_auth(token).send()).await;
    answer.unwrap().error_for_status().unwrap().json().await.unwrap()
}

fn speaking(speaking: bool) -> Command {
    Command::SpeakingReport(SpeakingReport { speaking, participant: None, source: None })
}

/// Does something of all that counts.
async fn take_part(ada: &mut Voice, ben: &mut Voice) {
    let quality = QualityReport {
        rtt_ms: 150.0,
        jitter_ms: 15.0,
        loss_pct: 1.0,
        bitrate_kbps: None,
        fec: false,
    };
    let poll = PollOpen {
        question: "Shall we?".into(),
        choices: vec!["yes".into(), "no".into()],
        multiple: false,
        anonymous: false,
        seconds: None,
    };
    ada.done(Command::PollOpen(poll)).await;
    ada.done(Command::DecisionRecord(DecisionRecord { text: "We shall.".into() })).await;
    ben.done(Command::PollVote(PollVote { poll: PollId(1), choices: vec![0] })).await;
    ben.done(Command::QualityReport(quality)).await;
    let text = "hello".into();
    ben.done(Command::ChatSend(ChatSend { text, to: None, reply_to: None })).await;
    ben.done(Command::ReactionSend(ReactionSend { emoji: "👋".into() })).await;
    for voice in [ada, ben] {
        voice.done(speaking(true)).await;
        let began = voice.time().await;
        voice.until(began.plus_ms(1_100)).await;
        voice.done(speaking(false)).await;
    }
}

/// A score without what time changes: all components but how long one was there of how long the meeting ran.
fn but_for_presence(engagement: &Engagement) -> (Vec<&ScoreComponent>, ScoreComponent) {
    let (presence, others): (Vec<_>, Vec<_>) =
        engagement.components.iter().partition(|component| component.key == "presence");
    (others, presence[0].clone())
}

/// After a kill someone took the same part as before, and was there for no less, and for no more than the time
/// between the two reports.
fn assert_same_part(before: &ReportPerson, after: &ReportPerson, between_ms: u64) {
    let (others, presence) = but_for_presence(&before.engagement);
    let (others_after, presence_after) = but_for_presence(&after.engagement);
    assert_eq!(others, others_after);
    let ms = |seconds: Option<f64>| (seconds.unwrap() * 1000.0).round() as u64;
    let (was, is) = (ms(presence.raw), ms(presence_after.raw));
    assert!(was <= is && is <= was + between_ms, "{was} ms, and {is} ms {between_ms} ms later");
    let rest = |person: &ReportPerson, presence: &ScoreComponent| {
        person.engagement.score - presence.points
    };
    assert!((rest(before, &presence) - rest(after, &presence_after)).abs() < 1e-9);
    let timeless = |person: &ReportPerson| ReportPerson {
        present: Vec::new(),
        present_seconds: 0,
        engagement: before.engagement.clone(),
        ..person.clone()
    };
    assert_eq!(timeless(before), timeless(after));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_after_a_kill_is_the_one_before_but_for_the_time_that_passed() {
    let home = Home::unlimited().set("QUORATE_CHECKPOINT_SECONDS", 1);
    let mut server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let mut ada = Voice::enter(&home, hello_as(&meeting, &token)).await;
    let mut ben = Voice::enter(&home, hello_guest(&meeting, "Ben")).await;
    let mut eve = Voice::enter(&home, hello_guest(&meeting, "Eve")).await;
    take_part(&mut ada, &mut ben).await;
    eve.done(Command::Leave(Leave::default())).await;

    // Whoever asks for a report has what it is made of written down: nothing of it may be lost.
    let before = report(&home, &token, &meeting).await;
    assert!(!before.r#final);
    assert_eq!(before.totals.talk_seconds, Some(2));
    let one = QualityMinutes { excellent: 1, ..QualityMinutes::default() };
    assert_eq!((before.totals.reactions, before.totals.quality_minutes), (1, one));
    server.kill();
    server = home.start();
    ada.come_back(&home).await;
    ben.come_back(&home).await;
    let after = report(&home, &token, &meeting).await;

    assert!(after.seq > before.seq && after.as_of > before.as_of);
    let between_ms = after.as_of.ms_since(before.as_of);
    assert_eq!(before.participants.len(), 3);
    for (before, after) in before.participants.iter().zip(&after.participants) {
        assert_same_part(before, after, between_ms);
    }
    assert_eq!(before.participants[2].present, after.participants[2].present, "what was over");
    let timeless = |report: &Report| Report {
        seq: before.seq,
        as_of: before.as_of,
        totals: before.totals.clone(),
        participants: Vec::new(),
        course: Vec::new(),
        slice_seconds: 0,
        ..report.clone()
    };
    assert_eq!(timeless(&before), timeless(&after));

    // What is final is the same to the last digit, and what another program reads in the tables.
    ada.done(Command::MeetingEnd(Empty {})).await;
    let ended = report(&home, &token, &meeting).await;
    assert!(ended.r#final);
    server.kill();
    server = home.start();
    assert_eq!(report(&home, &token, &meeting).await, ended);
    let scores: BTreeMap<_, _> = ended
        .participants
        .iter()
        .map(|person| (person.participant.unwrap().0, person.engagement.clone()))
        .collect();
    assert_eq!(written(&home, &meeting), scores);
    server.kill();
    home.assert_whole();
}

/// The column `engagement`.
fn written(home: &Home, meeting: &Meeting) -> BTreeMap<i64, Engagement> {
    let sql = "SELECT id, engagement FROM meeting_participants WHERE meeting_id = ?1 \
        AND participation_score = engagement ->> 'score'";
    let reader = Reader::of(home, meeting);
    let mut statement = reader.connection.prepare(sql).unwrap();
    let rows = statement.query_map([meeting.info.id.0], |row| {
        Ok((row.get(0)?, serde_json::from_str(&row.get::<_, String>(1)?).unwrap()))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
