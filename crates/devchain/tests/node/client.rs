//! A client, and extrinsics as it signs them.

use codec::Encode;
use jsonrpsee::{
    core::{
        client::{ClientT, Error, Subscription, SubscriptionClientT},
        params::ArrayParams,
    },
    types::ErrorObjectOwned,
    ws_client::{WsClient, WsClientBuilder},
};
use kinitro_devchain::{
    Devchain, RuntimeCall,
    pallets::{
        commitments::{self, CommitmentInfo, Data},
        numbers::NetUid,
        subtensor,
    },
    runtime::{TransactionExtensions, UncheckedExtrinsic, extensions},
};
use serde_json::Value;
use sp_core::{Bytes, H256, Pair, sr25519};
use sp_runtime::{BoundedVec, MultiSignature, generic::Era, generic::SignedPayload};
use std::{fmt::Write, time::Duration};

/// A connection to a chain.
pub(crate) struct Client {
    pub(crate) rpc: WsClient,
    genesis: H256,
}

/// How an extrinsic is signed.
#[derive(Clone, Copy)]
pub(crate) struct Signing {
    pub(crate) nonce: u32,
    pub(crate) spec_version: u32,
    /// Mortality: the period, and the block it begins with.
    pub(crate) mortal: Option<(u64, u64, H256)>,
    pub(crate) tip: u64,
}

impl Signing {
    pub(crate) fn nonce(nonce: u32) -> Self {
        Self {
            nonce,
            spec_version: 461,
            mortal: None,
            tip: 0,
        }
    }
}

impl Client {
    pub(crate) async fn new(chain: &Devchain) -> Self {
        let builder = WsClientBuilder::default()
            .request_timeout(Duration::from_secs(30))
            .max_response_size(32 << 20)
            .max_request_size(32 << 20);
        Self {
            rpc: builder.build(chain.url()).await.unwrap(),
            genesis: chain.genesis(),
        }
    }

    /// Calls a method with parameters as JSON.
    pub(crate) async fn call(&self, method: &str, parameters: Value) -> Result<Value, ErrorObjectOwned> {
        match self.rpc.request(method, array(parameters)).await {
            Ok(answer) => Ok(answer),
            Err(Error::Call(error)) => Err(error),
            Err(error) => panic!("`{method}` was not answered: {error}"),
        }
    }

    pub(crate) async fn follow(&self, methods: [&str; 2], parameters: Value) -> Subscription<Value> {
        self.rpc
            .subscribe(methods[0], array(parameters), methods[1])
            .await
            .unwrap()
    }

    /// Submits and follows an extrinsic.
    pub(crate) async fn watch(&self, extrinsic: &Bytes) -> Result<Subscription<Value>, ErrorObjectOwned> {
        let parameters = array(serde_json::json!([extrinsic]));
        let (subscribe, unsubscribe) = ("author_submitAndWatchExtrinsic", "author_unwatchExtrinsic");
        match self.rpc.subscribe(subscribe, parameters, unsubscribe).await {
            Ok(statuses) => Ok(statuses),
            Err(Error::Call(error)) => Err(error),
            Err(error) => panic!("submission was not answered: {error}"),
        }
    }

    pub(crate) async fn submit(&self, extrinsic: &Bytes) -> Result<Value, ErrorObjectOwned> {
        self.call("author_submitExtrinsic", serde_json::json!([extrinsic]))
            .await
    }

    /// Signs a call.
    pub(crate) fn sign(&self, uri: &str, signing: Signing, call: impl Into<RuntimeCall>) -> Bytes {
        let pair = sr25519::Pair::from_string(uri, None).unwrap();
        let (era, birth) = match signing.mortal {
            Some((period, from, hash)) => (Era::mortal(period, from), hash),
            None => (Era::Immortal, self.genesis),
        };
        let extension: TransactionExtensions = (
            (
                frame_system::CheckNonZeroSender::new(),
                frame_system::CheckSpecVersion::new(),
                frame_system::CheckTxVersion::new(),
                frame_system::CheckGenesis::new(),
                frame_system::CheckEra::from(era),
                extensions::CheckNonce(signing.nonce),
                frame_system::CheckWeight::new(),
            ),
            (
                pallet_transaction_payment::ChargeTransactionPayment::from(signing.tip),
                extensions::SudoTransactionExtension,
                extensions::CheckShieldedTxValidity,
                extensions::SubtensorTransactionExtension,
                extensions::DrandPriority,
                extensions::CheckMetadataHash::default(),
            ),
        );
        let implicit = (
            ((), signing.spec_version, 1, self.genesis, birth, (), ()),
            ((), (), (), (), (), None),
        );
        let payload = SignedPayload::from_raw(call.into(), extension, implicit);
        let signature = payload.using_encoded(|bytes| pair.sign(bytes));
        let (call, extension, _) = payload.deconstruct();
        let address = kinitro_devchain::account(uri).into();
        let extrinsic =
            UncheckedExtrinsic::new_signed(call, address, MultiSignature::Sr25519(signature), extension);
        Bytes(extrinsic.encode())
    }
}

/// A commitment of some text.
pub(crate) fn commit(text: &str) -> RuntimeCall {
    let fields = vec![Data::Raw(BoundedVec::truncate_from(text.as_bytes().to_vec()))];
    let info = Box::new(CommitmentInfo {
        fields: BoundedVec::truncate_from(fields),
    });
    RuntimeCall::Commitments(commitments::Call::set_commitment {
        netuid: NetUid(1),
        info,
    })
}

/// Weights for uid 1, which is `//operator`.
pub(crate) fn weights(version_key: u64) -> RuntimeCall {
    let netuid = NetUid(1);
    RuntimeCall::SubtensorModule(subtensor::Call::set_weights {
        netuid,
        dests: vec![1],
        weights: vec![65_535],
        version_key,
    })
}

pub(crate) fn data(error: &ErrorObjectOwned) -> String {
    error
        .data()
        .map(|data| serde_json::from_str::<String>(data.get()).unwrap())
        .unwrap_or_default()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

pub(crate) async fn next(subscription: &mut Subscription<Value>) -> Value {
    let next = tokio::time::timeout(Duration::from_secs(20), subscription.next());
    next.await
        .expect("the subscription tells something")
        .expect("the subscription is open")
        .unwrap()
}

fn array(parameters: Value) -> ArrayParams {
    let mut array = ArrayParams::new();
    for parameter in parameters.as_array().unwrap() {
        array.insert(parameter).unwrap();
    }
    array
}
