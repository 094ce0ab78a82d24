//! Opening sealed payloads.

mod error;
mod field;
mod open;
mod plaintext;
#[cfg(feature = "secret")]
mod seal;

pub use error::PayloadError;
pub use field::{CommittedField, FieldOpening};
pub(crate) use open::aead_open;
pub use open::{MessageKey, OpenedPayload, VerifiedPayload, open};
pub use plaintext::{Fields, MAX_FIELDS, RAW_FIELD};
#[cfg(feature = "secret")]
pub use seal::{Sealed, message_key, seal};

#[cfg(test)]
mod tests;
