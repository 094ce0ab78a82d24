//! The checks of a receipt as a list: what each was given, and which one failed.

use std::fmt::Display;

use cairn_light_client::{Assurance, CheckedReceipt, ClientError, Reason};
use cairn_verifier::Error;
use cairn_verifier::check::Check;
use cairn_verifier::finality::Signed;
use cairn_verifier::trust::TrustError;

use crate::format::{duration, len, thousands, time};
use crate::text::{Text, steps as words};

/// The checks in the order in which the verifier makes them (SPEC.md, "Verifying a receipt").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Decoded,
    Anchor,
    Handovers,
    TrustPeriod,
    Votes,
    Final,
    Writer,
    Included,
    LogTime,
    Payload,
    Name,
}

impl Kind {
    const ALL: [Self; 11] = [
        Self::Decoded,
        Self::Anchor,
        Self::Handovers,
        Self::TrustPeriod,
        Self::Votes,
        Self::Final,
        Self::Writer,
        Self::Included,
        Self::LogTime,
        Self::Payload,
        Self::Name,
    ];

    /// The check's name.
    pub(crate) fn title(self) -> &'static str {
        self.words().0.get()
    }

    /// Name, what a pass means, and why it may not be needed.
    const fn words(self) -> (Text, Text, Text) {
        match self {
            Self::Decoded => (words::DECODED, words::DECODED_MEANS, Text::NONE),
            Self::Anchor => (words::ANCHOR, words::ANCHOR_MEANS, Text::NONE),
            Self::Handovers => (words::HANDOVERS, words::HANDOVERS_MEANS, Text::NONE),
            Self::TrustPeriod => {
                (words::TRUST_PERIOD, words::TRUST_PERIOD_MEANS, words::TRUST_PERIOD_ABSENT)
            }
            Self::Votes => (words::VOTES, words::VOTES_MEANS, words::VOTES_ABSENT),
            Self::Final => (words::FINAL, words::FINAL_MEANS, Text::NONE),
            Self::Writer => (words::WRITER, words::WRITER_MEANS, Text::NONE),
            Self::Included => (words::INCLUDED, words::INCLUDED_MEANS, Text::NONE),
            Self::LogTime => (words::LOG_TIME, words::LOG_TIME_MEANS, words::LOG_TIME_ABSENT),
            Self::Payload => (words::PAYLOAD, words::PAYLOAD_MEANS, words::PAYLOAD_ABSENT),
            Self::Name => (words::NAME, words::NAME_MEANS, words::NAME_ABSENT),
        }
    }

    const fn of(check: &Check) -> Option<Self> {
        Some(match check {
            Check::Anchor { .. } => Self::Anchor,
            Check::Decoded { .. } => Self::Decoded,
            Check::Final { .. } => Self::Final,
            Check::Handover { .. } => Self::Handovers,
            Check::Included { .. } => Self::Included,
            Check::LogTime(_) => Self::LogTime,
            Check::Name { .. } => Self::Name,
            Check::Payload { .. } => Self::Payload,
            Check::Quorum(_) | Check::Vote { .. } => Self::Votes,
            Check::TrustPeriod { .. } => Self::TrustPeriod,
            Check::Writer { .. } => Self::Writer,
            _ => return None,
        })
    }
}

/// How a check went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Went {
    Passed,
    /// It stopped here, for this reason.
    Stopped(Reason),
    /// An earlier one stopped the verifier.
    NotReached,
    /// The receipt needs none, or brings nothing to check.
    NotNeeded,
}

/// One check of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) went: Went,
    pub(crate) inputs: Vec<Input>,
    /// The voting power that signed, and that of the set.
    pub(crate) power: Option<(u64, u64)>,
    /// Whether the receipt starts from a header that was verified before, not from the anchor.
    pub(crate) is_under_head: bool,
}

impl Step {
    /// What the check means, or why it was not made.
    pub(crate) fn sentence(&self) -> &'static str {
        let (_, meaning, absent) = self.kind.words();
        let sentence = match (&self.went, self.kind, self.is_under_head) {
            (Went::Passed, Kind::Anchor, true) => words::ANCHOR_HEAD,
            (Went::NotNeeded, Kind::TrustPeriod | Kind::Votes, true) => words::SEEN_BEFORE,
            (Went::NotNeeded, ..) => absent,
            (Went::Passed | Went::Stopped(_) | Went::NotReached, ..) => meaning,
        };
        sentence.get()
    }
}

/// What a check was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    /// Whether it is a digest, shown in its own type with a button to copy it.
    pub(crate) is_digest: bool,
}

fn plain(name: &'static str, value: String) -> Input {
    Input { name, value, is_digest: false }
}

fn digest(name: &'static str, value: &dyn Display) -> Input {
    Input { name, value: value.to_string(), is_digest: true }
}

