//! What a validator must know before it submits.

use crate::{
    Chain, Hash, Neuron, Result,
    account::account,
    client::{Entry, View},
    snapshot::{neurons, subnet},
};
use kinitro_proto::{BlockNumber, Hotkey, Uid};
use scale_decode::DecodeAsType;
use std::time::Duration;
use subxt::utils::AccountId32;

/// The subnet's terms for one hotkey, read at one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The hash of the chain's first block: which chain this is.
    pub genesis: Hash,
    /// The block everything was read at.
    pub head: BlockNumber,
    /// That block's hash.
    pub head_hash: Hash,
    /// The hotkey's uid, if it is registered.
    pub uid: Option<Uid>,
    /// Whether it may set weights on others.
    pub permit: bool,
    /// Whether it is the subnet owner's hotkey, which needs no permit.
    pub is_owner: bool,
    /// The block of its last weights, if it ever set any.
    pub last_update: Option<BlockNumber>,
    /// How many blocks must lie between two submissions.
    pub rate_limit: u64,
    /// The least version key the subnet takes; 0 for any.
    pub version_key: u64,
    /// How many weights there must be at least.
    pub min_weights: u16,
    /// The largest share of one weight, 65535 for all.
    pub max_weight: u16,
    /// Whether weights must be timelocked.
    pub commit_reveal: bool,
    /// The version of commit-reveal the chain speaks.
    pub commit_reveal_version: u16,
    /// Who is registered, by uid.
    pub neurons: Vec<Neuron>,
    /// The time from block to block.
    pub block_time: Duration,
    /// Where the subnet stands in its epoch.
    pub epoch: EpochClock,
}

/// Where a subnet stands in its epoch: what the round of a reveal is reckoned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochClock {
    /// An epoch's length in blocks.
    pub tempo: u16,
    /// The number of epochs so far.
    pub index: u64,
    /// The block of the last epoch.
    pub last_epoch: u64,
    /// The block at which an epoch was asked for; 0 for none.
    pub pending_at: u64,
    /// The blocks since the last step.
    pub since_step: u64,
    /// After how many epochs a commit is revealed.
    pub reveal_period: u64,
}

impl Terms {
    /// How many blocks are left until the rate limit allows the next submission.
    ///
    /// Counted from the head, as the official SDK does: one block later than the chain would at the earliest.
    #[must_use]
    pub fn wait(&self) -> u64 {
        self.last_update.map_or(0, |last| {
            last.0.saturating_add(self.rate_limit).saturating_sub(self.head.0)
        })
    }
}

impl Chain {
    /// What a validator must know before it submits, at one block.
    ///
    /// # Errors
    /// When the chain cannot be reached, or has no such subnet.
    pub async fn terms(&self, netuid: u16, hotkey: &Hotkey) -> Result<Terms> {
        self.read("a subnet's terms", |view| terms(view, netuid, hotkey.clone()))
            .await
    }
}

async fn terms(view: View, netuid: u16, hotkey: Hotkey) -> Result<Terms> {
    let account = account(&hotkey)?;
    subnet(&view, netuid).await?;
    let (neurons, _) = neurons(&view, netuid).await?;
    let uid = neurons
        .iter()
        .find(|neuron| neuron.hotkey == hotkey)
        .map(|neuron| neuron.uid);
    let values = Values::read(&view, netuid).await?;
    let slot = |uid: Uid| usize::from(uid.0);
    let permits: Vec<bool> = values.get("ValidatorPermit")?;
    let updates: Vec<u64> = values.get("LastUpdate")?;
    let owner: Option<AccountId32> = values.stored("SubnetOwnerHotkey")?;
    let slot_millis: u64 = view.constant("Aura", "SlotDuration")?;
    Ok(Terms {
        genesis: view.config.genesis(),
        head: view.number,
        head_hash: view.hash,
        uid,
        permit: uid.is_some_and(|uid| permits.get(slot(uid)).copied().unwrap_or(false)),
        is_owner: owner == Some(account),
        last_update: uid
            .and_then(|uid| updates.get(slot(uid)).copied())
            .filter(|block| *block != 0)
            .map(BlockNumber),
        rate_limit: values.get("WeightsSetRateLimit")?,
        version_key: values.get("WeightsVersionKey")?,
        min_weights: values.get("MinAllowedWeights")?,
        max_weight: values.get("MaxWeightsLimit")?,
        commit_reveal: values.get("CommitRevealWeightsEnabled")?,
        commit_reveal_version: view.value(SUBTENSOR, "CommitRevealWeightsVersion", ()).await?,
        block_time: Duration::from_millis(slot_millis),
        epoch: EpochClock {
            tempo: values.get("Tempo")?,
            index: values.get("SubnetEpochIndex")?,
            last_epoch: values.get("LastEpochBlock")?,
            pending_at: values.get("PendingEpochAt")?,
            since_step: values.get("BlocksSinceLastStep")?,
            reveal_period: values.get("RevealPeriodEpochs")?,
        },
        neurons,
    })
}

