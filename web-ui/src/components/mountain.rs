//! The mountain range with the path of one event, step by step; and the same as a list.

use cairn_verifier::receipt::Receipt;

use super::fields::section;
use super::hash::hash;
use crate::browser;
use crate::format::{len, thousands};
use crate::html::{El, View, all, el};
use crate::signals::*;
use crate::text::{self, fill, mountain as words};
use crate::walk::{Span, Step, Walk, mountains};

const SLIDER: &str = "mountain-step";
const WIDTH: i64 = 7_200;
const MARGIN: i64 = 160;
/// How high a step is in the picture, at most, and how high all of a mountain.
const STEP: i64 = 260;
const HEIGHT: i64 = 2_000;

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

/// Where things stand in the picture. Whole numbers, tenths of a unit: printing fractions would
/// take nine thousand bytes of code.
struct Layout {
    ranges: Vec<Mountain>,
    base: i64,
    unit: i64,
    top: i64,
}

struct Mountain {
    start: u64,
    height: u32,
    x: i64,
    width: i64,
}

#[derive(Clone, Copy)]
struct Point {
    x: i64,
    y: i64,
}

impl Layout {
    fn new(walk: &Walk) -> Self {
        let list = mountains(walk.size);
        let tallest = list.first().map_or(0, |(_, height)| i64::from(*height));
        let unit = (HEIGHT / tallest.max(1)).min(STEP);
        let bags = walk.steps.iter().filter(|step| step.is_bag).count();
        let top = (i64::try_from(bags).unwrap_or(0) + 1) * STEP;
        let base = top + unit * tallest + 40;
        // A mountain is as wide as it is high, more or less: its leaves would leave no room.
        let weight = |height: u32| i64::from(height) * 10 + 14;
        let sum: i64 = list.iter().map(|(_, height)| weight(*height)).sum();
        let mut x = MARGIN;
        let ranges = list
            .into_iter()
            .map(|(start, height)| {
                let width = (WIDTH - 2 * MARGIN) * weight(height) / sum.max(1);
                let own = Mountain { start, height, x: x + 30, width: width - 60 };
                x += width;
                own
            })
            .collect();
        Self { ranges, base, unit, top }
    }

    fn tallest(&self) -> i64 {
        self.ranges.iter().map(|m| i64::from(m.height)).max().unwrap_or(0)
    }

    /// The top of what covers a span.
    fn point(&self, span: Span) -> Point {
        let covered = self.ranges.iter().filter(|m| m.start < span.to && span.from < m.end());
        let list: Vec<&Mountain> = covered.collect();
        let [one] = list.as_slice() else {
            let sum: i64 = list.iter().map(|m| m.x + m.width / 2).sum();
            let count = i64::try_from(list.len().max(1)).unwrap_or(1);
            let tallest = list.iter().map(|m| i64::from(m.height)).max().unwrap_or(0);
            return Point { x: sum / count, y: self.base - self.unit * tallest - STEP / 2 };
        };
        let height = (span.to - span.from).max(1).ilog2();
        Point { x: one.place(span), y: self.base - self.unit * i64::from(height) }
    }
}

impl Mountain {
    const fn end(&self) -> u64 {
        self.start + (1 << self.height)
    }

    /// The middle of a span, in the picture.
    fn place(&self, span: Span) -> i64 {
        let halves = i128::from(span.from - self.start) + i128::from(span.to - self.start);
        let across = (i128::from(self.width) * halves) >> (self.height + 1);
        self.x + i64::try_from(across).unwrap_or(0)
    }
}

fn drawing(walk: &Walk, at: RwSignal<usize>) -> El {
    let layout = Layout::new(walk);
    let mut parts: Vec<View> = layout.ranges.iter().map(|m| ground(&layout, m).view()).collect();
    let leaf = layout.point(Span { from: walk.index, to: walk.index + 1 });
    let (path, root) = path_parts(walk, &layout, leaf, at);
    parts.extend(path);
    parts.push(el("path").class("node leaf").attr("d", &circle(leaf, 55)).view());
    parts.push(label(leaf, 200, &thousands(walk.index)).view());
    parts.push(label(root, -110, &words::ROOT).view());
    let low = (root.y - 260).min(layout.top - STEP);
    let height = layout.base + 260 - low;
    let told = [&thousands(walk.index), &text::events(walk.size), &text::path(walk.steps.len())];
    el("svg")
        .class("mountain")
        .attr("viewBox", &format!("0 {low} {WIDTH} {height}"))
        .attr("role", "img")
        .attr("aria-label", &fill(words::LABEL, &told.map(String::as_str)))
        .add(all(parts))
}

fn ground(layout: &Layout, m: &Mountain) -> El {
    let (left, right, middle, base) = (m.x, m.x + m.width, m.x + m.width / 2, layout.base);
    let peak = base - layout.unit * i64::from(m.height) - 20;
    el("path").class("range").attr("d", &format!("M{left} {base}L{middle} {peak}L{right} {base}Z"))
}

/// Lines and dots of every step, lines first; and where the root stands.
fn path_parts(
    walk: &Walk,
    layout: &Layout,
    leaf: Point,
    at: RwSignal<usize>,
) -> (Vec<View>, Point) {
    let (mut edges, mut dots) = (Vec::new(), Vec::new());
    let mut covered = Span { from: walk.index, to: walk.index + 1 };
    let mut own = leaf;
    let mut bag = layout.base - layout.unit * layout.tallest();
    for (place, step) in walk.steps.iter().enumerate() {
        let mut sibling = layout.point(step.covers);
        let is_left = step.covers.to <= covered.from;
        // Far below, both would stand in one place.
        sibling.x = if is_left { sibling.x.min(own.x - 110) } else { sibling.x.max(own.x + 110) };
        covered =
            Span { from: covered.from.min(step.covers.from), to: covered.to.max(step.covers.to) };
        let parent = if step.is_bag {
            bag -= STEP;
            Point { x: i64::midpoint(own.x, sibling.x), y: bag }
        } else {
            layout.point(covered)
        };
        edges.push(edge(own, parent, "edge path", (place, at)).view());
        edges.push(edge(sibling, parent, "edge", (place, at)).view());
        dots.push(stepped(&circle(sibling, 45), "node sibling", (place, at)).view());
        dots.push(stepped(&circle(parent, 45), "node path", (place, at)).view());
        own = parent;
    }
    edges.extend(dots);
    (edges, own)
}

fn label(point: Point, below: i64, words: &str) -> El {
    el("text")
        .class("label")
        .attr("x", &point.x.clamp(400, WIDTH - 400).to_string())
        .attr("y", &(point.y + below).to_string())
        .text(words)
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
    stepped(&format!("M{} {}L{} {}", from.x, from.y, to.x, to.y), class, step)
}

fn circle(Point { x, y }: Point, radius: i64) -> String {
    let (left, across) = (x - radius, radius * 2);
    format!("M{left} {y}a{radius} {radius} 0 1 0 {across} 0a{radius} {radius} 0 1 0 -{across} 0z")
}
