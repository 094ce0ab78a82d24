//! The beginning of a log with many nodes: each makes its keys, somebody makes the genesis of their
//! public halves, and each takes that genesis. No secret key leaves its machine.

use std::path::Path;

use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};
use cairn_verifier::digest::{KeyId, LogId};
use cairn_verifier::finality::{PublicKey, Suite};
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::trust::{Genesis, KeyDraft};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::http_client::{hex, parse_hex};
use crate::init::{
    FORMAT_FILE, INGEST_MEMBER, InitError, Initialised, check_empty, new_member, take_genesis,
    write_key,
};
use crate::node::{INGEST_KEY, VALIDATOR_KEY};
use crate::seal::random;
use crate::validate;

/// The file with the public halves of a node's keys, in its data directory.
pub const PUBLIC_FILE: &str = "node.pub";
/// What its line begins with.
const PUBLIC: &str = "cairn-public-node:";
/// No file of a key is longer.
const MAX_FILE: u64 = 16_384;

/// The keys that one node cannot run without.
#[derive(Debug)]
pub struct NodeKeys {
    validator: ValidatorSecret,
    ingest: MemberSecret,
}

impl NodeKeys {
    /// New keys; the validator's of this suite.
    ///
    /// # Errors
    /// [`InitError`] if the system gives no randomness.
    pub fn new(suite: Suite) -> Result<Self, InitError> {
        let seed = random().map_err(InitError::Random)?;
        let validator = match suite {
            Suite::Ed25519 => ValidatorSecret::suite_1_from_seed(seed),
            Suite::MlDsa65Ed25519 => ValidatorSecret::suite_3_from_seed(seed),
            Suite::MlDsa44Ed25519 | _ => ValidatorSecret::from_seed(seed),
        };
        Ok(Self { validator, ingest: new_member()? })
    }

    /// Makes keys in `dir`, which must be empty or not exist, and the file of their public halves.
    ///
    /// # Errors
    /// [`InitError`].
    pub fn make(dir: &Path, suite: Suite) -> Result<PublicNode, InitError> {
        check_empty(dir)?;
        let keys = Self::new(suite)?;
        keys.write(dir)?;
        let public = keys.public();
        let text = format!("{}\n", public.to_text());
        files::write(&dir.join(PUBLIC_FILE), text.as_bytes(), Secrecy::Public)?;
        Ok(public)
    }

    /// The public halves.
    #[must_use]
    pub fn public(&self) -> PublicNode {
        let (suite, validator) = (self.validator.suite(), self.validator.public_key());
        PublicNode { suite, validator, ingest: self.ingest.public_key() }
    }

    pub(crate) const fn ingest(&self) -> &MemberSecret {
        &self.ingest
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<(), InitError> {
        files::create_dir(&dir.join("keys"))?;
        write_key(&dir.join(VALIDATOR_KEY), &self.validator.to_text())?;
        write_key(&dir.join(INGEST_KEY), &self.ingest.to_text())
    }

    fn read(dir: &Path) -> Result<Self, InitError> {
        let bad = |name: &str, reason| InitError::Keys { path: dir.join(name), reason };
        let read = |name: &str| {
            let bytes = files::read(&dir.join(name), MAX_FILE)?.map(Zeroizing::new);
            let text = bytes.and_then(|bytes| Some(std::str::from_utf8(&bytes).ok()?.to_owned()));
            text.map(Zeroizing::new)
                .ok_or_else(|| bad(name, "there is no key: run cairn genesis key first"))
        };
        let validator = ValidatorSecret::parse(&read(VALIDATOR_KEY)?);
        let ingest = MemberSecret::parse(&read(INGEST_KEY)?);
        Ok(Self {
            validator: validator.map_err(|_| bad(VALIDATOR_KEY, "this is no validator's key"))?,
            ingest: ingest.map_err(|_| bad(INGEST_KEY, "this is no member's key"))?,
        })
    }
}

/// Makes a data directory of the keys that are in it and a genesis that names both. If the keys were
/// in use before, `again`, the validator signs nothing below a block that others make from now on.
///
/// # Errors
/// [`InitError`]; the directory is no log's then.
pub fn join(dir: &Path, genesis: &[u8], again: bool) -> Result<Initialised, InitError> {
    if dir.join(FORMAT_FILE).exists() {
        return Err(InitError::NotEmpty(dir.to_owned()));
    }
    let keys = NodeKeys::read(dir)?;
    let named = Genesis::decode(genesis)?;
    let id = keys.validator.key_id();
    let bad = |name: &str, reason| InitError::Keys { path: dir.join(name), reason };
    if !named.set().iter().any(|validator| validator.key.id() == id) {
        return Err(bad(VALIDATOR_KEY, "this key is none of the genesis' validators"));
    }
    let id = keys.ingest.key_id();
    let mut members = named.members().filter(|member| member.name == INGEST_MEMBER);
    if !members.any(|member| member.keys().any(|key| key.id() == id)) {
        return Err(bad(INGEST_KEY, "this key is none of the member `ingest` of the genesis"));
    }
    if again {
        validate::mark_restored(dir)?;
    }
    take_genesis(dir, genesis)
}

/// The public halves of a node's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicNode {
    suite: Suite,
    validator: Vec<u8>,
    ingest: [u8; 32],
}

