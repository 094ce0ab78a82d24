//! A header's bytes, and what it must not say of itself.

use super::*;

fn header() -> Header {
    Header {
        log: LogId::from_bytes([1; 32]),
        height: 8,
        epoch: 1,
        time: UnixMillis(1_700_000_000_000),
        parent: HeaderDigest::from_bytes([2; 32]),
        events: TreeSize::new(77).unwrap(),
        event_root: Hash::from_bytes([3; 32]),
        sha256_root: Hash::ZERO,
        header_root: Hash::from_bytes([4; 32]),
        epoch_start: 5,
        set: SetDigest::from_bytes([5; 32]),
        next_set: SetDigest::from_bytes([5; 32]),
        state_root: Hash::ZERO,
        parameters: Parameters { gate: 4, trust_period: 0 },
    }
}

fn refused(bend: impl FnOnce(&mut Header)) -> &'static str {
    let mut header = header();
    bend(&mut header);
    Header::decode(&header.encode()).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn encode_and_decode_agree() {
    assert_eq!(Header::decode(&header().encode()), Ok(header()));
    assert_eq!(refused(|_| ()), "ok");
}

#[test]
fn what_a_header_says_of_itself_must_fit() {
    assert_eq!(refused(|h| h.height = 0), "decode-out-of-range");
    assert_eq!(refused(|h| (h.height, h.epoch, h.epoch_start) = (0, 0, 0)), "decode-not-canonical");
    assert_eq!(refused(|h| h.parent = HeaderDigest::ZERO), "decode-not-canonical");
    assert_eq!(refused(|h| h.epoch = 0), "decode-not-canonical");
    assert_eq!(refused(|h| h.epoch = 6), "decode-out-of-range");
    assert_eq!(refused(|h| h.epoch_start = 9), "decode-out-of-range");
    assert_eq!(refused(|h| h.parameters.gate = 0), "decode-not-canonical");
    assert_eq!(refused(|h| h.parameters.gate = GATE_LIMIT + 1), "decode-out-of-range");
    assert_eq!(refused(|h| h.next_set = SetDigest::ZERO), "ok");
    assert_eq!(
        refused(|h| (h.height, h.next_set) = (9, SetDigest::ZERO)),
        "decode-not-canonical",
        "another next set off a gate"
    );
}
