//! The block time, which clients read off a pallet that makes blocks on the real chain.

pub use self::pallet::*;

#[frame_support::pallet]
pub mod pallet {
    use frame_support::pallet_prelude::*;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config {
        /// The time between blocks in milliseconds.
        #[pallet::constant]
        type SlotDuration: Get<u64>;
    }
}
