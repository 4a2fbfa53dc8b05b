//! The tools: everything that is not a service.

pub(crate) mod chain;
pub(crate) mod config;
pub(crate) mod crypto;
pub(crate) mod cycle;
pub(crate) mod db;
pub(crate) mod devchain;
pub(crate) mod env;
pub(crate) mod keys;
pub(crate) mod miner;
pub(crate) mod nats;
pub(crate) mod score;
pub(crate) mod test_scoring;
pub(crate) mod validate;
pub(crate) mod verify;
pub(crate) mod wallet;

use clap::Args;
use comfy_table::{Table, presets::NOTHING};
use kinitro_store::{DatabaseUrl, Store};

/// Where the tools find the ledger.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(crate) struct Database {
    /// The ledger's database
    #[arg(long, env = "KINITRO_DATABASE_URL", default_value = DatabaseUrl::DEFAULT, hide_env_values = true, value_name = "URL")]
    pub(crate) database_url: DatabaseUrl,
}

impl Database {
    /// A ledger for one command's few questions.
    pub(crate) fn store(&self) -> Store {
        Store::connect(&self.database_url, 2)
    }
}

/// A table without lines.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header.iter().copied());
    table
}

/// A hotkey's two ends: enough to know it again.
fn short(hotkey: &str) -> String {
    if hotkey.len() <= 14 {
        hotkey.to_owned()
    } else {
        format!("{}…{}", &hotkey[..6], &hotkey[hotkey.len() - 6..])
    }
}
