//! What a peer, and whoever is none yet, may cost.

use std::time::Duration;

/// All limits of the links of one node.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "limits, stated by name")]
pub struct Limits {
    /// From a connection to both hellos.
    pub handshake: Duration,
    /// Connections without a proof, at once.
    pub strangers: usize,
    /// The same from one address (of IPv6: one /64).
    pub strangers_of_one: usize,
    /// Connections that one address may begin in a second, and at once after a while of none.
    pub attempts: u32,
    /// How often a link says that it is alive.
    pub keep_alive: Duration,
    /// How long a peer may say nothing, or take nothing.
    pub silence: Duration,
    /// Messages of one peer that are read in a second.
    pub messages: u32,
    /// KiB of one peer that are read in a second.
    pub kib: u32,
    /// KiB of one peer that wait for the application, or that it works on.
    pub waiting_kib: u32,
    /// Messages that wait to be sent to one peer.
    pub queue_messages: usize,
    /// Their bytes.
    pub queue_bytes: usize,
    /// The first ban. Each further one of the same peer is twice as long, up to a day.
    pub ban: Duration,
    /// How long until a peer is dialled again: first and longest.
    pub again: (Duration, Duration),
    /// How long the end with the larger key id waits for the other one to dial.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            strangers: 256,
            strangers_of_one: 64,
            attempts: 64,
            keep_alive: Duration::from_secs(3),
            silence: Duration::from_secs(12),
            messages: 5_000,
            kib: 64 << 10,
            waiting_kib: 24 << 10,
            queue_messages: 8_192,
            queue_bytes: 64 << 20,
            ban: Duration::from_secs(60),
            again: (Duration::from_millis(100), Duration::from_secs(5)),
            patience: Duration::from_millis(300),
        }
    }
}
