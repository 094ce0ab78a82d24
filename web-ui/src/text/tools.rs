//! The words of the pages for many receipts, for paper, for operators, and about the page itself.

use super::texts;

texts! {
/// Many receipts at once.
batch
    TITLE = "Batch";
    WHAT =
        "Thousands of receipts, or all events that a search finds, checked one by one against your \
         anchor. The work is done beside the page, so it stays usable, and can be stopped.";
    FROM_FILES = "Receipts";
    FILES_WHY =
        "Receipts, lists of events, or folders of them: choose them, or drop them on this page. \
         They are read and checked here; nothing is sent.";
    CHOOSE = "Choose receipts";
    FOLDER = "Choose a folder";
    LIST = "A list: {}, each verified.";
    FROM_LOG = "Events of this log";
    LOG_WHY =
        "The node is asked for the events and for the proof of each. What it leaves out is not \
         seen.";
    MOST = "At most";
    START = "Check them";
    STOP = "Stop";
    AGAIN = "Start over";
    PROGRESS = "{} of {} checked";
    RUNNING = "Checking …";
    STOPPED = "Stopped. What was checked stays below.";
    DONE = "Done in {}.";
    ALL = "All";
    FILTER = "Show only";
    NAME = "Receipt";
    STATE = "Verdict";
    INDEX = "Index";
    WHY = "Details";
    CUT = "The first {} are shown; the files have all.";
    CSV = "Save as CSV";
    JSON = "Save as JSON";
    REPORT = "Make a report";
    NEEDS_ANCHOR = "Pin an anchor first: without it nothing can be verified.";
    NOT_READ = "The file could not be read.";
    BAR = "Verdicts: {}";
}

texts! {
/// The report.
report
    TITLE = "Report";
    WHAT =
        "What was checked, against what, with which verifier, and how anyone can repeat it. The \
         report proves nothing by itself: whoever doubts it repeats it.";
    EMPTY = "Nothing was checked yet. Check some receipts, then come back.";
    GO = "Check receipts";
    PRINT = "Print";
    JSON = "Save as JSON";
    MADE = "Made at";
    CHECKED = "Checked at";
    ANCHOR = "Anchor";
    PINNED = "How it was pinned";
    NODE = "Page served by";
    VERIFIER = "Verifier";
    DIGEST = "SHA-256 of the verifier";
    COUNTS = "Verdicts";
    VERDICTS = "Each receipt";
    REPEAT = "Repeat it";
    REPEAT_WHY =
        "With the files in one folder and cairn from a source that you trust, this gives the \
         same verdicts as of the same time:";
    RESTS = "What it rests on";
    RESTS_WHY =
        "A verdict is as good as its anchor and its verifier. If both came from the node under \
         audit, this report says no more than the node does.";
}

texts! {
/// The operator's page.
operator
    TITLE = "Operator";
    WHAT =
        "How this node is, in its own words. Nothing on this page is verified, and so nothing is \
         green.";
    NODE = "The node";
    KEY = "API key";
    KEY_WHY =
        "Needed where the node asks for one, and for its errors always, with the scope admin. It \
         stays in this tab’s memory, goes to this node alone, and is gone when you leave.";
    USE = "Use this key";
    HEALTHY = "Takes events";
    YES = "yes";
    NO = "no";
    UPTIME = "Up for";
    HEIGHT = "Height";
    ACCEPTED = "Accepted";
    FINAL = "Final";
    WAITING = "Waiting to be final";
    STORAGE = "Storage";
    VERSION = "Version";
    HEAD_AGE = "Newest block";
    AGO = "{} ago";
    INGEST = "Events a second";
    LATENCY = "Milliseconds until final";
    LATENCY_WHY =
        "From an event’s claimed time until it was final here. Shown for events that come while \
         this page is open.";
    BACKLOG = "Events waiting to be final";
    GATHERING = "Gathering …";
    PEERS = "Peers";
    NO_PEERS = "None: this node is not one of several validators.";
    CONNECTED = "Connected";
    NOT_CONNECTED = "Not connected";
    VALIDATOR = "Validator";
    ROUND = "Height {}, round {}";
    ERRORS = "Last errors and warnings of the node";
    ERRORS_NEED_KEY =
        "The node shows them to an API key with the scope admin: use one below.";
    ERRORS_REFUSED = "The node does not show them to this key: ";
    NO_ERRORS = "None since the node was started.";
    ERROR = "error";
    WARNING = "warning";
    TIMES = "{} times, first {}";
    PAGE_ERRORS = "Answers to this page that were errors";
    PUBLISHED = "Publishing";
    FOLLOWED = "Following";
    BEHIND = "{}, {} behind";
    NOW = "now {}";
    HIGHEST = "highest {}";
    PLOT = "{}: {}, {}, over the last {}";
}

texts! {
/// What this page is.
about
    TITLE = "About this page";
    WHAT =
        "It checks audit logs in your browser. The verifier is the same code that the npm package \
         and the command line run.";
    BUILD = "This build";
    VERSION = "Version";
    DIGEST = "SHA-256 of the verifier";
    SIZE = "Its size";
    DIGEST_WHY =
        "Compare it with the digest in the release notes, or with that of a build of your own: \
         builds are reproducible. A page that lies can lie about its digest too, so take it with a \
         tool of yours:";
    NO_DIGEST = "This browser gives digests only to pages that are served securely.";
    ELSEWHERE = "Where to get a verifier instead";
    ELSEWHERE_1 =
        "The single-file verifier: one HTML page that you keep, and that works without a network.";
    ELSEWHERE_2 = "The npm package cairn-light-client, for your own page or program.";
    ELSEWHERE_3 = "The command line: cairn verify FILE --anchor ANCHOR.";
    CHECKED = "What is checked";
    CHECKED_1 = "That a receipt starts from the anchor that you pinned, by digest.";
    CHECKED_2 =
        "That each change of validators was signed by more than two thirds of the set before it.";
    CHECKED_3 = "That more than two thirds of the voting power signed the header.";
    CHECKED_4 = "That the event stands at its index in that header’s tree.";
    CHECKED_5 = "That the event’s writer signed it, and in which order.";
    CHECKED_6 = "That a newer header continues all that was seen before.";
    CHECKED_7 = "That an opened payload is the one that was logged.";
    PRIVACY = "What leaves this browser";
    PRIVACY_WHY =
        "Receipts, keys and verdicts do not. Pages of the log ask the node for what they show, and \
         nobody else for anything: the page’s policy forbids it.";
}
