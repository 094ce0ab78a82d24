//! What may be said of a receipt, and the owned form of one that holds.

use cairn_verifier::check::Check;
use cairn_verifier::digest::EventId;
use cairn_verifier::error::Meaning;
use cairn_verifier::event::Payload;
use cairn_verifier::fact::{LogTime, Standing};
use cairn_verifier::payload::{self, PayloadError, VerifiedPayload};
use cairn_verifier::receipt::{self, FinalityMemo, VerifiedReceipt};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{FinalHeader, Terms, TrustAnchor, UnixMillis, json};

use crate::error::ClientError;
use crate::sync::joined;

/// Checks that nobody reads. The same type as those that are read, so that the module holds the
/// verifier once.
pub(crate) type Unread = Vec<Check>;

/// What a screen shows of something checked. It must show each case in its own way; only
/// [`Assurance::Verified`] is green, and only a check leads there.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a screen must decide every case")]
pub enum Assurance<F> {
    /// Nothing was asked yet.
    NotChecked,
    /// The check is running.
    Checking,
    /// It cannot be decided with what is at hand.
    CouldNotCheck(Reason),
    /// A node has accepted it; no final header contains it yet.
    NotFinal,
    /// The anchor is too old to tell.
    Stale(Reason),
    /// It does not hold.
    Failed(Reason),
    /// It holds.
    Verified(F),
}

impl<F> From<Result<F, ClientError>> for Assurance<F> {
    fn from(result: Result<F, ClientError>) -> Self {
        match result {
            Ok(fact) => Self::Verified(fact),
            Err(ClientError::NotFinal { .. }) => Self::NotFinal,
            Err(error) => match error.meaning() {
                Meaning::CouldNotCheck => Self::CouldNotCheck(Reason(error)),
                Meaning::Failed => Self::Failed(Reason(error)),
                Meaning::Stale => Self::Stale(Reason(error)),
            },
        }
    }
}

/// Why something is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(ClientError);

impl Reason {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.0.code()
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        self.0.to_string()
    }

    /// What was expected and what was found, where there are two sides.
    #[must_use]
    pub fn sides(&self) -> Option<(String, String)> {
        self.0.sides()
    }

    /// The error itself.
    #[must_use]
    pub const fn error(&self) -> &ClientError {
        &self.0
    }
}

/// A receipt that was verified, with its bytes. Made by checking only.
#[derive(Clone, Debug)]
pub struct CheckedReceipt {
    bytes: Vec<u8>,
    anchor: TrustAnchor,
    now: UnixMillis,
    id: EventId,
    index: u64,
    header: FinalHeader,
    log_time: Option<LogTime>,
    standing: Standing,
    checks: Vec<Check>,
    view: String,
}

impl CheckedReceipt {
    /// Verifies a receipt.
    ///
    /// # Errors
    /// The first check that fails, as [`ClientError::Verify`].
    pub fn check(
        bytes: Vec<u8>,
        anchor: TrustAnchor,
        now: UnixMillis,
    ) -> Result<Self, ClientError> {
        examine(bytes, anchor, now).outcome
    }

    /// Verifies a receipt whose base is a header that this client holds as a fact, and says of
    /// the receipt what that fact rests on.
    pub(crate) fn check_under(
        bytes: Vec<u8>,
        head: &FinalHeader,
        standing: Standing,
        now: UnixMillis,
    ) -> Result<Self, ClientError> {
        let anchor = TrustAnchor::Checkpoint(head.digest());
        let mut receipt = Self::check(bytes, anchor, now)?;
        receipt.standing = joined(standing, receipt.standing);
        receipt.view = receipt.with(|fact| view(fact, &receipt.standing))?;
        Ok(receipt)
    }

    /// Reads the fact itself, which borrows the receipt's bytes: verifies them again.
    ///
    /// # Errors
    /// None in practice: the same bytes passed the same checks before.
    pub fn with<T>(&self, read: impl FnOnce(&VerifiedReceipt<'_>) -> T) -> Result<T, ClientError> {
        let fact = receipt::verify(&self.bytes, self.anchor, self.now, &mut Unread::new())?;
        Ok(read(&fact))
    }

    /// The event's id.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.id
    }

    /// The event's place in the log, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The final header whose tree the event is in.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// When the event was logged, if the receipt proves it.
    #[must_use]
    pub const fn log_time(&self) -> Option<LogTime> {
        self.log_time
    }

    /// What the verdict rests on, from the anchor that the user pinned.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Each check that passed, in order.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The receipt's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the receipt's base is pinned to: the user's anchor, or a head verified under it.
    #[must_use]
    pub const fn base(&self) -> TrustAnchor {
        self.anchor
    }

