//! The log as the node lists it, each row checked against the pinned anchor.

use cairn_light_client::{Assurance, LightClient};
use cairn_verifier::FinalHeader;
use cairn_verifier::digest::EventId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use crate::browser::{list_member, member, text_member};
use crate::components::badge::{badge, banner};
use crate::components::frame::{button, head};
use crate::components::hash::brief_hash;
use crate::format::{short_time, thousands};
use crate::html::{El, View, all, el, nothing};
use crate::record::{Brief, party_text};
use crate::router::{Filters, encode};
use crate::state::{App, Latest, Local, Ticket};
use crate::text::{log as words, proof, trust};
use crate::verdict;

mod filters;

/// How many rows a page has.
const PAGE: usize = 25;
/// How many rows are checked at once.
const AT_ONCE: usize = 4;

/// One event as the node lists it, and what came of checking it.
#[derive(Clone)]
struct Row {
    id: EventId,
    claim: Brief,
    /// What the checked event says in place of the claim.
    checked: Local<Assurance<Brief>>,
}

/// What the node listed so far.
#[derive(Clone, Copy)]
struct Listing {
    rows: Local<Vec<Row>>,
    next: RwSignal<Option<String>>,
    is_loading: RwSignal<bool>,
    problem: RwSignal<String>,
}

