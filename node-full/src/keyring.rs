//! The node's secret keys at rest: one file each, in the clear or sealed under a master key, which
//! a passphrase opens.
//!
//! ```text
//! passphrase --Argon2id--> key --opens--> keys/master.key: ids and keys
//!                                            each opens what names its id:
//!                                         keys/validator.key, keys/ingest.key, keys/chain/*.key
//! ```
//!
//! **Invariant:** every file opens by itself, in its old form or its new one, so that a directory
//! opens whatever was done last; changing forms needs no order but that the master key is written
//! before what it seals, and removed after all of it is in the clear.

mod change;
mod master;

use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};

pub use change::{decrypt, encrypt, is_encrypted, rotate};
use master::{Master, Masters};

/// Where the master key is, below the data directory.
const MASTER_KEY: &str = "keys/master.key";
/// No key file is longer.
const MAX_FILE: u64 = 16_384;
/// What the one line of a sealed file begins with.
const SEALED: &str = "cairn-sealed-key:";

/// What opens a master key: a person's words, or a line of random characters in a file.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

impl Passphrase {
    /// The first line of a text, without blanks at its ends; `None` if there is nothing in it.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let line = text.lines().next().unwrap_or_default().trim();
        (!line.is_empty()).then(|| Self(Zeroizing::new(line.to_owned())))
    }
}

/// Why a key cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The keys are encrypted, and nothing was given to open them.
    #[error(
        "the keys in {0} are encrypted; give --key-passphrase-file FILE, or set \
         CAIRN_KEY_PASSPHRASE"
    )]
    Locked(PathBuf),
    /// The passphrase is another.
    #[error("the passphrase does not open {0}, or the file is damaged")]
    WrongPassphrase(PathBuf),
    /// A sealed file that no master key opens.
    #[error("{path} cannot be opened: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The keys are encrypted already.
    #[error("the keys in {0} are encrypted; `cairn keys rotate` changes the passphrase")]
    IsEncrypted(PathBuf),
    /// The keys are not encrypted.
    #[error("the keys in {0} are not encrypted; `cairn keys encrypt` does that")]
    NotEncrypted(PathBuf),
    /// The system gives no randomness.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// The system has not the memory that the passphrase needs.
    #[error("no key could be made of the passphrase: {0}")]
    Derive(argon2::Error),
    /// A file cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

/// The key files of a data directory, with what opens them.
#[derive(Clone, Debug)]
pub(crate) struct Keyring {
    dir: PathBuf,
    /// None where keys are kept in the clear.
    masters: Option<Masters>,
}

impl Keyring {
    /// Opens the master key, if there is one.
    pub(crate) fn open(dir: &Path, passphrase: Option<&Passphrase>) -> Result<Self, KeyringError> {
        let path = dir.join(MASTER_KEY);
        let masters = match (read(&path)?, passphrase) {
            (None, _) => None,
            (Some(_), None) => return Err(KeyringError::Locked(dir.join("keys"))),
            (Some(text), Some(passphrase)) => Some(Masters::open(&text, passphrase, &path)?),
        };
        Ok(Self { dir: dir.to_owned(), masters })
    }

    /// A key file's text; `None` if there is no such file.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, KeyringError> {
        let path = self.dir.join(name);
        let Some(text) = read(&path)? else { return Ok(None) };
        let Some(sealed) = sealed_part(&text) else { return Ok(Some(text)) };
        let damaged = |reason| KeyringError::Damaged { path: path.clone(), reason };
        let masters = self.masters.as_ref();
        let masters = masters.ok_or_else(|| damaged("it is sealed, and master.key is missing"))?;
        masters.unseal(sealed, name).map(Some).map_err(damaged)
    }

    /// Whether there is a key file of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.dir.join(name).exists()
    }

    /// Writes a key file: durable, and sealed if the others are.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), KeyringError> {
        let path = self.dir.join(name);
        if let Some(folder) = path.parent() {
            files::create_dir(folder)?;
        }
        let bytes = match &self.masters {
            Some(masters) => sealed_text(masters.newest(), name, text)?,
            None => Zeroizing::new(text.to_owned()),
        };
        Ok(files::write(&path, bytes.as_bytes(), Secrecy::Secret)?)
    }
}

/// Whether this is the text of a sealed file.
pub(crate) fn is_sealed(text: &str) -> bool {
    sealed_part(text).is_some()
}

/// What stands in a sealed file behind its mark; `None` for one in the clear.
fn sealed_part(text: &str) -> Option<&str> {
    text.trim().strip_prefix(SEALED)
}

fn sealed_text(master: &Master, name: &str, text: &str) -> Result<Zeroizing<String>, KeyringError> {
    Ok(Zeroizing::new(format!("{SEALED}{}\n", master.seal(name, text)?)))
}

fn read(path: &Path) -> Result<Option<Zeroizing<String>>, KeyringError> {
    let Some(bytes) = files::read(path, MAX_FILE)?.map(Zeroizing::new) else { return Ok(None) };
    let no_text = KeyringError::Damaged { path: path.to_owned(), reason: "it holds no text" };
    let text = std::str::from_utf8(&bytes).map_err(|_| no_text)?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

#[cfg(test)]
mod tests;
