//! What one seed makes before time begins: keys, sets, the genesis, links, and who is bad.

use cairn_consensus::epochs::Epochs;
use cairn_consensus::{Set, Signer};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{KeyId, LogId};
use cairn_verifier::finality::{Parameters, Role, Suite, encode_set};
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::trust::{Genesis, GenesisDraft};

use crate::flaw::Flaw;
use crate::rng::Rng;
use crate::run::{Calm, Options};
use crate::villains::Kind;

/// The time of every genesis.
pub(crate) const GENESIS_TIME: u64 = 1_700_000_000_000;

/// A validator's key, of suite 1 or 2.
pub(crate) enum Key {
    One(MemberSecret),
    Two(ValidatorSecret),
}

impl Key {
    fn new(seed: [u8; 32], suite: Suite) -> Option<Self> {
        match suite {
            Suite::Ed25519 => MemberSecret::from_seed(seed).map(Self::One),
            _ => Some(Self::Two(ValidatorSecret::from_seed(seed))),
        }
    }

    pub(crate) const fn suite(&self) -> Suite {
        match self {
            Self::One(_) => Suite::Ed25519,
            Self::Two(key) => key.suite(),
        }
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        match self {
            Self::One(key) => key.public_key().to_vec(),
            Self::Two(key) => key.public_key(),
        }
    }
}

/// A key that several lives of one node hold.
#[derive(Clone)]
pub(crate) struct SharedKey(pub(crate) std::sync::Arc<Key>);

impl Signer for SharedKey {
    fn key(&self) -> KeyId {
        match &*self.0 {
            Key::One(key) => key.key_id(),
            Key::Two(key) => key.key_id(),
        }
    }

    fn sign(&self, role: Role, message: &[u8]) -> Option<Vec<u8>> {
        match &*self.0 {
            Key::One(key) => key.sign(role, message).map(Vec::from),
            Key::Two(key) => key.sign(role, message),
        }
    }
}

/// How the links of a run behave while faults last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    /// Shortest and longest time in microseconds.
    pub(crate) delay: (u64, u64),
    /// Of a thousand messages, how many are lost, and how many come twice.
    pub(crate) loss: u64,
    pub(crate) twice: u64,
    /// How long a node builds a block, and how long it checks one; whether faults last or not.
    pub(crate) build: (u64, u64),
    pub(crate) check: (u64, u64),
}

impl Links {
    /// Every third network is so slow and bad that rounds fail and locks matter.
    fn new(calm: Option<Calm>, rng: &mut Rng) -> Self {
        if let Some(calm) = calm {
            let delay = (calm.delay, calm.delay);
            return Self { delay, loss: 0, twice: 0, build: (0, 0), check: (0, 0) };
        }
        let bad = rng.chance(333);
        let low = rng.between(200, 5_000);
        let delay = (low, low + rng.between(0, if bad { 250_000 } else { 40_000 }));
        let loss = rng.below(if bad { 350 } else { 80 });
        let (build, check) = ((1_000, 20_000), (100, 5_000));
        Self { delay, loss, twice: rng.below(50), build, check }
    }
}

fn keys(nodes: usize, suite: Suite, rng: &mut Rng) -> Option<Vec<SharedKey>> {
    let keys = (0..nodes).map(|_| {
        let bytes = rng.bytes(32).try_into().ok()?;
        Some(SharedKey(std::sync::Arc::new(Key::new(bytes, suite)?)))
    });
    keys.collect()
}

/// Everything that is so before the first event.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) keys: Vec<SharedKey>,
    /// The first one, and others for who names one that is not due.
    pub(crate) sets: Vec<Set>,
    /// Before the first block.
    pub(crate) epochs: Epochs,
    pub(crate) genesis: Vec<u8>,
    pub(crate) log: LogId,
    pub(crate) parameters: Parameters,
    pub(crate) villain: Option<(usize, Kind)>,
    /// The node whose log will be lost.
    pub(crate) wiped: Option<usize>,
    pub(crate) links: Links,
    /// Nobody fails, and the set stays.
    pub(crate) calm: Option<Calm>,
}

/// How many sets a run can change between.
const SETS: usize = 5;

