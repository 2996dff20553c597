//! Texts in charts, which have no more room than there is.

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::TEXT_PX;
use crate::report::html::text::line;

/// How far texts are from what they are of and from each other, in pixels.
pub(super) const APART_PX: i32 = 10;

/// How wide a letter with its marks is, in parts of the size of its text: as in DejaVu Sans, than which few are
/// wider.
fn em(letter: &str) -> f64 {
    match (letter.width(), letter.nfd().next().unwrap_or_default()) {
        (0, _) => 0.0,
        (1, 'i' | 'j' | 'l' | 'I' | 'J' | ' ' | '.' | ',' | '’') => 0.33,
        (1, 'f' | 'r' | 't' | '-') => 0.42,
        (1, 'm' | 'M' | 'w' | 'W' | '%' | '…') => 1.0,
        (1, 'ж' | 'ш' | 'щ' | 'ы' | 'ю' | 'М' | 'Ф' | 'Ы') => 0.92,
        (1, 'Ж' | 'Ш' | 'Щ' | 'Ю') => 1.1,
        (1, letter) if letter.is_uppercase() => 0.74,
        (1, _) => 0.63,
        (_, '\u{1f000}'..) => 1.4,
        (columns, _) => 0.5 * columns as f64,
    }
}

/// How wide a text is, in pixels.
pub(super) fn width(text: &str) -> i32 {
    (text.graphemes(true).map(em).sum::<f64>() * TEXT_PX).ceil() as i32
}

/// A text of people: the beginning of it that is at most so many pixels wide, and isolated, for SVG has no
/// element for that.
pub(super) fn fitted(text: &str, pixels: i32) -> String {
    let text = line(text);
    let text = if text.is_empty() { "(deleted)" } else { &text };
    let most = f64::from(pixels) / TEXT_PX;
    let mut fitting = String::new();
    // Up to where the mark of what is missing fits too.
    let (mut taken, mut cut) = (0.0, 0);
    for letter in text.graphemes(true) {
        taken += em(letter);
        if taken > most {
            fitting.truncate(cut);
            fitting.truncate(fitting.trim_end().len());
            fitting.push('…');
            break;
        }
        // One letter may carry marks without end.
        fitting.extend(letter.chars().take(8));
        if taken + em("…") <= most {
            cut = fitting.len();
        }
    }
    if fitting.is_ascii() { fitting } else { format!("\u{2068}{fitting}\u{2069}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, pixels: i32, expected: &str) {
        let fitting = fitted(text, pixels);
        assert_eq!(fitting.trim_matches(['\u{2068}', '\u{2069}']), expected);
        assert!(width(expected) <= pixels, "{expected}: {} px", width(expected));
    }

    #[test]
    fn a_text_keeps_its_beginning_and_has_room() {
        check("Ada", 40, "Ada");
        check("Ada Lovelace", 40, "Ada…");
        check("会议室会议室", 72, "会议室会议室");
        check("会议室会议室", 71, "会议室会…");
        // As wide as letters are, not as many.
        check("MOHAMMED AHMED ABDELRAHMAN", 186, "MOHAMMED AHMED ABDE…");
        check("ЩЕРБАКОВА ЖАННА МИХАЙЛОВНА", 186, "ЩЕРБАКОВА ЖАННА МИХ…");
        check("Nguyễn Thị Hồng Phượng Thế", 186, "Nguyễn Thị Hồng Phượng Thế");
        check("", 100, "(deleted)");
    }

    #[test]
    fn what_is_isolated_is_closed_and_marks_end() {
        assert_eq!(fitted("Zoë", 100), "\u{2068}Zoë\u{2069}");
        let zalgo = format!("a{}", "\u{301}".repeat(5_000));
        assert!(fitted(&zalgo, 60).chars().count() < 12);
    }
}
