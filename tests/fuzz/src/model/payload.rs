//! SPEC.md, "Payload".

use cairn_verifier::digest::Hash;
use cairn_verifier::event::{EventBody, Payload};
use cairn_verifier::payload::Fields;

use super::tree::{Node, Tree};
use super::{Code, derive, expect};

/// What a ciphertext was made of: it opens with these and nothing else.
pub struct Sealing<'a> {
    /// The message key.
    pub key: [u8; 32],
    /// The context digest.
    pub context: [u8; 32],
    /// What was sealed.
    pub plaintext: &'a [u8],
    /// Nonce and ciphertext.
    pub stored: &'a [u8],
}

/// The digest of a sealed event's body up to and including the payload tag.
#[must_use]
pub fn context(body: &[u8]) -> [u8; 32] {
    // Three digests and a length follow the tag.
    derive("cairn v1 context", &[&body[..body.len() - 100]])
}

/// The leaves of the field tree: the names, then each field.
#[must_use]
pub fn leaves(fields: &Fields<'_>, context: [u8; 32], key: &[u8; 32]) -> (Tree, Vec<Node>) {
    let tree = Tree::Blake3 { kind: "field", domain: context };
    let fields: Vec<_> = fields.iter().collect();
    let count = u16::try_from(fields.len()).unwrap().to_be_bytes();
    let names: Vec<u8> = fields.iter().flat_map(|(name, _)| text8(name)).collect();
    let mut entries = vec![derive("cairn v1 field names", &[&count, &names])];
    for (number, (name, value)) in (0_u32..).zip(fields) {
        let number = number.to_be_bytes();
        let blind = derive("cairn v1 field blind", &[key, &number]);
        let len = u32::try_from(value.len()).unwrap().to_be_bytes();
        let name = text8(name);
        entries.push(derive("cairn v1 field", &[&number, &name, &blind, &len, value]));
    }
    (tree, tree.leaves(&entries))
}

fn text8(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// The root of the field tree.
#[must_use]
pub fn field_root(fields: &Fields<'_>, context: [u8; 32], key: &[u8; 32]) -> Hash {
    let (tree, leaves) = leaves(fields, context, key);
    tree.root_of(&leaves).into()
}

/// SPEC.md, "Opening a payload": what `sealing` made, for a body and what is at hand.
///
/// # Errors
/// Its codes.
pub fn open(body: &[u8], stored: &[u8], key: &[u8; 32], sealing: &Sealing<'_>) -> Result<(), Code> {
    let decoded = EventBody::decode(body).map_err(|error| error.code())?;
    let Payload::Sealed(commitment) = decoded.payload else {
        return Err("payload-not-sealed");
    };
    let commits = derive("cairn v1 key commitment", &[key]) == *commitment.key.as_bytes();
    expect(commits, "payload-key-commitment")?;
    let digest = derive("cairn v1 ciphertext", &[stored]);
    expect(digest == *commitment.ciphertext.as_bytes(), "event-other-payload")?;
    let context = context(body);
    let made = (sealing.stored, &sealing.key, sealing.context) == (stored, key, context);
    expect(made, "payload-bad-ciphertext")?;
    let len = sealing.plaintext.len() as u64;
    expect(len == u64::from(commitment.plaintext_len), "payload-plaintext-length")?;
    let fields = Fields::decode(sealing.plaintext).map_err(|error| error.code())?;
    expect(field_root(&fields, context, key) == commitment.fields, "payload-field-root")
}
