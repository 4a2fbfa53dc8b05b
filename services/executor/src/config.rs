use kinitro_proto::{
    ExecutorId, Family,
    catalogue::{self, FamilyEntry},
};
use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroUsize, str::FromStr, time::Duration};

/// The executor's settings.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// This executor's name in results and logs [default: executor-<8 hex digits>]
    #[arg(long, env = "KINITRO_EXECUTOR_EXECUTOR_ID", default_value_t = random_id(), hide_default_value = true, value_name = "ID")]
    pub executor_id: ExecutorId,

    /// Families to run, comma-separated [default: every family of this version]
    #[arg(
        long,
        env = "KINITRO_EXECUTOR_ENV_FAMILIES",
        value_delimiter = ',',
        value_name = "FAMILY"
    )]
    pub env_families: Vec<Family>,

    /// Episodes at once in each family [default: the number of processors]
    #[arg(long, env = "KINITRO_EXECUTOR_DEFAULT_MAX_CONCURRENT", value_name = "N")]
    pub max_concurrent: Option<NonZeroUsize>,

    /// Episodes at once by family, e.g. `{"metaworld": 4}`; wins over --max-concurrent
    #[arg(
        long,
        env = "KINITRO_EXECUTOR_MAX_CONCURRENT_PER_FAMILY",
        default_value = "{}",
        value_name = "JSON"
    )]
    pub max_concurrent_per_family: PerFamily,

    /// Steps after which an episode ends, at most the environment's own
    #[arg(
        long,
        env = "KINITRO_EXECUTOR_MAX_TIMESTEPS",
        default_value_t = 500,
        value_name = "STEPS"
    )]
    pub max_timesteps: u32,

    /// Seconds that the miner's answers, and apart from them the simulator's, may take in one episode
    #[arg(long, env = "KINITRO_EXECUTOR_EVAL_TIMEOUT", default_value = "300", value_parser = seconds, value_name = "SECONDS")]
    pub eval_timeout: Duration,

    /// Whether observations hold camera images
    #[arg(long, env = "KINITRO_EXECUTOR_USE_IMAGES", default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub use_images: bool,

    /// Seconds that episodes in hand may take to finish after SIGTERM, before they are given back
    #[arg(long, env = "KINITRO_EXECUTOR_DRAIN_GRACE_SECONDS", default_value = "45", value_parser = seconds, value_name = "SECONDS")]
    pub drain_grace: Duration,

    /// Where to serve /health, /ready and /metrics
    #[arg(
        long,
        env = "KINITRO_HEALTH_LISTEN",
        default_value = "127.0.0.1:9102",
        value_name = "ADDRESS"
    )]
    pub health_listen: SocketAddr,

    /// The simulators' settings.
    #[command(flatten)]
    pub simulator: kinitro_simulator::Config,

    /// The policy client's settings.
    #[command(flatten)]
    pub policy: kinitro_policy::Config,

    /// The bus's settings.
    #[command(flatten)]
    pub nats: kinitro_nats::Config,
}

impl Config {
    /// Every fault of the settings at once; empty when they can be run with.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut faults = [self.simulator.check(), self.policy.check(), self.nats.check()].concat();
        let mut rule = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault)
            }
        };
        for family in self
            .env_families
            .iter()
            .chain(self.max_concurrent_per_family.0.keys())
        {
            let known: Vec<_> = catalogue::families()
                .iter()
                .map(|entry| entry.name.as_str())
                .collect();
            rule(
                catalogue::family(family).is_some(),
                format!("family `{family}` is unknown; known: {}", known.join(", ")),
            );
        }
        rule(
            self.max_timesteps > 0,
            "--max-timesteps is `0`; an episode needs a step".to_owned(),
        );
        rule(
            !self.eval_timeout.is_zero(),
            "--eval-timeout is `0`; an episode needs time".to_owned(),
        );
        faults
    }

    /// The families this executor runs, in the catalogue's order.
    pub(crate) fn families(&self) -> impl Iterator<Item = &'static FamilyEntry> {
        catalogue::families()
            .iter()
            .filter(|entry| self.env_families.is_empty() || self.env_families.contains(&entry.name))
    }

    /// How many episodes of the family may run at once.
    pub(crate) fn slots(&self, family: &Family) -> usize {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.max_concurrent_per_family
            .0
            .get(family)
            .copied()
            .or(self.max_concurrent)
            .unwrap_or(cores)
            .get()
    }
}

/// A number for each of some families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PerFamily(pub BTreeMap<Family, NonZeroUsize>);

impl FromStr for PerFamily {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text).map(Self)
    }
}

fn random_id() -> ExecutorId {
    let hex = uuid::Uuid::new_v4().simple().to_string();
    format!("executor-{}", &hex[..8])
        .parse()
        .expect("hex digits and a dash are an executor id")
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("`{text}` is not a possible number of seconds"))
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

    #[test]
    fn every_fault_is_listed_at_once() {
        let args = [
            "executor",
            "--env-families",
            "mars,venus",
            "--max-timesteps",
            "0",
            "--eval-timeout",
            "0",
        ];
        let faults = Command::parse_from(args).config.check();
        for part in ["`mars`", "`venus`", "--max-timesteps", "--eval-timeout"] {
            assert!(
                faults.iter().any(|fault| fault.contains(part)),
                "{part} in {faults:?}"
            );
        }
    }

    #[test]
    fn the_number_for_a_family_wins() {
        let args = [
            "executor",
            "--max-concurrent",
            "3",
            "--max-concurrent-per-family",
            r#"{"metaworld": 7}"#,
        ];
        let config = Command::parse_from(args).config;
        assert_eq!(config.slots(&"metaworld".parse().unwrap()), 7);
        assert_eq!(config.slots(&"other".parse().unwrap()), 3);
        assert_eq!(config.check(), Vec::<String>::new());
    }
}
