//! Who may do what: members with their keys, streams, and roles in them. The genesis says how it
//! begins, and every change is an event of the log (`change`), so it can be made again from that.

mod change;

use std::collections::{BTreeMap, BTreeSet};

use cairn_verifier::digest::{KeyId, StreamId};
use cairn_verifier::finality::{PublicKey, Suite};
use cairn_verifier::state::Roles;
use cairn_verifier::trust::{Genesis, KeyDraft, WRAP_X_WING};

use super::StreamName;
use super::types::{Member, MemberKey};
use crate::init::{DEFAULT_STREAM, INGEST_MEMBER};
use crate::system::{ADMIN_MEMBER, SYSTEM_STREAM};

pub use change::NotAllowed;
pub(crate) use change::key_id;

/// The end of a key's range while it is in use.
const IN_USE: u64 = u64::MAX;
const ALL: Roles = Roles { writer: true, reader: true };

/// Members and streams, by everything one asks for.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    /// The default one first, the system's last.
    streams: Vec<StreamName>,
    system: Option<StreamId>,
    members: BTreeMap<String, Known>,
    keys: BTreeMap<KeyId, Key>,
    /// Roles that an event set. Without one, a member has the roles it began with.
    roles: BTreeMap<(StreamId, String), Roles>,
    /// Streams of the genesis.
    first_streams: BTreeSet<StreamId>,
}

#[derive(Clone, Debug)]
struct Known {
    /// In the order in which they came.
    keys: Vec<KeyId>,
    /// The genesis names it.
    is_first: bool,
    is_removed: bool,
}

#[derive(Clone, Debug)]
struct Key {
    member: String,
    suite: u8,
    bytes: Vec<u8>,
    /// It holds for entries from this index on,
    first: u64,
    /// and up to, but not including, this one.
    end: u64,
}

impl Key {
    const fn holds_at(&self, index: u64) -> bool {
        self.first <= index && index < self.end
    }

    fn signs(&self) -> bool {
        Suite::from_byte(self.suite).is_some()
    }
}

impl Directory {
    /// As it is when a log begins.
    pub(super) fn new(genesis: &Genesis<'_>) -> Self {
        let mut directory = Self {
            streams: Vec::new(),
            system: None,
            members: BTreeMap::new(),
            keys: BTreeMap::new(),
            roles: BTreeMap::new(),
            first_streams: BTreeSet::new(),
        };
        for stream in genesis.streams() {
            directory.first_streams.insert(stream.id);
            directory.push_stream(stream.id, stream.name);
        }
        for member in genesis.members() {
            directory.push_member(member.name, true);
            for key in member.keys() {
                directory.push_key(member.name, &(key.suite, key.bytes.to_vec()), 0);
            }
        }
        directory
    }

    fn push_stream(&mut self, id: StreamId, name: &str) {
        if name == SYSTEM_STREAM {
            self.system = Some(id);
        }
        self.streams.push(StreamName { id, name: name.to_owned() });
        // Stable: the others keep their order.
        self.streams.sort_by_key(|stream| match stream.name.as_str() {
            DEFAULT_STREAM => 0,
            SYSTEM_STREAM => 2,
            _ => 1,
        });
    }

    fn push_member(&mut self, name: &str, is_first: bool) {
        let member = Known { keys: Vec::new(), is_first, is_removed: false };
        self.members.insert(name.to_owned(), member);
    }

    fn push_key(&mut self, member: &str, key: &KeyDraft, first: u64) {
        let id = key_id(key);
        let (suite, bytes) = key.clone();
        self.keys.insert(id, Key { member: member.to_owned(), suite, bytes, first, end: IN_USE });
        if let Some(member) = self.members.get_mut(member) {
            member.keys.push(id);
        }
    }

    /// Whether a node signs drafts with this key.
    pub(crate) fn is_ingest_key(&self, key: &KeyId) -> bool {
        self.members.get(INGEST_MEMBER).is_some_and(|member| member.keys.contains(key))
    }

    /// Whether drafts that are signed with this key are a node's now.
    pub(crate) fn may_ingest(&self, key: &KeyId) -> bool {
        let key = self.keys.get(key).filter(|key| key.end == IN_USE);
        key.is_some_and(|key| key.member == INGEST_MEMBER)
    }

