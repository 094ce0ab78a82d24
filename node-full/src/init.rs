//! Making a new log: its keys, its genesis, its directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};
use cairn_verifier::digest::{LogId, StreamId};
use cairn_verifier::finality::{Parameters, Suite, encode_set};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::trust::{
    Genesis, GenesisDraft, KeyDraft, MemberDraft, TrustAnchor, WRAP_X_WING,
};
use cairn_verifier::wire::DecodeError;

use crate::clock;
use crate::genesis::{NodeKeys, PublicNode};
use crate::node::ADMIN_KEY;
use crate::seal::random;
use crate::system::{ADMIN_MEMBER, SYSTEM_STREAM};

/// The file that says what a data directory is, and in which layout.
pub const FORMAT_FILE: &str = "FORMAT";
/// What it holds.
pub const FORMAT: &str = "cairn-data 2\n";
/// The file that holds the genesis.
pub const GENESIS_FILE: &str = "genesis.cairn";
/// The stream of a log that names none.
pub const DEFAULT_STREAM: &str = "main";
/// The name of the member that the node signs drafts as.
pub const INGEST_MEMBER: &str = "ingest";
/// The default trust period: 14 days in milliseconds.
pub const DEFAULT_TRUST_PERIOD: u64 = 14 * 24 * 60 * 60 * 1_000;
/// The most nodes that a genesis names: each has a key of the member `ingest`.
pub const MOST_NODES: usize = 16;
/// The default distance between gates.
pub const DEFAULT_GATE: u32 = 1_024;

/// What a new log begins with.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct InitOptions {
    /// Members by name, with their public keys. The member `ingest` is added by itself.
    pub members: Vec<(String, Vec<KeyDraft>)>,
    /// Public keys of the member `admin`, who changes members and streams. If there are none, a key
    /// is made and left in the directory.
    pub admin: Vec<KeyDraft>,
    /// Names of the streams. `main` alone if empty; `system` is added by itself.
    pub streams: Vec<String>,
    /// Distance between gates.
    pub gate: u32,
    /// The trust period in milliseconds, 0 for none.
    pub trust_period: u64,
    /// Whether headers name the RFC 6962 tree of the events too, for witnesses that read that.
    pub sha256_tree: bool,
}

impl Default for InitOptions {
    fn default() -> Self {
        Self {
            members: Vec::new(),
            admin: Vec::new(),
            streams: Vec::new(),
            gate: DEFAULT_GATE,
            trust_period: DEFAULT_TRUST_PERIOD,
            sha256_tree: false,
        }
    }
}

impl InitOptions {
    /// Adds a member whose secret key is at hand.
    #[must_use]
    pub fn with_member(mut self, name: &str, secret: &MemberSecret) -> Self {
        self.members.push((name.to_owned(), public_keys(secret)));
        self
    }
}

/// A member's public keys, as the genesis lists them.
#[must_use]
pub fn public_keys(secret: &MemberSecret) -> Vec<KeyDraft> {
    vec![
        (Suite::Ed25519.byte(), secret.public_key().to_vec()),
        (WRAP_X_WING, secret.wrap().public_key()),
    ]
}

/// A log that was made.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Initialised {
    /// The log's id.
    pub log: LogId,
    /// What auditors pin: the genesis.
    pub anchor: TrustAnchor,
}

