//! `kinitro crypto` and dry runs of `miner commit`: what needs no chain.

use crate::stack::run;
use kinitro_chain::commitment::{PlainEndpoints, Policy, resolve};
use kinitro_proto::Hotkey;
use kinitro_sealing::{SecretKey, read_secret_key};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
};
use tempfile::TempDir;

const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const PUBLIC: &str = "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f";
const UUID: &str = "95edf2b6-e18b-400a-8398-5573df10e5e4";
/// `//miner-0`.
const MINER: &str = "//miner-0";

/// Exit code, standard output, standard error.
fn ended(args: &[&str]) -> (Option<i32>, String, String) {
    ended_with(args, &[])
}

fn ended_with(args: &[&str], settings: &[(&'static str, String)]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = run(args, settings);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn done(args: &[&str]) -> String {
    let (code, said, error) = ended(args);
    assert_eq!(code, Some(0), "{args:?}: {said}{error}");
    said
}

fn field<'a>(said: &'a str, name: &str) -> &'a str {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no `{name}` in\n{said}")).trim()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn key_file(folder: &TempDir, content: &str, mode: u32) -> String {
    let path = folder.path().join("key");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

#[test]
fn a_key_pair_is_made_once_and_replaced_only_by_force() {
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("new/keys").display().to_string();
    let generate = ["crypto", "generate-keypair", "--output", &keys, "--name", "mine"];
    let said = done(&generate);
    let secret = PathBuf::from(field(&said, "private key"));
    assert_eq!(secret, Path::new(&keys).join("mine"));
    assert_eq!(mode(&secret), 0o600);
    let digits = fs::read_to_string(&secret).unwrap();
    assert!(!said.contains(&digits), "the private key was printed");
    let public = fs::read_to_string(field(&said, "public key")).unwrap();
    assert!(said.contains(&public), "{said}");
    let shown = done(&["crypto", "show-public-key", "-f", &secret.display().to_string()]);
    assert_eq!(shown.trim_end(), public);

    let (code, _, error) = ended(&generate);
    assert_eq!(code, Some(4), "{error}");
    assert!(error.contains("--force"), "{error}");
    assert_eq!(fs::read_to_string(&secret).unwrap(), digits, "it was replaced");
    done(&[&generate[..], &["--force"]].concat());
    assert_ne!(fs::read_to_string(&secret).unwrap(), digits);
    assert_eq!(mode(&secret), 0o600);

    let (code, _, error) = ended(&["crypto", "generate-keypair", "--output", &keys, "--name", "../x"]);
    assert_eq!(code, Some(2), "{error}");
}

#[test]
fn keys_go_below_the_configuration_folder_by_default() {
    let home = TempDir::new().unwrap();
    let path = home.path().display().to_string();
    for (name, folder) in [
        ("XDG_CONFIG_HOME", "kinitro/keys"),
        ("HOME", ".config/kinitro/keys"),
    ] {
        let (code, _, error) = ended_with(&["crypto", "generate-keypair"], &[(name, path.clone())]);
        assert_eq!(code, Some(0), "{error}");
        let folder = home.path().join(folder);
        assert!(
            read_secret_key(&folder.join("backend")).is_ok(),
            "{}",
            folder.display()
        );
    }
}

#[test]
fn digits_win_over_the_file_in_showing() {
    let folder = TempDir::new().unwrap();
    let other = key_file(&folder, &"11".repeat(32), 0o600);
    assert_eq!(
        done(&["crypto", "show-public-key", "-f", &other, "-k", SECRET]).trim_end(),
        PUBLIC
    );
    let (code, _, error) = ended(&["crypto", "show-public-key"]);
    assert_eq!(code, Some(2), "{error}");
}

#[test]
fn a_bad_key_is_refused_and_never_repeated() {
    let folder = TempDir::new().unwrap();
    let part = &SECRET[..62];
    for bad in [part, &format!("0x{SECRET}"), &format!("{part}zz")] {
        let file = key_file(&folder, bad, 0o600);
        for (args, expected) in [
            (["crypto", "show-public-key", "--private-key", bad], 2),
            (["crypto", "show-public-key", "--private-key-file", &file], 1),
            (["crypto", "test-encryption", "--private-key", bad], 2),
        ] {
            let (code, said, error) = ended(&args);
            assert_eq!(code, Some(expected), "{args:?}: {error}");
            assert!(!format!("{said}{error}").contains("0a0b0c"), "{args:?}: {error}");
        }
    }
    let open = key_file(&folder, SECRET, 0o644);
    let (code, _, error) = ended(&["crypto", "show-public-key", "--private-key-file", &open]);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("chmod o-rwx"), "{error}");
}

#[test]
fn encryption_is_tried_there_and_back_with_both_envelopes() {
    let both = done(&["crypto", "test-encryption", "-k", SECRET]);
    assert!(both.contains(PUBLIC), "{both}");
    assert_eq!(both.matches(&format!("opens to {UUID}")).count(), 2, "{both}");
    let sealed = done(&["crypto", "test-encryption", "-p", PUBLIC]);
    assert!(
        !sealed.contains("opens to") && sealed.contains("82 characters"),
        "{sealed}"
    );
    let text = done(&["crypto", "test-encryption", "-k", SECRET, "-d", "http://h:1"]);
    assert_eq!(text.matches("opens to http://h:1").count(), 1, "{text}");
    let (code, _, error) = ended(&["crypto", "test-encryption", "-p", PUBLIC, "-k", &"11".repeat(32)]);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("does not open"), "{error}");
    assert_eq!(ended(&["crypto", "test-encryption"]).0, Some(2));
}

