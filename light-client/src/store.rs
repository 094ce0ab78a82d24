//! Evidence in `IndexedDB`, one entry an anchor. A store that is not there (Node.js), not allowed
//! (a private window) or broken is an empty one: it costs a longer sync, never a wrong verdict.

use idb::{Database, DatabaseEvent as _, Error, Factory, ObjectStoreParams, TransactionMode};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue};

const DATABASE: &str = "cairn-light-client";
const STORE: &str = "evidence";

/// The evidence kept for an anchor.
pub(crate) async fn load(anchor: &str) -> Option<Vec<u8>> {
    try_load(anchor).await.ok().flatten()
}

/// Keeps evidence for an anchor, if it can.
pub(crate) async fn save(anchor: &str, evidence: &[u8]) {
    // The next visit then syncs from the anchor.
    drop(try_save(anchor, evidence).await);
}

async fn try_load(anchor: &str) -> Result<Option<Vec<u8>>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let value = transaction.object_store(STORE)?.get(JsValue::from_str(anchor))?.await?;
    transaction.await?;
    database.close();
    let bytes = value.and_then(|value| value.dyn_into::<Uint8Array>().ok());
    Ok(bytes.map(|bytes| bytes.to_vec()))
}

async fn try_save(anchor: &str, evidence: &[u8]) -> Result<(), Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadWrite)?;
    let (key, value) = (JsValue::from_str(anchor), Uint8Array::from(evidence));
    transaction.object_store(STORE)?.put(&value, Some(&key))?.await?;
    transaction.commit()?.await?;
    database.close();
    Ok(())
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
