//! Nodes that lie, say nonsense or are exchanged between two requests: each answer is scripted.

use super::{Limits, View, link::Link};
use crate::{Error, Hash, Result, config::Rpc, golden::golden};
use serde_json::{Value as Json, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use subxt::rpcs::{
    self, RpcClient, UserError,
    client::{RawRpcFuture, RawRpcSubscription, RawValue, RpcClientT},
};

/// What a node answers to the how-manieth request of a method, with these parameters.
type Script = dyn Fn(&str, usize, &Json) -> Result<Json, UserError> + Send + Sync;

struct Scripted {
    script: Box<Script>,
    /// Requests for the genesis, then others.
    asked: [AtomicUsize; 2],
}

impl RpcClientT for Scripted {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        params: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        let params: Json = params.map_or(Json::Null, |raw| serde_json::from_str(raw.get()).unwrap());
        let kind = usize::from(method != "chain_getBlockHash");
        let asked = self.asked[kind].fetch_add(1, Ordering::SeqCst);
        let answer = (self.script)(method, asked, &params);
        Box::pin(async move {
            let text = answer.map_err(rpcs::Error::User)?.to_string();
            Ok(RawValue::from_string(text).unwrap())
        })
    }

    fn subscribe_raw<'a>(
        &'a self,
        _: &'a str,
        _: Option<Box<RawValue>>,
        _: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        unreachable!("reading subscribes to nothing")
    }
}

fn hash(byte: u8) -> Json {
    json!(Hash([byte; 32]).to_string())
}

fn refused(code: i32, message: &str) -> UserError {
    UserError {
        code,
        message: message.to_owned(),
        data: None,
    }
}

/// An honest node at block 7, whose genesis is all ones. Whoever asks for its state must say of which block.
fn honest(method: &str, params: &Json) -> Result<Json, UserError> {
    let block = match method {
        "chain_getHeader" | "state_getRuntimeVersion" | "state_getMetadata" => Some(0),
        "state_queryStorageAt" => Some(1),
        "state_call" => Some(2),
        "state_getKeysPaged" => Some(3),
        _ => None,
    };
    if let Some(place) = block {
        assert_eq!(params[place], hash(2), "{method}");
    }
    Ok(match method {
        "chain_getBlockHash" => hash(1),
        "chain_getFinalizedHead" => hash(2),
        "chain_getHeader" => json!({
            "parentHash": hash(9), "number": "0x7", "stateRoot": hash(9), "extrinsicsRoot": hash(9),
            "digest": { "logs": [] }
        }),
        "state_getRuntimeVersion" => json!({ "specVersion": 461, "transactionVersion": 1 }),
        "state_call" if params[0] == "Metadata_metadata_versions" => json!("0x0c0e0000000f000000ffffffff"),
        "state_call" => golden()["metadata"]["v15_hex"].clone(),
        "state_getMetadata" => golden()["metadata"]["v14_hex"].clone(),
        "state_getKeysPaged" => json!([]),
        "state_queryStorageAt" => json!([{ "block": hash(2), "changes": [] }]),
        other => panic!("`{other}` is asked"),
    })
}

fn node(
    script: impl Fn(&str, usize, &Json) -> Option<Result<Json, UserError>> + Send + Sync + 'static,
) -> Rpc {
    let script = move |method: &str, asked: usize, params: &Json| {
        script(method, asked, params).unwrap_or_else(|| honest(method, params))
    };
    Rpc::new(RpcClient::new(Scripted {
        script: Box::new(script),
        asked: Default::default(),
    }))
}

/// Answers one method so; everything else honestly.
fn lying(
    about: &'static str,
    answer: impl Fn(&Json) -> Result<Json, UserError> + Send + Sync + 'static,
) -> Rpc {
    node(move |method, _, params| (method == about).then(|| answer(params)))
}

