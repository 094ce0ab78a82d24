//! Receipts that the user wants kept on this device: bytes, never verdicts. When the page comes
//! back, each is checked again.

use crate::browser::{self, Keep};
use crate::format::{from_text, to_base64};
use crate::signals::*;
use crate::state::{App, Given};

const NAME: &str = "cairn-receipts";
/// How many are kept, and how long each may be: storage has room for some megabytes.
const MOST: usize = 20;
const LONGEST: usize = 64 << 10;

/// Whether the user asked for it before.
pub(crate) fn is_on() -> bool {
    browser::load(Keep::Device, NAME).is_some()
}

/// Takes up what was kept, and keeps what is given from now on while that is wanted.
pub(crate) fn follow(app: App) {
    app.given.set(browser::load(Keep::Device, NAME).map(|text| read(&text)).unwrap_or_default());
    effect(move || {
        let text = app.remembers.get().then(|| app.given.with(|given| write(given)));
        browser::store(Keep::Device, NAME, text.as_deref());
    });
}

/// A line a receipt: its bytes and its name.
fn write(given: &[Given]) -> String {
    let newest = given.iter().rev().filter(|given| given.bytes.len() <= LONGEST).take(MOST);
    let lines = newest.map(|given| {
        let name = given.name.replace(['\n', '\r'], " ");
        [&to_base64(&given.bytes), " ", &name, "\n"].concat()
    });
    let mut lines: Vec<String> = lines.collect();
    lines.reverse();
    lines.concat()
}

fn read(text: &str) -> Vec<Given> {
    let line = |line: &str| {
        let (bytes, name) = line.split_once(' ')?;
        Some(Given { name: name.to_owned(), bytes: from_text(bytes)?.into() })
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let given =
            |name: &str, len: usize| Given { name: name.into(), bytes: vec![7; len].into() };
        let kept = [given("a b\nc", 3), given("too long", LONGEST + 1), given("d", 1)];
        let back: Vec<_> = read(&write(&kept)).into_iter().map(|g| (g.name, g.bytes)).collect();
        assert_eq!(back, [("a b c".into(), [7; 3][..].into()), ("d".into(), [7; 1][..].into())]);
        assert_eq!(read("! bytes\n\n~ x\n").len(), 0);
    }
}
