//! A subnet as a whole, with all it keeps by uid; and the parts of that a client picks by number.

use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;
use sp_runtime::PerU16;

use super::hyperparameters::activity_cutoff;
use super::subnets::{name, registered_at, stakes};
use super::{Columns, compact, exists, hotkeys, zero};
use crate::pallets::numbers::{AlphaBalance, FixedI128, NetUid, TaoBalance};
use crate::pallets::subtensor::{self as chain, AxonInfo, ChainIdentityV2, SubnetIdentityV3};
use crate::runtime::AccountId;
use crate::{Commitments, Runtime, SubtensorModule};

/// Declares the whole and its parts at once: each field's number is its place, the subnet's own being 0.
macro_rules! metagraph {
    (
        both { $($field:ident: $kind:ty,)* }
        parts { $($part:ident: $part_kind:ty,)* }
        both_again { $($last:ident: $last_kind:ty,)* }
    ) => {
        /// A subnet as a whole.
        #[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
        pub struct Metagraph {
            /// Its number.
            pub netuid: Compact<NetUid>,
            $(#[doc = concat!("`", stringify!($field), "`, as the chain names it.")] pub $field: $kind,)*
            $(#[doc = concat!("`", stringify!($last), "`, as the chain names it.")] pub $last: $last_kind,)*
        }

        /// The parts of it a client asked for.
        #[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
        pub struct SelectiveMetagraph {
            /// Its number.
            pub netuid: Compact<NetUid>,
            $(#[doc = concat!("`", stringify!($field), "`, as the chain names it.")] pub $field: Option<$kind>,)*
            $(#[doc = concat!("`", stringify!($part), "`, as the chain names it.")] pub $part: Option<$part_kind>,)*
            $(#[doc = concat!("`", stringify!($last), "`, as the chain names it.")] pub $last: Option<$last_kind>,)*
        }

        impl Metagraph {
            fn pick(self, wanted: &[u16], parts: Parts) -> SelectiveMetagraph {
                let mut places = 1..;
                let mut is_wanted = || places.next().is_some_and(|place: u16| wanted.contains(&place));
                SelectiveMetagraph {
                    netuid: self.netuid,
                    $($field: is_wanted().then_some(self.$field),)*
                    $($part: is_wanted().then_some(parts.$part),)*
                    $($last: is_wanted().then_some(self.$last),)*
                }
            }
        }

        /// What only a client that picks can have.
        struct Parts {
            $($part: $part_kind,)*
        }
    };
}

metagraph!(
    both {
        name: Vec<Compact<u8>>,
        symbol: Vec<Compact<u8>>,
        identity: Option<SubnetIdentityV3>,
        network_registered_at: Compact<u64>,
        owner_hotkey: AccountId,
        owner_coldkey: AccountId,
        block: Compact<u64>,
        tempo: Compact<u16>,
        last_step: Compact<u64>,
        blocks_since_last_step: Compact<u64>,
        subnet_emission: Compact<u64>,
        alpha_in: Compact<AlphaBalance>,
        alpha_out: Compact<AlphaBalance>,
        tao_in: Compact<TaoBalance>,
        alpha_out_emission: Compact<AlphaBalance>,
        alpha_in_emission: Compact<AlphaBalance>,
        tao_in_emission: Compact<TaoBalance>,
        pending_alpha_emission: Compact<AlphaBalance>,
        pending_root_emission: Compact<TaoBalance>,
        subnet_volume: Compact<u128>,
        moving_price: FixedI128,
        rho: Compact<u16>,
        kappa: Compact<u16>,
        min_allowed_weights: Compact<u16>,
        max_weights_limit: Compact<u16>,
        weights_version: Compact<u64>,
        weights_rate_limit: Compact<u64>,
        activity_cutoff: Compact<u64>,
        max_validators: Compact<u16>,
        num_uids: Compact<u16>,
        max_uids: Compact<u16>,
        burn: Compact<TaoBalance>,
        difficulty: Compact<u64>,
        registration_allowed: bool,
        pow_registration_allowed: bool,
        immunity_period: Compact<u16>,
        min_difficulty: Compact<u64>,
        max_difficulty: Compact<u64>,
        min_burn: Compact<TaoBalance>,
        max_burn: Compact<TaoBalance>,
        adjustment_alpha: Compact<u64>,
        adjustment_interval: Compact<u16>,
        target_regs_per_interval: Compact<u16>,
        max_regs_per_block: Compact<u16>,
        serving_rate_limit: Compact<u64>,
        commit_reveal_weights_enabled: bool,
        commit_reveal_period: Compact<u64>,
        liquid_alpha_enabled: bool,
        alpha_high: Compact<u16>,
        alpha_low: Compact<u16>,
        bonds_moving_avg: Compact<u64>,
        hotkeys: Vec<AccountId>,
        coldkeys: Vec<AccountId>,
        identities: Vec<Option<ChainIdentityV2>>,
        axons: Vec<AxonInfo>,
        active: Vec<bool>,
        validator_permit: Vec<bool>,
        pruning_score: Vec<Compact<u16>>,
        last_update: Vec<Compact<u64>>,
        emission: Vec<Compact<AlphaBalance>>,
        dividends: Vec<Compact<PerU16>>,
        incentives: Vec<Compact<PerU16>>,
        consensus: Vec<Compact<PerU16>>,
        trust: Vec<Compact<PerU16>>,
        rank: Vec<Compact<u16>>,
        block_at_registration: Vec<Compact<u64>>,
        alpha_stake: Vec<Compact<AlphaBalance>>,
        tao_stake: Vec<Compact<TaoBalance>>,
        total_stake: Vec<Compact<TaoBalance>>,
        tao_dividends_per_hotkey: Vec<(AccountId, Compact<TaoBalance>)>,
        alpha_dividends_per_hotkey: Vec<(AccountId, Compact<AlphaBalance>)>,
    }
    parts {
        validators: Vec<Compact<u16>>,
        commitments: Vec<(AccountId, Vec<Compact<u8>>)>,
    }
    both_again {
        collateral_locked: Vec<Compact<AlphaBalance>>,
        collateral_min: Vec<Compact<AlphaBalance>>,
        collateral_earned: Vec<Compact<AlphaBalance>>,
    }
);

/// A subnet as a whole.
#[must_use]
#[expect(clippy::too_many_lines, reason = "one line for each of the chain's fields")]
pub fn metagraph(netuid: NetUid) -> Option<Metagraph> {
    exists(netuid)?;
    let columns = Columns::of(netuid);
    let hotkeys = hotkeys(netuid);
    let coldkeys: Vec<_> = hotkeys.iter().map(chain::Owner::<Runtime>::get).collect();
    let stakes = stakes(netuid, &hotkeys);
    let nothing = || {
        hotkeys
            .iter()
            .map(|_| zero())
            .collect::<Vec<Compact<AlphaBalance>>>()
    };
    let block = SubtensorModule::current_block();
    let last_step = chain::LastMechansimStepBlock::<Runtime>::get(netuid);
    let alpha = chain::AlphaValues::<Runtime>::get(netuid);
    Some(Metagraph {
        netuid: Compact(netuid),
        name: name(netuid),
        symbol: compact(chain::TokenSymbol::<Runtime>::get(netuid)),
        identity: chain::SubnetIdentitiesV3::<Runtime>::get(netuid),
        network_registered_at: chain::NetworkRegisteredAt::<Runtime>::get(netuid).into(),
        owner_hotkey: chain::SubnetOwnerHotkey::<Runtime>::get(netuid),
        owner_coldkey: chain::SubnetOwner::<Runtime>::get(netuid),
        block: Compact(block),
        tempo: chain::Tempo::<Runtime>::get(netuid).into(),
        last_step: Compact(last_step),
        blocks_since_last_step: Compact(block.saturating_sub(last_step)),
        subnet_emission: Compact(0),
        alpha_in: chain::SubnetAlphaIn::<Runtime>::get(netuid).into(),
        alpha_out: chain::SubnetAlphaOut::<Runtime>::get(netuid).into(),
        tao_in: chain::SubnetTAO::<Runtime>::get(netuid).into(),
        alpha_out_emission: zero(),
        alpha_in_emission: zero(),
        tao_in_emission: zero(),
        pending_alpha_emission: zero(),
        pending_root_emission: zero(),
        subnet_volume: chain::SubnetVolume::<Runtime>::get(netuid).into(),
        moving_price: chain::SubnetMovingPrice::<Runtime>::get(netuid),
        rho: chain::Rho::<Runtime>::get(netuid).into(),
        kappa: chain::Kappa::<Runtime>::get(netuid).into(),
        min_allowed_weights: chain::MinAllowedWeights::<Runtime>::get(netuid).into(),
        max_weights_limit: chain::MaxWeightsLimit::<Runtime>::get(netuid).into(),
        weights_version: chain::WeightsVersionKey::<Runtime>::get(netuid).into(),
        weights_rate_limit: chain::WeightsSetRateLimit::<Runtime>::get(netuid).into(),
        activity_cutoff: activity_cutoff(netuid).into(),
        max_validators: chain::MaxAllowedValidators::<Runtime>::get(netuid).into(),
        num_uids: chain::SubnetworkN::<Runtime>::get(netuid).into(),
        max_uids: chain::MaxAllowedUids::<Runtime>::get(netuid).into(),
        burn: chain::Burn::<Runtime>::get(netuid).into(),
        difficulty: chain::Difficulty::<Runtime>::get(netuid).into(),
        registration_allowed: chain::NetworkRegistrationAllowed::<Runtime>::get(netuid),
        pow_registration_allowed: chain::NetworkPowRegistrationAllowed::<Runtime>::get(netuid),
        immunity_period: chain::ImmunityPeriod::<Runtime>::get(netuid).into(),
        min_difficulty: chain::MinDifficulty::<Runtime>::get(netuid).into(),
        max_difficulty: chain::MaxDifficulty::<Runtime>::get(netuid).into(),
        min_burn: chain::MinBurn::<Runtime>::get(netuid).into(),
        max_burn: chain::MaxBurn::<Runtime>::get(netuid).into(),
        adjustment_alpha: chain::AdjustmentAlpha::<Runtime>::get(netuid).into(),
        adjustment_interval: chain::AdjustmentInterval::<Runtime>::get(netuid).into(),
        target_regs_per_interval: chain::TargetRegistrationsPerInterval::<Runtime>::get(netuid).into(),
        max_regs_per_block: chain::MaxRegistrationsPerBlock::<Runtime>::get(netuid).into(),
        serving_rate_limit: chain::ServingRateLimit::<Runtime>::get(netuid).into(),
        commit_reveal_weights_enabled: chain::CommitRevealWeightsEnabled::<Runtime>::get(netuid),
        commit_reveal_period: chain::RevealPeriodEpochs::<Runtime>::get(netuid).into(),
        liquid_alpha_enabled: chain::LiquidAlphaOn::<Runtime>::get(netuid),
        alpha_high: Compact(alpha.1),
        alpha_low: Compact(alpha.0),
        bonds_moving_avg: chain::BondsMovingAverage::<Runtime>::get(netuid).into(),
        identities: coldkeys.iter().map(chain::IdentitiesV2::<Runtime>::get).collect(),
        axons: hotkeys.iter().map(|hotkey| axon(netuid, hotkey)).collect(),
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
        tao_dividends_per_hotkey: hotkeys.iter().map(|hotkey| (hotkey.clone(), zero())).collect(),
        alpha_dividends_per_hotkey: hotkeys.iter().map(|hotkey| (hotkey.clone(), zero())).collect(),
        collateral_locked: nothing(),
        collateral_min: nothing(),
        collateral_earned: nothing(),
        hotkeys,
        coldkeys,
    })
}

/// The parts of a subnet whose numbers a client names.
#[must_use]
pub fn selective_metagraph(netuid: NetUid, wanted: &[u16]) -> Option<SelectiveMetagraph> {
    let whole = metagraph(netuid)?;
    let validators = (0..).zip(&whole.validator_permit).filter(|(_, permit)| **permit);
    let parts = Parts {
        validators: validators.map(|(uid, _)| Compact(uid)).collect(),
        commitments: Commitments::all(netuid)
            .into_iter()
            .map(|(who, commitment)| (who, compact(commitment.encode())))
            .collect(),
    };
    Some(whole.pick(wanted, parts))
}

fn axon(netuid: NetUid, hotkey: &AccountId) -> AxonInfo {
    chain::Axons::<Runtime>::get(netuid, hotkey).unwrap_or_default()
}
