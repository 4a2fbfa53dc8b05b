//! Neurons, with and without what they said of others.

use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;
use sp_runtime::PerU16;

use super::{Columns, entry, hotkeys};
use crate::Runtime;
use crate::pallets::numbers::{AlphaBalance, NetUid, NetUidStorageIndex};
use crate::pallets::subtensor::{self as chain, AxonInfo, PrometheusInfo};
use crate::runtime::AccountId;

/// Declares a neuron's view: what all views have, and what this one has before the last field.
macro_rules! neuron_view {
    ($(#[$doc:meta])* $name:ident { $($(#[$more:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            /// Its hotkey.
            pub hotkey: AccountId,
            /// The coldkey that owns it.
            pub coldkey: AccountId,
            /// Its place.
            pub uid: Compact<u16>,
            /// Its subnet.
            pub netuid: Compact<NetUid>,
            /// Whether it was heard of lately.
            pub active: bool,
            /// Where it listens.
            pub axon_info: AxonInfo,
            /// Where its metrics are.
            pub prometheus_info: PrometheusInfo,
            /// Who staked on it, and how much.
            pub stake: Vec<(AccountId, Compact<AlphaBalance>)>,
            /// Nothing any more.
            pub rank: Compact<u16>,
            /// What it was paid.
            pub emission: Compact<AlphaBalance>,
            /// What it earns as a miner.
            pub incentive: Compact<PerU16>,
            /// What validators agree it deserves.
            pub consensus: Compact<PerU16>,
            /// Nothing any more.
            pub trust: Compact<PerU16>,
            /// How far it agrees with the others.
            pub validator_trust: Compact<PerU16>,
            /// What it earns as a validator.
            pub dividends: Compact<PerU16>,
            /// When it last set weights.
            pub last_update: Compact<u64>,
            /// Whether it may.
            pub validator_permit: bool,
            $($(#[$more])* pub $field: $kind,)*
            /// Nothing any more.
            pub pruning_score: Compact<u16>,
        }

        impl $name {
            fn build(netuid: NetUid, uid: u16, columns: &Columns, $($field: $kind,)*) -> Self {
                let hotkey = chain::Keys::<Runtime>::get(netuid, uid);
                let coldkey = chain::Owner::<Runtime>::get(&hotkey);
                let stake = chain::TotalHotkeyAlpha::<Runtime>::get(&hotkey, netuid);
                Self {
                    uid: Compact(uid),
                    netuid: Compact(netuid),
                    active: entry(&columns.active, uid),
                    axon_info: chain::Axons::<Runtime>::get(netuid, &hotkey).unwrap_or_default(),
                    prometheus_info: chain::Prometheus::<Runtime>::get(netuid, &hotkey).unwrap_or_default(),
                    stake: vec![(coldkey.clone(), Compact(stake))],
                    rank: Compact(0),
                    emission: Compact(entry(&columns.emission, uid)),
                    incentive: Compact(entry(&columns.incentive, uid)),
                    consensus: Compact(entry(&columns.consensus, uid)),
                    trust: Compact(PerU16::default()),
                    validator_trust: Compact(entry(&columns.trust, uid)),
                    dividends: Compact(entry(&columns.dividends, uid)),
                    last_update: Compact(entry(&columns.last_update, uid)),
                    validator_permit: entry(&columns.permits, uid),
                    $($field,)*
                    pruning_score: Compact(u16::MAX),
                    hotkey,
                    coldkey,
                }
            }
        }
    };
}

neuron_view!(
    /// A neuron without what it said of others.
    NeuronInfoLite {}
);
neuron_view!(
    /// A neuron with what it said of others.
    NeuronInfo {
        /// Its weights.
        weights: Vec<(Compact<u16>, Compact<u16>)>,
        /// Its bonds.
        bonds: Vec<(Compact<u16>, Compact<u16>)>,
    }
);

/// All neurons of a subnet, with their weights.
#[must_use]
pub fn neurons(netuid: NetUid) -> Vec<NeuronInfo> {
    let columns = Columns::of(netuid);
    (0..)
        .zip(hotkeys(netuid))
        .map(|(uid, _)| full(netuid, uid, &columns))
        .collect()
}

/// One neuron, with its weights.
#[must_use]
pub fn neuron(netuid: NetUid, uid: u16) -> Option<NeuronInfo> {
    (uid < chain::SubnetworkN::<Runtime>::get(netuid)).then(|| full(netuid, uid, &Columns::of(netuid)))
}

/// All neurons of a subnet.
#[must_use]
pub fn neurons_lite(netuid: NetUid) -> Vec<NeuronInfoLite> {
    let columns = Columns::of(netuid);
    (0..)
        .zip(hotkeys(netuid))
        .map(|(uid, _)| NeuronInfoLite::build(netuid, uid, &columns))
        .collect()
}

/// One neuron.
#[must_use]
pub fn neuron_lite(netuid: NetUid, uid: u16) -> Option<NeuronInfoLite> {
    let known = uid < chain::SubnetworkN::<Runtime>::get(netuid);
    known.then(|| NeuronInfoLite::build(netuid, uid, &Columns::of(netuid)))
}

fn full(netuid: NetUid, uid: u16, columns: &Columns) -> NeuronInfo {
    let index = NetUidStorageIndex::from(netuid.0);
    let pairs = |row: Vec<(u16, u16)>| {
        row.into_iter()
            .map(|(uid, value)| (Compact(uid), Compact(value)))
            .collect()
    };
    let weights = pairs(chain::Weights::<Runtime>::get(index, uid));
    let bonds = pairs(chain::Bonds::<Runtime>::get(index, uid));
    NeuronInfo::build(netuid, uid, columns, weights, bonds)
}
