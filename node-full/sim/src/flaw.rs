//! What `--broken` turns off, and the failure that must follow.

use cairn_consensus::{Broken, Defence};

use crate::check::Failure;
use crate::villains::Kind;

/// A defence that is turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// The record of what was signed last is not kept to.
    Record,
    /// The log is not synced before messages leave.
    LogSync,
    /// Certificates carry more votes than a quorum needs.
    Minimal,
    /// Signatures of votes and proposals are not checked.
    Signatures,
    /// Blocks that are proposed are not checked.
    Validation,
    /// Blocks that come by sync are taken without their certificate.
    Sync,
    /// One peer may cost whatever it wants to.
    Limits,
    /// A header may name any next set at a gate.
    SetChange,
    /// A header's time may be far ahead.
    Clock,
    /// Other bytes under a header count against the header.
    OtherBytes,
    /// A header that is early for one clock is invalid there for good.
    Early,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 11] = [
        Self::Record,
        Self::LogSync,
        Self::Minimal,
        Self::Signatures,
        Self::Validation,
        Self::Sync,
        Self::Limits,
        Self::SetChange,
        Self::Clock,
        Self::OtherBytes,
        Self::Early,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::LogSync => "log-sync",
            Self::Minimal => "minimal",
            Self::Signatures => "signatures",
            Self::Validation => "validation",
            Self::Sync => "sync",
            Self::Limits => "limits",
            Self::SetChange => "set-change",
            Self::Clock => "clock",
            Self::OtherBytes => "other-bytes",
            Self::Early => "early",
        }
    }

    /// The flaw of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flaw| flaw.name() == name)
    }

    /// The failures that show it; any one of them will do.
    #[must_use]
    pub const fn expected(self) -> &'static [Failure] {
        match self {
            Self::Record => &[Failure::DoubleSign],
            Self::LogSync => &[Failure::LogNotDurable],
            Self::Minimal | Self::Signatures => &[Failure::Certificate],
            // A header far ahead of its time is a rule that the light client knows too.
            Self::Validation => &[Failure::Rules, Failure::Certificate],
            Self::SetChange => &[Failure::Rules],
            Self::Sync => &[Failure::Agreement, Failure::Certificate],
            Self::Limits => &[Failure::Memory],
            Self::Clock => &[Failure::Certificate],
            Self::OtherBytes => &[Failure::Stopped],
            Self::Early => &[Failure::Stuck],
        }
    }

    /// The villain against whom it defends, if there has to be one.
    #[must_use]
    pub const fn villain(self) -> Option<Kind> {
        match self {
            Self::Record | Self::LogSync | Self::Minimal => None,
            Self::Signatures | Self::Limits => Some(Kind::Flooder),
            Self::Validation | Self::SetChange | Self::Clock => Some(Kind::Racer),
            Self::Sync | Self::OtherBytes => Some(Kind::Liar),
            Self::Early => Some(Kind::Hasty),
        }
    }

    /// How many logs must be lost for it to be missed.
    pub(crate) const fn wipes(self) -> u64 {
        if matches!(self, Self::Record) { 20 } else { 0 }
    }

    pub(crate) const fn in_host(self) -> Option<Defence> {
        match self {
            Self::Record => Some(Defence::Record),
            Self::Minimal => Some(Defence::Minimal),
            Self::Signatures => Some(Defence::Signatures),
            Self::Sync => Some(Defence::Sync),
            Self::Limits => Some(Defence::Limits),
            Self::LogSync
            | Self::Validation
            | Self::SetChange
            | Self::Clock
            | Self::OtherBytes
            | Self::Early => None,
        }
    }
}

pub(crate) fn broken(flaw: Option<Flaw>) -> Broken {
    flaw.and_then(Flaw::in_host).map_or_else(Broken::default, Broken::without)
}
