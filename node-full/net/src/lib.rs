//! Links between validators: who is talked to, and how much of what.
//!
//! [`Network`] is all that the driver of the consensus engine sees. Tests have one in memory;
//! [`Links`] has TCP and TLS 1.3. From a connection to the application a byte passes
//!
//! 1. the `door`: few strangers at once, fewer of one address;
//! 2. TLS, with a key exchange that a quantum computer does not break (`tls`, `kx`);
//! 3. the `hello` of each end, signed for this one connection with a key that the log names;
//! 4. the `table`: one link with each peer, none with those that are refused;
//! 5. the `session`: frames with a limit each, at a rate of the peer's own, into a queue of its own.
//!
//! **Invariant:** what an end says before its proof held costs a fixed number of bytes, one timer,
//! and no signature unless it names a key of the log.
//! **Invariant:** no peer's messages wait for another peer, and the application never waits for one.
#![forbid(unsafe_code)]

mod door;
mod error;
mod frame;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod greet;
mod hello;
mod kx;
mod limits;
mod links;
mod peer;
mod queue;
mod rate;
mod session;
mod stats;
mod table;
mod tls;

pub use error::LinkError;
pub use frame::MAX_MESSAGE_LEN;
pub use hello::{Identity, VERSIONS};
pub use limits::Limits;
pub use links::{BadAddress, Config, Links, PeerAddress, StartError};
pub use peer::{AllowedPeer, Incoming, PeerId, PeerStatus, Room};

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

#[cfg(test)]
mod tests;
