//! `kinitro chain`: a subnet as the chain holds it, read as the services read it.

mod show;

use crate::exit::{Exit, print};
use clap::{Args, Subcommand};
use kinitro_chain::{Chain, Network, WeightRow};
use kinitro_chassis::{backoff, report, shutdown};
use std::time::Duration;
use tokio::time::Instant;

/// How often the chain is asked while something is awaited: once a block at most.
const LOOK: Duration = Duration::from_secs(1);

/// What to read.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a subnet: its newest block, who is registered, what they committed, the weights
    #[command(after_help = "Example:\n  kinitro chain show --network finney --netuid 26")]
    Show {
        #[command(flatten)]
        subnet: Subnet,
        /// As JSON, commitments whole
        #[arg(long)]
        json: bool,
    },
    /// Show the weights that validators have set
    #[command(after_help = "\
Example:
  kinitro chain weights --network local --netuid 26 --wait 120

Exit codes: 0 shown, 3 there are none, 6 none within --wait, 75 the chain does not answer.")]
    Weights {
        #[command(flatten)]
        subnet: Subnet,
        /// Seconds to wait until a validator has set weights
        #[arg(long, default_value_t = 0, value_name = "SECONDS")]
        wait: u64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Which subnet, and where.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(crate) struct Subnet {
    /// The chain: finney, test, archive, local, or a node's ws:// or wss:// URL
    #[arg(long, env = "KINITRO_NETWORK", default_value = "finney")]
    pub(crate) network: Network,
    /// The subnet's number
    #[arg(long, env = "KINITRO_NETUID")]
    pub(crate) netuid: u16,
}

pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    match command {
        Command::Show { subnet, json } => subnet.show(json).await,
        Command::Weights { subnet, wait, json } => subnet.weights(Duration::from_secs(wait), json).await,
    }
}

impl Subnet {
    async fn show(&self, json: bool) -> Result<(), Exit> {
        let chain = Chain::new(self.network.clone());
        let head = chain.head().await?;
        let snapshot = chain.snapshot(self.netuid).await?;
        let weights = chain.weights(self.netuid).await?;
        let view = show::View {
            netuid: self.netuid,
            spec_version: head.spec_version,
            snapshot: &snapshot,
            weights: &weights,
        };
        print(if json {
            view.json()
        } else {
            view.text(&self.network)
        })
    }

    async fn weights(&self, wait: Duration, json: bool) -> Result<(), Exit> {
        let chain = Chain::new(self.network.clone());
        let rows = self.awaited(&chain, wait).await?;
        let snapshot = chain.snapshot(self.netuid).await?;
        print(if json {
            show::weights_json(&rows).to_string()
        } else {
            show::weights(self.netuid, &snapshot, &rows)
        })
    }

    /// The rows that hold weights, as soon as there is one.
    async fn awaited(&self, chain: &Chain, wait: Duration) -> Result<Vec<WeightRow>, Exit> {
        let stop = shutdown::on_signal().map_err(Exit::failure)?;
        let until = Instant::now() + wait;
        loop {
            let read = chain.weights(self.netuid).await;
            match read {
                Ok(mut rows) => {
                    rows.retain(|row| !row.weights.is_empty());
                    if !rows.is_empty() {
                        return Ok(rows);
                    }
                }
                Err(error) if error.is_passing() && Instant::now() < until => {
                    tracing::warn!(error = %report(&error), "the chain does not answer: trying again");
                }
                Err(error) => return Err(error.into()),
            }
            let netuid = self.netuid;
            if wait.is_zero() {
                return Err(Exit::NotFound(format!("no weights are set on subnet {netuid}")));
            }
            if Instant::now() >= until || !backoff::pause(LOOK, &stop).await {
                let within = wait.as_secs();
                return Err(Exit::TimedOut(format!(
                    "no validator set weights on subnet {netuid} within {within} s"
                )));
            }
        }
    }
}
