//! When the listed events were logged, as columns over time.

use super::rows::Row;
use crate::components::plot::columns;
use crate::format::{len, short_time, thousands};
use crate::html::{View, el, nothing};
use crate::text::{events, fill, log as words};

const COLUMNS: u64 = 60;

/// How many of the rows fall into each part of the time that they span. These are claimed times:
/// a picture for finding one's way, not a finding.
fn counted(times: &[u64]) -> Option<(u64, u64, Vec<u64>)> {
    let (first, last) = (*times.iter().min()?, *times.iter().max()?);
    let span = u128::from(last - first) + 1;
    let mut counts = vec![0; usize::try_from(COLUMNS).unwrap_or(0)];
    for time in times {
        let at = u128::from(time - first) * u128::from(COLUMNS) / span;
        if let Some(count) = usize::try_from(at).ok().and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
    }
    Some((first, last, counts))
}

/// The plot; nothing for fewer than two events.
pub(super) fn timeline(rows: &[Row]) -> View {
    let times: Vec<u64> = rows.iter().map(|row| row.time).collect();
    let Some((first, last, counts)) = counted(&times).filter(|(first, last, _)| first < last)
    else {
        return nothing();
    };
    let most = counts.iter().copied().max().unwrap_or(0);
    let [first, last] = [first, last].map(|time| short_time(cairn_verifier::UnixMillis(time)));
    let total = events(len(times.len()));
    let label = fill(words::TIMELINE_LABEL, &[&total, &first, &last, &thousands(most)]);
    let ends = el("div")
        .class("plot-ends small soft")
        .add(el("span").text(&first))
        .add(el("span").text(&last));
    el("figure")
        .class("plot-box")
        .add(el("figcaption").class("small soft").text(&words::TIMELINE))
        .add(columns(&label, &counts))
        .add(ends)
        .view()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_in_one_column() {
        let (first, last, counts) = counted(&[10, 20, 20, 129]).unwrap();
        assert_eq!((first, last), (10, 129));
        assert_eq!(counts.iter().sum::<u64>(), 4);
        assert_eq!((counts[0], counts[5], counts[59]), (1, 2, 1));
        assert_eq!(counted(&[]), None);
        assert_eq!(counted(&[u64::MAX, 0]).unwrap().2.iter().sum::<u64>(), 2);
    }
}
