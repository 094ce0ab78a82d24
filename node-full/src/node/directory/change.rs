//! The rules by which events change the directory: SPEC.md, "System events". An event that breaks
//! one is refused before it is logged.

use cairn_verifier::digest::{self, KeyId, StreamId};
use cairn_verifier::event::EventBody;
use cairn_verifier::state::{MAX_MEMBER_KEYS, Roles};
use cairn_verifier::trust::KeyDraft;
use thiserror::Error;

use super::{Directory, IN_USE};
use crate::init::INGEST_MEMBER;
use crate::node::Place;
use crate::system::{SystemEvent, ValidatorEvent};

/// Why a system event is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotAllowed {
    /// The log began without a stream for them.
    #[error(
        "this log has no stream `system`, which events of this kind go to; `cairn init` makes it with a new log"
    )]
    NoSystemStream,
    /// It stands in another stream.
    #[error("an event of this kind belongs in the stream `system`")]
    NotInSystem,
    /// The signer's key is none that may do this.
    #[error("key {key} may not do this; {who} may")]
    Signer {
        /// The key.
        key: KeyId,
        /// Who may.
        who: &'static str,
    },
    /// A name, id or key is taken; names and keys are never used again.
    #[error("{what} {name} is or was in use")]
    Taken {
        /// What.
        what: &'static str,
        /// Which.
        name: String,
    },
    /// Something that is not there, or not any more.
    #[error("the log has no {what} {name} in use")]
    Unknown {
        /// What.
        what: &'static str,
        /// Which.
        name: String,
    },
    /// A member can have had so many keys.
    #[error("{found} keys of one member; the limit is {limit}")]
    TooManyKeys {
        /// How many.
        found: usize,
        /// The limit.
        limit: u8,
    },
    /// Nodes sign with these keys, and without one nobody could set it right.
    #[error(
        "the member `ingest` is the nodes' own: it stays, with its roles and the keys of the genesis"
    )]
    Ingest,
    /// A change of the validator set, or evidence, that breaks a rule of theirs.
    #[error(transparent)]
    Validators(#[from] cairn_consensus::epochs::Refused),
    /// The last one who may change anything.
    #[error("nobody could change members and streams any more")]
    LastAdmin,
}

/// The id of a key as it travels.
pub(crate) fn key_id((suite, bytes): &KeyDraft) -> KeyId {
    digest::derive(digest::KEY, &[&[*suite], bytes]).into()
}

fn unknown(what: &'static str, name: &(impl ToString + ?Sized)) -> NotAllowed {
    NotAllowed::Unknown { what, name: name.to_string() }
}

fn taken(what: &'static str, name: &(impl ToString + ?Sized)) -> NotAllowed {
    NotAllowed::Taken { what, name: name.to_string() }
}

impl Directory {
    /// What an event at an index changes. Grants, redactions and erasures change nothing here; who
    /// may write them is checked by [`Directory::may_grant_or_redact`].
    ///
    /// # Errors
    /// [`NotAllowed`]; nothing is changed then.
    pub(crate) fn change(
        &mut self,
        event: &SystemEvent,
        body: &EventBody<'_>,
        index: u64,
    ) -> Result<(), NotAllowed> {
        let from = index.saturating_add(1);
        if matches!(event, SystemEvent::Granted { .. } | SystemEvent::Redacted { .. }) {
            return Ok(());
        }
        if matches!(event, SystemEvent::Erased { .. }) {
            return self.check_node(&body.writer, index);
        }
        // What it does is not for members and streams.
        if let SystemEvent::Validator(event) = event {
            return self.check_validators(event, body, index);
        }
        self.check_admin(body, index)?;
        let before = self.clone();
        let had_admin = self.has_admin(from);
        let changed = match event {
            SystemEvent::MemberAdded { name, keys } => self.add_member(name, keys, from),
            SystemEvent::KeysAdded { name, keys } => self.add_keys(name, keys, from),
            SystemEvent::KeyEnded { name, key } => self.end_key(name, key, from),
            SystemEvent::MemberRemoved { name } => self.remove_member(name, from),
            SystemEvent::StreamAdded { id, name } => self.add_stream(id, name),
            SystemEvent::RolesSet { stream, member, roles } => {
                self.set_roles(stream, member, *roles)
            }
            SystemEvent::Granted { .. }
            | SystemEvent::Redacted { .. }
            | SystemEvent::Erased { .. }
            | SystemEvent::Validator(_) => Ok(()),
        };
        let is_last = had_admin && !self.has_admin(from);
        let changed = changed.and(if is_last { Err(NotAllowed::LastAdmin) } else { Ok(()) });
        if changed.is_err() {
            *self = before;
        }
        changed
    }

