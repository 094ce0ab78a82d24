//! Defences that the simulator turns off one at a time, to show that each is missed.

/// Which defences are off: none, in every build that a node is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    #[cfg(feature = "broken")]
    without: Option<Defence>,
}

/// A defence of the host, or of the rules by which sets change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defence {
    /// The record of what was signed last.
    Record,
    /// The shortest certificate that is a quorum.
    Minimal,
    /// Certificates of blocks that come by sync.
    Sync,
    /// What one peer may cost.
    Limits,
    /// Signatures of votes and proposals.
    Signatures,
    /// Messages of earlier heights are not read.
    Late,
    /// Silence at a height whose log was lost.
    Silence,
    /// Approvals by a quorum before a change counts.
    Approvals,
    /// The cap of a set's total power.
    PowerCap,
    /// The two signatures of evidence.
    Accusation,
    /// What a holder bonds is no more than what it was allotted.
    Allotment,
    /// Evidence costs the stake behind who signed it.
    Cut,
}

impl Broken {
    /// Without this defence.
    #[cfg(feature = "broken")]
    #[must_use]
    pub const fn without(defence: Defence) -> Self {
        Self { without: Some(defence) }
    }

    #[cfg(feature = "broken")]
    pub(crate) fn lacks(self, defence: Defence) -> bool {
        self.without == Some(defence)
    }

    #[cfg(not(feature = "broken"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    pub(crate) const fn lacks(self, _: Defence) -> bool {
        false
    }
}
