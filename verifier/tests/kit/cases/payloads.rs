//! Payloads, wraps and their opening.

use super::*;

/// A log with a public payload at 0, sealed ones at 1 and 2.
struct Sealed {
    kit: Kit,
    stored: Vec<Vec<u8>>,
    keys: Vec<MessageKey>,
}

impl Sealed {
    fn new(bend: impl Fn(&mut cairn_verifier::event::Commitment)) -> Self {
        let mut kit = Kit::new(14, four(1));
        let public = b"public words".to_vec();
        let mut body = kit.body();
        body.payload = Payload::Public {
            digest: digest::derive(digest::PUBLIC_PAYLOAD, &[&public]).into(),
            len: public.len() as u32,
        };
        kit.push(&body);
        let mut sealed =
            Self { kit, stored: vec![public], keys: vec![MessageKey::from_bytes([0; 32])] };
        for n in 1..3 {
            sealed.push(n, &bend);
        }
        sealed.kit.push_plain(2);
        sealed.kit.block(None);
        sealed
    }

    fn push(&mut self, n: u8, bend: &impl Fn(&mut cairn_verifier::event::Commitment)) {
        let fields = [("amount".to_string(), vec![n]), ("reason".to_string(), b"merit".to_vec())];
        let plaintext = Fields::encode(&fields.into()).unwrap();
        let mut body = self.kit.body();
        body.event_type = "salary.changed";
        let context = body.context();
        let key = message_key(&[3; 32], &[n; 32], &context);
        let sealed = seal(&plaintext, &context, &key, &[n; 24]).unwrap();
        let mut commitment = sealed.commitment;
        bend(&mut commitment);
        body.payload = Payload::Sealed(commitment);
        self.kit.push(&body);
        self.stored.push(sealed.stored);
        self.keys.push(key);
    }

    fn wrap(&self, key: usize, event: usize) -> Vec<u8> {
        let target = (&self.kit.log, &self.kit.ids[event]);
        let public = self.kit.auditor.wrap().public_key();
        v2::wrap(&self.keys[key], &public, target, &mut Counter(0)).unwrap()
    }

    fn parts(&self, index: usize, wraps: Vec<Vec<u8>>) -> Parts {
        let mut parts = self.kit.parts(index as u64);
        parts.payload = Some(self.stored[index].clone());
        parts.wraps = wraps;
        parts
    }
}

/// Vectors must come out the same each time, so their "randomness" counts.
pub struct Counter(pub u8);

impl rand_core::TryRng for Counter {
    type Error = core::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}
impl rand_core::TryCryptoRng for Counter {}

