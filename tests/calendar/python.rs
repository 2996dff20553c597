//! The Python process that is asked.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A running `oracle.py`; it ends when its input does.
pub(crate) struct Python {
    child: Child,
    asks: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Python {
    pub(crate) fn start() -> Python {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/venv/bin/python3");
        assert!(
            python.exists(),
            "{} is missing: run tests/run, which installs what this test asks",
            python.display()
        );
        let mut child = Command::new(python)
            .arg(root.join("tests/calendar/oracle.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asks = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut python = Python { child, asks, answers };
        let zones: String = python.answer();
        assert_eq!(
            zones,
            chrono_tz::IANA_TZDB_VERSION,
            "pin the tzdata in tests/calendar/requirements.txt to the zones of chrono-tz"
        );
        python
    }

    pub(crate) fn ask<A: DeserializeOwned>(&mut self, case: &Value) -> A {
        writeln!(self.asks.as_mut().unwrap(), "{case}").unwrap();
        self.answer()
    }

    fn answer<A: DeserializeOwned>(&mut self) -> A {
        let line = self.answers.next().expect("an answer; what went wrong is on stderr").unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.asks.take());
        let _ = self.child.wait();
    }
}
