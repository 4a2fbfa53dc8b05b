//! Results in batches.

use crate::{Delivery, Result};
use std::time::Duration;

/// The deliveries of RESULTS, in batches.
#[derive(Debug)]
pub struct Results {}

impl Results {
    /// Waits for the first delivery, then takes what comes within `linger`, at most `max` in all. Never empty.
    /// Safe to cancel.
    pub async fn next_batch(&mut self, max: usize, linger: Duration) -> Vec<Delivery> {
        unimplemented!()
    }

    /// Says that the deliveries are dealt with, without waiting for the server: what it misses comes again.
    ///
    /// # Errors
    /// When the client cannot send.
    pub async fn ack(&self, deliveries: &[Delivery]) -> Result<()> {
        unimplemented!()
    }
}
