//! Calendar files, as text. What other programs make of them: `tests/calendar/`.

use quorate_protocol::{MeetingId, Recurrence, RecurrencePattern};

use super::{at, custom, every, series};
use crate::schedule::calendar::{
    Attendee, Calendar, Change, Details, Event, Person, Status, When, write,
};
use crate::schedule::{Invalid, Series};

const FILE: Calendar<'static> = Calendar { host: "meet.example", feed: None };

fn details(title: &str) -> Details<'_> {
    Details {
        title,
        description: None,
        status: Status::Confirmed,
        sequence: 3,
        updated_at: at("2026-01-02T03:04:05.678Z"),
    }
}

fn event(when: When<'_>) -> Event<'_> {
    let details = details("Stand-up");
    Event { id: MeetingId(42), when, details, url: None, host: None, attendees: Vec::new() }
}

fn of_series<'a>(series: &'a Series, changes: Vec<Change<'a>>) -> String {
    write(&FILE, &[event(When::Series { series, changes })]).unwrap()
}

fn zone_of(series: &Series) -> String {
    let text = of_series(series, Vec::new());
    let begin = text.find("BEGIN:VTIMEZONE").unwrap();
    text[begin..text.find("BEGIN:VEVENT").unwrap()].to_owned()
}

#[test]
fn a_meeting_that_takes_place_once() {
    let when = When::Once {
        starts_at: at("2026-01-07T09:00Z"),
        ends_at: Some(at("2026-01-07T10:00Z")),
        time_zone: None,
    };
    let ada = Person { name: "Ada, Countess", email: Some("ada@example.org") };
    let ben = Person { name: "Ben", email: None };
    let event = Event {
        details: Details {
            description: Some("Bring:\n- tea; milk"),
            status: Status::Tentative,
            ..details("Stand-up")
        },
        url: Some("https://meet.example/abc-defg-hij"),
        host: Some(ada),
        attendees: vec![
            Attendee { person: ada, required: true },
            Attendee { person: ben, required: false },
        ],
        ..event(when)
    };
    let expected = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Quorate//Quorate//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        "UID:meeting-42@meet.example",
        "DTSTAMP:20260102T030405Z",
        "LAST-MODIFIED:20260102T030405Z",
        "SEQUENCE:3",
        "DTSTART:20260107T090000Z",
        "DTEND:20260107T100000Z",
        "SUMMARY:Stand-up",
        "DESCRIPTION:Bring:\\n- tea\\; milk",
        "STATUS:TENTATIVE",
        "URL:https://meet.example/abc-defg-hij",
        "ORGANIZER;CN=\"Ada, Countess\":mailto:ada@example.org",
        "ATTENDEE;CN=\"Ada, Countess\";ROLE=REQ-PARTICIPANT:mailto:ada@example.org",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    let text = write(&FILE, std::slice::from_ref(&event)).unwrap();
    assert_eq!(text.split("\r\n").collect::<Vec<_>>(), expected);
    // Without an address, the name alone.
    let text = write(&FILE, &[Event { host: Some(ben), ..event }]).unwrap();
    assert!(text.contains("\r\nCONTACT:Ben\r\n") && !text.contains("ORGANIZER"));
}

#[test]
fn a_series_with_what_differs_from_it() {
    let recurrence = Recurrence { count: Some(9), ..every(RecurrencePattern::Weekly) };
    let series = series("Europe/Berlin", "2026-03-18T09:00Z", &recurrence);
    let cancelled = Details { status: Status::Cancelled, ..details("Stand-up") };
    let moved = Details { sequence: 1, ..details("Longer") };
    let change = |original: &str, details| Change {
        original_start: at(original),
        starts_at: at("2026-04-02T12:00Z"),
        ends_at: Some(at("2026-04-02T14:00Z")),
        details,
    };
    let changes = vec![
        change("2026-03-25T09:00Z", cancelled),
        change("2026-04-01T08:00Z", moved),
        change("2026-04-01T08:01Z", moved),
    ];
    let text = of_series(&series, changes);
    let lines: Vec<_> = text.split("\r\n").collect();
    let events: Vec<_> = lines.split(|it| *it == "BEGIN:VEVENT").collect();
    assert_eq!(events.len(), 3, "what is no occurrence is passed over");
    assert_eq!(
        events[1][4..8],
        [
            "DTSTART;TZID=Europe/Berlin:20260318T100000",
            "DURATION:PT1H",
            "RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=9",
            "EXDATE;TZID=Europe/Berlin:20260325T100000",
        ]
    );
    assert_eq!(
        events[2][3..8],
        [
            "SEQUENCE:3",
            "RECURRENCE-ID;TZID=Europe/Berlin:20260401T100000",
            "DTSTART;TZID=Europe/Berlin:20260402T140000",
            "DTEND;TZID=Europe/Berlin:20260402T160000",
            "SUMMARY:Longer",
        ]
    );
}

