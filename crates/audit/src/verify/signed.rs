//! The checks of an answer: its document, whose it is, and that the rest of the answer says the same.

use super::{
    Answer, Checked, Checks, Expectations, Fault, Keys, Name,
    answer::{self, Body, SignatureEntry, Signed},
    differs, same, shown,
};
use crate::{
    Document, Error,
    keys::{ALGORITHM, KeyId, PublicKey, Signature},
};
use kinitro_proto::Uid;
use std::collections::{BTreeMap, BTreeSet};

/// A check ends well or with its name.
type Result<T> = std::result::Result<T, Fault>;

pub(super) fn check(
    checks: &mut Checks,
    answer: &Answer<'_>,
    keys: &Keys,
    expectations: &Expectations,
) -> Result<Checked> {
    let mut body = answer::read(answer.body).map_err(|error| (Name::Answer, error))?;
    let Some(signed) = body.signed.take() else {
        let cycle = body.cycle_id;
        return Err((Name::Answer, Error::Undocumented { cycle }));
    };
    checks.hold(Name::Answer, format!("{} bytes", answer.body.len()));
    let document = Document::parse(signed.document.as_bytes()).map_err(|error| (Name::Document, error))?;
    checks.hold(
        Name::Document,
        format!("{}, {} bytes", document.content().schema, document.text().len()),
    );
    whose(checks, &document, expectations)?;
    digest(checks, &document, &signed, answer)?;
    let vouching = signatures(&document, &signed.signatures, keys)?;
    header(&signed.signatures, answer)?;
    checks.hold(Name::Signatures, vouching);
    agreement(checks, &document, &body, &signed)?;
    Ok(Checked {
        document,
        evidence_bytes: signed.evidence.bytes,
        passed: std::mem::take(&mut checks.passed),
    })
}

fn whose(checks: &mut Checks, document: &Document, expectations: &Expectations) -> Result<()> {
    let content = document.content();
    if let Some(netuid) = expectations.netuid {
        same(Name::Cycle, "subnet", &netuid, &content.netuid)?;
    }
    if let Some(cycle) = expectations.cycle {
        same(Name::Cycle, "cycle", &cycle, &content.cycle)?;
    }
    if let Some(newest) = expectations.not_older_than
        && content.cycle < newest
    {
        return Err(differs(
            Name::Cycle,
            "a cycle not older than",
            &newest,
            &content.cycle,
        ));
    }
    checks.hold(
        Name::Cycle,
        format!(
            "cycle {} of subnet {}, opened {:.6} at block {}",
            content.cycle, content.netuid, content.opened_at, content.block
        ),
    );
    Ok(())
}

fn digest(checks: &mut Checks, document: &Document, signed: &Signed, answer: &Answer<'_>) -> Result<()> {
    let digest = hex::encode(document.sha256());
    same(Name::Digest, "the document's SHA-256", &digest, &signed.sha256)?;
    if let Some(header) = answer.digest {
        same(
            Name::Digest,
            "in the header the document's SHA-256",
            &digest,
            &header.to_owned(),
        )?;
    }
    checks.hold(Name::Digest, format!("SHA-256 {digest}"));
    Ok(())
}

/// Whose signatures there are, if all of them hold.
fn signatures(document: &Document, signatures: &[SignatureEntry], keys: &Keys) -> Result<String> {
    const NAME: Name = Name::Signatures;
    let known: BTreeMap<KeyId, &PublicKey> = keys
        .known
        .iter()
        .chain(&keys.trusted)
        .map(|key| (key.id(), key))
        .collect();
    let trusted: BTreeSet<KeyId> = keys.trusted.iter().map(PublicKey::id).collect();
    let mut seen = BTreeSet::new();
    for entry in signatures {
        same(NAME, "the algorithm", &ALGORITHM.to_owned(), &entry.algorithm)?;
        let id: KeyId = entry.key_id.parse().map_err(|error| (NAME, error))?;
        let signature: Signature = entry.signature.parse().map_err(|error| (NAME, error))?;
        let Some(key) = known.get(&id) else {
            return Err(differs(NAME, "a signature by", &"a known key", &id));
        };
        if !seen.insert(id) {
            return Err(differs(NAME, "one signature by key", &id, &"two"));
        }
        key.verify(document.as_bytes(), &signature)
            .map_err(|error| (NAME, error))?;
    }
    let vouching: Vec<String> = seen.intersection(&trusted).map(ToString::to_string).collect();
    if vouching.is_empty() {
        let found: Vec<String> = seen.iter().map(ToString::to_string).collect();
        let found = if found.is_empty() {
            "none".to_owned()
        } else {
            found.join(", ")
        };
        return Err(differs(NAME, "a signature by", &"a trusted key", &found));
    }
    Ok(format!(
        "{} verified, trusted: {}",
        seen.len(),
        vouching.join(", ")
    ))
}

/// The header's signatures are the body's.
fn header(signatures: &[SignatureEntry], answer: &Answer<'_>) -> Result<()> {
    let Some(header) = answer.signatures else {
        return Ok(());
    };
    let body: Vec<String> = signatures
        .iter()
        .map(|entry| format!("{}={}", entry.key_id, entry.signature))
        .collect();
    same(
        Name::Signatures,
        "in the header the signatures",
        &body.join(", "),
        &header.to_owned(),
    )
}

/// What clients of old read is what was signed.
fn agreement(checks: &mut Checks, document: &Document, body: &Body, signed: &Signed) -> Result<()> {
    const NAME: Name = Name::Agreement;
    let content = document.content();
    let evidence = &signed.evidence;
    same(NAME, "`cycle_id`", &content.cycle, &body.cycle_id)?;
    same(NAME, "`block_number`", &content.block, &body.block_number)?;
    same(NAME, "`block`", &content.block, &body.block)?;
    let counts = [
        (
            "`n_miners_evaluated`",
            content.miners.len(),
            body.metadata.n_miners_evaluated,
        ),
        (
            "`n_environments`",
            content.environments.len(),
            body.metadata.n_environments,
        ),
    ];
    for (what, expected, found) in counts {
        same(NAME, what, &(expected as u64), &u64::from(found))?;
    }
    same(
        NAME,
        "the evidence's SHA-256",
        &hex::encode(content.evidence_sha256),
        &evidence.sha256,
    )?;
    let url = format!("/v1/cycles/{}/evidence", content.cycle);
    same(NAME, "the evidence at", &url, &evidence.url)?;
    let uids: Vec<Uid> = content.miners.iter().map(|miner| miner.uid).collect();
    if uids != body.weights_u16.uids {
        return Err(differs(
            NAME,
            "`weights_u16.uids`",
            &list(&uids),
            &list(&body.weights_u16.uids),
        ));
    }
    let values: Vec<u16> = content.miners.iter().map(|miner| miner.weight_u16).collect();
    if values != body.weights_u16.values {
        return Err(differs(
            NAME,
            "`weights_u16.values`",
            &list(&values),
            &list(&body.weights_u16.values),
        ));
    }
    same(NAME, "weights for", &uids.len(), &body.weights.len())?;
    for miner in &content.miners {
        let found = body.weights.get(&miner.uid).copied();
        if found.map(f64::to_bits) != Some(miner.weight.to_bits()) {
            let found = found.map_or_else(|| "none".to_owned(), |weight| weight.to_string());
            let what = format!("uid {}'s weight", miner.uid);
            return Err(differs(NAME, &what, &miner.weight, &found));
        }
    }
    checks.hold(NAME, format!("weights of {} miners", uids.len()));
    Ok(())
}

fn list<T: ToString>(values: &[T]) -> String {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    shown(&texts.join(" "))
}
