use super::*;
use std::{fs, os::unix::fs::PermissionsExt};

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// RFC 8032, section 7.1: private key, public key, message, signature.
const VECTORS: [[&str; 4]; 4] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ],
];

#[test]
fn signatures_are_those_of_the_standard() {
    for [private, public, message, signature] in VECTORS {
        let key: SigningKey = private.parse().unwrap();
        assert_eq!(key.public().to_string(), public);
        assert_eq!(*key.to_hex(), private);
        let message = hex::decode(message).unwrap();
        assert_eq!(key.sign(&message).to_string(), signature);
        let public: PublicKey = public.parse().unwrap();
        public.verify(&message, &signature.parse().unwrap()).unwrap();
        let other = [message.as_slice(), b"x"].concat();
        assert!(public.verify(&other, &signature.parse().unwrap()).is_err());
    }
}

/// Computed apart from this code, with `sha256sum`.
#[test]
fn a_keys_name_is_the_start_of_its_digest() {
    let public: PublicKey = VECTORS[0][1].parse().unwrap();
    assert_eq!(public.id().to_string(), "21fe31dfa154a261");
    assert_eq!("21fe31dfa154a261".parse::<KeyId>().unwrap(), public.id());
}

#[test]
fn a_private_key_is_never_shown() {
    let text = VECTORS[0][0];
    let key: SigningKey = text.parse().unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey(***)");
    for wrong in [
        &text[1..],
        &format!("{text}0"),
        &text.to_uppercase(),
        &text.replace('9', "g"),
    ] {
        let error = wrong.parse::<SigningKey>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("d61b"), "{error:?}");
    }
}

#[test]
fn made_keys_differ() {
    let (one, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    assert_ne!(one.public(), other.public());
}

#[test]
fn a_key_is_written_for_its_owner_alone_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/signing-2026");
    let key = SigningKey::generate().unwrap();
    key.write(&path).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(fs::read_to_string(&path).unwrap(), *key.to_hex());
    assert_eq!(SigningKey::read(&path).unwrap().public(), key.public());
    let public = folder.path().join("deep/signing-2026.pub");
    assert_eq!(PublicKey::read(&public).unwrap(), key.public());
    assert_eq!(fs::read_to_string(&public).unwrap(), key.public().to_string());
    let names = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(names, 2, "no draft is left");
}

#[test]
fn a_key_that_is_there_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let first = SigningKey::generate().unwrap();
    first.write(&path).unwrap();
    let other = SigningKey::generate().unwrap();
    assert!(matches!(other.write(&path), Err(Error::Exists { .. })));
    fs::remove_file(&path).unwrap();
    assert!(
        matches!(other.write(&path), Err(Error::Exists { .. })),
        "its public key is there"
    );
    assert!(!path.exists());
    assert_eq!(
        PublicKey::read(&folder.path().join("key.pub")).unwrap(),
        first.public()
    );
}

#[test]
fn a_key_that_everyone_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    SigningKey::generate().unwrap().write(&path).unwrap();
    for (mode, is_taken) in [
        (0o600, true),
        (0o400, true),
        (0o640, true),
        (0o644, false),
        (0o602, false),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match SigningKey::read(&path) {
            Ok(_) => assert!(is_taken, "{mode:o}"),
            Err(error) => {
                assert!(!is_taken, "{mode:o}: {error}");
                assert!(error.to_string().contains("chmod 600"), "{error}");
            }
        }
    }
}

#[test]
fn files_that_hold_no_key_say_so_and_not_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let write = |text: &str| {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    for text in [
        "",
        "abad1dea",
        &"abad1dea".repeat(9),
        &"abad1dea".repeat(1000),
        &"0x".repeat(32),
    ] {
        write(text);
        let error = SigningKey::read(&path).unwrap_err();
        assert!(matches!(error, Error::BadFile { .. }), "{error}");
        assert!(!format!("{error:?}").contains("abad1dea"));
    }
    write(&format!("{}\n", "0a".repeat(32)));
    SigningKey::read(&path).unwrap();
    assert!(matches!(
        SigningKey::read(&folder.path().join("none")),
        Err(Error::ReadFile { .. })
    ));
}

#[test]
fn a_signature_has_one_text() {
    let signature = SigningKey::from_bytes(&bytes(VECTORS[0][0])).sign(b"text");
    let text = signature.to_string();
    assert_eq!(text.parse::<Signature>().unwrap(), signature);
    for other in [text.to_uppercase(), format!("{text} "), text[2..].to_owned()] {
        assert!(other.parse::<Signature>().is_err());
    }
}
