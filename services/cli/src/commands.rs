//! The tools: everything that is not a service.

pub(crate) mod config;
pub(crate) mod cycle;
pub(crate) mod db;
pub(crate) mod env;
pub(crate) mod miner;
pub(crate) mod nats;

use clap::Args;
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