/// The list for a receipt: the checks that passed, and what became of it.
pub(crate) fn steps(checks: &[Check], assurance: &Assurance<CheckedReceipt>) -> Vec<Step> {
    let mut is_under_head = false;
    let stopped = match assurance {
        Assurance::CouldNotCheck(reason) | Assurance::Stale(reason) | Assurance::Failed(reason) => {
            Some((stopped_at(checks, reason.error()), reason))
        }
        Assurance::Verified(receipt) => {
            is_under_head = receipt.base() != receipt.standing().anchor;
            None
        }
        Assurance::NotChecked | Assurance::Checking | Assurance::NotFinal => return Vec::new(),
    };
    let mut steps: Vec<Step> = Vec::new();
    for kind in Kind::ALL {
        let own = own_checks(kind, checks);
        let went = match stopped {
            Some((at, reason)) if at == kind => Went::Stopped(reason.clone()),
            _ if !own.is_empty() => Went::Passed,
            Some((at, _)) if at < kind => Went::NotReached,
            _ => Went::NotNeeded,
        };
        if kind == Kind::Handovers && own.is_empty() {
            continue;
        }
        let power = own.iter().find_map(|check| {
            if let Check::Quorum(Signed { power, total, .. }) = check {
                Some((*power, *total))
            } else {
                None
            }
        });
        let inputs = own.iter().flat_map(|check| inputs(check)).collect();
        steps.push(Step { kind, went, inputs, power, is_under_head });
    }
    steps
}

/// The checks of one kind. Votes, quorum and final header are those of the last header: what came
/// before belongs to the handovers on the way.
fn own_checks(kind: Kind, checks: &[Check]) -> Vec<&Check> {
    let after = if matches!(kind, Kind::TrustPeriod | Kind::Votes | Kind::Final) {
        last_part(checks)
    } else {
        checks
    };
    after.iter().filter(|check| Kind::of(check) == Some(kind)).collect()
}

/// The checks after the last handover.
fn last_part(checks: &[Check]) -> &[Check] {
    let handover = checks.iter().rposition(|check| matches!(check, Check::Handover { .. }));
    handover.and_then(|at| checks.get(at + 1..)).unwrap_or(checks)
}

/// Where the verifier stopped: the kind of the error decides, and where it could be one of two,
/// what had passed before.
fn stopped_at(checks: &[Check], error: &ClientError) -> Kind {
    let ClientError::Verify(error) = error else {
        return Kind::Decoded;
    };
    let passed = |kind| checks.iter().any(|check| Kind::of(check) == Some(kind));
    let is_final = last_part(checks).iter().any(|check| matches!(check, Check::Final { .. }));
    if matches!(error, Error::Decode(_) | Error::Budget(_)) {
        Kind::Decoded
    } else if matches!(error, Error::State(_)) {
        Kind::Name
    } else if !passed(Kind::Anchor) {
        Kind::Anchor
    } else if let Error::Trust(
        TrustError::PastTrustPeriod { .. } | TrustError::FutureHeader { .. },
    ) = error
    {
        Kind::TrustPeriod
    } else if matches!(error, Error::Finality(_)) {
        Kind::Votes
    } else if !is_final {
        Kind::Final
    } else if !passed(Kind::Writer) {
        Kind::Writer
    } else if !passed(Kind::Included) {
        Kind::Included
    } else if matches!(error, Error::Event(_)) {
        Kind::Payload
    } else {
        Kind::LogTime
    }
}

/// What a check was given, as names and values.
fn inputs(check: &Check) -> Vec<Input> {
    match check {
        Check::Anchor { anchor } => vec![digest(words::PINNED.get(), anchor)],
        Check::Decoded { bytes } => {
            vec![plain(words::LENGTH.get(), crate::text::bytes(len(*bytes)))]
        }
        Check::Final { height, digest: id } => {
            vec![plain(words::HEIGHT.get(), thousands(*height)), digest(words::HEADER.get(), id)]
        }
        Check::Handover { epoch, height } => {
            vec![plain(words::EPOCH.get(), crate::text::epoch(*epoch, *height))]
        }
        Check::Name { key } => vec![digest(words::KEY.get(), key)],
        Check::Included { index, size, root, steps } => vec![
            plain(words::INDEX.get(), thousands(*index)),
            plain(words::SIZE.get(), crate::text::events(*size)),
            plain(words::PATH.get(), crate::text::path(*steps)),
            digest(words::ROOT.get(), root),
        ],
        Check::LogTime(log_time) => vec![
            plain(words::AFTER.get(), log_time.after.map_or_else(|| words::START.owned(), time)),
            plain(words::UNTIL.get(), time(log_time.until)),
        ],
        Check::Payload { digest: id } => vec![digest(words::DIGEST.get(), id)],
        Check::Quorum(signed) => vec![plain(
            words::SIGNED.get(),
            crate::text::quorum(signed.power, signed.total, usize::from(signed.votes)),
        )],
        Check::TrustPeriod { age, period } => vec![
            plain(words::AGE.get(), duration(*age)),
            plain(
                words::PERIOD.get(),
                match period {
                    0 => words::NO_PERIOD.owned(),
                    period => duration(*period),
                },
            ),
        ],
        Check::Vote { index, suite, power, .. } => {
            vec![plain(words::VOTE.get(), crate::text::vote(*index, suite.name(), *power))]
        }
        Check::Writer { event, key, suite } => vec![
            digest(words::EVENT.get(), event),
            digest(words::KEY.get(), key),
            plain(words::SUITE.get(), suite.name().to_owned()),
        ],
        _ => Vec::new(),
    }
}
