//! What is shown of an [`Assurance`]: an icon, a word, a colour and a sentence.
//!
//! **Invariant:** green comes from [`Assurance::Verified`] and from nothing else.

use cairn_light_client::{Assurance, ClientError, Reason};

use crate::text::{self, Text, payload, state};

/// The colours. Each goes with one meaning on the whole page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Green,
    Amber,
    Red,
    Violet,
    Grey,
    /// No verdict: what was found on the way to one that is not green.
    Ink,
}

impl Tone {
    /// The class that sets the colour.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Green => "tone-green",
            Self::Amber => "tone-amber",
            Self::Red => "tone-red",
            Self::Violet => "tone-violet",
            Self::Grey => "tone-grey",
            Self::Ink => "tone-ink",
        }
    }
}

/// The icons: shapes that differ without colour too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    /// A tick in a full circle.
    Tick,
    /// A half-filled circle.
    Half,
    /// A clock.
    Clock,
    /// A cross in an octagon.
    Cross,
    /// A question mark in a square.
    Question,
    /// An empty, dashed circle.
    Empty,
    /// A turning arc.
    Turning,
    /// A padlock.
    Lock,
    /// A circle, struck through.
    Erased,
}

/// How one state looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) tone: Tone,
    pub(crate) icon: Icon,
    pub(crate) word: Text,
}

const fn look_of(tone: Tone, icon: Icon, word: Text) -> Look {
    Look { tone, icon, word }
}

pub(crate) const VERIFIED: Look = look_of(Tone::Green, Icon::Tick, state::VERIFIED);
pub(crate) const NOT_FINAL: Look = look_of(Tone::Amber, Icon::Half, state::NOT_FINAL);
pub(crate) const STALE: Look = look_of(Tone::Amber, Icon::Clock, state::STALE);
pub(crate) const FAILED: Look = look_of(Tone::Red, Icon::Cross, state::FAILED);
pub(crate) const COULD_NOT: Look = look_of(Tone::Violet, Icon::Question, state::COULD_NOT);
pub(crate) const NOT_CHECKED: Look = look_of(Tone::Grey, Icon::Empty, state::NOT_CHECKED);
pub(crate) const CHECKING: Look = look_of(Tone::Grey, Icon::Turning, state::CHECKING);

/// The states of a payload.
pub(crate) const OPENED: Look = look_of(Tone::Green, Icon::Tick, payload::STATE_OPENED);
pub(crate) const SEALED: Look = look_of(Tone::Grey, Icon::Lock, payload::STATE_SEALED);
pub(crate) const ERASED: Look = look_of(Tone::Amber, Icon::Erased, payload::STATE_ERASED);
pub(crate) const WITHHELD: Look = look_of(Tone::Violet, Icon::Question, payload::STATE_WITHHELD);
pub(crate) const PUBLIC: Look = look_of(Tone::Grey, Icon::Half, payload::STATE_PUBLIC);
pub(crate) const NO_PAYLOAD: Look = look_of(Tone::Grey, Icon::Empty, payload::STATE_NONE);

/// How a state looks.
pub(crate) const fn look<F>(assurance: &Assurance<F>) -> Look {
    match assurance {
        Assurance::NotChecked => NOT_CHECKED,
        Assurance::Checking => CHECKING,
        Assurance::CouldNotCheck(_) => COULD_NOT,
        Assurance::NotFinal => NOT_FINAL,
        Assurance::Stale(_) => STALE,
        Assurance::Failed(_) => FAILED,
        Assurance::Verified(_) => VERIFIED,
    }
}

/// What a state says, beside its word. `verified` is the sentence for that case.
pub(crate) fn sentence<F>(assurance: &Assurance<F>, verified: impl FnOnce(&F) -> String) -> String {
    match assurance {
        Assurance::NotChecked => text::pin::NEEDED.owned(),
        Assurance::Checking => text::verdict::CHECKING.owned(),
        Assurance::CouldNotCheck(reason) => {
            [&said(reason), " ", text::verdict::COULD_NOT.get()].concat()
        }
        Assurance::NotFinal => text::verdict::NOT_FINAL.owned(),
        Assurance::Stale(_) => text::verdict::STALE.owned(),
        Assurance::Failed(reason) => said(reason),
        Assurance::Verified(fact) => verified(fact),
    }
}

/// A reason as a sentence, in the language that is on.
pub(crate) fn said(reason: &Reason) -> String {
    explained(reason.error())
}

/// The same of an error.
pub(crate) fn explained(error: &ClientError) -> String {
    match (text::of_error(error.code()), error) {
        // What the node wrote stays as it is.
        (Some(own), ClientError::HttpStatus { status, problem }) => {
            let status = status.to_string();
            [own, " (", &status, " ", &problem.code, ": ", &problem.detail, ")"].concat()
        }
        (Some(own), _) => own.to_owned(),
        (None, _) => as_sentence(&error.to_string()),
    }
}

/// The code of a state that has a reason.
pub(crate) const fn code<F>(assurance: &Assurance<F>) -> Option<&'static str> {
    match assurance {
        Assurance::CouldNotCheck(reason) | Assurance::Stale(reason) | Assurance::Failed(reason) => {
            Some(reason.code())
        }
        Assurance::NotChecked
        | Assurance::Checking
        | Assurance::NotFinal
        | Assurance::Verified(_) => None,
    }
}

/// A message as a sentence: a capital letter first, a full stop last, and digests cut to their
/// ends, because both sides stand below it in full.
pub(crate) fn as_sentence(message: &str) -> String {
    let mut sentence = String::with_capacity(message.len());
    let mut rest = message;
    while !rest.is_empty() {
        let (run, after) = rest.split_at(rest.find(|c| !is_hex(c)).unwrap_or(rest.len()));
        match (run.get(..8), run.len().checked_sub(8).and_then(|tail| run.get(tail..))) {
            (Some(head), Some(tail)) if run.len() >= 64 => {
                sentence.push_str(&[head, "…", tail].concat());
            }
            _ => sentence.push_str(run),
        }
        let mut others = after.chars();
        sentence.extend(others.next());
        rest = others.as_str();
    }
    // All messages begin with an ASCII letter; tables of other letters are as long as a page.
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence.push('.');
    sentence
}

const fn is_hex(c: char) -> bool {
    matches!(c, '0'..='9' | 'a'..='f')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_short_sentences() {
        let digest = "0123456789abcdef".repeat(4);
        let message = format!("this leads to {digest}, the header has (genesis:{digest})");
        let expected =
            "This leads to 01234567…89abcdef, the header has (genesis:01234567…89abcdef).";
        assert_eq!(as_sentence(&message), expected);
        assert_eq!(as_sentence("a deed"), "A deed.");
    }
}
