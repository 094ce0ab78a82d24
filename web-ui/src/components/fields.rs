//! Names and values of an event.

use super::hash::hash;
use crate::html::{El, View, all, el};
use crate::record::{Field, Record};
use crate::text::proof as words;

/// What is proven, and what the writer says; or, of a claim, what the file says.
pub(crate) fn record(record: &Record) -> View {
    if record.proven.is_empty() {
        return card(words::UNPROVEN.get(), words::UNPROVEN_NOTE.get(), &record.claimed).view();
    }
    all([
        card(words::CLAIMED.get(), words::CLAIMED_NOTE.get(), &record.claimed).view(),
        card(words::PROVEN.get(), "", &record.proven).view(),
    ])
}

fn card(title: &str, note: &str, fields: &[Field]) -> El {
    let note = (!note.is_empty()).then(|| el("p").class("soft small").text(note));
    section(title).maybe(note).add(list(fields))
}

/// A framed part of the page.
pub(crate) fn section(title: &str) -> El {
    el("section").class("card").add(el("h2").text(title))
}

/// A list of names and values. Values are text of others: isolated, so that they cannot turn the
/// direction of what stands around them.
pub(crate) fn list(fields: &[Field]) -> El {
    let row = |field: &Field| {
        let value = if field.is_digest {
            hash(&field.name, &field.value)
        } else {
            el("bdi").text(&field.value)
        };
        el("div").add(el("dt").add(el("bdi").text(&field.name))).add(el("dd").add(value))
    };
    el("dl").class("facts").all(fields.iter().map(row))
}
