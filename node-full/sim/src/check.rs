//! What must hold after every step, whoever fails, lies or loses power.

mod stakes;
mod votes;

use std::collections::BTreeMap;
use std::fmt;

use cairn_consensus::wire::Message;
use cairn_consensus::{Broken, Decided, Defence, Set, VOTE_PROPOSAL, Verdict};
use cairn_verifier::digest::{HeaderDigest, KeyId};
use cairn_verifier::evidence::{VerifiedEvidence, verify};
use cairn_verifier::finality::{
    Certificate, FinalityError, Header, Role, VOTE_PRECOMMIT, ValidatorSet, VoteKeys, vote_message,
};
use cairn_verifier::trust::{
    Base, FinalityBytes, FinalityDraft, FinalityProof, Genesis, TrustAnchor, TrustedValidators,
};
use cairn_verifier::wire::Writer;
use cairn_verifier::{Budget, Error, UnixMillis};

use self::stakes::Account;
use self::votes::{Contradictions, Locks, MANY};
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
    /// A block is final with votes that have two thirds of the power or less.
    NoQuorum,
    /// A set takes over where none may.
    Gate,
    /// A set changes without the approval of a quorum.
    Unapproved,
    /// A set has more power than sums can hold.
    Power,
    /// Somebody is punished whose contradiction nobody proved.
    Framed,
    /// A validator contradicted itself in front of others, and nothing followed.
    Unpunished,
    /// An honest validator voted against what it is locked on.
    Amnesia,
    /// Somebody has more stake than was given, or other power than what is bonded to it.
    Stake,
    /// Evidence left the stake behind a validator as it was.
    Uncut,
    /// Finality took longer than three delays and the signatures.
    Slow,
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
    locks: Locks,
    contradictions: Contradictions,
    /// All stake, counted a second time.
    pub(crate) account: Account,
    /// How many evidence files came out and held.
    pub(crate) evidence: u64,
}

impl<'w> Watch<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self {
            world,
            ledger: Ledger::new(world, Broken::default()),
            base: None,
            handovers: Vec::new(),
            signed: BTreeMap::new(),
            locks: Locks::default(),
            contradictions: Contradictions::default(),
            account: Account::new(world.parameters.gate),
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
        match self.ledger.epochs.at(height) {
            Some(term) => {
                let world = self.world;
                self.locks.signed((world, &term.set), node, (kind, height, round), header)
            }
            None => Ok(()),
        }
    }

    /// An honest node that works on this height hears this from the villain.
    pub(crate) fn heard(&mut self, node: usize, height: u64, bytes: &[u8]) {
        self.contradictions.heard(node, height, bytes);
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
        self.verify(&header, decided, now).map_err(|(failure, error)| fail(failure, &error))?;
        for file in &decided.evidence {
            self.evidence(file).map_err(|error| fail(Failure::Evidence, &error))?;
        }
        if before.is_none() {
            let verdict = self.ledger.check(&decided.block, None, None);
            if verdict != Verdict::Valid || decided.height != self.ledger.next_height() {
                let failure = self.ledger.broken_rule(&decided.block).map_or(Failure::Rules, of);
                return Err(fail(failure, &format!("the block is {verdict:?}")));
            }
            let stake = |error: String| fail(Failure::Stake, &error);
            self.account.take(self.world, &self.ledger.epochs, &decided.block).map_err(stake)?;
            self.follow(&header, decided).map_err(|error| fail(Failure::Certificate, &error))?;
            self.account.compare(&self.ledger.epochs).map_err(stake)?;
        }
        Ok(())
    }

    /// The real verifier, from the last handover that it followed.
    fn verify(
        &self,
        header: &Header,
        decided: &Decided,
        now: UnixMillis,
    ) -> Result<(), (Failure, String)> {
        // A certificate of an older height is checked where it was first decided.
        if self.base.is_some_and(|base| base.height >= header.height) {
            return Ok(());
        }
        let other = |error: String| (Failure::Certificate, error);
        let certificate = Certificate::decode(&decided.certificate).map_err(text).map_err(other)?;
        let set;
        let genesis = Genesis::decode(&self.world.genesis).map_err(text).map_err(other)?;
        let (anchor, base) = match self.base {
            None => (TrustAnchor::Genesis(genesis.log()), Base::Genesis(genesis)),
            Some(base) => {
                set = self.set_after(&base).map_err(other)?;
                let set = ValidatorSet::decode(set.bytes()).map_err(text).map_err(other)?;
                (TrustAnchor::Checkpoint(base.digest()), Base::Checkpoint(base, set))
            }
        };
        let trusted = TrustedValidators::from_base(anchor, &base).map_err(text).map_err(other)?;
        let fact = trusted.accept(header, &certificate, now, &mut ()).map_err(|error| {
            let failure = match error {
                _ if self.is_of_next_set(header, &certificate) => Failure::Gate,
                Error::Finality(FinalityError::NoQuorum { .. }) => Failure::NoQuorum,
                _ => Failure::Certificate,
            };
            (failure, text(error))
        })?;
        if fact.digest() != decided.header {
            return Err(other(format!("the block's header is {}", fact.digest())));
        }
        Ok(())
    }

    /// Whether a certificate that does not hold is signed by the set that waits for its gate.
    fn is_of_next_set(&self, header: &Header, certificate: &Certificate<'_>) -> bool {
        let next = self.ledger.epochs.next();
        let Ok(entries) = ValidatorSet::decode(next.bytes()) else { return false };
        let (domain, keys) = ((&header.log, &next.digest()), VoteKeys::of(&entries));
        let place = (VOTE_PRECOMMIT, header.height, certificate.round());
        let message = vote_message(domain, place, &header.digest());
        let mut votes = certificate.votes();
        self.ledger.epochs.is_pending()
            && votes
                .all(|vote| keys.verify(vote.index, (Role::Vote, &message), vote.signature).is_ok())
    }

    fn set_after(&self, base: &Header) -> Result<Set, String> {
        let mut terms = self.ledger.epochs.terms().rev();
        let term = terms.find(|term| term.set.digest() == base.next_set);
        Ok(term.ok_or("an unknown next set")?.set.clone())
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

    /// The whole way from the genesis to the newest header, as one file; and that who
    /// contradicted itself often enough was accused.
    pub(crate) fn whole_way(&self) -> Result<(), Violation> {
        let met = self.contradictions.count();
        if met >= MANY && self.ledger.epochs.accused().next().is_none() {
            let detail = format!("{met} contradictions were heard, and nobody is accused");
            return Err(Violation::new(Failure::Unpunished, detail));
        }
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

const fn of(rule: Defence) -> Failure {
    match rule {
        Defence::Approvals => Failure::Unapproved,
        Defence::PowerCap => Failure::Power,
        Defence::Accusation => Failure::Framed,
        Defence::Allotment => Failure::Stake,
        Defence::Cut => Failure::Uncut,
        _ => Failure::Rules,
    }
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}
