use kinitro_store::{DatabaseUrl, RetryRule};
use std::{net::SocketAddr, time::Duration};

/// The scorer's settings.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// The ledger's database
    #[arg(long, env = "KINITRO_SCORER_DATABASE_URL", default_value = DatabaseUrl::DEFAULT, hide_env_values = true, value_name = "URL")]
    pub database_url: DatabaseUrl,

    /// Attempts a task has in all, before faults of ours make it a dead letter
    #[arg(
        long,
        env = "KINITRO_SCORER_MAX_ATTEMPTS",
        default_value_t = 3,
        value_name = "N"
    )]
    pub max_attempts: u32,

    /// Seconds before the second attempt; they double with each further one, up to a minute
    #[arg(
        long,
        env = "KINITRO_SCORER_RETRY_SECONDS",
        default_value_t = 2,
        value_name = "SECONDS"
    )]
    pub retry_seconds: u32,

    /// Results recorded in one transaction, at most
    #[arg(
        long,
        env = "KINITRO_SCORER_BATCH_SIZE",
        default_value_t = 500,
        value_name = "N"
    )]
    pub batch_size: u16,

    /// Where to serve /health, /ready and /metrics
    #[arg(
        long,
        env = "KINITRO_HEALTH_LISTEN",
        default_value = "127.0.0.1:9103",
        value_name = "ADDRESS"
    )]
    pub health_listen: SocketAddr,

    /// The bus's settings.
    #[command(flatten)]
    pub nats: kinitro_nats::Config,
}

impl Config {
    /// Every fault of the settings at once; empty when they can be run with.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut faults = self.nats.check();
        let mut rule = |holds: bool, fault: &str| {
            if !holds {
                faults.push(fault.to_owned())
            }
        };
        rule(self.max_attempts > 0, "--max-attempts is `0`; a task needs one");
        rule(
            (1..=2000).contains(&self.batch_size),
            "--batch-size goes from 1 to 2000",
        );
        faults
    }

    /// How often a task is attempted, and how long it waits in between.
    pub(crate) fn retry_rule(&self) -> RetryRule {
        RetryRule {
            max_attempts: self.max_attempts,
            base: Duration::from_secs(self.retry_seconds.into()),
            max: Duration::from_secs(60),
        }
    }
}
