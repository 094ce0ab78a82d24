//! A key that signs whatever a test wants, and hands it to validators as one of them would.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use cairn_consensus::gossip::Gossip;
use cairn_net::{Incoming, Network};
use cairn_node::ingest::{DraftKind, Submission};
use cairn_node::node::Node;
use cairn_node::system::SystemEvent;
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{EventId, StreamId};
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Outcome, Party, Payload, Resource, encode_metadata, encode_signed,
};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::secret::MemberSecret;

use crate::kit::Town;

pub(crate) const MAIN: StreamId = StreamId::from_bytes([1; 32]);
pub(crate) const SYSTEM: StreamId = StreamId::from_bytes([2; 32]);

/// A writer in a stream.
pub(crate) struct Hand {
    secret: MemberSecret,
    stream: StreamId,
    sequence: u64,
    previous: EventId,
}

impl Hand {
    /// With a key file of a node's directory; it goes on from what the log has of it.
    pub(crate) fn of(town: &Town, (at, key): (usize, &str), stream: StreamId) -> Self {
        let text = std::fs::read_to_string(town.path(at).join("keys").join(key)).unwrap();
        Self::with(town, MemberSecret::parse(&text).unwrap(), stream)
    }

    pub(crate) fn stranger(town: &Town, seed: u8, stream: StreamId) -> Self {
        Self::with(town, MemberSecret::from_seed([seed; 32]).unwrap(), stream)
    }

    fn with(town: &Town, secret: MemberSecret, stream: StreamId) -> Self {
        let node = town.up().next().unwrap();
        let (sequence, previous) = node.next_sequence(&stream, &secret.key_id()).unwrap();
        Self { secret, stream, sequence, previous }
    }

    /// The next event, a record.
    pub(crate) fn record(
        &mut self,
        node: &Node,
        event_type: &str,
        metadata: &[(&str, &str)],
    ) -> (EventId, Vec<u8>) {
        let metadata =
            metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let metadata = encode_metadata(&metadata.collect()).unwrap();
        let body = self.body(node);
        self.sign(&EventBody { event_type, metadata: Metadata::decode(&metadata).unwrap(), ..body })
    }

    /// The next event, one of the system's.
    pub(crate) fn say(&mut self, node: &Node, event: &SystemEvent) -> (EventId, Vec<u8>) {
        let draft = event.draft("tester", "", "because");
        let metadata = encode_metadata(&draft.metadata).unwrap();
        let kind = match draft.kind {
            DraftKind::Redaction => Kind::Redaction,
            DraftKind::ValidatorChange => Kind::ValidatorChange,
            DraftKind::Record
            | DraftKind::Import
            | DraftKind::Member
            | DraftKind::Grant
            | DraftKind::Evidence => Kind::Member,
        };
        let body = self.body(node);
        self.sign(&EventBody {
            kind,
            event_type: &draft.event_type,
            actor: Party { kind: &draft.actor.kind, id: &draft.actor.id },
            resource: Resource {
                party: Party { kind: &draft.resource.kind, id: &draft.resource.id },
                parent: "",
            },
            reason: &draft.reason,
            metadata: Metadata::decode(&metadata).unwrap(),
            ..body
        })
    }

    fn body(&self, node: &Node) -> EventBody<'static> {
        EventBody {
            log: node.log(),
            stream: self.stream,
            writer: self.secret.key_id(),
            sequence: self.sequence,
            previous: self.previous,
            time: UnixMillis(1_700_000_000_000 + self.sequence),
            kind: Kind::Record,
            event_type: "test.signed",
            actor: Party { kind: "user", id: "mallory" },
            resource: Resource { party: Party { kind: "thing", id: "one" }, parent: "" },
            outcome: Outcome::Success,
            reason: "",
            metadata: Metadata::EMPTY,
            group_epoch: 0,
            generation: 0,
            payload: Payload::None,
        }
    }

    fn sign(&mut self, body: &EventBody<'_>) -> (EventId, Vec<u8>) {
        let bytes = body.encode().unwrap();
        let id = EventBody::id_of(&bytes);
        let public = self.secret.public_key();
        let key = PublicKey::new(Suite::Ed25519, &public).unwrap();
        let signature = self.secret.sign(Role::Event, id.as_bytes()).unwrap();
        self.sequence += 1;
        self.previous = id;
        (id, encode_signed(&bytes, &[(key, &signature)]).unwrap())
    }
}

/// A validator of the town that is no node.
pub(crate) struct Mallory {
    network: Arc<dyn Network>,
    _incoming: Receiver<Incoming>,
}

impl Mallory {
    pub(crate) fn join(town: &Town, at: usize) -> Self {
        let (network, incoming) = town.links.join(town.ids[at]);
        Self { network, _incoming: incoming }
    }

    /// Tells everyone of events, and waits until they are final.
    pub(crate) fn tell(&self, town: &Town, events: Vec<(EventId, Vec<u8>)>) {
        let height = town.up().next().unwrap().status().height + 1;
        let (ids, events) = events.into_iter().unzip::<_, _, Vec<_>, _>();
        self.network.broadcast(&Gossip::Events { height, events }.encode());
        town.wait_final(&ids);
    }
}

pub(crate) const fn signed(event: Vec<u8>) -> Submission {
    Submission::Signed { event, payload: None, wraps: Vec::new(), salt: None }
}
