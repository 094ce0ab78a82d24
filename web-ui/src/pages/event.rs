//! One event of the log, verified under the head that the light client follows.

use cairn_light_client::Assurance;
use cairn_verifier::digest::EventId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser;
use crate::components::hash::hash;
use crate::components::payload::Source;
use crate::components::proof;
use crate::state::{App, Examined, Latest, Local};
use crate::text::{fields, frame, proof as words};

/// The event's page.
pub(crate) fn event(app: App, text: &str) -> AnyView {
    let Ok(id) = text.parse::<EventId>() else {
        return view! {
            <div class="head">
                <h1 tabindex="-1">{words::EVENT}</h1>
                <p class="lead">{words::BAD_ID}</p>
            </div>
        }
        .into_any();
    };
    let again = RwSignal::new(0_u32);
    let examined = follow(app, id, again);
    let saving = RwSignal::new(false);
    let failure = RwSignal::new(String::new());
    let download = move |_| save(app, id, saving, failure);
    let is_verified =
        move || examined.with(|found| matches!(found.assurance, Assurance::Verified(_)));
    view! {
        <div class="head">
            <p class="small">
                <a class="back" href="#/log">{frame::LOG}</a>
            </p>
            <h1 tabindex="-1">{words::EVENT}</h1>
            <p>{hash(fields::ID, &id.to_string())}</p>
        </div>
        <div role="status" aria-live="polite" id="verdict">
            {move || examined.with(proof::verdict)}
        </div>
        <div class="row">
            <button
                type="button"
                class="main"
                disabled=move || saving.get() || !is_verified()
                on:click=download
            >
                {move || if saving.get() { words::DOWNLOADING } else { words::DOWNLOAD }}
            </button>
            <button type="button" on:click=move |_| again.update(|count| *count += 1)>
                {words::AGAIN}
            </button>
            <span role="status">{move || failure.get()}</span>
        </div>
        {move || examined.with(|found| proof::details(app, found, None, Source::Node))}
    }
    .into_any()
}

/// Verifies the event, and again whenever the client changes or it is asked for.
fn follow(app: App, id: EventId, again: RwSignal<u32>) -> Local<Examined> {
    let latest = Latest::default();
    let found = RwSignal::new_local(Examined::not_yet(Assurance::NotChecked));
    Effect::new(move |_| {
        let ticket = latest.next();
        again.track();
        let (client, has_pin) = (app.client.get(), app.pin.with(Option::is_some));
        let waiting = if has_pin { Assurance::Checking } else { Assurance::NotChecked };
        found.set(Examined::not_yet(waiting));
        let Some(client) = client else {
            return;
        };
        spawn_local(async move {
            let answer = client.event(&id).await.into();
            if ticket.is_latest() {
                let _left = found.try_set(Examined::of(answer));
            }
        });
    });
    found
}

/// Fetches the receipt that stands alone, checks it, and offers it as a file.
fn save(app: App, id: EventId, saving: RwSignal<bool>, failure: RwSignal<String>) {
    let Some(client) = app.client.get_untracked() else {
        return;
    };
    saving.set(true);
    failure.set(String::new());
    spawn_local(async move {
        let text = match client.receipt(&id).await {
            Ok(receipt) => {
                let _saved = browser::save(&format!("{id}.cairn"), receipt.bytes());
                String::new()
            }
            Err(error) => crate::verdict::as_sentence(&error.to_string()),
        };
        let _left = (saving.try_set(false), failure.try_set(text));
    });
}
