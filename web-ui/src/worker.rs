//! The half of a batch that runs beside the page: takes one job, answers with rows.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use cairn_light_client::{ClientError, LightClient, examine};
use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::EventId;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, File, MessageEvent};

use crate::batch::Row;
use crate::browser::{self, list_member, member, text_member};
use crate::components::drop_zone::unwrapped;
use crate::text::{Language, batch as words};
use crate::verdict::explained;

/// How long rows are gathered before they are told, in milliseconds.
const TELL_EVERY: u64 = 120;
/// How many events are asked for in one page of the node's list, and how many are in work at once.
const PAGE: usize = 500;
const AT_ONCE: usize = 6;

/// Waits for a job.
pub(crate) fn run() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let own = scope.clone();
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let teller = Teller::new(own.clone());
        spawn_local(async move { work(&event.data(), teller).await });
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

async fn work(job: &JsValue, teller: Teller) {
    if text_member(job, "language") == Language::German.tag() {
        Language::German.turn_on().await;
    }
    let Ok(anchor) = text_member(job, "anchor").parse::<TrustAnchor>() else {
        return teller.fail(&words::NEEDS_ANCHOR);
    };
    let query = list_member(job, "query");
    if query.is_empty() {
        check_files(anchor, list_member(job, "files"), &teller).await;
    } else {
        let parts: Vec<String> = query.iter().filter_map(JsValue::as_string).collect();
        if let Err(error) = check_query(anchor, &parts, &teller).await {
            return teller.fail(&explained(&error));
        }
    }
    teller.end();
}

async fn check_files(anchor: TrustAnchor, files: Vec<JsValue>, teller: &Teller) {
    for entry in files {
        let entry = Array::from(&entry);
        let name = entry.get(0).as_string().unwrap_or_default();
        let row = match bytes_of(&entry.get(1)).await {
            None => Row::unread(name, words::NOT_READ.owned()),
            Some(bytes) => {
                let found = examine(unwrapped(bytes), anchor, browser::now()).outcome.into();
                Row::of(name, &found)
            }
        };
        teller.row(&row);
    }
}

async fn bytes_of(value: &JsValue) -> Option<Vec<u8>> {
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Some(bytes.to_vec());
    }
    let file = value.dyn_ref::<File>()?;
    if !browser::is_readable(file) {
        return None;
    }
    browser::read(file).await
}

/// Asks the node for what matches, and checks each under the head.
async fn check_query(
    anchor: TrustAnchor,
    parts: &[String],
    teller: &Teller,
) -> Result<(), ClientError> {
    let [query, most, node] = parts else {
        return Ok(());
    };
    let most: usize = most.parse().unwrap_or(PAGE);
    let client = LightClient::connect(node, anchor).await?;
    client.sync().await?;
    let ids = listed(&client, query, most).await?;
    teller.total(ids.len());
    let queue: Rc<RefCell<VecDeque<EventId>>> = Rc::new(RefCell::new(ids.into()));
    let lanes: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (client, queue, teller) = (client.clone(), Rc::clone(&queue), teller.clone());
            lane(async move {
                while let Some(id) = { queue.borrow_mut().pop_front() } {
                    let found = client.event(&id).await.into();
                    teller.row(&Row::of(id.to_string(), &found));
                }
            })
        })
        .collect();
    for lane in lanes {
        drop(JsFuture::from(lane).await);
    }
    Ok(())
}

/// Runs beside others; its end can be waited for.
fn lane(work: impl Future<Output = ()> + 'static) -> js_sys::Promise {
    future_to_promise(async move {
        work.await;
        Ok(JsValue::UNDEFINED)
    })
}

async fn listed(
    client: &LightClient,
    query: &str,
    most: usize,
) -> Result<Vec<EventId>, ClientError> {
    let mut ids: Vec<EventId> = Vec::new();
    let mut cursor = String::new();
    while ids.len() < most {
        let page = format!("limit={}{query}{cursor}", PAGE.min(most - ids.len()));
        let list = client.claimed_events(&page).await?;
        let list = js_sys::JSON::parse(&list).unwrap_or(JsValue::NULL);
        let found = list_member(&list, "events");
        ids.extend(
            found.iter().filter_map(|entry| text_member(entry, "id").parse::<EventId>().ok()),
        );
        let Some(next) = member(&list, "next").as_string().filter(|_| !found.is_empty()) else {
            break;
        };
        cursor = ["&cursor=", &crate::router::encode(&next)].concat();
    }
    ids.truncate(most);
    Ok(ids)
}

/// Tells the page, not more often than it can show.
#[derive(Clone)]
struct Teller {
    scope: DedicatedWorkerGlobalScope,
    rows: Rc<RefCell<(Array, u64)>>,
}

impl Teller {
    fn new(scope: DedicatedWorkerGlobalScope) -> Self {
        Self { scope, rows: Rc::new(RefCell::new((Array::new(), browser::now().0))) }
    }

    fn row(&self, row: &Row) {
        let (rows, told) = &mut *self.rows.borrow_mut();
        rows.push(&row.to_js());
        let now = browser::now().0;
        if now.saturating_sub(*told) >= TELL_EVERY {
            *told = now;
            self.tell("rows", &std::mem::take(rows).into());
        }
    }

    fn total(&self, total: usize) {
        let total = u32::try_from(total).unwrap_or(u32::MAX);
        self.tell("total", &JsValue::from_f64(total.into()));
    }

    fn end(&self) {
        let rows = std::mem::take(&mut self.rows.borrow_mut().0);
        self.tell("rows", &rows.into());
        self.tell("end", &JsValue::TRUE);
    }

    fn fail(&self, why: &str) {
        drop(self.scope.post_message(&JsValue::from_str(why)));
    }

    fn tell(&self, name: &str, value: &JsValue) {
        let message = Object::new();
        drop(Reflect::set(&message, &name.into(), value));
        drop(self.scope.post_message(&message));
    }
}
