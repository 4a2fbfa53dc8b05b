//! The requests behind `nats stream ls|info|subjects|get` and `nats consumer info`, and that their answers read
//! naturally.

use crate::support::{ask, client, family, start, tasks};
use base64::{Engine, engine::general_purpose::STANDARD};
use kinitro_proto::header;
use serde_json::json;

#[tokio::test]
async fn an_operator_sees_the_backlog_with_the_plain_tool() {
    let (nats, bus) = start().await;
    let tasks = tasks(12, 3);
    let traces = [
        None,
        Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    ];
    bus.publish_tasks(&tasks, &traces).await.unwrap();
    let client = client(&nats).await;

    let list = ask(&client, "STREAM.LIST", json!({})).await;
    let names: Vec<_> = list["streams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["config"]["name"].clone())
        .collect();
    assert_eq!(names, ["DEAD", "EVENTS", "RESULTS", "TASKS"]);
    for stream in list["streams"].as_array().unwrap() {
        assert!(stream["config"]["description"].as_str().unwrap().len() > 20);
    }

    let info = ask(&client, "STREAM.INFO.TASKS", json!({})).await;
    assert_eq!(info["state"]["messages"], 3);
    assert_eq!(info["config"]["metadata"]["io.nats.monitor.enabled"], "true");

    let subjects = ask(
        &client,
        "STREAM.INFO.TASKS",
        json!({ "subjects_filter": "tasks.metaworld.12.>" }),
    )
    .await;
    let subject = format!("tasks.metaworld.12.{}", tasks[1].id);
    assert_eq!(subjects["state"]["subjects"][&subject], 1);

    let got = ask(
        &client,
        "STREAM.MSG.GET.TASKS",
        json!({ "last_by_subj": subject }),
    )
    .await;
    let headers = STANDARD.decode(got["message"]["hdrs"].as_str().unwrap()).unwrap();
    let headers = String::from_utf8(headers).unwrap();
    for line in [
        format!("{}: task.v1", header::SCHEMA),
        format!("{}: {}", header::TASK, tasks[1].id),
        format!("{}: 1", header::ATTEMPT),
        format!("{}: metaworld/push-v3", header::ENVIRONMENT),
        format!("{}: 7", header::MINER),
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
    ] {
        assert!(headers.contains(&format!("{line}\r\n")), "`{line}` in {headers}");
    }

    let consumer = ask(&client, "CONSUMER.INFO.TASKS.exec-metaworld", json!({})).await;
    assert_eq!(consumer["num_pending"], 3);
    assert_eq!(
        consumer["config"]["description"],
        "Executors of the family metaworld"
    );
    assert_eq!(
        consumer["config"]["metadata"]["io.nats.monitor.outstanding-ack-critical"],
        "4000"
    );
    assert_eq!(bus.backlog(&[family()]).await.unwrap()[0].pending, 3);
}

#[tokio::test]
async fn the_files_are_what_the_tool_would_send() {
    let nats = kinitro_harness::Nats::start().await;
    let client = client(&nats).await;
    for (name, text) in [
        ("TASKS", include_str!("../../streams/TASKS.json")),
        ("RESULTS", include_str!("../../streams/RESULTS.json")),
        ("EVENTS", include_str!("../../streams/EVENTS.json")),
        ("DEAD", include_str!("../../streams/DEAD.json")),
    ] {
        let answer = ask(
            &client,
            &format!("STREAM.CREATE.{name}"),
            serde_json::from_str(text).unwrap(),
        )
        .await;
        assert_eq!(answer["did_create"], true, "{answer}");
    }
    let exec = include_str!("../../consumers/exec.json").replace("FAMILY", "metaworld");
    for (stream, name, text) in [
        ("TASKS", "exec-metaworld.tasks.metaworld.>", exec.as_str()),
        ("RESULTS", "scorer", include_str!("../../consumers/scorer.json")),
        ("DEAD", "reaper", include_str!("../../consumers/reaper.json")),
    ] {
        let config: serde_json::Value = serde_json::from_str(text).unwrap();
        let body = json!({ "stream_name": stream, "config": config, "action": "create" });
        let answer = ask(&client, &format!("CONSUMER.CREATE.{stream}.{name}"), body).await;
        assert_eq!(answer["stream_name"], stream, "{answer}");
    }
}
