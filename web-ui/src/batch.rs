//! Many receipts at once, checked in a worker: what the page asks of it, and what came back.
//!
//! **Invariant:** a row says what this page's own worker found, which runs the same module. It is
//! kept while the page is open, and nowhere else.

use cairn_light_client::{Assurance, CheckedList, CheckedReceipt};
use cairn_verifier::json::Object;
use js_sys::{Array, Object as JsObject, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::browser::{self, member};
use crate::folders::{self, Files};
use crate::format::len;
use crate::pin::Pin;
use crate::signals::*;
use crate::state::{App, Local};
use crate::verdict::{self, Look, explained};

/// What can become of a receipt in a batch, in the order in which it is shown.
pub(crate) const LOOKS: [Look; 5] =
    [verdict::VERIFIED, verdict::NOT_FINAL, verdict::STALE, verdict::FAILED, verdict::COULD_NOT];

/// How many files go to the worker in a message. Each is a handle to be copied, for which the browser
/// asks others of its processes: thousands at once would keep the page for seconds.
const HANDED: usize = 16;
/// How long files are handed over before the page has its turn, in milliseconds.
const TURN: u64 = 8;
/// How many files the worker may have that it did not answer yet.
const AHEAD: usize = 512;
/// How long is waited when it has them, in milliseconds.
const WAIT: i32 = 60;

/// One receipt, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Its place in [`LOOKS`].
    pub(crate) state: usize,
    pub(crate) code: String,
    pub(crate) why: String,
    pub(crate) index: String,
    pub(crate) id: String,
    pub(crate) height: String,
}

impl Row {
    /// Of a check.
    pub(crate) fn of(name: String, found: &Assurance<CheckedReceipt>) -> Self {
        let mut row = Self::looked(name, found);
        if let Assurance::Verified(receipt) = found {
            row.index = receipt.index().to_string();
            row.id = receipt.id().to_string();
            row.height = receipt.header().header().height.to_string();
        }
        row
    }

    /// Of a list of events: one row for the file.
    pub(crate) fn of_list(name: String, found: &Assurance<CheckedList>) -> Self {
        let mut row = Self::looked(name, found);
        if let Assurance::Verified(list) = found {
            row.height = list.header().header().height.to_string();
            let count = crate::text::events(len(list.events().len()));
            row.why = crate::text::fill(crate::text::batch::LIST, &[&count]);
        }
        row
    }

    /// State, and why it is not green.
    fn looked<F>(name: String, found: &Assurance<F>) -> Self {
        let look = verdict::look(found);
        let state = LOOKS.iter().position(|one| *one == look).unwrap_or(LOOKS.len() - 1);
        let code = verdict::code(found).unwrap_or_default().to_owned();
        let why = match found {
            Assurance::CouldNotCheck(reason)
            | Assurance::Stale(reason)
            | Assurance::Failed(reason) => explained(reason.error()),
            Assurance::NotChecked
            | Assurance::Checking
            | Assurance::NotFinal
            | Assurance::Verified(_) => String::new(),
        };
        Self { state, code, why, ..Self::nothing(name) }
    }

    /// Of what could not be read.
    pub(crate) fn unread(name: String, why: String) -> Self {
        Self { state: LOOKS.len() - 1, why, ..Self::nothing(name) }
    }

    fn nothing(name: String) -> Self {
        let [code, why, index, id, height] = [const { String::new() }; 5];
        Self { name, state: 0, code, why, index, id, height }
    }

    /// As it crosses from the worker to the page.
    pub(crate) fn to_js(&self) -> JsValue {
        let state = self.state.to_string();
        let parts =
            [&self.name, &state, &self.code, &self.why, &self.index, &self.id, &self.height];
        parts.into_iter().map(|part| JsValue::from_str(part)).collect::<Array>().into()
    }

    fn from_js(value: &JsValue) -> Option<Self> {
        let list = value.dyn_ref::<Array>()?;
        let part = |at: u32| list.get(at).as_string().unwrap_or_default();
        let state = part(1).parse().ok().filter(|state| *state < LOOKS.len())?;
        let [name, code, why] = [part(0), part(2), part(3)];
        let [index, id, height] = [part(4), part(5), part(6)];
        Some(Self { name, state, code, why, index, id, height })
    }

