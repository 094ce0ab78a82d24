//! A receipt that was dropped, pasted, or came in the link.

use std::sync::Arc;

use crate::browser;
use crate::components::frame::{head, live_verdict};
use crate::components::hash::copy_button;
use crate::components::payload::Source;
use crate::components::proof;
use crate::format::to_base64;
use crate::html::{View, all, el, live};
use crate::signals::{With as _, WithUntracked as _};
use crate::state::{App, Given};
use crate::text::{home, proof as words};

/// The longest receipt that is put into a link.
const MAX_LINK: usize = 24_000;

/// The page of the receipt with this number.
pub(crate) fn dropped(app: App, number: usize) -> View {
    let given = app.given.with_untracked(|given| given.get(number.checked_sub(1)?).cloned());
    given.map_or_else(|| absent(words::GONE.get()), |given| receipt(app, given))
}

/// The page of the receipt in the link.
pub(crate) fn in_link(app: App, text: &str) -> View {
    match crate::format::from_text(text) {
        Some(bytes) => {
            let name = home::FROM_LINK.owned();
            receipt(app, Given { name, bytes: bytes.into() })
        }
        None => absent(words::BAD_LINK.get()),
    }
}

fn absent(why: &str) -> View {
    let back = el("p").add(el("a").class("back").attr("href", "#/").text(words::BACK.get()));
    head(words::RECEIPT.get(), why).add(back).view()
}

fn receipt(app: App, Given { name, bytes }: Given) -> View {
    let examined = app.examine(Arc::clone(&bytes));
    let link = (bytes.len() <= MAX_LINK).then(|| {
        let address = browser::address(&["#/receipt?r=", &to_base64(&bytes)].concat());
        el("span")
            .class("row small soft no-print")
            .text(words::LINK.get())
            .add(copy_button(words::A_LINK.get(), &address))
    });
    let title = el("div")
        .class("head-row")
        .add(el("h1").attr("tabindex", "-1").text(words::RECEIPT.get()))
        .maybe(link);
    let head = el("div")
        .class("head")
        .add(el("a").class("back small").attr("href", "#/").text(words::BACK.get()))
        .add(title)
        .add(el("p").class("soft").add(el("bdi").text(&name)));
    let details =
        move || examined.with(|found| proof::details(app, found, Some(&bytes), Source::Receipt));
    all([head.view(), live_verdict(examined, crate::text::verified).view(), live(details)])
}
