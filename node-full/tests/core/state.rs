//! The state tree: whatever happens, and wherever the node stops, the root in each header is that of
//! all records, made again by the verifier's slow tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cairn_node::check::CheckOptions;
use cairn_node::node::Node;
use cairn_node::system::SystemEvent;
use cairn_verifier::digest::{self, EventId, Hash, KeyId, StreamId};
use cairn_verifier::event::{Kind, SignedEvent};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::state::{KeyRole, Roles, StateRecord, StateTree};
use cairn_verifier::trust::{KeyDraft, WRAP_X_WING};

use crate::support::{Log, SECOND, Writer, draft};

const IN_USE: u64 = (1 << 53) - 1;

/// Suite, first index and end index of keys.
type Keys = BTreeMap<KeyId, (u8, u64, u64)>;

/// SPEC.md, "Which records there are", written down a second time, from events alone.
struct Model {
    tree: StateTree,
    heads: BTreeMap<(StreamId, KeyId), (u64, EventId)>,
    /// How many system events there are, and the digest over them.
    system: (u64, [u8; 32]),
    streams: BTreeMap<StreamId, String>,
    /// Name: keys by id with suite, first and end, and whether it was removed.
    members: BTreeMap<String, (Keys, bool)>,
    roles: BTreeMap<(StreamId, String), (bool, bool)>,
    parameters: Vec<u8>,
    set: Vec<u8>,
    size: u64,
}

impl Model {
    fn new(node: &Node) -> Self {
        let genesis = node.genesis().unwrap();
        let record = |record: StateRecord<'_>| record.encode().unwrap();
        let (parameters, sha256_tree) = (genesis.parameters(), genesis.sha256_tree());
        let digest = genesis.set().digest();
        let mut model = Self {
            tree: StateTree::new(),
            heads: BTreeMap::new(),
            system: (0, [0; 32]),
            streams: BTreeMap::new(),
            members: BTreeMap::new(),
            roles: BTreeMap::new(),
            parameters: record(StateRecord::Parameters { parameters, sha256_tree }),
            set: record(StateRecord::Set { epoch: 0, digest, first_height: 0 }),
            size: 0,
        };
        for stream in genesis.streams() {
            model.streams.insert(stream.id, stream.name.to_owned());
        }
        for member in genesis.members() {
            let keys = member.keys().map(|key| {
                let id = digest::derive(digest::KEY, &[&[key.suite], key.bytes]).into();
                (id, (key.suite, 0, IN_USE))
            });
            model.members.insert(member.name.to_owned(), (keys.collect(), false));
            for (id, name) in &model.streams {
                let is_in = name != "system" || ["admin", "ingest"].contains(&member.name);
                model.roles.insert((*id, member.name.to_owned()), (is_in, is_in));
            }
        }
        model
    }

    fn take(&mut self, node: &Node, size: u64) {
        for index in self.size..size {
            let signed = node.entry_at(index).unwrap().unwrap().signed;
            let event = SignedEvent::decode(&signed).unwrap();
            let body = event.body();
            self.heads.insert((body.stream, body.writer), (body.sequence + 1, event.id()));
            if (1..=5).contains(&body.kind.byte()) {
                let (index, id) = (index.to_be_bytes(), event.id());
                let parts = [&self.system.1[..], &index, id.as_bytes()];
                let digest = digest::derive("cairn v1 state system", &parts);
                self.system = (self.system.0 + 1, digest);
            }
            if body.kind == Kind::Member {
                self.change(SystemEvent::read(body).unwrap(), index + 1);
            }
        }
        self.size = size;
    }

    fn change(&mut self, event: SystemEvent, from: u64) {
        let new = |keys: Vec<KeyDraft>| {
            let id = |(suite, bytes): &KeyDraft| digest::derive(digest::KEY, &[&[*suite], bytes]);
            let one = move |key: KeyDraft| (id(&key).into(), (key.0, from, IN_USE));
            keys.into_iter().map(one).collect::<Keys>()
        };
        match event {
            SystemEvent::MemberAdded { name, keys } => {
                self.members.insert(name, (new(keys), false));
            }
            SystemEvent::KeysAdded { name, keys } => {
                self.members.get_mut(&name).unwrap().0.extend(new(keys));
            }
            SystemEvent::KeyEnded { name, key } => {
                self.members.get_mut(&name).unwrap().0.get_mut(&key).unwrap().2 = from;
            }
            SystemEvent::MemberRemoved { name } => {
                let (keys, removed) = self.members.get_mut(&name).unwrap();
                keys.values_mut().filter(|key| key.2 == IN_USE).for_each(|key| key.2 = from);
                *removed = true;
            }
            SystemEvent::StreamAdded { id, name } => {
                self.streams.insert(id, name);
            }
            SystemEvent::RolesSet { stream, member, roles } => {
                self.roles.insert((stream, member), (roles.writer, roles.reader));
            }
            SystemEvent::Granted { .. }
            | SystemEvent::Redacted { .. }
            | SystemEvent::Erased { .. }
            | SystemEvent::Validator(_) => panic!("none of these is a member's"),
        }
    }

