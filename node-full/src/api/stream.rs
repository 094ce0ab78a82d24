//! `GET /v1/stream`: server-sent events, as things become final. Every message has an id; a client
//! that comes back with the last one it saw goes on where it was, also after the node was restarted.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::json::Object;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::params::Params;
use super::problem::Problem;
use super::{App, views};
use crate::feed::{Item, Place, Topics};
use crate::node::{Block, Node};
use crate::proofs::BaseChoice;
use crate::query::{NAMES, Query};

/// Parts of a query that mean nothing here: the feed has one order and no pages.
const NOT_HERE: [&str; 3] = ["cursor", "limit", "order"];
/// How often something is said when nothing happens, so that a dead connection is noticed.
const ALIVE: Duration = Duration::from_secs(15);

/// `GET /v1/stream?topics=events,blocks,checkpoints&from=…`, and the filters of a query for events.
pub(super) async fn stream(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    let mut known: Vec<&str> = NAMES.into_iter().filter(|name| !NOT_HERE.contains(name)).collect();
    known.extend(["topics", "after"]);
    params.only(&known)?;
    let topics = topics(params.text("topics").unwrap_or("events,blocks"))?;
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = after.or_else(|| params.text("after"));
    let bad = || Problem::bad_parameter("after", "is no id of a message of this stream");
    let at = match after {
        Some(text) => text.parse().map_err(|()| bad())?,
        None => app.node.feed_end(),
    };
    let query = Query::read(&app.node, params.all())?;
    let place = app.streams.clone().try_acquire_owned();
    let full = |_| Problem::unavailable("overloaded", "too many streams are open".to_owned());
    let follower = Follower {
        changed: app.node.watch(),
        closing: app.closing.subscribe(),
        node: app.node.clone(),
        topics,
        query,
        at,
        ready: VecDeque::new(),
        _place: place.map_err(full)?,
    };
    let messages = stream::unfold(follower, |mut follower| async {
        let message = follower.next().await?;
        Some((Ok::<_, Infallible>(message), follower))
    });
    let mut response = Sse::new(messages)
        .keep_alive(KeepAlive::new().interval(ALIVE).text("alive"))
        .into_response();
    // A proxy that gathers answers before it sends them would keep this one for ever.
    let never = HeaderValue::from_static("no");
    response.headers_mut().insert("x-accel-buffering", never);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn topics(text: &str) -> Result<Topics, Problem> {
    let mut topics = Topics::default();
    for topic in text.split(',') {
        match topic {
            "events" => topics.events = true,
            "blocks" => topics.blocks = true,
            "checkpoints" => topics.checkpoints = true,
            _ => {
                let why = "must be some of events, blocks and checkpoints, with commas between";
                return Err(Problem::bad_parameter("topics", why));
            }
        }
    }
    Ok(topics)
}

/// One client, and how far it is.
struct Follower {
    node: Node,
    topics: Topics,
    query: Query,
    at: Place,
    ready: VecDeque<Event>,
    changed: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The next message; `None` when the node closes or cannot read on.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.changed.borrow_and_update();
            let (node, query, topics, at) =
                (self.node.clone(), self.query.clone(), self.topics, self.at);
            let read = tokio::task::spawn_blocking(move || read(&node, topics, &query, at));
            let (events, next) = read
                .await
                .ok()?
                .inspect_err(|problem| {
                    tracing::error!(?problem, "a stream ends: the log cannot be read");
                })
                .ok()?;
            let stood_still = next == self.at;
            self.at = next;
            self.ready.extend(events);
            if stood_still && self.ready.is_empty() {
                tokio::select! {
                    changed = self.changed.changed() => changed.ok()?,
                    _closing = self.closing.wait_for(|closing| *closing) => return None,
                }
            }
        }
    }
}

fn read(
    node: &Node,
    topics: Topics,
    query: &Query,
    at: Place,
) -> Result<(Vec<Event>, Place), Problem> {
    let (items, next) = node.feed(topics, query, at)?;
    let mut events = Vec::with_capacity(items.len());
    for (place, item) in items {
        let (topic, data) = match &item {
            Item::Event(entry) => ("event", views::entry(entry)?),
            Item::Block(block) => ("block", views::block(block)?),
            Item::Checkpoint(block) => ("checkpoint", checkpoint(node, block)?),
        };
        events.push(Event::default().event(topic).id(place.to_string()).data(data));
    }
    Ok((events, next))
}

/// A checkpoint's bytes, from the genesis, and what they claim.
fn checkpoint(node: &Node, block: &Block) -> Result<String, Problem> {
    let height = block.header.height;
    let bytes = node.checkpoint(Some(height), BaseChoice::Genesis)?;
    Ok(Object::new()
        .plain("height", height)
        .text("digest", block.digest)
        .plain("size", block.header.events.get())
        .text("checkpoint", STANDARD.encode(bytes))
        .finish())
}