/// The page.
pub(crate) fn log(app: App, filters: &Filters) -> View {
    let listing = Listing {
        rows: RwSignal::new_local(Vec::new()),
        next: RwSignal::new(None),
        is_loading: RwSignal::new(false),
        problem: RwSignal::new(String::new()),
    };
    let query = filters.query();
    let latest = StoredValue::new_local(Latest::default());
    Effect::new({
        let query = query.clone();
        move |_| {
            let ticket = latest.with_value(Latest::next);
            app.synced.track();
            listing.rows.set(Vec::new());
            listing.next.set(None);
            if let Some(client) = app.client.get() {
                load(listing, client, query.clone(), ticket);
            }
        }
    });
    let more = move |_| {
        let cursor = listing.next.get_untracked();
        if let (Some(client), Some(cursor)) = (app.client.get_untracked(), cursor) {
            let query = [&query, "&cursor=", &encode(&cursor)].concat();
            load(listing, client, query, latest.with_value(Latest::next));
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
        let button = button(words::MORE, more.clone()).live_attr("disabled", is_off);
        el("div").class("row").add(button).view()
    };
    let list = el("section")
        .class("card")
        .add(
            el("p")
                .class("soft status")
                .attr("role", "status")
                .live_text(move || status(app, listing)),
        )
        .live(move || table(listing))
        .live(more);
    all([
        head(words::TITLE, words::WHAT).view(),
        top.view(),
        filters::form(filters).view(),
        list.view(),
    ])
}

fn status(app: App, listing: Listing) -> String {
    if listing.is_loading.get() {
        return words::LOADING.to_owned();
    }
    let problem = listing.problem.get();
    if !problem.is_empty() {
        return [words::FAILED, &problem].concat();
    }
    let is_empty = listing.rows.with(Vec::is_empty);
    if app.client.with(Option::is_none) {
        trust::NO_HEAD.to_owned()
    } else if is_empty {
        words::NOTHING.to_owned()
    } else {
        String::new()
    }
}

fn head_state(head: &Assurance<FinalHeader>) -> View {
    if matches!(head, Assurance::Verified(_)) {
        let note = el("span").class("small soft").text(words::HEAD_VERIFIED);
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
        return nothing();
    };
    let header = head.header();
    let anchor = known.as_ref().map(|known| known.anchor().to_string()).unwrap_or_default();
    let stat = |name: &str, value: El| el("div").add(el("dt").text(name)).add(value);
    let plain = |name: &str, value: &str| stat(name, el("dd").text(value));
    let stats = el("dl")
        .class("stats")
        .add(plain(words::HEIGHT, &thousands(header.height)))
        .add(plain(words::EVENTS, &thousands(header.events.get())))
        .add(plain(words::HEAD_TIME, &short_time(header.time)))
        .add(plain(words::SYNCED, &short_time(at)))
        .add(stat(trust::PINNED, el("dd").add(brief_hash(trust::LABEL, &anchor))));
    let sync = el("div").class("row no-print").add(button(words::SYNC, move |_| app.sync()));
    all([stats.view(), sync.view()])
}

fn table(listing: Listing) -> View {
    let rows = listing.rows.get();
    if rows.is_empty() {
        return nothing();
    }
    let heads =
        [words::INDEX, words::TYPE, words::ACTOR, words::RESOURCE, words::TIME, words::VERDICT];
    let heads = heads.map(|head| el("th").attr("scope", "col").text(head));
    el("table")
        .class("cards")
        .add(el("caption").class("hidden").text(words::CAPTION))
        .add(el("thead").add(el("tr").all(heads)))
        .add(el("tbody").all(rows.into_iter().map(row)))
        .view()
}

/// One row: the listed fields until the event is verified, then its own.
fn row(Row { id, claim, checked }: Row) -> El {
    let link = format!("#/event/{id}");
    let cells = move || {
        checked.with(|checked| {
            let own = match checked {
                Assurance::Verified(own) => Some(own),
                Assurance::NotChecked
                | Assurance::Checking
                | Assurance::CouldNotCheck(_)
                | Assurance::NotFinal
                | Assurance::Stale(_)
                | Assurance::Failed(_) => None,
            };
            let differs = own.is_some_and(|own| *own != claim);
            let warning = differs.then(|| el("p").class("small differs").text(proof::LIST_DIFFERS));
            let shown = own.unwrap_or(&claim);
            let cell = |name: &str, inner: El| el("td").attr("data-name", name).add(inner);
            let clipped = |text: &str| el("bdi").class("clip").text(text);
            let index = el("a").attr("href", &link).text(&shown.index);
            let verdict = el("td").add(badge(verdict::look(checked))).maybe(warning);
            all([
                cell(words::INDEX, index).class("number").view(),
                cell(words::TYPE, clipped(&shown.event_type)).view(),
                cell(words::ACTOR, clipped(&shown.actor)).view(),
                cell(words::RESOURCE, clipped(&shown.resource)).view(),
                cell(words::TIME, el("span").text(&shown.time)).class("time").view(),
                verdict.view(),
            ])
        })
    };
    el("tr").live(cells)
}

/// Asks for one page and checks its rows.
fn load(listing: Listing, client: LightClient, query: String, ticket: Ticket) {
    listing.is_loading.set(true);
    listing.problem.set(String::new());
    spawn_local(async move {
        let answer = client.claimed_events(&query).await;
        if !ticket.is_latest() {
            return;
        }
        let _left = listing.is_loading.try_set(false);
        match answer {
            Ok(list) => {
                let (rows, next) = read_list(&list);
                let _left = listing.next.try_set(next);
                let _left = listing.rows.try_update(|all| all.extend(rows.iter().cloned()));
                check(&rows, &client, &ticket);
            }
            Err(error) => {
                let _left = listing.problem.try_set(error.to_string());
            }
        }
    });
}

/// Reads the node's list: claims, of which only the ids are used for more than showing.
fn read_list(list: &str) -> (Vec<Row>, Option<String>) {
    let list = js_sys::JSON::parse(list).unwrap_or(JsValue::NULL);
    let rows = list_member(&list, "events").into_iter().filter_map(|entry| {
        let event = member(&entry, "event");
        let party = |name: &str| {
            let party = member(&event, name);
            party_text(&text_member(&party, "kind"), &text_member(&party, "id"))
        };
        let index = member(&entry, "index").as_f64().unwrap_or(0.0);
        let time = member(&event, "time").as_f64().unwrap_or(0.0);
        Some(Row {
            id: text_member(&entry, "id").parse().ok()?,
            claim: Brief {
                index: thousands(whole(index)),
                event_type: text_member(&event, "type"),
                actor: party("actor"),
                resource: party("resource"),
                time: short_time(cairn_verifier::UnixMillis(whole(time))),
            },
            checked: RwSignal::new_local(Assurance::Checking),
        })
    });
    (rows.collect(), member(&list, "next").as_string())
}

#[expect(
    clippy::as_conversions,
    reason = "from float to integer there is only this cast; it saturates"
)]
const fn whole(number: f64) -> u64 {
    number as u64
}

/// Checks the rows from the top, a few at once.
fn check(rows: &[Row], client: &LightClient, ticket: &Ticket) {
    for start in 0..AT_ONCE {
        let own: Vec<Row> = rows.iter().skip(start).step_by(AT_ONCE).cloned().collect();
        let (client, ticket) = (client.clone(), ticket.clone());
        spawn_local(async move {
            for Row { id, checked, .. } in own {
                if !ticket.is_latest() {
                    return;
                }
                let found = client.event(&id).await;
                let brief = found.and_then(|receipt| Brief::of(&receipt));
                let _left = checked.try_set(brief.into());
            }
        });
    }
}
