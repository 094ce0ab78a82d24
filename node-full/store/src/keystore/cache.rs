//! Nodes that were opened lately.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::node::{Node, Place};

/// How many nodes are kept: about 8 kB each.
pub(super) const CAPACITY: usize = 256;

/// First in, first out. The few nodes of upper levels come back at once if they are dropped.
#[derive(Debug, Default)]
pub(super) struct Cache {
    nodes: BTreeMap<Place, Arc<Node>>,
    order: VecDeque<Place>,
}

impl Cache {
    pub(super) fn get(&self, place: Place) -> Option<Arc<Node>> {
        self.nodes.get(&place).map(Arc::clone)
    }

    /// Keeps a node, instead of the one that was kept for its place.
    pub(super) fn insert(&mut self, place: Place, node: Arc<Node>) {
        if self.nodes.insert(place, node).is_none() {
            self.order.push_back(place);
        }
        while self.nodes.len() > CAPACITY {
            let Some(oldest) = self.order.pop_front() else { return };
            self.nodes.remove(&oldest);
        }
    }
}
