//! An upgrade of the runtime under a client.

use crate::client::{Client, Signing, hex, next, weights};
use codec::Decode;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use kinitro_devchain::{Blocks, Devchain, FIRST_SHIFTED_ERROR, Options, SEQUENCED_TAG, Setting};
use scale_info::{TypeDef, TypeDefVariant, form::PortableForm};
use serde_json::json;
use sp_core::Bytes;

async fn chain() -> (Devchain, Client) {
    let chain = Devchain::start(Options::default().blocks(Blocks::Manual))
        .await
        .unwrap();
    let client = Client::new(&chain).await;
    (chain, client)
}

/// The errors of `SubtensorModule` and the variants of `Data`, from metadata of any version.
async fn told(client: &Client, version: u32, at: sp_core::H256) -> [TypeDefVariant<PortableForm>; 2] {
    let parameters = json!(["Metadata_metadata_at_version", hex(&version.to_le_bytes()), at]);
    let answer = client.call("state_call", parameters).await.unwrap();
    let bytes: Bytes = serde_json::from_value(answer).unwrap();
    let bytes = Option::<Vec<u8>>::decode(&mut &bytes[..]).unwrap().unwrap();
    let metadata = RuntimeMetadataPrefixed::decode(&mut &bytes[..]).unwrap().1;
    macro_rules! parts {
        ($metadata:expr) => {{
            let module = $metadata
                .pallets
                .iter()
                .find(|pallet| pallet.name == "SubtensorModule")
                .unwrap();
            let error = module.error.as_ref().unwrap().ty.id;
            ($metadata.types, error)
        }};
    }
    let (types, error) = match metadata {
        RuntimeMetadata::V14(metadata) => parts!(metadata),
        RuntimeMetadata::V15(metadata) => parts!(metadata),
        RuntimeMetadata::V16(metadata) => parts!(metadata),
        other => panic!("metadata of version {}", other.version()),
    };
    let errors = &types.resolve(error).unwrap().type_def;
    let is_data = |path: &[String]| path.last().is_some_and(|name| name == "Data");
    let data = types
        .types
        .iter()
        .find(|entry| is_data(&entry.ty.path.segments))
        .unwrap();
    [errors, &data.ty.type_def].map(|definition| match definition {
        TypeDef::Variant(variants) => variants.clone(),
        other => panic!("no variants but {other:?}"),
    })
}

fn name(variants: &TypeDefVariant<PortableForm>, index: u8) -> Option<&str> {
    let mut variants = variants.variants.iter();
    variants
        .find(|variant| variant.index == index)
        .map(|variant| variant.name.as_str())
}

#[tokio::test]
async fn old_blocks_keep_their_metadata_and_new_ones_have_another() {
    let (chain, client) = chain().await;
    let before = chain.new_block().await.unwrap();
    let mut versions = client
        .follow(
            ["state_subscribeRuntimeVersion", "state_unsubscribeRuntimeVersion"],
            json!([]),
        )
        .await;
    assert_eq!(next(&mut versions).await["specVersion"], json!(461));
    chain.upgrade().await.unwrap();
    assert_eq!(next(&mut versions).await["specVersion"], json!(462));
    let after = chain.head();
    for (head, version) in [(before, 461), (after, 462)] {
        let answer = client
            .call("state_getRuntimeVersion", json!([head.hash]))
            .await
            .unwrap();
        assert_eq!(answer["specVersion"], json!(version));
    }
    for version in [14, 15, 16] {
        let [old_errors, old_data] = told(&client, version, before.hash).await;
        let [new_errors, new_data] = told(&client, version, after.hash).await;
        assert_eq!(name(&old_errors, 29), Some("SettingWeightsTooFast"));
        assert_eq!(name(&new_errors, 30), Some("SettingWeightsTooFast"));
        assert_eq!(name(&new_errors, FIRST_SHIFTED_ERROR), Some("AddedByUpgrade"));
        let numbers: Vec<_> = new_errors
            .variants
            .iter()
            .map(|variant| usize::from(variant.index))
            .collect();
        assert_eq!(
            numbers,
            (0..numbers.len()).collect::<Vec<_>>(),
            "Python clients count the list"
        );
        assert_eq!(name(&old_data, SEQUENCED_TAG), None);
        assert_eq!(name(&new_data, SEQUENCED_TAG), Some("Sequenced"));
    }
    assert!(chain.new_block().await.unwrap().number > after.number);
}

#[tokio::test]
async fn errors_in_events_have_the_numbers_of_their_blocks_metadata() {
    let (chain, client) = chain().await;
    let events = hex(&[
        sp_io::hashing::twox_128(b"System"),
        sp_io::hashing::twox_128(b"Events"),
    ]
    .concat());
    // Found wrong only when it is dispatched, by `CommitRevealEnabled`.
    for (spec_version, nonce, expected) in [(461, 0, 53_u8), (462, 1, 54)] {
        let signing = Signing {
            spec_version,
            ..Signing::nonce(nonce)
        };
        let extrinsic = client.sign("//validator", signing, weights(0));
        client.submit(&extrinsic).await.unwrap();
        chain.hold_transactions(true);
        chain.set(1, Setting::CommitReveal(true)).await.unwrap();
        assert_eq!(chain.waiting(), 1, "the pool does not look at it");
        chain.hold_transactions(false);
        let head = chain.new_block().await.unwrap();
        let told = client
            .call("state_getStorage", json!([events, head.hash]))
            .await
            .unwrap();
        // System.ExtrinsicFailed, Module, SubtensorModule, and its error.
        let failed = format!("00010307{expected:02x}000000");
        assert!(told.as_str().unwrap().contains(&failed), "{told}");
        chain.set(1, Setting::CommitReveal(false)).await.unwrap();
        chain.upgrade().await.unwrap();
    }
}
