//! `kinitro nats`: streams and consumers.

use crate::exit::{Exit, print};
use clap::Subcommand;
use kinitro_nats::{Bus, Config};
use kinitro_proto::{Family, catalogue};

/// What to do with the streams and consumers.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make them as this version wants them; safe to repeat, loses nothing
    #[command(after_help = "Example:\n  kinitro nats apply --nats-replicas 3")]
    Apply(Box<Config>),
    /// Show where the server differs from that; exit 4 if it does
    #[command(after_help = "Example:\n  kinitro nats diff --nats-url nats://bus:4222")]
    Diff(Box<Config>),
}

pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    let families: Vec<Family> = catalogue::families()
        .iter()
        .map(|entry| entry.name.clone())
        .collect();
    match command {
        Command::Apply(config) => {
            let report = connect(&config).await?.apply(&families).await?;
            print(report.to_string())
        }
        Command::Diff(config) => {
            let differences = connect(&config).await?.diff(&families).await?;
            if differences.is_empty() {
                return print("streams and consumers are as they should be");
            }
            for difference in &differences {
                print(difference.to_string())?;
            }
            Err(Exit::Conflict(format!(
                "{} differences; `kinitro nats apply` mends them",
                differences.len()
            )))
        }
    }
}

async fn connect(config: &Config) -> Result<Bus, Exit> {
    let faults = config.check();
    if !faults.is_empty() {
        return Err(Exit::Config(faults));
    }
    Ok(Bus::connect(config, "cli").await?)
}
