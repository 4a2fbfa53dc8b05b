//! The runtime APIs, answered by name: `api::dispatch(method, arguments)`.
#![expect(
    missing_docs,
    reason = "impl_runtime_apis! writes items without documentation"
)]

use frame_support::inherent::{CheckInherentsResult, InherentData};
use frame_support::weights::Weight;
use pallet_transaction_payment::{FeeDetails, RuntimeDispatchInfo};
use sp_api::impl_runtime_apis;
use sp_core::OpaqueMetadata;
use sp_runtime::traits::Block as BlockT;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};
use sp_runtime::{ApplyExtrinsicResult, ExtrinsicInclusionMode};
use sp_version::RuntimeVersion;

use super::views::{
    self, DynamicInfo, HyperparamEntry, Metagraph, NeuronInfo, NeuronInfoLite, SelectiveMetagraph,
    SubnetHyperparams, SubnetHyperparamsV2, SubnetInfo, SubnetInfov2, SubnetPrice, SubnetState,
};
use super::{AccountId, Balance, Block, Executive, Nonce};
use crate::pallets::numbers::{MechId, NetUid, TaoBalance};
use crate::{Runtime, SubtensorModule, System, TransactionPayment};

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            System::runtime_version()
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Executive::execute_block(block);
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }

        fn inherent_extrinsics(_data: InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            // The node writes its one inherent, the time, itself.
            Vec::new()
        }

        fn check_inherents(_block: <Block as BlockT>::LazyBlock, _data: InherentData) -> CheckInherentsResult {
            CheckInherentsResult::new()
        }
    }

    impl crate::runtime::declared::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
        fn query_info(uxt: <Block as BlockT>::Extrinsic, len: u32) -> RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_info(uxt, len)
        }

        fn query_fee_details(uxt: <Block as BlockT>::Extrinsic, len: u32) -> FeeDetails<Balance> {
            TransactionPayment::query_fee_details(uxt, len)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl crate::runtime::declared::NeuronInfoRuntimeApi<Block> for Runtime {
        fn get_neurons(netuid: NetUid) -> Vec<NeuronInfo> {
            views::neurons(netuid)
        }

        fn get_neuron(netuid: NetUid, uid: u16) -> Option<NeuronInfo> {
            views::neuron(netuid, uid)
        }

        fn get_neurons_lite(netuid: NetUid) -> Vec<NeuronInfoLite> {
            views::neurons_lite(netuid)
        }

        fn get_neuron_lite(netuid: NetUid, uid: u16) -> Option<NeuronInfoLite> {
            views::neuron_lite(netuid, uid)
        }
    }

    impl crate::runtime::declared::SubnetInfoRuntimeApi<Block> for Runtime {
        fn get_subnet_info(netuid: NetUid) -> Option<SubnetInfo> {
            views::subnet_info(netuid)
        }

        fn get_subnets_info() -> Vec<Option<SubnetInfo>> {
            SubtensorModule::subnets().into_iter().map(views::subnet_info).collect()
        }

        fn get_subnet_info_v2(netuid: NetUid) -> Option<SubnetInfov2> {
            views::subnet_info_v2(netuid)
        }

        fn get_subnets_info_v2() -> Vec<Option<SubnetInfov2>> {
            SubtensorModule::subnets().into_iter().map(views::subnet_info_v2).collect()
        }

        fn get_subnet_hyperparams(netuid: NetUid) -> Option<SubnetHyperparams> {
            views::hyperparameters(netuid)
        }

        fn get_subnet_hyperparams_v2(netuid: NetUid) -> Option<SubnetHyperparamsV2> {
            views::hyperparameters_v2(netuid)
        }

        fn get_subnet_hyperparams_v3(netuid: NetUid) -> Option<Vec<HyperparamEntry>> {
            views::hyperparameters_v3(netuid)
        }

        fn get_all_dynamic_info() -> Vec<Option<DynamicInfo>> {
            SubtensorModule::subnets().into_iter().map(views::dynamic_info).collect()
        }

        fn get_dynamic_info(netuid: NetUid) -> Option<DynamicInfo> {
            views::dynamic_info(netuid)
        }

        fn get_all_metagraphs() -> Vec<Option<Metagraph>> {
            SubtensorModule::subnets().into_iter().map(views::metagraph).collect()
        }

        fn get_metagraph(netuid: NetUid) -> Option<Metagraph> {
            views::metagraph(netuid)
        }

        fn get_mechagraph(netuid: NetUid, mecid: MechId) -> Option<Metagraph> {
            views::has_mechanism(netuid, mecid).and_then(|()| views::metagraph(netuid))
        }

        fn get_subnet_state(netuid: NetUid) -> Option<SubnetState> {
            views::subnet_state(netuid)
        }

        fn get_selective_metagraph(netuid: NetUid, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph> {
            views::selective_metagraph(netuid, &metagraph_indexes)
        }

        fn get_selective_mechagraph(
            netuid: NetUid,
            subid: MechId,
            metagraph_indexes: Vec<u16>,
        ) -> Option<SelectiveMetagraph> {
            views::has_mechanism(netuid, subid).and_then(|()| views::selective_metagraph(netuid, &metagraph_indexes))
        }

        fn get_coldkey_auto_stake_hotkey(_coldkey: AccountId, _netuid: NetUid) -> Option<AccountId> {
            None
        }

        fn get_next_epoch_start_block(netuid: NetUid) -> Option<u64> {
            SubtensorModule::next_epoch_block(netuid)
        }

        fn get_block_emission() -> TaoBalance {
            TaoBalance(0)
        }
    }

    impl crate::runtime::declared::SwapRuntimeApi<Block> for Runtime {
        fn current_alpha_price(_netuid: NetUid) -> u64 {
            views::PRICE
        }

        fn current_alpha_price_all() -> Vec<SubnetPrice> {
            SubtensorModule::subnets().into_iter().map(|netuid| SubnetPrice { netuid, price: views::PRICE }).collect()
        }
    }
}
