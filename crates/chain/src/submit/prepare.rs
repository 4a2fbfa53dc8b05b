//! Signing. Everything a signature needs is read at one block.

use super::{
    Prepared, PreparedKind,
    call::{self, Call},
};
use crate::{
    Error, Hash, Quantised, Result, Signer, Terms,
    client::{View, unexpected},
    config::Config,
    timelock::{self, Beacon},
};
use kinitro_proto::BlockNumber;
use scale_decode::DecodeAsType;
use scale_encode::EncodeAsFields;
use std::time::{Duration, SystemTime};
use subxt::{
    config::DefaultExtrinsicParamsBuilder,
    utils::{AccountId32, MultiSignature},
};

/// How many blocks an extrinsic lives, as the official SDKs have it.
pub(super) const LIFE: u64 = 64;

/// The weights to be signed.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) netuid: u16,
    pub(super) weights: &'a Quantised,
    pub(super) version_key: u64,
    pub(super) terms: &'a Terms,
}

/// Where an extrinsic's life begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Birth {
    pub(super) number: BlockNumber,
    pub(super) hash: Hash,
    pub(super) nonce: u32,
}

impl subxt::transactions::Signer<Config> for Signer {
    fn account_id(&self) -> AccountId32 {
        AccountId32(self.account())
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519(self.sign_bytes(payload))
    }
}

/// A commitment, signed at the head.
pub(super) async fn commitment(view: &View, signer: &Signer, netuid: u16, text: &str) -> Result<Prepared> {
    let birth = Birth::at(view, signer).await?;
    let call = call::commitment(netuid, text);
    let subject = (netuid, 0, PreparedKind::Plain);
    sign(&view.config, signer, &call, birth, subject)
}

/// Weights, signed at the block of the terms, plain or timelocked as the terms want it.
pub(super) async fn weights(view: &View, signer: &Signer, wanted: &Wanted<'_>) -> Result<Prepared> {
    let Wanted {
        netuid,
        weights,
        version_key,
        terms,
    } = *wanted;
    let (was, is) = (terms.genesis, view.config.genesis());
    if was != is {
        return Err(Error::OtherGenesis { was, is });
    }
    let view = view.at(terms.head, terms.head_hash);
    let birth = Birth::at(&view, signer).await?;
    let metadata = view.config.metadata();
    if !terms.commit_reveal {
        let call = call::plain(metadata, netuid, weights, version_key);
        let subject = (netuid, version_key, PreparedKind::Plain);
        return sign(&view.config, signer, &call, birth, subject);
    }
    let (beacon, reveal_round) = reveal_round(&view, terms).await?;
    let payload = timelock::payload(signer.account(), weights, version_key);
    let commit = beacon.seal(reveal_round, &payload)?;
    let call = call::timelocked(metadata, netuid, &commit, reveal_round);
    let subject = (netuid, version_key, PreparedKind::Timelocked { reveal_round });
    sign(&view.config, signer, &call, birth, subject)
}

/// The beacon the chain listens to, and its round that reveals what is committed next. Told by the chain's clock: this
/// machine's may be wrong.
async fn reveal_round(view: &View, terms: &Terms) -> Result<(Beacon, u64)> {
    let version = terms.commit_reveal_version;
    if version != timelock::VERSION {
        let source = format!("it is {version}, this build speaks {}", timelock::VERSION);
        return Err(unexpected(
            call::SUBTENSOR,
            "CommitRevealWeightsVersion",
            source.into(),
        ));
    }
    let beacon = beacon(view).await?;
    let millis: u64 = view.value("Timestamp", "Now", ()).await?;
    // The first block of a chain has no time.
    let now = match millis {
        0 => SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(),
        millis => Duration::from_millis(millis),
    };
    let round = terms
        .epoch
        .reveal_round(terms.head.0, now, terms.block_time, &beacon);
    let source = || "the subnet's epochs lead to no round of the beacon";
    let round = round.ok_or_else(|| Error::Timelock {
        source: source().into(),
    })?;
    Ok((beacon, round))
}

async fn beacon(view: &View) -> Result<Beacon> {
    #[derive(DecodeAsType)]
    struct BeaconConfiguration {
        public_key: Vec<u8>,
        period: u32,
        genesis_time: u32,
    }
    match view.value("Drand", "BeaconConfig", ()).await {
        Ok(BeaconConfiguration {
            public_key,
            period,
            genesis_time,
        }) => Ok(Beacon {
            public_key,
            period,
            genesis: genesis_time.into(),
        }),
        // A runtime that does not tell listens to the public one.
        Err(Error::UnexpectedMetadata { .. }) => Ok(Beacon::quicknet()),
        Err(error) => Err(error),
    }
}

/// The account's nonce in the state of that block.
pub(super) async fn nonce(view: &View, account: &AccountId32) -> Result<u32> {
    #[derive(DecodeAsType)]
    struct AccountInfo {
        nonce: u32,
    }
    let AccountInfo { nonce } = view.value("System", "Account", (*account,)).await?;
    Ok(nonce)
}

impl Birth {
    async fn at(view: &View, signer: &Signer) -> Result<Self> {
        Ok(Self {
            number: view.number,
            hash: view.hash,
            nonce: nonce(view, &AccountId32(signer.account())).await?,
        })
    }

    fn params(&self) -> subxt::config::DefaultExtrinsicParams<Config> {
        DefaultExtrinsicParamsBuilder::new()
            .mortal_from_unchecked(LIFE, self.number.0, self.hash.into())
            .nonce(self.nonce.into())
            .build()
    }
}

/// Signs the call; the subject is its subnet, version key and kind.
pub(super) fn sign<Arguments: EncodeAsFields>(
    config: &Config,
    signer: &Signer,
    call: &Call<Arguments>,
    birth: Birth,
    subject: (u16, u64, PreparedKind),
) -> Result<Prepared> {
    let extrinsic = config
        .offline()
        .tx()
        .create_signable_offline(call, birth.params())
        .and_then(|mut signable| signable.sign(signer))
        .map_err(|error| unexpected(call.pallet, call.name, error.into()))?;
    let (netuid, version_key, kind) = subject;
    Ok(Prepared {
        genesis: config.genesis(),
        netuid,
        hotkey: signer.hotkey().clone(),
        nonce: birth.nonce,
        hash: extrinsic.hash().into(),
        signed_at: birth.number,
        expires_at: BlockNumber(birth.number.0.saturating_add(LIFE)),
        version_key,
        kind,
        bytes: extrinsic.into_encoded(),
    })
}
