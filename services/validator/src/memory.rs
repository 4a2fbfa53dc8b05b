//! What was submitted and what is about to be, on disk, so that a validator that is killed at any moment neither
//! forgets nor repeats a submission.
//!
//! One file per hotkey, subnet and chain (by its genesis), replaced whole: written beside, synced, renamed, and the
//! folder synced. One lock per hotkey and subnet, held as long as the process lives.

use crate::{Error, error::Result};
use kinitro_chain::{Hash, Prepared, Quantised};
use kinitro_proto::{BlockNumber, CycleId, Hotkey};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The file's version; another one is refused.
const VERSION: u32 = 1;

/// Weights that are on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Last {
    /// The cycle that made them.
    pub(crate) cycle: CycleId,
    /// Its block.
    pub(crate) block: BlockNumber,
    /// The block they were included in, or were found to be in.
    pub(crate) included_at: BlockNumber,
    /// The extrinsic; none if they were found on the chain.
    pub(crate) extrinsic: Option<Hash>,
}

/// Weights that are about to be sent, or were sent and not seen on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intent {
    /// The cycle that made them.
    pub(crate) cycle: CycleId,
    /// Its block.
    pub(crate) block: BlockNumber,
    /// The weights.
    pub(crate) weights: Quantised,
    /// The extrinsic, whole.
    pub(crate) prepared: Prepared,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    version: u32,
    genesis: Hash,
    netuid: u16,
    hotkey: Hotkey,
    last: Option<Last>,
    intent: Option<Intent>,
}

/// The place of one hotkey's memories in one subnet.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    netuid: u16,
    hotkey: Hotkey,
    /// Locked until it is closed; none if nothing is to be written.
    _lock: Option<File>,
}

/// What is remembered of one chain.
#[derive(Debug)]
pub(crate) struct Memory {
    path: PathBuf,
    state: State,
}

impl Folder {
    /// Makes the folder, if need be, and takes its lock for this hotkey and subnet.
    pub(crate) fn lock(path: &Path, netuid: u16, hotkey: &Hotkey) -> Result<Self> {
        let mut folder = Self::unlocked(path, netuid, hotkey);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| of_memory(path, source))?;
        let lock = path.join(format!("{}.lock", folder.stem()));
        let file = private(OpenOptions::new().create(true)).open(&lock);
        let file = file.map_err(|source| of_memory(&lock, source))?;
        match file.try_lock() {
            Ok(()) => folder._lock = Some(file),
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { path: lock }),
            Err(TryLockError::Error(source)) => return Err(of_memory(&lock, source)),
        }
        Ok(folder)
    }

    /// The folder without a lock: to look, and write nothing.
    pub(crate) fn unlocked(path: &Path, netuid: u16, hotkey: &Hotkey) -> Self {
        Self {
            path: path.to_owned(),
            netuid,
            hotkey: hotkey.clone(),
            _lock: None,
        }
    }

    /// The memory of the chain with that genesis; empty if there is none yet.
    pub(crate) fn memory(&self, genesis: Hash) -> Result<Memory> {
        let path = self.path.join(self.name(genesis));
        let state = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| Error::BadMemory {
                path: path.clone(),
                source,
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => State {
                version: VERSION,
                genesis,
                netuid: self.netuid,
                hotkey: self.hotkey.clone(),
                last: None,
                intent: None,
            },
            Err(source) => return Err(of_memory(&path, source)),
        };
        let differing = [
            ("the version", state.version == VERSION),
            ("the chain", state.genesis == genesis),
            ("the subnet", state.netuid == self.netuid),
            ("the hotkey", state.hotkey == self.hotkey),
        ];
        match differing.into_iter().find(|(_, same)| !same) {
            Some((what, _)) => Err(Error::OtherMemory { path, what }),
            None => Ok(Memory { path, state }),
        }
    }

    /// How many memories of other chains there are.
    pub(crate) fn others(&self, genesis: Hash) -> usize {
        let (own, start) = (self.name(genesis), format!("{}-", self.stem()));
        let files = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        names
            .filter(|name| name.starts_with(&start) && name.ends_with(".json") && *name != own)
            .count()
    }

    fn stem(&self) -> String {
        format!("{}-{}", self.netuid, self.hotkey)
    }

    /// Eight bytes tell the chains of one machine apart; the file holds all of the hash.
    fn name(&self, genesis: Hash) -> String {
        let hash = genesis.to_string();
        format!("{}-{}.json", self.stem(), &hash[2..18])
    }
}

impl Memory {
    /// The newest weights that are on the chain.
    pub(crate) const fn last(&self) -> Option<&Last> {
        self.state.last.as_ref()
    }

    /// What may have been sent.
    pub(crate) const fn intent(&self) -> Option<&Intent> {
        self.state.intent.as_ref()
    }

    /// Remembers what is about to be sent. Only after this it may be.
    pub(crate) fn intend(&mut self, intent: Intent) -> Result<()> {
        self.replace(State {
            intent: Some(intent),
            ..self.state.clone()
        })
    }

    /// Remembers that weights are on the chain. Nothing is intended any more.
    pub(crate) fn done(&mut self, last: Last) -> Result<()> {
        self.replace(State {
            last: Some(last),
            intent: None,
            ..self.state.clone()
        })
    }

    /// Forgets what can never be included.
    pub(crate) fn give_up(&mut self) -> Result<()> {
        self.replace(State {
            intent: None,
            ..self.state.clone()
        })
    }

    fn replace(&mut self, state: State) -> Result<()> {
        write_durably(&self.path, &state).map_err(|source| of_memory(&self.path, source))?;
        self.state = state;
        Ok(())
    }
}

/// Either the old file or the whole new one is there, whenever the power goes.
fn write_durably(path: &Path, state: &State) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = private(OpenOptions::new().create(true).truncate(true)).open(&beside)?;
    let mut text = serde_json::to_vec_pretty(state)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = path.parent().expect("a file in a folder has a parent");
    File::open(folder)?.sync_all()
}

/// For the owner alone: whoever writes here decides what is submitted.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.write(true).mode(0o600)
}

fn of_memory(path: &Path, source: io::Error) -> Error {
    Error::Memory {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
pub(crate) mod tests;
