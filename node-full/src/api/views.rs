//! JSON views of what the node serves, beside those of the verifier. They show claims: a client
//! that wants more takes the bytes.

use cairn_verifier::digest::KeyId;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::{Certificate, HEADER_LEN, Header};
use cairn_verifier::json::{self, Object};
use cairn_verifier::receipt::{Bracket, Receipt};
use cairn_verifier::state::{Record, StateRecord};
use cairn_verifier::tree::Proof;
use cairn_verifier::trust::{Base, Finality, FinalityProof, Genesis, Handovers};

use super::problem::Problem;
use crate::node::{Block, Entry};

/// Hashes as an array of hex.
pub(super) fn hashes(proof: Proof<'_>) -> String {
    array(proof.iter().map(|hash| format!("\"{hash}\"")))
}

fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// An entry: the event, its place, and how far it is.
pub(super) fn entry(entry: &Entry) -> Result<String, Problem> {
    let signed = SignedEvent::decode(&entry.signed)
        .map_err(|error| Problem::internal(&format!("entry {}: {error}", entry.index)))?;
    Ok(Object::new()
        .text("id", entry.id)
        .plain("index", entry.index)
        .text("status", if entry.is_final { "final" } else { "accepted" })
        .plain_or_null("height", entry.height)
        .json("event", &json::event(signed.body()))
        .json("signatures", &signatures(&signed))
        .finish())
}

fn signatures(signed: &SignedEvent<'_>) -> String {
    array(signed.signatures().iter().map(|signature| {
        let (key, suite) = (signature.key.id(), signature.key.suite().name());
        Object::new().text("key", key).text("suite", suite).finish()
    }))
}

/// A page of entries.
pub(super) fn entries<'a>(
    entries: impl Iterator<Item = &'a Entry>,
) -> Result<impl Iterator<Item = String>, Problem> {
    let views: Vec<String> = entries.map(entry).collect::<Result<_, _>>()?;
    Ok(views.into_iter())
}

/// A block: its header and who signed it.
pub(super) fn block(block: &Block) -> Result<String, Problem> {
    let certificate = Certificate::decode(&block.certificate)
        .map_err(|error| Problem::internal(&format!("block {}: {error}", block.header.height)))?;
    Ok(Object::new()
        .json("header", &json::header(&block.header, block.digest))
        .json("certificate", &votes(&certificate))
        .finish())
}

fn votes(certificate: &Certificate<'_>) -> String {
    let votes = certificate.votes().map(|vote| {
        Object::new().plain("index", vote.index).text("suite", vote.suite.name()).finish()
    });
    Object::new().plain("round", certificate.round()).array("votes", votes).finish()
}

/// A genesis.
pub(super) fn genesis(genesis: &Genesis<'_>) -> String {
    let key = |id: KeyId, suite: u8| Object::new().text("id", id).plain("suite", suite);
    let validators = genesis.set().iter().map(|validator| {
        key(validator.key.id(), validator.key.suite().byte())
            .text("power", validator.power)
            .finish()
    });
    let members = genesis.members().map(|member| {
        let keys = member.keys().map(|record| key(record.id(), record.suite).finish());
        Object::new().text("name", member.name).array("keys", keys).finish()
    });
    let streams = genesis
        .streams()
        .map(|stream| Object::new().text("id", stream.id).text("name", stream.name).finish());
    Object::new()
        .text("log", genesis.log())
        .text("anchor", format_args!("genesis:{}", genesis.log()))
        .plain("time", genesis.time().0)
        .plain("gate", genesis.parameters().gate)
        .plain("trustPeriod", genesis.parameters().trust_period)
        .plain("sha256Tree", genesis.sha256_tree())
        .array("validators", validators)
        .array("members", members)
        .array("streams", streams)
        .finish()
}

/// A checkpoint: where it starts, and the header it ends at.
pub(super) fn checkpoint(proof: &FinalityProof<'_>) -> String {
    finality(Object::new(), proof).finish()
}

pub(super) fn finality(object: Object, proof: &FinalityProof<'_>) -> Object {
    let base = match &proof.base {
        Base::Genesis(genesis) => Object::new().text("kind", "genesis").text("log", genesis.log()),
        Base::Checkpoint(header, _) => {
            Object::new().text("kind", "checkpoint").json("header", &header_view(header))
        }
        Base::Header(header) => {
            Object::new().text("kind", "header").json("header", &header_view(header))
        }
    };
    let finality = match &proof.finality {
        Finality::Certificate(certificate) => {
            Object::new().text("kind", "certificate").json("certificate", &votes(certificate))
        }
        Finality::HeaderTree(path) => {
            Object::new().text("kind", "header-tree").json("proof", &hashes(*path))
        }
        Finality::Trusted => Object::new().text("kind", "trusted"),
    };
    object
        .json("base", &base.finish())
        .json("handovers", &handover_headers(&proof.handovers))
        .json("header", &header_view(&proof.header))
        .json("finality", &finality.finish())
}

fn header_view(header: &Header) -> String {
    json::header(header, header.digest())
}

/// Encoded handovers with their heights.
pub(super) fn handovers(found: &[(u64, Vec<u8>)]) -> Result<String, Problem> {
    let view = |(height, bytes): &(u64, Vec<u8>)| {
        let (header, _) = bytes.split_at_checked(HEADER_LEN).unwrap_or_default();
        let header = Header::decode(header);
        let damaged = |error| Problem::internal(&format!("block {height}: {error}"));
        header.map(|header| header_view(&header)).map_err(damaged)
    };
    let views = found.iter().map(view).collect::<Result<Vec<_>, _>>()?;
    Ok(Object::new().array("handovers", views.into_iter()).finish())
}

fn handover_headers(handovers: &Handovers<'_>) -> String {
    array(handovers.iter().map(|handover| header_view(&handover.header)))
}

/// A receipt: every part but the bytes of payload and wraps.
pub(super) fn receipt(receipt: &Receipt<'_>) -> String {
    let (block, before) = match &receipt.bracket {
        Bracket::None => (None, None),
        Bracket::Tip { before } => (None, Some(before)),
        Bracket::Older { block, before, .. } => (Some(block), Some(before)),
        Bracket::First { block, .. } => (Some(block), None),
    };
    finality(Object::new(), &receipt.finality)
        .plain("index", receipt.index)
        .json("inclusion", &hashes(receipt.inclusion))
        .text("id", receipt.event.id())
        .json("event", &json::event(receipt.event.body()))
        .json("signatures", &signatures(&receipt.event))
        .plain_or_null("block", block.map(header_view))
        .plain_or_null("before", before.map(header_view))
        .text_or_null("writerName", receipt.name.as_ref().and_then(|(record, _)| named(record)))
        .plain("payloadIncluded", receipt.payload.is_some())
        .plain("wraps", receipt.wraps.count())
        .finish()
}

/// The member that a key's record names.
const fn named<'a>(record: &Record<'a>) -> Option<&'a str> {
    if let StateRecord::Key { member, .. } = *record.content() { Some(member) } else { None }
}
