//! The pages as an HTML5 parser reads them.

mod sample;

use quorate_protocol::{MeetingStatus, Trends, UserAnalytics};
use scraper::{Html, Selector};

use super::*;
use crate::report::Render;

fn read(page: &str) -> Html {
    let html = Html::parse_document(page);
    assert!(html.errors.is_empty(), "{:?}", html.errors);
    html
}

fn count(html: &Html, selector: &str) -> usize {
    html.select(&Selector::parse(selector).unwrap()).count()
}

fn text(html: &Html, selector: &str) -> String {
    let selector = Selector::parse(selector).unwrap();
    let texts = html.select(&selector).flat_map(|it| it.text());
    texts.collect::<String>().replace('\u{a0}', " ")
}

#[test]
fn a_series_is_compared_occurrence_by_occurrence() {
    let html = read(&of_series(&sample::series(3)));
    assert_eq!(count(&html, "figure"), 5);
    for section in ["attendance", "punctuality", "engagement", "effectiveness"] {
        let rows = count(&html, &format!("#{section} figure:first-of-type tbody tr"));
        assert_eq!(rows, 3, "{section}");
        assert!(count(&html, &format!("#{section} svg.wide rect")) >= 3, "{section}");
    }
    // 23:30 UTC is the next day in Berlin.
    let labels = text(&html, "#attendance svg.wide text");
    assert!(labels.contains("Tue, 3 Nov 2026") && labels.contains("5 people"), "{labels}");
    assert!(text(&html, ".when").contains("Europe/Berlin (UTC+01:00)"));
    assert!(text(&html, "#attendance table").contains("3475 %"), "3 of 4 are 75 %");
    let started = text(&html, "#punctuality tbody td:last-child");
    assert_eq!(started, "1 min latein timenot planned");
    assert!(text(&html, "#engagement").contains("not scored"));
    assert!(text(&html, "#effectiveness tbody tr").contains("71.5"));
    assert!(!text(&html, "main").contains("goes on"));
}

#[test]
fn an_occurrence_that_goes_on_is_marked() {
    let mut trends = sample::series(3);
    trends.items[2].status = MeetingStatus::InProgress;
    let html = read(&of_series(&trends));
    assert!(text(&html, "main p").contains("What is marked goes on"));
    let (labels, cells) =
        (text(&html, "#attendance svg.wide text"), text(&html, "#attendance tbody"));
    assert_eq!(labels.matches("Thu, 5 Nov 2026, goes on").count(), 2, "{labels}");
    assert_eq!((cells.matches("goes on").count(), labels.matches("goes on").count()), (2, 2));
}

#[test]
fn of_many_the_last_are_drawn_and_all_are_in_the_table() {
    let html = read(&of_server(&sample::server(104)));
    assert_eq!(count(&html, "#engagement tbody tr"), 312);
    assert_eq!(count(&html, "#engagement .drawing svg.wide"), 4);
    assert!(text(&html, "#engagement .note").contains("last 120 bars"));
    let last = text(&html, "#engagement svg.wide text");
    assert!(last.contains("W104, recurring") && !last.contains("W01,"), "the last");
    // A bar is a week, of three types.
    assert_eq!(count(&html, "#meetings .drawing"), 4);
    assert!(text(&html, "#meetings .legend").contains("recurring"));
    assert!(text(&html, "#meetings svg.wide text").contains("6 meetings"));
    assert!(text(&html, "#meetings tbody td").contains("private21"), "one is pending");
}

#[test]
fn weeks_of_someone_are_told() {
    let html = read(&of_user(&sample::user(2)));
    assert_eq!(text(&html, "h1"), "Meetings of Ada & friends");
    let erased = UserAnalytics { name: None, ..sample::user(2) };
    assert_eq!(text(&read(&of_user(&erased)), "h1"), "Meetings of user 7");
    assert!(text(&html, "#meetings tbody").contains("2026-W0131"));
    assert_eq!(text(&html, "#time tbody"), "2026-W011 h2 min2026-W021 h–", "none is told");
    assert!(text(&html, "#engagement svg.wide text").contains("62.3"));
}

#[test]
fn where_there_is_nothing_it_is_said() {
    for page in
        [of_series(&sample::series(0)), of_user(&sample::user(0)), of_server(&sample::server(0))]
    {
        let html = read(&page);
        assert_eq!(count(&html, "figure, svg[role=img]"), 0);
        assert!(text(&html, "main .empty").ends_with("in this time."));
    }
}

#[test]
fn titles_are_text_and_nothing_is_asked_of_anyone() {
    let mut trends = sample::series(2);
    let hostile = "</title></svg><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    trends.title = hostile.to_owned();
    trends.items[0].title = hostile.to_owned();
    trends.time_zone = Some(hostile.to_owned());
    let html = read(&of_series(&trends));
    assert_eq!(count(&html, "script, img, [onerror], [src], form"), 0);
    assert!(text(&html, "h1").starts_with("</title></svg><script>"));
    assert!(text(&html, "title").starts_with("</title></svg><script>"));
    assert_eq!(count(&html, "meta[http-equiv=Content-Security-Policy]"), 1);
}

#[test]
fn figures_that_make_no_sense_do_no_harm() {
    let mut trends = sample::series(2);
    let it = &mut trends.items[0].digest;
    (it.engagement, it.effectiveness) = (Some(f64::NAN), Some(f64::INFINITY));
    (it.punctual, it.participants, it.late_seconds) = (9, 0, Some(i64::MIN));
    trends.items[1].digest.starts_at = Some(quorate_protocol::Timestamp::LAST);
    let shown = text(&read(&of_series(&trends)), "main");
    assert!(!shown.contains("NaN") && !shown.contains("inf"));
}

#[test]
fn what_nobody_typed_is_written_as_it_is() {
    let trends = sample::series(1);
    let mut item = trends.items[0].clone();
    item.title = "5;=1+2".to_owned();
    item.digest.late_seconds = Some(-448);
    let bytes = Trends { items: vec![item], ..trends }.csv().unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let headers = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| &row[headers.iter().position(|header| header == name).unwrap()];
    assert_eq!((cell("title"), cell("late_seconds")), ("5;'=1+2", "-448"));
    assert_eq!(cell("starts_at"), "2026-11-02T23:30:00.000Z", "as planned when it started");
}
