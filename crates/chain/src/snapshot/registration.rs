//! One row of `Commitments.CommitmentOf`, from its bytes.

use super::Field;
use crate::{Source, client::Entry};
use scale_decode::{
    DecodeAsType, IntoVisitor, TypeResolver, Visitor,
    visitor::{TypeIdFor, types::Variant},
};
use std::marker::PhantomData;

/// The chain allows 3 fields; more than this is not read.
const MAX_FIELDS: usize = 16;
/// The largest row of today's runtime has 3.2 kB.
const MAX_BYTES: usize = 16 << 10;

/// What the runtime calls a registration: decoded by the names of its fields, the deposit is not of interest.
#[derive(Debug, DecodeAsType)]
pub(crate) struct Registration {
    pub(crate) block: u64,
    pub(crate) info: Info,
}

#[derive(Debug, DecodeAsType)]
pub(crate) struct Info {
    pub(crate) fields: Vec<Read>,
}

impl Registration {
    /// Reads one row; what is wrong with it is said in one line.
    pub(crate) fn read(entry: &Entry<'_>, bytes: &[u8]) -> Result<Self, Source> {
        if bytes.len() > MAX_BYTES {
            return Err(format!("{} bytes are more than {MAX_BYTES}", bytes.len()).into());
        }
        let row: Self = entry.value(bytes)?;
        if row.info.fields.len() > MAX_FIELDS {
            return Err(format!("{} fields are more than {MAX_FIELDS}", row.info.fields.len()).into());
        }
        Ok(row)
    }
}

/// A field as the runtime has it.
///
/// The runtime has a variant for each length of raw bytes, `Raw0` to `Raw128`, and gets new ones now and then:
/// so they are told apart by name, and unknown ones are kept by name.
#[derive(Debug)]
pub(crate) struct Read(pub(crate) Field);

pub(crate) struct FieldVisitor<R>(PhantomData<R>);

impl IntoVisitor for Read {
    type AnyVisitor<R: TypeResolver> = FieldVisitor<R>;

    fn into_visitor<R: TypeResolver>() -> FieldVisitor<R> {
        FieldVisitor(PhantomData)
    }
}

impl<R: TypeResolver> Visitor for FieldVisitor<R> {
    type Value<'scale, 'resolver> = Read;
    type Error = scale_decode::Error;
    type TypeResolver = R;

    fn visit_variant<'scale, 'resolver>(
        self,
        value: &mut Variant<'scale, 'resolver, R>,
        _type_id: TypeIdFor<Self>,
    ) -> Result<Read, scale_decode::Error> {
        let name = value.name();
        let fields = value.fields();
        let field = match name {
            "BigRaw" => Field::BigRaw(first(fields)?),
            "TimelockEncrypted" => {
                let (mut encrypted, mut reveal_round) = (None, None);
                for part in fields.by_ref() {
                    let part = part?;
                    match part.name() {
                        Some("encrypted") => encrypted = Some(part.decode_as_type()?),
                        Some("reveal_round") => reveal_round = Some(part.decode_as_type()?),
                        _ => {}
                    }
                }
                Field::Timelocked {
                    encrypted: encrypted.ok_or_else(|| missing("encrypted"))?,
                    reveal_round: reveal_round.ok_or_else(|| missing("reveal_round"))?,
                }
            }
            name if is_raw(name) => Field::Raw(first(fields)?),
            name => Field::Other {
                name: name.to_owned(),
            },
        };
        fields.skip_decoding()?;
        Ok(Read(field))
    }
}

fn is_raw(name: &str) -> bool {
    name.strip_prefix("Raw")
        .is_some_and(|length| !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()))
}

fn first<R: TypeResolver>(
    fields: &mut scale_decode::visitor::types::Composite<'_, '_, R>,
) -> Result<Vec<u8>, scale_decode::Error> {
    let part = fields.next().ok_or_else(|| missing("bytes"))??;
    part.decode_as_type()
}

fn missing(part: &'static str) -> scale_decode::Error {
    scale_decode::Error::custom_string(format!("a field without `{part}`"))
}
