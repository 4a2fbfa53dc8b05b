//! What an upgrade of the runtime changes, so that a client which kept the old metadata goes wrong unless it notices.
//!
//! From the upgrade on, one error more stands among `SubtensorModule`'s, so that the numbers of those behind it are one
//! higher both in the metadata and in the events; and a commitment's field has one variant more.

use crate::{Runtime, RuntimeEvent, runtime::version};
use codec::{Decode, Encode};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use frame_support::traits::{Get, PalletInfoAccess};
use frame_system::EventRecord;
use scale_info::{Field, PortableRegistry, TypeDef, TypeDefPrimitive, Variant, form::PortableForm};
use sp_core::H256;
use sp_io::hashing::twox_128;
use sp_runtime::{DispatchError, ModuleError};

/// The first of `SubtensorModule`'s errors whose number an upgrade raises by one.
pub const FIRST_SHIFTED_ERROR: u8 = 20;

/// The tag of a commitment's field that only an upgraded chain knows: `Sequenced(u32)`.
pub const SEQUENCED_TAG: u8 = 138;

const MODULE: &str = "SubtensorModule";

/// Whether the runtime of this version is an upgraded one.
pub(super) const fn is_upgraded(spec_version: u32) -> bool {
    spec_version > version::SPEC_VERSION
}

/// An answer of the runtime as an upgraded one would give it.
pub(super) fn answer(method: &str, answer: Vec<u8>) -> Vec<u8> {
    let changed = match method {
        "Metadata_metadata" => Vec::<u8>::decode(&mut &answer[..])
            .ok()
            .and_then(metadata)
            .map(|new| new.encode()),
        "Metadata_metadata_at_version" => Option::<Vec<u8>>::decode(&mut &answer[..])
            .ok()
            .flatten()
            .and_then(metadata)
            .map(|new| Some(new).encode()),
        _ => None,
    };
    changed.unwrap_or(answer)
}

fn metadata(bytes: Vec<u8>) -> Option<Vec<u8>> {
    let mut metadata = RuntimeMetadataPrefixed::decode(&mut &bytes[..]).ok()?;
    macro_rules! change {
        ($metadata:expr) => {{
            let module = $metadata.pallets.iter().find(|pallet| pallet.name == MODULE);
            let errors = module
                .and_then(|pallet| pallet.error.as_ref())
                .map(|error| error.ty.id);
            change(&mut $metadata.types, errors)
        }};
    }
    match &mut metadata.1 {
        RuntimeMetadata::V14(metadata) => change!(metadata),
        RuntimeMetadata::V15(metadata) => change!(metadata),
        RuntimeMetadata::V16(metadata) => change!(metadata),
        _ => return None,
    }
    Some(metadata.encode())
}

fn change(types: &mut PortableRegistry, errors: Option<u32>) {
    let number = types
        .types
        .iter()
        .find(|entry| matches!(entry.ty.type_def, TypeDef::Primitive(TypeDefPrimitive::U32)));
    let number = number.map(|entry| entry.id);
    for entry in &mut types.types {
        let TypeDef::Variant(definition) = &mut entry.ty.type_def else {
            continue;
        };
        if Some(entry.id) == errors {
            insert_error(&mut definition.variants);
        } else if entry.ty.path.segments.last().is_some_and(|name| name == "Data") {
            definition.variants.extend(number.map(sequenced));
        }
    }
}

fn insert_error(variants: &mut Vec<Variant<PortableForm>>) {
    for variant in variants
        .iter_mut()
        .filter(|variant| variant.index >= FIRST_SHIFTED_ERROR)
    {
        variant.index += 1;
    }
    // In its place, not at the end: clients in Python count the list.
    let place = variants
        .iter()
        .position(|variant| variant.index > FIRST_SHIFTED_ERROR);
    let new = variant("AddedByUpgrade", FIRST_SHIFTED_ERROR, Vec::new());
    variants.insert(place.unwrap_or(variants.len()), new);
}

fn sequenced(number: u32) -> Variant<PortableForm> {
    let field = Field {
        name: None,
        ty: number.into(),
        type_name: None,
        docs: Vec::new(),
    };
    variant("Sequenced", SEQUENCED_TAG, vec![field])
}

fn variant(name: &str, index: u8, fields: Vec<Field<PortableForm>>) -> Variant<PortableForm> {
    Variant {
        name: name.to_owned(),
        fields,
        index,
        docs: Vec::new(),
    }
}

/// Gives the errors in this block's events the numbers of the metadata. Runs inside the runtime.
pub(super) fn shift_errors() {
    if !is_upgraded(version::StoredVersion::get().spec_version) {
        return;
    }
    let key = [twox_128(b"System"), twox_128(b"Events")].concat();
    let Some(bytes) = sp_io::storage::get(&key) else {
        return;
    };
    let Ok(mut events) = Vec::<EventRecord<RuntimeEvent, H256>>::decode(&mut &bytes[..]) else {
        return;
    };
    let module = crate::SubtensorModule::index();
    for record in &mut events {
        let RuntimeEvent::System(frame_system::Event::ExtrinsicFailed { dispatch_error, .. }) =
            &mut record.event
        else {
            continue;
        };
        if let DispatchError::Module(ModuleError { index, error, .. }) = dispatch_error
            && usize::from(*index) == module
            && error[0] >= FIRST_SHIFTED_ERROR
        {
            error[0] += 1;
        }
    }
    sp_io::storage::set(&key, &events.encode());
}

/// Raises the spec version. Runs inside the runtime, whose next block is the first of the new version.
pub(super) fn upgrade() {
    let next = version::StoredVersion::get().spec_version + 1;
    sp_io::storage::set(version::SPEC_VERSION_KEY, &next.encode());
    // Announces it in the digest and by an event. Clients that cache metadata by the code's hash see another code.
    let code = [b"upgraded".as_slice(), &next.to_le_bytes()].concat();
    frame_system::Pallet::<Runtime>::update_code_in_storage(&code);
}
