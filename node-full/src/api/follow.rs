//! Following the log: the messages of one subscription, whatever carries them.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::json::Object;
use futures_util::{Stream, stream};
use tokio::sync::watch;

use super::lease::Lease;
use super::params::Params;
use super::problem::Problem;
use super::{App, views};
use crate::feed::{Item, Place, Topics};
use crate::node::{Block, Node};
use crate::proofs::BaseChoice;
use crate::query::{NAMES, Query};

/// Parts of a query that mean nothing here: the feed has one order and no pages.
const NOT_HERE: [&str; 3] = ["cursor", "limit", "order"];

/// One message.
#[derive(Debug)]
pub(super) struct Message {
    /// `event`, `block` or `checkpoint`.
    pub(super) topic: &'static str,
    /// Where to go on after it.
    pub(super) place: Place,
    /// What it is about, as JSON.
    pub(super) data: String,
}

/// One subscription, and how far it is. It reads on only when asked, so it keeps no more than one
/// look at the log has found, however slow its reader.
#[derive(Debug)]
pub(super) struct Follower {
    node: Node,
    topics: Topics,
    query: Query,
    at: Place,
    ready: VecDeque<(Place, Item)>,
    changed: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    lease: Lease,
}

impl Follower {
    /// Reads `topics`, `after` and the filters of a query. `last` stands over `after`.
    pub(super) fn read(
        app: &App,
        (params, last): (&Params, Option<&str>),
        lease: Lease,
    ) -> Result<Self, Problem> {
        let filters = NAMES.into_iter().filter(|name| !NOT_HERE.contains(name));
        params.only(&filters.chain(["topics", "after"]).collect::<Vec<_>>())?;
        let bad = || Problem::bad_parameter("after", "is no id of a message of this stream");
        let at = match last.or_else(|| params.text("after")) {
            Some(text) => text.parse().map_err(|()| bad())?,
            None => app.node.feed_end(),
        };
        Ok(Self {
            topics: topics(params.text("topics").unwrap_or("events,blocks"))?,
            query: Query::read(&app.node, params.all())?,
            at,
            ready: VecDeque::new(),
            changed: app.node.watch(),
            closing: app.closing.subscribe(),
            lease,
            node: app.node.clone(),
        })
    }

    /// What comes next.
    pub(super) const fn at(&self) -> Place {
        self.at
    }

    /// What comes, until the node closes, cannot read on, or must not let the reader in any more.
    #[cfg(feature = "grpc")]
    pub(super) fn items(self) -> impl Stream<Item = (Place, Item)> + Send {
        stream::unfold(self, |mut follower| async {
            let item = follower.next().await?;
            Some((item, follower))
        })
    }

    /// The same as JSON.
    pub(super) fn messages(self) -> impl Stream<Item = Message> + Send {
        stream::unfold(self, |mut follower| async {
            let (place, item) = follower.next().await?;
            let message = match item {
                // The one that looks at the disk again.
                Item::Checkpoint(_) => {
                    let node = follower.node.clone();
                    let write = move || written(&node, place, &item);
                    tokio::task::spawn_blocking(write).await.ok()?
                }
                Item::Event(_) | Item::Block(_) => written(&follower.node, place, &item),
            };
            Some((noted(message)?, follower))
        })
    }

    async fn next(&mut self) -> Option<(Place, Item)> {
        loop {
            if self.lease.is_over() {
                return None;
            }
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            self.changed.borrow_and_update();
            let (node, query, topics, at) =
                (self.node.clone(), self.query.clone(), self.topics, self.at);
            let look = move || Ok(node.feed(topics, &query, at)?);
            let (items, next) = noted(tokio::task::spawn_blocking(look).await.ok()?)?;
            let stood_still = next == self.at;
            self.at = next;
            self.ready.extend(items);
            if stood_still && self.ready.is_empty() {
                tokio::select! {
                    changed = self.changed.changed() => changed.ok()?,
                    () = self.lease.over() => return None,
                    _closing = self.closing.wait_for(|closing| *closing) => return None,
                }
            }
        }
    }
}

/// What was read; a stream that cannot read on ends.
fn noted<T>(read: Result<T, Problem>) -> Option<T> {
    let say =
        |problem: &Problem| tracing::error!(?problem, "a stream ends: the log cannot be read");
    read.inspect_err(say).ok()
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

fn written(node: &Node, place: Place, item: &Item) -> Result<Message, Problem> {
    let (topic, data) = match item {
        Item::Event(entry) => ("event", views::entry(entry)?),
        Item::Block(block) => ("block", views::block(block)?),
        Item::Checkpoint(block) => ("checkpoint", checkpoint(node, block)?),
    };
    Ok(Message { topic, place, data })
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
