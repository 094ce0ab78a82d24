//! SPEC.md, "State": proofs from the root down, and histories.

use cairn_verifier::digest::EventId;
use cairn_verifier::event::EventBody;
use cairn_verifier::finality::Header;
use cairn_verifier::state::{End, Record, RecordKey, StateRecord};

use super::tree::Node;
use super::{Code, derive, expect};

const EMPTY: Node = [0; 32];

/// Kind and key as they stand in a record.
#[must_use]
pub fn key_bytes(key: &RecordKey<'_>) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let (kind, key) = match key {
        RecordKey::Member(name) => (1, text(name)),
        RecordKey::Key(id) => (2, id.as_bytes().to_vec()),
        RecordKey::Stream(id) => (3, id.as_bytes().to_vec()),
        RecordKey::Membership(id, name) => (4, [&id.as_bytes()[..], &text(name)].concat()),
        RecordKey::Parameters => (5, Vec::new()),
        RecordKey::Set(epoch) => (6, epoch.to_be_bytes().to_vec()),
        RecordKey::Head(id, writer) => (7, [*id.as_bytes(), *writer.as_bytes()].concat()),
        RecordKey::Stake(id) => (9, id.as_bytes().to_vec()),
        RecordKey::Power => (10, Vec::new()),
        RecordKey::System => (11, Vec::new()),
    };
    [&[kind], key.as_slice()].concat()
}

/// Where a record stands.
#[must_use]
pub fn path(key: &RecordKey<'_>) -> Node {
    derive("cairn v1 state path", &[&key_bytes(key)])
}

/// The siblings of a proof, the one at the end of the path first; `None` if it does not decode.
#[must_use]
pub fn siblings(bytes: &[u8]) -> Option<Vec<Node>> {
    let (depth, bytes) = bytes.split_first_chunk::<2>()?;
    let depth = usize::from(u16::from_be_bytes(*depth));
    if depth > 256 {
        return None;
    }
    let (map, hashes) = bytes.split_at_checked(depth.div_ceil(8))?;
    let mut bits: Vec<bool> =
        map.iter().flat_map(|byte| (0..8).map(move |bit| byte << bit & 0x80 != 0)).collect();
    let padding = bits.split_off(depth);
    let (hashes, rest) = hashes.as_chunks::<32>();
    let mut hashes = hashes.iter();
    let siblings: Option<Vec<Node>> =
        bits.iter().map(|bit| if *bit { hashes.next().copied() } else { Some(EMPTY) }).collect();
    let siblings = siblings?;
    let canonical = !padding.contains(&true)
        && bits.first() != Some(&false)
        && siblings.iter().zip(&bits).all(|(sibling, bit)| (*sibling != EMPTY) == *bit);
    (canonical && hashes.next().is_none() && rest.is_empty()).then_some(siblings)
}

fn bit(path: &Node, at: usize) -> bool {
    path[at / 8] << (at % 8) & 0x80 != 0
}

/// The subtree at a depth on a path, down to `end`.
fn subtree(path: &Node, end: Node, siblings: &[Node], depth: usize) -> Node {
    let Some((sibling, below)) = siblings.split_last() else { return end };
    let own = subtree(path, end, below, depth + 1);
    let (left, right) = if bit(path, depth) { (*sibling, own) } else { (own, *sibling) };
    keyed("node", &[&left, &right])
}

fn keyed(role: &str, parts: &[&[u8]]) -> Node {
    let key = derive(&format!("cairn v1 state {role}"), &[]);
    *blake3::keyed_hash(&key, &parts.concat()).as_bytes()
}

fn leads_to(header: &Header, path: &Node, end: Node, proof: &[u8]) -> Result<(), Code> {
    let top = subtree(path, end, &siblings(proof).unwrap(), 0);
    let root = keyed("root", &[header.log.as_bytes(), &top]);
    expect(root == *header.state_root.as_bytes(), "state-root-mismatch")
}

/// That a record is in the state of a final header; the proof decodes.
///
/// # Errors
/// `state-root-mismatch`.
pub fn present(header: &Header, record: &Record<'_>, proof: &[u8]) -> Result<(), Code> {
    let path = path(&record.content().key());
    let digest = derive("cairn v1 state record", &[record.bytes()]);
    leads_to(header, &path, keyed("leaf", &[&path, &digest]), proof)
}

/// That a record is not in the state of a final header; the proof decodes.
///
/// # Errors
/// Its codes.
pub fn absent(header: &Header, key: &RecordKey<'_>, end: &End, proof: &[u8]) -> Result<(), Code> {
    let path = path(key);
    let end = match end {
        End::Empty => EMPTY,
        End::Leaf { path: found, record } => {
            let found = found.as_bytes();
            expect(*found != path, "state-is-present")?;
            let depth = siblings(proof).unwrap().len();
            let shared = (0..depth).all(|at| bit(found, at) == bit(&path, at));
            expect(shared, "state-other-path")?;
            keyed("leaf", &[found, record.as_bytes()])
        }
    };
    leads_to(header, &path, end, proof)
}

/// That some events, verified, are all of a head.
///
/// # Errors
/// Its codes.
pub fn history(
    header: &Header,
    head: &Record<'_>,
    events: &[(EventId, EventBody<'_>)],
) -> Result<(), Code> {
    let StateRecord::Head { stream, writer, next, last } = *head.content() else {
        return Err("state-other-record");
    };
    let mut previous = EventId::ZERO;
    for (place, (id, body)) in (0..).zip(events) {
        expect(body.log == header.log, "event-other-log")?;
        expect(body.stream == stream, "state-history-stream")?;
        expect(body.writer == writer, "state-history-writer")?;
        expect(body.sequence == place, "state-history-sequence")?;
        expect(body.previous == previous, "state-history-previous")?;
        previous = *id;
    }
    let all = events.len() as u64 == next && previous == last;
    expect(all, "state-history-incomplete")
}
