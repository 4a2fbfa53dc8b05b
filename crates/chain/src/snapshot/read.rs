//! Reading them.

use super::{Commitment, Neuron, Snapshot, Unreadable, WeightRow, registration::Registration};
use crate::{
    Chain, Error, Result, Source,
    account::{account, hotkey},
    client::{Entry, View, line},
};
use kinitro_proto::{BlockNumber, Hotkey, Uid};
use subxt::utils::AccountId32;

/// More hotkeys than a subnet has by far: 256 by default.
const MAX_NEURONS: usize = 4096;

const SUBTENSOR: &str = "SubtensorModule";

impl Chain {
    /// Everything about a subnet's miners, at one block. What deregistered hotkeys left behind is not read.
    ///
    /// # Errors
    /// When the chain cannot be reached, or has no such subnet. A row that cannot be read is no error.
    pub async fn snapshot(&self, netuid: u16) -> Result<Snapshot> {
        self.read("a subnet's snapshot", move |view| snapshot(view, netuid))
            .await
    }

    /// What one hotkey has committed, registered or not.
    ///
    /// # Errors
    /// When the chain cannot be reached, or the row cannot be read.
    pub async fn commitment(&self, netuid: u16, hotkey: &Hotkey) -> Result<Option<Commitment>> {
        self.read("a commitment", |view| commitment(view, netuid, hotkey.clone()))
            .await
    }

    /// The weights the subnet's validators have set, by uid.
    ///
    /// # Errors
    /// When the chain cannot be reached, or has no such subnet.
    pub async fn weights(&self, netuid: u16) -> Result<Vec<WeightRow>> {
        self.read("a subnet's weights", move |view| weights(view, netuid))
            .await
    }
}

async fn snapshot(view: View, netuid: u16) -> Result<Snapshot> {
    subnet(&view, netuid).await?;
    let (neurons, mut unreadable) = neurons(&view, netuid).await?;
    let entry = view.entry("Commitments", "CommitmentOf")?;
    let keys: Vec<_> = neurons
        .iter()
        .map(|neuron| entry.key((netuid, account(&neuron.hotkey)?)))
        .collect::<Result<_>>()?;
    let mut commitments = Vec::new();
    for (neuron, bytes) in neurons.iter().zip(view.stored(&keys).await?) {
        let Some(bytes) = bytes else { continue };
        match Registration::read(&entry, &bytes) {
            Ok(row) => commitments.push(committed(Some(neuron.uid), neuron.hotkey.clone(), row)),
            Err(reason) => unreadable.push(bad(Some(neuron.hotkey.clone()), &reason)),
        }
    }
    Ok(Snapshot {
        genesis: view.config.genesis(),
        block: view.number,
        block_hash: view.hash,
        neurons,
        commitments,
        unreadable,
    })
}

async fn commitment(view: View, netuid: u16, hotkey: Hotkey) -> Result<Option<Commitment>> {
    let account = account(&hotkey)?;
    let uids = view.entry(SUBTENSOR, "Uids")?;
    let entry = view.entry("Commitments", "CommitmentOf")?;
    let keys = [uids.key((netuid, account))?, entry.key((netuid, account))?];
    let stored = view.stored(&keys).await?;
    let Some(bytes) = &stored[1] else { return Ok(None) };
    let uid = stored[0].as_deref().map(|bytes| uids.value(bytes)).transpose();
    let uid = uid.map_err(|error| uids.unexpected(error))?.map(Uid);
    let row = Registration::read(&entry, bytes).map_err(|source| Error::BadAnswer {
        what: "a commitment",
        source,
    })?;
    Ok(Some(committed(uid, hotkey, row)))
}

async fn weights(view: View, netuid: u16) -> Result<Vec<WeightRow>> {
    subnet(&view, netuid).await?;
    let entry = view.entry(SUBTENSOR, "Weights")?;
    let rows = view
        .rows(&entry.key((netuid,))?, MAX_NEURONS, "a subnet's weights")
        .await?;
    let mut weights: Vec<WeightRow> = rows
        .iter()
        .map(|(key, bytes)| weight_row(&entry, key, bytes).map_err(|error| entry.unexpected(error)))
        .collect::<Result<_>>()?;
    weights.sort_by_key(|row| row.uid);
    Ok(weights)
}