pub fn payloads(cases: &mut Vec<Case>) {
    let sealed = Sealed::new(|_| ());
    let kit = &sealed.kit;
    let auditor = kit.auditor.to_text().to_string();
    let stranger = MemberSecret::from_seed([0xb0; 32]).unwrap().to_text().to_string();
    let plain = |name, desc, want, parts: &Parts| case(kit, name, desc, want, parts.encode());
    let opened = |name, desc, secret: &str, want: &'static str, parts: &Parts| {
        let mut case = case(kit, name, desc, "ok", parts.encode());
        case.open = Some((secret.to_string(), want));
        case
    };
    let public = sealed.parts(0, Vec::new());
    cases.push(plain("ok-public-payload", "a public payload goes along", "ok", &public));
    let mut other = public.clone();
    other.payload = Some(b"public swords".to_vec());
    cases.push(plain("payload-length", "another length", "event-payload-length", &other));
    other.payload = Some(b"Public words".to_vec());
    cases.push(plain("other-payload", "another public payload", "event-other-payload", &other));
    let mut wrapped = public;
    wrapped.wraps = vec![sealed.wrap(1, 1)];
    let desc = "a wrap beside a public payload";
    cases.push(plain("unexpected-wrap", desc, "event-unexpected-payload", &wrapped));
    let mut bare = kit.parts(3);
    bare.wraps = vec![sealed.wrap(1, 1)];
    let desc = "a wrap beside an event without payload";
    cases.push(plain("unexpected-wrap-alone", desc, "event-unexpected-payload", &bare));
    let mut many = sealed.parts(1, vec![vec![0]; 33]);
    cases.push(plain("too-many-wraps", "33 wraps", "decode-out-of-range", &many));
    many.wraps = vec![vec![0; 2_049]];
    cases.push(plain("wrap-too-long", "a wrap of 2,049 bytes", "decode-out-of-range", &many));
    let mut none = kit.parts(3);
    none.payload = Some(vec![1]);
    let desc = "a payload beside an event that has none";
    cases.push(plain("unexpected-payload", desc, "event-unexpected-payload", &none));

    let good = sealed.parts(1, vec![sealed.wrap(1, 1)]);
    cases.push(opened("ok-opened", "the auditor opens", &auditor, "ok", &good));
    cases.push(opened("stranger", "another key", &stranger, "payload-not-the-recipient", &good));
    let mut ciphertext = good.clone();
    ciphertext.payload.as_mut().unwrap()[30] ^= 1;
    let desc = "one bit of the ciphertext";
    cases.push(plain("other-ciphertext", desc, "event-other-payload", &ciphertext));
    let mut flipped = good;
    flipped.wraps[0][1_150] ^= 1;
    let desc = "one bit of the sealed key";
    cases.push(opened("flipped-wrap", desc, &auditor, "payload-bad-wrap", &flipped));
    let moved = sealed.parts(1, vec![sealed.wrap(2, 2)]);
    let desc = "the wrap of another event";
    cases.push(opened("transplanted-wrap", desc, &auditor, "payload-bad-wrap", &moved));
    let second = sealed.parts(1, vec![sealed.wrap(2, 1)]);
    let desc = "another message key, wrapped for this event: the second text of a two-plaintext ciphertext";
    cases.push(opened("two-plaintexts", desc, &auditor, "payload-key-commitment", &second));

    other_context(&auditor, cases);

    let fields = Sealed::new(|commitment| commitment.fields = Hash::from_bytes([1; 32]));
    let length = Sealed::new(|commitment| commitment.plaintext_len += 1);
    for (name, desc, want, sealed) in [
        ("other-fields", "the event commits to other fields", "payload-field-root", fields),
        ("other-length", "the event tells another length", "payload-plaintext-length", length),
    ] {
        let parts = sealed.parts(1, vec![sealed.wrap(1, 1)]);
        let mut case = case(&sealed.kit, name, desc, "ok", parts.encode());
        case.open = Some((auditor.clone(), want));
        cases.push(case);
    }
}

/// A ciphertext that was sealed for another body: the event commits to it, and to its key.
fn other_context(auditor: &str, cases: &mut Vec<Case>) {
    let mut kit = Kit::new(24, four(1));
    kit.push_plain(1);
    let fields = [("amount".to_string(), vec![1])];
    let plaintext = Fields::encode(&fields.into()).unwrap();
    let mut body = kit.body();
    let context = body.context();
    let key = message_key(&[3; 32], &[1; 32], &context);
    let foreign = EventBody { reason: "as it was sealed", ..body }.context();
    let there = seal(&plaintext, &foreign, &key, &[1; 24]).unwrap();
    let mut commitment = seal(&plaintext, &context, &key, &[1; 24]).unwrap().commitment;
    commitment.ciphertext = there.commitment.ciphertext;
    body.payload = Payload::Sealed(commitment);
    let index = kit.push(&body);
    kit.block(None);
    let mut parts = kit.parts(index);
    let target = (&kit.log, &kit.ids[index as usize]);
    let public = kit.auditor.wrap().public_key();
    parts.payload = Some(there.stored);
    parts.wraps = vec![v2::wrap(&key, &public, target, &mut Counter(0)).unwrap()];
    let desc = "a ciphertext sealed for another event body";
    let mut case = case(&kit, "other-context", desc, "ok", parts.encode());
    case.open = Some((auditor.to_string(), "payload-bad-ciphertext"));
    cases.push(case);
}
