//! What one who joins at a checkpoint needs of the events before it.

use cairn_node::api::schema::Joining;
use serde_json::json;

use crate::kit::{draft, serve};

#[test]
fn the_last_event_of_each_writer_before_an_index_is_named() {
    let served = serve();
    served.post_final(&json!(vec![draft("a.b"); 5]));
    let asked = |before: u64| {
        let answer = served.get_json(&format!("/v1/joining?before={before}")).json();
        serde_json::from_value::<Joining>(answer).unwrap().indices
    };
    assert_eq!(asked(0), [0; 0]);
    let view = served.get_json("/v1/joining?before=5").json();
    assert_eq!(view["blocks"], json!([]));
    // One writer, and no event of the system.
    for before in 1..=5 {
        assert_eq!(asked(before), [before - 1]);
    }
    let problem = |query: &str| served.get(&format!("/v1/joining{query}")).problem();
    assert_eq!(problem("?before=6"), (422, "out-of-range".to_owned()));
    assert_eq!(problem("?before=-1"), (400, "bad-parameter".to_owned()));
    assert_eq!(problem(""), (400, "bad-parameter".to_owned()));
}
