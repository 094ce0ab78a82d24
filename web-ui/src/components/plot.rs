//! Small plots: a line over time, and columns.

use crate::format::{duration, thousands};
use crate::html::{El, el};
use crate::text::{fill, operator as words};

/// How many values a line shows.
pub(crate) const POINTS: usize = 90;

/// A line of values, the newest at the right. `every` is the time between two, in milliseconds.
pub(crate) fn line(name: &str, values: &[u64], every: u64) -> El {
    let newest = values.last().copied().unwrap_or(0);
    let highest = values.iter().copied().max().unwrap_or(0);
    let span = duration(every * crate::format::len(values.len()));
    // Of nothing there is no number, not even 0.
    let number = |number| if values.is_empty() { "–".to_owned() } else { thousands(number) };
    let now = fill(words::NOW, &[&number(newest)]);
    let most = fill(words::HIGHEST, &[&number(highest)]);
    let label = fill(words::PLOT, &[name, &now, &most, &span]);
    let points = path(values, highest.max(1));
    let ground = format!("{points}V100H{}Z", first(values.len()));
    let svg = el("svg")
        .class("plot")
        .attr("viewBox", "0 0 890 104")
        .attr("preserveAspectRatio", "none")
        .attr("role", "img")
        .attr("aria-label", &label)
        .add(el("path").class("plot-axis").attr("d", "M0 101.5H890M0 2H890"))
        .add(el("path").class("plot-ground").attr("d", &ground))
        .add(el("path").class("plot-line").attr("d", &points));
    let caption = el("figcaption")
        .add(el("span").class("plot-name").text(name))
        .add(el("span").class("plot-now").text(&now))
        .add(el("span").class("soft small").text(&most));
    el("figure").class("plot-box").add(caption).add(svg)
}

/// Where the oldest of so many values stands.
fn first(count: usize) -> usize {
    POINTS.saturating_sub(count) * 10
}

fn path(values: &[u64], highest: u64) -> String {
    let mut path = String::new();
    for (place, value) in values.iter().enumerate() {
        let height = u128::from(*value) * 98 / u128::from(highest);
        let letter = if place == 0 { 'M' } else { 'L' };
        path.push_str(&format!("{letter}{} {}", first(values.len()) + place * 10, 100 - height));
    }
    if path.is_empty() { "M890 100".to_owned() } else { path }
}

/// Columns from 0 to 1,000 across, each with its height in parts of the highest.
pub(crate) fn columns(label: &str, counts: &[u64]) -> El {
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    let width = 1_000 / counts.len().max(1);
    let mut path = String::new();
    for (place, count) in counts.iter().enumerate().filter(|(_, count)| **count != 0) {
        let height = (u128::from(*count) * 56 / u128::from(highest)).max(3);
        let (x, across) = (place * width, width.saturating_sub(3));
        path.push_str(&format!("M{x} {}h{across}V58h-{across}z", 58 - height));
    }
    el("svg")
        .class("timeline")
        .attr("viewBox", "0 0 1000 60")
        .attr("preserveAspectRatio", "none")
        .attr("role", "img")
        .attr("aria-label", label)
        .add(el("path").class("plot-axis").attr("d", "M0 59H1000"))
        .add(el("path").class("columns-fill").attr("d", &path))
}
