//! Sealing payloads for clients that have no keys of their own: a chain key per stream, a salt
//! per event, a message key out of both, and a wrap of it for every recipient.

use std::collections::BTreeMap;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use thiserror::Error;
use zeroize::Zeroizing;

use cairn_verifier::digest::{self, EventId, Hash, KeyId, LogId, PayloadDigest, StreamId};
use cairn_verifier::event::{EventBody, Payload};
use cairn_verifier::payload::{self, MessageKey};
use cairn_verifier::pcek::v2;

use crate::ingest::Refusal;
use crate::keyring::{Keyring, KeyringError};
use crate::node::{KeyRecord, StreamName, chain_key};

/// What the one line of a chain key's file begins with. The key follows in hex, and its check: any
/// 32 bytes are a key, and a wrong one would seal what nobody opens.
const CHAIN: &str = "cairn-secret-chain:";
/// What a chain key's check is made under.
const CHECK: &str = "cairn v1 chain key check";
/// How long it is in hex digits.
const CHECK_LEN: usize = 16;

/// Why a payload could not be sealed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SealError {
    /// The system gives no randomness.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// A plaintext that the format cannot hold.
    #[error(transparent)]
    Payload(#[from] payload::PayloadError),
    /// A stream's chain key cannot be read or made.
    #[error("the chain key of stream {stream:?} cannot be used: {reason}")]
    ChainKey {
        /// The stream's name.
        stream: String,
        /// What went wrong.
        reason: String,
    },
}

/// 32 random bytes.
pub(crate) fn random() -> Result<[u8; 32], getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// The streams' chain keys, made when first needed.
#[derive(Debug)]
pub(crate) struct ChainKeys {
    ring: Keyring,
    keys: BTreeMap<StreamId, Zeroizing<[u8; 32]>>,
}

impl ChainKeys {
    pub(crate) const fn new(ring: Keyring) -> Self {
        Self { ring, keys: BTreeMap::new() }
    }

    /// A stream's chain key, if there is one.
    pub(crate) fn existing(&mut self, stream: &StreamName) -> Result<Option<&[u8; 32]>, Refusal> {
        let is_there = self.keys.contains_key(&stream.id) || self.ring.has(&chain_key(&stream.id));
        if is_there { self.get(stream).map(Some) } else { Ok(None) }
    }

    /// A stream's chain key. A new one is durable before it seals anything.
    pub(crate) fn get(&mut self, stream: &StreamName) -> Result<&[u8; 32], Refusal> {
        if !self.keys.contains_key(&stream.id) {
            let key = self.read_or_make(stream)?;
            self.keys.insert(stream.id, key);
        }
        let key = self.keys.get(&stream.id).map(|key| &**key);
        key.ok_or_else(|| bad_chain_key(stream, "it is not at hand"))
    }

    fn read_or_make(&self, stream: &StreamName) -> Result<Zeroizing<[u8; 32]>, Refusal> {
        let name = chain_key(&stream.id);
        let unusable = |error: KeyringError| {
            if let KeyringError::Storage(error) = &error {
                return Refusal::storage(error);
            }
            bad_chain_key(stream, &error.to_string())
        };
        if let Some(text) = self.ring.read(&name).map_err(unusable)? {
            let damaged = |why| bad_chain_key(stream, &format!("{name} is damaged: {why}"));
            let key = parse_chain_key(&text).map_err(damaged)?;
            if *chain_key_text(&key) != *text {
                // One from before there were checks.
                self.ring.write(&name, &chain_key_text(&key)).map_err(unusable)?;
            }
            return Ok(key);
        }
        let key = Zeroizing::new(random().map_err(SealError::Random)?);
        self.ring.write(&name, &chain_key_text(&key)).map_err(unusable)?;
        Ok(key)
    }
}

/// The text of a chain key's file.
fn chain_key_text(key: &[u8; 32]) -> Zeroizing<String> {
    let hex = Zeroizing::new(Hash::from_bytes(*key).to_string());
    Zeroizing::new(format!("{CHAIN}{}{}\n", *hex, check_of(key)))
}

