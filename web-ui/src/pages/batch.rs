//! Many receipts, or all events that a search finds: progress, counts, rows, files.

use wasm_bindgen::JsCast as _;
use web_sys::HtmlInputElement;

use crate::batch::{LOOKS, Row, rows_csv, rows_json};
use crate::browser;
use crate::components::badge::{badge, look_icon};
use crate::components::frame::{button, head};
use crate::components::hash::brief_hash;
use crate::folders::named;
use crate::format::{duration, len, thousands};
use crate::html::{El, View, all, el, live, nothing};
use crate::router::Filters;
use crate::signals::*;
use crate::state::App;
use crate::text::{batch as words, fill, log, pin};

const FILES: &str = "batch-files";
const FOLDER: &str = "batch-folder";
const MOST: &str = "batch-most";
/// How many rows are shown; and while more come, because each time they are drawn anew.
const SHOWN: usize = 200;
const SHOWN_RUNNING: usize = 25;

/// The page. `filters` are those of the log's page, when it led here.
pub(crate) fn batch(app: App, filters: &Filters) -> View {
    let filters = filters.clone();
    let start = move || {
        let is_idle = !app.batch.is_running.get() && app.batch.began.get() == 0;
        let has_pin = app.pin.with(Option::is_some);
        match (has_pin, is_idle) {
            (false, _) => {
                let pin = el("a").attr("href", "#/trust").text(&pin::GO);
                let why = el("p").text(&words::NEEDS_ANCHOR);
                el("div").class("honest").add(why).add(el("p").add(pin)).view()
            }
            (true, true) => choices(app, &filters).view(),
            (true, false) => nothing(),
        }
    };
    let filter: RwSignal<Option<usize>> = RwSignal::new(None);
    let running = move || {
        if app.batch.began.get() == 0 { nothing() } else { progress(app, filter).view() }
    };
    all([head(&words::TITLE, &words::WHAT).view(), live(start), live(running)])
}

fn choices(app: App, filters: &Filters) -> El {
    let chosen = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else {
            return;
        };
        let files = named(input.files());
        if files.len() > 0 {
            app.batch.check_files(app, files);
        }
    };
    let input = |id: &str, label: &str| {
        let input = el("input").attr("id", id).attr("type", "file").attr("multiple", "");
        input.attr("hidden", "").attr("aria-label", label).on("change", chosen)
    };
    let choose = button(&words::CHOOSE, |_| browser::click(FILES)).class("main");
    let folder = button(&words::FOLDER, |_| browser::click(FOLDER));
    let row = el("div").class("row").add(choose).add(folder);
    let from_files = el("section")
        .class("card")
        .add(el("h2").text(&words::FROM_FILES))
        .add(el("p").class("soft").text(&words::FILES_WHY))
        .add(
            row.add(input(FILES, &words::CHOOSE))
                .add(input(FOLDER, &words::FOLDER).attr("webkitdirectory", "")),
        );
    el("div").class("two").add(from_files).add(from_log(app, filters))
}

/// A search, as on the log's page.
fn from_log(app: App, filters: &Filters) -> El {
    let most = el("input").attr("id", MOST).attr("type", "number").attr("min", "1");
    let most = most.attr("max", "100000").attr("value", "1000");
    let most =
        el("div").class("field").add(el("label").attr("for", MOST).text(&words::MOST)).add(most);
    let start = |event: web_sys::Event| event.prevent_default();
    let submit = move |event: web_sys::Event| {
        start(event);
        let query = super::log::filters::read().filter();
        let most = browser::value(MOST).trim().parse().unwrap_or(1_000);
        app.batch.check_query(app, &query, most);
    };
    let fields = super::log::filters::fields(filters).add(most);
    let button = el("button").attr("type", "submit").text(&words::START);
    el("form")
        .class("card")
        .on("submit", submit)
        .add(el("h2").text(&words::FROM_LOG))
        .add(el("p").class("soft").text(&words::LOG_WHY))
        .add(fields)
        .add(el("div").class("row").add(button))
}

fn progress(app: App, filter: RwSignal<Option<usize>>) -> El {
    let batch = app.batch;
    let done = Memo::new(move |_| batch.rows.with(Vec::len));
    let bar = el("progress")
        .attr("aria-label", &words::RUNNING)
        .live_attr("max", move || Some(batch.total.get().max(1).to_string()))
        .live_attr("value", move || Some(done.get().to_string()));
    let status = move || {
        let sum = fill(
            words::PROGRESS,
            &[&thousands(len(done.get())), &thousands(len(batch.total.get()))],
        );
        let problem = batch.problem.get();
        let rest = match (batch.is_running.get(), batch.was_stopped.get()) {
            _ if !problem.is_empty() => problem,
            (true, _) => words::RUNNING.owned(),
            (false, true) => words::STOPPED.owned(),
            (false, false) => {
                let ms = batch.ended.get().saturating_sub(batch.began.get());
                fill(words::DONE, &[&duration(ms)])
            }
        };
        [&sum, ". ", &rest].concat()
    };
    let status = el("p").attr("role", "status").attr("id", "batch-status").live_text(status);
    let card = el("section")
        .class("card")
        .add(status)
        .add(bar.live_attr("hidden", move || (!batch.is_running.get()).then(String::new)))
        .live(move || state_bar(batch.counts()).view())
        .live(move || state_filter(batch.counts(), filter).view())
        .live(move || actions(app));
    el("div").class("section").add(card).live(move || table(app, filter))
}

