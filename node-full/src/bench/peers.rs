//! What the machine does without a node: the bare work that no log can do without.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use cairn_verifier::event::SignedEvent;

use super::{BenchError, WRITERS, per_second};
use crate::clock::Stopwatch;

/// How many signatures are checked: enough to measure, and little beside the round itself.
const CHECKS: usize = 4_000;

/// Appends the same bytes to a file, one sync for as many batches as there are writers: what the
/// node shares at best.
pub(super) fn append(path: &Path, batches: &[&[Vec<u8>]]) -> Result<Duration, BenchError> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let watch = Stopwatch::start();
    for group in batches.chunks(WRITERS) {
        let bytes: Vec<u8> =
            group.iter().flat_map(|batch| batch.iter()).flatten().copied().collect();
        file.write_all(&bytes)?;
        file.sync_data()?;
    }
    let took = watch.elapsed();
    // The file is not what is measured next; it must not fill the disk.
    file.set_len(0)?;
    Ok(took)
}

/// Signature checks a second, on all cores.
pub(super) fn checks(batches: &[&[Vec<u8>]]) -> Result<u64, BenchError> {
    let events: Vec<&Vec<u8>> =
        batches.iter().flat_map(|batch| batch.iter()).take(CHECKS).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let watch = Stopwatch::start();
    let all_hold = std::thread::scope(|scope| {
        let share = events.len().div_ceil(threads).max(1);
        let check = |part: &[&Vec<u8>]| {
            part.iter().all(|event| SignedEvent::decode(event).is_ok_and(|e| e.verify().is_ok()))
        };
        let workers: Vec<_> =
            events.chunks(share).map(|part| scope.spawn(move || check(part))).collect();
        workers.into_iter().all(|worker| worker.join().unwrap_or(false))
    });
    if !all_hold {
        return Err(BenchError::Wrong("a signature does not hold".to_owned()));
    }
    Ok(per_second(u64::try_from(events.len()).unwrap_or(0), watch.elapsed()))
}
