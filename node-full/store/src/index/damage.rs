//! What the engine says, told apart: files in pieces, or a system that refuses.

use std::io::ErrorKind;
use std::path::Path;

use crate::StoreError;

/// An error of the index in a directory.
pub(super) fn failed(dir: &Path, error: &fjall::Error) -> StoreError {
    let (path, reason) = (dir.to_owned(), error.to_string());
    if is_damage(error) {
        StoreError::IndexDamaged { path, reason }
    } else {
        StoreError::Index { path, reason }
    }
}

/// Whether files are not what the engine wrote. Otherwise the system refused, the directory is
/// another program's, or the engine stopped after a failure.
fn is_damage(error: &fjall::Error) -> bool {
    use fjall::Error;
    if let Error::Io(error) | Error::Storage(fjall::LsmError::Io(error)) = error {
        return matches!(
            error.kind(),
            ErrorKind::AlreadyExists
                | ErrorKind::InvalidData
                | ErrorKind::InvalidInput
                | ErrorKind::NotFound
                | ErrorKind::UnexpectedEof
        );
    }
    !matches!(error, Error::Poisoned | Error::KeyspaceDeleted | Error::Locked)
}
