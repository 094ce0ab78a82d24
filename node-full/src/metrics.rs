//! What the node counts and times, for Prometheus. Where nobody asked for it, counting costs nothing.
//!
//! | name | kind | says |
//! |---|---|---|
//! | `cairn_events_accepted_total` | counter | events that were made durable |
//! | `cairn_events_refused_total{code}` | counter | submissions that were refused |
//! | `cairn_commit_seconds` | histogram | one group commit: write, sync, index |
//! | `cairn_commit_events` | histogram | events in one group commit |
//! | `cairn_block_seconds` | histogram | making one block: roots, vote, sync |
//! | `cairn_proof_seconds{kind}` | histogram | proofs and receipts, without HTTP |
//! | `cairn_query_seconds` | histogram | queries, without HTTP |
//! | `cairn_http_request_seconds{route,method,status}` | histogram | requests, until their answer begins |
//! | `cairn_log_size`, `cairn_log_accepted`, `cairn_log_height` | gauges | final events, durable events, newest block |
//! | `cairn_head_age_seconds` | gauge | how old the newest block is |
//! | `cairn_streams_cut_total` | counter | WebSockets that were cut because their reader was too slow |
//! | `cairn_storage_bytes` | gauge | bytes in the data directory |
//! | `cairn_ready` | gauge | 1 if events can be taken |
//! | `cairn_behind` | gauge | final events that are not published yet, or published and not in this replica |
//! | `cairn_published_heads_total`, `cairn_published_bytes_total` | counters | what was published |
//! | `cairn_checks_total`, `cairn_check_findings` | counter, gauge | looks at all data, and what the last one found |
//!
//! Of a validator among others; elsewhere they stand at 0:
//!
//! | name | kind | says |
//! |---|---|---|
//! | `cairn_decided_seconds`, `cairn_rounds_total` | histogram, counter | how long heights took, in how many rounds |
//! | `cairn_round` | gauge | the round of the open height |
//! | `cairn_silent` | gauge | 1 if this validator may not sign |
//! | `cairn_pool_events`, `cairn_pool_bytes`, `cairn_events_expired_total` | gauges, counter | what waits for a block, and what waited too long |
//! | `cairn_blocks_refused_total`, `cairn_blocks_synced_total` | counters | blocks that broke a rule, blocks fetched from peers |
//! | `cairn_equivocations_total` | counter | contradictions of other validators |
//! | `cairn_peers`, `cairn_peers_connected`, `cairn_peers_height`, `cairn_peers_banned_total` | gauges, counter | who may connect and does, and how far the furthest is |
//! | `cairn_peer_connected{peer}`, `cairn_peer_round_trip_seconds{peer}`, `cairn_peer_queue_bytes{peer}` | gauges | one peer, by the beginning of its key id |
//! | `cairn_peer_received_bytes_total{peer}`, `cairn_peer_sent_bytes_total{peer}` | counters | messages from and to it |
//! | `cairn_peer_dropped_total{peer}`, `cairn_peer_links_total{peer}` | counters | messages that had no room, links that there were |

mod validator;

use std::time::Duration;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::clock;
use crate::node::Node;

/// Bounds of all histograms of times, in seconds.
const SECONDS: [f64; 12] =
    [0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
/// Bounds of `cairn_commit_events`.
const EVENTS: [f64; 8] = [1.0, 5.0, 20.0, 100.0, 500.0, 1_000.0, 2_000.0, 5_000.0];

/// Begins to count, once a process. `None` if something counts already, or cannot.
#[must_use]
pub fn start() -> Option<PrometheusHandle> {
    use metrics_exporter_prometheus::Matcher::{Full, Suffix};
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|builder| {
            builder.set_buckets_for_metric(Full("cairn_commit_events".to_owned()), &EVENTS)
        });
    let recorder = builder.ok()?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).ok()?;
    describe();
    validator::describe();
    validator::begin();
    // A rule over a counter that was never counted finds nothing, also when it should.
    counter!("cairn_streams_cut_total").absolute(0);
    counter!("cairn_events_accepted_total").absolute(0);
    counter!("cairn_checks_total").absolute(0);
    gauge!("cairn_check_findings").set(0.0);
    Some(handle)
}

fn describe() {
    describe_counter!("cairn_events_accepted_total", "Events that were made durable");
    describe_counter!("cairn_events_refused_total", "Submissions that were refused, by code");
    describe_histogram!("cairn_commit_seconds", Unit::Seconds, "One group commit");
    describe_histogram!("cairn_commit_events", "Events in one group commit");
    describe_histogram!("cairn_block_seconds", Unit::Seconds, "Making one block");
    describe_histogram!("cairn_proof_seconds", Unit::Seconds, "Proofs and receipts, by kind");
    describe_histogram!("cairn_query_seconds", Unit::Seconds, "Queries");
    describe_histogram!("cairn_http_request_seconds", Unit::Seconds, "Requests, by route");
    describe_counter!("cairn_streams_cut_total", "WebSockets cut because their reader was slow");
    describe_gauge!("cairn_log_size", "Final events");
    describe_gauge!("cairn_log_accepted", "Durable events, final or not");
    describe_gauge!("cairn_log_height", "Height of the newest block");
    describe_gauge!("cairn_head_age_seconds", Unit::Seconds, "Age of the newest block");
    describe_gauge!("cairn_storage_bytes", Unit::Bytes, "Bytes in the data directory");
    describe_gauge!("cairn_ready", "1 if events can be taken");
    describe_gauge!("cairn_behind", "Final events not published yet, or not in this replica yet");
    describe_counter!("cairn_published_heads_total", "Times that something was published");
    describe_counter!("cairn_published_bytes_total", Unit::Bytes, "Bytes that were published");
    describe_counter!("cairn_checks_total", "Looks at all data while the node runs");
    describe_gauge!("cairn_check_findings", "What the last look at all data found wrong");
}

/// Everything as Prometheus reads it.
#[must_use]
pub fn render(handle: &PrometheusHandle, node: &Node) -> String {
    let status = node.status();
    gauge!("cairn_log_size").set(number(status.size));
    gauge!("cairn_log_accepted").set(number(status.accepted));
    gauge!("cairn_log_height").set(number(status.height));
    let age = clock::now().0.saturating_sub(status.head_time);
    gauge!("cairn_head_age_seconds").set(Duration::from_millis(age).as_secs_f64());
    gauge!("cairn_storage_bytes").set(number(status.storage_bytes));
    gauge!("cairn_behind").set(number(status.behind()));
    gauge!("cairn_ready").set(f64::from(u8::from(status.is_healthy())));
    if let Some(validator) = &status.validator {
        validator::show(validator);
    }
    // What cannot be read is told by other figures.
    if let Ok(validators) = node.records() {
        validator::show_records(&validators);
    }
    handle.render()
}

/// Above 2^53 a figure may be off by a few.
#[expect(clippy::as_conversions, reason = "to floating point there is only this")]
const fn number(count: u64) -> f64 {
    count as f64
}

/// Times a piece of work, and makes it a span of the request's trace.
pub(crate) fn timed<T>(name: &'static str, kind: &'static str, work: impl FnOnce() -> T) -> T {
    let watch = clock::Stopwatch::start();
    let done = tracing::debug_span!("work", otel.name = name, kind).in_scope(work);
    histogram!(name, "kind" => kind).record(watch.elapsed());
    done
}
