use super::*;
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const SEED: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// What `make_wallets.py` made its keys from, and their addresses as the SDKs show them.
const KEYS: [(&str, &str); 4] = [
    ("mnemonic", "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV"),
    ("seed", "5DtDLm5rQHShDqojQpsvcN8tRXHVFaecfDoRet1SU6BFD9Fi"),
    ("uri", "5DHibw1M3bvVoQmbR15S2hBCPmb6rQ5gXp4muDpxBsCJo8tC"),
    ("private", "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV"),
];

fn wallets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/wallets")
}

fn fixture(name: &str) -> String {
    fs::read_to_string(wallets().join("sdk11/hotkeys").join(name)).unwrap()
}

fn file(text: &str, mode: u32) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
    file
}

fn from_text(text: &str) -> Result<Signer> {
    Signer::from_file(file(text, 0o600).path())
}

fn signs(signer: &Signer) -> bool {
    let signature = sr25519::Signature(signer.sign_bytes(b"payload"));
    sr25519::verify(&signature, b"payload", &sr25519::PublicKey(signer.account()))
}

#[test]
fn the_wallets_of_both_sdks_open() {
    for wallet in ["sdk10", "sdk11"] {
        for (name, address) in KEYS {
            let signer = Signer::from_wallet(&wallets(), wallet, name).unwrap();
            assert_eq!(signer.hotkey().as_str(), address, "{wallet} {name}");
            assert!(signs(&signer));
        }
    }
}

#[test]
fn an_encrypted_or_other_key_is_named_as_such() {
    for wallet in ["sdk10", "sdk11"] {
        let error = |name| Signer::from_wallet(&wallets(), wallet, name).unwrap_err();
        assert!(error("encrypted").to_string().contains("encrypted"));
        assert!(error("ed25519").to_string().contains("sr25519"));
        assert!(matches!(error("absent"), Error::ReadKey { .. }));
    }
    for text in ["$ANSIBLE_VAULT;1.1;AES256\n3161", "gAAAAABk", "$NACL\u{fffd}"] {
        let error = from_text(text).unwrap_err().to_string();
        assert!(error.contains("encrypted"), "{error}");
    }
}

#[test]
fn a_file_may_hold_a_uri_a_seed_or_a_wallets_hotkey() {
    let texts = [
        ("//Alice", ALICE),
        ("//Alice\n", ALICE),
        (PHRASE, KEYS[0].1),
        (SEED, KEYS[1].1),
        (&format!("0x{SEED}\n"), KEYS[1].1),
        (&fixture("uri"), KEYS[2].1),
        (&format!("{{\"secretPhrase\":\"{PHRASE}\"}}"), KEYS[0].1),
        (
            &format!("{{\"secretSeed\":\"0x{SEED}\",\"cryptoType\":null}}"),
            KEYS[1].1,
        ),
    ];
    for (text, address) in texts {
        assert_eq!(from_text(text).unwrap().hotkey().as_str(), address, "{text}");
        assert!(signs(&from_text(text).unwrap()));
    }
}

#[test]
fn a_key_in_the_other_form_of_64_bytes_opens() {
    let mini = schnorrkel::MiniSecretKey::from_bytes(&[0x11; 32]).unwrap();
    let pair = mini.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
    let private = hex::encode(pair.secret.to_ed25519_bytes());
    let text = format!(
        "{{\"privateKey\":\"{private}\",\"ss58Address\":\"{}\"}}",
        KEYS[1].1
    );
    assert_eq!(from_text(&text).unwrap().hotkey().as_str(), KEYS[1].1);
}

#[test]
fn what_others_can_read_is_refused() {
    for mode in [0o644, 0o640, 0o604, 0o620] {
        let error = Signer::from_file(file("//Alice", mode).path())
            .unwrap_err()
            .to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
    for mode in [0o600, 0o400] {
        assert!(Signer::from_file(file("//Alice", mode).path()).is_ok());
    }
}

#[test]
fn a_secret_of_another_address_is_refused() {
    let other = fixture("mnemonic").replace(KEYS[0].1, ALICE);
    assert!(
        from_text(&other)
            .unwrap_err()
            .to_string()
            .contains("does not belong")
    );
    let public = "46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a";
    let other = fixture("mnemonic").replace(
        &format!("publicKey\":\"0x{public}"),
        &format!("publicKey\":\"0x{SEED}"),
    );
    assert!(
        from_text(&other)
            .unwrap_err()
            .to_string()
            .contains("does not belong")
    );
}

#[test]
fn what_is_no_key_is_refused() {
    let public_half = r#"{"ss58Address":"5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV","cryptoType":1}"#;
    let no_keys = [
        "",
        " \n",
        "/home/me/key",
        "///password",
        "hello world",
        "0x11",
        "{}",
        "{\"secretPhrase\":\"//Alice\"}",
        "[]",
        public_half,
        "{\"privateKey\":\"0x00\"}",
    ];
    for text in no_keys {
        assert!(matches!(from_text(text), Err(Error::BadKey { .. })), "`{text}`");
        assert!(Signer::from_uri(text).is_err(), "`{text}`");
    }
    assert!(matches!(
        from_text(&"x".repeat(20_000)),
        Err(Error::ReadKey { .. })
    ));
    assert!(matches!(
        Signer::from_file(Path::new("/")),
        Err(Error::ReadKey { .. })
    ));
}

#[test]
fn nothing_shown_holds_a_secret() {
    let mut shown: Vec<String> = Vec::new();
    for text in [
        &*format!("{PHRASE} oops"),
        SEED,
        &SEED[1..],
        &fixture("mnemonic"),
        &fixture("mnemonic")[1..],
    ] {
        match from_text(text) {
            Ok(signer) => shown.push(format!("{signer:?}")),
            Err(error) => shown.push(format!("{error} {error:?}")),
        }
    }
    for shown in shown {
        for secret in ["bottom", "11111111", "05d65584", "fac7959d"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
