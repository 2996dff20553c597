//! Time on the wire: UTC with milliseconds, RFC 3339.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant, in milliseconds since 1970 (UTC); `2026-11-22T10:00:00.123Z` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The first instant that can be written: the year 0.
    pub const FIRST: Timestamp = Timestamp(-62_167_219_200_000);
    /// The last instant that can be written: the end of the year 9999.
    pub const LAST: Timestamp = Timestamp(253_402_300_799_999);

    /// The instant `ms` milliseconds later, or the first or last that can be written: what is reckoned can be
    /// read again.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms)).clamp(Timestamp::FIRST, Timestamp::LAST)
    }

    /// The instant `seconds` later.
    #[must_use]
    pub fn plus_seconds(self, seconds: u32) -> Timestamp {
        self.plus_ms(i64::from(seconds) * 1000)
    }

    /// Milliseconds from `earlier` to here; 0 when `earlier` is later.
    #[must_use]
    pub fn ms_since(self, earlier: Timestamp) -> u64 {
        u64::try_from(self.0 - earlier.0).unwrap_or(0)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Timestamp(at.timestamp_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Beyond chrono's years (±262,000) there is nothing sensible to print.
        let at = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC);
        f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Not a time as in `2026-11-22T10:00:00Z`, or one outside the years 0 to 9999 of UTC, which could not be
/// written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidTimestamp;

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a time as in 2026-11-22T10:00:00Z, with its zone")
    }
}

impl std::error::Error for InvalidTimestamp {}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTimestamp)?.to_utc();
        // A leap second is the next one.
        let at = Timestamp::from(at);
        let writable = Timestamp::FIRST..=Timestamp::LAST;
        if writable.contains(&at) { Ok(at) } else { Err(InvalidTimestamp) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "UTC with milliseconds, RFC 3339."
        })
    }
}

/// A calendar day, as people write it down; `2026-11-22` on the wire. No time, no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

/// Not a day as in `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidDate;

impl fmt::Display for InvalidDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a day as in 2026-11-22")
    }
}

impl std::error::Error for InvalidDate {}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = Date(text.parse().map_err(|_| InvalidDate)?);
        // There is one way to write a day: no sign, no blanks, no missing zeros.
        if text.len() == 10 && day.to_string() == text { Ok(day) } else { Err(InvalidDate) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date", "description": "A calendar day." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_utc_with_milliseconds_and_read_with_any_zone() {
        let at: Timestamp = serde_json::from_str(r#""2026-11-22T11:00:00.1234+01:00""#).unwrap();
        assert_eq!(serde_json::to_string(&at).unwrap(), r#""2026-11-22T10:00:00.123Z""#);
        for wrong in [
            "2026-11-22T10:00:00",
            "9999-12-31T23:59:59-12:00",
            "9999-12-31T23:59:60Z",
            "0000-01-01T00:00:00+12:00",
            "soon",
        ] {
            assert!(wrong.parse::<Timestamp>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_reckoned_can_be_read_again() {
        for (end, text) in [
            (Timestamp::FIRST, "0000-01-01T00:00:00.000Z"),
            (Timestamp::LAST, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(end.to_string(), text);
            for beyond in [-1, 1, i64::MIN, i64::MAX] {
                let reckoned = end.plus_ms(beyond);
                assert_eq!(reckoned.to_string().parse(), Ok(reckoned), "{end} {beyond}");
            }
        }
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        let day: Date = serde_json::from_str(r#""2028-02-29""#).unwrap();
        assert_eq!(serde_json::to_string(&day).unwrap(), r#""2028-02-29""#);
        for wrong in ["2026-02-29", "2026-1-05", " 2026-01-05", "+2026-01-05", "10000-01-01", ""] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }
}
