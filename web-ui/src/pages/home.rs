//! Where receipts are dropped, and their verdicts listed.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use cairn_light_client::{Assurance, ClientError};
use cairn_verifier::receipt::Receipt;

use crate::browser::{self, list_member, text_member};
use crate::components::badge::badge;
use crate::components::drop_zone::drop_zone;
use crate::state::{App, Given};
use crate::text::{home as words, state};
use crate::verdict::{self, Look};

/// The page.
pub(crate) fn home(app: App) -> AnyView {
    view! {
        <div class="head">
            <h1 tabindex="-1">{words::TITLE}</h1>
            <p class="lead">{words::WHAT}</p>
        </div>
        <div class="section">{drop_zone(app)}</div>
        {move || results(app)}
        {move || app.client.with(Option::is_some).then(|| samples(app))}
        <section class="section">
            <h2>{words::STATES}</h2>
            {legend()}
        </section>
        <aside class="honest">
            <h2>{words::HONEST}</h2>
            <p>{words::HONEST_WHY}</p>
        </aside>
    }
    .into_any()
}

fn results(app: App) -> AnyView {
    let given = app.given.get();
    if given.is_empty() {
        return ().into_any();
    }
    let rows = given.into_iter().enumerate().rev().map(|(at, given)| row(app, at + 1, given));
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <div class="head-row">
                <h2>{words::RESULTS}</h2>
                <button type="button" on:click=move |_| app.given.set(Vec::new())>
                    {words::CLEAR}
                </button>
            </div>
            <ul class="items">{rows}</ul>
        </section>
    }
    .into_any()
}

fn row(app: App, number: usize, Given { name, bytes }: Given) -> AnyView {
    let examined = app.examine(bytes);
    let link = format!("#/receipt/{number}");
    let why = move || {
        examined.with(|found| {
            verdict::sentence(&found.assurance, |fact| crate::text::verified(fact.index()))
        })
    };
    view! {
        <li class="item">
            <span role="status">
                {move || examined.with(|found| badge(verdict::look(&found.assurance)))}
            </span>
            <strong>
                <bdi>{name}</bdi>
            </strong>
            <p>{why}</p>
            <span class="row">
                <a href=link>{words::OPEN}</a>
            </span>
        </li>
    }
    .into_any()
}

/// Receipts to try, for who has none.
fn samples(app: App) -> AnyView {
    let failure = RwSignal::new(String::new());
    let fetch = move |is_bad: bool| {
        failure.set(String::new());
        spawn_local(async move {
            match newest(app).await {
                Ok(bytes) => {
                    let name = if is_bad { words::SAMPLE_BAD } else { words::SAMPLE_GOOD };
                    let bytes = if is_bad { bent(bytes) } else { bytes };
                    let number = app.take(name.to_owned(), bytes);
                    browser::go(&format!("#/receipt/{number}"));
                }
                Err(error) => {
                    let text = [words::SAMPLE_FAILED, &error.to_string()].concat();
                    let _left = failure.try_set(text);
                }
            }
        });
    };
    view! {
        <section class="section" id="samples">
            <h2>{words::SAMPLE}</h2>
            <p class="soft">{words::SAMPLE_WHY}</p>
            <div class="row">
                <button type="button" on:click=move |_| fetch(false)>
                    {words::SAMPLE_GOOD}
                </button>
                <button type="button" on:click=move |_| fetch(true)>
                    {words::SAMPLE_BAD}
                </button>
                <span role="status">{move || failure.get()}</span>
            </div>
        </section>
    }
    .into_any()
}

/// The receipt of the newest event that the node lists.
async fn newest(app: App) -> Result<Vec<u8>, ClientError> {
    let none = || ClientError::Network { why: words::EMPTY_LOG.to_owned() };
    let client = app.client.get_untracked().ok_or_else(none)?;
    let list = client.claimed_events("limit=1").await?;
    let list = js_sys::JSON::parse(&list).unwrap_or(JsValue::NULL);
    let first = list_member(&list, "events").into_iter().next().ok_or_else(none)?;
    let id = text_member(&first, "id").parse().map_err(|_| none())?;
    client.receipt(&id).await.map(|receipt| receipt.bytes().to_vec())
}

/// The same bytes but one: in the last hash of the inclusion proof, or else the very last.
fn bent(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = Receipt::decode(&bytes).ok().and_then(|receipt| {
        let hash = receipt.inclusion.iter().last()?;
        bytes.windows(32).position(|window| window == hash.as_bytes())
    });
    let last = bytes.len().saturating_sub(1);
    if let Some(byte) = bytes.get_mut(at.unwrap_or(last)) {
        *byte ^= 1;
    }
    bytes
}

/// All states with what they mean.
fn legend() -> AnyView {
    let looks: [Look; 5] = [
        verdict::VERIFIED,
        verdict::NOT_FINAL,
        verdict::FAILED,
        verdict::COULD_NOT,
        verdict::look(&Assurance::<()>::NotChecked),
    ];
    let row = |(look, meaning): (Look, &'static str)| {
        view! {
            <div>
                <dt>{badge(look)}</dt>
                <dd>{meaning}</dd>
            </div>
        }
    };
    view! {
        <dl class="legend">{looks.into_iter().zip(state::LEGEND).map(row).collect_view()}</dl>
    }
    .into_any()
}
