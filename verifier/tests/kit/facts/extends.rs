//! That a new header's history contains an old one's.

use super::*;
use cairn_verifier::tree::top_of_leaves;

/// By the recursive definition, for a wrapped root.
pub fn consistency(tree: &Blake3, old: usize, leaves: &[Hash]) -> Vec<[u8; 32]> {
    if old == leaves.len() {
        return vec![*top_of_leaves(tree, leaves).as_bytes()];
    }
    let half = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(half);
    let (mut proof, sibling) = if old <= half {
        (consistency(tree, old, left), top_of_leaves(tree, right))
    } else {
        (consistency(tree, old - half, right), top_of_leaves(tree, left))
    };
    proof.push(*sibling.as_bytes());
    proof
}

pub fn extends(facts: &mut Vec<Fact>) {
    let kit = small_log(9, four(1));
    let tree = Blake3::new(Tree::Event, *kit.log.as_bytes());
    let file = |header: &[[u8; 32]], events: &[[u8; 32]]| {
        let mut writer = Writer::new();
        writer.u8(1).u8(b'X');
        Proof::new(header).write(&mut writer);
        Proof::new(events).write(&mut writer);
        writer.into_bytes()
    };
    let (header, events) = (kit.header_proof(1, 2), consistency(&tree, 7, &kit.event_leaves()));
    let mut add = |name, desc: &str, want: &str, (old, new): (usize, usize), proof: Vec<u8>| {
        let json = json!({
            "kind": "extends", "desc": desc, "want": want,
            "anchor": kit.anchor().to_string(), "now": kit.now().0,
            "old": base64(&checkpoint(&kit, old)), "new": base64(&checkpoint(&kit, new)),
            "proof": base64(&proof),
        });
        facts.push(Fact { folder: "extends", name, json });
    };
    let good = file(&header, &events);
    add("ok-extends", "a header in the next one's history", "ok", (1, 2), good.clone());
    add("ok-extends-itself", "a header and itself", "ok", (2, 2), file(&[], &[]));
    let desc = "the newer header said to be the older one";
    add("extends-swapped", desc, "trust-height-not-above", (2, 1), good.clone());
    let desc = "a proof about another old header";
    add("extends-other-header", desc, "inclusion-root-mismatch", (0, 2), good.clone());
    let desc = "no header proof";
    add("extends-no-header-proof", desc, "inclusion-proof-length", (1, 2), file(&[], &events));
    let desc = "a header proof between a header and itself";
    let long = file(&header, &[]);
    add("extends-itself-with-proof", desc, "inclusion-proof-length", (2, 2), long);
    let desc = "no consistency proof";
    add("extends-no-events-proof", desc, "consistency-proof-length", (1, 2), file(&header, &[]));
    let mut bent = events.clone();
    bent[0][0] ^= 1;
    let desc = "another peak of the old event tree";
    let code = "consistency-old-root-mismatch";
    add("extends-old-tree", desc, code, (1, 2), file(&header, &bent));
    // Leaf 7 stands right of the old tree's last peak: only the new tree has it.
    let mut bent = events;
    bent[1][0] ^= 1;
    let desc = "another hash that only the new tree has";
    let code = "consistency-new-root-mismatch";
    add("extends-new-tree", desc, code, (1, 2), file(&header, &bent));
    let trailing = [good.as_slice(), &[0]].concat();
    add("extends-trailing", "a byte after the end", "decode-trailing-bytes", (1, 2), trailing);
    let mut other = good;
    other[1] = b'R';
    add("extends-file-type", "a file of another type", "decode-file-type", (1, 2), other);
}
