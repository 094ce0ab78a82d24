use cairn_consensus::epochs::{Change, Move, Way};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::LogId;
use cairn_verifier::event::{Metadata, Outcome, Party, Resource, encode_metadata};
use cairn_verifier::state::PowerMode;

use super::*;

fn all() -> Vec<SystemEvent> {
    let name = || "ann".to_owned();
    let keys = vec![(1, vec![7; 32]), (17, vec![8; 1_216])];
    let id = [1; 32];
    vec![
        SystemEvent::MemberAdded { name: name(), keys: keys.clone() },
        SystemEvent::KeysAdded { name: name(), keys },
        SystemEvent::KeyEnded { name: name(), key: id.into() },
        SystemEvent::MemberRemoved { name: name() },
        SystemEvent::StreamAdded { id: id.into(), name: name() },
        SystemEvent::RolesSet {
            stream: id.into(),
            member: name(),
            roles: Roles { writer: true, reader: false },
        },
        SystemEvent::Granted { event: id.into(), readers: vec![[1; 32].into(), [2; 32].into()] },
        SystemEvent::Redacted { event: id.into() },
        SystemEvent::Erased {
            event: id.into(),
            redaction: [2; 32].into(),
            records: 3,
            payload: StoredPayload::Shared,
        },
        validators(ValidatorEvent::Proposed(Change::Mode(PowerMode::Stake, 7))),
        validators(ValidatorEvent::Proposed(Change::Mode(PowerMode::Weights, 1))),
        validators(ValidatorEvent::Proposed(Change::Allot(id.into(), 1_000))),
        validators(moved(Way::Bond)),
        validators(moved(Way::Unbond)),
    ]
}

fn validators(event: ValidatorEvent) -> SystemEvent {
    SystemEvent::Validator(Box::new(event))
}

/// By the writer of [`read`].
fn moved(way: Way) -> ValidatorEvent {
    ValidatorEvent::Moved(Move { holder: KeyId::ZERO, validator: [1; 32].into(), amount: 5, way })
}

fn read(draft: &Draft) -> Result<SystemEvent, SystemError> {
    let metadata = encode_metadata(&draft.metadata).unwrap();
    SystemEvent::read(&EventBody {
        log: LogId::ZERO,
        stream: StreamId::ZERO,
        writer: KeyId::ZERO,
        sequence: 0,
        previous: EventId::ZERO,
        time: UnixMillis(0),
        kind: draft.kind.kind(),
        event_type: &draft.event_type,
        actor: Party { kind: &draft.actor.kind, id: &draft.actor.id },
        resource: Resource {
            party: Party { kind: &draft.resource.kind, id: &draft.resource.id },
            parent: &draft.resource.parent,
        },
        outcome: Outcome::Success,
        reason: &draft.reason,
        metadata: Metadata::decode(&metadata).unwrap(),
        group_epoch: 0,
        generation: 0,
        payload: Payload::None,
    })
}

#[test]
fn what_is_written_is_read() {
    for event in all() {
        assert_eq!(read(&event.draft("admin", "system", "why")), Ok(event));
    }
}

#[test]
fn no_piece_of_metadata_can_be_left_out_added_or_written_otherwise() {
    for event in all() {
        let draft = event.draft("admin", "system", "");
        let mut more = draft.clone();
        more.metadata.insert("zz".to_owned(), "more".to_owned());
        assert!(read(&more).is_err(), "{event:?}");
        for (name, value) in &draft.metadata {
            let mut less = draft.clone();
            less.metadata.remove(name);
            assert_ne!(read(&less), Ok(event.clone()), "{event:?} without {name}");
            for other in [format!("{value} "), format!("0{value}"), String::new()] {
                let mut changed = draft.clone();
                changed.metadata.insert(name.clone(), other.clone());
                assert_ne!(read(&changed), Ok(event.clone()), "{name} as {other:?}");
            }
        }
    }
}

#[test]
fn a_key_has_the_length_of_its_suite() {
    let draft = |key: &str| {
        let keys = vec![(1, vec![7; 32])];
        let mut draft =
            SystemEvent::MemberAdded { name: "ann".to_owned(), keys }.draft("admin", "system", "");
        draft.metadata.insert("key.00".to_owned(), key.to_owned());
        draft
    };
    let hex = "07".repeat(32);
    assert!(read(&draft(&format!("1:{hex}"))).is_ok());
    for bad in [
        format!("1:{hex}00"),
        format!("2:{hex}"),
        format!("9:{hex}"),
        hex.clone(),
        format!("01:{hex}"),
        format!("1:{}", hex.replace('7', "F")),
    ] {
        assert!(read(&draft(&bad)).is_err(), "{bad}");
    }
}

#[test]
fn at_most_so_many_keys_are_named() {
    let event = |count: u8| SystemEvent::Granted {
        event: EventId::ZERO,
        readers: (0..count).map(|n| [n; 32].into()).collect(),
    };
    assert!(read(&event(32).draft("a", "system", "")).is_ok());
    assert!(read(&event(33).draft("a", "system", "")).is_err());
    assert!(read(&event(0).draft("a", "system", "")).is_err());
}
