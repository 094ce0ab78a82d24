//! The words of the frame, of states and of verdicts.

use super::texts;

texts! {
/// The frame around every page.
frame
    SKIP = "Skip to the content";
    NAVIGATION = "Pages";
    CHECK = "Check";
    LOG = "Log";
    TRUST = "Trust";
    BATCH = "Batch";
    REPORT = "Report";
    OPERATOR = "Operator";
    ABOUT = "About";
    LANGUAGE = "Language";
    MORE = "More";
    ALARM = "Two histories of one log";
    ALARM_WHY =
        "The node shows a header that contradicts one which this browser had verified before. \
         Validators signed both, or their keys leaked. Nothing this node says now should be \
         relied on: save what both sides said, and show it to others who follow this log.";
    ALARM_SAVE = "Save the evidence";
    NO_ANCHOR = "No anchor pinned";
    FOOT =
        "Checked here, in this browser. Receipts, keys and verdicts are sent to nobody. Verifier ";
    OTHER_ANCHOR = "This link names another anchor than the one you pinned. Yours stays.";
    BAD_ANCHOR = "The anchor in this link is not one, so it was not pinned.";
    USE_LINK = "Pin the link’s instead";
    UNKNOWN = "There is no such page";
    COPY = "Copy ";
    COPIED = "Copied";
}

texts! {
/// How an anchor came to be pinned.
pin
    FROM_LINK = "pinned from the link";
    BY_YOU = "pinned by you";
    NEEDED =
        "Pin an anchor to check this: the line that names the log you trust, given to you by \
         someone other than the node. Without it nothing can be verified.";
    GO = "Pin an anchor";
}

texts! {
/// The states, each with its word.
state
    VERIFIED = "Verified";
    NOT_FINAL = "Not final yet";
    STALE = "Anchor too old";
    FAILED = "Not valid";
    COULD_NOT = "Could not check";
    NOT_CHECKED = "Not checked";
    CHECKING = "Checking …";
    LEGEND_1 = "Every check passed, from the anchor you pinned to the event.";
    LEGEND_2 = "The node has taken it, but no final header contains it yet.";
    LEGEND_3 = "A check failed. The page names it, with what it expected and what it found.";
    LEGEND_4 = "Nothing was decided: no answer from the node, a newer format, or a wrong clock.";
    LEGEND_5 = "No anchor is pinned, or nothing was asked yet.";
    LEGEND_6 = "The anchor is older than the log’s trust period: a newer one is needed to tell.";
}

texts! {
/// The sentences of verdicts.
verdict
    NOT_FINAL =
        "The node has taken this event, but no final header contains it yet. Until then it may \
         still be refused or lost.";
    STALE =
        "The anchor you pinned is older than the log’s trust period. Old keys may have leaked \
         since, so a newer anchor is needed to tell.";
    COULD_NOT = "Nothing is known either way.";
    CHECKING = "The checks are running, here in your browser.";
    CODE = "Code";
}

texts! {
/// Sentences with gaps.
sentence
    VERIFIED =
        "This event is entry {} of the log. The anchor you pinned leads to a final header that \
         contains it, and its writer’s key signed it.";
    SAMPLE_VERIFIED =
        "This event is entry {} of a sample log. The sample’s own anchor leads to a final header \
         that contains it, and its writer’s key signed it.";
    FAILED_AT = "The check “{}” failed. {}";
    ONE_HOLDS_ALL =
        "One validator holds all voting power ({} of {}): this log is final because that one \
         party says so.";
    ONE_HOLDS_THIRD =
        "One validator holds a third or more of the voting power ({} of {}): that one party can \
         halt the log, or help to fork it.";
    NO_PERIOD = "This log has no trust period: keys that leak years later still count.";
    PERIOD = "{}, counted from the anchor";
    QUORUM = "{} with voting power {} of {}; more than two thirds is needed";
    QUORUM_LABEL = "Voting power {} of {} signed; the line stands at two thirds";
    VOTE = "validator {}, {}, power {}";
    EPOCH = "{}, begun by header {}";
}

texts! {
/// Things that are counted: one, and more than one.
noun
    /// What stands between groups of three digits.
    THOUSANDS = ",";
    EVENT = "event";
    EVENTS = "events";
    BYTE = "byte";
    BYTES = "bytes";
    HASH = "hash";
    HASHES = "hashes";
    VOTE = "vote";
    VOTES = "votes";
    DAY = "day";
    DAYS = "days";
    HOUR = "hour";
    HOURS = "hours";
    MINUTE = "minute";
    MINUTES = "minutes";
    SECOND = "second";
    SECONDS = "seconds";
    MILLISECOND = "millisecond";
    MILLISECONDS = "milliseconds";
}
