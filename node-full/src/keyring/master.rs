//! Master keys: what seals key files, itself sealed under a passphrase.

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use cairn_verifier::wire::{Reader, Refused, decode_all};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{KeyringError, Passphrase};
use crate::seal::random;

/// What the one line of the master key's file begins with.
const MASTER: &str = "cairn-master-key:";
const VERSION: u8 = 1;
/// RFC 9106, section 4, the second recommendation: 64 MiB, three passes, four lanes.
const COST: Cost = Cost { memory: 65_536, passes: 3, lanes: 4 };
/// The most that a file may ask for: 1 GiB.
const MOST: Cost = Cost { memory: 1 << 20, passes: 16, lanes: 16 };
/// What binds ciphertexts to their use here.
const SEALED_CONTEXT: &[u8] = b"cairn node v1 sealed key";
const ID_LEN: usize = 8;
const KEY_LEN: usize = 32;

/// What deriving a key costs: memory in KiB.
#[derive(Clone, Copy)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    fn derive(
        self,
        passphrase: &Passphrase,
        salt: &[u8; 16],
    ) -> Result<Zeroizing<[u8; KEY_LEN]>, argon2::Error> {
        let params = Params::new(self.memory, self.passes, self.lanes, Some(KEY_LEN))?;
        let mut key = Zeroizing::new([0; KEY_LEN]);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(passphrase.0.as_bytes(), salt, key.as_mut_slice())?;
        Ok(key)
    }

    const fn is_allowed(self) -> bool {
        self.memory <= MOST.memory && self.passes <= MOST.passes && self.lanes <= MOST.lanes
    }
}

/// One key that seals key files, and the id by which they name it.
#[derive(Clone)]
pub(super) struct Master {
    id: [u8; ID_LEN],
    key: Zeroizing<[u8; KEY_LEN]>,
}

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Master(..)")
    }
}

impl Master {
    pub(super) fn fresh() -> Result<Self, KeyringError> {
        let key = Zeroizing::new(random().map_err(KeyringError::Random)?);
        let mut id = [0; ID_LEN];
        getrandom::fill(&mut id).map_err(KeyringError::Random)?;
        Ok(Self { id, key })
    }

    /// A key file's text, sealed for the file of this name and no other.
    pub(super) fn seal(&self, name: &str, text: &str) -> Result<String, KeyringError> {
        let bound_to = [SEALED_CONTEXT, &self.id, name.as_bytes()].concat();
        let sealed = seal(&self.key, text.as_bytes(), &bound_to)?;
        Ok(BASE64.encode([&[VERSION], self.id.as_slice(), &sealed].concat()))
    }
}

/// All master keys: one, or two while files go from one to the other. The newest is the first.
#[derive(Clone, Debug)]
pub(super) struct Masters {
    newest: Master,
    older: Vec<Master>,
}

impl Masters {
    pub(super) const fn one(master: Master) -> Self {
        Self { newest: master, older: Vec::new() }
    }

    /// These, behind a newer one.
    pub(super) fn behind(self, newest: Master) -> Self {
        let older = std::iter::once(self.newest).chain(self.older).collect();
        Self { newest, older }
    }

    pub(super) const fn newest(&self) -> &Master {
        &self.newest
    }

