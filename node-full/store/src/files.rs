//! Whole files, written so that a crash leaves the old one or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::StoreError;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a file is one or the other")]
pub enum Secrecy {
    /// Whoever the umask says.
    Public,
    /// The owner only (mode 0600).
    Secret,
}

/// Distinguishes temporary files of one process.
static TEMPORARY: AtomicU64 = AtomicU64::new(0);

/// A name beside `path` that nothing else uses.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let number = TEMPORARY.fetch_add(1, Ordering::Relaxed);
    path.with_added_extension(format!("{}-{number}.tmp", std::process::id()))
}

/// Makes a directory and those above it, durably. If there is one, its name is made durable: whoever
/// made it may have been killed before.
///
/// # Errors
/// [`StoreError::Io`].
pub fn create_dir(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return sync_parent(path);
    }
    create_missing(path)
}

fn create_missing(path: &Path) -> Result<(), StoreError> {
    if let Some(parent) = parent(path).filter(|parent| !parent.is_dir()) {
        create_missing(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::io("create directory", path)(error))
        }
        _ => sync_parent(path),
    }
}

/// Makes what happened to the name of `path` durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    sync_dir(parent(path).unwrap_or_else(|| Path::new(".")))
}

/// Makes the names in a directory durable.
///
/// # Errors
/// [`StoreError::Io`].
pub fn sync_dir(path: &Path) -> Result<(), StoreError> {
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.map_err(StoreError::io("sync directory", path))
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent().filter(|parent| !parent.as_os_str().is_empty())
}

/// Writes a file whole and durably: temporary file, sync, rename, sync of the directory.
///
/// # Errors
/// [`StoreError::Io`]; then `path` is as it was.
pub fn write(path: &Path, bytes: &[u8], secrecy: Secrecy) -> Result<(), StoreError> {
    replace(path, bytes, secrecy, true)?;
    sync_parent(path)
}

/// Writes a file whole; the directory is not synced. `durable` says whether the bytes are.
pub(crate) fn replace(
    path: &Path,
    bytes: &[u8],
    secrecy: Secrecy,
    durable: bool,
) -> Result<(), StoreError> {
    let temporary = temporary(path);
    let written = create(&temporary, secrecy).and_then(|mut file| {
        file.write_all(bytes)?;
        if durable { file.sync_data() } else { Ok(()) }
    });
    let renamed = written.and_then(|()| fs::rename(&temporary, path));
    renamed.map_err(|error| {
        // What is left of it is of no use, and on a full disk it is in the way.
        let _gone = fs::remove_file(&temporary);
        StoreError::io("write", path)(error)
    })
}

fn create(path: &Path, secrecy: Secrecy) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secrecy == Secrecy::Secret {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Overwrites an open file with zeros and makes that durable, for one whose name is another's now.
///
/// # Errors
/// What the system said.
pub fn wipe(mut file: File) -> std::io::Result<()> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    file.write_all(&vec![0; length])?;
    file.sync_all()
}

/// Overwrites the beginning of a file with zeros, makes that durable, and removes the file.
///
/// # Errors
/// [`StoreError::Io`].
pub fn overwrite_and_remove(path: &Path, length: usize) -> Result<(), StoreError> {
    let overwritten = OpenOptions::new().write(true).open(path).and_then(|mut file| {
        file.write_all(&vec![0; length])?;
        file.sync_all()
    });
    overwritten.and_then(|()| fs::remove_file(path)).map_err(StoreError::io("remove", path))?;
    sync_parent(path)
}

/// Reads a file of at most `limit` bytes; `None` if there is none.
///
/// # Errors
/// [`StoreError::Io`] or [`StoreError::TooLarge`].
pub fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("open", path)(error)),
    };
    let found = file.metadata().map_err(StoreError::io("read", path))?.len();
    if found > limit {
        let path = path.to_owned();
        return Err(StoreError::TooLarge { path, limit, found });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found).unwrap_or(0));
    let read = file.take(limit).read_to_end(&mut bytes);
    read.map_err(StoreError::io("read", path))?;
    Ok(Some(bytes))
}

/// Removes what a crash left of unfinished files below a directory, two levels deep, and counts
/// the bytes of the others.
pub(crate) fn tidy(dir: &Path) -> Result<u64, StoreError> {
    let mut bytes = 0_u64;
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(StoreError::io("list", &folder))?;
        for entry in entries {
            let path = entry.map_err(StoreError::io("list", &folder))?.path();
            let about = path.symlink_metadata().map_err(StoreError::io("read", &path))?;
            if about.is_dir() && folder == dir {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "tmp") {
                fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
            } else if about.is_file() {
                bytes = bytes.saturating_add(about.len());
            }
        }
    }
    Ok(bytes)
}
