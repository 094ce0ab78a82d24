//! Opening one field without the others.

use alloc::vec::Vec;

use super::plaintext::{
    MAX_VALUE_LEN, encode_names, field_blind, field_count, field_digest, field_name, field_tree,
    names_digest,
};
use super::{MessageKey, OpenedPayload, PayloadError};
use crate::digest::EventId;
use crate::event::{EventBody, Payload, context_of};
use crate::fact::VerifiedEvent;
use crate::tree::{InclusionError, Proof, TreeSize, inclusion_of, verify_inclusion};
use crate::wire::{DecodeError, Reader};

const VERSION: u8 = 1;
const FILE_TYPE: u8 = b'F';

/// One field of a sealed payload with its way to the event's field root. Whoever holds it can
/// show the field to anyone, and nothing else of the payload but the names.
#[derive(Clone, Copy, Debug)]
pub struct FieldOpening<'a> {
    names: &'a [u8],
    count: u16,
    names_proof: Proof<'a>,
    place: u32,
    blind: [u8; 32],
    value: &'a [u8],
    proof: Proof<'a>,
}

/// A field that an event commits to: a claim about the log until [`CommittedField::of`] finds the
/// event verified. That the ciphertext holds the same is not known: only a whole opening shows
/// that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommittedField<'a> {
    event: EventId,
    name: &'a str,
    value: &'a [u8],
}

impl<'a> CommittedField<'a> {
    /// The field's name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The field's value.
    #[must_use]
    pub const fn value(&self) -> &'a [u8] {
        self.value
    }

    /// Whether this is a field of a verified event.
    ///
    /// # Errors
    /// [`PayloadError::OtherEvent`].
    pub fn of(self, event: &VerifiedEvent<'_>) -> Result<Self, PayloadError> {
        let (expected, found) = (event.id(), self.event);
        if expected == found { Ok(self) } else { Err(PayloadError::OtherEvent { expected, found }) }
    }
}

impl<'a> FieldOpening<'a> {
    /// Decodes a field opening.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, |reader| {
            reader.file(VERSION, FILE_TYPE)?;
            let (start, from) = (reader.at(), reader.rest());
            let count = field_count(reader)?;
            let mut previous = None;
            for _ in 0..count {
                let name = field_name(reader)?;
                reader.ascends("fields", &mut previous, name)?;
            }
            let names = reader.since(start, from);
            Ok(Self {
                names,
                count,
                names_proof: Proof::read(reader)?,
                place: reader.u32()?,
                blind: *reader.array()?,
                value: reader.bytes32("field value", MAX_VALUE_LEN)?,
                proof: Proof::read(reader)?,
            })
        })
    }

    /// Checks the field against an event's body.
    ///
    /// # Errors
    /// [`PayloadError`].
    pub fn verify(&self, body: &[u8]) -> Result<CommittedField<'a>, PayloadError> {
        let Payload::Sealed(commitment) = EventBody::decode(body)?.payload else {
            return Err(PayloadError::NotSealed);
        };
        let context = context_of(body).ok_or(PayloadError::NotSealed)?;
        let tree = field_tree(&context);
        let size =
            TreeSize::new(u64::from(self.count).saturating_add(1)).unwrap_or(TreeSize::EMPTY);
        let names = tree.leaf(0, &names_digest(self.names));
        verify_inclusion(&tree, (0, size), names, self.names_proof, &commitment.fields)?;

        let index = u64::from(self.place).saturating_add(1);
        let out_of_range = InclusionError::LeafOutOfRange { index, size: size.get() };
        let name = self.name().ok_or(out_of_range)?;
        let digest = field_digest(self.place, name, &self.blind, self.value);
        let leaf = tree.leaf(index, &digest);
        verify_inclusion(&tree, (index, size), leaf, self.proof, &commitment.fields)?;
        Ok(CommittedField { event: EventBody::id_of(body), name, value: self.value })
    }

    fn name(&self) -> Option<&'a str> {
        let mut reader = Reader::new(self.names);
        let count = reader.u16().ok()?;
        let mut names = (0..count).map_while(|_| field_name(&mut reader).ok());
        names.nth(usize::try_from(self.place).ok()?)
    }
}

impl OpenedPayload {
    /// Makes the opening of one field, for someone who must not see the others.
    ///
    /// # Errors
    /// [`PayloadError::NotSealed`] if `body` is not the event's, or there is no such field.
    pub fn open_field(
        &self,
        body: &[u8],
        key: &MessageKey,
        name: &str,
    ) -> Result<Vec<u8>, PayloadError> {
        let (expected, found) = (self.event(), EventBody::id_of(body));
        if expected != found {
            return Err(PayloadError::OtherEvent { expected, found });
        }
        let context = context_of(body).ok_or(PayloadError::NotSealed)?;
        let fields = self.fields()?;
        let mut places = (0_u32..).zip(fields.iter());
        let found = places.find(|(_, (other, _))| *other == name);
        let (place, (_, value)) = found.ok_or(PayloadError::NotSealed)?;
        let tree = field_tree(&context);
        let leaves = fields.leaves(&context, key.as_bytes());
        let names: Vec<&str> = fields.iter().map(|(name, _)| name).collect();
        let mut writer = crate::wire::Writer::new();
        writer.u8(VERSION).u8(FILE_TYPE).raw(&encode_names(&names));
        Proof::new(&inclusion_of(&tree, &leaves, 0)).write(&mut writer);
        writer.u32(place).raw(&field_blind(key.as_bytes(), place)).bytes32(value);
        let index = usize::try_from(place).unwrap_or(usize::MAX).saturating_add(1);
        Proof::new(&inclusion_of(&tree, &leaves, index)).write(&mut writer);
        Ok(writer.into_bytes())
    }
}
