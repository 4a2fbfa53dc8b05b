//! Key files: `<name>` holds the private key, `<name>.pub` the public one, both as bare digits.

use super::{PublicKey, SigningKey};
use crate::{Error, Result};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process,
    str::FromStr,
};
use zeroize::Zeroizing;

/// The most bytes of a key file that are read: room for blanks around 64 digits.
const MAX_FILE: u64 = 1024;

impl SigningKey {
    /// Reads a private key's file.
    ///
    /// # Errors
    ///
    /// If it cannot be read or holds no key; if everyone on the machine may read it. Readers in its group are let be:
    /// secrets that are mounted into containers come so.
    pub fn read(path: &Path) -> Result<Self> {
        let read_error = |source| read_error(path, source);
        let file = File::open(path).map_err(read_error)?;
        let mode = file.metadata().map_err(read_error)?.permissions().mode() & 0o7777;
        if mode & 0o007 != 0 {
            return Err(Error::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
        key_in(&file, path)
    }

    /// Writes the key to that file and its public key to `<path>.pub`, and makes the folder if there is none. No file is
    /// ever there half written, and the private one at no moment with another mode than 0600.
    ///
    /// # Errors
    ///
    /// If one of the files is there: a key is never replaced. If they cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let public = public_path(path);
        for path in [path, &public] {
            if path.symlink_metadata().is_ok() {
                return Err(Error::Exists {
                    path: path.to_owned(),
                });
            }
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| write_error(folder, source))?;
        }
        place(path, self.to_hex().as_bytes(), 0o600)?;
        place(&public, self.public().to_string().as_bytes(), 0o644)
    }
}

impl PublicKey {
    /// Reads a public key's file.
    ///
    /// # Errors
    ///
    /// If it cannot be read or holds no key.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| read_error(path, source))?;
        key_in(&file, path)
    }
}

fn public_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".pub");
    PathBuf::from(name)
}

fn key_in<K: FromStr<Err = Error>>(file: &File, path: &Path) -> Result<K> {
    // Room for all of it at once: a string that grows would leave copies of a private key behind.
    let mut text = Zeroizing::new(String::with_capacity(1024));
    file.take(MAX_FILE)
        .read_to_string(&mut text)
        .map_err(|source| read_error(path, source))?;
    text.parse().map_err(|source| Error::BadFile {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

/// Written whole under another name, then given its own by a link, which replaces nothing.
fn place(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}", process::id()));
    let placed = write_new(&draft, content, mode).and_then(|()| fs::hard_link(&draft, path));
    // Gone if it was never made; else it is ours.
    let tidied = match fs::remove_file(&draft) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    match placed.and(tidied) {
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Err(Error::Exists {
            path: path.to_owned(),
        }),
        placed => placed.map_err(|source| write_error(path, source)),
    }
}

fn write_new(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn read_error(path: &Path, source: io::Error) -> Error {
    Error::ReadFile {
        path: path.to_owned(),
        source,
    }
}

fn write_error(path: &Path, source: io::Error) -> Error {
    Error::WriteFile {
        path: path.to_owned(),
        source,
    }
}
