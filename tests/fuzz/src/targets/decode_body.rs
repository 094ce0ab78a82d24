//! Event bodies.

use cairn_verifier::event::{EventBody, Payload, context_of};

use crate::again;
use crate::model::payload::context;
use crate::model::receipt::event_id;

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().bodies.clone()
}

pub(super) fn run(data: &[u8]) {
    let Ok(body) = EventBody::decode(data) else { return };
    assert_eq!(again::body(&body), data);
    assert_eq!(EventBody::id_of(data), event_id(data));
    let context = matches!(body.payload, Payload::Sealed(_)).then(|| context(data).into());
    assert_eq!(context_of(data), context);
    assert!(context.is_none_or(|context| context == body.context()));
}
