//! Blocks of the height worked on: held, checked once, and tied to the proposals that name them.

use std::collections::{BTreeMap, BTreeSet};

use arc_malachitebft_core_consensus::{Input, ProposedValue};
use arc_malachitebft_core_types::{Round, Validity, ValueOrigin};
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::finality::{HEADER_LEN, Header};
use cairn_verifier::wire::DecodeError;

use super::{Check, Fault, Held, Host, HostError, Io, Output, Verdict};
use crate::inbox::Peer;
use crate::log::Entry;
use crate::types::{Address, Height, Value};

/// The header that a block begins with.
pub(super) fn header_of(block: &[u8]) -> Result<Header, DecodeError> {
    let short = DecodeError::Truncated { at: 0, needed: HEADER_LEN, left: block.len() };
    Header::decode(block.get(..HEADER_LEN).ok_or(short)?)
}

/// Headers of one round that are looked at: as many as the engine keeps. Two show that a proposer
/// contradicts itself, and a third would cost a check and a place in the log for nothing.
const PROPOSED: usize = 2;

/// Why a header is wanted: the round and proposer under which the engine knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) round: Round,
    pub(super) proposer: Address,
    /// It is under a certificate, and came from this peer.
    pub(super) certified: Option<Peer>,
}

#[derive(Debug, Default)]
pub(super) struct Blocks {
    held: BTreeMap<HeaderDigest, Held>,
    named: BTreeMap<HeaderDigest, Named>,
    /// What is proposed in each round.
    proposed: BTreeMap<Round, BTreeSet<HeaderDigest>>,
    /// Headers whose blocks broke a rule.
    invalid: BTreeSet<HeaderDigest>,
    /// Headers that a quorum prevoted in some round: their time is judged.
    polkas: BTreeSet<HeaderDigest>,
}

impl Blocks {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Blocks that a peer sent and nobody proposed.
    pub(super) fn gone(&mut self, peer: Peer) {
        let named = &self.named;
        self.held.retain(|digest, held| held.from != Some(peer) || named.contains_key(digest));
    }

    pub(super) fn bytes(&self) -> usize {
        self.held.values().map(|held| held.block.len()).fold(0, usize::saturating_add)
    }

    /// A block of our own is valid: whoever built it checked it.
    pub(super) fn own(&mut self, digest: HeaderDigest, header: Header, block: Vec<u8>) {
        let held = Held { header, block, from: None, check: Check::Valid };
        self.held.insert(digest, held);
    }

    pub(super) fn restore(&mut self, digest: HeaderDigest, header: Header, block: Vec<u8>) {
        let held = Held { header, block, from: None, check: Check::Due };
        self.held.entry(digest).or_insert(held);
    }

    /// A block beside a certificate that is not checked yet.
    pub(super) fn lend(&mut self, digest: HeaderDigest, header: Header, block: &[u8], from: Peer) {
        let (block, from) = (block.to_vec(), Some(from));
        self.held.insert(digest, Held { header, block, from, check: Check::Due });
    }

    /// Drops it if the certificate did not hold.
    pub(super) fn take_back(&mut self, digest: &HeaderDigest) {
        if !self.named.contains_key(digest) || self.invalid.contains(digest) {
            self.held.remove(digest);
        }
    }

    /// Takes in what a block was found to be; of one that breaks a rule, that alone is kept.
    pub(super) fn judge(&mut self, digest: &HeaderDigest, valid: bool) {
        if !valid {
            self.held.remove(digest);
            self.invalid.insert(*digest);
        } else if let Some(held) = self.held.get_mut(digest) {
            held.check = Check::Valid;
        }
    }

    /// Whether a header that is proposed in a round is looked at. The engine admits the same ones:
    /// a value that it refused would not be told to it again when a later round rests on it.
    fn admit(&mut self, round: Round, digest: HeaderDigest) -> bool {
        let proposed = self.proposed.entry(round).or_default();
        let is_full = proposed.len() >= PROPOSED;
        if is_full && !proposed.contains(&digest) && !self.polkas.contains(&digest) {
            return false;
        }
        proposed.insert(digest);
        true
    }

    /// A block that anybody may have of us: one that a validator proposed and that we hold valid.
    pub(super) fn to_share(&self, digest: &HeaderDigest) -> Option<&[u8]> {
        let held = self.held.get(digest).filter(|held| held.check == Check::Valid)?;
        Some(&held.block)
    }

    pub(super) fn block(&self, digest: &HeaderDigest) -> Option<&[u8]> {
        self.held.get(digest).map(|held| held.block.as_slice())
    }

    /// Headers that are named and whose block is missing.
    pub(super) fn missing(&self) -> impl Iterator<Item = HeaderDigest> + use<'_> {
        let known = |digest| self.held.contains_key(digest) || self.invalid.contains(digest);
        self.named.keys().filter(move |digest| !known(*digest)).copied()
    }
}

