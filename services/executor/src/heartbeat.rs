//! Keeping a delivery's lease while it is worked on.

use kinitro_chassis::report;
use kinitro_nats::Delivery;
use tokio::time::{Instant, interval_at};

/// Extends the lease every third of it, for ever: to be raced against the work. A lease that is lost stays
/// lost; the work goes on, for its result is good evidence and may even be the first.
pub(crate) async fn keep(delivery: &Delivery) {
    let every = delivery.progress_interval();
    let mut beat = interval_at(Instant::now() + every, every);
    let mut told = false;
    loop {
        beat.tick().await;
        if delivery.is_lost() {
            if !told {
                tracing::warn!("the lease is lost: another executor may have the task");
                told = true;
            }
        } else if let Err(error) = delivery.progress().await {
            tracing::warn!(error = %report(&error), "the lease was not extended");
        }
    }
}
