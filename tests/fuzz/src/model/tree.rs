//! Trees by the recursive definitions of RFC 9162, section 2.1, from the root down, where the
//! verifier goes up from a leaf.

use std::collections::BTreeMap;

use cairn_verifier::digest::LogId;
use sha2::{Digest as _, Sha256};

use super::{Code, derive, expect};

/// A node.
pub type Node = [u8; 32];

/// Parts of a tree, by their first leaf and the one after their last.
type Known = BTreeMap<(u64, u64), Node>;

/// Which tree.
#[derive(Clone, Copy, Debug)]
pub enum Tree {
    /// `event`, `header` or `field`, and its domain.
    Blake3 {
        /// The kind as in the contexts.
        kind: &'static str,
        /// Log id or context digest.
        domain: [u8; 32],
    },
    /// That of RFC 6962.
    Sha256,
}

impl Tree {
    /// The events of a log.
    #[must_use]
    pub const fn events(log: &LogId) -> Self {
        Self::Blake3 { kind: "event", domain: *log.as_bytes() }
    }

    /// The headers of a log.
    #[must_use]
    pub const fn headers(log: &LogId) -> Self {
        Self::Blake3 { kind: "header", domain: *log.as_bytes() }
    }

    /// The leaf of an entry's digest (of its data, in RFC 6962).
    #[must_use]
    pub fn leaf(&self, index: u64, entry: &[u8]) -> Node {
        match self {
            Self::Blake3 { kind, .. } => keyed(kind, "leaf", 0, &[&index.to_be_bytes(), entry]),
            Self::Sha256 => sha256(&[&[0], entry]),
        }
    }

    /// The leaves of some entries.
    pub fn leaves(&self, entries: &[[u8; 32]]) -> Vec<Node> {
        (0..).zip(entries).map(|(index, entry)| self.leaf(index, entry)).collect()
    }

    /// What joins two trees into one of `size` leaves.
    fn join(&self, size: u64, left: &Node, right: &Node) -> Node {
        match self {
            Self::Blake3 { kind, .. } if size.is_power_of_two() => {
                keyed(kind, "node", u8::try_from(size.ilog2()).unwrap(), &[left, right])
            }
            Self::Blake3 { kind, .. } => keyed(kind, "bag", 0, &[left, right]),
            Self::Sha256 => sha256(&[&[1], left, right]),
        }
    }

    /// The root of a tree with this top.
    #[must_use]
    pub fn root(&self, size: u64, top: Option<&Node>) -> Node {
        let top = top.map_or(&[][..], |top| top);
        match self {
            Self::Blake3 { kind, domain } => {
                keyed(kind, "root", 0, &[domain, &size.to_be_bytes(), top])
            }
            Self::Sha256 => top.try_into().unwrap_or_else(|_| sha256(&[])),
        }
    }

    /// The top of some leaves, at least one.
    #[must_use]
    pub fn top(&self, leaves: &[Node]) -> Node {
        if let [one] = leaves {
            return *one;
        }
        let (left, right) = leaves.split_at(usize::try_from(half(count(leaves))).unwrap());
        self.join(count(leaves), &self.top(left), &self.top(right))
    }

    /// The root over some leaves.
    #[must_use]
    pub fn root_of(&self, leaves: &[Node]) -> Node {
        let top = (!leaves.is_empty()).then(|| self.top(leaves));
        self.root(count(leaves), top.as_ref())
    }

    /// PATH of RFC 9162, section 2.1.3.1.
    #[must_use]
    pub fn path(&self, index: usize, leaves: &[Node]) -> Vec<Node> {
        if leaves.len() < 2 {
            return Vec::new();
        }
        let half = usize::try_from(half(count(leaves))).unwrap();
        let (left, right) = leaves.split_at(half);
        let (mut path, sibling) = if index < half {
            (self.path(index, left), self.top(right))
        } else {
            (self.path(index - half, right), self.top(left))
        };
        path.push(sibling);
        path
    }

