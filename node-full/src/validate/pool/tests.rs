//! Who finds room, who comes first, and what outlives a crash.

use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{KeyId, LogId, StreamId};
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Outcome, Party, Payload, Resource, encode_signed,
};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::secret::MemberSecret;

use super::*;

/// Events of one writer that follow each other.
struct Writer {
    secret: MemberSecret,
    next: u64,
    last: EventId,
}

impl Writer {
    fn new(seed: u8) -> Self {
        let secret = MemberSecret::from_seed([seed; 32]).unwrap();
        Self { secret, next: 0, last: EventId::ZERO }
    }

    fn place(&self) -> Place {
        (StreamId::from_bytes([1; 32]), self.secret.key_id())
    }

    fn event(&mut self, own: bool, since: u64) -> Pending {
        self.said(own, since, "thing")
    }

    fn said(&mut self, own: bool, since: u64, what: &str) -> Pending {
        let body = EventBody {
            log: LogId::from_bytes([9; 32]),
            stream: self.place().0,
            writer: self.place().1,
            sequence: self.next,
            previous: self.last,
            time: UnixMillis(1),
            kind: Kind::Record,
            event_type: "test.happened",
            actor: Party { kind: "user", id: "ann" },
            resource: Resource { party: Party { kind: "thing", id: what }, parent: "" },
            outcome: Outcome::Success,
            reason: "",
            metadata: Metadata::EMPTY,
            group_epoch: 0,
            generation: 0,
            payload: Payload::None,
        };
        let bytes = body.encode().unwrap();
        let id = EventBody::id_of(&bytes);
        let public = self.secret.public_key();
        let key = PublicKey::new(Suite::Ed25519, &public).unwrap();
        let signature = self.secret.sign(Role::Event, id.as_bytes()).unwrap();
        let bytes = encode_signed(&bytes, &[(key, &signature)]).unwrap();
        self.next = self.next.saturating_add(1);
        self.last = id;
        Pending::new(bytes, own, Duration::from_millis(since)).unwrap()
    }

    fn events(&mut self, count: usize, own: bool) -> Vec<Pending> {
        (0..count).map(|_| self.event(own, 1)).collect()
    }
}

fn pool() -> (tempfile::TempDir, Pool) {
    let dir = tempfile::tempdir().unwrap();
    let pool = Pool::open(dir.path()).unwrap();
    (dir, pool)
}

/// Keeps an event of a peer whose signatures hold, of a writer who has nothing in the log.
fn keep(pool: &Pool, pending: &Pending) -> Result<(), NotKept> {
    pool.keep(pending.clone(), (0, EventId::ZERO), |_| Ok::<_, NotKept>(())).unwrap()
}

fn from_start(_: &Place) -> Result<(u64, EventId), StoreError> {
    Ok((0, EventId::ZERO))
}

fn chosen(pool: &Pool, limits: (usize, usize)) -> Vec<EventId> {
    let bytes = pool.choose(limits, from_start).unwrap();
    bytes.iter().map(|bytes| SignedEvent::decode(bytes).unwrap().id()).collect()
}

#[test]
fn an_event_is_kept_once_and_one_for_each_sequence_number() {
    let (_dir, pool) = pool();
    let mut ann = Writer::new(1);
    let first = ann.event(false, 1);
    (ann.next, ann.last) = (0, EventId::ZERO);
    let other = ann.said(false, 1, "another");
    assert_eq!(keep(&pool, &first), Ok(()));
    assert_eq!(keep(&pool, &first), Err(NotKept::Known));
    assert_eq!(keep(&pool, &other), Err(NotKept::Taken));
    assert_eq!(pool.fill().events, 1);
    // What this node accepts stands over what peers say.
    pool.accept(vec![Pending { own: true, ..other.clone() }]).unwrap();
    assert!(pool.contains(&other.id) && !pool.contains(&first.id));
}

