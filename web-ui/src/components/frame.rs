//! What pages have in common.

use super::proof;
use crate::html::{El, el};
use crate::signals::With as _;
use crate::state::{Examined, Local};

/// A page's title and what it is for.
pub(crate) fn head(title: &str, lead: &str) -> El {
    el("div")
        .class("head")
        .add(el("h1").attr("tabindex", "-1").text(title))
        .add(el("p").class("lead").text(lead))
}

/// The verdict, told to readers of the screen too when it changes.
pub(crate) fn live_verdict(examined: Local<Examined>, verified: fn(u64) -> String) -> El {
    el("div")
        .attr("id", "verdict")
        .attr("role", "status")
        .live(move || examined.with(|examined| proof::verdict(examined, verified)))
}

/// A page that begins with a way back.
pub(crate) fn head_from(href: &str, back: &str, title: &str) -> El {
    el("div")
        .class("head")
        .add(el("a").class("back small").attr("href", href).text(back))
        .add(el("h1").attr("tabindex", "-1").text(title))
}

/// A button.
pub(crate) fn button(words: &str, clicked: impl FnMut(web_sys::Event) + 'static) -> El {
    el("button").attr("type", "button").on("click", clicked).text(words)
}
