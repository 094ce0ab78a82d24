//! Records of the state.

use cairn_verifier::state::{Record, RecordKey};

use crate::again;
use crate::forge::{KEYS, any_key};
use crate::model::state::{key_bytes, path};
use crate::world::world;

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let logs = world().logs.iter();
    let records = logs.flat_map(|log| {
        let record = |choice| {
            let choice = [u8::try_from(choice).unwrap()];
            let key = any_key(&log.kit, &mut crate::Choices::new(&choice));
            log.kit.state.get(&key).map(<[u8]>::to_vec)
        };
        (0..KEYS).filter_map(record)
    });
    records.collect()
}

pub(super) fn run(data: &[u8]) {
    let Ok(record) = Record::decode(data) else { return };
    assert_eq!(again::record(&record), data);
    let key = record.content().key();
    let bytes = key_bytes(&key);
    assert_eq!(data[1..1 + bytes.len()], bytes);
    assert_eq!(RecordKey::decode(&bytes), Ok(key));
    assert_eq!((record.path().as_bytes(), key.path()), (&path(&key), record.path()));
}
