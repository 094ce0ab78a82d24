//! The half of a batch that runs beside the page: takes one job, answers with rows.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use cairn_light_client::filter::Filter;
use cairn_light_client::{CheckedList, CheckedReceipt, ClientError, LightClient, examine};
use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::EventId;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, File, MessageEvent};

use crate::batch::Row;
use crate::browser::{self, list_member, member, text_member};
use crate::components::drop_zone::{is_list, unwrapped};
use crate::text::{Language, batch as words};
use crate::verdict::explained;

/// How long rows are gathered before they are told, in milliseconds.
const TELL_EVERY: u64 = 120;
/// How many events are asked for in one page of the node's list, and how many are in work at once.
const PAGE: usize = 500;
const AT_ONCE: usize = 6;

/// Waits for a job: first what it is, then, if it is about files, these, a few a message. Messages are
/// taken in their order, each when the one before was done.
pub(crate) fn run() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let work = Rc::new(RefCell::new(Work::default()));
    let own = scope.clone();
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        work.borrow_mut().waiting.push_back(event.data());
        if !std::mem::replace(&mut work.borrow_mut().is_running, true) {
            spawn_local(Work::run(Rc::clone(&work), own.clone()));
        }
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

/// What was told and not yet heeded, and what files are checked against.
#[derive(Default)]
struct Work {
    waiting: VecDeque<JsValue>,
    is_running: bool,
    job: Option<(TrustAnchor, Teller)>,
}

impl Work {
    async fn run(own: Rc<RefCell<Self>>, scope: DedicatedWorkerGlobalScope) {
        while let Some(message) = { own.borrow_mut().waiting.pop_front() } {
            let job = own.borrow().job.clone();
            match job {
                None => {
                    let job = begin(&message, Teller::new(scope.clone())).await;
                    own.borrow_mut().job = job;
                }
                Some((anchor, teller)) => {
                    check_files(anchor, list_member(&message, "files"), &teller).await;
                }
            }
        }
        own.borrow_mut().is_running = false;
    }
}

/// Takes the job; if it is about files, returns what these are checked against.
async fn begin(job: &JsValue, teller: Teller) -> Option<(TrustAnchor, Teller)> {
    if text_member(job, "language") == Language::German.tag() {
        Language::German.turn_on().await;
    }
    let Ok(anchor) = text_member(job, "anchor").parse::<TrustAnchor>() else {
        teller.fail(&words::NEEDS_ANCHOR);
        return None;
    };
    let query = list_member(job, "query");
    if query.is_empty() {
        return Some((anchor, teller));
    }
    let parts: Vec<String> = query.iter().filter_map(JsValue::as_string).collect();
    match check_query(anchor, &parts, &teller).await {
        Ok(()) => teller.end(),
        Err(error) => teller.fail(&explained(&error)),
    }
    None
}

/// Checks some files; none are the end.
async fn check_files(anchor: TrustAnchor, files: Vec<JsValue>, teller: &Teller) {
    if files.is_empty() {
        teller.end();
    }
    for entry in files {
        let entry = Array::from(&entry);
        let name = entry.get(0).as_string().unwrap_or_default();
        let row = match bytes_of(&entry.get(1)).await.map(unwrapped) {
            None => Row::unread(name, words::NOT_READ.owned()),
            Some(bytes) if is_list(&bytes) => {
                let found = CheckedList::check(bytes, anchor, browser::now()).into();
                Row::of_list(name, &found)
            }
            Some(bytes) => Row::of(name, &examine(bytes, anchor, browser::now()).outcome.into()),
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

/// Asks the node for what matches, checks each under the head, and holds it against the query.
async fn check_query(
    anchor: TrustAnchor,
    parts: &[String],
    teller: &Teller,
) -> Result<(), ClientError> {
    let [query, most, node] = parts else {
        return Ok(());
    };
    let most: usize = most.parse().unwrap_or(PAGE);
    let filter = Rc::new(Filter::read(query)?);
    let client = LightClient::connect(node, anchor).await?;
    client.sync().await?;
    let ids = listed(&client, query, most).await?;
    teller.total(ids.len());
    let queue: Rc<RefCell<VecDeque<EventId>>> = Rc::new(RefCell::new(ids.into()));
    let lanes: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (client, queue, teller) = (client.clone(), Rc::clone(&queue), teller.clone());
            let filter = Rc::clone(&filter);
            lane(async move {
                while let Some(id) = { queue.borrow_mut().pop_front() } {
                    let found = client.event(&id).await;
                    let found = found.and_then(|receipt| asked(&filter, receipt)).into();
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

/// A node may list true events that nobody asked for.
fn asked(filter: &Filter, receipt: CheckedReceipt) -> Result<CheckedReceipt, ClientError> {
    let refused = receipt.with(|fact| filter.refuses(fact.event().event()).map(str::to_owned))?;
    match refused {
        None => Ok(receipt),
        Some(filter) => Err(ClientError::NotAsked { event: receipt.id(), filter }),
    }
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
    let (mut ids, mut known) = (Vec::new(), BTreeSet::new());
    let mut cursor = String::new();
    while ids.len() < most {
        let page = format!("limit={}{query}{cursor}", PAGE.min(most - ids.len()));
        let list = client.claimed_events(&page).await?;
        let list = js_sys::JSON::parse(&list).unwrap_or(JsValue::NULL);
        let found = list_member(&list, "events");
        // What a node repeats does not count again, and a page of nothing else ends it.
        let before = ids.len();
        let listed = found.iter().filter_map(|entry| text_member(entry, "id").parse().ok());
        ids.extend(listed.filter(|id: &EventId| known.insert(*id)));
        let is_new = ids.len() > before;
        let Some(next) = member(&list, "next").as_string().filter(|_| is_new) else {
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
