//! A commitment and its fields, byte for byte as on the real chain.

use codec::{Decode, DecodeWithMemTracking, Encode, EncodeLike, Error, Input, Output};
use frame_support::traits::{ConstU32, Get};
use frame_support::{BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use scale_info::build::{Fields, Variants};
use scale_info::{Path, Type, TypeInfo};

use crate::pallets::numbers::TaoBalance;

/// The tag of the shortest raw field; each longer one has the next.
const RAW_0: u8 = 1;
/// The tag of the longest raw field.
const RAW_128: u8 = 129;

/// One field of a commitment.
#[derive(Clone, Debug, Default, PartialEq, Eq, DecodeWithMemTracking)]
pub enum Data {
    /// Nothing.
    #[default]
    None,
    /// Up to 128 bytes as they are. In the metadata this is a variant for each length.
    Raw(BoundedVec<u8, ConstU32<128>>),
    /// A BLAKE2-256 hash of something kept elsewhere.
    BlakeTwo256([u8; 32]),
    /// A SHA2-256 hash of something kept elsewhere.
    Sha256([u8; 32]),
    /// A Keccak-256 hash of something kept elsewhere.
    Keccak256([u8; 32]),
    /// A SHA3-256 hash of something kept elsewhere.
    ShaThree256([u8; 32]),
    /// Something nobody can read before a round of the beacon.
    TimelockEncrypted {
        /// The ciphertext.
        encrypted: BoundedVec<u8, ConstU32<1024>>,
        /// The round.
        reveal_round: u64,
    },
    /// Asks for the hotkey's bonds to be reset.
    ResetBondsFlag,
    /// Up to 512 bytes as they are.
    BigRaw(BoundedVec<u8, ConstU32<512>>),
    /// What could not be revealed when its round had come.
    TimelockRevealFailed {
        /// The ciphertext.
        encrypted: BoundedVec<u8, ConstU32<1024>>,
        /// The round.
        reveal_round: u64,
    },
}

impl Data {
    /// The space the field takes of its epoch's.
    #[must_use]
    pub fn space(&self) -> u64 {
        let bytes = match self {
            Self::None | Self::ResetBondsFlag => 0,
            Self::Raw(bytes) => bytes.len(),
            Self::BlakeTwo256(_) | Self::Sha256(_) | Self::Keccak256(_) | Self::ShaThree256(_) => 32,
            Self::TimelockEncrypted { encrypted, .. } | Self::TimelockRevealFailed { encrypted, .. } => {
                encrypted.len()
            }
            Self::BigRaw(bytes) => bytes.len(),
        };
        bytes as u64
    }

    /// The round an encrypted field waits for.
    #[must_use]
    pub fn reveal_round(&self) -> Option<u64> {
        match self {
            Self::TimelockEncrypted { reveal_round, .. } => Some(*reveal_round),
            _ => None,
        }
    }
}

impl Encode for Data {
    fn encode_to<O: Output + ?Sized>(&self, out: &mut O) {
        match self {
            Self::None => out.push_byte(0),
            Self::Raw(bytes) => {
                out.push_byte(RAW_0 + u8::try_from(bytes.len()).expect("at most 128 bytes by its type"));
                out.write(bytes);
            }
            Self::BlakeTwo256(hash) => (130_u8, hash).encode_to(out),
            Self::Sha256(hash) => (131_u8, hash).encode_to(out),
            Self::Keccak256(hash) => (132_u8, hash).encode_to(out),
            Self::ShaThree256(hash) => (133_u8, hash).encode_to(out),
            Self::TimelockEncrypted {
                encrypted,
                reveal_round,
            } => {
                (134_u8, encrypted, reveal_round).encode_to(out);
            }
            Self::ResetBondsFlag => out.push_byte(135),
            Self::BigRaw(bytes) => (136_u8, bytes).encode_to(out),
            Self::TimelockRevealFailed {
                encrypted,
                reveal_round,
            } => {
                (137_u8, encrypted, reveal_round).encode_to(out);
            }
        }
    }
}

impl EncodeLike for Data {}

impl Decode for Data {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        Ok(match input.read_byte()? {
            0 => Self::None,
            tag @ RAW_0..=RAW_128 => {
                let mut bytes = vec![0; usize::from(tag - RAW_0)];
                input.read(&mut bytes)?;
                Self::Raw(BoundedVec::truncate_from(bytes))
            }
            130 => Self::BlakeTwo256(Decode::decode(input)?),
            131 => Self::Sha256(Decode::decode(input)?),
            132 => Self::Keccak256(Decode::decode(input)?),
            133 => Self::ShaThree256(Decode::decode(input)?),
            134 => Self::TimelockEncrypted {
                encrypted: Decode::decode(input)?,
                reveal_round: Decode::decode(input)?,
            },
            135 => Self::ResetBondsFlag,
            136 => Self::BigRaw(Decode::decode(input)?),
            137 => Self::TimelockRevealFailed {
                encrypted: Decode::decode(input)?,
                reveal_round: Decode::decode(input)?,
            },
            _ => return Err("invalid leading byte".into()),
        })
    }
}