    /// The time at which it was checked.
    #[must_use]
    pub const fn checked_at(&self) -> UnixMillis {
        self.now
    }

    /// The receipt as JSON: id, index, event, header, standing, log time. A view: to check a
    /// receipt again, keep its bytes.
    #[must_use]
    pub fn view(&self) -> &str {
        &self.view
    }

    /// Opens the payload that the receipt carries with the wraps that it carries.
    ///
    /// # Errors
    /// [`ClientError::NoPayload`], [`ClientError::NoWrap`], or what the payload fails with.
    pub fn open(&self, secret: &MemberSecret) -> Result<VerifiedPayload, ClientError> {
        self.with(|fact| {
            let stored = fact.payload().ok_or(ClientError::NoPayload)?;
            open_any(fact, stored, fact.wraps().iter(), secret)
        })?
    }
}

/// Opens a stored payload with the first wrap that is for this key. A wrap that only says so,
/// and fails, does not hide a good one behind it.
pub(crate) fn open_any<'a>(
    fact: &VerifiedReceipt<'_>,
    stored: &[u8],
    wraps: impl Iterator<Item = &'a [u8]>,
    secret: &MemberSecret,
) -> Result<VerifiedPayload, ClientError> {
    let event = fact.event();
    if !matches!(event.event().payload, Payload::Sealed(_)) {
        return Err(PayloadError::NotSealed.into());
    }
    let mut refused: Option<PayloadError> = None;
    for wrap in wraps {
        let opened = secret
            .wrap()
            .open_wrap(wrap, &event.event().log, &event.id())
            .and_then(|key| payload::open(fact.body(), stored, &key))
            .and_then(|opened| opened.verified(event));
        match opened {
            Ok(payload) => return Ok(payload),
            // Any other refusal says more than that a wrap is for someone else.
            Err(error) if is_for_another(refused.as_ref()) => refused = Some(error),
            Err(_) => {}
        }
    }
    Err(refused.map_or_else(|| ClientError::NoWrap { key: secret.wrap().id() }, Into::into))
}

const fn is_for_another(refused: Option<&PayloadError>) -> bool {
    matches!(refused, None | Some(PayloadError::NotTheRecipient { .. }))
}

/// Everything that one look at a receipt finds.
#[derive(Debug)]
#[non_exhaustive]
pub struct Examination {
    /// The checks that passed, in order, up to the one that failed.
    pub checks: Vec<Check>,
    /// The receipt, or why it does not hold.
    pub outcome: Result<CheckedReceipt, ClientError>,
}

/// Verifies a receipt and keeps every step, for people who want to see why.
#[must_use]
pub fn examine(bytes: Vec<u8>, anchor: TrustAnchor, now: UnixMillis) -> Examination {
    examine_on(bytes, anchor, Terms::at(now), now)
}

/// The same for one of many: where receipts begin alike, validators' signatures are checked once. No
/// verdict differs.
#[must_use]
pub fn examine_again(
    bytes: Vec<u8>,
    (anchor, now): (TrustAnchor, UnixMillis),
    memo: &mut Option<FinalityMemo>,
) -> Examination {
    if !memo.as_ref().is_some_and(|memo| memo.is_of(&bytes, anchor, now)) {
        *memo = FinalityMemo::of(&bytes, anchor, now).ok();
    }
    let terms = Terms::at(now);
    let terms = memo.as_ref().map_or(terms, |memo| terms.with_memo(memo));
    examine_on(bytes, anchor, terms, now)
}

fn examine_on(
    bytes: Vec<u8>,
    anchor: TrustAnchor,
    terms: Terms<'_>,
    now: UnixMillis,
) -> Examination {
    let mut checks = Vec::new();
    let outcome = match receipt::verify(&bytes, anchor, terms, &mut checks) {
        Ok(fact) => {
            let event = *fact.event();
            let standing = event.header().standing();
            let view = view(&fact, &standing);
            Ok(CheckedReceipt {
                anchor,
                now,
                id: event.id(),
                index: event.index(),
                header: *event.header(),
                log_time: event.log_time(),
                standing,
                checks: checks.clone(),
                view,
                bytes: Vec::new(),
            })
        }
        Err(error) => Err(error.into()),
    };
    let outcome = outcome.map(|receipt| CheckedReceipt { bytes, ..receipt });
    Examination { checks, outcome }
}

/// The receipt's JSON, with what the whole verdict rests on in place of what its base does. (No
/// text of an event can look like the part replaced: its quotes are escaped.)
fn view(fact: &VerifiedReceipt<'_>, standing: &Standing) -> String {
    let part = |standing: &Standing| format!("\"standing\":{}", json::standing(standing));
    let own = part(&fact.event().header().standing());
    json::verified_receipt(fact).replacen(&own, &part(standing), 1)
}
