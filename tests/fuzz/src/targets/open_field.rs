//! Single fields: what the whole opening gives holds, and nothing else.

use cairn_verifier::event::{EventBody, SignedEvent};
use cairn_verifier::payload::{FieldOpening, OpenedPayload, open};
use std::sync::LazyLock;

use crate::Choices;
use crate::world::world;

pub(super) const ROUNDS: usize = 100_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

/// One sealed event with the openings of all its fields.
struct Sealed {
    body: Vec<u8>,
    opened: OpenedPayload,
    openings: Vec<(String, Vec<u8>)>,
}

static SEALED: LazyLock<Vec<Sealed>> = LazyLock::new(|| {
    let log = world().logs.last().unwrap();
    let sealed = log.stored.iter().filter_map(|(index, stored)| {
        let key = stored.key.as_ref()?;
        let event = &log.kit.events[usize::try_from(*index).unwrap()];
        let body = SignedEvent::decode(event).unwrap().bytes().to_vec();
        let opened = open(&body, &stored.payload, key).unwrap();
        let names: Vec<_> =
            opened.fields().unwrap().iter().map(|(name, _)| name.to_owned()).collect();
        let opening = |name: String| {
            let bytes = opened.open_field(&body, key, &name).unwrap();
            (name, bytes)
        };
        let openings = names.into_iter().map(opening).collect();
        Some(Sealed { body, opened, openings })
    });
    sealed.collect()
});

/// Openings of all fields, for the target that decodes them.
pub(super) fn openings() -> Vec<Vec<u8>> {
    SEALED.iter().flat_map(|sealed| &sealed.openings).map(|(_, bytes)| bytes.clone()).collect()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let sealed = choices.of(&SEALED);
    let (_, honest) = choices.of(&sealed.openings);
    let other = choices.of(&SEALED);
    let (_, other) = choices.of(&other.openings);
    let mut bytes = honest.clone();
    while choices.more() {
        let skip = choices.below(bytes.len());
        let mut tail = bytes.split_off(skip);
        choices.splice(&mut tail, &other[skip.min(other.len())..]);
        bytes.append(&mut tail);
    }
    let Ok(opening) = FieldOpening::decode(&bytes) else { return };
    for against in SEALED.iter() {
        let known = against.openings.iter().find(|(_, known)| *known == bytes);
        let found = opening.verify(&against.body);
        assert_eq!(found.is_ok(), known.is_some(), "{:?}", found.map_err(|error| error.code()));
        if let (Ok(field), Some((name, _))) = (found, known) {
            let fields = against.opened.fields().unwrap();
            let value = fields.iter().find(|(own, _)| own == name).unwrap().1;
            assert_eq!((field.name(), field.value()), (name.as_str(), value));
            assert_eq!(EventBody::id_of(&against.body), against.opened.event());
        }
    }
}
