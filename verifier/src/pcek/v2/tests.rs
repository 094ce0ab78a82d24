//! v2's parts over vectors from outside, and a whole wrap made by another program.

use alloc::vec::Vec;

use ml_kem::kem::{Decapsulate as _, KeyExport as _};
use ml_kem::ml_kem_768::{DecapsulationKey, EncapsulationKey};
use rand_core::{Infallible, TryCryptoRng, TryRng};

use super::*;
use crate::outside::{Value, array, bytes, is_valid, list, load, wycheproof};

type Secret = <XWing as hpke::Kem>::PrivateKey;
type Public = <XWing as hpke::Kem>::PublicKey;
type Encapsulated = <XWing as hpke::Kem>::EncappedKey;

fn wycheproof_decapsulation_key(case: &Value) -> Option<DecapsulationKey> {
    let seed = <[u8; 64]>::try_from(bytes(case, "seed")).ok()?;
    Some(DecapsulationKey::from_seed(seed.into()))
}

#[test]
fn ml_kem_makes_keys_of_seeds() {
    let count = wycheproof("mlkem_768_keygen_seed", |_, case| {
        let key = wycheproof_decapsulation_key(case).unwrap();
        assert_eq!(key.encapsulation_key().to_bytes().as_slice(), bytes(case, "ek"));
    });
    assert_eq!(count, 100);
}

#[test]
fn ml_kem_decapsulates() {
    let count = wycheproof("mlkem_768", |_, case| {
        // Seeds and ciphertexts of another length are the invalid ones.
        let shared = wycheproof_decapsulation_key(case)
            .zip(<[u8; 1_088]>::try_from(bytes(case, "c")).ok())
            .map(|(key, ciphertext)| key.decapsulate(&ciphertext.into()).to_vec());
        assert_eq!(shared, is_valid(case).then(|| bytes(case, "K")), "{}", case["tcId"]);
    });
    assert_eq!(count, 193);
}

#[test]
fn ml_kem_encapsulates_to_reduced_keys_alone() {
    let count = wycheproof("mlkem_768_encaps", |_, case| {
        let made = <[u8; 1_184]>::try_from(bytes(case, "ek"))
            .ok()
            .and_then(|key| EncapsulationKey::new(&key.into()).ok())
            .map(|key| key.encapsulate_deterministic(&array(case, "m").into()))
            .map(|(ciphertext, shared)| (ciphertext.to_vec(), shared.to_vec()));
        let want = is_valid(case).then(|| (bytes(case, "c"), bytes(case, "K")));
        assert!(made == want, "{}: {}", case["tcId"], case["comment"]);
    });
    assert_eq!(count, 265);
}

/// Randomness that is known; asking for more than there is panics.
struct Fixed(Vec<u8>);

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("X-Wing asks for bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("X-Wing asks for bytes")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let rest = self.0.split_off(bytes.len());
        bytes.copy_from_slice(&core::mem::replace(&mut self.0, rest));
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

#[test]
fn x_wing_is_the_drafts() {
    let file = load("external/xwing/test-vectors.json");
    let cases = file.as_array().unwrap();
    for case in cases {
        let secret = Secret::from_bytes(&bytes(case, "seed")).unwrap();
        assert_eq!(secret.to_bytes().as_slice(), bytes(case, "sk"));
        assert_eq!(public_of(&array(case, "seed")).unwrap(), bytes(case, "pk"));
        let public = Public::from_bytes(&bytes(case, "pk")).unwrap();
        let mut random = Fixed(bytes(case, "eseed"));
        let (shared, encapsulated) = XWing::encap_with_rng(&public, None, &mut random).unwrap();
        assert_eq!(encapsulated.to_bytes().as_slice(), bytes(case, "ct"));
        assert_eq!(shared.0.as_slice(), bytes(case, "ss"));
        let shared = XWing::decap(&secret, None, &encapsulated).unwrap();
        assert_eq!(shared.0.as_slice(), bytes(case, "ss"));
    }
    assert_eq!(cases.len(), 3);
}

#[test]
fn hpke_with_x_wing_is_the_drafts() {
    let file = load("external/hpke-pq/x-wing.json");
    let [case] = file.as_array().unwrap().as_slice() else { panic!("one case") };
    let secret = Secret::from_bytes(&bytes(case, "skRm")).unwrap();
    let encapsulated = Encapsulated::from_bytes(&bytes(case, "enc")).unwrap();
    let mut context = hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &secret,
        &encapsulated,
        &bytes(case, "info"),
    )
    .unwrap();
    let encryptions = list(case, "encryptions");
    for step in encryptions {
        let opened = context.open(&bytes(step, "ct"), &bytes(step, "aad")).unwrap();
        assert_eq!(opened, bytes(step, "pt"));
    }
    assert_eq!(encryptions.len(), 10);
    // As we call it: one message for each encapsulation.
    let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &secret,
        &encapsulated,
        &bytes(case, "info"),
        &bytes(&encryptions[0], "ct"),
        &bytes(&encryptions[0], "aad"),
    );
    assert_eq!(opened.unwrap(), bytes(&encryptions[0], "pt"));
}

