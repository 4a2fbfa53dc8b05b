//! A subnet's hyperparameters, in the three forms clients ask for.
#![expect(clippy::cast_possible_truncation, reason = "a derived encoding writes it")]

use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;

use super::exists;
use crate::Runtime;
use crate::pallets::numbers::{FixedI64, FixedU128, NetUid, TaoBalance};
use crate::pallets::subtensor as chain;

/// Declares both fixed forms at once: the second is the first with more at its end.
macro_rules! fixed_forms {
    (
        { $($field:ident: $kind:ty = $value:expr,)* }
        more { $($new:ident: $new_kind:ty = $new_value:expr,)* }
        of $netuid:ident
    ) => {
        /// The first form.
        #[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
        pub struct SubnetHyperparams {
            $(#[doc = concat!("`", stringify!($field), "`, as the chain names it.")] pub $field: $kind,)*
        }

        /// The second form.
        #[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
        pub struct SubnetHyperparamsV2 {
            $(#[doc = concat!("`", stringify!($field), "`, as the chain names it.")] pub $field: $kind,)*
            $(#[doc = concat!("`", stringify!($new), "`, as the chain names it.")] pub $new: $new_kind,)*
        }

        /// A subnet's hyperparameters, in the first form.
        #[must_use]
        pub fn hyperparameters($netuid: NetUid) -> Option<SubnetHyperparams> {
            exists($netuid)?;
            Some(SubnetHyperparams { $($field: $value.into(),)* })
        }

        /// A subnet's hyperparameters, in the second form.
        #[must_use]
        pub fn hyperparameters_v2($netuid: NetUid) -> Option<SubnetHyperparamsV2> {
            exists($netuid)?;
            Some(SubnetHyperparamsV2 { $($field: $value.into(),)* $($new: $new_value.into(),)* })
        }
    };
}

fixed_forms!(
    {
        rho: Compact<u16> = chain::Rho::<Runtime>::get(netuid),
        kappa: Compact<u16> = chain::Kappa::<Runtime>::get(netuid),
        immunity_period: Compact<u16> = chain::ImmunityPeriod::<Runtime>::get(netuid),
        min_allowed_weights: Compact<u16> = chain::MinAllowedWeights::<Runtime>::get(netuid),
        max_weights_limit: Compact<u16> = chain::MaxWeightsLimit::<Runtime>::get(netuid),
        tempo: Compact<u16> = chain::Tempo::<Runtime>::get(netuid),
        min_difficulty: Compact<u64> = chain::MinDifficulty::<Runtime>::get(netuid),
        max_difficulty: Compact<u64> = chain::MaxDifficulty::<Runtime>::get(netuid),
        weights_version: Compact<u64> = chain::WeightsVersionKey::<Runtime>::get(netuid),
        weights_rate_limit: Compact<u64> = chain::WeightsSetRateLimit::<Runtime>::get(netuid),
        adjustment_interval: Compact<u16> = chain::AdjustmentInterval::<Runtime>::get(netuid),
        activity_cutoff: Compact<u64> = activity_cutoff(netuid),
        registration_allowed: bool = chain::NetworkRegistrationAllowed::<Runtime>::get(netuid),
        target_regs_per_interval: Compact<u16> = chain::TargetRegistrationsPerInterval::<Runtime>::get(netuid),
        min_burn: Compact<TaoBalance> = chain::MinBurn::<Runtime>::get(netuid),
        max_burn: Compact<TaoBalance> = chain::MaxBurn::<Runtime>::get(netuid),
        bonds_moving_avg: Compact<u64> = chain::BondsMovingAverage::<Runtime>::get(netuid),
        max_regs_per_block: Compact<u16> = chain::MaxRegistrationsPerBlock::<Runtime>::get(netuid),
        serving_rate_limit: Compact<u64> = chain::ServingRateLimit::<Runtime>::get(netuid),
        max_validators: Compact<u16> = chain::MaxAllowedValidators::<Runtime>::get(netuid),
        adjustment_alpha: Compact<u64> = chain::AdjustmentAlpha::<Runtime>::get(netuid),
        difficulty: Compact<u64> = chain::Difficulty::<Runtime>::get(netuid),
        commit_reveal_period: Compact<u64> = chain::RevealPeriodEpochs::<Runtime>::get(netuid),
        commit_reveal_weights_enabled: bool = chain::CommitRevealWeightsEnabled::<Runtime>::get(netuid),
        alpha_high: Compact<u16> = chain::AlphaValues::<Runtime>::get(netuid).1,
        alpha_low: Compact<u16> = chain::AlphaValues::<Runtime>::get(netuid).0,
        liquid_alpha_enabled: bool = chain::LiquidAlphaOn::<Runtime>::get(netuid),
    }
    more {
        alpha_sigmoid_steepness: FixedI64 = steepness(netuid),
        yuma_version: Compact<u16> = if chain::Yuma3On::<Runtime>::get(netuid) { 3_u16 } else { 2 },
        subnet_is_active: bool = chain::SubtokenEnabled::<Runtime>::get(netuid),
        transfers_enabled: bool = chain::TransferToggle::<Runtime>::get(netuid),
        bonds_reset_enabled: bool = chain::BondsResetOn::<Runtime>::get(netuid),
        user_liquidity_enabled: bool = false,
    }
    of netuid
);

/// A hyperparameter of the third form.
#[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
pub struct HyperparamEntry {
    /// What it is called.
    pub name: Vec<u8>,
    /// What it is.
    pub value: HyperparamValue,
}

/// A hyperparameter's value.
#[derive(Encode, Decode, TypeInfo, Clone, Debug, PartialEq, Eq)]
pub enum HyperparamValue {
    /// Yes or no.
    Bool(bool),
    /// A number.
    U16(Compact<u16>),
    /// A number.
    U32(Compact<u32>),
    /// A number.
    U64(Compact<u64>),
    /// A number.
    U128(Compact<u128>),
    /// Money.
    TaoBalance(Compact<TaoBalance>),
    /// A fraction.
    I32F32(FixedI64),
    /// A fraction.
    U64F64(FixedU128),
}

/// A subnet's hyperparameters by name.
#[must_use]
pub fn hyperparameters_v3(netuid: NetUid) -> Option<Vec<HyperparamEntry>> {
    use HyperparamValue as Value;
    let all = hyperparameters_v2(netuid)?;
    let least_take = chain::MinChildkeyTakePerSubnet::<Runtime>::get(netuid).deconstruct();
    let factor = chain::ActivityCutoffFactorMilli::<Runtime>::get(netuid);
    let burn_growth = chain::BurnIncreaseMult::<Runtime>::get(netuid);
    let auto_lock = chain::OwnerCutAutoLockEnabled::<Runtime>::get(netuid);
    let entries = [
        ("kappa", Value::U16(all.kappa)),
        ("immunity_period", Value::U16(all.immunity_period)),
        ("min_allowed_weights", Value::U16(all.min_allowed_weights)),
        ("max_weights_limit", Value::U16(all.max_weights_limit)),
        ("tempo", Value::U16(all.tempo)),
        ("weights_version", Value::U64(all.weights_version)),
        ("weights_rate_limit", Value::U64(all.weights_rate_limit)),
        ("activity_cutoff", Value::U64(all.activity_cutoff)),
        ("activity_cutoff_factor", Value::U32(factor.into())),
        ("registration_allowed", Value::Bool(all.registration_allowed)),
        (
            "target_regs_per_interval",
            Value::U16(all.target_regs_per_interval),
        ),
        ("min_burn", Value::TaoBalance(all.min_burn)),
        ("max_burn", Value::TaoBalance(all.max_burn)),
        (
            "burn_half_life",
            Value::U16(chain::BurnHalfLife::<Runtime>::get(netuid).into()),
        ),
        ("burn_increase_mult", Value::U64F64(burn_growth)),
        ("bonds_moving_avg", Value::U64(all.bonds_moving_avg)),
        ("max_regs_per_block", Value::U16(all.max_regs_per_block)),
        ("serving_rate_limit", Value::U64(all.serving_rate_limit)),
        ("max_validators", Value::U16(all.max_validators)),
        ("commit_reveal_period", Value::U64(all.commit_reveal_period)),
        (
            "commit_reveal_weights_enabled",
            Value::Bool(all.commit_reveal_weights_enabled),
        ),
        ("liquid_alpha_enabled", Value::Bool(all.liquid_alpha_enabled)),
        (
            "alpha_sigmoid_steepness",
            Value::I32F32(all.alpha_sigmoid_steepness),
        ),
        ("subnet_is_active", Value::Bool(all.subnet_is_active)),
        ("transfers_enabled", Value::Bool(all.transfers_enabled)),
        ("bonds_reset_enabled", Value::Bool(all.bonds_reset_enabled)),
        (
            "owner_cut_enabled",
            Value::Bool(chain::OwnerCutEnabled::<Runtime>::get(netuid)),
        ),
        ("owner_cut_auto_lock_enabled", Value::Bool(auto_lock)),
        ("min_childkey_take", Value::U16(least_take.into())),
    ];
    let named = |(name, value): (&str, _)| HyperparamEntry {
        name: name.into(),
        value,
    };
    Some(entries.into_iter().map(named).collect())
}

/// Blocks after which a silent validator counts for nothing: a share of the tempo.
pub(super) fn activity_cutoff(netuid: NetUid) -> u64 {
    let tempo = u64::from(chain::Tempo::<Runtime>::get(netuid));
    tempo * u64::from(chain::ActivityCutoffFactorMilli::<Runtime>::get(netuid)) / 1000
}

fn steepness(netuid: NetUid) -> FixedI64 {
    FixedI64 {
        bits: i64::from(chain::AlphaSigmoidSteepness::<Runtime>::get(netuid)) << 32,
    }
}
