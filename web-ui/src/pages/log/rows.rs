//! The rows of the list: as the node tells them, and as checking finds them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use cairn_light_client::{Assurance, LightClient};
use cairn_verifier::digest::EventId;
use wasm_bindgen::JsValue;

use super::PAGE;
use crate::browser::{self, list_member, member, text_member};
use crate::components::badge::badge;
use crate::format::{short_time, thousands, whole};
use crate::html::{El, View, all, el, nothing};
use crate::record::{Brief, party_text};
use crate::signals::*;
use crate::state::{App, Local, Ticket};
use crate::text::{log as words, proof};
use crate::verdict::{self, explained};

/// How many rows are checked at once.
const AT_ONCE: usize = 4;
/// The most rows that stay when new ones come in from the stream.
const MOST: usize = 200;
/// How long they are gathered before they are shown, in milliseconds.
const GATHER: i32 = 300;

/// One event as the node lists it, and what came of checking it.
#[derive(Clone)]
pub(super) struct Row {
    id: EventId,
    /// Its claimed time.
    pub(super) time: u64,
    claim: Brief,
    /// What the checked event says in place of the claim.
    checked: Local<Assurance<Brief>>,
}

/// What the node listed so far.
#[derive(Clone, Copy)]
pub(super) struct Listing {
    pub(super) app: App,
    pub(super) rows: Local<Vec<Row>>,
    pub(super) next: RwSignal<Option<String>>,
    pub(super) is_loading: RwSignal<bool>,
    pub(super) problem: RwSignal<String>,
}

impl Listing {
    /// Lists nothing.
    pub(super) fn clear(self) {
        self.rows.set(Vec::new());
        self.next.set(None);
    }
}

pub(super) fn table(listing: Listing) -> View {
    let rows = listing.rows.get();
    if rows.is_empty() {
        return nothing();
    }
    let heads = [
        words::INDEX.get(),
        words::TYPE.get(),
        words::ACTOR.get(),
        words::RESOURCE.get(),
        words::TIME.get(),
        words::VERDICT.get(),
    ];
    let heads = heads.map(|head| el("th").attr("scope", "col").text(head));
    el("table")
        .class("cards")
        .add(el("caption").class("hidden").text(words::CAPTION.get()))
        .add(el("thead").add(el("tr").all(heads)))
        .add(el("tbody").all(rows.into_iter().map(row)))
        .view()
}

/// One row: the listed fields until the event is verified, then its own.
fn row(Row { id, claim, checked, .. }: Row) -> El {
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
            let warning =
                differs.then(|| el("p").class("small differs").text(proof::LIST_DIFFERS.get()));
            let shown = own.unwrap_or(&claim);
            let cell = |name: &str, inner: El| el("td").attr("data-name", name).add(inner);
            let clipped = |text: &str| el("bdi").class("clip").text(text);
            let index = el("a").attr("href", &link).text(&shown.index);
            let verdict = el("td").add(badge(verdict::look(checked))).maybe(warning);
            all([
                cell(words::INDEX.get(), index).class("number").view(),
                cell(words::TYPE.get(), clipped(&shown.event_type)).view(),
                cell(words::ACTOR.get(), clipped(&shown.actor)).view(),
                cell(words::RESOURCE.get(), clipped(&shown.resource)).view(),
                cell(words::TIME.get(), el("span").text(&shown.time)).class("time").view(),
                verdict.view(),
            ])
        })
    };
    el("tr").live(cells)
}

/// Asks for one page more and checks its rows.
pub(super) fn load(listing: Listing, client: LightClient, query: String, ticket: Ticket) {
    ask(listing, client, query, (ticket, false));
}

/// Asks for the first page. The rows that stand there stay until the new ones have come.
pub(super) fn load_anew(listing: Listing, client: LightClient, query: String, ticket: Ticket) {
    ask(listing, client, query, (ticket, true));
}

fn ask(listing: Listing, client: LightClient, query: String, (ticket, is_anew): (Ticket, bool)) {
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
                let new = listing.rows.try_update(|all| put(all, rows, is_anew));
                check(listing.app, &new.unwrap_or_default(), &client, &ticket);
            }
            Err(error) => {
                let _left = listing.problem.try_set(explained(&error));
            }
        }
    });
}

