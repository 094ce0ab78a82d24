//! SPEC.md, "Event" and "Verifying a receipt".

use cairn_verifier::digest::{EventId, HeaderDigest};
use cairn_verifier::event::{Payload, SignedEvent};
use cairn_verifier::finality::{Header, Role};
use cairn_verifier::receipt::{Bracket, Receipt};
use cairn_verifier::state::{KeyRole, StateRecord};
use cairn_verifier::trust::Base;
use cairn_verifier::{TrustAnchor, UnixMillis};

use super::tree::Tree;
use super::trust::{is_older, nodes};
use super::{Code, derive, expect, header_digest, signature, state, trust};
use crate::again;

/// When an event was logged: not yet at the first time, surely at the second.
pub type Between = (Option<u64>, u64);

/// The id of a body.
#[must_use]
pub fn event_id(body: &[u8]) -> EventId {
    derive("cairn v1 event", &[body]).into()
}

/// Both steps of checking a signed event.
///
/// # Errors
/// Their codes.
pub fn verify_event(event: &SignedEvent<'_>) -> Result<EventId, Code> {
    let signatures: Vec<_> = event.signatures().iter().collect();
    let first = signatures.first().map(|first| signature::key_id(&first.key));
    expect(first == Some(event.body().writer), "event-not-the-writer")?;
    let id = event_id(event.bytes());
    let hold = signatures
        .iter()
        .all(|one| signature::holds(&one.key, Role::Event, id.as_bytes(), one.signature));
    expect(hold, "event-bad-signature")?;
    Ok(id)
}

/// All steps after decoding, but for the budget.
///
/// # Errors
/// Their codes.
pub fn verify(
    receipt: &Receipt<'_>,
    bytes: &[u8],
    anchor: TrustAnchor,
    now: UnixMillis,
) -> Result<Option<Between>, Code> {
    trust::verify(&receipt.finality, anchor, Some(now))?;
    let header = &receipt.finality.header;
    expect(receipt.event.body().log == header.log, "event-other-log")?;
    let id = verify_event(&receipt.event)?;
    let tree = Tree::events(&header.log);
    tree.includes(
        (receipt.index, header.events.get()),
        tree.leaf(receipt.index, id.as_bytes()),
        &nodes(receipt.inclusion),
        header.event_root.as_bytes(),
    )?;
    let between = bracket(receipt, header)?;
    payload(receipt)?;
    name(receipt, bytes)?;
    Ok(between)
}

/// Step 8.
fn name(receipt: &Receipt<'_>, bytes: &[u8]) -> Result<(), Code> {
    let Some((record, _)) = receipt.name else { return Ok(()) };
    let StateRecord::Key { id, role, from, until, .. } = *record.content() else {
        return Err("state-other-record");
    };
    expect(id == receipt.event.body().writer, "state-other-key")?;
    expect(role == KeyRole::Writer, "state-not-a-writer")?;
    expect(from <= receipt.index && receipt.index < until, "state-key-out-of-range")?;
    let proof = again::state_proof(receipt, bytes).unwrap();
    state::present(&receipt.finality.header, &record, proof)
}

/// Step 6.
fn bracket(receipt: &Receipt<'_>, header: &Header) -> Result<Option<Between>, Code> {
    let (block, before) = match &receipt.bracket {
        Bracket::None => return Ok(None),
        Bracket::Tip { before } => (header, Some(before)),
        Bracket::Older { block, proof, before } => {
            is_older(header, block, &nodes(*proof))?;
            (block, Some(before))
        }
        Bracket::First { block, proof } => {
            if header.height == 0 {
                expect(header == block, "trust-not-the-trusted-header")?;
                expect(proof.is_empty(), "inclusion-proof-length")?;
            } else {
                is_older(header, block, &nodes(*proof))?;
            }
            (block, None)
        }
    };
    let parent = before.map_or(HeaderDigest::ZERO, header_digest);
    expect(block.parent == parent, "trust-other-parent")?;
    let first = before.map_or(0, |before| before.events.get());
    let within = (first..block.events.get()).contains(&receipt.index);
    expect(within, "inclusion-leaf-out-of-range")?;
    let genesis = match &receipt.finality.base {
        Base::Genesis(genesis) => Some(genesis.time().0),
        Base::Checkpoint(..) | Base::Header(_) => None,
    };
    Ok(Some((before.map_or(genesis, |before| Some(before.time.0)), block.time.0)))
}

/// Step 7.
fn payload(receipt: &Receipt<'_>) -> Result<(), Code> {
    const UNEXPECTED: Code = "event-unexpected-payload";
    let committed = receipt.event.body().payload;
    let sealed = matches!(committed, Payload::Sealed(_));
    expect(receipt.wraps.count() == 0 || sealed, UNEXPECTED)?;
    let Some(bytes) = receipt.payload else { return Ok(()) };
    let (digest, context) = match committed {
        Payload::None => return Err(UNEXPECTED),
        Payload::Public { digest, len } => {
            expect(u64::from(len) == bytes.len() as u64, "event-payload-length")?;
            (digest, "cairn v1 public payload")
        }
        Payload::Sealed(commitment) => (commitment.ciphertext, "cairn v1 ciphertext"),
    };
    expect(*digest.as_bytes() == derive(context, &[bytes]), "event-other-payload")
}
