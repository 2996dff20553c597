//! The page as an HTML5 parser reads it, of reports with everything, with nothing and with bad intent.

mod sample;

use quorate_protocol::{
    FeedbackComment, FeedbackMode, Report, ReportRoom, ReportSpan, RoomId, Timestamp,
};
use scraper::{ElementRef, Html, Selector};

use super::ink::Ink;
use super::page;

/// What people may be called who mean no good.
const HOSTILE: &str =
    "</text></svg><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{0}\u{7}\u{202e}&amp;";

/// The page, read without an error.
fn read(report: &Report) -> Html {
    let html = Html::parse_document(&page(report));
    assert!(html.errors.is_empty(), "{:?}", html.errors);
    html
}

fn all<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(html: &Html, selector: &str) -> String {
    let texts = all(html, selector).into_iter().flat_map(|it| it.text());
    texts.collect::<String>().replace('\u{a0}', " ")
}

/// What the charts of a section are made of.
fn shapes(html: &Html, section: &str) -> usize {
    all(html, &format!("#{section} svg.wide rect")).len()
}

#[test]
fn each_chart_has_its_shapes_its_name_and_its_table() {
    let html = read(&sample::rich(14));
    let figures = all(&html, "figure");
    assert!(figures.len() >= 10, "{}", figures.len());
    for figure in figures {
        let of = |selector: &str| figure.select(&Selector::parse(selector).unwrap()).count();
        let caption = figure.text().next().unwrap();
        for size in ["wide", "narrow"] {
            let named = format!("svg.{size}[role=img][aria-label]");
            assert!(
                of(&format!("{named} rect")) > 0 && of(&format!("{named} desc")) > 0,
                "{caption}"
            );
        }
        assert!(of("details table caption") == 1 && of("tbody tr") > 0, "{caption}");
    }
}

#[test]
fn the_page_asks_nobody_and_needs_no_script() {
    let html = read(&sample::rich(14));
    assert!(
        all(&html, "script, iframe, object, embed, form, [src], [onload], [onclick]").is_empty()
    );
    for link in all(&html, "[href]") {
        assert_eq!(link.attr("href"), Some("data:,"));
    }
    let policy = all(&html, "meta[http-equiv=Content-Security-Policy]");
    assert!(policy[0].attr("content").unwrap().starts_with("default-src 'none'"));
    assert_eq!(all(&html, "html")[0].attr("lang"), Some("en"));
    for one in ["body > header", "main", "body > footer", "h1", "title"] {
        assert_eq!(all(&html, one).len(), 1, "{one}");
    }
}

#[test]
fn the_figures_are_those_of_the_report() {
    let html = read(&sample::rich(14));
    let head = text(&html, "body > header");
    for told in [
        "Sunday, 22 November 2026, 10:01 to 11:23",
        "Europe/Berlin (UTC+01:00)",
        "hosted by Ada Lovelace",
        "1 h 22 min",
        "Feedback is still open",
        "Pricing stays open",
    ] {
        assert!(head.contains(told), "{told} is not in {head}");
    }
    let lost = text(&html, "#effectiveness .lead");
    assert!(lost.contains("78.7 of 100") && lost.contains("participation (7.3 points"), "{lost}");
    let connections = "Connections91 %of minutes fair or better";
    assert!(head.contains(connections), "{head}");
    assert!(text(&html, "#effectiveness tbody").contains("Quality1091 %"), "the same");
    assert!(text(&html, "#actions").contains("Grace Hopper2026-11-25"));
    assert!(text(&html, "#agenda table").contains("Launch date10:1420 min29 min+8 min 30 s"));
    assert!(text(&html, "#polls").contains("14 December"));
    assert!(text(&html, "#feedback .lead").contains("9 ratings, 3.9 of 5"));
    assert!(text(&html, "#method").contains("1 participant is left out"));
}

