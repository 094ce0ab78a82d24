//! What is known of a peer.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cairn_verifier::digest::KeyId;
use cairn_verifier::finality::{PublicKey, Suite};
use tokio::sync::OwnedSemaphorePermit;

/// Who a peer is: the key id of a member that the log's state names as validator or node.
pub type PeerId = KeyId;

/// A key that may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedPeer {
    id: PeerId,
    suite: Suite,
    key: Vec<u8>,
}

impl AllowedPeer {
    /// Whoever holds this key.
    #[must_use]
    pub fn new(key: &PublicKey<'_>) -> Self {
        Self { id: key.id(), suite: key.suite(), key: key.bytes().to_vec() }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> PeerId {
        self.id
    }

    /// Its key; always there, since it was made of one.
    #[must_use]
    pub fn key(&self) -> Option<PublicKey<'_>> {
        PublicKey::new(self.suite, &self.key)
    }
}

/// What happens on the network, in order for each peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle each of these")]
pub enum Incoming {
    /// A peer proved who it is; messages to it are taken from now on. What went to it before may
    /// be lost.
    Up(PeerId),
    /// It is gone.
    Down(PeerId),
    /// It says this.
    Message {
        /// The peer.
        from: PeerId,
        /// The message.
        bytes: Vec<u8>,
        /// Where it waits until it is dropped.
        room: Room,
    },
}

/// Room that a message takes of what its peer may have waiting, until it was dealt with. It goes
/// with the message through every queue: a reader that falls behind makes the peer wait, and no
/// queue between them grows.
#[derive(Clone, Default)]
pub struct Room(Option<Arc<OwnedSemaphorePermit>>);

impl Room {
    pub(crate) fn of(permit: OwnedSemaphorePermit) -> Self {
        Self(Some(Arc::new(permit)))
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Room").field(&self.0.as_ref().map(|permit| permit.num_permits())).finish()
    }
}

/// Where a message waits is no part of what it says.
impl PartialEq for Room {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Room {}

/// How a peer is doing, for `cairn status` and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a report, read field by field")]
pub struct PeerStatus {
    /// Who.
    pub id: PeerId,
    /// Where it is connected from or to; `None` if it is not.
    pub address: Option<SocketAddr>,
    /// For how long it is connected, or not.
    pub since: Duration,
    /// Whether this node dialled.
    pub outbound: bool,
    /// The height it said it was at when it connected.
    pub height: u64,
    /// The last round trip that was measured.
    pub round_trip: Option<Duration>,
    /// Bytes that wait to be sent.
    pub queued: usize,
    /// Messages received since this node was started.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Messages sent.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Messages that were not sent because its queue was full.
    pub dropped: u64,
    /// How many links there were with it.
    pub links: u64,
    /// Why it is not connected, in words.
    pub trouble: Option<String>,
}
