//! Signed events of many writers, in a file, so that they are neither signed nor held in memory
//! while something is measured.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, and divisors that are not 0")]

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{EventId, LogId, StreamId};
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Outcome, Party, Payload, Resource, encode_metadata, encode_signed,
};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::secret::MemberSecret;

use super::{BATCH, BenchError};
use crate::node::Node;
use crate::query::{Order, Query};

/// How many writers submit at once.
pub const WRITERS: usize = 8;
/// How many actors, resources and types there are.
const ACTORS: u64 = 2_000;
const FOLDERS: u64 = 500;
const RESOURCES: u64 = 100_000;
const TYPES: u64 = 40;
/// The first event's time, and how long after it the next one is.
const START: u64 = 1_700_000_000_000;
const STEP: u64 = 250;

/// Numbers that look random and are the same each time (splitmix64).
pub(super) const fn noise(n: u64) -> u64 {
    let x = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A query that an auditor might ask, about what there is.
pub(super) fn query(n: u64, events: u64) -> Query {
    let order = if n & 16 == 0 { Order::Newest } else { Order::Oldest };
    let actor = Some(format!("user/u{}", noise(n) % ACTORS));
    let resource = noise(n ^ 5) % RESOURCES;
    let base = Query { order, ..Query::default() };
    let middle = START.saturating_add((n % events.max(1)).saturating_mul(STEP));
    match n % 5 {
        0 => Query { actor, ..base },
        1 => Query { resource: Some(format!("f{}/{resource}", resource % FOLDERS)), ..base },
        2 => Query { resource_prefix: Some(format!("f{}/1", resource % FOLDERS)), ..base },
        3 => Query { actor, from: Some(middle), ..base },
        _ => Query { from: Some(middle), to: Some(middle.saturating_add(600_000)), ..base },
    }
}

struct Writer {
    secret: MemberSecret,
    sequence: u64,
    previous: EventId,
}

impl Writer {
    /// The writer's next event, the log's `n`-th.
    fn next(&mut self, (log, stream): (LogId, StreamId), n: u64) -> Result<Vec<u8>, BenchError> {
        let wrong = |what: &str| BenchError::Wrong(format!("cannot make an event: {what}"));
        let r = noise(n);
        let (actor, resource) = (format!("u{}", r % ACTORS), noise(r) % RESOURCES);
        let folder = format!("f{}", resource % FOLDERS);
        let id = format!("{folder}/{resource}");
        let event_type = format!("bench.type{}", (r >> 20) % TYPES);
        // 0.6 to 1.4 kB of text: requests, user agents and the like do not compress to nothing.
        let filler: String = (0..(30 + r % 50)).map(|k| format!("{:016x}", noise(r ^ k))).collect();
        let entries = [("request".to_owned(), filler)].into();
        let metadata = encode_metadata(&entries).map_err(|error| wrong(error.code()))?;
        let body = EventBody {
            log,
            stream,
            writer: self.secret.key_id(),
            sequence: self.sequence,
            previous: self.previous,
            time: UnixMillis(START.saturating_add(n.saturating_mul(STEP))),
            kind: Kind::Record,
            event_type: &event_type,
            actor: Party { kind: "user", id: &actor },
            resource: Resource { party: Party { kind: "doc", id: &id }, parent: &folder },
            outcome: if r & 15 == 0 { Outcome::Denied } else { Outcome::Success },
            reason: "",
            metadata: Metadata::decode(&metadata).map_err(|error| wrong(error.code()))?,
            group_epoch: 0,
            generation: 0,
            payload: Payload::None,
        };
        let bytes = body.encode().map_err(|error| wrong(error.code()))?;
        let id = EventBody::id_of(&bytes);
        let public = self.secret.public_key();
        let key = PublicKey::new(Suite::Ed25519, &public).ok_or_else(|| wrong("no key"))?;
        let signature = self.secret.sign(Role::Event, id.as_bytes());
        let signature = signature.ok_or_else(|| wrong("no signature"))?;
        self.sequence = self.sequence.saturating_add(1);
        self.previous = id;
        encode_signed(&bytes, &[(key, &signature)]).map_err(|error| wrong(error.code()))
    }
}

/// The events, in batches of one writer each, the writers in turns.
pub(super) struct Source {
    file: BufReader<File>,
    next_writer: usize,
}

impl Source {
    /// Signs all events and writes them to a file.
    pub(super) fn write(
        path: &Path,
        node: &Node,
        events: u64,
        observe: &mut dyn FnMut(&str, u64, u64),
    ) -> Result<Self, BenchError> {
        let stream = node.streams().first().map(|stream| stream.id);
        let stream = stream.ok_or_else(|| BenchError::Wrong("the log has no stream".to_owned()))?;
        let mut writers = Vec::new();
        for n in 0..WRITERS {
            let secret = MemberSecret::from_seed([u8::try_from(n).unwrap_or(0); 32]);
            let secret = secret.ok_or_else(|| BenchError::Wrong("no key".to_owned()))?;
            writers.push(Writer { secret, sequence: 0, previous: EventId::ZERO });
        }
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let batch = u64::try_from(BATCH).unwrap_or(1);
        for n in 0..events {
            let turn = usize::try_from(n / batch).unwrap_or(0) % WRITERS;
            let Some(writer) = writers.get_mut(turn) else { continue };
            let event = writer.next((node.log(), stream), n)?;
            file.write_all(&u32::try_from(event.len()).unwrap_or(0).to_be_bytes())?;
            file.write_all(&event)?;
            if n.is_multiple_of(1_000) {
                observe("signing", n, events);
            }
        }
        file.flush()?;
        let file = BufReader::with_capacity(1 << 20, File::open(path)?);
        Ok(Self { file, next_writer: 0 })
    }

    /// The next events.
    pub(super) fn read(&mut self, events: u64) -> Result<Round, BenchError> {
        let mut round = Round { writers: (0..WRITERS).map(|_| Vec::new()).collect() };
        let mut left = usize::try_from(events).unwrap_or(usize::MAX);
        while left > 0 {
            let mut batch = Vec::with_capacity(BATCH);
            for _ in 0..BATCH.min(left) {
                let mut length = [0; 4];
                self.file.read_exact(&mut length)?;
                let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(0);
                let mut event = vec![0; length];
                self.file.read_exact(&mut event)?;
                batch.push(event);
            }
            left = left.saturating_sub(batch.len());
            if let Some(writer) = round.writers.get_mut(self.next_writer) {
                writer.push(batch);
            }
            self.next_writer = self.next_writer.saturating_add(1) % WRITERS;
        }
        Ok(round)
    }
}

/// Events of one round: by writer, in batches.
pub(super) struct Round {
    writers: Vec<Vec<Vec<Vec<u8>>>>,
}

impl Round {
    pub(super) fn count(&self) -> u64 {
        let counts = self.batches();
        u64::try_from(counts.iter().map(|batch| batch.len()).sum::<usize>()).unwrap_or(u64::MAX)
    }

    pub(super) fn bytes(&self) -> u64 {
        let batches = self.batches();
        let events = batches.iter().flat_map(|batch| batch.iter());
        u64::try_from(events.map(Vec::len).sum::<usize>()).unwrap_or(u64::MAX)
    }

    /// All batches.
    pub(super) fn batches(&self) -> Vec<&[Vec<u8>]> {
        self.writers.iter().flatten().map(Vec::as_slice).collect()
    }

    pub(super) fn into_writers(self) -> Vec<Vec<Vec<Vec<u8>>>> {
        self.writers
    }
}
