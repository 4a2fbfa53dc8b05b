//! One task, one trace, through all services.

use crate::stack::{PATIENCE, Stack};
use axum::{Router, body::Bytes, routing::post};
use kinitro_harness::eventually;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

/// What was sent to the collector: batches of spans, each of one service.
type Batches = Arc<Mutex<Vec<Bytes>>>;

#[tokio::test]
async fn a_tasks_trace_goes_through_scheduler_executor_and_scorer() {
    let (collector, batches) = collector().await;
    let mut stack = Stack::start().await;
    stack.set("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}"));
    stack.set("OTEL_BSP_SCHEDULE_DELAY", 200);
    stack.judge_scripted(&[0.5], 2);
    let _scheduler = stack.scheduler();
    let _executor = stack.executor("one", &[]);
    let _scorer = stack.scorer();
    stack.settled(PATIENCE).await;

    for kept in stack.wire().results().await {
        let traceparent = kept.traceparent.expect("traces are exported");
        let trace = traceparent.split('-').nth(1).unwrap();
        let trace = u128::from_str_radix(trace, 16).unwrap().to_be_bytes();
        for (service, span) in [
            ("scheduler", "publish"),
            ("executor", "attempt"),
            ("scorer", "record"),
        ] {
            let what = format!("the span `{span}` of the {service} in trace {traceparent}");
            let service = format!("kinitro-{service}");
            eventually(PATIENCE, &what, async || {
                let batches = batches.lock().unwrap();
                batches.iter().any(|batch| {
                    [service.as_bytes(), span.as_bytes(), &trace]
                        .iter()
                        .all(|part| holds(batch, part))
                })
            })
            .await;
        }
    }
}

/// An OTLP receiver that keeps what it is sent. Names and ids stand in the protocol's bytes as they are.
async fn collector() -> (SocketAddr, Batches) {
    let batches = Batches::default();
    let kept = Arc::clone(&batches);
    let take = post(async move |batch: Bytes| kept.lock().unwrap().push(batch));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/v1/traces", take);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, batches)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
