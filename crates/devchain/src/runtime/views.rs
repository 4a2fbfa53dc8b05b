//! What the runtime APIs answer: the chain's state gathered for one question, in the real chain's shapes.
//! What nothing here reckons (prices, emission, collateral) is zero or empty.

mod hyperparameters;
mod metagraph;
mod neurons;
mod subnets;

pub use self::hyperparameters::*;
pub use self::metagraph::*;
pub use self::neurons::*;
pub use self::subnets::*;

use codec::Compact;
use sp_runtime::PerU16;

use crate::Runtime;
use crate::pallets::numbers::{MechId, NetUid, NetUidStorageIndex};
use crate::pallets::subtensor as chain;
use crate::runtime::AccountId;

/// Each value in its compact form.
fn compact<T, V>(values: Vec<V>) -> Vec<Compact<T>>
where
    Compact<T>: From<V>,
{
    values.into_iter().map(Compact::from).collect()
}

/// What nothing here reckons.
fn zero<T: Default>() -> Compact<T> {
    Compact(T::default())
}

/// A neuron's entry in a list by uid.
fn entry<V: Clone + Default>(values: &[V], uid: u16) -> V {
    values.get(usize::from(uid)).cloned().unwrap_or_default()
}

/// Whether there is such a subnet.
fn exists(netuid: NetUid) -> Option<()> {
    chain::NetworksAdded::<Runtime>::get(netuid).then_some(())
}

/// Whether there is such a mechanism.
#[must_use]
pub fn has_mechanism(netuid: NetUid, mechanism: MechId) -> Option<()> {
    (chain::MechanismCountCurrent::<Runtime>::get(netuid) > mechanism).then_some(())
}

/// The hotkeys of a subnet, by uid.
fn hotkeys(netuid: NetUid) -> Vec<AccountId> {
    (0..chain::SubnetworkN::<Runtime>::get(netuid))
        .map(|uid| chain::Keys::<Runtime>::get(netuid, uid))
        .collect()
}

/// The lists a subnet keeps by uid, read once for all its neurons.
struct Columns {
    active: Vec<bool>,
    permits: Vec<bool>,
    last_update: Vec<u64>,
    incentive: Vec<PerU16>,
    consensus: Vec<PerU16>,
    dividends: Vec<PerU16>,
    trust: Vec<PerU16>,
    emission: Vec<crate::pallets::numbers::AlphaBalance>,
}

impl Columns {
    fn of(netuid: NetUid) -> Self {
        let index = NetUidStorageIndex::from(netuid.0);
        Self {
            active: chain::Active::<Runtime>::get(netuid),
            permits: chain::ValidatorPermit::<Runtime>::get(netuid),
            last_update: chain::LastUpdate::<Runtime>::get(index),
            incentive: chain::Incentive::<Runtime>::get(index),
            consensus: chain::Consensus::<Runtime>::get(netuid),
            dividends: chain::Dividends::<Runtime>::get(netuid),
            trust: chain::ValidatorTrust::<Runtime>::get(netuid),
            emission: chain::Emission::<Runtime>::get(netuid),
        }
    }
}
