//! Events written and signed anew.

use cairn_verifier::digest::EventId;
use cairn_verifier::event::{EventBody, Payload, SignedEvent};
use cairn_verifier::finality::{Role, Suite};
use cairn_verifier::wire::Writer;

use super::Forged;
use crate::choices::Choices;
use crate::model::receipt::event_id;
use crate::world::world;

/// One signature to be: suite, key, signature.
type Part = (Suite, Vec<u8>, Vec<u8>);

impl Forged {
    /// The event with other signatures, or another body signed by its writer.
    pub(super) fn event(&mut self, choices: &mut Choices<'_>) {
        let event = self.parts.event.clone();
        let Ok(event) = SignedEvent::decode(&event) else { return };
        self.parts.event = forged_event(&event, choices);
    }
}

/// A signed event by choices, from an honest one.
#[must_use]
pub fn forged_event(event: &SignedEvent<'_>, choices: &mut Choices<'_>) -> Vec<u8> {
    let mut body = *event.body();
    let bytes = if choices.flag() {
        bend_body(&mut body, choices);
        body.encode().unwrap_or_else(|_| event.bytes().to_vec())
    } else {
        event.bytes().to_vec()
    };
    let id = event_id(&bytes);
    let mut signatures: Vec<Part> = event
        .signatures()
        .iter()
        .map(|one| (one.key.suite(), one.key.bytes().to_vec(), one.signature.to_vec()))
        .collect();
    for _ in 0..choices.below(4) {
        change_signatures(&mut signatures, &id, choices);
    }
    if choices.flag() {
        // Later ones in their order, so that order is not what they fail by.
        if let Some((_, later)) = signatures.split_first_mut() {
            later.sort_by_key(|(suite, key, _)| {
                crate::model::derive("cairn v1 key", &[&[suite.byte()], key])
            });
        }
    }
    let mut writer = Writer::new();
    writer.u8(1).len16(bytes.len()).raw(&bytes).len8(signatures.len());
    for (suite, key, signature) in signatures {
        writer.u8(suite.byte()).raw(&key).raw(&signature);
    }
    writer.into_bytes()
}

fn change_signatures(signatures: &mut Vec<Part>, id: &EventId, choices: &mut Choices<'_>) {
    let place = choices.below(signatures.len());
    let signers: Vec<_> = world().signers.values().collect();
    let signer = choices.of(&signers);
    let role = *choices.of(&[Role::Event, Role::Event, Role::Event, Role::Vote]);
    let made = || (signer.suite(), signer.public(), signer.sign(role, id.as_bytes()));
    match choices.below(7) {
        0 | 1 => signatures.push(made()),
        _ if signatures.is_empty() => (),
        // The same key again, over what the body is now.
        2 | 3 => {
            let (suite, key, _) = &signatures[place];
            let own = signers.iter().find(|one| one.suite() == *suite && one.public() == *key);
            let signature = own.map(|signer| signer.sign(Role::Event, id.as_bytes()));
            signatures[place].2 = signature.unwrap_or_default();
        }
        4 => signatures[place] = made(),
        5 => drop(signatures.remove(place)),
        _ => {
            // The neutral point as key and as R, s = 0: plain Ed25519 accepts it for everything.
            let mut neutral = vec![0; 32];
            neutral[0] = 1;
            signatures[place] = (Suite::Ed25519, neutral.clone(), [neutral, vec![0; 32]].concat());
        }
    }
}

/// Changes one field of a body.
pub fn bend_body(body: &mut EventBody<'_>, choices: &mut Choices<'_>) {
    let kit = &choices.of(&world().logs).kit;
    match choices.below(8) {
        0 => body.log = kit.log,
        1 => body.sequence = choices.number(body.sequence),
        2 => body.previous = *choices.of(&kit.ids),
        3 => body.time.0 = choices.number(body.time.0),
        4 => body.reason = "another",
        5 => body.payload = Payload::None,
        6 => {
            let signers: Vec<_> = world().signers.keys().collect();
            body.writer = **choices.of(&signers);
        }
        _ => body.generation = u32::from_be_bytes(choices.array()),
    }
}
