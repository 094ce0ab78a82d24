//! Kills and lost power: whatever the node acknowledged is there when it comes back, and the log
//! only ever grew.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test crate, which says how it goes"
)]

#[cfg(target_os = "linux")]
mod faults;
mod known;
mod load;
#[cfg(target_os = "linux")]
mod power;
mod program;

use known::Known;
use load::{Log, load};
use program::{Program, check_offline};

/// A number that `cargo xtask kill9` gives; what it is otherwise.
fn setting(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => otherwise,
    }
}

/// `kill -9` at random moments.
#[test]
fn nothing_acknowledged_is_lost() {
    let temporary = tempfile::tempdir().unwrap();
    let log = Log::init(&temporary.path().join("data")).unwrap();
    let mut known = Known::default();
    for round in 0..setting("CAIRN_KILL9_ROUNDS", 20) {
        let node = Program::start(&log.dir).unwrap();
        known.check(&log, &node).unwrap();
        let said = load(&log, node, &mut known, &format!("{round}")).unwrap();
        eprintln!("round {round}: {said}");
    }
    let node = Program::start(&log.dir).unwrap();
    known.check_all(&log, &node).unwrap();
    drop(node);
    let told = check_offline(&log.dir).unwrap();
    eprintln!("{} acknowledged, check: {told}", known.len());
    assert!(known.len() > 20, "too few events to mean anything: {}", known.len());
}
