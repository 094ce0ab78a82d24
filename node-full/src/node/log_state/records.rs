//! The records of the state: how each follows from members, streams and events.

use cairn_consensus::epochs::Epochs;
use cairn_store::sparse::Records;
use cairn_verifier::digest::{EventId, Hash};
use cairn_verifier::state::{
    KeyRole, Record, RecordKey, StakePart, StakeParts, StateRecord, system_digest,
};
use cairn_verifier::trust::Genesis;
use cairn_verifier::wire::DecodeError;

use super::Effects;
use crate::node::{Directory, Member, NodeError};
use crate::system::SystemEvent;

fn put(records: &mut Records, record: &StateRecord<'_>) -> Result<(), NodeError> {
    let path = record.key().path();
    records.insert(path, Some(record.encode().map_err(unfit)?));
    Ok(())
}

/// Names, keys and counts were checked when they came; what is not fit came from elsewhere.
const fn unfit(reason: DecodeError) -> NodeError {
    NodeError::Damaged { what: "a record of the state", index: 0, reason }
}

/// What a log begins with.
pub(super) fn first(genesis: &Genesis<'_>, directory: &Directory) -> Result<Records, NodeError> {
    let mut records = Records::new();
    let (parameters, sha256_tree) = (genesis.parameters(), genesis.sha256_tree());
    put(&mut records, &StateRecord::Parameters { parameters, sha256_tree })?;
    let digest = genesis.set().digest();
    put(&mut records, &StateRecord::Set { epoch: 0, digest, first_height: 0 })?;
    for stream in directory.streams() {
        let (id, name) = (stream.id, &stream.name);
        put(&mut records, &StateRecord::Stream { id, name, group_epoch: 0 })?;
    }
    for member in directory.members() {
        put_member(&mut records, &member)?;
        put_memberships(&mut records, directory, &member.name)?;
    }
    Ok(records)
}

/// All system events so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SystemEvents {
    pub(super) count: u64,
    pub(super) digest: Hash,
}

impl SystemEvents {
    /// There is none.
    pub(super) const NONE: Self = Self { count: 0, digest: Hash::ZERO };

    /// Takes in the next one.
    pub(super) fn push(&mut self, index: u64, event: &EventId) {
        self.count = self.count.saturating_add(1);
        self.digest = system_digest(&self.digest, index, event);
    }

    /// What a record of the state says of them; nothing if there is none.
    pub(super) fn read(record: &[u8]) -> Result<Self, NodeError> {
        let record = Record::decode(record).map_err(unfit)?;
        let StateRecord::System { count, digest } = *record.content() else {
            return Ok(Self::NONE);
        };
        Ok(Self { count, digest })
    }
}

/// Puts how many system events there are, if there are more than before.
pub(super) fn system(
    (before, after): (&SystemEvents, &SystemEvents),
    records: &mut Records,
) -> Result<(), NodeError> {
    if before == after {
        return Ok(());
    }
    let SystemEvents { count, digest } = *after;
    put(records, &StateRecord::System { count, digest })
}

/// Heads of the writers of some events.
pub(super) fn heads(effects: &Effects) -> Result<Records, NodeError> {
    let mut records = Records::new();
    for ((stream, writer), (next, last)) in effects.heads() {
        let (stream, writer, next, last) = (*stream, *writer, *next, *last);
        put(&mut records, &StateRecord::Head { stream, writer, next, last })?;
    }
    Ok(records)
}

