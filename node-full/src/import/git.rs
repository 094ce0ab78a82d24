//! A git history: one event a commit, oldest first, with facts only. Text that is not UTF-8 is shown
//! with replacement characters.
//!
//! | commit | event |
//! |---|---|
//! | | type `dev.git.commit.created`, outcome success |
//! | author's name | actor id of kind `user` |
//! | commit time | time |
//! | repository and first 12 digits of the hash | resource id of kind `commit`, as `name@hash` |
//! | repository | parent, as `repository:name` |
//! | hash, parents, title | metadata `hash`, `parents`, `title` |
//!
//! The source id is the repository's name with the hash.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use thiserror::Error;

use super::{Item, SourceId};
use crate::ingest::{Draft, DraftKind, DraftOutcome, DraftParty, DraftResource};

/// Fields of one commit, each ended by a zero byte, which no field can hold.
const FORMAT: &str = "--format=tformat:%H%x00%P%x00%an%x00%ct%x00%s%x00";

/// Why a history cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no `git` program.
    #[error("git cannot be run: {0}")]
    NoGit(#[from] io::Error),
    /// No repository, or one without commits.
    #[error("{path} is not a git repository with commits: {message}")]
    NoRepository {
        /// Where.
        path: PathBuf,
        /// What git says.
        message: String,
    },
}

/// The history of the checked-out commit of a repository.
#[derive(Debug)]
pub struct History {
    name: String,
    commits: u64,
    git: Child,
    output: BufReader<ChildStdout>,
}

impl History {
    /// Starts reading a repository.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn open(path: &Path) -> Result<Self, GitError> {
        let count = ask(path, &["rev-list", "--count", "HEAD"])?;
        let mut git = command(
            path,
            &["log", "--reverse", "--no-show-signature", "--encoding=UTF-8", FORMAT, "HEAD"],
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
        let output = git.stdout.take().ok_or_else(|| io::Error::other("git has no output"))?;
        Ok(Self {
            name: name(path)?,
            commits: count.parse().unwrap_or(0),
            git,
            output: BufReader::new(output),
        })
    }

    /// How many commits there are.
    #[must_use]
    pub const fn commits(&self) -> u64 {
        self.commits
    }

    /// The repository's name: the last part of its origin's address, else of its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn field(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        self.output.read_until(0, &mut bytes)?;
        if bytes.pop() != Some(0) {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn commit(&mut self) -> io::Result<Option<Item>> {
        let mut fields = [const { String::new() }; 5];
        for field in &mut fields {
            let Some(text) = self.field()? else {
                return self.end();
            };
            *field = text;
        }
        let [hash, parents, author, time, title] = fields;
        // git ends each commit with a line feed, which so begins the next one's hash.
        let hash = hash.trim_start().to_owned();
        let short = hash.get(..12).unwrap_or(&hash);
        let place = format!("commit {short}");
        let id = SourceId::own("git", &[self.name.as_bytes(), hash.as_bytes()]);
        let draft = match time.parse::<u64>().ok().and_then(|time| time.checked_mul(1_000)) {
            None => Err(format!("commit time {time:?} is not a time since 1970")),
            Some(millis) => Ok(Draft {
                stream: None,
                event_type: "dev.git.commit.created".to_owned(),
                actor: DraftParty { kind: "user".to_owned(), id: author },
                resource: DraftResource {
                    kind: "commit".to_owned(),
                    id: format!("{}@{short}", self.name),
                    parent: format!("repository:{}", self.name),
                },
                outcome: DraftOutcome::Success,
                reason: String::new(),
                metadata: BTreeMap::from([
                    ("hash".to_owned(), hash.clone()),
                    ("parents".to_owned(), parents),
                    ("title".to_owned(), title),
                ]),
                time: Some(millis),
                kind: DraftKind::Import,
                payload: None,
            }),
        };
        Ok(Some(Item { place, id: Some(id), draft }))
    }

    /// The end of the output is the end of the history only if git says that all went well.
    fn end(&mut self) -> io::Result<Option<Item>> {
        let status = self.git.wait()?;
        if status.success() {
            Ok(None)
        } else {
            Err(io::Error::other(format!("git log stopped early: {status}")))
        }
    }
}

impl Iterator for History {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        self.commit().transpose()
    }
}

fn command(path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(path).args(arguments).stdin(Stdio::null());
    command
}

fn ask(path: &Path, arguments: &[&str]) -> Result<String, GitError> {
    let output = command(path, arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(GitError::NoRepository { path: path.to_owned(), message: text(&output.stderr) })
}

fn name(path: &Path) -> Result<String, GitError> {
    if let Ok(origin) = ask(path, &["remote", "get-url", "origin"]) {
        let last = origin.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
        let last = last.trim_end_matches(".git");
        if !last.is_empty() {
            return Ok(last.to_owned());
        }
    }
    let top = ask(path, &["rev-parse", "--show-toplevel"])?;
    let folder = Path::new(&top).file_name().and_then(OsStr::to_str);
    Ok(folder.unwrap_or("repository").to_owned())
}
