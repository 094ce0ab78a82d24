//! The keys of one validator set, expanded once for many certificates.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::OnceCell;

use super::key::ExpandedKey;
use super::{BadSignature, PublicKey, Role, Suite, ValidatorSet};
use crate::digest::SetDigest;

/// Expanded keys of one set, each made when its first vote is checked. About 25 kB a key of
/// suite 2, 40 kB of suite 3; they save half of the time of every later vote.
///
/// It is no fact and gives no trust: a certificate is checked under a trusted set, and uses these
/// only if they are of the set with that digest.
pub struct ExpandedKeys {
    set: SetDigest,
    keys: Vec<OnceCell<Option<Box<ExpandedKey>>>>,
}

impl core::fmt::Debug for ExpandedKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ExpandedKeys").field("set", &self.set).finish_non_exhaustive()
    }
}

impl ExpandedKeys {
    /// For the keys of this set; none is expanded yet.
    #[must_use]
    pub fn of(set: &ValidatorSet<'_>) -> Self {
        let keys = (0..set.count()).map(|_| OnceCell::new()).collect();
        Self { set: set.digest(), keys }
    }

    /// The digest of the set.
    #[must_use]
    pub const fn set(&self) -> SetDigest {
        self.set
    }

    /// How many keys have been expanded.
    #[must_use]
    pub fn expanded(&self) -> usize {
        self.keys.iter().filter(|key| key.get().is_some()).count()
    }

    /// As [`PublicKey::verify`] for the set's key at this index, which is `key`.
    pub(crate) fn verify(
        &self,
        (index, key): (u8, &PublicKey<'_>),
        (role, message): (Role, &[u8]),
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let place = self.keys.get(usize::from(index)).ok_or(BadSignature)?;
        let expanded = place.get_or_init(|| ExpandedKey::new(key).map(Box::new));
        expanded.as_ref().ok_or(BadSignature)?.verify(role, message, signature)
    }
}

/// Keys of one validator set for who checks single votes: the other validators. Each is expanded
/// when its first signature is checked. It owns the keys, so none is taken for another's.
pub struct VoteKeys {
    keys: Vec<VoteKey>,
}

struct VoteKey {
    suite: Suite,
    bytes: Vec<u8>,
    expanded: OnceCell<Option<Box<ExpandedKey>>>,
}

impl core::fmt::Debug for VoteKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("VoteKeys").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl VoteKeys {
    /// The keys of this set.
    #[must_use]
    pub fn of(set: &ValidatorSet<'_>) -> Self {
        let own = |key: PublicKey<'_>| {
            let (suite, bytes) = (key.suite(), key.bytes().to_vec());
            VoteKey { suite, bytes, expanded: OnceCell::new() }
        };
        Self { keys: set.iter().map(|validator| own(validator.key)).collect() }
    }

    /// As [`PublicKey::verify`] for the set's key at this index.
    ///
    /// # Errors
    /// [`BadSignature`], also for an index that the set does not have.
    pub fn verify(
        &self,
        index: u8,
        (role, message): (Role, &[u8]),
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let key = self.keys.get(usize::from(index)).ok_or(BadSignature)?;
        let expand = || PublicKey::new(key.suite, &key.bytes).as_ref().and_then(ExpandedKey::new);
        let expanded = key.expanded.get_or_init(|| expand().map(Box::new));
        expanded.as_ref().ok_or(BadSignature)?.verify(role, message, signature)
    }
}