#[test]
fn writers_take_turns_and_a_gap_ends_a_turn() {
    let (_dir, pool) = pool();
    let (mut ann, mut bob) = (Writer::new(1), Writer::new(2));
    let of_ann = ann.events(50, false);
    let of_bob = bob.events(5, false);
    of_ann.iter().chain(&of_bob[..3]).for_each(|pending| keep(&pool, pending).unwrap());
    assert_eq!(keep(&pool, &of_bob[4]), Err(NotKept::Loose));
    // Before a crash there was one between.
    pool.accept(vec![Pending { own: true, ..of_bob[4].clone() }]).unwrap();
    let ids = chosen(&pool, (8, usize::MAX));
    let is_bobs = |id: &&EventId| of_bob.iter().any(|pending| pending.id == **id);
    assert_eq!(ids.len(), 8);
    assert_eq!(ids.iter().filter(is_bobs).count(), 3, "three before the gap, taking turns");
    let all = chosen(&pool, (1_000, usize::MAX));
    assert_eq!(all.len(), 53, "what follows on a gap waits");
    assert_eq!(pool.next_of(&bob.place(), (0, EventId::ZERO)), (3, of_bob[2].id));
    let one = of_ann[0].bytes.len();
    assert_eq!(chosen(&pool, (1_000, one)).len(), 1, "bytes are a limit too");
    assert_eq!(chosen(&pool, (1_000, 1)).len(), 1, "one event always fits");
}

#[test]
fn what_was_accepted_outlives_a_crash_at_any_byte_and_what_peers_said_does_not() {
    let (dir, pool) = pool();
    let (mut ann, mut bob) = (Writer::new(1), Writer::new(2));
    keep(&pool, &bob.event(false, 1)).unwrap();
    let first = ann.events(2, true);
    pool.accept(first.clone()).unwrap();
    let path = dir.path().join("validator/pool.seg");
    let acknowledged = std::fs::read(&path).unwrap();
    pool.accept(ann.events(1, true)).unwrap();
    drop(pool);
    let whole = std::fs::read(&path).unwrap();
    for cut in acknowledged.len()..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let pool = Pool::open(dir.path()).unwrap();
        let expected = if cut == whole.len() { 3 } else { 2 };
        assert_eq!(pool.fill().events, expected, "{cut}");
        assert!(first.iter().all(|pending| pool.contains(&pending.id)));
    }
}

#[test]
fn nobody_writes_the_file_anew_before_what_was_just_written_is_in_memory() {
    let (dir, pool) = pool();
    let accepted = Writer::new(1).events(1, true);
    let path = dir.path().join("validator/pool.seg");
    let bytes = accepted[0].bytes.to_vec();
    std::thread::scope(|scope| {
        let inner = pool.inner();
        scope.spawn(|| pool.accept(accepted).unwrap());
        let has_it = |file: Vec<u8>| file.windows(bytes.len()).any(|part| part == bytes);
        while !has_it(std::fs::read(&path).unwrap()) {
            std::thread::yield_now();
        }
        // Who got it now would find nothing in memory to be kept.
        let watch = Stopwatch::start();
        while watch.elapsed() < Duration::from_millis(200) {
            assert!(pool.file.try_lock().is_err());
            std::thread::yield_now();
        }
        drop(inner);
    });
    assert_eq!(pool.fill().events, 1);
}

#[test]
fn final_events_leave_with_those_whose_place_they_took() {
    let (dir, pool) = pool();
    let mut ann = Writer::new(1);
    let mut events = ann.events(4, true);
    events[1].record = Some(7);
    pool.accept(events.clone()).unwrap();
    assert_eq!(pool.first_record(), Some(7));
    let places = BTreeMap::from([(ann.place(), 3)]);
    // Of the third another one is in the log.
    let records = pool.settle(&[events[0].id, events[1].id], &places).unwrap();
    assert_eq!(records, [(events[1].id, 7)]);
    assert_eq!((pool.fill().events, pool.first_record()), (1, None));
    pool.wait_gone(&[events[0].id, events[2].id], Duration::from_secs(10));
    drop(pool);
    let again = Pool::open(dir.path()).unwrap();
    let stale = again.before(&places);
    assert_eq!(stale.len(), 3, "until the file is written anew, it has them");
}

