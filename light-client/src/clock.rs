//! The runtime's clock.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use cairn_verifier::UnixMillis;

/// The time by `Date.now()`. A clock before 1970 reads as 1970.
#[expect(
    clippy::as_conversions,
    reason = "from float to integer there is only this cast; it saturates"
)]
pub(crate) fn now() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as u64)
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(done: &Function, millis: u32) -> JsValue;
}

/// Waits so many milliseconds.
pub(crate) async fn sleep(millis: u32) {
    let promise = Promise::new(&mut |resolve, _| drop(set_timeout(&resolve, millis)));
    drop(JsFuture::from(promise).await);
}
