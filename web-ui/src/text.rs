//! All words of the page, so that they can be read, and one day translated, in one place.

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

/// Who is trusted.
pub(crate) mod standing {
    pub(crate) const TITLE: &str = "What this rests on";
    pub(crate) const ANCHOR: &str = "Anchor";
    pub(crate) const VALIDATORS: &str = "Validators";
    pub(crate) const SPREAD: &str = "No validator holds a third of the voting power.";
    pub(crate) const QUANTUM: &str = "Quantum computers";
    pub(crate) const POST_QUANTUM: &str =
        "Every validator set since the anchor signs with post-quantum keys.";
    pub(crate) const CLASSICAL: &str = "Some validators since the anchor sign with classical keys \
        only. A large quantum computer could forge their votes.";
    pub(crate) const NO_SET: &str =
        "No votes were needed: the anchor itself is the header, or is newer.";
    pub(crate) const PERIOD: &str = "Trust period";
    pub(crate) const WRITER: &str = "Writer";
    pub(crate) const WRITER_CLASSICAL: &str = "The writer signs with a classical key: a large \
        quantum computer could forge a signature like it, but not put it in this log.";
    pub(crate) const CHECKED: &str = "Checked at";
}

/// The page on which receipts are dropped.
pub(crate) mod home {
    pub(crate) const TITLE: &str = "Check a receipt";
    pub(crate) const WHAT: &str = "A receipt proves that an event is in an audit log, that the log \
        is final, and who signed it. This page checks it in your browser, step by step, against \
        the anchor you pinned.";
    pub(crate) const DROP: &str = "Drop receipts here";
    pub(crate) const OR: &str = "or paste one, as a file or as text, anywhere on this page";
    pub(crate) const CHOOSE: &str = "Choose files";
    pub(crate) const AS_TEXT: &str = "Paste a receipt as text";
    pub(crate) const TEXT_LABEL: &str = "Receipt in base64 or hex";
    pub(crate) const CHECK_TEXT: &str = "Check this text";
    pub(crate) const NOT_BYTES: &str = "This text is neither base64 nor hex.";
    pub(crate) const PASTED: &str = "Pasted receipt";
    pub(crate) const FROM_LINK: &str = "Receipt in the link";
    pub(crate) const SAMPLE: &str = "No receipt at hand?";
    pub(crate) const SAMPLE_WHY: &str = "Take one from this node’s log, and see what a changed \
        byte does to it.";
    pub(crate) const SAMPLE_GOOD: &str = "Newest receipt of this log";
    pub(crate) const SAMPLE_BAD: &str = "The same, one byte changed";
    pub(crate) const EMPTY_LOG: &str = "it lists no event";
    pub(crate) const SAMPLE_FAILED: &str = "The node gave no receipt: ";
    pub(crate) const RESULTS: &str = "Receipts";
    pub(crate) const OPEN: &str = "See why";
    pub(crate) const CLEAR: &str = "Clear the list";
    pub(crate) const STATES: &str = "What a verdict means";
    pub(crate) const HONEST: &str = "Who gave you this page?";
    pub(crate) const HONEST_WHY: &str = "A page served by the node under audit is that node’s \
        code. For a verdict that counts, get the verifier and the anchor from elsewhere: a copy of \
        this page that you keep, the npm package, or the command line.";
    pub(crate) const TOO_LONG: &str = " is longer than any receipt, so it was not read.";
}

