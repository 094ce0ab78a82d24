//! A tree by the recursive definitions of RFC 9162, section 2.1, with the hasher's node, bag and
//! root. Most of its leaves may be alike, so that it can be large.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::super::*;

pub(super) struct Model<'a, H> {
    pub(super) hasher: &'a H,
    /// The leaves that are not the usual one.
    leaves: BTreeMap<u64, Hash>,
    usual: Hash,
    /// What stands above so many usual leaves.
    alike: RefCell<BTreeMap<u64, Hash>>,
    others: RefCell<BTreeMap<(u64, u64), Hash>>,
}

impl<'a> Model<'a, Blake3> {
    pub(super) fn blake3(hasher: &'a Blake3, size: u64) -> Self {
        Self::new(hasher, (0..size).map(|i| (i, hasher.leaf(i, &[i as u8; 32]))).collect())
    }
}

impl<'a> Model<'a, Rfc6962Sha256> {
    pub(super) fn rfc6962(size: u64) -> Self {
        let leaf = |i: u64| (i, Rfc6962Sha256::leaf(&i.to_be_bytes()));
        Self::new(&Rfc6962Sha256, (0..size).map(leaf).collect())
    }
}

impl<'a, H: TreeHasher> Model<'a, H> {
    /// A tree with these leaves, and the usual one everywhere else.
    pub(super) fn new(hasher: &'a H, leaves: BTreeMap<u64, Hash>) -> Self {
        let usual = Hash::from_bytes([0xaa; 32]);
        Self { hasher, leaves, usual, alike: RefCell::default(), others: RefCell::default() }
    }

    pub(super) fn leaf(&self, index: u64) -> Hash {
        self.leaves.get(&index).copied().unwrap_or(self.usual)
    }

    /// The indices below `size` of the leaves that are not the usual one.
    pub(super) fn own_leaves(&self, size: u64) -> impl Iterator<Item = u64> {
        self.leaves.range(..size).map(|(index, _)| *index)
    }

    /// The hash over the leaves from `start` up to `end`.
    pub(super) fn top(&self, start: u64, end: u64) -> Hash {
        let len = end - start;
        if len == 1 {
            return self.leaf(start);
        }
        let alike = self.leaves.range(start..end).next().is_none();
        let known = if alike {
            self.alike.borrow().get(&len).copied()
        } else {
            self.others.borrow().get(&(start, end)).copied()
        };
        if let Some(known) = known {
            return known;
        }
        let middle = start + half(len);
        let join = if len.is_power_of_two() {
            Join::Node { height: len.trailing_zeros() as u8 }
        } else {
            Join::Bag
        };
        let top = self.hasher.join(join, &self.top(start, middle), &self.top(middle, end));
        if alike {
            self.alike.borrow_mut().insert(len, top);
        } else {
            self.others.borrow_mut().insert((start, end), top);
        }
        top
    }

    pub(super) fn root(&self, size: u64) -> Hash {
        let bagged = (size > 0).then(|| self.top(0, size));
        self.hasher.root(TreeSize(size), bagged.as_ref())
    }

    /// PATH of section 2.1.3.1.
    pub(super) fn inclusion(&self, index: u64, size: u64) -> Vec<[u8; 32]> {
        self.path(index, 0, size)
    }

    fn path(&self, index: u64, start: u64, end: u64) -> Vec<[u8; 32]> {
        if end - start == 1 {
            return Vec::new();
        }
        let middle = start + half(end - start);
        let (mut proof, sibling) = if index < middle {
            (self.path(index, start, middle), self.top(middle, end))
        } else {
            (self.path(index, middle, end), self.top(start, middle))
        };
        proof.push(*sibling.as_bytes());
        proof
    }

    /// PROOF of section 2.1.4.1; empty where the old tree is empty or the new one.
    pub(super) fn consistency(&self, old: u64, new: u64) -> Vec<[u8; 32]> {
        if old == 0 || old == new {
            return Vec::new();
        }
        self.subproof(old, (0, new), !H::ROOT_IS_WRAPPED)
    }

