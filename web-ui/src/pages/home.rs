//! Where receipts are dropped, and their verdicts listed.

use wasm_bindgen::{JsCast as _, JsValue};

use cairn_light_client::ClientError;
use cairn_verifier::receipt::Receipt;

use crate::browser::{self, list_member, text_member};
use crate::components::badge::badge;
use crate::components::drop_zone::drop_zone;
use crate::components::frame::{button, head};
use crate::folders::Files;
use crate::html::{El, View, all, el, live, nothing};
use crate::signals::*;
use crate::state::{App, Given};
use crate::text::{Text, batch, home as words, state};
use crate::verdict::{self, Look};

/// The box that keeps receipts.
const REMEMBER: &str = "remember";

/// The page.
pub(crate) fn home(app: App) -> View {
    let samples = move || samples(app, app.client.with(Option::is_some)).view();
    let states =
        el("section").class("section").add(el("h2").text(words::STATES.get())).add(legend());
    let honest = el("aside")
        .class("honest")
        .add(el("h2").text(words::HONEST.get()))
        .add(el("p").text(words::HONEST_WHY.get()));
    all([
        head(words::TITLE.get(), words::WHAT.get()).view(),
        drop_zone(app).view(),
        live(move || results(app)),
        live(samples),
        states.view(),
        honest.view(),
    ])
}

fn results(app: App) -> View {
    let given = app.given.get();
    if given.is_empty() {
        return nothing();
    }
    let title = el("div")
        .class("head-row")
        .add(el("h2").text(words::RESULTS.get()))
        .add(button(&words::CLEAR, move |_| app.given.set(Vec::new())));
    let rows = given.into_iter().enumerate().rev().map(|(at, given)| row(app, at + 1, given));
    el("section")
        .class("card")
        .add(title)
        .add(el("ul").class("items").all(rows))
        .add(remember(app))
        .view()
}

/// Whether to keep them; and a report of them all.
fn remember(app: App) -> El {
    let checked = move |event: web_sys::Event| {
        let input = event.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok());
        app.remembers.set(input.is_some_and(|input| input.checked()));
    };
    let input = el("input").attr("id", REMEMBER).attr("type", "checkbox").on("change", checked);
    let is_on = app.remembers.get_untracked();
    let input = if is_on { input.attr("checked", "") } else { input };
    let label = el("label").class("check").add(input).add(el("span").text(&words::REMEMBER));
    let note = el("span").class("small soft").text(&words::REMEMBER_WHY);
    let report = move |_| {
        let given = app.given.get_untracked().into_iter();
        let files = given.map(|given| (given.name, js_sys::Uint8Array::from(&*given.bytes).into()));
        app.batch.check_files(app, Files::Named(files.collect()));
        browser::go("#/batch");
    };
    let report = button(&batch::REPORT, report);
    let report =
        report.live_attr("hidden", move || app.pin.with(Option::is_none).then(String::new));
    el("div").class("head-row no-print").add(el("div").add(label).add(note)).add(report)
}

fn row(app: App, number: usize, Given { name, bytes }: Given) -> El {
    let examined = app.examine(bytes);
    let why = move || {
        examined.with(|found| {
            verdict::sentence(&found.assurance, |fact| crate::text::verified(fact.index()))
        })
    };
    let look = move || examined.with(|found| badge(verdict::look(&found.assurance)).view());
    let link = el("a").attr("href", &format!("#/receipt/{number}")).text(words::OPEN.get());
    el("li")
        .class("item")
        .add(el("span").attr("role", "status").live(look))
        .add(el("strong").add(el("bdi").text(&name)))
        .add(el("p").live_text(why))
        .add(el("span").class("row").add(link))
}

/// Receipts to try, for who has none: one that came with the page, and the newest of a log.
fn samples(app: App, has_node: bool) -> El {
    let failure = RwSignal::new(String::new());
    let fetch = move |is_bad: bool| {
        failure.set(String::new());
        spawn_local(async move {
            match newest(app).await {
                Ok(bytes) => {
                    let name =
                        if is_bad { words::SAMPLE_BAD.get() } else { words::SAMPLE_GOOD.get() };
                    let bytes = if is_bad { bent(bytes) } else { bytes };
                    let number = app.take(name.to_owned(), bytes);
                    browser::go(&format!("#/receipt/{number}"));
                }
                Err(error) => {
                    let text = [words::SAMPLE_FAILED.get(), &error.to_string()].concat();
                    let _left = failure.try_set(text);
                }
            }
        });
    };
    let link = |href: &str, name: &str| el("a").class("button").attr("href", href).text(name);
    let offline = el("div")
        .class("row")
        .add(link("#/sample", &words::OFFLINE_GOOD))
        .add(link("#/sample/forged", &words::OFFLINE_BAD));
    let offline = el("div")
        .class("section")
        .add(el("p").class("soft").text(&words::OFFLINE_WHY))
        .add(offline);
    let buttons = el("div")
        .class("row")
        .add(button(&words::SAMPLE_GOOD, move |_| fetch(false)))
        .add(button(&words::SAMPLE_BAD, move |_| fetch(true)))
        .add(el("span").attr("role", "status").live_text(move || failure.get()));
    let from_node =
        el("div").class("section").add(el("p").class("soft").text(&words::SAMPLE_WHY)).add(buttons);
    el("section")
        .class("section")
        .add(el("h2").text(words::SAMPLE.get()))
        .add(el("div").class("two").add(offline).maybe(has_node.then_some(from_node)))
}

/// The receipt of the newest event that the node lists.
async fn newest(app: App) -> Result<Vec<u8>, ClientError> {
    let none = || ClientError::Network { why: words::EMPTY_LOG.owned() };
    let client = app.client.get_untracked().ok_or_else(none)?;
    let list = client.claimed_events("limit=1").await?;
    let list = js_sys::JSON::parse(&list).unwrap_or(JsValue::NULL);
    let first = list_member(&list, "events").into_iter().next().ok_or_else(none)?;
    let id = text_member(&first, "id").parse().map_err(|_| none())?;
    client.receipt(&id).await.map(|receipt| receipt.bytes().to_vec())
}

/// The same bytes but one: in the last hash of the inclusion proof, or else the very last.
pub(crate) fn bent(mut bytes: Vec<u8>) -> Vec<u8> {
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
fn legend() -> El {
    let looks: [Look; 6] = [
        verdict::VERIFIED,
        verdict::NOT_FINAL,
        verdict::STALE,
        verdict::FAILED,
        verdict::COULD_NOT,
        verdict::NOT_CHECKED,
    ];
    let row = |(look, meaning): (Look, Text)| {
        el("div").add(el("dt").add(badge(look))).add(el("dd").text(&meaning))
    };
    let legend = [
        state::LEGEND_1,
        state::LEGEND_2,
        state::LEGEND_6,
        state::LEGEND_3,
        state::LEGEND_4,
        state::LEGEND_5,
    ];
    el("dl").class("legend").all(looks.into_iter().zip(legend).map(row))
}