fn check_of(key: &[u8; 32]) -> String {
    let mut check = Hash::from_bytes(digest::derive(CHECK, &[key])).to_string();
    check.truncate(CHECK_LEN);
    check
}

/// Reads a chain key's file. One that an older program wrote has no check.
pub(crate) fn parse_chain_key(text: &str) -> Result<Zeroizing<[u8; 32]>, &'static str> {
    let hex = text.trim().strip_prefix(CHAIN).ok_or("it is no chain key")?;
    let (hex, check) = hex.split_at_checked(64).ok_or("it is cut short")?;
    let key = Zeroizing::new(digest::parse_hex(hex).map_err(|_| "it is no hex")?);
    if !check.is_empty() && check != check_of(&key) {
        return Err("its check does not hold; restore it from a backup");
    }
    Ok(key)
}

fn bad_chain_key(stream: &StreamName, reason: &str) -> Refusal {
    SealError::ChainKey { stream: stream.name.clone(), reason: reason.to_owned() }.into()
}

/// An event with its payload sealed, ready to be signed.
pub(crate) struct SealedEvent<'a> {
    pub(crate) body: EventBody<'a>,
    /// Digest, and nonce with ciphertext.
    pub(crate) payload: (PayloadDigest, Vec<u8>),
    pub(crate) record: KeyRecord,
}

/// Seals a plaintext as the payload of an event whose body is complete but for it.
pub(crate) fn seal_event<'a>(
    mut body: EventBody<'a>,
    plaintext: &[u8],
    chain_key: &[u8; 32],
    recipients: &BTreeMap<KeyId, Vec<u8>>,
) -> Result<SealedEvent<'a>, Refusal> {
    let salt = random().map_err(SealError::Random)?;
    let mut nonce = [0; 24];
    getrandom::fill(&mut nonce).map_err(SealError::Random)?;
    let context = body.context();
    let key = payload::message_key(chain_key, &salt, &context);
    let sealed = payload::seal(plaintext, &context, &key, &nonce).map_err(SealError::Payload)?;
    body.payload = Payload::Sealed(sealed.commitment);
    let event: EventId = EventBody::id_of(&body.encode()?);
    let wraps = wrap_for(&key, (&body.log, &event), recipients)?;
    Ok(SealedEvent {
        body,
        payload: (sealed.commitment.ciphertext, sealed.stored),
        record: KeyRecord { event, salt: Some(salt), wraps },
    })
}

/// Wraps a message key for keys by their ids.
pub(crate) fn wrap_for(
    key: &MessageKey,
    of: (&LogId, &EventId),
    recipients: &BTreeMap<KeyId, Vec<u8>>,
) -> Result<Vec<(KeyId, Vec<u8>)>, Refusal> {
    // The system gave random bytes a moment ago; it does not fail later.
    let mut rng = UnwrapErr(SysRng);
    let wrap = |(id, public): (&KeyId, &Vec<u8>)| Ok((*id, v2::wrap(key, public, of, &mut rng)?));
    recipients.iter().map(wrap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_key_that_changed_on_disk_is_noticed() {
        let text = chain_key_text(&[7; 32]);
        assert_eq!(*parse_chain_key(&text).unwrap(), [7; 32]);
        for at in CHAIN.len()..text.len() - 1 {
            let mut bent = text.as_bytes().to_vec();
            bent[at] ^= 1;
            let bent = String::from_utf8(bent).unwrap();
            assert!(parse_chain_key(&bent).is_err(), "{at}: {bent}");
        }
        for len in CHAIN.len()..text.len() - 1 {
            // With no check at all it is a file of an older program.
            assert_eq!(parse_chain_key(&text[..len]).is_ok(), len == CHAIN.len() + 64, "{len}");
        }
        assert!(parse_chain_key("something else").is_err());
    }
}
