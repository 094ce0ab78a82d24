//! Receipts come in: dropped, pasted, chosen, or as text.

use leptos::prelude::{Get as _, Set as _};
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use web_sys::{
    ClipboardEvent, DataTransfer, DragEvent, File, FileList, HtmlInputElement, HtmlTextAreaElement,
};

use super::badge::{drawing, outline};
use crate::browser;
use crate::format::from_text;
use crate::html::{El, el};
use crate::state::App;
use crate::text::home as words;

/// The elements that hold what is chosen and what is typed.
const FILES: &str = "files";
const TEXT: &str = "receipt-text";
/// A sheet with an arrow into it.
const FILE: &str = "M6 3h8l5 5v13H6ZM14 3v5h5M12.5 11v6.5M9.8 15l2.7 2.7 2.7-2.7";

/// How every receipt begins: version 1, type `R`.
const MAGIC: [u8; 2] = [1, b'R'];

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
    let files = listed(data.files());
    if files.is_empty() {
        let text = data.get_data("text").unwrap_or_default();
        if !text.trim().is_empty() {
            take_text(app, &text);
        }
    } else {
        take_files(app, files);
    }
}

/// The files of a list.
pub(crate) fn listed(files: Option<FileList>) -> Vec<File> {
    files
        .map_or_else(Vec::new, |files| (0..files.length()).filter_map(|at| files.get(at)).collect())
}

fn take_files(app: App, files: Vec<File>) {
    app.notice.set(String::new());
    spawn_local(async move {
        let mut last = None;
        let is_single = files.len() == 1;
        for file in files {
            if !browser::is_readable(&file) {
                app.notice.set([&file.name(), words::TOO_LONG.get()].concat());
                continue;
            }
            if let Some(bytes) = browser::read(&file).await {
                last = Some(app.take(file.name(), unwrapped(bytes)));
            }
        }
        show(last, is_single);
    });
}

/// A receipt kept as base64 or hex is read as the bytes it stands for.
pub(crate) fn unwrapped(bytes: Vec<u8>) -> Vec<u8> {
    let inner = str::from_utf8(&bytes).ok().and_then(from_text);
    match inner {
        Some(inner) if inner.starts_with(&MAGIC) => inner,
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
            take_files(app, listed(input.files()));
            input.set_value("");
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
