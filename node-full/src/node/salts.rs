//! Salts: what a reader needs beside the sender's chain key. They live in the key store alone, so that
//! erasing them forgets the payload even for who holds the chain key.

use cairn_store::keystore::Record;
use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::event::{Payload, SignedEvent};
use cairn_verifier::pcek::v2;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;

use super::{KeyRecord, Member, Node, NodeError, Shared};

/// What a member is told who asks for an event's salt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is one, there was one, or it is not theirs")]
pub enum SaltAnswer {
    /// The salt, sealed to a key of the member.
    Sealed(Vec<u8>),
    /// It was erased, or is to be.
    Erased,
    /// There is none for this member: no reader then or now, no such key, no such event or no salt.
    NotTheirs,
}

/// What there is of an entry's salt.
enum Salt {
    Kept([u8; 32]),
    Erased,
    Never,
}

impl Node {
    /// The salt of an event's message key, sealed to a key of a member who read the event's stream
    /// when it was logged and still does: to `to`, or to the newest key.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn salt_for(
        &self,
        event: &EventId,
        member: &Member,
        to: Option<&KeyId>,
    ) -> Result<SaltAnswer, NodeError> {
        let shared = self.shared();
        shared.expect_current()?;
        let Some(index) = shared.find(event)? else { return Ok(SaltAnswer::NotTheirs) };
        let bytes = shared.entries.read(index)?;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let entry = SignedEvent::decode(&bytes).map_err(damaged)?;
        let stream = entry.body().stream;
        let now = shared.directory();
        let is_reader = now.roles_of(&stream, &member.name).reader
            && shared.directory_at(index)?.roles_of(&stream, &member.name).reader;
        let key = match to {
            Some(to) => now.wrap_keys_of(&member.name).into_iter().find(|(id, _)| id == to),
            None => now.wrap_keys_of(&member.name).pop(),
        };
        let (true, Some((_, key))) = (is_reader, key) else { return Ok(SaltAnswer::NotTheirs) };
        if !matches!(entry.body().payload, Payload::Sealed(_)) {
            return Ok(SaltAnswer::NotTheirs);
        }
        if shared.is_redacted(event)? {
            return Ok(SaltAnswer::Erased);
        }
        Ok(match shared.salt_state(index)? {
            Salt::Erased => SaltAnswer::Erased,
            Salt::Never => SaltAnswer::NotTheirs,
            Salt::Kept(salt) => {
                // The system gave random bytes when the node opened; it does not fail later.
                let mut rng = UnwrapErr(SysRng);
                let sealed = v2::seal_salt(&salt, key, (&shared.log, event), &mut rng);
                sealed.map_or(SaltAnswer::NotTheirs, SaltAnswer::Sealed)
            }
        })
    }
}

impl Shared {
    fn salt_state(&self, index: u64) -> Result<Salt, NodeError> {
        let mut found = Salt::Never;
        for number in self.index.records_of(index)? {
            match self.records.get(number)? {
                Record::Erased => found = Salt::Erased,
                Record::Kept(bytes) => {
                    let what = "key record";
                    let damaged = |reason| NodeError::Damaged { what, index: number, reason };
                    if let Some(salt) = KeyRecord::decode(&bytes).map_err(damaged)?.salt {
                        return Ok(Salt::Kept(salt));
                    }
                }
            }
        }
        Ok(found)
    }

    /// The salt of an entry's message key.
    pub(crate) fn salt_of(&self, index: u64) -> Result<Option<[u8; 32]>, NodeError> {
        Ok(match self.salt_state(index)? {
            Salt::Kept(salt) => Some(salt),
            Salt::Erased | Salt::Never => None,
        })
    }
}