/// One bar for all states, each as long as its part.
pub(crate) fn state_bar(counts: [u64; 5]) -> El {
    let total: u64 = counts.iter().sum::<u64>().max(1);
    let mut at = 0;
    let parts = LOOKS.iter().zip(counts).map(|(look, count)| {
        let (from, to) = (at * 1_000 / total, (at + count) * 1_000 / total);
        at += count;
        let class = ["bar-part ", look.tone.class()].concat();
        el("path").class(&class).attr("d", &format!("M{from} 0H{to}V20H{from}Z"))
    });
    let told = LOOKS.iter().zip(counts).filter(|(_, count)| *count != 0);
    let told: Vec<String> =
        told.map(|(look, count)| [&thousands(count), " ", look.word.get()].concat()).collect();
    el("svg")
        .class("state-bar")
        .attr("viewBox", "0 0 1000 20")
        .attr("preserveAspectRatio", "none")
        .attr("role", "img")
        .attr("aria-label", &fill(words::BAR, &[&told.join(", ")]))
        .all(parts)
}

/// A button a state, with how many there are.
fn state_filter(counts: [u64; 5], filter: RwSignal<Option<usize>>) -> El {
    let pick = |own: Option<usize>, label: El, count: u64| {
        let pressed = move || Some((filter.get() == own).to_string());
        el("button")
            .attr("type", "button")
            .class("chip")
            .live_attr("aria-pressed", pressed)
            .on("click", move |_| filter.set(own))
            .add(label)
            .add(el("span").class("count").text(&thousands(count)))
    };
    let each = LOOKS.iter().enumerate().map(|(state, look)| {
        let label = el("span").class(&["badge ", look.tone.class()].concat());
        let label = label.add(look_icon(*look)).text(&look.word);
        pick(Some(state), label, counts.get(state).copied().unwrap_or(0))
    });
    el("div")
        .class("row no-print")
        .attr("role", "group")
        .attr("aria-label", &words::FILTER)
        .add(pick(None, el("span").text(&words::ALL), counts.iter().sum()))
        .all(each)
}

fn actions(app: App) -> View {
    let batch = app.batch;
    let row = el("div").class("row no-print");
    if batch.is_running.get() {
        return row.add(button(&words::STOP, move |_| batch.stop())).view();
    }
    let save = move |name: &'static str, write: fn(&[Row]) -> String| {
        move |_| {
            let text = batch.rows.with_untracked(|rows| write(rows));
            let _saved = browser::save(name, text.as_bytes());
        }
    };
    let again = move |_| {
        batch.clear();
        batch.began.set(0);
    };
    row.add(button(&words::CSV, save("verdicts.csv", rows_csv)))
        .add(button(&words::JSON, save("verdicts.json", rows_json)))
        .add(el("a").class("button").attr("href", "#/report").text(&words::REPORT))
        .add(button(&words::AGAIN, again))
        .view()
}

/// The first rows of the chosen state. It is drawn again only when those change, not with each
/// row that comes.
fn table(app: App, filter: RwSignal<Option<usize>>) -> View {
    let shown = Memo::new(move |_| {
        let filter = filter.get();
        let is_chosen = |row: &&Row| filter.is_none_or(|state| row.state == state);
        let most = if app.batch.is_running.get() { SHOWN_RUNNING } else { SHOWN };
        app.batch.rows.with(|rows| {
            let first: Vec<Row> = rows.iter().filter(is_chosen).take(most).cloned().collect();
            first
        })
    });
    live(move || {
        let rows = shown.get();
        if rows.is_empty() {
            return nothing();
        }
        let cut = (rows.len() == SHOWN)
            .then(|| el("p").class("soft small").text(&fill(words::CUT, &[&SHOWN.to_string()])));
        el("section").class("card").add(rows_table(rows)).maybe(cut).view()
    })
}

/// Rows, as here and in a report.
pub(crate) fn rows_table(rows: Vec<Row>) -> El {
    let heads = [words::NAME, log::INDEX, words::STATE, words::WHY];
    let heads = heads.map(|head| el("th").attr("scope", "col").text(&head));
    el("table")
        .class("cards batch")
        .add(el("thead").add(el("tr").all(heads)))
        .add(el("tbody").all_in_turns(rows.into_iter().map(|row| line(&row))))
}

fn line(row: &Row) -> El {
    let look = LOOKS.get(row.state).copied().unwrap_or(crate::verdict::COULD_NOT);
    let cell = |name: &str| el("td").attr("data-name", name);
    let is_id = row.name == row.id;
    let name = if is_id {
        let link = el("a").attr("href", &["#/event/", &row.id].concat());
        cell(&words::NAME).add(link.add(brief_hash(&words::NAME, &row.name)))
    } else {
        cell(&words::NAME).add(el("bdi").text(&row.name))
    };
    let index =
        row.index.parse().map_or_else(|_| nothing(), |at| crate::html::text(&thousands(at)));
    let code = (!row.code.is_empty()).then(|| el("code").text(&row.code));
    let why = cell(&words::WHY).class("small");
    let why = if row.why.is_empty() {
        why
    } else {
        why.add(el("span").text(&row.why).text(" ").maybe(code))
    };
    el("tr")
        .add(name)
        .add(cell(&words::INDEX).class("number").add(index))
        .add(cell(&words::STATE).add(badge(look)))
        .add(why)
}
