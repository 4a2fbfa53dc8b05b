use crate::miners::MinerSource;
use kinitro_proto::{
    Environment, Family,
    catalogue::{self, FamilyEntry},
};
use kinitro_scoring::Settings;
use kinitro_store::DatabaseUrl;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The scheduler's settings.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// The ledger's database
    #[arg(long, env = "KINITRO_SCHEDULER_DATABASE_URL", default_value = DatabaseUrl::DEFAULT, hide_env_values = true, value_name = "URL")]
    pub database_url: DatabaseUrl,

    /// The subnet
    #[arg(long, env = "KINITRO_SCHEDULER_NETUID", default_value_t = 1)]
    pub netuid: u16,

    /// The miners to judge, as a TOML file of `[[miners]]` with uid, hotkey, endpoint and, if known, `commit_block`
    #[arg(
        long,
        env = "KINITRO_SCHEDULER_MINERS_FILE",
        default_value = "miners.toml",
        value_name = "FILE"
    )]
    pub miners_file: PathBuf,

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

impl Config {
    /// Every fault of the settings and of the miners file at once; empty when they can be run with.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut faults = self.nats.check();
        faults.extend(self.settings().check().iter().map(ToString::to_string));
        faults.extend(self.miners().check());
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

    /// Where the miners come from.
    pub(crate) fn miners(&self) -> MinerSource {
        MinerSource::File(self.miners_file.clone())
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
