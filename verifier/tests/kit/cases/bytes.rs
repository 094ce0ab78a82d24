//! Receipts that hold, and bytes that are none.

use super::*;

pub fn good(kit: &Kit, cases: &mut Vec<Case>) {
    let parts = |index| kit.parts(index).encode();
    cases.push(case(kit, "ok-first-event", "the first event, in block 0", "ok", parts(0)));
    cases.push(case(kit, "ok-middle-block", "an event of an older block", "ok", parts(4)));
    cases.push(case(kit, "ok-last-event", "the last event of the last block", "ok", parts(10)));
    let mut bare = kit.parts(4);
    bare.bracket = vec![0];
    cases.push(case(kit, "ok-no-bracket", "no log time is claimed", "ok", bare.encode()));
}

pub fn bytes(kit: &Kit, cases: &mut Vec<Case>) {
    let bytes = kit.parts(4).encode();
    let mut bent = |name, desc, want, receipt| cases.push(case(kit, name, desc, want, receipt));
    bent("empty", "no bytes at all", "decode-truncated", Vec::new());
    let cut = bytes[..bytes.len() - 1].to_vec();
    bent("truncated", "the last byte is missing", "decode-truncated", cut);
    bent("trailing", "one byte too many", "decode-trailing-bytes", [&bytes[..], &[0]].concat());
    let with = |at: usize, byte| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        bytes
    };
    bent("future-version", "format version 2", "decode-version", with(0, 2));
    bent("no-receipt", "a text", "decode-file-type", b"# Minutes\n".to_vec());
    bent("other-file-type", "a checkpoint's type byte", "decode-file-type", with(1, b'C'));
    bent("unknown-base", "base tag 4", "decode-unknown-tag", with(2, 4));
    let mut parts = kit.parts(4);
    parts.finality[0] = 4;
    bent(
        "certificate-and-header-proof",
        "a finality tag that would mean both",
        "decode-unknown-tag",
        parts.encode(),
    );
    let mut parts = kit.parts(4);
    parts.proof = vec![[0; 32]; 64];
    bent("proof-over-limit", "64 hashes", "decode-out-of-range", parts.encode());
}