#[test]
fn peers_share_what_room_there_is_and_own_events_come_first() {
    let (_dir, pool) = pool();
    let mut ann = Writer::new(1);
    let small = ann.event(false, 1);
    // Bytes are counted, whatever they are.
    let large = |writer: &mut Writer| {
        let pending = writer.event(false, 1);
        Pending { bytes: Arc::new(vec![0; MAX_BYTES_OF_WRITER]), ..pending }
    };
    keep(&pool, &small).unwrap();
    assert_eq!(keep(&pool, &large(&mut ann)), Err(NotKept::Full), "its writer has its share");
    for seed in 2..5 {
        keep(&pool, &large(&mut Writer::new(seed))).unwrap();
    }
    let left = vec![0; MAX_BYTES - pool.fill().bytes];
    let rest = Pending { bytes: Arc::new(left), ..Writer::new(5).event(false, 1) };
    keep(&pool, &rest).unwrap();
    let one_more = Writer::new(9).event(false, 1);
    assert_eq!(keep(&pool, &one_more), Err(NotKept::Full), "there is no room");
    let accepted = Writer::new(10).events(1, true);
    pool.accept(accepted.clone()).unwrap();
    assert!(pool.contains(&accepted[0].id));
    assert!(pool.fill().bytes <= MAX_BYTES);
    assert!(!pool.has_room(1, MAX_BYTES), "own events have a limit too");
}

#[test]
fn what_waits_too_long_is_forgotten_with_what_follows_on_it() {
    let (_dir, pool) = pool();
    let (mut ann, mut bob) = (Writer::new(1), Writer::new(2));
    let old = [ann.event(false, 1), ann.event(false, 1_000_000)];
    old.iter().for_each(|pending| keep(&pool, pending).unwrap());
    pool.accept(vec![bob.event(true, 1)]).unwrap();
    let later = Duration::from_millis(2);
    assert_eq!(pool.expire(PEERS_TTL + later).unwrap(), 0, "none of this node's own");
    assert_eq!(pool.fill().events, 1);
    assert_eq!(pool.expire(OWN_TTL + later).unwrap(), 1);
    assert_eq!(pool.fill().events, 0);
}

#[test]
fn what_an_accepted_event_stands_on_is_kept_and_told_with_it() {
    let (_dir, pool) = pool();
    let mut ann = Writer::new(1);
    let of_peer = ann.event(false, 1);
    let own = ann.event(true, 1);
    let behind = ann.event(false, 1);
    keep(&pool, &of_peer).unwrap();
    pool.accept(vec![own.clone()]).unwrap();
    keep(&pool, &behind).unwrap();
    assert_eq!(pool.expire(PEERS_TTL + Duration::from_secs(60)).unwrap(), 0);
    assert!(pool.contains(&of_peer.id) && pool.contains(&own.id));
    assert!(!pool.contains(&behind.id), "nothing was promised of this one");
    let promised = pool.promised(Duration::ZERO, 10);
    assert_eq!(promised, [of_peer.bytes, own.bytes], "in the order in which they follow");
    assert_eq!(pool.expire(OWN_TTL + Duration::from_secs(60)).unwrap(), 1);
    assert_eq!(pool.fill().events, 0);
}

#[test]
fn a_peers_event_stays_as_long_as_it_is_heard_and_is_not_told_in_its_place() {
    let (_dir, pool) = pool();
    let of_peer = Writer::new(1).event(false, 0);
    keep(&pool, &of_peer).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    assert!(pool.is_heard_again(&of_peer.id));
    assert_eq!(pool.expire(PEERS_TTL + Duration::from_millis(4)).unwrap(), 0);
    assert!(pool.contains(&of_peer.id));
    assert!(pool.promised(Duration::ZERO, 10).is_empty());
    assert_eq!(pool.waiting(10), [of_peer.bytes]);
    pool.expire(PEERS_TTL + pool.now()).unwrap();
    assert!(!pool.is_heard_again(&of_peer.id));
}

#[test]
fn an_event_that_becomes_final_between_two_looks_is_not_forgotten() {
    let (_dir, pool) = pool();
    let mut ann = Writer::new(1);
    let events = ann.events(2, true);
    pool.accept(events.clone()).unwrap();
    let log = Mutex::new((0, EventId::ZERO));
    let looks = std::cell::Cell::new(0);
    let in_log = || {
        let found = *log.lock().unwrap();
        looks.set(looks.get() + 1);
        if looks.get() == 1 {
            // A block has the first of them, in the index and then not here any more.
            *log.lock().unwrap() = (1, events[0].id);
            let places = BTreeMap::from([(ann.place(), 1)]);
            pool.settle(&[events[0].id], &places)?;
        }
        Ok::<_, StoreError>(found)
    };
    assert_eq!(pool.next_after(&ann.place(), in_log).unwrap(), (2, events[1].id));
}

