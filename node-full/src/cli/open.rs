//! `cairn open`: an event's payload, as it was logged.

use std::path::PathBuf;

use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::EventId;
use cairn_verifier::payload::{VerifiedPayload, message_key};
use cairn_verifier::receipt::VerifiedReceipt;
use cairn_verifier::secret::MemberSecret;
use clap::Args as ClapArgs;
use zeroize::Zeroizing;

use super::verify::{self, NotOpened};
use super::{DEFAULT_NODE, Failure, keys, prove};
use crate::clock;
use crate::http_client::Client;

const EXAMPLES: &str = "Examples:
  cairn open EVENT --key auditor.key --anchor genesis:...
  cairn open EVENT --key reader.key --chain stream.chain.key --anchor genesis:...

With a member's key alone the node is asked for the member's wrap. With --chain, for the event's salt,
which it gives to readers of the event's stream: the message key follows from both. The node logs
either; the payload is shown only if the event is in the log and commits to it.

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
}

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
    let Some(chain) = chain else {
        let receipt = prove::fetch(&client, &args.event, choice, Some(&secret))?;
        let open = |receipt: &VerifiedReceipt<'_>| verify::open(receipt, &secret);
        return verify::show(&receipt, (args.anchor, now), Some(&open), json);
    };
    let receipt = prove::fetch(&client, &args.event, choice, None)?;
    let open = |receipt: &VerifiedReceipt<'_>| open(&client, receipt, (&secret, &chain));
    verify::show(&receipt, (args.anchor, now), Some(&open), json)
}

/// Opens with a chain key and the salt, which is asked for once the receipt holds.
fn open(
    client: &Client,
    receipt: &VerifiedReceipt<'_>,
    (secret, chain): (&MemberSecret, &Zeroizing<[u8; 32]>),
) -> Result<VerifiedPayload, NotOpened> {
    let (event, key) = (receipt.event(), secret.wrap());
    let stored = receipt.payload().ok_or(NotOpened::NoPayload)?;
    let (log, id) = (event.event().log, event.id());
    let path = format!("/v1/salts/{id}?key={}", key.id());
    let sealed = client
        .bytes_for(&path, (secret, &log, clock::now()))
        .map_err(|error| NotOpened::NoKey(error.to_string()))?;
    let salt = key.open_salt(&sealed, &log, &id).map_err(NotOpened::Refused)?;
    let message_key = message_key(chain, &salt, &event.event().context());
    verify::open_with(receipt, stored, &message_key).map_err(NotOpened::Refused)
}
