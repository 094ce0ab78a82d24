//! Key files: secret ones as the verifier's `secret` module has them, and the public side of a
//! member's, which another person's `cairn init` takes.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use cairn_verifier::finality::Suite;
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::trust::{KeyDraft, WRAP_X_WING};
use zeroize::Zeroizing;

use super::Failure;
use crate::genesis::PublicNode;
use crate::http_client::{hex, parse_hex};
use crate::init::public_keys;
use crate::keyring::is_sealed;
use crate::seal::parse_chain_key;

const PUBLIC: &str = "cairn-public-member:";
/// Length of an X-Wing public key.
const WRAP_KEY_LEN: usize = 1_216;
/// No key file is longer.
const MAX_FILE: u64 = 16_384;

/// Reads a member's secret key file.
pub(crate) fn read_secret(path: &Path) -> Result<MemberSecret, Failure> {
    let text = read(path)?;
    let text = if is_sealed(&text) { super::keyring::unseal(path)? } else { text };
    MemberSecret::parse(&text)
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Reads a validator's secret key file.
pub(super) fn read_validator(path: &Path) -> Result<ValidatorSecret, Failure> {
    let text = read(path)?;
    let text = if is_sealed(&text) { super::keyring::unseal(path)? } else { text };
    ValidatorSecret::parse(&text)
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Reads the file of a stream's chain key.
pub(super) fn read_chain(path: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let text = read(path)?;
    let text = if is_sealed(&text) { super::keyring::unseal(path)? } else { text };
    parse_chain_key(&text).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Reads a member's public keys, from either side's file.
pub(super) fn read_public(path: &Path) -> Result<Vec<KeyDraft>, Failure> {
    let text = read(path)?;
    if let Ok(node) = PublicNode::parse(&text) {
        return Ok(vec![node.ingest_key()]);
    }
    if !text.contains(PUBLIC) {
        return read_secret(path).map(|secret| public_keys(&secret));
    }
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let bytes = line.and_then(|line| line.strip_prefix(PUBLIC)).and_then(parse_hex);
    let keys = bytes.and_then(|bytes| {
        let (signing, wrap) = bytes.split_at_checked(32)?;
        let keys = vec![(Suite::Ed25519.byte(), signing.to_vec()), (WRAP_X_WING, wrap.to_vec())];
        (wrap.len() == WRAP_KEY_LEN).then_some(keys)
    });
    keys.ok_or_else(|| {
        let form = "a public key file has one line `cairn-public-member:` and 2,496 hex digits";
        Failure::Failed(format!("{}: {form}", path.display()))
    })
}

/// The public side of a member's key file.
pub(super) fn public_text(secret: &MemberSecret) -> String {
    let bytes = [secret.public_key().as_slice(), &secret.wrap().public_key()].concat();
    format!("{PUBLIC}{}\n", hex(&bytes))
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    if fs::metadata(path).map_err(failed)?.len() > MAX_FILE {
        return Err(Failure::Failed(format!("{} is too long for a key file", path.display())));
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(failed)
}

/// Writes a new file that only its owner may read; one that exists is never overwritten.
pub(crate) fn write_secret(path: &Path, text: &str) -> Result<(), Failure> {
    write_new(path, text.as_bytes(), 0o600)
}

/// Writes a new file that anyone may read; one that exists is never overwritten.
pub(super) fn write_public(path: &Path, text: &str) -> Result<(), Failure> {
    write_new(path, text.as_bytes(), 0o644)
}

/// The same, of bytes.
pub(super) fn write_new_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_new(path, bytes, 0o644)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let written = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).and_then(
        |mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        },
    );
    written.map_err(|error| {
        let name = path.display();
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Failure::Failed(format!("{name} exists, and is not overwritten"));
        }
        Failure::Failed(format!("{name}: {error}"))
    })
}

/// A member's new secret key.
pub(crate) fn new_member() -> Result<MemberSecret, Failure> {
    let seed = new_seed()?;
    MemberSecret::from_seed(*seed)
        .ok_or_else(|| Failure::Failed("the random seed made no key; try again".to_owned()))
}

/// 32 random bytes.
pub(crate) fn new_seed() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(Failure::failed)?;
    Ok(seed)
}
