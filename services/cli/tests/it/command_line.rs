//! The command line: what is wrong with its input is told at once and whole, and it explains itself.

use crate::stack::run;
use kinitro_harness::Postgres;
use std::{fs, net::TcpListener, path::Path, process::Output};
use tempfile::TempDir;

/// Servers that must not be asked: listening, and never answering.
struct Untouched(TcpListener);

impl Untouched {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let address = self.0.local_addr().unwrap();
        let database = format!("postgresql://postgres@{address}/kinitro");
        vec![
            ("KINITRO_NATS_URL", format!("nats://{address}")),
            ("KINITRO_SCHEDULER_DATABASE_URL", database.clone()),
            ("KINITRO_SCORER_DATABASE_URL", database.clone()),
            ("KINITRO_API_DATABASE_URL", database),
        ]
    }

    fn assert_untouched(&self) {
        let error = self.0.accept().expect_err("something was started: it connected");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

/// Runs it, and checks that it refuses with exit code 2, names all of these, and has touched nothing.
fn assert_refused(args: &[&str], named: &[&str]) {
    let servers = Untouched::listen();
    let output = run(args, &servers.settings());
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    for part in named {
        assert!(said.contains(part), "`{part}` in what {args:?} says:\n{said}");
    }
    servers.assert_untouched();
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output: Output = run(args, &[]);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_malformed_miners_file_and_wrong_settings_are_told_whole() {
    let folder = TempDir::new().unwrap();
    let miners = "\
        colour = 'red'\n\
        [[miners]]\nuid = 1\nhotkey = 'not a hotkey!'\nendpoint = 'https://a.example'\n\
        [[miners]]\nuid = 70000\nhotkey = '5A'\nendpoint = 'ftp://a.example'\n\
        [[miners]]\nuid = 3\nhotkey = '5B'\n\
        [[miners]]\nuid = 4\nhotkey = '5C'\nendpoint = 'https://b.example'\n\
        [[miners]]\nuid = 4\nhotkey = '5C'\nendpoint = 'https://c.example'\n";
    let miners = file(&folder, "miners.toml", miners);
    let args = [
        "scheduler",
        "--miners-file",
        &miners,
        "--eval-interval",
        "0",
        "--nats-replicas",
        "2",
    ];
    let named = [
        "faults in the settings, nothing was started",
        "`colour`",
        "not a hotkey!",
        "70000",
        "`ftp`",
        "no `endpoint`",
        "uid `4`",
        "hotkey `5C`",
        "--eval-interval",
        "--nats-replicas",
    ];
    assert_refused(&args, &named);
    let not_toml = file(&folder, "broken.toml", "[[miners]\nuid = ");
    assert_refused(&["scheduler", "--miners-file", &not_toml], &["broken.toml"]);
    assert_refused(
        &["scheduler", "--miners-file", "/nowhere/miners.toml"],
        &["/nowhere/miners.toml"],
    );
}

#[test]
fn a_malformed_config_file_is_told_whole() {
    let folder = TempDir::new().unwrap();
    let config = "colour = 1\nscorer = 2\n[scheduler]\nepisodes = 3\n[executor]\nuse_image = true\n";
    let config = file(&folder, "kinitro.toml", config);
    for service in ["scheduler", "executor", "scorer", "gateway"] {
        let named = ["4 faults", "`colour`", "`scorer`", "`episodes`", "`use_image`"];
        assert_refused(&["--config", &config, service], &named);
    }
    let not_toml = file(&folder, "broken.toml", "[scheduler\n");
    assert_refused(&["--config", &not_toml, "scorer"], &["broken.toml"]);
    assert_refused(&["--config", "/nowhere.toml", "scorer"], &["/nowhere.toml"]);
}

#[test]
fn wrong_settings_of_a_service_are_told_whole() {
    let executor = [
        "executor",
        "--env-families",
        "mars,venus",
        "--max-timesteps",
        "0",
        "--eval-timeout",
        "0",
    ];
    assert_refused(
        &executor,
        &[
            "4 faults",
            "`mars`",
            "`venus`",
            "--max-timesteps",
            "--eval-timeout",
        ],
    );
    let scorer = [
        "scorer",
        "--max-attempts",
        "0",
        "--batch-size",
        "0",
        "--nats-ack-wait",
        "1ms",
    ];
    assert_refused(
        &scorer,
        &["3 faults", "--max-attempts", "--batch-size", "--nats-ack-wait"],
    );
    let gateway = [
        "gateway",
        "--max-connections",
        "0",
        "--request-timeout-seconds",
        "0",
    ];
    assert_refused(
        &gateway,
        &["2 faults", "--max-connections", "--request-timeout-seconds"],
    );
    for args in [
        &["scheduler", "--netuid", "70000"][..],
        &["executor", "--scripted-fault", "melt:1"],
        &["scorer", "--no-such-flag"],
        &["no-such-command"],
    ] {
        assert_refused(args, &[args[args.len() - 1], "--help"]);
    }
}

#[test]
fn a_health_address_that_is_taken_stops_the_start() {
    let folder = TempDir::new().unwrap();
    let miner = "[[miners]]\nuid = 1\nhotkey = '5A'\nendpoint = 'https://a.example'\n";
    let miners = file(&folder, "miners.toml", miner);
    for args in [
        &["scheduler", "--miners-file", &miners][..],
        &["executor"],
        &["scorer"],
    ] {
        let servers = Untouched::listen();
        let mut settings = servers.settings();
        settings.push((
            "KINITRO_HEALTH_LISTEN",
            servers.0.local_addr().unwrap().to_string(),
        ));
        let output = run(args, &settings);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(
            said.contains("could not serve health and metrics"),
            "{args:?}: {said}"
        );
        servers.assert_untouched();
    }
}

#[test]
fn no_secret_is_shown_wherever_it_was_set() {
    let folder = TempDir::new().unwrap();
    let wrong = [("KINITRO_SCORER_DATABASE_URL", "mysql://me:hunter2@h/d".to_owned())];
    let config = "[scorer]\ndatabase_url = 'postgresql://me:hunter2@h/d'\nnats_password = 'hunter2'\n";
    let config = file(&folder, "kinitro.toml", config);
    for (args, code) in [
        (&["scorer"][..], 2),
        (&["scorer", "--database-url", "mysql://me:hunter2@h/d"], 2),
        (&["--config", &config, "scorer", "--help"], 0),
        (&["--config", &config, "config", "show", "scorer"], 0),
        // The password without its user is refused.
        (&["--config", &config, "scorer"], 2),
    ] {
        let settings = if args.len() == 1 { &wrong[..] } else { &[] };
        let output = run(args, settings);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(!said.contains("hunter2"), "{args:?}: {said}");
    }
}

/// Every command, as the reference lists them, with its flags' rows.
fn commands() -> Vec<(Vec<String>, Vec<String>)> {
    let reference = stdout(&["config", "reference"]);
    let sections = reference.split("\n## `kinitro").skip(1);
    sections
        .map(|section| {
            let (path, rest) = section.split_once('`').unwrap();
            let rows = rest.lines().filter(|line| line.starts_with("| `"));
            let words = path.split_whitespace().map(str::to_owned).collect();
            (words, rows.map(str::to_owned).collect())
        })
        .collect()
}

#[test]
fn every_command_explains_itself_its_flags_and_an_example() {
    let commands = commands();
    assert!(commands.len() > 20, "{} commands", commands.len());
    for (path, rows) in &commands {
        for row in rows {
            let meaning = row.rsplit(" | ").next().unwrap().trim_end_matches(" |");
            assert!(meaning.len() > 5, "{path:?}: no description in `{row}`");
        }
        let mut args: Vec<_> = path.iter().map(String::as_str).collect();
        args.push("--help");
        let help = stdout(&args);
        assert!(help.contains("Usage: kinitro"), "{path:?}");
        let is_leaf = !commands
            .iter()
            .any(|(other, _)| other.len() > path.len() && other.starts_with(path));
        assert!(!is_leaf || help.contains("Example"), "{path:?} has no example");
    }
}

#[test]
fn the_reference_in_docs_is_the_commands_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference.md");
    let kept = fs::read_to_string(&path).unwrap();
    let now = stdout(&["config", "reference"]);
    assert!(
        kept == now,
        "docs/reference.md is old: `kinitro config reference > docs/reference.md`"
    );
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&["completions", shell]);
        assert!(
            script.contains("scheduler") && script.contains("eval-interval"),
            "{shell}"
        );
    }
}

