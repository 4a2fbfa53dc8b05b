//! The official clients and our Rust on one development chain: each reads what the other wrote. Not in the ordinary run,
//! because they need Python environments: `scripts/test-chain` makes those and runs this.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod scenarios;
mod stage;

/// A module of tests for each client, a test for each scenario.
macro_rules! clients {
    ($($client:ident: $($scenario:ident)+;)+) => {$(
        mod $client {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $scenario() {
                    crate::scenarios::$scenario(stringify!($client)).await;
                }
            )+
        }
    )+};
}

clients! {
    bittensor_10:
        reads_what_our_rust_wrote
        writes_what_our_rust_reads
        timelocks_weights_as_our_rust_does
        is_told_of_the_rate_limit
        makes_wallets_that_our_rust_signs_with;
    bittensor_11:
        reads_what_our_rust_wrote
        writes_what_our_rust_reads
        timelocks_weights_as_our_rust_does
        is_told_of_the_rate_limit
        makes_wallets_that_our_rust_signs_with;
    // It has neither timelocks nor wallets of its own.
    substrate_interface:
        reads_what_our_rust_wrote
        writes_what_our_rust_reads
        reads_timelocked_weights_of_our_rust
        is_told_of_the_rate_limit;
}
