//! A directory whose keys change their form: it opens whatever was done last, and holds no secret
//! in the clear once all is sealed.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::init::{InitOptions, init};
use crate::node::{Node, Options};

const SEALED_FILES: [&str; 4] =
    ["keys/admin.key", "keys/chain/00.key", "keys/ingest.key", "keys/validator.key"];

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        let dir = Self(tempfile::tempdir().unwrap());
        init(&dir.path(), InitOptions::default()).unwrap();
        let ring = Keyring::open(&dir.path(), None).unwrap();
        ring.write("keys/chain/00.key", "cairn-secret-chain:0123456789abcdef\n").unwrap();
        dir
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Opens with this passphrase, and gives what all keys are.
    fn opened(&self, words: Option<&str>) -> Result<Vec<String>, KeyringError> {
        let passphrase = words.map(pass);
        let ring = Keyring::open(&self.path(), passphrase.as_ref())?;
        let read = |name: &&str| Ok(ring.read(name)?.unwrap().to_string());
        SEALED_FILES.iter().map(read).collect()
    }
}

fn pass(words: &str) -> Passphrase {
    Passphrase::new(words).unwrap()
}

/// The part of a key file that nobody else may know.
fn secret(text: &str) -> &str {
    text.trim().rsplit(':').next().unwrap()
}

fn assert_no_trace(dir: &Path, secrets: &[String]) {
    let mut folders = vec![dir.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            for text in secrets {
                let found = bytes.windows(text.len()).any(|part| part == text.as_bytes());
                assert!(!found, "a secret stands in {}", path.display());
            }
            files.push(path);
        }
    }
    assert!(files.len() >= 6);
}

#[test]
fn sealed_keys_leave_no_trace_and_come_back() {
    let dir = Dir::new();
    let before = dir.opened(None).unwrap();
    let secrets: Vec<String> = before.iter().map(|text| secret(text).to_owned()).collect();
    let link = dir.0.path().join("link");
    fs::hard_link(dir.path().join("keys/validator.key"), &link).unwrap();

    assert_eq!(encrypt(&dir.path(), &pass("one")).unwrap(), 4);
    assert_no_trace(&dir.path(), &secrets);
    assert!(fs::read(&link).unwrap().iter().all(|byte| *byte == 0), "the old bytes are wiped");
    assert_eq!(dir.opened(Some("one")).unwrap(), before);
    assert!(matches!(dir.opened(None), Err(KeyringError::Locked(_))));
    assert!(matches!(dir.opened(Some("two")), Err(KeyringError::WrongPassphrase(_))));
    assert!(matches!(encrypt(&dir.path(), &pass("one")), Err(KeyringError::IsEncrypted(_))));

    let sealed = dir.text("keys/ingest.key");
    assert!(matches!(
        rotate(&dir.path(), &pass("x"), &pass("two")),
        Err(KeyringError::WrongPassphrase(_))
    ));
    assert_eq!(dir.text("keys/ingest.key"), sealed);
    assert_eq!(rotate(&dir.path(), &pass("one"), &pass("two")).unwrap(), 4);
    assert_no_trace(&dir.path(), &secrets);
    assert_eq!(dir.opened(Some("two")).unwrap(), before);
    assert!(matches!(dir.opened(Some("one")), Err(KeyringError::WrongPassphrase(_))));
    // What the old master key sealed does not open any more.
    fs::write(dir.path().join("keys/ingest.key"), &sealed).unwrap();
    assert!(matches!(dir.opened(Some("two")), Err(KeyringError::Damaged { .. })));
    fs::write(dir.path().join("keys/ingest.key"), &before[2]).unwrap();

    assert_eq!(decrypt(&dir.path(), &pass("two")).unwrap(), 4);
    assert!(!is_encrypted(&dir.path()));
    assert_eq!(dir.opened(None).unwrap(), before);
    assert!(matches!(decrypt(&dir.path(), &pass("two")), Err(KeyringError::NotEncrypted(_))));
    assert!(matches!(
        rotate(&dir.path(), &pass("two"), &pass("one")),
        Err(KeyringError::NotEncrypted(_))
    ));
}

