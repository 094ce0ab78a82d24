//! Members, streams, grants and redactions from the command line.

use serde_json::Value;

use crate::kit::{Folder, Running};

const EVENT: [&str; 6] =
    ["--type", "hr.salary.changed", "--actor", "user:ann", "--resource", "person:bob"];
const ADMIN: &str = "data/keys/admin.key";

fn names(value: &Value, list: &str, name: &str) -> Vec<String> {
    let items = value.pointer(list).unwrap().as_array().unwrap();
    items.iter().map(|item| item[name].as_str().unwrap().to_owned()).collect()
}

fn seal(folder: &Folder, node: &Running, more: &[&str]) -> String {
    let start = ["submit", "--node", node.url(), "--wait", "final", "--seal", "amount=5100"];
    let made = folder.json(&[&start, &EVENT[..], more].concat());
    made["id"].as_str().unwrap().to_owned()
}

fn opens(folder: &Folder, node: &Running, id: &str, key: &str) -> bool {
    let prove = ["prove", id, "--node", node.url(), "--out", "e.cairn", "--payload", "--key", key];
    let ran = folder.run(&prove);
    if ran.code != 0 {
        let is_named = ran.err.contains("no wrap") || ran.err.contains("was redacted");
        assert!(is_named, "{ran:?}");
        return false;
    }
    let ran = folder.json(&["verify", "e.cairn", "--anchor", node.anchor(), "--key", key]);
    assert!(ran.to_string().contains("5100"), "{ran}");
    true
}

#[test]
fn a_member_comes_reads_and_goes() {
    let folder = Folder::new();
    let node = folder.node();
    let at = ["--node", node.url(), "--key", ADMIN];
    let run = |arguments: &[&str]| folder.json(&[arguments, &at].concat());
    folder.json(&["keygen", "--out", "lawyer.key"]);
    run(&["member", "add", "lawyer", "lawyer.key.pub"]);
    run(&["stream", "add", "payroll"]);
    run(&["stream", "allow", "payroll", "lawyer", "--reader"]);
    let members = folder.json(&["member", "list", "--node", node.url()]);
    assert_eq!(names(&members, "/members", "name"), ["admin", "ann", "ingest", "lawyer"]);
    assert_eq!(names(&members, "/members/3/roles", "stream"), ["payroll"]);
    let text = folder.run(&["member", "list", "--node", node.url()]).out;
    assert!(text.contains("reads in payroll"), "{text}");
    let streams = folder.json(&["stream", "list", "--node", node.url()]);
    assert_eq!(names(&streams, "", "name"), ["main", "payroll", "system"]);

    // The new member is a recipient like any other, in the new stream, sealed here or by the node.
    let id = seal(&folder, &node, &["--to", "lawyer", "--stream", "payroll"]);
    assert!(opens(&folder, &node, &id, "lawyer.key"));
    let own = ["--to", "lawyer", "--stream", "payroll", "--key", "ann.key"];
    let id = seal(&folder, &node, &[&own[..], &["--anchor", node.anchor()]].concat());
    assert!(opens(&folder, &node, &id, "lawyer.key"));
    assert!(!opens(&folder, &node, &id, "ann.key"));

    run(&["member", "remove", "lawyer", "--reason", "case closed"]);
    let ran = folder
        .fails(&["prove", &id, "--node", node.url(), "--out", "x.cairn", "--key", "lawyer.key"], 1);
    assert!(ran.err.contains("no wrap"), "{ran:?}");
    let again = [&["member", "remove", "lawyer"][..], &at].concat();
    let ran = folder.fails(&again, 1);
    assert!(ran.err.contains("no member lawyer in use"), "{ran:?}");
}

