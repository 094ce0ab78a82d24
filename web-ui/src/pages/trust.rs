//! What is pinned, what follows from it, and what does not.

use cairn_light_client::Assurance;
use cairn_verifier::FinalHeader;
use cairn_verifier::trust::TrustAnchor;
use leptos::prelude::*;

use crate::browser;
use crate::components::badge::banner;
use crate::components::fields::{list, section};
use crate::components::frame::{button, head};
use crate::components::hash::hash;
use crate::components::proof::standing_fields;
use crate::format::{count, thousands, time};
use crate::html::{El, View, all, el, nothing};
use crate::pin::{Pin, PinnedBy};
use crate::record::Field;
use crate::state::App;
use crate::text::{fields, log, trust as words};
use crate::verdict;

/// The field for the anchor.
const ANCHOR: &str = "anchor";

/// The page.
pub(crate) fn trust(app: App) -> View {
    let limits = words::LIMITS.into_iter().map(|limit| el("li").text(limit));
    let pin = section(words::PINNED).live(move || pinned(app)).add(pin_form(app));
    let newest = section(words::HEAD)
        .add(el("div").class("live").attr("role", "status").live(move || head_state(app)))
        .live(move || head_facts(app));
    let not_proven = section(words::NOT_PROVEN).add(el("ul").class("notes").all(limits));
    all([head(words::TITLE, words::WHAT).view(), pin.view(), newest.view(), not_proven.view()])
}

fn pinned(app: App) -> View {
    let Some(Pin { anchor, by }) = app.pin.get() else {
        return el("p").text(words::NONE).view();
    };
    let keep = button(words::KEEP, move |_| app.pin_by_user(anchor));
    let (note, keep) = match by {
        PinnedBy::Link => (words::THIS_TAB, Some(keep)),
        PinnedBy::User => (words::KEPT, None),
    };
    let row = el("div").class("row").maybe(keep).add(button(words::FORGET, move |_| app.unpin()));
    all([
        el("p").add(hash(words::LABEL, &anchor.to_string())).view(),
        el("p").class("small soft").text(note).view(),
        row.view(),
    ])
}

fn pin_form(app: App) -> El {
    let problem = RwSignal::new(String::new());
    let submit = move |event: web_sys::Event| {
        event.prevent_default();
        match browser::value(ANCHOR).trim().parse::<TrustAnchor>() {
            Ok(anchor) => {
                problem.set(String::new());
                browser::set_value(ANCHOR, "");
                app.pin_by_user(anchor);
            }
            Err(error) => problem.set(verdict::as_sentence(&error.to_string())),
        }
    };
    let is_bad = move || Some((!problem.with(String::is_empty)).to_string());
    let input = el("input")
        .class("mono")
        .attr("id", ANCHOR)
        .attr("type", "text")
        .attr("autocomplete", "off")
        .attr("autocapitalize", "off")
        .attr("spellcheck", "false")
        .attr("aria-describedby", "anchor-hint anchor-problem")
        .live_attr("aria-invalid", is_bad);
    let field = el("div")
        .class("field")
        .add(el("label").attr("for", ANCHOR).text(words::LABEL))
        .add(input)
        .add(el("p").class("small soft").attr("id", "anchor-hint").text(words::HINT))
        .add(
            el("p")
                .class("small problem")
                .attr("id", "anchor-problem")
                .attr("role", "alert")
                .live_text(move || problem.get()),
        );
    let set = el("button").class("main").attr("type", "submit").text(words::SET);
    el("form").class("section").on("submit", submit).add(field).add(el("div").class("row").add(set))
}

fn head_state(app: App) -> View {
    app.head.with(|head| match head {
        Assurance::NotChecked => el("p").class("soft").text(words::NO_HEAD).view(),
        Assurance::Verified(_) => nothing(),
        Assurance::Checking
        | Assurance::CouldNotCheck(_)
        | Assurance::NotFinal
        | Assurance::Stale(_)
        | Assurance::Failed(_) => banner(head, &verdict::sentence(head, |_| String::new()), &[]),
    })
}

/// The newest header known, even if the node did not answer this time: it was verified before.
fn head_facts(app: App) -> View {
    app.head.track();
    let Some(client) = app.client.get() else {
        return nothing();
    };
    let known = client.known();
    let refused = client
        .refused_evidence()
        .map(|error| el("p").class("small").text(words::REFUSED).text(&error.to_string()));
    let rows = known.head().map(|head| {
        let mut rows = header_fields(head);
        if let Some(at) = known.synced_at() {
            rows.push(Field::plain(log::SYNCED, time(at)));
        }
        rows.extend(standing_fields(&known.standing().unwrap_or_else(|| head.standing())));
        list(&rows)
    });
    all(refused.into_iter().chain(rows).map(El::view))
}

fn header_fields(head: &FinalHeader) -> Vec<Field> {
    let header = head.header();
    vec![
        Field::digest(fields::LOG, &header.log),
        Field::plain(log::HEIGHT, thousands(header.height)),
        Field::plain(words::HOLDS, count(header.events.get(), "event")),
        Field::plain(log::HEAD_TIME, time(header.time)),
        Field::digest(fields::HEADER, &head.digest()),
        Field::digest(words::EVENT_ROOT, &header.event_root),
        Field::plain(words::EPOCH, thousands(header.epoch)),
        Field::digest(words::SET_DIGEST, &header.set),
    ]
}