/// One receipt or event.
pub(crate) mod proof {
    pub(crate) const RECEIPT: &str = "Receipt";
    pub(crate) const EVENT: &str = "Event";
    pub(crate) const GONE: &str = "This page no longer holds that receipt. Drop it again.";
    pub(crate) const BAD_LINK: &str = "The link holds no readable receipt.";
    pub(crate) const BACK: &str = "Check another";
    pub(crate) const LINK: &str = "Link to this receipt";
    pub(crate) const A_LINK: &str = "a link to this receipt";
    pub(crate) const DOWNLOAD: &str = "Download receipt";
    pub(crate) const DOWNLOADING: &str = "Fetching the receipt …";
    pub(crate) const AGAIN: &str = "Check again";
    pub(crate) const STEPS: &str = "The checks, in order";
    pub(crate) const PROVEN: &str = "What is proven";
    pub(crate) const CLAIMED: &str = "What the writer says";
    pub(crate) const CLAIMED_NOTE: &str =
        "Signed by the writer’s key and unchanged since. Whether it is true is the writer’s claim.";
    pub(crate) const UNPROVEN: &str = "What the file says";
    pub(crate) const UNPROVEN_NOTE: &str =
        "Nothing here is verified. It is shown so that you can tell what failed.";
    pub(crate) const RAW: &str = "Bytes of the receipt";
    pub(crate) const RAW_CUT: &str = "The first 4,096 bytes are shown; copying takes all.";
    pub(crate) const COPY_HEX: &str = "Copy as hex";
    pub(crate) const EXPECTED: &str = "Expected";
    pub(crate) const FOUND: &str = "Found";
    pub(crate) const BAD_ID: &str = "An event id is 64 lower-case hex digits.";
    pub(crate) const LIST_DIFFERS: &str = "The node listed this event with other fields than its \
        writer signed. The signed ones are shown.";
}

/// Payloads and keys.
pub(crate) mod payload {
    pub(crate) const TITLE: &str = "Payload";
    pub(crate) const NONE: &str = "This event has no payload.";
    pub(crate) const PUBLIC: &str = "Public: anyone may read it.";
    pub(crate) const SEALED: &str = "Sealed: only holders of a key it was wrapped for can read it.";
    pub(crate) const DIGEST: &str = "Digest";
    pub(crate) const LENGTH: &str = "Length";
    pub(crate) const ABSENT: &str = "The receipt does not bring it along.";
    pub(crate) const KEY_FILE: &str = "Key file";
    pub(crate) const KEY_TEXT: &str = "or paste the key";
    pub(crate) const OPEN: &str = "Open with this key";
    pub(crate) const OPENING: &str = "Opening …";
    pub(crate) const KEY_NOTE: &str = "The key stays in this tab. It is used once, not stored, not \
        sent, and wiped from the verifier’s memory afterwards.";
    pub(crate) const OPENED: &str = "Opened: this is the payload that was logged";
    pub(crate) const OPENED_NOTE: &str =
        "It has the digest, the key and the fields that the verified event commits to.";
    pub(crate) const NOT_FOR_KEY: &str = "Not wrapped for this key";
    pub(crate) const REFUSED: &str = "Not opened";
    pub(crate) const HIDE: &str = "Hide it again";
    pub(crate) const FIELD: &str = "Field";
    pub(crate) const VALUE: &str = "Value";
    pub(crate) const FROM_NODE: &str = "This receipt carries no wraps. Ask the node for one on the \
        event’s page.";
    pub(crate) const EVENT_PAGE: &str = "Go to the event’s page";
    pub(crate) const FIRST_VERIFY: &str = "It can be opened once the event is verified.";
}

/// The log.
pub(crate) mod log {
    pub(crate) const TITLE: &str = "Log";
    pub(crate) const WHAT: &str = "The node chooses what it lists here, and could leave events \
        out. What it cannot do is show a false one as verified: each row is checked against the \
        anchor you pinned.";
    pub(crate) const HEAD_VERIFIED: &str = "The newest header follows from your anchor.";
    pub(crate) const HEIGHT: &str = "Height";
    pub(crate) const EVENTS: &str = "Events";
    pub(crate) const HEAD_TIME: &str = "Head from";
    pub(crate) const SYNCED: &str = "Synced at";
    pub(crate) const SYNC: &str = "Sync now";
    pub(crate) const ACTOR: &str = "Actor";
    pub(crate) const RESOURCE: &str = "Resource";
    pub(crate) const TYPE: &str = "Type";
    pub(crate) const FROM: &str = "From day";
    pub(crate) const TO: &str = "To day";
    pub(crate) const SEARCH: &str = "Search";
    pub(crate) const RESET: &str = "Show all";
    pub(crate) const INDEX: &str = "Index";
    pub(crate) const TIME: &str = "Claimed time";
    pub(crate) const VERDICT: &str = "Verdict";
    pub(crate) const CAPTION: &str = "Events, newest first";
    pub(crate) const MORE: &str = "Load more";
    pub(crate) const LOADING: &str = "Asking the node …";
    pub(crate) const NOTHING: &str = "The node lists no such event.";
    pub(crate) const FAILED: &str = "The node did not list its events: ";
}

