//! The recursive tree of RFC 9162, section 2.1, by the leaves that each of its parts covers.

use super::Join;

/// The leaves of a tree from `start` up to, not including, `end`: what one hash stands for.
///
/// Perfect when its length is a power of two, and then it is the node of height
/// `log2(end - start)` and number `start >> height`. Any other ends where the tree ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a range has two ends")]
pub struct Subtree {
    /// The first leaf.
    pub start: u64,
    /// The one after the last.
    pub end: u64,
}

impl Subtree {
    /// Left and right part, parted at the largest power of two below the length; `None` for one
    /// leaf, and for none.
    pub(super) fn split(self) -> Option<(Self, Self)> {
        let below = self.end.checked_sub(self.start)?.checked_sub(1)?;
        let half = 1_u64.checked_shl(below.checked_ilog2()?)?;
        let middle = self.start.checked_add(half)?;
        Some((Self { end: middle, ..self }, Self { start: middle, ..self }))
    }

    /// What its two parts join into; means nothing for one leaf.
    pub(super) fn join(self) -> Join {
        let len = self.end.saturating_sub(self.start);
        let height = u8::try_from(len.trailing_zeros()).unwrap_or(u8::MAX);
        if len.is_power_of_two() { Join::Node { height } } else { Join::Bag }
    }
}
