//! From the operator's key on chain to the endpoint that a scheduler calls: real commands on a development chain.

use crate::stack::run;
use kinitro_chain::{
    Chain, Signer,
    commitment::{Envelope, PlainEndpoints, Policy, Resolved, resolve},
};
use kinitro_devchain::{Devchain, Options};
use kinitro_proto::Hotkey;
use std::process::Output;
use tokio::task;

const NETUID: u16 = 1;
const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const PUBLIC: &str = "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f";
const UUID: &str = "95edf2b6-e18b-400a-8398-5573df10e5e4";

/// A chain with two miners, and someone who reads it.
struct Stage {
    chain: Devchain,
    reader: Chain,
}

impl Stage {
    async fn start() -> Self {
        let chain = Devchain::start(Options::default().seed_miners(2)).await.unwrap();
        let reader = Chain::new(chain.url().parse().unwrap());
        Self { chain, reader }
    }

    /// A command on this chain, by its exit code and what it says.
    async fn ended(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let settings = [
            ("KINITRO_NETWORK", self.chain.url()),
            ("KINITRO_NETUID", NETUID.to_string()),
        ];
        // The chain lives in this thread.
        let output = task::spawn_blocking(move || {
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            run(&args, &settings)
        });
        let Output {
            status,
            stdout,
            stderr,
        } = output.await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }

    async fn done(&self, args: &[&str]) -> String {
        let (code, said, error) = self.ended(args).await;
        assert_eq!(code, Some(0), "{args:?}: {said}{error}");
        said
    }

    /// What a command finds missing: exit code 3.
    async fn missing(&self, args: &[&str]) -> String {
        let (code, said, error) = self.ended(args).await;
        assert_eq!(code, Some(3), "{args:?}: {said}{error}");
        error
    }

    /// Publishes the operator's key.
    async fn publish(&self) -> String {
        let key = ["-k", SECRET, "--hotkey-uri", "//operator"];
        self.done(&[&["crypto", "publish-public-key"][..], &key].concat())
            .await
    }

    /// What a scheduler with the private key makes of a hotkey's commitment.
    async fn resolved(&self, hotkey: &Hotkey) -> Result<Resolved, String> {
        let policy = Policy {
            secret_key: Some(SECRET.parse().unwrap()),
            netuid: NETUID,
            plain_endpoints: PlainEndpoints::Refused,
        };
        let commitment = self.reader.commitment(NETUID, hotkey).await.unwrap();
        let text = commitment.unwrap().text().unwrap();
        resolve(&text, &policy, hotkey).map_err(|refused| refused.to_string())
    }
}

fn signer(uri: &str) -> Signer {
    Signer::from_uri(uri).unwrap()
}

/// Committing the policy of `//miner-0`.
const COMMIT: [&str; 10] = [
    "miner",
    "commit",
    "--hotkey-uri",
    "//miner-0",
    "--repo",
    "user/policy",
    "--revision",
    "abc123def4567890",
    "-d",
    UUID,
];

/// The same, sealed for the key that the operator has published.
fn sealed(operator: &Signer) -> Vec<&str> {
    let backend = operator.hotkey().as_str();
    [&COMMIT[..], &["--encrypt", "--backend-hotkey", backend]].concat()
}

#[tokio::test]
async fn a_published_key_is_found_by_its_hotkey_and_an_unpublished_one_is_not() {
    let stage = Stage::start().await;
    let operator = signer("//operator");
    let fetch = [
        "crypto",
        "fetch-public-key",
        "--backend-hotkey",
        operator.hotkey().as_str(),
    ];
    let error = stage.missing(&fetch).await;
    assert!(error.contains("has committed nothing"), "{error}");
    stage.missing(&sealed(&operator)).await;
    let published = stage.publish().await;
    assert!(
        published.contains(PUBLIC) && published.contains("block:"),
        "{published}"
    );
    assert_eq!(stage.done(&fetch).await.trim_end(), PUBLIC);
    assert_eq!(
        stage.resolved(operator.hotkey()).await.unwrap_err(),
        "the commitment is the operator's public key"
    );
}

