//! `If-Match` (RFC 9110, section 13.1.1): a change is wanted only of what was seen.
//!
//! The entity tag of a meeting is its revision in quotes. A tag that is weak, or not one of ours, matches
//! nothing; what is no list of tags is refused, and never taken for an absent header.

use axum::http::{HeaderMap, header};
use quorate_protocol::{Code, ErrorBody, Seq};

use super::problem::Problem;

/// The revisions of which the meeting must be at one; none: it may be at any.
///
/// # Errors
/// `invalid` where the header is none such.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<Vec<Seq>>, Problem> {
    let lines: Vec<_> = headers.get_all(header::IF_MATCH).iter().collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let text = lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>().join(&b","[..]);
    read(&text).map_err(|Malformed| {
        let message = "send `*`, or the ETag of the meeting as you got it, such as \"42\"";
        Problem(ErrorBody::new(Code::Invalid, message).field("If-Match"))
    })
}

/// Not `*`, and no list of entity tags.
#[derive(Debug, PartialEq, Eq)]
struct Malformed;

fn read(text: &[u8]) -> Result<Option<Vec<Seq>>, Malformed> {
    let mut rest = text.trim_ascii();
    if rest == b"*" {
        return Ok(None);
    }
    let (mut revisions, mut any) = (Vec::new(), false);
    loop {
        // A list may have empty elements.
        while let Some(after) = rest.strip_prefix(b",") {
            rest = after.trim_ascii_start();
        }
        if rest.is_empty() {
            return if any { Ok(Some(revisions)) } else { Err(Malformed) };
        }
        let (weak, opened) = match rest.strip_prefix(b"W/") {
            Some(opened) => (true, opened),
            None => (false, rest),
        };
        let opened = opened.strip_prefix(b"\"").ok_or(Malformed)?;
        let end = opened.iter().position(|byte| *byte == b'"').ok_or(Malformed)?;
        let (tag, after) = (&opened[..end], opened[end + 1..].trim_ascii_start());
        let is_of_tags = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
        if !tag.iter().all(is_of_tags) || !(after.is_empty() || after.starts_with(b",")) {
            return Err(Malformed);
        }
        revisions.extend(revision(tag).filter(|_| !weak));
        (rest, any) = (after, true);
    }
}

/// The revision that a tag of ours says.
fn revision(tag: &[u8]) -> Option<Seq> {
    let text = str::from_utf8(tag).ok()?;
    let revision: u64 = text.parse().ok()?;
    (revision.to_string() == text).then_some(Seq(revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_from_what_is_none() {
        let some = |revisions: &[u64]| Ok(Some(revisions.iter().map(|it| Seq(*it)).collect()));
        for (text, expected) in [
            ("*", Ok(None)),
            (" * ", Ok(None)),
            ("\"7\"", some(&[7])),
            ("\"7\", \"9\"", some(&[7, 9])),
            (",\"7\" ,, \"9\",", some(&[7, 9])),
            ("W/\"7\"", some(&[])),
            ("W/\"7\", \"9\"", some(&[9])),
            ("\"07\"", some(&[])),
            ("\"+7\"", some(&[])),
            ("\"\"", some(&[])),
            ("\"abc,def\"", some(&[])),
            ("\"99999999999999999999\"", some(&[])),
            ("", Err(Malformed)),
            (",", Err(Malformed)),
            ("7", Err(Malformed)),
            ("\"7", Err(Malformed)),
            ("7\"", Err(Malformed)),
            ("\"7\"\"9\"", Err(Malformed)),
            ("\"7\" \"9\"", Err(Malformed)),
            ("w/\"7\"", Err(Malformed)),
            ("*, \"7\"", Err(Malformed)),
            ("\"7 8\"", Err(Malformed)),
        ] {
            assert_eq!(read(text.as_bytes()), expected, "{text}");
        }
    }
}
