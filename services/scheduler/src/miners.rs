//! Where miners come from: the chain, or a TOML file where there is none.

mod chain;
pub(crate) mod file;
mod refusals;
mod watch;

pub(crate) use chain::ChainSource;
pub(crate) use refusals::{REASONS, Refusal};
pub(crate) use watch::{Standing, Watch};

use crate::Error;
use kinitro_proto::{BlockNumber, Hotkey, Uid};
use std::path::PathBuf;
use url::Url;

/// Where the miners of a cycle are read, anew for each.
#[derive(Debug)]
pub(crate) enum MinerSource {
    /// A TOML file.
    File(PathBuf),
    /// What is committed on the chain.
    Chain(Box<ChainSource>),
}

/// The miners at one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The block they were read at.
    pub(crate) block: BlockNumber,
    /// Its hash, where there is one.
    pub(crate) block_hash: Option<String>,
    /// The miners, by uid.
    pub(crate) miners: Vec<Miner>,
}

/// A miner, as the source has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Miner {
    /// Its slot in the subnet.
    pub(crate) uid: Uid,
    /// Its key.
    pub(crate) hotkey: Hotkey,
    /// Its policy's base URL.
    pub(crate) endpoint: String,
    /// The block of its first commitment; earlier ones win ties.
    pub(crate) commit_block: Option<BlockNumber>,
    /// The repository it names.
    pub(crate) repo: Option<String>,
    /// That repository's revision.
    pub(crate) revision: Option<String>,
}

impl MinerSource {
    /// Reads the miners as they are now; there is at least one.
    ///
    /// # Errors
    /// What is wrong with the source, or that nobody can be judged: then no cycle is to be opened.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Error> {
        match self {
            Self::File(path) => file::snapshot(path).await,
            // Boxed: it is much larger than all else that the loop awaits.
            Self::Chain(source) => Box::pin(source.snapshot()).await,
        }
    }
}

/// What every endpoint must be, wherever it comes from. The policy's client has the stricter rules.
fn endpoint(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("`endpoint` `{text}` is not a URL: {error}"))?;
    match url.scheme() {
        "http" | "https" | "scripted" => Ok(text.to_owned()),
        other => Err(format!(
            "`endpoint` `{text}` has the scheme `{other}`; use http or https"
        )),
    }
}