/// The text holds no public keys of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a node's public file has one line `cairn-public-node:` and its keys in hex")]
#[non_exhaustive]
pub struct BadNode;

impl PublicNode {
    /// Reads the file that `cairn genesis key` made.
    ///
    /// # Errors
    /// [`BadNode`].
    pub fn parse(text: &str) -> Result<Self, BadNode> {
        let mut lines = text.lines().map(str::trim);
        let line = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        let bytes = line.and_then(|line| parse_hex(line.strip_prefix(PUBLIC)?)).ok_or(BadNode)?;
        let [suite, keys @ ..] = bytes.as_slice() else { return Err(BadNode) };
        let suite = Suite::from_byte(*suite).ok_or(BadNode)?;
        let (validator, ingest) = keys.split_at_checked(suite.public_key_len()).ok_or(BadNode)?;
        let ingest = ingest.try_into().map_err(|_| BadNode)?;
        Ok(Self { suite, validator: validator.to_vec(), ingest })
    }

    /// Reads that file.
    ///
    /// # Errors
    /// [`InitError`].
    pub fn read(path: &Path) -> Result<Self, InitError> {
        let missing = || InitError::Keys { path: path.to_owned(), reason: "it is not there" };
        let bytes = files::read(path, MAX_FILE)?.ok_or_else(missing)?;
        let bad = || InitError::Keys {
            path: path.to_owned(),
            reason: "it is no node's public file: cairn genesis key makes one",
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| bad())?;
        Self::parse(text).map_err(|_| bad())
    }

    /// The line of that file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let bytes = [&[self.suite.byte()], self.validator.as_slice(), &self.ingest].concat();
        format!("{PUBLIC}{}", hex(&bytes))
    }

    /// What the node is known by among others: its validator's key id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        PublicKey::new(self.suite, &self.validator).map_or(KeyId::ZERO, |key| key.id())
    }

    pub(crate) fn validator_key(&self, power: u64) -> (Suite, Vec<u8>, u64) {
        (self.suite, self.validator.clone(), power)
    }

    pub(crate) fn ingest_key(&self) -> KeyDraft {
        (Suite::Ed25519.byte(), self.ingest.to_vec())
    }
}

/// Reads a genesis from a file.
///
/// # Errors
/// [`StoreError`] or that it is not there.
pub fn read_genesis(path: &Path) -> Result<Vec<u8>, InitError> {
    let limit = u64::try_from(cairn_verifier::trust::MAX_GENESIS_LEN).unwrap_or(u64::MAX);
    let bytes = files::read(path, limit)?;
    bytes.ok_or_else(|| {
        let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
        StoreError::io("read", path)(gone).into()
    })
}

/// The log that a genesis begins.
pub(crate) fn log_of(genesis: &[u8]) -> Result<LogId, InitError> {
    Ok(Genesis::decode(genesis)?.log())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::{InitOptions, genesis_of};

    #[test]
    fn four_nodes_begin_one_log_and_a_fifth_is_none_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let dir = |at: usize| folder.path().join(at.to_string());
        let nodes = [Suite::Ed25519, Suite::MlDsa44Ed25519, Suite::MlDsa65Ed25519, Suite::Ed25519]
            .into_iter()
            .enumerate()
            .zip(1..)
            .map(|((at, suite), power)| (NodeKeys::make(&dir(at), suite).unwrap(), power));
        let nodes: Vec<_> = nodes.collect();
        for (at, (node, _)) in nodes.iter().enumerate() {
            assert_eq!(&PublicNode::read(&dir(at).join(PUBLIC_FILE)).unwrap(), node);
        }
        let admin = crate::init::public_keys(&new_member().unwrap());
        let options = InitOptions { admin, ..InitOptions::default() };
        let genesis = genesis_of(options, &nodes).unwrap();
        let logs: Vec<_> = (0..4).map(|at| join(&dir(at), &genesis, false).unwrap().log).collect();
        assert!(logs.iter().all(|log| *log == logs[0]));
        let decoded = Genesis::decode(&genesis).unwrap();
        let powers: u64 = decoded.set().iter().map(|validator| validator.power).sum();
        assert_eq!(powers, 10);
        NodeKeys::make(&dir(5), Suite::Ed25519).unwrap();
        let refused = join(&dir(5), &genesis, false).unwrap_err().to_string();
        assert!(refused.contains("none of the genesis' validators"), "{refused}");
        assert!(matches!(join(&dir(0), &genesis, false), Err(InitError::NotEmpty(_))));
        assert!(matches!(NodeKeys::make(&dir(0), Suite::Ed25519), Err(InitError::NotEmpty(_))));
        assert!(matches!(
            join(&folder.path().join("6"), &genesis, false),
            Err(InitError::Keys { .. })
        ));
    }

    #[test]
    fn a_public_file_is_whole_or_nothing() {
        let text = NodeKeys::new(Suite::MlDsa44Ed25519).unwrap().public().to_text();
        assert!(PublicNode::parse(&format!("# Node 1.\n\n{text}\n")).is_ok());
        for bad in ["", "cairn-public-node:", &text[..text.len() - 2], &format!("{text}00")] {
            assert_eq!(PublicNode::parse(bad), Err(BadNode));
        }
    }
}
