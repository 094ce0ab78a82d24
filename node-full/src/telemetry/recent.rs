//! The last errors and warnings that this node said, for an administrator who asks the API: what
//! stands in the node's log too, without a way to the machine that the log lies on.
//!
//! **Invariant:** bounded in number and length, whatever is said how often; and what looks like a
//! secret is masked before it is kept.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use cairn_verifier::UnixMillis;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::clock;

/// How many different ones are kept.
const KEPT: usize = 64;
/// How many characters of one are kept.
const LONGEST: usize = 600;
/// What our own crates' targets begin with. What others say goes to the log alone: it may hold
/// whatever they were given.
const OWN: &str = "cairn_";
/// What the text of a key file begins with.
const KEY_FILE: &str = "cairn-secret-";
/// A word with one of these beginnings is an API key or a token, if it is not short.
const BEARERS: [&str; 2] = ["cairn_", "eyJ"];
const SHORT: usize = 32;
const MASK: &str = "[masked]";

/// Something that was said, once or again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// When it was said last.
    pub(crate) last: UnixMillis,
    /// When it was said first, since it is kept.
    pub(crate) first: UnixMillis,
    /// How often.
    pub(crate) times: u64,
    /// An error, or a warning.
    pub(crate) is_error: bool,
    /// The module that said it.
    pub(crate) from: &'static str,
    /// The sentence, and what stood with it.
    pub(crate) text: String,
}

/// The last ones. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Recent(Arc<Mutex<VecDeque<Said>>>);

impl Recent {
    /// Takes them from what is said in this process.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        Listener(self.clone()).with_filter(Targets::new().with_target(OWN, Level::WARN))
    }

    /// All that are kept, the newest first.
    pub(crate) fn newest_first(&self) -> Vec<Said> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().cloned().collect()
    }

    /// What is said again counts there, and is the newest.
    fn note(&self, mut said: Said) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |old: &Said| {
            (old.is_error, old.from, &old.text) == (said.is_error, said.from, &said.text)
        };
        let before = kept.iter().position(is_same).and_then(|place| kept.remove(place));
        if let Some(before) = before {
            (said.first, said.times) = (before.first, before.times.saturating_add(1));
        }
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(said);
    }
}

struct Listener(Recent);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let (now, metadata) = (clock::now(), event.metadata());
        let (is_error, from) = (*metadata.level() == Level::ERROR, metadata.target());
        let text = shortened(&masked(&line.text()));
        self.0.note(Said { last: now, first: now, times: 1, is_error, from, text });
    }
}

/// The sentence of an event, and its fields behind it.
#[derive(Default)]
struct Line {
    sentence: String,
    fields: String,
}

impl Line {
    fn text(self) -> String {
        if self.fields.is_empty() {
            return self.sentence;
        }
        format!("{} ({})", self.sentence, self.fields)
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A value that cannot be shown leaves what came before it.
        let _unshown = if field.name() == "message" {
            write!(self.sentence, "{value:?}")
        } else {
            let between = if self.fields.is_empty() { "" } else { "; " };
            write!(self.fields, "{between}{}: {value:?}", field.name())
        };
    }
}

/// Without what opens something: who a URL is for and what stands behind its path, keys, tokens, and
/// lines of a settings file, which a parser quotes whole (`7 | name = "value"`).
fn masked(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (number, quoted) = line.split_once(" | ").unwrap_or((line, ""));
        let is_quote = number.trim().parse::<u32>().is_ok() && !quoted.is_empty();
        if is_quote {
            safe.extend([number, " | ", MASK, "\n"]);
        } else {
            mask_line(line, &mut safe);
        }
    }
    safe
}

fn mask_line(line: &str, safe: &mut String) {
    for part in line.split_inclusive(char::is_whitespace) {
        let (before, url) = part.split_once("://").map_or((part, None), |(b, u)| (b, Some(u)));
        mask_words(before, safe);
        if let Some(url) = url {
            safe.push_str("://");
            mask_url(url, safe);
        }
    }
}

