//! A validator whose record of signatures was lost, or that came back from a backup.
//!
//! A backup holds no record of what was signed: it would be too old. A restored directory says so
//! by a file, and a validator that finds it signs nothing until it has seen a final block that was
//! made after the restoring, by more than clocks may differ. Whatever its key signed before, it
//! signed at or below that block's height, so it begins with the next.
//!
//! ```text
//! validator/restored     the time of restoring in milliseconds, in digits
//! validator/given-up     the record of signatures that an operator's sign-from was about
//! ```

use std::path::Path;

use cairn_consensus::Record;
use cairn_consensus::rules::MAX_AHEAD;
use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};
use cairn_verifier::UnixMillis;

use super::VALIDATOR_DIR;
use crate::clock;
use crate::node::Block;

const MARK: &str = "restored";
const GIVEN_UP: &str = "given-up";

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

/// Reads what the directory and the operator say. The operator's word stands over the file, but
/// only if it can be about this restoring: a height that the log has a block of already is from
/// another time, and was left in the settings.
pub(crate) fn sign_from(
    data: &Path,
    (operator, next): (Option<u64>, u64),
) -> Result<SignFrom, StoreError> {
    let path = data.join(VALIDATOR_DIR).join(MARK);
    let Some(text) = files::read(&path, 64)? else {
        return Ok(operator.map_or(SignFrom::Now, SignFrom::Height));
    };
    match operator {
        Some(from) if from >= next => return Ok(SignFrom::Height(from)),
        Some(from) => tracing::warn!(
            from,
            next,
            "sign-from under [validator] is from before this directory was restored: it says \
             nothing of that, and is not heeded; take it out of the settings"
        ),
        None => {}
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
    let sign = sign_from(data, (operator, after(head)))?;
    Ok(sign.why().filter(|_| !sign.allows(head)))
}

/// The height after a block.
fn after(head: Option<&Block>) -> u64 {
    head.map_or(0, |head| head.header.height.saturating_add(1))
}

/// Whether the record of what was signed last does not matter, as the operator says: once. What is
/// signed from then on does, whatever is left in the settings; so it is kept which record it was
/// about.
pub(super) fn gives_up(
    data: &Path,
    record: &Record,
    (operator, next): (Option<u64>, u64),
) -> Result<bool, StoreError> {
    if operator != Some(next) || record.height() != next {
        return Ok(false);
    }
    let path = data.join(VALIDATOR_DIR).join(GIVEN_UP);
    let encoded = record.encode();
    if let Some(before) = files::read(&path, 256)? {
        let before_height = Record::decode(&before).map_or(0, |before| before.height());
        if before == encoded || before_height == next {
            return Ok(before == encoded);
        }
    }
    files::write(&path, &encoded, Secrecy::Public)?;
    Ok(true)
}

impl SignFrom {
    /// Whether the height after this block may be signed.
    pub(super) fn allows(self, head: Option<&Block>) -> bool {
        match self {
            Self::Now => true,
            Self::Height(from) => after(head) >= from,
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
                 validators wait, say sign-from = HEIGHT under [validator], of a height that has \
                 no block yet"
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

#[cfg(test)]
mod tests {
    use cairn_verifier::wire::Writer;

    use super::*;

    fn record(height: u64, header: u8) -> Record {
        let mut writer = Writer::new();
        writer.u8(1).u64(height).u32(0).u8(1).raw(&[header; 32]);
        let mut bytes = writer.into_bytes();
        let check = cairn_verifier::digest::derive("cairn v1 consensus record", &[&bytes]);
        bytes.extend_from_slice(&check);
        Record::decode(&bytes).unwrap()
    }

    #[test]
    fn a_height_from_before_the_restoring_says_nothing_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let said = |operator| sign_from(dir.path(), (operator, 5_001)).unwrap();
        assert_eq!(said(None), SignFrom::Now);
        assert_eq!(said(Some(100)), SignFrom::Height(100), "that was long ago");
        mark_restored(dir.path()).unwrap();
        assert!(matches!(said(None), SignFrom::After(_)));
        assert!(matches!(said(Some(100)), SignFrom::After(_)));
        assert!(matches!(said(Some(5_000)), SignFrom::After(_)));
        assert_eq!(said(Some(5_001)), SignFrom::Height(5_001));
    }

    #[test]
    fn one_record_of_a_height_is_given_up_and_no_later_one() {
        let dir = tempfile::tempdir().unwrap();
        files::create_dir(&dir.path().join(VALIDATOR_DIR)).unwrap();
        let gives_up =
            |record: &Record, from, next| gives_up(dir.path(), record, (from, next)).unwrap();
        assert!(!gives_up(&record(7, 1), None, 7));
        assert!(!gives_up(&record(7, 1), Some(8), 7) && !gives_up(&record(6, 1), Some(7), 7));
        assert!(gives_up(&record(7, 1), Some(7), 7));
        assert!(gives_up(&record(7, 1), Some(7), 7), "nothing was signed since");
        assert!(!gives_up(&record(7, 2), Some(7), 7), "this one was signed after the word");
        assert!(gives_up(&record(9, 2), Some(9), 9), "another word");
    }
}
