use super::*;
use proptest::prelude::*;

fn kind(body: impl AsRef<[u8]>) -> MinerFaultKind {
    match action(body.as_ref()) {
        Ok(action) => panic!(
            "`{}` was taken as {action:?}",
            String::from_utf8_lossy(body.as_ref())
        ),
        Err(fault) => fault.kind,
    }
}

fn continuous(value: &str) -> String {
    format!(r#"{{"action":{{"continuous":{{"a":{value}}}}}}}"#)
}

fn extra(value: &str) -> String {
    format!(r#"{{"action":{{"extra":{{"a":{value}}}}}}}"#)
}

#[test]
fn the_answers_of_the_official_template_are_taken() {
    let body = r#"{"action":{"continuous":{"ee_twist":[-0.38008601194783487,0,1e-3],"gripper":[0.0]},
                   "discrete":{"mode":3},"extra":{"note":[1,null,{"x":"y","b":true}]}}}"#;
    let action = action(body.as_bytes()).unwrap();
    assert_eq!(
        action.continuous["ee_twist"],
        [-0.380_086_011_947_834_87, 0.0, 0.001]
    );
    assert_eq!(action.continuous["gripper"], [0.0]);
    assert_eq!(action.discrete["mode"], 3);
}

#[test]
fn every_part_of_an_action_may_be_absent() {
    for body in [
        r#"{"action":{}}"#,
        r#" {"action" : {"extra":{}, "discrete":{},"continuous":{}}} "#,
    ] {
        assert_eq!(action(body.as_bytes()).unwrap(), Action::default(), "{body}");
    }
}

#[test]
fn what_is_no_action_is_a_bad_action() {
    let bodies = [
        "null",
        "1",
        "\"x\"",
        "[]",
        "{}",
        r#"[{"action":{}}]"#,
        r#"{"action":null}"#,
        r#"{"action":[0,0,0]}"#,
        r#"{"action":[{},{},{}]}"#,
        r#"{"action":"x"}"#,
        r#"{"action":{},"x":1}"#,
        r#"{"Action":{}}"#,
        r#"{"action":{"foo":1}}"#,
        r#"{"action":{"continuous":null}}"#,
        r#"{"action":{"continuous":[]}}"#,
        r#"{"action":{"extra":[]}}"#,
        r#"{"action":{"extra":null}}"#,
        r#"{"action":{"discrete":{"a":1.5}}}"#,
        r#"{"action":{"discrete":{"a":"1"}}}"#,
        r#"{"action":{"discrete":{"a":true}}}"#,
        r#"{"action":{"discrete":{"a":9223372036854775808}}}"#,
        r#"{"action":{"discrete":{"a":1e300}}}"#,
        r#"{"action":{"discrete":{"a":null}}}"#,
        r#"{"action":{"discrete":{"a":[1]}}}"#,
    ];
    for body in bodies {
        assert_eq!(kind(body), MinerFaultKind::BadAction, "{body}");
    }
    for value in [
        "1", "\"x\"", "null", "[null]", "[\"1\"]", "[true]", "[[1]]", "[{}]", "{}",
    ] {
        assert_eq!(kind(continuous(value)), MinerFaultKind::BadAction, "{value}");
    }
}

#[test]
fn a_key_stands_once() {
    for body in [
        r#"{"action":{},"action":{}}"#,
        r#"{"action":{"continuous":{},"continuous":{}}}"#,
        r#"{"action":{"extra":{},"extra":{}}}"#,
        r#"{"action":{"continuous":{"a":[1],"a":[2]}}}"#,
        r#"{"action":{"discrete":{"a":1,"\u0061":2}}}"#,
    ] {
        assert_eq!(kind(body), MinerFaultKind::BadAction, "{body}");
    }
}

