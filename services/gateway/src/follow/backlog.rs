//! How many tasks executors have in hand: only the bus knows. It may be away; then it is 0, and nothing else
//! suffers.

use crate::gateway::Gateway;
use kinitro_chassis::{
    backoff::{Backoff, pause},
    report,
};
use kinitro_nats::{Bus, Config};
use kinitro_proto::{Family, catalogue};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Between two questions.
const EVERY: Duration = Duration::from_secs(2);
/// The longest wait between two tries to connect.
const LONGEST: Duration = Duration::from_secs(60);

/// Asks the bus until the shutdown.
pub(crate) async fn follow(gateway: Arc<Gateway>, config: Config, shutdown: CancellationToken) {
    let Some(Some(bus)) = shutdown.run_until_cancelled(connect(&config, &shutdown)).await else {
        return;
    };
    let families: Vec<Family> = catalogue::families()
        .iter()
        .map(|family| family.name.clone())
        .collect();
    let mut answers = true;
    loop {
        let asked = shutdown.run_until_cancelled(bus.backlog(&families)).await;
        let in_hand = match asked {
            Some(Ok(backlogs)) => {
                answers = true;
                backlogs.iter().map(|backlog| backlog.in_hand).sum()
            }
            Some(Err(error)) => {
                if std::mem::take(&mut answers) {
                    tracing::warn!(error = %report(&error), "the bus does not tell what executors have in hand");
                }
                0
            }
            None => return,
        };
        gateway.in_hand.store(in_hand, Ordering::Relaxed);
        if !pause(EVERY, &shutdown).await {
            return;
        }
    }
}

async fn connect(config: &Config, shutdown: &CancellationToken) -> Option<Bus> {
    let mut backoff = Backoff::new(EVERY, LONGEST);
    loop {
        match Bus::connect(config, "gateway").await {
            Ok(bus) => return Some(bus),
            Err(error) => tracing::warn!(error = %report(&error), "the bus is away, going on without it"),
        }
        if !backoff.pause(shutdown).await {
            return None;
        }
    }
}
