//! Any bytes at all as an answer.

use crate::{
    ACTION, client,
    server::{Server, ok},
};
use kinitro_proto::{Fault, InfraFaultKind, Observation};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use std::sync::{Arc, Mutex};

/// Random bytes, and honest answers with a part replaced: where parsers are bent, not just missed.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let honest = ok(ACTION);
    let length = honest.len();
    let bent = (0..length, 0..length, proptest::collection::vec(any::<u8>(), 0..8));
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..400),
        bent.prop_map(move |(one, two, bytes)| {
            [&honest[..one.min(two)], &bytes, &honest[one.max(two)..]].concat()
        }),
    ]
}

/// No bytes panic, stall, or are blamed on us; the server closes behind them, so each case is quick.
#[test]
fn no_bytes_on_the_wire_are_our_fault() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let answer = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&answer);
    let server = runtime.block_on(Server::new(move |mut connection| {
        let answer = told.lock().unwrap().clone();
        async move {
            connection.request().await;
            connection.send(answer).await;
        }
    }));
    let client = client();
    TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(300)
    })
    .run(&bytes(), |bytes| {
        *answer.lock().unwrap() = bytes;
        let mut session = runtime.block_on(client.session(&server.policy())).unwrap();
        match runtime.block_on(session.act(&Observation::default())) {
            Ok(_) | Err(Fault::Miner(_)) => Ok(()),
            Err(Fault::Infra(fault))
                if fault.kind == InfraFaultKind::Internal && fault.detail.contains("stood still") =>
            {
                Ok(())
            }
            Err(Fault::Infra(fault)) => Err(TestCaseError::fail(fault.to_string())),
        }
    })
    .unwrap();
}
