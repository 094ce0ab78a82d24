//! What the log's state has of one kind and key, or that it has nothing: a fact with its bytes.

use cairn_verifier::check::Check;
use cairn_verifier::state::{Known, RecordKey, verify_answer};
use cairn_verifier::{FinalHeader, TrustAnchor, UnixMillis, json};

use crate::error::ClientError;

/// A state answer that was verified, with its bytes. Made by checking only.
#[derive(Clone, Debug)]
pub struct CheckedState {
    bytes: Vec<u8>,
    key: Vec<u8>,
    anchor: TrustAnchor,
    now: UnixMillis,
    header: FinalHeader,
    record: Option<String>,
}

impl CheckedState {
    /// Verifies an answer to a question.
    ///
    /// # Errors
    /// The first check that fails, as [`ClientError::Verify`].
    pub fn check(
        bytes: Vec<u8>,
        asked: &RecordKey<'_>,
        anchor: TrustAnchor,
        now: UnixMillis,
    ) -> Result<Self, ClientError> {
        let (header, record) =
            match verify_answer(&bytes, asked, anchor, now, &mut Vec::<Check>::new())? {
                Known::Present(fact) => {
                    (*fact.header(), Some(json::state_record(fact.record().content())))
                }
                Known::Absent(fact) => (*fact.header(), None),
            };
        Ok(Self { key: asked.encode(), bytes, anchor, now, header, record })
    }

    pub(crate) fn check_under(
        bytes: Vec<u8>,
        asked: &RecordKey<'_>,
        head: &FinalHeader,
        now: UnixMillis,
    ) -> Result<Self, ClientError> {
        Self::check(bytes, asked, TrustAnchor::Checkpoint(head.digest()), now)
    }

    /// Reads the fact itself, which borrows the bytes: verifies them again.
    ///
    /// # Errors
    /// None in practice: the same bytes passed the same checks before.
    pub fn with<T>(&self, read: impl FnOnce(&Known<'_>) -> T) -> Result<T, ClientError> {
        let key = RecordKey::decode(&self.key)?;
        let known =
            verify_answer(&self.bytes, &key, self.anchor, self.now, &mut Vec::<Check>::new())?;
        Ok(read(&known))
    }

    /// Whether there is such a record.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.record.is_some()
    }

    /// The record as JSON, if there is one.
    #[must_use]
    pub fn record(&self) -> Option<&str> {
        self.record.as_deref()
    }

    /// The header after whose block it is so.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// The answer's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
