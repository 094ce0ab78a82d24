//! Tiles that were used lately.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::TileId;
use super::tile::Tile;

/// How many tiles are kept: about 16 kB each.
const CAPACITY: usize = 1_024;

/// First in, first out. The few tiles of upper levels come back at once if they are dropped.
#[derive(Debug, Default)]
pub(super) struct Cache {
    tiles: BTreeMap<TileId, Arc<Tile>>,
    order: VecDeque<TileId>,
}

impl Cache {
    pub(super) fn get(&self, id: TileId) -> Option<Arc<Tile>> {
        self.tiles.get(&id).map(Arc::clone)
    }

    pub(super) fn insert(&mut self, id: TileId, tile: Arc<Tile>) {
        if self.tiles.insert(id, tile).is_none() {
            self.order.push_back(id);
        }
        while self.tiles.len() > CAPACITY {
            let Some(oldest) = self.order.pop_front() else { return };
            self.tiles.remove(&oldest);
        }
    }
}
