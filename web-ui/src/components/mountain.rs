//! The mountain range with the path of one event, step by step; and the same as a list.

use cairn_verifier::receipt::Receipt;
use leptos::prelude::*;

use super::fields::section;
use super::hash::hash;
use crate::browser;
use crate::format::{len, thousands};
use crate::html::{El, View, all, el};
use crate::text::{self, fill, mountain as words};
use crate::walk::{Span, Step, Walk, mountains};

const SLIDER: &str = "mountain-step";
const WIDTH: f64 = 720.0;
const MARGIN: f64 = 16.0;
/// How high a step is in the picture, at most, and how high all of a mountain.
const STEP: f64 = 26.0;
const HEIGHT: f64 = 200.0;

/// The picture for a receipt, if its proof has the length of its place.
pub(crate) fn mountain(bytes: &[u8]) -> Option<El> {
    let walk = Walk::of(&Receipt::decode(bytes).ok()?)?;
    let last = walk.steps.len();
    let at = RwSignal::new(last);
    let told = StoredValue::new_local(walk.clone());
    let sentence = move || told.with_value(|walk| sentence(walk, at.get()));
    let moved = move |_| at.set(browser::value(SLIDER).parse().unwrap_or(last));
    let slider = el("input")
        .attr("id", SLIDER)
        .attr("type", "range")
        .attr("min", "0")
        .attr("max", &last.to_string())
        .attr("value", &last.to_string())
        .live_attr("aria-valuetext", move || Some(sentence()))
        .on("input", moved);
    let label = el("label").attr("for", SLIDER).text(&words::SLIDER);
    let hashes = move || told.with_value(|walk| hashes(walk, at.get()));
    let body = section(&words::TITLE)
        .attr("id", "mountain")
        .add(el("p").class("soft small").text(&words::WHAT))
        .add(drawing(&walk, at))
        .add(el("div").class("field no-print").add(label).add(slider))
        .add(el("p").class("step-text").live_text(sentence))
        .live(hashes)
        .add(as_list(&walk));
    Some(body)
}

fn side(step: &Step) -> &'static str {
    let is_left = step.side == cairn_verifier::tree::Side::Left;
    if is_left { words::LEFT.get() } else { words::RIGHT.get() }
}

fn span(span: Span) -> String {
    if span.to - span.from == 1 {
        return fill(words::ONE_EVENT, &[&thousands(span.from)]);
    }
    fill(words::EVENTS, &[&thousands(span.from), &thousands(span.to - 1)])
}

/// What is done in a step; step 0 is the leaf.
fn sentence(walk: &Walk, at: usize) -> String {
    let Some(step) = at.checked_sub(1).and_then(|at| walk.steps.get(at)) else {
        return fill(words::LEAF, &[&thousands(walk.index)]);
    };
    let place = [&thousands(len(at)), " / ", &thousands(len(walk.steps.len()))].concat();
    let what = if step.is_bag { words::BAG } else { words::NODE };
    fill(what, &[&place, side(step), &span(step.covers)])
}

fn hashes(walk: &Walk, at: usize) -> View {
    let row = |name: &str, value: String| {
        el("div").add(el("dt").text(name)).add(el("dd").add(hash(name, &value)))
    };
    let rows = match at.checked_sub(1).and_then(|at| walk.steps.get(at)) {
        None => vec![row(&words::OWN, walk.leaf.to_string())],
        Some(step) => vec![
            row(&words::SIBLING, step.sibling.to_string()),
            row(&words::RESULT, step.result.to_string()),
        ],
    };
    let mut list = el("dl").class("facts tight").all(rows);
    if at == walk.steps.len() {
        list = list.add(row(&words::ROOT, walk.root.to_string()));
        if walk.root != walk.expected {
            list = list.add(row(&words::EXPECTED, walk.expected.to_string()));
        }
    }
    list.view()
}

/// The same for who does not see the picture, and for paper.
fn as_list(walk: &Walk) -> El {
    let item = |at: usize| {
        let text = el("p").class("small").text(&sentence(walk, at));
        el("li").add(text).add(hashes(walk, at))
    };
    let list = el("ol").class("walk").all((0..=walk.steps.len()).map(item));
    el("details").add(el("summary").text(&words::AS_LIST)).add(list)
}

/// Where things stand in the picture.
struct Layout {
    ranges: Vec<Mountain>,
    base: f64,
    unit: f64,
    top: f64,
}

struct Mountain {
    start: u64,
    height: u32,
    x: f64,
    width: f64,
}

#[derive(Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
}

impl Layout {
    fn new(walk: &Walk) -> Self {
        let list = mountains(walk.size);
        let tallest = list.first().map_or(0, |(_, height)| *height);
        let unit = (HEIGHT / f64::from(tallest.max(1))).min(STEP);
        let bags = walk.steps.iter().filter(|step| step.is_bag).count();
        let bags = f64::from(u32::try_from(bags).unwrap_or(0));
        let top = (bags + 1.0) * STEP;
        let base = top + unit * f64::from(tallest) + 4.0;
        // A mountain is as wide as it is high, more or less: its leaves would leave no room.
        let weight = |height: u32| f64::from(height) + 1.4;
        let sum: f64 = list.iter().map(|(_, height)| weight(*height)).sum();
        let mut x = MARGIN;
        let ranges = list
            .into_iter()
            .map(|(start, height)| {
                let width = (WIDTH - 2.0 * MARGIN) * weight(height) / sum;
                let own = Mountain { start, height, x: x + 3.0, width: width - 6.0 };
                x += width;
                own
            })
            .collect();
        Self { ranges, base, unit, top }
    }

