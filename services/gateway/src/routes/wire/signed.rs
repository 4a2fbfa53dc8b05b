//! What anyone can check a cycle's weights by: the document byte for byte, its signatures, and where the evidence
//! is.

use axum::http::{HeaderName, HeaderValue};
use kinitro_proto::CycleId;
use kinitro_store::{Digests, read};
use serde::Serialize;

/// Hexadecimal SHA-256 of the document.
const DIGEST: HeaderName = HeaderName::from_static("kinitro-document-sha256");
/// `<key id>=<hexadecimal signature>`, one of each key.
const SIGNATURE: HeaderName = HeaderName::from_static("kinitro-signature");
/// The one algorithm: RFC 8032.
pub(crate) const ALGORITHM: &str = "ed25519";

/// The document and who signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Signed<'a> {
    /// The exact text: what is hashed and signed are its bytes.
    document: &'a str,
    sha256: String,
    evidence: Evidence,
    signatures: Vec<Signature<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Signature<'a> {
    key_id: &'a str,
    algorithm: &'static str,
    signature: String,
}

/// What the document was computed from. All of it is about the text, not about its compressed form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Evidence {
    sha256: String,
    bytes: u64,
    url: String,
}

impl<'a> Signed<'a> {
    pub(crate) fn new(cycle: CycleId, row: &'a read::Signed) -> Self {
        let signature = |(key_id, signature): &'a (String, [u8; 64])| Signature {
            key_id,
            algorithm: ALGORITHM,
            signature: hex::encode(signature),
        };
        Self {
            document: &row.document,
            sha256: hex::encode(row.sha256),
            evidence: Evidence::of(cycle, &row.evidence_sha256, row.evidence_bytes),
            signatures: row.signatures.iter().map(signature).collect(),
        }
    }
}

impl Evidence {
    pub(crate) fn new(cycle: CycleId, digests: &Digests) -> Self {
        Self::of(cycle, &digests.evidence, digests.evidence_bytes)
    }

    fn of(cycle: CycleId, sha256: &[u8; 32], bytes: u64) -> Self {
        Self {
            sha256: hex::encode(sha256),
            bytes,
            url: format!("/v1/cycles/{cycle}/evidence"),
        }
    }
}

/// The same for who does not read the body: the digest, and the signatures if there are any.
pub(crate) fn headers(row: Option<&read::Signed>) -> Vec<(HeaderName, HeaderValue)> {
    let Some(row) = row else { return Vec::new() };
    let value =
        |text: String| HeaderValue::try_from(text).expect("key ids and hexadecimal digits are visible ASCII");
    let mut headers = vec![(DIGEST, value(hex::encode(row.sha256)))];
    let signatures: Vec<_> = row
        .signatures
        .iter()
        .map(|(key_id, signature)| format!("{key_id}={}", hex::encode(signature)))
        .collect();
    if !signatures.is_empty() {
        headers.push((SIGNATURE, value(signatures.join(", "))));
    }
    headers
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// A document with quotes, a line's end and letters beyond ASCII, signed by two keys.
    pub(crate) fn row() -> read::Signed {
        read::Signed {
            document: "{\"schema\":\"kinitro.weights.v1\",\"odd\":\"é\\n\u{1f916}\"}\n".to_owned(),
            sha256: [0xab; 32],
            evidence_sha256: [0xcd; 32],
            evidence_bytes: 1234,
            evidence_lines: 5,
            evidence_chunks: 1,
            signatures: vec![
                ("0123456789abcdef".to_owned(), [1; 64]),
                ("fedcba9876543210".to_owned(), [2; 64]),
            ],
        }
    }

    #[test]
    fn the_document_is_told_byte_for_byte() {
        let row = row();
        let text = serde_json::to_string(&Signed::new(CycleId(7), &row)).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["document"].as_str(), Some(row.document.as_str()));
        let signature = |key_id, digit: &str| json!({"key_id": key_id, "algorithm": "ed25519", "signature": digit.repeat(64)});
        let expected = json!({
            "document": row.document, "sha256": "ab".repeat(32),
            "evidence": {"sha256": "cd".repeat(32), "bytes": 1234, "url": "/v1/cycles/7/evidence"},
            "signatures": [signature("0123456789abcdef", "01"), signature("fedcba9876543210", "02")],
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn the_headers_tell_the_digest_and_each_signature() {
        let text = |row: Option<&read::Signed>| {
            let line =
                |(name, value): (HeaderName, HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
            headers(row).into_iter().map(line).collect::<Vec<_>>()
        };
        let row = row();
        let digest = format!("kinitro-document-sha256: {}", "ab".repeat(32));
        let (one, two) = ("01".repeat(64), "02".repeat(64));
        let signatures = format!("kinitro-signature: 0123456789abcdef={one}, fedcba9876543210={two}");
        assert_eq!(text(Some(&row)), [digest.clone(), signatures]);
        let unsigned = read::Signed {
            signatures: Vec::new(),
            ..row
        };
        assert_eq!(text(Some(&unsigned)), [digest]);
        assert!(text(None).is_empty());
    }
}
