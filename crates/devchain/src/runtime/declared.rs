//! Runtime APIs that the real chain has and no crate we use declares.

use sp_runtime::traits::Block as BlockT;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};

use super::AccountId;
use super::views::{
    DynamicInfo, HyperparamEntry, Metagraph, NeuronInfo, NeuronInfoLite, SelectiveMetagraph,
    SubnetHyperparams, SubnetHyperparamsV2, SubnetInfo, SubnetInfov2, SubnetPrice, SubnetState,
};
use crate::pallets::numbers::{MechId, NetUid, TaoBalance};

sp_api::decl_runtime_apis! {
    /// Asks whether a transaction may enter the pool.
    #[api_version(3)]
    pub trait TaggedTransactionQueue {
        /// Validates one transaction as of the given block.
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: Block::Hash,
        ) -> TransactionValidity;
    }

    /// Asks for neurons.
    pub trait NeuronInfoRuntimeApi {
        /// All neurons of a subnet, with their weights.
        fn get_neurons(netuid: NetUid) -> Vec<NeuronInfo>;
        /// One neuron, with its weights.
        fn get_neuron(netuid: NetUid, uid: u16) -> Option<NeuronInfo>;
        /// All neurons of a subnet.
        fn get_neurons_lite(netuid: NetUid) -> Vec<NeuronInfoLite>;
        /// One neuron.
        fn get_neuron_lite(netuid: NetUid, uid: u16) -> Option<NeuronInfoLite>;
    }

    /// Asks for subnets.
    pub trait SubnetInfoRuntimeApi {
        /// A subnet, in the first form.
        fn get_subnet_info(netuid: NetUid) -> Option<SubnetInfo>;
        /// All subnets, in the first form.
        fn get_subnets_info() -> Vec<Option<SubnetInfo>>;
        /// A subnet, in the second form.
        fn get_subnet_info_v2(netuid: NetUid) -> Option<SubnetInfov2>;
        /// All subnets, in the second form.
        fn get_subnets_info_v2() -> Vec<Option<SubnetInfov2>>;
        /// A subnet's hyperparameters, in the first form.
        fn get_subnet_hyperparams(netuid: NetUid) -> Option<SubnetHyperparams>;
        /// A subnet's hyperparameters, in the second form.
        fn get_subnet_hyperparams_v2(netuid: NetUid) -> Option<SubnetHyperparamsV2>;
        /// A subnet's hyperparameters by name.
        fn get_subnet_hyperparams_v3(netuid: NetUid) -> Option<Vec<HyperparamEntry>>;
        /// All subnets' tokens and clocks.
        fn get_all_dynamic_info() -> Vec<Option<DynamicInfo>>;
        /// A subnet's token and clock.
        fn get_dynamic_info(netuid: NetUid) -> Option<DynamicInfo>;
        /// All subnets as a whole.
        fn get_all_metagraphs() -> Vec<Option<Metagraph>>;
        /// A subnet as a whole.
        fn get_metagraph(netuid: NetUid) -> Option<Metagraph>;
        /// One mechanism of a subnet as a whole.
        fn get_mechagraph(netuid: NetUid, mecid: MechId) -> Option<Metagraph>;
        /// A subnet's neurons, as columns.
        fn get_subnet_state(netuid: NetUid) -> Option<SubnetState>;
        /// The parts of a subnet whose numbers are named.
        fn get_selective_metagraph(netuid: NetUid, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph>;
        /// The parts of one mechanism of a subnet whose numbers are named.
        fn get_selective_mechagraph(
            netuid: NetUid,
            subid: MechId,
            metagraph_indexes: Vec<u16>,
        ) -> Option<SelectiveMetagraph>;
        /// Where a coldkey's earnings go.
        fn get_coldkey_auto_stake_hotkey(coldkey: AccountId, netuid: NetUid) -> Option<AccountId>;
        /// The block the next epoch runs at.
        fn get_next_epoch_start_block(netuid: NetUid) -> Option<u64>;
        /// What is paid per block.
        fn get_block_emission() -> TaoBalance;
    }

    /// Asks for prices; a subnet's token costs one TAO here.
    pub trait SwapRuntimeApi {
        /// A token's price in rao.
        fn current_alpha_price(netuid: NetUid) -> u64;
        /// All tokens' prices.
        fn current_alpha_price_all() -> Vec<SubnetPrice>;
    }
}
