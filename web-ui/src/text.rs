//! All words of the page, so that they can be read, and one day translated, in one place.

mod checks;
mod pages;

pub(crate) use checks::{fields, standing, steps};
pub(crate) use pages::{home, log, payload, proof, trust};

use crate::format::{count, duration, thousands};

pub(crate) const NAME: &str = "Cairn";

/// The frame around every page.
pub(crate) mod frame {
    pub(crate) const SKIP: &str = "Skip to the content";
    pub(crate) const NAVIGATION: &str = "Pages";
    pub(crate) const CHECK: &str = "Check";
    pub(crate) const LOG: &str = "Log";
    pub(crate) const TRUST: &str = "Trust";
    pub(crate) const NO_ANCHOR: &str = "No anchor pinned";
    pub(crate) const FOOT: &str = "Checked here, in this browser. Receipts, keys and verdicts are \
        sent to nobody. Verifier ";
    pub(crate) const OTHER_ANCHOR: &str = "This link names another anchor than the one you pinned. \
        Yours stays.";
    pub(crate) const BAD_ANCHOR: &str = "The anchor in this link is not one, so it was not pinned.";
    pub(crate) const USE_LINK: &str = "Pin the link’s instead";
    pub(crate) const UNKNOWN: &str = "There is no such page";
    pub(crate) const COPY: &str = "Copy ";
    pub(crate) const COPIED: &str = "Copied";
}

/// How an anchor came to be pinned.
pub(crate) mod pin {
    pub(crate) const FROM_LINK: &str = "pinned from the link";
    pub(crate) const BY_YOU: &str = "pinned by you";
    pub(crate) const NEEDED: &str = "Pin an anchor to check this: the line that names the log you \
        trust, given to you by someone other than the node. Without it nothing can be verified.";
    pub(crate) const GO: &str = "Pin an anchor";
}

/// The states, each with its word.
pub(crate) mod state {
    pub(crate) const VERIFIED: &str = "Verified";
    pub(crate) const NOT_FINAL: &str = "Not final yet";
    pub(crate) const STALE: &str = "Anchor too old";
    pub(crate) const FAILED: &str = "Not valid";
    pub(crate) const COULD_NOT: &str = "Could not check";
    pub(crate) const NOT_CHECKED: &str = "Not checked";
    pub(crate) const CHECKING: &str = "Checking …";

    pub(crate) const LEGEND: [&str; 5] = [
        "Every check passed, from the anchor you pinned to the event.",
        "It may hold, but no final header contains it yet, or the anchor is older than the log’s \
         trust period.",
        "A check failed. The page names it, with what it expected and what it found.",
        "Nothing was decided: no answer from the node, a newer format, or a wrong clock.",
        "No anchor is pinned, or nothing was asked yet.",
    ];
}

/// The sentences of verdicts.
pub(crate) mod verdict {
    pub(crate) const NOT_FINAL: &str = "The node has taken this event, but no final header \
        contains it yet. Until then it may still be refused or lost.";
    pub(crate) const STALE: &str = "The anchor you pinned is older than the log’s trust period. Old \
        keys may have leaked since, so a newer anchor is needed to tell.";
    pub(crate) const COULD_NOT: &str = "Nothing is known either way.";
    pub(crate) const CHECKING: &str = "The checks are running, here in your browser.";
    pub(crate) const CODE: &str = "Code";
}

pub(crate) fn verified(index: u64) -> String {
    [
        "This event is entry ",
        &thousands(index),
        " of the log. The anchor you pinned leads to a final header that contains it, and its \
         writer’s key signed it.",
    ]
    .concat()
}

pub(crate) fn failed_at(step: &str, message: &str) -> String {
    ["The check “", step, "” failed. ", message].concat()
}

pub(crate) fn concentrated(power: u64, total: u64) -> String {
    let (power_text, total_text) = (thousands(power), thousands(total));
    if power == total {
        return [
            "One validator holds all voting power (",
            &power_text,
            " of ",
            &total_text,
            "): this log is final because that one party says so.",
        ]
        .concat();
    }
    [
        "One validator holds a third or more of the voting power (",
        &power_text,
        " of ",
        &total_text,
        "): that one party can halt the log, or help to fork it.",
    ]
    .concat()
}

pub(crate) fn trust_period(ms: u64) -> String {
    match ms {
        0 => "This log has no trust period: keys that leak years later still count.".to_owned(),
        ms => [&duration(ms), ", counted from the anchor"].concat(),
    }
}

pub(crate) fn quorum(signed: u64, total: u64, votes: usize) -> String {
    [
        &count(crate::format::len(votes), "vote"),
        " with voting power ",
        &thousands(signed),
        " of ",
        &thousands(total),
        "; more than two thirds is needed",
    ]
    .concat()
}

/// What the picture of the voting power shows.
pub(crate) fn quorum_label(power: &str, total: &str) -> String {
    ["Voting power ", power, " of ", total, " signed; the line stands at two thirds"].concat()
}
