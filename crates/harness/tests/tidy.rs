//! The house rules that a compiler cannot keep: who may import whom, sizes, names, and what no file may hold.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The most lines a file of code may have.
const MAX_LINES: usize = 500;

/// Who may import whom, of ours. A new edge is a change to this table and to ARCHITECTURE.md, in the open.
const EDGES: &[(&str, &str)] = &[
    ("proto", ""),
    ("chassis", ""),
    ("scoring", "proto"),
    ("audit", "proto scoring"),
    ("sealing", "proto"),
    ("nats", "proto"),
    ("store", "proto"),
    ("chain", "proto sealing"),
    ("simulator", "proto"),
    ("policy", "proto"),
    ("miner", ""),
    ("harness", ""),
    ("devchain", ""),
    // The scheduler records the strategy's settings with the cycle, so it knows their type, and seeds come from the audit's formula.
    ("scheduler", "proto nats store scoring audit chain chassis"),
    ("executor", "proto nats simulator policy chassis"),
    ("scorer", "proto nats store audit chassis"),
    ("gateway", "proto nats store chassis"),
    ("validator", "proto audit chain chassis"),
    (
        "cli",
        "proto nats store scoring audit chain sealing simulator chassis miner devchain scheduler executor scorer gateway validator",
    ),
];

/// One home for each foreign thing.
const HOMES: &[(&str, &str)] = &[
    ("async-nats", "nats"),
    ("sqlx", "store"),
    ("bollard", "simulator"),
    ("subxt", "chain"),
    ("subxt-signer", "chain"),
    ("x25519-dalek", "sealing"),
    ("ed25519-dalek", "audit"),
    ("jsonrpsee", "devchain"),
    ("frame-support", "devchain"),
    // The policy client talks to miners, the validator to the gateway; the chassis only probes our own health addresses.
    ("reqwest", "policy validator chassis"),
    ("axum", "gateway chassis miner"),
    ("tracing-subscriber", "chassis"),
    ("opentelemetry", "chassis"),
    ("opentelemetry_sdk", "chassis"),
    ("opentelemetry-otlp", "chassis"),
    ("anyhow", "cli"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every file that git tracks, or would if it were added.
fn files() -> Vec<PathBuf> {
    let list = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        list.status.success(),
        "git ls-files failed: the tidy test runs in a clone"
    );
    let list = String::from_utf8(list.stdout).unwrap();
    let files: Vec<_> = list
        .lines()
        .map(PathBuf::from)
        .filter(|file| root().join(file).is_file())
        .collect();
    assert!(files.len() > 100, "only {} files: the list is wrong", files.len());
    files
}

fn is_code(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("rs" | "py" | "sql" | "sh"))
}

fn read(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(root().join(file)).unwrap()).into_owned()
}

fn none(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

/// A crate's name without its prefix, and the names under `[dependencies]`.
fn manifest(file: &Path) -> (String, BTreeSet<String>) {
    let table: toml::Table = read(file).parse().unwrap();
    let name = table["package"]["name"]
        .as_str()
        .unwrap()
        .trim_start_matches("kinitro-")
        .to_owned();
    let dependencies = table.get("dependencies").and_then(toml::Value::as_table);
    (
        name,
        dependencies
            .into_iter()
            .flat_map(|table| table.keys().cloned())
            .collect(),
    )
}

fn manifests() -> Vec<(String, BTreeSet<String>)> {
    let is_crate = |file: &PathBuf| file.ends_with("Cargo.toml") && file.components().count() > 1;
    files()
        .iter()
        .filter(|file| is_crate(file))
        .map(|file| manifest(file))
        .collect()
}

#[test]
fn a_crate_imports_only_what_it_may() {
    let mut faults = Vec::new();
    for (name, dependencies) in manifests() {
        let allowed = EDGES.iter().find(|(of, _)| *of == name);
        let Some((_, allowed)) = allowed else {
            faults.push(format!("`{name}` is not in the table of who may import whom"));
            continue;
        };
        let ours = dependencies
            .iter()
            .filter_map(|dependency| dependency.strip_prefix("kinitro-"));
        let forbidden = ours.filter(|ours| !allowed.split(' ').any(|allowed| allowed == *ours));
        faults.extend(forbidden.map(|ours| format!("`{name}` imports `{ours}`")));
    }
    none("imports that the table does not allow", &faults);
}

#[test]
fn a_foreign_thing_has_one_home() {
    let mut faults = Vec::new();
    for (name, dependencies) in manifests() {
        for (foreign, homes) in HOMES {
            if dependencies.contains(*foreign) && !homes.split(' ').any(|home| home == name) {
                faults.push(format!("`{name}` names `{foreign}`, whose home is {homes}"));
            }
        }
    }
    none("foreign things outside their homes", &faults);
}

#[test]
fn the_executor_has_no_database() {
    let (_, dependencies) = manifests()
        .into_iter()
        .find(|(name, _)| name == "executor")
        .unwrap();
    assert!(
        !dependencies
            .iter()
            .any(|dependency| dependency.contains("store") || dependency.contains("sql"))
    );
}

#[test]
fn files_are_short() {
    let long = files()
        .into_iter()
        .filter(|file| is_code(file))
        .filter_map(|file| {
            let lines = read(&file).lines().count();
            (lines > MAX_LINES).then(|| format!("{} has {lines} lines", file.display()))
        });
    none(
        &format!("files of code over {MAX_LINES} lines"),
        &long.collect::<Vec<_>>(),
    );
}

#[test]
fn names_say_what_a_file_is_for() {
    const EMPTY_WORDS: [&str; 7] = ["util", "utils", "common", "helper", "helpers", "manager", "misc"];
    let vague = files().into_iter().filter(|file| {
        is_code(file)
            && file
                .file_stem()
                .is_some_and(|stem| EMPTY_WORDS.iter().any(|word| stem == *word))
    });
    none(
        "names that say nothing",
        &vague.map(|file| file.display().to_string()).collect::<Vec<_>>(),
    );
}

#[test]
fn what_is_left_to_do_names_its_issue() {
    let (todo, fixme) = (["TO", "DO"].concat(), ["FIX", "ME"].concat());
    let mut faults = Vec::new();
    for file in files().into_iter().filter(|file| is_code(file)) {
        for (index, line) in read(&file).lines().enumerate() {
            let named = line.contains(&format!("{todo}(#"));
            if line.contains(&fixme) || (line.contains(&todo) && !named) {
                faults.push(format!("{}:{}: {}", file.display(), index + 1, line.trim()));
            }
        }
    }
    none("notes without an issue", &faults);
}

#[test]
fn no_file_names_a_registry_or_a_machine() {
    // Written in two parts, so that this file does not name them itself.
    let hosts = [
        ("deb.debian", ".org"),
        ("pypi", ".org"),
        ("pythonhosted", ".org"),
        ("static.crates", ".io"),
        ("index.crates", ".io"),
        ("registry.npmjs", ".org"),
    ];
    let hosts = hosts.map(|(host, top)| format!("{host}{top}"));
    let mut faults = Vec::new();
    for file in files().into_iter().filter(|file| !file.ends_with("Cargo.lock")) {
        let text = read(&file);
        let found = hosts.iter().find(|host| text.contains(host.as_str()));
        faults.extend(found.map(|host| format!("{} names {host}", file.display())));
    }
    none("hosts that belong to the machine's own settings", &faults);
}