    fn json(&self) -> String {
        let state = LOOKS.get(self.state).map_or("", |look| look.word.english());
        let optional = |object: Object, name: &'static str, value: &str| {
            if value.is_empty() { object } else { object.text(name, value) }
        };
        let object = Object::new().text("file", &self.name).text("state", state);
        let object = optional(object, "code", &self.code);
        let object = optional(object, "why", &self.why);
        let object = optional(object, "event", &self.id);
        match (self.index.is_empty(), self.height.is_empty()) {
            (false, false) => object.plain("index", &self.index).plain("height", &self.height),
            _ => object,
        }
        .finish()
    }
}

/// All rows as JSON.
pub(crate) fn rows_json(rows: &[Row]) -> String {
    let rows: Vec<String> = rows.iter().map(Row::json).collect();
    ["[", &rows.join(","), "]"].concat()
}

/// All rows as CSV (RFC 4180).
pub(crate) fn rows_csv(rows: &[Row]) -> String {
    let mut text = "file,state,code,index,event,height,why\r\n".to_owned();
    for row in rows {
        let state = LOOKS.get(row.state).map_or("", |look| look.word.english());
        let cells = [&row.name, state, &row.code, &row.index, &row.id, &row.height, &row.why];
        let cells = cells.map(cell);
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell in quotes. A name that a spreadsheet would take for a formula gets an apostrophe before
/// it: names of files are others' text.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if is_formula { "'" } else { "" };
    ["\"", guard, &text.replace('"', "\"\""), "\""].concat()
}

/// A batch, running or over.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) rows: Local<Vec<Row>>,
    /// How many there are to check, once it is known.
    pub(crate) total: RwSignal<usize>,
    pub(crate) is_running: RwSignal<bool>,
    /// Whether it was stopped before it was over.
    pub(crate) was_stopped: RwSignal<bool>,
    /// What stopped it, if something did.
    pub(crate) problem: RwSignal<String>,
    /// The times at which it began and ended.
    pub(crate) began: RwSignal<u64>,
    pub(crate) ended: RwSignal<u64>,
    /// What the verdicts rest on.
    pub(crate) pin: RwSignal<Option<Pin>>,
    worker: Local<Option<Running>>,
}

/// What the worker is to do.
enum Job {
    Files(Files),
    Query(JsValue),
}

impl Job {
    /// Tells the worker. One that was ended meanwhile hears nothing.
    fn hand_to(self, worker: Worker, anchor: &str, batch: Batch) {
        let start = message("anchor", &anchor.into());
        let language = crate::text::Language::preferred().tag();
        drop(Reflect::set(&start, &"language".into(), &language.into()));
        match self {
            Self::Query(query) => {
                drop(Reflect::set(&start, &"query".into(), &query));
                drop(worker.post_message(&start));
            }
            Self::Files(files) => {
                drop(worker.post_message(&start));
                spawn_local(hand_files(worker, files, batch));
            }
        }
    }
}

fn message(name: &str, value: &JsValue) -> JsObject {
    let message = JsObject::new();
    drop(Reflect::set(&message, &name.into(), value));
    message
}

/// Hands files over, in turns that are short and never far ahead of what came back. The last message
/// is an empty one.
async fn hand_files(worker: Worker, files: Files, batch: Batch) {
    let mut handed = 0;
    loop {
        let end = browser::now().0 + TURN;
        while browser::now().0 < end && !batch.is_ahead(handed) {
            let some = (handed..handed + HANDED).map_while(|place| files.at(place));
            let some: Array = some
                .map(|named| Array::of2(&JsValue::from_str(&folders::name(&named)), &named.1))
                .collect();
            drop(worker.post_message(&message("files", &some)));
            if some.length() == 0 {
                return;
            }
            handed += HANDED;
        }
        if batch.is_ahead(handed) {
            browser::sleep(WAIT).await;
        } else {
            browser::pause().await;
        }
        if !batch.runs_on(&worker) {
            return;
        }
    }
}