    /// The top that a leaf and a proof lead to; `None` for a proof of another length.
    #[must_use]
    pub fn climb(&self, (index, size): (u64, u64), leaf: Node, proof: &[Node]) -> Option<Node> {
        if size == 1 {
            return proof.is_empty().then_some(leaf);
        }
        let (sibling, proof) = proof.split_last()?;
        let half = half(size);
        Some(if index < half {
            self.join(size, &self.climb((index, half), leaf, proof)?, sibling)
        } else {
            self.join(size, sibling, &self.climb((index - half, size - half), leaf, proof)?)
        })
    }

    /// SPEC.md, "Inclusion".
    ///
    /// # Errors
    /// Its codes.
    pub fn includes(
        &self,
        (index, size): (u64, u64),
        leaf: Node,
        proof: &[Node],
        root: &Node,
    ) -> Result<(), Code> {
        expect(size != 0, "inclusion-empty-tree")?;
        expect(index < size, "inclusion-leaf-out-of-range")?;
        let top = self.climb((index, size), leaf, proof).ok_or("inclusion-proof-length")?;
        expect(self.root(size, Some(&top)) == *root, "inclusion-root-mismatch")
    }

    /// The parts of a batch proof: those of the tree from `start` with no leaf that is wanted.
    fn others((start, end): (u64, u64), wanted: &[u64], parts: &mut Vec<(u64, u64)>) {
        if wanted.iter().all(|index| !(start..end).contains(index)) {
            parts.push((start, end));
        } else if end - start > 1 {
            let middle = start + half(end - start);
            Self::others((start, middle), wanted, parts);
            Self::others((middle, end), wanted, parts);
        }
    }

    /// The top over a part of a tree, of what is known of its parts.
    fn top_of_parts(&self, (start, end): (u64, u64), known: &Known) -> Node {
        known.get(&(start, end)).copied().unwrap_or_else(|| {
            let middle = start + half(end - start);
            let left = self.top_of_parts((start, middle), known);
            let right = self.top_of_parts((middle, end), known);
            self.join(end - start, &left, &right)
        })
    }

    /// The only batch proof of some leaves of a tree that is all there.
    #[must_use]
    pub fn batch(&self, wanted: &[u64], leaves: &[Node]) -> Vec<Node> {
        let mut parts = Vec::new();
        Self::others((0, count(leaves)), wanted, &mut parts);
        let place = |place: u64| usize::try_from(place).unwrap();
        parts.iter().map(|(start, end)| self.top(&leaves[place(*start)..place(*end)])).collect()
    }

    /// The top that leaves and a batch proof lead to; `None` for a proof of another length.
    #[must_use]
    pub fn top_of_batch(&self, size: u64, leaves: &[(u64, Node)], proof: &[Node]) -> Option<Node> {
        let wanted: Vec<u64> = leaves.iter().map(|(index, _)| *index).collect();
        let mut parts = Vec::new();
        Self::others((0, size), &wanted, &mut parts);
        let own = leaves.iter().map(|(index, leaf)| ((*index, index + 1), *leaf));
        let known = own.chain(parts.iter().copied().zip(proof.iter().copied())).collect();
        (parts.len() == proof.len()).then(|| self.top_of_parts((0, size), &known))
    }

    /// SPEC.md, "Batch inclusion".
    ///
    /// # Errors
    /// Its codes.
    pub fn includes_all(
        &self,
        size: u64,
        leaves: &[(u64, Node)],
        proof: &[Node],
        root: &Node,
    ) -> Result<(), Code> {
        expect(size != 0, "inclusion-empty-tree")?;
        expect(!leaves.is_empty(), "inclusion-no-leaves")?;
        for (place, (index, _)) in leaves.iter().enumerate() {
            let ascends = leaves[..place].last().is_none_or(|(before, _)| before < index);
            expect(ascends, "inclusion-not-ascending")?;
            expect(*index < size, "inclusion-leaf-out-of-range")?;
        }
        let top = self.top_of_batch(size, leaves, proof).ok_or("inclusion-proof-length")?;
        expect(self.root(size, Some(&top)) == *root, "inclusion-root-mismatch")
    }

    /// The top of mountains, each with how many leaves it has, from left to right.
    #[must_use]
    pub fn bagged(&self, peaks: &[(u64, Node)]) -> Option<Node> {
        let ((_, first), rest) = peaks.split_first()?;
        // Bagged, so the size of the whole does not matter: it is never a power of two.
        Some(self.bagged(rest).map_or(*first, |right| self.join(3, first, &right)))
    }

