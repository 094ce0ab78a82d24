//! A receipt that was dropped, pasted, or came in the link.

use std::sync::Arc;

use leptos::prelude::*;

use crate::browser;
use crate::components::hash::copy_button;
use crate::components::payload::Source;
use crate::components::proof;
use crate::format::to_base64;
use crate::state::{App, Given};
use crate::text::{home, proof as words};

/// The longest receipt that is put into a link.
const MAX_LINK: usize = 24_000;

/// The page of the receipt with this number.
pub(crate) fn dropped(app: App, number: usize) -> AnyView {
    let given = app.given.with_untracked(|given| given.get(number.checked_sub(1)?).cloned());
    given.map_or_else(|| absent(words::GONE), |given| receipt(app, given))
}

/// The page of the receipt in the link.
pub(crate) fn in_link(app: App, text: &str) -> AnyView {
    match crate::format::from_text(text) {
        Some(bytes) => {
            let name = home::FROM_LINK.to_owned();
            receipt(app, Given { name, bytes: bytes.into() })
        }
        None => absent(words::BAD_LINK),
    }
}

fn absent(why: &'static str) -> AnyView {
    view! {
        <div class="head">
            <h1 tabindex="-1">{words::RECEIPT}</h1>
            <p class="lead">{why}</p>
            <p>
                <a href="#/">{words::BACK}</a>
            </p>
        </div>
    }
    .into_any()
}

fn receipt(app: App, Given { name, bytes }: Given) -> AnyView {
    let examined = app.examine(Arc::clone(&bytes));
    let link = (bytes.len() <= MAX_LINK).then(|| {
        let address = browser::address(&["#/receipt?r=", &to_base64(&bytes)].concat());
        view! {
            <span class="row small soft">
                {words::LINK} {copy_button(words::A_LINK, &address)}
            </span>
        }
    });
    view! {
        <div class="head">
            <p class="small">
                <a class="back" href="#/">{words::BACK}</a>
            </p>
            <div class="head-row">
                <h1 tabindex="-1">{words::RECEIPT}</h1>
                {link}
            </div>
            <p class="soft">
                <bdi>{name}</bdi>
            </p>
        </div>
        <div role="status" aria-live="polite" id="verdict">
            {move || examined.with(proof::verdict)}
        </div>
        {move || examined.with(|found| proof::details(app, found, Some(&bytes), Source::Receipt))}
    }
    .into_any()
}
