//! A small file that holds a secret.

use crate::{Error, Result};
use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use zeroize::Zeroizing;

/// No key file is longer.
const MAX_BYTES: u64 = 16 * 1024;

/// What such a file holds, wiped when dropped.
pub(super) struct Secret {
    pub(super) text: Zeroizing<String>,
    mode: u32,
}

impl Secret {
    /// Whether anyone but the owner may read or change the file.
    pub(super) fn is_shared(&self) -> bool {
        self.mode & 0o077 != 0
    }
}

/// Reads the file. Bytes that are no text are replaced: an encrypted wallet is to be named as such.
pub(super) fn read(path: &Path) -> Result<Secret> {
    let failed = |source| Error::ReadKey {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        return Err(failed(io::Error::other("no file of a key's size")));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(MAX_BYTES).expect("16 KiB fit"),
    ));
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    let mode = meta.permissions().mode();
    Ok(Secret { text, mode })
}
