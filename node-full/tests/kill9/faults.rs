//! A disk that changes bits, or refuses: what follows has a name, and nothing that is answered is
//! wrong.

use std::thread;
use std::time::Duration;

use cairn_power::{Disk, Fault, Loss, NodeNo, Rule};

use crate::power::{Site, can_run};
use crate::program::Program;

/// Enough for closed segments and a full tile.
const MANY: usize = 14;

/// A log with so many batches of twenty events, all durable, and its disk.
fn site(batches: usize) -> (Site, Disk) {
    let mut site = Site::new(Vec::new(), None).unwrap();
    let node = Program::start(&site.log.dir).unwrap();
    for number in 0..batches {
        site.known.submit(&node, &format!("{number}.0")).unwrap();
        thread::sleep(Duration::from_millis(60));
    }
    site.known.check(&site.log, &node).unwrap();
    wait_until_final(&node).unwrap();
    drop(node);
    site.mounted.disk().sync_all();
    site.lose(Some(Loss::All)).unwrap();
    let disk = site.mounted.disk().clone();
    (site, disk)
}

/// Waits until a block has every event: the end of one that is in none looks like a write that never
/// finished, whatever happened to it.
fn wait_until_final(node: &Program) -> Result<(), String> {
    for _ in 0..100 {
        let status = node.json("/v1/status")?;
        if status["size"] == status["accepted"] {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err("the last events are in no block after five seconds".to_owned())
}

/// Puts the disk back as it was, so that the next fault is alone.
fn restore(site: &mut Site, disk: &Disk) {
    *site.mounted.disk() = disk.clone();
    // The kernel forgets what it knew of the other one.
    site.lose(Some(Loss::All)).unwrap();
}

/// Which byte of a file is changed.
enum Place {
    Middle,
    /// Of what was written last.
    End,
    These(&'static [u64]),
}

/// Where a bit is changed, of the first or the last file whose path begins and ends so.
struct Flip {
    files: (&'static str, &'static str),
    is_last: bool,
    place: Place,
    /// What is said of it; nothing must be of what is derived and made again.
    said: &'static [&'static str],
}

const fn flip(files: (&'static str, &'static str), said: &'static [&'static str]) -> Flip {
    Flip { files, is_last: false, place: Place::Middle, said }
}

const FLIPS: &[Flip] = &[
    flip(("data/FORMAT", ""), &["has the data format"]),
    flip(("data/genesis.cairn", ""), &["genesis.cairn", "another log", "does not hold"]),
    flip(("data/keys/validator.key", ""), &["validator.key does not hold"]),
    flip(("data/keys/ingest.key", ""), &["ingest.key does not hold"]),
    flip(("data/log/entries/", ".seg"), &["\"damaged\"", "log/entries"]),
    Flip { is_last: true, ..flip(("data/log/entries/", ".seg"), &["log/entries"]) },
    Flip {
        is_last: true,
        place: Place::End,
        ..flip(("data/log/entries/", ".seg"), &["log/entries"])
    },
    flip(("data/log/entries/", ".off"), &["\"damaged\"", "log/entries"]),
    flip(("data/log/blocks/", ".seg"), &["\"damaged\"", "log/blocks"]),
    Flip { is_last: true, ..flip(("data/log/blocks/", ".seg"), &["log/blocks"]) },
    Flip {
        is_last: true,
        place: Place::End,
        ..flip(("data/log/blocks/", ".seg"), &["log/blocks"])
    },
    flip(("data/keystore/records.seg", ""), &["keystore/records.seg"]),
    // Both slots: one of them is not in use.
    Flip {
        place: Place::These(&[5_000, 17_000]),
        ..flip(("data/keystore/level-0.nodes", ""), &["keystore/level-0.nodes"])
    },
    Flip {
        place: Place::These(&[4_120, 8_216]),
        ..flip(("data/keystore/root.keys", ""), &["keystore/root.keys"])
    },
    flip(("data/payloads/", ""), &["\"damaged\""]),
    flip(("data/tiles/event/0/", ""), &["tiles/event"]),
    flip(("data/index/", ".jnl"), &["index"]),
    flip(("data/index/keyspaces/", ""), &["index"]),
];

#[test]
fn a_changed_bit_is_named() {
    if !can_run() {
        return;
    }
    let (mut site, disk) = site(MANY);
    // What was seen of a log that went on is not so of one that was put back.
    let known = site.known.clone();
    let mut failures = Vec::new();
    for flip in FLIPS {
        restore(&mut site, &disk);
        site.known = known.clone();
        let Some(Changed { file, number, before }) = change(&site, flip) else {
            failures.push(format!("{:?}: no such file", flip.files));
            continue;
        };
        match site.end() {
            Err(why) if flip.said.iter().any(|said| why.contains(said)) => {
                eprintln!("{file}: {}", why.lines().next().unwrap_or_default());
            }
            Err(why) => failures.push(format!("{file}: {why}")),
            Ok(()) if file.contains("/index/") || file.ends_with(".off") => {
                eprintln!("{file}: made again");
            }
            // The block that was signed last stands in `log/signed` too.
            Ok(()) if file.contains("log/blocks/") && starts_with(&site, number, &before) => {
                eprintln!("{file}: its last block appended again");
            }
            Ok(()) => failures.push(format!("{file}: nobody noticed")),
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// A file with a changed bit, and what it held.
struct Changed {
    file: String,
    number: NodeNo,
    before: Vec<u8>,
}

fn change(site: &Site, flip: &Flip) -> Option<Changed> {
    let mut disk = site.mounted.disk();
    let (start, end) = flip.files;
    let mut files = disk
        .files()
        .into_iter()
        .filter(|(path, _, len)| path.starts_with(start) && path.ends_with(end) && *len > 0);
    let (file, number, len) = if flip.is_last { files.next_back() } else { files.next() }?;
    let before = disk.read(number, 0, len).unwrap();
    let bytes: &[u64] = match flip.place {
        // The engine's journal is as long as it will ever be.
        Place::Middle => &[if len > 1 << 20 { 1_000 } else { len / 2 }],
        Place::End => &[len.saturating_sub(1)],
        Place::These(bytes) => bytes,
    };
    for byte in bytes {
        disk.flip(number, byte.saturating_mul(8).saturating_add(1)).unwrap();
    }
    Some(Changed { file, number, before })
}

fn starts_with(site: &Site, number: NodeNo, before: &[u8]) -> bool {
    let len = u64::try_from(before.len()).unwrap();
    site.mounted.disk().read(number, 0, len).unwrap() == before
}

/// Files that fail, and what is said where they are needed.
struct Failing {
    files: &'static [&'static str],
    /// `/readyz` says this when they cannot be written.
    ready: &'static str,
    /// Whether what was submitted meanwhile may have been taken: they are written after.
    is_behind: bool,
}

const fn failing(files: &'static [&'static str], ready: &'static str) -> Failing {
    Failing { files, ready, is_behind: false }
}

const FAILING: &[Failing] = &[
    failing(&["data/log/entries/*"], "log/entries"),
    Failing { is_behind: true, ..failing(&["data/log/blocks/*"], "log/blocks") },
    failing(&["data/keystore/records.seg"], "keystore/records.seg"),
    failing(&["data/keystore/level-*"], "keystore/level-0.nodes"),
    failing(&["data/keystore/root.keys"], "keystore/root.keys"),
    failing(&["data/payloads/*"], "payloads"),
    failing(&["*"], "/data/"),
];

#[test]
fn what_cannot_be_written_is_refused_and_named_and_later_goes_on() {
    if !can_run() {
        return;
    }
    let (mut site, disk) = site(3);
    let mut failures = Vec::new();
    for fault in [Fault::Write, Fault::Sync, Fault::ReadOnly] {
        for failing in FAILING {
            restore(&mut site, &disk);
            let before = site.known.clone();
            if let Err(why) = refuse(&mut site, fault, failing) {
                failures.push(format!("{fault:?} of {:?}: {why}", failing.files));
            }
            site.known = before;
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

fn refuse(site: &mut Site, fault: Fault, failing: &Failing) -> Result<(), String> {
    let mut before = site.known.clone();
    let node = Program::start(&site.log.dir)?;
    site.mounted.disk().set_rules(vec![Rule::new(fault, failing.files)]);
    let name = format!("{fault:?}.0");
    match site.known.submit(&node, &name) {
        Err(said) if said.starts_with("503") && said.contains("\"storage\"") => {}
        Ok(()) if failing.is_behind => {}
        other => return Err(format!("the submission: {other:?}")),
    }
    wait_for(&node, &[failing.ready])?;
    // Reading goes on.
    before.check(&site.log, &node)?;
    site.mounted.disk().set_rules(Vec::new());
    // What could not be put back needs a start, and says so.
    let _went_on = site.known.submit(&node, &format!("{name}.again"));
    let said = wait_for(&node, &["200 ok", "restart the node"])?;
    eprintln!("{fault:?} of {:?}: named; when it was over: {said}", failing.files);
    drop(node);
    site.lose(Some(Loss::All))?;
    site.end()
}

/// Waits until `/readyz` says one of these.
fn wait_for(node: &Program, texts: &[&str]) -> Result<String, String> {
    let mut said = String::new();
    for _ in 0..100 {
        let (status, body) = node.ask("/readyz", &[])?;
        said = format!("{status} {}", String::from_utf8_lossy(&body).trim());
        if texts.iter().any(|text| said.contains(text)) {
            return Ok(said);
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(format!("/readyz should say {texts:?}, and says {said}"))
}

#[test]
fn what_cannot_be_read_is_named() {
    if !can_run() {
        return;
    }
    let (mut site, disk) = site(MANY);
    // What was seen of a log that went on is not so of one that was put back.
    let known = site.known.clone();
    let mut failures = Vec::new();
    for (files, said) in [
        ("data/FORMAT", "data/FORMAT"),
        ("data/genesis.cairn", "genesis.cairn"),
        ("data/keys/validator.key", "validator.key"),
        ("data/log/entries/*", "log/entries"),
        ("data/log/blocks/*", "log/blocks"),
        ("data/keystore/root.keys", "keystore/root.keys"),
        ("data/keystore/level-0.nodes", "keystore/level-0.nodes"),
        ("data/keystore/records.seg", "keystore/records.seg"),
        ("data/payloads/*", "data/payloads"),
        ("data/payloads/*/*0", "\"storage\""),
        ("data/tiles/*", "tiles/"),
        ("data/index/*", "the index in"),
    ] {
        restore(&mut site, &disk);
        site.known = known.clone();
        site.mounted.disk().set_rules(vec![Rule::new(Fault::Read, &[files])]);
        match site.end() {
            Err(why) if why.contains(said) => {
                eprintln!("{files}: {}", why.lines().next().unwrap_or_default());
            }
            ended => failures.push(format!("{files}: {ended:?}")),
        }
        // It was the disk's fault, and nothing was made worse.
        site.mounted.disk().set_rules(Vec::new());
        if let Err(why) = site.end() {
            failures.push(format!("{files}, readable again: {why}"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_disk_that_became_read_only_stops_the_start() {
    if !can_run() {
        return;
    }
    let (site, _) = site(1);
    site.mounted.disk().set_rules(vec![Rule::new(Fault::ReadOnly, &["*"])]);
    let said = Program::start(&site.log.dir).map(|node| node.url.clone()).unwrap_err();
    assert!(said.contains("LOCK: Read-only file system"), "{said}");
}