impl Io {
    /// A proposal or certificate names a header; its block is checked as soon as it is held.
    pub(super) fn name(&mut self, digest: HeaderDigest, named: Named) {
        let certified = named.certified.is_some();
        if !certified && !self.blocks.admit(named.round, digest) {
            return;
        }
        let known = self.blocks.named.entry(digest).or_insert(named);
        if certified {
            *known = named;
            // Checked again: if it breaks a rule all the same, this node must stop.
            self.blocks.invalid.remove(&digest);
        }
        self.ask(digest);
    }

    /// Takes a block from a peer, within its share unless a header is wanted for it.
    pub(super) fn hold(&mut self, peer: Peer, block: &[u8]) {
        let header = match header_of(block) {
            Ok(header) if header.height == self.height => header,
            Ok(_) => return self.ban(peer, Fault::OtherBlock),
            Err(error) => return self.ban(peer, Fault::Malformed(error)),
        };
        let digest = header.digest();
        if self.blocks.held.contains_key(&digest) || self.blocks.invalid.contains(&digest) {
            return;
        }
        let named = &self.blocks.named;
        let unnamed = |(digest, held): &(&HeaderDigest, &Held)| {
            held.from == Some(peer) && !named.contains_key(digest)
        };
        let wanted = named.contains_key(&digest);
        if !wanted && self.blocks.held.iter().filter(unnamed).count() >= self.inbox.blocks() {
            return;
        }
        let (block, from) = (block.to_vec(), Some(peer));
        let held = Held { header, block, from, check: Check::Due };
        self.blocks.held.insert(digest, held);
        self.ask(digest);
    }

    /// After a replay: blocks that were not judged before the crash are judged now.
    pub(super) fn blocks_again(&mut self) {
        let named: Vec<_> = self.blocks.named.keys().copied().collect();
        named.into_iter().for_each(|digest| self.ask(digest));
    }

    /// A quorum prevoted a header. A third of the power found that its time is not too far ahead,
    /// and may be locked on it: a validator that left it out because of its own clock must be able
    /// to vote for it, or the height might never end.
    pub(super) fn has_polka(&mut self, digest: HeaderDigest) {
        if self.blocks.polkas.insert(digest) {
            self.ask(digest);
        }
    }

    fn ask(&mut self, digest: HeaderDigest) {
        let Some(named) = self.blocks.named.get(&digest) else { return };
        let certified = named.certified.is_some() || self.blocks.polkas.contains(&digest);
        let Some(held) = self.blocks.held.get_mut(&digest) else { return };
        let is_due = match held.check {
            Check::Due => true,
            Check::Early => certified,
            Check::Asked { .. } | Check::Valid => false,
        };
        if is_due && !self.replaying {
            held.check = Check::Asked { certified };
            let (height, block) = (held.header.height, held.block.clone());
            self.outputs.push(Output::Check { height, header: digest, block, certified });
        }
    }
}

impl Host {
    pub(super) fn judged(
        &mut self,
        digest: HeaderDigest,
        verdict: Verdict,
    ) -> Result<(), HostError> {
        let io = &mut self.io;
        let (Some(held), Some(named)) =
            (io.blocks.held.get_mut(&digest), io.blocks.named.get(&digest).copied())
        else {
            return Ok(());
        };
        let Check::Asked { certified } = held.check else { return Ok(()) };
        let valid = match verdict {
            Verdict::Valid => true,
            Verdict::Early if !certified => {
                // Nothing of this is logged or told to the engine: it may change. It may have
                // changed while the block was checked.
                held.check = Check::Early;
                io.ask(digest);
                return Ok(());
            }
            Verdict::Invalid | Verdict::Early => false,
            Verdict::NotTheBlock => return self.not_the_block(digest, named),
        };
        if !valid && named.certified.is_some() {
            return Err(HostError::CertifiedInvalid { height: io.height, header: digest });
        }
        if valid {
            let round = named.round.as_u32().unwrap_or(0);
            let block = held.block.clone();
            io.append(&Entry::Block { round, block });
        }
        io.blocks.judge(&digest, valid);
        self.know(digest, named, valid)
    }

    /// Other bytes may still be the block: who sent these is disconnected, and others are asked.
    fn not_the_block(&mut self, digest: HeaderDigest, named: Named) -> Result<(), HostError> {
        let io = &mut self.io;
        let sender = io.blocks.held.remove(&digest).and_then(|held| held.from);
        if named.certified.is_some() {
            io.blocks.named.remove(&digest);
        }
        // Whoever sent the certificate may have sent the block too: another's bytes were there first.
        if let Some(peer) = sender {
            io.ban(peer, Fault::OtherBlock);
        }
        let message = crate::wire::Message::WantBlock { height: io.height, header: digest };
        io.tell(&message);
        io.ask_for_final();
        Ok(())
    }

    /// Tells the engine what a block is worth.
    pub(super) fn know(
        &mut self,
        digest: HeaderDigest,
        named: Named,
        valid: bool,
    ) -> Result<(), HostError> {
        let origin =
            if named.certified.is_some() { ValueOrigin::Sync } else { ValueOrigin::Consensus };
        let value = ProposedValue {
            height: Height(self.io.height),
            round: named.round,
            valid_round: Round::Nil,
            proposer: named.proposer,
            value: Value(digest),
            validity: Validity::from_bool(valid),
        };
        self.run(Input::ProposedValue(value, origin))
    }
}
