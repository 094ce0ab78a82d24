//! Events: what writers sign.

mod body;
mod parts;
mod signed;

pub use body::{EventBody, HASH_AND_AEAD, Kind, MAX_BODY_LEN, context_of};
pub use parts::{
    Commitment, MAX_METADATA, MAX_PAYLOAD_LEN, Metadata, Outcome, Party, Payload, Resource,
};
pub use signed::{EventError, EventSignature, MAX_SIGNATURES, Signatures, SignedEvent};

#[cfg(feature = "alloc")]
pub use parts::encode_metadata;
#[cfg(feature = "alloc")]
pub use signed::encode_signed;
