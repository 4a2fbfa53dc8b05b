//! The protocol's promises, whoever keeps them.

use crate::fixture::{LUCKY, assert_fault, config, environment, family, launcher, ours, quality, start};
use kinitro_proto::{Action, Fault, InfraFaultKind, MinerFaultKind, Observation, Seed, Step};
use kinitro_simulator::{Error, Mode, Simulator, luck};

async fn reset(simulator: &mut Simulator, seed: Seed) -> Observation {
    simulator
        .reset(&environment("scripted"), seed, false)
        .await
        .unwrap()
}

/// An episode from reset to done.
async fn episode(simulator: &mut Simulator, seed: Seed, action: &Action) -> (Observation, Vec<Step>) {
    let first = reset(simulator, seed).await;
    let mut steps = Vec::new();
    while !steps.last().is_some_and(|step: &Step| step.done) {
        assert!(steps.len() < 10, "the episode has no end");
        steps.push(simulator.step(action).await.unwrap());
    }
    (first, steps)
}

pub(crate) async fn the_same_seed_gives_the_same_episode_whatever_ran_before(mode: Mode) {
    let mut simulator = start(mode).await;
    let expected = episode(&mut simulator, LUCKY, &quality(0.5)).await;
    assert_eq!(expected.1.len(), 3);
    assert!(!expected.0.proprio.is_empty());
    episode(&mut simulator, Seed::new(8), &quality(0.9)).await;
    assert_eq!(episode(&mut simulator, LUCKY, &quality(0.5)).await, expected);
    assert_eq!(
        episode(&mut start(mode).await, LUCKY, &quality(0.5)).await,
        expected
    );
}

pub(crate) async fn success_is_luck_less_than_quality(mode: Mode) {
    let mut simulator = start(mode).await;
    let mut seen = [0, 0];
    for seed in [0, 1, 2, 3, 4, 5, 6, 7, i64::MAX.unsigned_abs()] {
        let (_, steps) = episode(&mut simulator, Seed::new(seed), &quality(0.5)).await;
        let success = steps.last().unwrap().success;
        assert_eq!(success, luck(seed) < 0.5, "seed `{seed}`");
        assert!((steps.last().unwrap().reward - f64::from(u8::from(success))).abs() < 1e-9);
        seen[usize::from(success)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

pub(crate) async fn success_latches(mode: Mode) {
    let mut simulator = start(mode).await;
    reset(&mut simulator, LUCKY).await;
    simulator.step(&quality(1.0)).await.unwrap();
    simulator.step(&quality(0.0)).await.unwrap();
    let last = simulator.step(&quality(0.0)).await.unwrap();
    assert!(last.done && last.success);
}

pub(crate) async fn an_action_without_quality_is_a_failure_not_a_fault(mode: Mode) {
    let mut simulator = start(mode).await;
    let (_, steps) = episode(&mut simulator, LUCKY, &Action::default()).await;
    assert!(!steps.last().unwrap().success);
}

pub(crate) async fn a_step_before_a_reset_is_refused_and_the_simulator_serves_on(mode: Mode) {
    let mut simulator = start(mode).await;
    let error = simulator.step(&quality(1.0)).await.unwrap_err();
    assert_fault(&error, InfraFaultKind::SimulatorError, &["request"]);
    assert!(simulator.is_usable());
    reset(&mut simulator, LUCKY).await;
}

pub(crate) async fn a_step_after_done_is_refused_and_the_simulator_serves_on(mode: Mode) {
    let mut simulator = start(mode).await;
    episode(&mut simulator, LUCKY, &quality(1.0)).await;
    let error = simulator.step(&quality(1.0)).await.unwrap_err();
    assert_fault(&error, InfraFaultKind::SimulatorError, &["request"]);
    assert!(simulator.is_usable());
    episode(&mut simulator, LUCKY, &quality(1.0)).await;
}

pub(crate) async fn a_misfit_action_is_the_miners_fault_and_the_episode_goes_on(mode: Mode) {
    let mut simulator = start(mode).await;
    reset(&mut simulator, LUCKY).await;
    for (channel, values) in [
        ("thrust", vec![1.0]),
        ("quality", vec![1.0, 2.0]),
        ("quality", vec![f64::NAN]),
    ] {
        let action = Action {
            continuous: [(channel.to_owned(), values)].into(),
            ..Action::default()
        };
        let error = simulator.step(&action).await.unwrap_err();
        let Fault::Miner(fault) = error.fault() else {
            panic!("blamed us: {error}")
        };
        assert_eq!(fault.kind, MinerFaultKind::BadShape);
        assert!(fault.detail.contains(channel), "{fault}");
    }
    let discrete = Action {
        discrete: [("gait".to_owned(), 1)].into(),
        ..Action::default()
    };
    assert!(matches!(
        simulator.step(&discrete).await,
        Err(Error::Action { .. })
    ));
    assert!(simulator.is_usable());
    simulator.step(&quality(1.0)).await.unwrap();
    simulator.step(&quality(1.0)).await.unwrap();
    assert!(
        simulator.step(&quality(1.0)).await.unwrap().done,
        "a refused action is no step"
    );
}

pub(crate) async fn an_unknown_environment_is_ours_and_the_simulator_serves_on(mode: Mode) {
    let mut simulator = start(mode).await;
    let error = simulator
        .reset(&environment("nowhere"), LUCKY, false)
        .await
        .unwrap_err();
    assert_fault(&error, InfraFaultKind::UnknownEnvironment, &["nowhere"]);
    assert!(simulator.is_usable());
    reset(&mut simulator, LUCKY).await;
}

pub(crate) async fn close_lets_the_simulator_end_by_itself(mode: Mode) {
    let launcher = launcher(&config(mode)).await;
    let mut simulator = launcher.start(&family()).await.unwrap();
    reset(&mut simulator, LUCKY).await;
    simulator.close().await.unwrap();
    assert!(
        launcher.drain(std::time::Duration::from_secs(10)).await,
        "something still runs"
    );
}

pub(crate) async fn a_simulator_of_another_family_is_not_taken(mode: Mode) {
    if mode == Mode::Scripted {
        return; // it is whatever it is asked to be
    }
    let launcher = launcher(&config(mode)).await;
    let mut other = family();
    other.environments.truncate(1);
    other.environments[0].id = environment("tomorrow");
    let fault = ours(&launcher.start(&other).await.unwrap_err());
    assert_eq!(fault.kind, InfraFaultKind::SimulatorStart);
    assert!(fault.detail.contains("fake/tomorrow"), "{fault}");
}
