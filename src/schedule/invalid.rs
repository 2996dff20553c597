//! Why a series is refused.

use quorate_protocol::{OCCURRENCE_DAYS_MAX, RECURRENCE_COUNT, RRULE_CHARS_MAX};

/// Why there is no such series; what is to be changed stands in [`Invalid::field`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The IANA database has no such zone.
    #[error(
        "there is no time zone of this name; use one of the IANA database, such as Europe/Berlin"
    )]
    Zone,
    /// Outside the years in which a series may start.
    #[error("a series starts in the years 1970 to 9000")]
    StartYear,
    /// A start or an end within a second.
    #[error("occurrences start and end on a whole second")]
    Fraction(&'static str),
    /// An end that is not after the start.
    #[error("the end must be after the start")]
    EndsBeforeStart,
    /// An occurrence of more than [`OCCURRENCE_DAYS_MAX`] days.
    #[error("an occurrence lasts at most {OCCURRENCE_DAYS_MAX} days")]
    TooLong,
    /// The rule does not put an occurrence at the start.
    #[error("the start must be one of the rule's own times, by the wall clock of the time zone")]
    StartOffRule,
    /// The start is the second of two equal wall-clock times.
    #[error("this wall-clock time exists twice that day, and a series takes the first")]
    SecondOfTwo,
    /// An interval of none, or of more than anyone means.
    #[error("the interval is 1 to 400")]
    Interval,
    /// Something that goes with another pattern.
    #[error("this goes with the pattern {0} only")]
    OnlyWith(&'static str, &'static str),
    /// A pattern without what makes it.
    #[error("the pattern custom needs a rule as in FREQ=MONTHLY;BYDAY=1MO")]
    NoRule,
    /// A weekday named twice.
    #[error("name each weekday once")]
    Weekdays,
    /// No day of a month.
    #[error("the day of the month is 1 to 31")]
    MonthDay,
    /// Too many occurrences, or none.
    #[error(
        "the count is {} to {}, and ends within 100 years; to go on longer, say until when",
        RECURRENCE_COUNT.start(),
        RECURRENCE_COUNT.end()
    )]
    Count,
    /// Two ends.
    #[error("say either how many or until when")]
    CountAndUntil,
    /// An end before the first occurrence.
    #[error("the series would end before its first occurrence")]
    UntilBeforeStart,
    /// A rule beyond [`RRULE_CHARS_MAX`] characters.
    #[error("a rule has at most {RRULE_CHARS_MAX} characters")]
    RuleTooLong,
    /// Another property than the rule.
    #[error(
        "give one rule alone, without {0}; the start is starts_at, exceptions are made by editing occurrences"
    )]
    NotARule(&'static str),
    /// A part of a rule that is not as it should be.
    #[error("{part}: {why}")]
    Part {
        /// The name of the part, such as `BYDAY`.
        part: String,
        /// What it should be.
        why: &'static str,
    },
    /// A rule that hardly ever matches.
    #[error("this rule does not match again within ten years of the start")]
    TooRare,
    /// A rule that cannot be moved to other days, or times.
    #[error("this rule cannot be moved by that much, as {0}; give the recurrence as it should be")]
    CannotMove(&'static str),
}

impl Invalid {
    /// The field of a meeting that is to be changed, as in `recurrence.rrule`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Invalid::Zone => "time_zone",
            Invalid::StartYear
            | Invalid::StartOffRule
            | Invalid::SecondOfTwo
            | Invalid::CannotMove(_) => "starts_at",
            Invalid::EndsBeforeStart | Invalid::TooLong => "ends_at",
            Invalid::Fraction(field) | Invalid::OnlyWith(_, field) => field,
            Invalid::Interval => "recurrence.interval",
            Invalid::Weekdays => "recurrence.weekdays",
            Invalid::MonthDay => "recurrence.month_day",
            Invalid::Count => "recurrence.count",
            Invalid::CountAndUntil | Invalid::UntilBeforeStart => "recurrence.until",
            Invalid::NoRule
            | Invalid::RuleTooLong
            | Invalid::NotARule(_)
            | Invalid::Part { .. } => "recurrence.rrule",
            Invalid::TooRare => "recurrence",
        }
    }
}
