//! What is asked of the node beside the light client: views for people, which are claims, and
//! files of evidence, which the caller verifies.

use cairn_light_client::world::{Browser, Request};
use cairn_light_client::{ClientError, World as _};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{EventSource, MessageEvent};

use crate::browser;
use crate::signals::*;

/// A view, as the node tells it, to whoever has this API key; none is empty.
pub(crate) async fn json_for(path: &str, api_key: &str) -> Result<JsValue, ClientError> {
    let mut request = Request::json([&browser::origin(), path].concat());
    if !api_key.is_empty() {
        request.authorization = Some(["Bearer ", api_key].concat());
    }
    let body = Browser.get(request).await?;
    let text = String::from_utf8_lossy(&body);
    js_sys::JSON::parse(&text).map_err(|_| not_json())
}

fn not_json() -> ClientError {
    ClientError::Network { why: "the answer is not JSON".to_owned() }
}

/// A file of evidence.
pub(crate) async fn binary(path: &str) -> Result<Vec<u8>, ClientError> {
    Browser.get(Request::binary([&browser::origin(), path].concat())).await
}

/// What listens to the node's stream; it stops when it is dropped.
struct Tail {
    source: EventSource,
    _heard: Closure<dyn FnMut(MessageEvent)>,
    _state: [Closure<dyn FnMut()>; 2],
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Listens to one topic of the node's stream until the part of the page that asked for it is gone.
/// The browser connects again by itself, and goes on after the last message.
pub(crate) fn follow(
    topic: &'static str,
    filter: &str,
    mut heard: impl FnMut(JsValue) + 'static,
    is_on: RwSignal<bool>,
) {
    let url = [&browser::origin(), "/v1/stream?topics=", topic, "s", filter].concat();
    let Ok(source) = EventSource::new(&url) else {
        return;
    };
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        if let Ok(value) = js_sys::JSON::parse(&text) {
            heard(value);
        }
    });
    let state = |now: bool| {
        Closure::<dyn FnMut()>::new(move || {
            let _left = is_on.try_set(now);
        })
    };
    let states = [state(true), state(false)];
    drop(source.add_event_listener_with_callback(topic, heard.as_ref().unchecked_ref()));
    let [opened, lost] = &states;
    source.set_onopen(Some(opened.as_ref().unchecked_ref()));
    source.set_onerror(Some(lost.as_ref().unchecked_ref()));
    StoredValue::new_local(Tail { source, _heard: heard, _state: states });
}
