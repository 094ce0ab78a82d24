//! What this page is, what it checks, and where to get a verifier instead.

use crate::browser::{self, Build};
use crate::components::fields::{list, section};
use crate::components::frame::head;
use crate::components::payload::command_box;
use crate::html::{El, View, all, el};
use crate::record::Field;
use crate::signals::*;
use crate::text::{self, Text, about as words, trust};

const CHECKED: [Text; 7] = [
    words::CHECKED_1,
    words::CHECKED_2,
    words::CHECKED_3,
    words::CHECKED_4,
    words::CHECKED_5,
    words::CHECKED_6,
    words::CHECKED_7,
];

/// What no check can show.
pub(crate) const LIMITS: [Text; 6] = [
    trust::LIMITS_1,
    trust::LIMITS_2,
    trust::LIMITS_3,
    trust::LIMITS_4,
    trust::LIMITS_5,
    trust::LIMITS_6,
];

/// The page.
pub(crate) fn about() -> View {
    let build = RwSignal::new(None);
    spawn_local(async move {
        let found = browser::build().await;
        let _left = build.try_set(Some(found));
    });
    let own = section(&words::BUILD).live(move || build.with(|build| facts(build.as_ref())));
    let elsewhere = [words::ELSEWHERE_1, words::ELSEWHERE_2, words::ELSEWHERE_3];
    let lists = el("div")
        .class("columns")
        .add(section(&words::CHECKED).add(points(&CHECKED)))
        .add(section(&trust::NOT_PROVEN).add(points(&LIMITS)));
    let privacy = section(&words::PRIVACY).add(el("p").text(&words::PRIVACY_WHY));
    all([
        head(&words::TITLE, &words::WHAT).view(),
        own.view(),
        lists.view(),
        section(&words::ELSEWHERE).add(points(&elsewhere)).view(),
        privacy.view(),
    ])
}

/// A list of sentences.
pub(crate) fn points(sentences: &[Text]) -> El {
    el("ul").class("notes").all(sentences.iter().map(|sentence| el("li").text(sentence)))
}

fn facts(build: Option<&Build>) -> View {
    let mut rows = vec![Field::plain(&words::VERSION, env!("CARGO_PKG_VERSION"))];
    let Some(build) = build else {
        return list(&rows).view();
    };
    rows.push(Field::plain(&words::SIZE, text::bytes(build.size)));
    if build.digest.is_empty() {
        rows.push(Field::plain(&words::DIGEST, words::NO_DIGEST.get()));
    } else {
        rows.push(Field::digest(&words::DIGEST, &build.digest));
    }
    let module = browser::resolve("web_ui_bg.wasm").unwrap_or_default();
    let command = ["curl -s ", &module, " | sha256sum"].concat();
    all([
        list(&rows).view(),
        el("p").class("small soft").text(&words::DIGEST_WHY).view(),
        command_box(&words::DIGEST, &command).view(),
    ])
}
