//! All words of the page: English here, in one table keyed by code (`home.TITLE`); another language
//! is a file of the same codes (`static/de.json`), fetched when it is chosen.
//!
//! What others wrote never goes through here, so it is never translated.

mod checks;
mod language;
mod pages;
mod tools;
mod words;

pub(crate) use checks::{fields, mountain, standing, steps};
pub(crate) use language::{Language, Text, of_error};
pub(crate) use pages::{block, home, log, payload, proof, trust};
pub(crate) use tools::{about, batch, operator, report};
pub(crate) use words::{frame, noun, pin, sentence, state, verdict};

use crate::format::{count, duration, len, thousands};

pub(crate) const NAME: &str = "Cairn";

/// Declares texts: a module of constants, each with its code.
macro_rules! texts {
    ($(#[$doc:meta])* $module:ident $($(#[$_doc:meta])* $name:ident = $english:literal;)*) => {
        $(#[$doc])*
        pub(crate) mod $module {
            use crate::text::Text;
            $(
                pub(crate) const $name: Text =
                    Text::new(concat!(stringify!($module), ".", stringify!($name)), $english);
            )*
            /// Every code with its English, for the test that compares the tables.
            #[cfg(test)]
            pub(crate) const CODES: &[(&str, &str)] =
                &[$((concat!(stringify!($module), ".", stringify!($name)), $english)),*];
        }
    };
}
use texts;

/// A sentence with its gaps, `{}`, filled in order.
pub(crate) fn fill(sentence: Text, values: &[&str]) -> String {
    let mut filled = String::new();
    let mut values = values.iter();
    for (place, part) in sentence.get().split("{}").enumerate() {
        if place != 0 {
            filled.push_str(values.next().copied().unwrap_or_default());
        }
        filled.push_str(part);
    }
    filled
}

pub(crate) fn verified(index: u64) -> String {
    fill(sentence::VERIFIED, &[&thousands(index)])
}

pub(crate) fn failed_at(step: &str, message: &str) -> String {
    fill(sentence::FAILED_AT, &[step, message])
}

pub(crate) fn concentrated(power: u64, total: u64) -> String {
    let sentence = if power == total { sentence::ONE_HOLDS_ALL } else { sentence::ONE_HOLDS_THIRD };
    fill(sentence, &[&thousands(power), &thousands(total)])
}

pub(crate) fn trust_period(ms: u64) -> String {
    match ms {
        0 => sentence::NO_PERIOD.owned(),
        ms => fill(sentence::PERIOD, &[&duration(ms)]),
    }
}

pub(crate) fn quorum(signed: u64, total: u64, votes: usize) -> String {
    let votes = count(len(votes), noun::VOTE, noun::VOTES);
    fill(sentence::QUORUM, &[&votes, &thousands(signed), &thousands(total)])
}

/// What the picture of the voting power shows.
pub(crate) fn quorum_label(power: &str, total: &str) -> String {
    fill(sentence::QUORUM_LABEL, &[power, total])
}

pub(crate) fn vote(index: u8, suite: &str, power: u64) -> String {
    fill(sentence::VOTE, &[&thousands(u64::from(index)), suite, &thousands(power)])
}

pub(crate) fn path(hashes: usize) -> String {
    count(len(hashes), noun::HASH, noun::HASHES)
}

pub(crate) fn epoch(epoch: u64, height: u64) -> String {
    fill(sentence::EPOCH, &[&thousands(epoch), &thousands(height)])
}

pub(crate) fn events(number: u64) -> String {
    count(number, noun::EVENT, noun::EVENTS)
}

pub(crate) fn bytes(number: u64) -> String {
    count(number, noun::BYTE, noun::BYTES)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::language::key;
    use super::*;

    fn english() -> BTreeMap<&'static str, &'static str> {
        let tables = [
            about::CODES,
            batch::CODES,
            block::CODES,
            fields::CODES,
            frame::CODES,
            home::CODES,
            log::CODES,
            mountain::CODES,
            noun::CODES,
            operator::CODES,
            payload::CODES,
            pin::CODES,
            proof::CODES,
            report::CODES,
            sentence::CODES,
            standing::CODES,
            state::CODES,
            steps::CODES,
            trust::CODES,
            verdict::CODES,
        ];
        tables.into_iter().flatten().copied().collect()
    }

    /// The file's lines: `  "code": "text",`.
    fn german() -> BTreeMap<&'static str, &'static str> {
        let lines = include_str!("../static/de.json").lines();
        let pairs = lines.filter_map(|line| line.trim().trim_end_matches(',').split_once("\": \""));
        pairs.map(|(code, text)| (&code[1..], text.strip_suffix('"').unwrap())).collect()
    }

    #[test]
    fn german_says_all_that_english_says() {
        let (english, german) = (english(), german());
        let own: BTreeSet<_> = german.keys().filter(|code| !code.starts_with("error.")).collect();
        let missing: Vec<_> = english.keys().filter(|code| !own.contains(code)).collect();
        assert!(missing.is_empty(), "de.json lacks {missing:#?}");
        let unknown: Vec<_> = own.iter().filter(|code| !english.contains_key(**code)).collect();
        assert!(unknown.is_empty(), "de.json has {unknown:#?}, and English does not");
        for (code, text) in &english {
            let gaps = |text: &str| text.matches("{}").count();
            assert_eq!(gaps(text), gaps(german[code]), "gaps of {code}");
        }
    }

    /// Where a code of an error is given: an arm of a `code()`.
    const ERRORS: [&str; 13] = [
        include_str!("../../light-client/src/error.rs"),
        include_str!("../../verifier/src/error.rs"),
        include_str!("../../verifier/src/event/signed.rs"),
        include_str!("../../verifier/src/evidence/error.rs"),
        include_str!("../../verifier/src/finality/error.rs"),
        include_str!("../../verifier/src/payload/error.rs"),
        include_str!("../../verifier/src/state/error.rs"),
        include_str!("../../verifier/src/terms.rs"),
        include_str!("../../verifier/src/tree/consistency.rs"),
        include_str!("../../verifier/src/tree/inclusion.rs"),
        include_str!("../../verifier/src/tree/peaks.rs"),
        include_str!("../../verifier/src/tree/tiles.rs"),
        include_str!("../../verifier/src/trust/error.rs"),
    ];

    fn error_codes() -> BTreeSet<&'static str> {
        let wire = include_str!("../../verifier/src/wire.rs");
        let arms = ERRORS.into_iter().chain([wire]).flat_map(|file| file.split("=> \"").skip(1));
        arms.filter_map(|arm| arm.split('"').next()).filter(|code| is_code(code)).collect()
    }

    /// `trust-other-set`: what it is about, and what is wrong with it.
    fn is_code(text: &str) -> bool {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        text.contains('-') && text.chars().all(is_plain)
    }

    /// In English an error says its own sentence, with both sides in it; so its table are the codes.
    #[test]
    fn german_says_each_error_that_english_says() {
        let codes = error_codes();
        assert!(codes.len() > 100, "only {} codes were found", codes.len());
        let german = german();
        let own = german.keys().filter_map(|code| code.strip_prefix("error.")).collect();
        let lacks: Vec<_> = codes.difference(&own).collect();
        assert!(lacks.is_empty(), "de.json lacks {lacks:#?}");
        let unknown: Vec<_> = own.difference(&codes).collect();
        assert!(unknown.is_empty(), "no error has the codes {unknown:#?} of de.json");
    }

    #[test]
    fn no_two_codes_share_a_key() {
        let codes: Vec<_> = english().into_keys().chain(german().into_keys()).collect();
        let different: BTreeSet<_> = codes.iter().collect();
        let keys: BTreeSet<_> = different.iter().map(|code| key(code)).collect();
        assert_eq!(keys.len(), different.len());
    }

    #[test]
    fn gaps_are_filled() {
        assert_eq!(epoch(3, 1_024), "3, begun by header 1,024");
        assert_eq!(path(1), "1 hash");
    }
}
