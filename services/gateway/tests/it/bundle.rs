//! Evidence of any size, and the document over it. What the lines say is nobody's business here.

use flate2::{Compression, write::GzEncoder};
use kinitro_store::{NewDocument, NewSignature, Settlement, Store};
use sha2::{Digest, Sha256};
use std::io::Write;

/// Quotes, an escape, a letter beyond ASCII: whoever does not keep the text byte for byte is found out.
const DOCUMENT: &str = "{\"schema\":\"kinitro.weights.v1\",\"odd\":\"a\\\"b\\\\ é \u{1f916}\"}";

/// What a bundle is made of: large chunks that are all the same, each followed by a small one of its own.
#[derive(Debug, Default)]
pub(crate) struct Bundle {
    /// How many large ones there are.
    pub(crate) large: u32,
    /// How many lines each of them has, of 105 bytes.
    pub(crate) lines: u32,
    /// Whether their writer did not flush them.
    pub(crate) unflushed: bool,
    /// Who signed the document.
    pub(crate) keys: Vec<String>,
}

/// Lines that no two are the same of, and that compress to about a third.
fn lines(of: u32, count: u32) -> Vec<u8> {
    let (mut text, mut noise) = (Vec::new(), of);
    for line in 0..count {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(noise);
        writeln!(
            text,
            "{{\"kind\":\"result\",\"environment\":\"metaworld/push-v3\",\"of\":{of:>8},\"line\":{line:>8},\"reward\":{noise:>12}}}"
        )
        .unwrap();
    }
    text
}

impl Bundle {
    /// Writes it into the settlement, and a document about it.
    pub(crate) async fn write(&self, settlement: &mut Settlement) -> NewDocument {
        let large = lines(u32::MAX, self.lines);
        let packed = self.pack(&large);
        let (mut digest, mut bytes, mut lines_in_all) = (Sha256::new(), 0, 0);
        for place in 0..=self.large {
            let small = lines(place, 3);
            let chunks = [(&large, &packed, self.lines), (&small, &self.pack(&small), 3)];
            // The first has only its small one.
            for (text, chunk, lines) in &chunks[usize::from(place == 0)..] {
                digest.update(text);
                bytes += text.len() as u64;
                lines_in_all += u64::from(*lines);
                settlement.append_bundle(chunk).await.unwrap();
            }
        }
        let sign = |key_id: &String| NewSignature {
            key_id: key_id.clone(),
            signature: [7; 64],
        };
        NewDocument {
            text: DOCUMENT.to_owned(),
            sha256: Sha256::digest(DOCUMENT).into(),
            evidence_sha256: digest.finalize().into(),
            evidence_bytes: bytes,
            evidence_lines: lines_in_all,
            signatures: self.keys.iter().map(sign).collect(),
        }
    }

    fn pack(&self, text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        if !self.unflushed {
            encoder.flush().unwrap();
        }
        encoder.finish().unwrap()
    }
}

/// Adds a key, and tells its id.
pub(crate) async fn key(store: &Store, byte: u8) -> String {
    let public = [byte; 32];
    let id = hex::encode(&Sha256::digest(public)[..8]);
    store.add_signing_key(&id, &public).await.unwrap();
    id
}

/// The document's digest.
pub(crate) fn document_sha256() -> String {
    hex::encode(Sha256::digest(DOCUMENT))
}

/// The document.
pub(crate) fn document() -> &'static str {
    DOCUMENT
}
