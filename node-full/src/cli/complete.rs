//! `cairn query --complete`: all events of a key in a stream, proven to be all.

use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::{EventId, KeyId, StreamId};
use cairn_verifier::json;
use cairn_verifier::receipt::{self, VerifiedReceipt};
use cairn_verifier::state::{Known as Fact, RecordKey, verify_answer, verify_history};
use serde::Deserialize;

use super::known::{Known, Proven};
use super::{Failure, out, verify};
use crate::clock;

/// How many events a page has.
const PAGE: usize = 1_000;

#[derive(Deserialize)]
struct Page {
    events: Vec<EntryJson>,
    /// Older events are not kept by this node.
    #[serde(rename = "completeFrom", default)]
    kept_from: u64,
    next: Option<String>,
}

#[derive(Deserialize)]
struct EntryJson {
    id: String,
}

/// Fetches the writer's head, every event, and proves that nothing is missing up to the head's block.
pub(super) fn run(
    known: &Known,
    (stream, writer): (Option<&str>, KeyId),
    as_json: bool,
) -> Result<(), Failure> {
    let anchor = known.anchor("whether these are all can only be proven under an anchor")?;
    let stream = match stream.map(str::parse) {
        Some(Ok(id)) => id,
        _ => known.stream(stream)?,
    };
    let key = RecordKey::Head(stream, writer);
    let proven = known.prove(anchor, &key)?;
    // A second time, as a fact that borrows the answer.
    let fact = verify_answer(&proven.answer, &key, anchor, clock::now(), &mut ())
        .map_err(|error| verify::failure(&error))?;
    let Fact::Present(head) = fact else {
        show(&proven, (stream, writer), &[], as_json);
        return Ok(());
    };
    let (ids, kept_from) = ids(known, (stream, writer))?;
    let receipts = ids.iter().map(|id| receipt_under(known, id, &proven));
    let receipts: Vec<_> = receipts.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    let under = TrustAnchor::Checkpoint(proven.header.digest());
    let verified = receipts.iter().map(|bytes| {
        receipt::verify(bytes, under, clock::now(), &mut ()).map_err(|e| verify::failure(&e))
    });
    let verified: Vec<VerifiedReceipt<'_>> = verified.collect::<Result<_, _>>()?;
    verify_history(&head, verified.iter().map(VerifiedReceipt::event)).map_err(|error| {
        let code = error.code();
        let advice = match kept_from {
            0 => String::new(),
            from => format!(
                "; it keeps events from {from} on, so ask a node or an imported archive that has \
                 the older ones"
            ),
        };
        Failure::Failed(format!("the node does not give all events: {error} ({code}){advice}"))
    })?;
    show(&proven, (stream, writer), &verified, as_json);
    Ok(())
}

/// Ids of the writer's events, oldest first, and from which event on they are kept, as the node
/// says.
fn ids(known: &Known, (stream, writer): (StreamId, KeyId)) -> Result<(Vec<EventId>, u64), Failure> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let path =
            format!("/v1/events?stream={stream}&writer={writer}&order=oldest&limit={PAGE}{cursor}");
        let page = known.client.json(&path)?;
        let page: Page = serde_json::from_str(&page).map_err(Failure::failed)?;
        for entry in page.events {
            ids.push(entry.id.parse().map_err(Failure::failed)?);
        }
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok((ids, page.kept_from)),
        }
    }
}

/// The receipt of an event under the head's header; `None` if it is newer than that.
fn receipt_under(known: &Known, id: &EventId, proven: &Proven) -> Result<Option<Vec<u8>>, Failure> {
    use crate::http_client::ClientError;
    let path = format!("/v1/receipts/{id}?base=header:{}", proven.header.digest());
    match known.client.bytes(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ClientError::Problem { code, .. })
            if ["not-in-base", "not-final"].contains(&code.as_str()) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn show(
    proven: &Proven,
    (stream, writer): (StreamId, KeyId),
    events: &[VerifiedReceipt<'_>],
    as_json: bool,
) {
    let header = proven.header.header();
    if as_json {
        let view = json::Object::new()
            .plain("complete", true)
            .text("stream", stream)
            .text("writer", writer)
            .plain("height", header.height)
            .plain("count", events.len())
            .json("header", &json::header(header, proven.header.digest()))
            .array("events", events.iter().map(json::verified_receipt));
        out::line(view.finish());
        return;
    }
    for receipt in events {
        let (fact, body) = (receipt.event(), receipt.event().event());
        out::line(format_args!(
            "{:>8}  {}  {}  {}:{}  {}:{}",
            fact.index(),
            out::time(body.time.0),
            out::shown(body.event_type),
            out::shown(body.actor.kind),
            out::shown(body.actor.id),
            out::shown(body.resource.party.kind),
            out::shown(body.resource.party.id),
        ));
        out::line(out::Color::Dim.on_stdout(&format!("          {}", fact.id())));
    }
    let proven = out::Color::Green.on_stdout("proven");
    let count = match events.len() {
        0 => "there is no event".to_owned(),
        1 => "this is the only event".to_owned(),
        count => format!("these are all {count} events"),
    };
    out::line(format_args!(
        "{proven}: {count} of key {writer}\n  in stream {stream}, up to block {} of {}",
        header.height,
        out::time(header.time.0)
    ));
}
