//! `cairn prove`

use std::path::PathBuf;

use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::EventId;
use cairn_verifier::json::Object;
use cairn_verifier::receipt::{self, Receipt};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::trust::Genesis;
use clap::Args as ClapArgs;

use super::{DEFAULT_NODE, Failure, keys, out, verify};
use crate::clock;
use crate::http_client::Client;

const EXAMPLES: &str = "Examples:
  cairn prove EVENT --out event.cairn
  cairn prove EVENT --out event.cairn --anchor genesis:...    checks it before it is written
  cairn prove EVENT --out event.cairn --payload --key auditor.key
  cairn prove EVENT --out event.cairn --base header:...       checkable for ever, without a clock";

/// Arguments of `prove`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The event's id
    event: EventId,
    /// The node
    #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
    node: String,
    /// Where to write the receipt
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What the receipt starts from: genesis, checkpoint:<hex> or header:<hex>
    #[arg(long, default_value = "genesis")]
    base: String,
    /// With the payload as stored
    #[arg(long)]
    payload: bool,
    /// With the wrap for this member's key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Verify the receipt against this before writing it
    #[arg(long, value_name = "ANCHOR")]
    anchor: Option<TrustAnchor>,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let client = super::client(&args.node)?;
    let secret = args.key.as_deref().map(keys::read_secret).transpose()?;
    let receipt = fetch(&client, &args.event, (&args.base, args.payload), secret.as_ref())?;
    if let Some(anchor) = args.anchor {
        receipt::verify(&receipt, anchor, clock::now(), &mut ())
            .map_err(|error| verify::failure(&error))?;
    }
    out::write_file(&args.out, &receipt)
        .map_err(|error| Failure::Failed(format!("{}: {error}", args.out.display())))?;
    if json {
        let view = Object::new().text("id", args.event).text("file", args.out.display());
        out::line(view.plain("bytes", receipt.len()).finish());
    } else {
        out::line(format_args!("wrote {} ({} bytes)", args.out.display(), receipt.len()));
    }
    Ok(())
}

/// Fetches a receipt; with a key, the wrap for it is put in.
pub(crate) fn fetch(
    client: &Client,
    event: &EventId,
    (base, payload): (&str, bool),
    secret: Option<&MemberSecret>,
) -> Result<Vec<u8>, Failure> {
    let payload = u8::from(payload);
    let path = format!("/v1/receipts/{event}?base={base}&payload={payload}");
    let receipt = client.bytes(&path)?;
    let found = Receipt::decode(&receipt).map_err(Failure::failed)?.event.id();
    if found != *event {
        let why = format!("the node answered with a receipt of event {found}");
        return Err(Failure::Failed(why));
    }
    let Some(secret) = secret else {
        return Ok(receipt);
    };
    let genesis = client.bytes("/v1/genesis")?;
    let log = Genesis::decode(&genesis).map_err(Failure::failed)?.log();
    let wrap = client.bytes_for(&format!("/v1/wraps/{event}"), (secret, &log, clock::now()))?;
    with_wrap(receipt, &wrap)
}

/// A receipt ends with its wraps and the name. Here it has no wraps, which is a zero byte.
fn with_wrap(mut receipt: Vec<u8>, wrap: &[u8]) -> Result<Vec<u8>, Failure> {
    let odd = || Failure::Failed("the node's receipt has wraps already".to_owned());
    let name = Receipt::decode(&receipt).map_err(Failure::failed)?.name;
    let name = name.map_or(1, |(record, proof)| {
        let parts = [1, 2, record.bytes().len(), proof.encoded_len()];
        parts.into_iter().fold(0, usize::saturating_add)
    });
    let name = receipt.split_off(receipt.len().saturating_sub(name));
    if receipt.pop() != Some(0) {
        return Err(odd());
    }
    let len = u16::try_from(wrap.len()).map_err(Failure::failed)?;
    receipt.push(1);
    receipt.extend_from_slice(&len.to_be_bytes());
    receipt.extend_from_slice(wrap);
    receipt.extend_from_slice(&name);
    match Receipt::decode(&receipt).map_err(Failure::failed)?.wraps.count() {
        1 => Ok(receipt),
        _ => Err(odd()),
    }
}