    /// Who may name readers of an event, or have it forgotten: its writer's member in the event's
    /// own stream, and administrators in the system's. Nodes are one member, and each speaks for
    /// itself only.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub(crate) fn may_grant_or_redact(
        &self,
        (stream, key): &Place,
        (of_stream, writer): &Place,
        index: u64,
    ) -> Result<(), NotAllowed> {
        let is_same =
            key == writer || (self.is_same_member(key, writer) && !self.is_ingest_key(key));
        // A writer who is no member has only its one key.
        let holds = self.signer_at(key, index).is_some() || !self.keys.contains_key(key);
        let is_writers = is_same && holds && stream == of_stream;
        if is_writers || (self.system == Some(*stream) && self.is_admin(key, index)) {
            return Ok(());
        }
        let who = "the event's writer in the event's stream, or an administrator in `system`,";
        Err(NotAllowed::Signer { key: *key, who })
    }

    /// Who may write an event about validators. Administrators ask for another set. What others signed
    /// counts by their signatures, so every node may bring it. Who moves its own stake signs the event,
    /// and no administrator gets a say in that by ending a member's key or adding one.
    pub(in crate::node) fn check_validators(
        &self,
        event: &ValidatorEvent,
        body: &EventBody<'_>,
        index: u64,
    ) -> Result<(), NotAllowed> {
        self.check_system(body)?;
        match event {
            ValidatorEvent::Moved(_) => Ok(()),
            ValidatorEvent::Approved { .. } | ValidatorEvent::Accused { .. }
                if self.check_node(&body.writer, index).is_ok() =>
            {
                Ok(())
            }
            ValidatorEvent::Proposed(_)
            | ValidatorEvent::Approved { .. }
            | ValidatorEvent::Accused { .. } => self.check_admin(body, index),
        }
    }

    fn check_system(&self, body: &EventBody<'_>) -> Result<(), NotAllowed> {
        let system = self.system.ok_or(NotAllowed::NoSystemStream)?;
        if body.stream == system { Ok(()) } else { Err(NotAllowed::NotInSystem) }
    }

    /// Who changes members and streams.
    pub(in crate::node) fn check_admin(
        &self,
        body: &EventBody<'_>,
        index: u64,
    ) -> Result<(), NotAllowed> {
        self.check_system(body)?;
        if self.is_admin(&body.writer, index) {
            return Ok(());
        }
        Err(NotAllowed::Signer { key: body.writer, who: "an administrator" })
    }

    /// Who says what a node does.
    pub(in crate::node) fn check_node(&self, key: &KeyId, index: u64) -> Result<(), NotAllowed> {
        if self.signer_at(key, index) == Some(INGEST_MEMBER) {
            return Ok(());
        }
        Err(NotAllowed::Signer { key: *key, who: "the node that erased" })
    }

    /// Whether somebody may still change things.
    fn has_admin(&self, index: u64) -> bool {
        self.keys.keys().any(|id| self.is_admin(id, index))
    }

    fn in_use(&self, name: &str) -> Result<(), NotAllowed> {
        match self.members.get(name) {
            Some(member) if !member.is_removed => Ok(()),
            _ => Err(unknown("member", name)),
        }
    }

    /// `ingest` goes on as long as there are nodes, and has the roles of one.
    fn is_not_ingest(name: &str) -> Result<(), NotAllowed> {
        if name == INGEST_MEMBER { Err(NotAllowed::Ingest) } else { Ok(()) }
    }

    fn add_member(&mut self, name: &str, keys: &[KeyDraft], from: u64) -> Result<(), NotAllowed> {
        if self.members.contains_key(name) {
            return Err(taken("the member's name", name));
        }
        self.push_member(name, false);
        self.add_keys(name, keys, from)
    }

    fn add_keys(&mut self, name: &str, keys: &[KeyDraft], from: u64) -> Result<(), NotAllowed> {
        self.in_use(name)?;
        for key in keys {
            let id = key_id(key);
            if self.keys.contains_key(&id) {
                return Err(taken("key", &id));
            }
            self.push_key(name, key, from);
        }
        let found = self.members.get(name).map_or(0, |member| member.keys.len());
        if found > usize::from(MAX_MEMBER_KEYS) {
            return Err(NotAllowed::TooManyKeys { found, limit: MAX_MEMBER_KEYS });
        }
        Ok(())
    }

    fn end_key(&mut self, name: &str, id: &KeyId, from: u64) -> Result<(), NotAllowed> {
        self.in_use(name)?;
        let key = self.keys.get_mut(id);
        let key = key.filter(|key| key.member == name && key.end == IN_USE);
        let key = key.ok_or_else(|| unknown("key", id))?;
        // No administrator can end those that the log began with, so there is always one.
        if name == INGEST_MEMBER && key.first == 0 {
            return Err(NotAllowed::Ingest);
        }
        key.end = from;
        Ok(())
    }

    fn remove_member(&mut self, name: &str, from: u64) -> Result<(), NotAllowed> {
        Self::is_not_ingest(name)?;
        self.in_use(name)?;
        for key in self.keys.values_mut().filter(|key| key.member == name && key.end == IN_USE) {
            key.end = from;
        }
        if let Some(member) = self.members.get_mut(name) {
            member.is_removed = true;
        }
        Ok(())
    }

    fn add_stream(&mut self, id: &StreamId, name: &str) -> Result<(), NotAllowed> {
        if self.has_stream(id) {
            return Err(taken("stream", id));
        }
        if self.stream(Some(name)).is_some() {
            return Err(taken("the stream's name", name));
        }
        self.push_stream(*id, name);
        Ok(())
    }

    fn set_roles(
        &mut self,
        stream: &StreamId,
        member: &str,
        roles: Roles,
    ) -> Result<(), NotAllowed> {
        Self::is_not_ingest(member)?;
        self.in_use(member)?;
        if !self.has_stream(stream) {
            return Err(unknown("stream", stream));
        }
        self.roles.insert((*stream, member.to_owned()), roles);
        Ok(())
    }
}
