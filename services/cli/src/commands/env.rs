//! `kinitro env`: the environments, their images, and a try of them.

use crate::exit::{Exit, print};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets::NOTHING};
use kinitro_proto::{
    Action, Environment, ExecutorId, Seed,
    catalogue::{self, FamilyEntry},
};
use kinitro_simulator::{Launcher, Simulator};
use std::{collections::BTreeMap, path::PathBuf, time::Instant};
use tokio::process::Command as Process;

/// What to do with environments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List families and their environments
    #[command(after_help = "Example:\n  kinitro env list")]
    List,
    /// Build a family's image from its folder
    #[command(after_help = "Example:\n  kinitro env build metaworld")]
    Build(Build),
    /// Run episodes with random actions and show how they go
    #[command(after_help = "Example:\n  kinitro env test metaworld/push-v3 --episodes 3 --use-images")]
    Test(Box<Test>),
}

/// How to build an image.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Build {
    /// The family
    family: String,
    /// The image's name [default: the family's own]
    #[arg(long)]
    tag: Option<String>,
    /// Where the families' folders are
    #[arg(long, default_value = "environments", value_name = "FOLDER")]
    environments_dir: PathBuf,
    /// Build every layer anew
    #[arg(long)]
    no_cache: bool,
    /// Push the image when it is built
    #[arg(long)]
    push: bool,
}

/// How to try an environment.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Test {
    /// The environment, e.g. `metaworld/push-v3`
    environment: Environment,
    /// How many episodes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    episodes: u32,
    /// The first episode's seed; each further one is one more
    #[arg(long, short, default_value_t = 0)]
    seed: u64,
    /// Steps after which an episode is cut off
    #[arg(long, default_value_t = 500)]
    max_steps: u32,
    /// Render camera images
    #[arg(long)]
    use_images: bool,
    #[command(flatten)]
    simulator: kinitro_simulator::Config,
}

pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    match command {
        Command::List => list(),
        Command::Build(build) => build.run().await,
        Command::Test(test) => test.run().await,
    }
}

fn list() -> Result<(), Exit> {
    for family in catalogue::families() {
        print(format!(
            "{} ({}), image {}",
            family.title, family.description, family.image
        ))?;
        for environment in &family.environments {
            print(format!("  {}", environment.id))?;
        }
    }
    print(format!(
        "Total: {} environments available",
        catalogue::environments().count()
    ))
}

fn known(family: &str) -> Result<&'static FamilyEntry, Exit> {
    let found = catalogue::families()
        .iter()
        .find(|entry| entry.name.as_str() == family);
    found.ok_or_else(|| {
        let names: Vec<_> = catalogue::families()
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        Exit::NotFound(format!(
            "`{family}` is no family; there are: {}",
            names.join(", ")
        ))
    })
}

impl Build {
    async fn run(self) -> Result<(), Exit> {
        let family = known(&self.family)?;
        let folder = self.environments_dir.join(&self.family);
        if !folder.join("Dockerfile").is_file() {
            return Err(Exit::NotFound(format!(
                "there is no `{}`; run this in the repository, or say --environments-dir",
                folder.join("Dockerfile").display()
            )));
        }
        let tag = self.tag.as_deref().unwrap_or(&family.image);
        let mut build = Process::new("docker");
        build
            .args(["build", "--tag", tag])
            .args(self.no_cache.then_some("--no-cache"))
            .arg(&folder);
        docker(build, &format!("build `{tag}`")).await?;
        if self.push {
            let mut push = Process::new("docker");
            push.args(["push", tag]);
            docker(push, &format!("push `{tag}`")).await?;
        }
        print(tag)
    }
}

async fn docker(mut command: Process, what: &str) -> Result<(), Exit> {
    let status = command
        .status()
        .await
        .map_err(|error| Exit::Failure(format!("could not run `docker`: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Exit::Failure(format!("docker could not {what}: {status}")))
    }
}

impl Test {
    async fn run(self) -> Result<(), Exit> {
        let faults = self.simulator.check();
        if !faults.is_empty() {
            return Err(Exit::Config(faults));
        }
        if !catalogue::knows(&self.environment) {
            return Err(Exit::NotFound(format!(
                "`{}` is no environment; see `kinitro env list`",
                self.environment
            )));
        }
        let family = known(self.environment.family().as_str())?;
        let owner: ExecutorId = "env-test".parse().expect("letters and a dash are an executor id");
        let launcher = Launcher::connect(&self.simulator, &owner)
            .await
            .map_err(Exit::failure)?;
        let started = Instant::now();
        let mut simulator = launcher.start(family).await.map_err(Exit::failure)?;
        print(format!(
            "simulator ready after {:.2} s",
            started.elapsed().as_secs_f64()
        ))?;
        let mut table = Table::new();
        table
            .load_style(NOTHING)
            .set_header(["SEED", "STEPS", "REWARD", "SUCCESS", "RESET ms", "STEP ms"]);
        for episode in 0..self.episodes {
            let row = self.episode(&mut simulator, self.seed + u64::from(episode)).await;
            table.add_row(row.map_err(Exit::failure)?);
        }
        simulator.close().await.map_err(Exit::failure)?;
        print(table.trim_fmt())
    }

    async fn episode(
        &self,
        simulator: &mut Simulator,
        seed: u64,
    ) -> Result<[String; 6], kinitro_simulator::Error> {
        let started = Instant::now();
        simulator
            .reset(&self.environment, Seed::new(seed), self.use_images)
            .await?;
        let reset = started.elapsed();
        let (mut steps, mut reward, mut success) = (0, 0.0, false);
        let started = Instant::now();
        while steps < self.max_steps {
            let step = simulator.step(&random_action()).await?;
            steps += 1;
            reward += step.reward;
            success = step.success;
            if step.done {
                break;
            }
        }
        let each = started.elapsed().as_secs_f64() * 1e3 / f64::from(steps.max(1));
        Ok([
            seed.to_string(),
            steps.to_string(),
            format!("{reward:.3}"),
            success.to_string(),
            format!("{:.1}", reset.as_secs_f64() * 1e3),
            format!("{each:.2}"),
        ])
    }
}

/// What v2's `env test` sent: a twist from −1 to 1, a gripper from 0 to 1.
fn random_action() -> Action {
    let twist = (0..6).map(|_| rand::random_range(-1.0..1.0)).collect();
    let continuous = BTreeMap::from([
        ("ee_twist".to_owned(), twist),
        ("gripper".to_owned(), vec![rand::random_range(0.0..1.0)]),
    ]);
    Action {
        continuous,
        discrete: BTreeMap::new(),
    }
}
