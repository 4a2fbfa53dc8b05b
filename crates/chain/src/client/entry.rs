use crate::{Error, Result, Source};
use subxt::{
    ext::{
        frame_decode::storage::{
            IntoDecodableValues, IntoEncodableValues, StorageInfo, StorageTypeInfo as _,
            decode_storage_key_values, decode_storage_key_with_info, encode_storage_key_with_info,
        },
        scale_decode::DecodeAsType,
    },
    metadata::Metadata,
};

/// One storage entry as a runtime describes it: how its keys are made and its values read.
#[derive(Debug)]
pub(crate) struct Entry<'m> {
    metadata: &'m Metadata,
    pallet: &'static str,
    name: &'static str,
    info: StorageInfo<'m, u32>,
}

impl<'m> Entry<'m> {
    pub(crate) fn of(metadata: &'m Metadata, pallet: &'static str, name: &'static str) -> Result<Self> {
        let info = metadata
            .storage_info(pallet, name)
            .map_err(|error| unexpected(pallet, name, error.into_owned().into()))?;
        Ok(Self {
            metadata,
            pallet,
            name,
            info,
        })
    }

    /// The key of one value, or the prefix of all that begin with these parts.
    pub(crate) fn key(&self, parts: impl IntoEncodableValues) -> Result<Vec<u8>> {
        let types = self.metadata.types();
        encode_storage_key_with_info(self.pallet, self.name, parts, &self.info, types)
            .map_err(|error| self.unexpected(error.into()))
    }

    /// The parts a key was made of.
    pub(crate) fn parts<Parts: IntoDecodableValues>(&self, key: &[u8]) -> Result<Parts, Source> {
        let types = self.metadata.types();
        let mut rest = key;
        let found = decode_storage_key_with_info(&mut rest, &self.info, types)?;
        if !rest.is_empty() {
            return Err("the key is longer than its parts".into());
        }
        Ok(decode_storage_key_values(key, &found, types)?)
    }

    /// A value from its bytes.
    pub(crate) fn value<Value: DecodeAsType>(&self, bytes: &[u8]) -> Result<Value, Source> {
        let mut rest = bytes;
        let value = Value::decode_as_type(&mut rest, self.info.value_id, self.metadata.types())?;
        if !rest.is_empty() {
            return Err("bytes are left over".into());
        }
        Ok(value)
    }

    /// What the runtime itself reads where nothing is stored. Not for maps of things that exist or don't.
    pub(crate) fn value_or_default<Value: DecodeAsType>(&self, bytes: Option<&[u8]>) -> Result<Value> {
        let bytes = bytes
            .or(self.info.default_value.as_deref())
            .ok_or_else(|| self.unexpected("it has no default".into()))?;
        self.value(bytes).map_err(|error| self.unexpected(error))
    }

    /// This entry has not the shape that is needed.
    pub(crate) fn unexpected(&self, source: Source) -> Error {
        unexpected(self.pallet, self.name, source)
    }
}

pub(crate) fn unexpected(pallet: &'static str, entry: &'static str, source: Source) -> Error {
    Error::UnexpectedMetadata {
        pallet,
        entry,
        source,
    }
}
