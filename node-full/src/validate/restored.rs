//! A validator whose record of signatures was lost, or that came back from a backup.
//!
//! A backup holds no record of what was signed: it would be too old. A restored directory says so
//! by a file, and a validator that finds it signs nothing until it has seen a final block that was
//! made after the restoring, by more than clocks may differ. Whatever its key signed before, it
//! signed at or below that block's height, so it begins with the next.
//!
//! ```text
//! validator/restored     the time of restoring in milliseconds, in digits
//! ```

use std::path::Path;

use cairn_consensus::rules::MAX_AHEAD;
use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};
use cairn_verifier::UnixMillis;

use super::VALIDATOR_DIR;
use crate::clock;
use crate::node::Block;

const MARK: &str = "restored";

/// From when on a validator may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignFrom {
    /// At once.
    Now,
    /// From a height on, says the operator.
    Height(u64),
    /// After a final block that was made after this.
    After(UnixMillis),
}

/// Says in a directory that it was restored now.
pub(crate) fn mark_restored(data: &Path) -> Result<(), StoreError> {
    let dir = data.join(VALIDATOR_DIR);
    files::create_dir(&dir)?;
    let now = clock::now().0.to_string();
    files::write(&dir.join(MARK), now.as_bytes(), Secrecy::Public)
}

/// Whether a directory was restored, and its validator has not seen since where the log was.
pub(super) fn is_marked(data: &Path) -> bool {
    data.join(VALIDATOR_DIR).join(MARK).exists()
}

/// Reads what the directory and the operator say. The operator's word stands over the file.
pub(crate) fn sign_from(data: &Path, operator: Option<u64>) -> Result<SignFrom, StoreError> {
    let path = data.join(VALIDATOR_DIR).join(MARK);
    let Some(text) = files::read(&path, 64)? else {
        return Ok(operator.map_or(SignFrom::Now, SignFrom::Height));
    };
    if let Some(height) = operator {
        return Ok(SignFrom::Height(height));
    }
    // A file that cannot be read as a time was written now at the latest.
    let millis = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    Ok(SignFrom::After(millis.map_or_else(clock::now, UnixMillis)))
}

/// Why a validator takes no events yet: one that was restored may have signed events that it does not
/// know of any more, as it may have signed votes.
pub(crate) fn why_waiting(
    data: &Path,
    (operator, head): (Option<u64>, Option<&Block>),
) -> Result<Option<String>, StoreError> {
    let sign = sign_from(data, operator)?;
    Ok(sign.why().filter(|_| !sign.allows(head)))
}

impl SignFrom {
    /// Whether the height after this block may be signed.
    pub(super) fn allows(self, head: Option<&Block>) -> bool {
        match self {
            Self::Now => true,
            Self::Height(from) => {
                head.map_or(0, |head| head.header.height.saturating_add(1)) >= from
            }
            Self::After(time) => {
                head.is_some_and(|head| head.header.time.since(time) > MAX_AHEAD.saturating_mul(2))
            }
        }
    }

    /// In words, for who wonders.
    pub(super) fn why(self) -> Option<String> {
        match self {
            Self::Now => None,
            Self::Height(from) => Some(format!("it signs from height {from} on, as sign-from under [validator] says")),
            Self::After(_) => Some(
                "it was restored from a backup, and waits for a final block made after that; if all \
                 validators wait, say sign-from = HEIGHT under [validator]"
                    .to_owned(),
            ),
        }
    }
}

/// What was restored is a validator like any other from here on.
pub(super) fn forget_mark(data: &Path) -> Result<(), StoreError> {
    let path = data.join(VALIDATOR_DIR).join(MARK);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", &path)(error))
        }
        _ => Ok(()),
    }
}
