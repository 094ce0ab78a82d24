//! The log as the node lists it, each row checked against the pinned anchor.

use cairn_light_client::{Assurance, ClientError, LightClient};
use cairn_verifier::FinalHeader;
use cairn_verifier::digest::EventId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use crate::browser::{list_member, member, text_member};
use crate::components::badge::{badge, banner};
use crate::components::hash::brief_hash;
use crate::format::{short_time, thousands, time};
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
pub(crate) fn log(app: App, filters: &Filters) -> AnyView {
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
    view! {
        <div class="head">
            <h1 tabindex="-1">{words::TITLE}</h1>
            <p class="lead">{words::WHAT}</p>
        </div>
        <section class="card">
            <div role="status" aria-live="polite">{move || app.head.with(head_state)}</div>
            {move || head_facts(app)}
        </section>
        {filters::form(filters)}
        <section class="card">
            <div role="status" class="soft">{move || status(app, listing)}</div>
            {move || table(listing)}
            {move || listing.next.with(Option::is_some).then(|| view! {
                <div class="row">
                    <button
                        type="button"
                        disabled=move || listing.is_loading.get()
                        on:click=more.clone()
                    >
                        {words::MORE}
                    </button>
                </div>
            })}
        </section>
    }
    .into_any()
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

fn head_state(head: &Assurance<FinalHeader>) -> AnyView {
    if matches!(head, Assurance::Verified(_)) {
        return badge(verdict::look(head));
    }
    banner(head, verdict::sentence(head, |_| String::new()), Vec::new())
}

fn head_facts(app: App) -> AnyView {
    app.head.track();
    let known = app.client.get().map(|client| client.known());
    let Some((head, at)) = known.as_ref().and_then(|known| Some((known.head()?, known.synced_at()?)))
    else {
        return ().into_any();
    };
    let header = head.header();
    let stats = [
        (words::HEIGHT, thousands(header.height)),
        (words::EVENTS, thousands(header.events.get())),
        (words::HEAD_TIME, short_time(header.time)),
        (words::SYNCED, short_time(at)),
    ];
    let stat = |(name, value): (&'static str, String)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    view! {
        <dl class="stats" title=time(at)>
            {stats.map(stat).collect_view()}
            <div>
                <dt>{trust::PINNED}</dt>
                <dd>{brief_hash(trust::LABEL, &head.standing().anchor.to_string())}</dd>
            </div>
        </dl>
        <div class="row">
            <button type="button" on:click=move |_| app.sync()>
                {words::SYNC}
            </button>
        </div>
    }
    .into_any()
}

fn table(listing: Listing) -> AnyView {
    let rows = listing.rows.get();
    if rows.is_empty() {
        return ().into_any();
    }
    let heads = [
        words::INDEX,
        words::TYPE,
        words::ACTOR,
        words::RESOURCE,
        words::TIME,
        words::VERDICT,
    ];
    view! {
        <table class="cards">
            <caption class="hidden">{words::CAPTION}</caption>
            <thead>
                <tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr>
            </thead>
            <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(Row { id, claim, checked }: Row) -> AnyView {
    let link = format!("#/event/{id}");
    let listed = claim.clone();
    let differs = move || {
        let is_other = checked.with(|checked| {
            matches!(checked, Assurance::Verified(brief) if *brief != listed)
        });
        is_other.then(|| view! { <p class="small tone-amber differs">{proof::LIST_DIFFERS}</p> })
    };
    // The listed fields until the event is verified, then its own.
    let cell = move |read: fn(&Brief) -> &String| {
        let claim = claim.clone();
        move || {
            checked.with(|checked| match checked {
                Assurance::Verified(brief) => read(brief).clone(),
                Assurance::NotChecked
                | Assurance::Checking
                | Assurance::CouldNotCheck(_)
                | Assurance::NotFinal
                | Assurance::Stale(_)
                | Assurance::Failed(_) => read(&claim).clone(),
            })
        }
    };
    view! {
        <tr>
            <td class="number" data-name=words::INDEX>
                <a href=link>{cell.clone()(|brief| &brief.index)}</a>
            </td>
            <td data-name=words::TYPE>
                <bdi class="clip">{cell.clone()(|brief| &brief.event_type)}</bdi>
            </td>
            <td data-name=words::ACTOR>
                <bdi class="clip">{cell.clone()(|brief| &brief.actor)}</bdi>
            </td>
            <td data-name=words::RESOURCE>
                <bdi class="clip">{cell.clone()(|brief| &brief.resource)}</bdi>
            </td>
            <td class="time" data-name=words::TIME>
                {cell(|brief| &brief.time)}
            </td>
            <td>{move || checked.with(|checked| badge(verdict::look(checked)))} {differs}</td>
        </tr>
    }
    .into_any()
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
                let brief = found.and_then(|receipt| {
                    Brief::of(&receipt).ok_or(ClientError::NoPayload)
                });
                let _left = checked.try_set(brief.into());
            }
        });
    }
}