    /// The top of what covers a span.
    fn point(&self, span: Span) -> Point {
        let covered = self.ranges.iter().filter(|m| m.start < span.to && span.from < m.end());
        let list: Vec<&Mountain> = covered.collect();
        let [one] = list.as_slice() else {
            let sum: f64 = list.iter().map(|m| m.x + m.width / 2.0).sum();
            let count = f64::from(u32::try_from(list.len().max(1)).unwrap_or(1));
            let tallest = list.iter().map(|m| m.height).max().unwrap_or(0);
            let y = self.base - self.unit * f64::from(tallest) - STEP * 0.6;
            return Point { x: sum / count, y };
        };
        let height = (span.to - span.from).max(1).ilog2();
        Point { x: one.place(span), y: self.base - self.unit * f64::from(height) }
    }
}

impl Mountain {
    const fn end(&self) -> u64 {
        self.start + (1 << self.height)
    }

    /// The middle of a span, in the picture.
    #[expect(
        clippy::cast_precision_loss,
        clippy::as_conversions,
        reason = "a place in a picture needs no 53 bits"
    )]
    fn place(&self, span: Span) -> f64 {
        let middle = (span.from - self.start) as f64 + (span.to - span.from) as f64 / 2.0;
        self.x + self.width * middle / (1_u64 << self.height) as f64
    }
}

fn drawing(walk: &Walk, at: RwSignal<usize>) -> El {
    let layout = Layout::new(walk);
    let ground = layout.ranges.iter().map(|m| {
        let (left, right) = (m.x, m.x + m.width);
        let (middle, base) = (m.x + m.width / 2.0, layout.base);
        let peak = base - layout.unit * f64::from(m.height) - 2.0;
        let path = format!("M{left:.1} {base:.1}L{middle:.1} {peak:.1}L{right:.1} {base:.1}Z");
        el("path").class("range").attr("d", &path)
    });
    let mut parts: Vec<View> = ground.map(El::view).collect();
    let mut covered = Span { from: walk.index, to: walk.index + 1 };
    let mut own = layout.point(covered);
    let leaf = own;
    let (mut edges, mut dots) = (Vec::new(), Vec::new());
    let mut bag = layout.base - layout.unit * f64::from(tallest(&layout));
    for (place, step) in walk.steps.iter().enumerate() {
        let mut sibling = layout.point(step.covers);
        let is_left = step.covers.to <= covered.from;
        // Far below, both would stand in one place.
        let apart = if is_left { own.x - 11.0 } else { own.x + 11.0 };
        sibling.x = if is_left { sibling.x.min(apart) } else { sibling.x.max(apart) };
        covered =
            Span { from: covered.from.min(step.covers.from), to: covered.to.max(step.covers.to) };
        let parent = if step.is_bag {
            bag -= STEP;
            Point { x: f64::midpoint(own.x, sibling.x), y: bag }
        } else {
            layout.point(covered)
        };
        edges.push(edge(own, parent, "edge path", (place, at)));
        edges.push(edge(sibling, parent, "edge", (place, at)));
        dots.push(dot(sibling, 4.5, "node sibling", (place, at)));
        dots.push(dot(parent, 4.5, "node path", (place, at)));
        own = parent;
    }
    parts.extend(edges.into_iter().chain(dots).map(El::view));
    let leaf_dot = el("path").class("node leaf").attr("d", &circle(leaf, 5.5));
    parts.push(leaf_dot.view());
    let label = |point: Point, dy: f64, text: &str| {
        el("text")
            .class("label")
            .attr("x", &format!("{:.1}", point.x.clamp(40.0, WIDTH - 40.0)))
            .attr("y", &format!("{:.1}", point.y + dy))
            .text(text)
    };
    parts.push(label(leaf, 20.0, &thousands(walk.index)).view());
    parts.push(label(own, -11.0, &words::ROOT).view());
    let low = (own.y - 26.0).min(layout.top - STEP);
    let height = layout.base + 26.0 - low;
    el("svg")
        .class("mountain")
        .attr("viewBox", &format!("0 {low:.1} {WIDTH} {height:.1}"))
        .attr("role", "img")
        .attr(
            "aria-label",
            &fill(
                words::LABEL,
                &[&thousands(walk.index), &text::events(walk.size), &text::path(walk.steps.len())],
            ),
        )
        .add(all(parts))
}

fn tallest(layout: &Layout) -> u32 {
    layout.ranges.iter().map(|m| m.height).max().unwrap_or(0)
}

/// A line or dot of a step: faint before it, marked at it, firm after it.
fn stepped(path: &str, class: &'static str, (place, at): (usize, RwSignal<usize>)) -> El {
    let shown = move || {
        let state = match at.get().cmp(&(place + 1)) {
            std::cmp::Ordering::Less => " ahead",
            std::cmp::Ordering::Equal => " now",
            std::cmp::Ordering::Greater => "",
        };
        Some([class, state].concat())
    };
    el("path").live_attr("class", shown).attr("d", path)
}

fn edge(from: Point, to: Point, class: &'static str, step: (usize, RwSignal<usize>)) -> El {
    let path = format!("M{:.1} {:.1}L{:.1} {:.1}", from.x, from.y, to.x, to.y);
    stepped(&path, class, step)
}

fn dot(at: Point, radius: f64, class: &'static str, step: (usize, RwSignal<usize>)) -> El {
    stepped(&circle(at, radius), class, step)
}

fn circle(Point { x, y }: Point, radius: f64) -> String {
    let (left, across) = (x - radius, radius * 2.0);
    format!(
        "M{left:.1} {y:.1}a{radius} {radius} 0 1 0 {across} 0a{radius} {radius} 0 1 0 -{across} 0z"
    )
}
