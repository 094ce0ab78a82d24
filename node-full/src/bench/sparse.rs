//! Proofs of a tree that is larger than any disk here: only the tiles that some proofs read are
//! written, with hashes out of nowhere. What is timed is what a node does: find the tiles, read them
//! from their files, hash what stands between.

use std::path::Path;
use std::time::Duration;

use cairn_store::StoreError;
use cairn_store::files;
use cairn_store::tiles::{TileId, Tiles, WIDTH};
use cairn_verifier::tree::{Blake3, Kind};

use super::events::noise;
use super::{BenchError, percentiles};
use crate::clock::Stopwatch;

/// How many leaves are proven.
const SAMPLES: u64 = 2_000;

/// How many of them are proven again at once, from tiles that are all still in memory.
const AGAIN: usize = 100;

/// Median and 99th percentile of inclusion proofs in a tree of so many leaves: each from tiles that
/// this process has not read before, and again from memory, which is all that a cache can give.
///
/// # Errors
/// [`BenchError`].
pub fn sparse(
    dir: &Path,
    leaves: u64,
    observe: &mut dyn FnMut(&str, u64, u64),
) -> Result<Sparse, BenchError> {
    let width = u64::try_from(WIDTH).unwrap_or(1);
    let leaves = leaves.saturating_sub(leaves.checked_rem(width).unwrap_or(0));
    write_border(dir, leaves)?;
    let indices: Vec<u64> =
        (0..SAMPLES).map(|n| noise(n).checked_rem(leaves).unwrap_or(0)).collect();
    for (done, index) in (1..).zip(&indices) {
        for level in 0..=7 {
            let (full, number) = (above(leaves, level), above(*index, level));
            if number < full {
                write_tile(dir, TileId { level, number })?;
            }
        }
        observe("writing tiles", done, SAMPLES);
    }
    let tree = Tiles::resume(Blake3::new(Kind::Event, [7; 32]), dir, leaves)?;
    let mut prove = |indices: &[u64]| {
        let mut times = Vec::with_capacity(indices.len());
        for (done, index) in (1..).zip(indices) {
            let watch = Stopwatch::start();
            tree.inclusion(*index, leaves)?;
            times.push(watch.elapsed());
            observe("proving", done, SAMPLES);
        }
        Ok::<_, BenchError>(percentiles(times))
    };
    let first = prove(&indices)?;
    let again = prove(indices.last_chunk::<AGAIN>().map_or(&[], |last| last))?;
    Ok(Sparse { first, again })
}

/// Median and 99th percentile of proofs.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Sparse {
    /// From files.
    pub first: (Duration, Duration),
    /// From memory.
    pub again: (Duration, Duration),
}

/// Which tile of a level is above a leaf, or how many full ones are above so many.
const fn above(leaves: u64, level: u8) -> u64 {
    let mut number = leaves >> 8;
    let mut step = 0;
    while step < level {
        number >>= 8;
        step = step.saturating_add(1);
    }
    number
}

/// What stands left of the right border: a tree goes on from these.
fn write_border(dir: &Path, leaves: u64) -> Result<(), StoreError> {
    for level in 0..=7 {
        let (full, next) = (above(leaves, level), above(leaves, level.saturating_add(1)));
        for number in next.saturating_mul(256)..full {
            write_tile(dir, TileId { level, number })?;
        }
    }
    Ok(())
}

fn write_tile(dir: &Path, tile: TileId) -> Result<(), StoreError> {
    let path = dir.join(tile.path());
    if path.is_file() {
        return Ok(());
    }
    let seed = noise(tile.number ^ (u64::from(tile.level) << 56));
    let words = (0..).map(|n| noise(seed ^ n).to_be_bytes()).take(WIDTH.saturating_mul(4));
    if let Some(folder) = path.parent() {
        files::create_dir(folder)?;
    }
    files::write(&path, &words.flatten().collect::<Vec<_>>(), files::Secrecy::Public)
}
