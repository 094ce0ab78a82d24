//! The words of each page.

use super::texts;

texts! {
/// The page on which receipts are dropped.
home
    TITLE = "Check a receipt";
    WHAT =
        "A receipt proves that an event is in an audit log, that the log is final, and who signed \
         it. This page checks it in your browser, step by step, against the anchor you pinned.";
    DROP = "Drop receipts here";
    OR = "or paste one, as a file or as text, anywhere on this page";
    CHOOSE = "Choose files";
    AS_TEXT = "Paste a receipt as text";
    TEXT_LABEL = "Receipt in base64 or hex";
    CHECK_TEXT = "Check this text";
    NOT_BYTES = "This text is neither base64 nor hex.";
    PASTED = "Pasted receipt";
    FROM_LINK = "Receipt in the link";
    SAMPLE = "No receipt at hand?";
    SAMPLE_WHY = "Take one from this node’s log, and see what a changed byte does to it.";
    SAMPLE_GOOD = "Newest receipt of this log";
    SAMPLE_BAD = "The same, one byte changed";
    EMPTY_LOG = "it lists no event";
    SAMPLE_FAILED = "The node gave no receipt: ";
    OFFLINE_GOOD = "Sample receipt";
    OFFLINE_BAD = "The same, forged";
    OFFLINE_WHY =
        "A sample comes with this page, and is checked against an anchor of its own, also without \
         a network.";
    SAMPLE_NOTE =
        "This sample is checked against its own anchor, {}, and as of {}: it shows how a verdict \
         looks, and says nothing about any log of yours.";
    REMEMBER = "Keep these receipts on this device";
    REMEMBER_WHY = "Receipts are kept, never verdicts: each is checked again when you come back.";
    RESULTS = "Receipts";
    OPEN = "See why";
    CLEAR = "Clear the list";
    STATES = "What a verdict means";
    HONEST = "Who gave you this page?";
    HONEST_WHY =
        "A page served by the node under audit is that node’s code. For a verdict that counts, \
         get the verifier and the anchor from elsewhere: a copy of this page that you keep, the \
         npm package, or the command line.";
    TOO_LONG = " is longer than any receipt, so it was not read.";
}

texts! {
/// One receipt or event.
proof
    RECEIPT = "Receipt";
    EVENT = "Event";
    GONE = "This page no longer holds that receipt. Drop it again.";
    BAD_LINK = "The link holds no readable receipt.";
    BACK = "Check another";
    LINK = "Link to this receipt";
    A_LINK = "a link to this receipt";
    DOWNLOAD = "Download receipt";
    DOWNLOADING = "Fetching the receipt …";
    AGAIN = "Check again";
    STEPS = "The checks, in order";
    PROVEN = "What is proven";
    CLAIMED = "What the writer says";
    CLAIMED_NOTE =
        "Signed by the writer’s key and unchanged since. Whether it is true is the writer’s claim.";
    UNPROVEN = "What the file says";
    UNPROVEN_NOTE = "Nothing here is verified: it is what the file says, and no more.";
    RAW = "Bytes of the receipt";
    RAW_CUT = "The first 4,096 bytes are shown; copying takes all.";
    COPY_HEX = "Copy as hex";
    EXPECTED = "Expected";
    FOUND = "Found";
    BAD_ID = "An event id is 64 lower-case hex digits.";
    LIST_DIFFERS =
        "The node listed this event with other fields than its writer signed. The signed ones are \
         shown.";
}

texts! {
/// Payloads and keys.
payload
    TITLE = "Payload";
    STATE_OPENED = "Opened";
    STATE_SEALED = "Sealed";
    STATE_ERASED = "Erased";
    STATE_WITHHELD = "Withheld";
    STATE_PUBLIC = "Public";
    STATE_NONE = "None";
    ERASED =
        "The log has a redaction of this payload, verified as any event. Whoever follows it has \
         destroyed the keys; what was read before cannot be unread.";
    REDACTION = "See the redaction";
    FIELD_OPENED = "One field, committed to by this event";
    FIELD_NOTE =
        "The event commits to this name and value. That the ciphertext holds the same, only a \
         whole opening shows.";
    NONE = "This event has no payload.";
    PUBLIC = "Public: anyone may read it.";
    SEALED = "Sealed: only holders of a key it was wrapped for can read it.";
    DIGEST = "Digest";
    LENGTH = "Length";
    ABSENT = "The receipt does not bring it along.";
    KEY_FILE = "Key file, or a field’s opening";
    KEY_TEXT = "or paste the key";
    OPEN = "Open with this key";
    OPENING = "Opening …";
    KEY_NOTE =
        "The key stays in this tab. It is used once, not stored, not sent, and wiped from the \
         verifier’s memory afterwards.";
    OPENED = "Opened: this is the payload that was logged";
    OPENED_NOTE = "It has the digest, the key and the fields that the verified event commits to.";
    NOT_FOR_KEY = "Not for this key";
    REFUSED = "Not opened";
    HIDE = "Hide it again";
    FIELD = "Field";
    VALUE = "Value";
    FROM_NODE = "This receipt carries no wraps. Ask the node for one on the event’s page.";
    EVENT_PAGE = "Go to the event’s page";
    FIRST_VERIFY = "It can be opened once the event is verified.";
}

