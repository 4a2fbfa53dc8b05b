//! How long a simulator takes: from its start to its `hello`, and for a step there and back.
//!
//! `cargo run -p kinitro-simulator --example simulator_latency -- --eval-mode process --environments-dir crates/simulator/tests`

use anyhow::Context;
use clap::Parser;
use kinitro_proto::catalogue::FamilyEntry;
use kinitro_proto::{Action, Seed};
use kinitro_simulator::{Config, Launcher, Simulator};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    config: Config,
    /// The family's description
    #[arg(long, default_value = "crates/simulator/tests/fake/family.toml")]
    family: PathBuf,
    /// Which of its environments, by number
    #[arg(long, default_value_t = 0)]
    environment: usize,
    /// Ask for pictures
    #[arg(long)]
    images: bool,
    /// How many simulators to start, one after the other
    #[arg(long, default_value_t = 10)]
    starts: usize,
    /// How many steps to take, over as many episodes as they need
    #[arg(long, default_value_t = 5_000)]
    steps: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let text = std::fs::read_to_string(&arguments.family).context("--family")?;
    let family: FamilyEntry = toml::from_str(&text).context("--family")?;
    let launcher = Launcher::connect(&arguments.config, &"latency".parse()?).await?;
    let mut starts = Vec::new();
    for _ in 0..arguments.starts {
        let begun = Instant::now();
        let simulator = launcher.start(&family).await?;
        starts.push(begun.elapsed());
        simulator.close().await?;
    }
    let mut simulator = launcher.start(&family).await?;
    let steps = steps(&mut simulator, &family, &arguments).await?;
    simulator.close().await?;
    launcher.drain(Duration::from_secs(10)).await;
    report("start to hello", starts)?;
    report("step", steps)
}

async fn steps(
    simulator: &mut Simulator,
    family: &FamilyEntry,
    arguments: &Arguments,
) -> anyhow::Result<Vec<Duration>> {
    let environment = &family
        .environments
        .get(arguments.environment)
        .context("--environment")?
        .id;
    let action = Action::default();
    let mut taken = Vec::new();
    for seed in 0.. {
        simulator
            .reset(environment, Seed::new(seed), arguments.images)
            .await?;
        loop {
            let begun = Instant::now();
            let step = simulator.step(&action).await?;
            taken.push(begun.elapsed());
            if taken.len() >= arguments.steps {
                return Ok(taken);
            }
            if step.done {
                break;
            }
        }
    }
    Ok(taken)
}

fn report(what: &str, mut taken: Vec<Duration>) -> anyhow::Result<()> {
    taken.sort_unstable();
    let at = |percent: usize| taken.get((taken.len() * percent / 100).min(taken.len() - 1));
    let (p50, p99) = at(50).zip(at(99)).context("nothing was measured")?;
    let count = taken.len();
    writeln!(
        std::io::stdout(),
        "{what}: min {:?} p50 {p50:?} p99 {p99:?} (n = {count})",
        taken[0]
    )?;
    Ok(())
}
