//! Decoded values, encoded again. Through the verifier's own encoders where it has them, and by the
//! tables of SPEC.md where it only decodes.

use cairn_verifier::event::{EventBody, SignedEvent, encode_signed};
use cairn_verifier::finality::{Certificate, ValidatorSet, encode_certificate, encode_set};
use cairn_verifier::payload::Fields;
use cairn_verifier::receipt::{Bracket, Receipt};
use cairn_verifier::state::{Record, StateProof};
use cairn_verifier::trust::{
    Base, Finality, FinalityBytes, FinalityDraft, FinalityProof, Genesis, GenesisDraft, Handover,
    MemberDraft,
};
use cairn_verifier::wire::Writer;

/// A certificate.
#[must_use]
pub fn certificate(certificate: &Certificate<'_>) -> Vec<u8> {
    let votes: Vec<_> =
        certificate.votes().map(|vote| (vote.index, vote.suite, vote.signature.to_vec())).collect();
    encode_certificate(certificate.round(), &votes).unwrap()
}

/// A validator set.
#[must_use]
pub fn set(set: &ValidatorSet<'_>) -> Vec<u8> {
    let entries: Vec<_> = set
        .iter()
        .map(|validator| (validator.key.suite(), validator.key.bytes().to_vec(), validator.power))
        .collect();
    encode_set(&entries).unwrap()
}

/// A handover.
#[must_use]
pub fn handover(handover: &Handover<'_>) -> Vec<u8> {
    let header = handover.header.encode();
    [&header[..], &certificate(&handover.certificate), &set(&handover.next_set)].concat()
}

/// A genesis.
#[must_use]
pub fn genesis(genesis: &Genesis<'_>) -> Vec<u8> {
    let member = |member: cairn_verifier::trust::Member<'_>| MemberDraft {
        name: member.name.to_owned(),
        keys: member.keys().map(|key| (key.suite, key.bytes.to_vec())).collect(),
    };
    GenesisDraft {
        // No check needs the nonce, so no accessor gives it; it follows version and type.
        nonce: genesis.bytes()[2..34].try_into().unwrap(),
        time: genesis.time(),
        parameters: genesis.parameters(),
        sha256_tree: genesis.sha256_tree(),
        set: set(&genesis.set()),
        members: genesis.members().map(member).collect(),
        streams: genesis.streams().map(|stream| (stream.id, stream.name.to_owned())).collect(),
    }
    .encode()
    .unwrap()
}

/// Writes base, handovers, header and finality.
pub fn write_finality(proof: &FinalityProof<'_>, writer: &mut Writer) {
    let handovers: Vec<_> = proof.handovers.iter().map(|one| handover(&one)).collect();
    assert_eq!(handovers.len(), usize::from(proof.handovers.count()), "handovers are all there");
    let header = proof.header.encode();
    let certificate = match &proof.finality {
        Finality::Certificate(one) => certificate(one),
        Finality::HeaderTree(_) | Finality::Trusted => Vec::new(),
    };
    let finality = match &proof.finality {
        Finality::Certificate(_) => FinalityBytes::Certificate(&certificate),
        Finality::HeaderTree(proof) => FinalityBytes::HeaderTree(*proof),
        Finality::Trusted => FinalityBytes::Trusted,
    };
    if let Base::Genesis(base) = &proof.base {
        assert_eq!(genesis(base), base.bytes(), "the genesis of the base");
    }
    FinalityDraft { base: proof.base, handovers: &handovers, header: &header, finality }
        .write(writer);
}

/// A checkpoint file.
#[must_use]
pub fn checkpoint(proof: &FinalityProof<'_>) -> Vec<u8> {
    let mut writer = Writer::new();
    write_finality(proof, writer.u8(1).u8(b'C'));
    writer.into_bytes()
}

/// An event body.
#[must_use]
pub fn body(body: &EventBody<'_>) -> Vec<u8> {
    let entries = body.metadata.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    let metadata = cairn_verifier::event::encode_metadata(&entries.collect()).unwrap();
    let metadata = cairn_verifier::event::Metadata::decode(&metadata).unwrap();
    assert_eq!(metadata, body.metadata, "metadata is in its only order");
    body.encode().unwrap()
}

/// A signed event.
#[must_use]
pub fn event(event: &SignedEvent<'_>) -> Vec<u8> {
    let signatures: Vec<_> =
        event.signatures().iter().map(|signature| (signature.key, signature.signature)).collect();
    encode_signed(&body(event.body()), &signatures).unwrap()
}

/// A record of the state.
#[must_use]
pub fn record(record: &Record<'_>) -> Vec<u8> {
    record.content().encode().unwrap()
}

/// A plaintext.
#[must_use]
pub fn fields(fields: &Fields<'_>) -> Vec<u8> {
    Fields::encode(&fields.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect())
        .unwrap()
}

/// A receipt. `bytes` are what it was decoded from: nothing gives the bytes of a state proof, which
/// stands at the end, so it is taken from there if it decodes to the same.
#[must_use]
pub fn receipt(receipt: &Receipt<'_>, bytes: &[u8]) -> Vec<u8> {
    let mut again = up_to_state_proof(receipt);
    again.extend_from_slice(state_proof(receipt, bytes).unwrap_or_default());
    again
}

/// The bytes of a receipt's state proof.
#[must_use]
pub fn state_proof<'b>(receipt: &Receipt<'_>, bytes: &'b [u8]) -> Option<&'b [u8]> {
    let (_, proof) = receipt.name?;
    let found = &bytes[up_to_state_proof(receipt).len()..];
    assert_eq!(StateProof::decode(found).unwrap(), proof, "the state proof is at the end");
    Some(found)
}

fn up_to_state_proof(receipt: &Receipt<'_>) -> Vec<u8> {
    let mut writer = Writer::new();
    write_finality(&receipt.finality, writer.u8(1).u8(b'R'));
    receipt.inclusion.write(writer.u64(receipt.index));
    writer.raw(&event(&receipt.event));
    match &receipt.bracket {
        Bracket::None => {
            writer.u8(0);
        }
        Bracket::Tip { before } => {
            writer.u8(1).raw(&before.encode());
        }
        Bracket::Older { block, proof, before } => {
            proof.write(writer.u8(2).raw(&block.encode()));
            writer.raw(&before.encode());
        }
        Bracket::First { block, proof } => proof.write(writer.u8(3).raw(&block.encode())),
    }
    match receipt.payload {
        None => writer.u8(0),
        Some(payload) => writer.u8(1).bytes32(payload),
    };
    let wraps: Vec<_> = receipt.wraps.iter().collect();
    assert_eq!(wraps.len(), usize::from(receipt.wraps.count()), "wraps are all there");
    writer.len8(wraps.len());
    for wrap in wraps {
        writer.len16(wrap.len()).raw(wrap);
    }
    match &receipt.name {
        None => writer.u8(0),
        Some((record, _)) => {
            let record = self::record(record);
            writer.u8(1).len16(record.len()).raw(&record)
        }
    };
    writer.into_bytes()
}
