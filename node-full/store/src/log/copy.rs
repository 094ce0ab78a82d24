//! Copying a log, whole or what is new, while another process may append to it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::{list, segment_path};
use crate::StoreError;
use crate::files::{self, Secrecy};
use crate::segment::{read_salt, scan};

/// A write that comes between two looks at the end can pass for damage; damage stays.
const TRIES: usize = 4;

/// What a copy took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Copied {
    /// Frames that the copy holds now, from the first segment on.
    pub frames: u64,
    /// Bytes that were written.
    pub bytes: u64,
}

/// Copies a log into a directory that holds nothing, or an older copy of the same log. Every frame
/// of a segment that is copied is checked; closed segments that are there already are not read. An
/// unfinished write at the end stays behind.
///
/// # Errors
/// [`StoreError::Corrupt`], [`StoreError::Gap`] or [`StoreError::Io`]; what was copied is whole.
pub fn copy(from: &Path, to: &Path) -> Result<Copied, StoreError> {
    files::create_dir(to)?;
    let firsts = list(from)?;
    let mut copied = Copied::default();
    for (place, first) in firsts.iter().enumerate() {
        let next = firsts.get(place.saturating_add(1)).copied();
        let (source, target) = (segment_path(from, *first), segment_path(to, *first));
        if let Some(next) = next.filter(|_| same_length(&source, &target)) {
            copied.frames = next;
            continue;
        }
        let (end, bytes) = copy_segment(&source, &target, (*first, next))?;
        copied.frames = end;
        copied.bytes = copied.bytes.saturating_add(bytes);
    }
    Ok(copied)
}

fn same_length(a: &Path, b: &Path) -> bool {
    let length = |path: &Path| std::fs::metadata(path).map(|about| about.len());
    matches!((length(a), length(b)), (Ok(a), Ok(b)) if a == b)
}

/// Copies the whole frames of a segment. Returns the index behind them, and how many bytes.
fn copy_segment(
    source: &Path,
    target: &Path,
    (first, next): (u64, Option<u64>),
) -> Result<(u64, u64), StoreError> {
    let file = File::open(source).map_err(StoreError::io("open", source))?;
    let salt = read_salt(source, &file)?;
    let nothing = &mut |_, _: &[u8]| Ok::<_, StoreError>(());
    let mut found = scan((source, &file, salt), (first, 0), nothing);
    for _ in 1..TRIES {
        if found.is_ok() || next.is_some() {
            break;
        }
        found = scan((source, &file, salt), (first, 0), nothing);
    }
    let bounds = found?.bounds;
    let frames = u64::try_from(bounds.len().saturating_sub(1)).unwrap_or(u64::MAX);
    let end = first.saturating_add(frames);
    if let Some(expected) = next.filter(|next| *next != end) {
        return Err(StoreError::Gap { path: source.to_owned(), expected, found: end });
    }
    let length = bounds.last().copied().unwrap_or(0);
    let mut bytes = Vec::new();
    let again = File::open(source).map_err(StoreError::io("open", source))?;
    again.take(length).read_to_end(&mut bytes).map_err(StoreError::io("read", source))?;
    files::write(target, &bytes, Secrecy::Secret)?;
    Ok((end, length))
}
