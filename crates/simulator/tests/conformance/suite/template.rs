//! The template of a family, as whoever writes a new one copies it, with its own faults.

use crate::fixture::{LUCKY, assert_fault, config, launcher};
use kinitro_proto::catalogue::FamilyEntry;
use kinitro_proto::{Action, Environment, InfraFaultKind};
use kinitro_simulator::{Config, Mode, Simulator};
use std::process::Command;
use std::time::Duration;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../environments/_template");

/// The step at which the template's faulty worlds go wrong.
const FAULTY_STEP: usize = 3;

fn family() -> FamilyEntry {
    let mut family: FamilyEntry =
        toml::from_str(&std::fs::read_to_string(format!("{FOLDER}/family.toml")).unwrap()).unwrap();
    family.image = "kinitro/template:test".to_owned();
    family
}

fn named(name: &str) -> Environment {
    format!("template/{name}-v0").parse().unwrap()
}

/// Begins an episode in the template's program.
async fn begin(mode: Mode, name: &str) -> Simulator {
    // The folder of a family bears its name; the template's has an underscore, so that it is none.
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(FOLDER, folder.path().join("template")).unwrap();
    let config = Config {
        environments_dir: folder.path().to_owned(),
        simulator_step_timeout: Duration::from_secs(if name == "hang" { 1 } else { 30 }),
        ..config(mode)
    };
    if mode == Mode::Docker {
        let tagged = ["build", "--quiet", "--tag", &family().image, FOLDER];
        assert!(
            Command::new("docker")
                .args(tagged)
                .output()
                .unwrap()
                .status
                .success(),
            "docker build"
        );
    }
    let mut simulator = launcher(&config).await.start(&family()).await.unwrap();
    simulator.reset(&named(name), LUCKY, false).await.unwrap();
    simulator
}

async fn breaks(mode: Mode, name: &str, kind: InfraFaultKind, words: &[&str]) {
    let mut simulator = begin(mode, name).await;
    for _ in 1..FAULTY_STEP {
        simulator.step(&Action::default()).await.unwrap();
    }
    assert_fault(
        &simulator.step(&Action::default()).await.unwrap_err(),
        kind,
        words,
    );
    assert!(!simulator.is_usable());
}

pub(crate) async fn the_template_is_solved_by_going_where_it_says(mode: Mode) {
    let mut simulator = begin(mode, "point").await;
    let mut proprio = simulator
        .reset(&named("point"), LUCKY, false)
        .await
        .unwrap()
        .proprio;
    for _ in 0..100 {
        let way = proprio["goal"]
            .iter()
            .zip(&proprio["ee_pos"])
            .map(|(goal, at)| (goal - at) / 0.05);
        let twist = way.map(|by| by.clamp(-1.0, 1.0)).chain([0.0; 3]).collect();
        let action = Action {
            continuous: [("ee_twist".to_owned(), twist)].into(),
            ..Action::default()
        };
        let step = simulator.step(&action).await.unwrap();
        if step.done {
            assert!(step.success);
            return;
        }
        proprio = step.observation.proprio;
    }
    panic!("the goal was not reached");
}

pub(crate) async fn the_template_that_exits_as_if_killed_is_a_crash_and_not_out_of_memory(mode: Mode) {
    breaks(mode, "crash", InfraFaultKind::SimulatorCrash, &["`137`"]).await;
}

pub(crate) async fn the_template_that_hangs_is_killed(mode: Mode) {
    breaks(mode, "hang", InfraFaultKind::SimulatorHang, &["1s"]).await;
}

pub(crate) async fn the_template_that_answers_garbage_breaks_the_protocol(mode: Mode) {
    breaks(
        mode,
        "garbage",
        InfraFaultKind::SimulatorProtocol,
        &["`4294967295` bytes"],
    )
    .await;
}

pub(crate) async fn the_template_that_floods_blocks_nobody(mode: Mode) {
    let mut simulator = begin(mode, "flood").await;
    for _ in 0..=FAULTY_STEP {
        simulator.step(&Action::default()).await.unwrap();
    }
}

pub(crate) async fn the_template_that_takes_all_memory_is_out_of_memory(mode: Mode) {
    breaks(mode, "oom", InfraFaultKind::OutOfMemory, &["64MiB"]).await;
}