/// Something that is no key file ends each change at another place, as a crash would.
#[test]
fn a_change_that_ends_half_way_leaves_a_directory_that_opens() {
    for stop in ["keys/b.key", "keys/chain/zz.key", "keys/j.key", "keys/z.key"] {
        let dir = Dir::new();
        let before = dir.opened(None).unwrap();
        let obstacle = dir.path().join(stop);
        let (one, two) = (pass("one"), pass("two"));

        fs::create_dir(&obstacle).unwrap();
        assert!(encrypt(&dir.path(), &one).is_err());
        assert_eq!(dir.opened(Some("one")).unwrap(), before, "encrypt until {stop}");
        fs::remove_dir(&obstacle).unwrap();
        // Where the obstacle came last, all was done.
        assert_eq!(encrypt(&dir.path(), &one).is_err(), stop == "keys/z.key");
        assert!(SEALED_FILES.iter().all(|name| dir.text(name).starts_with(SEALED)));

        fs::create_dir(&obstacle).unwrap();
        assert!(rotate(&dir.path(), &one, &two).is_err());
        assert_eq!(dir.opened(Some("two")).unwrap(), before, "rotate until {stop}");
        fs::remove_dir(&obstacle).unwrap();
        rotate(&dir.path(), &two, &one).unwrap();

        fs::create_dir(&obstacle).unwrap();
        assert!(decrypt(&dir.path(), &one).is_err());
        assert_eq!(dir.opened(Some("one")).unwrap(), before, "decrypt until {stop}");
        fs::remove_dir(&obstacle).unwrap();
        decrypt(&dir.path(), &one).unwrap();
        assert_eq!(dir.opened(None).unwrap(), before);
    }
}

#[test]
fn sealed_files_are_bound_to_their_names_and_every_byte_counts() {
    let dir = Dir::new();
    encrypt(&dir.path(), &pass("one")).unwrap();
    let ring = Keyring::open(&dir.path(), Some(&pass("one"))).unwrap();
    let (ingest, validator) = (dir.text("keys/ingest.key"), dir.text("keys/validator.key"));
    let put = |text: &str| fs::write(dir.path().join("keys/ingest.key"), text).unwrap();
    let refused = |text: &str| {
        put(text);
        matches!(ring.read("keys/ingest.key"), Err(KeyringError::Damaged { .. }))
    };
    assert!(refused(&validator), "another key's file");
    for at in (SEALED.len()..ingest.len() - 2).step_by(11) {
        let mut bent = ingest.clone().into_bytes();
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        assert!(refused(std::str::from_utf8(&bent).unwrap()), "byte {at}");
    }
    for cut in [SEALED.len(), SEALED.len() + 8, ingest.len() - 9] {
        assert!(refused(&ingest[..cut]), "cut to {cut}");
    }
    fs::write(dir.path().join("keys/ingest.key"), [0xff, 0xfe]).unwrap();
    assert!(matches!(ring.read("keys/ingest.key"), Err(KeyringError::Damaged { .. })));
    put(&ingest);
    assert!(ring.read("keys/ingest.key").is_ok());
    assert!(ring.read("keys/absent.key").unwrap().is_none());

    let master = dir.text(MASTER_KEY);
    for (at, wrong) in [(30, true), (60, true), (master.len() - 9, true), (3, false)] {
        let mut bent = master.clone().into_bytes();
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        fs::write(dir.path().join(MASTER_KEY), bent).unwrap();
        let opened = dir.opened(Some("one"));
        assert!(opened.is_err(), "byte {at}: {opened:?} {wrong}");
    }
    fs::remove_file(dir.path().join(MASTER_KEY)).unwrap();
    assert!(matches!(dir.opened(Some("one")), Err(KeyringError::Damaged { .. })));
}

#[test]
fn a_node_runs_on_sealed_keys_and_seals_those_that_it_makes() {
    let dir = Dir::new();
    encrypt(&dir.path(), &pass("one")).unwrap();
    let refused = Node::open(&dir.path(), Options::default()).map(drop).unwrap_err();
    assert!(refused.to_string().contains("--key-passphrase-file"), "{refused}");
    let node = Node::open_with(&dir.path(), Options::default(), Some(&pass("one"))).unwrap();
    let ring = node.shared().keys().unwrap().ring.clone();
    let mut keys = crate::seal::ChainKeys::new(ring.clone());
    let stream = node.streams().remove(0);
    let made = *keys.get(&stream).unwrap();
    let name = crate::node::chain_key(&stream.id);
    assert!(dir.text(&name).starts_with(SEALED));
    assert_eq!(*crate::seal::ChainKeys::new(ring).get(&stream).unwrap(), made);
    node.shutdown();
    drop((node, keys));
    decrypt(&dir.path(), &pass("one")).unwrap();
    let node = Node::open(&dir.path(), Options::default()).unwrap();
    let ring = node.shared().keys().unwrap().ring.clone();
    assert_eq!(*crate::seal::ChainKeys::new(ring).get(&node.streams()[0]).unwrap(), made);
}

#[test]
fn a_passphrase_is_one_line() {
    assert!(Passphrase::new("").is_none());
    assert!(Passphrase::new("  \nsecond").is_none());
    assert_eq!(*pass(" words of mine \r\nmore").0, "words of mine");
    assert_eq!(format!("{:?}", pass("words")), "Passphrase(..)");
}