    /// The id of the first key that signs drafts.
    pub(crate) fn ingest_key(&self) -> KeyId {
        let keys = self.members.get(INGEST_MEMBER).map(|member| member.keys.iter());
        let signs = |key: &Key| key.signs() && key.end == IN_USE;
        let mut signing =
            keys.into_iter().flatten().filter(|id| self.keys.get(*id).is_some_and(signs));
        signing.next().copied().unwrap_or(KeyId::ZERO)
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

    /// Whether this is the stream of the system's own events.
    pub(crate) fn is_system(&self, id: &StreamId) -> bool {
        self.system == Some(*id)
    }

    /// The stream of the system's own events; old logs have none.
    pub(crate) fn system(&self) -> Option<&StreamName> {
        self.streams.iter().find(|stream| Some(stream.id) == self.system)
    }

    /// All members, by name.
    pub(crate) fn members(&self) -> Vec<Member> {
        self.members.keys().filter_map(|name| self.member(name)).collect()
    }

    pub(crate) fn member(&self, name: &str) -> Option<Member> {
        let known = self.members.get(name)?;
        let keys = known.keys.iter().filter_map(|id| {
            let key = self.keys.get(id)?;
            Some(MemberKey {
                id: *id,
                suite: key.suite,
                bytes: key.bytes.clone(),
                signs: key.signs(),
                first: key.first,
                end: (key.end != IN_USE).then_some(key.end),
            })
        });
        Some(Member { name: name.to_owned(), keys: keys.collect(), active: !known.is_removed })
    }

    /// The member who signs with this Ed25519 key now.
    pub(crate) fn by_signing_key(&self, key: &[u8; 32]) -> Option<Member> {
        let id = PublicKey::new(Suite::Ed25519, key)?.id();
        let key = self.keys.get(&id).filter(|key| key.end == IN_USE)?;
        self.member(&key.member)
    }

    /// Ids and public keys that wraps are made for, for a member.
    pub(crate) fn wrap_keys_of(&self, member: &str) -> Vec<(KeyId, &[u8])> {
        let keys = self.members.get(member).map(|member| member.keys.as_slice());
        let ids = keys.unwrap_or_default().iter();
        ids.filter_map(|id| Some((*id, self.wrap_key(id)?))).collect()
    }

    /// A public key that wraps are made for.
    pub(crate) fn wrap_key(&self, id: &KeyId) -> Option<&[u8]> {
        let key = self.keys.get(id).filter(|key| key.suite == WRAP_X_WING && key.end == IN_USE)?;
        Some(&key.bytes)
    }

    /// Whether wraps were ever made for this key: also one that its member gave up.
    pub(crate) fn is_wrap_key(&self, id: &KeyId) -> bool {
        self.keys.get(id).is_some_and(|key| key.suite == WRAP_X_WING)
    }

    /// The member whose signing key this is, if it holds at an index.
    pub(crate) fn signer_at(&self, key: &KeyId, index: u64) -> Option<&str> {
        let key = self.keys.get(key).filter(|key| key.signs() && key.holds_at(index))?;
        Some(&key.member)
    }

    /// What a member may do in a stream, if it is still one.
    pub(crate) fn roles_of(&self, stream: &StreamId, member: &str) -> Roles {
        if let Some(roles) = self.roles.get(&(*stream, member.to_owned())) {
            return *roles;
        }
        let none = Roles { writer: false, reader: false };
        let is_first = self.members.get(member).is_some_and(|member| member.is_first);
        if !is_first || !self.first_streams.contains(stream) {
            return none;
        }
        let is_system = self.system == Some(*stream);
        if is_system && member != ADMIN_MEMBER && member != INGEST_MEMBER { none } else { ALL }
    }

    /// Whether a key may write to a stream at an index.
    pub(crate) fn is_writer(&self, stream: &StreamId, key: &KeyId, index: u64) -> bool {
        let member = self.signer_at(key, index);
        member.is_some_and(|member| self.roles_of(stream, member).writer)
    }

    /// Whether a key is an administrator's at an index: one who may write to the system's stream,
    /// and is no node. Of several nodes each has a key that signs drafts, and may be anyone's.
    fn is_admin(&self, key: &KeyId, index: u64) -> bool {
        self.system.is_some_and(|system| self.is_writer(&system, key, index))
            && !self.is_ingest_key(key)
    }

    /// Whether a member has or had this key, or one with a half in common.
    pub(crate) fn shares_half_with(&self, key: &PublicKey<'_>) -> bool {
        let mut keys = self.keys.values();
        keys.any(|other| {
            let suite = Suite::from_byte(other.suite);
            let other = suite.and_then(|suite| PublicKey::new(suite, &other.bytes));
            other.is_some_and(|other| other.shares_half_with(key))
        })
    }

    /// Whether two keys are of one member; the second one may have been given up.
    pub(crate) fn is_same_member(&self, key: &KeyId, other: &KeyId) -> bool {
        let member = |key| self.keys.get(key).map(|key: &Key| key.member.as_str());
        key == other || member(key).is_some_and(|name| member(other) == Some(name))
    }
}
