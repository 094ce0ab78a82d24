//! The log as the node lists it, each row checked against the pinned anchor.

use cairn_light_client::Assurance;
use cairn_verifier::FinalHeader;

use crate::components::badge::{badge, banner};
use crate::components::frame::{button, head};
use crate::components::hash::brief_hash;
use crate::format::{short_time, thousands};
use crate::html::{El, View, all, el, nothing};
use crate::router::{Filters, encode};
use crate::signals::*;
use crate::state::{App, Latest};
use crate::text::{block, log as words, trust};
use crate::{browser, net, verdict};

pub(crate) mod filters;
mod rows;
mod timeline;

/// How many rows a page has.
const PAGE: usize = 25;
const BLOCK: &str = "block-height";

/// The page.
pub(crate) fn log(app: App, filters: &Filters) -> View {
    let listing = rows::Listing {
        app,
        rows: RwSignal::new_local(Vec::new()),
        next: RwSignal::new(None),
        is_loading: RwSignal::new(false),
        problem: RwSignal::new(String::new()),
    };
    app.refresh();
    let query = filters.query();
    let latest = StoredValue::new_local(Latest::default());
    list_rows(app, listing, query.clone(), latest);
    let is_live = RwSignal::new(false);
    let is_on = RwSignal::new(false);
    tail(app, listing, filters.filter(), (is_live, is_on));
    let more = move |_| {
        let cursor = listing.next.get_untracked();
        if let (Some(client), Some(cursor)) = (app.client.get_untracked(), cursor) {
            let query = [&query, "&cursor=", &encode(&cursor)].concat();
            rows::load(listing, client, query, latest.with_value(Latest::next));
        }
    };
    let top = el("section")
        .class("card")
        .add(el("div").class("live").attr("role", "status").live(move || app.head.with(head_state)))
        .live(move || head_facts(app));
    let more = move || {
        if listing.next.with(Option::is_none) {
            return nothing();
        }
        let is_off = move || listing.is_loading.get().then(String::new);
        let button = button(words::MORE.get(), more.clone()).live_attr("disabled", is_off);
        el("div").class("row").add(button).view()
    };
    let list = el("section")
        .class("card")
        .add(live_toggle(is_live, is_on))
        .add(
            el("p")
                .class("soft status")
                .attr("role", "status")
                .live_text(move || status(app, listing)),
        )
        .live(move || listing.rows.with(|rows| timeline::timeline(rows)))
        .live(move || rows::table(listing))
        .live(more);
    all([
        head(&words::TITLE, &words::WHAT).view(),
        top.add(block_form()).view(),
        filters::form(filters).view(),
        list.view(),
    ])
}

/// Lists the first page, and again whenever there is news.
fn list_rows(
    app: App,
    listing: rows::Listing,
    query: String,
    latest: StoredValue<Latest, LocalStorage>,
) {
    effect(move || {
        let ticket = latest.with_value(Latest::next);
        app.synced.track();
        let client = app.client.get();
        // The first rows are listed under the newest header, or some would be newer than it. Later
        // ones wait for news.
        if app.is_syncing.get_untracked() {
            if listing.rows.with_untracked(Vec::is_empty) {
                listing.is_loading.set(true);
                app.is_syncing.track();
            }
            return;
        }
        // Before a node that lies, nothing stays that another look was not given.
        if app.head.with_untracked(|head| matches!(head, Assurance::Failed(_))) {
            listing.clear();
        }
        match client {
            Some(client) => rows::load_anew(listing, client, query.clone(), ticket),
            None => listing.clear(),
        }
    });
}

/// Switches following on and off, and says how it goes.
fn live_toggle(is_live: RwSignal<bool>, is_on: RwSignal<bool>) -> El {
    let state = move || match (is_live.get(), is_on.get()) {
        (false, _) => String::new(),
        (true, true) => words::LIVE_ON.owned(),
        (true, false) => words::LIVE_LOST.owned(),
    };
    let toggle = button(&words::LIVE, move |_| is_live.update(|live| *live = !*live))
        .class("chip live-button")
        .live_attr("aria-pressed", move || Some(is_live.get().to_string()));
    el("div")
        .class("row no-print")
        .add(toggle)
        .add(el("span").class("small soft").attr("role", "status").live_text(state))
}

