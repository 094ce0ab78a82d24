//! `GET /v1/ws`: the same topics and filters as `/v1/stream`, several at once, over a WebSocket.
//!
//! ```text
//! -> {"subscribe": "a", "topics": "events", "type-prefix": "user."}
//! <- {"subscribed": "a", "after": "12-340"}
//! <- {"subscription": "a", "topic": "event", "id": "12-341", "data": {…}}
//! -> {"unsubscribe": "a"}
//! <- {"unsubscribed": "a"}
//! <- {"error": {"code": …}, "subscription": "a"}      what could not be done; the rest goes on
//! ```
//!
//! A subscription reads the log only when the message before it was taken, so a slow reader costs
//! no memory; one that takes nothing for long is told so and cut. It comes back with `after`.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::Response;
use cairn_verifier::json::Object;
use futures_util::stream::{AbortHandle, Abortable, SelectAll};
use futures_util::{Stream, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::App;
use super::follow::{Follower, Message};
use super::lease::{Lease, OVER};
use super::params::Params;
use super::problem::Problem;

/// The longest message that is read.
const MAX_MESSAGE: usize = 65_536;
/// The most subscriptions of one client, and the longest name of one.
const MAX_SUBSCRIPTIONS: usize = 16;
const MAX_NAME: usize = 64;
/// How long one message may wait for the client to take it.
const TAKE_LIMIT: Duration = Duration::from_secs(20);
/// How often the client is pinged, and how long it may be silent.
const PING: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(45);
/// How long the last word may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Events, blocks and checkpoints as they become final (WebSocket)
///
/// The client sends `{"subscribe": "<name>", "topics": "events,blocks", "after": "<id>"}` with the
/// filters of a query beside it, and `{"unsubscribe": "<name>"}`; at most 16 subscriptions at once.
/// The node sends `{"subscription", "topic", "id", "data"}`, `{"subscribed", "after"}`,
/// `{"unsubscribed"}` and `{"error", "subscription"}`.
#[utoipa::path(get, path = "/ws", tag = "streams", responses(
    (status = 101, description = "A WebSocket"),
    (status = 426, description = "The request is not for a WebSocket"),
))]
pub(super) async fn ws(
    State(app): State<App>,
    Extension(lease): Extension<Lease>,
    params: Params,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let upgrade = upgrade.map_err(|error| {
        let why = format!("this path speaks WebSocket (RFC 6455): {error}");
        Problem::new(StatusCode::UPGRADE_REQUIRED, "websocket-required", why)
    })?;
    let place = app.place_to_follow()?;
    let upgrade = upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
    Ok(upgrade.on_upgrade(async move |socket| Client::new(app, socket, (place, lease)).run().await))
}

async fn stopping(closing: &mut watch::Receiver<bool>) {
    let _gone_or_true = closing.wait_for(|closing| *closing).await;
}

type Messages = Pin<Box<dyn Stream<Item = (String, Message)> + Send>>;

/// One client, and what it follows.
struct Client {
    app: App,
    socket: WebSocket,
    subscriptions: BTreeMap<String, AbortHandle>,
    messages: SelectAll<Abortable<Messages>>,
    closing: watch::Receiver<bool>,
    heard: Instant,
    lease: Lease,
    _place: OwnedSemaphorePermit,
}

/// Why a client is let go.
enum End {
    /// It went away.
    Gone,
    /// It is told a code and a reason.
    Told(u16, &'static str),
}

impl Client {
    fn new(app: App, socket: WebSocket, (place, lease): (OwnedSemaphorePermit, Lease)) -> Self {
        let closing = app.closing.subscribe();
        let (subscriptions, messages) = (BTreeMap::new(), SelectAll::new());
        let heard = Instant::now();
        Self { app, socket, subscriptions, messages, closing, heard, lease, _place: place }
    }

    async fn run(mut self) {
        if let Err(End::Told(code, reason)) = self.serve().await {
            let frame = CloseFrame { code, reason: reason.into() };
            // Who takes nothing will not take this either; it was said.
            let _said = timeout(FAREWELL, self.socket.send(Frame::Close(Some(frame)))).await;
        }
    }