texts! {
/// The log.
log
    TITLE = "Log";
    LIVE = "Live";
    LIVE_ON = "Following: new events appear as they become final.";
    LIVE_LOST = "The connection was lost; the browser tries again.";
    TIMELINE = "When the listed events were logged, by their claimed times";
    TIMELINE_LABEL = "{} between {} and {}; the most in one column: {}";
    BLOCKS = "Blocks";
    BLOCK_GO = "Show the block";
    BLOCK_HEIGHT = "Height of a block";
    BLOCK_NEWEST = "Newest block";
    BATCH = "Check all that match";
    WHAT =
        "The node chooses what it lists here, and could leave events out. What it cannot do is \
         show a false one as verified: each row is checked against the anchor you pinned.";
    HEAD_VERIFIED = "The newest header follows from your anchor.";
    HEIGHT = "Height";
    EVENTS = "Events";
    HEAD_TIME = "Head from";
    SYNCED = "Synced at";
    SYNC = "Sync now";
    SYNCING = "Asking the node for a newer header …";
    ACTOR = "Actor";
    RESOURCE = "Resource";
    TYPE = "Type";
    FROM = "From day";
    TO = "To day";
    SEARCH = "Search";
    RESET = "Show all";
    INDEX = "Index";
    TIME = "Claimed time";
    VERDICT = "Verdict";
    CAPTION = "Events, newest first";
    MORE = "Load more";
    LOADING = "Asking the node …";
    NOTHING = "The node lists no such event.";
    FAILED = "The node did not list its events: ";
}

texts! {
/// One block, and two.
block
    TITLE = "Block {}";
    NAME = "Block";
    WHAT = "A block is a header that validators signed. It names all events before it.";
    NEWEST = "Newest block";
    VERIFIED = "Header {} is final: it follows from the anchor you pinned.";
    HEADER = "The header";
    PARENT = "Parent";
    PARENT_NONE = "none, this is the first";
    HEADER_ROOT = "Root of the headers";
    STATE_ROOT = "Root of the state";
    NEXT_SET = "Next validator set";
    EPOCH_START = "Epoch began at";
    OLDER = "Older";
    NEWER = "Newer";
    DOWNLOAD = "Download checkpoint";
    CHECKPOINT_WHY =
        "A checkpoint is the header with all that makes it final, from your anchor on. Its digest \
         can be an anchor for others.";
    COMPARE = "Compare two blocks";
    COMPARE_WHY =
        "Whether the newer one has all that the older one had, in the same places: nothing was \
         rewritten in between.";
    OLD = "Older height";
    NEW = "Newer height";
    GO = "Compare";
    CONSISTENT = "Block {} has everything that block {} had, unchanged: {} then, {} now.";
    BAD_HEIGHT = "A height is a whole number.";
}

texts! {
/// Trust.
trust
    TITLE = "Trust";
    FINGERPRINT = "Compare it with someone";
    FINGERPRINT_WHY =
        "Read the words to each other on a channel that you trust. The picture is for a first \
         look; the words are exact.";
    PICTURE = "Picture of the anchor’s digest";
    IMPORT = "Import from a file";
    EXPORT = "Export to a file";
    IMPORT_BAD = "There is no anchor in that file.";
    CHAIN = "How validators changed";
    CHAIN_WHY =
        "Each change is signed by the set before it. All are followed from your anchor on; none \
         is skipped.";
    CHAIN_NONE = "They did not change between your anchor and the newest header.";
    CHAIN_HEAD = "At height";
    CHAIN_EPOCH = "New epoch";
    CHAIN_SIGNED = "Signed by";
    CHAIN_SET = "New set";
    VALIDATORS = "Validators now";
    WHAT =
        "All verdicts on this page start from one line that you pin. It is the only thing you \
         take on faith; everything after it is checked.";
    PINNED = "Your anchor";
    NONE = "None is pinned, so nothing can be verified.";
    LABEL = "Anchor";
    HINT = "genesis: or checkpoint: and 64 hex digits, from the auditor’s own records";
    SET = "Pin this anchor";
    KEEP = "Keep it on this device";
    FORGET = "Forget it";
    THIS_TAB = "Pinned from the link, for this tab only.";
    KEPT = "Pinned by you and kept on this device. A link cannot replace it.";
    HEAD = "Newest header verified from it";
    NO_HEAD = "Pin an anchor to follow this node’s log.";
    HOLDS = "Holds";
    EVENT_ROOT = "Root of the events";
    EPOCH = "Epoch";
    SET_DIGEST = "Validator set";
    REFUSED = "What this browser had kept of the log was not taken up: ";
    REFUSED_SAVE = "Save what was set aside";
    NOT_PROVEN = "What is not proven";
    LIMITS_1 =
        "That what a writer logged is true. A signature shows who said it, and that it is \
         unchanged.";
    LIMITS_2 = "The name of a writer. The key is verified; actor and names are its claims.";
    LIMITS_3 =
        "That a list is complete. A node can leave events out of an answer, not out of the log.";
    LIMITS_4 =
        "That validators do not collude. More than two thirds of the voting power can sign two \
         histories; a third or more can help. Two people who compare headers find out.";
    LIMITS_5 =
        "When an event happened. The log proves between which headers it was logged; the event’s \
         own time is claimed.";
    LIMITS_6 = "That this page does what it says. It is code from whoever serves it.";
}
