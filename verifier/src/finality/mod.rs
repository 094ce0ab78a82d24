//! What makes a header final: keys, validator sets, votes and certificates.

mod certificate;
mod composite;
mod error;
#[cfg(feature = "alloc")]
mod expanded;
mod header;
mod key;
mod ml_dsa;
mod set;

pub use certificate::{Certificate, Signed, VOTE_PRECOMMIT, Vote, vote_message};
pub use error::FinalityError;
pub use header::{GATE_LIMIT, HEADER_LEN, Header, Parameters};
pub use key::{
    BadSignature, MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN, PublicKey, Role, SignedBytes, Suite,
    signing_bytes,
};
pub use set::{MAX_TOTAL_POWER, MAX_VALIDATORS, Validator, ValidatorSet};

#[cfg(feature = "alloc")]
pub use certificate::encode_certificate;
#[cfg(feature = "secret")]
pub(crate) use composite::Composite;
#[cfg(feature = "alloc")]
pub use expanded::{ExpandedKeys, VoteKeys};
#[cfg(feature = "alloc")]
pub use set::encode_set;

#[cfg(test)]
mod tests;
