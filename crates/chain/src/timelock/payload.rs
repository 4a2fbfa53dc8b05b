//! What is locked: the weights and whose they are, as the chain decodes them after the reveal.

use crate::Quantised;
use parity_scale_codec::Encode;

/// The hotkey's account, its weights and their version key, SCALE-encoded.
pub(crate) fn payload(account: [u8; 32], weights: &Quantised, version_key: u64) -> Vec<u8> {
    (account.to_vec(), &weights.uids, &weights.values, version_key).encode()
}
