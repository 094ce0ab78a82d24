//! A log in memory, whose every part can be bent: for tests and for the vector generator.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    clippy::large_enum_variant,
    clippy::must_use_candidate,
    clippy::too_many_lines,
    clippy::wildcard_imports,
    reason = "test support, shared by several test crates"
)]

pub mod cases;
pub mod facts;

use cairn_verifier::digest::{EventId, Hash, HeaderDigest, LogId, SetDigest, StreamId};
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Outcome, Party, Payload, Resource, encode_metadata, encode_signed,
};
use cairn_verifier::finality::{
    Header, Parameters, PublicKey, Role, Suite, VOTE_PRECOMMIT, ValidatorSet, encode_certificate,
    encode_set, vote_message,
};
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::state::{KeyRole, RecordKey, Roles, StateRecord, StateTree};
use cairn_verifier::tree::{Blake3, Kind as Tree, Proof, TreeSize, inclusion_of, root_of_leaves};
use cairn_verifier::trust::{GenesisDraft, MemberDraft, WRAP_X_WING};
use cairn_verifier::wire::{MAX_NUMBER, Writer};
use cairn_verifier::{TrustAnchor, UnixMillis};

pub const GENESIS_TIME: u64 = 1_700_000_000_000;
pub const TRUST_PERIOD: u64 = 14 * 24 * 3_600_000;
pub const STREAM: [u8; 32] = [0x51; 32];
pub const GATE: u32 = 4;

/// A validator's secret, of any suite.
pub enum Signer {
    Classic(MemberSecret),
    Hybrid(ValidatorSecret),
}

impl Signer {
    pub fn classic(seed: u8) -> Self {
        Self::Classic(MemberSecret::from_seed([seed; 32]).unwrap())
    }

    pub fn hybrid(seed: u8) -> Self {
        Self::Hybrid(ValidatorSecret::from_seed([seed; 32]))
    }

    pub fn hybrid_3(seed: u8) -> Self {
        Self::Hybrid(ValidatorSecret::suite_3_from_seed([seed; 32]))
    }

    pub fn suite(&self) -> Suite {
        match self {
            Self::Classic(_) => Suite::Ed25519,
            Self::Hybrid(secret) => secret.suite(),
        }
    }

    pub fn public(&self) -> Vec<u8> {
        match self {
            Self::Classic(secret) => secret.public_key().to_vec(),
            Self::Hybrid(secret) => secret.public_key(),
        }
    }

    pub fn sign(&self, role: Role, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Classic(secret) => secret.sign(role, message).unwrap().to_vec(),
            Self::Hybrid(secret) => secret.sign(role, message).unwrap(),
        }
    }
}

/// A validator set with its secrets, in the set's order.
pub struct Council {
    pub signers: Vec<(Signer, u64)>,
    pub bytes: Vec<u8>,
}

impl Council {
    pub fn new(mut signers: Vec<(Signer, u64)>) -> Self {
        let id = |signer: &Signer| PublicKey::new(signer.suite(), &signer.public()).unwrap().id();
        signers.sort_by_key(|(signer, _)| id(signer));
        let entries: Vec<_> =
            signers.iter().map(|(s, power)| (s.suite(), s.public(), *power)).collect();
        Self { signers, bytes: encode_set(&entries).unwrap() }
    }

    pub fn set(&self) -> ValidatorSet<'_> {
        ValidatorSet::decode(&self.bytes).unwrap()
    }

    /// A vote's bytes as in a certificate, over whatever is asked.
    pub fn vote(&self, index: u8, header: &Header, kind: u8, round: u32) -> (u8, Suite, Vec<u8>) {
        let place = (kind, header.height, round);
        let message = vote_message((&header.log, &self.set().digest()), place, &header.digest());
        let (signer, _) = &self.signers[usize::from(index)];
        (index, signer.suite(), signer.sign(Role::Vote, &message))
    }

    /// A certificate by the validators at these indexes.
    pub fn certify(&self, header: &Header, round: u32, voters: &[u8]) -> Vec<u8> {
        let votes: Vec<_> =
            voters.iter().map(|i| self.vote(*i, header, VOTE_PRECOMMIT, round)).collect();
        encode_certificate(round, &votes).unwrap()
    }

    /// The fewest voters, heaviest first, then by index.
    pub fn quorum(&self) -> Vec<u8> {
        let total: u64 = self.signers.iter().map(|(_, power)| power).sum();
        let mut order: Vec<u8> = (0..self.signers.len() as u8).collect();
        order.sort_by_key(|i| std::cmp::Reverse(self.signers[usize::from(*i)].1));
        let (mut signed, mut voters) = (0, Vec::new());
        for index in order {
            if 3 * signed > 2 * total {
                break;
            }
            signed += self.signers[usize::from(index)].1;
            voters.push(index);
        }
        voters.sort_unstable();
        voters
    }
}

