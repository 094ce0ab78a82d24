//! How far inputs come: which verdicts a target has seen, and how often. A target whose inputs all
//! fail at the first check looks at nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::model::Code;

thread_local! {
    static SEEN: RefCell<BTreeMap<Code, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Compares a verdict with the one wanted, and counts it.
///
/// # Panics
/// If they differ.
pub fn agree(found: Result<(), Code>, want: Result<(), Code>) {
    assert_eq!(found, want);
    let code = want.err().unwrap_or("ok");
    saw(code);
}

/// Counts something that happened.
pub fn saw(what: Code) {
    SEEN.with_borrow_mut(|seen| *seen.entry(what).or_default() += 1);
}

/// What was seen since the last call, by error code.
#[must_use]
pub fn take() -> BTreeMap<Code, u64> {
    SEEN.take()
}
