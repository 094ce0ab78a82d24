//! Links between validators: who is talked to, and how much of what.
//!
//! [`Network`] is all that the driver of the consensus engine sees. Tests have one in memory.
#![forbid(unsafe_code)]

mod peer;

pub use peer::{AllowedPeer, Incoming, PeerId, PeerStatus};

/// Messages to and from the peers of this node. What a message says is no concern of it.
///
/// Nothing here blocks and nothing is promised: a message to a peer that is not there, or that
/// reads too slowly, is lost. What arrives comes over a bounded `mpsc::Receiver<Incoming>`.
pub trait Network: Send + Sync {
    /// Queues a message for one peer; false if it is not connected or its queue is full.
    fn send(&self, to: PeerId, message: &[u8]) -> bool;

    /// Queues a message for every peer that is connected.
    fn broadcast(&self, message: &[u8]);

    /// Disconnects a peer and refuses it for a while.
    fn ban(&self, peer: PeerId, why: &str);

    /// Every peer that is allowed, connected or not.
    fn peers(&self) -> Vec<PeerStatus>;

    /// Replaces who may connect: validators and nodes by the newest final state.
    fn allow(&self, peers: Vec<AllowedPeer>);
}