/// What a receipt is made of, each part free to be bent before it is encoded.
#[derive(Clone)]
pub struct Parts {
    pub base: Vec<u8>,
    pub handovers: Vec<Vec<u8>>,
    pub header: Header,
    /// Tag and what follows it.
    pub finality: Vec<u8>,
    pub index: u64,
    pub proof: Vec<[u8; 32]>,
    pub event: Vec<u8>,
    /// Tag and what follows it.
    pub bracket: Vec<u8>,
    pub payload: Option<Vec<u8>>,
    pub wraps: Vec<Vec<u8>>,
    /// Record and proof.
    pub name: Option<(Vec<u8>, Vec<u8>)>,
}

impl Parts {
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(1).u8(b'R').raw(&self.base).len16(self.handovers.len());
        for handover in &self.handovers {
            writer.raw(handover);
        }
        writer.raw(&self.header.encode()).raw(&self.finality).u64(self.index);
        Proof::new(&self.proof).write(&mut writer);
        writer.raw(&self.event).raw(&self.bracket);
        match &self.payload {
            None => writer.u8(0),
            Some(payload) => writer.u8(1).bytes32(payload),
        };
        writer.len8(self.wraps.len());
        for wrap in &self.wraps {
            writer.len16(wrap.len()).raw(wrap);
        }
        match &self.name {
            None => writer.u8(0),
            Some((record, proof)) => writer.u8(1).len16(record.len()).raw(record).raw(proof),
        };
        writer.into_bytes()
    }
}

pub struct Block {
    pub header: Header,
    pub certificate: Vec<u8>,
}

pub struct Kit {
    pub genesis: Vec<u8>,
    pub log: LogId,
    pub councils: Vec<Council>,
    pub blocks: Vec<Block>,
    pub events: Vec<Vec<u8>>,
    pub ids: Vec<EventId>,
    pub handovers: Vec<Vec<u8>>,
    /// The state after the last block.
    pub state: StateTree,
    /// What the state says of the writer's key: its role, and the indexes it holds for.
    pub writer_key: (KeyRole, u64, u64),
    pub writer: MemberSecret,
    pub auditor: MemberSecret,
}

impl Kit {
    pub fn new(nonce: u8, council: Council) -> Self {
        let auditor = MemberSecret::from_seed([0xa0; 32]).unwrap();
        let keys = vec![
            (Suite::Ed25519.byte(), auditor.public_key().to_vec()),
            (WRAP_X_WING, auditor.wrap().public_key()),
        ];
        Self::with_members(nonce, council, vec![MemberDraft { name: "auditor".into(), keys }])
    }

    pub fn with_members(nonce: u8, council: Council, members: Vec<MemberDraft>) -> Self {
        let genesis = GenesisDraft {
            nonce: [nonce; 32],
            time: UnixMillis(GENESIS_TIME),
            parameters: Parameters { gate: GATE, trust_period: TRUST_PERIOD },
            sha256_tree: false,
            set: council.bytes.clone(),
            members,
            streams: vec![(StreamId::from_bytes(STREAM), "main".into())],
        }
        .encode()
        .unwrap();
        let log = cairn_verifier::trust::Genesis::decode(&genesis).unwrap().log();
        Self {
            genesis,
            log,
            councils: vec![council],
            blocks: Vec::new(),
            events: Vec::new(),
            ids: Vec::new(),
            handovers: Vec::new(),
            state: StateTree::new(),
            writer_key: (KeyRole::Writer, 0, MAX_NUMBER),
            writer: MemberSecret::from_seed([0x77; 32]).unwrap(),
            auditor: MemberSecret::from_seed([0xa0; 32]).unwrap(),
        }
    }

    pub fn council(&self) -> &Council {
        self.councils.last().unwrap()
    }

    pub fn anchor(&self) -> TrustAnchor {
        TrustAnchor::Genesis(self.log)
    }

