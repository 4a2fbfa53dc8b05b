//! A beacon of this chain's own. Everybody can read its secret here, so nothing is secret to it.

use std::sync::LazyLock;

use ark_ec::PrimeGroup;
use ark_serialize::CanonicalSerialize;
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;
use sp_io::hashing::sha2_256;
use timelock::engines::EngineBLS;
use timelock::engines::drand::TinyBLS381;
use timelock::ibe::fullident::Identity;

type Secret = <TinyBLS381 as EngineBLS>::Scalar;
type PublicKey = <TinyBLS381 as EngineBLS>::PublicKeyGroup;

static SECRET: LazyLock<Secret> = LazyLock::new(|| TinyBLS381::generate(&mut StdRng::seed_from_u64(1)));
static PUBLIC_KEY: LazyLock<Vec<u8>> = LazyLock::new(|| compressed(&(PublicKey::generator() * *SECRET)));

/// The key that clients encrypt for.
#[must_use]
pub fn public_key() -> &'static [u8] {
    &PUBLIC_KEY
}

/// The round's signature, which opens what was encrypted for the round.
#[must_use]
pub fn sign(round: u64) -> Vec<u8> {
    let identity = Identity::new(b"", &sha2_256(&round.to_be_bytes()));
    compressed(&identity.extract::<TinyBLS381>(*SECRET).0)
}

fn compressed(point: &impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    point
        .serialize_compressed(&mut bytes)
        .expect("a vector takes all that is written to it");
    bytes
}
