//! Evidence in `IndexedDB`, one entry an anchor. A store that is not there (Node.js), not allowed
//! (a private window) or broken is an empty one: it costs a longer sync, never a wrong verdict.

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbFactory, IdbRequest, IdbTransaction, IdbTransactionMode};

use crate::world::Unsaved;

const DATABASE: &str = "cairn-light-client";
const STORE: &str = "evidence";

/// What is kept under a name.
pub(crate) async fn load(name: &str) -> Option<Vec<u8>> {
    try_load(name).await.ok().flatten()
}

/// Keeps `new` under a name if `old` is there. The transaction is the lock: no other tab's comes
/// between reading and writing.
pub(crate) async fn swap(name: &str, old: Option<Vec<u8>>, new: Vec<u8>) -> Result<(), Unsaved> {
    let failed = |error: JsValue| Unsaved::Failed(why(&error));
    match try_swap(name, old, new).await.map_err(failed)? {
        None => Ok(()),
        Some(found) => Err(Unsaved::Changed(found)),
    }
}

async fn try_load(name: &str) -> Result<Option<Vec<u8>>, JsValue> {
    let database = open().await?;
    let store = database.transaction_with_str(STORE)?.object_store(STORE)?;
    let value = answer(&store.get(&name.into())?).await?;
    database.close();
    Ok(bytes(value))
}

/// What was found instead of `old`, if it was not.
async fn try_swap(
    name: &str,
    old: Option<Vec<u8>>,
    new: Vec<u8>,
) -> Result<Option<Option<Vec<u8>>>, JsValue> {
    let database = open().await?;
    let mode = IdbTransactionMode::Readwrite;
    let transaction = database.transaction_with_str_and_mode(STORE, mode)?;
    let ended = end(&transaction);
    let store = transaction.object_store(STORE)?;
    let key = JsValue::from_str(name);
    let found = bytes(answer(&store.get(&key)?).await?);
    let is_as_said = found == old;
    if is_as_said {
        let _request = store.put_with_key(&Uint8Array::from(new.as_slice()), &key)?;
    }
    // It ends by itself when nothing more is asked of it; what could not be written ends it too.
    if kind(&JsFuture::from(ended).await?) != "complete" {
        return Err(transaction.error().map_or(JsValue::UNDEFINED, Into::into));
    }
    database.close();
    Ok(if is_as_said { None } else { Some(found) })
}

fn bytes(value: JsValue) -> Option<Vec<u8>> {
    value.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec())
}

async fn open() -> Result<IdbDatabase, JsValue> {
    let factory = Reflect::get(&js_sys::global(), &"indexedDB".into())?;
    let request = factory.dyn_into::<IdbFactory>()?.open_with_u32(DATABASE, 1)?;
    let first = Promise::new(&mut |resolve, reject| {
        request.set_onupgradeneeded(Some(&resolve));
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    let event = JsFuture::from(first).await.map_err(|_| error(&request))?;
    let database = request.result()?.dyn_into::<IdbDatabase>()?;
    if kind(&event) == "upgradeneeded" {
        let _store = database.create_object_store(STORE)?;
        answer(&request).await?;
    }
    Ok(database)
}

/// What a request gives. Its event settles the promise, and all that follows up to the next wait is done
/// before that event is over: so a transaction stays open for what is asked of it next.
async fn answer(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let given = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(given).await.map_err(|_| error(request))?;
    request.result()
}

/// The event that ends a transaction. An error becomes an `abort`.
fn end(transaction: &IdbTransaction) -> Promise {
    Promise::new(&mut |resolve, _| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&resolve));
    })
}

fn kind(event: &JsValue) -> String {
    text(event, "type")
}

fn error(request: &IdbRequest) -> JsValue {
    request.error().ok().flatten().map_or(JsValue::UNDEFINED, Into::into)
}

fn why(error: &JsValue) -> String {
    let [name, message] = ["name", "message"].map(|member| text(error, member));
    match (name.is_empty(), message.is_empty()) {
        (true, true) => "the store gives no reason".to_owned(),
        (false, true) => name,
        (true, false) => message,
        (false, false) => [&name, ": ", &message].concat(),
    }
}

fn text(value: &JsValue, member: &str) -> String {
    let member = Reflect::get(value, &member.into()).ok();
    member.and_then(|member| member.as_string()).unwrap_or_default()
}
