//! From messages to the engine's inputs: who may be heard, what is decoded, and what it costs.

use arc_malachitebft_core_consensus::Input;
use arc_malachitebft_core_types::{
    NilOrVal, PolkaCertificate, PolkaSignature, Round, RoundCertificate, RoundCertificateType,
    RoundSignature, SignedMessage, ValueResponse, VoteType,
};
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::finality::{Certificate, VOTE_PRECOMMIT};

use super::blocks::header_of;
use super::{Fault, Host, HostError, Io, no_peer};
use crate::Cairn;
use crate::broken::Defence;
use crate::certificate::for_engine;
use crate::inbox::Peer;
use crate::set::Set;
use crate::types::{Address, Height, Proposal, Signature, Value, Vote};
use crate::wire::{self, Message, Signed};

/// The validator who signed, if the set has it with this suite.
fn voter(set: &Set, signed: &Signed) -> Option<Address> {
    set.at(signed.index).filter(|entry| entry.suite == signed.suite).map(|entry| entry.address)
}

fn round_of(rests_on: u32) -> Round {
    rests_on.checked_sub(1).map_or(Round::Nil, Round::new)
}

const fn type_of(kind: u8) -> VoteType {
    if kind == VOTE_PRECOMMIT { VoteType::Precommit } else { VoteType::Prevote }
}

fn value_of(header: HeaderDigest) -> NilOrVal<Value> {
    if header == HeaderDigest::ZERO { NilOrVal::Nil } else { NilOrVal::Val(Value(header)) }
}

/// What the engine makes of a message of the height worked on; `None` for a voter that the set
/// does not have, and for messages that are not the engine's.
pub(super) fn input_of(set: &Set, message: &Message) -> Option<Input<Cairn>> {
    let height = Height(message.height());
    Some(match message {
        Message::Proposal { round, header, rests_on, signed, second, .. } => {
            let proposal = Proposal {
                height,
                round: Round::new(*round),
                value: Value(*header),
                rests_on: round_of(*rests_on),
                proposer: voter(set, signed)?,
            };
            let signature = Signature([signed.signature.as_slice(), second].concat());
            Input::Proposal(SignedMessage::new(proposal, signature))
        }
        Message::Vote { round, kind, header, signed, .. } => {
            let vote = Vote {
                kind: type_of(*kind),
                height,
                round: Round::new(*round),
                value: value_of(*header),
                voter: voter(set, signed)?,
            };
            Input::Vote(SignedMessage::new(vote, Signature(signed.signature.clone())))
        }
        Message::Polka { round, header, votes, .. } => {
            let part = |signed: &Signed| {
                let signature = Signature(signed.signature.clone());
                Some(PolkaSignature::new(voter(set, signed)?, signature))
            };
            Input::PolkaCertificate(PolkaCertificate {
                height,
                round: Round::new(*round),
                value_id: Value(*header),
                polka_signatures: votes.iter().map(part).collect::<Option<_>>()?,
            })
        }
        Message::Round { round, skip, votes, .. } => {
            let part = |vote: &wire::RoundVote| {
                let signature = Signature(vote.signed.signature.clone());
                let (kind, value) = (type_of(vote.kind), value_of(vote.header));
                Some(RoundSignature::new(kind, value, voter(set, &vote.signed)?, signature))
            };
            let cert_type =
                if *skip { RoundCertificateType::Skip } else { RoundCertificateType::Precommit };
            Input::RoundCertificate(RoundCertificate {
                height,
                round: Round::new(*round),
                cert_type,
                round_signatures: votes.iter().map(part).collect::<Option<_>>()?,
            })
        }
        Message::Block { .. }
        | Message::Status { .. }
        | Message::Want { .. }
        | Message::Final { .. }
        | Message::WantBlock { .. } => return None,
    })
}

