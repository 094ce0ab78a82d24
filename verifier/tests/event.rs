//! Events by their names and limits, where no receipt shows them.

use cairn_verifier::event::{Kind, SignedEvent, encode_signed};
use cairn_verifier::wire::DecodeError;

mod kit;

#[test]
fn every_kind_has_its_byte_and_name() {
    let kinds = [
        (Kind::Record, "record"),
        (Kind::Member, "member"),
        (Kind::Grant, "grant"),
        (Kind::Redaction, "redaction"),
        (Kind::ValidatorChange, "validator-change"),
        (Kind::Evidence, "evidence"),
        (Kind::ParameterChange, "parameter-change"),
        (Kind::Import, "import"),
    ];
    for (byte, (kind, name)) in (0..).zip(kinds) {
        assert_eq!((kind.byte(), kind.name()), (byte, name));
    }
}

#[test]
fn what_no_decoder_takes_is_not_encoded() {
    let mut kit = kit::Kit::new(1, kit::Council::new(vec![(kit::Signer::classic(1), 1)]));
    kit.push_plain(1);
    let event = SignedEvent::decode(&kit.events[0]).unwrap();
    let signature = event.signatures().iter().next().unwrap();
    let one = (signature.key, signature.signature);
    assert_eq!(encode_signed(event.bytes(), &[one]).unwrap(), kit.events[0]);
    let nothing = encode_signed(event.bytes(), &[]);
    assert_eq!(nothing, Err(DecodeError::NotCanonical { what: "signature count" }));
    let twice = encode_signed(event.bytes(), &[one, one]);
    assert_eq!(twice, Err(DecodeError::NotAscending { what: "later signatures" }));
}
