//! Whole answers about the state: what there is of a kind and key, with why the header is final.

use super::*;
use cairn_verifier::state::{AnswerDraft, End};
use cairn_verifier::trust::{Base, FinalityBytes, FinalityDraft, Genesis};

fn key_of(name: &str) -> Vec<u8> {
    RecordKey::Member(name).encode()
}

fn answer(
    kit: &Kit,
    height: usize,
    found: Result<&[u8], (&RecordKey<'_>, &End)>,
    proof: &[u8],
) -> Vec<u8> {
    let genesis = kit.genesis.clone();
    let block = &kit.blocks[height];
    let finality = FinalityDraft {
        base: Base::Genesis(Genesis::decode(&genesis).unwrap()),
        handovers: &[],
        header: &block.header.encode(),
        finality: FinalityBytes::Certificate(&block.certificate),
    };
    AnswerDraft { finality, found, proof }.encode()
}

pub fn answers(facts: &mut Vec<Fact>) {
    let kit = small_log(9, four(1));
    let mut add = |name, desc: &str, want: &str, key: Vec<u8>, answer: Vec<u8>| {
        let json = json!({
            "kind": "answer", "desc": desc, "want": want,
            "anchor": kit.anchor().to_string(), "now": kit.now().0,
            "key": base64(&key), "answer": base64(&answer),
        });
        facts.push(Fact { folder: "state", name, json });
    };
    let (ada, nobody) = (RecordKey::Member("ada"), RecordKey::Member("nobody"));
    let (record, proof) = kit.present(&ada);
    let (end, absence) = kit.state.prove(&nobody);
    let end = End::decode(&end).unwrap();
    let present = answer(&kit, 2, Ok(&record), &proof);
    let absent = answer(&kit, 2, Err((&nobody, &end)), &absence);
    add("ok-answer-present", "a member", "ok", key_of("ada"), present.clone());
    add("ok-answer-absent", "no member", "ok", key_of("nobody"), absent.clone());

    let code = "state-other-answer";
    let desc = "a record, where another one was asked for";
    add("answer-other-record", desc, code, key_of("bob"), present.clone());
    let desc = "an absence, where another one was asked for";
    add("answer-other-absence", desc, code, key_of("ada"), absent.clone());

    let code = "state-root-mismatch";
    let desc = "a member is said to be absent";
    let denied = answer(&kit, 2, Err((&ada, &end)), &absence);
    add("answer-denied", desc, code, key_of("ada"), denied);
    let desc = "a record with the proof of another";
    let (_, other) = kit.present(&RecordKey::Parameters);
    let mixed = answer(&kit, 2, Ok(&record), &other);
    add("answer-other-proof", desc, code, key_of("ada"), mixed);
    let desc = "a record of the state after a later block";
    let head = RecordKey::Head(StreamId::from_bytes(STREAM), kit.writer.key_id());
    let (later, later_proof) = kit.present(&head);
    let older = answer(&kit, 1, Ok(&later), &later_proof);
    add("answer-other-header", desc, code, head.encode(), older);

    let mut unsigned = present.clone();
    let at = present.len() - proof.len() - record.len() - 3 - 1;
    unsigned[at] ^= 1;
    let desc = "a header whose certificate does not hold";
    add("answer-not-final", desc, "finality-bad-vote", key_of("ada"), unsigned);
    let mut other_type = present.clone();
    other_type[1] = b'C';
    add("answer-file-type", "a checkpoint", "decode-file-type", key_of("ada"), other_type);
    let mut flag = present.clone();
    let at = present.len() - proof.len() - record.len() - 3;
    flag[at] = 2;
    let desc = "neither present nor absent";
    add("answer-unknown-flag", desc, "decode-unknown-tag", key_of("ada"), flag);
    let long = [present.as_slice(), &[0]].concat();
    let desc = "a byte after the proof";
    add("answer-trailing", desc, "decode-trailing-bytes", key_of("ada"), long);
    let cut = absent[..absent.len() - 1].to_vec();
    let desc = "a byte less";
    add("answer-truncated", desc, "decode-truncated", key_of("nobody"), cut);
}