const SUBTENSOR: &str = "SubtensorModule";

/// The entries of a subnet that terms are made of, all maps by netuid.
const ENTRIES: [&str; 14] = [
    "ValidatorPermit",
    "LastUpdate",
    "SubnetOwnerHotkey",
    "WeightsSetRateLimit",
    "WeightsVersionKey",
    "MinAllowedWeights",
    "MaxWeightsLimit",
    "CommitRevealWeightsEnabled",
    "Tempo",
    "SubnetEpochIndex",
    "LastEpochBlock",
    "PendingEpochAt",
    "BlocksSinceLastStep",
    "RevealPeriodEpochs",
];

/// Their values. Where nothing is stored the chain itself goes by the default, and so do we.
struct Values<'m> {
    entries: Vec<Entry<'m>>,
    stored: Vec<Option<Vec<u8>>>,
}

impl<'m> Values<'m> {
    async fn read(view: &'m View, netuid: u16) -> Result<Self> {
        let entries: Vec<_> = ENTRIES
            .iter()
            .map(|name| view.entry(SUBTENSOR, name))
            .collect::<Result<_>>()?;
        let keys: Vec<_> = entries
            .iter()
            .map(|entry| entry.key((netuid,)))
            .collect::<Result<_>>()?;
        let stored = view.stored(&keys).await?;
        Ok(Self { entries, stored })
    }

    fn get<Value: DecodeAsType>(&self, name: &str) -> Result<Value> {
        let (entry, bytes) = self.find(name);
        entry.value_or_default(bytes)
    }

    /// A value that is there, not a default.
    fn stored<Value: DecodeAsType>(&self, name: &str) -> Result<Option<Value>> {
        let (entry, bytes) = self.find(name);
        bytes
            .map(|bytes| entry.value(bytes).map_err(|error| entry.unexpected(error)))
            .transpose()
    }

    fn find(&self, name: &str) -> (&Entry<'m>, Option<&[u8]>) {
        let at = ENTRIES
            .iter()
            .position(|entry| *entry == name)
            .expect("only entries of the list are asked for");
        (&self.entries[at], self.stored[at].as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(head: u64, last_update: Option<u64>, rate_limit: u64) -> Terms {
        Terms {
            genesis: Hash([0; 32]),
            head: BlockNumber(head),
            head_hash: Hash([0; 32]),
            uid: None,
            permit: false,
            is_owner: false,
            last_update: last_update.map(BlockNumber),
            rate_limit,
            version_key: 0,
            min_weights: 0,
            max_weight: 65535,
            commit_reveal: false,
            commit_reveal_version: 4,
            neurons: Vec::new(),
            block_time: Duration::from_secs(12),
            epoch: EpochClock {
                tempo: 360,
                index: 0,
                last_epoch: 0,
                pending_at: 0,
                since_step: 0,
                reveal_period: 1,
            },
        }
    }

    #[test]
    fn the_runtimes_have_what_terms_are_made_of() {
        let lacks = |config: &crate::config::Config| -> Vec<&str> {
            let entries = ENTRIES
                .into_iter()
                .chain(["CommitRevealWeightsVersion", "NetworksAdded"]);
            entries
                .filter(|name| Entry::of(config.metadata(), SUBTENSOR, name).is_err())
                .collect()
        };
        for (_, config) in crate::golden::runtimes() {
            assert_eq!(lacks(&config), [""; 0]);
        }
        // Finney's epochs of spec 365 had no clock of their own.
        assert_eq!(
            lacks(&crate::golden::finney()),
            ["SubnetEpochIndex", "LastEpochBlock", "PendingEpochAt"]
        );
    }

    #[test]
    fn who_never_set_weights_waits_for_nothing() {
        assert_eq!(at(5, None, 100).wait(), 0);
    }

    #[test]
    fn the_rate_limit_is_counted_from_the_last_weights() {
        assert_eq!(at(50, Some(50), 100).wait(), 100);
        assert_eq!(at(149, Some(50), 100).wait(), 1);
        assert_eq!(at(150, Some(50), 100).wait(), 0);
        assert_eq!(at(9, Some(u64::MAX), 100).wait(), u64::MAX - 9);
    }
}
