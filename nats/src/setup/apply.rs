//! Making the server as the setup wants it, and saying where it is not. Deletes nothing and loses no message.

use crate::{
    Asset, Change, Config, Difference, Error, Report, Result,
    api::{ask, code},
    connection::backoff,
    setup::{Wanted, wanted},
};
use async_nats::Client;
use kinitro_proto::Family;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

/// How often a creation is tried that another service's may have been in the way of: for 3 s in all.
const ATTEMPTS: usize = 6;

/// What the server says about a stream or consumer.
#[derive(Deserialize)]
struct Found {
    config: Map<String, Value>,
    #[serde(default)]
    state: State,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(default)]
    messages: u64,
    #[serde(default)]
    bytes: u64,
}

pub(crate) async fn apply(client: &Client, config: &Config, families: &[Family]) -> Result<Report> {
    let mut report = Report::default();
    for wanted in wanted(config, families) {
        report.changes.extend(settle(client, &wanted).await?);
    }
    Ok(report)
}

pub(crate) async fn diff(client: &Client, config: &Config, families: &[Family]) -> Result<Vec<Difference>> {
    let mut all = Vec::new();
    for wanted in wanted(config, families) {
        match find(client, &wanted.asset).await? {
            Some(found) => all.extend(differences(&wanted, &found.config)),
            None => all.push(missing(wanted)),
        }
    }
    Ok(all)
}

async fn settle(client: &Client, wanted: &Wanted) -> Result<Option<Change>> {
    for failures in 0.. {
        if let Some(found) = find(client, &wanted.asset).await? {
            return update(client, wanted, found).await;
        }
        match write(client, &wanted.asset, &wanted.config, Action::Create).await {
            Ok(_) => return Ok(Some(Change::Created(wanted.asset.clone()))),
            Err(error) if failures < ATTEMPTS && may_be_a_race(&error) => {
                drop(timeout(backoff(failures), std::future::pending::<()>()).await);
            }
            Err(error) => return Err(error),
        }
    }
    unreachable!("the loop ends by returning")
}

/// Whether another service may be making the same: it has the name then, or, while it is at it, the room in
/// the store that the stream wants.
fn may_be_a_race(error: &Error) -> bool {
    matches!(
        error.code(),
        Some(code::STREAM_NAME_EXISTS | code::CONSUMER_EXISTS | code::INSUFFICIENT_STORAGE)
    )
}

async fn update(client: &Client, wanted: &Wanted, found: Found) -> Result<Option<Change>> {
    let differences = differences(wanted, &found.config);
    if differences.is_empty() {
        return Ok(None);
    }
    let asset = wanted.asset.clone();
    if let Some(loss) = loss(&differences, &found.state) {
        return Ok(Some(Change::Kept(asset, differences, loss)));
    }
    // What the operator set besides, and the setup does not name, stays.
    let merged = overlay(found.config, &wanted.config);
    match write(client, &asset, &merged, Action::Update).await {
        Ok(_) => Ok(Some(Change::Updated(asset, differences))),
        Err(Error::Refused { description, .. }) => Ok(Some(Change::Kept(asset, differences, description))),
        Err(error) => Err(error),
    }
}

/// What an update would lose, in words.
fn loss(differences: &[Difference], state: &State) -> Option<String> {
    let lowered = |limit: &str, held: u64| {
        let difference = differences.iter().find(|difference| difference.field == limit)?;
        let wanted = bound(&difference.wanted)?;
        let lower = bound(&difference.found).is_none_or(|found| wanted < found);
        (lower && held > wanted).then(|| format!("the stream holds more than the new `{limit}`"))
    };
    // How old the messages are, and how many a subject holds, is not in the state: any may be too many.
    let some = if state.messages > 0 { u64::MAX } else { 0 };
    lowered("max_msgs", state.messages)
        .or_else(|| lowered("max_bytes", state.bytes))
        .or_else(|| lowered("max_age", some))
        .or_else(|| lowered("max_msgs_per_subject", some))
}

/// A limit; JetStream writes "none" as 0 or -1.
fn bound(limit: &Value) -> Option<u64> {
    limit.as_u64().filter(|&limit| limit > 0)
}

