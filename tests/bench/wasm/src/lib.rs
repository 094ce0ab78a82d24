//! Single steps of the verifier as WebAssembly, for `cargo xtask bench-wasm`: what is checked is
//! made and signed in here, so that a call takes nothing in and gives a verdict.
#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "a bench"
)]

#[path = "../../../../verifier/tests/kit/mod.rs"]
mod kit;

use cairn_verifier::Terms;
use cairn_verifier::digest::{EventId, Hash, LogId};
use cairn_verifier::finality::{Certificate, ExpandedKeys, PublicKey, Role, Suite};
use cairn_verifier::payload::MessageKey;
use cairn_verifier::pcek::v2;
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::tree::{
    BatchProof, Blake3, Kind, Proof, TreeSize, batch_inclusion_of, inclusion_of, root_of_leaves,
    verify_batch_inclusion, verify_inclusion,
};
use cairn_verifier::trust::{Base, Genesis, TrustedValidators};
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use kit::{Council, Kit, Signer};
use wasm_bindgen::prelude::wasm_bindgen;

const MESSAGE: &[u8] = &[7; 109];
const ONE_IN: u64 = 1 << 20;
const BATCH: u64 = 10_000;
const TEXT: usize = 64 << 10;

/// One signature under one key, and its bent twin.
struct Signed {
    suite: Suite,
    key: Vec<u8>,
    good: Vec<u8>,
    bad: Vec<u8>,
}

impl Signed {
    fn new(signer: &Signer) -> Self {
        let good = signer.sign(Role::Vote, MESSAGE);
        let mut bad = good.clone();
        bad[40] ^= 1;
        Self { suite: signer.suite(), key: signer.public(), good, bad }
    }

    fn verify(&self, is_bent: bool) -> bool {
        let signature = if is_bent { &self.bad } else { &self.good };
        let key = PublicKey::new(self.suite, &self.key).unwrap();
        key.verify(Role::Vote, MESSAGE, signature).is_ok()
    }
}

/// A header that 67 of 100 equal validators of suite 2 signed.
struct Final {
    kit: Kit,
    bent: Vec<u8>,
    keys: ExpandedKeys,
}

impl Final {
    fn new() -> Self {
        let mut kit = Kit::new(1, Council::new((0..100).map(|n| (Signer::hybrid(n), 1)).collect()));
        kit.push_plain(1);
        kit.block(None);
        let mut bent = kit.tip().certificate.clone();
        let last = bent.len() - 40;
        bent[last] ^= 1;
        let keys = ExpandedKeys::of(&kit.council().set());
        Self { kit, bent, keys }
    }

    fn accept(&self, keys: Option<&ExpandedKeys>, is_bent: bool) -> bool {
        let genesis = Genesis::decode(&self.kit.genesis).unwrap();
        let trusted = TrustedValidators::from_base(self.kit.anchor(), &Base::Genesis(genesis));
        let bytes = if is_bent { &self.bent } else { &self.kit.tip().certificate };
        let certificate = Certificate::decode(bytes).unwrap();
        let terms = Terms::at(self.kit.now());
        let terms = keys.map_or(terms, |keys| terms.with_keys(keys));
        let header = &self.kit.tip().header;
        trusted.unwrap().accept(header, &certificate, terms, &mut ()).is_ok()
    }
}

/// One leaf of a tree, or 10,000 of them.
struct Included {
    tree: Blake3,
    root: Hash,
    size: TreeSize,
    proof: Vec<[u8; 32]>,
}

impl Included {
    fn new(size: u64, prove: impl FnOnce(&Blake3, &[Hash]) -> Vec<[u8; 32]>) -> Self {
        let tree = Blake3::new(Kind::Event, [5; 32]);
        let leaves: Vec<Hash> = (0..size).map(|i| leaf(&tree, i)).collect();
        let proof = prove(&tree, &leaves);
        let root = root_of_leaves(&tree, &leaves);
        Self { tree, root, size: TreeSize::new(size).unwrap(), proof }
    }

