//! Metadata as lines of text, one for each thing a client can depend on, so that two chains can be compared.

use std::collections::{BTreeMap, BTreeSet};

use codec::Decode;
use frame_metadata::v14::{StorageEntryMetadata, StorageEntryModifier, StorageEntryType};
use frame_metadata::v15::RuntimeMetadataV15;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::form::PortableForm;
use scale_info::{Field, PortableRegistry, TypeDef};

/// Types that name the chain's own pallets: no two chains' agree, and clients go by the names within.
const OPAQUE: [&str; 6] = [
    "RuntimeCall",
    "RuntimeEvent",
    "OriginCaller",
    "UncheckedExtrinsic",
    "DispatchError",
    "Block",
];
/// Newtypes that clients show in a way of their own.
const NAMED: [&str; 2] = ["AccountId32", "H256"];

/// What is to be found under which name.
pub(crate) type Picture = BTreeMap<String, String>;

/// Draws what stands in metadata of version 14 or 15.
pub(crate) fn picture(bytes: &[u8]) -> Picture {
    let metadata = RuntimeMetadataPrefixed::decode(&mut &bytes[..]).expect("metadata decodes");
    // The two versions have types of their own with the same fields.
    macro_rules! draw {
        ($metadata:ident) => {{
            let shapes = Shapes(&$metadata.types);
            let mut lines = Picture::new();
            for pallet in &$metadata.pallets {
                let name = &pallet.name;
                lines.insert(format!("pallet {name}"), format!("#{}", pallet.index));
                for entry in pallet.storage.iter().flat_map(|storage| &storage.entries) {
                    lines.insert(format!("storage {name}.{}", entry.name), shapes.storage(entry));
                }
                for constant in &pallet.constants {
                    let line = format!("{} = {}", shapes.of(constant.ty.id), hex::encode(&constant.value));
                    lines.insert(format!("constant {name}.{}", constant.name), line);
                }
                let enums = [
                    ("call", pallet.calls.as_ref().map(|calls| calls.ty.id)),
                    ("event", pallet.event.as_ref().map(|event| event.ty.id)),
                    ("error", pallet.error.as_ref().map(|error| error.ty.id)),
                ];
                for (kind, id) in enums {
                    for (variant, line) in id.map(|id| shapes.variants(id)).unwrap_or_default() {
                        lines.insert(format!("{kind} {name}.{variant}"), line);
                    }
                }
            }
            let extensions = $metadata.extrinsic.signed_extensions.iter().enumerate();
            for (place, extension) in extensions {
                let (value, implicit) = (
                    shapes.of(extension.ty.id),
                    shapes.of(extension.additional_signed.id),
                );
                let line = format!("{} {value} implies {implicit}", extension.identifier);
                lines.insert(format!("extension {place:02}"), line);
            }
            lines.insert(
                "extrinsic version".into(),
                $metadata.extrinsic.version.to_string(),
            );
            lines
        }};
    }
    match metadata.1 {
        RuntimeMetadata::V14(metadata) => draw!(metadata),
        RuntimeMetadata::V15(metadata) => {
            let mut lines = draw!(metadata);
            lines.extend(since_15(&metadata));
            lines
        }
        other => panic!("metadata of version {}", other.version()),
    }
}

/// What older metadata does not speak of.
fn since_15(metadata: &RuntimeMetadataV15) -> Picture {
    let shapes = Shapes(&metadata.types);
    let mut lines = Picture::from([
        (
            "extrinsic address".into(),
            shapes.of(metadata.extrinsic.address_ty.id),
        ),
        (
            "extrinsic signature".into(),
            shapes.of(metadata.extrinsic.signature_ty.id),
        ),
    ]);
    for api in &metadata.apis {
        for method in &api.methods {
            let inputs = method
                .inputs
                .iter()
                .map(|input| format!("{}: {}", input.name, shapes.of(input.ty.id)));
            let inputs = inputs.collect::<Vec<_>>().join(", ");
            let line = format!("({inputs}) -> {}", shapes.of(method.output.id));
            lines.insert(format!("api {}.{}", api.name, method.name), line);
        }
    }
    lines
}

/// The types of one chain's metadata.
struct Shapes<'a>(&'a PortableRegistry);

impl Shapes<'_> {
    /// How a type looks on the wire: newtypes are seen through, as they are by clients, and so are array types
    /// behind a name.
    fn of(&self, id: u32) -> String {
        self.within(id, &mut BTreeSet::new())
    }

    fn within(&self, id: u32, above: &mut BTreeSet<u32>) -> String {
        let ty = self.0.resolve(id).expect("a type's id is in its registry");
        let name = ty.path.ident().unwrap_or_default();
        if let Some(name) = OPAQUE.iter().chain(&NAMED).find(|known| **known == name) {
            return (*name).to_owned();
        }
        if !above.insert(id) {
            return "…".to_owned();
        }
        let shape = match &ty.type_def {
            TypeDef::Composite(composite) => self.fields(&composite.fields, above),
            TypeDef::Variant(variants) => {
                let variants = variants.variants.iter().map(|variant| {
                    format!(
                        "{} {}{}",
                        variant.index,
                        variant.name,
                        self.fields(&variant.fields, above)
                    )
                });
                format!("<{}>", variants.collect::<Vec<_>>().join(" | "))
            }
            TypeDef::Sequence(sequence) => format!("[{}]", self.within(sequence.type_param.id, above)),
            TypeDef::Array(array) => format!("[{}; {}]", self.within(array.type_param.id, above), array.len),
            TypeDef::Tuple(tuple) if tuple.fields.len() == 1 => self.within(tuple.fields[0].id, above),
            TypeDef::Tuple(tuple) => {
                let fields: Vec<_> = tuple
                    .fields
                    .iter()
                    .map(|field| self.within(field.id, above))
                    .collect();
                format!("({})", fields.join(", "))
            }
            TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
            TypeDef::Compact(compact) => format!("compact {}", self.within(compact.type_param.id, above)),
            TypeDef::BitSequence(_) => "bits".to_owned(),
        };
        above.remove(&id);
        shape
    }

    fn fields(&self, fields: &[Field<PortableForm>], above: &mut BTreeSet<u32>) -> String {
        match fields {
            [] => String::new(),
            [field] if field.name.is_none() => self.within(field.ty.id, above),
            fields => {
                let fields = fields.iter().map(|field| {
                    let name = field
                        .name
                        .as_ref()
                        .map(|name| format!("{name}: "))
                        .unwrap_or_default();
                    name + &self.within(field.ty.id, above)
                });
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn variants(&self, id: u32) -> Vec<(String, String)> {
        let TypeDef::Variant(variants) = &self
            .0
            .resolve(id)
            .expect("a type's id is in its registry")
            .type_def
        else {
            panic!("calls, events and errors are enums");
        };
        let describe = |index, fields| format!("#{index} {}", self.fields(fields, &mut BTreeSet::new()));
        let variants = variants.variants.iter();
        variants
            .map(|variant| (variant.name.clone(), describe(variant.index, &variant.fields)))
            .collect()
    }

    fn storage(&self, entry: &StorageEntryMetadata<PortableForm>) -> String {
        let default = match entry.modifier {
            StorageEntryModifier::Optional => "none".to_owned(),
            StorageEntryModifier::Default => hex::encode(&entry.default),
        };
        match &entry.ty {
            StorageEntryType::Plain(value) => format!("{} else {default}", self.of(value.id)),
            StorageEntryType::Map { hashers, key, value } => {
                format!(
                    "{hashers:?} of {} -> {} else {default}",
                    self.of(key.id),
                    self.of(value.id)
                )
            }
        }
    }
}
