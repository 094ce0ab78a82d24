//! That one final header extends another, also where real validators signed both sides of a fork.

use cairn_verifier::tree::Proof;
use cairn_verifier::trust::{ExtendsProof, verify_extends};

use crate::Choices;
use crate::final_headers::{any_final, final_headers};
use crate::forge::splice_proof;
use crate::model;
use crate::model::tree::{Node, Tree};
use crate::world::world;
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 8_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let at = choices.below(final_headers().len());
    let headers = &final_headers()[at];
    let (old_at, new_at) = (choices.below(headers.len()), choices.below(headers.len()));
    let (mut old, mut new) = (headers[old_at], headers[new_at]);
    let kit = &world().logs[at].kit;
    let (mut header, mut events) = (Vec::new(), Vec::new());
    if old_at < new_at {
        header = kit.header_proof(old_at, new_at);
        events = prefix(at, old.header().events.get(), new.header().events.get());
    }
    let honest = !choices.more() && old_at <= new_at;
    for _ in 0..choices.below(4) {
        match choices.below(5) {
            0 => old = any_final(&mut choices).unwrap_or(old),
            1 => new = any_final(&mut choices).unwrap_or(new),
            2 => splice_proof(&mut header, &mut choices),
            _ => splice_proof(&mut events, &mut choices),
        }
    }
    let proof = ExtendsProof { header: Proof::new(&header), events: Proof::new(&events) };
    let found = verify_extends(&old, &new, &proof);
    let want = model::trust::extends(old.header(), new.header(), &proof);
    agree(found.map(drop).map_err(|error| error.code()), want);
    assert!(!honest || want.is_ok(), "an honest proof: {want:?}");
    if let Ok(extends) = found {
        assert_eq!((extends.old(), extends.new_header()), (&old, &new));
    }
}

fn prefix(log: usize, old: u64, new: u64) -> Vec<Node> {
    let kit = &world().logs[log].kit;
    let leaves: Vec<Node> = kit.event_leaves().iter().map(|leaf| *leaf.as_bytes()).collect();
    let [old, new] = [old, new].map(|size| usize::try_from(size).unwrap());
    if old == new {
        return Vec::new();
    }
    Tree::events(&kit.log).prove_prefix(old, &leaves[..new])
}
