//! Lines with their numbers, of files that are at their end or still grow.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use cairn_verifier::digest;
use flate2::bufread::MultiGzDecoder;

use super::state::Position;

/// The longest line that is read, in bytes: a whole `CloudTrail` file can be one.
pub const MAX_LINE: usize = 64 << 20;
/// How a gzip file begins: RFC 1952, section 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What the last line of a position is hashed under.
const LAST_LINE: &str = "cairn v1 import last line";

/// A line without its line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a line and where it stands")]
pub struct Line {
    /// Counted from 1.
    pub number: u64,
    /// What it says; empty if it is too long.
    pub bytes: Vec<u8>,
    /// Its length in the file, with its line feed.
    pub len: u64,
    /// Whether it is longer than [`MAX_LINE`].
    pub is_too_long: bool,
}

impl Line {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        !self.is_too_long && self.bytes.trim_ascii().is_empty()
    }
}

/// Reads lines and counts them.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    number: u64,
    offset: u64,
    /// The line being read.
    pending: Line,
}

impl<R: BufRead> Lines<R> {
    /// From the first line.
    pub const fn new(input: R) -> Self {
        Self::after(input, 0, 0)
    }

    /// From where `number` lines of `offset` bytes were read before.
    pub const fn after(input: R, number: u64, offset: u64) -> Self {
        let pending = Line { number: 0, bytes: Vec::new(), len: 0, is_too_long: false };
        Self { input, number, offset, pending }
    }

    /// What it reads from.
    pub const fn input(&self) -> &R {
        &self.input
    }

    /// How many lines were read.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes they had.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes were read, with those of an unfinished line.
    pub const fn bytes_read(&self) -> u64 {
        self.offset.saturating_add(self.pending.len)
    }

    /// The number of a line that has no end yet.
    pub const fn unfinished(&self) -> Option<u64> {
        if self.pending.len == 0 { None } else { Some(self.number.saturating_add(1)) }
    }

    /// The next line that ends with a line feed; at the end of the input, what is left if
    /// `is_over`, else nothing yet.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn next_line(&mut self, is_over: bool) -> io::Result<Option<Line>> {
        let is_ended = self.fill()?;
        if !is_ended && (!is_over || self.pending.len == 0) {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        self.offset = self.bytes_read();
        let line = std::mem::take(&mut self.pending);
        Ok(Some(Line { number: self.number, ..line }))
    }

    /// Reads on until the line ends (`true`) or the input does.
    fn fill(&mut self) -> io::Result<bool> {
        loop {
            let chunk = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                return Ok(false);
            }
            let mut split = chunk.splitn(2, |byte| *byte == b'\n');
            let part = split.next().unwrap_or_default();
            let is_ended = split.next().is_some();
            let used = part.len().saturating_add(usize::from(is_ended));
            self.pending.add(part, used);
            self.input.consume(used);
            if is_ended {
                return Ok(true);
            }
        }
    }
}

impl Line {
    fn add(&mut self, part: &[u8], used: usize) {
        self.len = self.len.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
        if self.bytes.len().saturating_add(part.len()) > MAX_LINE {
            self.is_too_long = true;
        }
        if self.is_too_long {
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(part);
        }
    }

    /// The position after this line of the file with this inode.
    #[must_use]
    pub fn position(&self, inode: u64, offset: u64) -> Position {
        let last = last_line(&self.bytes);
        let len = if self.is_too_long { 0 } else { self.len };
        Position { inode, offset, line: self.number, len, last }
    }
}

fn last_line(bytes: &[u8]) -> [u8; 32] {
    digest::derive(LAST_LINE, &[bytes])
}

/// Whether a file that begins so is compressed with gzip.
#[must_use]
pub fn is_gzip(beginning: &[u8]) -> bool {
    beginning.starts_with(&GZIP)
}

/// Input that may be compressed with gzip.
///
/// # Errors
/// The input cannot be read.
pub fn unzipped(mut input: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    if is_gzip(input.fill_buf()?) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(input))));
    }
    Ok(Box::new(input))
}

/// Goes to where reading ended before, if this is still that file: the line before that place is
/// the one that was read there.
///
/// # Errors
/// The file cannot be read.
pub fn resume(file: &mut File, position: &Position) -> io::Result<bool> {
    let (len, metadata) = (usize::try_from(position.len), file.metadata()?);
    let start = position.offset.checked_sub(position.len);
    let (Ok(len), Some(start)) = (len, start) else {
        return Ok(false);
    };
    if metadata.ino() != position.inode || metadata.len() < position.offset || len > MAX_LINE {
        return Ok(false);
    }
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, start)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    if len > 0 && last_line(&bytes) != position.last {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(position.offset))?;
    Ok(true)
}

/// Reads what is left.
///
/// # Errors
/// The input cannot be read, or is longer than the limit.
pub(super) fn rest<R: BufRead>(lines: &mut Lines<R>, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut lines.input).take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::other(format!("more than {limit} bytes in one JSON document")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn lines_are_counted_and_an_unfinished_one_waits() {
        let mut lines = Lines::new(&b"one\n\nthree"[..]);
        let one = lines.next_line(false).unwrap().unwrap();
        assert_eq!((one.number, one.bytes.as_slice(), one.len), (1, &b"one"[..], 4));
        assert!(lines.next_line(false).unwrap().unwrap().is_blank());
        assert_eq!(lines.next_line(false).unwrap(), None);
        assert_eq!((lines.unfinished(), lines.bytes_read()), (Some(3), 10));
        assert_eq!(lines.next_line(true).unwrap().unwrap().bytes, b"three");
        assert_eq!(lines.next_line(true).unwrap(), None);
    }

    #[test]
    fn a_line_over_the_limit_is_one_line_and_the_next_is_read() {
        let mut long = vec![b'x'; MAX_LINE + 1];
        long.extend_from_slice(b"\nnext\n");
        let mut lines = Lines::new(BufReader::new(long.as_slice()));
        let line = lines.next_line(true).unwrap().unwrap();
        assert!(line.is_too_long && line.bytes.is_empty() && !line.is_blank());
        assert_eq!(lines.next_line(true).unwrap().unwrap().bytes, b"next");
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"text\n").unwrap();
        let zipped = encoder.finish().unwrap();
        for input in [zipped, b"text\n".to_vec()] {
            let mut lines = Lines::new(unzipped(io::Cursor::new(input)).unwrap());
            assert_eq!(lines.next_line(true).unwrap().unwrap().bytes, b"text");
        }
    }

    #[test]
    fn a_position_is_good_only_in_the_file_it_was_taken_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
        let mut file = File::open(&path).unwrap();
        let inode = file.metadata().unwrap().ino();
        let two = Line { number: 2, bytes: b"two".to_vec(), len: 4, is_too_long: false };
        let position = two.position(inode, 8);
        assert!(resume(&mut file, &position).unwrap());
        let mut rest = String::new();
        file.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "three\n");
        assert!(!resume(&mut file, &Position { inode: inode + 1, ..position }).unwrap());
        std::fs::write(&path, "one\ntwx\nthree\n").unwrap();
        assert!(!resume(&mut file, &position).unwrap(), "other text");
        std::fs::write(&path, "one\n").unwrap();
        assert!(!resume(&mut file, &position).unwrap(), "shorter");
    }
}
