use super::{
    call::{self, Call},
    prepare::{Birth, sign},
    refusal::{Refusal, of_dispatch, of_pool},
    *,
};
use crate::{
    config::Config,
    golden::{cases, finney, golden, hex, runtimes},
};
use parity_scale_codec::Decode;
use scale_encode::EncodeAsFields;
use serde_json::{Value as Json, json, value::RawValue};
use subxt::{
    config::{DefaultExtrinsicParams, DefaultExtrinsicParamsBuilder},
    ext::scale_value::Value,
    rpcs::UserError,
    transactions::Payload,
    utils::MultiSignature,
};

/// The runtimes at hand, by a name to show.
fn all() -> Vec<(String, Config)> {
    let recorded = runtimes()
        .into_iter()
        .map(|(version, config)| (format!("V{version}"), config));
    recorded.chain([("finney".to_owned(), finney())]).collect()
}

fn encoded<Arguments: EncodeAsFields>(config: &Config, call: &Call<Arguments>) -> Vec<u8> {
    config.offline().tx().call_data(call).unwrap()
}

fn number(case: &Json, name: &str) -> u64 {
    case[name].as_u64().unwrap()
}

/// The transfer that was recorded, signed in the recorded ways.
fn transfer(config: &Config) -> impl Payload {
    let bob = hex(&golden()["ss58"][1]["public_key_hex"]);
    let dest = Value::unnamed_variant("Id", [Value::from_bytes(bob)]);
    let transfer = subxt::dynamic::tx("Balances", "transfer_keep_alive", (dest, 12345_u64));
    let recorded = hex(&golden()["calls"][0]["data_hex"]);
    assert_eq!(config.offline().tx().call_data(&transfer).unwrap(), recorded);
    transfer
}

fn params(case: &Json) -> DefaultExtrinsicParams<Config> {
    let builder = DefaultExtrinsicParamsBuilder::new().nonce(number(case, "nonce"));
    if case["era"] == "00" {
        return builder.build();
    }
    let (period, current) = (number(&case["era"], "period"), number(&case["era"], "current"));
    let hash = case["era_birth_block_hash"].as_str().unwrap_or(GENESIS);
    let hash: Hash = hash.parse().unwrap();
    builder
        .mortal_from_unchecked(period, current, hash.into())
        .build()
}

/// Of recorded extrinsics, whose signature is made up, the birth block is not told.
const GENESIS: &str = "0x1dc00e76a13fc48b9c932e076622c5920295afaad4fd805c284a5cf3222ce452";

#[test]
fn what_is_signed_is_what_the_official_client_signs() {
    for (version, config) in runtimes() {
        let (offline, call) = (config.offline(), transfer(&config));
        for case in cases("signature_payloads", 2) {
            let tx = offline.tx();
            let signable = tx.create_signable_offline(&call, params(case)).unwrap();
            assert_eq!(
                signable.signer_payload().unwrap(),
                hex(&case["payload_hex"]),
                "V{version}"
            );
        }
    }
}

#[test]
fn extrinsics_are_those_of_the_official_client() {
    for (version, config) in runtimes() {
        let (offline, call) = (config.offline(), transfer(&config));
        for case in cases("extrinsics", 2) {
            let account = AccountId32(hex(&case["public_key_hex"]).try_into().unwrap());
            let signature = MultiSignature::Sr25519(hex(&case["signature_hex"]).try_into().unwrap());
            let extrinsic = offline
                .tx()
                .create_signable_offline(&call, params(case))
                .and_then(|mut signable| signable.sign_with_account_and_signature(&account, &signature))
                .unwrap();
            assert_eq!(extrinsic.encoded(), hex(&case["extrinsic_hex"]), "V{version}");
            let hash: Hash = case["extrinsic_hash"].as_str().unwrap().parse().unwrap();
            assert_eq!(Hash::from(extrinsic.hash()), hash);
        }
    }
}

#[test]
fn a_commitment_is_one_field_named_after_its_bytes() {
    for (runtime, config) in all() {
        for text in ["", "x", "é", &"y".repeat(128)] {
            let length = u8::try_from(text.len()).unwrap();
            let expected = [&[18, 0, 7, 1, 4, length + 1], text.as_bytes()].concat();
            assert_eq!(
                encoded(&config, &call::commitment(0x107, text)),
                expected,
                "{runtime} `{text}`"
            );
        }
    }
}

