//! Results in batches.

use crate::{Deliveries, Delivery, Result};
use std::time::Duration;
use tokio::time::Instant;

/// The deliveries of RESULTS, in batches.
#[derive(Debug)]
pub struct Results {
    deliveries: Deliveries,
    /// What has come of the next batch.
    batch: Vec<Delivery>,
    /// When the next batch is complete even if it is not full.
    until: Option<Instant>,
}

impl Results {
    pub(crate) const fn new(deliveries: Deliveries) -> Self {
        Self {
            deliveries,
            batch: Vec::new(),
            until: None,
        }
    }

    /// Waits for the first delivery, then takes what comes within `linger`, at most `max` in all. Never empty.
    /// Safe to cancel. Up to `max` more may lie ready here meanwhile, their leases running.
    pub async fn next_batch(&mut self, max: usize, linger: Duration) -> Vec<Delivery> {
        let max = max.max(1);
        self.deliveries
            .request(max.saturating_sub(self.deliveries.credits() + self.batch.len()));
        while self.batch.len() < max {
            let next = self.deliveries.next();
            let delivery = match self.until {
                None => next.await,
                Some(until) => match tokio::time::timeout_at(until, next).await {
                    Ok(delivery) => delivery,
                    Err(_) => break,
                },
            };
            self.until.get_or_insert_with(|| Instant::now() + linger);
            self.batch.push(delivery);
        }
        self.until = None;
        std::mem::take(&mut self.batch)
    }

    /// Says that the deliveries are dealt with, without waiting for the server: what it misses comes again.
    ///
    /// # Errors
    /// When the client cannot send.
    pub async fn ack(&self, deliveries: &[Delivery]) -> Result<()> {
        for delivery in deliveries {
            delivery.ack_unheard().await?;
        }
        Ok(())
    }

    /// Stops pulling, and gives back what had come already.
    pub async fn close(self) {
        let mut left = self.batch;
        left.extend(self.deliveries.close().await);
        for delivery in left {
            if let Err(error) = delivery.nak(None).await {
                tracing::debug!(%error, "could not give a result back; it comes again after its lease");
            }
        }
    }
}
