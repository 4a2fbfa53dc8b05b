//! What the chain refuses: seen before anything is signed where the terms tell, and named where they did not.

use super::{node, on_miners, prepared, signer};
use crate::subnet::{NETUID, client, hotkey};
use kinitro_chain::{Chain, Error, Quantised, Terms};
use kinitro_devchain::Setting;
use kinitro_proto::Uid;

/// Terms by which anybody may set any weights, as if everything had changed since they were read.
async fn lax(chain: &Chain, who: &str) -> Terms {
    let terms = chain.terms(NETUID, &hotkey(who)).await.unwrap();
    let mut neurons = terms.neurons.clone();
    let mut stranger = neurons[0].clone();
    stranger.uid = Uid(4000);
    neurons.push(stranger);
    Terms {
        uid: Some(Uid(0)),
        permit: true,
        last_update: None,
        version_key: 0,
        min_weights: 0,
        max_weight: u16::MAX,
        neurons,
        ..terms
    }
}

/// The errors before signing and from the chain.
async fn errors(chain: &Chain, who: &str, weights: &Quantised, version_key: u64) -> (Error, Error) {
    let signer = signer(who);
    let terms = chain.terms(NETUID, signer.hotkey()).await.unwrap();
    let prepare = async |terms: &Terms| {
        chain
            .prepare_weights(&signer, NETUID, weights, version_key, terms)
            .await
    };
    let early = prepare(&terms).await.unwrap_err();
    let prepared = prepare(&lax(chain, who).await).await.unwrap();
    (early, chain.submit(&prepared).await.unwrap_err())
}

#[tokio::test]
async fn a_hotkey_that_is_not_registered() {
    let node = node(&[]).await;
    let (early, late) = errors(&client(&node.url()), "//Alice", &on_miners(&[1, 2]), 0).await;
    for error in [early, late] {
        assert!(
            matches!(&error, Error::NotRegistered { netuid: NETUID, hotkey: who } if *who == hotkey("//Alice"))
        );
    }
}

#[tokio::test]
async fn a_hotkey_without_a_permit() {
    let node = node(&[]).await;
    let (early, late) = errors(&client(&node.url()), "//operator", &on_miners(&[1, 2]), 0).await;
    for error in [early, late] {
        assert!(
            matches!(&error, Error::NoPermit { netuid: NETUID, hotkey: who } if *who == hotkey("//operator"))
        );
    }
}

#[tokio::test]
async fn a_version_key_that_is_too_low() {
    let node = node(&[Setting::VersionKey(5)]).await;
    let chain = client(&node.url());
    let (early, late) = errors(&chain, "//validator", &on_miners(&[1, 2]), 4).await;
    assert!(
        matches!(
            early,
            Error::VersionKey {
                given: 4,
                required: Some(5)
            }
        ),
        "{early:?}"
    );
    assert!(
        matches!(
            late,
            Error::VersionKey {
                given: 4,
                required: None
            }
        ),
        "{late:?}"
    );
    let terms = chain.terms(NETUID, &hotkey("//validator")).await.unwrap();
    let weights = on_miners(&[1, 2]);
    let prepared = chain
        .prepare_weights(&signer("//validator"), NETUID, &weights, 5, &terms)
        .await
        .unwrap();
    chain.submit(&prepared).await.unwrap();
}

#[tokio::test]
async fn weights_that_come_too_soon() {
    let node = node(&[Setting::RateLimit(100)]).await;
    let chain = client(&node.url());
    chain.submit(&prepared(&chain, &[1, 2]).await).await.unwrap();
    let (early, late) = errors(&chain, "//validator", &on_miners(&[1, 2]), 0).await;
    assert!(
        matches!(early, Error::RateLimited { blocks: Some(100) }),
        "{early:?}"
    );
    assert!(matches!(late, Error::RateLimited { blocks: None }), "{late:?}");
    // The pool refused it, so that its nonce is still free.
    assert_eq!(chain.nonce(&hotkey("//validator")).await.unwrap(), 1);
}

#[tokio::test]
async fn stake_that_does_not_suffice() {
    let node = node(&[Setting::StakeThreshold(u64::MAX)]).await;
    let chain = client(&node.url());
    let error = chain.submit(&prepared(&chain, &[1, 2]).await).await.unwrap_err();
    assert!(
        matches!(&error, Error::StakeTooLow { hotkey: who } if *who == hotkey("//validator")),
        "{error:?}"
    );
}

#[tokio::test]
async fn weights_that_break_a_law() {
    let settings = [Setting::MinWeights(2), Setting::MaxWeight(40_000)];
    let node = node(&settings).await;
    let chain = client(&node.url());
    let weights = |uids: &[u16], values: &[u16]| Quantised {
        uids: uids.to_vec(),
        values: values.to_vec(),
    };
    for (weights, law) in [
        (weights(&[2], &[65535]), "fewer"),
        (weights(&[2, 3], &[65535, 1]), "maximum"),
        (weights(&[2, 4000], &[65535, 65535]), "not registered"),
    ] {
        let (early, late) = errors(&chain, "//validator", &weights, 0).await;
        for error in [early, late] {
            assert!(matches!(error, Error::Weights { .. }), "{error:?}");
            assert!(error.to_string().contains(law), "{error}");
        }
    }
}

#[tokio::test]
async fn weights_in_the_open_after_the_subnet_went_over_to_commits() {
    let node = node(&[]).await;
    let chain = client(&node.url());
    let prepared = prepared(&chain, &[1, 2]).await;
    node.set(NETUID, Setting::CommitReveal(true)).await.unwrap();
    let error = chain.submit(&prepared).await.unwrap_err();
    let Error::Dispatch { pallet, name } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (pallet.as_str(), name.as_str()),
        ("SubtensorModule", "CommitRevealEnabled")
    );
    assert!(error.hint().unwrap().contains("submit again"));
}

#[tokio::test]
async fn an_upgrade_that_renumbers_errors_does_not_rename_them() {
    let node = node(&[Setting::VersionKey(5)]).await;
    let chain = client(&node.url());
    let (_, before) = errors(&chain, "//validator", &on_miners(&[1, 2]), 4).await;
    node.upgrade().await.unwrap();
    let (_, after) = errors(&chain, "//validator", &on_miners(&[1, 2]), 4).await;
    for error in [before, after] {
        assert!(
            matches!(
                error,
                Error::VersionKey {
                    given: 4,
                    required: None
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn what_was_signed_for_the_runtime_before_is_rejected() {
    let node = node(&[]).await;
    let chain = client(&node.url());
    let old = prepared(&chain, &[1, 2]).await;
    node.upgrade().await.unwrap();
    let error = chain.submit(&old).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { code: 1010, .. }), "{error:?}");
    assert!(error.to_string().contains("bad signature"), "{error}");
    chain.submit(&prepared(&chain, &[1, 2]).await).await.unwrap();
}
