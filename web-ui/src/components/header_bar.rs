//! The frame: name, pages, and what is pinned.

use cairn_light_client::{Assurance, LightClient, Reason};
use cairn_verifier::json::Object;
use wasm_bindgen::JsCast as _;

use super::badge::icon;
use super::frame::button;
use super::hash::ends;
use crate::browser;
use crate::format::to_base64;
use crate::html::{El, View, el, nothing};
use crate::router::Route;
use crate::signals::*;
use crate::state::{App, is_split};
use crate::text::{Language, NAME, frame};
use crate::verdict::{self, Icon};

/// The way past the bar, for who reads with the keyboard.
pub(crate) fn skip_link() -> El {
    // The fragment names the page, so this must not change it.
    let skip = |event: web_sys::Event| {
        event.prevent_default();
        focus_title();
    };
    el("a").class("skip").attr("href", "#content").on("click", skip).text(frame::SKIP.get())
}

/// The bar at the top of every page.
pub(crate) fn header_bar(app: App) -> El {
    let link = move |href: &str, name: &str, is_here: fn(&Route) -> bool| {
        let current = move || app.route.with(is_here).then(|| "page".to_owned());
        el("a").attr("href", href).live_attr("aria-current", current).text(name)
    };
    let mark = el("img").attr("src", "./icon.svg").attr("alt", "");
    let pages = el("nav")
        .attr("aria-label", frame::NAVIGATION.get())
        .add(link("#/", frame::CHECK.get(), |route| {
            matches!(route, Route::Home | Route::Dropped(_) | Route::InLink(_) | Route::Sample(_))
        }))
        .add(link("#/log", frame::LOG.get(), |route| {
            matches!(route, Route::Log(_) | Route::Event(_) | Route::Block(_) | Route::Compare(..))
        }))
        .add(link("#/batch", &frame::BATCH, |route| matches!(route, Route::Batch(_))))
        .add(link("#/report", &frame::REPORT, |route| matches!(route, Route::Report)))
        .add(link("#/trust", &frame::TRUST, |route| matches!(route, Route::Trust)));
    let row = el("div")
        .class("bar-row")
        .add(el("a").class("brand").attr("href", "#/").add(mark).text(NAME))
        .add(pages)
        .live(move || chip(app));
    el("header").class("bar").add(row)
}

/// The foot of every page: what is said of it, the pages that few need, and the language.
pub(crate) fn footer(app: App) -> El {
    let words = el("p").text(&frame::FOOT).text(env!("CARGO_PKG_VERSION"));
    let link = |href: &str, name: &str| el("a").attr("href", href).text(name);
    let choose = |language: Language| {
        let turn = move |_| {
            language.keep();
            spawn_local(async move {
                if language.turn_on().await {
                    app.language.update(|count| *count += 1);
                }
            });
        };
        let pressed = Language::preferred() == language;
        el("button")
            .attr("type", "button")
            .class("quiet")
            .attr("lang", language.tag())
            .attr("aria-pressed", &pressed.to_string())
            .on("click", turn)
            .text(language.name())
    };
    let languages = el("span")
        .class("row languages")
        .attr("role", "group")
        .attr("aria-label", &frame::LANGUAGE)
        .all(Language::ALL.map(choose));
    let pages = el("nav")
        .class("row")
        .attr("aria-label", &frame::MORE)
        .add(link("#/about", &frame::ABOUT))
        .add(link("#/operator", &frame::OPERATOR));
    let row = el("div").class("foot-row").add(words).add(pages).add(languages);
    el("footer").class("foot").add(row)
}

/// Two headers that contradict each other: said on every page, before anything else.
fn alarm(app: App) -> View {
    app.head.with(|head| {
        let Assurance::Failed(reason) = head else {
            return nothing();
        };
        if !is_split(reason.error()) {
            return nothing();
        }
        let (name, file) = evidence(app, reason);
        let save = move |_| {
            let _saved = browser::save(name, &file);
        };
        let said = el("p").text(&verdict::explained(reason.error()));
        el("div")
            .class("alarm tone-red")
            .attr("role", "alert")
            .add(icon(Icon::Cross))
            .add(
                el("div")
                    .class("section")
                    .add(el("h2").text(&frame::ALARM))
                    .add(said)
                    .add(el("p").text(&frame::ALARM_WHY))
                    .add(el("div").class("row").add(button(&frame::ALARM_SAVE, save))),
            )
            .view()
    })
}

/// What both sides said: the evidence file, which anyone can check, if the light client made one;
/// else the error, with what this browser had kept.
fn evidence(app: App, reason: &Reason) -> (&'static str, Vec<u8>) {
    let client = app.client.get_untracked();
    if let Some(fork) = client.as_ref().and_then(LightClient::fork) {
        return ("fork.evidence", fork.file().to_vec());
    }
    let anchor = app.pin.get_untracked().map(|pin| pin.anchor.to_string()).unwrap_or_default();
    let known = client.and_then(|client| client.known().evidence());
    let text = Object::new()
        .text("anchor", anchor)
        .text("node", browser::origin())
        .plain("seenAt", browser::now().0)
        .json("error", &reason.error().to_json())
        .text("known", known.map(|bytes| to_base64(&bytes)).unwrap_or_default())
        .finish();
    ("contradiction.json", text.into_bytes())
}

/// Puts the focus on the page's title, where reading begins.
pub(crate) fn focus_title() {
    let title = document().query_selector("h1").ok().flatten();
    if let Some(title) = title.and_then(|title| title.dyn_into::<web_sys::HtmlElement>().ok()) {
        drop(title.focus());
    }
}

/// What is pinned, and by whom.
fn chip(app: App) -> View {
    let link = el("a").attr("href", "#/trust");
    match app.pin.get() {
        None => link.class("pin-chip none").text(frame::NO_ANCHOR.get()),
        Some(pin) => {
            let anchor = pin.anchor.to_string();
            link.class("pin-chip")
                .attr("title", &anchor)
                .add(el("span").class("mono").text(&ends(&anchor)))
                .add(el("span").text(pin.by.name()))
        }
    }
    .view()
}

/// What a link did that the user should know of.
pub(crate) fn notices(app: App) -> El {
    let notice = |words: &str| el("div").class("honest").add(el("p").text(words));
    let shown = move || {
        app.language.track();
        if app.bad_link.get() {
            return notice(frame::BAD_ANCHOR.get()).view();
        }
        app.offered.get().map_or_else(nothing, |anchor| {
            let take = move |_| app.pin_by_user(anchor);
            let button =
                el("button").attr("type", "button").on("click", take).text(frame::USE_LINK.get());
            notice(frame::OTHER_ANCHOR.get())
                .add(el("p").class("mono").text(&anchor.to_string()))
                .add(el("div").class("row").add(button))
                .view()
        })
    };
    let alarm = el("div").class("live").live(move || alarm(app));
    el("div")
        .class("live")
        .add(alarm)
        .add(el("div").class("live").attr("role", "status").live(shown))
}
