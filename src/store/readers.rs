//! The connections that read: a few, opened as they are needed, each for one query at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{Store, StoreError, connections};

/// Queries at the same time; more wait their turn. They share the disk with the writer.
const READERS: usize = 4;

/// The pool.
#[derive(Debug)]
pub(super) struct Readers {
    turns: Arc<Semaphore>,
    idle: Arc<Idle>,
}

#[derive(Debug)]
struct Idle {
    path: PathBuf,
    connections: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Readers {
        let idle = Idle { path: path.to_owned(), connections: Mutex::default() };
        Readers { turns: Arc::new(Semaphore::new(READERS)), idle: Arc::new(idle) }
    }

    /// Lets the queries under way end, and refuses further ones.
    pub(super) async fn close(&self) {
        let all = self.turns.acquire_many(READERS as u32).await;
        self.turns.close();
        self.idle.connections.lock().unwrap_or_else(PoisonError::into_inner).clear();
        drop(all);
    }
}

impl Store {
    /// Runs a query where it may block. What was committed before the call is seen by it.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Readers { turns, idle } = &self.shared.readers;
        let turn = Arc::clone(turns).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let idle = Arc::clone(idle);
        let done = tokio::task::spawn_blocking(move || {
            let result = idle.query(query);
            drop(turn);
            result
        });
        match done.await {
            Ok(result) => result,
            // Its asker's panic, and the connection is gone with it.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is shutting down.
            Err(_) => Err(StoreError::Closed),
        }
    }
}

impl Idle {
    /// A connection goes back only after a success: one that failed is not worth keeping.
    fn query<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connections = || self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = connections().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connections::connect_reader(&self.path)?,
        };
        let result = query(&connection)?;
        connections().push(connection);
        Ok(result)
    }
}
