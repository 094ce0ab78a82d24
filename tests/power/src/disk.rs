//! The disk: files and directories, each as it is now and as it would be after lost power.

mod bytes;
mod lose;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

use crate::image::Image;
use crate::rule::{Fault, Rule};

/// The number of a file or directory.
pub type NodeNo = u64;

/// The root directory.
pub const ROOT: NodeNo = 1;

/// Why the disk refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each is an error of the system")]
pub enum DiskError {
    /// `ENOENT`
    NotFound,
    /// `EEXIST`
    Exists,
    /// `ENOTDIR`
    NotADirectory,
    /// `EISDIR`
    IsADirectory,
    /// `ENOTEMPTY`
    NotEmpty,
    /// `EXDEV`
    OtherDirectory,
    /// `EIO`
    Failed,
    /// `EROFS`
    ReadOnly,
}

/// What of the changes that were not synced survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a plain choice")]
pub enum Loss {
    /// None.
    All,
    /// Some, and parts of some, as this seed chooses.
    Torn(u64),
}

/// What a file or directory is, for whoever asks.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct About {
    /// Its number.
    pub number: NodeNo,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// A file's length.
    pub len: u64,
    /// Its permissions.
    pub mode: u32,
}

/// The names in a directory.
type Names = BTreeMap<OsString, NodeNo>;

#[derive(Clone, Debug)]
struct Node {
    mode: u32,
    /// Where it was last seen, for rules that go by path.
    place: (NodeNo, OsString),
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    File { now: Image, durable: Image, changes: Vec<Change> },
    Dir { now: Names, durable: Names, changes: Vec<Naming> },
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: u64, bytes: Vec<u8> },
    SetLen(u64),
}

/// Names that change at once: to what they stand for then, or to nothing.
type Naming = Vec<(OsString, Option<NodeNo>)>;

/// A disk.
#[derive(Clone, Debug)]
pub struct Disk {
    nodes: BTreeMap<NodeNo, Node>,
    next: NodeNo,
    rules: Vec<Rule>,
    /// Paths that were synced.
    synced: BTreeSet<String>,
}

impl Default for Disk {
    fn default() -> Self {
        let mut disk =
            Self { nodes: BTreeMap::new(), next: ROOT, rules: Vec::new(), synced: BTreeSet::new() };
        disk.add((ROOT, OsString::new()), true, 0o755);
        disk
    }
}

impl Disk {
    /// What goes wrong from now on, instead of what did.
    pub fn set_rules(&mut self, rules: Vec<Rule>) {
        self.rules = rules;
    }

    /// What goes wrong, and how often it did.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The path of every file and directory that a program synced, as it was called then.
    #[must_use]
    pub const fn synced(&self) -> &BTreeSet<String> {
        &self.synced
    }

