//! The calls this crate makes, encoded as the runtime at hand has them: by the names of pallets, calls and arguments.

use crate::Quantised;
use scale_encode::{EncodeAsFields, EncodeAsType};
use subxt::{ext::scale_value::Value, metadata::Metadata, transactions::Payload};

pub(super) const SUBTENSOR: &str = "SubtensorModule";
const COMMITMENTS: &str = "Commitments";

/// The mechanism whose weights are set; every subnet has this one.
const MECHANISM: u8 = 0;

/// A call and its arguments.
pub(super) struct Call<Arguments> {
    pub(super) pallet: &'static str,
    pub(super) name: &'static str,
    pub(super) arguments: Arguments,
}

#[derive(EncodeAsType)]
pub(super) struct Commitment {
    netuid: u16,
    info: Info,
}

#[derive(EncodeAsType)]
struct Info {
    fields: Vec<Value>,
}

/// Arguments that a call does not have are left out.
#[derive(EncodeAsType)]
pub(super) struct Plain<'a> {
    netuid: u16,
    mecid: u8,
    dests: &'a [u16],
    weights: &'a [u16],
    version_key: u64,
}

/// Arguments that a call does not have are left out.
#[derive(EncodeAsType)]
pub(super) struct Timelocked<'a> {
    netuid: u16,
    mecid: u8,
    commit: &'a [u8],
    reveal_round: u64,
    commit_reveal_version: u16,
}

impl<Arguments: EncodeAsFields> Payload for Call<Arguments> {
    type CallData = Arguments;

    fn pallet_name(&self) -> &str {
        self.pallet
    }

    fn call_name(&self) -> &str {
        self.name
    }

    fn call_data(&self) -> &Arguments {
        &self.arguments
    }
}

/// Commits a text as one field, whose name holds the length in bytes.
pub(super) fn commitment(netuid: u16, text: &str) -> Call<Commitment> {
    let field = format!("Raw{}", text.len());
    let bytes = Value::from_bytes(text.as_bytes());
    let fields = vec![Value::unnamed_variant(field, [bytes])];
    Call {
        pallet: COMMITMENTS,
        name: "set_commitment",
        arguments: Commitment {
            netuid,
            info: Info { fields },
        },
    }
}

/// Sets weights in the open.
pub(super) fn plain<'a>(
    metadata: &Metadata,
    netuid: u16,
    weights: &'a Quantised,
    version_key: u64,
) -> Call<Plain<'a>> {
    Call {
        pallet: SUBTENSOR,
        name: first(metadata, ["set_mechanism_weights", "set_weights"]),
        arguments: Plain {
            netuid,
            mecid: MECHANISM,
            dests: &weights.uids,
            weights: &weights.values,
            version_key,
        },
    }
}

/// Commits weights that are revealed with a drand round.
pub(super) fn timelocked<'a>(
    metadata: &Metadata,
    netuid: u16,
    commit: &'a [u8],
    reveal_round: u64,
) -> Call<Timelocked<'a>> {
    let names = ["commit_timelocked_mechanism_weights", "commit_timelocked_weights"];
    Call {
        pallet: SUBTENSOR,
        name: first(metadata, names),
        arguments: Timelocked {
            netuid,
            mecid: MECHANISM,
            commit,
            reveal_round,
            commit_reveal_version: crate::timelock::VERSION,
        },
    }
}

/// The first of the two that the runtime has; older ones know no mechanisms.
fn first(metadata: &Metadata, names: [&'static str; 2]) -> &'static str {
    let has = |name: &str| {
        metadata
            .pallet_by_name(SUBTENSOR)
            .is_some_and(|pallet| pallet.call_variant_by_name(name).is_some())
    };
    if has(names[0]) { names[0] } else { names[1] }
}
