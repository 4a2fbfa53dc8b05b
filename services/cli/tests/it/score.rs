//! `kinitro score` and `kinitro test-scoring`: tables in, points and where they come from out.

use crate::stack::{kinitro, run};
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    process::{Output, Stdio},
};
use tempfile::TempDir;

/// Miner 2 is ahead of miner 1 in push and reach, miner 3 of both in push.
const THREE: &str = "\
uid,environment,episodes,successes,commit_block
1,metaworld/push-v3,50,25,10
1,metaworld/reach-v3,50,40,10
1,metaworld/door-v3,50,15,10
2,metaworld/push-v3,50,38,20
2,metaworld/reach-v3,50,48,20
2,metaworld/door-v3,50,17,20
3,metaworld/push-v3,50,46,30
3,metaworld/reach-v3,50,10,30
3,metaworld/door-v3,50,10,30
";

/// Exit code, standard output, standard error.
fn ended(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Scores a table in a file.
fn scored(table: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("results.csv");
    fs::write(&path, table).unwrap();
    let path = path.display().to_string();
    ended(run(&[&["score", "--from", &path], args].concat(), &[]))
}

fn text(table: &str, args: &[&str]) -> String {
    let (code, said, error) = scored(table, args);
    assert_eq!(code, Some(0), "{error}");
    said
}

fn json(table: &str, args: &[&str]) -> Value {
    let said = text(table, &[&["--format", "json"], args].concat());
    serde_json::from_str(&said).unwrap()
}

/// A table of so many miners and environments, with rates from 22 to 100 %.
fn large(miners: u32, environments: u32) -> String {
    let mut table = String::from("uid,environment,episodes,successes\n");
    for uid in 0..miners {
        for e in 0..environments {
            let successes = 50 - (uid * 7 + e * 13) % 40;
            writeln!(table, "{uid},family/e-{e},50,{successes}").unwrap();
        }
    }
    table
}

/// The sum of size × subsets.
fn sum(won: &Value) -> u64 {
    let won = won.as_array().unwrap().iter();
    won.map(|of| of["size"].as_u64().unwrap() * of["subsets"].as_u64().unwrap())
        .sum()
}

#[test]
fn a_table_is_scored_and_each_miners_points_are_explained() {
    let said = text(THREE, &[]);
    for part in [
        "3 miners and 3 environments",
        "Frontier: 2, 3",
        "76.0 % (63–86)",
        "Miner 2, committed at block 20: rank 2, 3 points",
        "won 2 subsets: 1 of size 1, 1 of size 2",
        "0.9600 over the 0.8849 of miner 1",
        "barred from door-v3 by 1 earlier miner: 0.3400 is not over the 0.3972 of miner 1, 0.0572 short",
        "loses what lies within {push-v3} to miner 3 (block 30)",
        "won {push-v3, reach-v3}: held against miner 1 by 0.0751 in reach-v3, who would have had it next",
        "Every subset was won by somebody",
    ] {
        assert!(said.contains(part), "`{part}` in\n{said}");
    }
    let one = text(THREE, &["--miner", "2"]);
    assert!(
        !one.contains("Miner 1,") && one.contains("0.6259–0.8570"),
        "{one}"
    );
}

#[test]
fn json_has_the_same_figures_and_the_points_add_up() {
    let report = json(THREE, &[]);
    let miners = report["miners"].as_array().unwrap();
    let points: Vec<f64> = miners
        .iter()
        .map(|miner| miner["points"].as_f64().unwrap())
        .collect();
    assert_eq!(points, [8.0, 3.0, 1.0]);
    let weights: f64 = miners.iter().map(|miner| miner["weight"].as_f64().unwrap()).sum();
    assert!((weights - 1.0).abs() < 1e-12);
    for (miner, points) in miners.iter().zip(&points) {
        let told = &miner["explanation"];
        assert!((sum(&told["won"]) as f64 - points).abs() < f64::EPSILON, "{told}");
        let listed = told["subsets"].as_array().unwrap().iter();
        let listed: usize = listed
            .map(|won| won["environments"].as_array().unwrap().len())
            .sum();
        assert!((listed as f64 - points).abs() < f64::EPSILON, "{told}");
    }
    let second = &miners[1];
    let low = second["cells"][0]["low"].as_f64().unwrap();
    assert!((low - 0.6259).abs() < 1e-4, "{low}");
    assert_eq!(second["explanation"]["tightest"]["uid"], 1);
    assert_eq!(second["explanation"]["rivals"]["later"][0]["uid"], 3);
    assert_eq!(report["settings"]["min_episodes"], 25);
    assert_eq!(report["unwon"], serde_json::json!([]));
}

#[test]
fn a_miner_can_be_chosen_and_its_rivals_are_told() {
    let table = large(20, 12);
    let report = json(&table, &["--miner", "3", "--miner", "5"]);
    let miners = report["miners"].as_array().unwrap();
    let told = miners.iter().filter(|miner| !miner["explanation"].is_null());
    let told: Vec<&Value> = told.collect();
    assert_eq!(told.iter().map(|miner| &miner["uid"]).collect::<Vec<_>>(), [3, 5]);
    for miner in told {
        let rivals = &miner["explanation"]["rivals"];
        let count = |which: &str| rivals[which].as_array().unwrap().len();
        assert_eq!(count("earlier") + count("later"), 19);
        assert!(
            miner["explanation"]["subsets"].is_null(),
            "more than ten environments"
        );
    }
    let listed = json(&table, &["--miner", "3", "--subsets"]);
    assert!(listed["miners"][3]["explanation"]["subsets"].is_array());
    let (code, _, error) = scored(&table, &["--miner", "77"]);
    assert_eq!(code, Some(3), "{error}");
    assert!(error.contains("no miner `77`"), "{error}");
}

#[test]
fn a_wide_table_is_summarised() {
    let said = text(&large(40, 50), &[]);
    assert!(said.contains("40 miners and 50 environments"), "{said}");
    assert!(said.contains("50 of 50"), "{said}");
    assert!(said.contains("20 more miners are not explained here"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() < 400), "{said}");
}

#[test]
fn every_fault_of_a_table_is_told_with_its_line_and_nothing_is_scored() {
    let table = "\
uid,environment,episodes,successes,commit_block
70000,a,5,6,x
1,,+5,6,1
1,b,5

1,b,5,5,1
1,b,5,4,2
-1,c,5,5,1
2,\u{1b}[2J,5,1.5,1
";
    let (code, said, error) = scored(table, &["--temperature", "0"]);
    assert_eq!((code, said.as_str()), (Some(2), ""));
    assert!(error.starts_with("kinitro: 11 faults in `"), "{error}");
    for fault in [
        "line 2, column `uid`: `70000` is not possible: write a whole number from 0 to 65535",
        "line 2, column `successes`: `6` is not possible: write a whole number from 0 to 5",
        "line 2, column `commit_block`: `x`",
        "line 3, column `environment`: `` is no name",
        "line 3, column `episodes`: `+5`",
        "line 4: 3 values, but the header has 5 columns",
        "line 7, column `commit_block`: `2`, but line 6 has `1` for miner 1",
        "line 7, column `environment`: `b` of miner 1 is in line 6 already",
        "line 8, column `uid`: `-1`",
        "line 9, column `environment`: `\\u{1b}[2J` is no name",
        "line 9, column `successes`: `1.5`",
    ] {
        assert!(error.contains(fault), "`{fault}` in\n{error}");
    }
    for (table, fault) in [
        ("", "no column `uid`"),
        (
            "uid;environment;episodes;successes\n1;a;5;5\n",
            "the column `uid;environment;episodes;successes`",
        ),
        (
            "uid,environment,episodes,successes,uid\n",
            "the column `uid` is there twice",
        ),
        ("uid,environment,episodes,successes\n", "no rows"),
    ] {
        let (code, _, error) = scored(table, &[]);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(fault), "`{fault}` in\n{error}");
    }
    let (code, _, error) = ended(run(&["score", "--from", "/nowhere/results.csv"], &[]));
    assert_eq!(code, Some(2), "{error}");
    assert!(
        error.contains("`/nowhere/results.csv`") && error.contains("could not read it"),
        "{error}"
    );
}

#[test]
fn a_table_beyond_its_bounds_is_refused_once_for_each_bound() {
    let (code, _, error) = scored(&large(2, 140), &[]);
    assert_eq!(code, Some(2), "{error}");
    assert!(
        error.contains("1 fault in") && error.contains("`family/e-128` is one environment more"),
        "{error}"
    );
    let (code, _, error) = scored(&large(4_100, 1), &[]);
    assert_eq!(code, Some(2), "{error}");
    assert!(
        error.contains("1 fault in") && error.contains("`4096` is one miner more"),
        "{error}"
    );
    let many = format!("uid,environment,episodes,successes\n{}", "x,a,1,1\n".repeat(500));
    let (_, _, error) = scored(&many, &[]);
    assert!(
        error.contains("and 450 more") && error.lines().count() < 60,
        "{error}"
    );
}

#[test]
fn settings_that_make_no_sense_are_told_by_their_flags() {
    let args = [
        "--temperature",
        "0",
        "--z-score=-1",
        "--min-gap",
        "0.5",
        "--episodes-per-env",
        "40",
    ];
    let (code, _, error) = scored(THREE, &args);
    assert_eq!(code, Some(2), "{error}");
    for flag in [
        "4 faults",
        "--temperature:",
        "--z-score:",
        "--min-gap, --max-gap:",
        "--episodes-per-env: a row has 50",
    ] {
        assert!(error.contains(flag), "`{flag}` in\n{error}");
    }
}

#[test]
fn a_missing_cell_is_refused_or_a_zero_or_excluded() {
    let table = THREE
        .replace("2,metaworld/door-v3,50,17,20\n", "")
        .replace("door-v3,50,10,30", "door-v3,24,10,30");
    let (code, said, error) = scored(&table, &[]);
    assert_eq!((code, said.as_str()), (Some(1), ""), "{error}");
    assert!(
        error.contains("2 of 9 cells have fewer than the 25 episodes they need"),
        "{error}"
    );
    assert!(
        error.contains("miner 2 in metaworld/door-v3 has 0, miner 3 in metaworld/door-v3 has 24"),
        "{error}"
    );
    let zero = json(&table, &["--missing-cell", "zero"]);
    assert_eq!(
        zero["miners"][1]["explanation"]["barred"][0]["worst"]["score"],
        0.0
    );
    let excluded = json(&table, &["--missing-cell", "exclude"]);
    assert_eq!(excluded["miners"][1]["explanation"]["barred"][0]["by"], 0);
    let said = text(&table, &["--missing-cell", "exclude"]);
    assert!(
        said.contains("takes no part in door-v3") && said.contains("41.7 %?"),
        "{said}"
    );
    let fewer = json(&table, &["--missing-cell", "zero", "--min-episodes", "24"]);
    assert_eq!(fewer["miners"][2]["cells"][2]["missing"], false);
}

#[test]
fn standard_input_is_read_in_any_order_of_columns_with_any_line_ends() {
    let table = "\u{feff}successes,uid,commit_block,environment,episodes\r\n50, 4 ,,\"a, b\",50\r\n1,3,7,\"a, b\",50\r\n";
    let mut command = kinitro(&["score", "--from", "-", "--format", "json"], &[]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(table.as_bytes()).unwrap();
    let (code, said, error) = ended(child.wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{error}");
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["environments"], serde_json::json!(["a, b"]));
    // By uid; who has no block is the later one.
    assert_eq!(
        (&report["miners"][0]["uid"], &report["miners"][1]["commit_block"]),
        (&3.into(), &Value::Null)
    );
    assert_eq!(report["miners"][1]["points"], 1.0);
}

#[test]
fn no_points_no_weight_is_a_choice() {
    let report = json(THREE, &[]);
    assert!(report["miners"][2]["weight"].as_f64() > Some(0.0));
    let alone = THREE.replace("push-v3,50,46,30", "push-v3,50,0,30");
    let report = json(&alone, &["--require-points"]);
    assert_eq!(report["miners"][2]["points"], 0.0);
    assert_eq!(report["miners"][2]["weight"], 0.0);
}

#[test]
fn random_miners_are_scored_and_replayed_from_the_seed_that_is_printed() {
    let first = ended(run(&["test-scoring"], &[]));
    assert_eq!(first.0, Some(0), "{}", first.2);
    let seed = first
        .1
        .split("--seed ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    let again = ended(run(&["test-scoring", "--seed", seed], &[]));
    assert_eq!(first.1, again.1);
    for part in [
        "5 miners, 3 environments, 50 episodes each",
        "ENV_2",
        "Pareto frontier:",
        "1400",
    ] {
        assert!(first.1.contains(part), "`{part}` in\n{}", first.1);
    }
    let lines = first
        .1
        .lines()
        .skip_while(|line| !line.contains("WEIGHT"))
        .skip(1);
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split_whitespace().collect()).collect();
    let sum: f64 = rows.iter().map(|row| row[3].parse::<f64>().unwrap()).sum();
    assert!((sum - 1.0).abs() < 0.001, "{rows:?}");
    assert!(
        rows.iter().all(|row| row[2].ends_with(".0") && row[3].len() == 6),
        "{rows:?}"
    );
    let other = ended(run(&["test-scoring", "--seed", "1"], &[]));
    assert_ne!(first.1, other.1);
    let (code, _, error) = ended(run(&["test-scoring", "--n-envs", "129"], &[]));
    assert_eq!(code, Some(2), "{error}");
}

#[test]
fn random_miners_may_be_many() {
    let (code, said, error) = ended(run(
        &[
            "test-scoring",
            "--n-miners",
            "256",
            "--n-envs",
            "50",
            "--seed",
            "7",
        ],
        &[],
    ));
    assert_eq!(code, Some(0), "{error}");
    assert!(said.contains("256 miners, 50 environments"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() < 2_000), "{said}");
}
