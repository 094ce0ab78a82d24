//! The way from an event's leaf up to the root, step by step, and where each step stands in the
//! picture of the mountain range.
//!
//! It is computed again for showing; the verdict is the verifier's.

use cairn_verifier::digest::Hash;
use cairn_verifier::receipt::Receipt;
use cairn_verifier::tree::{Blake3, Join, Kind, Side, TreeHasher as _, inclusion_proof_len, steps};

/// Events `from` up to, and not including, `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// One step: what stands beside the path, and what both make together.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) side: Side,
    /// Whether peaks are bagged here; else two halves of one mountain are joined.
    pub(crate) is_bag: bool,
    pub(crate) covers: Span,
    pub(crate) sibling: Hash,
    pub(crate) result: Hash,
}

/// The whole way.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) index: u64,
    pub(crate) size: u64,
    pub(crate) leaf: Hash,
    pub(crate) steps: Vec<Step>,
    pub(crate) root: Hash,
    /// The root that the header has.
    pub(crate) expected: Hash,
}

impl Walk {
    /// The way of a receipt's inclusion proof; `None` if it has not the length of its place.
    pub(crate) fn of(receipt: &Receipt<'_>) -> Option<Self> {
        let (header, index) = (&receipt.finality.header, receipt.index);
        let (size, place) = (header.events.get(), header.events.leaf(index)?);
        if receipt.inclusion.len() != inclusion_proof_len(place) {
            return None;
        }
        let hasher = Blake3::new(Kind::Event, *header.log.as_bytes());
        let leaf = hasher.leaf(index, receipt.event.id().as_bytes());
        let mut hash = leaf;
        let spans = siblings(index, size);
        let ways = steps(index, size, 0).zip(receipt.inclusion.iter()).zip(spans);
        let steps = ways.map(|((step, sibling), covers)| {
            hash = match step.side {
                Side::Left => hasher.join(step.join, &sibling, &hash),
                Side::Right => hasher.join(step.join, &hash, &sibling),
            };
            let is_bag = matches!(step.join, Join::Bag);
            Step { side: step.side, is_bag, covers, sibling, result: hash }
        });
        let steps = steps.collect();
        let root = hasher.root(header.events, Some(&hash));
        Some(Self { index, size, leaf, steps, root, expected: header.event_root })
    }
}

/// What the siblings of a leaf cover, from below.
fn siblings(index: u64, size: u64) -> Vec<Span> {
    let mut spans = Vec::new();
    for height in 0..u64::BITS {
        let (at, last) = (index >> height, size.saturating_sub(1) >> height);
        if last == 0 {
            break;
        }
        // An odd one has its sibling on the left; the last one may have none.
        if at & 1 == 1 || at < last {
            let sibling = at ^ 1;
            spans.push(Span { from: sibling << height, to: ((sibling + 1) << height).min(size) });
        }
    }
    spans
}

/// The mountains of a tree: where each starts, and its height, from left to right.
pub(crate) fn mountains(size: u64) -> Vec<(u64, u32)> {
    let mut start = 0;
    let heights = (0..u64::BITS).rev().filter(|height| size >> height & 1 == 1);
    heights
        .map(|height| {
            let own = start;
            start += 1 << height;
            (own, height)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_those_of_the_steps() {
        for size in 1..70 {
            for index in 0..size {
                let spans = siblings(index, size);
                let ways: Vec<_> = steps(index, size, 0).collect();
                assert_eq!(spans.len(), ways.len(), "{index} of {size}");
                for (span, step) in spans.iter().zip(ways) {
                    let is_left = span.to <= index;
                    assert_eq!(is_left, step.side == Side::Left, "{index} of {size}");
                }
                let others: u64 = spans.iter().map(|span| span.to - span.from).sum();
                assert_eq!(others + 1, size, "the siblings are all other events, each once");
            }
        }
    }

    #[test]
    fn mountains_are_the_bits() {
        assert_eq!(mountains(11), [(0, 3), (8, 1), (10, 0)]);
        assert_eq!(mountains(0), []);
    }
}