async fn find(client: &Client, asset: &Asset) -> Result<Option<Found>> {
    let what = match asset {
        Asset::Stream(name) => format!("STREAM.INFO.{name}"),
        Asset::Consumer { stream, name } => format!("CONSUMER.INFO.{stream}.{name}"),
    };
    match ask(client, &what, &json!({})).await {
        Ok(found) => Ok(Some(found)),
        Err(error)
            if matches!(
                error.code(),
                Some(code::STREAM_NOT_FOUND | code::CONSUMER_NOT_FOUND)
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[derive(Clone, Copy)]
enum Action {
    Create,
    Update,
}

async fn write(client: &Client, asset: &Asset, config: &Map<String, Value>, action: Action) -> Result<Value> {
    let (verb, action) = match action {
        Action::Create => ("CREATE", "create"),
        Action::Update => ("UPDATE", "update"),
    };
    match asset {
        Asset::Stream(name) => ask(client, &format!("STREAM.{verb}.{name}"), config).await,
        Asset::Consumer { stream, name } => {
            // The subject carries the filter, so that permissions can be given by it.
            let filter = config.get("filter_subject").and_then(Value::as_str);
            let filter = filter.map_or_else(String::new, |filter| format!(".{filter}"));
            let body = json!({ "stream_name": stream, "config": config, "action": action });
            ask(client, &format!("CONSUMER.CREATE.{stream}.{name}{filter}"), &body).await
        }
    }
}

fn missing(wanted: Wanted) -> Difference {
    Difference {
        asset: wanted.asset,
        field: String::new(),
        wanted: Value::Null,
        found: Value::Null,
    }
}

/// The fields that the setup names and the server has otherwise; metadata key by key.
fn differences(wanted: &Wanted, found: &Map<String, Value>) -> Vec<Difference> {
    let nothing = Map::new();
    let metadata = |config: &Map<String, Value>| config.get("metadata").and_then(Value::as_object).cloned();
    let found_metadata = metadata(found).unwrap_or(nothing);
    let fields = wanted
        .config
        .iter()
        .filter(|(field, _)| *field != "metadata")
        .map(|(field, value)| {
            (
                field.clone(),
                value.clone(),
                found.get(field).cloned().unwrap_or_default(),
            )
        });
    let wanted_metadata = metadata(&wanted.config).unwrap_or_default();
    let keys = wanted_metadata.into_iter().map(|(key, value)| {
        let found = found_metadata.get(&key).cloned().unwrap_or_default();
        (format!("metadata.{key}"), value, found)
    });
    fields
        .chain(keys)
        .filter(|(_, wanted, found)| wanted != found)
        .map(|(field, value, found)| Difference {
            asset: wanted.asset.clone(),
            field,
            wanted: value,
            found,
        })
        .collect()
}

fn overlay(mut found: Map<String, Value>, wanted: &Map<String, Value>) -> Map<String, Value> {
    for (field, value) in wanted {
        match (found.get_mut(field), value) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new.clone()),
            _ => drop(found.insert(field.clone(), value.clone())),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(field: &str, found: i64, wanted: i64) -> Vec<Difference> {
        let asset = Asset::Stream("S".to_owned());
        vec![Difference {
            asset,
            field: field.to_owned(),
            wanted: wanted.into(),
            found: found.into(),
        }]
    }

    #[test]
    fn a_limit_below_what_is_held_would_lose_messages() {
        let state = State {
            messages: 100,
            bytes: 5000,
        };
        for (field, found, wanted, loses) in [
            ("max_msgs", 1000, 99, true),
            ("max_msgs", -1, 99, true),
            ("max_msgs", 1000, 100, false),
            ("max_msgs", 50, 99, false),
            ("max_msgs", 1000, -1, false),
            ("max_bytes", 10_000, 4999, true),
            ("max_bytes", 10_000, 5000, false),
            ("max_age", 0, 5, true),
            ("max_age", 5, 6, false),
            ("max_msgs_per_subject", -1, 1, true),
            ("max_consumers", 10, 1, false),
        ] {
            assert_eq!(
                loss(&change(field, found, wanted), &state).is_some(),
                loses,
                "{field} {found} {wanted}"
            );
            assert_eq!(
                loss(&change(field, found, wanted), &State::default()),
                None,
                "{field} of an empty stream"
            );
        }
    }

    #[test]
    fn what_the_setup_does_not_name_is_no_difference_and_stays() {
        let config = |value: Value| value.as_object().cloned().unwrap();
        let wanted = Wanted {
            asset: Asset::Stream("S".to_owned()),
            config: config(json!({ "max_msgs": 5, "metadata": { "owner": "kinitro" } })),
        };
        let found =
            config(json!({ "max_msgs": 5, "placement": 1, "metadata": { "owner": "me", "team": "x" } }));
        let differences = differences(&wanted, &found);
        assert_eq!(differences.len(), 1);
        assert_eq!(
            differences[0].to_string(),
            "stream S: `metadata.owner` is \"me\", wanted \"kinitro\""
        );
        let merged = Value::from(overlay(found, &wanted.config));
        let expected =
            json!({ "max_msgs": 5, "placement": 1, "metadata": { "owner": "kinitro", "team": "x" } });
        assert_eq!(merged, expected);
    }
}
