//! What a file costs is counted from its layout, and no file buys more.

#![expect(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "a test crate")]

mod kit;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_verifier::check::Check;
use cairn_verifier::receipt::{Receipt, verify};
use cairn_verifier::state::RecordKey;
use cairn_verifier::terms::{Budget, Cost};
use cairn_verifier::trust::TrustedValidators;
use cairn_verifier::wire::Writer;
use cairn_verifier::{Error, Terms, evidence};
use kit::{Council, Kit, Signer, four, small_log};

fn code(file: &[u8], kit: &Kit, budget: Budget) -> &'static str {
    let terms = Terms::at(kit.now()).within(budget);
    verify(file, kit.anchor(), terms, &mut ()).as_ref().map_or_else(Error::code, |_| "ok")
}

/// A receipt of every part that costs something: handovers, votes, two proofs, a name.
fn costly() -> (Kit, Vec<u8>) {
    let mut kit = Kit::new(40, four(1));
    for next in [Some(four(10)), None, None, None, Some(four(20)), None] {
        kit.push_plain(2);
        kit.block(next);
    }
    let mut parts = kit.parts(3);
    parts.name = Some(kit.present(&RecordKey::Key(kit.writer.key_id())));
    let file = parts.encode();
    (kit, file)
}

/// The smallest budget that is enough.
fn cost(file: &[u8], kit: &Kit) -> Budget {
    let smallest = |with: &dyn Fn(u64) -> Budget| {
        let (mut low, mut high) = (0, 1 << 20);
        while low < high {
            let middle = (low + high) / 2;
            if code(file, kit, with(middle)) == "ok" {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    };
    Budget {
        bytes: smallest(&|bytes| Budget { bytes, ..Budget::DEFAULT }),
        signatures: smallest(&|signatures| Budget { signatures, ..Budget::DEFAULT }),
        hashes: smallest(&|hashes| Budget { hashes, ..Budget::DEFAULT }),
    }
}

#[test]
fn the_cost_is_what_checking_takes() {
    let (kit, file) = costly();
    let found = cost(&file, &kit);
    let mut checks = Vec::new();
    verify(&file, kit.anchor(), kit.now(), &mut checks).unwrap();
    let votes = checks.iter().filter(|check| matches!(check, Check::Vote { .. })).count();
    let receipt = Receipt::decode(&file).unwrap();
    let (_, name) = receipt.name.unwrap();
    let bracket = kit.header_proof(1, 5).len();
    assert_eq!(votes, 9, "three votes for each of three certificates");
    assert_eq!(found.bytes, file.len() as u64);
    assert_eq!(found.signatures, votes as u64 + 1);
    assert_eq!(found.hashes, (receipt.inclusion.len() + bracket + name.depth()) as u64);
}

#[test]
fn one_less_is_refused_and_named() {
    let (kit, file) = costly();
    let enough = cost(&file, &kit);
    assert_eq!(code(&file, &kit, enough), "ok");
    for (budget, want) in [
        (Budget { bytes: enough.bytes - 1, ..enough }, "budget-bytes"),
        (Budget { signatures: enough.signatures - 1, ..enough }, "budget-signatures"),
        (Budget { hashes: enough.hashes - 1, ..enough }, "budget-hashes"),
    ] {
        assert_eq!(code(&file, &kit, budget), want);
    }
    // Nothing is checked before: another log's receipt is refused for its cost first.
    let stranger = small_log(41, four(1));
    let none = Budget { signatures: 0, ..enough };
    assert_eq!(code(&file, &stranger, none), "budget-signatures");
}

/// 164 handovers of 100 forged votes each: more than the default allows, and refused at once.
#[test]
fn the_default_budget_bounds_a_chain_of_handovers() {
    let signers: Vec<_> = (0..100).map(|n| (Signer::classic(100 + n), 1)).collect();
    let kit = small_log(42, Council::new(signers));
    let header = kit.tip().header;
    let mut certificate = Writer::new();
    certificate.u8(1).u32(0).u8(100);
    for index in 0..100 {
        certificate.u8(index).u8(1).raw(&[0; 64]);
    }
    let certificate = certificate.into_bytes();
    let handover = [&header.encode()[..], &certificate, &four(1).bytes].concat();
    let mut parts = kit.parts(4);
    parts.handovers = vec![handover; 164];
    assert_eq!(code(&parts.encode(), &kit, Budget::DEFAULT), "budget-signatures");
    parts.handovers.truncate(163);
    assert_eq!(code(&parts.encode(), &kit, Budget::DEFAULT), "trust-not-a-handover");
}

#[test]
fn checkpoints_have_a_cost_too() {
    let kit = small_log(43, four(1));
    let file = [&[1, b'C'], kit::facts::finality(&kit, 2).as_slice()].concat();
    let proof = cairn_verifier::trust::FinalityProof::decode(&file).unwrap();
    let with = |signatures| {
        let terms = Terms::at(kit.now()).within(Budget { signatures, ..Budget::DEFAULT });
        proof.verify(kit.anchor(), terms, &mut ()).map(drop).map_err(|error| error.code())
    };
    let bytes = |bytes| {
        let terms = Terms::at(kit.now()).within(Budget { bytes, ..Budget::DEFAULT });
        proof.verify(kit.anchor(), terms, &mut ()).map(drop).map_err(|error| error.code())
    };
    // Without the version and type of the file.
    assert_eq!(bytes(file.len() as u64 - 2), Ok(()));
    assert_eq!(bytes(file.len() as u64 - 3), Err("budget-bytes"));
    assert_eq!(with(3), Ok(()));
    assert_eq!(with(2), Err("budget-signatures"));
    assert_eq!(Budget::DEFAULT.allow(Cost::default()), Ok(()));
}

#[test]
fn evidence_has_a_cost() {
    for (name, signatures, hashes) in
        [("ok-culprit", 2, 0), ("ok-writer-conflict", 2, 0), ("ok-fork-below", 6, 1)]
    {
        let fact = kit::facts::all().into_iter().find(|fact| fact.name == name).unwrap();
        let file = BASE64.decode(fact.json["evidence"].as_str().unwrap()).unwrap();
        let anchor = fact.json["anchor"].as_str().unwrap().parse().unwrap();
        let enough = Budget { bytes: file.len() as u64, signatures, hashes };
        let code = |budget| {
            evidence::verify(&file, anchor, budget).as_ref().map_or_else(Error::code, |_| "ok")
        };
        assert_eq!(code(enough), "ok", "{name}");
        assert_eq!(code(Budget { bytes: enough.bytes - 1, ..enough }), "budget-bytes");
        assert_eq!(code(Budget { signatures: signatures - 1, ..enough }), "budget-signatures");
        if hashes > 0 {
            assert_eq!(code(Budget { hashes: hashes - 1, ..enough }), "budget-hashes");
        }
    }
}

/// One step of a chain has its own cost.
#[test]
fn accepting_and_following_have_a_cost() {
    let (kit, file) = costly();
    let proof = Receipt::decode(&file).unwrap().finality;
    let trusted = TrustedValidators::from_base(kit.anchor(), &proof.base).unwrap();
    let handover = proof.handovers.iter().next().unwrap();
    let with = |signatures| Terms::at(kit.now()).within(Budget { signatures, ..Budget::DEFAULT });
    let follow = |budget| {
        trusted.follow(&handover, with(budget), &mut ()).map(drop).map_err(|error| error.code())
    };
    let accept = |budget| {
        let (header, certificate) = (&handover.header, &handover.certificate);
        trusted.accept(header, certificate, with(budget), &mut ()).map(drop).map_err(|e| e.code())
    };
    assert_eq!((follow(3), follow(2)), (Ok(()), Err("budget-signatures")));
    assert_eq!((accept(3), accept(2)), (Ok(()), Err("budget-signatures")));
}
