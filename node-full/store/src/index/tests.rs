use cairn_verifier::UnixMillis;
use cairn_verifier::digest::LogId;
use cairn_verifier::event::{EventBody, Kind, Metadata, Outcome, Party, Payload, Resource};

use super::*;

const ACTORS: [(&str, &str); 4] =
    [("user", "ann"), ("user", "anna"), ("team", "ann"), ("user", "bob")];
const RESOURCES: [&str; 5] = ["doc/1", "doc/12", "doc/2", "db", ""];

/// Deterministic noise.
fn noise(n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x55;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ (x >> 32)
}

fn pick<T: Copy>(from: &[T], n: u64) -> T {
    from[usize::try_from(n % from.len() as u64).unwrap()]
}

/// Times mostly go up, and now and then jump.
fn time(n: u64) -> u64 {
    if n % 97 == 13 { 5 } else { 1_000 + n * 10 }
}

fn body(n: u64) -> EventBody<'static> {
    let (kind, id) = pick(&ACTORS, noise(n));
    EventBody {
        log: LogId::from_bytes([1; 32]),
        stream: StreamId::from_bytes([u8::try_from(noise(n + 7) % 3).unwrap(); 32]),
        writer: KeyId::from_bytes([u8::try_from(noise(n + 9) % 2).unwrap(); 32]),
        sequence: n,
        previous: EventId::ZERO,
        time: UnixMillis(time(n)),
        kind: if n % 50 == 1 { Kind::Grant } else { Kind::Record },
        event_type: pick(&["a.b", "a.c"], noise(n + 3)),
        actor: Party { kind, id },
        resource: Resource {
            party: Party { kind: "thing", id: pick(&RESOURCES, noise(n + 5)) },
            parent: pick(&["", "house"], noise(n + 6)),
        },
        outcome: pick(&[Outcome::Unknown, Outcome::Success], noise(n + 8)),
        reason: "",
        metadata: Metadata::EMPTY,
        group_epoch: 0,
        generation: 0,
        payload: Payload::None,
    }
}

fn id(n: u64) -> EventId {
    let mut bytes = [0; 32];
    // Two of them share their first eight bytes.
    bytes[..8].copy_from_slice(&noise(if n == 40 { 39 } else { n }).to_be_bytes());
    bytes[31] = u8::try_from(n % 256).unwrap();
    EventId::from_bytes(bytes)
}

fn apply(index: &Index, range: std::ops::Range<u64>) {
    let bodies: Vec<_> = range.clone().map(body).collect();
    let entries: Vec<_> =
        range.clone().zip(&bodies).map(|(n, body)| IndexedEntry { id: id(n), body }).collect();
    index.apply_entries(range.start, &entries).unwrap();
}

fn walk(scan: &mut Scan<'_>) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        match scan.next_found().unwrap() {
            Found::Index(index) => found.push(index),
            Found::Tired(_) => {}
            Found::End => return found,
        }
    }
}

#[test]
fn walks_find_what_a_filter_over_all_finds() {
    const COUNT: u64 = 3_000;
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), MEMORY).unwrap();
    for start in (0..COUNT).step_by(170) {
        apply(&index, start..COUNT.min(start + 170));
    }
    assert_eq!(index.mark(Mark::Entries).unwrap(), COUNT);
    let actor = |kind, id| vec![Term::party(Field::Actor, kind, id)];
    let docs = index.terms_with_prefix(Field::Resource, "doc/1").unwrap().unwrap();
    assert_eq!(docs.len(), 2);
    type Model = Box<dyn Fn(&EventBody<'_>) -> bool>;
    let cases: Vec<(Vec<Vec<Term>>, Model)> = vec![
        (vec![], Box::new(|_| true)),
        (vec![actor("user", "ann")], Box::new(|b| (b.actor.kind, b.actor.id) == ("user", "ann"))),
        (vec![actor("user", "nobody")], Box::new(|_| false)),
        (
            vec![[actor("user", "ann"), actor("user", "bob")].concat(), docs],
            Box::new(|b| {
                b.actor.kind == "user"
                    && b.actor.id != "anna"
                    && b.resource.party.id.starts_with("doc/1")
            }),
        ),
        (
            vec![
                vec![Term::text(Field::Type, "a.c")],
                vec![Term::stream(&StreamId::from_bytes([2; 32]))],
                vec![Term::writer(&KeyId::from_bytes([1; 32]))],
                vec![Term::text(Field::Parent, "house")],
            ],
            Box::new(|b| {
                b.event_type == "a.c"
                    && b.stream.as_bytes()[0] == 2
                    && b.writer.as_bytes()[0] == 1
                    && b.resource.parent == "house"
            }),
        ),
        (
            vec![
                vec![Term::text(Field::Kind, "grant")],
                vec![Term::text(Field::Outcome, "success")],
            ],
            Box::new(|b| b.kind == Kind::Grant && b.outcome == Outcome::Success),
        ),
    ];
    for (terms, model) in &cases {
        for times in [None, Some(4_000..9_000), Some(0..6), Some(90_000..90_001)] {
            for range in [0..COUNT, 300..301, 256..2_048, 0..0] {
                let matches = |n: &u64| {
                    times.as_ref().is_none_or(|times| times.contains(&time(*n))) && model(&body(*n))
                };
                let mut expected: Vec<u64> = range.clone().filter(matches).collect();
                let filter = Filter { terms: terms.clone(), times: times.clone() };
                for order in [Order::Oldest, Order::Newest] {
                    // Zones are wider than the times asked for: the caller looks at the entry.
                    let mut found = walk(&mut index.scan(&filter, range.clone(), order));
                    found.retain(|n| matches(n));
                    assert_eq!(found, expected, "{range:?} {times:?} {order:?}");
                    expected.reverse();
                }
            }
        }
    }
}

