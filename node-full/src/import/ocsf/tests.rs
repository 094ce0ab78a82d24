use serde_json::json;

use super::*;
use crate::import::lines::Lines;
use crate::import::source::{Format, Items};

const FILE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import/ocsf.jsonl"));

fn read(text: &str) -> Vec<Item> {
    let lines = Lines::new(text.as_bytes());
    Items::new(Format::Ocsf, Raw::Not, lines).map(Result::unwrap).collect()
}

#[test]
fn events_to_the_last_field() {
    let items = read(FILE);
    let places: Vec<_> =
        items.iter().map(|item| (item.place.as_str(), item.draft.is_ok())).collect();
    assert_eq!(places, [("line 1", true), ("line 2", true), ("line 3", false), ("line 4", true)]);
    assert!(items[2].draft.as_ref().unwrap_err().contains("\"activity_id\""));
    let draft = |at: usize| serde_json::to_value(items[at].draft.as_ref().unwrap()).unwrap();
    let product = |name| format!("{{\"name\":\"{name}\",\"vendor_name\":\"Example\"}}");
    assert_eq!(
        draft(0),
        json!({
            "stream": null, "type": "ocsf.authentication.logon", "kind": "import", "payload": null,
            "actor": {"kind": "user", "id": "ann"},
            "resource": {"kind": "host", "id": "till-1", "parent": ""},
            "outcome": "success", "reason": "", "time": 1_741_940_813_589_u64,
            "metadata": {
                "activity_id": "1", "activity_name": "Logon", "category_uid": "3",
                "class_name": "Authentication", "class_uid": "3002",
                "dst_endpoint.hostname": "till-1", "dst_endpoint.ip": "192.0.2.20",
                "message": "ann logged on", "metadata.product": product("Gate"),
                "metadata.uid": "e-1", "metadata.version": "1.3.0", "severity_id": "1",
                "src_endpoint.ip": "192.0.2.7", "status_id": "1", "type_uid": "300201",
                "user.name": "ann", "user.uid": "u-17",
            },
        })
    );
    assert_eq!(
        draft(1),
        json!({
            "stream": null, "type": "ocsf.account_change.delete", "kind": "import", "payload": null,
            "actor": {"kind": "user", "id": "ann"},
            "resource": {"kind": "user", "id": "bob", "parent": "111122223333"},
            "outcome": "failure", "reason": "the account is in use",
            "time": 1_741_940_820_000_u64,
            "metadata": {
                "activity_id": "6", "activity_name": "Delete", "actor.user": "{\"name\":\"ann\"}",
                "category_uid": "3", "class_name": "Account Change", "class_uid": "3001",
                "cloud.account": "{\"uid\":\"111122223333\"}", "cloud.provider": "AWS",
                "metadata.product": product("Gate"), "metadata.uid": "e-2",
                "metadata.version": "1.3.0", "severity_id": "3",
                "status_detail": "the account is in use", "status_id": "2", "type_uid": "300106",
                "user.name": "bob",
            },
        })
    );
    assert_eq!(
        draft(3),
        json!({
            "stream": null, "type": "ocsf.4001.5", "kind": "import", "payload": null,
            "actor": {"kind": "address", "id": "203.0.113.9"},
            "resource": {"kind": "host", "id": "192.0.2.20", "parent": ""},
            "outcome": "denied", "reason": "", "time": 1_741_940_825_250_u64,
            "metadata": {
                "action_id": "2", "activity_id": "5", "category_uid": "4", "class_uid": "4001",
                "dst_endpoint.ip": "192.0.2.20", "dst_endpoint.port": "22",
                "metadata.product": product("Wall"), "metadata.version": "1.3.0",
                "severity_id": "2", "src_endpoint.ip": "203.0.113.9",
                "src_endpoint.port": "40022", "status_id": "99",
                "time_dt": "2025-03-14T08:27:05.250Z", "type_uid": "400105",
            },
        })
    );
}

fn event(more: Value) -> Value {
    let mut event = json!({"class_uid": 1, "activity_id": 0, "time": 1});
    let Value::Object(more) = more else { panic!("not an object") };
    event.as_object_mut().unwrap().extend(more);
    event
}

#[test]
fn an_id_is_of_one_product() {
    let id = |uid: &str, product: &str| {
        let event = event(json!({"metadata": {"uid": uid, "product": {"name": product}}}));
        source_id(&event, b"line")
    };
    assert_eq!(id("1", "Gate"), id("1", "Gate"));
    assert_ne!(id("1", "Gate"), id("1", "Wall"));
    assert_ne!(id("1", "Gate"), id("2", "Gate"));
    let nameless = event(json!({}));
    assert_ne!(source_id(&nameless, b"line"), source_id(&nameless, b"other line"));
    assert_eq!(source_id(&nameless, b"line"), source_id(&nameless, b"line"));
}

#[test]
fn who_acted_on_what() {
    let of = |more| mapped(&event(more)).unwrap();
    let both = |more| {
        let Mapped { actor, resource, .. } = of(more);
        (format!("{}:{}", actor.0, actor.1), format!("{}:{}", resource.0, resource.1))
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(both(json!({})), pair("product:unknown", "product:unknown"));
    let resource =
        json!({"actor": {"app_name": "cron"}, "resources": [{"uid": 7, "type": "disk"}]});
    assert_eq!(both(resource), pair("app:cron", "disk:7"));
    let file = json!({"actor": {"process": {"name": "vi"}}, "file": {"path": "/etc/hosts"}});
    assert_eq!(both(file), pair("process:vi", "file:/etc/hosts"));
    let finding = json!({"finding_info": {"uid": "f"}, "metadata": {"product": {"name": "Wall"}}});
    assert_eq!(both(finding), pair("product:Wall", "finding:f"));
    assert_eq!(of(json!({"disposition_id": 2, "status_id": 1})).outcome, DraftOutcome::Denied);
    assert_eq!(of(json!({"status_code": "E7"})).reason, "E7");
}

#[test]
fn what_is_no_event_is_refused_by_name() {
    let cases = [
        (json!("text"), NotOcsf::NotAnObject),
        (event(json!({"class_uid": null})), NotOcsf::Missing("class_uid")),
        (event(json!({"time": "soon"})), NotOcsf::Time),
        (event(json!({"time": -1})), NotOcsf::Time),
        (json!({"class_uid": 1, "activity_id": 0}), NotOcsf::Time),
    ];
    for (value, expected) in cases {
        assert_eq!(mapped(&value).unwrap_err(), expected, "{value}");
    }
}
