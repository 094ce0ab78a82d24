//! What a validator must have left behind before it makes blocks alone.
//!
//! One with most of the voting power may run among others at one time and alone at another. What it
//! signed and accepted among others is in files that a lone validator does not look at: a vote of
//! its for a block that it never wrote may be a certificate in another's hands.

use cairn_consensus::log;

use crate::node::{OpenError, Shared};

use super::journal::{JournalFiles, LOG, RECORD};
use super::pool::Pool;
use super::{VALIDATOR_DIR, restored};

/// Whether nothing that this node signed or accepted among others is still under way.
pub(crate) fn expect_lone(shared: &Shared) -> Result<(), OpenError> {
    let not = |why: String| Err(OpenError::NotLone { why });
    if let Some(height) = signed_height(shared)? {
        return not(format!(
            "it signed at height {height}, of which it has no block: the log ends before {}",
            shared.blocks.end()
        ));
    }
    let mut waiting = 0_u64;
    for pending in Pool::accepted_in(&shared.dir)? {
        let (next, _) = shared.next_of(&pending.place)?;
        waiting = waiting.saturating_add(u64::from(pending.sequence >= next));
    }
    if waiting > 0 {
        return not(format!("{waiting} events that it accepted wait for a block"));
    }
    let validators = shared.signing_set().len();
    if validators > 1 && restored::is_marked(&shared.dir) {
        return not(format!(
            "it was restored from a backup, so what it signed since is not known, in a log with \
             {validators} validators"
        ));
    }
    Ok(())
}

/// The height of what it signed last, if that is not below the log's end. Without the record of
/// that, what it kept of the next height may have led to a signature.
fn signed_height(shared: &Shared) -> Result<Option<u64>, OpenError> {
    let dir = shared.dir.join(VALIDATOR_DIR);
    if ![RECORD, LOG].iter().any(|name| dir.join(name).exists()) {
        return Ok(None);
    }
    let (_, found) = JournalFiles::open(&shared.dir)?;
    let end = shared.blocks.end();
    Ok(match found.record {
        Some(record) => Some(record.order().0).filter(|height| *height >= end),
        None => (!log::read(end, &found.log).0.is_empty()).then_some(end),
    })
}
