//! An answer about the state that needs nothing else: what there is of one kind and key, or that
//! there is nothing, and why the header is final.

use super::{
    Absent, End, Present, Record, RecordKey, StateError, StateProof, verify_absent, verify_present,
};
use crate::check::{Check, Observer};
use crate::error::Error;
use crate::terms::{Cost, Terms};
use crate::trust::{FinalityProof, TrustAnchor};
use crate::wire::{DecodeError, Reader, Refused};

const VERSION: u8 = 1;
const FILE_TYPE: u8 = b'A';

/// The longest answer in bytes.
pub const MAX_ANSWER_LEN: usize = 64 << 20;

/// A decoded answer: a claim, until [`verify_answer`].
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct StateAnswer<'a> {
    /// From the anchor to a final header.
    pub finality: FinalityProof<'a>,
    /// What is in the state under it.
    pub found: Found<'a>,
    /// Where that is.
    pub proof: StateProof<'a>,
}

/// What an answer claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a record is there or not")]
pub enum Found<'a> {
    /// 0: no record of this kind and key; what its path ends at instead.
    Nothing(RecordKey<'a>, End),
    /// 1: this record.
    Record(Record<'a>),
}

/// An answer that holds. A fact.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a record is there or not")]
pub enum Known<'a> {
    /// The record is in the state.
    Present(Present<'a>),
    /// No such record is.
    Absent(Absent<'a>),
}

impl<'a> StateAnswer<'a> {
    /// Decodes an answer.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_within(("answer length", MAX_ANSWER_LEN), bytes, |reader| {
            reader.file(VERSION, FILE_TYPE)?;
            Ok(Self {
                finality: FinalityProof::read(reader)?,
                found: Found::read(reader)?,
                proof: StateProof::read(reader)?,
            })
        })
    }

    fn cost(&self, known: Cost) -> Cost {
        self.finality.cost(known).and(0, self.proof.depth())
    }
}

impl<'a> Found<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        match reader.flag("record flag")? {
            true => Record::read(reader).map(Self::Record),
            false => Ok(Self::Nothing(RecordKey::read(reader)?, End::read(reader)?)),
        }
    }

    /// What it is about.
    #[must_use]
    pub const fn key(&self) -> RecordKey<'a> {
        match self {
            Self::Nothing(key, _) => *key,
            Self::Record(record) => record.content().key(),
        }
    }
}

/// Checks an answer about one kind and key against the anchor that the user pinned: SPEC.md, "State
/// answers".
///
/// # Errors
/// [`StateError::OtherAnswer`] if it is about something else; the first check that fails.
pub fn verify_answer<'a, 't>(
    bytes: &'a [u8],
    asked: &RecordKey<'_>,
    anchor: TrustAnchor,
    terms: impl Into<Terms<'t>>,
    observer: &mut dyn Observer,
) -> Result<Known<'a>, Error> {
    let terms = terms.into();
    terms.budget.allow_bytes(bytes, MAX_ANSWER_LEN)?;
    let answer = StateAnswer::decode(bytes)?;
    terms.budget.allow(answer.cost(Cost::of_bytes(bytes)))?;
    observer.passed(Check::Decoded { bytes: bytes.len() });
    if answer.found.key() != *asked {
        let (expected, found) = (asked.path(), answer.found.key().path());
        return Err(StateError::OtherAnswer { expected, found }.into());
    }
    let (header, _) = answer.finality.verify_on(anchor, &terms, observer)?;
    match &answer.found {
        Found::Record(record) => verify_present(&header, record, &answer.proof).map(Known::Present),
        Found::Nothing(key, end) => {
            verify_absent(&header, key, end, &answer.proof).map(Known::Absent)
        }
    }
}

/// What a node puts together.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct AnswerDraft<'a> {
    /// From the anchor to a final header.
    pub finality: crate::trust::FinalityDraft<'a>,
    /// The encoded record; or what there is no record of, and the end.
    pub found: Result<&'a [u8], (&'a RecordKey<'a>, &'a End)>,
    /// The encoded state proof.
    pub proof: &'a [u8],
}

#[cfg(feature = "alloc")]
impl AnswerDraft<'_> {
    /// Encodes the answer.
    #[must_use]
    pub fn encode(&self) -> alloc::vec::Vec<u8> {
        let mut writer = crate::wire::Writer::new();
        self.finality.write(writer.u8(VERSION).u8(FILE_TYPE));
        match self.found {
            Err((key, end)) => writer.u8(0).raw(&key.encode()).raw(&end.encode()),
            Ok(record) => writer.u8(1).len16(record.len()).raw(record),
        };
        writer.raw(self.proof).clone().into_bytes()
    }
}
