//! Sealed payloads: plaintexts in their format, and any other bytes.

use cairn_verifier::digest::{Hash, KeyCommitment, PayloadDigest};
use cairn_verifier::event::{Commitment, Payload};
use cairn_verifier::payload::{Fields, MessageKey, open, seal};
use chacha20poly1305::aead::{Aead as _, Payload as AeadPayload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};

use crate::Choices;
use crate::forge::bend_body;
use crate::model;
use crate::model::payload::{Sealing, context, field_root};
use crate::world::world;
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 30_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let head = |choices: &[u8], plaintext: &[u8]| [choices, plaintext].concat();
    let fields = Fields::encode(&[("a".into(), vec![1]), ("b".into(), Vec::new())].into()).unwrap();
    let mut seeds = vec![head(&[0; 3], &fields), head(&[0; 3], b"no fields")];
    seeds.extend((0..16).map(|change| head(&[0, 0, 1, change, 1, 2, 3, 4], &fields)));
    seeds
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let kit = &world().logs[0].kit;
    let key: [u8; 32] = [choices.byte(); 32];
    let nonce = [choices.byte(); 24];
    let changes = choices.below(4);
    let mut bends: Vec<_> = (0..changes).map(|_| Choices::new(choices.take(5))).collect();
    let plaintext = choices.rest();

    let mut body = kit.body();
    let sealed_for: [u8; 32] = *body.context().as_bytes();
    let stored = [
        &nonce[..],
        &XChaCha20Poly1305::new(&key.into())
            .encrypt(&nonce.into(), AeadPayload { msg: plaintext, aad: &sealed_for })
            .unwrap(),
    ]
    .concat();
    let fields = Fields::decode(plaintext);
    let root = |fields: &Fields<'_>| field_root(fields, sealed_for, &key);
    let mut commitment = Commitment {
        key: model::derive("cairn v1 key commitment", &[&key]).into(),
        fields: fields.as_ref().map_or(Hash::ZERO, root),
        ciphertext: model::derive("cairn v1 ciphertext", &[&stored]).into(),
        plaintext_len: u32::try_from(plaintext.len()).unwrap(),
    };
    if fields.is_ok() {
        let ours = seal(plaintext, &sealed_for.into(), &MessageKey::from_bytes(key), &nonce);
        let ours = ours.unwrap();
        assert_eq!((ours.commitment, &ours.stored), (commitment, &stored));
    }
    let (mut used_key, mut used) = (key, stored.clone());
    for choices in &mut bends {
        match choices.below(9) {
            0 => choices.splice(&mut used, &plaintext[..plaintext.len().min(40)]),
            1 => {
                choices.splice(&mut used, &[]);
                commitment.ciphertext = model::derive("cairn v1 ciphertext", &[&used]).into();
            }
            2 => used_key[choices.below(32)] ^= 1 << choices.below(8),
            3 => {
                used_key[choices.below(32)] ^= 1 << choices.below(8);
                commitment.key = model::derive("cairn v1 key commitment", &[&used_key]).into();
            }
            4 => commitment.fields = Hash::from_bytes([choices.byte(); 32]),
            5 => commitment.key = KeyCommitment::from_bytes([choices.byte(); 32]),
            6 => commitment.ciphertext = PayloadDigest::from_bytes([choices.byte(); 32]),
            7 => commitment.plaintext_len = (choices.number(commitment.plaintext_len.into()) % (1 << 24)) as u32,
            _ => bend_body(&mut body, choices),
        }
    }
    body.payload = Payload::Sealed(commitment);
    let Ok(body) = body.encode() else { return };
    assert_eq!(context(&body) == sealed_for, cairn_verifier::event::context_of(&body) == Some(sealed_for.into()));

    let sealing = Sealing { key, context: sealed_for, plaintext, stored: &stored };
    let want = model::payload::open(&body, &used, &used_key, &sealing);
    let found = open(&body, &used, &MessageKey::from_bytes(used_key));
    agree(found.as_ref().map(drop).map_err(|error| error.code()), want);
    if let Ok(opened) = found {
        assert_eq!(opened.event(), model::receipt::event_id(&body));
        assert_eq!(opened.fields().unwrap(), fields.unwrap());
    }
}
