//! The tree of keys as of the last commit, for many readers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use super::cache::Cache;
use super::change::Written;
use super::level::{self, Level};
use super::node::{Node, Place, index_in_parent};
use super::root::Root;
use super::secret::Key;
use crate::StoreError;

/// The tree as of the last commit.
#[derive(Debug)]
pub(super) struct Tree {
    dir: PathBuf,
    /// Held for reading as long as a reader looks at slots that the next commit gives up.
    state: RwLock<State>,
    /// Nodes of that state and of no other.
    cache: Mutex<Cache>,
}

/// A root and the files of its levels.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) root: Root,
    pub(super) levels: Vec<Arc<Level>>,
}

impl State {
    pub(super) fn has(&self, place: Place) -> bool {
        place.number < self.root.nodes(place.level)
    }

    pub(super) fn level(&self, level: u8) -> Option<&Level> {
        self.levels.get(usize::from(level)).map(AsRef::as_ref)
    }
}

impl Tree {
    /// The tree under a root, whose top node must open.
    pub(super) fn open(dir: &Path, root: Root) -> Result<Self, StoreError> {
        let levels = (0..root.height()).map(|level| Level::open(dir, level).map(Arc::new));
        let levels = levels.collect::<Result<_, _>>()?;
        let top = root.top();
        let state = State { root, levels };
        let tree = Self {
            dir: dir.to_owned(),
            state: RwLock::new(state.clone()),
            cache: Mutex::new(Cache::default()),
        };
        if let Some(top) = top {
            tree.node(&state, top)?;
        }
        Ok(tree)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of a record that was put; `None` if it was erased.
    pub(super) fn record_key(&self, record: u64) -> Result<Option<Key>, StoreError> {
        let state = self.state();
        let node = self.node(&state, Place::of_record(record))?;
        Ok(node.key(index_in_parent(record)))
    }

    /// A node of the current state, which the caller holds.
    pub(super) fn node(&self, state: &State, place: Place) -> Result<Arc<Node>, StoreError> {
        let kept = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(place);
        if let Some(node) = kept {
            return Ok(node);
        }
        let outside = || StoreError::OutsideTree { what: "such key", size: state.root.records };
        let level = state.level(place.level).ok_or_else(outside)?;
        let key = if state.root.top() == Some(place) {
            state.root.secret.clone()
        } else {
            let parent = self.node(state, place.parent())?;
            parent.key(index_in_parent(place.number)).ok_or_else(|| level.damaged(place.number))?
        };
        let node = Arc::new(level.read(place.number, &key)?);
        self.keep(place, Arc::clone(&node));
        Ok(node)
    }

    /// Takes over what was committed. Waits for the readers of what it replaces.
    pub(super) fn adopt(&self, written: Written) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *state = State { root: written.root, levels: written.levels };
        for (place, node) in written.nodes {
            self.keep(place, Arc::new(node));
        }
    }

    fn keep(&self, place: Place, node: Arc<Node>) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).insert(place, node);
    }

    /// Bytes that the levels' files take at most.
    pub(super) fn bytes(&self) -> u64 {
        let state = self.state();
        (0..state.root.height()).map(|level| level::file_len(state.root.nodes(level))).sum()
    }
}
