//! The power goes away after every single operation, and whatever was acknowledged is there.

use super::*;
use crate::disk::power::{self, Counts, Loss, Plan};

const WRITES: u64 = 14;

/// Losses to try after each operation.
fn losses() -> impl Iterator<Item = Loss> {
    [Loss::Nothing, Loss::Unsynced].into_iter().chain((0..6).map(Loss::Torn))
}

fn payload(index: u64) -> Vec<u8> {
    vec![u8::try_from(index).unwrap(); 20 + usize::try_from(index * 13 % 60).unwrap()]
}

/// A segment is closed every few writes.
fn open(dir: &Path, at_least: u64) -> Result<Log, StoreError> {
    Log::open(dir, 400, at_least).map(|(log, _)| log)
}

/// Writes of one to three frames until something fails; how many frames were acknowledged.
fn write(dir: &Path, from: u64) -> u64 {
    let Ok(log) = open(dir, from) else { return from };
    let mut acknowledged = from;
    for write in 0..WRITES {
        let payloads: Vec<_> = (acknowledged..=acknowledged + write % 3).map(payload).collect();
        let parts: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
        match log.append_batch(&parts) {
            Ok(first) => {
                assert_eq!(first, acknowledged);
                acknowledged += parts.len() as u64;
            }
            Err(_) => return acknowledged,
        }
    }
    acknowledged
}

/// What is wrong after a fault; `None` if every promise was kept.
fn broken(fault: Plan, loss: Loss) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let _power = power::on();
    power::plan(fault);
    let acknowledged = write(dir.path(), 0);
    power::lose(loss);
    let log = match open(dir.path(), acknowledged) {
        Ok(log) => log,
        Err(error) => return Some(format!("{acknowledged} acknowledged, but {error}")),
    };
    let end = log.end();
    if !(acknowledged..=acknowledged + 3).contains(&end) {
        return Some(format!("{acknowledged} acknowledged, {end} there"));
    }
    for index in 0..end {
        match log.read(index) {
            Ok(found) if found == payload(index) => {}
            found => return Some(format!("frame {index} is {found:?}")),
        }
    }
    drop(log);
    // It goes on, and what comes now is there as well.
    let after = write(dir.path(), end);
    let log = open(dir.path(), after).unwrap();
    let all_there = (0..after).all(|index| log.read(index).unwrap() == payload(index));
    (!all_there || after == end).then(|| "it does not go on".to_owned())
}

fn counts() -> Counts {
    let dir = tempfile::tempdir().unwrap();
    let _power = power::on();
    power::plan(Plan::default());
    write(dir.path(), 0);
    power::counts()
}

#[test]
fn every_promise_holds_wherever_the_power_goes_away() {
    let Counts { operations, .. } = counts();
    assert!(operations > 30, "{operations}");
    for last in 0..=operations {
        for loss in losses() {
            let fault = Plan { stop_after: Some(last), ..Plan::default() };
            assert_eq!(broken(fault, loss), None, "after operation {last}, {loss:?}");
        }
    }
}

#[test]
fn what_a_dead_process_wrote_is_durable_once_it_is_shown() {
    let Counts { operations, .. } = counts();
    for last in 0..=operations {
        let dir = tempfile::tempdir().unwrap();
        let _power = power::on();
        power::plan(Plan { stop_after: Some(last), ..Plan::default() });
        write(dir.path(), 0);
        power::lose(Loss::Nothing);
        let shown = open(dir.path(), 0).unwrap().end();
        power::lose(Loss::Unsynced);
        let found = open(dir.path(), shown).map(|log| log.end());
        assert!(matches!(found, Ok(end) if end == shown), "operation {last}: {shown}, {found:?}");
    }
}

#[test]
fn no_sync_can_be_left_out() {
    let Counts { operations, syncs } = counts();
    assert!(syncs >= WRITES, "{syncs}");
    for skipped in 1..=syncs {
        let noticed = (0..=operations).any(|last| {
            let fault =
                Plan { stop_after: Some(last), skip_sync: Some(skipped), ..Plan::default() };
            broken(fault, Loss::Unsynced).is_some()
        });
        assert!(noticed, "nobody notices that sync {skipped} is missing");
    }
}

#[test]
fn a_disk_that_refuses_once_loses_nothing() {
    let Counts { operations, .. } = counts();
    for at in 1..=operations {
        let fault = Plan { fail_at: Some(at), ..Plan::default() };
        for loss in [Loss::Nothing, Loss::Unsynced] {
            assert_eq!(broken(fault, loss), None, "operation {at} refused, {loss:?}");
        }
    }
}
