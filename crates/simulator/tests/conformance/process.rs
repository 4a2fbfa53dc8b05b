//! The suite over child processes.

use crate::fixture::{assert_fault, begin, config, environment, family, launcher, quality};
use kinitro_proto::{Extra, InfraFaultKind};
use kinitro_simulator::{Config, Mode};

crate::run!(Mode::Process, contract:
    the_same_seed_gives_the_same_episode_whatever_ran_before
    success_is_luck_less_than_quality
    success_latches
    an_action_without_quality_is_a_failure_not_a_fault
    a_step_before_a_reset_is_refused_and_the_simulator_serves_on
    a_step_after_done_is_refused_and_the_simulator_serves_on
    a_misfit_action_is_the_miners_fault_and_the_episode_goes_on
    an_unknown_environment_is_ours_and_the_simulator_serves_on
    close_lets_the_simulator_end_by_itself
    a_simulator_of_another_family_is_not_taken
);

crate::run!(Mode::Process, faults:
    a_crash_has_its_exit_code_and_last_words
    text_on_standard_output_breaks_the_protocol
    a_frame_over_the_limit_breaks_the_protocol
    a_reward_that_is_no_number_breaks_the_protocol
    a_second_reply_is_never_taken_for_the_next_one
    a_hang_is_ended_by_its_limit_and_killed
    an_abandoned_call_leaves_the_simulator_dead
    a_dropped_simulator_is_killed
    a_slow_step_is_waited_for
    a_flood_on_standard_error_blocks_nobody
    a_closed_standard_output_breaks_the_protocol
    an_error_of_the_program_itself_is_ours_and_it_serves_on
    pictures_come_only_when_asked_for
);

crate::run!(Mode::Process, template:
    the_template_is_solved_by_going_where_it_says
    the_template_that_exits_as_if_killed_is_a_crash_and_not_out_of_memory
    the_template_that_hangs_is_killed
    the_template_that_answers_garbage_breaks_the_protocol
    the_template_that_floods_blocks_nobody
);

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let config = Config {
        python: "no-such-python".into(),
        ..config(Mode::Process)
    };
    let error = launcher(&config).await.start(&family()).await.unwrap_err();
    assert_fault(
        &error,
        InfraFaultKind::SimulatorStart,
        &["no-such-python", "tests/fake"],
    );
}

#[tokio::test]
async fn a_program_that_ends_before_its_hello_says_why() {
    let mut family = family();
    family.command = ["python", "-c", "raise SystemExit('no module named mujoco')"]
        .map(str::to_owned)
        .into();
    let error = launcher(&config(Mode::Process))
        .await
        .start(&family)
        .await
        .unwrap_err();
    assert_fault(
        &error,
        InfraFaultKind::SimulatorStart,
        &["exit code `1`", "no module named mujoco"],
    );
}

#[tokio::test]
async fn the_executors_secrets_are_not_handed_on() {
    // Cargo and nextest set these for every test: the stand-ins of an executor's secrets.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let mut simulator = begin(&config(Mode::Process), "environ").await;
    let step = simulator.step(&quality(1.0)).await.unwrap();
    let Extra::List(names) = &step.observation.extra["names"] else {
        panic!("{step:?}")
    };
    assert!(names.contains(&Extra::Text("PATH".to_owned())));
    for name in names {
        let Extra::Text(name) = name else {
            panic!("{name:?}")
        };
        assert!(
            !name.contains("CARGO") && !name.contains("NEXTEST"),
            "`{name}` was handed on"
        );
    }
    assert!(simulator.is_usable());
    drop(
        simulator
            .reset(&environment("scripted"), crate::fixture::LUCKY, false)
            .await
            .unwrap(),
    );
}
