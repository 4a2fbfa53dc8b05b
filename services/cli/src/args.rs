//! The commands, as `--help` tells them.

use crate::commands::{
    chain, config, crypto, cycle, db, devchain, env, keys, miner, nats, score, test_scoring, verify,
};
use clap::{Parser, Subcommand};
use clap_complete::Shell;
use kinitro_chassis::telemetry;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  kinitro db create && kinitro db migrate         make the ledger
  kinitro scheduler --network finney --netuid 26  open cycles and publish their tasks
  kinitro executor --max-concurrent 4             run episodes, four at once
  kinitro scorer                                  record results and settle cycles
  kinitro gateway --port 8000                     serve weights, scores and status
  kinitro validate --netuid 26 --backend-url URL  put a gateway's weights on chain
  kinitro verify --cycle 42 --gateway URL         compute a cycle's weights again, and check who signed them
  kinitro cycle watch --until-settled             follow the newest cycle to its weights

Every flag has an environment variable; both may stand in a TOML file (--config). A flag wins over the environment, the environment
over the file, the file over the default; `kinitro config show SERVICE` says where each value comes from.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 not found, 4 conflict, 5 not allowed, 6 timed out, 75 try again later.";

const SCORE: &str = "\
The table has one row for each miner and environment; a row that is not there is a missing cell:

  uid,environment,episodes,successes,commit_block
  3,metaworld/push-v3,50,41,4200
  3,metaworld/reach-v3,50,50,4200
  7,metaworld/push-v3,50,47,5100

Columns may be in any order. `commit_block` may be left out, or empty where it is not known: such a miner counts as later than all
that have one. What is wrong with the table is told at once and whole, and nothing is scored (exit code 2).

Examples:
  kinitro score --from results.csv
  kinitro score --from results.csv --miner 7 --subsets
  kinitro score --from - --format json --missing-cell exclude < results.csv";

/// Judges robot policies: evaluation tasks over NATS JetStream, scores and weights in PostgreSQL
#[derive(Debug, Parser)]
#[command(name = "kinitro", version, after_help = EXAMPLES, arg_required_else_help = true, max_term_width = 120)]
pub(crate) struct Cli {
    /// Settings as TOML: one table per service, keys named like the flags
    #[arg(long, env = "KINITRO_CONFIG", value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) telemetry: telemetry::Config,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open a cycle each interval and publish its tasks
    #[command(
        after_help = "Examples:\n  kinitro scheduler --network finney --netuid 26 --backend-private-key-file ~/.config/kinitro/keys/backend\n  kinitro scheduler --miners-file miners.toml --eval-interval 3600 --episodes-per-env 50"
    )]
    Scheduler(Box<kinitro_scheduler::Config>),
    /// Run tasks: episodes in simulators against miners' policies
    #[command(
        after_help = "Example:\n  kinitro executor --executor-id gpu-1 --max-concurrent 4 --drain-grace 45"
    )]
    Executor(Box<kinitro_executor::Config>),
    /// Record results, settle cycles into scores and weights
    #[command(
        after_help = "Example:\n  kinitro scorer --database-url postgresql://kinitro@db:5432/kinitro --max-attempts 3"
    )]
    Scorer(Box<kinitro_scorer::Config>),
    /// Serve weights, scores and status over HTTP
    #[command(
        visible_alias = "api",
        after_help = "Example:\n  kinitro gateway --host 127.0.0.1 --port 8000"
    )]
    Gateway(Box<kinitro_gateway::Config>),
    /// Put the gateway's weights on chain
    #[command(after_help = "\
Example:
  kinitro validate --backend-url https://kinitro.example --netuid 26 --wallet-name default --hotkey-name default
  kinitro validate --backend-url https://kinitro.example --netuid 26 --dry-run --once

Exit codes of --once: 0 on the chain now or before, 5 not registered or no permit, 75 try later (no weights yet, stale, rate
limited, gateway or chain away), 1 refused.")]
    Validate(Box<kinitro_validator::Config>),
    /// Tools for miners
    #[command(subcommand)]
    Miner(miner::Command),
    /// Make and publish the operator's key, which miners seal their endpoints with
    #[command(subcommand)]
    Crypto(crypto::Command),
    /// Compute a cycle's weights again from its evidence, and check who signed them
    #[command(after_help = "\
Example:
  kinitro verify --gateway https://kinitro.example --trusted-key HEX
  kinitro verify --cycle 42 --gateway https://kinitro.example --save evidence
  kinitro verify --bundle evidence/cycle-42.evidence.jsonl --trusted-key HEX

Exit codes: 0 verified, 1 a check does not hold, or nothing vouches for the evidence, 3 there are no such weights, 75 the gateway is
away.")]
    Verify(Box<verify::Config>),
    /// Make, list and retire the keys that weights are signed with
    #[command(subcommand)]
    Keys(keys::Command),
    /// Follow and show cycles
    #[command(subcommand)]
    Cycle(cycle::Command),
    /// Show what the chain holds
    #[command(subcommand)]
    Chain(chain::Command),
    /// Run a chain to develop on, if this build has one (`cargo build --features devchain`)
    #[command(
        after_help = "Example:\n  kinitro devchain --block-time 1s --seed-miners 8 --rate-limit 10\n  kinitro chain show --network local --netuid 1"
    )]
    Devchain(Box<devchain::Config>),
    /// Score a table of results, and explain each miner's points
    #[command(after_help = SCORE)]
    Score(Box<score::Config>),
    /// Score random miners, to see what the strategy does
    #[command(after_help = "\
Example:
  kinitro test-scoring --n-miners 5 --n-envs 3
  kinitro test-scoring --n-miners 256 --n-envs 50 --seed 7")]
    TestScoring(test_scoring::Config),
    /// List, build and try environments
    #[command(subcommand)]
    Env(env::Command),
    /// Make, migrate and inspect the ledger's database
    #[command(subcommand)]
    Db(db::Command),
    /// Set up and compare the streams and consumers
    #[command(subcommand)]
    Nats(nats::Command),
    /// Show settings and where they come from
    #[command(subcommand)]
    Config(config::Command),
    /// Ask a health address once: exit 0 if it answers 200
    #[command(after_help = "Example:\n  kinitro healthcheck http://127.0.0.1:9102/ready")]
    Healthcheck {
        /// The address, e.g. `http://127.0.0.1:9102/ready`
        url: String,
    },
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  kinitro completions bash > /etc/bash_completion.d/kinitro")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Command {
    /// The name that traces carry.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Scheduler(_) => "scheduler",
            Self::Executor(_) => "executor",
            Self::Scorer(_) => "scorer",
            Self::Gateway(_) => "gateway",
            Self::Validate(_) => "validator",
            Self::Miner(_) => "miner",
            Self::Devchain(_) => "devchain",
            _ => "tool",
        }
    }

    /// Every fault of the settings at once.
    pub(crate) fn check(&self) -> Vec<String> {
        match self {
            Self::Scheduler(config) => config.check(),
            Self::Executor(config) => config.check(),
            Self::Scorer(config) => config.check(),
            Self::Gateway(config) => config.check(),
            Self::Validate(config) => config.check(),
            Self::Verify(config) => config.verify.check(),
            Self::Devchain(config) => config.check(),
            _ => Vec::new(),
        }
    }
}
