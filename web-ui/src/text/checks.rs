//! The words of checks, fields, and what a verdict rests on.

use super::texts;

texts! {
/// Who is trusted.
standing
    TITLE = "What this rests on";
    ANCHOR = "Anchor";
    VALIDATORS = "Validators";
    NUMBER = "No.";
    KEY = "Key";
    POWER = "Power";
    SIGNED = "Signed";
    NOT_SIGNED = "Not needed";
    WHO_SIGNED = "Who signed";
    WHO_SIGNED_WHY =
        "Votes are added by power until they are more than two thirds; further votes are left out.";
    NO_VOTES =
        "This proof needed no votes of its own: its header lies under one that was verified. The \
         block’s page shows who signed.";
    BLOCK_PAGE = "Block {}";
    SPREAD = "No validator holds a third of the voting power.";
    QUANTUM = "Quantum computers";
    POST_QUANTUM = "Every validator set since the anchor signs with post-quantum keys.";
    CLASSICAL =
        "Some validators since the anchor sign with classical keys only. A large quantum computer \
         could forge their votes.";
    NO_SET = "No votes were needed: the anchor itself is the header, or is newer.";
    PERIOD = "Trust period";
    WRITER = "Writer";
    WRITER_CLASSICAL =
        "The writer signs with a classical key. A large quantum computer could sign new events in \
         its name, not change those logged before.";
    CHECKED = "Checked at";
}

texts! {
/// The checks: name, what a pass means, why it may not be needed.
steps
    DECODED = "Format";
    DECODED_MEANS = "The bytes are a receipt, to the last one, in the only encoding it has.";
    ANCHOR = "Anchor";
    ANCHOR_MEANS = "The receipt starts from what you pinned, by its digest.";
    HANDOVERS = "Handovers";
    HANDOVERS_MEANS = "Each change of validators was signed by the set before it.";
    TRUST_PERIOD = "Trust period";
    TRUST_PERIOD_MEANS =
        "The anchor is young enough for its validators’ keys to count, by this device’s clock.";
    TRUST_PERIOD_ABSENT = "Not needed: the header lies under one that is trusted already.";
    VOTES = "Votes and quorum";
    VOTES_MEANS = "Validators with more than two thirds of the voting power signed the header.";
    VOTES_ABSENT = "Not needed: the header lies under one that is trusted already.";
    FINAL = "Final header";
    FINAL_MEANS = "The header follows from the anchor and cannot be taken back.";
    WRITER = "Writer’s signature";
    WRITER_MEANS = "The event is signed under the key that it names as its writer.";
    INCLUDED = "Inclusion";
    INCLUDED_MEANS = "The event and the hashes beside its path lead to the root in the header.";
    LOG_TIME = "Time of logging";
    LOG_TIME_MEANS = "The event is in the one block and not in the block before it.";
    LOG_TIME_ABSENT = "The receipt does not prove when the event was logged.";
    PAYLOAD = "Payload";
    PAYLOAD_MEANS = "The payload in the receipt has the digest that the event commits to.";
    PAYLOAD_ABSENT = "The receipt brings no payload along.";
    NAME = "Name of the writer";
    NAME_MEANS =
        "The log’s state gives the writer’s key to this member, for this place in the log.";
    NAME_ABSENT = "The receipt proves no name: of the writer, the key alone is known.";
    /// The same of an event that was checked under the newest header.
    ANCHOR_HEAD =
        "The receipt starts from the newest header, which this browser had verified from your \
         anchor.";
    SEEN_BEFORE =
        "Checked when the newest header was fetched. The downloaded receipt brings the votes \
         along.";
    PASSED = "Passed";
    STOPPED = "Failed";
    UNDECIDED = "Undecided";
    NOT_REACHED = "Not reached";
    NOT_NEEDED = "Not part of this receipt";
    PINNED = "Anchor";
    LENGTH = "Length";
    HEIGHT = "Height";
    HEADER = "Header";
    EPOCH = "Epoch";
    INDEX = "Index";
    SIZE = "Tree size";
    PATH = "Path";
    ROOT = "Root";
    AFTER = "Not in the log at";
    UNTIL = "In the log at";
    START = "the log’s beginning";
    DIGEST = "Digest";
    SIGNED = "Signed";
    AGE = "Anchor’s age";
    PERIOD = "Trust period";
    NO_PERIOD = "none";
    VOTE = "Vote";
    EVENT = "Event id";
    KEY = "Writer’s key";
    SUITE = "Suite";
}

texts! {
/// Names of an event's fields.
fields
    ID = "Event id";
    INDEX = "Index in the log";
    LOG = "Log";
    AFTER = "Logged after";
    UNTIL = "Logged by";
    HEIGHT = "Height of the header";
    HEADER = "Final header";
    WRITER = "Writer’s key";
    WRITER_NAME = "Writer";
    KIND = "Kind";
    TYPE = "Type";
    ACTOR = "Actor (claimed)";
    RESOURCE = "Resource (claimed)";
    PARENT = "Belongs to (claimed)";
    OUTCOME = "Outcome (claimed)";
    REASON = "Reason (claimed)";
    TIME = "Time (claimed)";
    STREAM = "Stream";
    SEQUENCE = "Sequence";
    PREVIOUS = "Previous event";
    START = "the log’s beginning";
    FIRST = "none, this is the writer’s first";
}

texts! {
/// The picture of the tree.
mountain
    TITLE = "The path to the root";
    WHAT =
        "Each mountain is a perfect tree of events; together they are the log. Hashes are joined \
         from the event up to the root, one sibling at a time. A single other byte anywhere leads \
         to another root.";
    SLIDER = "Step";
    LEAF = "The hash of event {}, with its place in the log.";
    NODE = "Step {}: joined with the hash on the {}, of {}.";
    BAG = "Step {}: joined with the peak on the {}, of {}.";
    LEFT = "left";
    RIGHT = "right";
    ONE_EVENT = "event {}";
    EVENTS = "events {} to {}";
    OWN = "Own hash";
    SIBLING = "Sibling";
    RESULT = "Together";
    ROOT = "Root";
    EXPECTED = "Root in the header";
    AS_LIST = "All steps as a list";
    LABEL = "The way of event {} through a tree of {}: {}. The list below says the same.";
}
