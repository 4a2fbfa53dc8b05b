//! What tests change without signing anything. Every poke is in a block of its own.

use super::Devchain;
use crate::{
    Runtime,
    error::Result,
    pallets::{
        drand,
        numbers::{NetUid, NetUidStorageIndex},
        subtensor,
    },
    runtime::AccountId,
};
use sp_runtime::BoundedVec;

type Subtensor = subtensor::Pallet<Runtime>;

/// A subnet's hyperparameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Blocks between two submissions of one validator's weights.
    RateLimit(u64),
    /// Whether weights are committed first and revealed later.
    CommitReveal(bool),
    /// Epochs between commit and reveal.
    RevealPeriod(u64),
    /// Blocks in an epoch.
    Tempo(u16),
    /// The lowest version key; 0 for any.
    VersionKey(u64),
    /// How many weights a row needs, at least.
    MinWeights(u16),
    /// A weight's largest share, of 65,535.
    MaxWeight(u16),
    /// How many neurons there may be.
    MaxUids(u16),
    /// The stake needed to set weights, on all subnets.
    StakeThreshold(u64),
}

impl Setting {
    /// Puts it into force. Runs inside the runtime.
    pub fn apply(self, netuid: u16) {
        let netuid = NetUid(netuid);
        match self {
            Self::RateLimit(blocks) => subtensor::WeightsSetRateLimit::<Runtime>::insert(netuid, blocks),
            Self::CommitReveal(on) => subtensor::CommitRevealWeightsEnabled::<Runtime>::insert(netuid, on),
            Self::RevealPeriod(epochs) => subtensor::RevealPeriodEpochs::<Runtime>::insert(netuid, epochs),
            Self::Tempo(blocks) => subtensor::Tempo::<Runtime>::insert(netuid, blocks),
            Self::VersionKey(key) => subtensor::WeightsVersionKey::<Runtime>::insert(netuid, key),
            Self::MinWeights(count) => subtensor::MinAllowedWeights::<Runtime>::insert(netuid, count),
            Self::MaxWeight(share) => subtensor::MaxWeightsLimit::<Runtime>::insert(netuid, share),
            Self::MaxUids(count) => subtensor::MaxAllowedUids::<Runtime>::insert(netuid, count),
            Self::StakeThreshold(stake) => subtensor::StakeThreshold::<Runtime>::put(stake),
        }
    }
}

impl Devchain {
    /// Sets a hyperparameter.
    ///
    /// # Errors
    /// As [`Self::poke`], and so for all pokes.
    pub async fn set(&self, netuid: u16, setting: Setting) -> Result<()> {
        self.poke(move || setting.apply(netuid)).await
    }

    /// Registers a hotkey, which owns itself; gives its uid, or `None` where it may not.
    ///
    /// # Errors
    /// As [`Self::poke`].
    pub async fn register(&self, netuid: u16, hotkey: impl Into<AccountId>) -> Result<Option<u16>> {
        let hotkey = hotkey.into();
        self.poke(move || Subtensor::register(NetUid(netuid), &hotkey, &hotkey).ok())
            .await
    }

    /// Takes a hotkey's uid, whose seat stays empty; says whether it had one. Its commitment stays, as on the real
    /// chain.
    ///
    /// # Errors
    /// As [`Self::poke`].
    pub async fn deregister(&self, netuid: u16, hotkey: impl Into<AccountId>) -> Result<bool> {
        let hotkey = hotkey.into();
        self.poke(move || {
            let uid = subtensor::Uids::<Runtime>::get(NetUid(netuid), &hotkey);
            uid.map(|uid| Subtensor::forget(NetUid(netuid), uid)).is_some()
        })
        .await
    }

    /// Gives a uid to another hotkey, as when a neuron is pushed out.
    ///
    /// # Errors
    /// As [`Self::poke`].
    pub async fn replace(&self, netuid: u16, uid: u16, hotkey: impl Into<AccountId>) -> Result<()> {
        let hotkey = hotkey.into();
        self.poke(move || Subtensor::replace(NetUid(netuid), uid, &hotkey, &hotkey))
            .await
    }

    /// Gives a neuron stake, and a validator's permit or not.
    ///
    /// # Errors
    /// As [`Self::poke`].
    pub async fn endow(
        &self,
        netuid: u16,
        hotkey: impl Into<AccountId>,
        stake: u64,
        permit: bool,
    ) -> Result<()> {
        let hotkey = hotkey.into();
        self.poke(move || Subtensor::endow(NetUid(netuid), &hotkey, stake, permit))
            .await
    }

    /// Says when a validator last set weights; 0 is never.
    ///
    /// # Errors
    /// As [`Self::poke`].
    pub async fn set_last_update(&self, netuid: u16, uid: u16, block: u64) -> Result<()> {
        self.poke(move || {
            subtensor::LastUpdate::<Runtime>::mutate(NetUidStorageIndex::from(netuid), |blocks| {
                if let Some(last) = blocks.get_mut(usize::from(uid)) {
                    *last = block;
                }
            });
        })
        .await
    }

    /// Stores a round of the randomness beacon, by whose signature what is encrypted for the round can be read.
    ///
    /// # Errors
    /// As [`Self::poke`].
    pub async fn pulse(&self, round: u64, signature: Vec<u8>) -> Result<()> {
        let pulse = drand::Pulse {
            round,
            randomness: BoundedVec::truncate_from(sp_io::hashing::sha2_256(&signature).to_vec()),
            signature: BoundedVec::truncate_from(signature),
        };
        self.poke(move || drand::Pallet::<Runtime>::store_pulse(pulse))
            .await
    }

    /// Writes a raw value, or removes it.
    ///
    /// # Errors
    /// As [`Self::poke`].
    pub async fn store(&self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<()> {
        self.poke(move || match value {
            Some(value) => sp_io::storage::set(&key, &value),
            None => sp_io::storage::clear(&key),
        })
        .await
    }
}
