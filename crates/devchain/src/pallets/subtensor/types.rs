//! Values the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::BoundedVec;
use frame_support::traits::{ConstU32, Get};
use scale_info::TypeInfo;
use sp_runtime::PerU16;

use crate::runtime::AccountId;

/// Where a neuron's server listens.
#[derive(
    Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Clone, Debug, Default, PartialEq, Eq,
)]
pub struct AxonInfo {
    /// The block it was announced at.
    pub block: u64,
    /// The server's version.
    pub version: u32,
    /// Its address, as a number.
    pub ip: u128,
    /// Its port.
    pub port: u16,
    /// 4 or 6.
    pub ip_type: u8,
    /// Which protocol it speaks.
    pub protocol: u8,
    /// Nothing.
    pub placeholder1: u8,
    /// Nothing.
    pub placeholder2: u8,
}

/// Where a neuron's metrics are served.
#[derive(
    Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Clone, Debug, Default, PartialEq, Eq,
)]
pub struct PrometheusInfo {
    /// The block it was announced at.
    pub block: u64,
    /// The server's version.
    pub version: u32,
    /// Its address, as a number.
    pub ip: u128,
    /// Its port.
    pub port: u16,
    /// 4 or 6.
    pub ip_type: u8,
}

/// A neuron's TLS key.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, Debug, Default, PartialEq, Eq)]
pub struct NeuronCertificate {
    /// The key.
    pub public_key: BoundedVec<u8, ConstU32<64>>,
    /// What kind of key.
    pub algorithm: u8,
}

/// Who a coldkey says it is.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainIdentityV2 {
    /// Its name.
    pub name: Vec<u8>,
    /// Its site.
    pub url: Vec<u8>,
    /// Its code.
    pub github_repo: Vec<u8>,
    /// Its picture.
    pub image: Vec<u8>,
    /// Its handle.
    pub discord: Vec<u8>,
    /// What it does.
    pub description: Vec<u8>,
    /// More.
    pub additional: Vec<u8>,
}

/// What a subnet says it is.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, Debug, Default, PartialEq, Eq)]
pub struct SubnetIdentityV3 {
    /// Its name.
    pub subnet_name: Vec<u8>,
    /// Its code.
    pub github_repo: Vec<u8>,
    /// Whom to ask.
    pub subnet_contact: Vec<u8>,
    /// Its site.
    pub subnet_url: Vec<u8>,
    /// Its handle.
    pub discord: Vec<u8>,
    /// What it does.
    pub description: Vec<u8>,
    /// Its picture.
    pub logo_url: Vec<u8>,
    /// More.
    pub additional: Vec<u8>,
}

/// How a subnet's weights are taken together.
#[derive(
    Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Clone, Copy, Debug, Default, PartialEq, Eq,
)]
pub enum EpochConsensus {
    /// By stake and agreement.
    #[default]
    Yuma,
    /// One validator's are taken as they are.
    Null,
}

/// The account that stands where there is none.
#[derive(Debug)]
pub struct ZeroAccount;

impl Get<AccountId> for ZeroAccount {
    fn get() -> AccountId {
        AccountId::new([0; 32])
    }
}

/// Liquid alpha's bounds where none are set.
#[derive(Debug)]
pub struct DefaultAlphaValues;

impl Get<(u16, u16)> for DefaultAlphaValues {
    fn get() -> (u16, u16) {
        (45_875, 58_982)
    }
}

/// A delegate's share where none is set: 18 %.
#[derive(Debug)]
pub struct DefaultDelegates;

impl Get<PerU16> for DefaultDelegates {
    fn get() -> PerU16 {
        PerU16::from_parts(11_796)
    }
}

/// A token's symbol where none is set.
#[derive(Debug)]
pub struct DefaultTokenSymbol;

impl Get<Vec<u8>> for DefaultTokenSymbol {
    fn get() -> Vec<u8> {
        "𝜏".as_bytes().to_vec()
    }
}
