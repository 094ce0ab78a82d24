//! The way from an anchor to a final header, in one call and step by step.

use cairn_verifier::finality::ExpandedKeys;
use cairn_verifier::trust::{Finality, FinalityProof, TrustedValidators};
use cairn_verifier::{Budget, Error, FinalHeader};

use crate::Choices;
use crate::forge::Forged;
use crate::model;
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 2_500;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

pub(super) fn run(data: &[u8]) {
    let forged = Forged::by(&mut Choices::new(data));
    let bytes = forged.checkpoint();
    let Ok(proof) = FinalityProof::decode(&bytes) else { return };
    let code = |found: &Result<FinalHeader, Error>| found.map_err(|error| error.code()).map(drop);
    let whole = proof.verify(forged.anchor, forged.terms(), &mut ()).map(|(header, _)| header);
    let want = model::terms::allows(forged.budget, bytes.get(2..).unwrap_or_default(), model::terms::of_finality(&proof))
        .and_then(|()| model::trust::verify(&proof, forged.anchor, Some(forged.now)));
    agree(code(&whole), want);
    assert!(!forged.honest || want.is_ok(), "an honest proof: {want:?}");
    assert!(forged.budget != Budget::DEFAULT || by_steps(&proof, &forged) == whole);
    if let Some(set) = proof.last_set() {
        let keys = ExpandedKeys::of(&set);
        // Twice, so that the second time finds expanded keys.
        for _ in 0..2 {
            let terms = forged.terms().with_keys(&keys);
            let fast = proof.verify(forged.anchor, terms, &mut ());
            assert_eq!(fast.map(|(header, _)| header), whole);
        }
    }
    if let Ok(header) = whole {
        assert_eq!(*header.header(), proof.header);
        assert_eq!(header.digest(), model::header_digest(&proof.header));
        assert_eq!(header.standing().anchor, forged.anchor);
        let signed = header.standing().signed;
        assert!(signed.is_none_or(|one| 3 * u128::from(one.power) > 2 * u128::from(one.total)));
    }
}

/// As a light client goes on: one fact from another.
fn by_steps(proof: &FinalityProof<'_>, forged: &Forged) -> Result<FinalHeader, Error> {
    let mut trusted = TrustedValidators::from_base(forged.anchor, &proof.base)?;
    for handover in proof.handovers.iter() {
        trusted = trusted.follow(&handover, forged.now, &mut ())?;
    }
    match &proof.finality {
        Finality::Certificate(certificate) => {
            trusted.accept(&proof.header, certificate, forged.now, &mut ())
        }
        Finality::HeaderTree(path) => trusted.accept_older(&proof.header, *path, &mut ()),
        Finality::Trusted => {
            // There is no step for it: the newest trusted header is the fact itself.
            proof.verify(forged.anchor, forged.now, &mut ()).map(|(header, _)| header)
        }
    }
}
