//! From the engine's types to messages and log entries.

use arc_malachitebft_core_consensus::Input;
use arc_malachitebft_core_types::{
    PolkaCertificate, RoundCertificate, RoundCertificateType, SignedMessage, TimeoutKind, Validity,
};
use cairn_verifier::digest::HeaderDigest;

use super::restart::signed_by;
use super::{Io, Output};
use crate::Cairn;
use crate::log::Entry;
use crate::set::Set;
use crate::signing::{digest_of, kind_byte, rests_on_number, round_number};
use crate::types::{Address, Proposal, Signature, Vote};
use crate::wire::{Message, RoundVote, Signed};

fn signed(set: &Set, voter: &Address, signature: &[u8]) -> Option<Signed> {
    let entry = set.find(voter)?;
    let whole = signature.len() == entry.suite.signature_len();
    let signature = signature.to_vec();
    whole.then_some(Signed { index: entry.index, suite: entry.suite, signature })
}

fn vote_message(set: &Set, vote: &SignedMessage<Cairn, Vote>) -> Option<Message> {
    let (kind, height, round) = vote.message.place();
    let signed = signed(set, &vote.message.voter, &vote.signature.0)?;
    Some(Message::Vote { height, round, kind, header: vote.message.digest(), signed })
}

fn proposal_message(set: &Set, proposal: &SignedMessage<Cairn, Proposal>) -> Option<Message> {
    let (Signature(both), proposal) = (&proposal.signature, &proposal.message);
    let suite = set.find(&proposal.proposer)?.suite;
    let (first, second) = both.split_at_checked(suite.signature_len())?;
    Some(Message::Proposal {
        height: proposal.height.0,
        round: round_number(proposal.round),
        header: proposal.value.0,
        rests_on: rests_on_number(proposal.rests_on),
        signed: signed(set, &proposal.proposer, first)?,
        second: second.to_vec(),
    })
}

fn polka_message(set: &Set, polka: &PolkaCertificate<Cairn>) -> Option<Message> {
    let mut votes = polka
        .polka_signatures
        .iter()
        .map(|vote| signed(set, &vote.address, &vote.signature.0))
        .collect::<Option<Vec<_>>>()?;
    votes.sort_by_key(|vote| vote.index);
    let (height, round) = (polka.height.0, round_number(polka.round));
    Some(Message::Polka { height, round, header: polka.value_id.0, votes })
}

fn round_message(set: &Set, certificate: &RoundCertificate<Cairn>) -> Option<Message> {
    let mut votes = Vec::with_capacity(certificate.round_signatures.len());
    for vote in &certificate.round_signatures {
        votes.push(RoundVote {
            kind: kind_byte(vote.vote_type),
            header: digest_of(&vote.value_id),
            signed: signed(set, &vote.address, &vote.signature.0)?,
        });
    }
    votes.sort_by_key(|vote| vote.signed.index);
    Some(Message::Round {
        height: certificate.height.0,
        round: round_number(certificate.round),
        skip: certificate.cert_type == RoundCertificateType::Skip,
        votes,
    })
}

impl Io {
    /// The record of what was signed last goes before what was signed.
    pub(super) fn note_signed(&mut self) {
        if let Some(record) = self.guard.last().filter(|last| self.recorded != Some(*last)) {
            self.recorded = Some(record);
            self.outputs.push(Output::Record(record.encode()));
        }
    }

    /// Only our own votes are published; one that was refused has no signature to send.
    pub(super) fn publish_vote(&mut self, vote: &SignedMessage<Cairn, Vote>) {
        if let Some(message) = vote_message(&self.set, vote) {
            self.note_signed();
            self.tell(&message);
        }
    }

    pub(super) fn publish_proposal(&mut self, proposal: &SignedMessage<Cairn, Proposal>) {
        let Some(message) = proposal_message(&self.set, proposal) else { return };
        self.note_signed();
        let round = round_number(proposal.message.round);
        self.tell(&message);
        self.share_block(&proposal.message.value.0);
        self.own_proposal = Some((round, message, proposal.message.value.0));
    }

    pub(super) fn publish_polka(&mut self, polka: &PolkaCertificate<Cairn>) {
        if let Some(message) = polka_message(&self.set, polka) {
            self.tell(&message);
        }
    }

    pub(super) fn publish_round(&mut self, certificate: &RoundCertificate<Cairn>) {
        if let Some(message) = round_message(&self.set, certificate) {
            self.tell(&message);
        }
    }

    pub(super) fn share_block(&mut self, header: &HeaderDigest) {
        if let Some(block) = self.blocks.to_share(header) {
            let message = Message::Block { height: self.height, block: block.to_vec() };
            self.tell(&message);
        }
    }

    /// Keeps an input of the engine that must be known again after a crash.
    ///
    /// A silent validator signs nothing, so what it hears of its own, as in a certificate of a
    /// round, is from before its log was lost. In the new log it would say that nothing was lost.
    pub(super) fn log_input(&mut self, input: &Input<Cairn>) {
        let Some(entry) = entry_of(&self.set, input) else { return };
        if !(self.guard.is_silent(self.height) && self.is_own(&entry)) {
            self.append(&entry);
        }
    }

    fn is_own(&self, entry: &Entry) -> bool {
        let own = self.signer.as_ref().and_then(|signer| self.set.find(&Address(signer.key())));
        own.is_some_and(|own| signed_by(own.index, entry).is_some())
    }
}

fn entry_of(set: &Set, input: &Input<Cairn>) -> Option<Entry> {
    Some(match input {
        Input::Vote(vote) => Entry::Message(vote_message(set, vote)?),
        Input::Proposal(proposal) => Entry::Message(proposal_message(set, proposal)?),
        Input::PolkaCertificate(polka) => Entry::Message(polka_message(set, polka)?),
        Input::TimeoutElapsed(timeout) => {
            let kind = match timeout.kind {
                TimeoutKind::Propose => 0,
                TimeoutKind::Prevote => 1,
                TimeoutKind::Precommit => 2,
                TimeoutKind::Rebroadcast | TimeoutKind::FinalizeHeight(_) => return None,
            };
            Entry::Timer { kind, round: round_number(timeout.round) }
        }
        Input::ProposedValue(value, _) => Entry::Value {
            round: round_number(value.round),
            valid: value.validity == Validity::Valid,
            proposer: set.find(&value.proposer)?.index,
            header: *value.value.0.as_bytes(),
        },
        Input::StartHeight(..)
        | Input::RoundCertificate(_)
        | Input::Propose(_)
        | Input::SyncValueResponse(_) => return None,
    })
}
