//! The knobs of the policy client and the laws between them.

use ipnet::IpNet;
use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

/// How policies are called.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// The time for one answer of a policy in seconds: connecting, sending, and the whole answer.
    #[arg(long, env = "KINITRO_EXECUTOR_ACTION_TIMEOUT", default_value = "0.5", value_name = "SECONDS", value_parser = seconds)]
    pub action_timeout: Duration,
    /// The time for the reset of a policy in seconds, and for looking up its name before that.
    #[arg(long, env = "KINITRO_EXECUTOR_RESET_TIMEOUT", default_value = "5", value_name = "SECONDS", value_parser = seconds)]
    pub reset_timeout: Duration,
    /// The most bytes one answer of a policy may have.
    #[arg(long, env = "KINITRO_EXECUTOR_MAX_RESPONSE_BYTES", default_value_t = 256 * 1024, value_name = "BYTES")]
    pub max_response_bytes: usize,
    /// Address ranges that may be called although they are not public, e.g. `127.0.0.0/8,172.16.0.0/12`.
    #[arg(
        long,
        env = "KINITRO_EXECUTOR_ALLOW_ADDRESSES",
        default_value = "",
        value_name = "CIDR,CIDR"
    )]
    pub allow_addresses: Ranges,
    /// Whether policies may be called over plain `http://`, as Kinitro v2 allows.
    #[arg(long, env = "KINITRO_EXECUTOR_ALLOW_HTTP", default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub allow_http: bool,
    /// Whether `scripted:<quality>` is an endpoint. Set by the executor when its simulators are scripted,
    /// never by a flag: a miner must not be able to score without a policy.
    #[arg(skip)]
    pub scripted: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            action_timeout: Duration::from_millis(500),
            reset_timeout: Duration::from_secs(5),
            max_response_bytes: 256 * 1024,
            allow_addresses: Ranges::default(),
            allow_http: true,
            scripted: false,
        }
    }
}

impl Config {
    /// Every law that is broken, in words; empty when all hold.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        const MINUTE: Duration = Duration::from_secs(60);
        let laws = [
            (
                self.action_timeout > Duration::ZERO && self.action_timeout <= MINUTE,
                "`action-timeout` is above 0 and at most 60 seconds",
            ),
            (
                self.reset_timeout > Duration::ZERO && self.reset_timeout <= 5 * MINUTE,
                "`reset-timeout` is above 0 and at most 300 seconds",
            ),
            (
                self.reset_timeout >= self.action_timeout,
                "`reset-timeout` is not below `action-timeout`: the reset also connects",
            ),
            (
                (1024..=16 * 1024 * 1024).contains(&self.max_response_bytes),
                "`max-response-bytes` is from 1024 to 16777216",
            ),
        ];
        laws.iter()
            .filter(|(holds, _)| !holds)
            .map(|(_, law)| (*law).to_owned())
            .collect()
    }
}

/// Address ranges, written as CIDRs or single addresses between commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(pub Vec<IpNet>);

impl FromStr for Ranges {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(range)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.0.iter().map(IpNet::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

fn range(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or_else(|_| address())
        .map_err(|_| format!("`{text}` is no address range"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let bad = |_| format!("`{text}` is no number of seconds");
    let number: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is no number of seconds"))?;
    Duration::try_from_secs_f64(number).map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        config: Config,
    }

    fn parse(arguments: &[&str]) -> Result<Config, clap::Error> {
        Command::try_parse_from([&["x"], arguments].concat()).map(|command| command.config)
    }

    #[test]
    fn the_flags_defaults_are_the_types_defaults() {
        assert_eq!(
            format!("{:?}", parse(&[]).unwrap()),
            format!("{:?}", Config::default())
        );
    }

    #[test]
    fn seconds_may_have_a_fraction_and_nothing_else() {
        let config = parse(&["--action-timeout", "0.25"]).unwrap();
        assert_eq!(config.action_timeout, Duration::from_millis(250));
        for bad in ["-1", "NaN", "inf", "1e30", "1s", ""] {
            assert!(parse(&[&format!("--action-timeout={bad}")]).is_err(), "`{bad}`");
        }
    }

    #[test]
    fn ranges_are_cidrs_or_addresses_and_may_be_none() {
        let config = parse(&["--allow-addresses", " 127.0.0.0/8, ::1 ,10.0.0.7"]).unwrap();
        assert_eq!(
            config.allow_addresses.to_string(),
            "127.0.0.0/8,::1/128,10.0.0.7/32"
        );
        assert_eq!(
            parse(&["--allow-addresses", ""]).unwrap().allow_addresses,
            Ranges::default()
        );
        assert!(parse(&["--allow-addresses", "localhost"]).is_err());
    }

    #[test]
    fn no_flag_makes_scripted_endpoints_callable() {
        assert!(parse(&["--scripted"]).is_err());
        assert!(!parse(&[]).unwrap().scripted);
    }

    #[test]
    fn all_broken_laws_are_told_at_once() {
        assert_eq!(Config::default().check(), Vec::<String>::new());
        let zero = Duration::ZERO;
        let config = Config {
            action_timeout: zero,
            reset_timeout: zero,
            max_response_bytes: 0,
            ..Config::default()
        };
        assert_eq!(config.check().len(), 3);
        let config = Config {
            reset_timeout: Duration::from_millis(499),
            ..Config::default()
        };
        assert_eq!(config.check().len(), 1);
    }
}