/// Lets new events in from the stream, as long as that is switched on.
fn tail(
    app: App,
    listing: rows::Listing,
    filter: String,
    (is_live, is_on): (RwSignal<bool>, RwSignal<bool>),
) {
    let latest = Latest::default();
    effect(move || {
        let ticket = latest.next();
        let (true, Some(client)) = (is_live.get(), app.client.get()) else {
            return;
        };
        let arrivals = rows::Arrivals::new(listing, client, ticket);
        net::follow("event", &filter, move |entry| arrivals.take(&entry), is_on);
    });
}

/// The way to a block.
fn block_form() -> El {
    let go = |event: web_sys::Event| {
        event.prevent_default();
        let height = browser::value(BLOCK).trim().to_owned();
        browser::go(&["#/block/", if height.is_empty() { "latest" } else { &height }].concat());
    };
    let input =
        el("input").attr("id", BLOCK).attr("inputmode", "numeric").attr("autocomplete", "off");
    let label = el("label").attr("for", BLOCK).text(&words::BLOCK_HEIGHT);
    let button = el("button").attr("type", "submit").text(&words::BLOCK_GO);
    el("form")
        .class("inline no-print")
        .on("submit", go)
        .add(el("div").class("field").add(label).add(input))
        .add(button)
        .add(el("a").attr("href", "#/block/latest").text(&words::BLOCK_NEWEST))
        .add(el("a").attr("href", "#/compare").text(&block::COMPARE))
}

fn status(app: App, listing: rows::Listing) -> String {
    if listing.is_loading.get() {
        return words::LOADING.owned();
    }
    let problem = listing.problem.get();
    if !problem.is_empty() {
        return [words::FAILED.get(), &problem].concat();
    }
    let is_empty = listing.rows.with(Vec::is_empty);
    if app.client.with(Option::is_none) {
        trust::NO_HEAD.owned()
    } else if is_empty {
        words::NOTHING.owned()
    } else {
        String::new()
    }
}

fn head_state(head: &Assurance<FinalHeader>) -> View {
    if matches!(head, Assurance::Verified(_)) {
        let note = el("span").class("small soft").text(words::HEAD_VERIFIED.get());
        return el("p").class("row").add(badge(verdict::look(head))).add(note).view();
    }
    banner(head, &verdict::sentence(head, |_| String::new()), &[])
}

fn head_facts(app: App) -> View {
    app.head.track();
    let known = app.client.get().map(|client| client.known());
    let Some((head, at)) =
        known.as_ref().and_then(|known| Some((known.head()?, known.synced_at()?)))
    else {
        return if known.is_some() { sync_row(app).view() } else { nothing() };
    };
    let header = head.header();
    let anchor = known.as_ref().map(|known| known.anchor().to_string()).unwrap_or_default();
    let stat = |name: &str, value: El| el("div").add(el("dt").text(name)).add(value);
    let plain = |name: &str, value: &str| stat(name, el("dd").text(value));
    let stats = el("dl")
        .class("stats")
        .add(plain(words::HEIGHT.get(), &thousands(header.height)))
        .add(plain(words::EVENTS.get(), &thousands(header.events.get())))
        .add(plain(words::HEAD_TIME.get(), &short_time(header.time)))
        .add(plain(words::SYNCED.get(), &short_time(at)))
        .add(stat(trust::PINNED.get(), el("dd").add(brief_hash(trust::LABEL.get(), &anchor))));
    all([stats.view(), sync_row(app).view()])
}

/// Asks again, and says while the node is being asked. It keeps its place, so that nothing jumps.
fn sync_row(app: App) -> El {
    let asking = move || {
        if app.is_syncing.get() { words::SYNCING.owned() } else { String::new() }
    };
    el("div")
        .class("row no-print")
        .add(button(words::SYNC.get(), move |_| app.sync()))
        .add(el("span").class("small soft").attr("role", "status").live_text(asking))
}