/// What stands behind `://`. Passwords are masked up to the last `@`, wherever that is: rather too
/// much than too little.
fn mask_url(url: &str, safe: &mut String) {
    let host = match url.rsplit_once('@') {
        Some((_, host)) => {
            safe.extend([MASK, "@"]);
            host
        }
        None => url,
    };
    match host.split_once('?') {
        Some((path, query)) => {
            mask_words(path, safe);
            safe.extend(["?", MASK]);
            safe.extend(query.chars().filter(|c| c.is_whitespace()));
        }
        None => mask_words(host, safe),
    }
}

fn mask_words(text: &str, safe: &mut String) {
    if let Some((before, key)) = text.split_once(KEY_FILE) {
        mask_words(before, safe);
        safe.push_str(MASK);
        safe.extend(key.chars().filter(|c| c.is_whitespace()));
        return;
    }
    let is_between = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    for part in text.split_inclusive(is_between) {
        let word = part.trim_end_matches(is_between);
        if word.len() > SHORT && BEARERS.iter().any(|begin| word.starts_with(begin)) {
            safe.push_str(MASK);
            safe.extend(part.get(word.len()..));
        } else {
            safe.push_str(part);
        }
    }
}

/// One line of bounded length.
fn shortened(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = chars.by_ref().take(LONGEST).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// What is kept of what `say` says.
    fn heard(say: impl FnOnce()) -> Vec<Said> {
        let recent = Recent::default();
        let subscriber = tracing_subscriber::registry().with(recent.layer());
        tracing::subscriber::with_default(subscriber, say);
        recent.newest_first()
    }

    #[test]
    fn errors_and_warnings_of_our_own_are_kept_newest_first() {
        let kept = heard(|| {
            tracing::info!("nothing of note");
            tracing::warn!(path = "a/b", height = 7, "a file is odd");
            tracing::error!(target: "cairn_store", error = %"no space", "a write failed");
            tracing::error!(target: "hyper", "not ours");
        });
        let said: Vec<_> =
            kept.iter().map(|said| (said.is_error, said.from, said.text.as_str())).collect();
        assert_eq!(
            said,
            [
                (true, "cairn_store", "a write failed (error: no space)"),
                (false, module_path!(), "a file is odd (path: a/b; height: 7)"),
            ]
        );
    }

    #[test]
    fn what_is_said_again_counts_and_pushes_nothing_out() {
        let kept = heard(|| {
            tracing::warn!("the first");
            for _ in 0..10 * KEPT {
                tracing::warn!("again");
            }
        });
        let said: Vec<_> = kept.iter().map(|said| (said.text.as_str(), said.times)).collect();
        assert_eq!(said, [("again", 640), ("the first", 1)]);
        assert!(kept[0].first <= kept[0].last);
    }

    #[test]
    fn number_and_length_are_bounded() {
        let kept = heard(|| {
            for number in 0..3 * KEPT {
                tracing::error!(number, text = "x".repeat(100_000), "long\nand on more lines");
            }
        });
        assert_eq!(kept.len(), KEPT);
        assert!(kept[0].text.starts_with("long and on more lines (number: 191;"), "{:?}", kept[0]);
        assert!(kept.iter().all(|said| said.text.chars().count() == LONGEST + 1));
    }

    #[test]
    fn nothing_that_opens_something_is_kept() {
        let key = format!("cairn_{}", "aB3-_".repeat(9));
        for (text, safe) in [
            ("postgres://cairn:pa:ss/w@rd@db/log is away", "postgres://[masked]@db/log is away"),
            (
                "https://s3/b/o?X-Amz-Signature=ab&c=d\nnot found",
                "https://s3/b/o?[masked]\nnot found",
            ),
            (
                "error at https://log.example/v1/x, again",
                "error at https://log.example/v1/x, again",
            ),
            (&format!("no key \"{key}\"."), "no key \"[masked]\"."),
            (&format!("Bearer {key}"), "Bearer [masked]"),
            (&format!("key=cairn-secret-member:{} x", "0a".repeat(32)), "key=[masked] x"),
            (&format!("token eyJ{}.e.s", "h".repeat(40)), "token [masked]"),
            ("bad\n  |\n7 | key = \"pa ss\"\n  | ^\n", "bad\n  |\n7 | [masked]\n  | ^\n"),
            ("cairn_node::publish says so", "cairn_node::publish says so"),
            ("", ""),
        ] {
            assert_eq!(masked(text), safe, "{text}");
        }
    }
}
