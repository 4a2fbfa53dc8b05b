//! The real chain's number types: newtypes in the metadata, plain integers on the wire.

use codec::{CompactAs, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::Get;
use scale_info::TypeInfo;

/// The subnets a mechanism's storage index is reckoned with.
pub const GLOBAL_MAX_SUBNET_COUNT: u16 = 4096;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, CompactAs,
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
        )]
        pub struct $name(pub $inner);

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl From<$name> for $inner {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

number!(
    /// A subnet's number.
    NetUid(u16)
);
number!(
    /// The number one mechanism of a subnet keeps its weights under.
    NetUidStorageIndex(u16)
);
number!(
    /// The number of a weight matrix within a subnet.
    MechId(u8)
);
number!(
    /// TAO in rao, a billionth.
    TaoBalance(u64)
);
number!(
    /// A subnet's own token, in billionths.
    AlphaBalance(u64)
);

impl NetUid {
    /// The subnet that governs, which takes no weights.
    pub const ROOT: Self = Self(0);
}

impl MechId {
    /// The mechanism every subnet has.
    pub const MAIN: Self = Self(0);
}

impl NetUidStorageIndex {
    /// The index of a subnet's mechanism; for the main one it is the subnet's own number.
    #[must_use]
    pub const fn new(netuid: NetUid, mechanism: MechId) -> Self {
        Self(
            (mechanism.0 as u16)
                .wrapping_mul(GLOBAL_MAX_SUBNET_COUNT)
                .wrapping_add(netuid.0),
        )
    }

    /// The subnet and mechanism an index stands for.
    #[must_use]
    pub const fn parts(self) -> (NetUid, MechId) {
        (
            NetUid(self.0 % GLOBAL_MAX_SUBNET_COUNT),
            MechId((self.0 / GLOBAL_MAX_SUBNET_COUNT) as u8),
        )
    }
}

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Clone, Copy, Debug, Default, PartialEq, Eq,
        )]
        pub struct $name {
            /// The value times two to the power of its fractional bits.
            pub bits: $inner,
        }
    };
}

fixed!(
    /// A signed fixed-point number of 64 bits.
    FixedI64(i64)
);
fixed!(
    /// A signed fixed-point number of 128 bits.
    FixedI128(i128)
);
fixed!(
    /// An unsigned fixed-point number of 128 bits.
    FixedU128(u128)
);

/// A default in rao.
#[derive(Debug)]
pub struct ConstRao<const N: u64>;

impl<const N: u64> Get<TaoBalance> for ConstRao<N> {
    fn get() -> TaoBalance {
        TaoBalance(N)
    }
}

/// A default mechanism count.
#[derive(Debug)]
pub struct ConstMechId<const N: u8>;

impl<const N: u8> Get<MechId> for ConstMechId<N> {
    fn get() -> MechId {
        MechId(N)
    }
}

/// A default fixed-point number, by its bits.
#[derive(Debug)]
pub struct ConstFixedU128<const N: u128>;

impl<const N: u128> Get<FixedU128> for ConstFixedU128<N> {
    fn get() -> FixedU128 {
        FixedU128 { bits: N }
    }
}
