//! Signatures by other hands: each implementation must say what the others say, of good
//! signatures and of thousands of bent ones.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test crate"
)]

mod composite;
mod ed25519;
mod ml_dsa;

use cairn_verifier::finality::{Role, signing_bytes};
use cairn_verifier::secret::ValidatorSecret;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519::{Shape, challenge, judge};
use ml_dsa::{Scheme, ml_dsa_44, ml_dsa_65};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Numbers that are the same each time, and look random (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.byte()).collect()
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    /// One bit of some bytes, if there are any.
    fn flip(&mut self, bytes: &mut [u8]) {
        if !bytes.is_empty() {
            bytes[self.below(bytes.len())] ^= 1 << self.below(8);
        }
    }
}

/// A signature with all it is over.
#[derive(Clone)]
struct Signed {
    key: Vec<u8>,
    message: Vec<u8>,
    context: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    fn new(scheme: &Scheme, numbers: &mut Numbers) -> Self {
        let seed = numbers.array();
        let (message, context) = (numbers.below(200), numbers.below(256));
        let (message, context) = (numbers.bytes(message), numbers.bytes(context));
        let signature = scheme.sign(&seed, &message, &context).unwrap();
        Self { key: scheme.key(&seed), message, context, signature }
    }

    fn holds(&self, scheme: &Scheme) -> bool {
        scheme.holds(&self.key, &self.message, &self.context, &self.signature)
    }

    /// Bends one thing; the hints most often, because they are where two encodings could hide.
    fn bend(&mut self, scheme: &Scheme, numbers: &mut Numbers) {
        let hints_at = scheme.challenge + scheme.response;
        let (front, hints) = self.signature.split_at_mut(hints_at);
        let (places, ends) = hints.split_at_mut(scheme.omega);
        let place = numbers.below(scheme.omega);
        let end = numbers.below(scheme.polynomials);
        match numbers.below(14) {
            0 => numbers.flip(&mut front[..scheme.challenge]),
            1 => numbers.flip(&mut front[scheme.challenge..]),
            2 => numbers.flip(&mut self.key),
            3 => numbers.flip(&mut self.message),
            4 => numbers.flip(&mut self.context),
            5 => self.message.insert(0, self.context.pop().unwrap_or(0)),
            6 => front[scheme.challenge..].fill([0, 0xff][numbers.below(2)]),
            7 => places.swap(place, (place + 1) % scheme.omega),
            8 => places[place] = places[(place + 1) % scheme.omega],
            // Past the last hint, where there must be zeros.
            9 => places[scheme.omega - 1 - numbers.below(3)] = numbers.byte(),
            10 => ends[end] = ends[end].wrapping_add(1),
            11 => ends[end] = ends[end].wrapping_sub(1),
            12 => ends[end] = numbers.byte(),
            _ => numbers.flip(hints),
        }
    }
}

fn agree(scheme: &Scheme, keys: usize, bends: usize) {
    let mut numbers = Numbers(0x00c0_ffee_0dd5_ba11);
    let mut held = 0;
    for _ in 0..keys {
        let good = Signed::new(scheme, &mut numbers);
        assert_eq!(good.signature.len(), scheme.signature_len());
        assert_eq!(good.key.len(), scheme.key_len);
        assert!(good.holds(scheme), "{}: a good signature", scheme.name);
        for _ in 0..bends {
            let mut bent = good.clone();
            for _ in 0..=numbers.below(3) {
                bent.bend(scheme, &mut numbers);
            }
            let same = bent.key == good.key
                && (bent.message == good.message && bent.context == good.context)
                && bent.signature == good.signature;
            held += usize::from(same);
            assert_eq!(bent.holds(scheme), same, "{}: a bent signature", scheme.name);
        }
    }
    assert!(held < keys * bends / 4, "most bends change something");
    let long = scheme.sign(&[1; 32], b"", &[0; 256]);
    assert_eq!(long, None, "{}: a context of 256 bytes", scheme.name);
}

#[test]
fn three_agree_on_ml_dsa_44() {
    agree(&ml_dsa_44(), 50, 100);
}

#[test]
fn three_agree_on_ml_dsa_65() {
    agree(&ml_dsa_65(), 40, 100);
}

#[test]
fn suite_2_is_both_its_halves() {
    both_halves(&ml_dsa_44(), ValidatorSecret::from_seed);
}

#[test]
fn suite_3_is_both_its_halves() {
    both_halves(&ml_dsa_65(), ValidatorSecret::suite_3_from_seed);
}

