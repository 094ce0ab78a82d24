//! Push-Carried Ephemeral Keys: a message key sealed to one recipient, carried beside the
//! message, so that a reader needs no group state.

pub mod v1;
pub mod v2;