#[test]
fn config_show_names_where_each_value_comes_from() {
    let folder = TempDir::new().unwrap();
    let config = file(
        &folder,
        "kinitro.toml",
        "[scheduler]\neval_interval = 60\nnetuid = 7\nepisodes_per_env = 5\n",
    );
    let settings = [
        ("KINITRO_CONFIG", config),
        ("KINITRO_SCHEDULER_NETUID", "8".to_owned()),
        ("KINITRO_SCHEDULER_EPISODES_PER_ENV", "6".to_owned()),
        (
            "KINITRO_SCHEDULER_DATABASE_URL",
            "postgresql://me:hunter2@h/d".to_owned(),
        ),
    ];
    let output = run(&["config", "show", "scheduler", "--", "--netuid", "9"], &settings);
    let shown = text(&output.stdout);
    for row in [
        ["netuid", "9", "flag"],
        ["episodes-per-env", "6", "KINITRO_SCHEDULER_EPISODES_PER_ENV"],
        ["eval-interval", "60", "file"],
        ["cycle-timeout", "7200", "default"],
        ["database-url", "***", "KINITRO_SCHEDULER_DATABASE_URL"],
    ] {
        let is_row = |line: &str| line.split_whitespace().eq(row);
        assert!(shown.lines().any(is_row), "{row:?} in\n{shown}");
    }
    assert!(!shown.contains("hunter2"));
}

#[tokio::test]
async fn the_exit_code_tells_what_kind_of_failure_it_is() {
    let database = Postgres::database().await;
    let url = database.url();
    let stranger = url.replacen("postgres@", "nobody_knows@", 1);
    assert_ne!(stranger, url);
    // Port 1 of this machine: nobody listens there.
    let (nobody, no_bus) = ("postgresql://postgres@127.0.0.1:1/kinitro", "nats://127.0.0.1:1");
    let ended = |args: &[&str], code: i32| {
        let output = run(args, &[]);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?}: {}",
            text(&output.stderr)
        );
    };
    ended(&["db", "status", "--database-url", &url], 4);
    ended(&["db", "migrate", "--database-url", &url], 0);
    ended(&["cycle", "show", "--database-url", &url], 3);
    ended(&["db", "create", "--database-url", &stranger], 5);
    ended(&["db", "create", "--database-url", nobody], 75);
    ended(
        &[
            "nats",
            "diff",
            "--nats-url",
            no_bus,
            "--nats-connect-timeout",
            "1s",
        ],
        75,
    );
    let watch = [
        "cycle",
        "watch",
        "--until-settled",
        "--timeout",
        "1",
        "--database-url",
    ];
    ended(&[&watch[..], &[&url]].concat(), 6);
}
