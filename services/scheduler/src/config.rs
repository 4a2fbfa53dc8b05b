use crate::miners;
use kinitro_chain::{
    Network,
    commitment::{PlainEndpoints, Policy, SecretKey, read_secret_key},
};
use kinitro_chassis::report;
use kinitro_proto::{
    Environment, Family,
    catalogue::{self, FamilyEntry},
};
use kinitro_scoring::{MissingCell, Settings};
use kinitro_store::DatabaseUrl;
use std::{convert::Infallible, fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

/// The chain of those who name none.
const DEFAULT_NETWORK: &str = "finney";
/// The subnet of those who have no chain and name none.
const NETUID_OF_A_FILE: u16 = 1;

/// The scheduler's settings.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// The ledger's database
    #[arg(long, env = "KINITRO_SCHEDULER_DATABASE_URL", default_value = DatabaseUrl::DEFAULT, hide_env_values = true, value_name = "URL")]
    pub database_url: DatabaseUrl,

    /// The subnet; to be given with a chain, which has many [default: 1, with --miners-file]
    #[arg(long, env = "KINITRO_SCHEDULER_NETUID", value_name = "N")]
    pub netuid: Option<u16>,

    /// The chain whose miners are judged: finney, test, archive, local, or a node's ws:// or wss:// URL [default: finney]
    #[arg(long, env = "KINITRO_SCHEDULER_NETWORK", value_name = "NETWORK")]
    pub network: Option<Network>,

    /// Call endpoints that miners committed in the open, as http:// or https:// URLs; for networks of one's own
    #[arg(long, env = "KINITRO_SCHEDULER_ALLOW_PLAIN_ENDPOINTS")]
    pub allow_plain_endpoints: bool,

    /// The private key that opens sealed endpoints, 64 hexadecimal digits; wins over the file. Better set by the
    /// environment than by flag
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_BACKEND_PRIVATE_KEY",
        hide_env_values = true,
        value_name = "HEX"
    )]
    pub backend_private_key: Option<PrivateKey>,

    /// The file with that key, as `kinitro crypto generate-keypair` writes it
    #[arg(long, env = "KINITRO_SCHEDULER_BACKEND_PRIVATE_KEY_FILE", value_name = "FILE")]
    pub backend_private_key_file: Option<PathBuf>,

    /// Judge the miners of a TOML file instead, without a chain: `[[miners]]` with uid, hotkey, endpoint and, if
    /// known, `commit_block`
    #[arg(long, env = "KINITRO_SCHEDULER_MINERS_FILE", value_name = "FILE")]
    pub miners_file: Option<PathBuf>,

    /// Seconds from one cycle's opening to the next one's; a cycle that takes longer delays it
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_EVAL_INTERVAL_SECONDS",
        default_value_t = 3600,
        value_name = "SECONDS"
    )]
    pub eval_interval: u32,

    /// Episodes of each miner in each environment
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_EPISODES_PER_ENV",
        default_value_t = 50,
        value_name = "N"
    )]
    pub episodes_per_env: u32,

    /// Results a cell needs for the cycle to settle [default: half the episodes, rounded up]
    #[arg(long, env = "KINITRO_SCHEDULER_MIN_EPISODES", value_name = "N")]
    pub min_episodes: Option<u32>,

    /// What a cell with fewer means: the cycle expires, the miner has 0 there, or takes no part there
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_MISSING_CELL",
        value_enum,
        default_value_t,
        value_name = "RULE"
    )]
    pub missing_cell: MissingCells,

    /// Give no weight to miners who win no subset of environments
    #[arg(long, env = "KINITRO_SCHEDULER_REQUIRE_POINTS")]
    pub require_points: bool,

    /// Families to judge in, comma-separated [default: every family of this version]
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_ENV_FAMILIES",
        value_delimiter = ',',
        value_name = "FAMILY"
    )]
    pub env_families: Vec<Family>,

    /// Seconds after which a cycle settles on what it has, or expires
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_CYCLE_TIMEOUT_SECONDS",
        default_value_t = 7200,
        value_name = "SECONDS"
    )]
    pub cycle_timeout: u32,

    /// Seconds between two looks for tasks that the stream has lost; each look lists all its subjects
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_RECONCILE_INTERVAL_SECONDS",
        default_value_t = 10,
        value_name = "SECONDS"
    )]
    pub reconcile_interval: u32,

    /// Softmax temperature of the weights
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_PARETO_TEMPERATURE",
        default_value_t = 1.0,
        value_name = "T"
    )]
    pub pareto_temperature: f64,

    /// Standard errors that a later miner must be better by
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_THRESHOLD_Z_SCORE",
        default_value_t = 1.5,
        value_name = "Z"
    )]
    pub threshold_z_score: f64,

    /// The least gap that a later miner must be better by
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_THRESHOLD_MIN_GAP",
        default_value_t = 0.02,
        value_name = "GAP"
    )]
    pub threshold_min_gap: f64,

    /// The most that a later miner need be better by
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_THRESHOLD_MAX_GAP",
        default_value_t = 0.10,
        value_name = "GAP"
    )]
    pub threshold_max_gap: f64,

    /// Where to serve /health, /ready and /metrics
    #[arg(
        long,
        env = "KINITRO_HEALTH_LISTEN",
        default_value = "127.0.0.1:9101",
        value_name = "ADDRESS"
    )]
    pub health_listen: SocketAddr,

    /// The bus's settings.
    #[command(flatten)]
    pub nats: kinitro_nats::Config,
}

