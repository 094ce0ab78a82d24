//! The JSON view of an event: JSON, and what the body says, whatever that is.

use cairn_verifier::event::EventBody;
use cairn_verifier::json;
use serde_json::Value;

pub(super) const ROUNDS: usize = 100_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().bodies.clone()
}

pub(super) fn run(data: &[u8]) {
    let Ok(body) = EventBody::decode(data) else { return };
    let text = json::event(&body);
    // Safe inside a script of a page, and on one line.
    assert!(!text.contains(['<', '\n', '\u{2028}', '\u{2029}']), "{text}");
    let view: Value = serde_json::from_str(&text).unwrap();
    for (name, said) in [
        ("/type", body.event_type),
        ("/actor/kind", body.actor.kind),
        ("/actor/id", body.actor.id),
        ("/resource/kind", body.resource.party.kind),
        ("/resource/id", body.resource.party.id),
        ("/resource/parent", body.resource.parent),
        ("/reason", body.reason),
    ] {
        assert_eq!(view.pointer(name).and_then(Value::as_str), Some(said), "{name}");
    }
    for (name, said) in [
        ("sequence", body.sequence),
        ("time", body.time.0),
        ("groupEpoch", body.group_epoch),
        ("generation", body.generation.into()),
    ] {
        assert_eq!(view[name].as_u64(), Some(said), "{name}");
    }
    let metadata = view["metadata"].as_object().unwrap();
    assert_eq!(metadata.len(), body.metadata.iter().count());
    for (key, value) in body.metadata.iter() {
        assert_eq!(metadata.get(key).and_then(Value::as_str), Some(value), "{key}");
    }
}
