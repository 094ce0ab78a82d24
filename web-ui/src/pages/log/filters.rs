//! What to look for. It stands in the link, so that a search can be passed on.

use leptos::prelude::*;

use crate::browser;
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
pub(super) fn form(filters: &Filters) -> AnyView {
    let filters = RwSignal::new(filters.clone());
    let field = move |id: &'static str, label: &'static str, kind: &'static str, part: Part| {
        view! {
            <div class="field">
                <label for=id>{label}</label>
                <input
                    id=id
                    type=kind
                    autocomplete="off"
                    prop:value=move || filters.with(|filters| part.read(filters).clone())
                    on:change=move |event| {
                        let value = event_target_value(&event);
                        filters.update(|filters| *part.write(filters) = value.trim().to_owned());
                    }
                />
            </div>
        }
    };
    let search = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        browser::go(&filters.with_untracked(Filters::link));
    };
    view! {
        <form class="section" role="search" on:submit=search>
            <div class="filters">
                {field("actor", words::ACTOR, "text", Part::Actor)}
                {field("resource", words::RESOURCE, "text", Part::Resource)}
                {field("type", words::TYPE, "text", Part::Type)}
                {field("from", words::FROM, "date", Part::From)}
                {field("to", words::TO, "date", Part::To)}
                <div class="row">
                    <button type="submit">{words::SEARCH}</button>
                    <a href="#/log">{words::RESET}</a>
                </div>
            </div>
        </form>
    }
    .into_any()
}

/// One of the filters.
#[derive(Clone, Copy)]
enum Part {
    Actor,
    Resource,
    Type,
    From,
    To,
}

impl Part {
    const fn read(self, filters: &Filters) -> &String {
        match self {
            Self::Actor => &filters.actor,
            Self::Resource => &filters.resource,
            Self::Type => &filters.event_type,
            Self::From => &filters.from,
            Self::To => &filters.to,
        }
    }

    const fn write(self, filters: &mut Filters) -> &mut String {
        match self {
            Self::Actor => &mut filters.actor,
            Self::Resource => &mut filters.resource,
            Self::Type => &mut filters.event_type,
            Self::From => &mut filters.from,
            Self::To => &mut filters.to,
        }
    }
}
