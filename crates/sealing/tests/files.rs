//! Key files: their modes, what is replaced, who may read.

#![expect(clippy::unwrap_used, reason = "a broken fixture should stop its test")]

use kinitro_sealing::{Error, KeyFiles, SecretKey, read_public_key, read_secret_key};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};
use tempfile::TempDir;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_pair_is_written_as_v2_wrote_it_and_read_again() {
    let folder = TempDir::new().unwrap();
    let files = KeyFiles::named(&folder.path().join("new/keys"), "backend");
    let key: SecretKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        .parse()
        .unwrap();
    files.write(&key, false).unwrap();
    assert_eq!(
        fs::read_to_string(&files.secret).unwrap(),
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    );
    assert_eq!(
        fs::read_to_string(&files.public).unwrap(),
        "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f"
    );
    assert_eq!(mode(&files.secret), 0o600);
    assert_eq!(
        names(files.secret.parent().unwrap()),
        ["backend", "backend.pub"],
        "nothing else is left"
    );
    let read = read_secret_key(&files.secret).unwrap();
    assert_eq!(read.public_key(), key.public_key());
    assert_eq!(read_public_key(&files.public).unwrap(), key.public_key());
}

#[test]
fn files_that_are_there_stay_unless_they_may_be_replaced() {
    let folder = TempDir::new().unwrap();
    let files = KeyFiles::named(folder.path(), "backend");
    let (old, new) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    files.write(&old, false).unwrap();
    let error = files.write(&new, false).unwrap_err();
    assert!(
        matches!(&error, Error::Exists { path } if *path == files.secret),
        "{error}"
    );
    fs::remove_file(&files.secret).unwrap();
    let error = files.write(&new, false).unwrap_err();
    assert!(
        matches!(&error, Error::Exists { path } if *path == files.public),
        "{error}"
    );
    assert!(!files.secret.exists(), "half a pair was written");
    files.write(&new, true).unwrap();
    assert_eq!(
        read_secret_key(&files.secret).unwrap().public_key(),
        new.public_key()
    );
    assert_eq!(read_public_key(&files.public).unwrap(), new.public_key());
}

#[test]
fn replacing_a_file_that_all_may_read_closes_it_and_follows_no_link() {
    let folder = TempDir::new().unwrap();
    let files = KeyFiles::named(folder.path(), "backend");
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "kept").unwrap();
    symlink(&elsewhere, &files.secret).unwrap();
    let key = SecretKey::generate().unwrap();
    assert!(matches!(files.write(&key, false), Err(Error::Exists { .. })));
    files.write(&key, true).unwrap();
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "kept");
    assert_eq!(mode(&files.secret), 0o600);
}

#[test]
fn a_private_key_that_everyone_may_read_is_refused_with_the_remedy() {
    let folder = TempDir::new().unwrap();
    let files = KeyFiles::named(folder.path(), "backend");
    files.write(&SecretKey::generate().unwrap(), false).unwrap();
    for (mode, is_read) in [
        (0o400, true),
        (0o640, true),
        (0o644, false),
        (0o604, false),
        (0o602, false),
    ] {
        fs::set_permissions(&files.secret, fs::Permissions::from_mode(mode)).unwrap();
        match read_secret_key(&files.secret) {
            Ok(_) => assert!(is_read, "{mode:o}"),
            Err(error) => {
                assert!(!is_read, "{mode:o}: {error}");
                assert!(error.to_string().contains("`chmod o-rwx "), "{error}");
            }
        }
    }
}

#[test]
fn a_file_without_a_key_is_told_by_its_name_and_not_by_its_content() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("backend");
    for content in [&"ab".repeat(31), &"ab".repeat(33), "0xab", "", &"ab".repeat(4000)] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = read_secret_key(&path).unwrap_err();
        assert!(matches!(error, Error::BadFile { .. }), "{error:?}");
        let told = format!("{error} {error:?}");
        assert!(told.contains("backend") && !told.contains("abab"), "{told}");
    }
    let error = read_secret_key(&folder.path().join("none")).unwrap_err();
    assert!(matches!(error, Error::ReadFile { .. }), "{error:?}");
    assert!(
        read_secret_key(Path::new("/dev/zero")).is_err(),
        "endless, and everyone's"
    );
}
