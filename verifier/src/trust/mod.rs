//! From the one thing that is given, the anchor, to the validators whose votes count.

mod anchor;
mod error;
mod extends;
mod genesis;
mod proof;
mod validators;

pub use anchor::{BadAnchor, TrustAnchor};
pub use error::TrustError;
pub use extends::{ExtendsProof, verify_extends};
pub(crate) use genesis::MAX_NAME_LEN;
pub use genesis::{
    Genesis, KeyRecord, MAX_GENESIS_LEN, MAX_KEYS, MAX_MEMBERS, MAX_STREAMS, Member, Stream,
    WRAP_X_WING, WRAP_X25519,
};
pub use proof::{
    Base, Finality, FinalityProof, Handover, Handovers, MAX_CHECKPOINT_LEN, MAX_HANDOVERS,
};

pub use validators::TrustedValidators;

#[cfg(feature = "alloc")]
pub use genesis::{GenesisDraft, KeyDraft, MemberDraft};
#[cfg(feature = "alloc")]
pub use proof::{FinalityBytes, FinalityDraft};