#[test]
fn ids_writers_blocks_and_records_are_found_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), MEMORY).unwrap();
    apply(&index, 0..100);
    for (height, size) in [(0, 0), (1, 10), (2, 10), (3, 100)] {
        index.apply_block(height, &HeaderDigest::from_bytes([height as u8; 32]), size).unwrap();
    }
    index.apply_records(&[(7, 2), (7, 3), (9, 4)], 5).unwrap();
    index.set_mark(Mark::EventTiles, 512).unwrap();
    index.persist().unwrap();
    drop(index);
    let index = Index::open(dir.path(), MEMORY).unwrap();
    for n in 0..100 {
        let expected = if n == 39 || n == 40 { vec![39, 40] } else { vec![n] };
        assert_eq!(index.find(&id(n)).unwrap(), expected);
    }
    assert_eq!(index.find(&id(100)).unwrap(), Vec::<u64>::new());
    let last = (0..100)
        .rev()
        .find(|n| body(*n).stream.as_bytes()[0] == 1 && body(*n).writer.as_bytes()[0] == 0);
    let (stream, writer) = (StreamId::from_bytes([1; 32]), KeyId::from_bytes([0; 32]));
    assert_eq!(index.next_of(&stream, &writer).unwrap(), (last.unwrap() + 1, id(last.unwrap())));
    assert_eq!(index.next_of(&StreamId::from_bytes([9; 32]), &writer).unwrap(), (0, EventId::ZERO));
    assert_eq!(index.height_of_digest(&HeaderDigest::from_bytes([2; 32])).unwrap(), Some(2));
    assert_eq!(index.height_of_digest(&HeaderDigest::from_bytes([9; 32])).unwrap(), None);
    let heights = [0, 9, 10, 99, 100].map(|at| index.height_of(at).unwrap());
    assert_eq!(heights, [Some(1), Some(1), Some(3), Some(3), None]);
    let records = [7, 8, 9].map(|at| index.records_of(at).unwrap());
    assert_eq!(records, [vec![2, 3], vec![], vec![4]]);
    let marks = [Mark::Entries, Mark::Blocks, Mark::Records, Mark::EventTiles, Mark::HeaderTiles];
    assert_eq!(marks.map(|mark| index.mark(mark).unwrap()), [100, 4, 5, 512, 0]);
}

#[test]
fn an_index_of_another_layout_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), MEMORY).unwrap();
    apply(&index, 0..10);
    index.all.insert(b"mlayout".as_slice(), 99_u64.to_be_bytes().as_slice()).unwrap();
    index.persist().unwrap();
    drop(index);
    let index = Index::open(dir.path(), MEMORY).unwrap();
    assert_eq!(index.mark(Mark::Entries).unwrap(), 0);
    assert_eq!(index.find(&id(3)).unwrap(), Vec::<u64>::new());
}

#[test]
fn an_index_in_pieces_is_damaged_and_one_in_use_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), MEMORY).unwrap();
    apply(&index, 0..10);
    let second = Index::open(dir.path(), MEMORY).map(drop);
    assert!(matches!(second, Err(StoreError::Index { .. })), "{second:?}");
    index.persist().unwrap();
    drop(index);
    for keyspace in std::fs::read_dir(dir.path().join("keyspaces")).unwrap() {
        let keyspace = keyspace.unwrap().path();
        std::fs::write(keyspace.join("v0"), b"").unwrap();
        std::fs::write(keyspace.join("current"), b"").unwrap();
    }
    let opened = Index::open(dir.path(), MEMORY).map(drop);
    assert!(matches!(opened, Err(StoreError::IndexDamaged { .. })), "{opened:?}");
    Index::remove(dir.path()).unwrap();
    assert_eq!(Index::open(dir.path(), MEMORY).unwrap().mark(Mark::Entries).unwrap(), 0);
}

#[test]
fn too_many_texts_are_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), MEMORY).unwrap();
    let names: Vec<String> = (0..300).map(|n| format!("n{n:03}")).collect();
    let bodies: Vec<_> = names
        .iter()
        .map(|name| EventBody { actor: Party { kind: "user", id: name }, ..body(0) })
        .collect();
    let entries: Vec<_> =
        (0..).zip(&bodies).map(|(n, body)| IndexedEntry { id: id(n), body }).collect();
    index.apply_entries(0, &entries).unwrap();
    assert_eq!(index.terms_with_prefix(Field::Actor, "n").unwrap(), None);
    assert_eq!(index.terms_with_prefix(Field::Actor, "n1").unwrap().map(|t| t.len()), Some(100));
}