/// Why no log was made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InitError {
    /// The directory has something in it.
    #[error("{0} is not empty; give a directory that is empty or does not exist")]
    NotEmpty(PathBuf),
    /// Two members, or two streams, have one name, or a name is reserved.
    #[error("the name {0:?} is taken")]
    NameTaken(String),
    /// A limit of the genesis.
    #[error("no genesis can hold this: {0}")]
    Genesis(#[from] DecodeError),
    /// More nodes than can sign drafts.
    #[error("{found} nodes, and the member `ingest` has a key of each: {limit} is the most")]
    TooMany {
        /// How many there are.
        found: usize,
        /// The most.
        limit: usize,
    },
    /// The keys of a directory cannot be read, or the genesis does not name them.
    #[error("{path}: {reason}")]
    Keys {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The system gives no randomness.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// A seed made no key.
    #[error("a random seed made no key; try again")]
    NoKey,
    /// A file could not be written.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

/// Makes a log with one validator and this node's keys in `dir`, which must be empty or not
/// exist.
///
/// # Errors
/// [`InitError`]; no log is left behind then, because `FORMAT` is written last.
pub fn init(dir: &Path, mut options: InitOptions) -> Result<Initialised, InitError> {
    check_names(&options)?;
    check_empty(dir)?;
    let keys = NodeKeys::new(Suite::MlDsa44Ed25519)?;
    let admin = if options.admin.is_empty() { Some(new_member()?) } else { None };
    if let Some(admin) = &admin {
        options.admin = public_keys(admin);
    }
    let validator = [(keys.public(), 1)];
    let genesis = encode_genesis(options, &validator, public_keys(keys.ingest()))?;

    // From here on the disk is written to.
    keys.write(dir)?;
    if let Some(admin) = &admin {
        write_key(&dir.join(ADMIN_KEY), &admin.to_text())?;
    }
    take_genesis(dir, &genesis)
}

/// Makes the genesis of a log with many validators, each with its voting power.
///
/// # Errors
/// [`InitError`].
pub fn genesis_of(
    options: InitOptions,
    validators: &[(PublicNode, u64)],
) -> Result<Vec<u8>, InitError> {
    check_names(&options)?;
    if validators.len() > MOST_NODES {
        return Err(InitError::TooMany { found: validators.len(), limit: MOST_NODES });
    }
    let ingest = validators.iter().map(|(node, _)| node.ingest_key()).collect();
    encode_genesis(options, validators, ingest)
}

/// Makes a data directory of keys that are there and a genesis.
pub(crate) fn take_genesis(dir: &Path, genesis: &[u8]) -> Result<Initialised, InitError> {
    let log = Genesis::decode(genesis)?.log();
    files::write(&dir.join(GENESIS_FILE), genesis, Secrecy::Public)?;
    files::write(&dir.join(FORMAT_FILE), FORMAT.as_bytes(), Secrecy::Public)?;
    Ok(Initialised { log, anchor: TrustAnchor::Genesis(log) })
}

pub(crate) fn write_key(path: &Path, text: &str) -> Result<(), InitError> {
    let line = Zeroizing::new(format!("{text}\n").into_bytes());
    Ok(files::write(path, &line, Secrecy::Secret)?)
}

pub(crate) fn new_member() -> Result<MemberSecret, InitError> {
    let secret = MemberSecret::from_seed(random().map_err(InitError::Random)?);
    secret.ok_or(InitError::NoKey)
}

fn check_names(options: &InitOptions) -> Result<(), InitError> {
    let mut members = BTreeSet::from([INGEST_MEMBER, ADMIN_MEMBER]);
    let mut streams = BTreeSet::from([SYSTEM_STREAM]);
    let taken = |name: &String| InitError::NameTaken(name.clone());
    for (name, _) in &options.members {
        if !members.insert(name) {
            return Err(taken(name));
        }
    }
    for name in &options.streams {
        if !streams.insert(name) {
            return Err(taken(name));
        }
    }
    Ok(())
}

pub(crate) fn check_empty(dir: &Path) -> Result<(), InitError> {
    if !dir.exists() {
        return Ok(());
    }
    let mut entries = std::fs::read_dir(dir).map_err(StoreError::io("list", dir))?;
    if entries.next().is_some() { Err(InitError::NotEmpty(dir.to_owned())) } else { Ok(()) }
}

fn encode_genesis(
    options: InitOptions,
    validators: &[(PublicNode, u64)],
    ingest: Vec<KeyDraft>,
) -> Result<Vec<u8>, InitError> {
    let mut members = options.members;
    members.push((INGEST_MEMBER.to_owned(), ingest));
    members.push((ADMIN_MEMBER.to_owned(), options.admin));
    let mut names = options.streams;
    if names.is_empty() {
        names.push(DEFAULT_STREAM.to_owned());
    }
    // Last, so that it never is the stream of drafts that name none.
    names.push(SYSTEM_STREAM.to_owned());
    // Ids are random but ascend with the names as given, so that the genesis keeps their order.
    let mut ids = Vec::new();
    for _ in &names {
        ids.push(StreamId::from_bytes(random().map_err(InitError::Random)?));
    }
    ids.sort();
    let set: Vec<_> = validators.iter().map(|(node, power)| node.validator_key(*power)).collect();
    let draft = GenesisDraft {
        nonce: random().map_err(InitError::Random)?,
        time: clock::now(),
        parameters: Parameters { gate: options.gate, trust_period: options.trust_period },
        sha256_tree: options.sha256_tree,
        set: encode_set(&set)?,
        members: members.into_iter().map(|(name, keys)| MemberDraft { name, keys }).collect(),
        streams: ids.into_iter().zip(names).collect(),
    };
    Ok(draft.encode()?)
}
