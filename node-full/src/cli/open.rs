//! `cairn open`: an event's payload, as it was logged.

use std::path::PathBuf;

use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::EventId;
use cairn_verifier::payload::{MessageKey, message_key};
use cairn_verifier::receipt::VerifiedReceipt;
use cairn_verifier::secret::MemberSecret;
use clap::Args as ClapArgs;
use zeroize::Zeroizing;

use super::verify::{self, NotOpened};
use super::{DEFAULT_NODE, Failure, keys, prove};
use crate::clock;
use crate::http_client::Client;

mod field;

const EXAMPLES: &str = "Examples:
  cairn open EVENT --key auditor.key --anchor genesis:...
  cairn open EVENT --key reader.key --chain stream.chain.key --anchor genesis:...
  cairn open EVENT --key auditor.key --anchor genesis:... --field amount --out amount.field

With a member's key alone the node is asked for the member's wrap. With --chain, for the event's salt,
which it gives to readers of the event's stream: the message key follows from both. The node logs
either; the payload is shown only if the event is in the log and commits to it.
With --field, one field is written to a file that opens it for whoever has the event's receipt, and no
other field: the auditor's page takes it where it takes a key.

Exit codes: 0 opened, 1 it does not hold or does not open, 2 wrong usage, 3 could not be checked, or
what opens it was not to be had.";

/// Arguments of `open`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The event's id
    event: EventId,
    /// The node
    #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
    node: String,
    /// The reader's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The chain key of the event's writer: the file that was handed to the stream's readers
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
    /// What you pin: genesis:<hex> or checkpoint:<hex>
    #[arg(long)]
    anchor: TrustAnchor,
    /// Write the opening of this field alone, and show nothing
    #[arg(long, value_name = "NAME", requires = "out")]
    field: Option<String>,
    /// Where to write it
    #[arg(long, value_name = "FILE", requires = "field")]
    out: Option<PathBuf>,
}

/// The message key of a receipt that holds.
type KeyOf<'a> = &'a dyn Fn(&VerifiedReceipt<'_>) -> Result<MessageKey, NotOpened>;

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let client = super::client(&args.node)?;
    let secret = keys::read_secret(&args.key)?;
    let chain = args.chain.as_deref().map(keys::read_chain).transpose()?;
    let base = match args.anchor {
        TrustAnchor::Genesis(_) => "genesis".to_owned(),
        TrustAnchor::Checkpoint(_) => args.anchor.to_string(),
    };
    let choice = (base.as_str(), true);
    let now = clock::now();
    let with_wrap = chain.is_none().then_some(&secret);
    let receipt = prove::fetch(&client, &args.event, choice, with_wrap)?;
    let key_of = |receipt: &VerifiedReceipt<'_>| match &chain {
        None => verify::unwrap_key(receipt, &secret),
        Some(chain) => derive_key(&client, receipt, (&secret, chain)),
    };
    if let (Some(name), Some(out)) = (&args.field, &args.out) {
        return field::write(&receipt, (args.anchor, now), &key_of, (name, out, json));
    }
    let open = |receipt: &VerifiedReceipt<'_>| {
        let key = key_of(receipt)?;
        let stored = receipt.payload().ok_or(NotOpened::NoPayload)?;
        verify::open_with(receipt, stored, &key).map_err(NotOpened::Refused)
    };
    verify::show(&receipt, (args.anchor, now), Some(&open), json)
}

/// The message key of a chain key and the salt, which is asked for once the receipt holds.
fn derive_key(
    client: &Client,
    receipt: &VerifiedReceipt<'_>,
    (secret, chain): (&MemberSecret, &Zeroizing<[u8; 32]>),
) -> Result<MessageKey, NotOpened> {
    let (event, key) = (receipt.event(), secret.wrap());
    let (log, id) = (event.event().log, event.id());
    let path = format!("/v1/salts/{id}?key={}", key.id());
    let sealed = client
        .bytes_for(&path, (secret, &log, clock::now()))
        .map_err(|error| NotOpened::NoKey(error.to_string()))?;
    let salt = key.open_salt(&sealed, &log, &id).map_err(NotOpened::Refused)?;
    Ok(message_key(chain, &salt, &event.event().context()))
}
