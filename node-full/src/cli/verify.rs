//! `cairn verify`: the verifier over a file, offline, with every check shown.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use cairn_verifier::check::Check;
use cairn_verifier::error::{Error, Meaning};
use cairn_verifier::json::{self, Object};
use cairn_verifier::payload::{self, MessageKey, PayloadError, VerifiedPayload};
use cairn_verifier::receipt::{self, MAX_RECEIPT_LEN, VerifiedReceipt};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{TrustAnchor, UnixMillis};
use clap::Args as ClapArgs;

use super::{Failure, export, keys};
use crate::clock;

mod evidence;
mod list;
mod report;
mod state;

const EXAMPLES: &str = "Examples:
  cairn verify event.cairn --anchor genesis:...
  cairn verify event.cairn --anchor genesis:... --key auditor.key
  cairn verify event.cairn --anchor checkpoint:... --json
  cairn verify ann.state --anchor genesis:...      what /v1/state/member?name=ann answered
  cairn verify march.list --anchor genesis:...     many events in one file
  cairn verify fork.evidence --anchor genesis:...  what a page saved that saw two histories

Exit codes: 0 verified, 1 it does not hold, 2 wrong usage, 3 could not be checked or the anchor is
too old. Take the anchor from someone you trust, not from the node under audit.";

/// Arguments of `verify`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The receipt, a list of events, evidence, an archive of `cairn export`, or an answer of
    /// `/v1/state/...`; which of them, its first bytes say
    file: PathBuf,
    /// What you pin: genesis:<hex> or checkpoint:<hex>
    #[arg(long)]
    anchor: TrustAnchor,
    /// Open the sealed payload with this member's key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Check as of this time, in milliseconds since 1970, instead of now
    #[arg(long, value_name = "MS")]
    at: Option<u64>,
}

/// Why a payload was not opened.
pub(super) enum NotOpened {
    /// The receipt has none.
    NoPayload,
    /// It does not open.
    Refused(PayloadError),
    /// What opens it was not to be had.
    NoKey(String),
}

/// Opens the payload of a receipt that holds.
type Open<'a> = &'a dyn Fn(&VerifiedReceipt<'_>) -> Result<VerifiedPayload, NotOpened>;

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let now = args.at.map_or_else(clock::now, UnixMillis);
    if export::is_archive(&args.file) {
        return export::verify(&args.file, (args.anchor, now), json);
    }
    let bytes = read(&args.file)?;
    if state::is_answer(&bytes) {
        return state::verify(&bytes, (args.anchor, now), json);
    }
    if list::is_list(&bytes) {
        return list::verify(&bytes, (args.anchor, now), json);
    }
    if evidence::is_evidence(&bytes) {
        return evidence::verify(&bytes, args.anchor, json);
    }
    let secret = args.key.as_deref().map(keys::read_secret).transpose()?;
    let with = secret.map(|secret| move |receipt: &VerifiedReceipt<'_>| open(receipt, &secret));
    let with = with.as_ref().map(|open| -> Open<'_> { open });
    show(&bytes, (args.anchor, now), with, json)
}

/// Verifies a receipt, opens its payload if that is asked for, and shows what came of it.
pub(super) fn show(
    bytes: &[u8],
    (anchor, now): (TrustAnchor, UnixMillis),
    open: Option<Open<'_>>,
    json: bool,
) -> Result<(), Failure> {
    let mut checks: Vec<Check> = Vec::new();
    let verified = receipt::verify(bytes, anchor, now, &mut checks);
    let opened = match (&verified, open) {
        (Ok(receipt), Some(open)) => Some(open(receipt)),
        _ => None,
    };
    if json {
        report::json(&checks, &verified, opened.as_ref());
    } else {
        report::text(&checks, &verified, opened.as_ref());
    }
    match (verified, opened) {
        (Err(error), _) => Err(Failure::Said(code(&error))),
        (Ok(_), Some(Err(NotOpened::NoPayload | NotOpened::NoKey(_)))) => Err(Failure::Said(3)),
        (Ok(_), Some(Err(NotOpened::Refused(_)))) => Err(Failure::Said(1)),
        (Ok(_), None | Some(Ok(_))) => Ok(()),
    }
}

const fn code(error: &Error) -> u8 {
    match error.meaning() {
        Meaning::Failed => 1,
        Meaning::CouldNotCheck | Meaning::Stale => 3,
    }
}

/// A receipt that does not verify, as a command's failure.
pub(super) fn failure(error: &Error) -> Failure {
    let text = format!("the receipt does not verify: {error} ({})", error.code());
    match error.meaning() {
        Meaning::Failed => Failure::Failed(text),
        Meaning::CouldNotCheck | Meaning::Stale => Failure::CouldNotCheck(text),
    }
}

/// Reads no more than a receipt can have, so that no file fills the memory.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let limit = u64::try_from(MAX_RECEIPT_LEN).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| Failure::CouldNotCheck(format!("{}: {error}", path.display())))?;
    Ok(bytes)
}

/// Opens a receipt's payload with a member's key.
fn open(
    receipt: &VerifiedReceipt<'_>,
    secret: &MemberSecret,
) -> Result<VerifiedPayload, NotOpened> {
    let stored = receipt.payload().ok_or(NotOpened::NoPayload)?;
    let key = unwrap_key(receipt, secret)?;
    open_with(receipt, stored, &key).map_err(NotOpened::Refused)
}

/// The message key in the wrap that a receipt has for a member's key.
pub(super) fn unwrap_key(
    receipt: &VerifiedReceipt<'_>,
    secret: &MemberSecret,
) -> Result<MessageKey, NotOpened> {
    let event = receipt.event();
    if receipt.payload().is_none() {
        return Err(NotOpened::NoPayload);
    }
    let key = secret.wrap();
    let wrap = receipt.wraps().iter().find(|wrap| key.is_recipient(wrap));
    let none = || NotOpened::Refused(PayloadError::NotTheRecipient { key: key.id() });
    let wrap = wrap.ok_or_else(none)?;
    key.open_wrap(wrap, &event.event().log, &event.id()).map_err(NotOpened::Refused)
}

/// Why a payload was not opened, as a command's failure.
pub(super) fn not_opened(why: &NotOpened) -> Failure {
    let (code, message) = report::not_opened(why);
    let text = format!("{message} ({code})");
    match why {
        NotOpened::Refused(_) => Failure::Failed(text),
        NotOpened::NoPayload | NotOpened::NoKey(_) => Failure::CouldNotCheck(text),
    }
}

/// Opens a receipt's payload with its message key.
pub(super) fn open_with(
    receipt: &VerifiedReceipt<'_>,
    stored: &[u8],
    key: &MessageKey,
) -> Result<VerifiedPayload, PayloadError> {
    let opened = payload::open(receipt.body(), stored, key)?;
    opened.verified(receipt.event())
}

/// One check: its name, and its inputs as JSON.
fn check_view(check: &Check) -> String {
    json::check(check)
}

/// An opened payload's fields as JSON.
fn fields_view(payload: &VerifiedPayload) -> String {
    let fields = payload.opened().fields();
    let fields = fields.iter().flat_map(payload::Fields::iter).map(|(name, value)| {
        let object = Object::new().text("name", name);
        match std::str::from_utf8(value) {
            Ok(text) => object.text("text", text),
            Err(_) => object.text("hex", crate::http_client::hex(value)),
        }
        .finish()
    });
    Object::new().array("fields", fields).finish()
}