#[test]
fn signatures_are_checked_only_of_what_has_a_place_and_finds_room() {
    let (_dir, pool) = pool();
    let checks = std::cell::Cell::new(0);
    let offer = |pending: &Pending| {
        let count = |_: &Pending| {
            checks.set(checks.get() + 1);
            Ok::<_, NotKept>(())
        };
        pool.keep(pending.clone(), (0, EventId::ZERO), count).unwrap()
    };
    let mut ann = Writer::new(1);
    let of_ann = ann.events(3, false);
    assert_eq!(offer(&of_ann[2]), Err(NotKept::Loose));
    assert_eq!((offer(&of_ann[0]), checks.get()), (Ok(()), 1));
    assert_eq!(offer(&of_ann[0]), Err(NotKept::Known));
    (ann.next, ann.last) = (1, of_ann[2].id);
    assert_eq!(offer(&ann.event(false, 1)), Err(NotKept::Loose), "it follows on another one");
    (ann.next, ann.last) = (0, EventId::ZERO);
    assert_eq!(offer(&ann.said(false, 1, "another")), Err(NotKept::Taken));
    let all = vec![0; MAX_BYTES_OF_WRITER - of_ann[0].bytes.len() + 1];
    let too_long = Pending { bytes: Arc::new(all), ..of_ann[1].clone() };
    assert_eq!(offer(&too_long), Err(NotKept::Full));
    assert_eq!(checks.get(), 1);
    let refuse = |_: &Pending| Err(NotKept::Taken);
    assert!(pool.keep(of_ann[1].clone(), (0, EventId::ZERO), refuse).is_err());
    assert_eq!(pool.fill().events, 1, "its signatures do not hold");
}

#[test]
fn what_an_accepted_event_stands_on_makes_no_room() {
    let (_dir, pool) = pool();
    let mut ann = Writer::new(1);
    let of = |len, pending: Pending| Pending { bytes: Arc::new(vec![0; len]), ..pending };
    let fifth = MAX_BYTES / 5 - 1_000;
    let under = of(fifth, ann.event(false, 1));
    keep(&pool, &under).unwrap();
    // Now its writer is the one who has the most.
    pool.accept(vec![ann.event(true, 1)]).unwrap();
    for seed in 3..7 {
        keep(&pool, &of(fifth, Writer::new(seed).event(false, 1))).unwrap();
    }
    pool.accept(vec![of(8_000, Writer::new(2).event(true, 1))]).unwrap();
    assert!(pool.contains(&under.id));
    assert!(pool.fill().bytes <= MAX_BYTES);
    assert_eq!(pool.fill().events, 6, "one of the four others went");
}

#[test]
fn behind_a_gap_a_few_writers_of_the_log_are_kept_near_it() {
    use super::inner::{LOOSE, WINDOW};
    let (_dir, pool) = pool();
    let offer = |pending: &Pending, last| {
        pool.keep(pending.clone(), last, |_| Ok::<_, NotKept>(())).unwrap()
    };
    let mut ann = Writer::new(1);
    let of_ann = ann.events(4, false);
    let first = (1, of_ann[0].id);
    assert_eq!(offer(&of_ann[2], first), Ok(()), "the one before was lost on its way");
    assert_eq!(offer(&of_ann[3], first), Ok(()));
    let far = Pending { sequence: WINDOW + 1, ..ann.event(false, 1) };
    assert_eq!(offer(&far, first), Err(NotKept::Loose));
    // When a block has what was missing, they can be in the next.
    let has = |next: u64| pool.has_next(|_| Ok::<_, StoreError>((next, of_ann[1].id))).unwrap();
    assert!(!has(1) && has(2));
    let template = Writer::new(2).events(3, false)[2].clone();
    let kept = (0_u8..=255).filter(|at| {
        let place = (StreamId::from_bytes([*at; 32]), KeyId::from_bytes([*at; 32]));
        let id = EventId::from_bytes([*at; 32]);
        offer(&Pending { id, place, ..template.clone() }, first) == Ok(())
    });
    assert_eq!(kept.count(), LOOSE - 1, "one place was loose before");
    pool.settle(&[of_ann[2].id, of_ann[3].id], &BTreeMap::new()).unwrap();
    assert_eq!(offer(&template, first), Ok(()), "there is room again");
}
