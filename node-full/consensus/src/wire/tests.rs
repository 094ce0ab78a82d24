use super::*;

fn signed(index: u8, suite: Suite) -> Signed {
    Signed { index, suite, signature: vec![index; suite.signature_len()] }
}

fn examples() -> Vec<Message> {
    let header = HeaderDigest::from_bytes([7; 32]);
    let one = || signed(1, Suite::Ed25519);
    let certificate = cairn_verifier::finality::encode_certificate(
        2,
        &[(0, Suite::Ed25519, vec![3; 64]), (5, Suite::MlDsa44Ed25519, vec![4; 2_484])],
    );
    let round = |kind, index| RoundVote { kind, header, signed: signed(index, Suite::Ed25519) };
    vec![
        Message::Proposal {
            height: 8,
            round: 3,
            header,
            rests_on: 2,
            signed: one(),
            second: vec![9; 64],
        },
        Message::Vote { height: 8, round: 3, kind: 2, header: HeaderDigest::ZERO, signed: one() },
        Message::Polka {
            height: 8,
            round: 0,
            header,
            votes: vec![one(), signed(4, Suite::MlDsa65Ed25519)],
        },
        Message::Round { height: 8, round: 1, skip: true, votes: vec![round(1, 0), round(2, 3)] },
        Message::Block { height: 8, block: vec![1; HEADER_LEN + 10] },
        Message::Status { height: 8 },
        Message::Want { height: 8 },
        Message::Final { height: 8, block: vec![1; HEADER_LEN], certificate: certificate.unwrap() },
        Message::WantBlock { height: 8, header },
    ]
}

/// Changing one of these changes what is sent between nodes: it needs a decision record.
const FROZEN: [&str; 9] = [
    "7e575a2a150eae76",
    "ecc6073cd09edcd9",
    "7e9d881c6ca9e4ec",
    "63c9975a2dfb460b",
    "0dc7326345b6334b",
    "27045d6008eaf350",
    "028855359f3ccae3",
    "5c3d4f9bb884bea6",
    "f63cb338f8add43d",
];

#[test]
fn encodings_are_frozen() {
    let hash = |message: &Message| blake3::hash(&message.encode()).to_hex()[..16].to_owned();
    let found: Vec<_> = examples().iter().map(hash).collect();
    assert_eq!(found, FROZEN);
}

#[test]
fn every_message_has_one_encoding() {
    for message in examples() {
        let bytes = message.encode();
        assert_eq!(Message::decode(&bytes), Ok(message.clone()));
        assert_eq!(head(&bytes), Ok((message.kind(), 8)));
        for cut in 0..bytes.len() {
            assert!(Message::decode(&bytes[..cut]).is_err(), "{message:?} cut at {cut}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(
            matches!(
                Message::decode(&longer),
                Err(DecodeError::Trailing { .. } | DecodeError::OutOfRange { .. })
            ),
            "{message:?}"
        );
        let mut other = bytes;
        other[0] = 2;
        assert!(Message::decode(&other).is_err());
    }
}

#[test]
fn bent_messages_never_decode_to_the_same() {
    for message in examples() {
        let bytes = message.encode();
        for at in 0..bytes.len().min(200) {
            let mut bent = bytes.clone();
            bent[at] ^= 0x41;
            if let Ok(other) = Message::decode(&bent) {
                assert_ne!(other, message);
                assert_eq!(other.encode(), bent);
            }
        }
    }
}

#[test]
fn limits_hold_before_anything_is_copied() {
    // A polka whose count is beyond the largest set, and one without votes.
    let header = HeaderDigest::from_bytes([7; 32]);
    let votes = vec![signed(0, Suite::Ed25519)];
    let good = Message::Polka { height: 1, round: 0, header, votes }.encode();
    let count_at = 10 + 4 + 32;
    for count in [0, 101] {
        let mut bent = good.clone();
        bent[count_at] = count;
        assert!(Message::decode(&bent).is_err());
    }
    // Votes in another order, or one twice.
    let votes = vec![signed(1, Suite::Ed25519), signed(1, Suite::Ed25519)];
    let twice = Message::Polka { height: 1, round: 0, header, votes }.encode();
    assert_eq!(Message::decode(&twice), Err(DecodeError::NotAscending { what: "votes" }));
    // A small message that is not small.
    let mut long = Message::Status { height: 1 }.encode();
    long.resize(65, 0);
    assert!(matches!(Message::decode(&long), Err(DecodeError::OutOfRange { .. })));
    // A proposal that rests on its own round.
    let own = Message::Proposal {
        height: 1,
        round: 3,
        header,
        rests_on: 4,
        signed: signed(0, Suite::Ed25519),
        second: vec![0; 64],
    };
    assert!(matches!(Message::decode(&own.encode()), Err(DecodeError::NotCanonical { .. })));
}
