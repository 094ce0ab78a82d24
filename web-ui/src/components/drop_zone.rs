//! Receipts come in: dropped, pasted, chosen, or as text.

use wasm_bindgen::JsCast as _;
use web_sys::{
    ClipboardEvent, DataTransfer, DragEvent, File, HtmlInputElement, HtmlTextAreaElement,
};

use super::badge::{drawing, outline};
use crate::browser;
use crate::folders::{Dropped, Files, name, named};
use crate::format::from_text;
use crate::html::{El, el};
use crate::router::Route;
use crate::signals::{Get as _, Set as _, WithUntracked as _, spawn_local};
use crate::state::App;
use crate::text::home as words;

/// The elements that hold what is chosen and what is typed.
const FILES: &str = "files";
const TEXT: &str = "receipt-text";
/// A sheet with an arrow into it.
const FILE: &str = "M6 3h8l5 5v13H6ZM14 3v5h5M12.5 11v6.5M9.8 15l2.7 2.7 2.7-2.7";

/// How every receipt begins: version 1, type `R`. And every list of events.
const MAGIC: [u8; 2] = [1, b'R'];
const LIST: [u8; 2] = [1, b'L'];
/// How many receipts are shown one beside the other; more are a batch.
const FEW: usize = 20;

/// Takes what is dropped or pasted on any page.
pub(crate) fn listen(app: App) {
    browser::listen("dragover", move |event: DragEvent| {
        event.prevent_default();
        app.dragging.set(true);
    });
    browser::listen("dragleave", move |event: DragEvent| {
        // Leaving an element for another one is not leaving the window.
        if event.related_target().is_none() {
            app.dragging.set(false);
        }
    });
    browser::listen("drop", move |event: DragEvent| {
        event.prevent_default();
        app.dragging.set(false);
        if let Some(data) = event.data_transfer() {
            take_transfer(app, &data);
        }
    });
    browser::listen("paste", move |event: ClipboardEvent| {
        let target = event.target();
        let into_field = target.is_some_and(|target| {
            target.has_type::<HtmlInputElement>() || target.has_type::<HtmlTextAreaElement>()
        });
        if let (false, Some(data)) = (into_field, event.clipboard_data()) {
            take_transfer(app, &data);
        }
    });
}

fn take_transfer(app: App, data: &DataTransfer) {
    let dropped = Dropped::of(data);
    if dropped.is_empty() {
        let text = data.get_data("text").unwrap_or_default();
        if !text.trim().is_empty() {
            take_text(app, &text);
        }
    } else {
        spawn_local(async move { take_files(app, dropped.files().await).await });
    }
}

/// Few receipts are shown here; many, and whatever comes to the page for many, are a batch.
async fn take_files(app: App, files: Files) {
    app.notice.set(String::new());
    let is_batch = app.route.with_untracked(|route| matches!(route, Route::Batch(_)));
    if files.len() > FEW || (is_batch && files.len() > 0) {
        return check_many(app, files);
    }
    let is_single = files.len() == 1;
    let mut read = Vec::new();
    for named in (0..files.len()).filter_map(|place| files.at(place)) {
        let (name, file) = (name(&named), &named.1);
        let Some(file) = file.dyn_ref::<File>().filter(|file| browser::is_readable(file)) else {
            app.notice.set([&name, words::TOO_LONG.get()].concat());
            continue;
        };
        match browser::read(file).await.map(unwrapped) {
            Some(bytes) if is_list(&bytes) => return check_many(app, files),
            Some(bytes) => read.push((name, bytes)),
            None => {}
        }
    }
    let mut last = None;
    for (name, bytes) in read {
        last = Some(app.take(name, bytes));
    }
    show(last, is_single);
}

/// Checks them beside the page, on the page for that.
fn check_many(app: App, files: Files) {
    app.batch.check_files(app, files);
    browser::go("#/batch");
}

/// Whether bytes are a list of events.
pub(crate) fn is_list(bytes: &[u8]) -> bool {
    bytes.starts_with(&LIST)
}

/// A receipt kept as base64 or hex is read as the bytes it stands for.
pub(crate) fn unwrapped(bytes: Vec<u8>) -> Vec<u8> {
    let inner = str::from_utf8(&bytes).ok().and_then(from_text);
    match inner {
        Some(inner) if inner.starts_with(&MAGIC) || is_list(&inner) => inner,
        _ => bytes,
    }
}

/// Takes pasted text; false if it is no bytes.
fn take_text(app: App, text: &str) -> bool {
    let Some(bytes) = from_text(text) else {
        app.notice.set(words::NOT_BYTES.owned());
        return false;
    };
    app.notice.set(String::new());
    show(Some(app.take(words::PASTED.owned(), bytes)), true);
    true
}

/// One receipt is shown whole, many as a list.
fn show(last: Option<usize>, is_single: bool) {
    match last {
        Some(number) if is_single => browser::go(&format!("#/receipt/{number}")),
        Some(_) => browser::go("#/"),
        None => {}
    }
}

/// The place on the page that says so.
pub(crate) fn drop_zone(app: App) -> El {
    let chosen = move |event: web_sys::Event| {
        if let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) {
            let files = named(input.files());
            input.set_value("");
            spawn_local(take_files(app, files));
        }
    };
    let class = move || Some(if app.dragging.get() { "drop over" } else { "drop" }.to_owned());
    let files = el("input")
        .attr("id", FILES)
        .attr("type", "file")
        .attr("multiple", "")
        .attr("hidden", "")
        .attr("aria-label", words::CHOOSE.get())
        .on("change", chosen);
    let choose = el("button").class("main").attr("type", "button").text(words::CHOOSE.get());
    let zone = el("section")
        .live_attr("class", class)
        .attr("aria-labelledby", "drop-title")
        .add(drawing("icon").add(outline(FILE).attr("stroke-width", "1.5")))
        .add(el("p").class("drop-title").attr("id", "drop-title").text(words::DROP.get()))
        .add(choose.on("click", |_| browser::click(FILES)))
        .add(files)
        .add(el("p").class("small soft").text(words::OR.get()));
    let notice = el("p").class("small status").attr("role", "status");
    el("div")
        .class("section")
        .add(zone)
        .add(notice.live_text(move || app.notice.get()))
        .add(text_form(app))
}

/// For devices without a key to paste with.
fn text_form(app: App) -> El {
    let check = move |event: web_sys::Event| {
        event.prevent_default();
        if take_text(app, &browser::value(TEXT)) {
            browser::set_value(TEXT, "");
        }
    };
    let area =
        el("textarea").attr("id", TEXT).attr("spellcheck", "false").attr("autocomplete", "off");
    let field = el("div")
        .class("field")
        .add(el("label").attr("for", TEXT).text(words::TEXT_LABEL.get()))
        .add(area);
    let button = el("button").attr("type", "submit").text(words::CHECK_TEXT.get());
    let form = el("form")
        .class("section")
        .on("submit", check)
        .add(field)
        .add(el("div").class("row").add(button));
    el("details").add(el("summary").text(words::AS_TEXT.get())).add(form)
}
