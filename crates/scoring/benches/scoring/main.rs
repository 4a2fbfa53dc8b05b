//! How long scoring takes, beside looking at every subset where that ends. `--quick` leaves out what takes long.

#![expect(clippy::print_stdout, reason = "a table on the terminal is what it is for")]

mod fields;

use kinitro_scoring::subset::{self, Contest, Scheme, Sizes};
use kinitro_scoring::{Candidate, Error, Settings, score_on};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Looking at every subset ends when a size took longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Steps, as a power of 2, for each candidate of a field that is made to be hard: some forty seconds of one core.
const HARD: u32 = 32;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let cores = cores();
    println!("{cores} cores; peak memory is that of the process so far\n");
    beside_every_subset(quick);
    heading(cores);
    let levels: &[f64] = if quick {
        &[0.1]
    } else {
        &[0.0, 0.05, 0.1, 0.2, 0.5, 1.0]
    };
    let sizes: &[(usize, usize, f64)] = if quick {
        &[(16, 64, 0.005), (50, 256, 1.0)]
    } else {
        &[(16, 64, 0.005), (50, 256, 1.0), (64, 1000, 10.0)]
    };
    for &(environments, miners, target) in sizes {
        row(
            "random",
            environments,
            &fields::independent(environments, miners),
            Some(target),
        );
        for &noise in levels {
            let field = fields::correlated(environments, miners, noise);
            row(
                &format!("correlated, noise {noise}"),
                environments,
                &field,
                Some(target),
            );
        }
        row(
            "random, two to a block",
            environments,
            &fields::in_pairs(fields::independent(environments, miners)),
            None,
        );
        let field = fields::of_one_block(fields::correlated(environments, miners, 0.1));
        row("correlated, noise 0.1, one block", environments, &field, None);
        if !quick {
            row(
                "random, one block",
                environments,
                &fields::of_one_block(fields::independent(environments, miners)),
                None,
            );
        }
    }
    adversarial(quick);
}

/// Fields that are made to be hard, in fewer steps than scoring takes at most.
fn adversarial(quick: bool) {
    println!(
        "\n{:>10}  {:<36}  {:>10}  {:>9}",
        "size", "field, larger or made to be hard", "all cores", "peak"
    );
    let densities: &[f64] = if quick {
        &[0.5]
    } else {
        &[0.3, 0.5, 0.6, 0.7, 0.8, 0.9]
    };
    let behind: &[usize] = if quick { &[2] } else { &[2, 3, 5, 7, 10] };
    let sizes: &[(usize, usize)] = if quick {
        &[(50, 64)]
    } else {
        &[(50, 64), (50, 256), (64, 64), (64, 128), (64, 1000)]
    };
    for &(environments, miners) in sizes {
        for &density in densities {
            let field = fields::of_density(environments, miners, density);
            hard_row(&format!("one, density {density}"), environments, &field);
        }
        for &behind in behind {
            let field = fields::all_but(environments, miners, behind);
            hard_row(&format!("one, all but {behind}"), environments, &field);
        }
    }
    for &miners in if quick { &[64][..] } else { &[64, 256, 1000] } {
        hard_row("random", 128, &fields::independent(128, miners));
        hard_row(
            "correlated, noise 0.2",
            128,
            &fields::correlated(128, miners, 0.2),
        );
        hard_row(
            "correlated, noise 0.5",
            128,
            &fields::correlated(128, miners, 0.5),
        );
    }
    let own: &[(usize, usize)] = if quick {
        &[(50, 2), (50, 3)]
    } else {
        &[(50, 2), (50, 3), (64, 3), (128, 2), (128, 3)]
    };
    for &(environments, behind) in own {
        let field = fields::all_but_own(environments, behind);
        hard_row(&format!("one, all but {behind} of its own"), environments, &field);
    }
    for miners in if quick { &[32][..] } else { &[32, 64, 256] } {
        for density in [0.3, 0.5, 0.7] {
            let field = fields::against_eight(50, *miners, density);
            hard_row(&format!("eight of one block, density {density}"), 50, &field);
        }
    }
}

