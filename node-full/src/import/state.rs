//! The state file of an import: which items were sent, so that none is sent twice.
//!
//! A text that is only appended to, after a first line that says what it is:
//!
//! | line | says |
//! |---|---|
//! | 64 hexadecimal digits | the digest of an item's source id |
//! | `at INODE OFFSET LINE LEN HASH` | a followed file was read up to here; its last line has this length and hash |
//!
//! It is written after the node accepted a batch, so a crash between the two sends that batch
//! again: at most one. An unfinished last line, as a crash leaves it, is cut.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use cairn_verifier::digest::{self, Hash};
use thiserror::Error;

use super::SourceId;

const FIRST: &str = "cairn import state 1";

/// Why a state file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// It cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is something else.
    #[error("{path} line {line} is not of an import's state file")]
    NotAState {
        /// Which file.
        path: PathBuf,
        /// Where.
        line: usize,
    },
    /// Another import has it.
    #[error("{0} is in use by another import")]
    InUse(PathBuf),
}

/// How far a file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the format has these")]
pub struct Position {
    /// Which file, whatever its name is by now.
    pub inode: u64,
    /// Bytes read.
    pub offset: u64,
    /// Lines read.
    pub line: u64,
    /// Bytes of the last line, with its line feed; 0 if it was too long to be kept.
    pub len: u64,
    /// Hash of the last line, by which the file is known again.
    pub last: [u8; 32],
}

/// What was sent before.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    file: File,
    ids: BTreeSet<[u8; 32]>,
    positions: BTreeMap<u64, Position>,
}

impl State {
    /// Reads a state file, or makes one.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let failed = |error| StateError::File { path: path.to_owned(), error };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let mut state =
            Self { path: path.to_owned(), file, ids: BTreeSet::new(), positions: BTreeMap::new() };
        let whole =
            bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
        let text = bytes.get(..whole).unwrap_or_default();
        state.load(text, bytes.get(whole..).unwrap_or_default())?;
        let end = u64::try_from(whole).unwrap_or(u64::MAX);
        state.file.set_len(end).map_err(failed)?;
        state.file.seek(SeekFrom::Start(end)).map_err(failed)?;
        if whole == 0 {
            state.append(&format!("{FIRST}\n"))?;
        }
        Ok(state)
    }

    /// Takes up the lines; what is behind the last of them must be the beginning of one.
    fn load(&mut self, text: &[u8], unfinished: &[u8]) -> Result<(), StateError> {
        let bad = |line: usize| StateError::NotAState { path: self.path.clone(), line };
        if text.is_empty() && !FIRST.as_bytes().starts_with(unfinished) {
            return Err(bad(1));
        }
        let mut lines = text.split(|byte| *byte == b'\n').zip(1_usize..);
        if let Some((first, _)) = lines.next()
            && !text.is_empty()
            && first != FIRST.as_bytes()
        {
            return Err(bad(1));
        }
        for (line, number) in lines {
            let line = str::from_utf8(line).map_err(|_| bad(number))?;
            if let Some(position) = line.strip_prefix("at ") {
                let position = Position::parse(position).ok_or_else(|| bad(number))?;
                self.positions.insert(position.inode, position);
            } else if !line.is_empty() {
                self.ids.insert(digest::parse_hex(line).map_err(|_| bad(number))?);
            }
        }
        Ok(())
    }

    /// Whether it was sent before, or is on its way.
    #[must_use]
    pub fn knows(&self, id: &SourceId) -> bool {
        self.ids.contains(id.digest())
    }

    /// It is on its way.
    pub fn expect(&mut self, id: &SourceId) {
        self.ids.insert(*id.digest());
    }

    /// It was refused.
    pub fn forget(&mut self, id: &SourceId) {
        self.ids.remove(id.digest());
    }

    /// How far the file with this inode was read.
    #[must_use]
    pub fn position(&self, inode: u64) -> Option<Position> {
        self.positions.get(&inode).copied()
    }

    /// These were sent, and the file was read up to here.
    ///
    /// # Errors
    /// [`StateError::File`].
    pub fn remember(
        &mut self,
        ids: impl IntoIterator<Item = SourceId>,
        position: Option<Position>,
    ) -> Result<(), StateError> {
        let mut text = String::new();
        for id in ids {
            self.ids.insert(*id.digest());
            // Writing to a String cannot fail.
            let _infallible = writeln!(text, "{}", Hash::from_bytes(*id.digest()));
        }
        if let Some(position) = position {
            self.positions.insert(position.inode, position);
            let Position { inode, offset, line, len, last } = position;
            let last = Hash::from_bytes(last);
            let _infallible = writeln!(text, "at {inode} {offset} {line} {len} {last}");
        }
        if text.is_empty() { Ok(()) } else { self.append(&text) }
    }

    fn append(&mut self, text: &str) -> Result<(), StateError> {
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| StateError::File { path: self.path.clone(), error })
    }
}

impl Position {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut number = || words.next()?.parse().ok();
        let (inode, offset, line, len) = (number()?, number()?, number()?, number()?);
        let last = digest::parse_hex(words.next()?).ok()?;
        words.next().is_none().then_some(Self { inode, offset, line, len, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> SourceId {
        SourceId::own("test", &[text.as_bytes()])
    }

    #[test]
    fn what_was_sent_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let position = Position { inode: 7, offset: 90, line: 3, len: 30, last: [5; 32] };
        let mut state = State::open(&path).unwrap();
        assert!(matches!(State::open(&path), Err(StateError::InUse(_))));
        state.remember([id("a"), id("b")], Some(position)).unwrap();
        state.expect(&id("c"));
        assert!(state.knows(&id("c")));
        drop(state);

        let mut state = State::open(&path).unwrap();
        assert!(state.knows(&id("a")) && state.knows(&id("b")) && !state.knows(&id("c")));
        assert_eq!((state.position(7), state.position(8)), (Some(position), None));
        state.remember([], Some(Position { offset: 95, ..position })).unwrap();
        drop(state);
        assert_eq!(State::open(&path).unwrap().position(7).unwrap().offset, 95);
    }

    #[test]
    fn an_unfinished_line_is_cut_and_what_follows_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        State::open(&path).unwrap().remember([id("a"), id("b")], None).unwrap();
        let text = std::fs::read(&path).unwrap();
        for cut in 0..text.len() {
            std::fs::write(&path, &text[..cut]).unwrap();
            State::open(&path).unwrap().remember([id("c")], None).unwrap();
            let state = State::open(&path).unwrap();
            assert!(state.knows(&id("c")) && !state.knows(&id("b")), "cut at {cut}");
        }
    }

    #[test]
    fn another_file_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let broken = format!("{FIRST}\nno id\n");
        for (text, line) in [("Mar  3 log line\n", 1), ("{}", 1), (broken.as_str(), 2)] {
            std::fs::write(&path, text).unwrap();
            let error = State::open(&path).unwrap_err();
            assert!(matches!(error, StateError::NotAState { line: l, .. } if l == line), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        let parts = |parts: &[&[u8]]| SourceId::own("s", parts);
        assert_ne!(parts(&[b"ab", b"c"]), parts(&[b"a", b"bc"]));
        assert_ne!(SourceId::place("s", b"x", 1).digest(), SourceId::place("s", b"x", 2).digest());
    }
}
