//! Opening what was encrypted for a round.

use ark_serialize::CanonicalDeserialize;
use timelock::block_ciphers::AESGCMBlockCipherProvider;
use timelock::engines::drand::TinyBLS381;
use timelock::ibe::fullident::{Ciphertext, IBESecret};
use timelock::tlock::{TLECiphertext, tld};

/// The bytes of a compressed point that a ciphertext begins with.
const POINT: usize = 96;

/// What is in it, if it is well-formed and the signature is its round's.
#[must_use]
pub fn open(sealed: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let (u, mut rest) = sealed.split_at_checked(POINT)?;
    let header = Ciphertext {
        u: CanonicalDeserialize::deserialize_compressed(u).ok()?,
        v: part(&mut rest)?.try_into().ok()?,
        w: part(&mut rest)?.try_into().ok()?,
    };
    let (body, cipher_suite) = (part(&mut rest)?.to_vec(), part(&mut rest)?.to_vec());
    if !rest.is_empty() || !is_sound(&body) {
        return None;
    }
    let IBESecret(signature) = IBESecret::<TinyBLS381>::deserialize_compressed(signature).ok()?;
    let ciphertext = TLECiphertext {
        header,
        body,
        cipher_suite,
    };
    tld::<TinyBLS381, AESGCMBlockCipherProvider>(ciphertext, signature).ok()
}

/// Two parts and nothing behind them. A length that is a lie would be believed by what reads it next.
fn is_sound(mut body: &[u8]) -> bool {
    part(&mut body).is_some() && part(&mut body).is_some() && body.is_empty()
}

/// The next part: its length, and that many bytes.
fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (part, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use ark_serialize::CanonicalSerialize;
    use ark_std::rand::rngs::OsRng;
    use sp_io::hashing::sha2_256;
    use timelock::engines::EngineBLS;
    use timelock::ibe::fullident::Identity;
    use timelock::tlock::tle;

    use super::*;
    use crate::pallets::drand::beacon;

    /// Nothing at all, sealed by the official library for round 1000 of the public beacon.
    const SEALED: &str = "a5634ab33b861b4ab5652c3f5c8bbf91791fb5c48ab4b1308f12c1bfbd3916ae183675bd8ee6dfa69847f54ab4b56109\
        0d010ef4db5aaf1c1669a18fbd6b9c44c7d8e46fccc02906fb46b82b9a1406611995e33fb841f99b52590e70023922a2\
        20000000000000008e70a7a073676ce99f54caf91bbe061d57895e25baa8e26a5c1f40c201bcf64d2000000000000000\
        93848b9876a297bf9cd8cb9dc43d00358320a68bf37a1d01810ede0838b06ccc2c000000000000001000000000000000\
        6678af26386fab044377e152ec3eec590c000000000000001e670d440ee53b19d83abfea08000000000000004145535f\
        47434d5f";
    /// That round's signature.
    const SIGNATURE: &str =
        "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";

    #[test]
    fn what_the_official_library_sealed_opens_whole_and_with_its_signature() {
        let (sealed, signature) = (hex::decode(SEALED).unwrap(), hex::decode(SIGNATURE).unwrap());
        assert_eq!(open(&sealed, &signature), Some(Vec::new()));
        assert_eq!(open(&sealed, &beacon::sign(1000)), None);
        for length in [0, 95, 96, 103, 150, sealed.len() - 1] {
            assert_eq!(open(&sealed[..length], &signature), None, "{length}");
        }
        assert_eq!(open(&[&sealed[..], &[0]].concat(), &signature), None);
        // Every length in it as a lie.
        for at in [96, 136, 176, 184, 208] {
            let mut lie = sealed.clone();
            lie[at..at + 8].copy_from_slice(&(u64::MAX >> 1).to_le_bytes());
            assert_eq!(open(&lie, &signature), None, "{at}");
        }
        assert_eq!(open(&sealed, &[]), None);
    }

    #[test]
    fn what_is_sealed_for_this_chains_beacon_opens_with_its_round() {
        type PublicKey = <TinyBLS381 as EngineBLS>::PublicKeyGroup;
        let key = PublicKey::deserialize_compressed(beacon::public_key()).unwrap();
        let identity = Identity::new(b"", &sha2_256(&7_u64.to_be_bytes()));
        let made =
            tle::<TinyBLS381, AESGCMBlockCipherProvider, OsRng>(key, [3; 32], b"text", identity, OsRng)
                .unwrap();
        let mut sealed = Vec::new();
        made.header.u.serialize_compressed(&mut sealed).unwrap();
        for part in [&made.header.v[..], &made.header.w, &made.body, &made.cipher_suite] {
            sealed.extend(u64::try_from(part.len()).unwrap().to_le_bytes());
            sealed.extend(part);
        }
        assert_eq!(open(&sealed, &beacon::sign(7)).as_deref(), Some(&b"text"[..]));
        assert_eq!(open(&sealed, &beacon::sign(8)), None);
    }
}
