use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn peer(byte: u8) -> PeerId {
    [byte; 32].into()
}

fn event(byte: u8) -> EventId {
    [byte; 32].into()
}

fn up(peers: &[u8]) -> BTreeSet<PeerId> {
    peers.iter().map(|byte| peer(*byte)).collect()
}

fn all(_: &EventId) -> Result<bool, ()> {
    Ok(true)
}

const BOTH: Lack = Lack { index: 1, payload: true, wraps: true };
const NOTHING: Heard = Heard { payload: false, wraps: Some(false) };

fn of_one() -> Wants {
    let mut wants = Wants::default();
    wants.add(event(1), BOTH);
    wants
}

#[test]
fn what_one_peer_does_not_have_the_next_is_asked_for() {
    let (mut wants, up) = (of_one(), up(&[1, 2]));
    let (first, asked) = wants.ask(SECOND, &up, all).unwrap().unwrap();
    assert_eq!(asked, [Asked { event: event(1), payload: true, wraps: true }]);
    assert_eq!(wants.ask(SECOND, &up, all), Ok(None), "one at a time");
    assert_eq!(wants.answered(&peer(2)), None, "it was not asked");
    assert_eq!(wants.answered(&first).unwrap(), asked);
    wants.heard((first, &event(1)), NOTHING, &up);
    let (second, _) = wants.ask(SECOND, &up, all).unwrap().unwrap();
    assert_ne!(first, second);
    wants.answered(&second).unwrap();
    wants.heard((second, &event(1)), Heard { payload: true, wraps: Some(true) }, &up);
    assert_eq!(wants.len(), 0);
}

#[test]
fn wraps_are_given_up_when_every_other_validator_has_none_and_payloads_never_are() {
    let (mut wants, others) = (of_one(), up(&[1, 2, 3]));
    for byte in [1, 2] {
        wants.heard((peer(byte), &event(1)), NOTHING, &others);
    }
    wants.heard((peer(3), &event(1)), Heard { payload: false, wraps: None }, &others);
    assert_eq!(wants.lack(&event(1)), Some(BOTH), "the third does not know the event yet");
    wants.heard((peer(3), &event(1)), NOTHING, &others);
    assert_eq!(wants.lack(&event(1)), Some(Lack { wraps: false, ..BOTH }));
    wants.heard((peer(3), &event(1)), Heard { payload: true, wraps: None }, &others);
    assert_eq!(wants.lack(&event(1)), None);
}

#[test]
fn what_nobody_has_rests_longer_each_time_until_someone_comes() {
    let (mut wants, up) = (of_one(), up(&[1]));
    let mut now = SECOND;
    for rest in [1, 2, 4, 8_u32] {
        let (asked, _) = wants.ask(now, &up, all).unwrap().unwrap();
        wants.answered(&asked).unwrap();
        wants.heard((asked, &event(1)), Heard { payload: false, wraps: None }, &up);
        assert_eq!(wants.ask(now, &up, all), Ok(None));
        now += REST * rest - Duration::from_millis(1);
        assert_eq!(wants.ask(now, &up, all), Ok(None));
        now += Duration::from_millis(1);
    }
    let (asked, _) = wants.ask(now, &up, all).unwrap().unwrap();
    wants.answered(&asked).unwrap();
    wants.heard((asked, &event(1)), NOTHING, &self::up(&[1, 2]));
    assert_eq!(wants.ask(now, &up, all), Ok(None));
    wants.came(now);
    assert!(wants.ask(now, &up, all).unwrap().is_some());
    assert_eq!(pause(u32::MAX), LONGEST_REST);
}

#[test]
fn who_does_not_answer_is_asked_last_and_answers_too_late() {
    let (mut wants, up) = (of_one(), up(&[1, 2]));
    assert_eq!(wants.ask(SECOND, &up, all).unwrap().unwrap().0, peer(1));
    let late = SECOND + PATIENCE;
    assert_eq!(wants.ask(late, &up, all).unwrap().unwrap().0, peer(2));
    assert_eq!(wants.answered(&peer(1)), None);
    wants.gone(&peer(2));
    assert_eq!(wants.ask(late, &up, all), Ok(None), "both were tried");
    wants.add(event(2), BOTH);
    let (_, asked) = wants.ask(late, &up, all).unwrap().unwrap();
    assert_eq!(asked.len(), 1, "the other one rests");
}

#[test]
fn what_is_not_wanted_any_more_is_not_asked_for() {
    let (mut wants, up) = (of_one(), up(&[1]));
    assert_eq!(wants.ask(SECOND, &up, |_| Ok::<_, ()>(false)), Ok(None));
    assert_eq!(wants.len(), 0);
}

#[test]
fn there_is_room_for_so_many_and_what_nobody_had_for_long_makes_room() {
    let mut wants = Wants::default();
    for number in 0..MAX_WANTS {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        wants.add(id.into(), BOTH);
    }
    assert_eq!(wants.make_room(1), (false, false));
    let up = up(&[1]);
    let mut now = SECOND;
    for _ in 0..PATIENT {
        while let Some((peer, asked)) = wants.ask(now, &up, all).unwrap() {
            assert_eq!(asked.len(), usize::from(MAX_BEHIND));
            wants.answered(&peer).unwrap();
            for one in asked {
                let nothing = Heard { payload: false, wraps: None };
                wants.heard((peer, &one.event), nothing, &up);
            }
        }
        now += LONGEST_REST;
    }
    assert_eq!(wants.make_room(1), (true, true));
}
