//! Subnets, in the forms clients ask for.

use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;
use sp_runtime::PerU16;

use super::{Columns, compact, exists, hotkeys, zero};
use crate::pallets::numbers::{AlphaBalance, FixedI128, NetUid, TaoBalance};
use crate::pallets::subtensor::{self as chain, SubnetIdentityV3};
use crate::runtime::AccountId;
use crate::{Runtime, SubtensorModule};

/// Declares both forms of a subnet's description: they differ in one name and at their end.
macro_rules! subnet_form {
    ($(#[$doc:meta])* $name:ident, $function:ident, $emission:ident $(, $new:ident: $kind:ty = $value:expr)?; $netuid:ident) => {
        $(#[$doc])*
        #[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            /// Its number.
            pub netuid: Compact<NetUid>,
            /// See the hyperparameter.
            pub rho: Compact<u16>,
            /// See the hyperparameter.
            pub kappa: Compact<u16>,
            /// See the hyperparameter.
            pub difficulty: Compact<u64>,
            /// See the hyperparameter.
            pub immunity_period: Compact<u16>,
            /// See the hyperparameter.
            pub max_allowed_validators: Compact<u16>,
            /// See the hyperparameter.
            pub min_allowed_weights: Compact<u16>,
            /// See the hyperparameter.
            pub max_weights_limit: Compact<u16>,
            /// See the hyperparameter.
            pub scaling_law_power: Compact<u16>,
            /// How many neurons it has.
            pub subnetwork_n: Compact<u16>,
            /// How many it holds.
            pub max_allowed_uids: Compact<u16>,
            /// Blocks since the last epoch.
            pub blocks_since_last_step: Compact<u64>,
            /// Blocks between epochs.
            pub tempo: Compact<u16>,
            /// Nothing any more.
            pub network_modality: Compact<u16>,
            /// Nothing any more.
            pub network_connect: Vec<[u16; 2]>,
            /// Nothing any more.
            pub $emission: Compact<u64>,
            /// What a registration costs.
            pub burn: Compact<TaoBalance>,
            /// Who owns it.
            pub owner: AccountId,
            $(/// What it says it is.
            pub $new: $kind,)?
        }

        $(#[$doc])*
        #[must_use]
        pub fn $function($netuid: NetUid) -> Option<$name> {
            exists($netuid)?;
            Some($name {
                netuid: Compact($netuid),
                rho: chain::Rho::<Runtime>::get($netuid).into(),
                kappa: chain::Kappa::<Runtime>::get($netuid).into(),
                difficulty: chain::Difficulty::<Runtime>::get($netuid).into(),
                immunity_period: chain::ImmunityPeriod::<Runtime>::get($netuid).into(),
                max_allowed_validators: chain::MaxAllowedValidators::<Runtime>::get($netuid).into(),
                min_allowed_weights: chain::MinAllowedWeights::<Runtime>::get($netuid).into(),
                max_weights_limit: chain::MaxWeightsLimit::<Runtime>::get($netuid).into(),
                scaling_law_power: chain::ScalingLawPower::<Runtime>::get($netuid).into(),
                subnetwork_n: chain::SubnetworkN::<Runtime>::get($netuid).into(),
                max_allowed_uids: chain::MaxAllowedUids::<Runtime>::get($netuid).into(),
                blocks_since_last_step: chain::BlocksSinceLastStep::<Runtime>::get($netuid).into(),
                tempo: chain::Tempo::<Runtime>::get($netuid).into(),
                network_modality: Compact(0),
                network_connect: Vec::new(),
                $emission: Compact(0),
                burn: chain::Burn::<Runtime>::get($netuid).into(),
                owner: chain::SubnetOwner::<Runtime>::get($netuid),
                $($new: $value,)?
            })
        }
    };
}

subnet_form!(
    /// A subnet, in the first form.
    SubnetInfo, subnet_info, emission_values; netuid
);
subnet_form!(
    /// A subnet, in the second form.
    SubnetInfov2, subnet_info_v2, emission_value,
    identity: Option<SubnetIdentityV3> = chain::SubnetIdentitiesV3::<Runtime>::get(netuid); netuid
);

/// A token's price in rao: one TAO, as nothing is traded here.
pub const PRICE: u64 = 1_000_000_000;

/// What a subnet's token costs.
#[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
pub struct SubnetPrice {
    /// The subnet.
    pub netuid: NetUid,
    /// The price in rao.
    pub price: u64,
}

/// A subnet's token and clock.
#[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
pub struct DynamicInfo {
    /// Its number.
    pub netuid: Compact<NetUid>,
    /// Its owner's hotkey.
    pub owner_hotkey: AccountId,
    /// Its owner's coldkey.
    pub owner_coldkey: AccountId,
    /// Its name.
    pub subnet_name: Vec<Compact<u8>>,
    /// Its token's symbol.
    pub token_symbol: Vec<Compact<u8>>,
    /// Blocks between epochs.
    pub tempo: Compact<u16>,
    /// The last epoch's block.
    pub last_step: Compact<u64>,
    /// Blocks since then.
    pub blocks_since_last_step: Compact<u64>,
    /// Nothing any more.
    pub emission: Compact<u64>,
    /// In the pool.
    pub alpha_in: Compact<AlphaBalance>,
    /// Outside it.
    pub alpha_out: Compact<AlphaBalance>,
    /// In the pool.
    pub tao_in: Compact<TaoBalance>,
    /// Paid per block.
    pub alpha_out_emission: Compact<AlphaBalance>,
    /// Paid per block.
    pub alpha_in_emission: Compact<AlphaBalance>,
    /// Paid per block.
    pub tao_in_emission: Compact<TaoBalance>,
    /// To be paid.
    pub pending_alpha_emission: Compact<AlphaBalance>,
    /// To be paid.
    pub pending_root_emission: Compact<TaoBalance>,
    /// Ever traded.
    pub subnet_volume: Compact<u128>,
    /// The block it was made at.
    pub network_registered_at: Compact<u64>,
    /// What it says it is.
    pub subnet_identity: Option<SubnetIdentityV3>,
    /// The smoothed price.
    pub moving_price: FixedI128,
}

/// A subnet's token and clock.
#[must_use]
pub fn dynamic_info(netuid: NetUid) -> Option<DynamicInfo> {
    exists(netuid)?;
    let last_step = chain::LastMechansimStepBlock::<Runtime>::get(netuid);
    Some(DynamicInfo {
        netuid: Compact(netuid),
        owner_hotkey: chain::SubnetOwnerHotkey::<Runtime>::get(netuid),
        owner_coldkey: chain::SubnetOwner::<Runtime>::get(netuid),
        subnet_name: name(netuid),
        token_symbol: compact(chain::TokenSymbol::<Runtime>::get(netuid)),
        tempo: chain::Tempo::<Runtime>::get(netuid).into(),
        last_step: last_step.into(),
        blocks_since_last_step: SubtensorModule::current_block().saturating_sub(last_step).into(),
        emission: Compact(0),
        alpha_in: chain::SubnetAlphaIn::<Runtime>::get(netuid).into(),
        alpha_out: chain::SubnetAlphaOut::<Runtime>::get(netuid).into(),
        tao_in: chain::SubnetTAO::<Runtime>::get(netuid).into(),
        alpha_out_emission: zero(),
        alpha_in_emission: zero(),
        tao_in_emission: zero(),
        pending_alpha_emission: zero(),
        pending_root_emission: zero(),
        subnet_volume: chain::SubnetVolume::<Runtime>::get(netuid).into(),
        network_registered_at: chain::NetworkRegisteredAt::<Runtime>::get(netuid).into(),
        subnet_identity: chain::SubnetIdentitiesV3::<Runtime>::get(netuid),
        moving_price: chain::SubnetMovingPrice::<Runtime>::get(netuid),
    })
}

/// A subnet's neurons, as columns.
#[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
pub struct SubnetState {
    /// Its number.
    pub netuid: Compact<NetUid>,
    /// By uid.
    pub hotkeys: Vec<AccountId>,
    /// By uid.
    pub coldkeys: Vec<AccountId>,
    /// By uid.
    pub active: Vec<bool>,
    /// By uid.
    pub validator_permit: Vec<bool>,
    /// Nothing any more.
    pub pruning_score: Vec<Compact<u16>>,
    /// By uid.
    pub last_update: Vec<Compact<u64>>,
    /// By uid.
    pub emission: Vec<Compact<AlphaBalance>>,
    /// By uid.
    pub dividends: Vec<Compact<PerU16>>,
    /// By uid.
    pub incentives: Vec<Compact<PerU16>>,
    /// By uid.
    pub consensus: Vec<Compact<PerU16>>,
    /// Nothing any more.
    pub trust: Vec<Compact<PerU16>>,
    /// Nothing any more.
    pub rank: Vec<Compact<u16>>,
    /// By uid.
    pub block_at_registration: Vec<Compact<u64>>,
    /// By uid.
    pub alpha_stake: Vec<Compact<AlphaBalance>>,
    /// By uid.
    pub tao_stake: Vec<Compact<TaoBalance>>,
    /// By uid.
    pub total_stake: Vec<Compact<TaoBalance>>,
    /// By subnet and uid.
    pub emission_history: Vec<Vec<Compact<AlphaBalance>>>,
}

/// A subnet's neurons, as columns.
#[must_use]
pub fn subnet_state(netuid: NetUid) -> Option<SubnetState> {
    exists(netuid)?;
    let columns = Columns::of(netuid);
    let hotkeys = hotkeys(netuid);
    let stakes = stakes(netuid, &hotkeys);
    Some(SubnetState {
        netuid: Compact(netuid),
        coldkeys: hotkeys.iter().map(chain::Owner::<Runtime>::get).collect(),
        active: columns.active,
        validator_permit: columns.permits,
        pruning_score: Vec::new(),
        last_update: compact(columns.last_update),
        emission: compact(columns.emission),
        dividends: compact(columns.dividends),
        incentives: compact(columns.incentive),
        consensus: compact(columns.consensus),
        trust: Vec::new(),
        rank: Vec::new(),
        block_at_registration: registered_at(netuid, hotkeys.len()),
        alpha_stake: compact(stakes.clone()),
        tao_stake: hotkeys.iter().map(|_| zero()).collect(),
        total_stake: stakes
            .into_iter()
            .map(|stake| Compact(TaoBalance(stake.0)))
            .collect(),
        emission_history: Vec::new(),
        hotkeys,
    })
}

/// A subnet's name, for which the chain has a list of its own.
pub(super) fn name(netuid: NetUid) -> Vec<Compact<u8>> {
    let identity = chain::SubnetIdentitiesV3::<Runtime>::get(netuid);
    compact(identity.map_or_else(|| b"devchain".to_vec(), |identity| identity.subnet_name))
}

/// The hotkeys' stakes on a subnet.
pub(super) fn stakes(netuid: NetUid, hotkeys: &[AccountId]) -> Vec<AlphaBalance> {
    hotkeys
        .iter()
        .map(|hotkey| chain::TotalHotkeyAlpha::<Runtime>::get(hotkey, netuid))
        .collect()
}

/// The blocks the uids were given at.
pub(super) fn registered_at(netuid: NetUid, count: usize) -> Vec<Compact<u64>> {
    (0..)
        .take(count)
        .map(|uid: u16| chain::BlockAtRegistration::<Runtime>::get(netuid, uid).into())
        .collect()
}
