//! What is pinned, what follows from it, and what does not.

use cairn_light_client::Assurance;
use cairn_verifier::FinalHeader;
use cairn_verifier::trust::TrustAnchor;
use leptos::prelude::*;

use crate::components::badge::banner;
use crate::components::fields::{list, plain_field};
use crate::components::hash::hash;
use crate::components::proof::standing_fields;
use crate::format::{count, thousands, time};
use crate::pin::{Pin, PinnedBy};
use crate::record::Field;
use crate::state::App;
use crate::text::{fields, log, trust as words};
use crate::verdict;

/// The page.
pub(crate) fn trust(app: App) -> AnyView {
    let limits = words::LIMITS.into_iter().map(|limit| view! { <li>{limit}</li> }).collect_view();
    view! {
        <div class="head">
            <h1 tabindex="-1">{words::TITLE}</h1>
            <p class="lead">{words::WHAT}</p>
        </div>
        <section class="card">
            <h2>{words::PINNED}</h2>
            {move || pinned(app)}
            {pin_form(app)}
        </section>
        <section class="card">
            <h2>{words::HEAD}</h2>
            <div role="status" aria-live="polite">{move || head_state(app)}</div>
            {move || head_facts(app)}
        </section>
        <section class="card">
            <h2>{words::NOT_PROVEN}</h2>
            <ul class="notes">{limits}</ul>
        </section>
    }
    .into_any()
}

fn pinned(app: App) -> AnyView {
    let Some(pin) = app.pin.get() else {
        return view! { <p>{words::NONE}</p> }.into_any();
    };
    let Pin { anchor, by } = pin;
    let (note, keep) = match by {
        PinnedBy::Link => (words::THIS_TAB, true),
        PinnedBy::User => (words::KEPT, false),
    };
    view! {
        <p class="anchor">{hash(words::LABEL, &anchor.to_string())}</p>
        <p class="small soft">{note}</p>
        <div class="row">
            {keep.then(|| view! {
                <button type="button" on:click=move |_| app.pin_by_user(anchor)>
                    {words::KEEP}
                </button>
            })}
            <button type="button" on:click=move |_| app.unpin()>
                {words::FORGET}
            </button>
        </div>
    }
    .into_any()
}

fn pin_form(app: App) -> AnyView {
    let input = NodeRef::<leptos::html::Input>::new();
    let problem = RwSignal::new(String::new());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else {
            return;
        };
        match input.value().trim().parse::<TrustAnchor>() {
            Ok(anchor) => {
                problem.set(String::new());
                input.set_value("");
                app.pin_by_user(anchor);
            }
            Err(error) => problem.set(verdict::as_sentence(&error.to_string())),
        }
    };
    view! {
        <form class="section" on:submit=submit>
            <div class="field">
                <label for="anchor">{words::LABEL}</label>
                <input
                    node_ref=input
                    id="anchor"
                    type="text"
                    class="mono"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby="anchor-hint anchor-problem"
                    aria-invalid=move || if problem.with(String::is_empty) { "false" } else { "true" }
                />
                <p id="anchor-hint" class="small soft">{words::HINT}</p>
                <p id="anchor-problem" class="small problem" role="alert">{move || problem.get()}</p>
            </div>
            <div class="row">
                <button type="submit" class="main">{words::SET}</button>
            </div>
        </form>
    }
    .into_any()
}

fn head_state(app: App) -> AnyView {
    app.head.with(|head| match head {
        Assurance::NotChecked => view! { <p class="soft">{words::NO_HEAD}</p> }.into_any(),
        Assurance::Verified(_) => ().into_any(),
        Assurance::Checking
        | Assurance::CouldNotCheck(_)
        | Assurance::NotFinal
        | Assurance::Stale(_)
        | Assurance::Failed(_) => {
            banner(head, verdict::sentence(head, |_| String::new()), Vec::new())
        }
    })
}

/// The newest header known, even if the node did not answer this time: it was verified before.
fn head_facts(app: App) -> AnyView {
    app.head.track();
    let Some(client) = app.client.get() else {
        return ().into_any();
    };
    let known = client.known();
    let refused = client.refused_evidence().map(|error| {
        view! { <p class="small">{words::REFUSED} {error.to_string()}</p> }
    });
    let rows = known.head().map(|head| {
        let mut rows = header_fields(head);
        if let Some(at) = known.synced_at() {
            rows.push(plain_field(log::SYNCED, time(at)));
        }
        rows.extend(standing_fields(&known.standing().unwrap_or_else(|| head.standing())));
        list(&rows)
    });
    view! {
        {refused}
        {rows}
    }
    .into_any()
}

fn header_fields(head: &FinalHeader) -> Vec<Field> {
    let header = head.header();
    let digest = |name: &str, value: String| Field { name: name.to_owned(), value, is_digest: true };
    vec![
        digest(fields::LOG, header.log.to_string()),
        plain_field(log::HEIGHT, thousands(header.height)),
        plain_field(words::HOLDS, count(header.events.get(), "event")),
        plain_field(log::HEAD_TIME, time(header.time)),
        digest(fields::HEADER, head.digest().to_string()),
        digest(words::EVENT_ROOT, header.event_root.to_string()),
        plain_field(words::EPOCH, thousands(header.epoch)),
        digest(words::SET_DIGEST, header.set.to_string()),
    ]
}
