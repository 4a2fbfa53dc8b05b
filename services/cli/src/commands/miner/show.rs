//! `kinitro miner show-commitment`.

use crate::{
    commands::{chain::Subnet, wallet::Wallet},
    exit::{Exit, print},
};
use clap::Args;
use kinitro_chain::{
    Chain, Commitment,
    commitment::{Endpoint, Parsed, Refused, parse},
};
use kinitro_proto::{Hotkey, Uid};

/// The most characters of a commitment that are shown.
const SHOWN: usize = 512;

/// Whose commitment: the hotkey's, else the uid's, else the wallet's.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Show {
    /// The miner's uid
    #[arg(long)]
    uid: Option<u16>,
    /// The miner's hotkey; wins over the uid
    #[arg(long, value_name = "HOTKEY")]
    hotkey: Option<Hotkey>,
    #[command(flatten)]
    subnet: Subnet,
    #[command(flatten)]
    wallet: Wallet,
}

impl Show {
    pub(super) async fn run(&self) -> Result<(), Exit> {
        let chain = Chain::new(self.subnet.network.clone());
        let hotkey = self.whose(&chain).await?;
        let netuid = self.subnet.netuid;
        let commitment = chain.commitment(netuid, &hotkey).await?;
        let nothing = || {
            Exit::NotFound(format!(
                "hotkey `{hotkey}` has committed nothing on subnet {netuid}"
            ))
        };
        print(told(&commitment.ok_or_else(nothing)?))
    }

    async fn whose(&self, chain: &Chain) -> Result<Hotkey, Exit> {
        if let Some(hotkey) = &self.hotkey {
            return Ok(hotkey.clone());
        }
        let Some(uid) = self.uid else {
            return Ok(self.wallet.signer()?.hotkey().clone());
        };
        let netuid = self.subnet.netuid;
        let neurons = chain.snapshot(netuid).await?.neurons;
        let neuron = neurons.into_iter().find(|neuron| neuron.uid == Uid(uid));
        let nobody = || Exit::NotFound(format!("nobody has uid {uid} on subnet {netuid}"));
        Ok(neuron.ok_or_else(nobody)?.hotkey)
    }
}

fn told(commitment: &Commitment) -> String {
    let (text, read) = match commitment.text() {
        None => ("no text, which is all that is read".to_owned(), String::new()),
        Some(text) => (shown(&text), fields(&parse(&text))),
    };
    format!(
        "hotkey:      {}\nblock:       {}\ncommitment:  {text}{read}",
        commitment.hotkey, commitment.block
    )
}

/// What a miner wrote, without what a terminal would obey.
fn shown(text: &str) -> String {
    text.chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn fields(parsed: &Result<Parsed, Refused>) -> String {
    match parsed {
        Err(refused) => format!("\nrefused:     {refused}"),
        Ok(Parsed::OperatorKey(key)) => format!("\nis:          an operator's public key, {key}"),
        Ok(Parsed::Miner(committed)) => {
            let mut text = String::new();
            for (name, value) in [
                ("repo:      ", &committed.repo),
                ("revision:  ", &committed.revision),
            ] {
                if let Some(value) = value {
                    text += &format!("\n{name}  {}", shown(value));
                }
            }
            let endpoint = match &committed.endpoint {
                Endpoint::Sealed { envelope, .. } => format!("sealed, version {envelope}"),
                plain => plain.url().unwrap_or_default(),
            };
            text + &format!("\nendpoint:    {endpoint}")
        }
    }
}
