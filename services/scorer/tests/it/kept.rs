//! What the ledger keeps of a settled cycle, and whether it holds.

use crate::scene::Scene;
use flate2::read::MultiGzDecoder;
use kinitro_audit::{
    bundle::{self, Line},
    keys::{PublicKey, SigningKey},
    verify::{self, Answer, Expectations, Keys, Refusal, Report},
};
use kinitro_proto::CycleId;
use kinitro_store::read::{Signed, Weights};
use serde_json::{Value, json};
use std::io::BufReader;

/// Everything that anyone can check a settled cycle by.
#[derive(Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) weights: Weights,
    pub(crate) chunks: Vec<Vec<u8>>,
}

impl Scene {
    /// What is kept of the cycle.
    pub(crate) async fn kept(&self, cycle: CycleId) -> Kept {
        let weights = self.store.weights_of(cycle).await.unwrap().unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = self
            .store
            .bundle_chunk(cycle, u32::try_from(chunks.len()).unwrap())
            .await
            .unwrap()
        {
            chunks.push(chunk);
        }
        Kept { weights, chunks }
    }

    /// What is kept of the cycle once it has settled: everything in it computed again, every signature by one of these
    /// keys.
    pub(crate) async fn settled(&self, cycle: CycleId, keys: &[u8]) -> Kept {
        let ended = self.ended(cycle).await;
        assert_eq!(ended.state.name(), "settled", "{:?}", ended.reason);
        let kept = self.kept(cycle).await;
        if keys.is_empty() {
            assert_eq!(kept.signed().signatures, []);
        } else {
            let report = kept.verify(keys).unwrap_or_else(|refusal| panic!("{refusal:?}"));
            assert_eq!(report.document.text(), kept.signed().document);
            assert_eq!(kept.signed().signatures.len(), keys.len());
        }
        kept
    }
}

impl Kept {
    pub(crate) fn signed(&self) -> &Signed {
        self.weights.signed.as_ref().unwrap()
    }

    /// The evidence, unpacked.
    pub(crate) fn evidence(&self) -> MultiGzDecoder<std::io::Cursor<Vec<u8>>> {
        MultiGzDecoder::new(std::io::Cursor::new(self.chunks.concat()))
    }

    /// The evidence's lines.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        bundle::read(BufReader::new(self.evidence()), |line| {
            lines.push(line);
            Ok(())
        })
        .unwrap();
        lines
    }

    /// What whoever trusts only the keys of these bytes makes of it.
    pub(crate) fn verify(&self, keys: &[u8]) -> Result<Report, Box<Refusal>> {
        let body = self.answer().to_string();
        let answer = Answer {
            body: body.as_bytes(),
            digest: None,
            signatures: None,
        };
        let keys = Keys {
            trusted: keys.iter().map(|byte| public(*byte)).collect(),
            known: Vec::new(),
        };
        let expected = Expectations {
            cycle: Some(self.weights.cycle),
            netuid: Some(crate::cycle::NETUID),
            not_older_than: None,
        };
        let checked = verify::document(&answer, &keys, &expected)?;
        checked.evidence(BufReader::new(self.evidence()))
    }

    /// As a gateway would serve it.
    fn answer(&self) -> Value {
        let (weights, signed) = (&self.weights, self.signed());
        let by_uid: serde_json::Map<_, _> = weights
            .uids
            .iter()
            .zip(&weights.weights)
            .map(|(uid, weight)| (uid.to_string(), json!(weight)))
            .collect();
        let signatures = signed.signatures.iter().map(|(key_id, signature)| {
            let signature = kinitro_audit::keys::Signature::from_bytes(*signature).to_string();
            json!({ "key_id": key_id, "algorithm": "ed25519", "signature": signature })
        });
        json!({
            "cycle_id": weights.cycle, "block": weights.block_number, "block_number": weights.block_number,
            "weights": by_uid,
            "weights_u16": { "uids": weights.uids, "values": weights.weights_u16 },
            "metadata": { "n_miners_evaluated": weights.miners, "n_environments": weights.environments },
            "signed": {
                "document": signed.document, "sha256": hex(&signed.sha256),
                "evidence": {
                    "sha256": hex(&signed.evidence_sha256), "bytes": signed.evidence_bytes,
                    "url": format!("/v1/cycles/{}/evidence", weights.cycle),
                },
                "signatures": signatures.collect::<Vec<_>>(),
            },
        })
    }
}

/// The public key of the key of this byte.
pub(crate) fn public(byte: u8) -> PublicKey {
    SigningKey::from_bytes(&[byte; 32]).public()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
