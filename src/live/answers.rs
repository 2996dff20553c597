//! What a session was answered, so that a command sent again gets the same.

use std::collections::VecDeque;

use quorate_protocol::{ANSWERS_KEPT, Command};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Answers longer than this are not kept but asked for again; only questions have such long ones.
const KEPT_BYTES_MAX: usize = 1024;

/// What a session was answered last.
#[derive(Debug, Default)]
pub(super) struct Answers {
    highest: i64,
    kept: VecDeque<(i64, Kept)>,
    /// The highest id whose answer is kept no longer.
    forgotten: i64,
    /// The highest id that a restore found, until there is a newer one.
    restored: i64,
}

/// What is kept of an answer.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    /// The frame.
    Frame(Utf8Bytes),
    /// The question, whose answer was long, and whether it was a dry run; asking again changes nothing.
    Question(Box<Command>, bool),
}

/// How a command's id stands to those before.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is new.
    New,
    /// It was answered.
    Answered(Kept),
    /// It is too old, or was passed over.
    Passed,
}

impl Answers {
    /// How this id stands to those before.
    pub(super) fn turn(&self, id: i64) -> Turn {
        if id > self.highest.max(1) {
            return Turn::New;
        }
        let found = self.kept.iter().rev().find(|(kept, _)| *kept == id);
        match found {
            Some((_, kept)) => Turn::Answered(kept.clone()),
            None if id > self.forgotten.max(1) && id <= self.restored => Turn::New,
            None => Turn::Passed,
        }
    }

    /// What is here was read from the journal. An id between that is not had no event: it was refused,
    /// only asked, or never came. Sent again before anything new, it is carried out.
    pub(super) fn restored(&mut self) {
        self.restored = self.highest;
    }

    /// Notes the answer to a new command.
    pub(super) fn note(&mut self, id: i64, frame: &Utf8Bytes) {
        self.keep(id, Kept::Frame(frame.clone()));
    }

    /// Notes the answer to a command that changed nothing; a long one is asked for again.
    pub(super) fn note_answer(&mut self, id: i64, frame: &Utf8Bytes, ask: Command, dry_run: bool) {
        match frame.len() > KEPT_BYTES_MAX {
            true => self.note_question(id, ask, dry_run),
            false => self.note(id, frame),
        }
    }

    /// Notes a command that changes nothing and whose answer is yet to be made.
    pub(super) fn note_question(&mut self, id: i64, ask: Command, dry_run: bool) {
        self.keep(id, Kept::Question(Box::new(ask), dry_run));
    }

    /// The highest id there is an answer for.
    pub(super) fn highest(&self) -> i64 {
        self.highest
    }

    fn keep(&mut self, id: i64, kept: Kept) {
        if id > self.highest {
            (self.highest, self.restored) = (id, 0);
        }
        self.kept.push_back((id, kept));
        if self.kept.len() > ANSWERS_KEPT
            && let Some((forgotten, _)) = self.kept.pop_front()
        {
            self.forgotten = self.forgotten.max(forgotten);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_and_answered_after_until_it_is_too_old() {
        let mut answers = Answers::default();
        assert!(matches!(answers.turn(1), Turn::Passed), "1 is hello");
        assert!(matches!(answers.turn(2), Turn::New));
        for id in 2..2 + ANSWERS_KEPT as i64 + 1 {
            answers.note(id, &"ok".into());
        }
        assert!(matches!(answers.turn(2), Turn::Passed));
        assert!(matches!(answers.turn(3), Turn::Answered(Kept::Frame(_))));
        answers.note(900, &"ok".into());
        assert!(matches!(answers.turn(899), Turn::Passed), "passed over");
    }

    #[test]
    fn after_a_restore_what_had_no_event_is_carried_out_until_something_new_comes() {
        let mut answers = Answers::default();
        for id in [5, 8] {
            answers.note(id, &"ok".into());
        }
        answers.restored();
        assert!(matches!(answers.turn(4), Turn::New));
        assert!(matches!(answers.turn(5), Turn::Answered(_)));
        answers.note(6, &"ok".into());
        assert!(matches!(answers.turn(6), Turn::Answered(_)), "once");
        assert!(matches!(answers.turn(7), Turn::New));
        answers.note(9, &"ok".into());
        assert!(matches!(answers.turn(7), Turn::Passed));
    }

    #[test]
    fn after_a_restore_what_may_have_had_an_event_is_never_carried_out() {
        let mut answers = Answers::default();
        for id in 10..10 + ANSWERS_KEPT as i64 + 1 {
            answers.note(id, &"ok".into());
        }
        answers.restored();
        assert!(matches!(answers.turn(10), Turn::Passed), "forgotten");
        assert!(matches!(answers.turn(9), Turn::Passed), "older than what is forgotten");
    }
}
