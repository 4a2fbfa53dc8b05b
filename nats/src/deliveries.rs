//! Deliveries of a consumer, pulled by credit.

use crate::Delivery;

/// A consumer's deliveries, pulled by credit: as many come as were asked for, never more.
#[derive(Debug)]
pub struct Deliveries {}

impl Deliveries {
    /// Asks for `n` deliveries more. They stay asked for until they come, through reconnects and restarts.
    pub fn request(&self, n: usize) {
        unimplemented!()
    }

    /// How many deliveries are asked for and have not been returned by [`Deliveries::next`].
    #[must_use]
    pub fn credits(&self) -> usize {
        unimplemented!()
    }

    /// Waits for the next delivery. Safe to cancel. While nothing is asked for, it waits for ever.
    pub async fn next(&mut self) -> Delivery {
        unimplemented!()
    }

    /// Stops pulling, and returns what had come already and was not taken: give it back with
    /// [`Delivery::nak`].
    pub async fn close(self) -> Vec<Delivery> {
        unimplemented!()
    }
}
