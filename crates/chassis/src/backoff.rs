//! Waiting longer after each failure. One of the two places that may sleep (the other is the tests'
//! `eventually`).

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Waits that double from `base` to `max`, each shortened by up to half at random, so that many who
/// failed together do not come back together.
#[derive(Debug, Clone)]
pub struct Backoff {
    base: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    /// Starts at `base` and never waits longer than `max`.
    #[must_use]
    pub const fn new(base: Duration, max: Duration) -> Self {
        Self {
            base,
            max,
            failures: 0,
        }
    }

    /// Forgets the failures: the next wait is the shortest again.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// How often it has failed since the last reset.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure and says how long to wait for it.
    pub fn next_wait(&mut self) -> Duration {
        let full = self.base.saturating_mul(1 << self.failures.min(16)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        // A fresh hasher's keys are random: enough for jitter, and no dependency.
        let random = RandomState::new().hash_one(self.failures) % 1000;
        let part = u32::try_from(random).expect("below 1000");
        full - full / 2 * part / 1000
    }

    /// Counts a failure and waits for it; returns false at once when `shutdown` is called for.
    pub async fn pause(&mut self, shutdown: &CancellationToken) -> bool {
        pause(self.next_wait(), shutdown).await
    }
}

/// Waits, unless `shutdown` is called for: then returns false at once.
pub async fn pause(wait: Duration, shutdown: &CancellationToken) -> bool {
    tokio::time::timeout(wait, shutdown.cancelled()).await.is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_maximum_and_stay_within_half_of_it() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
        for full in [100, 200, 400, 800, 1600, 2000, 2000] {
            let wait = backoff.next_wait();
            assert!(
                wait <= Duration::from_millis(full) && wait >= Duration::from_millis(full / 2),
                "{wait:?}"
            );
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_millis(100));
    }

    #[tokio::test]
    async fn shutdown_cuts_a_wait_short() {
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        let mut backoff = Backoff::new(Duration::from_secs(3600), Duration::from_secs(3600));
        assert!(!backoff.pause(&shutdown).await);
    }
}
