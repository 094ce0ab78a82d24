//! The frame: name, pages, and what is pinned.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::hash::ends;
use crate::html::{El, View, el, nothing};
use crate::router::Route;
use crate::state::App;
use crate::text::{NAME, frame};

/// The way past the bar, for who reads with the keyboard.
pub(crate) fn skip_link() -> El {
    // The fragment names the page, so this must not change it.
    let skip = |event: web_sys::Event| {
        event.prevent_default();
        focus_title();
    };
    el("a").class("skip").attr("href", "#content").on("click", skip).text(frame::SKIP)
}

/// The bar at the top of every page.
pub(crate) fn header_bar(app: App) -> El {
    let link = move |href: &str, name: &str, is_here: fn(&Route) -> bool| {
        let current = move || app.route.with(is_here).then(|| "page".to_owned());
        el("a").attr("href", href).live_attr("aria-current", current).text(name)
    };
    let mark = el("img").attr("src", "./icon.svg").attr("alt", "");
    let pages = el("nav")
        .attr("aria-label", frame::NAVIGATION)
        .add(link("#/", frame::CHECK, |route| {
            matches!(route, Route::Home | Route::Dropped(_) | Route::InLink(_))
        }))
        .add(link("#/log", frame::LOG, |route| matches!(route, Route::Log(_) | Route::Event(_))))
        .add(link("#/trust", frame::TRUST, |route| matches!(route, Route::Trust)));
    let row = el("div")
        .class("bar-row")
        .add(el("a").class("brand").attr("href", "#/").add(mark).text(NAME))
        .add(pages)
        .live(move || chip(app));
    el("header").class("bar").add(row)
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
        None => link.class("pin-chip none").text(frame::NO_ANCHOR),
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
        if app.bad_link.get() {
            return notice(frame::BAD_ANCHOR).view();
        }
        app.offered.get().map_or_else(nothing, |anchor| {
            let take = move |_| app.pin_by_user(anchor);
            let button =
                el("button").attr("type", "button").on("click", take).text(frame::USE_LINK);
            notice(frame::OTHER_ANCHOR)
                .add(el("p").class("mono").text(&anchor.to_string()))
                .add(el("div").class("row").add(button))
                .view()
        })
    };
    el("div").class("live").attr("role", "status").live(shown)
}