#[test]
fn a_whole_number_may_be_written_as_a_float() {
    for (text, number) in [
        ("3.0", 3),
        ("-0.0", 0),
        ("1e3", 1000),
        ("-9223372036854775808", i64::MIN),
    ] {
        let body = format!(r#"{{"action":{{"discrete":{{"a":{text}}}}}}}"#);
        assert_eq!(action(body.as_bytes()).unwrap().discrete["a"], number, "{text}");
    }
}

#[test]
fn what_is_no_json_is_not_json() {
    for body in [
        "",
        " ",
        "{",
        "<html>",
        "{\"action\":{}",
        "{\"action\":{}} x",
        "{'action':{}}",
        "\u{feff}{\"action\":{}}",
        "{\"action\":{\"continuous\":{\"a\":[01]}}}",
        "{\"action\":{\"continuous\":{\"a\":[1,]}}}",
        "nan",
        "NULL",
        "{\"action\":{\"continuous\":{\"a\":[.5]}}}",
        "{\"action\":{\"continuous\":{\"a\":[+1]}}}",
        "{\"a\0\":1}",
        "{\"action\":{\"continuous\":{\"a\":[NaNa]}}}",
        "{\"\\ud800\":1}",
    ] {
        assert_eq!(kind(body), MinerFaultKind::NotJson, "{body:?}");
    }
    assert_eq!(kind(b"\xff\xfe"), MinerFaultKind::NotJson);
    assert_eq!(kind(b"{\"\xff\":1}"), MinerFaultKind::NotJson);
    assert_eq!(kind(b"\x1f\x8b\x08\x00"), MinerFaultKind::NotJson);
}

#[test]
fn numbers_without_a_finite_32_bit_float_are_not_finite() {
    for number in [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e39",
        "-1e39",
        "3.5e38",
        "1e308",
        "1e400",
        "-1e400",
        &"9".repeat(400),
    ] {
        for value in [
            format!("[{number}]"),
            format!("[1.5, {number} ]"),
            format!("[\n\n  0,\n{number}\n]"),
        ] {
            assert_eq!(kind(continuous(&value)), MinerFaultKind::NotFinite, "{value}");
        }
    }
    for number in ["NaN", "-Infinity", "1e400"] {
        assert_eq!(kind(extra(number)), MinerFaultKind::NotFinite, "{number}");
        assert_eq!(
            kind(format!(r#"{{"action":{{"discrete":{{"a":{number}}}}}}}"#)),
            MinerFaultKind::NotFinite
        );
    }
}

/// Whether `serde_json` keeps numbers as text is decided by the build as a whole; the answer is the same.
#[test]
fn a_number_is_no_level_of_its_own() {
    for number in ["0", "1.5", "-2e3", "0.1"] {
        let levels = MAX_DEPTH - 1; // `extra` is the first
        let nested = format!("{}{number}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(action(extra(&nested).as_bytes()).is_ok(), "{nested}");
        let deeper = format!("[{nested}]");
        assert_eq!(kind(extra(&deeper)), MinerFaultKind::BadAction, "{deeper}");
    }
    let smuggled = r#"{"$serde_json::private::Number": "one"}"#;
    assert_eq!(kind(extra(smuggled)), MinerFaultKind::BadAction);
}

#[test]
fn small_and_large_numbers_within_a_32_bit_float_are_taken() {
    let body = continuous(
        "[3.4028234663852886e38, -3.4028234663852886e38, -0.0, 5e-324, 1e-400, 12345678901234567890]",
    );
    let numbers = &action(body.as_bytes()).unwrap().continuous["a"];
    assert_eq!(numbers[..2], [f64::from(f32::MAX), f64::from(f32::MIN)]);
    assert!(numbers[2] == 0.0 && numbers[2].is_sign_negative());
    assert_eq!(numbers[4..], [0.0, 12_345_678_901_234_567_890.0]);
}

#[test]
fn channels_names_and_numbers_are_counted() {
    let channels = |n: usize| {
        let channels: Vec<_> = (0..n).map(|n| format!("\"c{n}\":1")).collect();
        format!(r#"{{"action":{{"discrete":{{{}}}}}}}"#, channels.join(","))
    };
    assert_eq!(
        action(channels(MAX_CHANNELS).as_bytes()).unwrap().discrete.len(),
        MAX_CHANNELS
    );
    assert_eq!(kind(channels(MAX_CHANNELS + 1)), MinerFaultKind::BadAction);

    let numbers = |n| continuous(&format!("[{}]", vec!["0"; n].join(",")));
    assert!(action(numbers(MAX_NUMBERS).as_bytes()).is_ok());
    assert_eq!(kind(numbers(MAX_NUMBERS + 1)), MinerFaultKind::BadAction);

    let named = |name: &str| format!(r#"{{"action":{{"discrete":{{"{name}":1}}}}}}"#);
    assert!(action(named(&"ö".repeat(MAX_NAME)).as_bytes()).is_ok());
    for name in [
        "",
        &"ö".repeat(MAX_NAME + 1),
        "a\\u0000b",
        "a\\nb",
        "a\\u007f",
        "\\u009b",
    ] {
        assert_eq!(kind(named(name)), MinerFaultKind::BadAction, "{name}");
    }
}

#[test]
fn a_fault_does_not_carry_what_was_sent_in_full() {
    let fault = action(format!(r#"{{"{}\u0000":1}}"#, "x".repeat(200_000)).as_bytes()).unwrap_err();
    assert!(
        fault.detail.len() <= 512 && !fault.detail.contains('\0'),
        "{}",
        fault.detail
    );
}

#[test]
fn depth_is_bounded_wherever_it_stands() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        assert!(action(extra(&nested(MAX_DEPTH - 1)).as_bytes()).is_ok());
        for depth in [MAX_DEPTH, 10_000, 100_000] {
            assert_eq!(kind(extra(&nested(depth))), MinerFaultKind::BadAction, "{depth}");
            assert_eq!(
                kind(continuous(&nested(depth))),
                MinerFaultKind::BadAction,
                "{depth}"
            );
            assert_eq!(kind(nested(depth)), MinerFaultKind::BadAction, "{depth}");
            assert_ne!(kind(open.repeat(depth)), MinerFaultKind::NotFinite);
        }
    }
}

/// The deepest answer that is taken, and one far deeper, on a stack an eighth of a worker's.
#[test]
fn a_deep_answer_needs_little_stack() {
    let body = extra(&format!("{}1{}", "[".repeat(15), "]".repeat(15)));
    let bomb = extra(&"[".repeat(250_000));
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    let done = thread.spawn(move || action(body.as_bytes()).is_ok() && action(bomb.as_bytes()).is_err());
    assert!(done.unwrap().join().unwrap());
}

/// Pieces that get past the first byte more often than random bytes do.
const PIECES: &[&str] = &[
    "{\"action\":{",
    "\"continuous\":{",
    "\"discrete\":{",
    "\"extra\":{",
    "\"a\":",
    "[",
    "]",
    "{",
    "}",
    ",",
    "NaN",
    "-Infinity",
    "1e39",
    "1",
    "-0.5e-7",
    "1e999",
    "null",
    "true",
    "\"\\u0000\"",
    "\n",
    "\"\\ud800\"",
];

fn pieces() -> impl Strategy<Value = String> {
    proptest::collection::vec(0..PIECES.len(), 0..40)
        .prop_map(|picks| picks.into_iter().map(|pick| PIECES[pick]).collect())
}

/// An answer cut, or with one byte changed.
fn bent() -> impl Strategy<Value = Vec<u8>> {
    let whole = r#"{"action":{"continuous":{"ee_twist":[0.1,-2e3],"g":[NaN]},"discrete":{"m":3},"extra":{"x":[{}]}}}"#;
    (0..whole.len(), any::<u8>(), any::<bool>()).prop_map(move |(at, byte, cut)| {
        let mut bytes = whole.as_bytes().to_vec();
        bytes[at] = byte;
        if cut { bytes[..at].to_vec() } else { bytes }
    })
}

fn sound(body: &[u8]) {
    if let Ok(action) = action(body) {
        assert!(
            action
                .continuous
                .values()
                .flatten()
                .all(|number| number.abs() <= f64::from(f32::MAX))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        sound(&body);
    }

    #[test]
    fn no_pieces_of_answers_panic(body in pieces()) {
        sound(body.as_bytes());
    }

    #[test]
    fn no_bent_answer_panics(body in bent()) {
        sound(&body);
    }

    #[test]
    fn what_serde_writes_is_read_back(numbers in proptest::collection::vec(any::<f32>().prop_filter("finite", |n| n.is_finite()), 0..20)) {
        let wide: Vec<f64> = numbers.iter().map(|number| f64::from(*number)).collect();
        let body = serde_json::json!({"action": {"continuous": {"a": &wide}}}).to_string();
        prop_assert_eq!(&action(body.as_bytes()).unwrap().continuous["a"], &wide);
    }
}
