//! What `--broken` turns off, and the failure that must follow.
//!
//! | villain | what it does | defence | without it |
//! |---|---|---|---|
//! | equivocator | two votes for one place | evidence is reported and punished | `Unpunished` |
//! | | | quorums are of power, not of heads | `NoQuorum` |
//! | | | evidence costs the stake behind a validator | `Uncut` |
//! | silent | nothing | timers end a round | `Stuck` |
//! | liar | forged final blocks | certificates before blocks, by sync | `Agreement`, `Certificate` |
//! | | other bytes under a header | they count against their sender alone | `Stopped` |
//! | stale | what was said at earlier heights | it is not read as if it were of this one | `HonestBanned` |
//! | flooder | more than anybody can read | shares for each peer | `Memory` |
//! | | votes in others' names | signatures | `Certificate` |
//! | racer | a set that nobody asked for | set rules, whole validation | `Rules` |
//! | | a time far ahead | a bound on it | `Certificate` |
//! | | a change that one approves | approval by a quorum | `Unapproved` |
//! | | a power past every sum | the cap of total power | `Power` |
//! | | evidence that nobody signed | both signatures are checked | `Framed` |
//! | | more stake than its holder was given | it is counted before it is bonded | `Stake` |
//! | hasty | a header that is early for one clock, then nothing | it is looked at again | `Stuck` |
//! | *lost log* | a validator without its lock | the record of what was signed | `DoubleSign` |
//! | | | silence at that height | `Amnesia` |
//! | *lost power* | what was not synced is gone | log, then record, then message | `LogNotDurable` |
//! | *bad disk* | calls that fail | a node stops | `LogNotDurable` |
//! | *nobody* | | certificates are minimal | `Certificate` |
//! | | | a set waits for its gate | `Gate` |

use cairn_consensus::epochs::Epochs;
use cairn_consensus::{Broken, Defence, Set};

use crate::check::Failure;
use crate::villains::Kind;

/// A defence that is turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// The record of what was signed last is not kept to.
    Record,
    /// A validator whose log was lost goes on at the same height.
    Silence,
    /// The log is not synced before messages leave.
    LogSync,
    /// A node goes on when its disk refuses something.
    DiskErrors,
    /// Certificates carry more votes than a quorum needs.
    Minimal,
    /// Signatures of votes and proposals are not checked.
    Signatures,
    /// A quorum is counted by validators, not by their power.
    Weights,
    /// Contradictions are not reported.
    Evidence,
    /// Timers never run out.
    Timers,
    /// Blocks that are proposed are not checked.
    Validation,
    /// Blocks that come by sync are taken without their certificate.
    Sync,
    /// Messages of earlier heights are read like those of this one.
    Late,
    /// One peer may cost whatever it wants to.
    Limits,
    /// A header may name any next set at a gate.
    SetChange,
    /// The next set votes before its gate.
    Gate,
    /// A change counts with its first approval.
    Approvals,
    /// A set may have more power than sums can hold.
    PowerCap,
    /// Evidence counts without its signatures.
    Accusation,
    /// A holder bonds more stake than it was given.
    Allotment,
    /// Evidence leaves the stake behind a validator as it is.
    Cut,
    /// A header's time may be far ahead.
    Clock,
    /// Other bytes under a header count against the header.
    OtherBytes,
    /// A header that is early for one clock is invalid there for good.
    Early,
}