async fn read<T, Answer>(rpc: Rpc, ask: impl Fn(View) -> Answer) -> Result<T>
where
    Answer: Future<Output = Result<T>>,
{
    let link = Link::new("local".parse().unwrap(), Limits::default());
    link.at_head(&rpc, ask).await
}

async fn nothing(_: View) -> Result<()> {
    Ok(())
}

async fn keys(view: View) -> Result<Vec<Vec<u8>>> {
    view.keys(&[0xab], 1000, "keys").await
}

async fn values(view: View) -> Result<Vec<Option<Vec<u8>>>> {
    view.stored(&[vec![0xab], vec![0xcd]]).await
}

#[tokio::test]
async fn an_honest_node_is_read() {
    let view = read(node(|_, _, _| None), async |view| Ok(view)).await.unwrap();
    assert_eq!((view.number.0, view.hash), (7, Hash([2; 32])));
    assert_eq!(
        (view.config.genesis(), view.config.spec_version()),
        (Hash([1; 32]), 461)
    );
    assert!(view.entry("Commitments", "CommitmentOf").is_ok());
    assert_eq!(read(node(|_, _, _| None), values).await.unwrap(), [None, None]);
    assert!(read(node(|_, _, _| None), keys).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_node_that_names_no_metadata_versions_has_one() {
    let rpc = lying("state_call", |_| Err(refused(-32601, "Method not found")));
    let view = read(rpc, async |view| Ok(view)).await.unwrap();
    assert!(view.entry("Commitments", "CommitmentOf").is_ok());
}

#[tokio::test]
async fn the_metadata_are_asked_for_once_a_runtime() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let rpc = node(move |method, count, params| {
        if method == "state_call" && params[0] == "Metadata_metadata_at_version" {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        // The third read finds another runtime.
        let version = if count < 9 { 461 } else { 462 };
        (method == "state_getRuntimeVersion")
            .then(|| Ok(json!({ "specVersion": version, "transactionVersion": 1 })))
    });
    let link = Link::new("local".parse().unwrap(), Limits::default());
    for fetched in [1, 1, 2, 2] {
        link.at_head(&rpc, nothing).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), fetched);
    }
}

#[tokio::test]
async fn a_chain_exchanged_between_two_requests_is_not_believed() {
    // Nothing breaks: only the last answer tells.
    let rpc = node(|method, asked, _| {
        (method == "chain_getBlockHash").then(|| Ok(if asked == 0 { hash(1) } else { hash(3) }))
    });
    let link = Link::new("local".parse().unwrap(), Limits::default());
    let error = link.at_head(&rpc, nothing).await.unwrap_err();
    let (one, three) = (Hash([1; 32]), Hash([3; 32]));
    assert!(
        matches!(error, Error::OtherGenesis { was, is } if (was, is) == (one, three)),
        "{error:?}"
    );
    // Said once; then it is the chain.
    let view = link.at_head(&rpc, async |view| Ok(view)).await.unwrap();
    assert_eq!(view.config.genesis(), three);
}

#[tokio::test]
async fn another_genesis_explains_every_other_fault() {
    let rpc = node(|method, asked, _| match method {
        "chain_getBlockHash" => Some(Ok(if asked == 0 { hash(1) } else { hash(3) })),
        "state_getKeysPaged" => Some(Err(refused(4003, "State already discarded for 0x02"))),
        _ => None,
    });
    let error = read(rpc, keys).await.unwrap_err();
    assert!(matches!(error, Error::OtherGenesis { .. }), "{error:?}");
}

#[tokio::test]
async fn what_a_node_refuses_has_a_type() {
    for words in [
        "State already discarded for 0x02",
        "Client error: UnknownBlock: Expect block number from id: BlockId::Hash(0x02)",
        "Client error: Api called for an unknown Block: Header was not found",
    ] {
        let rpc = lying("state_getKeysPaged", move |_| Err(refused(4003, words)));
        let error = read(rpc, keys).await.unwrap_err();
        assert!(
            matches!(error, Error::Pruned { block } if block == Hash([2; 32])),
            "{error:?}"
        );
    }
    let long = format!("busy\n{}", "x".repeat(1000));
    let rpc = lying("state_getKeysPaged", move |_| Err(refused(-32000, &long)));
    let Error::Refused { code, message, .. } = read(rpc, keys).await.unwrap_err() else {
        panic!("it is another error");
    };
    assert_eq!((code, message.len(), &message[..6]), (-32000, 200, "busy x"));
}

