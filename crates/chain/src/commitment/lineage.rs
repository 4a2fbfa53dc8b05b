use sha2::{Digest, Sha256};

/// What a commitment stands for, as 32 bytes, however it is written or sealed.
///
/// The same repository, revision and endpoint give the same: a hotkey that commits again what it had committed keeps the
/// block of the first time.
///
/// The revision counts by its first 8 characters, as v2 committed it. Whoever has a lineage can try endpoints against
/// it: keep it as secret as these.
#[must_use]
pub fn lineage(repo: Option<&str>, revision: Option<&str>, endpoint: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"kinitro/lineage/1");
    for part in [repo, revision.map(cut), Some(endpoint)] {
        // A part's length stands before it, so that nothing can move from one into the next.
        match part {
            None => hash.update([0]),
            Some(text) => {
                hash.update([1]);
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text);
            }
        }
    }
    hash.finalize().into()
}

/// A revision as it is committed: its first 8 characters.
pub(super) fn cut(revision: &str) -> &str {
    let end = revision.char_indices().nth(8).map(|(index, _)| index);
    &revision[..end.unwrap_or(revision.len())]
}
