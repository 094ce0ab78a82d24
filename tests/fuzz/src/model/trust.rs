//! SPEC.md, "Certificate", "Trust" and "Extends".

use cairn_verifier::digest::{HeaderDigest, LogId, SetDigest};
use cairn_verifier::finality::{Certificate, Header, Parameters, Role, ValidatorSet};
use cairn_verifier::trust::{Base, ExtendsProof, Finality, FinalityProof};
use cairn_verifier::{TrustAnchor, UnixMillis};

use super::tree::{Node, Tree};
use super::{Code, derive, expect, header_digest, signature};

/// How far a header may be ahead of the clock.
const AHEAD: u64 = 120_000;

/// What is trusted so far.
struct Trusted<'a> {
    log: LogId,
    parameters: Parameters,
    epoch: u64,
    first_height: u64,
    set_digest: SetDigest,
    set: Option<ValidatorSet<'a>>,
    newest: Option<Header>,
    time: u64,
    base_time: u64,
}

/// The digest of a set.
#[must_use]
pub fn set_digest(set: &ValidatorSet<'_>) -> SetDigest {
    derive("cairn v1 validator set", &[set.bytes()]).into()
}

impl<'a> Trusted<'a> {
    /// Step 1.
    fn from_base(anchor: TrustAnchor, base: &Base<'a>) -> Result<Self, Code> {
        let (header, set) = match base {
            Base::Genesis(genesis) => {
                let log = LogId::from(derive("cairn v1 genesis", &[genesis.bytes()]));
                expect(anchor == TrustAnchor::Genesis(log), "trust-other-anchor")?;
                let (set, time) = (genesis.set(), genesis.time().0);
                return Ok(Self {
                    log,
                    parameters: genesis.parameters(),
                    epoch: 0,
                    first_height: 0,
                    set_digest: set_digest(&set),
                    set: Some(set),
                    newest: None,
                    time,
                    base_time: time,
                });
            }
            Base::Checkpoint(header, set) => (header, Some(*set)),
            Base::Header(header) => (header, None),
        };
        let pinned = TrustAnchor::Checkpoint(header_digest(header));
        expect(anchor == pinned, "trust-other-anchor")?;
        if let Some(set) = &set {
            expect(set_digest(set) == header.next_set, "trust-other-set")?;
        }
        let mut trusted = Self {
            log: header.log,
            parameters: header.parameters,
            epoch: header.epoch,
            first_height: header.epoch_start,
            set_digest: header.next_set,
            set,
            newest: Some(*header),
            time: header.time.0,
            base_time: header.time.0,
        };
        if header.next_set != header.set {
            (trusted.epoch, trusted.first_height) = (header.epoch + 1, header.height + 1);
        }
        Ok(trusted)
    }

    /// Step 3.
    fn accept(
        &self,
        header: &Header,
        certificate: &Certificate<'_>,
        now: Option<UnixMillis>,
    ) -> Result<(), Code> {
        let set = self.set.as_ref().ok_or("trust-no-trusted-set")?;
        expect(header.log == self.log, "trust-other-log")?;
        expect(header.parameters == self.parameters, "trust-other-parameters")?;
        if let Some(newest) = &self.newest {
            expect(header.height > newest.height, "trust-height-not-above")?;
            expect(header.events >= newest.events, "trust-tree-shrank")?;
        }
        expect(header.epoch == self.epoch, "trust-other-epoch")?;
        expect(header.epoch_start == self.first_height, "trust-other-epoch-start")?;
        expect(header.set == self.set_digest, "trust-other-set")?;
        expect(header.time.0 > self.time, "trust-time-not-after")?;
        if let Some(now) = now {
            let ahead = u128::from(header.time.0) > u128::from(now.0) + u128::from(AHEAD);
            expect(!ahead, "trust-future-header")?;
            let period = self.parameters.trust_period;
            let stale = u128::from(now.0) > u128::from(self.base_time) + u128::from(period);
            expect(period == 0 || !stale, "trust-past-trust-period")?;
        }
        certify(set, header, certificate)
    }

    /// Step 4, finality 2; and what a bracket asks of an older block.
    fn older(&self, header: &Header, proof: &[Node]) -> Result<(), Code> {
        let newest = self.newest.as_ref().ok_or("trust-no-trusted-header")?;
        is_older(newest, header, proof)
    }
}

