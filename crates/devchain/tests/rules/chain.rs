//! A chain of one subnet: a validator, three miners and an owner who only owns.

use kinitro_devchain::genesis::{GenesisSpec, NeuronGenesis, SubnetGenesis, genesis};
use kinitro_devchain::pallets::numbers::{NetUid, NetUidStorageIndex};
use kinitro_devchain::pallets::subtensor::{Error, Tempo, WeightsSetRateLimit};
use kinitro_devchain::runtime::{AccountId, Hash};
use kinitro_devchain::{Runtime, RuntimeEvent, RuntimeOrigin, SubtensorModule, System};
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::DispatchError;

/// The subnet.
pub(crate) const NETUID: NetUid = NetUid(1);
/// The index its weights are kept under.
pub(crate) const INDEX: NetUidStorageIndex = NetUidStorageIndex(1);
/// Who may set weights; its uid is 0.
pub(crate) const VALIDATOR: Key = Key::Alice;
/// Who may not; their uids are 1 to 3.
pub(crate) const MINERS: [Key; 3] = [Key::Bob, Key::Charlie, Key::Dave];
/// The owner's hotkey, which has no uid.
pub(crate) const OWNER: Key = Key::Eve;
/// A coldkey with money.
pub(crate) const RICH: Key = Key::Ferdie;
/// The genesis hash that extrinsics are signed with.
pub(crate) const GENESIS_HASH: Hash = Hash::repeat_byte(69);

/// The subnet at genesis: weights are set at once, one in ten blocks.
pub(crate) fn subnet() -> SubnetGenesis {
    let neuron = |key: Key, stake, permit| NeuronGenesis {
        hotkey: key.to_account_id(),
        coldkey: RICH.to_account_id(),
        stake,
        permit,
        commitment: None,
    };
    let mut neurons = vec![neuron(VALIDATOR, 1000, true)];
    neurons.extend(MINERS.map(|key| neuron(key, 0, false)));
    SubnetGenesis {
        commit_reveal: Some(false),
        min_allowed_weights: Some(1),
        weights_rate_limit: Some(10),
        neurons,
        ..SubnetGenesis::new(NETUID.0, RICH.to_account_id(), OWNER.to_account_id())
    }
}

/// The chain at block 1.
pub(crate) fn chain() -> TestExternalities {
    chain_of(subnet())
}

/// A chain with another subnet, at block 1.
pub(crate) fn chain_of(subnet: SubnetGenesis) -> TestExternalities {
    let spec = GenesisSpec {
        accounts: vec![(RICH.to_account_id(), 1_000_000_000_000)],
        subnets: vec![subnet],
        ..GenesisSpec::default()
    };
    let mut state = TestExternalities::new(genesis(&spec));
    state.execute_with(|| {
        System::set_block_number(1);
        frame_system::BlockHash::<Runtime>::insert(0, GENESIS_HASH);
    });
    state
}

/// Makes blocks up to this one.
pub(crate) fn run_to(block: u32) {
    while System::block_number() < block {
        System::set_block_number(System::block_number() + 1);
        SubtensorModule::run_epochs();
    }
}

/// A call's sender.
pub(crate) fn by(key: Key) -> RuntimeOrigin {
    RuntimeOrigin::signed(account(key))
}

/// A key's account.
pub(crate) fn account(key: Key) -> AccountId {
    key.to_account_id()
}

/// An error of the subnets' pallet, as a call returns it.
pub(crate) fn error(error: Error<Runtime>) -> Result<(), DispatchError> {
    Err(error.into())
}

/// Whether something was told in this block.
pub(crate) fn was_told(event: impl Into<RuntimeEvent>) -> bool {
    let event = event.into();
    System::events().iter().any(|record| record.event == event)
}

/// Sets how long epochs are, and lets validators set weights in every block.
pub(crate) fn without_limits(tempo: u16) {
    Tempo::<Runtime>::insert(NETUID, tempo);
    WeightsSetRateLimit::<Runtime>::insert(NETUID, 0);
}
