//! Values as the older application wrote them, and as they are written here.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use quorate_protocol::Timestamp;
use rusqlite::types::ValueRef;
use serde_json::{Value as Json, json};

/// Years that can be written.
const YEARS: std::ops::RangeInclusive<i32> = 0..=9999;

/// What was read of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read<T> {
    /// Null.
    Nothing,
    /// It is this.
    Is(T),
    /// It is something that cannot be read.
    Odd,
}

/// A time. One without a zone is UTC, as SQLAlchemy writes them.
pub(super) fn time(value: ValueRef<'_>) -> Read<Timestamp> {
    match value {
        ValueRef::Null => Read::Nothing,
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes).ok();
            text.and_then(|text| parsed(text.trim())).map_or(Read::Odd, Read::Is)
        }
        _ => Read::Odd,
    }
}

fn parsed(text: &str) -> Option<Timestamp> {
    let at = naive(text).map(|naive| naive.and_utc()).or_else(|| zoned(text))?;
    YEARS.contains(&at.year()).then(|| at.into())
}

fn naive(text: &str) -> Option<NaiveDateTime> {
    let formats =
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    let at = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    at.or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))
}

fn zoned(text: &str) -> Option<DateTime<Utc>> {
    let spaced = || DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").ok();
    DateTime::parse_from_rfc3339(text).ok().or_else(spaced).map(|at| at.to_utc())
}

/// A text; what is none is written out, what is not UTF-8 is made so.
pub(super) fn text(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
        ValueRef::Integer(value) => Some(value.to_string().into()),
        ValueRef::Real(value) => Some(value.to_string().into()),
    }
}

/// Whether a value is text as it can be read again.
pub(super) fn is_text(value: ValueRef<'_>) -> bool {
    matches!(value, ValueRef::Text(bytes) if std::str::from_utf8(bytes).is_ok())
}

/// Yes or no, as the many ways of writing it have it.
pub(super) fn flag(value: ValueRef<'_>) -> Read<bool> {
    let word = match value {
        ValueRef::Null => return Read::Nothing,
        ValueRef::Integer(value) => return Read::Is(value != 0),
        value => text(value).unwrap_or_default().trim().to_lowercase(),
    };
    match &*word {
        "1" | "t" | "true" | "y" | "yes" | "on" => Read::Is(true),
        "0" | "f" | "false" | "n" | "no" | "off" => Read::Is(false),
        _ => Read::Odd,
    }
}

/// A status, without regard to case and blanks around it.
pub(super) fn status(value: ValueRef<'_>) -> String {
    text(value).unwrap_or_default().trim().to_lowercase()
}

/// A value as JSON, from which it can be had again: what is no JSON stands as hexadecimal digits.
pub(super) fn json(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(value) => value.into(),
        ValueRef::Real(value) if value.is_finite() => value.into(),
        ValueRef::Real(value) => json!({ "real": value.to_string() }),
        ValueRef::Blob(bytes) => json!({ "blob": hex(bytes) }),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => json!({ "text": hex(bytes) }),
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // A string takes all that is written to it.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_were_written_and_are_utc_without_a_zone() {
        for (typed, written) in [
            ("2024-06-03 07:55:01.000412", "2024-06-03T07:55:01.000Z"),
            ("2024-02-14 12:30:59.999999", "2024-02-14T12:30:59.999Z"),
            ("2024-06-03 07:55:01", "2024-06-03T07:55:01.000Z"),
            ("2024-06-03T07:55:01.5", "2024-06-03T07:55:01.500Z"),
            ("2024-06-03T07:55:01Z", "2024-06-03T07:55:01.000Z"),
            ("2024-06-03 09:55:01+02:00", "2024-06-03T07:55:01.000Z"),
            ("2024-06-03 09:55:01.25 +0200", "2024-06-03T07:55:01.250Z"),
            (" 2024-06-03 07:55 ", "2024-06-03T07:55:00.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
        ] {
            let Read::Is(at) = time(ValueRef::Text(typed.as_bytes())) else { panic!("{typed}") };
            assert_eq!(at.to_string(), written, "{typed}");
        }
        assert_eq!(time(ValueRef::Null), Read::Nothing);
        for typed in
            ["", "soon", "2023-02-29 10:00:00", "2024-06-03 25:00:00", "10000-01-01", "\u{661}"]
        {
            assert_eq!(time(ValueRef::Text(typed.as_bytes())), Read::Odd, "{typed}");
        }
        assert_eq!(time(ValueRef::Integer(1_717_401_301)), Read::Odd);
        assert_eq!(time(ValueRef::Text(&[0xFF])), Read::Odd);
    }

    #[test]
    fn flags_have_many_names() {
        for (value, is) in [("true", true), (" T ", true), ("1", true), ("no", false), ("0", false)]
        {
            assert_eq!(flag(ValueRef::Text(value.as_bytes())), Read::Is(is), "{value}");
        }
        assert_eq!(flag(ValueRef::Integer(2)), Read::Is(true));
        assert_eq!(flag(ValueRef::Text(b"perhaps")), Read::Odd);
        assert_eq!(flag(ValueRef::Null), Read::Nothing);
    }

    #[test]
    fn every_value_has_its_json() {
        assert_eq!(json(ValueRef::Blob(&[0, 255])), json!({ "blob": "00ff" }));
        assert_eq!(json(ValueRef::Text(&[0xC3])), json!({ "text": "c3" }));
        assert_eq!(json(ValueRef::Real(f64::INFINITY)), json!({ "real": "inf" }));
        assert_eq!(json(ValueRef::Real(1.5)), json!(1.5));
    }
}
