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

use cairn_verifier::UnixMillis;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::error::ClientError;
use crate::world::{Problem, Request, Unsaved, World};

/// The world as `pkg/host.js` makes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host;

/// What a task waits for.
enum Want {
    Get(Request),
    Wait(Request),
    Sleep(u32),
    Load(String),
    Swap(String, Option<Vec<u8>>, Vec<u8>),
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
        ask(Want::Get(request)).await.read()
    }

    async fn wait(&self, stream: Request) -> Result<(), ClientError> {
        ask(Want::Wait(stream)).await.read().map(drop)
    }

    async fn sleep(&self, millis: u32) {
        ask(Want::Sleep(millis)).await;
    }

    async fn load(&self, name: &str) -> Option<Vec<u8>> {
        ask(Want::Load(name.to_owned())).await.body
    }

    async fn swap(&self, name: &str, old: Option<Vec<u8>>, new: Vec<u8>) -> Result<(), Unsaved> {
        let Answer { status, body, why } = ask(Want::Swap(name.to_owned(), old, new)).await;
        match why {
            Some(why) => Err(Unsaved::Failed(why)),
            None if status == 0 => Ok(()),
            None => Err(Unsaved::Changed(body)),
        }
    }
}

impl Answer {
    /// As a node's answer.
    fn read(self) -> Result<Vec<u8>, ClientError> {
        let Self { status, body, why } = self;
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

    /// What to do: `get` or `wait`, address, media type, `Authorization` or null; `sleep`,
    /// milliseconds; `load`, name; or `swap`, name, bytes, and those that must be there now, or null.
    #[must_use]
    pub fn want(&mut self) -> Array {
        let asks = |what: &str, request: Request| {
            let authorization = request.authorization.map_or(JsValue::NULL, Into::into);
            [what.into(), request.url.into(), request.accept.into(), authorization]
        };
        let bytes = |bytes: &[u8]| -> JsValue { Uint8Array::from(bytes).into() };
        let parts: [JsValue; 4] = match self.desk.want.take() {
            None => Default::default(),
            Some(Want::Get(request)) => asks("get", request),
            Some(Want::Wait(request)) => asks("wait", request),
            Some(Want::Sleep(millis)) => {
                ["sleep".into(), millis.into(), JsValue::NULL, JsValue::NULL]
            }
            Some(Want::Load(name)) => ["load".into(), name.into(), JsValue::NULL, JsValue::NULL],
            Some(Want::Swap(name, old, new)) => {
                let old = old.map_or(JsValue::NULL, |old| bytes(&old));
                ["swap".into(), name.into(), bytes(&new), old]
            }
        };
        parts.into_iter().collect()
    }

    /// What became of it: an answer's status and body (none if it was too long), or why there was
    /// no answer; what was loaded, if anything; of a swap status 0, or 1 and what is there instead, or
    /// why it failed.
    pub fn answer(&mut self, status: u16, body: Option<Vec<u8>>, why: Option<String>) {
        self.desk.answer = Some(Answer { status, body, why });
    }
}