/// Trust.
pub(crate) mod trust {
    pub(crate) const TITLE: &str = "Trust";
    pub(crate) const WHAT: &str = "All verdicts on this page start from one line that you pin. It \
        is the only thing you take on faith; everything after it is checked.";
    pub(crate) const PINNED: &str = "Your anchor";
    pub(crate) const NONE: &str = "None is pinned, so nothing can be verified.";
    pub(crate) const LABEL: &str = "Anchor";
    pub(crate) const HINT: &str =
        "genesis: or checkpoint: and 64 hex digits, from the auditor’s own records";
    pub(crate) const SET: &str = "Pin this anchor";
    pub(crate) const KEEP: &str = "Keep it on this device";
    pub(crate) const FORGET: &str = "Forget it";
    pub(crate) const THIS_TAB: &str = "Pinned from the link, for this tab only.";
    pub(crate) const KEPT: &str =
        "Pinned by you and kept on this device. A link cannot replace it.";
    pub(crate) const HEAD: &str = "Newest header verified from it";
    pub(crate) const NO_HEAD: &str = "Pin an anchor to follow this node’s log.";
    pub(crate) const HOLDS: &str = "Holds";
    pub(crate) const EVENT_ROOT: &str = "Root of the events";
    pub(crate) const EPOCH: &str = "Epoch";
    pub(crate) const SET_DIGEST: &str = "Validator set";
    pub(crate) const REFUSED: &str = "What this browser had kept of the log was not taken up: ";
    pub(crate) const NOT_PROVEN: &str = "What is not proven";
    pub(crate) const LIMITS: [&str; 6] = [
        "That what a writer logged is true. A signature shows who said it, and that it is unchanged.",
        "The name of a writer. The key is verified; actor and names are its claims.",
        "That a list is complete. A node can leave events out of an answer, not out of the log.",
        "That validators do not collude. More than two thirds of the voting power can sign two \
         histories; a third or more can help. Two people who compare headers find out.",
        "When an event happened. The log proves between which headers it was logged; the \
         event’s own time is claimed.",
        "That this page does what it says. It is code from whoever serves it.",
    ];
}

/// The checks: name, what a pass means, why it may not be needed.
pub(crate) mod steps {
    use crate::format::thousands;

