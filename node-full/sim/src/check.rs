//! What must hold after every step, whoever fails, lies or loses power.

use std::collections::BTreeMap;
use std::fmt;

use cairn_consensus::wire::Message;
use cairn_consensus::{Decided, VOTE_PROPOSAL, Verdict};
use cairn_verifier::digest::{HeaderDigest, KeyId};
use cairn_verifier::evidence::{VerifiedEvidence, verify};
use cairn_verifier::finality::{Certificate, Header};
use cairn_verifier::trust::{
    Base, FinalityBytes, FinalityDraft, FinalityProof, Genesis, TrustAnchor, TrustedValidators,
};
use cairn_verifier::wire::Writer;
use cairn_verifier::{Budget, UnixMillis};

use crate::ledger::{Ledger, split};
use crate::world::World;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// Two blocks are final at one height.
    Agreement,
    /// The real verifier refuses a certificate or a handover.
    Certificate,
    /// An honest validator signed two headers for one height, round and type.
    DoubleSign,
    /// A final block breaks a rule.
    Rules,
    /// The validators did not go on after all faults had ended.
    Stuck,
    /// An honest node disconnected an honest node.
    HonestBanned,
    /// Evidence does not verify, or names an honest validator.
    Evidence,
    /// A node keeps more of its peers' messages than they may cost.
    Memory,
    /// A record was ahead of a log that nobody deleted.
    LogNotDurable,
    /// A host gave up.
    Stopped,
}

/// A failure with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// What went wrong.
    pub failure: Failure,
    /// Where and how.
    pub detail: String,
}

impl Violation {
    pub(crate) fn new(failure: Failure, detail: impl fmt::Display) -> Self {
        Self { failure, detail: detail.to_string() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.failure, self.detail)
    }
}

/// Type, height and round of something signed, and by which node.
type Signed = (usize, u8, u64, u32);

/// Watches a run from outside, with a verifier and a ledger of its own.
pub(crate) struct Watch<'w> {
    world: &'w World,
    ledger: Ledger<'w>,
    /// A light client's trust: the last handover, or the genesis.
    base: Option<Header>,
    handovers: Vec<Vec<u8>>,
    signed: BTreeMap<Signed, HeaderDigest>,
    /// How many evidence files came out and held.
    pub(crate) evidence: u64,
}

