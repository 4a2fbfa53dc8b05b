//! How to reach the bus, and what may differ from place to place.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

/// How to reach NATS, and what may differ from place to place.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "NATS")]
pub struct Config {
    /// Where the servers are; several are separated by commas.
    #[arg(
        long = "nats-url",
        env = "KINITRO_NATS_URL",
        value_delimiter = ',',
        default_value = "nats://127.0.0.1:4222"
    )]
    #[arg(id = "nats_url", value_name = "URL")]
    pub url: Vec<String>,

    /// The file with this service's NATS credentials (JWT and key).
    #[arg(
        id = "nats_credentials",
        long = "nats-credentials",
        env = "KINITRO_NATS_CREDENTIALS",
        value_name = "FILE"
    )]
    pub credentials: Option<PathBuf>,

    /// This service's NATS user, for servers without JWTs.
    #[arg(
        id = "nats_user",
        long = "nats-user",
        env = "KINITRO_NATS_USER",
        value_name = "NAME"
    )]
    pub user: Option<String>,

    /// The user's password. Better set by the environment than by flag.
    #[arg(
        id = "nats_password",
        long = "nats-password",
        env = "KINITRO_NATS_PASSWORD",
        hide_env_values = true
    )]
    #[arg(value_name = "PASSWORD")]
    pub password: Option<Secret>,

    /// The certificate authority of servers that are reached by `tls://`.
    #[arg(
        id = "nats_ca",
        long = "nats-ca",
        env = "KINITRO_NATS_CA",
        value_name = "FILE"
    )]
    pub ca: Option<PathBuf>,

    /// The subject under which this service takes answers, where a user may listen on no other's.
    #[arg(
        id = "nats_inbox_prefix",
        long = "nats-inbox-prefix",
        env = "KINITRO_NATS_INBOX_PREFIX"
    )]
    #[arg(value_name = "SUBJECT", default_value = "_INBOX")]
    pub inbox_prefix: String,

    /// How long to wait for a server at the start.
    #[arg(
        id = "nats_connect_timeout",
        long = "nats-connect-timeout",
        env = "KINITRO_NATS_CONNECT_TIMEOUT"
    )]
    #[arg(value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    pub connect_timeout: Duration,

    /// How many servers keep each stream: 1, 3 or 5.
    #[arg(
        id = "nats_replicas",
        long = "nats-replicas",
        env = "KINITRO_NATS_REPLICAS",
        value_name = "NUMBER"
    )]
    #[arg(default_value_t = 1)]
    pub replicas: u8,

    /// The lease of a task: without progress for so long, it is delivered to another executor.
    #[arg(
        id = "nats_ack_wait",
        long = "nats-ack-wait",
        env = "KINITRO_NATS_ACK_WAIT",
        value_name = "DURATION"
    )]
    #[arg(default_value = "30s", value_parser = humantime::parse_duration)]
    pub ack_wait: Duration,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Config {
    /// The default settings for the server at `url`, for tests and tools.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self {
            url: vec![url.to_owned()],
            credentials: None,
            user: None,
            password: None,
            ca: None,
            inbox_prefix: "_INBOX".to_owned(),
            connect_timeout: Duration::from_secs(30),
            replicas: 1,
            ack_wait: Duration::from_secs(30),
        }
    }

    /// Every law that is broken, one line each; none if the settings can be used.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let laws = [
            (
                !self.url.is_empty(),
                "--nats-url names at least one server".to_owned(),
            ),
            (
                matches!(self.replicas, 1 | 3 | 5),
                format!("--nats-replicas is 1, 3 or 5, not {}", self.replicas),
            ),
            (
                (Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&self.ack_wait),
                format!("--nats-ack-wait is between 1s and 1h, not {:?}", self.ack_wait),
            ),
            (
                self.connect_timeout >= Duration::from_secs(1),
                format!(
                    "--nats-connect-timeout is at least 1s, not {:?}",
                    self.connect_timeout
                ),
            ),
            (
                self.user.is_some() == self.password.is_some(),
                "--nats-user and --nats-password come together".to_owned(),
            ),
            (
                self.user.is_none() || self.credentials.is_none(),
                "--nats-user and --nats-credentials exclude each other".to_owned(),
            ),
        ];
        laws.into_iter()
            .filter(|(holds, _)| !holds)
            .map(|(_, law)| law)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        nats: Config,
    }

    fn parse(flags: &[&str]) -> Config {
        Cli::try_parse_from([&["kinitro"], flags].concat()).unwrap().nats
    }

    #[test]
    fn the_defaults_are_those_of_the_constructor_and_break_no_law() {
        let config = parse(&[]);
        assert_eq!(
            format!("{config:?}"),
            format!("{:?}", Config::at("nats://127.0.0.1:4222"))
        );
        assert_eq!(config.check(), Vec::<String>::new());
    }

    #[test]
    fn several_servers_are_separated_by_commas() {
        assert_eq!(
            parse(&["--nats-url", "nats://a,nats://b"]).url,
            ["nats://a", "nats://b"]
        );
    }

    #[test]
    fn every_broken_law_is_named() {
        let config = parse(&[
            "--nats-replicas",
            "2",
            "--nats-ack-wait",
            "10ms",
            "--nats-user",
            "me",
        ]);
        let faults = config.check();
        assert_eq!(faults.len(), 3, "{faults:?}");
        for (fault, flag) in faults
            .iter()
            .zip(["--nats-replicas", "--nats-ack-wait", "--nats-password"])
        {
            assert!(fault.contains(flag), "{fault}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let config = parse(&["--nats-user", "me", "--nats-password", "hunter2"]);
        assert!(!format!("{config:?}").contains("hunter2"));
        assert_eq!(config.password.unwrap().expose(), "hunter2");
    }
}