    async fn serve(&mut self) -> Result<(), End> {
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping(&mut self.closing) => {
                    let stops = "the node stops; come back with `after`";
                    return Err(End::Told(close_code::AWAY, stops));
                }
                () = self.lease.over() => return Err(End::Told(close_code::POLICY, OVER)),
                frame = self.socket.recv() => self.heard(frame).await?,
                Some((name, message)) = self.messages.next() => {
                    self.send(Frame::text(written(&name, &message))).await?;
                }
                _tick = pings.tick() => self.ping().await?,
            }
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > SILENCE {
            return Err(End::Told(close_code::POLICY, "no answer to a ping"));
        }
        self.send(Frame::Ping(Default::default())).await
    }

    async fn heard(&mut self, frame: Option<Result<Frame, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        match frame {
            Some(Ok(Frame::Text(text))) => {
                let answer = self.obey(text.as_str());
                self.send(Frame::text(answer)).await
            }
            Some(Ok(Frame::Binary(_))) => {
                Err(End::Told(close_code::UNSUPPORTED, "messages are JSON as text"))
            }
            Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => Ok(()),
            Some(Ok(Frame::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    async fn send(&mut self, frame: Frame) -> Result<(), End> {
        match timeout(TAKE_LIMIT, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                metrics::counter!("cairn_streams_cut_total").increment(1);
                Err(End::Told(close_code::AGAIN, "too slow a reader; come back with `after`"))
            }
        }
    }

    /// Does what a message asks, and gives the answer to it.
    fn obey(&mut self, text: &str) -> String {
        let (name, done) = match Asked::read(text) {
            Ok(Asked::Subscribe(name, params)) => {
                let done = self.subscribe(&name, &params);
                (Some(name), done)
            }
            Ok(Asked::Unsubscribe(name)) => {
                let done = self.unsubscribe(&name);
                (Some(name), done)
            }
            Err(problem) => (None, Err(problem)),
        };
        done.unwrap_or_else(|problem| {
            let object = Object::new().json("error", &problem.body());
            match name {
                Some(name) => object.text("subscription", name),
                None => object.json("subscription", "null"),
            }
            .finish()
        })
    }

    fn subscribe(&mut self, name: &str, params: &Params) -> Result<String, Problem> {
        let refused = |why: String| Problem::bad_parameter("subscribe", &why);
        // Those that ended by themselves are over.
        self.subscriptions.retain(|_, handle| !handle.is_aborted());
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(refused(format!("a name has 1 to {MAX_NAME} bytes")));
        }
        if self.subscriptions.contains_key(name) {
            return Err(refused(format!("{name} is subscribed already")));
        }
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return Err(refused(format!("{MAX_SUBSCRIPTIONS} subscriptions are the limit")));
        }
        let follower = Follower::read(&self.app, (params, None), self.lease.clone())?;
        let at = follower.at();
        let tag = name.to_owned();
        let messages = follower.messages().map(move |message| (tag.clone(), message));
        let (handle, registration) = AbortHandle::new_pair();
        self.messages.push(Abortable::new(Box::pin(messages), registration));
        self.subscriptions.insert(name.to_owned(), handle);
        Ok(Object::new().text("subscribed", name).text("after", at).finish())
    }

    fn unsubscribe(&mut self, name: &str) -> Result<String, Problem> {
        let handle = self.subscriptions.remove(name);
        let unknown =
            || Problem::bad_parameter("unsubscribe", &format!("{name} is not subscribed"));
        handle.ok_or_else(unknown)?.abort();
        Ok(Object::new().text("unsubscribed", name).finish())
    }
}

fn written(name: &str, message: &Message) -> String {
    Object::new()
        .text("subscription", name)
        .text("topic", message.topic)
        .text("id", message.place)
        .json("data", &message.data)
        .finish()
}

/// What a client asks.
enum Asked {
    Subscribe(String, Params),
    Unsubscribe(String),
}

impl Asked {
    fn read(text: &str) -> Result<Self, Problem> {
        let mut params = Params::from_json(text.as_bytes())?;
        match (params.take("subscribe"), params.take("unsubscribe")) {
            (Some(name), None) => Ok(Self::Subscribe(name, params)),
            (None, Some(name)) => {
                params.only(&[])?;
                Ok(Self::Unsubscribe(name))
            }
            _ => Err(Problem::bad_parameter("body", "must say `subscribe` or `unsubscribe`")),
        }
    }
}
