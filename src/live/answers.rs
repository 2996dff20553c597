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
}

/// What is kept of an answer.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    /// The frame.
    Frame(Utf8Bytes),
    /// The question, whose answer was long; asking again changes nothing.
    Question(Box<Command>),
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
        found.map_or(Turn::Passed, |(_, kept)| Turn::Answered(kept.clone()))
    }

    /// Notes the answer to a new command. `question` is the command when it only asked.
    pub(super) fn note(&mut self, id: i64, frame: &Utf8Bytes, question: Option<&Command>) {
        let kept = match question {
            Some(command) if frame.len() > KEPT_BYTES_MAX => {
                Kept::Question(Box::new(command.clone()))
            }
            _ => Kept::Frame(frame.clone()),
        };
        self.highest = self.highest.max(id);
        self.kept.push_back((id, kept));
        if self.kept.len() > ANSWERS_KEPT {
            self.kept.pop_front();
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
            answers.note(id, &"ok".into(), None);
        }
        assert!(matches!(answers.turn(2), Turn::Passed));
        assert!(matches!(answers.turn(3), Turn::Answered(Kept::Frame(_))));
        answers.note(900, &"ok".into(), None);
        assert!(matches!(answers.turn(899), Turn::Passed), "passed over");
    }
}
