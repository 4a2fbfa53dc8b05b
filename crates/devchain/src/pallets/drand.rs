//! Where the randomness beacon's pulses are stored, once they are known on chain.

pub mod beacon;
mod open;
mod rounds;

pub use self::open::open;
pub use self::pallet::*;
pub(crate) use self::rounds::bring_rounds;

use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::BoundedVec;
use frame_support::traits::{ConstU32, Get};
use scale_info::TypeInfo;

/// The public key of the beacon that clients encrypt for, drand's quicknet.
const PUBLIC_KEY: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";
/// The hash that names its chain.
const CHAIN_HASH: &str = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
/// The hash of the group that runs it, cut as the real chain stores it.
const GROUP_HASH: &str = "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e";

/// A beacon's parameters.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, Debug, PartialEq, Eq)]
pub struct BeaconConfiguration {
    /// A compressed point of BLS12-381's second group.
    pub public_key: BoundedVec<u8, ConstU32<96>>,
    /// Seconds between rounds.
    pub period: u32,
    /// The Unix time of round 1.
    pub genesis_time: u32,
    /// The chain's hash.
    pub hash: BoundedVec<u8, ConstU32<32>>,
    /// The group's hash.
    pub group_hash: BoundedVec<u8, ConstU32<32>>,
    /// The signature scheme's name.
    pub scheme_id: BoundedVec<u8, ConstU32<32>>,
    /// More about it.
    pub metadata: Metadata,
}

/// More about a beacon.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Its name.
    pub beacon_id: BoundedVec<u8, ConstU32<32>>,
}

/// One round of the beacon.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// The round.
    pub round: u64,
    /// The hash of the signature.
    pub randomness: BoundedVec<u8, ConstU32<32>>,
    /// The signature, with which what was encrypted for the round can be read.
    pub signature: BoundedVec<u8, ConstU32<144>>,
}

/// The beacon the chain starts with.
#[derive(Debug)]
pub struct Quicknet;

impl Get<BeaconConfiguration> for Quicknet {
    fn get() -> BeaconConfiguration {
        BeaconConfiguration {
            public_key: bytes(PUBLIC_KEY),
            period: 3,
            genesis_time: 1_692_803_367,
            hash: bytes(CHAIN_HASH),
            group_hash: bytes(GROUP_HASH),
            scheme_id: BoundedVec::truncate_from(b"bls-unchained-g1-rfc9380".to_vec()),
            metadata: Metadata {
                beacon_id: BoundedVec::truncate_from(b"quicknet".to_vec()),
            },
        }
    }
}

impl BeaconConfiguration {
    /// The beacon of this chain's own, whose rounds the node brings on chain as somebody waits for them.
    #[must_use]
    pub fn own() -> Self {
        Self {
            public_key: BoundedVec::truncate_from(beacon::public_key().to_vec()),
            ..Quicknet::get()
        }
    }
}

fn bytes<const N: u32>(text: &str) -> BoundedVec<u8, ConstU32<N>> {
    BoundedVec::truncate_from(hex::decode(text).expect("a constant of hexadecimal digits"))
}

#[frame_support::pallet]
pub mod pallet {
    use frame_support::pallet_prelude::*;

    use super::{BeaconConfiguration, Pulse, Quicknet};

    #[pallet::pallet]
    #[pallet::without_storage_info]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    /// The beacon clients encrypt for.
    #[pallet::storage]
    pub type BeaconConfig<T: Config> = StorageValue<_, BeaconConfiguration, ValueQuery, Quicknet>;

    /// The rounds the chain has seen.
    #[pallet::storage]
    pub type Pulses<T: Config> = StorageMap<_, Blake2_128Concat, u64, Pulse, OptionQuery>;

    /// The newest of them.
    #[pallet::storage]
    pub type LastStoredRound<T: Config> = StorageValue<_, u64, ValueQuery>;

    /// The oldest of them.
    #[pallet::storage]
    pub type OldestStoredRound<T: Config> = StorageValue<_, u64, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Rounds were stored.
        #[codec(index = 1)]
        NewPulse {
            /// Which.
            rounds: Vec<u64>,
        },
    }

    impl<T: Config> Pallet<T> {
        /// Stores one round, as if a validator had brought it.
        pub fn store_pulse(pulse: Pulse) {
            let round = pulse.round;
            Pulses::<T>::insert(round, pulse);
            LastStoredRound::<T>::mutate(|last| *last = round.max(*last));
            OldestStoredRound::<T>::mutate(|oldest| {
                *oldest = if *oldest == 0 { round } else { round.min(*oldest) }
            });
            Self::deposit_event(Event::NewPulse { rounds: vec![round] });
        }
    }
}
