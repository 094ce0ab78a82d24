//! What a node says when something fails, as an administrator reads it from afar.

use std::fs;

use cairn_node::api::schema::{ErrorLevel, RecentError, RecentErrors};

use crate::access::{START, new_key, settings, settle, submit};
use crate::kit::{Folder, Running};

/// Asks with a key; gives the status, and what was noted.
fn asked(node: &Running, key: &str) -> (u16, Vec<RecentError>) {
    let config = ureq::Agent::config_builder().proxy(None).http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let mut request = agent.get(format!("{}/v1/admin/errors", node.url()));
    if !key.is_empty() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let mut answer = request.call().unwrap();
    let (status, body) = (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap());
    if status != 200 {
        return (status, Vec::new());
    }
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let read: RecentErrors = serde_json::from_str(&body).unwrap();
    let again: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), again, "as the API's document says");
    (status, read.errors)
}

#[test]
fn what_fails_is_shown_to_administrators_alone_and_without_secrets() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let (reader, reads) = new_key(&folder, "reader", &["--scopes", "read,write"]);
    let (admin, admins) = new_key(&folder, "admin", &["--scopes", "write,admin"]);
    let bucket = folder.path("bucket");
    let publish = format!("publish = \"file://{}\"\npublish-every = 50\n", bucket.display());
    let good = format!("{publish}log = \"off\"\n{reads}\n{admins}");
    settings(&folder, &good);
    let node = folder.start(&START);
    assert_eq!(asked(&node, "").0, 401);
    assert_eq!(asked(&node, &reader).0, 403);
    assert_eq!(asked(&node, &admin), (200, Vec::new()), "nothing failed yet");

    // A place to publish to that is none any more.
    assert_eq!(submit(&folder, &node, &reader).code, 0);
    settle("it is published", || bucket.join("checkpoint").exists() || !is_empty(&bucket));
    fs::rename(&bucket, folder.path("gone")).unwrap();
    fs::write(&bucket, "no folder").unwrap();
    assert_eq!(submit(&folder, &node, &reader).code, 0);
    let unpublished = |errors: &[RecentError]| {
        errors.iter().position(|error| error.text.starts_with("not published; trying again"))
    };
    settle("the failure is noted, again and again as one", || {
        let (_, errors) = asked(&node, &admin);
        unpublished(&errors).is_some_and(|at| errors[at].times > 1)
    });
    let (_, errors) = asked(&node, &admin);
    let failure = &errors[unpublished(&errors).unwrap()];
    assert_eq!(failure.level, ErrorLevel::Warning);
    assert!(failure.first.0 < failure.last.0, "{failure:?}");
    assert_eq!(failure.from, "cairn_node::publish");

    // Settings that do not hold: what is said of them names what stands in them.
    let secret = "postgres://cairn:hunter2@db.example/log";
    settings(&folder, &format!("publish-head = \"{secret}\" {admin}\n{good}"));
    node.signal("-HUP");
    let refused = |error: &RecentError| error.text.starts_with("settings were not taken");
    settle("settings are refused", || asked(&node, &admin).1.iter().any(refused));
    let (_, errors) = asked(&node, &admin);
    let refusal = errors.iter().find(|error| refused(error)).unwrap();
    assert_eq!(refusal.level, ErrorLevel::Error);
    let all = format!("{errors:?}");
    assert!(!all.contains("hunter2") && !all.contains(&admin), "{all}");
    // The newest first.
    assert!(errors.windows(2).all(|pair| pair[0].last.0 >= pair[1].last.0), "{errors:?}");
    assert_eq!(node.stop(), 0);
}

fn is_empty(folder: &std::path::Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut list| list.next().is_none())
}
