//! Facts: what a check of this crate found to be so. Their fields are private and nothing but
//! the check makes one.

use crate::digest::{EventId, HeaderDigest};
use crate::event::EventBody;
use crate::finality::{Header, Signed, Suite, ValidatorSet};
use crate::time::UnixMillis;
use crate::trust::TrustAnchor;

/// What a verdict rests on, to be said with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// The anchor pinned by the user.
    pub anchor: TrustAnchor,
    /// Whether every validator set since the anchor is of a post-quantum suite; `None` if no
    /// set was used because the anchor alone carries the verdict.
    pub post_quantum: Option<bool>,
    /// The largest voting power and its set's total, where one entry holds a third or more.
    pub concentrated: Option<(u64, u64)>,
    /// What the certificate weighed, if one was checked.
    pub signed: Option<Signed>,
    /// The log's trust period in milliseconds, 0 for none.
    pub trust_period: u64,
}

impl Standing {
    pub(crate) const fn new(anchor: TrustAnchor, trust_period: u64) -> Self {
        Self { anchor, post_quantum: None, concentrated: None, signed: None, trust_period }
    }

    pub(crate) fn with_set(mut self, set: &ValidatorSet<'_>) -> Self {
        self.post_quantum = Some(self.post_quantum.unwrap_or(true) && set.is_post_quantum());
        let (largest, total) = (set.largest_power(), set.total_power());
        if u128::from(largest).saturating_mul(3) >= u128::from(total) {
            self = self.with_concentration((largest, total));
        }
        self
    }

    /// Keeps the worse of two: one set that a single entry ruled is enough to doubt all after it.
    #[must_use]
    pub fn with_concentration(mut self, other: (u64, u64)) -> Self {
        let worse = |(power, total): (u64, u64), (than, of): (u64, u64)| {
            let wide = |a: u64, b: u64| u128::from(a).saturating_mul(u128::from(b));
            wide(power, of) > wide(than, total)
        };
        if self.concentrated.is_none_or(|known| worse(other, known)) {
            self.concentrated = Some(other);
        }
        self
    }

    pub(crate) const fn with_signed(mut self, signed: Signed) -> Self {
        self.signed = Some(signed);
        self
    }
}

/// A header that is final under the pinned anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalHeader {
    header: Header,
    digest: HeaderDigest,
    standing: Standing,
}

impl FinalHeader {
    pub(crate) const fn new(header: Header, digest: HeaderDigest, standing: Standing) -> Self {
        Self { header, digest, standing }
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its digest.
    #[must_use]
    pub const fn digest(&self) -> HeaderDigest {
        self.digest
    }

    /// What this rests on.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }
}

/// A new header's history contains an old one's, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extends {
    old: FinalHeader,
    new: FinalHeader,
}

impl Extends {
    pub(crate) const fn new(old: FinalHeader, new: FinalHeader) -> Self {
        Self { old, new }
    }

    /// The old header.
    #[must_use]
    pub const fn old(&self) -> &FinalHeader {
        &self.old
    }

    /// The new header.
    #[must_use]
    pub const fn new_header(&self) -> &FinalHeader {
        &self.new
    }
}

/// When an event was logged, by the times of two final headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogTime {
    /// This index of the log was not taken yet at this time; `None` for the first block of a log
    /// whose genesis was not at hand.
    pub after: Option<UnixMillis>,
    /// The event was in the log at this time.
    pub until: UnixMillis,
}

/// An event that is in a final log, at an index, signed by its writer.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedEvent<'a> {
    header: FinalHeader,
    index: u64,
    id: EventId,
    event: EventBody<'a>,
    writer_suite: Suite,
    log_time: Option<LogTime>,
    writer_name: Option<&'a str>,
}

impl<'a> VerifiedEvent<'a> {
    pub(crate) const fn new(
        header: FinalHeader,
        index: u64,
        (id, event, writer_suite): (EventId, EventBody<'a>, Suite),
    ) -> Self {
        Self { header, index, id, event, writer_suite, log_time: None, writer_name: None }
    }

    pub(crate) const fn with_log_time(mut self, log_time: Option<LogTime>) -> Self {
        self.log_time = log_time;
        self
    }

    pub(crate) const fn with_writer_name(mut self, name: Option<&'a str>) -> Self {
        self.writer_name = name;
        self
    }

    /// The name of the member that the log's state gives the writer's key to, if the receipt
    /// proves it. Without it there is only the key; the event's actor is the writer's claim.
    #[must_use]
    pub const fn writer_name(&self) -> Option<&'a str> {
        self.writer_name
    }

    /// The final header whose tree the event is in.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// The event's place in the log, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The event's id.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.id
    }

    /// What the writer signed. Actor, resource, outcome and time are the writer's claims.
    #[must_use]
    pub const fn event(&self) -> &EventBody<'a> {
        &self.event
    }

    /// The suite of the key that the writer signed with: of suite 1, the writer's signature does
    /// not withstand a quantum computer, whatever the validators' do.
    #[must_use]
    pub const fn writer_suite(&self) -> Suite {
        self.writer_suite
    }

    /// When it was logged, if the receipt proves it.
    #[must_use]
    pub const fn log_time(&self) -> Option<LogTime> {
        self.log_time
    }
}
