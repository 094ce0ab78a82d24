//! `cairn keys`, and where a passphrase comes from.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use cairn_verifier::json::Object;
use clap::{Args as ClapArgs, Subcommand};
use zeroize::Zeroizing;

use super::{Failure, out, start};
use crate::keyring::{self, Keyring, Passphrase};
use crate::node::lock;

const EXAMPLES: &str = "Examples:
  cairn keys encrypt --dir data                      asks for a passphrase
  (umask 077; head -c 32 /dev/urandom | base64 > /mnt/safe/cairn.passphrase)
  cairn keys encrypt --dir data --key-passphrase-file /mnt/safe/cairn.passphrase
  cairn start --dir data --key-passphrase-file /mnt/safe/cairn.passphrase
  cairn keys rotate --dir data --new-passphrase-file /mnt/safe/new.passphrase
  cairn keys decrypt --dir data

The node must not run. A passphrase is the first line of the file that --key-passphrase-file or
CAIRN_KEY_PASSPHRASE_FILE names, or stands in CAIRN_KEY_PASSPHRASE; on a terminal it is asked for.
Without it nobody opens the keys, this program included: keep it apart from backups, and not lose it.
Rotating changes what the files here are sealed under; it does not change the keys that are in them,
nor what opens a copy that was made before.";

/// A new passphrase that is typed has at least so many characters.
const MIN_TYPED: usize = 12;

/// Arguments of `keys`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Seal the node's keys under a passphrase
    Encrypt(Place),
    /// Bring them back into the clear
    Decrypt(Place),
    /// Seal them under another master key and another passphrase
    Rotate {
        #[command(flatten)]
        place: Place,
        /// A file whose first line is the new passphrase
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
}

#[derive(Debug, ClapArgs)]
struct Place {
    /// The data directory
    #[arg(long)]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Where the passphrase of a data directory is.
#[derive(Debug, ClapArgs)]
pub(super) struct PassphraseArgs {
    /// A file whose first line opens the node's encrypted keys: see cairn keys --help
    #[arg(long, value_name = "FILE")]
    key_passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// What opens the keys of a directory, if they are encrypted.
    pub(super) fn of(&self, dir: &Path) -> Result<Option<Passphrase>, Failure> {
        let variable = || start::variable("CAIRN_KEY_PASSPHRASE_FILE").map(PathBuf::from);
        find(dir, self.key_passphrase_file.clone().or_else(variable).as_deref())
    }
}

/// What opens the keys of a directory, if they are encrypted: from this file, the environment, or
/// a person. None if there is nobody to ask.
pub(super) fn find(dir: &Path, file: Option<&Path>) -> Result<Option<Passphrase>, Failure> {
    if keyring::is_encrypted(dir) { given(file, false) } else { Ok(None) }
}

/// The text of a sealed key file, which stands in a data directory's `keys`.
pub(super) fn unseal(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let lost = || {
        let why = "it is sealed, and can be opened only where it is, in a data directory's `keys`";
        Failure::Failed(format!("{}: {why}", path.display()))
    };
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(lost)?;
    let keys = path.parent().filter(|keys| keys.ends_with("keys")).ok_or_else(lost)?;
    let dir =
        keys.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let file = start::variable("CAIRN_KEY_PASSPHRASE_FILE").map(PathBuf::from);
    let passphrase = find(dir, file.as_deref())?;
    let ring = Keyring::open(dir, passphrase.as_ref()).map_err(Failure::failed)?;
    ring.read(&format!("keys/{name}")).map_err(Failure::failed)?.ok_or_else(lost)
}

fn given(file: Option<&Path>, is_new: bool) -> Result<Option<Passphrase>, Failure> {
    let empty = |what: &str| Failure::Failed(format!("{what}: its first line is empty"));
    if let Some(path) = file {
        let name = path.display();
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.map_err(|error| Failure::Failed(format!("{name}: {error}")))?;
        return Passphrase::new(&text).ok_or_else(|| empty(&name.to_string())).map(Some);
    }
    if let Some(text) = start::variable("CAIRN_KEY_PASSPHRASE").filter(|_| !is_new) {
        let text = Zeroizing::new(text);
        return Passphrase::new(&text).ok_or_else(|| empty("CAIRN_KEY_PASSPHRASE")).map(Some);
    }
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map(Zeroizing::new);
    let first = ask("Passphrase: ").map_err(Failure::failed)?;
    Ok(Passphrase::new(&first))
}

/// A new passphrase: from a file, or typed twice.
fn new(file: Option<&Path>) -> Result<Passphrase, Failure> {
    let none = || Failure::Usage("no passphrase: name a file that holds it".to_owned());
    if file.is_some() || !std::io::stdin().is_terminal() {
        return given(file, true)?.ok_or_else(none);
    }
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map(Zeroizing::new);
    let first = ask("New passphrase: ").map_err(Failure::failed)?;
    if first.chars().count() < MIN_TYPED {
        let short = format!("a passphrase that is typed has at least {MIN_TYPED} characters");
        return Err(Failure::Failed(short));
    }
    let second = ask("The same again: ").map_err(Failure::failed)?;
    if *first != *second {
        return Err(Failure::Failed("the two are not the same; nothing was changed".to_owned()));
    }
    Passphrase::new(&first).ok_or_else(none)
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let (What::Encrypt(place) | What::Decrypt(place) | What::Rotate { place, .. }) = &args.what;
    let dir = &place.dir;
    if !dir.join("keys").is_dir() {
        return Err(Failure::Failed(format!("{} has no keys", dir.display())));
    }
    let _lock = lock(dir).map_err(Failure::failed)?;
    let needed = || Failure::Usage("no passphrase: see cairn keys --help".to_owned());
    let (done, count) = match &args.what {
        What::Encrypt(place) => {
            let found = match place.passphrase.key_passphrase_file.as_deref() {
                None if start::variable("CAIRN_KEY_PASSPHRASE").is_some() => {
                    given(None, false)?.ok_or_else(needed)?
                }
                file => new(file)?,
            };
            ("encrypted", keyring::encrypt(dir, &found))
        }
        What::Decrypt(place) => {
            let found = place.passphrase.of(dir)?;
            ("decrypted", decrypt(dir, found.as_ref()))
        }
        What::Rotate { place, new_passphrase_file } => {
            if !keyring::is_encrypted(dir) {
                let none = keyring::KeyringError::NotEncrypted(dir.join("keys"));
                return Err(Failure::failed(none));
            }
            let before = place.passphrase.of(dir)?.ok_or_else(needed)?;
            let after = new(new_passphrase_file.as_deref())?;
            ("rotated", keyring::rotate(dir, &before, &after))
        }
    };
    let count = count.map_err(Failure::failed)?;
    if json {
        out::line(Object::new().plain(done, count).finish());
    } else {
        out::line(format_args!("{done} {count} keys in {}", dir.join("keys").display()));
    }
    Ok(())
}

fn decrypt(dir: &Path, found: Option<&Passphrase>) -> Result<usize, keyring::KeyringError> {
    match found {
        Some(found) => keyring::decrypt(dir, found),
        None if keyring::is_encrypted(dir) => Err(keyring::KeyringError::Locked(dir.join("keys"))),
        None => Err(keyring::KeyringError::NotEncrypted(dir.join("keys"))),
    }
}
