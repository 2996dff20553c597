//! How a series of meetings repeats.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How a series repeats, from its `starts_at` on, by the wall clock of its `time_zone`. The start must match
/// the rule. Without `count` and `until` it has no end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recurrence {
    /// The kind of rule.
    pub pattern: RecurrencePattern,
    /// Every how many days, weeks or months: 1 to 400. A custom rule says it by `INTERVAL` instead.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 400))]
    pub interval: u16,
    /// Weekly: on which days, each once; without any, the weekday of the start. A week begins on Monday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// Monthly: on which day, 1 to 31; without it, that of the start. Months that have no such day are skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 31))]
    pub month_day: Option<u8>,
    /// Custom: an RFC 5545 rule, with or without `RRULE:`, of `FREQ` daily or slower, at most 500 characters;
    /// `COUNT` and `UNTIL` may stand inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// How many occurrences there are: 1 to 1000, the first included. Not with `until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub count: Option<u32>,
    /// The last instant at which an occurrence may start. Not with `count`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

fn one() -> u16 {
    1
}

impl Recurrence {
    /// The rule of this kind that says nothing else: every day, week or month, without an end.
    #[must_use]
    pub fn every(pattern: RecurrencePattern) -> Recurrence {
        Recurrence {
            pattern,
            interval: 1,
            weekdays: Vec::new(),
            month_day: None,
            rrule: None,
            count: None,
            until: None,
        }
    }

    /// What an RFC 5545 rule says.
    #[must_use]
    pub fn custom(rrule: impl Into<String>) -> Recurrence {
        Recurrence { rrule: Some(rrule.into()), ..Recurrence::every(RecurrencePattern::Custom) }
    }
}

/// The kinds of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecurrencePattern {
    /// Every `interval` days.
    Daily,
    /// Every `interval` weeks, on `weekdays`.
    Weekly,
    /// Every `interval` months, on `month_day`.
    Monthly,
    /// By `rrule`.
    Custom,
}

/// A day of the week, as RFC 5545 has it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Weekday {
    /// Monday.
    #[serde(rename = "MO")]
    Monday,
    /// Tuesday.
    #[serde(rename = "TU")]
    Tuesday,
    /// Wednesday.
    #[serde(rename = "WE")]
    Wednesday,
    /// Thursday.
    #[serde(rename = "TH")]
    Thursday,
    /// Friday.
    #[serde(rename = "FR")]
    Friday,
    /// Saturday.
    #[serde(rename = "SA")]
    Saturday,
    /// Sunday.
    #[serde(rename = "SU")]
    Sunday,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_with_what_goes_without_saying_and_refuses_what_it_does_not_know() {
        let weekly: Recurrence =
            serde_json::from_str(r#"{"pattern":"weekly","weekdays":["MO","FR"],"count":5}"#)
                .unwrap();
        assert_eq!((weekly.interval, weekly.count), (1, Some(5)));
        let again = serde_json::to_string(&weekly).unwrap();
        assert_eq!(again, r#"{"pattern":"weekly","interval":1,"weekdays":["MO","FR"],"count":5}"#);
        for wrong in [
            r#"{"pattern":"hourly"}"#,
            r#"{"pattern":"daily","every":2}"#,
            r#"{"pattern":"daily","interval":-1}"#,
            r#"{"pattern":"weekly","weekdays":["Monday"]}"#,
            r#"{"pattern":"daily","until":"2026-12-31"}"#,
        ] {
            assert!(serde_json::from_str::<Recurrence>(wrong).is_err(), "{wrong}");
        }
    }
}
