//! Whole receipts, against the model and what the honest logs hold.

use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::Header;
use cairn_verifier::receipt::{Receipt, VerifiedReceipt, verify};
use cairn_verifier::wire::DecodeError;

use crate::Choices;
use crate::forge::Forged;
use crate::model;
use crate::world::world;
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 4_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

pub(super) fn run(data: &[u8]) {
    let forged = Forged::by(&mut Choices::new(data));
    let bytes = forged.receipt();
    let found = verify(&bytes, forged.anchor, forged.terms(), &mut ());
    let decoded = Receipt::decode(&bytes);
    let want = want(&bytes, &decoded, &forged);
    let code = found.as_ref().map(drop).map_err(|error| error.code());
    agree(code, want.map(drop));
    assert!(!forged.honest || want.is_ok(), "an honest receipt: {want:?}");
    if let (Ok(found), Ok(receipt), Ok(between)) = (found, decoded, want) {
        holds(&found, &receipt, between);
    }
}

fn want(
    bytes: &[u8],
    decoded: &Result<Receipt<'_>, DecodeError>,
    forged: &Forged,
) -> Result<Option<model::receipt::Between>, model::Code> {
    model::terms::allows(forged.budget, bytes, [0; 2])?;
    let receipt = decoded.as_ref().map_err(DecodeError::code)?;
    model::terms::allows(forged.budget, bytes, model::terms::of_receipt(receipt))?;
    model::receipt::verify(receipt, bytes, forged.anchor, forged.now)
}

/// What is accepted is what was decoded, and in the tree that its header names.
fn holds(
    found: &VerifiedReceipt<'_>,
    receipt: &Receipt<'_>,
    between: Option<model::receipt::Between>,
) {
    let fact = found.event();
    let header: &Header = fact.header().header();
    assert_eq!(*header, receipt.finality.header);
    assert_eq!(fact.header().digest(), model::header_digest(header));
    assert_eq!((fact.index(), fact.event()), (receipt.index, receipt.event.body()));
    assert_eq!((found.body(), found.payload()), (receipt.event.bytes(), receipt.payload));
    assert_eq!(fact.id(), model::receipt::event_id(receipt.event.bytes()));
    let time = fact.log_time().map(|time| (time.after.map(|after| after.0), time.until.0));
    assert_eq!(time, between);
    assert_eq!(fact.writer_name(), receipt.name.map(|_| "ada"), "the only member");
    if let Some(signed) = fact.header().standing().signed {
        assert!(3 * u128::from(signed.power) > 2 * u128::from(signed.total));
    }
    // Real validators sign what we ask of them, but no root here is over anything but honest events.
    let tree = (header.log, header.events.get(), header.event_root);
    assert!(world().has_event(tree, fact.index(), fact.id()), "an event that no log holds");
    let logged = world().logs.iter().flat_map(|log| &log.kit.events);
    let logged = logged.map(|bytes| SignedEvent::decode(bytes).unwrap());
    assert!(logged.into_iter().any(|event| event.bytes() == found.body()));
}
