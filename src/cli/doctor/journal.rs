//! From a journal to its meeting, as the server does it, and nothing is started.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

use quorate::meeting::{Event, Meeting, Terms};
use quorate::store::inspect::Inspection;
use quorate_protocol::{MeetingId, Seq};

/// What a journal comes to.
pub(super) enum Folded {
    /// The meeting.
    Meeting(Box<Meeting>),
    /// Nothing, and why.
    Not(String),
}

/// Folds a meeting's journal; `each` sees every event after it was applied.
pub(super) fn fold(
    database: &Inspection,
    id: MeetingId,
    terms: Terms,
    mut each: impl FnMut(&Event),
) -> Folded {
    let mut meeting = Meeting::new(terms);
    // What it would print, the report says.
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let folded = catch_unwind(AssertUnwindSafe(|| {
        database.journal(id, |event| {
            meeting.apply(&event);
            each(&event);
        })
    }));
    set_hook(hook);
    match folded {
        Err(_) => {
            Folded::Not(format!("folding its journal fails after seq {}", meeting.facts.head))
        }
        Ok(Err(error)) => Folded::Not(error.to_string()),
        Ok(Ok(())) if meeting.facts.head == Seq(0) => Folded::Not("it has no journal".to_owned()),
        Ok(Ok(())) => Folded::Meeting(Box::new(meeting)),
    }
}