    /// The text of a sealed file of this name.
    pub(super) fn unseal(&self, text: &str, name: &str) -> Result<Zeroizing<String>, &'static str> {
        let bytes = BASE64.decode(text).map_err(|_| "it is no base64")?;
        let (version, rest) = bytes.split_first().ok_or("it is empty")?;
        if *version != VERSION {
            return Err("it is of a version that this program does not know");
        }
        let (id, sealed) = rest.split_first_chunk::<ID_LEN>().ok_or("it is cut short")?;
        let mut all = std::iter::once(&self.newest).chain(&self.older);
        let master = all.find(|master| master.id == *id);
        let master =
            master.ok_or("it was sealed under another master key than master.key holds")?;
        let bound_to = [SEALED_CONTEXT, &master.id, name.as_bytes()].concat();
        let text = open(&master.key, sealed, &bound_to).ok_or("its bytes were changed")?;
        std::str::from_utf8(&text)
            .map(|text| Zeroizing::new(text.to_owned()))
            .map_err(|_| "it holds no text")
    }

    /// The master key's file, under a passphrase.
    pub(super) fn to_text(&self, passphrase: &Passphrase) -> Result<String, KeyringError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(KeyringError::Random)?;
        let key = COST.derive(passphrase, &salt).map_err(KeyringError::Derive)?;
        let cost = [COST.memory, COST.passes, COST.lanes].map(u32::to_be_bytes);
        let head = [&[VERSION], cost.as_flattened(), &salt].concat();
        let mut plain = Zeroizing::new(Vec::new());
        for master in std::iter::once(&self.newest).chain(&self.older) {
            plain.extend_from_slice(&master.id);
            plain.extend_from_slice(master.key.as_slice());
        }
        let sealed = seal(&key, &plain, &head)?;
        Ok(format!("{MASTER}{}\n", BASE64.encode([head, sealed].concat())))
    }

    /// Reads the master key's file.
    pub(super) fn open(
        text: &str,
        passphrase: &Passphrase,
        path: &Path,
    ) -> Result<Self, KeyringError> {
        let damaged = |reason| KeyringError::Damaged { path: path.to_owned(), reason };
        let text = text.trim().strip_prefix(MASTER).ok_or_else(|| damaged("it is none"))?;
        let bytes = BASE64.decode(text).map_err(|_| damaged("it is no base64"))?;
        let split = decode_all(&bytes, split).map_err(|_| damaged("it is cut short"))?;
        let (version, cost, salt, sealed) = split;
        if version != VERSION {
            return Err(damaged("it is of a version that this program does not know"));
        }
        if !cost.is_allowed() {
            return Err(damaged("it asks for more work than any that this program writes"));
        }
        let key = cost.derive(passphrase, salt).map_err(KeyringError::Derive)?;
        let head = bytes.get(..bytes.len().saturating_sub(sealed.len())).unwrap_or_default();
        let wrong = || KeyringError::WrongPassphrase(path.to_owned());
        let plain = open(&key, sealed, head).ok_or_else(wrong)?;
        let mut all = plain.chunks_exact(ID_LEN.saturating_add(KEY_LEN)).filter_map(|chunk| {
            let (id, key) = chunk.split_first_chunk::<ID_LEN>()?;
            Some(Master { id: *id, key: Zeroizing::new(key.try_into().ok()?) })
        });
        let newest = all.next().ok_or_else(|| damaged("it holds no key"))?;
        Ok(Self { newest, older: all.collect() })
    }
}

type Split<'a> = (u8, Cost, &'a [u8; 16], &'a [u8]);

fn split<'a>(reader: &mut Reader<'a>) -> Result<Split<'a>, Refused> {
    let version = reader.u8()?;
    let cost = Cost { memory: reader.u32()?, passes: reader.u32()?, lanes: reader.u32()? };
    let salt = reader.array::<16>()?;
    Ok((version, cost, salt, reader.take(reader.rest().len())?))
}

/// Nonce, ciphertext and tag.
fn seal(key: &[u8; KEY_LEN], plain: &[u8], bound_to: &[u8]) -> Result<Vec<u8>, KeyringError> {
    let mut nonce = [0; 24];
    getrandom::fill(&mut nonce).map_err(KeyringError::Random)?;
    let payload = Payload { msg: plain, aad: bound_to };
    let sealed = XChaCha20Poly1305::new(key.into()).encrypt(<&XNonce>::from(&nonce), payload);
    // Only a plaintext of 256 GiB is refused.
    let sealed = sealed.map_err(|_| KeyringError::Derive(argon2::Error::OutOfMemory))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(key: &[u8; KEY_LEN], sealed: &[u8], bound_to: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
    let payload = Payload { msg: sealed, aad: bound_to };
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(<&XNonce>::from(nonce), payload).ok().map(Zeroizing::new)
}