#[tokio::test]
async fn a_sealed_commitment_opens_for_the_operator_and_keeps_its_lineage() {
    let stage = Stage::start().await;
    let (operator, miner) = (signer("//operator"), signer("//miner-0"));
    let sealed = sealed(&operator);
    stage.publish().await;

    let rehearsed = stage.done(&[&sealed[..], &["--dry-run"]].concat()).await;
    assert!(rehearsed.contains("nothing was committed"), "{rehearsed}");
    let committed = stage.reader.commitment(NETUID, miner.hotkey()).await.unwrap();
    assert!(committed.is_none(), "{committed:?}");
    let said = stage.done(&sealed).await;
    assert!(
        said.contains("user/policy:abc123de:e2:") && said.contains("block:"),
        "{said}"
    );

    let resolved = stage.resolved(miner.hotkey()).await.unwrap();
    assert_eq!(
        resolved.endpoint,
        format!("https://{UUID}.deployments.basilica.ai")
    );
    assert_eq!(resolved.envelope, Some(Envelope::Bound));
    assert_eq!(
        (resolved.repo.as_deref(), resolved.revision.as_deref()),
        (Some("user/policy"), Some("abc123de"))
    );

    // Sealed anew it is another text and the same lineage, whatever the envelope.
    stage.done(&sealed).await;
    let anew = stage.resolved(miner.hotkey()).await.unwrap();
    assert_eq!(anew.lineage, resolved.lineage);
    stage.done(&[&sealed[..], &["--envelope", "1"]].concat()).await;
    let old = stage.resolved(miner.hotkey()).await.unwrap();
    assert_eq!(
        (old.envelope, old.lineage),
        (Some(Envelope::Legacy), resolved.lineage)
    );
}

#[tokio::test]
async fn a_copied_commitment_is_of_no_use() {
    let stage = Stage::start().await;
    let (operator, miner, thief) = (signer("//operator"), signer("//miner-0"), signer("//miner-1"));
    stage.publish().await;
    stage.done(&sealed(&operator)).await;
    let committed = stage.reader.commitment(NETUID, miner.hotkey()).await.unwrap();
    let copied = committed.unwrap().text().unwrap();
    let stolen = stage.reader.set_commitment(&thief, NETUID, &copied).await;
    stolen.unwrap();
    let refused = stage.resolved(thief.hotkey()).await.unwrap_err();
    assert!(refused.contains("does not open"), "{refused}");
}

#[tokio::test]
async fn what_is_committed_is_shown_by_hotkey_uid_or_wallet() {
    let stage = Stage::start().await;
    let miner = signer("//miner-1");
    let show = ["miner", "show-commitment"];
    let by_wallet = [&show[..], &["--hotkey-uri", "//miner-1"]].concat();
    stage.missing(&by_wallet).await;
    stage
        .done(&[
            "miner",
            "commit",
            "--hotkey-uri",
            "//miner-1",
            "--endpoint",
            "http://10.0.0.7:8001/",
        ])
        .await;
    let said = stage.done(&by_wallet).await;
    for part in [
        miner.hotkey().as_str(),
        "commitment:  http://10.0.0.7:8001/",
        "endpoint:    http://10.0.0.7:8001\n",
    ] {
        assert!(said.contains(part), "`{part}` in\n{said}");
    }
    let neurons = stage.reader.snapshot(NETUID).await.unwrap().neurons;
    let uid = neurons
        .iter()
        .find(|neuron| neuron.hotkey == *miner.hotkey())
        .unwrap()
        .uid
        .0
        .to_string();
    assert_eq!(stage.done(&[&show[..], &["--uid", &uid]].concat()).await, said);
    assert_eq!(
        stage
            .done(&[&show[..], &["--hotkey", miner.hotkey().as_str(), "--uid", "0"]].concat())
            .await,
        said
    );
    let error = stage.missing(&[&show[..], &["--uid", "999"]].concat()).await;
    assert!(error.contains("nobody has uid 999"), "{error}");

    // What a miner wrote cannot steer a terminal, and is told when it is refused.
    stage
        .reader
        .set_commitment(&miner, NETUID, "a:\u{1b}[2J:b/c")
        .await
        .unwrap();
    let said = stage.done(&by_wallet).await;
    assert!(
        !said.contains('\u{1b}') && said.contains("refused:     "),
        "{said}"
    );
    let error = stage
        .missing(&[
            "crypto",
            "fetch-public-key",
            "--backend-hotkey",
            miner.hotkey().as_str(),
        ])
        .await;
    assert!(error.contains("something else than a public key"), "{error}");
}

#[tokio::test]
async fn a_hotkey_without_a_seat_and_a_chain_that_is_away_are_told_apart() {
    let stage = Stage::start().await;
    let commit = ["miner", "commit", "-d", "my-policy", "--hotkey-uri"];
    let (code, _, error) = stage.ended(&[&commit[..], &["//Alice"]].concat()).await;
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("register"), "{error}");
    let url = stage.chain.url();
    stage.chain.stop().await;
    let args = [&commit[..], &["//miner-0", "--netuid", "1", "--network", &url]].concat();
    let args: Vec<_> = args.into_iter().map(str::to_owned).collect();
    let output = task::spawn_blocking(move || run(&args.iter().map(String::as_str).collect::<Vec<_>>(), &[]));
    let output = output.await.unwrap();
    assert_eq!(
        output.status.code(),
        Some(75),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
