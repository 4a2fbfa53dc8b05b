//! The suite without processes, and the faults on demand.

use crate::fixture::{LUCKY, assert_fault, config, environment, family, launcher, ours, quality};
use kinitro_proto::{InfraFaultKind, Seed};
use kinitro_simulator::{Config, Mode, Script, Simulator};
use std::time::Duration;

crate::run!(Mode::Scripted, contract:
    the_same_seed_gives_the_same_episode_whatever_ran_before
    success_is_luck_less_than_quality
    success_latches
    an_action_without_quality_is_a_failure_not_a_fault
    a_step_before_a_reset_is_refused_and_the_simulator_serves_on
    a_step_after_done_is_refused_and_the_simulator_serves_on
    a_misfit_action_is_the_miners_fault_and_the_episode_goes_on
    an_unknown_environment_is_ours_and_the_simulator_serves_on
    close_lets_the_simulator_end_by_itself
);

fn faulty(faults: &[&str]) -> Config {
    let scripted_faults = faults.iter().map(|text| text.parse().unwrap()).collect();
    let script = Script {
        scripted_steps: 3,
        scripted_faults,
        ..Script::default()
    };
    Config {
        script,
        simulator_reset_timeout: LIMIT,
        simulator_step_timeout: LIMIT,
        ..config(Mode::Scripted)
    }
}

const LIMIT: Duration = Duration::from_millis(50);

async fn reset(simulator: &mut Simulator, seed: u64) -> Result<(), InfraFaultKind> {
    let answer = simulator
        .reset(&environment("scripted"), Seed::new(seed), false)
        .await;
    answer.map(drop).map_err(|error| ours(&error).kind)
}

#[tokio::test]
async fn every_fault_comes_at_its_step_and_has_its_kind() {
    for (name, kind, survives) in [
        ("crash", InfraFaultKind::SimulatorCrash, false),
        ("oom", InfraFaultKind::OutOfMemory, false),
        ("hang", InfraFaultKind::SimulatorHang, false),
        ("protocol", InfraFaultKind::SimulatorProtocol, false),
        ("error", InfraFaultKind::SimulatorError, true),
    ] {
        let launcher = launcher(&faulty(&[&format!("{name}:1@2")])).await;
        let mut simulator = launcher.start(&family()).await.unwrap();
        reset(&mut simulator, 1).await.unwrap();
        simulator.step(&quality(1.0)).await.unwrap();
        assert_fault(&simulator.step(&quality(1.0)).await.unwrap_err(), kind, &[]);
        assert_eq!(simulator.is_usable(), survives, "{name}");

        let launcher = self::launcher(&faulty(&[&format!("{name}:1@reset")])).await;
        let mut simulator = launcher.start(&family()).await.unwrap();
        assert_eq!(reset(&mut simulator, 1).await, Err(kind));
    }
}

#[tokio::test]
async fn every_nth_episode_of_a_launcher_fails_whoever_runs_it() {
    let launcher = launcher(&faulty(&["error:1/3@reset"])).await;
    let mut simulators = [
        launcher.start(&family()).await.unwrap(),
        launcher.start(&family()).await.unwrap(),
    ];
    let mut failed = Vec::new();
    for n in 1..=9_usize {
        if reset(&mut simulators[n % 2], 1).await.is_err() {
            failed.push(n);
        }
    }
    assert_eq!(failed, [3, 6, 9]);
}

#[tokio::test]
async fn a_share_of_seeds_fails_always_and_everywhere() {
    let config = faulty(&["error:0.3@reset"]);
    let mut failures = Vec::new();
    for _ in 0..2 {
        let mut simulator = launcher(&config).await.start(&family()).await.unwrap();
        let mut failed = Vec::new();
        for seed in 0..2_000 {
            if reset(&mut simulator, seed).await.is_err() {
                failed.push(seed);
            }
        }
        failures.push(failed);
    }
    assert_eq!(failures[0], failures[1]);
    // 600, give or take four standard deviations of 20.
    assert!((520..680).contains(&failures[0].len()), "{}", failures[0].len());
}

#[tokio::test]
async fn every_nth_start_fails() {
    let launcher = launcher(&faulty(&["start:1/2"])).await;
    launcher.start(&family()).await.unwrap();
    assert_fault(
        &launcher.start(&family()).await.unwrap_err(),
        InfraFaultKind::SimulatorStart,
        &["script"],
    );
    launcher.start(&family()).await.unwrap();
}

#[tokio::test]
async fn a_step_takes_its_delay() {
    let mut config = config(Mode::Scripted);
    config.script.scripted_step_delay = Duration::from_millis(40);
    let mut simulator = launcher(&config).await.start(&family()).await.unwrap();
    simulator
        .reset(&environment("scripted"), LUCKY, false)
        .await
        .unwrap();
    let begun = std::time::Instant::now();
    simulator.step(&quality(1.0)).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(40));
}