#[test]
fn weights_are_set_for_the_first_mechanism() {
    let weights = Quantised {
        uids: vec![1, 258],
        values: vec![65535, 3],
    };
    for (runtime, config) in all() {
        let call = call::plain(config.metadata(), 7, &weights, 9);
        let expected = "0777 0700 00 08 0100 0201 08 ffff 0300 0900000000000000".replace(' ', "");
        assert_eq!(::hex::encode(encoded(&config, &call)), expected, "{runtime}");
    }
}

#[test]
fn the_recorded_call_of_weights_is_ours() {
    let case = golden()["calls"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["function"] == "set_weights")
        .unwrap();
    let list = |name: &str| serde_json::from_value(case["params"][name].clone()).unwrap();
    let weights = Quantised {
        uids: list("dests"),
        values: list("weights"),
    };
    let netuid = u16::try_from(number(&case["params"], "netuid")).unwrap();
    for (runtime, config) in all() {
        let call = call::plain(
            config.metadata(),
            netuid,
            &weights,
            number(&case["params"], "version_key"),
        );
        // The same arguments under the name that runtimes without mechanisms have.
        let call = Call {
            name: "set_weights",
            ..call
        };
        assert_eq!(encoded(&config, &call), hex(&case["data_hex"]), "{runtime}");
    }
}

#[test]
fn a_timelocked_commit_has_its_round_and_version() {
    for (runtime, config) in all() {
        let call = call::timelocked(config.metadata(), 7, &[0xaa; 3], 0x0102);
        let expected = "0776 0700 00 0c aaaaaa 0201000000000000 0400".replace(' ', "");
        assert_eq!(::hex::encode(encoded(&config, &call)), expected, "{runtime}");
        let call = Call {
            name: "commit_timelocked_weights",
            ..call
        };
        let expected = "0771 0700 0c aaaaaa 0201000000000000 0400".replace(' ', "");
        assert_eq!(::hex::encode(encoded(&config, &call)), expected, "{runtime}");
    }
}

fn prepared() -> Prepared {
    let (_, config) = runtimes().remove(1);
    let signer = Signer::from_uri("//Alice").unwrap();
    let birth = Birth {
        number: BlockNumber(1000),
        hash: Hash([7; 32]),
        nonce: 5,
    };
    let subject = (1, 3, PreparedKind::Timelocked { reveal_round: 12 });
    sign(&config, &signer, &call::commitment(1, "text"), birth, subject).unwrap()
}

#[test]
fn a_signed_extrinsic_lives_for_64_blocks() {
    let prepared = prepared();
    assert_eq!((prepared.signed_at.0, prepared.expires_at.0), (1000, 1064));
    // Length, version and address, then the signature's kind, it, and the era: 2^6 blocks from 1000 on.
    let mut bytes = &prepared.bytes[..];
    let length = parity_scale_codec::Compact::<u32>::decode(&mut bytes).unwrap().0;
    assert_eq!(usize::try_from(length).unwrap(), bytes.len());
    assert_eq!(bytes[..2], [0x84, 0]);
    let era = u16::from_le_bytes([bytes[99], bytes[100]]);
    assert_eq!((era & 0xf, era >> 4), (5, 1000 % 64));
    assert_eq!(bytes[101], 5 << 2);
}

#[test]
fn what_was_prepared_can_be_kept() {
    let prepared = prepared();
    let text = serde_json::to_string(&prepared).unwrap();
    assert_eq!(serde_json::from_str::<Prepared>(&text).unwrap(), prepared);
}

fn answer(code: i32, data: Option<&str>) -> UserError {
    UserError {
        code,
        message: "Invalid Transaction".to_owned(),
        data: data.map(|data| RawValue::from_string(json!(data).to_string()).unwrap()),
    }
}

