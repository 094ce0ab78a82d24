//! The honest world: a few logs, made once, whose keys are all at hand.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{EventId, Hash, HeaderDigest, KeyId, LogId};
use cairn_verifier::event::Payload;
use cairn_verifier::finality::{Parameters, PublicKey};
use cairn_verifier::payload::{Fields, MessageKey, message_key, seal};
use cairn_verifier::pcek::v2;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::state::{KeyRole, Leaving, PowerMode, StakePart, StakeParts, StateRecord};
use cairn_verifier::trust::{Genesis, GenesisDraft};

use crate::kit::{Block, Council, GATE, GENESIS_TIME, Kit, Signer, four, small_log};
use crate::model;
use crate::model::tree::Tree;

/// A log with what is stored beside it.
pub struct Log {
    /// Genesis, blocks, events, keys.
    pub kit: Kit,
    /// Payloads and wraps by index.
    pub stored: BTreeMap<u64, Stored>,
}

/// What is stored beside one event.
pub struct Stored {
    /// The payload as stored.
    pub payload: Vec<u8>,
    /// The key that opens it; `None` for a public one.
    pub key: Option<MessageKey>,
    /// The key, wrapped for the auditor.
    pub wraps: Vec<Vec<u8>>,
}

/// Everything honest.
pub struct World {
    /// All logs.
    pub logs: Vec<Log>,
    /// Everyone who signs.
    pub signers: BTreeMap<KeyId, Signer>,
    /// Every header that a block has.
    pub headers: BTreeMap<HeaderDigest, (usize, usize)>,
    /// The first events of a log, by the root over them.
    pub event_trees: BTreeMap<(LogId, u64, Hash), (usize, usize)>,
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// The world.
#[must_use]
pub fn world() -> &'static World {
    &WORLD
}

/// Someone else who writes: of suite 1 like the logs' writer.
pub const SECOND_WRITER: u8 = 0x66;

impl World {
    fn new() -> Self {
        let logs: Vec<Log> = [
            small_log(1, four(1)),
            // The same validators and writer, another log.
            recorded(2, four(1), (KeyRole::Writer, 2, 6)),
            fork(),
            three_epochs(),
            recorded(4, Council::new(vec![(Signer::hybrid(5), 1)]), (KeyRole::Node, 0, 9)),
            without_trust_period(),
            one_block(),
            odd(),
            staked(),
        ]
        .map(|kit| Log { kit, stored: BTreeMap::new() })
        .into_iter()
        .chain([with_payloads()])
        .collect();
        let mut world = Self {
            logs,
            signers: everyone(),
            headers: BTreeMap::new(),
            event_trees: BTreeMap::new(),
        };
        for (at, Log { kit, .. }) in world.logs.iter().enumerate() {
            let tree = Tree::events(&kit.log);
            let digests: Vec<_> = kit.ids.iter().map(|id| *id.as_bytes()).collect();
            for size in 0..=digests.len() {
                let root = tree.root_of(&tree.leaves(&digests[..size])).into();
                world.event_trees.insert((kit.log, size as u64, root), (at, size));
            }
            for (height, block) in kit.blocks.iter().enumerate() {
                world.headers.insert(model::header_digest(&block.header), (at, height));
            }
        }
        world
    }

    /// Whether an event stands at an index of a tree that an honest log had.
    #[must_use]
    pub fn has_event(&self, tree: (LogId, u64, Hash), index: u64, id: EventId) -> bool {
        self.event_trees.get(&tree).is_some_and(|(log, size)| {
            let ids = &self.logs[*log].kit.ids[..*size];
            usize::try_from(index).is_ok_and(|index| ids.get(index) == Some(&id))
        })
    }
}

/// Log 0 again until its first block, and then another history, signed by the same validators.
fn fork() -> Kit {
    let mut kit = Kit::new(1, four(1));
    for count in [3, 5, 4] {
        kit.push_plain(count);
        kit.block(None);
    }
    kit
}

/// A small log whose state says this of the writer's key: role, first index, end.
fn recorded(nonce: u8, council: Council, writer_key: (KeyRole, u64, u64)) -> Kit {
    let mut kit = Kit::new(nonce, council);
    kit.writer_key = writer_key;
    for count in [3, 4, 4] {
        kit.push_plain(count);
        kit.block(None);
    }
    kit
}

fn three_epochs() -> Kit {
    let mut kit = small_log(3, four(1));
    kit.block(None);
    kit.block(Some(four(20)));
    for _ in 0..3 {
        kit.push_plain(1);
        kit.block(None);
    }
    let mixed = [Signer::classic(40), Signer::hybrid(6), Signer::classic(41), Signer::hybrid_3(7)];
    kit.block(Some(Council::new(mixed.into_iter().map(|signer| (signer, 3)).collect())));
    kit.push_plain(2);
    kit.block(None);
    kit
}