#[test]
fn until_is_the_last_start_and_a_feed_says_when_to_ask_again() {
    let until = Some(at("2026-04-03T12:34:56Z"));
    let daily = Recurrence { until, ..every(RecurrencePattern::Daily) };
    let series = series("America/New_York", "2026-03-01T14:30Z", &daily);
    assert!(of_series(&series, vec![]).contains("RRULE:FREQ=DAILY;UNTIL=20260402T133000Z\r\n"));
    let feed = Calendar { feed: Some("Ada, at work"), ..FILE };
    let text = write(&feed, &[]).unwrap();
    for line in
        ["NAME:Ada\\, at work", "REFRESH-INTERVAL;VALUE=DURATION:PT60M", "X-PUBLISHED-TTL:PT60M"]
    {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{text}");
    }
}

#[test]
fn a_time_that_the_clock_skips_is_written_as_the_rule_has_it() {
    let series = series("Europe/Berlin", "2026-03-28T01:30Z", &every(RecurrencePattern::Daily));
    let cancelled = Change {
        original_start: at("2026-03-29T01:30Z"),
        starts_at: at("2026-03-29T01:30Z"),
        ends_at: None,
        details: Details { status: Status::Cancelled, ..details("") },
    };
    assert!(
        of_series(&series, vec![cancelled])
            .contains("EXDATE;TZID=Europe/Berlin:20260329T023000\r\n")
    );
    let first = custom("Europe/Berlin", "2026-03-29T01:30Z", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30");
    assert!(of_series(&first, vec![]).contains("DTSTART;TZID=Europe/Berlin:20260329T023000\r\n"));
}

#[test]
fn the_second_of_two_times_is_said_in_utc() {
    let when = When::Once {
        starts_at: at("2026-10-25T00:30Z"),
        ends_at: Some(at("2026-10-25T01:30Z")),
        time_zone: Some("Europe/Berlin"),
    };
    let text = write(&FILE, &[event(when)]).unwrap();
    assert!(
        text.contains("DTSTART;TZID=Europe/Berlin:20261025T023000\r\nDTEND:20261025T013000Z\r\n")
    );
}

#[test]
fn zones_are_said_by_rules_where_they_have_rules_and_listed_else() {
    let endless =
        |zone: &str| zone_of(&series(zone, "2026-06-01T09:00Z", &every(RecurrencePattern::Weekly)));
    let berlin = endless("Europe/Berlin");
    let rules: Vec<_> = berlin.lines().filter(|it| it.starts_with("RRULE")).collect();
    let expected =
        ["RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"];
    assert_eq!(rules, expected);
    assert!(berlin.contains(
        "DTSTART:20270328T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST"
    ));
    assert!(endless("America/New_York").contains("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"));
    assert!(
        endless("Asia/Jerusalem").contains("BYMONTH=3;BYMONTHDAY=23,24,25,26,27,28,29;BYDAY=FR")
    );
    // No changes, and changes by the moon.
    assert_eq!(endless("Asia/Kolkata").matches("BEGIN:STANDARD").count(), 1);
    let casablanca = endless("Africa/Casablanca");
    assert!(!casablanca.contains("RRULE") && casablanca.matches("TZNAME").count() > 100);
    let recurrence = Recurrence { count: Some(45), ..every(RecurrencePattern::Weekly) };
    let short = zone_of(&series("Europe/Berlin", "2026-06-01T09:00Z", &recurrence));
    assert!(!short.contains("RRULE") && short.matches("TZNAME").count() == 3, "{short}");
}

#[test]
fn a_zone_is_written_once_and_one_that_does_not_exist_is_refused() {
    let once = |time_zone| When::Once {
        starts_at: at("2026-01-07T09:00Z"),
        ends_at: None,
        time_zone: Some(time_zone),
    };
    let text =
        write(&FILE, &[event(once("Asia/Tokyo")), event(once("Asia/Tokyo")), event(once("UTC"))])
            .unwrap();
    assert_eq!(text.matches("BEGIN:VTIMEZONE").count(), 1);
    assert_eq!(text.matches("DTSTART;TZID=Asia/Tokyo:20260107T180000").count(), 2);
    assert_eq!(text.matches("DTSTART:20260107T090000Z").count(), 1);
    assert_eq!(write(&FILE, &[event(once("Mars/Base"))]).unwrap_err(), Invalid::Zone);
}
