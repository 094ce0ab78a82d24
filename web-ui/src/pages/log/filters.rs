//! What to look for. It stands in the link, so that a search can be passed on.

use crate::browser;
use crate::html::{El, el};
use crate::router::{Filters, encode};
use crate::text::log as words;

impl Filters {
    /// The query of `GET /v1/events` for a page of the list.
    pub(crate) fn query(&self) -> String {
        [&format!("limit={}", super::PAGE), &*self.filter()].concat()
    }

    /// The part of it that says what to look for, each with an `&` before it.
    pub(crate) fn filter(&self) -> String {
        let mut query = String::new();
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
    let search = move |event: web_sys::Event| {
        event.prevent_default();
        browser::go(&read().link());
    };
    let buttons = el("div")
        .class("row")
        .add(el("button").attr("type", "submit").text(&words::SEARCH))
        .add(el("a").attr("href", "#/log").text(&words::RESET))
        .add(el("a").attr("href", &filters.batch_link()).text(&words::BATCH));
    el("form").attr("role", "search").on("submit", search).add(fields(filters).add(buttons))
}

/// The fields, on whatever page they are.
pub(crate) fn fields(filters: &Filters) -> El {
    let field = |id: &'static str, label: &str, kind: &str, value: &str| {
        let input = el("input")
            .attr("id", id)
            .attr("type", kind)
            .attr("autocomplete", "off")
            .attr("value", value);
        el("div").class("field").add(el("label").attr("for", id).text(label)).add(input)
    };
    el("div")
        .class("filters")
        .add(field("actor", &words::ACTOR, "text", &filters.actor))
        .add(field("resource", &words::RESOURCE, "text", &filters.resource))
        .add(field("type", &words::TYPE, "text", &filters.event_type))
        .add(field("from", &words::FROM, "date", &filters.from))
        .add(field("to", &words::TO, "date", &filters.to))
}

/// What stands in the fields.
pub(crate) fn read() -> Filters {
    let [actor, resource, event_type, from, to] =
        ["actor", "resource", "type", "from", "to"].map(|id| browser::value(id).trim().to_owned());
    Filters { actor, resource, event_type, from, to }
}
