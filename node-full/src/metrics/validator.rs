//! What is counted of a validator among others.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use cairn_net::PeerStatus;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

use super::number;
use crate::node::Validator;
use crate::validate::ValidatorStatus;

/// Counters that stand at nothing from the beginning, so that a rule over them finds something.
const COUNTERS: [&str; 6] = [
    "cairn_rounds_total",
    "cairn_blocks_refused_total",
    "cairn_blocks_synced_total",
    "cairn_equivocations_total",
    "cairn_events_expired_total",
    "cairn_peers_banned_total",
];

/// Peers that were named once: those that no longer are must not look as if they were lost.
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Validators that were named once.
static SEATED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// What is counted of each validator in the newest blocks.
const RECORDS: [(&str, &str); 3] = [
    (
        "cairn_validator_proposed_blocks",
        "Of the newest 1,000 blocks of the epoch, those it proposed",
    ),
    ("cairn_validator_missed_turns", "Its turns in these blocks that went by without a block"),
    ("cairn_validator_signed_blocks", "Of these blocks, those whose kept certificate has its vote"),
];

pub(super) fn describe() {
    describe_gauge!("cairn_validator_power", "Its voting power");
    for (name, text) in RECORDS {
        describe_gauge!(name, text);
    }
    describe_histogram!(
        "cairn_decided_seconds",
        Unit::Seconds,
        "From a height's begin to its decision"
    );
    describe_counter!("cairn_rounds_total", "Rounds that decided heights took");
    describe_counter!("cairn_blocks_refused_total", "Proposed blocks that broke a rule");
    describe_counter!("cairn_blocks_synced_total", "Final blocks that were fetched from peers");
    describe_counter!(
        "cairn_equivocations_total",
        "Contradictions of other validators that were met"
    );
    describe_counter!("cairn_events_expired_total", "Accepted events that no block took in time");
    describe_counter!("cairn_peers_banned_total", "Times that a peer was refused for a while");
    describe_gauge!("cairn_round", "The round of the open height; 0 if nothing is wrong");
    describe_gauge!("cairn_silent", "1 if this validator may not sign");
    describe_gauge!("cairn_pool_events", "Events that wait for a block");
    describe_gauge!("cairn_pool_bytes", Unit::Bytes, "Their bytes");
    describe_gauge!("cairn_peers", "Peers that may connect");
    describe_gauge!("cairn_peers_connected", "Peers that are connected");
    describe_gauge!("cairn_peers_height", "The height that the furthest peer works on");
    describe_gauge!("cairn_peer_connected", "1 if this peer is connected");
    describe_gauge!("cairn_peer_round_trip_seconds", Unit::Seconds, "The last round trip");
    describe_gauge!("cairn_peer_queue_bytes", Unit::Bytes, "Bytes that wait to be sent to it");
    describe_counter!("cairn_peer_received_bytes_total", Unit::Bytes, "Bytes of its messages");
    describe_counter!("cairn_peer_sent_bytes_total", Unit::Bytes, "Bytes of messages to it");
    describe_counter!("cairn_peer_dropped_total", "Messages to it that had no room");
    describe_counter!("cairn_peer_links_total", "Links that there were with it");
}

/// What a node without others shows too.
pub(super) fn begin() {
    for name in COUNTERS {
        counter!(name).absolute(0);
    }
    show(&ValidatorStatus::default());
}

pub(super) fn show(status: &ValidatorStatus) {
    let connected = status.peers.iter().filter(|peer| peer.address.is_some()).count();
    gauge!("cairn_round").set(f64::from(status.round));
    gauge!("cairn_silent").set(f64::from(u8::from(status.silent.is_some())));
    gauge!("cairn_pool_events").set(number(status.pool_events));
    gauge!("cairn_pool_bytes").set(number(status.pool_bytes));
    gauge!("cairn_peers").set(number(u64::try_from(status.peers.len()).unwrap_or(0)));
    gauge!("cairn_peers_connected").set(number(u64::try_from(connected).unwrap_or(0)));
    gauge!("cairn_peers_height").set(number(status.peers_height));
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    let now: BTreeSet<_> = status.peers.iter().map(name).collect();
    for gone in named.difference(&now) {
        gauge!("cairn_peer_connected", "peer" => gone.clone()).set(f64::NAN);
    }
    *named = now;
    status.peers.iter().for_each(show_peer);
}

/// How the validators of the set in force did lately.
pub(super) fn show_records(validators: &[Validator]) {
    let name = |one: &Validator| short(&one.id.to_string());
    let now: BTreeSet<_> = validators.iter().map(name).collect();
    let mut seated = SEATED.lock().unwrap_or_else(PoisonError::into_inner);
    for gone in seated.difference(&now) {
        gauge!("cairn_validator_power", "validator" => gone.clone()).set(0.0);
        for (figure, _) in RECORDS {
            gauge!(figure, "validator" => gone.clone()).set(f64::NAN);
        }
    }
    *seated = now;
    for one in validators {
        let label = || [("validator", name(one))];
        gauge!("cairn_validator_power", &label()).set(number(one.power));
        let figures = [one.record.proposed, one.record.missed, one.record.signed];
        for ((figure, _), value) in RECORDS.into_iter().zip(figures) {
            gauge!(figure, &label()).set(number(value));
        }
    }
}

fn show_peer(peer: &PeerStatus) {
    let label = || [("peer", name(peer))];
    let connected = peer.address.is_some();
    gauge!("cairn_peer_connected", &label()).set(f64::from(u8::from(connected)));
    gauge!("cairn_peer_round_trip_seconds", &label())
        .set(peer.round_trip.unwrap_or_default().as_secs_f64());
    gauge!("cairn_peer_queue_bytes", &label())
        .set(number(u64::try_from(peer.queued).unwrap_or(u64::MAX)));
    counter!("cairn_peer_received_bytes_total", &label()).absolute(peer.received_bytes);
    counter!("cairn_peer_sent_bytes_total", &label()).absolute(peer.sent_bytes);
    counter!("cairn_peer_dropped_total", &label()).absolute(peer.dropped);
    counter!("cairn_peer_links_total", &label()).absolute(peer.links);
}

/// The beginning of a peer's key id: long enough to find it in `cairn.toml`.
fn name(peer: &PeerStatus) -> String {
    short(&peer.id.to_string())
}

fn short(id: &str) -> String {
    id.get(..16).unwrap_or(id).to_owned()
}
