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

#[tokio::test]
#[cfg(feature = "devchain")]
async fn the_development_chain_answers_the_commands_for_the_real_one() {
    use crate::stack::{PATIENCE, Process, kinitro};
    use kinitro_harness::eventually;

    let folder = tempfile::TempDir::new().unwrap();
    let args = "devchain --listen 127.0.0.1:0 --instant --netuid 7 --seed-miners 3";
    let args: Vec<_> = args.split(' ').collect();
    let json = [("KINITRO_LOG_FORMAT", "json".to_owned())];
    let mut chain = Process::spawn(kinitro(&args, &json), &folder.path().join("devchain"));
    let url = eventually(PATIENCE, "the chain's address", async || {
        let lines = chain.lines("the chain runs");
        Some(lines.first()?["url"].as_str()?.to_owned())
    })
    .await;
    let place = ["--network", &url, "--netuid", "7"];
    let done = |args: &[&str]| {
        let output = run(&[args, &place].concat(), &[]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{args:?}: {said}");
        said
    };
    let endpoint = "https://policy.example";
    done(&[
        "miner",
        "commit",
        "--endpoint",
        endpoint,
        "--hotkey-uri",
        "//miner-2",
    ]);
    let shown: serde_json::Value = serde_json::from_str(&done(&["chain", "show", "--json"])).unwrap();
    assert_eq!(shown["neurons"].as_array().unwrap().len(), 5, "{shown}");
    assert_eq!(shown["neurons"][4]["commitment"]["text"], endpoint, "{shown}");
    assert_eq!(chain.terminate(PATIENCE).await, Some(0));
}
