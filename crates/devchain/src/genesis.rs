//! The state a chain starts with.

use codec::Encode;
use frame_support::BoundedVec;
use sp_core::storage::{Storage, well_known_keys};
use sp_io::hashing::blake2_256;
use sp_runtime::BuildStorage;
use sp_state_machine::BasicExternalities;

use crate::pallets::commitments::{CommitmentInfo, Data};
use crate::pallets::numbers::NetUid;
use crate::pallets::subtensor as chain;
use crate::runtime::version::{SLOT_DURATION, SLOT_DURATION_KEY, SPEC_VERSION, SPEC_VERSION_KEY};
use crate::runtime::{AccountId, Balance};
use crate::{BalancesConfig, Commitments, Runtime, RuntimeGenesisConfig, SubtensorModule, SudoConfig};

/// What is there at block 0.
#[derive(Clone, Debug)]
pub struct GenesisSpec {
    /// When the chain starts, in Unix milliseconds: no two chains have the same genesis hash.
    pub started_ms: u64,
    /// The time between blocks that clients are told, in milliseconds.
    pub slot_ms: u64,
    /// The version the runtime says it has.
    pub spec_version: u32,
    /// Who has money, in rao.
    pub accounts: Vec<(AccountId, Balance)>,
    /// Who may send sudo calls.
    pub sudo: Option<AccountId>,
    /// The subnets.
    pub subnets: Vec<SubnetGenesis>,
}

impl Default for GenesisSpec {
    fn default() -> Self {
        Self {
            started_ms: 0,
            slot_ms: SLOT_DURATION,
            spec_version: SPEC_VERSION,
            accounts: Vec::new(),
            sudo: None,
            subnets: Vec::new(),
        }
    }
}

/// A subnet at block 0. Hyperparameters that are none keep the real chain's defaults.
#[derive(Clone, Debug)]
pub struct SubnetGenesis {
    /// Its number.
    pub netuid: u16,
    /// Its owner's coldkey.
    pub owner: AccountId,
    /// Its owner's hotkey, which may set weights without a permit.
    pub owner_hotkey: AccountId,
    /// Blocks between epochs.
    pub tempo: Option<u16>,
    /// Blocks between two submissions of weights.
    pub weights_rate_limit: Option<u64>,
    /// The lowest version key.
    pub version_key: Option<u64>,
    /// How many weights a row needs.
    pub min_allowed_weights: Option<u16>,
    /// A weight's largest share, of 65535.
    pub max_weights_limit: Option<u16>,
    /// Whether weights are committed first.
    pub commit_reveal: Option<bool>,
    /// Epochs between commit and reveal.
    pub reveal_period: Option<u64>,
    /// How many neurons it holds.
    pub max_uids: Option<u16>,
    /// Its neurons, by uid.
    pub neurons: Vec<NeuronGenesis>,
}

impl SubnetGenesis {
    /// A subnet with default hyperparameters and no neurons.
    #[must_use]
    pub fn new(netuid: u16, owner: AccountId, owner_hotkey: AccountId) -> Self {
        Self {
            netuid,
            owner,
            owner_hotkey,
            tempo: None,
            weights_rate_limit: None,
            version_key: None,
            min_allowed_weights: None,
            max_weights_limit: None,
            commit_reveal: None,
            reveal_period: None,
            max_uids: None,
            neurons: Vec::new(),
        }
    }
}

/// A neuron at block 0.
#[derive(Clone, Debug)]
pub struct NeuronGenesis {
    /// Its hotkey.
    pub hotkey: AccountId,
    /// The coldkey that owns it.
    pub coldkey: AccountId,
    /// Its stake.
    pub stake: u64,
    /// Whether it may set weights.
    pub permit: bool,
    /// What it has committed, as one raw field of at most 128 bytes.
    pub commitment: Option<Vec<u8>>,
}

/// Builds the state of block 0. Clients cache metadata by genesis hash, so its hash is part of the state, where
/// another chain keeps its code.
#[must_use]
pub fn genesis(spec: &GenesisSpec) -> Storage {
    let config = RuntimeGenesisConfig {
        balances: BalancesConfig {
            balances: spec.accounts.clone(),
            ..Default::default()
        },
        sudo: SudoConfig {
            key: spec.sudo.clone(),
        },
        ..Default::default()
    };
    let storage = config
        .build_storage()
        .expect("balances are above the least and each account is named once");
    let mut externalities = BasicExternalities::new(storage);
    externalities.execute_with(|| {
        sp_io::storage::set(SPEC_VERSION_KEY, &spec.spec_version.encode());
        sp_io::storage::set(SLOT_DURATION_KEY, &spec.slot_ms.encode());
        spec.subnets.iter().for_each(found);
        // Before the first block there is nobody to tell events to.
        frame_system::Pallet::<Runtime>::reset_events();
        let metadata: Vec<u8> = Runtime::metadata().into();
        sp_io::storage::set(
            well_known_keys::CODE,
            &blake2_256(&(metadata, spec.started_ms).encode()),
        );
    });
    externalities.into_storages()
}

fn found(subnet: &SubnetGenesis) {
    let netuid = NetUid(subnet.netuid);
    SubtensorModule::create_subnet(netuid, &subnet.owner, &subnet.owner_hotkey);
    if let Some(tempo) = subnet.tempo {
        chain::Tempo::<Runtime>::insert(netuid, tempo);
    }
    if let Some(blocks) = subnet.weights_rate_limit {
        chain::WeightsSetRateLimit::<Runtime>::insert(netuid, blocks);
    }
    if let Some(key) = subnet.version_key {
        chain::WeightsVersionKey::<Runtime>::insert(netuid, key);
    }
    if let Some(count) = subnet.min_allowed_weights {
        chain::MinAllowedWeights::<Runtime>::insert(netuid, count);
    }
    if let Some(limit) = subnet.max_weights_limit {
        chain::MaxWeightsLimit::<Runtime>::insert(netuid, limit);
    }
    if let Some(on) = subnet.commit_reveal {
        chain::CommitRevealWeightsEnabled::<Runtime>::insert(netuid, on);
    }
    if let Some(epochs) = subnet.reveal_period {
        chain::RevealPeriodEpochs::<Runtime>::insert(netuid, epochs);
    }
    if let Some(count) = subnet.max_uids {
        chain::MaxAllowedUids::<Runtime>::insert(netuid, count);
    }
    for neuron in &subnet.neurons {
        seat(netuid, neuron);
    }
}

fn seat(netuid: NetUid, neuron: &NeuronGenesis) {
    SubtensorModule::register(netuid, &neuron.hotkey, &neuron.coldkey)
        .expect("a genesis names each hotkey once per subnet, and no more than it holds");
    SubtensorModule::endow(netuid, &neuron.hotkey, neuron.stake, neuron.permit);
    if let Some(bytes) = &neuron.commitment {
        let field = Data::Raw(BoundedVec::truncate_from(bytes.clone()));
        let info = CommitmentInfo {
            fields: BoundedVec::truncate_from(vec![field]),
        };
        Commitments::publish(&neuron.hotkey, netuid, info)
            .expect("the first commitment has its epoch's space");
    }
}
