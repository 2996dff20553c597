//! Content lines of RFC 5545: a name, parameters, a value; folded, with CRLF.

use chrono::NaiveDateTime;

/// Octets of a line before it is folded, its CRLF not counted.
const LINE_OCTETS: usize = 75;

/// The lines of a file, written one after the other.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    pub(super) fn begin(&mut self, component: &str) {
        self.raw("BEGIN", component);
    }

    pub(super) fn end(&mut self, component: &str) {
        self.raw("END", component);
    }

    /// A value that is not text: a date, a rule, an address.
    pub(super) fn raw(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{}", one_line(value)));
    }

    /// A text: commas, semicolons, backslashes and line breaks are written as RFC 5545 wants them.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{}", escaped(value)));
    }

    /// A name with parameters, and a value that is not text.
    pub(super) fn with(&mut self, name: &str, parameters: &[(&str, &str)], value: &str) {
        let mut line = name.to_owned();
        for (key, value) in parameters {
            // Quoted, so that a comma or colon in a name is one; a quote has no way to be written.
            let plain = value.chars().all(|it| it.is_ascii_alphanumeric() || "/_+-".contains(it));
            let value = one_line(value).replace('"', "'");
            line += &if plain { format!(";{key}={value}") } else { format!(";{key}=\"{value}\"") };
        }
        self.line(&format!("{line}:{}", one_line(value)));
    }

    /// Folds between characters, never within one.
    fn line(&mut self, line: &str) {
        let mut octets = 0;
        for character in line.chars() {
            if octets + character.len_utf8() > LINE_OCTETS {
                self.0 += "\r\n ";
                octets = 1;
            }
            self.0.push(character);
            octets += character.len_utf8();
        }
        self.0 += "\r\n";
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// A wall-clock time.
pub(super) fn local(wall: NaiveDateTime) -> String {
    wall.format("%Y%m%dT%H%M%S").to_string()
}

/// An instant.
pub(super) fn zulu(utc: NaiveDateTime) -> String {
    format!("{}Z", local(utc))
}

/// Nothing that is written may begin a line of its own.
fn one_line(value: &str) -> String {
    value.chars().filter(|it| !it.is_control()).collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '\\' | ',' | ';' => escaped.extend(['\\', character]),
            '\n' => escaped += "\\n",
            '\t' => escaped.push(' '),
            _ if character.is_control() => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_folded_at_75_octets_and_never_within_a_character() {
        let mut lines = Lines::default();
        lines.text("SUMMARY", &"ä😀".repeat(60));
        let text = lines.finish();
        assert!(text.ends_with("\r\n"));
        assert!(
            text.lines()
                .all(|it| it.len() <= 75 && it.len() > 70 || text.ends_with(&format!("{it}\r\n")))
        );
        assert_eq!(text.replace("\r\n ", ""), format!("SUMMARY:{}\r\n", "ä😀".repeat(60)));
        let mut lines = Lines::default();
        lines.raw("X", &"a".repeat(73));
        lines.raw("X", &"a".repeat(74));
        assert_eq!(lines.finish(), format!("X:{0}\r\nX:{0}\r\n a\r\n", "a".repeat(73)));
    }

    #[test]
    fn no_text_can_leave_its_place() {
        let mut lines = Lines::default();
        lines.text("SUMMARY", "a,b;c\\d\r\nEND:VEVENT\ne\u{0}\u{7f}");
        lines.raw("URL", "https://x/\r\nEND:VEVENT");
        lines.with("CONTACT", &[("CN", "Ada \"x\", y;z:\n")], "mailto:a@b");
        assert_eq!(
            lines.finish(),
            "SUMMARY:a\\,b\\;c\\\\d\\nEND:VEVENT\\ne\r\nURL:https://x/END:VEVENT\r\n\
             CONTACT;CN=\"Ada 'x', y;z:\":mailto:a@b\r\n"
        );
    }
}
