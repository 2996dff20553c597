//! Words and numbers as the page writes them. What people wrote is plain text everywhere: the templates
//! escape it, and here it loses what could write over its neighbours.

use maud::{Markup, html};

/// A space that does not break, between a number and its unit.
pub(super) const NB: char = '\u{a0}';

/// Text of people without control characters and without the marks that reorder the text after them; lines
/// stay lines.
fn harmless(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' => Some(c),
        '\t' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        c if c.is_control() => None,
        c => Some(c),
    };
    text.chars().filter_map(harmless).collect()
}

/// Text of people in one line, for where there is no markup: charts, labels.
pub(super) fn line(text: &str) -> String {
    harmless(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text of people in one line, or a word for what was deleted; its direction is its own.
pub(super) fn said(text: &str) -> Markup {
    let text = line(text);
    html! { @if text.is_empty() { span.muted { "(deleted)" } } @else { bdi { (text) } } }
}

/// Text of people with its lines.
pub(super) fn written(text: &str) -> Markup {
    let text = harmless(text);
    let text = text.trim();
    html! { @if text.is_empty() { span.muted { "(deleted)" } } @else { span.written dir="auto" { (text) } } }
}

/// A component's name as people write it.
pub(super) fn name(key: &str) -> String {
    let key = line(key).replace('_', " ");
    let mut letters = key.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `1,234`.
pub(super) fn count(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 person`, `2 people`.
pub(super) fn counted(number: impl Into<u64>, one: &str, many: &str) -> String {
    let number = number.into();
    format!("{}{NB}{}", count(number), if number == 1 { one } else { many })
}

/// A score or points, with one decimal.
pub(super) fn score(number: f64) -> String {
    format!("{:.1}", finite(number))
}

/// A score in the large: without decimals.
pub(super) fn whole(number: f64) -> String {
    format!("{:.0}", finite(number))
}

/// A share of 0 to 1 as `62 %`; what is little is not nothing, and nearly all is not all.
pub(super) fn percent(share: f64) -> String {
    match finite(share) * 100.0 {
        little if little > 0.0 && little <= 0.5 => format!("<1{NB}%"),
        much if (99.5..100.0).contains(&much) => format!(">99{NB}%"),
        percent => format!("{:.0}{NB}%", percent.round()),
    }
}

/// What part is of the whole; none of nothing.
pub(super) fn share(part: impl Into<f64>, whole: impl Into<f64>) -> Option<f64> {
    let whole = whole.into();
    (whole > 0.0).then(|| finite(part.into() / whole))
}

/// A number to draw and to print: what is none is 0; minus zero is zero.
pub(super) fn finite(number: f64) -> f64 {
    if number.is_finite() { number + 0.0 } else { 0.0 }
}

/// `45 s`, `4 min 30 s`, `23 min`, `1 h 23 min`.
pub(super) fn duration(seconds: u64) -> String {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    let rounded = (seconds + 30) / 60;
    match seconds {
        0..60 => format!("{seconds}{NB}s"),
        60..600 if rest == 0 => format!("{minutes}{NB}min"),
        60..600 => format!("{minutes}{NB}min{NB}{rest}{NB}s"),
        _ if rounded < 60 => format!("{rounded}{NB}min"),
        _ if rounded.is_multiple_of(60) => format!("{}{NB}h", count(rounded / 60)),
        _ => format!("{}{NB}h{NB}{}{NB}min", count(rounded / 60), rounded % 60),
    }
}

/// A duration, or that nobody measured it.
pub(super) fn measured(seconds: Option<u64>) -> Markup {
    html! { @if let Some(seconds) = seconds { (duration(seconds)) } @else { span.muted { "not measured" } } }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_to_what_one_would_say() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (270, "4 min 30 s"),
            (600, "10 min"),
            (1_409, "23 min"),
            (3_599, "1 h"),
            (4_980, "1 h 23 min"),
            (3_600_000, "1,000 h"),
        ] {
            assert_eq!(duration(seconds).replace(NB, " "), text);
        }
    }

    #[test]
    fn numbers_are_grouped_and_what_is_no_number_is_nought() {
        assert_eq!(count(1_234_567_u64), "1,234,567");
        assert_eq!(count(999_u32), "999");
        assert_eq!(counted(1_u32, "person", "people").replace(NB, " "), "1 person");
        assert_eq!(score(f64::NAN), "0.0");
        assert_eq!(score(-0.0), "0.0");
        assert_eq!(share(1.0, 0.0), None);
        assert_eq!(
            [0.0, 0.001, 0.005, 0.125, 0.62, 0.994, 0.996, 1.0]
                .map(percent)
                .join(" ")
                .replace(NB, ""),
            "0% <1% <1% 13% 62% 99% >99% 100%"
        );
    }

    #[test]
    fn what_people_wrote_cannot_write_over_its_neighbours() {
        assert_eq!(line("a\u{202e}b\u{7}c\n d\u{2066}"), "abc d");
        assert_eq!(said("<b>&\"'").into_string(), "<bdi>&lt;b&gt;&amp;&quot;'</bdi>");
        assert!(said("\u{0}").into_string().contains("(deleted)"));
    }
}
