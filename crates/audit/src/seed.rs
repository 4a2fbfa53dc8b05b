//! Where episodes' seeds come from.

use hkdf::Hkdf;
use kinitro_proto::{Environment, Seed};
use sha2::{Digest, Sha256};

/// What a cycle commits to when it opens: SHA-256 of its secret's 32 bytes.
#[must_use]
pub fn commitment(secret: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// The seed of an environment's episode in a cycle: the same for every miner, so that they are compared
/// on the same episodes; unpredictable without the cycle's secret.
///
/// HKDF-SHA256 (RFC 5869) without salt over the 32-byte secret, with
/// `info = "kinitro seed v1" ‖ 0x00 ‖ environment ‖ 0x00 ‖ episode (u32, big-endian)`; the first 8 bytes, big-endian, less
/// the top bit.
#[must_use]
pub fn seed(secret: &[u8; 32], environment: &Environment, episode: u32) -> Seed {
    let mut bytes = [0; 8];
    let info = [
        b"kinitro seed v1",
        &[0][..],
        environment.as_str().as_bytes(),
        &[0],
        &episode.to_be_bytes(),
    ];
    Hkdf::<Sha256>::new(None, secret)
        .expand_multi_info(&info, &mut bytes)
        .expect("8 bytes are far below HKDF's limit of 8160");
    Seed::new(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Computed apart from this code, with Python's `hmac` and `hashlib`.
    #[test]
    fn the_seed_is_the_published_formula() {
        let environment = "metaworld/push-v3".parse().unwrap();
        assert_eq!(seed(&[7; 32], &environment, 3).get(), 344_406_024_850_437_783);
    }

    #[test]
    fn seeds_differ_by_environment_and_episode() {
        let environments = ["metaworld/push-v3", "metaworld/reach-v3"].map(|text| text.parse().unwrap());
        let seeds: HashSet<_> = environments
            .iter()
            .flat_map(|e| (0..1000).map(move |i| seed(&[1; 32], e, i)))
            .collect();
        assert_eq!(seeds.len(), 2000);
    }
}
