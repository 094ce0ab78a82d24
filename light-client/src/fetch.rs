//! GET requests by the global `fetch`, which pages, workers, Node.js, Deno and Bun all have.
//! (gloo-net looks for a `Window` or a worker's scope, and so refuses to run in Node.js.)

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, ReadableStreamDefaultReader, RequestCredentials, RequestInit, Response,
};

use crate::error::ClientError;
use crate::world::{MAX_ANSWER_LEN, Problem, Request};

/// How long one answer may take, in milliseconds.
const TIMEOUT: u32 = 60_000;
/// How long one stream is read, in milliseconds; then it is opened anew.
const STREAM_TIMEOUT: u32 = 300_000;
/// The most bytes read of an error's body.
const MAX_PROBLEM_LEN: usize = 16 << 10;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn global_fetch(request: &web_sys::Request) -> Result<Promise, JsValue>;
}

pub(crate) async fn get(request: Request) -> Result<Vec<u8>, ClientError> {
    let response = send(&request).await.map_err(network)?;
    let status = response.status();
    if !response.ok() {
        let body = read(&response, MAX_PROBLEM_LEN).await.unwrap_or_default();
        let problem = Problem::read(&body);
        return Err(ClientError::HttpStatus { status, problem });
    }
    read(&response, MAX_ANSWER_LEN).await
}

/// Opens a stream and reads until it says something: a line of data.
pub(crate) async fn wait(request: Request) -> Result<(), ClientError> {
    let response = send_within(&request, STREAM_TIMEOUT).await.map_err(network)?;
    let status = response.status();
    let Some(stream) = response.body().filter(|_| response.ok()) else {
        let body = read(&response, MAX_PROBLEM_LEN).await.unwrap_or_default();
        return Err(ClientError::HttpStatus { status, problem: Problem::read(&body) });
    };
    let reader: ReadableStreamDefaultReader =
        stream.get_reader().dyn_into().map_err(|reader| network(reader.into()))?;
    let mut last = b'\n';
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(network)?;
        let value = Reflect::get(&read, &"value".into()).map_err(network)?;
        let Ok(chunk) = value.dyn_into::<Uint8Array>() else {
            return Err(ClientError::Network { why: "the stream ended".to_owned() });
        };
        // A line that is no comment. What it says is not believed, so it is not read.
        for byte in chunk.to_vec() {
            if last == b'\n' && !matches!(byte, b'\n' | b'\r' | b':') {
                drop(reader.cancel());
                return Ok(());
            }
            last = byte;
        }
    }
}

async fn send(request: &Request) -> Result<Response, JsValue> {
    send_within(request, TIMEOUT).await
}

async fn send_within(request: &Request, millis: u32) -> Result<Response, JsValue> {
    let init = RequestInit::new();
    init.set_credentials(RequestCredentials::Omit);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(millis)));
    let built = web_sys::Request::new_with_str_and_init(&request.url, &init)?;
    built.headers().set("accept", request.accept)?;
    if let Some(value) = &request.authorization {
        built.headers().set("authorization", value)?;
    }
    JsFuture::from(global_fetch(&built)?).await?.dyn_into()
}

/// The body, if it is no longer than `limit`; what is longer is not even received.
async fn read(response: &Response, limit: usize) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    let Some(stream) = response.body() else {
        return Ok(body);
    };
    let reader: ReadableStreamDefaultReader =
        stream.get_reader().dyn_into().map_err(|reader| network(reader.into()))?;
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(network)?;
        let value = Reflect::get(&read, &"value".into()).map_err(network)?;
        let Ok(chunk) = value.dyn_into::<Uint8Array>() else {
            return Ok(body);
        };
        let chunk = chunk.to_vec();
        if body.len().saturating_add(chunk.len()) > limit {
            drop(reader.cancel());
            return Err(ClientError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
}

/// What the runtime says went wrong. Node.js says it in the error's cause.
#[expect(clippy::needless_pass_by_value, reason = "taken as `map_err` gives it")]
fn network(error: JsValue) -> ClientError {
    let text = |value: &JsValue, name: &str| -> Option<String> {
        Reflect::get(value, &name.into()).ok()?.as_string().filter(|text| !text.is_empty())
    };
    let message = text(&error, "message").unwrap_or_else(|| "no reason given".to_owned());
    let cause = Reflect::get(&error, &"cause".into()).ok().filter(JsValue::is_object);
    let cause = cause.and_then(|cause| text(&cause, "message").or_else(|| text(&cause, "code")));
    let why = match cause {
        Some(cause) => format!("{message} ({cause})"),
        None => message,
    };
    ClientError::Network { why }
}
