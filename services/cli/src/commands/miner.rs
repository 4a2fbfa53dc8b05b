//! `kinitro miner`: what miners run.

mod commit;
mod show;

use crate::{exit::Exit, service};
use clap::Subcommand;
use kinitro_miner::{Config, Server};

/// Tools for miners.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a simple policy, to try the system with
    #[command(after_help = "Example:\n  kinitro miner mock --policy sweep --port 8001")]
    Mock(Config),
    /// Commit on chain where the policy is, in the open or sealed for the operator
    #[command(after_help = "\
Example:
  kinitro miner commit --repo me/policy --revision 1a2b3c4d --deployment-id my-policy --netuid 26
  kinitro miner commit --endpoint https://policy.example --encrypt --backend-hotkey 5Grwva… --netuid 26 --dry-run

Exit codes: 0 committed, 2 it cannot be committed so, 3 the operator has published no key, 75 the chain does not answer.")]
    Commit(Box<commit::Commit>),
    /// Show what a hotkey has committed, and how it is read; exit 3 if nothing is
    #[command(after_help = "Example:\n  kinitro miner show-commitment --netuid 26 --uid 12")]
    ShowCommitment(Box<show::Show>),
}

pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    match command {
        Command::Mock(config) => mock(config).await,
        Command::Commit(commit) => commit.run().await,
        Command::ShowCommitment(show) => show.run().await,
    }
}

async fn mock(config: Config) -> Result<(), Exit> {
    service::run("mock miner", async move |stop| {
        let server = Server::bind(&config).await?;
        tracing::info!(address = %server.local_addr(), "the policy is served");
        server.run(stop).await
    })
    .await
}