    fn one(&self, is_bent: bool) -> bool {
        let index = ONE_IN / 3;
        let leaf = leaf(&self.tree, index + u64::from(is_bent));
        let proof = Proof::new(&self.proof);
        verify_inclusion(&self.tree, (index, self.size), leaf, proof, &self.root).is_ok()
    }

    fn batch(&self, is_bent: bool) -> bool {
        let leaf = |i| (i, leaf(&self.tree, i + u64::from(is_bent && i == BATCH / 2)));
        let leaves: Vec<_> = (0..BATCH).map(leaf).collect();
        let proof = BatchProof::new(&self.proof);
        verify_batch_inclusion(&self.tree, self.size, &leaves, proof, &self.root).is_ok()
    }
}

fn leaf(tree: &Blake3, index: u64) -> Hash {
    tree.leaf(index, &[index as u8; 32])
}

/// A wrap and a ciphertext for one member.
struct Sealed {
    member: MemberSecret,
    wrap: Vec<u8>,
    text: Vec<u8>,
}

const KEY: [u8; 32] = [3; 32];
const NONCE: [u8; 24] = [4; 24];

impl Sealed {
    fn new() -> Self {
        let member = MemberSecret::from_seed([9; 32]).unwrap();
        let target = (&LogId::from_bytes([1; 32]), &EventId::from_bytes([2; 32]));
        let public = member.wrap().public_key();
        let key = MessageKey::from_bytes(KEY);
        let wrap = v2::wrap(&key, &public, target, &mut kit::cases::payloads::Counter(0)).unwrap();
        let text = cipher().encrypt(&XNonce::from(NONCE), vec![6; TEXT].as_slice()).unwrap();
        Self { member, wrap, text }
    }

    fn open_wrap(&self, is_bent: bool) -> bool {
        let event = EventId::from_bytes([if is_bent { 0 } else { 2 }; 32]);
        self.member.wrap().open_wrap(&self.wrap, &LogId::from_bytes([1; 32]), &event).is_ok()
    }

    fn open_text(&self, is_bent: bool) -> bool {
        let nonce = XNonce::from(if is_bent { [0; 24] } else { NONCE });
        cipher().decrypt(&nonce, self.text.as_slice()).is_ok()
    }
}

fn cipher() -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&KEY.into())
}

/// Everything that is measured.
#[wasm_bindgen]
pub struct Cases {
    signed: [Signed; 3],
    last: Final,
    one: Included,
    batch: Included,
    sealed: Sealed,
}

impl core::fmt::Debug for Cases {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Cases").finish_non_exhaustive()
    }
}

#[wasm_bindgen]
impl Cases {
    /// Makes and signs all of it; takes some seconds.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a constructor of JavaScript")]
    pub fn new() -> Self {
        let hybrid = ValidatorSecret::from_seed([9; 32]);
        Self {
            signed: [
                Signed::new(&Signer::classic(9)),
                Signed::new(&Signer::Hybrid(hybrid)),
                Signed::new(&Signer::hybrid_3(9)),
            ],
            last: Final::new(),
            one: Included::new(ONE_IN, |tree, leaves| {
                inclusion_of(tree, leaves, (ONE_IN / 3) as usize)
            }),
            batch: Included::new(BATCH, |tree, leaves| {
                let all: Vec<u64> = (0..BATCH).collect();
                batch_inclusion_of(tree, leaves, &all).unwrap()
            }),
            sealed: Sealed::new(),
        }
    }

    /// Whether a case holds. `is_bent` asks for its twin, which must not.
    #[must_use]
    pub fn holds(&self, case: &str, is_bent: bool) -> bool {
        match case {
            "suite 1" => self.signed[0].verify(is_bent),
            "suite 2" => self.signed[1].verify(is_bent),
            "suite 3" => self.signed[2].verify(is_bent),
            "certificate" => self.last.accept(None, is_bent),
            "certificate, expanded" => self.last.accept(Some(&self.last.keys), is_bent),
            "inclusion" => self.one.one(is_bent),
            "batch" => self.batch.batch(is_bent),
            "wrap" => self.sealed.open_wrap(is_bent),
            "text" => self.sealed.open_text(is_bent),
            _ => false,
        }
    }
}
