//! Lists in pages: how many at once, and where the next page goes on.
//!
//! A cursor is the sort key of the last item given, so that a page stays right while items are added. It
//! names the list that it is of, with its filters: those of another list are refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quorate_protocol::{Code, ErrorBody, LIST_DEFAULT, LIST_MAX};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::problem::Problem;

/// How many items a request gets that asks for `limit`.
///
/// # Errors
/// `invalid` beyond 1 to 200.
pub(super) fn limit(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(LIST_DEFAULT);
    if (1..=LIST_MAX).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("must be between 1 and {LIST_MAX}");
    let error = ErrorBody::new(Code::Invalid, message).field("limit");
    Err(Problem(ErrorBody { limit: Some(LIST_MAX.into()), ..error }))
}

#[derive(Serialize, Deserialize)]
struct Cursor<L, K> {
    /// Which list, with its filters.
    l: L,
    /// The sort key of the last item given.
    k: K,
}

/// What to ask for to go on after the item with this sort key.
pub(super) fn cursor(list: &impl Serialize, key: &impl Serialize) -> String {
    let cursor = serde_json::to_vec(&Cursor { l: fingerprint(list), k: key });
    URL_SAFE_NO_PAD.encode(cursor.expect("filters and keys serialise"))
}

/// The sort key after which a request wants to go on; none at the beginning.
///
/// # Errors
/// `invalid` where the cursor is not one of this list.
pub(super) fn after<K: DeserializeOwned>(
    list: &impl Serialize,
    cursor: Option<&str>,
) -> Result<Option<K>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let cursor = bytes.and_then(|bytes| serde_json::from_slice::<Cursor<String, K>>(&bytes).ok());
    match cursor {
        Some(cursor) if cursor.l == fingerprint(list) => Ok(Some(cursor.k)),
        _ => {
            let message =
                "is no cursor of this list; send `next` of the page before, with the same filters";
            Err(Problem(ErrorBody::new(Code::Invalid, message).field("cursor")))
        }
    }
}

/// Tells lists apart; nothing depends on its being hard to forge.
fn fingerprint(list: &impl Serialize) -> String {
    let list = serde_json::to_vec(list).expect("filters serialise");
    blake3::hash(&list).to_hex()[..12].to_owned()
}
