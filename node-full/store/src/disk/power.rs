//! A model of lost power for tests. While it is on in a thread, syncs only count in the model,
//! and changes since the last one can be dropped or torn, as a disk may do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

thread_local! {
    static POWER: RefCell<Option<Power>> = const { RefCell::new(None) };
}

/// What goes wrong. Operations and syncs count from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    /// Every operation after so many fails: the process is dead.
    pub(crate) stop_after: Option<u64>,
    /// This one operation fails, as on a full disk.
    pub(crate) fail_at: Option<u64>,
    /// This sync says that it was done, and was not.
    pub(crate) skip_sync: Option<u64>,
}

/// What of the changes that were not synced survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// All: the process died, the machine did not.
    Nothing,
    /// None.
    Unsynced,
    /// Some, and parts of some, as this seed chooses.
    Torn(u64),
}

#[derive(Debug)]
pub(crate) enum Change {
    Write { at: u64, bytes: Vec<u8> },
    SetLen(u64),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Syncing {
    /// The model is off.
    Real,
    Modelled,
}

/// How many operations and syncs there were under the current plan.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) operations: u64,
    pub(crate) syncs: u64,
}

#[derive(Default)]
struct Power {
    plan: Plan,
    counts: Counts,
    /// Whether changes are kept, so that they can be lost.
    journal: bool,
    unsynced: BTreeMap<PathBuf, Unsynced>,
}

struct Unsynced {
    durable: Vec<u8>,
    changes: Vec<Change>,
}

/// Turns the model off when the test ends.
pub(crate) struct On;

impl Drop for On {
    fn drop(&mut self) {
        POWER.set(None);
    }
}

/// Turns the model on in this thread.
pub(crate) fn on() -> On {
    POWER.set(Some(Power { journal: true, ..Power::default() }));
    On
}

/// Syncs cost nothing in this thread, and nothing can be lost: for tests of many writes.
pub(crate) fn without_syncs() -> On {
    POWER.set(Some(Power::default()));
    On
}

/// From now on this goes wrong, and counts begin anew. What is unsynced stays so.
pub(crate) fn plan(plan: Plan) {
    with(|power| (power.plan, power.counts) = (plan, Counts::default()));
}

pub(crate) fn counts() -> Counts {
    POWER.with_borrow(|power| power.as_ref().map(|power| power.counts).unwrap_or_default())
}

fn with<T>(run: impl FnOnce(&mut Power) -> T) -> Option<T> {
    POWER.with_borrow_mut(|power| power.as_mut().map(run))
}

impl Power {
    fn operate(&mut self) -> io::Result<()> {
        self.counts.operations += 1;
        let dead = self.plan.stop_after.is_some_and(|last| self.counts.operations > last);
        if dead || self.plan.fail_at == Some(self.counts.operations) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the test's disk refused"));
        }
        Ok(())
    }
}

pub(super) fn create(path: &Path) -> io::Result<()> {
    with(|power| {
        power.operate()?;
        power.unsynced.remove(path);
        Ok(())
    })
    .unwrap_or(Ok(()))
}

pub(super) fn change(path: &Path, change: Change) -> io::Result<()> {
    with(|power| {
        power.operate()?;
        if power.journal {
            let unsynced = power.unsynced.entry(path.to_owned());
            let unsynced = unsynced.or_insert_with(|| Unsynced {
                durable: fs::read(path).unwrap(),
                changes: Vec::new(),
            });
            unsynced.changes.push(change);
        }
        Ok(())
    })
    .unwrap_or(Ok(()))
}

pub(super) fn sync(path: &Path) -> io::Result<Syncing> {
    with(|power| {
        power.operate()?;
        power.counts.syncs += 1;
        if power.plan.skip_sync != Some(power.counts.syncs) {
            power.unsynced.remove(path);
        }
        Ok(Syncing::Modelled)
    })
    .unwrap_or(Ok(Syncing::Real))
}

/// Loses what was not synced, and nothing is wrong afterwards.
pub(crate) fn lose(loss: Loss) {
    plan(Plan::default());
    if loss == Loss::Nothing {
        return;
    }
    let unsynced = with(|power| std::mem::take(&mut power.unsynced)).unwrap();
    let mut dice = Dice(if let Loss::Torn(seed) = loss { seed } else { 0 });
    for (path, Unsynced { durable: mut bytes, changes }) in unsynced {
        if loss != Loss::Unsynced {
            changes.iter().for_each(|change| tear(&mut bytes, change, &mut dice));
        }
        fs::write(path, bytes).unwrap();
    }
}

/// Makes a change, none of it, its beginning, or its end.
fn tear(file: &mut Vec<u8>, change: &Change, dice: &mut Dice) {
    let fate = dice.below(4);
    match change {
        _ if fate == 0 => {}
        Change::SetLen(len) => file.resize(usize::try_from(*len).unwrap(), 0),
        Change::Write { at, bytes } => {
            let cut = dice.below(bytes.len() + 1);
            let part = match fate {
                1 => 0..cut,
                2 => cut..bytes.len(),
                _ => 0..bytes.len(),
            };
            let at = usize::try_from(*at).unwrap();
            if file.len() < at + part.end {
                file.resize(at + part.end, 0);
            }
            file[at + part.start..at + part.end].copy_from_slice(&bytes[part]);
        }
    }
}

/// Numbers from a seed (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}