#[test]
fn a_payload_is_granted_and_then_forgotten() {
    let folder = Folder::new();
    let node = folder.node();
    let at = ["--node", node.url(), "--key", ADMIN, "--anchor", node.anchor()];
    // Sealed by the node: it makes the wrap that it is asked for.
    let id = seal(&folder, &node, &["--to", "ann"]);
    assert!(opens(&folder, &node, &id, "ann.key"));
    folder.json(&["keygen", "--out", "lawyer.key"]);
    folder.json(&[&["member", "add", "lawyer", "lawyer.key"][..], &at].concat());
    assert!(!opens(&folder, &node, &id, "lawyer.key"));
    folder.json(&[&["grant", id.as_str(), "--to", "lawyer"][..], &at].concat());
    assert!(opens(&folder, &node, &id, "lawyer.key"));
    // Sealed by ann, for herself: only she can.
    let hers = ["--to", "ann", "--key", "ann.key", "--anchor", node.anchor()];
    let hers = seal(&folder, &node, &hers);
    let ran = folder.fails(&[&["grant", hers.as_str(), "--to", "lawyer"][..], &at].concat(), 1);
    assert!(ran.err.contains("did not seal"), "{ran:?}");
    let own = ["--node", node.url(), "--key", "ann.key", "--anchor", node.anchor()];
    folder.json(&[&["grant", hers.as_str(), "--to", "lawyer"][..], &own].concat());
    assert!(opens(&folder, &node, &hers, "lawyer.key"));

    let eve = ["redact", hers.as_str(), "--node", node.url(), "--key", "eve.key"];
    let ran = folder.fails(&eve, 1);
    assert!(ran.err.contains("may not do this"), "{ran:?}");
    let ran = folder.run(&[&["redact", hers.as_str(), "--reason", "art. 17"][..], &own].concat());
    assert!(ran.out.contains("erased: 2 key records, stored payload removed"), "{ran:?}");
    assert!(
        !opens(&folder, &node, &hers, "ann.key") && !opens(&folder, &node, &hers, "lawyer.key")
    );
    let bare = ["prove", hers.as_str(), "--node", node.url(), "--out", "h.cairn"];
    folder.json(&bare);
    folder.json(&["verify", "h.cairn", "--anchor", node.anchor()]);
    let page = folder.json(&["query", "--node", node.url(), "--kind", "redaction"]);
    assert_eq!(page["events"].as_array().unwrap().len(), 2);
}

#[test]
fn a_reader_with_the_streams_chain_key_opens_without_a_wrap() {
    let folder = Folder::new();
    for name in ["ann", "bob", "eve"] {
        folder.json(&["keygen", "--out", &format!("{name}.key")]);
    }
    let members = ["--member", "ann=ann.key.pub", "--member", "bob=bob.key.pub"];
    folder.json(&[&["init", "--dir", "data"][..], &members].concat());
    let node = folder.start(&["start", "--dir", "data", "--block-time", "20"]);
    let id = seal(&folder, &node, &["--to", "ann"]);
    let mut chains = std::fs::read_dir(folder.path("data/keys/chain")).unwrap();
    let chain = chains.next().unwrap().unwrap().path().display().to_string();
    let open = |key: &str, more: &[&str]| {
        let start = ["open", &id, "--node", node.url(), "--anchor", node.anchor(), "--key", key];
        folder.run(&[&start[..], more].concat())
    };
    let opened = open("ann.key", &[]);
    assert!(opened.code == 0 && opened.out.contains("5100"), "{opened:?}");
    assert!(open("bob.key", &[]).err.contains("no-wrap-for-this-key"));
    let with = ["--chain", chain.as_str()];
    let opened = open("bob.key", &[&with[..], &["--json"]].concat());
    assert!(opened.code == 0 && opened.out.contains("5100"), "{opened:?}");
    let stranger = open("eve.key", &with);
    assert!(stranger.code == 3 && stranger.out.contains("no salt"), "{stranger:?}");

    let text = std::fs::read_to_string(&chain).unwrap();
    let at = "cairn-secret-chain:".len();
    let bent = if &text[at..=at] == "0" { "1" } else { "0" };
    std::fs::write(folder.path("bent.key"), format!("{}{bent}{}", &text[..at], &text[at + 1..]))
        .unwrap();
    let bent = open("bob.key", &["--chain", "bent.key"]);
    assert!(bent.code == 1 && bent.err.contains("check does not hold"), "{bent:?}");

    let command = ["redact", &id, "--node", node.url(), "--key", ADMIN, "--reason", "asked for"];
    assert_eq!(folder.run(&command).code, 0);
    assert_ne!(open("bob.key", &with).code, 0);
}