    /// A body by the kit's writer, next in its sequence.
    pub fn body(&self) -> EventBody<'static> {
        let sequence = self.events.len() as u64;
        EventBody {
            log: self.log,
            stream: StreamId::from_bytes(STREAM),
            writer: self.writer.key_id(),
            sequence,
            previous: self.ids.last().copied().unwrap_or(EventId::ZERO),
            time: UnixMillis(GENESIS_TIME + 1_000 * sequence),
            kind: Kind::Record,
            event_type: "door.opened",
            actor: Party { kind: "user", id: "ada" },
            resource: Resource { party: Party { kind: "door", id: "north" }, parent: "building 1" },
            outcome: Outcome::Success,
            reason: "",
            metadata: Metadata::EMPTY,
            group_epoch: 0,
            generation: 0,
            payload: Payload::None,
        }
    }

    pub fn sign(&self, body: &EventBody<'_>) -> Vec<u8> {
        let bytes = body.encode().unwrap();
        let signature = self.writer.sign(Role::Event, EventBody::id_of(&bytes).as_bytes()).unwrap();
        let key = self.writer.public_key();
        let key = PublicKey::new(Suite::Ed25519, &key).unwrap();
        encode_signed(&bytes, &[(key, &signature)]).unwrap()
    }

    pub fn push(&mut self, body: &EventBody<'_>) -> u64 {
        self.ids.push(EventBody::id_of(&body.encode().unwrap()));
        self.events.push(self.sign(body));
        self.events.len() as u64 - 1
    }

    pub fn push_plain(&mut self, count: usize) {
        for n in 0..count {
            let entries = [("n".to_string(), n.to_string())].into();
            let metadata = encode_metadata(&entries).unwrap();
            let mut body = self.body();
            body.metadata = Metadata::decode(&metadata).unwrap();
            self.push(&body);
        }
    }

    pub fn event_leaves(&self) -> Vec<Hash> {
        let tree = Blake3::new(Tree::Event, *self.log.as_bytes());
        (0..).zip(&self.ids).map(|(i, id)| tree.leaf(i, id.as_bytes())).collect()
    }

    pub fn header_leaves(&self) -> Vec<Hash> {
        let tree = Blake3::new(Tree::Header, *self.log.as_bytes());
        let leaf = |block: &Block| tree.leaf(block.header.height, block.header.digest().as_bytes());
        self.blocks.iter().map(leaf).collect()
    }

    /// The next header over all events so far; `next` ends the epoch.
    pub fn next_header(&self, next: Option<&Council>) -> Header {
        let last = self.blocks.last();
        let (epoch, epoch_start) = match last {
            None => (0, 0),
            Some(Block { header, .. }) if header.next_set != header.set => {
                (header.epoch + 1, header.height + 1)
            }
            Some(Block { header, .. }) => (header.epoch, header.epoch_start),
        };
        let height = self.blocks.len() as u64;
        let set: SetDigest = self.council().set().digest();
        let events = Blake3::new(Tree::Event, *self.log.as_bytes());
        let headers = Blake3::new(Tree::Header, *self.log.as_bytes());
        Header {
            log: self.log,
            height,
            epoch,
            time: UnixMillis(GENESIS_TIME + 10_000 * (height + 1)),
            parent: last.map_or(HeaderDigest::ZERO, |block| block.header.digest()),
            events: TreeSize::new(self.events.len() as u64).unwrap(),
            event_root: root_of_leaves(&events, &self.event_leaves()),
            sha256_root: Hash::ZERO,
            header_root: root_of_leaves(&headers, &self.header_leaves()),
            epoch_start,
            set,
            next_set: next.map_or(set, |council| council.set().digest()),
            state_root: self.state.root(&self.log),
            parameters: Parameters { gate: GATE, trust_period: TRUST_PERIOD },
        }
    }

    /// Seals a block; `next` takes over after it.
    pub fn block(&mut self, next: Option<Council>) {
        self.update_state(next.as_ref());
        let header = self.next_header(next.as_ref());
        let certificate = self.council().certify(&header, 0, &self.council().quorum());
        if let Some(next) = next {
            self.handovers.push([&header.encode()[..], &certificate, &next.bytes].concat());
            self.councils.push(next);
        }
        self.blocks.push(Block { header, certificate });
    }

    pub fn tip(&self) -> &Block {
        self.blocks.last().unwrap()
    }

    pub fn now(&self) -> UnixMillis {
        UnixMillis(self.tip().header.time.0 + 1_000)
    }

    pub fn genesis_base(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(1).bytes32(&self.genesis);
        writer.into_bytes()
    }

    /// A header's place in the header tree of the header at `height`.
    pub fn header_proof(&self, of: usize, height: usize) -> Vec<[u8; 32]> {
        let headers = Blake3::new(Tree::Header, *self.log.as_bytes());
        inclusion_of(&headers, &self.header_leaves()[..height], of)
    }

    pub fn inclusion(&self, index: u64, size: u64) -> Vec<[u8; 32]> {
        let events = Blake3::new(Tree::Event, *self.log.as_bytes());
        inclusion_of(&events, &self.event_leaves()[..size as usize], index as usize)
    }

    /// A receipt of event `index` under the tip, from the genesis.
    pub fn parts(&self, index: u64) -> Parts {
        let tip = self.tip();
        Parts {
            base: self.genesis_base(),
            handovers: self.handovers.clone(),
            header: tip.header,
            finality: [&[1], tip.certificate.as_slice()].concat(),
            index,
            proof: self.inclusion(index, tip.header.events.get()),
            event: self.events[index as usize].clone(),
            bracket: self.bracket(index),
            payload: None,
            wraps: Vec::new(),
            name: None,
        }
    }

    /// The record of a kind and key in the state after the last block, and its proof.
    pub fn present(&self, key: &RecordKey<'_>) -> (Vec<u8>, Vec<u8>) {
        (self.state.get(key).unwrap().to_vec(), self.state.prove(key).1)
    }

    /// Brings the state up to all events so far.
    fn update_state(&mut self, next: Option<&Council>) {
        let (stream, writer) = (StreamId::from_bytes(STREAM), self.writer.key_id());
        let (role, from, until) = self.writer_key;
        let (height, epoch) = (self.blocks.len() as u64, self.councils.len() as u64 - 1);
        let parameters = Parameters { gate: GATE, trust_period: TRUST_PERIOD };
        let (signing, keys) = (Suite::Ed25519.byte(), [*writer.as_bytes()]);
        let ada = StateRecord::Key { id: writer, member: "ada", role, suite: signing, from, until };
        let mut records = vec![
            StateRecord::Member { name: "ada", keys: &keys },
            ada,
            StateRecord::Stream { id: stream, name: "main", group_epoch: 0 },
            StateRecord::Membership {
                stream,
                member: "ada",
                roles: Roles { writer: true, reader: false },
            },
            StateRecord::Parameters { parameters, sha256_tree: false },
        ];
        if height == 0 {
            let digest = self.council().set().digest();
            records.push(StateRecord::Set { epoch: 0, digest, first_height: 0 });
        }
        if let Some(next) = next {
            let (digest, first_height) = (next.set().digest(), height + 1);
            records.push(StateRecord::Set { epoch: epoch + 1, digest, first_height });
        }
        if let Some(last) = self.ids.last() {
            let next = self.ids.len() as u64;
            records.push(StateRecord::Head { stream, writer, next, last: *last });
        }
        for record in records {
            self.state.put(record.encode().unwrap()).unwrap();
        }
    }

    /// The bracket of event `index` under the tip.
    pub fn bracket(&self, index: u64) -> Vec<u8> {
        let tip = self.blocks.len() - 1;
        let at = self.blocks.iter().position(|b| index < b.header.events.get()).unwrap();
        let mut writer = Writer::new();
        let block = &self.blocks[at].header;
        if at == 0 {
            let proof = if tip == 0 { Vec::new() } else { self.header_proof(0, tip) };
            Proof::new(&proof).write(writer.u8(3).raw(&block.encode()));
        } else if at == tip {
            writer.u8(1).raw(&self.blocks[at - 1].header.encode());
        } else {
            Proof::new(&self.header_proof(at, tip)).write(writer.u8(2).raw(&block.encode()));
            writer.raw(&self.blocks[at - 1].header.encode());
        }
        writer.into_bytes()
    }
}

/// Four classic validators of power 1, 1, 1, 2.
pub fn four(seed: u8) -> Council {
    Council::new((0..4).map(|n| (Signer::classic(seed + n), 1 + u64::from(n == 3))).collect())
}

/// A log of 11 events in 3 blocks.
pub fn small_log(nonce: u8, council: Council) -> Kit {
    let mut kit = Kit::new(nonce, council);
    for count in [3, 4, 4] {
        kit.push_plain(count);
        kit.block(None);
    }
    kit
}
