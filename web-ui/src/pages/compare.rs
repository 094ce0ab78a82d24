//! Whether one block continues another: any two heights of the log.

use cairn_light_client::Assurance;

use crate::checkpoint::{self, Continued};
use crate::components::badge::banner;
use crate::components::fields::list;
use crate::components::frame::head_from;
use crate::format::{thousands, time};
use crate::html::{El, View, all, el, live, nothing};
use crate::record::Field;
use crate::signals::*;
use crate::state::App;
use crate::text::{self, block as words, fields, fill, frame, log, trust};
use crate::{browser, verdict};

const OLD: &str = "old-height";
const NEW: &str = "new-height";

/// The page.
pub(crate) fn compare(app: App, old: &str, new: &str) -> View {
    let heights = old.parse().ok().zip(new.parse().ok());
    let top = head_from("#/log", &frame::LOG, &words::COMPARE);
    let top = top.add(el("p").class("lead").text(&words::COMPARE_WHY));
    let Some(heights) = heights else {
        return all([top.view(), form(old, new).view()]);
    };
    let found =
        checkpoint::ask(
            app,
            move |client| async move { checkpoint::compare(&client, heights).await },
        );
    let say = |both: &Continued| {
        let part = |header: &cairn_verifier::FinalHeader| {
            let header = header.header();
            (thousands(header.height), text::events(header.events.get()))
        };
        let ((old, had), (new, has)) = (part(&both.old), part(&both.new));
        fill(words::CONSISTENT, &[&new, &old, &had, &has])
    };
    let verdict = move || found.with(|found| banner(found, &verdict::sentence(found, say), &[]));
    let shown = move || {
        found.with(
            |found| if let Assurance::Verified(both) = found { facts(both) } else { nothing() },
        )
    };
    let verdict = el("div").attr("id", "verdict").attr("role", "status").live(verdict);
    all([top.view(), form(old, new).view(), verdict.view(), live(shown)])
}

fn form(old: &str, new: &str) -> El {
    let field = |id: &'static str, label: &str, value: &str| {
        let input = el("input").attr("id", id).attr("inputmode", "numeric").attr("value", value);
        let label = el("label").attr("for", id).text(label);
        el("div").class("field").add(label).add(input.attr("autocomplete", "off"))
    };
    let compare = |event: web_sys::Event| {
        event.prevent_default();
        let [old, new] = [OLD, NEW].map(|id| browser::value(id).trim().to_owned());
        browser::go(&["#/compare/", &old, "/", &new].concat());
    };
    let button = el("button").attr("type", "submit").text(&words::GO);
    let fields = el("div")
        .class("filters")
        .add(field(OLD, &words::OLD, old))
        .add(field(NEW, &words::NEW, new))
        .add(el("div").class("row").add(button));
    el("form").on("submit", compare).add(fields)
}

fn facts(both: &Continued) -> View {
    let side = |header: &cairn_verifier::FinalHeader| {
        let own = header.header();
        let name = fill(words::TITLE, &[&thousands(own.height)]);
        let link = el("a").attr("href", &format!("#/block/{}", own.height)).text(&name);
        let rows = [
            Field::plain(&log::HEIGHT, thousands(own.height)),
            Field::plain(&log::HEAD_TIME, time(own.time)),
            Field::plain(&trust::HOLDS, text::events(own.events.get())),
            Field::digest(&fields::HEADER, &header.digest()),
            Field::digest(&trust::EVENT_ROOT, &own.event_root),
        ];
        el("section").class("card").add(el("h2").add(link)).add(list(&rows))
    };
    el("div").class("columns").add(side(&both.old)).add(side(&both.new)).view()
}
