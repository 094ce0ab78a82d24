//! What is asked of the browser: its clock, storage, clipboard and files.

use cairn_verifier::UnixMillis;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, Storage, Window};

/// The window; there is always one where this runs.
pub(crate) fn window() -> Option<Window> {
    web_sys::window()
}

/// The browser's clock.
#[expect(
    clippy::as_conversions,
    reason = "from float to integer there is only this cast; it saturates"
)]
pub(crate) fn now() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as u64)
}

/// Where the API is: the place this page was served from.
pub(crate) fn origin() -> String {
    window().and_then(|window| window.location().origin().ok()).unwrap_or_default()
}

/// The fragment of the address.
pub(crate) fn fragment() -> String {
    window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// Goes to another place of this page.
pub(crate) fn go(fragment: &str) {
    if let Some(window) = window() {
        drop(window.location().set_hash(fragment));
    }
}

/// This page's address with another fragment.
pub(crate) fn address(fragment: &str) -> String {
    let href = window().and_then(|window| window.location().href().ok()).unwrap_or_default();
    let page = href.split('#').next().unwrap_or_default();
    [page, fragment].concat()
}

/// The address of a file beside this page.
pub(crate) fn resolve(file: &str) -> Option<String> {
    let page = address("");
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    (!folder.is_empty()).then(|| [folder, "/", file].concat())
}

/// The language that the browser asks for.
pub(crate) fn language() -> Option<String> {
    window()?.navigator().language()
}

/// Says in which language the page is.
pub(crate) fn set_language(tag: &str) {
    if let Some(root) = window().and_then(|w| w.document()).and_then(|d| d.document_element()) {
        drop(root.set_attribute("lang", tag));
    }
}

/// Opens the dialogue for printing.
pub(crate) fn print() {
    drop(window().map(|window| window.print()));
}

/// What runs here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Build {
    /// SHA-256 of the module; empty where the browser gives none.
    pub(crate) digest: String,
    /// How many bytes it has.
    pub(crate) size: u64,
}

/// What `start.js` found out about the module that it loaded.
pub(crate) async fn build() -> Build {
    let promise = member(&js_sys::global(), "cairnBuild").dyn_into::<Promise>();
    let Ok(promise) = promise else {
        return Build::default();
    };
    let found = JsFuture::from(promise).await.unwrap_or(JsValue::UNDEFINED);
    let size = crate::format::whole(member(&found, "size").as_f64().unwrap_or(0.0));
    Build { digest: text_member(&found, "digest"), size }
}

/// Whether a file is no longer than any receipt.
pub(crate) fn is_readable(file: &File) -> bool {
    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "64 MiB is exact")]
    let limit = cairn_verifier::receipt::MAX_RECEIPT_LEN as f64;
    file.size() <= limit
}

/// Whether this runs in a worker, which has no page.
pub(crate) fn is_worker() -> bool {
    window().is_none()
}

/// Which storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Until the tab is closed.
    Tab,
    /// Until it is forgotten.
    Device,
}

fn storage(keep: Keep) -> Option<Storage> {
    let window = window()?;
    match keep {
        Keep::Tab => window.session_storage(),
        Keep::Device => window.local_storage(),
    }
    .ok()
    .flatten()
}

/// Reads a stored text. A storage that is not allowed is an empty one.
pub(crate) fn load(keep: Keep, name: &str) -> Option<String> {
    storage(keep)?.get_item(name).ok().flatten()
}

/// Stores a text, or removes it.
pub(crate) fn store(keep: Keep, name: &str, text: Option<&str>) {
    if let Some(storage) = storage(keep) {
        drop(match text {
            Some(text) => storage.set_item(name, text),
            None => storage.remove_item(name),
        });
    }
}

/// Runs after the browser had a chance to paint, so that "checking" is seen before the check.
pub(crate) fn soon(work: impl FnOnce() + 'static) {
    spawn_local(async move {
        pause().await;
        work();
    });
}

/// Lets the browser do other things.
pub(crate) async fn pause() {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            drop(window.set_timeout_with_callback(&resolve));
        }
    });
    drop(JsFuture::from(promise).await);
}

/// Waits some milliseconds.
pub(crate) async fn sleep(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            drop(window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms));
        }
    });
    drop(JsFuture::from(promise).await);
}

/// Runs after some milliseconds.
pub(crate) fn later(ms: i32, work: impl FnOnce() + 'static) {
    if let Some(window) = window() {
        let work = Closure::once_into_js(work);
        drop(
            window.set_timeout_with_callback_and_timeout_and_arguments_0(work.unchecked_ref(), ms),
        );
    }
}

fn element(id: &str) -> Option<web_sys::Element> {
    window()?.document()?.get_element_by_id(id)
}

/// What stands in the field with this id.
pub(crate) fn value(id: &str) -> String {
    element(id).and_then(|field| member(&field, "value").as_string()).unwrap_or_default()
}

/// Writes into the field with this id.
pub(crate) fn set_value(id: &str, value: &str) {
    if let Some(field) = element(id) {
        drop(js_sys::Reflect::set(&field, &"value".into(), &value.into()));
    }
}

/// Clicks the element with this id, as a person does.
pub(crate) fn click(id: &str) {
    if let Some(element) = element(id).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        element.click();
    }
}

/// Puts text on the clipboard; false where there is none, as on pages that are not served securely.
pub(crate) fn copy(text: &str) -> bool {
    let clipboard = window().map(|window| JsValue::from(window.navigator().clipboard()));
    let clipboard = clipboard.as_ref().and_then(|value| value.dyn_ref::<web_sys::Clipboard>());
    clipboard.map(|clipboard| clipboard.write_text(text)).is_some()
}

/// A file's bytes.
pub(crate) async fn read(file: &File) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// Offers bytes as a file to be saved.
pub(crate) fn save(name: &str, bytes: &[u8]) -> Option<()> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let options = BlobPropertyBag::new();
    options.set_type("application/octet-stream");
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    let url = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
    let link = window()?.document()?.create_element("a").ok()?;
    let link = link.dyn_into::<HtmlAnchorElement>().ok()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    drop(web_sys::Url::revoke_object_url(&url));
    Some(())
}

/// Calls `heard` at every event of this name on the window, for as long as the page lives.
pub(crate) fn listen<E: wasm_bindgen::JsCast + 'static>(
    name: &str,
    mut heard: impl FnMut(E) + 'static,
) {
    let callback = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
        if let Ok(event) = event.dyn_into::<E>() {
            heard(event);
        }
    });
    if let Some(window) = window() {
        let function = callback.as_ref().unchecked_ref();
        drop(window.add_event_listener_with_callback(name, function));
    }
    callback.forget();
}

/// A member of a JavaScript object, if it has it.
pub(crate) fn member(value: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A member that is a text; empty if it is not.
pub(crate) fn text_member(value: &JsValue, name: &str) -> String {
    member(value, name).as_string().unwrap_or_default()
}

/// A member that is a list; empty if it is not.
pub(crate) fn list_member(value: &JsValue, name: &str) -> Vec<JsValue> {
    let list = member(value, name);
    list.dyn_ref::<Array>().map_or_else(Vec::new, |list| list.iter().collect())
}