/// Puts what a system event changed, out of the directory after it.
pub(super) fn changed(
    said: &SystemEvent,
    directory: &Directory,
    records: &mut Records,
) -> Result<(), NodeError> {
    match said {
        SystemEvent::MemberAdded { name, .. }
        | SystemEvent::KeysAdded { name, .. }
        | SystemEvent::KeyEnded { name, .. } => {
            directory.member(name).map_or(Ok(()), |member| put_member(records, &member))
        }
        SystemEvent::MemberRemoved { name } => {
            if let Some(member) = directory.member(name) {
                put_member(records, &member)?;
            }
            put_memberships(records, directory, name)
        }
        SystemEvent::StreamAdded { id, name } => {
            put(records, &StateRecord::Stream { id: *id, name, group_epoch: 0 })
        }
        SystemEvent::RolesSet { member, .. } => put_memberships(records, directory, member),
        SystemEvent::Granted { .. }
        | SystemEvent::Redacted { .. }
        | SystemEvent::Erased { .. }
        | SystemEvent::Validator(_) => Ok(()),
    }
}

/// Puts the sets in force and next, where a block changed them. The next one stands where it will
/// when it is in force; so a client can see that a change is pending, and when it comes.
pub(super) fn sets(
    before: &Epochs,
    after: &Epochs,
    records: &mut Records,
) -> Result<(), NodeError> {
    let place = |epochs: &Epochs| (epochs.now().epoch, epochs.next().digest());
    if place(before) == place(after) {
        return Ok(());
    }
    let now = after.now();
    let (epoch, digest, first_height) = (now.epoch, now.set.digest(), now.first_height);
    put(records, &StateRecord::Set { epoch, digest, first_height })?;
    let epoch = epoch.saturating_add(1);
    if !after.is_pending() {
        records.insert(RecordKey::Set(epoch).path(), None);
        return Ok(());
    }
    let (digest, first_height) = (after.next().digest(), after.next_gate().saturating_add(1));
    put(records, &StateRecord::Set { epoch, digest, first_height })
}

/// Puts the stake that a block allotted, moved or cut, and what power follows from.
pub(super) fn stakes(
    before: &Epochs,
    after: &Epochs,
    records: &mut Records,
) -> Result<(), NodeError> {
    if after.has_stakes_of(before) {
        return Ok(());
    }
    let (before, after) = (before.stakes(), after.stakes());
    let (mode, window) = (after.mode(), after.window());
    if (before.mode(), before.window()) != (mode, window) {
        put(records, &StateRecord::Power { mode, window })?;
    }
    for gone in before.holders().keys().filter(|id| !after.holders().contains_key(id)) {
        records.insert(RecordKey::Stake(*gone).path(), None);
    }
    for (id, holder) in after.holders() {
        if before.holders().get(id) == Some(holder) {
            continue;
        }
        let parts: Vec<_> = holder.parts().map(StakePart::encode).collect();
        let (allotted, moved) = (holder.allotted(), holder.moved());
        let parts = StakeParts::new(&parts);
        put(records, &StateRecord::Stake { holder: *id, allotted, moved, parts })?;
    }
    Ok(())
}

/// A member, and each of its keys.
fn put_member(records: &mut Records, member: &Member) -> Result<(), NodeError> {
    let mut keys: Vec<[u8; 32]> = member.keys.iter().map(|key| *key.id.as_bytes()).collect();
    keys.sort_unstable();
    put(records, &StateRecord::Member { name: &member.name, keys: &keys })?;
    for key in &member.keys {
        let record = StateRecord::Key {
            id: key.id,
            member: &member.name,
            role: if key.signs { KeyRole::Writer } else { KeyRole::Reader },
            suite: key.suite,
            from: key.first,
            until: key.end.unwrap_or(cairn_verifier::wire::MAX_NUMBER),
        };
        put(records, &record)?;
    }
    Ok(())
}

/// What a member may do in each stream; nothing is no record.
fn put_memberships(
    records: &mut Records,
    directory: &Directory,
    member: &str,
) -> Result<(), NodeError> {
    let is_removed = directory.member(member).is_none_or(|member| !member.active);
    for stream in directory.streams() {
        let roles = directory.roles_of(&stream.id, member);
        if is_removed || !(roles.writer || roles.reader) {
            records.insert(RecordKey::Membership(stream.id, member).path(), None);
        } else {
            put(records, &StateRecord::Membership { stream: stream.id, member, roles })?;
        }
    }
    Ok(())
}