    /// What stands under a name.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn lookup(&self, parent: NodeNo, name: &OsStr) -> Result<About, DiskError> {
        let names = self.names(parent)?;
        self.about(*names.get(name).ok_or(DiskError::NotFound)?)
    }

    /// What a number stands for.
    ///
    /// # Errors
    /// [`DiskError::NotFound`].
    pub fn about(&self, number: NodeNo) -> Result<About, DiskError> {
        let node = self.nodes.get(&number).ok_or(DiskError::NotFound)?;
        let (is_dir, len) = match &node.body {
            Body::File { now, .. } => (false, now.len()),
            Body::Dir { .. } => (true, 0),
        };
        Ok(About { number, is_dir, len, mode: node.mode })
    }

    /// All names in a directory.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn list(&mut self, dir: NodeNo) -> Result<Vec<(OsString, NodeNo)>, DiskError> {
        self.refuse(dir, &[Fault::Read])?;
        let names = self.names(dir)?;
        Ok(names.iter().map(|(name, number)| (name.clone(), *number)).collect())
    }

    /// Makes a file or a directory.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn make(
        &mut self,
        (parent, name): (NodeNo, &OsStr),
        is_dir: bool,
        mode: u32,
    ) -> Result<About, DiskError> {
        if self.names(parent)?.contains_key(name) {
            return Err(DiskError::Exists);
        }
        let number = self.add((parent, name.to_owned()), is_dir, mode);
        if let Err(error) = self.refuse(number, &[Fault::Write, Fault::ReadOnly]) {
            self.nodes.remove(&number);
            return Err(error);
        }
        self.rename_in(parent, vec![(name.to_owned(), Some(number))])?;
        self.about(number)
    }

    /// Removes a name, of a file or of an empty directory.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn remove(&mut self, parent: NodeNo, name: &OsStr, is_dir: bool) -> Result<(), DiskError> {
        let found = self.lookup(parent, name)?;
        if found.is_dir != is_dir {
            return Err(if is_dir { DiskError::NotADirectory } else { DiskError::IsADirectory });
        }
        if is_dir && !self.names(found.number)?.is_empty() {
            return Err(DiskError::NotEmpty);
        }
        self.refuse(found.number, &[Fault::Write, Fault::ReadOnly])?;
        self.rename_in(parent, vec![(name.to_owned(), None)])
    }

    /// Gives a file or directory another name, which it takes from what had it.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn rename(
        &mut self,
        (parent, name): (NodeNo, &OsStr),
        (new_parent, new_name): (NodeNo, &OsStr),
    ) -> Result<(), DiskError> {
        if parent != new_parent {
            return Err(DiskError::OtherDirectory);
        }
        let found = self.lookup(parent, name)?;
        if self.lookup(parent, new_name).is_ok_and(|other| other.is_dir || found.is_dir) {
            return Err(DiskError::Exists);
        }
        self.refuse(found.number, &[Fault::Write, Fault::ReadOnly])?;
        if name == new_name {
            return Ok(());
        }
        if let Some(node) = self.nodes.get_mut(&found.number) {
            node.place = (parent, new_name.to_owned());
        }
        let (gone, made) = ((name.to_owned(), None), (new_name.to_owned(), Some(found.number)));
        self.rename_in(parent, vec![gone, made])
    }

    /// Every file with its path and length.
    #[must_use]
    pub fn files(&self) -> Vec<(String, NodeNo, u64)> {
        let mut found = Vec::new();
        let mut dirs = vec![ROOT];
        while let Some(dir) = dirs.pop() {
            for number in self.names(dir).into_iter().flat_map(|names| names.values()) {
                match self.about(*number) {
                    Ok(about) if about.is_dir => dirs.push(*number),
                    Ok(about) => found.push((self.path(*number), *number, about.len)),
                    Err(_) => {}
                }
            }
        }
        found.sort();
        found
    }

    fn add(&mut self, place: (NodeNo, OsString), is_dir: bool, mode: u32) -> NodeNo {
        let number = self.next;
        self.next += 1;
        let body = if is_dir {
            Body::Dir { now: Names::new(), durable: Names::new(), changes: Vec::new() }
        } else {
            Body::File { now: Image::default(), durable: Image::default(), changes: Vec::new() }
        };
        self.nodes.insert(number, Node { mode, place, body });
        number
    }

    fn names(&self, dir: NodeNo) -> Result<&Names, DiskError> {
        match &self.nodes.get(&dir).ok_or(DiskError::NotFound)?.body {
            Body::Dir { now, .. } => Ok(now),
            Body::File { .. } => Err(DiskError::NotADirectory),
        }
    }

    fn rename_in(&mut self, dir: NodeNo, naming: Naming) -> Result<(), DiskError> {
        match &mut self.nodes.get_mut(&dir).ok_or(DiskError::NotFound)?.body {
            Body::Dir { now, changes, .. } => {
                name_as(now, &naming);
                changes.push(naming);
                Ok(())
            }
            Body::File { .. } => Err(DiskError::NotADirectory),
        }
    }

    fn refuse(&mut self, number: NodeNo, faults: &[Fault]) -> Result<(), DiskError> {
        match self.goes_wrong(number, faults) {
            None => Ok(()),
            Some(Fault::ReadOnly) => Err(DiskError::ReadOnly),
            Some(_) => Err(DiskError::Failed),
        }
    }

    /// The first of these faults that a rule gives this file, which is counted.
    fn goes_wrong(&mut self, number: NodeNo, faults: &[Fault]) -> Option<Fault> {
        if self.rules.is_empty() {
            return None;
        }
        let path = self.path(number);
        let mut rules = self.rules.iter_mut();
        let rule = rules.find(|rule| faults.contains(&rule.fault) && rule.is_of(&path))?;
        rule.hits += 1;
        Some(rule.fault)
    }

    /// The path from the root; a directory's ends with `/`.
    fn path(&self, number: NodeNo) -> String {
        let mut path = String::new();
        let mut at = number;
        while let Some(Node { place: (parent, name), body, .. }) = self.nodes.get(&at) {
            if at == ROOT {
                break;
            }
            let slash = if matches!(body, Body::Dir { .. }) { "/" } else { "" };
            path = format!("{}{slash}{path}", name.display());
            at = *parent;
        }
        if number == ROOT { "/".to_owned() } else { path }
    }
}

fn name_as(names: &mut Names, naming: &Naming) {
    for (name, number) in naming {
        match number {
            Some(number) => names.insert(name.clone(), *number),
            None => names.remove(name),
        };
    }
}
