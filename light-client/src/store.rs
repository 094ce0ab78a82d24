//! Evidence in `IndexedDB`, one entry an anchor. A store that is not there (Node.js), not allowed
//! (a private window) or broken is an empty one: it costs a longer sync, never a wrong verdict.

use idb::{Database, DatabaseEvent as _, Error, Factory, ObjectStoreParams, TransactionMode};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue};

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
    let failed = |error: Error| Unsaved::Failed(error.to_string());
    match try_swap(name, old, new).await.map_err(failed)? {
        None => Ok(()),
        Some(found) => Err(Unsaved::Changed(found)),
    }
}

async fn try_load(name: &str) -> Result<Option<Vec<u8>>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let value = transaction.object_store(STORE)?.get(JsValue::from_str(name))?.await?;
    transaction.await?;
    database.close();
    Ok(bytes(value))
}

/// What was found instead of `old`, if it was not.
async fn try_swap(
    name: &str,
    old: Option<Vec<u8>>,
    new: Vec<u8>,
) -> Result<Option<Option<Vec<u8>>>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadWrite)?;
    let store = transaction.object_store(STORE)?;
    let key = JsValue::from_str(name);
    let found = bytes(store.get(key.clone())?.await?);
    let is_as_said = found == old;
    if is_as_said {
        store.put(&Uint8Array::from(new.as_slice()), Some(&key))?.await?;
    }
    transaction.commit()?.await?;
    database.close();
    Ok(if is_as_said { None } else { Some(found) })
}

fn bytes(value: Option<JsValue>) -> Option<Vec<u8>> {
    let bytes = value.and_then(|value| value.dyn_into::<Uint8Array>().ok());
    bytes.map(|bytes| bytes.to_vec())
}

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(1))?;
    request.on_upgrade_needed(|event| {
        // Failing here fails the opening, and so is seen there.
        let database = event.database();
        drop(database.map(|db| db.create_object_store(STORE, ObjectStoreParams::new())));
    });
    request.await
}
