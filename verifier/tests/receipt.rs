//! A receipt verifies, and no bent one does.

#![expect(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "a test crate")]

mod kit;

use cairn_verifier::check::Check;
use cairn_verifier::receipt::verify;
use kit::{Council, Signer, four, small_log};

#[test]
fn every_event_of_a_log_verifies() {
    let kit = small_log(1, four(1));
    for index in 0..11 {
        let bytes = kit.parts(index).encode();
        let mut checks = Vec::new();
        let receipt = verify(&bytes, kit.anchor(), kit.now(), &mut checks).unwrap();
        assert_eq!(receipt.event().index(), index);
        assert_eq!(receipt.event().id(), kit.ids[index as usize]);
        assert!(receipt.event().log_time().is_some());
        assert!(checks.iter().any(|check| matches!(check, Check::Quorum(_))), "{checks:?}");
    }
}

#[test]
fn hybrid_validators_verify() {
    let council = Council::new((0..4).map(|n| (Signer::hybrid(n), 1)).collect());
    let kit = small_log(2, council);
    let bytes = kit.parts(5).encode();
    let receipt = verify(&bytes, kit.anchor(), kit.now(), &mut ()).unwrap();
    assert_eq!(receipt.event().header().standing().post_quantum, Some(true));
}

#[test]
fn every_flipped_byte_is_refused() {
    let kit = small_log(3, four(1));
    let bytes = kit.parts(4).encode();
    for at in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut flipped = bytes.clone();
            flipped[at] ^= bit;
            let found = verify(&flipped, kit.anchor(), kit.now(), &mut ());
            assert!(found.is_err(), "byte {at} flipped by {bit} was accepted");
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let kit = small_log(4, four(1));
    let bytes = kit.parts(4).encode();
    for len in 0..bytes.len() {
        assert!(verify(&bytes[..len], kit.anchor(), kit.now(), &mut ()).is_err(), "{len}");
    }
}

#[test]
fn set_changes_are_followed() {
    let mut kit = small_log(5, four(1));
    kit.block(None);
    kit.push_plain(2);
    kit.block(Some(four(20)));
    kit.push_plain(2);
    kit.block(None);
    for _ in 0..2 {
        kit.block(None);
    }
    kit.push_plain(1);
    kit.block(Some(Council::new((0..4).map(|n| (Signer::hybrid(n), 3)).collect())));
    kit.push_plain(3);
    kit.block(None);
    assert_eq!(kit.handovers.len(), 2);
    for index in [0, 12, 14, 18] {
        let bytes = kit.parts(index).encode();
        let receipt = verify(&bytes, kit.anchor(), kit.now(), &mut ()).unwrap();
        assert_eq!(receipt.event().header().header().epoch, 2);
        assert_eq!(receipt.event().header().standing().post_quantum, Some(false));
    }
}

/// Numbers that are the same each time, and look random (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let spread = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        spread as usize % limit
    }
}

#[test]
fn a_thousand_random_bytes_of_two_hundred_receipts_are_refused() {
    let mut kit = kit::Kit::new(6, Council::new(vec![(Signer::classic(1), 1)]));
    for _ in 0..20 {
        kit.push_plain(10);
        kit.block(None);
    }
    let mut numbers = Numbers(0x00c0_ffee_0dd5_ba11);
    for index in 0..200 {
        let bytes = kit.parts(index).encode();
        assert!(verify(&bytes, kit.anchor(), kit.now(), &mut ()).is_ok(), "{index}");
        for _ in 0..1_000 {
            let (at, bit) = (numbers.below(bytes.len()), numbers.below(8));
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            let found = verify(&flipped, kit.anchor(), kit.now(), &mut ());
            assert!(found.is_err(), "bit {bit} of byte {at} of receipt {index} was accepted");
        }
    }
}
