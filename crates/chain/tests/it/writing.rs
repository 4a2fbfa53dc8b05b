//! Writing to a real node.

mod again;
mod commitments;
mod refused;
mod timelocked;
mod weights;

use crate::subnet::{NETUID, hotkey};
use kinitro_chain::{Chain, Prepared, Quantised, Signer, Terms};
use kinitro_devchain::{Blocks, Devchain, Options, Setting};
use std::time::Duration;

/// Long enough for anything that happens, short enough for what does not.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A subnet with three miners, uids 2 to 4, behind the validator and the operator; a block as soon as something waits.
pub(crate) async fn node(settings: &[Setting]) -> Devchain {
    let options = settings
        .iter()
        .fold(Options::default().seed_miners(3), |options, setting| {
            options.set(*setting)
        });
    let node = Devchain::start(options).await.unwrap();
    node.new_block().await.unwrap();
    node
}

/// The same, but blocks only when a test asks for them.
pub(crate) async fn still() -> Devchain {
    let node = Devchain::start(Options::default().seed_miners(3).blocks(Blocks::Manual))
        .await
        .unwrap();
    node.new_block().await.unwrap();
    node
}

pub(crate) fn signer(uri: &str) -> Signer {
    Signer::from_uri(uri).unwrap()
}

pub(crate) fn on_miners(values: &[u16]) -> Quantised {
    Quantised {
        uids: (2..).take(values.len()).collect(),
        values: values.to_vec(),
    }
}

pub(crate) async fn terms(chain: &Chain) -> Terms {
    chain.terms(NETUID, &hotkey("//validator")).await.unwrap()
}

/// Weights of the validator, signed now.
pub(crate) async fn prepared(chain: &Chain, values: &[u16]) -> Prepared {
    let terms = terms(chain).await;
    let weights = on_miners(values);
    chain
        .prepare_weights(&signer("//validator"), NETUID, &weights, 0, &terms)
        .await
        .unwrap()
}

/// What the chain holds as the validator's weights, by uid.
pub(crate) async fn row(chain: &Chain) -> Option<Vec<(u16, u16)>> {
    let rows = chain.weights(NETUID).await.unwrap();
    let row = rows.into_iter().find(|row| row.uid.0 == 0)?;
    Some(
        row.weights
            .into_iter()
            .map(|(uid, value)| (uid.0, value))
            .collect(),
    )
}