/// The wrap that Python's cryptography made, who it is for, and its log and event.
fn pythons() -> (Vec<u8>, WrapSecret, LogId, EventId) {
    let vector = load("pcek/v2.json");
    let secret = WrapSecret::from_seed(array(&vector, "seed")).unwrap();
    assert_eq!(secret.id().as_bytes(), &array(&vector, "keyId"));
    let (log, event) = (array(&vector, "log").into(), array(&vector, "event").into());
    (bytes(&vector, "wrap"), secret, log, event)
}

#[test]
fn pythons_cryptography_makes_the_same_wrap() {
    let (wrap, secret, log, event) = pythons();
    let key = secret.open_wrap(&wrap, &log, &event).unwrap();
    assert_eq!(key.as_bytes(), &array(&load("pcek/v2.json"), "messageKey"));
}

#[test]
fn a_wrap_opens_for_one_log_event_and_key() {
    let (wrap, secret, log, event) = pythons();
    let code = |secret: &WrapSecret, log, event| {
        secret.open_wrap(&wrap, log, event).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(code(&secret, &log, &event), "ok");
    assert_eq!(code(&secret, &LogId::ZERO, &event), "payload-bad-wrap");
    assert_eq!(code(&secret, &log, &EventId::ZERO), "payload-bad-wrap");
    let other = WrapSecret::from_seed([1; 32]).unwrap();
    assert_eq!(code(&other, &log, &event), "payload-not-the-recipient");
    assert!(secret.is_recipient(&wrap) && !other.is_recipient(&wrap));
    assert!(!secret.is_recipient(&wrap[..8]));
}

#[test]
fn version_hint_and_length_are_exact() {
    let (wrap, secret, log, event) = pythons();
    let bent = |at: usize| {
        let mut wrap = wrap.clone();
        wrap[at] ^= 1;
        wrap
    };
    let cases = [
        (wrap.clone(), "ok", "ok"),
        (bent(0), "decode-version", "decode-version"),
        (bent(1), "payload-not-the-recipient", "ok"),
        (bent(8), "payload-not-the-recipient", "ok"),
        (bent(9), "payload-bad-wrap", "ok"),
        (bent(WRAP_LEN - 1), "payload-bad-wrap", "ok"),
        (wrap[..WRAP_LEN - 1].to_vec(), "decode-truncated", "decode-truncated"),
        ([&*wrap, &[0]].concat(), "decode-trailing-bytes", "decode-trailing-bytes"),
    ];
    for (wrap, opens, shape) in cases {
        let found = secret.open_wrap(&wrap, &log, &event);
        assert_eq!(found.map_or_else(|error| error.code(), |_| "ok"), opens);
        assert_eq!(check_shape(&wrap).map_or_else(|error| error.code(), |()| "ok"), shape);
    }
}

/// Bytes that are the same every time.
struct Counting(u8);

impl TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}

#[test]
fn a_sealed_salt_opens_for_one_log_event_and_key_and_is_no_wrap() {
    let secret = WrapSecret::from_seed([5; 32]).unwrap();
    let (log, event, salt) = (LogId::from([1; 32]), EventId::from([2; 32]), [3; 32]);
    let mut rng = Counting(0);
    let sealed = seal_salt(&salt, &secret.public_key(), (&log, &event), &mut rng).unwrap();
    assert_eq!((sealed.len(), sealed[0]), (WRAP_LEN, 1));
    let code = |secret: &WrapSecret, sealed: &[u8], log, event| {
        secret.open_salt(sealed, log, event).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(*secret.open_salt(&sealed, &log, &event).unwrap(), salt);
    assert_eq!(code(&secret, &sealed, &LogId::ZERO, &event), "payload-bad-wrap");
    assert_eq!(code(&secret, &sealed, &log, &EventId::ZERO), "payload-bad-wrap");
    let other = WrapSecret::from_seed([6; 32]).unwrap();
    assert_eq!(code(&other, &sealed, &log, &event), "payload-not-the-recipient");
    // Neither stands for the other, not even with its version.
    let key = MessageKey::from_bytes(salt);
    let wrapped = wrap(&key, &secret.public_key(), (&log, &event), &mut rng).unwrap();
    let as_version = |bytes: &[u8], version| [&[version], &bytes[1..]].concat();
    assert_eq!(code(&secret, &wrapped, &log, &event), "decode-version");
    assert_eq!(code(&secret, &as_version(&wrapped, 1), &log, &event), "payload-bad-wrap");
    let taken = secret.open_wrap(&as_version(&sealed, 2), &log, &event);
    assert_eq!(taken.unwrap_err().code(), "payload-bad-wrap");
    assert!(seal_salt(&salt, &[0; 3], (&log, &event), &mut rng).is_err());
}