#[tokio::test]
async fn nonsense_is_no_answer() {
    for (method, answer) in [
        ("chain_getBlockHash", json!(null)),
        ("chain_getBlockHash", json!("0x01")),
        ("chain_getFinalizedHead", json!(17)),
        ("chain_getHeader", json!(null)),
        ("chain_getHeader", json!({ "number": "0x7" })),
        ("state_getRuntimeVersion", json!({})),
        ("state_call", json!(17)),
    ] {
        let told = answer.clone();
        let rpc = lying(method, move |_| Ok(told.clone()));
        let error = read(rpc, nothing).await.unwrap_err();
        assert!(
            matches!(error, Error::BadAnswer { .. }),
            "{method} {answer}: {error:?}"
        );
        assert!(error.is_passing());
    }
}

#[tokio::test]
async fn metadata_that_cannot_be_read_are_no_answer() {
    for answer in ["0x00", "0x0104ff", "0x01"] {
        let rpc = node(move |method, _, params| {
            let metadata = method == "state_call" && params[0] == "Metadata_metadata_at_version";
            metadata.then(|| Ok(json!(answer)))
        });
        let error = read(rpc, nothing).await.unwrap_err();
        assert!(matches!(error, Error::BadAnswer { .. }), "{answer}: {error:?}");
    }
}

#[tokio::test]
async fn keys_and_values_that_were_not_asked_for_are_refused() {
    for page in [
        json!(["0xab01", "0xcd02"]),
        json!(["0xab02", "0xab01"]),
        json!(["0xab01", "0xab01"]),
    ] {
        let told = page.clone();
        let error = read(lying("state_getKeysPaged", move |_| Ok(told.clone())), keys).await;
        assert!(matches!(error, Err(Error::BadAnswer { .. })), "{page}: {error:?}");
    }
    for sets in [
        json!([{ "block": hash(2), "changes": [["0xab", "0x01"], ["0xef", "0x02"]] }]),
        json!([{ "block": hash(5), "changes": [["0xab", "0x01"]] }]),
    ] {
        let told = sets.clone();
        let error = read(lying("state_queryStorageAt", move |_| Ok(told.clone())), values).await;
        assert!(matches!(error, Err(Error::BadAnswer { .. })), "{sets}: {error:?}");
    }
    let rpc = lying("state_queryStorageAt", |_| {
        Ok(json!([{ "block": hash(2), "changes": [["0xcd", "0x02"], ["0xab", null]] }]))
    });
    assert_eq!(read(rpc, values).await.unwrap(), [None, Some(vec![2])]);
}

#[tokio::test]
async fn a_list_without_end_ends() {
    // Every page is full and new.
    let pages = AtomicUsize::new(0);
    let rpc = lying("state_getKeysPaged", move |params| {
        assert_eq!(params[1], 512);
        let page = pages.fetch_add(1, Ordering::SeqCst);
        let keys = (0..512).map(|key| format!("0xab{page:08x}{key:08x}"));
        Ok(keys.collect())
    });
    let error = read(rpc, keys).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooMuch {
                what: "keys",
                limit: 1000
            }
        ),
        "{error:?}"
    );
    // The same page again and again.
    let rpc = lying("state_getKeysPaged", |_| {
        Ok((0..512).map(|key| format!("0xab{key:08x}")).collect())
    });
    let error = read(rpc, keys).await.unwrap_err();
    assert!(matches!(error, Error::BadAnswer { .. }), "{error:?}");
}
