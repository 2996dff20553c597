//! Clear passcodes become hashes, on all cores, while the rest goes on.

use std::num::NonZero;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::types::Type;
use rusqlite::{Connection, Error, params};

use super::progress::{Counter, Progress};
use super::report::Report;
use crate::identity::passcode::Hasher;

/// Threads at most: each takes 19 MiB.
const THREADS_MAX: usize = 8;

/// Where a hash goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum For {
    /// A meeting's row.
    Meeting(i64),
    /// A row in quarantine.
    Quarantined(i64),
}

/// The threads that hash.
pub(super) struct Hashing {
    asked: Mutex<u64>,
    asks: Sender<(For, String)>,
    hashes: Receiver<(For, Result<String, String>)>,
    threads: Vec<JoinHandle<()>>,
}

impl Hashing {
    pub(super) fn start() -> Hashing {
        let (asks, queue) = channel::<(For, String)>();
        let (hashed, hashes) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let cores = thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX);
        let threads = (0..cores).map(|_| {
            let (queue, hashed) = (Arc::clone(&queue), hashed.clone());
            thread::spawn(move || work(&queue, &hashed))
        });
        Hashing { asked: Mutex::default(), asks, hashes, threads: threads.collect() }
    }

    /// Has a passcode hashed.
    pub(super) fn ask(&self, whose: For, passcode: String) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        // The threads are there until `finish`.
        let _ = self.asks.send((whose, passcode));
    }

    /// Writes all hashes.
    pub(super) fn finish(
        self,
        connection: &Connection,
        report: &mut Report,
        progress: &mut dyn FnMut(Progress),
    ) -> rusqlite::Result<()> {
        let Hashing { asked, asks, hashes, threads } = self;
        drop(asks);
        let total = asked.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut counter = Counter::new("passwords", total, progress);
        for (whose, hash) in hashes {
            let failed = |why: String| Error::FromSqlConversionFailure(0, Type::Text, why.into());
            put(connection, whose, &hash.map_err(failed)?)?;
            report.passcodes_hashed += 1;
            counter.one_more();
        }
        for thread in threads {
            // Those that hash have nothing that could panic.
            let _ = thread.join();
        }
        Ok(())
    }
}

fn work(queue: &Mutex<Receiver<(For, String)>>, hashed: &Sender<(For, Result<String, String>)>) {
    let mut hasher = Hasher::default();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((whose, passcode)) = next else { return };
        if hashed.send((whose, hasher.hash(&passcode))).is_err() {
            return;
        }
    }
}

fn put(connection: &Connection, whose: For, hash: &str) -> rusqlite::Result<()> {
    let (sql, id) = match whose {
        For::Meeting(id) => ("UPDATE meetings SET password = ?2 WHERE id = ?1", id),
        For::Quarantined(id) => (
            "UPDATE migration_quarantine SET row = json_set(row, '$.password', ?2) WHERE id = ?1",
            id,
        ),
    };
    connection.prepare_cached(sql)?.execute(params![id, hash]).map(drop)
}
