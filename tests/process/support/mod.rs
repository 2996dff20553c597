//! What the tests share: the server as a process, a raw socket, a crowd of clients, the journal as it lies on disk.

pub(crate) mod crowd;
pub(crate) mod journal;
pub(crate) mod raw;
pub(crate) mod server;
pub(crate) mod verify;

use std::time::Duration;

pub(crate) use crowd::{Crowd, Plan};
pub(crate) use raw::{Heard, Raw};
pub(crate) use server::Home;

/// How long something that must come may take before the test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What must come, or the test fails saying what it waited for.
pub(crate) async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("waited in vain for {what}"),
    }
}