    type Words = (&'static str, &'static str, &'static str);

    pub(crate) const DECODED: Words =
        ("Format", "The bytes are a receipt, to the last one, in the only encoding it has.", "");
    pub(crate) const ANCHOR: Words =
        ("Anchor", "The receipt starts from what you pinned, by its digest.", "");
    pub(crate) const HANDOVERS: Words =
        ("Handovers", "Each change of validators was signed by the set before it.", "");
    pub(crate) const TRUST_PERIOD: Words = (
        "Trust period",
        "The anchor is young enough for its validators’ keys to count, by this device’s clock.",
        "Not needed: the header lies under one that is trusted already.",
    );
    pub(crate) const VOTES: Words = (
        "Votes and quorum",
        "Validators with more than two thirds of the voting power signed the header.",
        "Not needed: the header lies under one that is trusted already.",
    );
    pub(crate) const FINAL: Words =
        ("Final header", "The header follows from the anchor and cannot be taken back.", "");
    pub(crate) const WRITER: Words = (
        "Writer’s signature",
        "The event is signed under the key that it names as its writer.",
        "",
    );
    pub(crate) const INCLUDED: Words = (
        "Inclusion",
        "The event and the hashes beside its path lead to the root in the header.",
        "",
    );
    pub(crate) const LOG_TIME: Words = (
        "Time of logging",
        "The event is in the one block and not in the block before it.",
        "The receipt does not prove when the event was logged.",
    );
    pub(crate) const PAYLOAD: Words = (
        "Payload",
        "The payload in the receipt has the digest that the event commits to.",
        "The receipt brings no payload along.",
    );

    /// The same of an event that was checked under the newest header.
    pub(crate) const ANCHOR_HEAD: &str = "The receipt starts from the newest header, which this \
        browser had verified from your anchor.";
    pub(crate) const SEEN_BEFORE: &str = "Checked when the newest header was fetched. The \
        downloaded receipt brings the votes along.";

    pub(crate) const PASSED: &str = "Passed";
    pub(crate) const STOPPED: &str = "Failed";
    pub(crate) const UNDECIDED: &str = "Undecided";
    pub(crate) const NOT_REACHED: &str = "Not reached";
    pub(crate) const NOT_NEEDED: &str = "Not part of this receipt";

    pub(crate) const PINNED: &str = "Anchor";
    pub(crate) const LENGTH: &str = "Length";
    pub(crate) const HEIGHT: &str = "Height";
    pub(crate) const HEADER: &str = "Header";
    pub(crate) const EPOCH: &str = "Epoch";
    pub(crate) const INDEX: &str = "Index";
    pub(crate) const SIZE: &str = "Tree size";
    pub(crate) const PATH: &str = "Path";
    pub(crate) const ROOT: &str = "Root";
    pub(crate) const AFTER: &str = "Not in the log at";
    pub(crate) const UNTIL: &str = "In the log at";
    pub(crate) const START: &str = "the log’s beginning";
    pub(crate) const DIGEST: &str = "Digest";
    pub(crate) const SIGNED: &str = "Signed";
    pub(crate) const AGE: &str = "Anchor’s age";
    pub(crate) const PERIOD: &str = "Trust period";
    pub(crate) const NO_PERIOD: &str = "none";
    pub(crate) const VOTE: &str = "Vote";
    pub(crate) const EVENT: &str = "Event id";
    pub(crate) const KEY: &str = "Writer’s key";
    pub(crate) const SUITE: &str = "Suite";

    pub(crate) fn vote(index: u8, suite: &str, power: u64) -> String {
        ["validator ", &thousands(u64::from(index)), ", ", suite, ", power ", &thousands(power)]
            .concat()
    }

    pub(crate) fn path(hashes: usize) -> String {
        let noun = if hashes == 1 { " hash" } else { " hashes" };
        [&thousands(crate::format::len(hashes)), noun].concat()
    }

    pub(crate) fn epoch(epoch: u64, height: u64) -> String {
        [&thousands(epoch), ", begun by header ", &thousands(height)].concat()
    }
}

/// Names of an event's fields.
pub(crate) mod fields {
    pub(crate) const ID: &str = "Event id";
    pub(crate) const INDEX: &str = "Index in the log";
    pub(crate) const LOG: &str = "Log";
    pub(crate) const AFTER: &str = "Logged after";
    pub(crate) const UNTIL: &str = "Logged by";
    pub(crate) const HEIGHT: &str = "Height of the header";
    pub(crate) const HEADER: &str = "Final header";
    pub(crate) const WRITER: &str = "Writer’s key";
    pub(crate) const KIND: &str = "Kind";
    pub(crate) const TYPE: &str = "Type";
    pub(crate) const ACTOR: &str = "Actor (claimed)";
    pub(crate) const RESOURCE: &str = "Resource (claimed)";
    pub(crate) const PARENT: &str = "Belongs to (claimed)";
    pub(crate) const OUTCOME: &str = "Outcome (claimed)";
    pub(crate) const REASON: &str = "Reason (claimed)";
    pub(crate) const TIME: &str = "Time (claimed)";
    pub(crate) const STREAM: &str = "Stream";
    pub(crate) const SEQUENCE: &str = "Sequence";
    pub(crate) const PREVIOUS: &str = "Previous event";
    pub(crate) const START: &str = "the log’s beginning";
    pub(crate) const FIRST: &str = "none, this is the writer’s first";
}

/// What the picture of the voting power shows.
pub(crate) fn quorum_label(power: &str, total: &str) -> String {
    ["Voting power ", power, " of ", total, " signed; the line stands at two thirds"].concat()
}
