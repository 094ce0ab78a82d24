//! The checks of a receipt, one below the other, each with what it was given.

use cairn_light_client::Reason;
use cairn_verifier::error::Meaning;

use super::badge::icon;
use super::hash::hash;
use crate::format::{difference, thousands};
use crate::html::{El, el};
use crate::steps::{Input, Step, Went};
use crate::text::{proof as words, quorum_label, steps as names};
use crate::verdict::{Icon, Tone, as_sentence};

/// The whole list. Passed checks are green if all are: one that did not pass makes no verdict of
/// those before it.
pub(crate) fn check_list(steps: &[Step], is_verified: bool) -> El {
    let passed = if is_verified { Tone::Green } else { Tone::Ink };
    el("ol").class("steps").all(steps.iter().map(|one| step(one, passed)))
}

fn step(step: &Step, passed: Tone) -> El {
    let (tone, shape, word, kind) = match &step.went {
        Went::Passed => (passed, Icon::Tick, names::PASSED.get(), ""),
        Went::Stopped(reason) => match reason.error().meaning() {
            Meaning::Failed => (Tone::Red, Icon::Cross, names::STOPPED.get(), " failed"),
            Meaning::Stale => (Tone::Amber, Icon::Clock, names::STOPPED.get(), " failed"),
            Meaning::CouldNotCheck => {
                (Tone::Violet, Icon::Question, names::UNDECIDED.get(), " failed")
            }
        },
        Went::NotReached => (Tone::Grey, Icon::Empty, names::NOT_REACHED.get(), " later"),
        Went::NotNeeded => (Tone::Grey, Icon::Empty, names::NOT_NEEDED.get(), " later"),
    };
    let head = el("div")
        .class("step-head")
        .add(el("h3").text(step.kind.title()))
        .add(el("span").class("step-word").text(word));
    let body = el("div").class("step-body").add(head);
    let body = match &step.went {
        Went::Stopped(reason) => refusal(body, reason),
        Went::NotReached => body,
        Went::Passed | Went::NotNeeded => body.add(el("p").text(step.sentence())),
    };
    let body = body
        .maybe((!step.inputs.is_empty()).then(|| inputs(&step.inputs)))
        .maybe(step.power.map(|(power, total)| power_bar(power, total)));
    el("li").class(&["step ", tone.class(), kind].concat()).add(icon(shape)).add(body)
}

fn inputs(inputs: &[Input]) -> El {
    let row = |input: &Input| {
        let value = el("dd");
        let value = if input.is_digest {
            value.add(hash(input.name, &input.value))
        } else {
            value.text(&input.value)
        };
        el("div").add(el("dt").text(input.name)).add(value)
    };
    el("dl").class("facts tight").all(inputs.iter().map(row))
}

/// The sentence of a refusal, and its two sides if it has two.
fn refusal(body: El, reason: &Reason) -> El {
    let sides = reason.sides().map(|(expected, found)| compare(&expected, &found));
    body.add(el("p").text(&as_sentence(&reason.message()))).maybe(sides)
}

/// Expected and found beside each other, with what differs marked.
pub(crate) fn compare(expected: &str, found: &str) -> El {
    let (left, right) = difference(expected, found);
    let side = |name: &'static str, [before, differs, after]: [&str; 3]| {
        let mark = (!differs.is_empty()).then(|| el("mark").text(differs));
        el("figure")
            .attr("data-side", name)
            .add(el("figcaption").text(name))
            .add(el("code").text(before).maybe(mark).text(after))
    };
    el("div")
        .class("compare")
        .add(side(words::EXPECTED.get(), left))
        .add(side(words::FOUND.get(), right))
}

/// How much of the voting power signed, with a line at two thirds.
pub(crate) fn power_bar(power: u64, total: u64) -> El {
    // In thousandths, so that it fits whatever the numbers are.
    let share = u128::from(power) * 1_000 / u128::from(total.max(1));
    let part = |class: &str, path: &str| el("path").class(class).attr("d", path);
    el("svg")
        .class("power")
        .attr("viewBox", "0 0 1000 52")
        .attr("preserveAspectRatio", "none")
        .attr("role", "img")
        .attr("aria-label", &quorum_label(&thousands(power), &thousands(total)))
        .add(part("power-ground", "M1 14H999V38H1Z"))
        .add(part("power-signed", &format!("M1 14H{share}V38H1Z")))
        .add(part("power-line", "M667 4V48"))
}
