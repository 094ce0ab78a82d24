//! Who and what the genesis names: members with their keys, and streams.

use std::collections::{BTreeMap, BTreeSet};

use cairn_verifier::digest::{KeyId, StreamId};
use cairn_verifier::finality::Suite;
use cairn_verifier::trust::{Genesis, WRAP_X_WING};

use super::{MemberKeys, StreamName};
use crate::init::{DEFAULT_STREAM, SYSTEM_STREAM};

/// Members and streams, by everything one asks for.
#[derive(Debug)]
pub(crate) struct Directory {
    streams: Vec<StreamName>,
    members: BTreeMap<String, MemberKeys>,
    /// Names by Ed25519 public key.
    signers: BTreeMap<[u8; 32], String>,
    /// Ids of all signing keys.
    writers: BTreeSet<KeyId>,
    /// X-Wing public keys by id.
    wrap_keys: BTreeMap<KeyId, Vec<u8>>,
}

impl Directory {
    pub(super) fn new(genesis: &Genesis<'_>) -> Self {
        let mut directory = Self {
            streams: Vec::new(),
            members: BTreeMap::new(),
            signers: BTreeMap::new(),
            writers: BTreeSet::new(),
            wrap_keys: BTreeMap::new(),
        };
        for stream in genesis.streams() {
            directory.streams.push(StreamName { id: stream.id, name: stream.name.to_owned() });
        }
        // Stable: the others keep their order.
        directory.streams.sort_by_key(|stream| stream.name != DEFAULT_STREAM);
        for member in genesis.members() {
            let name = member.name.to_owned();
            let mut keys = MemberKeys { name: name.clone(), signing: vec![], wraps: vec![] };
            for key in member.keys() {
                if key.suite == WRAP_X_WING {
                    keys.wraps.push(key.id());
                    directory.wrap_keys.insert(key.id(), key.bytes.to_vec());
                } else if key.suite == Suite::Ed25519.byte() {
                    keys.signing.push(key.id());
                    if let Ok(public) = key.bytes.try_into() {
                        directory.signers.insert(public, name.clone());
                    }
                } else if Suite::from_byte(key.suite).is_some() {
                    keys.signing.push(key.id());
                }
            }
            directory.writers.extend(&keys.signing);
            directory.members.insert(name, keys);
        }
        directory
    }

    /// The streams, the default one first.
    pub(crate) fn streams(&self) -> &[StreamName] {
        &self.streams
    }

    pub(crate) fn has_stream(&self, id: &StreamId) -> bool {
        self.streams.iter().any(|stream| stream.id == *id)
    }

    /// A stream by name, or the default one.
    pub(crate) fn stream(&self, name: Option<&str>) -> Option<&StreamName> {
        match name {
            None => self.streams.first(),
            Some(name) => self.streams.iter().find(|stream| stream.name == name),
        }
    }

    /// Whether a member signs with this key.
    pub(crate) fn is_writer(&self, key: &KeyId) -> bool {
        self.writers.contains(key)
    }

    /// Whether this is the stream of what the node itself says.
    pub(crate) fn is_system(&self, id: &StreamId) -> bool {
        self.stream(Some(SYSTEM_STREAM)).is_some_and(|stream| stream.id == *id)
    }

    pub(crate) fn by_signing_key(&self, key: &[u8; 32]) -> Option<&MemberKeys> {
        self.members.get(self.signers.get(key)?)
    }

    /// Ids and public keys that a member opens wraps with.
    pub(crate) fn wrap_keys_of(&self, member: &str) -> Vec<(KeyId, &[u8])> {
        let ids = self.members.get(member).map(|keys| keys.wraps.as_slice()).unwrap_or_default();
        let key = |id: &KeyId| Some((*id, self.wrap_keys.get(id)?.as_slice()));
        ids.iter().filter_map(key).collect()
    }

    pub(crate) fn has_wrap_key(&self, id: &KeyId) -> bool {
        self.wrap_keys.contains_key(id)
    }
}