    fn root(&mut self, node: &Node) -> Hash {
        let mut tree = StateTree::new();
        tree.put(self.parameters.clone()).unwrap();
        tree.put(self.set.clone()).unwrap();
        let mut put = |record: StateRecord<'_>| tree.put(record.encode().unwrap()).unwrap();
        for ((stream, writer), (next, last)) in &self.heads {
            put(StateRecord::Head { stream: *stream, writer: *writer, next: *next, last: *last });
        }
        if self.system.0 > 0 {
            let (count, digest) = (self.system.0, Hash::from_bytes(self.system.1));
            put(StateRecord::System { count, digest });
        }
        for (id, name) in &self.streams {
            put(StateRecord::Stream { id: *id, name, group_epoch: 0 });
        }
        for (name, (keys, _)) in &self.members {
            let ids: Vec<[u8; 32]> = keys.keys().map(|id| *id.as_bytes()).collect();
            put(StateRecord::Member { name, keys: &ids });
            for (id, (suite, from, until)) in keys {
                let role = if *suite < 16 { KeyRole::Writer } else { KeyRole::Reader };
                let (suite, from, until) = (*suite, *from, *until);
                put(StateRecord::Key { id: *id, member: name, role, suite, from, until });
            }
        }
        for ((stream, member), (writer, reader)) in &self.roles {
            if (*writer || *reader) && !self.members[member].1 {
                let roles = Roles { writer: *writer, reader: *reader };
                put(StateRecord::Membership { stream: *stream, member, roles });
            }
        }
        self.tree = tree;
        self.tree.root(&node.log())
    }

    /// Compares every header from a height on.
    fn compare(&mut self, node: &Node, from: u64) -> u64 {
        let newest = node.head().unwrap().header.height;
        for height in from..=newest {
            let header = node.block(height).unwrap().unwrap().header;
            self.take(node, header.events.get());
            assert_eq!(header.state_root, self.root(node), "block {height}");
        }
        newest + 1
    }
}

fn noise(n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x55;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ (x >> 32)
}

fn secret(n: u64) -> MemberSecret {
    let mut seed = [3; 32];
    seed[..8].copy_from_slice(&n.to_be_bytes());
    MemberSecret::from_seed(seed).unwrap()
}

fn keys(n: u64) -> Vec<KeyDraft> {
    let secret = secret(n);
    let wrap = secret.wrap().public_key().to_vec();
    vec![(1, secret.public_key().to_vec()), (WRAP_X_WING, wrap)]
}

/// A system event that may be refused: then nothing changes.
fn some_change(seed: u64, streams: &[StreamId]) -> SystemEvent {
    let name = |n: u64| format!("member {}", n % 9);
    let stream = streams[usize::try_from(seed >> 40).unwrap() % streams.len()];
    match seed % 11 {
        0..=2 => SystemEvent::MemberAdded { name: name(seed >> 8), keys: keys(seed >> 8) },
        3 | 4 => SystemEvent::KeysAdded { name: name(seed >> 8), keys: keys(seed >> 4) },
        5 => SystemEvent::KeyEnded { name: name(seed >> 8), key: secret((seed >> 8) % 9).key_id() },
        6 => SystemEvent::MemberRemoved { name: name(seed >> 8) },
        7 => SystemEvent::StreamAdded {
            id: StreamId::from_bytes([u8::try_from(seed % 200).unwrap(); 32]),
            name: format!("stream {}", seed % 200),
        },
        _ => SystemEvent::RolesSet {
            stream,
            member: if seed & 64 == 0 { "auditor".to_owned() } else { name(seed >> 8) },
            roles: Roles { writer: seed & 256 != 0, reader: seed & 512 != 0 },
        },
    }
}

fn system_of(node: &Node) -> StreamId {
    node.system_stream().unwrap().id
}

#[test]
fn every_header_carries_the_root_of_all_records() {
    let log = Log::new();
    let mut node = log.open();
    let mut model = Model::new(&node);
    let (mut from, mut taken, mut refused) = (0, 0, 0);
    for round in 0..60_u64 {
        let streams: Vec<_> = node.streams().iter().map(|stream| stream.id).collect();
        for n in 0..noise(round) % 4 {
            let mut admin = Writer::with(&node, log.admin(), system_of(&node));
            match admin.say(&some_change(noise(round * 100 + n), &streams)) {
                Ok(_) => taken += 1,
                Err(_) => refused += 1,
            }
        }
        let mut batch = vec![draft(&format!("round {round}"))];
        for n in 0..noise(round + 7) % 30 {
            let seed = noise(round * 50 + n);
            let stream = streams[usize::try_from(seed >> 20).unwrap() % (streams.len() - 1)];
            let mut writer = Writer::with(&node, secret(seed % 40 + 1_000), stream);
            let (_, event) = writer.next();
            if node.submit(vec![event]).is_ok() {
                taken += 1;
            }
        }
        batch.truncate(usize::try_from(round % 2).unwrap());
        if !batch.is_empty() {
            node.submit(batch).unwrap();
        }
        if round % 7 == 3 {
            drop(node);
            let lost = ["", "index", "tiles"][usize::try_from(round % 3).unwrap()];
            if !lost.is_empty() {
                fs::remove_dir_all(log.path().join(lost)).unwrap();
            }
            node = log.open();
        }
        from = model.compare(&node, from);
    }
    assert!(taken > 300 && refused > 5, "{taken} taken, {refused} refused");
    assert!(node.wait_size_final(node.status().accepted, SECOND));
    model.compare(&node, from);
    let report = node.check(CheckOptions::default(), &mut |_| true);
    assert_eq!(report.findings, Vec::<String>::new());
    let removed: BTreeSet<_> = model.members.values().map(|(_, removed)| *removed).collect();
    assert_eq!(removed.len(), 2, "some were removed, some were not");
}
