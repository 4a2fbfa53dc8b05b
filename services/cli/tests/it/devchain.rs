//! `kinitro devchain`, in a build without the chain and in one with it.

use crate::stack::run;

#[test]
#[cfg(not(feature = "devchain"))]
fn a_build_without_the_development_chain_says_how_to_get_one() {
    let output = run(&["devchain", "--seed-miners", "8"], &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("cargo build --features devchain"), "{said}");
}

#[test]
#[cfg(feature = "devchain")]
fn wrong_settings_of_the_development_chain_are_told_whole() {
    let args = [
        "devchain",
        "--netuid",
        "0",
        "--seed-miners",
        "300",
        "--kept-states",
        "0",
        "--block-time",
        "1ms",
    ];
    let output = run(&args, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("4 faults"), "{said}");
}