/// The worker, with what listens to it.
struct Running {
    worker: Worker,
    _heard: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Batch {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            rows: RwSignal::new_local(Vec::new()),
            total: RwSignal::new(0),
            is_running: RwSignal::new(false),
            was_stopped: RwSignal::new(false),
            problem: RwSignal::new(String::new()),
            began: RwSignal::new(0),
            ended: RwSignal::new(0),
            pin: RwSignal::new(None),
            worker: RwSignal::new_local(None),
        }
    }

    /// Forgets what came before.
    pub(crate) fn clear(self) {
        self.worker.set(None);
        self.rows.set(Vec::new());
        self.total.set(0);
        self.problem.set(String::new());
        self.is_running.set(false);
        self.was_stopped.set(false);
    }

    /// Ends it before it is over.
    pub(crate) fn stop(self) {
        self.was_stopped.set(true);
        self.over();
    }

    fn over(self) {
        self.worker.set(None);
        self.is_running.set(false);
        self.ended.set(browser::now().0);
    }

    /// Checks files, or bytes, each with its name.
    pub(crate) fn check_files(self, app: App, files: Files) {
        self.start(app, files.len(), Job::Files(files));
    }

    /// Checks events that a query finds, at most as many as said.
    pub(crate) fn check_query(self, app: App, query: &str, most: usize) {
        let parts = [query, &most.to_string(), &browser::origin()];
        let list: Array = parts.into_iter().map(JsValue::from_str).collect();
        self.start(app, 0, Job::Query(list.into()));
    }

    fn start(self, app: App, count: usize, job: Job) {
        self.clear();
        let Some(pin) = app.pin.get_untracked() else {
            return;
        };
        self.pin.set(Some(pin));
        let anchor = pin.anchor.to_string();
        let mut job = Some(job);
        self.total.set(count);
        self.began.set(browser::now().0);
        self.is_running.set(true);
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let Ok(worker) = Worker::new_with_options("./worker.js", &options) else {
            self.problem.set("the browser starts no worker".to_owned());
            self.over();
            return;
        };
        let own = worker.clone();
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            if data.as_string().as_deref() == Some("ready") {
                if let Some(job) = job.take() {
                    job.hand_to(own.clone(), &anchor, self);
                }
            } else {
                self.hear(&data);
            }
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        self.worker.set(Some(Running { worker, _heard: heard }));
    }

    /// Takes rows, a total, an end, or the sentence of what went wrong.
    fn hear(self, data: &JsValue) {
        if let Some(problem) = data.as_string() {
            self.problem.set(problem);
            self.later_over();
            return;
        }
        if let Some(total) = member(data, "total").as_f64() {
            self.total.set(crate::format::whole_usize(total));
        }
        let rows = browser::list_member(data, "rows");
        if !rows.is_empty() {
            self.rows.update(|all| all.extend(rows.iter().filter_map(Row::from_js)));
        }
        if member(data, "end").is_truthy() {
            self.later_over();
        }
    }

    /// Whether this worker is still the one at work.
    fn runs_on(self, worker: &Worker) -> bool {
        let is_own = |running: &Running| running.worker == *worker;
        self.worker.with_untracked(|running| running.as_ref().is_some_and(is_own))
    }

    /// Whether so many files are more than the worker should have.
    fn is_ahead(self, handed: usize) -> bool {
        self.rows.with_untracked(Vec::len) + AHEAD < handed
    }

    /// Not from within the worker's own message: that would drop the closure that runs.
    fn later_over(self) {
        browser::soon(move || self.over());
    }

    /// How many rows each state has.
    pub(crate) fn counts(self) -> [u64; 5] {
        self.rows.with(|rows| {
            let of = |state| rows.iter().filter(|row| row.state == state).count();
            std::array::from_fn(|state| len(of(state)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_for_others_are_safe_to_open() {
        let name = "=HYPERLINK(\"http://x\")".to_owned();
        let row = Row::unread(name, "no, it said \"no\"".to_owned());
        let csv = rows_csv(std::slice::from_ref(&row));
        assert!(csv.contains("\"'=HYPERLINK(\"\"http://x\"\")\",\"Could not check\""), "{csv}");
        assert!(csv.ends_with("\"no, it said \"\"no\"\"\"\r\n"));
        assert_eq!(
            rows_json(&[row]),
            r#"[{"file":"=HYPERLINK(\"http://x\")","state":"Could not check","why":"no, it said \"no\""}]"#
        );
    }
}
