use cairn_verifier::digest::{EventId, KeyId, StreamId};
use cairn_verifier::state::{RecordKey, StateRecord, StateTree};

use super::*;
use crate::index::{Index, MEMORY, Mark};

const LOG: LogId = LogId::from_bytes([7; 32]);

fn noise(n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x55;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ (x >> 32)
}

fn key_of(n: u64) -> (StreamId, KeyId) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    (StreamId::from_bytes([1; 32]), KeyId::from_bytes(bytes))
}

fn record(n: u64, next: u64) -> Vec<u8> {
    let (stream, writer) = key_of(n);
    let last = EventId::from_bytes([9; 32]);
    StateRecord::Head { stream, writer, next, last }.encode().unwrap()
}

/// Changes of one block: some new, some changed, some taken away.
fn block(n: u64, of: u64) -> BTreeMap<u64, Option<u64>> {
    let count = noise(n) % 40;
    let one = |m: u64| {
        let seed = noise(n * 1_000 + m);
        (seed % of, (!seed.is_multiple_of(7)).then_some(1 + (seed >> 20) % 100))
    };
    (0..count).map(one).collect()
}

fn changes(block: &BTreeMap<u64, Option<u64>>) -> BTreeMap<Path, Option<Vec<u8>>> {
    let path = |n: u64| {
        let (stream, writer) = key_of(n);
        RecordKey::Head(stream, writer).path()
    };
    block.iter().map(|(n, next)| (path(*n), next.map(|next| record(*n, next)))).collect()
}

fn apply(model: &mut StateTree, block: &BTreeMap<u64, Option<u64>>) {
    for (n, next) in block {
        let (stream, writer) = key_of(*n);
        match next {
            Some(next) => model.put(record(*n, *next)).unwrap(),
            None => {
                model.remove(&RecordKey::Head(stream, writer));
            }
        }
    }
}

fn expect_same<L: Leaves>(tree: &SparseTree<L>, model: &StateTree, of: u64) {
    assert_eq!(tree.root(), model.root(&LOG));
    for n in (0..of).step_by(5) {
        let (stream, writer) = key_of(n);
        let key = RecordKey::Head(stream, writer);
        let (end, proof) = model.prove(&key);
        let expected = match model.get(&key) {
            Some(record) => Proven::Present { record: record.to_vec(), proof },
            None => {
                Proven::Absent { end: cairn_verifier::state::End::decode(&end).unwrap(), proof }
            }
        };
        assert_eq!(tree.prove(&key).unwrap(), expected);
    }
}

#[test]
fn after_every_block_the_tree_is_that_of_all_its_records() {
    let of = 300;
    let mut tree = SparseTree::load(LOG, Memory::default()).unwrap();
    let mut model = StateTree::new();
    expect_same(&tree, &model, of);
    for n in 0..120 {
        let block = block(n, of);
        let mut step = Step::default();
        tree.change(&mut step, changes(&block)).unwrap();
        let before = tree.root();
        apply(&mut model, &block);
        assert_eq!(tree.root_after(&step), model.root(&LOG), "block {n}");
        assert_eq!(tree.root(), before, "a step changes nothing");
        tree.commit(step, n + 1).unwrap();
        expect_same(&tree, &model, of);
    }
    assert!(tree.top.depth > 3, "it has grown: {}", tree.top.depth);
}

/// Steps back lead to every state there was since the tree was laid out, and prove what it held.
#[test]
fn steps_back_prove_what_was() {
    let of = 120;
    let mut tree = SparseTree::load(LOG, Memory::default()).unwrap();
    let (mut model, mut past) = (StateTree::new(), Vec::new());
    for n in 0..40 {
        let block = block(n + 500, of);
        let mut step = Step::default();
        tree.change(&mut step, changes(&block)).unwrap();
        let before = model.clone();
        apply(&mut model, &block);
        match tree.commit(step, n + 1).unwrap() {
            Some(back) => past.push((before, back)),
            None => past.clear(),
        }
        let mut view = Step::default();
        for (was, back) in past.iter().rev() {
            view.then(back);
            assert_eq!(tree.root_after(&view), was.root(&LOG));
            for n in (0..of).step_by(11) {
                let (stream, writer) = key_of(n);
                let key = RecordKey::Head(stream, writer);
                let (end, proof) = was.prove(&key);
                let end = cairn_verifier::state::End::decode(&end).unwrap();
                let expected = match was.get(&key) {
                    Some(record) => Proven::Present { record: record.to_vec(), proof },
                    None => Proven::Absent { end, proof },
                };
                assert_eq!(tree.prove_after(&view, &key).unwrap(), expected);
            }
        }
    }
    assert!(past.len() > 10);
}

#[test]
fn steps_of_several_blocks_are_one_commit() {
    let of = 200;
    let mut tree = SparseTree::load(LOG, Memory::default()).unwrap();
    let mut model = StateTree::new();
    for n in 0..30 {
        let mut step = Step::default();
        for m in 0..n % 5 {
            let block = block(n * 10 + m, of);
            tree.change(&mut step, changes(&block)).unwrap();
            apply(&mut model, &block);
            assert_eq!(tree.root_after(&step), model.root(&LOG));
        }
        tree.commit(step, n + 1).unwrap();
        expect_same(&tree, &model, of);
    }
}

#[test]
fn on_disk_it_is_there_again_with_the_blocks_it_is_after() {
    let of = 400;
    let dir = tempfile::tempdir().unwrap();
    let mut model = StateTree::new();
    for round in 0..6 {
        let index = std::sync::Arc::new(Index::open(dir.path(), MEMORY).unwrap());
        let mut tree = SparseTree::load(LOG, std::sync::Arc::clone(&index)).unwrap();
        expect_same(&tree, &model, of);
        assert_eq!(index.mark(Mark::State).unwrap(), round * 10);
        for n in round * 10..round * 10 + 10 {
            let block = block(n, of);
            let mut step = Step::default();
            tree.change(&mut step, changes(&block)).unwrap();
            apply(&mut model, &block);
            tree.commit(step, n + 1).unwrap();
            assert_eq!(tree.root(), model.root(&LOG));
        }
    }
    let index = std::sync::Arc::new(Index::open(dir.path(), MEMORY).unwrap());
    index.forget_state().unwrap();
    let tree = SparseTree::load(LOG, std::sync::Arc::clone(&index)).unwrap();
    assert!(tree.is_empty());
    assert_eq!(index.mark(Mark::State).unwrap(), 0);
}

#[test]
fn a_record_that_is_not_its_leafs_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let index = std::sync::Arc::new(Index::open(dir.path(), MEMORY).unwrap());
    let mut tree = SparseTree::load(LOG, std::sync::Arc::clone(&index)).unwrap();
    let (stream, writer) = key_of(3);
    let key = RecordKey::Head(stream, writer);
    let wrong = Some((hasher::leaf(&key.path(), &record(3, 1)), record(3, 2)));
    let changes = BTreeMap::from([(key.path(), wrong)]);
    tree.leaves.put(&changes, 1).unwrap();
    assert!(matches!(tree.leaves.record(&key.path()), Err(StoreError::IndexDamaged { .. })));
}