/// What a cell with too few results means, as a flag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MissingCells {
    /// The cycle expires, and the previous weights stand.
    #[default]
    Expire,
    /// The miner's success rate there is 0, as in v2.
    Zero,
    /// The miner takes no part in that environment.
    Exclude,
}

impl From<MissingCells> for MissingCell {
    fn from(rule: MissingCells) -> Self {
        match rule {
            MissingCells::Expire => Self::Expire,
            MissingCells::Zero => Self::Zero,
            MissingCells::Exclude => Self::Exclude,
        }
    }
}

/// The operator's private key, or what is wrong with the text that should be one. Never printed.
#[derive(Clone)]
pub struct PrivateKey(Result<SecretKey, String>);

/// Takes any text: its fault is told with all others.
impl FromStr for PrivateKey {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.parse().map_err(|error| report(&error).to_string())))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Config {
    /// Every fault of the settings, of the key and of the miners file at once; empty when they can be run with.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut faults = self.nats.check();
        faults.extend(self.settings().check().iter().map(ToString::to_string));
        faults.extend(self.source_faults());
        let mut rule = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault)
            }
        };
        for family in &self.env_families {
            let known: Vec<_> = catalogue::families()
                .iter()
                .map(|entry| entry.name.as_str())
                .collect();
            rule(
                catalogue::family(family).is_some(),
                format!(
                    "--env-families: `{family}` is unknown; known: {}",
                    known.join(", ")
                ),
            );
        }
        let environments = self.environments().len();
        let most = kinitro_scoring::MAX_ENVIRONMENTS;
        rule(
            environments <= most,
            format!("{environments} environments; at most {most} can be scored"),
        );
        rule(
            self.eval_interval > 0,
            "--eval-interval is `0`; cycles need time between them".to_owned(),
        );
        rule(
            self.cycle_timeout > 0,
            "--cycle-timeout is `0`; a cycle needs time".to_owned(),
        );
        rule(
            self.reconcile_interval > 0,
            "--reconcile-interval is `0`; a look takes time".to_owned(),
        );
        faults
    }

    /// The subnet.
    pub(crate) fn netuid(&self) -> u16 {
        self.netuid.unwrap_or(NETUID_OF_A_FILE)
    }

    /// The chain that the miners come from; none if they come from a file.
    pub(crate) fn network(&self) -> Option<Network> {
        let default = || DEFAULT_NETWORK.parse().expect("a network of that name is known");
        match self.miners_file {
            Some(_) => None,
            None => Some(self.network.clone().unwrap_or_else(default)),
        }
    }

    /// Which commitments are taken.
    ///
    /// # Errors
    /// What is wrong with the private key.
    pub(crate) fn policy(&self) -> Result<Policy, String> {
        Ok(Policy {
            secret_key: self.secret_key()?,
            netuid: self.netuid(),
            plain_endpoints: if self.allow_plain_endpoints {
                PlainEndpoints::Allowed
            } else {
                PlainEndpoints::Refused
            },
        })
    }

    fn secret_key(&self) -> Result<Option<SecretKey>, String> {
        match (&self.backend_private_key, &self.backend_private_key_file) {
            (Some(PrivateKey(key)), _) => {
                let named = |fault| format!("--backend-private-key: {fault}");
                key.clone().map(Some).map_err(named)
            }
            (None, Some(path)) => {
                let named = |error| format!("--backend-private-key-file: {}", report(&error));
                read_secret_key(path).map(Some).map_err(named)
            }
            (None, None) => Ok(None),
        }
    }

    /// What is wrong with where the miners come from.
    fn source_faults(&self) -> Vec<String> {
        let mut faults: Vec<_> = self.secret_key().err().into_iter().collect();
        if let Some(path) = &self.miners_file {
            faults.extend(miners::file::check(path));
        }
        if self.miners_file.is_none() && self.netuid.is_none() {
            faults.push("--netuid is missing: a chain has many subnets, and only one is yours".to_owned());
        }
        if let (Some(path), Some(network)) = (&self.miners_file, &self.network) {
            faults.push(format!(
                "--miners-file `{}` and --network `{network:?}`: the miners come from a file or from a chain; give one",
                path.display()
            ));
        }
        faults
    }

    /// The families judged in, in the catalogue's order.
    pub(crate) fn families(&self) -> impl Iterator<Item = &'static FamilyEntry> {
        catalogue::families()
            .iter()
            .filter(|entry| self.env_families.is_empty() || self.env_families.contains(&entry.name))
    }

    /// The environments judged in, in the order they are scored.
    pub(crate) fn environments(&self) -> Vec<Environment> {
        self.families()
            .flat_map(|family| &family.environments)
            .map(|entry| entry.id.clone())
            .collect()
    }

    /// Results a cell needs for the cycle to settle.
    pub(crate) fn min_episodes(&self) -> u32 {
        self.min_episodes.unwrap_or(self.episodes_per_env.div_ceil(2))
    }

    /// The strategy's settings, as the cycle records them.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            temperature: self.pareto_temperature,
            z_score: self.threshold_z_score,
            min_gap: self.threshold_min_gap,
            max_gap: self.threshold_max_gap,
            episodes_per_environment: self.episodes_per_env,
            min_episodes: self.min_episodes(),
            missing_cell: self.missing_cell.into(),
            require_points: self.require_points,
        }
    }

    /// From one cycle's opening to the next one's.
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(self.eval_interval.into())
    }

    /// From one look for lost tasks to the next.
    pub(crate) fn reconcile_interval(&self) -> Duration {
        Duration::from_secs(self.reconcile_interval.into())
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
    fn the_miners_come_from_finney_unless_another_place_is_named() {
        let shown = |args: &[&str]| config(args).network().map(|network| network.to_string());
        assert_eq!(shown(&[]).as_deref(), Some("finney"));
        let local = shown(&["--network", "ws://127.0.0.1:4000"]);
        assert!(local.is_some_and(|url| url.starts_with("ws://127.0.0.1:4000")));
        assert_eq!(shown(&["--miners-file", "miners.toml"]), None);
        assert!(config(&["--netuid", "26"]).check().is_empty());
        let faults = config(&[]).check();
        assert!(
            matches!(&faults[..], [fault] if fault.contains("--netuid")),
            "{faults:#?}"
        );
    }

    #[test]
    fn every_fault_of_the_source_is_listed_and_no_key_is() {
        let args = [
            "--network",
            "test",
            "--miners-file",
            "/nowhere.toml",
            "--backend-private-key",
            "c0ffee",
            "--eval-interval",
            "0",
        ];
        let config = config(&args);
        let faults = config.check();
        for part in [
            "a file or from a chain",
            "/nowhere.toml",
            "--backend-private-key",
            "--eval-interval",
        ] {
            assert!(
                faults.iter().any(|fault| fault.contains(part)),
                "{part} in {faults:#?}"
            );
        }
        assert_eq!(faults.len(), 4, "{faults:#?}");
        assert!(!format!("{faults:?} {config:?}").contains("c0ffee"));
    }

    #[test]
    fn what_is_chosen_is_what_the_cycle_records() {
        let recorded = |args: &[&str]| serde_json::to_value(config(args).settings()).unwrap();
        let chosen = [
            "--missing-cell",
            "exclude",
            "--require-points",
            "--episodes-per-env",
            "7",
            "--pareto-temperature",
            "0.5",
            "--threshold-z-score",
            "2",
            "--threshold-min-gap",
            "0.01",
            "--threshold-max-gap",
            "0.2",
        ];
        let expected = serde_json::json!({
            "temperature": 0.5, "z_score": 2.0, "min_gap": 0.01, "max_gap": 0.2, "episodes_per_environment": 7,
            "min_episodes": 4, "missing_cell": "exclude", "require_points": true,
        });
        assert_eq!(recorded(&chosen), expected);
        for (flag, name) in [("expire", "expire"), ("zero", "zero")] {
            assert_eq!(recorded(&["--missing-cell", flag])["missing_cell"], name);
        }
        // Who chooses nothing has what every cycle had before there was a choice.
        let default = Settings::default();
        assert_eq!(recorded(&[]), serde_json::to_value(default).unwrap());
        assert!(Cli::try_parse_from(["kinitro", "--missing-cell", "guess"]).is_err());
    }

    #[test]
    fn the_key_itself_wins_over_its_file() {
        let key = "07".repeat(32);
        let no_file = ["--backend-private-key-file", "/nowhere"];
        let policy = config(&[&no_file[..], &["--backend-private-key", &key]].concat()).policy();
        assert!(policy.unwrap().secret_key.is_some());
        let fault = config(&no_file).policy().unwrap_err();
        assert!(fault.contains("/nowhere"), "{fault}");
        assert!(config(&[]).policy().unwrap().secret_key.is_none());
    }
}
