//! The node's secret keys: one file each, readable by the owner only, and encrypted if the operator
//! wants that (`keyring`).

use std::path::Path;

use cairn_verifier::digest::StreamId;
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::trust::Genesis;

use super::OpenError;
use crate::init::INGEST_MEMBER;
use crate::keyring::Keyring;

/// The key that votes for blocks.
pub(crate) const VALIDATOR_KEY: &str = "keys/validator.key";
/// The key that signs drafts.
pub(crate) const INGEST_KEY: &str = "keys/ingest.key";
/// The key that changes members and streams. A node does not need it, and it is safer elsewhere.
pub(crate) const ADMIN_KEY: &str = "keys/admin.key";

/// Where the chain key of a stream is: what all its message keys are made from.
pub(crate) fn chain_key(stream: &StreamId) -> String {
    format!("keys/chain/{stream}.key")
}

/// The keys that the node cannot run without.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) validator: ValidatorSecret,
    pub(crate) ingest: MemberSecret,
    /// Where they are, and the streams' chain keys.
    pub(crate) ring: Keyring,
}

impl Keys {
    /// Reads both keys. With the genesis it is checked that the member `ingest` has the one; of a node
    /// that came later, the log says so. Whether the other is in a set is seen when the sets are known
    /// ([`expect_validator`]).
    pub(super) fn read(
        dir: &Path,
        ring: Keyring,
        genesis: Option<&Genesis<'_>>,
    ) -> Result<Self, OpenError> {
        let bad = |name: &str, what: &'static str| OpenError::BadKey { path: dir.join(name), what };
        let no_validator = || bad(VALIDATOR_KEY, "a key of the log's validator set");
        let text = ring.read(VALIDATOR_KEY)?.ok_or_else(no_validator)?;
        let validator = ValidatorSecret::parse(&text).map_err(|_| no_validator())?;

        let no_ingest = || bad(INGEST_KEY, "the key of the member `ingest`");
        let text = ring.read(INGEST_KEY)?.ok_or_else(no_ingest)?;
        let ingest = MemberSecret::parse(&text).map_err(|_| no_ingest())?;
        let id = ingest.key_id();
        let is_named = |genesis: &Genesis<'_>| {
            let member = genesis.members().find(|member| member.name == INGEST_MEMBER);
            member.is_some_and(|member| member.keys().any(|key| key.id() == id))
        };
        if !genesis.is_none_or(is_named) {
            return Err(no_ingest());
        }
        Ok(Self { validator, ingest, ring })
    }
}
