use crate::{Error, signing::Signers};
use kinitro_store::{DatabaseUrl, RetryRule};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

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

    /// Files of the keys that sign weights documents, comma-separated or one a flag; every key signs each document
    #[arg(
        long,
        env = "KINITRO_SCORER_SIGNING_KEY_FILE",
        value_delimiter = ',',
        value_name = "FILE"
    )]
    pub signing_key_file: Vec<PathBuf>,

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
    /// Every fault of the settings and of the signing keys at once; empty when they can be run with.
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
        faults.extend(Signers::read(&self.signing_key_file).err().unwrap_or_default());
        faults
    }

    /// Who signs.
    ///
    /// # Errors
    /// What is wrong with the keys' files.
    pub(crate) fn signers(&self) -> Result<Signers, Error> {
        Signers::read(&self.signing_key_file).map_err(|faults| Error::Keys { faults })
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    fn config(args: &[&str]) -> Config {
        let args = ["kinitro"].iter().chain(args);
        Cli::try_parse_from(args).unwrap().config
    }

    #[test]
    fn key_files_come_one_a_flag_or_with_commas() {
        let files = |args: &[&str]| config(args).signing_key_file;
        let both = ["a.key", "b.key"].map(PathBuf::from);
        assert_eq!(files(&["--signing-key-file", "a.key,b.key"]), both);
        assert_eq!(
            files(&["--signing-key-file", "a.key", "--signing-key-file", "b.key"]),
            both
        );
        assert!(files(&[]).is_empty() && config(&[]).check().is_empty());
    }

    #[test]
    fn faults_of_settings_and_keys_are_told_together() {
        let args = [
            "--max-attempts",
            "0",
            "--batch-size",
            "0",
            "--signing-key-file",
            "/nowhere/a,/nowhere/b",
        ];
        let faults = config(&args).check();
        assert_eq!(faults.len(), 4, "{faults:#?}");
        for part in ["--max-attempts", "--batch-size", "/nowhere/a", "/nowhere/b"] {
            assert!(
                faults.iter().any(|fault| fault.contains(part)),
                "{part} in {faults:#?}"
            );
        }
    }
}
