//! A signature holds if it is the one that the key's owner makes: all keys are known here, and
//! everyone signs deterministically.

use std::cell::RefCell;
use std::collections::BTreeMap;

use cairn_verifier::digest::KeyId;
use cairn_verifier::finality::{PublicKey, Role};

use super::derive;
use crate::world::world;

type Made = BTreeMap<(KeyId, &'static str, Vec<u8>), Vec<u8>>;

thread_local! {
    static MADE: RefCell<Made> = const { RefCell::new(BTreeMap::new()) };
}

/// Some megabytes of signatures are kept; then it starts anew.
const KEPT: usize = 5_000;

/// The id of a key.
#[must_use]
pub fn key_id(key: &PublicKey<'_>) -> KeyId {
    derive("cairn v1 key", &[&[key.suite().byte()], key.bytes()]).into()
}

/// The one signature that holds; `None` if nobody here has the key.
#[must_use]
pub fn made_by(key: KeyId, role: Role, message: &[u8]) -> Option<Vec<u8>> {
    let signer = world().signers.get(&key)?;
    let place = (key, role.as_str(), message.to_vec());
    MADE.with_borrow_mut(|made| {
        if made.len() > KEPT {
            made.clear();
        }
        Some(made.entry(place).or_insert_with(|| signer.sign(role, message)).clone())
    })
}

/// Whether a signature holds.
#[must_use]
pub fn holds(key: &PublicKey<'_>, role: Role, message: &[u8], signature: &[u8]) -> bool {
    made_by(key_id(key), role, message).is_some_and(|made| made == signature)
}