/// Events that go on with a sequence they are not of: another stream's, another writer's, and one
/// that names an earlier event as the one before.
fn odd() -> Kit {
    let mut kit = Kit::new(8, four(1));
    kit.push_plain(2);
    let mut body = kit.body();
    body.previous = kit.ids[0];
    kit.push(&body);
    let mut body = kit.body();
    body.stream = [0x52; 32].into();
    kit.push(&body);
    let writer = MemberSecret::from_seed([SECOND_WRITER; 32]).unwrap();
    let writer = std::mem::replace(&mut kit.writer, writer);
    kit.push_plain(1);
    kit.writer = writer;
    kit.block(None);
    kit
}

/// A log whose state says that stake counts, and what of it the writer holds.
fn staked() -> Kit {
    let mut kit = Kit::new(10, four(1));
    let (one, other) = ([1; 32].into(), [2; 32].into());
    let part = |validator, amount, leaving| StakePart { validator, amount, leaving }.encode();
    let parts = [
        part(one, 30, Some(Leaving { epoch: 0, until: 8 })),
        part(one, 20, Some(Leaving { epoch: 1, until: 12 })),
        part(one, 40, None),
        part(other, 10, None),
    ];
    let holder = kit.writer.key_id();
    let parts = StakeParts::new(&parts);
    let stake = StateRecord::Stake { holder, allotted: 100, moved: 5, parts };
    let power = StateRecord::Power { mode: PowerMode::Stake, window: 3 };
    for record in [stake, power] {
        kit.state.put(record.encode().unwrap()).unwrap();
    }
    for count in [3, 4] {
        kit.push_plain(count);
        kit.block(None);
    }
    kit
}

fn one_block() -> Kit {
    let mut kit = Kit::new(6, Council::new(vec![(Signer::classic(1), 1)]));
    kit.push_plain(1);
    kit.block(None);
    kit
}

fn without_trust_period() -> Kit {
    let mut kit = Kit::new(5, four(1));
    let parameters = Parameters { gate: GATE, trust_period: 0 };
    kit.genesis = GenesisDraft {
        nonce: [5; 32],
        time: UnixMillis(GENESIS_TIME),
        parameters,
        sha256_tree: true,
        set: kit.council().bytes.clone(),
        members: Vec::new(),
        streams: Vec::new(),
    }
    .encode()
    .unwrap();
    kit.log = Genesis::decode(&kit.genesis).unwrap().log();
    for _ in 0..3 {
        kit.push_plain(2);
        let mut header = kit.next_header(None);
        header.parameters = parameters;
        let certificate = kit.council().certify(&header, 0, &kit.council().quorum());
        kit.blocks.push(Block { header, certificate });
    }
    kit
}

/// A public payload at 0, sealed ones at 1 to 3.
fn with_payloads() -> Log {
    let mut log = Log { kit: Kit::new(7, four(1)), stored: BTreeMap::new() };
    let payload = b"public words".to_vec();
    let mut body = log.kit.body();
    let digest = model::derive("cairn v1 public payload", &[&payload]).into();
    body.payload = Payload::Public { digest, len: u32::try_from(payload.len()).unwrap() };
    let index = log.kit.push(&body);
    log.stored.insert(index, Stored { payload, key: None, wraps: Vec::new() });
    for number in 1..4 {
        let fields = (0..number).map(|n| (format!("field {n}"), vec![n; 5])).collect();
        let plaintext = Fields::encode(&fields).unwrap();
        let mut body = log.kit.body();
        let context = body.context();
        let key = message_key(&[3; 32], &[number; 32], &context);
        let sealed = seal(&plaintext, &context, &key, &[number; 24]).unwrap();
        body.payload = Payload::Sealed(sealed.commitment);
        let index = log.kit.push(&body);
        let event = *log.kit.ids.last().unwrap();
        let public = log.kit.auditor.wrap().public_key();
        let wrap = v2::wrap(&key, &public, (&log.kit.log, &event), &mut Counter(number)).unwrap();
        log.stored
            .insert(index, Stored { payload: sealed.stored, key: Some(key), wraps: vec![wrap] });
    }
    log.kit.push_plain(2);
    log.kit.block(None);
    log.kit.push_plain(1);
    log.kit.block(None);
    log
}

/// Validators of any set here, writers, and two who are in none.
fn everyone() -> BTreeMap<KeyId, Signer> {
    let member = |seed| Signer::Classic(MemberSecret::from_seed([seed; 32]).unwrap());
    (1..5)
        .chain(20..24)
        .chain([40, 41, 60, 61])
        .map(Signer::classic)
        .chain([5, 6].map(Signer::hybrid))
        .chain([7].map(Signer::hybrid_3))
        .chain([0x77, SECOND_WRITER, 0xa0].map(member))
        .map(|signer| {
            let id = PublicKey::new(signer.suite(), &signer.public()).unwrap().id();
            (id, signer)
        })
        .collect()
}

/// "Randomness" that counts, so that the world is the same each time.
pub struct Counter(pub u8);

impl rand_core::TryRng for Counter {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}
