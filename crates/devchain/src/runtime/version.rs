//! What the runtime says of itself. It stands in state, so that a running chain can be upgraded without
//! another binary: a client that cached the old metadata must notice.

use std::borrow::Cow;

use codec::Decode;
use frame_support::traits::Get;
use sp_version::RuntimeVersion;

use super::apis::RUNTIME_API_VERSIONS;

/// Where the spec version stands, as SCALE `u32`.
pub const SPEC_VERSION_KEY: &[u8] = b":devchain:spec_version";
/// Where the time between blocks stands, as SCALE `u64` milliseconds.
pub const SLOT_DURATION_KEY: &[u8] = b":devchain:slot_duration";
/// The spec version of the recorded metadata this runtime copies.
pub const SPEC_VERSION: u32 = 461;
/// The real chain's block time in milliseconds.
pub const SLOT_DURATION: u64 = 12_000;

/// The runtime's version, read from state.
#[derive(Debug)]
pub struct StoredVersion;

impl Get<RuntimeVersion> for StoredVersion {
    fn get() -> RuntimeVersion {
        RuntimeVersion {
            spec_name: Cow::Borrowed("node-subtensor"),
            impl_name: Cow::Borrowed("node-subtensor"),
            authoring_version: 1,
            spec_version: stored(SPEC_VERSION_KEY).unwrap_or(SPEC_VERSION),
            impl_version: 1,
            apis: RUNTIME_API_VERSIONS,
            transaction_version: 1,
            system_version: 1,
        }
    }
}

/// The time between blocks, read from state.
#[derive(Debug)]
pub struct StoredSlotDuration;

impl Get<u64> for StoredSlotDuration {
    fn get() -> u64 {
        stored(SLOT_DURATION_KEY).unwrap_or(SLOT_DURATION)
    }
}

fn stored<T: Decode>(key: &[u8]) -> Option<T> {
    let bytes = sp_io::storage::get(key)?;
    T::decode(&mut &bytes[..]).ok()
}
