//! The drand beacon, and what is encrypted to one of its rounds.

use crate::{Error, Result};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use ark_std::rand::{RngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use timelock::{
    block_ciphers::AESGCMBlockCipherProvider,
    engines::{EngineBLS, drand::TinyBLS381},
    ibe::fullident::Identity,
    tlock::tle,
};
use zeroize::Zeroizing;

type PublicKey = <TinyBLS381 as EngineBLS>::PublicKeyGroup;

/// The public key of drand's quicknet.
const QUICKNET: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451\
                        0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";

/// A beacon that signs one round after the other; a round's signature opens what was encrypted to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beacon {
    /// The public key: a compressed point, 96 bytes.
    pub(crate) public_key: Vec<u8>,
    /// The time of its first round, in seconds since 1970.
    pub(crate) genesis: u64,
    /// The seconds from round to round.
    pub(crate) period: u32,
}

impl Beacon {
    /// The one the public network uses.
    pub(crate) fn quicknet() -> Self {
        Self {
            public_key: hex::decode(QUICKNET).expect("a constant: tested"),
            genesis: 1_692_803_367,
            period: 3,
        }
    }

    /// Encrypts to the round, in the layout the chain takes: what `timelock` calls a ciphertext, but with the lengths
    /// of its parts written out.
    pub(crate) fn seal(&self, round: u64, plaintext: &[u8]) -> Result<Vec<u8>> {
        let key = PublicKey::deserialize_compressed(&*self.public_key).map_err(failed)?;
        if key == PublicKey::default() {
            return Err(failed("the beacon's public key is the point of no secret"));
        }
        let mut secret = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *secret);
        let identity = Identity::new(b"", &Sha256::digest(round.to_be_bytes()));
        let sealed =
            tle::<TinyBLS381, AESGCMBlockCipherProvider, OsRng>(key, *secret, plaintext, identity, OsRng)
                .map_err(|error| failed(format!("{error:?}")))?;
        let mut bytes = Vec::new();
        sealed.header.u.serialize_compressed(&mut bytes).map_err(failed)?;
        for part in [
            &sealed.header.v[..],
            &sealed.header.w,
            &sealed.body,
            &sealed.cipher_suite,
        ] {
            bytes.extend(u64::try_from(part.len()).expect("a length fits").to_le_bytes());
            bytes.extend(part);
        }
        Ok(bytes)
    }
}

fn failed(source: impl Into<crate::Source>) -> Error {
    Error::Timelock {
        source: source.into(),
    }
}
