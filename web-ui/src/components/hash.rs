//! A digest: whole where there is room, its two ends where there is not, and a button to copy it.

use super::badge::{drawing, outline};
use crate::browser;
use crate::html::{El, el};
use crate::signals::*;
use crate::text::frame;

/// How many characters stay of each end.
const ENDS: usize = 8;

/// A digest in the middle of other things; `label` says of what it is. `genesis:` and the like
/// before it always stays.
pub(crate) fn hash(label: &str, value: &str) -> El {
    show(label, value, "hash")
}

/// A digest where there is little room: only its ends.
pub(crate) fn brief_hash(label: &str, value: &str) -> El {
    show(label, value, "hash brief")
}

/// The two ends of a digest, as text.
pub(crate) fn ends(value: &str) -> String {
    let [head, _, tail] = parts(value);
    [head, "…", tail].concat()
}

fn parts(value: &str) -> [&str; 3] {
    let start = value.find(':').map_or(ENDS, |colon| colon + 1 + ENDS);
    let end = value.len().saturating_sub(ENDS).max(start);
    match (value.get(..start), value.get(start..end), value.get(end..)) {
        (Some(head), Some(middle), Some(tail)) => [head, middle, tail],
        _ => [value, "", ""],
    }
}

fn show(label: &str, value: &str, class: &str) -> El {
    let [head, middle, tail] = parts(value);
    let text = el("span")
        .class("hash-text")
        .attr("title", value)
        .text(head)
        .add(el("span").class("hash-mid").text(middle))
        .add(el("span").class("hash-dots").text("…"))
        .text(tail);
    el("span").class(class).add(text).add(copy_button(label, value))
}

/// A small button that copies a text.
pub(crate) fn copy_button(label: &str, value: &str) -> El {
    let (name, value) = ([frame::COPY.get(), label].concat(), value.to_owned());
    let copied = RwSignal::new(false);
    let label = move || Some(if copied.get() { frame::COPIED.owned() } else { name.clone() });
    let copy = move |_| {
        if !browser::copy(&value) {
            return;
        }
        copied.set(true);
        browser::later(1_500, move || {
            let _left = copied.try_set(false);
        });
    };
    let path = move || {
        let path =
            if copied.get() { "M5 12.5l4.5 4.5L19 7.5" } else { "M9 9h11v11H9ZM15 9V4H4v11h5" };
        Some(path.to_owned())
    };
    el("button")
        .class("copy")
        .attr("type", "button")
        .live_attr("aria-label", label)
        .on("click", copy)
        .add(drawing("").add(outline("").live_attr("d", path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_stay() {
        let text = "0123456789abcdef".repeat(4);
        assert_eq!(ends(&text), "01234567…89abcdef");
        assert_eq!(ends(&format!("genesis:{text}")), "genesis:01234567…89abcdef");
        assert_eq!(ends("short"), "short…");
    }
}