/// That a header is of the same log as a newer one, and in its header tree.
///
/// # Errors
/// The codes of SPEC.md.
pub fn is_older(newer: &Header, header: &Header, proof: &[Node]) -> Result<(), Code> {
    expect(header.log == newer.log, "trust-other-log")?;
    let tree = Tree::headers(&header.log);
    let leaf = tree.leaf(header.height, header_digest(header).as_bytes());
    tree.includes((header.height, newer.height), leaf, proof, newer.header_root.as_bytes())
}

/// SPEC.md, "Certificate".
fn certify(
    set: &ValidatorSet<'_>,
    header: &Header,
    certificate: &Certificate<'_>,
) -> Result<(), Code> {
    let validators: Vec<_> = set.iter().collect();
    let votes: Vec<_> = certificate.votes().collect();
    let known = votes.iter().all(|vote| usize::from(vote.index) < validators.len());
    expect(known, "finality-unknown-validator")?;
    let of = |index: u8| &validators[usize::from(index)];
    let suites = votes.iter().all(|vote| vote.suite == of(vote.index).key.suite());
    expect(suites, "finality-wrong-suite")?;
    let total: u128 = validators.iter().map(|validator| u128::from(validator.power)).sum();
    let powers = votes.iter().map(|vote| u128::from(of(vote.index).power));
    let signed: u128 = powers.clone().sum();
    let is_quorum = |signed: u128| 3 * signed > 2 * total;
    expect(is_quorum(signed), "finality-no-quorum")?;
    let lightest = powers.min().unwrap_or(0);
    expect(!is_quorum(signed - lightest), "finality-surplus-vote")?;
    let message = [
        header.log.as_bytes(),
        set_digest(set).as_bytes(),
        &[2][..],
        &header.height.to_be_bytes(),
        &certificate.round().to_be_bytes(),
        header_digest(header).as_bytes(),
    ]
    .concat();
    let hold = votes
        .iter()
        .all(|vote| signature::holds(&of(vote.index).key, Role::Vote, &message, vote.signature));
    expect(hold, "finality-bad-vote")
}

/// SPEC.md, "Trust", all four steps; without a clock, as evidence is checked, two are left out.
///
/// # Errors
/// Its codes.
pub fn verify(
    proof: &FinalityProof<'_>,
    anchor: TrustAnchor,
    now: Option<UnixMillis>,
) -> Result<(), Code> {
    let mut trusted = Trusted::from_base(anchor, &proof.base)?;
    for handover in proof.handovers.iter() {
        let header = &handover.header;
        expect(header.next_set != header.set, "trust-not-a-handover")?;
        let next = set_digest(&handover.next_set);
        expect(next == header.next_set, "trust-other-set")?;
        trusted.accept(header, &handover.certificate, now)?;
        trusted.newest = Some(*header);
        trusted.time = header.time.0;
        (trusted.set, trusted.set_digest) = (Some(handover.next_set), next);
        (trusted.epoch, trusted.first_height) = (trusted.epoch + 1, header.height + 1);
    }
    match &proof.finality {
        Finality::Certificate(certificate) => trusted.accept(&proof.header, certificate, now),
        Finality::HeaderTree(path) => trusted.older(&proof.header, &nodes(*path)),
        Finality::Trusted => {
            let newest = trusted.newest.ok_or("trust-no-trusted-header")?;
            expect(newest == proof.header, "trust-not-the-trusted-header")
        }
    }
}

/// A proof's hashes.
#[must_use]
pub fn nodes(proof: cairn_verifier::tree::Proof<'_>) -> Vec<Node> {
    proof.iter().map(|hash| *hash.as_bytes()).collect()
}

/// SPEC.md, "Extends", between headers that are final.
///
/// # Errors
/// Its codes.
pub fn extends(old: &Header, new: &Header, proof: &ExtendsProof<'_>) -> Result<(), Code> {
    expect(old.log == new.log, "trust-other-log")?;
    expect(old.height <= new.height, "trust-height-not-above")?;
    if old.height == new.height {
        expect(digest(old) == digest(new), "trust-other-parent")?;
        expect(proof.header.is_empty(), "inclusion-proof-length")?;
    } else {
        is_older(new, old, &nodes(proof.header))?;
    }
    Tree::events(&old.log).is_prefix(
        (old.events.get(), old.event_root.as_bytes()),
        (new.events.get(), new.event_root.as_bytes()),
        &nodes(proof.events),
    )
}

fn digest(header: &Header) -> HeaderDigest {
    header_digest(header)
}
