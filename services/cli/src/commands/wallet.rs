//! Which hotkey signs.

use crate::exit::Exit;
use clap::Args;
use kinitro_chain::Signer;
use std::path::PathBuf;

/// A hotkey: a secret URI, else a file, else one of a wallet.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(crate) struct Wallet {
    /// The wallet's name
    #[arg(
        long,
        env = "KINITRO_WALLET_NAME",
        default_value = "default",
        value_name = "NAME"
    )]
    wallet_name: String,
    /// The hotkey's name in the wallet
    #[arg(
        long,
        env = "KINITRO_HOTKEY_NAME",
        default_value = "default",
        value_name = "NAME"
    )]
    hotkey_name: String,
    /// The folder of the wallets
    #[arg(
        long,
        env = "KINITRO_WALLET_PATH",
        default_value = "~/.bittensor/wallets",
        value_name = "FOLDER"
    )]
    wallet_path: PathBuf,
    /// A file with the hotkey, instead of a wallet
    #[arg(long, env = "KINITRO_HOTKEY_FILE", value_name = "FILE")]
    hotkey_file: Option<PathBuf>,
    /// The hotkey as a secret URI such as `//miner-0`, instead of a wallet: for development chains
    #[arg(
        long,
        env = "KINITRO_HOTKEY_URI",
        value_parser = Signer::from_uri,
        hide_env_values = true,
        value_name = "URI"
    )]
    hotkey_uri: Option<Signer>,
}

impl Wallet {
    /// The key that signs.
    pub(crate) fn signer(&self) -> Result<Signer, Exit> {
        let signer = match (&self.hotkey_uri, &self.hotkey_file) {
            (Some(signer), _) => Ok(signer.clone()),
            (None, Some(file)) => Signer::from_file(file),
            (None, None) => Signer::from_wallet(&self.wallet_path, &self.wallet_name, &self.hotkey_name),
        };
        Ok(signer?)
    }
}
