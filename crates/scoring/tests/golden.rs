//! Every number the system before this one computed, bit for bit.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod golden {
    pub(crate) mod read;
}

use golden::read::{bits, bits_by_uid, case_input, f64s, file, list, uids};
use kinitro_scoring::subset::{self, Contest};
use kinitro_scoring::{Error, frontier, score, success_rate, threshold, weights};
use serde_json::Value;

/// Runs the check on every case of the list and says how many it ran.
fn each(cases: &Value, check: impl Fn(&Value)) -> usize {
    list(cases).iter().map(check).count()
}

#[test]
fn all_scoring_cases_agree_in_every_intermediate() {
    let file = file("scoring.json");
    assert_eq!(file["schema"], "scoring-v1");
    let ran = each(&file["cases"], |case| {
        let (environments, candidates, settings) = case_input(&case["input"]);
        let (name, output) = (&case["name"], &case["output"]);
        let scored = match score(environments, &candidates, &settings) {
            Ok(scored) => scored,
            Err(Error::Temperature(_)) => {
                return assert_eq!(output["error"]["message"], "pareto_temperature must be > 0");
            }
            Err(error) => panic!("{name}: {error}"),
        };
        assert!(output["error"].is_null(), "{name}");
        assert_eq!(bits(&scored.epsilons), output["epsilons_bits"], "{name}");
        frontier_agrees(case, &candidates, &scored);
        thresholds_agree(case, &candidates, &scored);
        winners_agree(case, environments, &candidates, &settings);
        let order = candidates
            .iter()
            .map(|candidate| candidate.uid)
            .collect::<Vec<_>>();
        assert_eq!(order, uids(&output["weights_order"]), "{name}");
        assert_eq!(scored.points, f64s(&output["subset_scores"], &order), "{name}");
        assert_eq!(
            bits(&scored.weights),
            bits_by_uid(&output["weights_bits"], &order),
            "{name}"
        );
        assert_eq!(order, uids(&output["weights_u16"]["uids"]), "{name}");
        assert_eq!(
            serde_json::json!(scored.weights_u16),
            output["weights_u16"]["values"],
            "{name}"
        );
    });
    assert_eq!(ran, 75);
}

fn frontier_agrees(
    case: &Value,
    candidates: &[kinitro_scoring::Candidate],
    scored: &kinitro_scoring::Scored,
) {
    let (name, output) = (&case["name"], &case["output"]);
    let matrix = candidates
        .iter()
        .map(|c| c.scores.iter().copied().map(frontier::narrow).collect::<Vec<_>>());
    let matrix: Vec<Vec<f32>> = matrix.collect();
    let matrix_bits: Vec<Vec<String>> = matrix
        .iter()
        .map(|row| row.iter().map(|x| format!("{:08x}", x.to_bits())).collect())
        .collect();
    assert_eq!(
        serde_json::json!(matrix_bits),
        output["score_matrix_f32_bits"],
        "{name}"
    );
    let rows: Vec<Vec<f64>> = matrix
        .iter()
        .map(|row| row.iter().map(|&x| x.into()).collect())
        .collect();
    let dominance = |a| {
        rows.iter()
            .map(|b| u8::from(frontier::dominates(a, b, &scored.epsilons)))
            .collect()
    };
    let dominance: Vec<Vec<u8>> = rows.iter().map(|a| dominance(a)).collect();
    assert_eq!(serde_json::json!(dominance), output["dominance"], "{name}");
    assert_eq!(scored.frontier, uids(&output["frontier_uids"]), "{name}");
}

fn thresholds_agree(
    case: &Value,
    candidates: &[kinitro_scoring::Candidate],
    scored: &kinitro_scoring::Scored,
) {
    let environments = list(&case["input"]["env_ids"]);
    let mut compared = 0;
    for (candidate, row) in candidates.iter().zip(&scored.thresholds) {
        let expected = &case["output"]["thresholds_bits"][candidate.uid.to_string()];
        for (environment, cell) in environments.iter().zip(row) {
            let expected = expected.get(environment.as_str().unwrap());
            let found = cell.map(|x| Value::from(format!("{:016x}", x.to_bits())));
            assert_eq!(
                found.as_ref(),
                expected,
                "{} uid {} {environment}",
                case["name"],
                candidate.uid
            );
            compared += 1;
        }
    }
    assert_eq!(compared, candidates.len() * environments.len());
}

fn winners_agree(
    case: &Value,
    environments: usize,
    candidates: &[kinitro_scoring::Candidate],
    settings: &kinitro_scoring::Settings,
) {
    let Some(expected) = case["output"]["subset_winners"].as_array() else {
        return;
    };
    let contest = Contest::new(environments, candidates, settings).unwrap();
    assert_eq!(expected.len(), (1 << environments) - 1, "{}", case["name"]);
    for entry in expected {
        let mask = list(&entry["subset"])
            .iter()
            .fold(0, |mask, e| mask | 1 << e.as_u64().unwrap());
        let winner = contest
            .winner(mask)
            .map(|place| u64::from(candidates[place].uid.0));
        assert_eq!(winner, entry["winner"].as_u64(), "{} {entry}", case["name"]);
    }
}

#[test]
fn all_lists_of_units_are_tested_here() {
    let file = file("scoring_units.json");
    let names: Vec<&str> = file.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "aggregate_task_results",
        "calculate_threshold",
        "compute_epsilon_f32",
        // Rows for v2's database: constants beside the rate, nothing is computed.
        "convert_to_scores_data",
        "epsilon_dominates_f64",
        "scores_to_weights",
        "subset_weight_schemes",
        "weights_to_u16",
    ];
    assert_eq!(names, expected);
}

