//! The way from a node up to the root, computed from places alone.

/// On which side of the path the proof's hash stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a binary tree has two sides")]
pub enum Side {
    /// The sibling is left of the path.
    Left,
    /// The sibling is right of the path.
    Right,
}

/// What two hashes join into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a mountain range has nothing else")]
pub enum Join {
    /// A node inside a mountain, of this height (1 or more).
    Node {
        /// Height of the joined node.
        height: u8,
    },
    /// A peak and everything right of it.
    Bag,
}

/// One step upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a step is these two facts")]
pub struct Step {
    /// Where the sibling stands.
    pub side: Side,
    /// What path and sibling make together.
    pub join: Join,
}

/// The steps from the node of height `from` above leaf `index` to the top of a tree of `size`
/// leaves. Nothing is read from a proof: the number of steps is the only acceptable number of
/// siblings, and each step says on which side its sibling stands.
///
/// Requires `index < size`; otherwise there are no steps that mean anything.
pub fn steps(index: u64, size: u64, from: u8) -> impl Iterator<Item = Step> + Clone {
    Steps { index, size, height: from }
}

#[derive(Clone)]
struct Steps {
    index: u64,
    size: u64,
    height: u8,
}

impl Iterator for Steps {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            let at = number(self.index, self.height);
            let last = number(self.size.checked_sub(1)?, self.height);
            if last == 0 {
                return None;
            }
            self.height = self.height.checked_add(1)?;
            // A node is perfect when all its leaves exist; the one on the right border may not be.
            let perfect = number(self.index, self.height) < number(self.size, self.height);
            let join = if perfect { Join::Node { height: self.height } } else { Join::Bag };
            if at & 1 == 1 {
                return Some(Step { side: Side::Left, join });
            }
            if at < last {
                return Some(Step { side: Side::Right, join });
            }
            // A last node without a sibling is its own parent: no hash, no step.
        }
    }
}

/// The number of the node at `height` that covers leaf `index`.
fn number(index: u64, height: u8) -> u64 {
    index.checked_shr(u32::from(height)).unwrap_or(0)
}
