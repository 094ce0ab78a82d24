//! The words of each page.

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
