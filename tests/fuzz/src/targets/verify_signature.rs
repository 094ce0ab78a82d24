//! Signatures of every suite, against implementations by other hands.

use cairn_verifier::finality::{PublicKey, Role, Suite};
use std::sync::LazyLock;

use crate::Choices;
use crate::kit::Signer;
use crate::oracles::ed25519::Shape;
use crate::oracles::ml_dsa::{Scheme, ml_dsa_44, ml_dsa_65};
use crate::oracles::{composite, ed25519};

pub(super) const ROUNDS: usize = 800;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

static SIGNERS: LazyLock<Vec<Signer>> = LazyLock::new(|| {
    let of = |signer: fn(u8) -> Signer| (1..3).map(signer);
    of(Signer::classic).chain(of(Signer::hybrid)).chain(of(Signer::hybrid_3)).collect()
});
static SCHEMES: LazyLock<[Scheme; 2]> = LazyLock::new(|| [ml_dsa_44(), ml_dsa_65()]);

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let roles = [Role::Event, Role::Request, Role::Vote];
    let (signer, other) = (choices.of(&SIGNERS), choices.of(&SIGNERS));
    let mut message: [u8; 32] = choices.array();
    let role = *choices.of(&roles);
    let mut signature = signer.sign(*choices.of(&[role, role, role, roles[0]]), &message);
    let mut key = signer.public();
    let (own_key, own_signature) = (key.len(), signature.len());
    for _ in 0..3 {
        if !choices.more() {
            break;
        }
        // Near the end stand the hints of ML-DSA and the Ed25519 half.
        let tail = signature.len() - choices.below(160).min(signature.len());
        match choices.below(8) {
            0 => message[choices.below(32)] ^= 1 << choices.below(8),
            1 => choices.splice(&mut key, &other.public()),
            2 => choices.splice(&mut signature, &other.sign(role, &message)),
            3 => key = other.public(),
            4 => signature = other.sign(role, &message),
            _ => {
                let mut end = signature.split_off(tail);
                choices.splice(&mut end, &key);
                signature.append(&mut end);
            }
        }
    }
    // Lengths are the decoder's.
    key.resize(own_key, 0);
    signature.resize(own_signature, 0);
    let holds = judge(signer.suite(), (&key, &signature), (role, &message));
    let owner = SIGNERS.iter().find(|one| one.suite() == signer.suite() && one.public() == key);
    let made = owner.is_some_and(|owner| owner.sign(role, &message) == signature);
    assert_eq!(holds, made, "a signature holds if its owner made it");
}

/// Ours, and what everyone else says of it.
fn judge(suite: Suite, (key, signature): (&[u8], &[u8]), (role, message): (Role, &[u8; 32])) -> bool {
    let strict = |key: &_, signed: &_, signature: &_| Shape::of(key, signed, signature).holds();
    let signed = (key, signature);
    match suite {
        Suite::Ed25519 => {
            let (key, signature) = (key.try_into().unwrap(), signature.try_into().unwrap());
            ed25519::judge(key, role, message, signature).holds()
        }
        Suite::MlDsa44Ed25519 => composite::judge(&SCHEMES[0], strict, signed, (role, message)),
        Suite::MlDsa65Ed25519 => composite::judge(&SCHEMES[1], strict, signed, (role, message)),
        _ => PublicKey::new(suite, key).unwrap().verify(role, message, signature).is_ok(),
    }
}
