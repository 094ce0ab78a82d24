//! `cairn redact` and `cairn grant`

use std::time::Duration;

use cairn_verifier::digest::EventId;
use cairn_verifier::event::{Payload, SignedEvent};
use clap::Args as ClapArgs;
use serde_json::Value;

use super::system::{Signer, Writing, show};
use super::{Failure, out, sign};
use crate::clock::{self, Stopwatch};
use crate::http_client::ClientError;
use crate::system::{SYSTEM_STREAM, SystemEvent};

const REDACT_EXAMPLES: &str = "Examples:
  cairn redact EVENT --key data/keys/admin.key --reason 'request 17 under article 17'
  cairn redact EVENT EVENT --key ann.key

The event and every proof of it stay. Its payload's keys are destroyed, its stored bytes are removed,
and the node logs that it did so. Receipts that were taken before, with payload and wrap, stay as
they are with whoever has them, and so do backups of the payloads.";

const GRANT_EXAMPLES: &str = "Examples:
  cairn grant EVENT --to auditor --key data/keys/admin.key --anchor genesis:...
  CAIRN_ANCHOR=genesis:... cairn grant EVENT --to auditor --to lawyer --key ann.key

Which keys a reader has is proven by the log's state under the anchor; the node is only asked.
A key that opens the payload makes the wraps on this machine; otherwise the node makes them, which it
can if it sealed the payload itself. The grant is an event and names the keys; readers cannot be made
to forget, so it cannot be taken back.";

/// How long to wait for the node's receipt.
const WAIT: Duration = Duration::from_secs(30);

/// Arguments of `redact`.
#[derive(Debug, ClapArgs)]
#[command(after_help = REDACT_EXAMPLES)]
pub(super) struct RedactArgs {
    /// Ids of the events whose payload is to be forgotten
    #[arg(required = true)]
    events: Vec<EventId>,
    #[command(flatten)]
    signer: Signer,
}

pub(super) fn run(args: &RedactArgs, json: bool) -> Result<(), Failure> {
    let writing = args.signer.begin()?;
    for event in &args.events {
        let stream = writing.stream_for(event)?;
        let taken = writing.submit_to(&stream, &SystemEvent::Redacted { event: *event }, &[])?;
        show("redacted", &taken, json);
        let receipt = writing.wait_erased(event)?;
        if json {
            out::line(receipt);
        } else {
            let text = |name: &str| {
                let value = receipt.pointer(&format!("/event/metadata/{name}"));
                let value = value.and_then(Value::as_str);
                out::shown(value.unwrap_or_default())
            };
            let id = receipt.get("id").and_then(Value::as_str).unwrap_or_default();
            out::line(format_args!(
                "erased: {} key records, stored payload {}; the node's receipt is event {}",
                text("records"),
                text("payload"),
                out::shown(id)
            ));
        }
    }
    Ok(())
}

/// Arguments of `grant`.
#[derive(Debug, ClapArgs)]
#[command(after_help = GRANT_EXAMPLES)]
pub(super) struct GrantArgs {
    /// The id of the event whose payload they may open
    event: EventId,
    /// A member; may stand more than once
    #[arg(long, value_name = "NAME", required = true)]
    to: Vec<String>,
    #[command(flatten)]
    signer: Signer,
}

pub(super) fn run_grant(args: &GrantArgs, json: bool) -> Result<(), Failure> {
    let writing = args.signer.begin()?;
    let mut recipients = Vec::new();
    for name in &args.to {
        recipients.extend(writing.known.wrap_keys(name)?);
    }
    recipients.sort();
    recipients.dedup();
    let wraps = writing.wraps_for(&args.event, &recipients)?;
    let readers = recipients.iter().map(|(id, _)| *id).collect();
    let event = SystemEvent::Granted { event: args.event, readers };
    let stream = writing.stream_for(&args.event)?;
    show("granted", &writing.submit_to(&stream, &event, &wraps)?, json);
    Ok(())
}

impl Writing {
    /// The event's own stream if we wrote it, otherwise the system's.
    fn stream_for(&self, event: &EventId) -> Result<String, Failure> {
        let view = self.known.client.json(&format!("/v1/events/{event}"))?;
        let view: Value = serde_json::from_str(&view).map_err(Failure::failed)?;
        let event = view.get("event");
        let text = |name: &str| event.and_then(|e| e.get(name)?.as_str()).unwrap_or_default();
        if text("writer") != self.secret.key_id().to_string() {
            return Ok(SYSTEM_STREAM.to_owned());
        }
        let status = self.known.client.json("/v1/status")?;
        let status: Value = serde_json::from_str(&status).map_err(Failure::failed)?;
        let streams = status.get("streams").and_then(Value::as_array).cloned().unwrap_or_default();
        let is_its =
            |stream: &&Value| stream.get("id").and_then(Value::as_str) == Some(text("stream"));
        let name = streams.iter().find(is_its).and_then(|stream| stream.get("name")?.as_str());
        Ok(name.unwrap_or(SYSTEM_STREAM).to_owned())
    }

    /// Wraps of an event's message key, if our own key opens it.
    fn wraps_for(
        &self,
        event: &EventId,
        recipients: &[(cairn_verifier::digest::KeyId, Vec<u8>)],
    ) -> Result<Vec<(cairn_verifier::digest::KeyId, Vec<u8>)>, Failure> {
        let log = self.known.log()?;
        let path = format!("/v1/wraps/{event}");
        let wrap = match self.known.client.bytes_for(&path, (&self.secret, &log, clock::now())) {
            Ok(wrap) => wrap,
            // The node has none for us; perhaps it can make those that are asked for.
            Err(ClientError::Problem { status: 404, .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let key = self.secret.wrap().open_wrap(&wrap, &log, event).map_err(Failure::failed)?;
        let signed = self.known.client.bytes(&format!("/v1/events/{event}"))?;
        let signed = SignedEvent::decode(&signed).map_err(Failure::failed)?;
        let Payload::Sealed(commitment) = signed.body().payload else {
            return Err(Failure::Failed(format!("event {event} has no sealed payload")));
        };
        if signed.id() != *event || !commitment.opens_with(&key) {
            let why = "the wrap that the node gave does not open this event's payload";
            return Err(Failure::Failed(why.to_owned()));
        }
        sign::wrap_for(&key, (&log, event), recipients)
    }

    /// The node's receipt for the erasure of an event's payload.
    fn wait_erased(&self, event: &EventId) -> Result<Value, Failure> {
        let path = format!(
            "/v1/events?kind=redaction&type=cairn.payload.erased&resource=event/{event}&limit=1"
        );
        let watch = Stopwatch::start();
        while watch.elapsed() < WAIT {
            let page: Value =
                serde_json::from_str(&self.known.client.json(&path)?).map_err(Failure::failed)?;
            if let Some(found) = page.pointer("/events/0") {
                return Ok(found.clone());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(Failure::CouldNotCheck(format!(
            "the redaction is final, but the node has not said within {} s that it erased",
            WAIT.as_secs()
        )))
    }
}