/// Puts rows behind the others, or in their place, and gives those that are to be checked. A row that
/// was verified before and is listed again as it was stays as it is: what is under a final header is
/// under it for good.
fn put(all: &mut Vec<Row>, rows: Vec<Row>, is_anew: bool) -> Vec<Row> {
    let before = if is_anew { std::mem::take(all) } else { Vec::new() };
    let mut new = Vec::new();
    for row in rows {
        let stays = |other: &&Row| {
            let is_verified =
                |checked: &Assurance<Brief>| matches!(checked, Assurance::Verified(_));
            (other.id == row.id && other.claim == row.claim)
                && other.checked.with_untracked(is_verified)
        };
        let known = before.iter().find(stays).cloned();
        if known.is_none() {
            new.push(row.clone());
        }
        all.push(known.unwrap_or(row));
    }
    new
}

/// Reads the node's list: claims, of which only the ids are used for more than showing.
fn read_list(list: &str) -> (Vec<Row>, Option<String>) {
    let list = js_sys::JSON::parse(list).unwrap_or(JsValue::NULL);
    let rows = list_member(&list, "events").into_iter().filter_map(|entry| read_entry(&entry));
    (rows.collect(), member(&list, "next").as_string())
}

/// One of them; the stream tells of each in the same way.
fn read_entry(entry: &JsValue) -> Option<Row> {
    let event = member(entry, "event");
    let party = |name: &str| {
        let party = member(&event, name);
        party_text(&text_member(&party, "kind"), &text_member(&party, "id"))
    };
    let index = member(entry, "index").as_f64().unwrap_or(0.0);
    let time = whole(member(&event, "time").as_f64().unwrap_or(0.0));
    Some(Row {
        id: text_member(entry, "id").parse().ok()?,
        time,
        claim: Brief {
            index: thousands(whole(index)),
            event_type: text_member(&event, "type"),
            actor: party("actor"),
            resource: party("resource"),
            time: short_time(cairn_verifier::UnixMillis(time)),
        },
        checked: RwSignal::new_local(Assurance::Checking),
    })
}

/// Events that the stream tells of, put on top a few times a second, however many come.
#[derive(Clone)]
pub(super) struct Arrivals {
    listing: Listing,
    client: LightClient,
    ticket: Ticket,
    waiting: Rc<RefCell<VecDeque<Row>>>,
}

impl Arrivals {
    pub(super) fn new(listing: Listing, client: LightClient, ticket: Ticket) -> Self {
        Self { listing, client, ticket, waiting: Rc::default() }
    }

    /// Takes one, and puts it on the list soon.
    pub(super) fn take(&self, entry: &JsValue) {
        let Some(row) = read_entry(entry) else {
            return;
        };
        let mut waiting = self.waiting.borrow_mut();
        waiting.push_front(row);
        waiting.truncate(PAGE);
        if waiting.len() == 1 {
            let own = self.clone();
            browser::later(GATHER, move || own.put());
        }
    }

    fn put(&self) {
        let new: Vec<Row> = self.waiting.borrow_mut().drain(..).collect();
        let added = self.listing.rows.try_update(|rows| {
            let is_new = |row: &Row| rows.iter().all(|other| other.id != row.id);
            let new: Vec<Row> = new.into_iter().filter(is_new).collect();
            rows.splice(0..0, new.iter().cloned());
            rows.truncate(MOST);
            new
        });
        let Some(added) = added else {
            return;
        };
        let own = self.clone();
        spawn_local(async move {
            // They are newer than the head. If this fails, the checks say why.
            let app = own.listing.app;
            app.heed(&own.client, own.client.sync().await.err().as_ref());
            check(app, &added, &own.client, &own.ticket);
        });
    }
}

/// Checks the rows from the top, a few at once.
fn check(app: App, rows: &[Row], client: &LightClient, ticket: &Ticket) {
    for start in 0..AT_ONCE {
        let own: Vec<Row> = rows.iter().skip(start).step_by(AT_ONCE).cloned().collect();
        let (client, ticket) = (client.clone(), ticket.clone());
        spawn_local(async move {
            for Row { id, checked, .. } in own {
                if !ticket.is_latest() {
                    return;
                }
                let found = client.event(&id).await;
                app.heed(&client, found.as_ref().err());
                let brief = found.and_then(|receipt| Brief::of(&receipt));
                let _left = checked.try_set(brief.into());
            }
        });
    }
}
