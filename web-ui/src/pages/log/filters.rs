//! What to look for. It stands in the link, so that a search can be passed on.

use crate::browser;
use crate::html::{El, el};
use crate::router::{Filters, encode};
use crate::text::log as words;

impl Filters {
    /// The query of `GET /v1/events`.
    pub(crate) fn query(&self) -> String {
        let mut query = format!("limit={}", super::PAGE);
        let day = |day: &str, time: &str| {
            if day.is_empty() { String::new() } else { [day, time].concat() }
        };
        let pairs = [
            ("actor", self.actor.clone()),
            ("resource", self.resource.clone()),
            ("type", self.event_type.clone()),
            ("from", day(&self.from, "T00:00:00Z")),
            ("to", day(&self.to, "T23:59:59.999Z")),
        ];
        for (name, value) in pairs {
            if !value.is_empty() {
                query.push_str(&["&", name, "=", &encode(&value)].concat());
            }
        }
        query
    }
}

/// The form above the list.
pub(super) fn form(filters: &Filters) -> El {
    let field = |id: &'static str, label: &str, kind: &str, value: &str| {
        let input = el("input")
            .attr("id", id)
            .attr("type", kind)
            .attr("autocomplete", "off")
            .attr("value", value);
        el("div").class("field").add(el("label").attr("for", id).text(label)).add(input)
    };
    let search = move |event: web_sys::Event| {
        event.prevent_default();
        let [actor, resource, event_type, from, to] = ["actor", "resource", "type", "from", "to"]
            .map(|id| browser::value(id).trim().to_owned());
        browser::go(&Filters { actor, resource, event_type, from, to }.link());
    };
    let buttons = el("div")
        .class("row")
        .add(el("button").attr("type", "submit").text(words::SEARCH))
        .add(el("a").attr("href", "#/log").text(words::RESET));
    let fields = el("div")
        .class("filters")
        .add(field("actor", words::ACTOR, "text", &filters.actor))
        .add(field("resource", words::RESOURCE, "text", &filters.resource))
        .add(field("type", words::TYPE, "text", &filters.event_type))
        .add(field("from", words::FROM, "date", &filters.from))
        .add(field("to", words::TO, "date", &filters.to))
        .add(buttons);
    el("form").attr("role", "search").on("submit", search).add(fields)
}
