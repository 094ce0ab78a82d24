//! The disk as a file system that any program can use.

mod files;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fuser::{BackgroundSession, Config, MountOption};

use crate::disk::{Disk, Loss};
use files::Files;

/// Whether this machine can mount it; if not, what it lacks.
///
/// # Errors
/// What is missing, and how to get it.
pub fn can_mount() -> Result<(), String> {
    // Of two mounts in one place the first to go would take the other's.
    static TRIES: AtomicU32 = AtomicU32::new(0);
    let (process, number) = (std::process::id(), TRIES.fetch_add(1, Ordering::Relaxed));
    let dir = std::env::temp_dir().join(format!("cairn-power-{process}-{number}"));
    let tried = std::fs::create_dir_all(&dir).and_then(|()| {
        let mounted = Mounted::new(&dir, Disk::default())?;
        mounted.unmount().map(drop)
    });
    let _gone = std::fs::remove_dir(&dir);
    tried.map_err(|error| {
        format!(
            "a file system in user space cannot be mounted here ({error}): it needs /dev/fuse, and \
             either root or `fusermount3` (Debian: `apt-get install fuse3`)"
        )
    })
}

/// A disk that is mounted.
#[derive(Debug)]
pub struct Mounted {
    at: PathBuf,
    disk: Arc<Mutex<Disk>>,
    session: Option<BackgroundSession>,
}

impl Mounted {
    /// Mounts a disk on an empty directory.
    ///
    /// # Errors
    /// What the system said.
    pub fn new(at: &Path, disk: Disk) -> io::Result<Self> {
        let mut mounted =
            Self { at: at.to_owned(), disk: Arc::new(Mutex::new(disk)), session: None };
        mounted.mount()?;
        Ok(mounted)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.at
    }

    /// The disk itself, behind the back of whoever uses it.
    pub fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the power away and gives it back. No program may have a file open.
    ///
    /// # Errors
    /// What the system said.
    pub fn lose_power(&mut self, loss: Loss) -> io::Result<()> {
        self.stop()?;
        self.disk().lose_power(loss);
        self.mount()
    }

    /// Unmounts it.
    ///
    /// # Errors
    /// What the system said.
    pub fn unmount(mut self) -> io::Result<()> {
        self.stop()
    }

    fn mount(&mut self) -> io::Result<()> {
        let mut config = Config::default();
        let name = MountOption::FSName("cairn-power".to_owned());
        config.mount_options = vec![name, MountOption::NoAtime];
        let files = Files(Arc::clone(&self.disk));
        self.session = Some(fuser::spawn_mount(files, &self.at, &config)?);
        Ok(())
    }

    fn stop(&mut self) -> io::Result<()> {
        let Some(session) = self.session.take() else { return Ok(()) };
        match session.umount_and_join() {
            // What its thread may be told when the kernel has let go.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => Ok(()),
            stopped => stopped,
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _gone = self.stop();
    }
}