#[test]
fn all_thresholds_agree() {
    let ran = each(&file("scoring_units.json")["calculate_threshold"], |case| {
        let settings = kinitro_scoring::Settings {
            z_score: case["z_score"].as_f64().unwrap(),
            min_gap: case["min_gap"].as_f64().unwrap(),
            max_gap: case["max_gap"].as_f64().unwrap(),
            // Fewer than no episodes are none.
            episodes_per_environment: case["sample_count"].as_i64().unwrap().max(0).try_into().unwrap(),
            ..Default::default()
        };
        let found = threshold::threshold(case["prior_score"].as_f64().unwrap(), &settings);
        assert_eq!(bits(&[found])[0], case["bits"], "{case}");
    });
    assert_eq!(ran, 149);
}

#[test]
fn all_epsilons_agree() {
    let ran = each(&file("scoring_units.json")["compute_epsilon_f32"], |case| {
        let hex = |value: &Value| u32::from_str_radix(value.as_str().unwrap(), 16).unwrap();
        let column: Vec<f32> = list(&case["values_f32_bits"])
            .iter()
            .map(|x| f32::from_bits(hex(x)))
            .collect();
        assert_eq!(
            frontier::deviation(&column).to_bits(),
            hex(&case["std_f32_bits"]),
            "{case}"
        );
        let episodes = case["n_samples"].as_u64().unwrap().try_into().unwrap();
        assert_eq!(
            bits(&[frontier::epsilon(&column, episodes)])[0],
            case["bits"],
            "{case}"
        );
    });
    assert_eq!(ran, 103);
}

#[test]
fn all_dominances_agree() {
    let ran = each(&file("scoring_units.json")["epsilon_dominates_f64"], |case| {
        let row = |key: &str| -> Vec<f64> { list(&case[key]).iter().map(|x| x.as_f64().unwrap()).collect() };
        let (a, b, epsilons) = (row("a"), row("b"), row("eps"));
        assert_eq!(
            frontier::dominates(&a, &b, &epsilons),
            case["a_dominates_b"],
            "{case}"
        );
        assert_eq!(
            frontier::dominates(&b, &a, &epsilons),
            case["b_dominates_a"],
            "{case}"
        );
    });
    assert_eq!(ran, 8);
}

#[test]
fn all_softmaxes_agree() {
    let ran = each(&file("scoring_units.json")["scores_to_weights"], |case| {
        let order = uids(&case["order"]);
        let temperature = case["params"]["temperature"].as_f64().unwrap_or(1.0);
        let weights = match weights::softmax(&f64s(&case["scores"], &order), temperature) {
            Ok(weights) => weights,
            Err(_) => return assert_eq!(case["output"]["error"]["message"], "temperature must be > 0"),
        };
        let minimum = case["params"]["min_weight"].as_f64();
        let weights = minimum.map_or(weights.clone(), |minimum| weights::floor(&weights, minimum));
        assert!(case["output"]["error"].is_null(), "{case}");
        assert_eq!(
            bits(&weights),
            bits_by_uid(&case["output"]["bits"], &order),
            "{case}"
        );
    });
    assert_eq!(ran, 37);
}

#[test]
fn all_truncations_agree() {
    let ran = each(&file("scoring_units.json")["weights_to_u16"], |case| {
        let weights = f64s(&case["weights"], &uids(&case["order"]));
        let found = weights::to_u16(&weights);
        if weights.iter().any(|&weight| weight < 0.0) {
            // What v2 answers here depends on its processor.
            return assert_eq!(found, [0, u16::MAX], "{case}");
        }
        assert_eq!(serde_json::json!(found), case["values"], "{case}");
    });
    assert_eq!(ran, 90);
}

#[test]
fn all_schemes_agree() {
    let ran = each(&file("scoring_units.json")["subset_weight_schemes"], |case| {
        let scheme = match case["scheme"].as_str().unwrap() {
            "linear" => subset::Scheme::Linear,
            "exponential" => subset::Scheme::Exponential,
            "equal" => subset::Scheme::Equal,
            other => panic!("{other}"),
        };
        let (environments, candidates, settings) = case_input(case);
        let contest = Contest::new(environments, &candidates, &settings).unwrap();
        let wins = contest.count(1, subset::STEPS).unwrap();
        let points: Vec<f64> = wins.iter().map(|sizes| sizes.points(scheme)).collect();
        let order: Vec<_> = candidates.iter().map(|candidate| candidate.uid).collect();
        assert_eq!(points, f64s(&case["subset_scores"], &order), "{case}");
    });
    assert_eq!(ran, 3);
}

#[test]
fn all_success_rates_agree() {
    let ran = each(&file("scoring_units.json")["aggregate_task_results"], |case| {
        let (mut expected, mut compared) = (0, 0);
        for (uid, rates) in case["output"].as_object().unwrap() {
            for (environment, rate) in rates.as_object().unwrap() {
                let is_cell = |task: &&Value| {
                    task["miner_uid"].as_u64() == uid.parse().ok() && task["env_id"] == **environment
                };
                let results = list(&case["tasks"])
                    .iter()
                    .filter(is_cell)
                    .map(|task| &task["result"]);
                let results: Vec<&Value> = results.filter(|result| !result.is_null()).collect();
                let successes = results
                    .iter()
                    .filter(|result| golden::read::is_true(&result["success"]))
                    .count();
                let found =
                    success_rate(successes.try_into().unwrap(), results.len().try_into().unwrap()).unwrap();
                assert_eq!(found.to_bits(), rate.as_f64().unwrap().to_bits(), "{case}");
                compared += results.len();
            }
        }
        expected += list(&case["tasks"])
            .iter()
            .filter(|task| !task["result"].is_null())
            .count();
        assert_eq!(compared, expected, "{case}");
    });
    assert_eq!(ran, 7);
}
