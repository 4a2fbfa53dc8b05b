//! What a real program may do wrong, and what it is called then.

use crate::fixture::{
    LUCKY, assert_fault, begin, config, environment, family, launcher, quality, start, within,
};
use kinitro_proto::InfraFaultKind;
use kinitro_simulator::{Config, Error, Mode};
use std::time::{Duration, Instant};

/// Runs one step of an environment that answers wrongly, and checks that it is dead and called by its name.
async fn breaks(mode: Mode, name: &str, kind: InfraFaultKind, words: &[&str]) {
    let mut simulator = begin(&config(mode), name).await;
    let error = simulator.step(&quality(1.0)).await.unwrap_err();
    assert_fault(&error, kind, words);
    assert!(!simulator.is_usable());
    let error = simulator
        .reset(&environment("scripted"), LUCKY, false)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unusable { .. }), "{error}");
}

pub(crate) async fn a_crash_has_its_exit_code_and_last_words(mode: Mode) {
    breaks(
        mode,
        "crash",
        InfraFaultKind::SimulatorCrash,
        &["`3`", "first words | Traceback: boom"],
    )
    .await;
}

pub(crate) async fn text_on_standard_output_breaks_the_protocol(mode: Mode) {
    breaks(mode, "garbage", InfraFaultKind::SimulatorProtocol, &["`Trac`"]).await;
}

pub(crate) async fn a_frame_over_the_limit_breaks_the_protocol(mode: Mode) {
    breaks(
        mode,
        "huge",
        InfraFaultKind::SimulatorProtocol,
        &["`2147483647` bytes"],
    )
    .await;
}

pub(crate) async fn a_reward_that_is_no_number_breaks_the_protocol(mode: Mode) {
    breaks(
        mode,
        "nan",
        InfraFaultKind::SimulatorProtocol,
        &["reward is not finite"],
    )
    .await;
}

pub(crate) async fn a_second_reply_is_never_taken_for_the_next_one(mode: Mode) {
    let mut simulator = begin(&config(mode), "double").await;
    simulator.step(&quality(1.0)).await.unwrap();
    // The second reply may come a moment after the first, so the first call after it may still miss it; but
    // not the one after that, and none of the replies it gives is of the wrong kind.
    let broken = async {
        loop {
            if let Err(error) = simulator.reset(&environment("scripted"), LUCKY, false).await {
                return error;
            }
        }
    };
    assert_fault(&within(10, broken).await, InfraFaultKind::SimulatorProtocol, &[]);
}

pub(crate) async fn a_hang_is_ended_by_its_limit_and_killed(mode: Mode) {
    let limit = Duration::from_millis(200);
    let config = Config {
        simulator_step_timeout: limit,
        ..config(mode)
    };
    let launcher = launcher(&config).await;
    let mut simulator = launcher.start(&family()).await.unwrap();
    simulator.reset(&environment("hang"), LUCKY, false).await.unwrap();
    let begun = Instant::now();
    let error = simulator.step(&quality(1.0)).await.unwrap_err();
    assert_fault(&error, InfraFaultKind::SimulatorHang, &["`step`", "200ms"]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(!simulator.is_usable());
    assert!(launcher.drain(Duration::from_secs(20)).await, "it still runs");
}

pub(crate) async fn an_abandoned_call_leaves_the_simulator_dead(mode: Mode) {
    let launcher = launcher(&config(mode)).await;
    let mut simulator = launcher.start(&family()).await.unwrap();
    simulator.reset(&environment("hang"), LUCKY, false).await.unwrap();
    let abandoned = tokio::time::timeout(Duration::from_millis(100), simulator.step(&quality(1.0))).await;
    assert!(abandoned.is_err());
    assert!(!simulator.is_usable());
    assert!(launcher.drain(Duration::from_secs(20)).await, "it still runs");
}

pub(crate) async fn a_dropped_simulator_is_killed(mode: Mode) {
    let launcher = launcher(&config(mode)).await;
    drop(launcher.start(&family()).await.unwrap());
    assert!(launcher.drain(Duration::from_secs(20)).await, "it still runs");
}

pub(crate) async fn a_slow_step_is_waited_for(mode: Mode) {
    let mut simulator = begin(&config(mode), "slow").await;
    let begun = Instant::now();
    simulator.step(&quality(1.0)).await.unwrap();
    assert!(
        begun.elapsed() >= Duration::from_millis(300),
        "{:?}",
        begun.elapsed()
    );
}

pub(crate) async fn a_flood_on_standard_error_blocks_nobody(mode: Mode) {
    let mut simulator = begin(&config(mode), "flood").await;
    for _ in 0..3 {
        within(30, simulator.step(&quality(1.0))).await.unwrap();
    }
    assert!(simulator.is_usable());
}

pub(crate) async fn a_closed_standard_output_breaks_the_protocol(mode: Mode) {
    let mut simulator = begin(&config(mode), "deaf").await;
    let error = simulator.step(&quality(1.0)).await.unwrap_err();
    assert_fault(
        &error,
        InfraFaultKind::SimulatorProtocol,
        &["standard output is closed"],
    );
    assert!(!simulator.is_usable());
}

pub(crate) async fn an_error_of_the_program_itself_is_ours_and_it_serves_on(mode: Mode) {
    let mut simulator = begin(&config(mode), "internal").await;
    let error = simulator.step(&quality(1.0)).await.unwrap_err();
    assert_fault(&error, InfraFaultKind::SimulatorError, &["the solver diverged"]);
    assert!(simulator.is_usable());
    simulator
        .reset(&environment("scripted"), LUCKY, false)
        .await
        .unwrap();
}

pub(crate) async fn pictures_come_only_when_asked_for(mode: Mode) {
    let mut simulator = start(mode).await;
    let with = simulator
        .reset(&environment("scripted"), LUCKY, true)
        .await
        .unwrap();
    assert_eq!(with.rgb["front"].data.len(), 84 * 84 * 3);
    let without = simulator
        .reset(&environment("scripted"), LUCKY, false)
        .await
        .unwrap();
    assert!(without.rgb.is_empty());
}
