//! `kinitro`: every service and tool of the system is a subcommand of this one binary.

mod args;
mod commands;
mod exit;
mod layers;
mod reference;
mod service;

use args::{Cli, Command};
use clap::FromArgMatches;
use exit::Exit;
use kinitro_chassis::{telemetry, tls};
use std::process::ExitCode;

fn main() -> ExitCode {
    tls::install();
    match parsed().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => exit.report(),
    }
}

/// The command line, laid over the environment, over the config file, over the defaults.
fn parsed() -> Result<Cli, Exit> {
    let layers = layers::Layers::read(std::env::args_os())?;
    let refused = |error| Exit::usage(error, layers.command());
    let matches = layers.command().try_get_matches().map_err(refused)?;
    Cli::from_arg_matches(&matches).map_err(refused)
}

fn run(cli: Cli) -> Result<(), Exit> {
    let faults = cli.command.check();
    if !faults.is_empty() {
        return Err(Exit::Config(faults));
    }
    // Before the runtime: the exporter brings a client of its own that must not be made inside one.
    let guard = telemetry::init(&cli.telemetry, cli.command.name()).map_err(Exit::failure)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Exit::failure)?;
    let ended = runtime.block_on(dispatch(cli.command));
    // What hangs in a blocking call must not keep a drained service from ending.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    drop(guard);
    ended
}

async fn dispatch(command: Command) -> Result<(), Exit> {
    match command {
        Command::Scheduler(config) => {
            service::run("scheduler", |stop| {
                Box::pin(kinitro_scheduler::run(*config, stop))
            })
            .await
        }
        Command::Executor(config) => {
            service::run("executor", |stop| kinitro_executor::run(*config, stop)).await
        }
        Command::Scorer(config) => service::run("scorer", |stop| kinitro_scorer::run(*config, stop)).await,
        Command::Gateway(config) => service::run("gateway", |stop| kinitro_gateway::run(*config, stop)).await,
        Command::Validate(config) => commands::validate::run(*config).await,
        Command::Miner(miner) => commands::miner::run(miner).await,
        Command::Crypto(crypto) => commands::crypto::run(crypto).await,
        Command::Verify(config) => commands::verify::run(*config).await,
        Command::Keys(keys) => commands::keys::run(keys).await,
        Command::Cycle(cycle) => commands::cycle::run(cycle).await,
        Command::Chain(chain) => commands::chain::run(chain).await,
        Command::Devchain(config) => commands::devchain::run(*config).await,
        Command::Score(config) => commands::score::run(&config),
        Command::TestScoring(config) => commands::test_scoring::run(&config),
        Command::Env(environment) => commands::env::run(environment).await,
        Command::Db(db) => commands::db::run(db).await,
        Command::Nats(nats) => commands::nats::run(nats).await,
        Command::Config(config) => commands::config::run(&config),
        Command::Healthcheck { url } => kinitro_chassis::health::probe(&url).await.map_err(Exit::failure),
        Command::Completions { shell } => commands::config::completions(shell),
    }
}
