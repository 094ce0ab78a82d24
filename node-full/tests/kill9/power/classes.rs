//! The classes of syncs: which files, and what becomes of a node that leaves them out. Every sync
//! is in one of them; which of the calls on one file it is, the store's own tests go through.

/// What must follow when the syncs of a class are left out.
pub(super) enum Expect {
    /// A check fails and says one of these.
    Noticed(&'static [&'static str]),
    /// Nothing, and why.
    Harmless(&'static str),
}

use Expect::{Harmless, Noticed};

/// Syncs of certain files.
pub(super) struct Class {
    pub(super) name: &'static str,
    /// Paths; a directory's, whose sync keeps the names in it, ends with `/`.
    pub(super) files: &'static [&'static str],
    pub(super) expect: Expect,
    /// They are done by `cairn init`.
    pub(super) is_of_init: bool,
    /// `cargo test` leaves them out too, not `cargo xtask kill9 --broken all` alone.
    pub(super) is_quick: bool,
    /// They are needed for some hundred events only.
    pub(super) is_long: bool,
    /// They matter until the next sync of the same file: power is lost right after this one.
    pub(super) halt: Option<&'static str>,
}

const fn class(name: &'static str, files: &'static [&'static str], expect: Expect) -> Class {
    Class { name, files, expect, is_of_init: false, is_quick: false, is_long: false, halt: None }
}

const fn quick(name: &'static str, files: &'static [&'static str], expect: Expect) -> Class {
    Class { is_quick: true, ..class(name, files, expect) }
}

const fn long(name: &'static str, files: &'static [&'static str], expect: Expect) -> Class {
    Class { is_long: true, ..class(name, files, expect) }
}

const fn of_init(name: &'static str, files: &'static [&'static str], expect: Expect) -> Class {
    Class { is_of_init: true, ..class(name, files, expect) }
}

const fn new_file(
    name: &'static str,
    files: &'static [&'static str],
    halt: &'static str,
    expect: Expect,
) -> Class {
    Class { halt: Some(halt), ..class(name, files, expect) }
}

/// What is said of an event that is not there.
const UNKNOWN: &str = "\"unknown-event\"";
const NO_WRAP: &str = "\"no-wrap-for-this-key\"";
const NO_PAYLOAD: &str = "\"no-such-payload\"";
const NO_LOG: &str = "holds no Cairn log";
/// A head that the node does not have any more: its proof fails, or the next segment begins later.
const LOST_BLOCKS: &[&str] =
    &["log/blocks", "stands where", "the head was at height", "\"unknown-height\"", "height"];

pub(super) const CLASSES: &[Class] = &[
    quick("entries", &["data/log/entries/*.seg"], Noticed(&["log/entries", UNKNOWN])),
    class("entries-names", &["data/log/entries/"], Noticed(&["log/entries", UNKNOWN])),
    class("blocks", &["data/log/blocks/*.seg"], Noticed(LOST_BLOCKS)),
    class("blocks-names", &["data/log/blocks/"], Noticed(LOST_BLOCKS)),
    new_file(
        "entries-new",
        &["data/log/entries/*.tmp"],
        "data/log/entries/",
        Noticed(&["log/entries"]),
    ),
    new_file(
        "blocks-new",
        &["data/log/blocks/*.tmp"],
        "data/log/blocks/",
        Noticed(&["log/blocks"]),
    ),
    class(
        "signed",
        &["data/log/signed.*.tmp"],
        Harmless("the log has the block too: this one is for when that frame is damaged"),
    ),
    class("log-names", &["data/log/"], Noticed(&[UNKNOWN])),
    class("data-names", &["data/"], Noticed(&[UNKNOWN])),
    class("key-records", &["data/keystore/records.seg"], Noticed(&["records.seg"])),
    class("key-levels", &["data/keystore/level-*.nodes"], Noticed(&["level-0.nodes"])),
    quick("key-root", &["data/keystore/root.keys"], Noticed(&[NO_WRAP])),
    new_file("key-new", &["data/keystore/*.tmp"], "data/keystore/", Noticed(&["root.keys"])),
    class("key-names", &["data/keystore/"], Noticed(&[NO_WRAP])),
    class("payloads", &["data/payloads/*.tmp"], Noticed(&["\"damaged\"", "other bytes"])),
    quick("payload-names", &["data/payloads/*/"], Noticed(&[NO_PAYLOAD])),
    class("payload-folders", &["data/payloads/"], Noticed(&[NO_PAYLOAD])),
    class(
        "payload-overwritten",
        PAYLOADS,
        Harmless("its name and its keys are gone; freed blocks are the file system's"),
    ),
    class("chain-keys", &["data/keys/chain/*.tmp"], Noticed(&["\"seal-failed\""])),
    class("chain-key-names", &["data/keys/chain/", "data/keys/"], Noticed(&["a grant of"])),
    long("tiles", &["data/tiles/*.tmp"], Noticed(&["tiles/"])),
    long(
        "tile-names",
        &["data/tiles/*/", "data/tiles/"],
        Harmless("tiles are derived: lost ones are made again from the log"),
    ),
    class(
        "index",
        &["data/index/*"],
        Harmless("the index is derived: it catches up with the log, or is made again from it"),
    ),
    of_init("genesis", &["data/genesis.cairn.*.tmp"], Noticed(&["genesis.cairn is damaged"])),
    of_init("format", &["data/FORMAT.*.tmp"], Noticed(&["has the data format"])),
    of_init("keys", &["data/keys/*.tmp"], Noticed(&["validator.key"])),
    of_init("key-file-names", &["data/keys/"], Noticed(&["validator.key"])),
    of_init("init-names", &["data/"], Noticed(&[NO_LOG])),
    of_init("data-itself", &["/"], Noticed(&[NO_LOG])),
];

/// A payload's name is its digest, so it ends with one of these; an unfinished one's does not.
const PAYLOADS: &[&str] = &[
    "data/payloads/*/*0",
    "data/payloads/*/*1",
    "data/payloads/*/*2",
    "data/payloads/*/*3",
    "data/payloads/*/*4",
    "data/payloads/*/*5",
    "data/payloads/*/*6",
    "data/payloads/*/*7",
    "data/payloads/*/*8",
    "data/payloads/*/*9",
    "data/payloads/*/*a",
    "data/payloads/*/*b",
    "data/payloads/*/*c",
    "data/payloads/*/*d",
    "data/payloads/*/*e",
    "data/payloads/*/*f",
];