    /// Adds a leaf: equal mountains join, as long as there are two.
    pub fn grow(&self, peaks: &mut Vec<(u64, Node)>, leaf: Node) {
        peaks.push((1, leaf));
        self.join_equal(peaks);
    }

    /// Joins the last two mountains while they are equal.
    pub fn join_equal(&self, peaks: &mut Vec<(u64, Node)>) {
        while let [.., (one, left), (two, right)] = peaks[..] {
            if one != two {
                break;
            }
            peaks.truncate(peaks.len() - 2);
            peaks.push((one + two, self.join(one + two, &left, &right)));
        }
    }

    const fn is_wrapped(&self) -> bool {
        matches!(self, Self::Blake3 { .. })
    }

    /// PROOF of RFC 9162, section 2.1.4.1, for `0 < old <= new`; a wrapped root never stands for
    /// an old top.
    #[must_use]
    pub fn prove_prefix(&self, old: usize, leaves: &[Node]) -> Vec<Node> {
        self.subproof(old, leaves, !self.is_wrapped())
    }

    fn subproof(&self, old: usize, leaves: &[Node], whole: bool) -> Vec<Node> {
        if old == leaves.len() {
            return if whole { Vec::new() } else { vec![self.top(leaves)] };
        }
        let half = usize::try_from(half(count(leaves))).unwrap();
        let (left, right) = leaves.split_at(half);
        let (mut proof, sibling) = if old <= half {
            (self.subproof(old, left, whole), self.top(right))
        } else {
            (self.subproof(old - half, right, false), self.top(left))
        };
        proof.push(sibling);
        proof
    }

    /// Old and new top by a proof; `known` is the old top where it is not in the proof.
    #[must_use]
    pub fn rebuild(
        &self,
        (old, new): (u64, u64),
        known: Option<Node>,
        proof: &[Node],
    ) -> Option<(Node, Node)> {
        if old == new {
            return match (known, proof) {
                (Some(top), []) => Some((top, top)),
                (None, [top]) => Some((*top, *top)),
                _ => None,
            };
        }
        let (sibling, proof) = proof.split_last()?;
        let half = half(new);
        if old <= half {
            let (old_top, left) = self.rebuild((old, half), known, proof)?;
            return Some((old_top, self.join(new, &left, sibling)));
        }
        let (old_top, right) = self.rebuild((old - half, new - half), None, proof)?;
        Some((self.join(old, sibling, &old_top), self.join(new, sibling, &right)))
    }

    /// SPEC.md, "Consistency".
    ///
    /// # Errors
    /// Its codes.
    pub fn is_prefix(
        &self,
        (old, old_root): (u64, &Node),
        (new, new_root): (u64, &Node),
        proof: &[Node],
    ) -> Result<(), Code> {
        const OLD: Code = "consistency-old-root-mismatch";
        expect(old <= new, "consistency-old-is-larger")?;
        if old == new || old == 0 {
            expect(proof.is_empty(), "consistency-proof-length")?;
            let same = if old == new { *new_root } else { self.root(0, None) };
            return expect(*old_root == same, OLD);
        }
        let known = (!self.is_wrapped()).then_some(*old_root);
        // Only where the old tree is one whole subtree of the new one is its top not in the proof.
        let known = known.filter(|_| old.is_power_of_two());
        let tops = self.rebuild((old, new), known, proof);
        let (old_top, new_top) = tops.ok_or("consistency-proof-length")?;
        expect(self.root(old, Some(&old_top)) == *old_root, OLD)?;
        let found = self.root(new, Some(&new_top));
        expect(found == *new_root, "consistency-new-root-mismatch")
    }
}

fn count(leaves: &[Node]) -> u64 {
    u64::try_from(leaves.len()).unwrap()
}

/// The largest power of two below a size of 2 or more.
const fn half(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

fn keyed(kind: &str, role: &str, height: u8, parts: &[&[u8]]) -> Node {
    let mut key = derive(&format!("cairn v1 {kind} {role}"), &[]);
    key[31] ^= height;
    *blake3::keyed_hash(&key, &parts.concat()).as_bytes()
}

fn sha256(parts: &[&[u8]]) -> Node {
    Sha256::digest(parts.concat()).into()
}
