//! How often something was tried within a minute, by whom: bounded, and forgotten after it.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// For how long is counted; it begins with the first.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);
/// Keys remembered at once. More come only when very many try within the same minute; then the next one
/// has to wait.
pub(crate) const REMEMBERED_MAX: usize = 65_536;

/// For each key since when it is counted, and how many there were.
#[derive(Debug)]
pub(crate) struct Windows<K>(HashMap<K, (Instant, u32)>);

impl<K> Default for Windows<K> {
    fn default() -> Self {
        Windows(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Windows<K> {
    /// Refuses where there were `most` within the minute, with the milliseconds after which it may be again.
    pub(crate) fn check(&mut self, now: Instant, key: K, most: u32) -> Result<(), u64> {
        let over = |since: Instant| now.duration_since(since) >= WINDOW;
        if self.0.len() >= REMEMBERED_MAX && !self.0.contains_key(&key) {
            self.0.retain(|_, (since, _)| !over(*since));
            if self.0.len() >= REMEMBERED_MAX {
                return Err(ms(WINDOW));
            }
        }
        match self.0.get(&key) {
            Some((since, count)) if !over(*since) && *count >= most => {
                Err(ms(WINDOW.saturating_sub(now.duration_since(*since))))
            }
            _ => Ok(()),
        }
    }

    /// Counts one.
    pub(crate) fn count(&mut self, now: Instant, key: K) {
        let (since, count) = self.0.entry(key).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count += 1;
    }

    #[cfg(test)]
    pub(crate) fn remembers(&self, key: K) -> bool {
        self.0.contains_key(&key)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}
