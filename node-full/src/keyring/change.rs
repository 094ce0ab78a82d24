//! Changing how keys are kept. Each step leaves a directory that opens: see the invariant above.

use std::path::Path;

use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};

use super::master::{Master, Masters};
use super::{Keyring, KeyringError, MASTER_KEY, Passphrase, read, sealed_text};

/// Whether a data directory has a master key.
#[must_use]
pub fn is_encrypted(dir: &Path) -> bool {
    dir.join(MASTER_KEY).exists()
}

/// Seals the keys of a data directory that no node has open; how many. Going on where a crash
/// ended it is the same call again with the same passphrase.
///
/// # Errors
/// [`KeyringError`].
pub fn encrypt(dir: &Path, passphrase: &Passphrase) -> Result<usize, KeyringError> {
    let is_begun = is_encrypted(dir);
    if is_begun && names(dir)?.iter().all(|name| is_sealed(dir, name)) {
        return Err(KeyringError::IsEncrypted(dir.join("keys")));
    }
    if !is_begun {
        write_masters(dir, &Masters::one(Master::fresh()?), passphrase)?;
    }
    let keyring = Keyring::open(dir, Some(passphrase))?;
    each(dir, |name| if is_sealed(dir, name) { Ok(()) } else { reseal(&keyring, name) })
}

/// Brings the keys back into the clear; how many.
///
/// # Errors
/// [`KeyringError`].
pub fn decrypt(dir: &Path, passphrase: &Passphrase) -> Result<usize, KeyringError> {
    if !is_encrypted(dir) {
        return Err(KeyringError::NotEncrypted(dir.join("keys")));
    }
    let keyring = Keyring::open(dir, Some(passphrase))?;
    let count = each(dir, |name| {
        let text = keyring.read(name)?.unwrap_or_default();
        Ok(files::write(&dir.join(name), text.as_bytes(), Secrecy::Secret)?)
    })?;
    let path = dir.join(MASTER_KEY);
    std::fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
    files::sync_dir(&dir.join("keys"))?;
    Ok(count)
}

/// Seals the keys under a new master key and a new passphrase; how many. What opened them before
/// opens a copy that was made before, and nothing that is here.
///
/// # Errors
/// [`KeyringError`].
pub fn rotate(dir: &Path, before: &Passphrase, after: &Passphrase) -> Result<usize, KeyringError> {
    let path = dir.join(MASTER_KEY);
    let text = read(&path)?.ok_or_else(|| KeyringError::NotEncrypted(dir.join("keys")))?;
    let fresh = Master::fresh()?;
    let both = Masters::open(&text, before, &path)?.behind(fresh.clone());
    write_masters(dir, &both, after)?;
    let keyring = Keyring { dir: dir.to_owned(), masters: Some(both) };
    let count = each(dir, |name| reseal(&keyring, name))?;
    write_masters(dir, &Masters::one(fresh), after)?;
    Ok(count)
}

fn write_masters(
    dir: &Path,
    masters: &Masters,
    passphrase: &Passphrase,
) -> Result<(), KeyringError> {
    let text = masters.to_text(passphrase)?;
    replace(&dir.join(MASTER_KEY), text.as_bytes())
}

/// Brings a file under the newest master key.
fn reseal(keyring: &Keyring, name: &str) -> Result<(), KeyringError> {
    let Some(text) = keyring.read(name)? else { return Ok(()) };
    let Some(masters) = &keyring.masters else { return Ok(()) };
    let sealed = sealed_text(masters.newest(), name, &text)?;
    replace(&keyring.dir.join(name), sealed.as_bytes())
}

/// Writes a file whole in the place of an older one, then wipes the older one's bytes.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), KeyringError> {
    let old = std::fs::OpenOptions::new().write(true).open(path).ok();
    files::write(path, bytes, Secrecy::Secret)?;
    if let Some(old) = old {
        files::wipe(old).map_err(StoreError::io("wipe what was before in", path))?;
    }
    Ok(())
}

fn is_sealed(dir: &Path, name: &str) -> bool {
    let text = read(&dir.join(name)).ok().flatten();
    text.is_some_and(|text| super::is_sealed(&text))
}

fn each(
    dir: &Path,
    mut change: impl FnMut(&str) -> Result<(), KeyringError>,
) -> Result<usize, KeyringError> {
    let names = names(dir)?;
    for name in &names {
        change(name)?;
    }
    Ok(names.len())
}

/// The key files of a data directory, by their names below it, without the master key's.
fn names(dir: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for folder in ["keys", "keys/chain"] {
        let path = dir.join(folder);
        if !path.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&path).map_err(StoreError::io("list", &path))? {
            let file = entry.map_err(StoreError::io("list", &path))?.file_name();
            let name = format!("{folder}/{}", file.to_string_lossy());
            if name.ends_with(".key") && name != MASTER_KEY {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}
