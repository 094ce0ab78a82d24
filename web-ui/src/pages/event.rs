//! One event of the log, verified under the head that the light client follows.

use cairn_light_client::Assurance;
use cairn_verifier::digest::EventId;

use crate::browser;
use crate::components::frame::{button, head, live_verdict};
use crate::components::hash::hash;
use crate::components::payload::Source;
use crate::components::proof;
use crate::html::{View, all, el, live};
use crate::signals::*;
use crate::state::{App, Examined, Latest, Local};
use crate::text::{fields, frame, proof as words};

/// The event's page.
pub(crate) fn event(app: App, text: &str) -> View {
    let Ok(id) = text.parse::<EventId>() else {
        return head(words::EVENT.get(), words::BAD_ID.get()).view();
    };
    let again = RwSignal::new(0_u32);
    let examined = follow(app, id, again);
    let saving = RwSignal::new(false);
    let failure = RwSignal::new(String::new());
    let head = el("div")
        .class("head")
        .add(el("a").class("back small").attr("href", "#/log").text(frame::LOG.get()))
        .add(el("h1").attr("tabindex", "-1").text(words::EVENT.get()))
        .add(el("p").add(hash(fields::ID.get(), &id.to_string())));
    let is_off = move || {
        let is_verified = examined.with(|found| matches!(found.assurance, Assurance::Verified(_)));
        (saving.get() || !is_verified).then(String::new)
    };
    let label = move || {
        let words = if saving.get() { words::DOWNLOADING.get() } else { words::DOWNLOAD.get() };
        words.to_owned()
    };
    let download = button("", move |_| save(app, id, saving, failure))
        .class("main")
        .live_attr("disabled", is_off)
        .live_text(label);
    let actions = el("div")
        .class("row")
        .add(download)
        .add(button(words::AGAIN.get(), move |_| again.update(|count| *count += 1)))
        .add(el("span").attr("role", "status").live_text(move || failure.get()));
    let details = move || examined.with(|found| proof::details(app, found, None, Source::Node));
    all([
        head.view(),
        live_verdict(examined, crate::text::verified).view(),
        actions.view(),
        live(details),
    ])
}

/// Verifies the event, and again whenever the client changes or it is asked for.
fn follow(app: App, id: EventId, again: RwSignal<u32>) -> Local<Examined> {
    let latest = Latest::default();
    let found = RwSignal::new_local(Examined::not_yet(Assurance::NotChecked));
    effect(move || {
        let ticket = latest.next();
        again.track();
        let (client, has_pin) = (app.client.get(), app.pin.with(Option::is_some));
        let waiting = if has_pin { Assurance::Checking } else { Assurance::NotChecked };
        found.set(Examined::not_yet(waiting));
        let Some(client) = client else {
            return;
        };
        spawn_local(async move {
            let answer = client.event(&id).await;
            app.heed(&client, answer.as_ref().err());
            let answer = answer.into();
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
