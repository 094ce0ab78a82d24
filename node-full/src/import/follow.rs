//! A file that is read on as it grows, also when another takes its name or it is cut.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::lines::{Line, Lines, resume};
use super::state::Position;

/// How often in a row a file that lost its name must have nothing new before the next is read:
/// a program writes to the old one until it is told to open the new.
const QUIET: u32 = 4;

/// A file being followed.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    lines: Lines<BufReader<File>>,
    inode: u64,
    quiet: u32,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the caller must handle each")]
pub enum Step {
    /// A line.
    Line(Line),
    /// Another file has the name, or the file was cut: lines count from 1 again.
    NewFile,
    /// Nothing more for now.
    Pause,
}

impl Follower {
    /// Opens a file where reading ended before, else at its beginning.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(path: &Path, before: impl FnOnce(u64) -> Option<Position>) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let inode = file.metadata()?.ino();
        let lines = match before(inode) {
            Some(position) if resume(&mut file, &position)? => {
                Lines::after(BufReader::new(file), position.line, position.offset)
            }
            _ => Lines::new(BufReader::new(file)),
        };
        Ok(Self { path: path.to_owned(), lines, inode, quiet: 0 })
    }

    /// The next line, if there is one by now.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn step(&mut self) -> io::Result<Step> {
        if let Some(line) = self.lines.next_line(false)? {
            self.quiet = 0;
            return Ok(Step::Line(line));
        }
        if !self.is_over()? {
            return Ok(Step::Pause);
        }
        if let Some(line) = self.lines.next_line(true)? {
            return Ok(Step::Line(line));
        }
        *self = Self::open(&self.path, |_| None)?;
        Ok(Step::NewFile)
    }

    /// Whether nothing more will come: the file was cut, or another has had its name for a while.
    fn is_over(&mut self) -> io::Result<bool> {
        if self.len()? < self.lines.bytes_read() {
            return Ok(true);
        }
        match std::fs::metadata(&self.path) {
            Ok(now) if now.ino() == self.inode => {
                self.quiet = 0;
                Ok(false)
            }
            Ok(_) => {
                self.quiet = self.quiet.saturating_add(1);
                Ok(self.quiet > QUIET)
            }
            // Between two files of one name there may be none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.lines.input().get_ref().metadata()?.len())
    }

    /// How far it was read, once this line is done with.
    #[must_use]
    pub fn position(&self, line: &Line) -> Position {
        line.position(self.inode, self.lines.offset())
    }

    /// How many lines were read, here or before.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.lines.number()
    }

    /// The number of a line that has no end yet.
    #[must_use]
    pub const fn unfinished(&self) -> Option<u64> {
        self.lines.unfinished()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn append(path: &Path, text: &str) {
        let mut file = File::options().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// What comes until nothing does, or until another file.
    fn read(follower: &mut Follower) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            match follower.step().unwrap() {
                Step::Line(line) => {
                    let text = String::from_utf8(line.bytes).unwrap();
                    all.push(format!("{} {text}", line.number));
                }
                Step::NewFile => all.push("new".to_owned()),
                Step::Pause if follower.quiet == 0 => return all,
                Step::Pause => {}
            }
        }
    }

    #[test]
    fn a_growing_file_and_a_line_that_comes_in_two_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        append(&path, "a\nb");
        let mut follower = Follower::open(&path, |_| None).unwrap();
        assert_eq!(read(&mut follower), ["1 a"]);
        assert_eq!(follower.unfinished(), Some(2));
        append(&path, "c\nd\n");
        assert_eq!(read(&mut follower), ["2 bc", "3 d"]);
    }

    #[test]
    fn a_file_that_lost_its_name_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
        append(&path, "a\n");
        let mut follower = Follower::open(&path, |_| None).unwrap();
        assert_eq!(read(&mut follower), ["1 a"]);
        std::fs::rename(&path, &old).unwrap();
        assert_eq!(read(&mut follower), [""; 0]);
        append(&path, "c\n");
        assert_eq!(follower.step().unwrap(), Step::Pause, "the old one may still grow");
        append(&old, "b\nunfinished");
        assert_eq!(read(&mut follower), ["2 b", "3 unfinished", "new", "1 c"]);
    }

    #[test]
    fn a_file_that_was_cut_is_read_from_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        append(&path, "a\nb\n");
        let mut follower = Follower::open(&path, |_| None).unwrap();
        assert_eq!(read(&mut follower), ["1 a", "2 b"]);
        std::fs::write(&path, "c\n").unwrap();
        assert_eq!(read(&mut follower), ["new", "1 c"]);
    }

    #[test]
    fn it_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        append(&path, "a\nb\nc\n");
        let mut follower = Follower::open(&path, |_| None).unwrap();
        let _first = follower.step().unwrap();
        let Step::Line(line) = follower.step().unwrap() else { panic!("no line") };
        let position = follower.position(&line);
        assert_eq!((position.line, position.offset), (2, 4));
        let mut again = Follower::open(&path, |_| Some(position)).unwrap();
        assert_eq!((again.number(), read(&mut again)), (2, vec!["3 c".to_owned()]));
        std::fs::write(&path, "x\ny\nz\n").unwrap();
        let mut again = Follower::open(&path, |_| Some(position)).unwrap();
        assert_eq!(read(&mut again), ["1 x", "2 y", "3 z"]);
    }
}