    /// SUBPROOF; `whole` as there, never set for a wrapped root, which is more than its top.
    fn subproof(&self, old: u64, (start, end): (u64, u64), whole: bool) -> Vec<[u8; 32]> {
        if old == end {
            return if whole { Vec::new() } else { Vec::from([*self.top(start, end).as_bytes()]) };
        }
        let middle = start + half(end - start);
        let (mut proof, sibling) = if old <= middle {
            (self.subproof(old, (start, middle), whole), self.top(middle, end))
        } else {
            (self.subproof(old, (middle, end), false), self.top(start, middle))
        };
        proof.push(*sibling.as_bytes());
        proof
    }

    /// From left to right, every part of the tree with none of the leaves, by its hash.
    pub(super) fn batch(&self, indices: &BTreeSet<u64>, size: u64) -> Vec<[u8; 32]> {
        self.others_of(indices, 0, size)
    }

    fn others_of(&self, indices: &BTreeSet<u64>, start: u64, end: u64) -> Vec<[u8; 32]> {
        if indices.range(start..end).next().is_none() {
            return Vec::from([*self.top(start, end).as_bytes()]);
        }
        if end - start == 1 {
            return Vec::new();
        }
        let middle = start + half(end - start);
        let left = self.others_of(indices, start, middle);
        [left, self.others_of(indices, middle, end)].concat()
    }

    pub(super) fn leaves_at(&self, indices: &BTreeSet<u64>) -> Vec<(u64, Hash)> {
        indices.iter().map(|index| (*index, self.leaf(*index))).collect()
    }

    /// One for each bit of the size, from left to right.
    pub(super) fn peaks(&self, size: u64) -> Vec<[u8; 32]> {
        let mut start = 0;
        let mut peaks = Vec::new();
        while start < size {
            let end = start + (1 << (size - start).ilog2());
            peaks.push(*self.top(start, end).as_bytes());
            start = end;
        }
        peaks
    }

    /// The hashes of a tile, by the formula of C2SP tlog-tiles.
    pub(super) fn tile(&self, tile: Tile) -> Vec<[u8; 32]> {
        let span = 256_u64.pow(tile.level().into());
        let first = tile.number() * 256;
        let numbers = first..first + u64::from(tile.width());
        numbers.map(|i| *self.top(i * span, (i + 1) * span).as_bytes()).collect()
    }
}

/// The largest power of two below a length.
fn half(len: u64) -> u64 {
    1 << (len - 1).ilog2()
}

/// All that can be done to a proof by changing, taking, adding or exchanging one hash.
pub(super) fn mutations(proof: &[[u8; 32]]) -> Vec<(String, Vec<[u8; 32]>)> {
    let mut made = Vec::from([("added last".into(), [proof, &[[1; 32]]].concat())]);
    for at in 0..proof.len() {
        let mut change = |what: &str, change: &dyn Fn(&mut Vec<[u8; 32]>)| {
            let mut changed = proof.to_vec();
            change(&mut changed);
            made.push((format!("{what} {at}"), changed));
        };
        change("flipped", &|hashes| hashes[at][at % 32] ^= 0x10);
        change("dropped", &|hashes| *hashes = [&proof[..at], &proof[at + 1..]].concat());
        change("doubled", &|hashes| hashes.insert(at, proof[at]));
        if proof.get(at + 1).is_some_and(|next| *next != proof[at]) {
            change("exchanged", &|hashes| hashes.swap(at, at + 1));
        }
    }
    made
}

/// SplitMix64, so that a run is the same everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// 1 up to `1 << bits`, every magnitude alike.
    pub(super) fn size(&mut self, bits: u64) -> u64 {
        let bits = self.below(bits) + 1;
        self.below(1 << bits) + 1
    }
}
