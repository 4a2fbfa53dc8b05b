//! `kinitro miner`: what miners run.

use crate::{exit::Exit, service};
use clap::Subcommand;
use kinitro_miner::{Config, Server};

/// Tools for miners.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a simple policy, to try the system with
    #[command(after_help = "Example:\n  kinitro miner mock --policy sweep --port 8001")]
    Mock(Config),
}

pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    let Command::Mock(config) = command;
    service::run("mock miner", async move |stop| {
        let server = Server::bind(&config).await?;
        tracing::info!(address = %server.local_addr(), "the policy is served");
        server.run(stop).await
    })
    .await
}