/// What there is to know of a flaw.
struct Known {
    name: &'static str,
    /// The failures that show it; any one of them will do.
    expected: &'static [Failure],
    villain: Option<Kind>,
    in_host: Option<Defence>,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 23] = [
        Self::Record,
        Self::Silence,
        Self::LogSync,
        Self::DiskErrors,
        Self::Minimal,
        Self::Signatures,
        Self::Weights,
        Self::Evidence,
        Self::Timers,
        Self::Validation,
        Self::Sync,
        Self::Late,
        Self::Limits,
        Self::SetChange,
        Self::Gate,
        Self::Approvals,
        Self::PowerCap,
        Self::Accusation,
        Self::Allotment,
        Self::Cut,
        Self::Clock,
        Self::OtherBytes,
        Self::Early,
    ];

    /// The table above.
    #[rustfmt::skip]
    const fn known(self) -> Known {
        use {Defence as D, Failure as F, Kind as K};
        match self {
            Self::Record => known("record", &[F::DoubleSign], None, Some(D::Record)),
            Self::Silence => known("silence", &[F::Amnesia], None, Some(D::Silence)),
            Self::LogSync => known("log-sync", &[F::LogNotDurable], None, None),
            Self::DiskErrors => known("disk-errors", &[F::LogNotDurable], None, None),
            Self::Minimal => known("minimal", &[F::Certificate], None, Some(D::Minimal)),
            Self::Signatures => known("signatures", &[F::Certificate], Some(K::Flooder), Some(D::Signatures)),
            Self::Weights => known("weights", &[F::NoQuorum], Some(K::Equivocator), None),
            Self::Evidence => known("evidence", &[F::Unpunished], Some(K::Equivocator), None),
            Self::Timers => known("timers", &[F::Stuck], Some(K::Silent), None),
            // A header far ahead of its time is a rule that the light client knows too, and a set
            // before its gate is one that has a name.
            Self::Validation => known("validation", &[F::Rules, F::Certificate], Some(K::Racer), None),
            Self::Sync => known("sync", &[F::Agreement, F::Certificate], Some(K::Liar), Some(D::Sync)),
            Self::Late => known("late", &[F::HonestBanned], Some(K::Stale), Some(D::Late)),
            Self::Limits => known("limits", &[F::Memory], Some(K::Flooder), Some(D::Limits)),
            Self::SetChange => known("set-change", &[F::Rules], Some(K::Racer), None),
            Self::Gate => known("gate", &[F::Gate], None, None),
            Self::Approvals => known("approvals", &[F::Unapproved], Some(K::Racer), Some(D::Approvals)),
            Self::PowerCap => known("power-cap", &[F::Power], Some(K::Racer), Some(D::PowerCap)),
            Self::Accusation => known("accusation", &[F::Framed], Some(K::Racer), Some(D::Accusation)),
            Self::Allotment => known("allotment", &[F::Stake], Some(K::Racer), Some(D::Allotment)),
            Self::Cut => known("cut", &[F::Uncut], Some(K::Equivocator), Some(D::Cut)),
            Self::Clock => known("clock", &[F::Certificate], Some(K::Racer), None),
            Self::OtherBytes => known("other-bytes", &[F::Stopped], Some(K::Liar), None),
            Self::Early => known("early", &[F::Stuck], Some(K::Hasty), None),
        }
    }

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.known().name
    }

    /// The flaw of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flaw| flaw.name() == name)
    }

    /// The failures that show it; any one of them will do.
    #[must_use]
    pub const fn expected(self) -> &'static [Failure] {
        self.known().expected
    }

    /// The villain against whom it defends, if there has to be one.
    #[must_use]
    pub const fn villain(self) -> Option<Kind> {
        self.known().villain
    }

    /// How many more logs must be lost for it to be missed.
    pub(crate) const fn restores(self) -> u64 {
        if matches!(self, Self::Record | Self::Silence) { 8 } else { 0 }
    }

    /// How many more syncs must be refused for it to be missed.
    pub(crate) const fn forgets(self) -> u64 {
        if matches!(self, Self::DiskErrors) { 10 } else { 0 }
    }
}

const fn known(
    name: &'static str,
    expected: &'static [Failure],
    villain: Option<Kind>,
    in_host: Option<Defence>,
) -> Known {
    Known { name, expected, villain, in_host }
}

/// What a flaw turns off in a host and in the rules of sets.
pub(crate) fn broken(flaw: Option<Flaw>) -> Broken {
    flaw.and_then(|flaw| flaw.known().in_host).map_or_else(Broken::default, Broken::without)
}

/// The set whose votes a host counts for the next block.
pub(crate) fn counted(flaw: Option<Flaw>, epochs: &Epochs) -> Set {
    match flaw {
        Some(Flaw::Weights) => epochs.now().set.by_number(),
        Some(Flaw::Gate) => epochs.next().clone(),
        _ => epochs.now().set.clone(),
    }
}
