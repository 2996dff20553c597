//! Changes to tables that are no fold: a closure, carried out by the writer in its turn.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::writer::Job;
use super::{Store, StoreError};

/// What is to be done to the database in a savepoint of its own.
pub(super) struct Change(Box<CarryOut>);

/// See [`Change`].
type CarryOut = dyn Fn(&Connection) -> rusqlite::Result<()> + Send;

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Change(…)")
    }
}

impl Change {
    pub(super) fn new(
        change: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Change {
        Change(Box::new(change))
    }

    pub(super) fn carry_out(&self, connection: &Connection) -> rusqlite::Result<()> {
        (self.0)(connection)
    }
}

impl Store {
    /// Does this to the database; it is on disk when this answers, whole or not at all.
    ///
    /// # Errors
    /// When the store is closed, a constraint refuses it, or the transaction failed.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let made = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&made);
        let change = Change::new(move |connection| {
            let value = change(connection)?;
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            Ok(())
        });
        let (reply, done) = oneshot::channel();
        self.shared.jobs.send(Job::Write { change, reply }).map_err(|_| StoreError::Closed)?;
        done.await.map_err(|_| StoreError::Closed)??;
        let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
        made.ok_or(StoreError::Closed)
    }
}