fn weight_row(entry: &Entry<'_>, key: &[u8], bytes: &[u8]) -> Result<WeightRow, Source> {
    let (_, uid): (u16, u16) = entry.parts(key)?;
    let weights: Vec<(u16, u16)> = entry.value(bytes)?;
    Ok(WeightRow {
        uid: Uid(uid),
        weights: weights
            .into_iter()
            .map(|(uid, weight)| (Uid(uid), weight))
            .collect(),
    })
}

/// Refuses a subnet the chain does not have: its entries would read as their defaults.
pub(crate) async fn subnet(view: &View, netuid: u16) -> Result<()> {
    let is_there: bool = view.value(SUBTENSOR, "NetworksAdded", (netuid,)).await?;
    if is_there {
        Ok(())
    } else {
        Err(Error::NoSubnet { netuid })
    }
}

/// Who is registered, by uid. `Uids` says so; a slot that `Keys` does not confirm is left out and told.
pub(crate) async fn neurons(view: &View, netuid: u16) -> Result<(Vec<Neuron>, Vec<Unreadable>)> {
    let uids = view.entry(SUBTENSOR, "Uids")?;
    let rows = view
        .rows(&uids.key((netuid,))?, MAX_NEURONS, "registered hotkeys")
        .await?;
    let mut slots: Vec<(u16, AccountId32)> = Vec::with_capacity(rows.len());
    let mut unreadable = Vec::new();
    for (key, bytes) in &rows {
        match slot(&uids, key, bytes) {
            Ok(slot) => slots.push(slot),
            Err(reason) => unreadable.push(bad(None, &reason)),
        }
    }
    slots.sort_unstable();

    let keys = view.entry(SUBTENSOR, "Keys")?;
    let registered = view.entry(SUBTENSOR, "BlockAtRegistration")?;
    let mut asked = Vec::with_capacity(2 * slots.len());
    for (uid, _) in &slots {
        asked.push(keys.key((netuid, *uid))?);
        asked.push(registered.key((netuid, *uid))?);
    }
    let stored = view.stored(&asked).await?;
    let mut neurons = Vec::with_capacity(slots.len());
    for ((uid, account), stored) in slots.iter().zip(stored.chunks_exact(2)) {
        match confirmed(&keys, account, stored[0].as_deref()) {
            Ok(()) => neurons.push(Neuron {
                uid: Uid(*uid),
                hotkey: hotkey(account),
                registered_at: BlockNumber(registered.value_or_default(stored[1].as_deref())?),
            }),
            Err(reason) => unreadable.push(bad(Some(hotkey(account)), &reason)),
        }
    }
    Ok((neurons, unreadable))
}

fn slot(uids: &Entry<'_>, key: &[u8], bytes: &[u8]) -> Result<(u16, AccountId32), Source> {
    let (_, account): (u16, AccountId32) = uids.parts(key)?;
    Ok((uids.value(bytes)?, account))
}

/// An absent key is not the zero account its default reads as.
fn confirmed(keys: &Entry<'_>, account: &AccountId32, bytes: Option<&[u8]>) -> Result<(), Source> {
    let bytes = bytes.ok_or("its uid belongs to nobody")?;
    let holder: AccountId32 = keys.value(bytes)?;
    if holder == *account {
        Ok(())
    } else {
        Err(format!("its uid belongs to `{holder}`").into())
    }
}

fn committed(uid: Option<Uid>, hotkey: Hotkey, row: Registration) -> Commitment {
    Commitment {
        uid,
        hotkey,
        block: BlockNumber(row.block),
        fields: row.info.fields.into_iter().map(|read| read.0).collect(),
    }
}

fn bad(hotkey: Option<Hotkey>, reason: &Source) -> Unreadable {
    Unreadable {
        hotkey,
        reason: line(&reason.to_string()),
    }
}
