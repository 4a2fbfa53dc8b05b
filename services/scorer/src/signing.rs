//! The keys that sign documents. Every one of them signs each document: that is how a new key overlaps with an old one.

use crate::Error;
use kinitro_audit::{
    keys::{KeyId, SigningKey},
    verify::MAX_SIGNATURES,
};
use kinitro_chassis::report;
use kinitro_store::{KeyState, NewSignature, Store};
use std::{collections::BTreeMap, path::PathBuf};

/// What signs documents, by key id. May be nobody.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signers(BTreeMap<KeyId, SigningKey>);

impl Signers {
    /// Reads the keys' files.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub(crate) fn read(files: &[PathBuf]) -> Result<Self, Vec<String>> {
        let (mut faults, mut homes) = (Vec::new(), BTreeMap::<KeyId, &PathBuf>::new());
        let mut signers = Self::default();
        for file in files {
            let key = match SigningKey::read(file) {
                Ok(key) => key,
                Err(error) => {
                    faults.push(format!("--signing-key-file: {}", report(&error)));
                    continue;
                }
            };
            let id = key.public().id();
            if let Some(first) = homes.insert(id, file) {
                faults.push(format!(
                    "--signing-key-file: `{}` and `{}` hold the same key `{id}`",
                    first.display(),
                    file.display()
                ));
            }
            signers.0.insert(id, key);
        }
        if files.len() > MAX_SIGNATURES {
            faults.push(format!(
                "--signing-key-file: {} keys; no verifier reads more than {MAX_SIGNATURES} signatures",
                files.len()
            ));
        }
        if faults.is_empty() {
            Ok(signers)
        } else {
            Err(faults)
        }
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Their ids.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.0.keys().map(ToString::to_string).collect()
    }

    /// Makes the ledger know them all. Safe to repeat.
    ///
    /// # Errors
    /// One of them is retired, or the ledger cannot be asked.
    pub(crate) async fn introduce(&self, store: &Store) -> Result<(), Error> {
        for (id, key) in &self.0 {
            let key_id = id.to_string();
            match store.add_signing_key(&key_id, key.public().as_bytes()).await? {
                KeyState::Active => {}
                KeyState::Retired => return Err(Error::RetiredKey { key_id }),
            }
        }
        Ok(())
    }

    /// Everybody's signature of exactly these bytes.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<NewSignature> {
        let signature = |(id, key): (&KeyId, &SigningKey)| NewSignature {
            key_id: id.to_string(),
            signature: *key.sign(bytes).as_bytes(),
        };
        self.0.iter().map(signature).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};
    use tempfile::TempDir;

    fn written(folder: &TempDir, name: &str, byte: u8) -> PathBuf {
        let path = folder.path().join(name);
        SigningKey::from_bytes(&[byte; 32]).write(&path).unwrap();
        path
    }

    fn named<'a>(faults: &'a [String], part: &str) -> &'a str {
        let found = faults.iter().find(|fault| fault.contains(part));
        found.unwrap_or_else(|| panic!("{part} in {faults:#?}"))
    }

    #[test]
    fn every_key_signs_and_the_same_bytes_have_the_same_signatures() {
        let folder = tempfile::tempdir().unwrap();
        let files = [written(&folder, "old", 1), written(&folder, "new", 2)];
        let signers = Signers::read(&files).unwrap();
        let signatures = signers.sign(b"weights");
        assert_eq!(signatures.len(), 2);
        for by in &signatures {
            let key = [1, 2].map(|byte| SigningKey::from_bytes(&[byte; 32]).public());
            let key = key.iter().find(|key| key.id().to_string() == by.key_id).unwrap();
            let signature = kinitro_audit::keys::Signature::from_bytes(by.signature);
            key.verify(b"weights", &signature).unwrap();
        }
        // Whatever the order of the settings.
        let [old, new] = files;
        assert_eq!(Signers::read(&[new, old]).unwrap().sign(b"weights"), signatures);
    }

    #[test]
    fn all_faults_of_all_files_are_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let good = written(&folder, "good", 1);
        let twin = written(&folder, "twin", 1);
        let open = written(&folder, "open", 2);
        fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
        let malformed = folder.path().join("malformed");
        fs::write(&malformed, "c0ffee").unwrap();
        fs::set_permissions(&malformed, fs::Permissions::from_mode(0o600)).unwrap();
        let files = [
            good,
            "/nowhere/key".into(),
            open,
            malformed,
            folder.path().to_owned(),
            twin,
        ];
        let faults = Signers::read(&files).unwrap_err();
        assert_eq!(faults.len(), 5, "{faults:#?}");
        named(&faults, "/nowhere/key");
        named(&faults, "chmod 600");
        named(&faults, "malformed");
        named(&faults, &format!("`{}`", folder.path().display()));
        named(&faults, "hold the same key");
        assert!(!faults.concat().contains("c0ffee"), "{faults:#?}");
    }

    #[test]
    fn one_file_given_twice_is_one_key_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let file = written(&folder, "key", 1);
        let faults = Signers::read(&[file.clone(), file]).unwrap_err();
        named(&faults, "hold the same key");
    }

    #[test]
    fn there_are_no_more_keys_than_a_verifier_reads() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = (0..=32)
            .map(|byte| written(&folder, &byte.to_string(), byte))
            .collect();
        assert!(Signers::read(&files[..32]).is_ok());
        named(&Signers::read(&files).unwrap_err(), "no verifier");
    }

    #[test]
    fn nobody_may_sign_and_no_key_is_printed() {
        assert_eq!(Signers::read(&[]).unwrap().sign(b"weights"), []);
        let folder = tempfile::tempdir().unwrap();
        let signers = Signers::read(&[written(&folder, "key", 0xab)]).unwrap();
        assert!(!format!("{signers:?}").contains("abab"), "{signers:?}");
        assert!(Path::new(&folder.path().join("key.pub")).exists());
    }
}