#[test]
fn how_it_was_measured_is_said_as_it_was() {
    let mut report = sample::rich(3);
    let told = |report: &Report| text(&read(report), "#method");
    let said = told(&report);
    for sentence in [
        "as their clients, bots that listen or the media server told",
        "where one reports nothing, from the round trip of the server’s pings",
        "half of the points for three in every 30 minutes present, at least three",
        "1 participant is left out of this report.",
    ] {
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
    report.excluded = 0;
    assert!(told(&report).contains("Nobody is left out of this report."));
    report.totals.talk_seconds = Some(0);
    assert!(text(&read(&report), "#talk").contains("Nobody spoke, as far as anyone told."));
}

#[test]
fn a_meeting_without_anything_says_so_in_each_section() {
    let html = read(&sample::empty());
    assert!(all(&html, "figure, svg[role=img]").is_empty());
    for section in all(&html, "main section") {
        let id = section.attr("id").unwrap();
        let said = text(&html, &format!("#{id} .empty"));
        assert!(id == "method" || said.ends_with('.'), "{id}: {said:?}");
    }
}

#[test]
fn what_people_wrote_is_text_wherever_it_stands() {
    let mut report = sample::rich(3);
    report.meeting.title = HOSTILE.into();
    report.meeting.host = Some(HOSTILE.into());
    report.meeting.time_zone = Some(HOSTILE.into());
    report.summary = Some(HOSTILE.into());
    report.participants.iter_mut().for_each(|person| person.name = HOSTILE.into());
    report.agenda.iter_mut().for_each(|item| item.title = HOSTILE.into());
    report.decisions.iter_mut().for_each(|decision| decision.text = HOSTILE.into());
    report.actions.iter_mut().for_each(|action| action.text = HOSTILE.into());
    report.rooms.iter_mut().for_each(|room| room.name = HOSTILE.into());
    report.effectiveness.components[0].key = HOSTILE.into();
    report.effectiveness.components[5].why = Some(HOSTILE.into());
    report.effectiveness.losses = vec![HOSTILE.into()];
    for poll in &mut report.polls {
        poll.question = HOSTILE.into();
        poll.choices.iter_mut().for_each(|choice| *choice = HOSTILE.into());
    }
    report.feedback.tags.iter_mut().for_each(|tag| tag.tag = HOSTILE.into());
    report.feedback.comments = vec![FeedbackComment { participant: None, comment: HOSTILE.into() }];
    let html = read(&report);
    assert!(all(&html, "script, img, [onerror]").is_empty());
    let page = page(&report);
    assert!(!page.contains(['\u{0}', '\u{7}', '\u{202e}']));
    assert!(text(&html, "h1").starts_with("</text></svg><script>alert(1)</script>\"'><img"));
    assert!(text(&html, "#presence tbody th").contains("<script>"));
    assert!(text(&html, "#presence svg.wide text").contains("</text></svg><scr"));
}

#[test]
fn who_may_see_nobody_is_told_who_may() {
    let mut report = sample::rich(14);
    report.participants.clear();
    (report.scoring.engagement_version, report.scoring.quality_version) = (7, 8);
    let html = read(&report);
    let method = text(&html, "#method");
    for version in [
        "discussion (everyone is to speak). The version of the formula is 7.",
        "poor below. The version of the formula is 8.",
    ] {
        assert!(method.contains(version), "{method}");
    }
    for section in ["presence", "talk", "engagement"] {
        let said = text(&html, &format!("#{section} .empty"));
        assert!(said.contains("report.individual"), "{section}: {said}");
    }
    assert_eq!(shapes(&html, "engagement") + shapes(&html, "talk"), 0);
    assert!(shapes(&html, "presence") > 0, "how many were there is still shown");
    assert!(text(&html, "#actions").contains("Grace Hopper2026-11-25"), "as the host is");
}

#[test]
fn what_is_not_measured_or_not_asked_is_said() {
    let mut report = sample::rich(3);
    report.totals.talk_seconds = None;
    report.privacy.talk_time = false;
    report.privacy.names_in_reports = false;
    report.privacy.retention_days = Some(30);
    report.r#final = false;
    report.feedback.mode = FeedbackMode::Off;
    let quality = &mut report.effectiveness.components[5];
    (quality.available, quality.x, quality.points) = (false, None, 0.0);
    quality.why = Some("no connection was measured".into());
    report.participants.iter_mut().for_each(|person| person.talk_seconds = None);
    report.course.iter_mut().for_each(|slice| slice.talk_seconds = None);
    let html = read(&report);
    assert!(text(&html, "#talk").contains("not measured"));
    assert!(text(&html, "#effectiveness table").contains("Does not apply: no connection was"));
    assert!(text(&html, "#effectiveness svg.wide text").contains("does not apply"));
    assert!(!text(&html, "#course h3").contains("Talk"));
    assert!(text(&html, "#course td").contains("not measured"));
    assert!(text(&html, "#feedback").contains("not asked"));
    assert!(text(&html, "header").contains("the meeting is not over"));
    assert!(text(&html, "#method").contains("deleted 30 days after"));
    assert!(text(&html, "#method").contains("Names are not shown"));
}

#[test]
fn a_thousand_people_fit_and_all_are_in_the_table() {
    let report = sample::rich(1_000);
    let size = page(&report).len();
    assert!(size < 2_000_000, "{size} bytes");
    let html = read(&report);
    assert_eq!(all(&html, "#presence figure:first-of-type tbody tr").len(), 1_000);
    // 40, 40 and 20 rows, so that none is broken between pages.
    assert_eq!(all(&html, "#presence .drawing svg.wide").len(), 3);
    assert!(text(&html, "#presence .note").contains("first 100 of 1,000"));
    assert!(text(&html, "#talk svg.wide text").contains("976 others together"));
}

#[test]
fn figures_that_make_no_sense_do_no_harm() {
    let mut report = sample::rich(3);
    report.as_of = Timestamp(0);
    report.slice_seconds = 0;
    report.totals.engagement = Some(f64::NAN);
    report.effectiveness.score = Some(f64::INFINITY);
    report.effectiveness.components[0].points = f64::NAN;
    report.effectiveness.components[1].weight = f64::INFINITY;
    report.course[0].present = -1e300;
    report.course[1].present = f64::NAN;
    report.participants[0].engagement.score = f64::NAN;
    report.participants[0].present[0].to = Timestamp::LAST;
    report.participants[0].present[0].from = Timestamp::FIRST;
    report.participants[1].present[0].room = Some(RoomId(99));
    report.polls[0].counts = vec![u32::MAX, 0];
    report.feedback.counts = vec![9];
    let html = read(&report);
    let shown = text(&html, "main");
    let odd = |word: &&str| ["NaN", "inf", "-inf"].contains(word);
    assert_eq!(shown.split(|c: char| !c.is_alphabetic() && c != '-').find(odd), None);
    assert!(text(&html, "#presence table").contains("another room"));
}

#[test]
fn each_room_has_its_number_wherever_it_stands() {
    let mut report = sample::rich(3);
    report.rooms = (1..=13)
        .map(|id| ReportRoom {
            room: RoomId(id * 10),
            name: if id == 2 { "الاستقبال".into() } else { format!("Team {id}") },
            participants: 3,
            present_seconds: 60,
        })
        .collect();
    report.participants[0].present[0].room = Some(RoomId(130));
    let html = read(&report);
    let legend = all(&html, "#presence .legend li");
    let entries: Vec<String> = legend.iter().map(|it| it.text().collect()).collect();
    assert_eq!((entries.len(), entries[0].as_str()), (12, "Main room"));
    assert_eq!((entries[1].as_str(), entries[11].as_str()), ("1 Team 1", "11 Team 11"));
    // The number is outside of what has a direction of its own.
    assert_eq!(all(&html, "#presence .legend bdi")[1].inner_html(), "الاستقبال");
    assert_eq!(text(&html, "#presence .note"), "And 2 more, see “Breakout rooms”.");
    let rooms = all(&html, "#rooms tbody th");
    let rooms: Vec<String> = rooms.iter().map(|it| it.text().collect()).collect();
    assert_eq!((rooms[1].as_str(), rooms[12].as_str()), ("2 الاستقبال", "13 Team 13"));
    assert!(text(&html, "#presence svg.wide text").contains("13"), "as on its bar");
}

#[test]
fn polls_are_told_apart_by_who_does_not_see_them() {
    let mut report = sample::rich(14);
    report.polls[1].question.clear();
    report.polls[1].voters = 2;
    let html = read(&report);
    assert!(text(&html, "#polls").contains("2 people voted, opened"));
    for (selector, attribute) in [("svg.wide", "aria-label"), (".scroll", "aria-label")] {
        let named = all(&html, &format!("#polls {selector}"));
        let named: Vec<_> = named.iter().filter_map(|it| it.attr(attribute)).collect();
        assert!(named[0].ends_with("of “When do we launch?”"), "{named:?}");
        assert!(named[1].ends_with("of a question that was deleted"), "{named:?}");
    }
}

#[test]
fn a_stretch_that_reads_as_none_is_left_out() {
    let mut report = sample::rich(3);
    let at = |seconds: i64| report.as_of.plus_ms((seconds - 1_000) * 1_000);
    let span = |from, to| ReportSpan { from: at(from), to: at(to), room: None };
    // It ended at 11:23; 11:06:20 is a thousand seconds before.
    let (first, second) = (vec![span(0, 20), span(30, 700), span(710, 725)], vec![span(0, 20)]);
    (report.participants[0].present, report.participants[1].present) = (first, second);
    let html = read(&report);
    let when = all(&html, "#presence figure:first-of-type tbody tr td:last-child");
    let when: Vec<String> = when.iter().map(|it| it.text().collect()).collect();
    assert_eq!((when[0].as_str(), when[1].as_str()), ("11:06–11:18", "11:06"));
}

#[test]
fn that_it_did_not_run_in_between_is_said() {
    let mut report = sample::rich(3);
    let told = |report: &Report| text(&read(report), ".when");
    assert!(told(&report).starts_with("Sunday, 22 November 2026, 10:01 to 11:23 · Times"));
    report.totals.live_seconds = 720;
    assert!(told(&report).contains("10:01 to 11:23, closed or empty for 1 h 10 min of it · Times"));
}

#[test]
fn how_much_could_have_been_is_seen_by_its_edge() {
    let html = read(&sample::rich(14));
    for section in ["effectiveness", "agenda", "engagement", "polls", "feedback"] {
        let filled = |ink: Ink| {
            all(&html, &format!("#{section} svg.wide rect[fill=\"{}\"]", ink.hex())).len()
        };
        assert!(filled(Ink::Track) > 0, "{section}");
        assert_eq!(filled(Ink::Track), filled(Ink::Edge), "{section}");
    }
    assert_eq!(all(&html, "#agenda .swatch rect[stroke]").len(), 1, "in the legend too");
}
