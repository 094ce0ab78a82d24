//! A disk that loses power, for tests: a file system in user space that forgets what was not
//! synced, or tears it, and that can lie about syncs, refuse, and flip bits.
//!
//! It assumes the least that POSIX allows, which is less than ext4 and XFS do:
//! - What was written to a file is durable when that file was synced, and not before.
//! - A name (made, renamed or removed) is durable when its directory was synced. Syncing a new file
//!   does not make its name durable, nor does syncing a directory make its own.
//! - Without a sync, any part of what was changed may be durable, in any order, and a write in parts
//!   of 512 bytes. Only a rename within one directory is whole or absent.
//!
//! A rename from one directory to another is refused (`EXDEV`), so is a hard link: what is tested
//! needs neither.
//!
//! All of it is in memory. A program that is stopped by SIGKILL has left everything it wrote here,
//! as with any file system; then [`Disk::lose_power`] takes what was not synced.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test's tool: a panic is a failed test"
)]

mod dice;
mod disk;
mod image;
#[cfg(target_os = "linux")]
mod mount;
mod rule;

pub use dice::Dice;
pub use disk::{About, Disk, DiskError, Loss, NodeNo, ROOT};
#[cfg(target_os = "linux")]
pub use mount::{Mounted, can_mount};
pub use rule::{Fault, Rule};
