use super::*;
use clap::Parser;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

fn parse(arguments: &[&str]) -> Result<Config, clap::Error> {
    Cli::try_parse_from(std::iter::once(&"kinitro").chain(arguments)).map(|cli| cli.config)
}

#[test]
fn the_flags_defaults_are_the_defaults() {
    let parsed = format!("{:?}", parse(&[]).unwrap());
    assert_eq!(parsed, format!("{:?}", Config::default()));
}

#[test]
fn sizes_are_read_as_version_2_and_docker_read_them() {
    let mib = |n| Size::from_mib(n).bytes();
    for (text, bytes) in [
        ("8g", mib(8192)),
        ("8Gi", mib(8192)),
        ("512Mi", mib(512)),
        ("2Ti", mib(2 << 20)),
        ("10Ki", 10240),
        ("8GI", mib(8192)),
        (" 8Gi ", mib(8192)),
        ("8GB", mib(8192)),
        ("1GiB", mib(1024)),
        ("77", 77),
        ("77b", 77),
    ] {
        assert_eq!(text.parse::<Size>().unwrap().bytes(), bytes, "`{text}`");
    }
    for text in [
        "abc",
        "1.5Gi",
        "",
        "g",
        "-1g",
        "8q",
        "8i",
        "8gg",
        "9999999999999t",
        "1e3",
    ] {
        assert!(text.parse::<Size>().is_err(), "`{text}`");
    }
}

#[test]
fn a_size_prints_what_it_was_read_from() {
    for text in ["0B", "77B", "3KiB", "64MiB", "1GiB", "2TiB", "1025B"] {
        let printed = text.parse::<Size>().unwrap().to_string();
        assert_eq!(printed.parse::<Size>(), text.parse::<Size>());
        assert!(text == "0B" || printed == text, "{printed}");
    }
}

#[test]
fn times_may_be_words_or_plain_seconds() {
    for (text, milliseconds) in [("60", 60_000), ("0.5", 500), ("500ms", 500), ("1m 30s", 90_000)] {
        assert_eq!(duration(text).unwrap(), Duration::from_millis(milliseconds));
    }
    for text in ["-1", "NaN", "inf", "soon", ""] {
        assert!(duration(text).is_err(), "`{text}`");
    }
}

#[test]
fn images_are_a_json_object_of_families() {
    let config = parse(&["--eval-images", r#"{"metaworld":"mine:1"}"#]).unwrap();
    assert_eq!(
        config.eval_images.get(&"metaworld".parse().unwrap()),
        Some("mine:1")
    );
    assert_eq!(
        config.eval_images.to_string().parse::<Images>().unwrap(),
        config.eval_images
    );
    for text in [
        "metaworld=mine",
        "[]",
        r#"{"metaworld":1}"#,
        r#"{"Meta World":"x"}"#,
    ] {
        assert!(parse(&["--eval-images", text]).is_err(), "`{text}`");
    }
}

#[test]
fn the_gpu_flag_needs_no_value_and_takes_one() {
    assert!(parse(&["--eval-gpu"]).unwrap().eval_gpu);
    assert!(parse(&["--eval-gpu=yes"]).unwrap().eval_gpu);
    assert!(!parse(&["--eval-gpu=false"]).unwrap().eval_gpu);
}

#[test]
fn check_names_every_fault_at_once() {
    let config = parse(&[
        "--eval-mode=process",
        "--environments-dir=/nowhere",
        r#"--eval-images={"solar":"x","metaworld":" "}"#,
        "--eval-mem-limit=1m",
        "--simulator-step-timeout=0",
        "--scripted-steps=0",
    ])
    .unwrap();
    let faults = config.check();
    for word in [
        "/nowhere",
        "solar",
        "metaworld",
        "1MiB",
        "--simulator-step-timeout",
        "--scripted-steps",
    ] {
        assert!(
            faults.iter().any(|fault| fault.contains(word)),
            "`{word}` in {faults:?}"
        );
    }
    assert_eq!(faults.len(), 6, "{faults:?}");
    assert_eq!(Config::default().check(), [""; 0]);
}
