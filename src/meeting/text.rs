//! What people type: plain text, checked and kept as typed.

use quorate_protocol::{NAME_BYTES_MAX, NAME_GRAPHEMES_MAX};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::refusal::Refusal;

/// Checks a text of at most `chars_max` characters: not blank, no control or bidi-override characters.
/// Lines and tabs are allowed.
pub(super) fn check(field: &'static str, text: &str, chars_max: usize) -> Result<(), Refusal> {
    if text.chars().nth(chars_max).is_some() {
        return Err(Refusal::TooLarge { field, limit: chars_max });
    }
    if is_blank(text) {
        return Err(Refusal::Invalid { field, message: "must not be blank" });
    }
    if text.chars().any(|c| disturbs(c) && c != '\n' && c != '\t') {
        let message = "control and bidi-override characters are not allowed";
        return Err(Refusal::Invalid { field, message });
    }
    Ok(())
}

/// Bytes of a checked text within JSON, where some characters take two.
pub(super) fn json_bytes(text: &str) -> usize {
    let two = |byte: &u8| matches!(byte, b'"' | b'\\' | b'\n' | b'\t');
    text.len() + text.bytes().filter(|byte| two(byte)).count()
}

/// Like [`check`], for a text that may be absent.
pub(super) fn check_some(
    field: &'static str,
    text: Option<&str>,
    chars_max: usize,
) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| check(field, text, chars_max))
}

/// A text of one piece as it is kept: NFC, without blanks around it, checked as [`check`] does.
pub(super) fn plain(field: &'static str, typed: &str, chars_max: usize) -> Result<String, Refusal> {
    let text: String = typed.trim().nfc().collect();
    check(field, &text, chars_max)?;
    Ok(text)
}

/// A name as it is kept: NFC, without blanks around it, 1 to 80 graphemes on one line.
///
/// # Errors
/// When it is blank, too long, or has control or bidi-override characters.
pub fn name(field: &'static str, typed: &str) -> Result<String, Refusal> {
    if typed.len() > NAME_BYTES_MAX {
        return Err(Refusal::TooLarge { field, limit: NAME_GRAPHEMES_MAX });
    }
    let name: String = typed.trim().nfc().collect();
    if is_blank(&name) {
        return Err(Refusal::Invalid { field, message: "must not be blank" });
    }
    if name.chars().any(disturbs) {
        let message = "control and bidi-override characters are not allowed";
        return Err(Refusal::Invalid { field, message });
    }
    if name.graphemes(true).count() > NAME_GRAPHEMES_MAX {
        return Err(Refusal::TooLarge { field, limit: NAME_GRAPHEMES_MAX });
    }
    Ok(name)
}

/// Whether there is nothing to see: only blanks, and characters that show nothing alone.
fn is_blank(text: &str) -> bool {
    unicode_security::skeleton(text).all(|c| c.is_whitespace() || c == '\u{2800}')
}

/// An email address as it is compared: NFC, in lower case.
#[must_use]
pub fn address(typed: &str) -> String {
    typed.nfc().collect::<String>().to_lowercase()
}

/// Whether a character disturbs the text around it: controls, and overrides and isolates of direction.
pub(crate) fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_script_are_kept_and_disturbing_ones_refused() {
        for typed in ["Ana", "陈伟", "O'Brien", "👩‍👩‍👧‍👦", "نور", "<b>Bo</b>"]
        {
            assert_eq!(name("name", typed).unwrap(), typed);
        }
        assert_eq!(name("name", " Zoe\u{308} ").unwrap(), "Zo\u{eb}");
        for typed in ["", "  ", "a\nb", "a\u{202E}b", "\u{7}", "\u{2066}x"] {
            assert!(matches!(name("name", typed), Err(Refusal::Invalid { .. })), "{typed:?}");
        }
        assert!(name("name", &"é".repeat(80)).is_ok());
        let limit = NAME_GRAPHEMES_MAX;
        assert_eq!(name("name", &"é".repeat(81)), Err(Refusal::TooLarge { field: "name", limit }));
    }

    #[test]
    fn a_text_is_counted_in_characters_and_may_have_lines() {
        assert!(check("text", "two\nlines", 9).is_ok());
        assert!(check("text", &"👋".repeat(9), 9).is_ok());
        assert_eq!(
            check("text", "0123456789", 9),
            Err(Refusal::TooLarge { field: "text", limit: 9 })
        );
        assert!(matches!(check("text", " \n ", 9), Err(Refusal::Invalid { .. })));
    }
}
