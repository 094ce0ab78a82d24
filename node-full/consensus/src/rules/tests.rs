use cairn_verifier::tree::TreeSize;

use super::*;

fn set(byte: u8) -> SetDigest {
    SetDigest::from_bytes([byte; 32])
}

fn tip(parent: Option<Header>) -> Tip {
    Tip {
        log: LogId::from_bytes([1; 32]),
        parameters: Parameters { gate: 4, trust_period: 0 },
        parent: parent.map(|header| (header, header.digest())),
        genesis_time: UnixMillis(1_000),
        first_set: set(1),
        header_root: Hash::from_bytes([9; 32]),
    }
}

fn follow(tip: &Tip, wanted: SetDigest) -> Header {
    let (epoch, epoch_start, own) = tip.next_epoch();
    Header {
        log: tip.log,
        height: tip.next_height(),
        epoch,
        time: tip.next_time(UnixMillis(5)),
        parent: tip.parent.map_or(HeaderDigest::ZERO, |(_, digest)| digest),
        events: TreeSize::EMPTY,
        event_root: Hash::ZERO,
        sha256_root: Hash::ZERO,
        header_root: tip.header_root,
        epoch_start,
        set: own,
        next_set: tip.next_set(wanted),
        state_root: Hash::ZERO,
        parameters: tip.parameters,
    }
}

#[test]
fn a_set_changes_at_a_gate_alone() {
    let mut parent = None;
    for height in 0..20 {
        let tip = tip(parent);
        let wanted = set(u8::try_from(height / 4).unwrap() + 1);
        let header = follow(&tip, wanted);
        assert_eq!(tip.check(&header, wanted, None), Ok(()), "{height}");
        assert_eq!(Header::decode(&header.encode()), Ok(header), "{height}");
        assert!(height % 4 == 0 || !header.is_handover());
        let racing = Header { next_set: set(99), ..header };
        assert!(matches!(tip.check(&racing, wanted, None), Err(RuleError::NextSet { .. })));
        parent = Some(header);
    }
    assert_eq!(parent.unwrap().epoch, 4);
}

/// What to do to a header.
type Bend = fn(&mut Header);

#[test]
fn every_field_is_looked_at() {
    let first = follow(&tip(None), set(1));
    let tip = tip(Some(first));
    let good = follow(&tip, set(1));
    let now = Some(UnixMillis(2_000));
    assert_eq!(tip.check(&good, set(1), now), Ok(()));
    let bent: [(&str, Bend); 8] = [
        ("log", |h| h.log = LogId::ZERO),
        ("parameters", |h| h.parameters.gate = 5),
        ("height", |h| h.height = 2),
        ("parent", |h| h.parent = HeaderDigest::ZERO),
        ("header root", |h| h.header_root = Hash::ZERO),
        ("epoch", |h| h.epoch = 1),
        ("epoch start", |h| h.epoch_start = 1),
        ("set", |h| h.set = SetDigest::from_bytes([2; 32])),
    ];
    for (what, bend) in bent {
        let mut header = good;
        bend(&mut header);
        assert_eq!(tip.check(&header, set(1), now), Err(RuleError::Field(what)));
    }
    let late = Header { time: UnixMillis(12_001), ..good };
    assert!(matches!(tip.check(&late, set(1), now), Err(RuleError::TooFarAhead { .. })));
    assert_eq!(tip.check(&late, set(1), None), Ok(()));
    let early = Header { time: first.time, ..good };
    assert!(matches!(tip.check(&early, set(1), now), Err(RuleError::TimeNotAfter { .. })));
    let grown = Header { events: TreeSize::new(3).unwrap(), ..first };
    let tip = Tip { parent: Some((grown, grown.digest())), ..tip };
    let shrunk = Header { parent: grown.digest(), ..good };
    assert!(matches!(tip.check(&shrunk, set(1), now), Err(RuleError::Shrank { .. })));
}
