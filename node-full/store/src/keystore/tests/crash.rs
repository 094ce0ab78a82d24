//! Power is lost, or the process killed, after every operation of a put, an erase and an open.

use super::*;
use crate::disk::power::{Counts, Loss, Plan};

#[derive(Clone, Copy, Debug)]
enum Action {
    Put(u64),
    Erase(&'static [u64]),
}

/// A store before the action, on disk.
struct Base {
    dir: tempfile::TempDir,
    records: u64,
    erased: BTreeSet<u64>,
    keys: BTreeSet<[u8; 32]>,
}

impl Base {
    /// So many records, of which number 2 was erased and the last was put afterwards.
    fn new(records: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let _power = power::on();
        keys::remember(BTreeSet::new());
        let store = open(dir.path());
        if records > 0 {
            put(&store, records - 1).unwrap();
            store.erase(&[2]).unwrap();
            put(&store, 1).unwrap();
        }
        let erased = (records > 0).then_some(2).into_iter().collect();
        Self { dir, records, erased, keys: keys::all() }
    }

    fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        for path in files_of(self.dir.path()).keys() {
            fs::copy(path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
        copy
    }
}

/// What goes wrong, and what is lost by it.
type Fault = (Plan, Loss);

fn stop_after(operations: u64) -> Plan {
    Plan { stop_after: Some(operations), ..Plan::default() }
}

/// Does the action with a fault, opens the store with another one if there is one, and then
/// without any. Says what was promised and is not so.
fn run(base: &Base, action: Action, fault: Fault, at_open: Option<Fault>) -> Result<(), String> {
    let dir = base.copy();
    let _power = power::on();
    keys::remember(base.keys.clone());
    let store = open(dir.path());
    power::plan(fault.0);
    let done = act(&store, action).is_ok();
    let mut secret = *store.tree.state().root.secret.as_bytes();
    drop(store);
    power::lose(fault.1);
    if done && matches!(action, Action::Erase(_)) && at_open.is_none() {
        only_this_in_the_clear(dir.path(), secret)?;
    }
    if let Some((plan, loss)) = at_open {
        power::plan(plan);
        let opened = try_open(dir.path());
        power::lose(loss);
        if let Ok(store) = opened {
            secret = *store.tree.state().root.secret.as_bytes();
            only_this_in_the_clear(dir.path(), secret)?;
        }
    }
    let store = try_open(dir.path()).map_err(|error| error.to_string())?;
    secret = *store.tree.state().root.secret.as_bytes();
    only_this_in_the_clear(dir.path(), secret)?;
    check(&store, base, action, done)?;
    goes_on(&store).map_err(|error| error.to_string())
}

fn act(store: &KeyStore, action: Action) -> Result<(), StoreError> {
    match action {
        Action::Put(count) => put(store, count).map(drop),
        Action::Erase(numbers) => store.erase(numbers),
    }
}

fn only_this_in_the_clear(dir: &Path, secret: [u8; 32]) -> Result<(), String> {
    let found = keys::in_the_clear(dir, &keys::all());
    if found != BTreeSet::from([secret.to_vec()]) {
        return Err(format!("{} secrets are in the clear", found.len()));
    }
    Ok(())
}

fn check(store: &KeyStore, base: &Base, action: Action, done: bool) -> Result<(), String> {
    let added = store.len().checked_sub(base.records).ok_or("records are missing")?;
    let erased_now = match action {
        Action::Put(count) if added == count || (added == 0 && !done) => [].as_slice(),
        Action::Erase(numbers) if added == 0 => numbers,
        Action::Put(_) | Action::Erase(_) => return Err(format!("{added} records were added")),
    };
    let mut gone = 0;
    for number in 0..store.len() {
        let found = store.get(number).map_err(|error| error.to_string())?;
        let may_be_gone = erased_now.contains(&number);
        if base.erased.contains(&number) {
            (found == Record::Erased).then_some(()).ok_or("an erased record is back")?;
        } else if may_be_gone && found == Record::Erased {
            gone += 1;
        } else if found != kept(number) || (may_be_gone && done) {
            return Err(format!("record {number} is {found:?}"));
        }
    }
    let all_or_none = gone == 0 || gone == erased_now.len();
    all_or_none.then_some(()).ok_or_else(|| "half an erase".to_owned())
}

fn goes_on(store: &KeyStore) -> Result<(), StoreError> {
    let number = put(store, 1)?;
    assert_eq!(store.get(number)?, kept(number));
    store.erase(&[number])?;
    assert_eq!(store.get(number)?, Record::Erased);
    Ok(())
}

/// How many operations and syncs the action takes.
fn counts(base: &Base, action: Action) -> Counts {
    let dir = base.copy();
    let _power = power::on();
    let store = open(dir.path());
    power::plan(Plan::default());
    act(&store, action).unwrap();
    power::counts()
}

fn losses(seeds: u64) -> impl Iterator<Item = Loss> {
    (0..seeds).map(Loss::Torn).chain([Loss::Nothing, Loss::Unsynced])
}

/// Every point of an action, and every loss there.
fn faults(counts: Counts, seeds: u64) -> impl Iterator<Item = Fault> {
    (0..=counts.operations)
        .flat_map(move |last| losses(seeds).map(move |loss| (stop_after(last), loss)))
}

/// Actions on an empty store, on one level, while a level is added, and on two levels.
fn actions() -> Vec<(Base, Action)> {
    vec![
        (Base::new(0), Action::Put(3)),
        (Base::new(5), Action::Put(2)),
        (Base::new(5), Action::Erase(&[4, 0])),
        (Base::new(255), Action::Put(3)),
        (Base::new(258), Action::Put(1)),
        (Base::new(258), Action::Erase(&[1, 257])),
    ]
}

#[test]
fn every_promise_holds_wherever_the_power_fails() {
    for (base, action) in actions() {
        let counts = counts(&base, action);
        for fault in faults(counts, 6) {
            let held = run(&base, action, fault, None);
            assert_eq!(held, Ok(()), "{action:?} on {} records, {fault:?}", base.records);
        }
    }
}

#[test]
fn every_promise_holds_if_it_fails_again_while_the_store_is_opened() {
    let bases = [(Base::new(5), Action::Put(2)), (Base::new(258), Action::Erase(&[1, 257]))];
    for (base, action) in bases {
        for last in 0..=counts(&base, action).operations {
            let first = (stop_after(last), Loss::Nothing);
            for then in faults(Counts { operations: 7, syncs: 0 }, 2) {
                let held = run(&base, action, first, Some(then));
                assert_eq!(held, Ok(()), "{action:?}, {first:?}, {then:?}");
            }
        }
    }
}

#[test]
fn no_sync_can_be_left_out() {
    for (base, action) in actions() {
        let counts = counts(&base, action);
        assert!(counts.syncs >= 3, "{counts:?}");
        for sync in 1..=counts.syncs {
            let skip = |(plan, loss)| (Plan { skip_sync: Some(sync), ..plan }, loss);
            // The last points first: most are noticed there.
            let mut faults: Vec<Fault> = faults(counts, 16).collect();
            faults.reverse();
            let noticed =
                faults.into_iter().any(|fault| run(&base, action, skip(fault), None).is_err());
            assert!(noticed, "{action:?} on {}: sync {sync} is not needed", base.records);
        }
    }
}

#[test]
fn no_sync_of_an_open_can_be_left_out() {
    let base = Base::new(5);
    let action = Action::Erase(&[0]);
    let operations = counts(&base, action).operations;
    for sync in 1..=2 {
        let noticed = (0..=operations).any(|last| {
            faults(Counts { operations: 4, syncs: 2 }, 12).any(|(plan, loss)| {
                let then = (Plan { skip_sync: Some(sync), ..plan }, loss);
                run(&base, action, (stop_after(last), Loss::Nothing), Some(then)).is_err()
            })
        });
        assert!(noticed, "sync {sync} of an open is not needed");
    }
}

#[test]
fn a_new_store_can_be_interrupted_too() {
    for last in 0..8 {
        for loss in losses(4) {
            let dir = tempfile::tempdir().unwrap();
            let _power = power::on();
            power::plan(stop_after(last));
            let _opened = try_open(dir.path());
            power::lose(loss);
            goes_on(&open(dir.path())).unwrap();
        }
    }
}

#[test]
fn one_refused_operation_leaves_a_store_that_reads_on_and_opens_again() {
    for (base, action) in actions() {
        for at in 1..=counts(&base, action).operations {
            let dir = base.copy();
            let _power = power::on();
            keys::remember(base.keys.clone());
            let store = open(dir.path());
            power::plan(Plan { fail_at: Some(at), ..Plan::default() });
            let done = act(&store, action).is_ok();
            assert!(!done, "{action:?}: operation {at} failed, and nobody said so");
            check(&store, &base, action, done).unwrap();
            let next = put(&store, 1);
            match &next {
                Ok(number) => assert_eq!(store.get(*number).unwrap(), kept(*number)),
                Err(StoreError::Poisoned { .. }) => {}
                Err(error) => panic!("{action:?}, operation {at}: {error}"),
            }
            drop(store);
            let store = open(dir.path());
            if let Ok(number) = next {
                assert_eq!(store.len(), number + 1, "{action:?}, operation {at}");
                assert_eq!(store.get(number).unwrap(), kept(number));
            } else {
                check(&store, &base, action, done).unwrap();
            }
            goes_on(&store).unwrap();
        }
    }
}