fn dry_run(args: &[&str]) -> (Option<i32>, String, String) {
    let common = [
        "miner",
        "commit",
        "--netuid",
        "7",
        "--hotkey-uri",
        MINER,
        "--dry-run",
    ];
    ended(&[&common[..], args].concat())
}

/// What a scheduler that has the private key makes of it.
fn endpoint(said: &str, netuid: u16) -> Option<String> {
    let policy = Policy {
        secret_key: Some(SECRET.parse::<SecretKey>().unwrap()),
        netuid,
        plain_endpoints: PlainEndpoints::Allowed,
    };
    let hotkey: Hotkey = field(said, "hotkey").parse().unwrap();
    let resolved = resolve(field(said, "commitment"), &policy, &hotkey).ok()?;
    Some(resolved.endpoint)
}

#[test]
fn a_dry_run_shows_what_would_be_committed_without_a_chain() {
    let named = ["--repo", "user/policy", "--revision", "abc123def4567890"];
    let (code, said, error) = dry_run(&[&named[..], &["-d", UUID]].concat());
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(field(&said, "commitment"), format!("user/policy:abc123de:{UUID}"));
    assert_eq!(field(&said, "length"), "57 of 128 bytes");
    assert_eq!(field(&said, "sealed"), "no: everyone can read it");

    let sealed = ["--encrypt", "--backend-public-key", PUBLIC];
    let (code, said, error) = dry_run(&[&named[..], &sealed, &["-d", UUID]].concat());
    assert_eq!(code, Some(0), "{error}");
    assert!(
        field(&said, "commitment").starts_with("user/policy:abc123de:e2:"),
        "{said}"
    );
    assert_eq!(
        endpoint(&said, 7),
        Some(format!("https://{UUID}.deployments.basilica.ai"))
    );
    assert_eq!(endpoint(&said, 8), None, "it opened in another subnet");

    let old = [&named[..], &sealed, &["--envelope", "1", "-d", UUID]].concat();
    let (code, said, _) = dry_run(&old);
    assert_eq!(code, Some(0));
    assert!(
        field(&said, "commitment").starts_with("user/policy:abc123de:e:"),
        "{said}"
    );

    let (code, said, _) = dry_run(&[&sealed[..], &["--endpoint", "http://10.0.0.7:8001"]].concat());
    assert_eq!(code, Some(0));
    assert!(field(&said, "commitment").starts_with("e2:"), "{said}");
    assert_eq!(endpoint(&said, 7).as_deref(), Some("http://10.0.0.7:8001"));
}

#[test]
fn the_old_envelope_is_written_with_a_warning_where_only_it_fits() {
    let repo = format!("u/{}", "r".repeat(34));
    let sealed = ["--encrypt", "--backend-public-key", PUBLIC, "-d", UUID];
    let (code, said, error) = dry_run(&[&["--repo", &repo, "--revision", "abc12345"], &sealed[..]].concat());
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(field(&said, "length"), "128 of 128 bytes");
    assert!(field(&said, "sealed").starts_with("version 1"), "{said}");
    assert!(error.contains("another miner may copy it"), "{error}");
}

#[test]
fn what_cannot_be_committed_is_refused_with_every_reason() {
    let named = ["--repo", "a:b", "--revision", ":"];
    for (args, named) in [
        (
            &[&named[..], &["-d", "a/b"]].concat()[..],
            &[
                "3 faults",
                "repository has a colon",
                "revision has a colon",
                "deployment id",
            ][..],
        ),
        (&["-d", "http://h:1"], &["--endpoint"]),
        (&["--endpoint", "my-policy"], &["http://"]),
        (&["--endpoint", "http://u:p@h"], &["credentials"]),
        (&["-d", "x", "--endpoint", "http://h"], &["cannot be used with"]),
        (&["--repo", "a", "-d", "x"], &["--revision"]),
        (&[], &["--deployment-id"]),
        (
            &["-d", UUID, "--encrypt"],
            &["--backend-hotkey", "--backend-public-key"],
        ),
        (
            &["-d", UUID, "--encrypt", "--backend-public-key", "zz"],
            &["not hexadecimal"],
        ),
        (&["-d", UUID, "--envelope", "2"], &["--encrypt"]),
        (
            &[
                "-d",
                "my-policy",
                "--encrypt",
                "--backend-public-key",
                PUBLIC,
                "--envelope",
                "1",
            ],
            &["UUIDs only"],
        ),
        (
            &[
                "-d",
                UUID,
                "--encrypt",
                "--backend-public-key",
                PUBLIC,
                "--envelope",
                "3",
            ],
            &["1 or 2"],
        ),
        (
            &["--endpoint", &format!("https://{}.example", "h".repeat(130))],
            &["128 fit"],
        ),
    ] {
        let (code, _, error) = dry_run(args);
        assert_eq!(code, Some(2), "{args:?}: {error}");
        for part in named {
            assert!(error.contains(part), "{args:?}: `{part}` in {error}");
        }
    }
}