/// The metadata's variants of raw fields, one for each length: arrays' lengths are types, so no loop names them.
macro_rules! raw_variants {
    ($($length:literal)*) => {
        Variants::new()
            .variant("None", |variant| variant.index(0))
            $(.variant(concat!("Raw", $length), |variant| {
                variant.index($length + RAW_0).fields(Fields::unnamed().field(|field| field.ty::<[u8; $length]>()))
            }))*
    };
}

impl TypeInfo for Data {
    type Identity = Self;

    fn type_info() -> Type {
        let hash = || Fields::unnamed().field(|field| field.ty::<[u8; 32]>());
        let timelocked = || {
            Fields::named()
                .field(|field| field.name("encrypted").ty::<BoundedVec<u8, ConstU32<1024>>>())
                .field(|field| field.name("reveal_round").ty::<u64>())
        };
        let big = || Fields::unnamed().field(|field| field.ty::<BoundedVec<u8, ConstU32<512>>>());
        let variants = raw_variants!(
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36
            37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70
            71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99 100 101 102 103
            104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127 128
        )
        .variant("BlakeTwo256", |variant| variant.index(130).fields(hash()))
        .variant("Sha256", |variant| variant.index(131).fields(hash()))
        .variant("Keccak256", |variant| variant.index(132).fields(hash()))
        .variant("ShaThree256", |variant| variant.index(133).fields(hash()))
        .variant("TimelockEncrypted", |variant| variant.index(134).fields(timelocked()))
        .variant("ResetBondsFlag", |variant| variant.index(135))
        .variant("BigRaw", |variant| variant.index(136).fields(big()))
        .variant("TimelockRevealFailed", |variant| variant.index(137).fields(timelocked()));
        Type::builder()
            .path(Path::new("Data", module_path!()))
            .variant(variants)
    }
}

/// A commitment's fields.
#[derive(
    Encode, Decode, DecodeWithMemTracking, TypeInfo, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
)]
#[scale_info(skip_type_params(FieldLimit))]
pub struct CommitmentInfo<FieldLimit: Get<u32>> {
    /// In the order they were given.
    pub fields: BoundedVec<Data, FieldLimit>,
}

/// A commitment as it is stored.
#[derive(Encode, Decode, TypeInfo, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound)]
#[scale_info(skip_type_params(MaxFields))]
pub struct Registration<MaxFields: Get<u32>> {
    /// What it cost.
    pub deposit: TaoBalance,
    /// The block of the last commitment.
    pub block: u32,
    /// What was committed.
    pub info: CommitmentInfo<MaxFields>,
}

/// The space a hotkey has used.
#[derive(Encode, Decode, TypeInfo, Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageTracker {
    /// In which epoch.
    pub last_epoch: u64,
    /// How many bytes.
    pub used_space: u64,
}