fn both_halves(scheme: &Scheme, secret: fn([u8; 32]) -> ValidatorSecret) {
    let mut numbers = Numbers(0x00c0_ffee_0dd5_ba11);
    for _ in 0..40 {
        let secret = secret(numbers.array());
        let message = numbers.bytes(109);
        let signature = secret.sign(Role::Vote, &message).unwrap();
        let holds = |key: &[u8], signature: &[u8], message: &[u8]| {
            let ed25519 =
                |key: &_, signed: &_, signature: &_| Shape::of(key, signed, signature).holds();
            composite::judge(scheme, ed25519, (key, signature), (Role::Vote, message))
        };
        assert!(holds(&secret.public_key(), &signature, &message), "a good signature");
        for round in 0..20 {
            let mut bent = (secret.public_key(), signature.clone(), message.clone());
            let halves = (bent.0.len() - 32, bent.1.len() - 64);
            match round % 5 {
                0 => numbers.flip(&mut bent.0[..halves.0]),
                1 => numbers.flip(&mut bent.0[halves.0..]),
                2 => numbers.flip(&mut bent.1[..halves.1]),
                3 => numbers.flip(&mut bent.1[halves.1..]),
                _ => numbers.flip(&mut bent.2),
            }
            assert!(!holds(&bent.0, &bent.1, &bent.2), "a bent signature");
        }
    }
}

/// A signature made with points beside those that an honest signer uses.
fn crafted(
    numbers: &mut Numbers,
    (key, r): (EdwardsPoint, EdwardsPoint),
    (a, nonce): (Scalar, Scalar),
) -> ([u8; 32], [u8; 32], [u8; 64]) {
    let message = numbers.array();
    let (key, r) = (key.compress().to_bytes(), r.compress().to_bytes());
    let k = challenge(&r, &key, signing_bytes(Role::Vote, &message).unwrap().as_slice());
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice((nonce + k * a).as_bytes());
    (key, message, signature)
}

#[test]
fn everyone_explains_every_ed25519_signature() {
    let mut numbers = Numbers(0x00c0_ffee_0dd5_ba11);
    let mut seen: Vec<Shape> = Vec::new();
    let mut judged = |key: &[u8; 32], message: &[u8; 32], signature: &[u8; 64]| {
        let shape = judge(key, Role::Vote, message, signature);
        if !seen.contains(&shape) {
            seen.push(shape);
        }
        shape.holds()
    };
    for round in 0..1_000 {
        let secrets = [numbers.array(), numbers.array()];
        let [a, nonce] = secrets.map(|wide| Scalar::from_bytes_mod_order_wide(&wide));
        let points = [a, nonce].map(|secret| EdwardsPoint::mul_base(&secret));
        let torsion = [0, 1].map(|_| EIGHT_TORSION[numbers.below(8)]);
        let (key, message, signature) = crafted(&mut numbers, points.into(), (a, nonce));
        assert!(judged(&key, &message, &signature), "an honest signature");
        // Every part of it bent in one bit.
        let mut bent = (key, message, signature);
        match round % 3 {
            0 => numbers.flip(&mut bent.0),
            1 => numbers.flip(&mut bent.1),
            _ => numbers.flip(&mut bent.2),
        }
        assert!(!judged(&bent.0, &bent.1, &bent.2), "a bent signature");
        // Key and R with a part of small order, and of small order alone.
        let mixed = (points[0] + torsion[0], points[1] + torsion[1]);
        let (key, message, signature) = crafted(&mut numbers, mixed, (a, nonce));
        judged(&key, &message, &signature);
        let zero = Scalar::ZERO;
        for (points, secrets) in [
            ((torsion[0], torsion[1]), (zero, zero)),
            ((torsion[0], points[1]), (zero, nonce)),
            ((points[0], torsion[1]), (a, zero)),
        ] {
            let (key, message, signature) = crafted(&mut numbers, points, secrets);
            assert!(!judged(&key, &message, &signature), "of small order");
        }
        second_encodings(&mut numbers, &mut judged);
    }
    // All the reasons for a difference came up, and so did keys of mixed order that hold.
    let some = |shown: &dyn Fn(&Shape) -> bool| assert!(seen.iter().any(shown), "{seen:?}");
    some(&|shape| shape.holds());
    some(&|shape| !shape.readable);
    some(&|shape| shape.exact && shape.key_small && !shape.r_small);
    some(&|shape| shape.exact && !shape.key_small && shape.r_small);
    some(&|shape| shape.exact && !shape.key_canonical);
    some(&|shape| shape.exact && !shape.r_canonical);
    some(&|shape| shape.cofactored && !shape.exact && !shape.key_small && !shape.r_small);
}

/// Points of small order have encodings that others have not: y of p or more, a sign at x = 0.
fn second_encodings(
    numbers: &mut Numbers,
    judged: &mut impl FnMut(&[u8; 32], &[u8; 32], &[u8; 64]) -> bool,
) {
    let odd = |low: u8, high: u8| {
        let mut bytes = [[0, 0xff][usize::from(low > 1)]; 32];
        (bytes[0], bytes[31]) = (low, high);
        bytes
    };
    let points = [odd(1, 0), odd(1, 0x80), odd(0xee, 0x7f), odd(0xee, 0xff), odd(0xed, 0x7f)];
    let (key, r) = (points[numbers.below(5)], points[numbers.below(5)]);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    assert!(!judged(&key, &numbers.array(), &signature), "a second encoding");
}