impl<'w> Watch<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self {
            world,
            ledger: Ledger::new(world),
            base: None,
            handovers: Vec::new(),
            signed: BTreeMap::new(),
            evidence: 0,
        }
    }

    /// How many heights are final anywhere.
    pub(crate) fn heights(&self) -> u64 {
        self.ledger.next_height()
    }

    pub(crate) fn handovers(&self) -> u64 {
        self.handovers.len() as u64
    }

    /// An honest node sends this: it never said anything else in its place.
    pub(crate) fn sent(&mut self, node: usize, bytes: &[u8]) -> Result<(), Violation> {
        let (place, header) = match Message::decode(bytes) {
            Ok(Message::Vote { height, round, kind, header, signed }) => {
                ((kind, height, round, signed.index), header)
            }
            Ok(Message::Proposal { height, round, header, signed, .. }) => {
                ((VOTE_PROPOSAL, height, round, signed.index), header)
            }
            Ok(_) => return Ok(()),
            Err(error) => {
                let detail = format!("node {node} sent what does not decode: {error}");
                return Err(Violation::new(Failure::Stopped, detail));
            }
        };
        let (kind, height, round, _) = place;
        let before = *self.signed.entry((node, kind, height, round)).or_insert(header);
        if before != header {
            let detail = format!(
                "node {node} signed {before} and {header} as type {kind} at {height}/{round}"
            );
            return Err(Violation::new(Failure::DoubleSign, detail));
        }
        Ok(())
    }

    /// An honest node holds this to be final.
    pub(crate) fn decided(
        &mut self,
        (node, now): (usize, UnixMillis),
        decided: &Decided,
    ) -> Result<(), Violation> {
        let fail = |failure, detail: &dyn fmt::Display| {
            let detail = format!("node {node} at height {}: {detail}", decided.height);
            Violation::new(failure, detail)
        };
        let (header, _) = split(&decided.block)
            .ok_or_else(|| fail(Failure::Rules, &"a final block does not decode"))?;
        let place = usize::try_from(decided.height).unwrap_or(usize::MAX);
        let before = self.ledger.finals.get(place).map(|earlier| earlier.header);
        match before {
            Some(before) if before != decided.header => {
                let detail = format!("{} is final, and so is {before}", decided.header);
                return Err(fail(Failure::Agreement, &detail));
            }
            _ => {}
        }
        self.verify(&header, decided, now).map_err(|error| fail(Failure::Certificate, &error))?;
        for file in &decided.evidence {
            self.evidence(file).map_err(|error| fail(Failure::Evidence, &error))?;
        }
        if before.is_none() {
            let verdict = self.ledger.check(&decided.block, None, None);
            if verdict != Verdict::Valid || decided.height != self.ledger.next_height() {
                return Err(fail(Failure::Rules, &format!("the block is {verdict:?}")));
            }
            self.follow(&header, decided).map_err(|error| fail(Failure::Certificate, &error))?;
        }
        Ok(())
    }

    /// The real verifier, from the last handover that it followed.
    fn verify(&self, header: &Header, decided: &Decided, now: UnixMillis) -> Result<(), String> {
        let certificate = Certificate::decode(&decided.certificate).map_err(text)?;
        let genesis = Genesis::decode(&self.world.genesis).map_err(text)?;
        // A certificate of an older height is checked where it was first decided.
        if self.base.is_some_and(|base| base.height >= header.height) {
            return Ok(());
        }
        let (anchor, base) = match self.base {
            None => (TrustAnchor::Genesis(genesis.log()), Base::Genesis(genesis)),
            Some(base) => {
                let mut terms = self.ledger.epochs.terms().rev();
                let term = terms.find(|term| term.set.digest() == base.next_set);
                let set = &term.ok_or("an unknown next set")?.set;
                let set = cairn_verifier::finality::ValidatorSet::decode(set.bytes());
                let anchor = TrustAnchor::Checkpoint(base.digest());
                (anchor, Base::Checkpoint(base, set.map_err(text)?))
            }
        };
        let trusted = TrustedValidators::from_base(anchor, &base).map_err(text)?;
        let fact = trusted.accept(header, &certificate, now, &mut ()).map_err(text)?;
        if fact.digest() != decided.header {
            return Err(format!("the block's header is {}", fact.digest()));
        }
        Ok(())
    }

    /// Goes on to the next height, and over a handover to the next set.
    fn follow(&mut self, header: &Header, decided: &Decided) -> Result<(), String> {
        self.ledger.apply(decided).ok_or("the block cannot be applied")?;
        if header.is_handover() {
            let set = self.ledger.set();
            let mut writer = Writer::new();
            writer.raw(&header.encode()).raw(&decided.certificate).raw(set.bytes());
            self.handovers.push(writer.into_bytes());
            self.base = Some(*header);
        }
        Ok(())
    }

    /// The whole way from the genesis to the newest header, as one file.
    pub(crate) fn whole_way(&self) -> Result<(), Violation> {
        self.check_whole_way().map_err(|error| Violation::new(Failure::Certificate, error))
    }

    fn check_whole_way(&self) -> Result<(), String> {
        let Some(newest) = self.ledger.finals.last() else { return Ok(()) };
        let (header, _) = split(&newest.block).ok_or("the newest block does not decode")?;
        let genesis = Genesis::decode(&self.world.genesis).map_err(text)?;
        let finality = if header.is_handover() {
            FinalityBytes::Trusted
        } else {
            FinalityBytes::Certificate(&newest.certificate)
        };
        let draft = FinalityDraft {
            base: Base::Genesis(genesis),
            handovers: &self.handovers,
            header: &header.encode(),
            finality,
        };
        let file = draft.encode();
        let proof = FinalityProof::decode(&file).map_err(text)?;
        let anchor = TrustAnchor::Genesis(genesis.log());
        proof.verify(anchor, header.time, &mut ()).map(drop).map_err(text)
    }

    fn evidence(&mut self, file: &[u8]) -> Result<(), String> {
        let anchor = TrustAnchor::Genesis(self.world.log);
        match verify(file, anchor, Budget::DEFAULT).map_err(text)? {
            VerifiedEvidence::Culprit(culprit) if self.is_bad(culprit.key()) => {
                self.evidence += 1;
                Ok(())
            }
            VerifiedEvidence::Culprit(culprit) => {
                Err(format!("it names {}, who is honest", culprit.key()))
            }
            _ => Err("it is of another kind".to_owned()),
        }
    }

    fn is_bad(&self, key: KeyId) -> bool {
        use cairn_consensus::Signer as _;
        let mut keys = (0..).zip(&self.world.keys);
        keys.any(|(node, held)| held.key() == key && self.world.is_villain(node))
    }
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}
