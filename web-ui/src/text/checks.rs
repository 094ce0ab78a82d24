//! The words of checks, fields, and what a verdict rests on.

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
    pub(crate) const WRITER_CLASSICAL: &str = "The writer signs with a classical key. A large quantum \
        computer could sign new events in its name, not change those logged before.";
    pub(crate) const CHECKED: &str = "Checked at";
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
    pub(crate) const NAME: Words = (
        "Name of the writer",
        "The log’s state gives the writer’s key to this member, for this place in the log.",
        "The receipt proves no name: of the writer, the key alone is known.",
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
    pub(crate) const WRITER_NAME: &str = "Writer";
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
