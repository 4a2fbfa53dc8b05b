//! Looking at the chain's head, apart from the loop: an outage shows while no cycle is due, and the loop waits for
//! nothing meanwhile.

use crate::metrics::ChainMetrics;
use kinitro_chain::{Chain, Error, Head, Limits};
use kinitro_chassis::{backoff, health::Health, report};
use kinitro_store::{ChainBlock, Seen, Store};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// From one look to the next: a block's time.
const EVERY: Duration = Duration::from_secs(12);
/// From one look to the next while the chain is away.
const AGAIN: Duration = Duration::from_secs(3);

/// How the chain stands, told to operators.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) health: Health,
    pub(crate) metrics: ChainMetrics,
}

/// Looks at the head once per block.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) chain: Chain,
    pub(crate) netuid: u16,
    pub(crate) store: Store,
    pub(crate) standing: Standing,
    /// Told when the chain is back: whoever waits longer after failures need not any more.
    pub(crate) recovered: Arc<Notify>,
}

/// What a look found.
enum Look {
    Fine(Head),
    /// Fine, and told to be another chain than before.
    Reset(Head),
    /// Away, or behind.
    Down(String),
}

impl Standing {
    /// Another chain than the ledger's. Whoever noted it in the ledger says so, hence once.
    pub(crate) fn reset(&self, was: &str, at: &ChainBlock) {
        let (is, block) = (at.genesis_hash.as_str(), at.number.0);
        tracing::error!(
            netuid = at.netuid,
            was,
            is,
            block,
            "the chain was reset: who committed when on the old one counts no more"
        );
        self.metrics.resets.inc();
        // Until the next look, so that it stands in /ready for a while.
        let why = format!("the chain was reset: its genesis is `{is}`, before `{was}`");
        self.health.missing("chain", why);
    }
}

impl Watch {
    /// Short: a look that takes longer than a block is an outage.
    pub(crate) fn limits() -> Limits {
        Limits {
            call: EVERY,
            request: Duration::from_secs(10),
            connect: Duration::from_secs(5),
            ..Limits::default()
        }
    }

    /// Looks until shutdown.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut was_up = None;
        while let Some(look) = shutdown.run_until_cancelled(self.look()).await {
            let is_up = !matches!(look, Look::Down(_));
            self.tell(&look, was_up);
            if is_up && was_up == Some(false) {
                self.recovered.notify_one();
            }
            was_up = Some(is_up);
            backoff::pause(if is_up { EVERY } else { AGAIN }, &shutdown).await;
        }
    }

    fn tell(&self, look: &Look, was_up: Option<bool>) {
        let Standing { health, metrics } = &self.standing;
        match look {
            Look::Fine(_) => health.met("chain"),
            // It has been told.
            Look::Reset(_) => {}
            Look::Down(why) => health.missing("chain", why),
        }
        match look {
            Look::Fine(head) | Look::Reset(head) => {
                metrics.up.set(1);
                let (block, genesis) = (head.number.0, head.genesis);
                match was_up {
                    None => tracing::info!(block, %genesis, "the chain answers"),
                    Some(false) => tracing::info!(block, %genesis, "the chain is back"),
                    Some(true) => {}
                }
            }
            Look::Down(why) => {
                metrics.up.set(0);
                // Once an outage, which would fill the log otherwise.
                if was_up == Some(false) {
                    tracing::debug!(error = why, "the chain is still away");
                } else {
                    tracing::warn!(
                        error = why,
                        "the chain is away: no cycle opens until it is back; one that runs goes on"
                    );
                }
            }
        }
    }

    async fn look(&self) -> Look {
        let head = match self.chain.head().await {
            // Said once by whoever meets it first; the ledger decides what it means.
            Err(Error::OtherGenesis { .. }) => self.chain.head().await,
            head => head,
        };
        let head = match head {
            Ok(head) => head,
            Err(error) => return Look::Down(report(&error).to_string()),
        };
        self.standing.metrics.head(head.number);
        let at = ChainBlock {
            netuid: self.netuid,
            genesis_hash: head.genesis.to_string(),
            number: head.number,
        };
        match self.store.note_head(&at).await {
            Ok(Seen::First | Seen::Same) => Look::Fine(head),
            Ok(Seen::Reset { was }) => {
                self.standing.reset(&was, &at);
                Look::Reset(head)
            }
            Ok(Seen::Behind { highest }) => {
                let behind = crate::Error::Behind {
                    head: head.number,
                    seen: highest,
                };
                Look::Down(behind.to_string())
            }
            Err(error) => {
                // The loop says that the ledger is away; the next look notes what this one saw.
                tracing::debug!(error = %report(&error), "could not note the chain's head");
                Look::Fine(head)
            }
        }
    }
}