impl Host {
    /// Reads a message that was admitted. What is cheap to refuse is refused first.
    pub(super) fn read_message(&mut self, peer: Peer, bytes: &[u8]) -> Result<(), HostError> {
        if !self.io.is_for_now(peer, bytes) {
            return Ok(());
        }
        match Message::decode(bytes) {
            Ok(message) => self.take(peer, message),
            Err(error) => {
                self.io.ban(peer, Fault::Malformed(error));
                Ok(())
            }
        }
    }

    fn take(&mut self, peer: Peer, message: Message) -> Result<(), HostError> {
        let io = &mut self.io;
        match message {
            Message::Status { height } => {
                io.sync.heard(peer, height);
                io.ask_if_behind();
            }
            Message::Want { height } => io.serve(peer, height),
            Message::WantBlock { header, .. } => io.send_block(peer, &header),
            Message::Block { block, .. } => io.hold(peer, &block),
            Message::Final { block, certificate, .. } => {
                return self.synced(peer, &block, &certificate);
            }
            Message::Proposal { .. }
            | Message::Vote { .. }
            | Message::Polka { .. }
            | Message::Round { .. } => match input_of(&io.set, &message) {
                Some(input) => return self.run_for(peer, input),
                None => io.ban(peer, Fault::BadSignature),
            },
        }
        Ok(())
    }

    /// A final block from a peer: its certificate is checked first, then the block.
    fn synced(&mut self, peer: Peer, block: &[u8], certificate: &[u8]) -> Result<(), HostError> {
        let io = &mut self.io;
        let (header, certificate) = match (header_of(block), Certificate::decode(certificate)) {
            (Ok(header), Ok(certificate)) => (header, certificate),
            (Err(error), _) | (_, Err(error)) => {
                io.ban(peer, Fault::Malformed(error));
                return Ok(());
            }
        };
        if header.height != io.height {
            io.ban(peer, Fault::OtherBlock);
            return Ok(());
        }
        let digest = header.digest();
        let certificate = for_engine(&io.set, (Height(io.height), Value(digest)), &certificate);
        let new = io.blocks.block(&digest).is_none();
        if new {
            io.blocks.lend(digest, header, block, peer);
        }
        let response = ValueResponse::new(no_peer()?, Default::default(), certificate);
        self.run_for(peer, Input::SyncValueResponse(response))?;
        if new {
            self.io.blocks.take_back(&digest);
        }
        Ok(())
    }

    /// Runs an input that a peer sent, and holds it to account.
    fn run_for(&mut self, peer: Peer, input: Input<Cairn>) -> Result<(), HostError> {
        self.io.checker.take_checked();
        (self.io.from, self.io.fault) = (Some(peer), None);
        let result = self.run(input);
        let io = &mut self.io;
        io.from = None;
        let checks = io.checker.take_checked();
        io.inbox.charge(peer, checks);
        io.checked = io.checked.saturating_add(u64::from(checks));
        if let Some(fault) = io.fault.take() {
            io.ban(peer, fault);
        }
        result
    }
}

impl Io {
    /// Whether a message is to be decoded now. Of an earlier height it is not: its sender is told
    /// where we are. Of the next height it is kept; further ones come by sync.
    fn is_for_now(&mut self, peer: Peer, bytes: &[u8]) -> bool {
        let (kind, height) = match wire::head(bytes) {
            Ok(head) => head,
            Err(error) => {
                self.ban(peer, Fault::Malformed(error));
                return false;
            }
        };
        if matches!(kind, 6 | 7) {
            return true;
        }
        let open = if self.running { self.height } else { self.height.saturating_add(1) };
        if height < open && !(self.running && self.config.broken.lacks(Defence::Late)) {
            self.tell_where(peer);
            return false;
        }
        if height > open || !self.running {
            self.sync.heard(peer, height);
            let next = open.saturating_add(u64::from(self.running));
            if height <= next {
                self.inbox.keep(peer, bytes);
            }
            self.ask_if_behind();
            return false;
        }
        let signed = matches!(kind, 1..=4 | 8);
        !signed || self.inbox.may_check(peer)
    }
}
