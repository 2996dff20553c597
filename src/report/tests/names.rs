//! Who is named in a report: as the host is, and where names are not shown nobody, by nothing that is told.

use quorate_protocol::*;

use super::play::Play;
use crate::report::Asked;
use crate::report::html::page;
use crate::report::table::csv;

/// User 1 hosts and 2 is co-host; there is an action item of 2, of 3, who is excluded, and of nobody.
async fn agreed(names_in_reports: bool) -> Play {
    let mut play = Play::new(|created| {
        created.settings.privacy.names_in_reports = names_in_reports;
        created.co_hosts = vec![UserId(2)];
    })
    .await;
    for id in 1..=3 {
        play.enter(id).await;
    }
    for owner in [Some(ParticipantId(1002)), Some(ParticipantId(1003)), None] {
        let action = ActionRecord { text: "write it down".to_owned(), owner, due: None };
        assert!(play.ask(1, Command::ActionRecord(action)).await);
    }
    let exclude = ReportExclude { participant: ParticipantId(1003), excluded: true };
    assert!(play.ask(1, Command::ReportExclude(exclude)).await);
    play.pass(60_000).await;
    play
}

/// What the page says of who does what.
fn owners(report: &Report) -> Vec<String> {
    let html = scraper::Html::parse_document(&page(report));
    let cells = scraper::Selector::parse("#actions tbody td:nth-child(2)").unwrap();
    html.select(&cells).map(|cell| cell.text().collect()).collect()
}

#[tokio::test]
async fn who_sees_figures_of_all_together_sees_who_does_what() {
    let play = agreed(true).await;
    for individuals in [true, false] {
        let report = play.stored(Asked { individuals, ..play.asked() }).await;
        let named: Vec<_> = report.actions.iter().map(|it| it.owner_name.as_deref()).collect();
        assert_eq!(named, [Some("User 2"), None, None], "who is excluded is not named");
        assert_eq!(owners(&report), ["User 2", "someone not shown here", "nobody"]);
    }
}

#[tokio::test]
async fn where_names_are_not_shown_no_role_and_no_owner_gives_them_away() {
    let play = agreed(false).await;
    let report = play.stored(play.asked()).await;
    assert_eq!(report.participants.len(), 2);
    assert!(report.participants.iter().all(|person| person.role.is_none()));
    assert!(report.actions.iter().all(|it| (it.owner, &it.owner_name) == (None, &None)));
    let table = csv(&report).unwrap();
    let mut table = ::csv::Reader::from_reader(table.as_slice());
    let role = table.headers().unwrap().iter().position(|head| head == "role").unwrap();
    let roles: Vec<_> = table.records().map(|row| row.unwrap()[role].to_owned()).collect();
    assert_eq!(roles, ["", ""]);
    let html = scraper::Html::parse_document(&page(&report));
    let cells =
        scraper::Selector::parse("#presence figure:first-of-type tbody td:nth-child(2)").unwrap();
    let roles: Vec<String> = html.select(&cells).map(|cell| cell.text().collect()).collect();
    assert_eq!(roles, ["not shown", "not shown"]);
    assert_eq!(owners(&report), ["not shown"; 3], "also where there is someone");
}
