//! What an operator can set, under the names of version 2.

use crate::Result;
use kinitro_store::DatabaseUrl;
use std::{fmt, str::FromStr, time::Duration};

/// The gateway's settings.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[group(id = "gateway")]
pub struct Config {
    /// Address to listen on
    #[arg(long, env = "KINITRO_API_HOST", default_value = "0.0.0.0")]
    pub host: String,

    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "KINITRO_API_PORT", default_value_t = 8000)]
    pub port: u16,

    /// The ledger, `postgresql://user:password@host:port/database`
    #[arg(
        long, env = "KINITRO_API_DATABASE_URL", default_value = DatabaseUrl::DEFAULT, hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: DatabaseUrl,

    /// Most connections to the ledger at a time
    #[arg(long, env = "KINITRO_API_DATABASE_CONNECTIONS", default_value_t = 8)]
    pub database_connections: u32,

    /// Switch the API key of the task routes off (reserved: this version has no task routes yet)
    #[arg(long)]
    pub no_auth: bool,

    /// The key that the task routes ask executors for; set it by the environment, where no process list shows it
    #[arg(long, env = "KINITRO_API_API_KEY", hide = true, hide_env_values = true)]
    pub api_key: Option<ApiKey>,

    /// Most connections at a time; more wait in the kernel's queue
    #[arg(long, env = "KINITRO_API_MAX_CONNECTIONS", default_value_t = 1024)]
    pub max_connections: usize,

    /// Seconds for a client to send a request's head, and to leave a connection unused
    #[arg(long, env = "KINITRO_API_HEADER_TIMEOUT_SECONDS", default_value_t = 15)]
    pub header_timeout_seconds: u64,

    /// Seconds for a whole answer, after which it is 503
    #[arg(long, env = "KINITRO_API_REQUEST_TIMEOUT_SECONDS", default_value_t = 10)]
    pub request_timeout_seconds: u64,

    /// Seconds for a client to take 64 KiB of its answer, or what is left of it
    #[arg(long, env = "KINITRO_API_SEND_TIMEOUT_SECONDS", default_value_t = 15)]
    pub send_timeout_seconds: u64,

    /// Most downloads of evidence at a time; one more is answered 503
    #[arg(long, env = "KINITRO_API_MAX_DOWNLOADS", default_value_t = 8)]
    pub max_downloads: usize,

    /// Milliseconds between two looks at the ledger for new weights
    #[arg(long, env = "KINITRO_API_REFRESH_MILLISECONDS", default_value_t = 1000)]
    pub refresh_milliseconds: u64,

    /// Where the bus is: it tells how many tasks executors have in hand.
    #[command(flatten)]
    pub nats: kinitro_nats::Config,
}

/// A key that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// The key itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for ApiKey {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// The bounds of the listening side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at a time.
    pub(crate) connections: usize,
    /// For a request's head, and for a connection's idleness.
    pub(crate) header_timeout: Duration,
    /// For an answer; of a download, for its beginning and for each chunk of it.
    pub(crate) request_timeout: Duration,
    /// For a client to take some of its answer.
    pub(crate) send_timeout: Duration,
    /// Downloads at a time.
    pub(crate) downloads: usize,
    /// For a request's head, in bytes; more is answered 431.
    pub(crate) head_bytes: usize,
    /// For a request's body, in bytes; more is answered 413. No read route takes one.
    pub(crate) body_bytes: u64,
    /// For running requests after the shutdown.
    pub(crate) grace: Duration,
}

impl Config {
    /// Every fault of the settings at once; empty when they can be run with.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let rules = [
            (!self.host.is_empty(), "--host is not empty"),
            (
                (1..=65_536).contains(&self.max_connections),
                "--max-connections is 1 to 65536",
            ),
            (
                (2..=1000).contains(&self.database_connections),
                "--database-connections is 2 to 1000",
            ),
            (
                (1..=300).contains(&self.header_timeout_seconds),
                "--header-timeout-seconds is 1 to 300",
            ),
            (
                (1..=300).contains(&self.request_timeout_seconds),
                "--request-timeout-seconds is 1 to 300",
            ),
            (
                (1..=300).contains(&self.send_timeout_seconds),
                "--send-timeout-seconds is 1 to 300",
            ),
            (
                (1..=1024).contains(&self.max_downloads),
                "--max-downloads is 1 to 1024",
            ),
            (
                (50..=60_000).contains(&self.refresh_milliseconds),
                "--refresh-milliseconds is 50 to 60000",
            ),
            (
                self.api_key.as_ref().is_none_or(|key| !key.reveal().is_empty()),
                "KINITRO_API_API_KEY is not empty when it is set",
            ),
        ];
        let own = rules
            .into_iter()
            .filter(|(holds, _)| !holds)
            .map(|(_, fault)| fault.to_owned());
        own.chain(self.nats.check()).collect()
    }

    pub(crate) const fn limits(&self) -> Limits {
        Limits {
            connections: self.max_connections,
            header_timeout: Duration::from_secs(self.header_timeout_seconds),
            request_timeout: Duration::from_secs(self.request_timeout_seconds),
            send_timeout: Duration::from_secs(self.send_timeout_seconds),
            downloads: self.max_downloads,
            head_bytes: 16 * 1024,
            body_bytes: 64 * 1024,
            grace: Duration::from_secs(self.request_timeout_seconds),
        }
    }

    pub(crate) const fn refresh(&self) -> Duration {
        Duration::from_millis(self.refresh_milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        config: Config,
    }

    fn config(flags: &[&str]) -> Config {
        Arguments::try_parse_from(["gateway"].iter().chain(flags))
            .unwrap()
            .config
    }

    #[test]
    fn the_defaults_can_be_run_with() {
        assert!(config(&[]).check().is_empty());
        assert_eq!((config(&[]).host.as_str(), config(&[]).port), ("0.0.0.0", 8000));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let flags = [
            "--max-connections",
            "0",
            "--request-timeout-seconds",
            "0",
            "--send-timeout-seconds",
            "301",
            "--max-downloads",
            "0",
            "--nats-replicas",
            "2",
        ];
        let faults = config(&flags).check().join("\n");
        for name in [
            "--max-connections",
            "--request-timeout-seconds",
            "--send-timeout-seconds",
            "--max-downloads",
            "--nats-replicas",
        ] {
            assert!(faults.contains(name), "`{name}` in\n{faults}");
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let flags = [
            "--api-key",
            "hunter2",
            "--database-url",
            "postgresql://me:hunter2@db/kinitro",
        ];
        assert!(!format!("{:?}", config(&flags)).contains("hunter2"));
    }
}
