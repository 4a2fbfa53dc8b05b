//! The suite over containers, their walls, and what is left of them. Needs Docker and `python:3.12-slim`.

use crate::fixture::{
    LUCKY, assert_fault, begin, build_image, config, environment, family, launcher, launcher_of,
    leaving_nothing, quality, unique, within,
};
use bollard::Docker;
use bollard::query_parameters::{EventsOptionsBuilder, ListContainersOptionsBuilder};
use futures::StreamExt;
use kinitro_proto::{Extra, InfraFaultKind};
use kinitro_simulator::{Config, Launcher, Mode};
use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

crate::run!(Mode::Docker, contract:
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

crate::run!(Mode::Docker, faults:
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
    an_error_of_the_program_itself_is_ours_and_it_serves_on
    pictures_come_only_when_asked_for
);

crate::run!(Mode::Docker, template:
    the_template_is_solved_by_going_where_it_says
    the_template_that_exits_as_if_killed_is_a_crash_and_not_out_of_memory
    the_template_that_hangs_is_killed
    the_template_that_answers_garbage_breaks_the_protocol
    the_template_that_floods_blocks_nobody
    the_template_that_takes_all_memory_is_out_of_memory
);

#[tokio::test]
async fn memory_that_runs_out_is_called_so() {
    leaving_nothing(async {
        let mut simulator = begin(&config(Mode::Docker), "oom").await;
        let error = simulator.step(&quality(1.0)).await.unwrap_err();
        assert_fault(&error, InfraFaultKind::OutOfMemory, &["64MiB"]);
        assert!(!simulator.is_usable());
    })
    .await;
}

#[tokio::test]
async fn the_sandbox_has_no_way_out() {
    leaving_nothing(async {
        let mut simulator = begin(&config(Mode::Docker), "inspect").await;
        let facts = simulator.step(&quality(1.0)).await.unwrap().observation.extra;
        let expected = [
            ("CapEff", "0000000000000000"),
            ("CapBnd", "0000000000000000"),
            ("NoNewPrivs", "1"),
            ("Seccomp", "2"),
            ("ids", "65534:65534"),
            ("interfaces", "lo"),
            ("write", "Read-only file system"),
            ("exec", "noexec"),
            ("fill", "No space left on device"),
        ];
        for (name, value) in expected {
            assert_eq!(facts[name], Extra::Text(value.to_owned()), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_missing_image_is_named_with_its_remedy() {
    let mut family = family();
    family.image = "kinitro/never-built:v0".to_owned();
    let error = launcher(&config(Mode::Docker))
        .await
        .start(&family)
        .await
        .unwrap_err();
    let words = ["kinitro/never-built:v0", "kinitro env build fake"];
    assert_fault(&error, InfraFaultKind::SimulatorStart, &words);
}

#[tokio::test]
async fn an_image_of_the_operator_wins_over_the_catalogues() {
    let images = [("metaworld".parse().unwrap(), "kinitro/never-built:v1".to_owned())]
        .into_iter()
        .collect();
    let config = Config {
        eval_images: images,
        ..config(Mode::Docker)
    };
    let family = kinitro_proto::catalogue::family(&"metaworld".parse().unwrap()).unwrap();
    let error = launcher(&config).await.start(family).await.unwrap_err();
    assert_fault(
        &error,
        InfraFaultKind::SimulatorStart,
        &["kinitro/never-built:v1", "kinitro env build metaworld"],
    );
}

#[tokio::test]
async fn an_absent_daemon_is_named_by_its_socket() {
    let config = Config {
        docker_socket: "/nowhere/docker.sock".into(),
        ..config(Mode::Docker)
    };
    let error = Launcher::connect(&config, &"me".parse().unwrap())
        .await
        .unwrap_err();
    assert_fault(&error, InfraFaultKind::SimulatorStart, &["/nowhere/docker.sock"]);
}

#[tokio::test]
async fn a_container_killed_from_outside_is_a_crash() {
    leaving_nothing(async {
        let owner = unique();
        let mut simulator = of_owner(&owner).await;
        let id = containers(&owner).await.pop().unwrap();
        docker(&["kill", &id]).await;
        let error = simulator
            .reset(&environment("scripted"), LUCKY, false)
            .await
            .unwrap_err();
        assert_fault(&error, InfraFaultKind::SimulatorCrash, &["`137`"]);
        assert!(!simulator.is_usable());
    })
    .await;
}

#[tokio::test]
async fn an_executor_killed_at_once_leaves_nothing_running_and_its_next_life_removes_the_rest() {
    let owner = unique();
    let mut executor = stand_in(&owner, "scripted").await;
    assert_eq!(containers(&owner).await.len(), 1);
    let ended = happened(&owner, "die");
    executor.kill().await.unwrap();
    within(20, ended).await;
    let gone = happened(&owner, "destroy");
    Launcher::connect(&config(Mode::Docker), &owner.parse().unwrap())
        .await
        .unwrap();
    within(20, gone).await;
    assert_eq!(containers(&owner).await, [""; 0]);
}

#[tokio::test]
async fn what_a_killed_executor_leaves_is_removed_by_any_other() {
    let (owner, other) = (unique(), unique());
    let mut executor = stand_in(&owner, "scripted").await;
    let other = Launcher::connect(&config(Mode::Docker), &other.parse().unwrap())
        .await
        .unwrap();
    other.reap().await.unwrap();
    assert_eq!(
        containers(&owner).await.len(),
        1,
        "it still runs: it is not for others to remove"
    );
    executor.kill().await.unwrap();
    let removed = async {
        let mut tick = tokio::time::interval(Duration::from_millis(500));
        while !containers(&owner).await.is_empty() {
            tick.tick().await;
            other.reap().await.unwrap();
        }
    };
    within(25, removed).await;
}

#[tokio::test]
async fn a_hung_container_of_an_earlier_life_is_reaped_and_others_are_let_be() {
    leaving_nothing(async {
        let (owner, other) = (unique(), unique());
        let mut neighbour = of_owner(&other).await;
        let mut executor = stand_in(&owner, "hang").await;
        executor.kill().await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(2), happened(&owner, "die")).await;
        assert!(ended.is_err(), "a hung program does not see the end of its input");
        let gone = happened(&owner, "destroy");
        Launcher::connect(&config(Mode::Docker), &owner.parse().unwrap())
            .await
            .unwrap();
        within(20, gone).await;
        assert_eq!(containers(&owner).await, [""; 0]);
        neighbour
            .reset(&environment("scripted"), LUCKY, false)
            .await
            .unwrap();
    })
    .await;
}

/// Not a test: the executor that the tests above kill.
#[tokio::test]
#[ignore = "run by the tests that kill it"]
async fn an_executor_to_be_killed() {
    let owner = std::env::var_os("TEST_OWNER")
        .expect("set by the test that runs this")
        .into_string()
        .unwrap();
    let episode = std::env::var_os("TEST_ENVIRONMENT")
        .expect("set by the test that runs this")
        .into_string()
        .unwrap();
    let mut simulator = of_owner(&owner).await;
    simulator
        .reset(&environment(&episode), LUCKY, false)
        .await
        .unwrap();
    let endless = async {
        if episode == "hang" {
            simulator.step(&quality(1.0)).await.unwrap();
        }
        std::future::pending::<()>().await;
    };
    // Tells the killer that it may kill, once the program has had the time to read its request.
    let told = async {
        let _ = tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
        tokio::fs::write("/dev/stdout", "ready\n").await.unwrap();
    };
    tokio::join!(endless, told);
}

async fn stand_in(owner: &str, episode: &str) -> Child {
    build_image();
    let mut executor = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--nocapture",
            "--exact",
            "docker::an_executor_to_be_killed",
        ])
        .env("TEST_OWNER", owner)
        .env("TEST_ENVIRONMENT", episode)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(executor.stdout.take().unwrap()).lines();
    let ready = async {
        while !lines
            .next_line()
            .await
            .unwrap()
            .expect("it does not end")
            .contains("ready")
        {}
    };
    within(30, ready).await;
    executor
}

async fn of_owner(owner: &str) -> kinitro_simulator::Simulator {
    launcher_of(&config(Mode::Docker), owner)
        .await
        .start(&family())
        .await
        .unwrap()
}

fn filter(owner: &str) -> HashMap<String, Vec<String>> {
    [("label".to_owned(), vec![format!("kinitro.owner={owner}")])].into()
}

async fn containers(owner: &str) -> Vec<String> {
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filter(owner))
        .build();
    let docker = Docker::connect_with_local_defaults().unwrap();
    docker
        .list_containers(Some(options))
        .await
        .unwrap()
        .into_iter()
        .filter_map(|found| found.id)
        .collect()
}

/// Ends when this has happened to a container of an owner, now or earlier.
async fn happened(owner: &str, what: &str) {
    let mut filters = filter(owner);
    filters.insert("event".to_owned(), vec![what.to_owned()]);
    let options = EventsOptionsBuilder::new().since("1").filters(&filters).build();
    let docker = Docker::connect_with_local_defaults().unwrap();
    let event = Box::pin(docker.events(Some(options))).next().await;
    assert!(matches!(event, Some(Ok(_))), "{event:?}");
}

async fn docker(arguments: &[&str]) {
    let done = Command::new("docker")
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .await
        .unwrap();
    assert!(done.success(), "docker {arguments:?}");
}
