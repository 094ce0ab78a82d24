//! A change of the tree: every node that it touches is written anew, under a fresh key.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::level::Level;
use super::node::{Node, Place, Slot, height_over, index_in_parent};
use super::root::Root;
use super::secret::Key;
use super::tree::{State, Tree};
use crate::StoreError;

/// A change that is in memory only.
#[derive(Debug)]
pub(super) struct Change<'a> {
    tree: &'a Tree,
    from: State,
    /// How many records there are after it.
    records: u64,
    /// The nodes it touches, and all above them.
    nodes: BTreeMap<Place, Node>,
}

/// A change whose nodes are on disk, but under no root yet.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) root: Root,
    pub(super) levels: Vec<Arc<Level>>,
    pub(super) nodes: BTreeMap<Place, Node>,
    /// Slots that hold nothing once the root is committed.
    pub(super) unused: Vec<(Place, Slot)>,
}

impl<'a> Change<'a> {
    /// Begins a change after which there are `records` records. Only one may be under way.
    pub(super) fn begin(tree: &'a Tree, records: u64) -> Result<Self, StoreError> {
        let from = tree.state().clone();
        let old_top = from.root.top();
        let grows = height_over(records) > from.root.height();
        let mut change = Self { tree, from, records, nodes: BTreeMap::new() };
        // The old top gets a key of its own: no root secret ever becomes a node's key.
        if let Some(old_top) = old_top.filter(|_| grows) {
            change.touch(old_top)?;
        }
        Ok(change)
    }

    /// Gives a record its key.
    pub(super) fn put(&mut self, record: u64, key: &Key) -> Result<(), StoreError> {
        let place = Place::of_record(record);
        self.touch(place)?;
        if let Some(node) = self.nodes.get_mut(&place) {
            node.set(index_in_parent(record), key);
        }
        Ok(())
    }

    /// Takes a record's key away; says whether it had one.
    pub(super) fn erase(&mut self, record: u64) -> Result<bool, StoreError> {
        let place = Place::of_record(record);
        self.touch(place)?;
        let node = self.nodes.get_mut(&place);
        Ok(node.is_some_and(|node| node.clear(index_in_parent(record))))
    }

    /// Takes a node and all above it into the change.
    fn touch(&mut self, mut place: Place) -> Result<(), StoreError> {
        let height = height_over(self.records);
        while place.level < height && !self.nodes.contains_key(&place) {
            let node = if self.from.has(place) {
                self.tree.node(&self.from, place)?.as_ref().clone()
            } else {
                Node::empty()
            };
            self.nodes.insert(place, node);
            place = place.parent();
        }
        Ok(())
    }

    /// Writes every touched node into its other slot, from the leaves up, and syncs.
    pub(super) fn write(mut self) -> Result<Written, StoreError> {
        let generation = self.from.root.generation.saturating_add(1);
        let levels = self.open_levels()?;
        let mut secret = self.from.root.secret.clone();
        let mut unused = Vec::new();
        // In order of level: a node's key is in its parent before that is written.
        let places: Vec<Place> = self.nodes.keys().copied().collect();
        for place in places {
            let level = levels.get(usize::from(place.level));
            let (Some(node), Some(level)) = (self.nodes.get_mut(&place), level) else { continue };
            unused.extend(node.slot.map(|slot| (place, slot)));
            let key = level.write(place.number, node, generation)?;
            match self.nodes.get_mut(&place.parent()) {
                Some(parent) => parent.set(index_in_parent(place.number), &key),
                None => secret = key,
            }
        }
        levels.iter().try_for_each(|level| level.sync())?;
        let root = Root { generation, records: self.records, secret };
        Ok(Written { root, levels, nodes: self.nodes, unused })
    }

    /// The files of all levels, with those that the tree grows.
    fn open_levels(&self) -> Result<Vec<Arc<Level>>, StoreError> {
        let mut levels = self.from.levels.clone();
        for level in self.from.root.height()..height_over(self.records) {
            levels.push(Arc::new(Level::open_or_create(self.tree.dir(), level)?));
        }
        Ok(levels)
    }
}
