//! Reading a segment from its beginning, and telling damage from an unfinished write.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;

use super::Place;
use super::frame::{FIRST_FRAME, FRAME_HEADER_LEN, FRAME_MAGIC, FrameHeader, Salt};
use crate::StoreError;

/// What a scan found.
pub(crate) struct Found {
    /// Where each whole frame begins, and last where the whole writes end.
    pub(crate) bounds: Vec<u64>,
    /// The length of the file.
    pub(crate) len: u64,
}

/// Shows every frame of every whole write to `visit`. `first` is the index of the first frame, and
/// `at_least` how many there must be.
pub(crate) fn scan<E: From<StoreError>>(
    (path, file, salt): Place<'_>,
    (first, at_least): (u64, u64),
    visit: &mut impl FnMut(u64, &[u8]) -> Result<(), E>,
) -> Result<Found, E> {
    let len = file.metadata().map_err(StoreError::io("read", path))?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    reader.seek(SeekFrom::Start(FIRST_FRAME)).map_err(StoreError::io("read", path))?;
    let mut walk = Walk { index: first, offset: FIRST_FRAME, back: 0, frame: Vec::new() };
    let mut bounds = vec![FIRST_FRAME];
    // Frames of the write being read: they count only when its last one is there.
    let mut write: Vec<(u64, Vec<u8>)> = Vec::new();
    while walk.offset < len {
        let next = walk.next(&mut reader, &salt).map_err(StoreError::io("read", path))?;
        let Some(header) = next else { break };
        write.push((walk.offset, walk.frame.split_off(FRAME_HEADER_LEN)));
        if header.ahead == 0 {
            let first = walk.index.saturating_sub(u64::from(header.back));
            for (index, (end, payload)) in (first..).zip(write.drain(..)) {
                visit(index, &payload)?;
                bounds.push(end);
            }
        }
        walk.index = walk.index.saturating_add(1);
        walk.back = if header.ahead == 0 { 0 } else { walk.back.saturating_add(1) };
    }
    let whole = super::count(&bounds);
    let later = walk.offset < len && later_write((path, file, salt), &walk, len)?;
    if later || whole < at_least {
        let (path, offset, index) = (path.to_owned(), walk.offset, walk.index);
        return Err(StoreError::Corrupt { path, offset, index }.into());
    }
    Ok(Found { bounds, len })
}

/// Where the scan is.
struct Walk {
    /// Index of the frame to be read.
    index: u64,
    /// Where it begins.
    offset: u64,
    /// How many frames of its write were read, if it goes on with one.
    back: u32,
    /// The frame's bytes.
    frame: Vec<u8>,
}

impl Walk {
    /// Reads one frame; `None` if it is not whole or not the next. Moves on only if it is.
    fn next(&mut self, reader: &mut impl Read, salt: &Salt) -> io::Result<Option<FrameHeader>> {
        self.frame.clear();
        let head = u64::try_from(FRAME_HEADER_LEN).unwrap_or(0);
        reader.by_ref().take(head).read_to_end(&mut self.frame)?;
        let Some((header, _)) = FrameHeader::decode(&self.frame) else {
            return Ok(None);
        };
        reader.by_ref().take(u64::from(header.length)).read_to_end(&mut self.frame)?;
        let checked = FrameHeader::check(salt, &self.frame);
        let is_next = |header: &FrameHeader| header.index == self.index && header.back == self.back;
        let Some(header) = checked.filter(is_next) else {
            return Ok(None);
        };
        let length = u64::try_from(self.frame.len()).unwrap_or(u64::MAX);
        self.offset = self.offset.saturating_add(length);
        Ok(Some(header))
    }
}

/// Whether behind the bad frame stands a whole frame of a later write. Then the bad frame's own
/// write had been synced, and is not unfinished but damaged.
fn later_write((path, file, salt): Place<'_>, bad: &Walk, len: u64) -> Result<bool, StoreError> {
    const WINDOW: usize = 1 << 20;
    let mut window = vec![0; WINDOW];
    let mut at = bad.offset.saturating_add(1);
    while at < len {
        let left = usize::try_from(len.saturating_sub(at)).unwrap_or(usize::MAX);
        let part = window.get_mut(..left.min(WINDOW)).unwrap_or_default();
        file.read_exact_at(part, at).map_err(StoreError::io("read", path))?;
        for (place, four) in (0_u64..).zip(part.windows(4)) {
            if four == FRAME_MAGIC {
                let frame = read_frame(file, &salt, at.saturating_add(place), len);
                let frame = frame.map_err(StoreError::io("read", path))?;
                if frame.is_some_and(|header| begins_after(&header, bad.index)) {
                    return Ok(true);
                }
            }
        }
        // Windows overlap by three bytes, so that no magic is missed between two of them.
        let step = part.len().saturating_sub(3).max(1);
        at = at.saturating_add(u64::try_from(step).unwrap_or(u64::MAX));
    }
    Ok(false)
}

fn begins_after(header: &FrameHeader, bad: u64) -> bool {
    header.index.saturating_sub(u64::from(header.back)) > bad
}

/// The header of the whole frame at an offset, if there is one.
fn read_frame(file: &File, salt: &Salt, at: u64, len: u64) -> io::Result<Option<FrameHeader>> {
    let mut bytes = vec![0; FRAME_HEADER_LEN];
    let head = u64::try_from(FRAME_HEADER_LEN).unwrap_or(u64::MAX);
    if at.saturating_add(head) > len {
        return Ok(None);
    }
    file.read_exact_at(&mut bytes, at)?;
    let Some((header, _)) = FrameHeader::decode(&bytes) else {
        return Ok(None);
    };
    let whole = head.saturating_add(u64::from(header.length));
    if at.saturating_add(whole) > len {
        return Ok(None);
    }
    bytes.resize(usize::try_from(whole).unwrap_or(usize::MAX), 0);
    file.read_exact_at(&mut bytes, at)?;
    Ok(FrameHeader::check(salt, &bytes))
}
