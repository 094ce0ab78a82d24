//! A plaintext: names and values.

use alloc::vec::Vec;

use crate::digest;
use crate::digest::{ContextDigest, Hash};
use crate::tree::{Blake3, Kind, root_of_leaves};
use crate::wire::{DecodeError, Reader, Refused};

const VERSION: u8 = 1;

/// The most fields of one plaintext.
pub const MAX_FIELDS: u16 = 1_024;
/// The longest field name in bytes.
const MAX_NAME_LEN: u8 = 128;
/// The longest value in bytes: that of the whole plaintext.
pub(super) const MAX_VALUE_LEN: u32 = crate::event::MAX_PAYLOAD_LEN;

/// The name of the only field of data that has no fields.
pub const RAW_FIELD: &str = "raw";

/// Names and values, strictly ascending by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields<'a> {
    count: u16,
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Decodes a plaintext.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, |reader| {
            reader.version(VERSION)?;
            let count = field_count(reader)?;
            let bytes = reader.rest();
            let mut previous = None;
            for _ in 0..count {
                let (name, _) = Self::field(reader)?;
                reader.ascends("fields", &mut previous, name)?;
            }
            Ok(Self { count, bytes })
        })
    }

    fn field(reader: &mut Reader<'a>) -> Result<(&'a str, &'a [u8]), Refused> {
        let name = field_name(reader)?;
        Ok((name, reader.bytes32("field value", MAX_VALUE_LEN)?))
    }

    /// Names and values, ascending by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| Self::field(&mut reader).ok())
    }

    /// The plaintext's bytes.
    ///
    /// # Errors
    /// What the decoder says of the result: no field, a name twice, a limit.
    pub fn encode(
        fields: &alloc::collections::BTreeMap<alloc::string::String, Vec<u8>>,
    ) -> Result<Vec<u8>, DecodeError> {
        let mut writer = crate::wire::Writer::new();
        writer.u8(VERSION).len16(fields.len());
        for (name, value) in fields {
            writer.text8(name).bytes32(value);
        }
        let bytes = writer.into_bytes();
        Fields::decode(&bytes)?;
        Ok(bytes)
    }

    /// The leaves of the field tree: the list of names, then each field under its blind.
    pub(super) fn leaves(&self, context: &ContextDigest, message_key: &[u8; 32]) -> Vec<Hash> {
        let tree = field_tree(context);
        let names: Vec<&str> = self.iter().map(|(name, _)| name).collect();
        let mut leaves = alloc::vec![tree.leaf(0, &names_digest(&encode_names(&names)))];
        for (place, (name, value)) in (0_u32..).zip(self.iter()) {
            let digest = field_digest(place, name, &field_blind(message_key, place), value);
            leaves.push(tree.leaf(u64::from(place).saturating_add(1), &digest));
        }
        leaves
    }

    /// The root of the field tree.
    pub(super) fn root(&self, context: &ContextDigest, message_key: &[u8; 32]) -> Hash {
        root_of_leaves(&field_tree(context), &self.leaves(context, message_key))
    }
}

/// Reads how many fields there are: at least one.
pub(super) fn field_count(reader: &mut Reader<'_>) -> Result<u16, Refused> {
    let count = reader.count16("field count", MAX_FIELDS)?;
    if count == 0 { Err(reader.not_canonical("field count")) } else { Ok(count) }
}

/// Reads a field's name: not empty.
pub(super) fn field_name<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Refused> {
    let name = reader.text8("field name", MAX_NAME_LEN)?;
    if name.is_empty() { Err(reader.not_canonical("field name")) } else { Ok(name) }
}

/// The tree of one payload's fields.
pub(super) const fn field_tree(context: &ContextDigest) -> Blake3 {
    Blake3::new(Kind::Field, *context.as_bytes())
}

/// The list of names as it is hashed and travels.
pub(super) fn encode_names(names: &[&str]) -> Vec<u8> {
    let mut writer = crate::wire::Writer::new();
    writer.len16(names.len());
    for name in names {
        writer.text8(name);
    }
    writer.into_bytes()
}

/// Entry digest of leaf 0.
pub(super) fn names_digest(names: &[u8]) -> [u8; 32] {
    digest::derive(digest::FIELD_NAMES, &[names])
}

/// What hides a field's value from who does not hold the message key.
pub(super) fn field_blind(message_key: &[u8; 32], place: u32) -> [u8; 32] {
    digest::derive(digest::FIELD_BLIND, &[message_key, &place.to_be_bytes()])
}

/// Entry digest of leaf `place + 1`.
pub(super) fn field_digest(place: u32, name: &str, blind: &[u8; 32], value: &[u8]) -> [u8; 32] {
    let mut head = crate::wire::Writer::new();
    head.u32(place).text8(name).raw(blind).len32(value.len());
    digest::derive(digest::FIELD, &[&head.into_bytes(), value])
}
