//! Every key that was made in this thread, to look for on disk.

use std::cell::RefCell;

use super::*;

thread_local! {
    static MADE: RefCell<Option<BTreeSet<[u8; 32]>>> = const { RefCell::new(None) };
}

/// From now on keys are remembered, these too.
pub(super) fn remember(known: BTreeSet<[u8; 32]>) {
    MADE.set(Some(known));
}

pub(super) fn all() -> BTreeSet<[u8; 32]> {
    MADE.with_borrow(|made| made.clone().unwrap_or_default())
}

pub(in crate::keystore) fn made(key: &[u8; 32]) {
    MADE.with_borrow_mut(|made| made.as_mut().map(|made| made.insert(*key)));
}

/// What of these keys and of any record's plaintext stands in the clear in any file.
pub(super) fn in_the_clear(dir: &Path, keys: &BTreeSet<[u8; 32]>) -> BTreeSet<Vec<u8>> {
    let start = |bytes: &[u8]| usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    let mut begins = vec![false; 1 << 16];
    begins[start(PLAIN)] = true;
    keys.iter().for_each(|key| begins[start(key)] = true);
    let mut found = BTreeSet::new();
    for bytes in files_of(dir).values() {
        let mut last_two = 0;
        for (at, byte) in bytes.iter().enumerate() {
            last_two = (last_two << 8 | usize::from(*byte)) & 0xFFFF;
            if at > 0 && begins[last_two] {
                let here = &bytes[at - 1..];
                found.extend(here.starts_with(PLAIN).then(|| PLAIN.to_vec()));
                let key = here.get(..32).filter(|key| keys.contains(*key));
                found.extend(key.map(<[u8]>::to_vec));
            }
        }
    }
    found
}

#[test]
fn what_is_in_the_clear_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let key = [0xAB; 32];
    let keys = BTreeSet::from([key, [1; 32]]);
    fs::write(dir.path().join("one"), [b"...", key.as_slice(), b"."].concat()).unwrap();
    assert_eq!(in_the_clear(dir.path(), &keys), BTreeSet::from([key.to_vec()]));
    fs::write(dir.path().join("one"), [&key[1..], &record(5)].concat()).unwrap();
    assert_eq!(in_the_clear(dir.path(), &keys), BTreeSet::from([PLAIN.to_vec()]));
}