#[test]
fn a_pools_refusal_has_a_name() {
    let prepared = prepared();
    let sent = Sent::of(&prepared).unwrap();
    let of_pool = |code, data| of_pool(&sent, &answer(code, data));
    for code in [1011, 1013, 1014, 1016] {
        assert!(matches!(of_pool(code, None), Refusal::Passing), "{code}");
    }
    let sure = |data| match of_pool(1010, Some(data)) {
        Refusal::Sure(error) => error,
        other => panic!("{data}: {other:?}"),
    };
    assert!(matches!(sure("Custom error: 1"), Error::StakeTooLow { .. }));
    assert!(matches!(sure("Custom error: 3"), Error::NoSubnet { netuid: 1 }));
    assert!(matches!(
        sure("Custom error: 6"),
        Error::RateLimited { blocks: None }
    ));
    assert!(matches!(sure("Custom error: 19"), Error::NotRegistered { .. }));
    assert!(matches!(sure("Custom error: 18"), Error::Weights { .. }));
    assert!(
        sure("Custom error: 255")
            .to_string()
            .contains("Custom error: 255")
    );
    // Included already, or signed for another runtime, or expired: only final blocks can tell.
    for data in [
        "Transaction is outdated",
        "Transaction has a bad signature",
        "Transaction has an ancient birth block",
    ] {
        assert!(
            matches!(of_pool(1010, Some(data)), Refusal::Unsure(Error::Rejected { .. })),
            "{data}"
        );
    }
    for code in [1010, 1012] {
        assert!(matches!(of_pool(code, None), Refusal::Unsure(_)), "{code}");
    }
    assert!(matches!(
        of_pool(-32601, None),
        Refusal::Sure(Error::Refused { code: -32601, .. })
    ));
}

#[test]
fn a_dispatch_error_goes_by_its_name() {
    let prepared = prepared();
    let sent = Sent::of(&prepared).unwrap();
    let of = |name| of_dispatch(&sent, "SubtensorModule", name);
    assert!(matches!(
        of("HotKeyNotRegisteredInSubNet"),
        Error::NotRegistered { netuid: 1, .. }
    ));
    assert!(matches!(of("NeuronNoValidatorPermit"), Error::NoPermit { .. }));
    assert!(matches!(of("SettingWeightsTooFast"), Error::RateLimited { .. }));
    assert!(matches!(
        of("CommittingWeightsTooFast"),
        Error::RateLimited { .. }
    ));
    assert!(matches!(
        of("IncorrectWeightVersionKey"),
        Error::VersionKey {
            given: 3,
            required: None
        }
    ));
    assert!(matches!(
        of("NotEnoughStakeToSetWeights"),
        Error::StakeTooLow { .. }
    ));
    assert!(matches!(of("MaxWeightExceeded"), Error::Weights { .. }));
    assert!(matches!(
        of_dispatch(&sent, "Commitments", "SpaceLimitExceeded"),
        Error::SpaceLimit
    ));
    assert!(matches!(
        of_dispatch(&sent, "Commitments", "AccountNotAllowedCommit"),
        Error::NotRegistered { .. }
    ));
    let error = of_dispatch(&sent, "System", "BadOrigin");
    assert!(error.to_string().contains("System.BadOrigin") && error.hint().is_some());
    assert!(of("CommitRevealEnabled").hint().unwrap().contains("submit again"));
}

#[test]
fn every_name_we_go_by_is_the_chains() {
    let names = [
        "HotKeyNotRegisteredInSubNet",
        "HotKeyNotRegisteredInNetwork",
        "NotEnoughStakeToSetWeights",
        "NeuronNoValidatorPermit",
        "SettingWeightsTooFast",
        "CommittingWeightsTooFast",
        "IncorrectWeightVersionKey",
        "SubnetNotExists",
        "MechanismDoesNotExist",
        "WeightVecNotEqualSize",
        "WeightVecLengthIsLow",
        "UidsLengthExceedUidsInSubNet",
        "UidVecContainInvalidOne",
        "DuplicateUids",
        "MaxWeightExceeded",
        "CommitRevealEnabled",
        "CommitRevealDisabled",
        "IncorrectCommitRevealVersion",
        "TooManyUnrevealedCommits",
        "InvalidRevealRound",
        "CallDisabled",
        "DisabledTemporarily",
    ];
    let (_, config) = runtimes().remove(1);
    let has = |pallet: &str, name: &str| {
        let pallet = config.metadata().pallet_by_name(pallet).unwrap();
        pallet
            .error_variants()
            .unwrap()
            .iter()
            .any(|variant| variant.name == name)
    };
    for name in names {
        assert!(has("SubtensorModule", name), "{name}");
    }
    assert!(has("Commitments", "SpaceLimitExceeded") && has("Commitments", "AccountNotAllowedCommit"));
    assert!(has("Commitments", "TooManyFieldsInCommitmentInfo") && has("System", "CallFiltered"));
}
