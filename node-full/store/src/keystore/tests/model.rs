//! Many records beside a plain map, and many readers beside a writer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;

#[test]
fn three_levels_agree_with_a_map() {
    let dir = tempfile::tempdir().unwrap();
    let _power = power::without_syncs();
    let mut dice = Dice(1);
    let mut model: BTreeMap<u64, bool> = BTreeMap::new();
    let mut store = open(dir.path());
    while model.len() < 70_000 {
        let sizes = [1, 7, 256, 1_000, 5_000];
        let count = sizes[dice.below(sizes.len())];
        assert_eq!(put(&store, count).unwrap(), model.len() as u64);
        model.extend((model.len() as u64..).zip(vec![true; usize::try_from(count).unwrap()]));
        let picks = dice.below(20);
        let picked: Vec<u64> = (0..picks).map(|_| dice.below(model.len()) as u64).collect();
        store.erase(&picked).unwrap();
        model.extend(picked.iter().map(|number| (*number, false)));
        for number in picked.into_iter().chain([dice.below(model.len()) as u64]) {
            agrees(&store, number, model[&number]);
        }
        if dice.below(20) == 0 {
            drop(store);
            store = open(dir.path());
        }
    }
    assert_eq!(store.tree.state().root.height(), 3);
    drop(store);
    let store = open(dir.path());
    model.iter().for_each(|(number, kept)| agrees(&store, *number, *kept));
    // Everything at once, as when a stream ends.
    let all: Vec<u64> = model.keys().copied().collect();
    store.erase(&all).unwrap();
    all.iter().for_each(|number| agrees(&store, *number, false));
}

fn agrees(store: &KeyStore, number: u64, is_kept: bool) {
    let expected = if is_kept { kept(number) } else { Record::Erased };
    assert_eq!(store.get(number).unwrap(), expected, "record {number}");
}

#[test]
fn readers_see_whole_states_while_one_writes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let _power = power::without_syncs();
    put(&store, 400).unwrap();
    let ended = AtomicBool::new(false);
    let erased_below = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for seed in 0..3 {
            let (store, ended, erased_below) = (&store, &ended, &erased_below);
            scope.spawn(move || {
                let mut dice = Dice(seed);
                while !ended.load(Ordering::Acquire) {
                    let erased = erased_below.load(Ordering::Acquire);
                    let number = dice.below(usize::try_from(store.len()).unwrap()) as u64;
                    let found = store.get(number).unwrap();
                    assert!(found == Record::Erased || found == kept(number));
                    assert!(number >= erased || found == Record::Erased, "an erased one was read");
                }
            });
        }
        for number in 0..150 {
            put(&store, 5).unwrap();
            store.erase(&[number]).unwrap();
            erased_below.store(number + 1, Ordering::Release);
        }
        ended.store(true, Ordering::Release);
    });
}

#[test]
fn few_nodes_are_kept_in_memory() {
    let mut cache = cache::Cache::default();
    let place = |number| node::Place { level: 0, number };
    for number in 0..1_000 {
        cache.insert(place(number), std::sync::Arc::new(node::Node::empty()));
    }
    let held = (0..1_000).filter(|number| cache.get(place(*number)).is_some());
    assert_eq!(held.count(), cache::CAPACITY);
    assert!(cache.get(place(999)).is_some());
}
