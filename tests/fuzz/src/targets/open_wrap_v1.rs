//! Wraps of PCEK v1: what the sender made opens, and nothing else.

use cairn_verifier::pcek::v1::open_wrap;
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::Choices;

pub(super) const ROUNDS: usize = 6_000;

const SECRETS: [[u8; 32]; 2] = [[0x42; 32], [0x43; 32]];

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let recipient = choices.of(&SECRETS);
    let key = [choices.byte(); 32];
    let ephemeral = StaticSecret::from([choices.byte(); 32]);
    let point = ephemeral.diffie_hellman(&PublicKey::from(&StaticSecret::from(*recipient)));
    let honest = wrap(*PublicKey::from(&ephemeral).as_bytes(), point.as_bytes(), &key);
    let mut bytes = honest.clone();
    if choices.below(4) == 3 {
        bytes = weak(&mut choices, &key);
    }
    while choices.more() {
        choices.splice(&mut bytes, &honest);
    }
    for secret in &SECRETS {
        let good = bytes == honest && secret == recipient;
        let found = open_wrap(&bytes, secret);
        assert_eq!(found.is_ok(), good, "{:?}", found.map(drop).map_err(|error| error.code()));
        if let Ok(found) = found {
            assert_eq!(found.as_bytes(), &key);
        }
    }
}

fn wrap(ephemeral: [u8; 32], shared: &[u8; 32], message_key: &[u8; 32]) -> Vec<u8> {
    let mut key = [0; 32];
    hkdf::Hkdf::<Sha256>::new(None, shared).expand(b"PCEKv1", &mut key).unwrap();
    let sealed = ChaCha20Poly1305::new(&key.into())
        .encrypt(&Default::default(), message_key.as_slice())
        .unwrap();
    [&ephemeral[..], &sealed].concat()
}

/// An ephemeral key for which everyone's shared secret is zero, in one of its encodings.
fn weak(choices: &mut Choices<'_>, message_key: &[u8; 32]) -> Vec<u8> {
    let mut point = [[0; 32], [0xff; 32]][choices.below(2)];
    if point[0] == 0 {
        point[0] = choices.byte() % 2;
    } else {
        point[0] = [0xec, 0xed, 0xee][choices.below(3)];
        point[31] = 0x7f;
    }
    point[31] |= [0, 0x80][choices.below(2)];
    wrap(point, &[0; 32], message_key)
}