fn hard_row(name: &str, environments: usize, field: &[Candidate]) {
    let contest = Contest::new(environments, field, &Settings::default()).expect("well formed");
    let (answer, time) = timed(|| contest.count(cores(), 1 << HARD));
    let refused = answer.map_or_else(|_| format!("  over 2^{HARD} steps"), |_| String::new());
    let size = format!("{environments} × {}", field.len());
    println!(
        "{size:>10}  {name:<36}  {:>10}  {:>9}{refused}",
        text(time),
        peak()
    );
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Ever more environments with 64 miners.
fn beside_every_subset(quick: bool) {
    println!(
        "{:>12}  {:>12}  {:>14}  {:>9}",
        "size", "counted", "every subset", "ratio"
    );
    for environments in (8..=26).step_by(2) {
        let field = fields::independent(environments, 64);
        let (contest, fast) = timed(|| {
            let contest = Contest::new(environments, &field, &Settings::default()).expect("well formed");
            let sizes = contest.count(1, subset::STEPS).expect("easy");
            (contest, sizes)
        });
        let (points, slow) = timed(|| every_subset(&contest.0));
        let counted: Vec<f64> = contest
            .1
            .iter()
            .map(|sizes: &Sizes| sizes.points(Scheme::Linear))
            .collect();
        assert_eq!(counted, points, "both ways give the same points");
        let ratio = slow.as_secs_f64() / fast.as_secs_f64();
        println!(
            "{:>12}  {:>12}  {:>14}  {ratio:>8.0}×",
            format!("{environments} × 64"),
            text(fast),
            text(slow)
        );
        if slow > PATIENCE || (quick && slow > PATIENCE / 20) {
            break;
        }
    }
    println!();
}

/// The points as the rule is worded, with a mask for each pair.
fn every_subset(contest: &Contest) -> Vec<f64> {
    let order = contest.order();
    let claims: Vec<(usize, u128, Vec<u128>)> = order
        .iter()
        .map(|&place| {
            let rivals = contest.rivals(place).into_iter();
            (
                place,
                contest.must_win(place),
                rivals.map(|rival| rival.mask).collect(),
            )
        })
        .collect();
    let mut points = vec![0u64; order.len()];
    for subset in 1..1u128 << contest.environments() {
        let stands = |(_, must_win, lost): &&(usize, u128, Vec<u128>)| {
            subset & !must_win == 0 && lost.iter().all(|lost| subset & !lost != 0)
        };
        if let Some((place, ..)) = claims.iter().find(stands) {
            points[*place] += u64::from(subset.count_ones());
        }
    }
    points.into_iter().map(|points| points as f64).collect()
}

fn heading(cores: usize) {
    let threads = format!("{cores} threads");
    println!(
        "{:>10}  {:<36}  {:>10}  {:>10}  {:>6}  {:>8}  {:>9}",
        "size", "field", "1 thread", threads, "ratio", "target", "peak"
    );
}

/// One field, on one thread and on all.
fn row(name: &str, environments: usize, field: &[Candidate], target: Option<f64>) {
    // What is quick is tried more often, and the quickest is shown.
    let run = |threads: usize| {
        let mut best: Option<(Result<(), Error>, Duration)> = None;
        let mut total = Duration::ZERO;
        for _ in 0..20 {
            let (answer, time) = timed(|| {
                score_on(threads, environments, field, &Settings::default())
                    .map(|scored| drop(black_box(scored)))
            });
            total += time;
            if best.as_ref().is_none_or(|(_, least)| time < *least) {
                best = Some((answer, time));
            }
            if total > Duration::from_secs(1) {
                break;
            }
        }
        best.expect("tried once at least")
    };
    let (_, all) = run(cores());
    let (answer, one) = run(1);
    let size = format!("{environments} × {}", field.len());
    let ratio = one.as_secs_f64() / all.as_secs_f64();
    let met = target.map_or(String::new(), |target| {
        let met = all.as_secs_f64() <= target && answer.is_ok();
        format!(
            "{} {}",
            text(Duration::from_secs_f64(target)),
            if met { "✓" } else { "✗" }
        )
    });
    let refused = if answer.is_err() { "  too hard" } else { "" };
    println!(
        "{size:>10}  {name:<36}  {:>10}  {:>10}  {ratio:>5.1}×  {met:>8}  {:>9}{refused}",
        text(one),
        text(all),
        peak()
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed())
}

fn text(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds if seconds >= 1e-3 => format!("{:.2} ms", seconds * 1e3),
        seconds => format!("{:.1} µs", seconds * 1e6),
    }
}

/// The most memory the process had, where the system says so.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.map_or("unknown".to_owned(), |kib| format!("{:.1} MiB", kib / 1024.0))
}
