//! `kinitro devchain`: a chain to develop on. Its flags are always there, the chain itself only in a build with the
//! feature `devchain`.

use crate::exit::Exit;
use clap::Args;
use std::{net::SocketAddr, time::Duration};

/// How the chain is started.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(crate) struct Config {
    /// Address to listen on, for WebSocket and HTTP; port 0 takes a free one
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_LISTEN",
        default_value = "127.0.0.1:9944",
        value_name = "ADDRESS"
    )]
    listen: SocketAddr,

    /// Time between blocks: `12s`, `250ms`, or seconds
    #[arg(long, env = "KINITRO_DEVCHAIN_BLOCK_TIME", default_value = "12s", value_parser = time, value_name = "TIME")]
    block_time: Duration,

    /// Make a block as soon as a transaction waits, instead of by the clock
    #[arg(long, env = "KINITRO_DEVCHAIN_INSTANT", conflicts_with = "manual")]
    instant: bool,

    /// Make blocks only when asked by the method `dev_newBlock`
    #[arg(long, env = "KINITRO_DEVCHAIN_MANUAL")]
    manual: bool,

    /// The subnet there is
    #[arg(long, env = "KINITRO_DEVCHAIN_NETUID", default_value_t = 1)]
    netuid: u16,

    /// Register `//miner-0`, `//miner-1`, … besides `//validator` (uid 0, with permit and stake) and `//operator` (uid 1)
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_SEED_MINERS",
        default_value_t = 0,
        value_name = "COUNT"
    )]
    seed_miners: u16,

    /// Have weights committed first and revealed later, which is the real chain's default
    #[arg(long, env = "KINITRO_DEVCHAIN_COMMIT_REVEAL")]
    commit_reveal: bool,

    /// Epochs between commit and reveal
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_REVEAL_PERIOD",
        default_value_t = 1,
        value_name = "EPOCHS"
    )]
    reveal_period: u64,

    /// Blocks in an epoch
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_TEMPO",
        default_value_t = 360,
        value_name = "BLOCKS"
    )]
    tempo: u16,

    /// Blocks between two submissions of one validator's weights
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_RATE_LIMIT",
        default_value_t = 100,
        value_name = "BLOCKS"
    )]
    rate_limit: u64,

    /// The lowest version key that validators must send; 0 for any
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_VERSION_KEY",
        default_value_t = 0,
        value_name = "KEY"
    )]
    version_key: u64,

    /// How many weights a validator must send, at least
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_MIN_WEIGHTS",
        default_value_t = 1,
        value_name = "COUNT"
    )]
    min_weights: u16,

    /// The largest share one weight may have, of 65,535
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_MAX_WEIGHT",
        default_value_t = 65_535,
        value_name = "SHARE"
    )]
    max_weight: u16,

    /// How many neurons there may be
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_MAX_UIDS",
        default_value_t = 256,
        value_name = "COUNT"
    )]
    max_uids: u16,

    /// Newest blocks whose state can be asked for; of older ones only headers are left
    #[arg(
        long,
        env = "KINITRO_DEVCHAIN_KEPT_STATES",
        default_value_t = 4_096,
        value_name = "BLOCKS"
    )]
    kept_states: u32,
}

fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let seconds = number
        .trim()
        .parse::<f64>()
        .map_err(|error| format!("`{text}` is no time: {error}"))?;
    Duration::try_from_secs_f64(seconds * unit).map_err(|error| format!("`{text}` is no time: {error}"))
}

#[cfg(not(feature = "devchain"))]
mod chain {
    use super::{Config, Exit};

    impl Config {
        /// What stands in the way.
        pub(crate) fn check(&self) -> Vec<String> {
            let fault = "this `kinitro` was built without the development chain; \
                         `cargo build --features devchain` builds one that has it";
            vec![fault.to_owned()]
        }
    }

    pub(crate) async fn run(config: Config) -> Result<(), Exit> {
        Err(Exit::Config(config.check()))
    }
}

#[cfg(feature = "devchain")]
mod chain {
    use super::{Config, Exit};
    use crate::service;
    use kinitro_devchain::{Blocks, Devchain, Error, Options, Setting, Subnet};

    impl Config {
        /// Every fault of the settings at once.
        pub(crate) fn check(&self) -> Vec<String> {
            self.options().check()
        }

        fn options(&self) -> Options {
            let blocks = match (self.instant, self.manual) {
                (true, _) => Blocks::OnTransaction,
                (_, true) => Blocks::Manual,
                _ => Blocks::Every(self.block_time),
            };
            let settings = [
                Setting::CommitReveal(self.commit_reveal),
                Setting::RevealPeriod(self.reveal_period),
                Setting::Tempo(self.tempo),
                Setting::RateLimit(self.rate_limit),
                Setting::VersionKey(self.version_key),
                Setting::MinWeights(self.min_weights),
                Setting::MaxWeight(self.max_weight),
                Setting::MaxUids(self.max_uids),
            ];
            let mut options = Options::default()
                .listen(self.listen)
                .blocks(blocks)
                .subnets(vec![Subnet::new(self.netuid).with(settings)])
                .seed_miners(self.seed_miners)
                .kept_states(self.kept_states);
            options.block_time = self.block_time;
            options
        }
    }

    pub(crate) async fn run(config: Config) -> Result<(), Exit> {
        service::run("devchain", async move |stop| {
            let options = config.options();
            let neurons = options.subnets[0].neurons.clone();
            let chain = Devchain::start(options).await?;
            for (uid, neuron) in neurons.iter().enumerate() {
                let key = match uid {
                    0 => "//validator".to_owned(),
                    1 => "//operator".to_owned(),
                    _ => format!("//miner-{}", uid - 2),
                };
                tracing::info!(miner.uid = uid, key, hotkey = %neuron.hotkey, "a neuron is registered");
            }
            tracing::info!(
                url = chain.url(),
                genesis = ?chain.genesis(),
                netuid = config.netuid,
                neurons = neurons.len(),
                "the chain runs"
            );
            stop.cancelled().await;
            chain.stop().await;
            Ok::<(), Error>(())
        })
        .await
    }
}

pub(crate) use chain::run;
