//! A development chain, our client of it and a Python client of it.

use crate::client::Client;
use kinitro_chain::{Chain, Inclusion, Prepared, Result, Signer, quantise};
use kinitro_devchain::{Devchain, Options, Setting, Subnet};
use kinitro_proto::{Hotkey, Uid};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A subnet with plain weights.
pub(crate) const PLAIN: u16 = 1;
/// A subnet with commit-reveal.
pub(crate) const TIMELOCKED: u16 = 2;

/// The uids of `//validator` and of the miners.
pub(crate) const VALIDATOR: Uid = Uid(0);
pub(crate) const MINERS: [Uid; 3] = [Uid(2), Uid(3), Uid(4)];

/// Three miners, no rate limit, a block for each transaction.
pub(crate) struct Stage {
    pub(crate) chain: Devchain,
    pub(crate) ours: Chain,
    pub(crate) theirs: Client,
}

impl Stage {
    pub(crate) async fn new(client: &'static str) -> Self {
        let timelocked = [
            Setting::CommitReveal(true),
            Setting::RateLimit(0),
            Setting::MinWeights(1),
        ];
        let mut options = Options::default();
        options.subnets.push(Subnet::new(TIMELOCKED).with(timelocked));
        let chain = Devchain::start(options.seed_miners(3)).await.unwrap();
        // Block 0 is before the first that anything can have happened in.
        chain.new_block().await.unwrap();
        let ours = Chain::new(chain.url().parse().unwrap());
        let theirs = Client::start(client, &chain.url()).await;
        Self { chain, ours, theirs }
    }

    /// What the client answers to a step about a subnet.
    pub(crate) async fn ask(&mut self, step: &str, netuid: u16) -> Value {
        self.theirs.ok(json!({"step": step, "netuid": netuid})).await
    }

    /// Weights of `//validator`, signed by our Rust.
    pub(crate) async fn prepared(&self, netuid: u16, weights: &[(Uid, f64)]) -> Result<Prepared> {
        let validator = signer("//validator");
        let terms = self.ours.terms(netuid, validator.hotkey()).await.unwrap();
        let weights: BTreeMap<Uid, f64> = weights.iter().copied().collect();
        let weights = quantise(&weights, terms.max_weight).unwrap();
        self.ours
            .prepare_weights(&validator, netuid, &weights, 0, &terms)
            .await
    }

    /// The same, on the chain.
    pub(crate) async fn set_weights(&self, netuid: u16, weights: &[(Uid, f64)]) -> (Prepared, Inclusion) {
        let prepared = self.prepared(netuid, weights).await.unwrap();
        let inclusion = self.ours.submit(&prepared).await.unwrap();
        (prepared, inclusion)
    }
}

/// A development key of ours.
pub(crate) fn signer(uri: &str) -> Signer {
    Signer::from_uri(uri).unwrap()
}

/// Its address.
pub(crate) fn hotkey(uri: &str) -> Hotkey {
    signer(uri).hotkey().clone()
}