impl World {
    /// `None` only if a key cannot be made, which does not happen.
    pub(crate) fn new(options: &Options) -> Option<Self> {
        let (seed, calm) = (options.seed, options.calm);
        let mut rng = Rng::new(seed, 1);
        let suite = if seed % 50 == 49 { Suite::MlDsa44Ed25519 } else { Suite::Ed25519 };
        let drawn = usize::try_from(rng.between(4, 7)).unwrap_or(4);
        let nodes = options.validators.unwrap_or(drawn);
        let keys = keys(nodes, suite, &mut rng)?;
        let chosen = rng.place(Kind::ALL.len() + 2);
        let villain = options.villain.or_else(|| options.flaw.and_then(Flaw::villain));
        let kind = villain.or_else(|| Kind::ALL.get(chosen).copied());
        // Logs are lost for good only where nobody is bad.
        let restores = options.flaw.map_or(0, Flaw::restores);
        let kind = kind.filter(|_| calm.is_none() && restores == 0);
        let villain = kind.map(|kind| (rng.place(nodes), kind));
        let bad = villain.map(|(node, _)| node);
        // The first set leaves the last nodes out, so that a later one lets them in.
        let first = if calm.is_some() { nodes } else { 5.max(nodes - nodes / 10) };
        let sets: Vec<Set> = (0..SETS)
            .map(|number| set(&keys, bad, (number == 0).then_some(first), &mut rng))
            .collect::<Option<Vec<_>>>()?;
        let parameters = Parameters { gate: 4 + (rng.below(5) as u32), trust_period: 0 };
        let nonce = rng.bytes(32).try_into().ok()?;
        let genesis = GenesisDraft {
            nonce,
            time: UnixMillis(GENESIS_TIME),
            parameters,
            sha256_tree: false,
            set: sets.first()?.bytes().to_vec(),
            members: Vec::new(),
            streams: Vec::new(),
        };
        let genesis = genesis.encode().ok()?;
        let decoded = Genesis::decode(&genesis).ok()?;
        let log = decoded.log();
        let epochs = Epochs::new((log, parameters.gate), &decoded.set()).ok()?;
        let links = Links::new(calm, &mut rng);
        let wiped = None;
        Some(Self {
            seed,
            keys,
            sets,
            epochs,
            genesis,
            log,
            parameters,
            villain,
            wiped,
            links,
            calm,
        })
    }

    pub(crate) fn is_villain(&self, node: usize) -> bool {
        self.villain.is_some_and(|(villain, _)| villain == node)
    }

    /// Whether every set has a quorum without this node.
    pub(crate) fn can_miss(&self, node: usize) -> bool {
        self.sets.iter().all(|set| {
            let powers: Vec<u64> = set.entries().map(|(_, power)| power).collect();
            let own = self.index_in(set, node).and_then(|index| powers.get(usize::from(index)));
            own.is_none_or(|power| power * 3 < powers.iter().sum())
        })
    }

    /// The node's index in a set.
    pub(crate) fn index_in(&self, set: &Set, node: usize) -> Option<u8> {
        let id = self.keys.get(node)?.key();
        let set = cairn_verifier::finality::ValidatorSet::decode(set.bytes()).ok()?;
        (0..).zip(set.iter()).find(|(_, entry)| entry.key.id() == id).map(|(index, _)| index)
    }
}

/// At least four nodes, with equal or different power; a bad one has less than a third. The first
/// set has the first so many.
fn set(keys: &[SharedKey], bad: Option<usize>, first: Option<usize>, rng: &mut Rng) -> Option<Set> {
    let equal = rng.chance(500);
    let mut entries = Vec::new();
    for (node, key) in keys.iter().enumerate() {
        let out = match first {
            Some(count) => node >= count,
            None => keys.len() > 4 && rng.chance(250),
        };
        let power = if equal { 1 } else { rng.between(1, 12) };
        entries.push((node, key, power, out && Some(node) != bad));
    }
    let left = entries.iter().filter(|entry| !entry.3).count();
    let keep_all = left < 4;
    let mut members: Vec<_> = entries.into_iter().filter(|entry| keep_all || !entry.3).collect();
    let total: u64 = members.iter().map(|entry| entry.2).sum();
    for entry in &mut members {
        if Some(entry.0) == bad && entry.2 * 3 >= total {
            entry.2 = 1;
        }
    }
    let total: u64 = members.iter().map(|entry| entry.2).sum();
    members.retain(|entry| Some(entry.0) != bad || entry.2 * 3 < total);
    let encoded: Vec<_> = members
        .into_iter()
        .map(|(_, key, power, _)| (key.0.suite(), key.0.public(), power))
        .collect();
    Set::decode(&encode_set(&encoded).ok()?).ok()
}
