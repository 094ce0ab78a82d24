//! Calls that take time: JavaScript polls them, does what they wait for, and polls again.
//!
//! So fetching and storing stay outside of the module, which keeps it small, and every entry into
//! it stands in a `try` of the caller's. (With promises and the executor of
//! `wasm-bindgen-futures`, a panic leaves its promise pending for ever, and ends a Node.js process.)

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use cairn_verifier::{TrustAnchor, UnixMillis};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::error::ClientError;
use crate::world::{Problem, Request, World};

/// The world as `pkg/host.js` makes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host;

/// What a task waits for.
enum Want {
    Get(Request),
    Load(TrustAnchor),
    Save(TrustAnchor, Vec<u8>),
}

/// What became of it.
struct Answer {
    /// 0 if there was no answer.
    status: u16,
    body: Option<Vec<u8>>,
    why: Option<String>,
}

/// Between a task and JavaScript. A task waits for one thing at a time.
#[derive(Default)]
struct Desk {
    want: Option<Want>,
    answer: Option<Answer>,
}

thread_local! {
    /// The desk of the task that is being polled.
    static DESK: RefCell<Desk> = RefCell::default();
}

/// Waits for one thing.
async fn ask(want: Want) -> Answer {
    let mut want = Some(want);
    poll_fn(|_| {
        DESK.with_borrow_mut(|desk| {
            if let Some(want) = want.take() {
                desk.want = Some(want);
                return Poll::Pending;
            }
            desk.answer.take().map_or(Poll::Pending, Poll::Ready)
        })
    })
    .await
}

impl World for Host {
    fn now(&self) -> UnixMillis {
        crate::clock::now()
    }

    async fn get(&self, request: Request) -> Result<Vec<u8>, ClientError> {
        let Answer { status, body, why } = ask(Want::Get(request)).await;
        let Some(body) = body else {
            return Err(match why {
                Some(why) => ClientError::Network { why },
                None => ClientError::TooLarge { limit: crate::world::MAX_ANSWER_LEN },
            });
        };
        if (200..300).contains(&status) {
            Ok(body)
        } else {
            Err(ClientError::HttpStatus { status, problem: Problem::read(&body) })
        }
    }

    async fn load(&self, anchor: TrustAnchor) -> Option<Vec<u8>> {
        ask(Want::Load(anchor)).await.body
    }

    async fn save(&self, anchor: TrustAnchor, evidence: Vec<u8>) {
        ask(Want::Save(anchor, evidence)).await;
    }
}

type Outcome = Result<JsValue, ClientError>;

/// A call that takes time.
#[wasm_bindgen]
pub struct Task {
    future: Pin<Box<dyn Future<Output = Outcome>>>,
    desk: Desk,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}

impl Task {
    pub(super) fn new(future: impl Future<Output = Outcome> + 'static) -> Self {
        Self { future: Box::pin(future), desk: Desk::default() }
    }
}

#[wasm_bindgen]
impl Task {
    /// Goes on as far as it can: the result, or `undefined` if [`Task::want`] must be done first.
    ///
    /// # Errors
    /// The JSON of a [`ClientError`].
    pub fn poll(&mut self) -> Result<JsValue, JsValue> {
        DESK.with_borrow_mut(|desk| std::mem::swap(desk, &mut self.desk));
        let polled = self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        DESK.with_borrow_mut(|desk| std::mem::swap(desk, &mut self.desk));
        match polled {
            Poll::Pending => Ok(JsValue::UNDEFINED),
            Poll::Ready(Ok(value)) => Ok(value),
            Poll::Ready(Err(error)) => Err(super::thrown(&error)),
        }
    }

    /// What to do: `get`, address, media type, `Authorization` or null; `load`, key; or `save`,
    /// key, bytes.
    #[must_use]
    pub fn want(&mut self) -> Array {
        let parts: [JsValue; 4] = match self.desk.want.take() {
            None => Default::default(),
            Some(Want::Get(request)) => [
                "get".into(),
                request.url.into(),
                request.accept.into(),
                request.authorization.map_or(JsValue::NULL, Into::into),
            ],
            Some(Want::Load(anchor)) => {
                ["load".into(), anchor.to_string().into(), JsValue::NULL, JsValue::NULL]
            }
            Some(Want::Save(anchor, bytes)) => [
                "save".into(),
                anchor.to_string().into(),
                Uint8Array::from(bytes.as_slice()).into(),
                JsValue::NULL,
            ],
        };
        parts.into_iter().collect()
    }

    /// What became of it: an answer's status and body (none if it was too long), or why there was
    /// no answer; what was loaded, if anything.
    pub fn answer(&mut self, status: u16, body: Option<Vec<u8>>, why: Option<String>) {
        self.desk.answer = Some(Answer { status, body, why });
    }
}
