//! A state in a word, with its icon and colour; and the banner that says it large.

use cairn_light_client::Assurance;

use crate::html::{El, View, el};
use crate::text;
use crate::verdict::{self, Icon, Look};

const RING: &str = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z";
const TICK: &str = "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm5.2 7.6-6.2 6.4a1 1 0 0 1-1.44 0l-2.76\
    -2.85a1 1 0 0 1 1.44-1.39l2.04 2.11 5.48-5.66a1 1 0 0 1 1.44 1.39Z";
const CLOCK: &str = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 7v5.5l3.5 2";
const CROSS: &str = "M8.2 2h7.6L22 8.2v7.6L15.8 22H8.2L2 15.8V8.2Zm1.01 5.79a1 1 0 0 0-1.42 1.42\
    L10.58 12l-2.79 2.79a1 1 0 1 0 1.42 1.42L12 13.42l2.79 2.79a1 1 0 0 0 1.42-1.42L13.42 12l2.79\
    -2.79a1 1 0 0 0-1.42-1.42L12 10.58Z";
const QUESTION: &str = "M5 3.5h14a1.5 1.5 0 0 1 1.5 1.5v14a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 \
    3.5 19V5A1.5 1.5 0 0 1 5 3.5ZM9.4 9.4a2.6 2.6 0 1 1 3.7 2.36c-.7.34-1.1.9-1.1 1.64v.3M12 16.9\
    v.05";

/// The icon of a state. The word beside it says the same, so readers of the screen skip it.
pub(crate) fn icon(icon: Icon) -> El {
    let (fill, stroke, dashes) = match icon {
        Icon::Tick => (TICK, "", "none"),
        Icon::Half => ("M12 5a7 7 0 0 1 0 14Z", RING, "none"),
        Icon::Clock => ("", CLOCK, "none"),
        Icon::Cross => (CROSS, "", "none"),
        Icon::Question => ("", QUESTION, "none"),
        Icon::Empty => ("", RING, "3.5 3.57"),
        Icon::Turning => ("", "M12 3a9 9 0 0 1 9 9", "none"),
        Icon::Lock => ("M5 10.5h14V21H5Z", "M8 10.5V7a4 4 0 0 1 8 0v3.5", "none"),
        Icon::Erased => ("", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM5.6 18.4 18.4 5.6", "none"),
    };
    let class = if icon == Icon::Turning { "icon spin" } else { "icon" };
    drawing(class)
        .add(el("path").attr("fill", "currentColor").attr("fill-rule", "evenodd").attr("d", fill))
        .add(outline(stroke).attr("stroke-dasharray", dashes))
}

/// A picture of 24 by 24.
pub(crate) fn drawing(class: &str) -> El {
    el("svg")
        .class(class)
        .attr("viewBox", "0 0 24 24")
        .attr("fill", "none")
        .attr("aria-hidden", "true")
}

/// A line in the colour of the text.
pub(crate) fn outline(path: &str) -> El {
    el("path")
        .attr("stroke", "currentColor")
        .attr("stroke-width", "2")
        .attr("stroke-linecap", "round")
        .attr("stroke-linejoin", "round")
        .attr("d", path)
}

/// Icon and word.
pub(crate) fn badge(look: Look) -> El {
    let class = ["badge ", look.tone.class()].concat();
    let badge = el("span").class(&class).attr("data-state", look.word.english());
    badge.add(icon(look.icon)).text(&look.word)
}

/// The icon of a look.
pub(crate) fn look_icon(look: Look) -> El {
    icon(look.icon)
}

/// The verdict on one thing: word, sentence, code, and what must be said with it.
pub(crate) fn banner<F>(assurance: &Assurance<F>, sentence: &str, notes: &[String]) -> View {
    let needs_anchor = matches!(assurance, Assurance::NotChecked);
    show(verdict::look(assurance), sentence, notes, (verdict::code(assurance), needs_anchor))
}

fn show(
    look: Look,
    sentence: &str,
    notes: &[String],
    (code, needs_anchor): (Option<&'static str>, bool),
) -> View {
    let pin = el("p").add(el("a").attr("href", "#/trust").text(text::pin::GO.get()));
    let notes = (!notes.is_empty())
        .then(|| el("ul").class("notes").all(notes.iter().map(|note| el("li").text(note))));
    let text = el("div")
        .class("banner-text")
        .add(el("p").class("banner-word").text(&look.word))
        .add(el("p").text(sentence))
        .maybe(needs_anchor.then_some(pin))
        .maybe(notes)
        .maybe(code.map(code_line));
    el("div")
        .class(&["banner ", look.tone.class()].concat())
        .attr("data-state", look.word.english())
        .add(icon(look.icon))
        .add(text)
        .view()
}

/// The stable code of an error.
pub(crate) fn code_line(code: &str) -> El {
    el("p").class("small").text(text::verdict::CODE.get()).text(" ").add(el("code").text(code))
}
