//! What reports ask of the tables, beside what is folded.

use quorate_protocol::MeetingId;

use super::measures::{MINUTES, minute};
use crate::meeting::measures::Minute;
use crate::store::{Store, StoreError};

impl Store {
    /// Hands each minute that was measured in a meeting to `add`, without holding them all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn each_minute<T: Send + 'static>(
        &self,
        meeting: MeetingId,
        mut sum: T,
        add: impl Fn(&mut T, &Minute) + Send + 'static,
    ) -> Result<T, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(MINUTES)?;
            let mut rows = statement.query([meeting.0])?;
            while let Some(row) = rows.next()? {
                add(&mut sum, &minute(row)?);
            }
            Ok(sum)
        })
        .await
    }
}
