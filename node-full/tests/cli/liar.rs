//! A node that lies: it answers as a real one does, but for one path. The command refuses each lie by
//! its name.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use serde_json::Value;

use crate::kit::{Folder, Running};

/// What came back for a path with its query.
pub(crate) type Bend = dyn Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync;

/// What a liar does to a page of events.
type Change = fn(&mut Vec<Value>);

/// Stands before a node and bends its answers to reading; gives its address.
pub(crate) fn liar(node: &Running, bend: Arc<Bend>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let real = node.url().to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut line, mut accept) = (String::new(), String::new(), String::new());
            reader.read_line(&mut first).unwrap();
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(kind) = line.to_lowercase().strip_prefix("accept:") {
                    accept = kind.trim().to_owned();
                }
                line.clear();
            }
            let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
            let agent: ureq::Agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .proxy(None)
                .build()
                .into();
            let answer = agent.get(format!("{real}{path}")).header("accept", &accept).call();
            let mut answer = answer.unwrap();
            let status = answer.status();
            let body = bend(&path, answer.body_mut().read_to_vec().unwrap());
            let head = format!(
                "HTTP/1.1 {} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                status.as_u16(),
                body.len()
            );
            // The command may have gone.
            let _sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    url
}

pub(crate) fn get(node: &Running, path: &str, accept: &str) -> Vec<u8> {
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let url = format!("{}{path}", node.url());
    agent.get(url).header("accept", accept).call().unwrap().body_mut().read_to_vec().unwrap()
}

/// Seals for ann through whoever answers there.
fn seal(folder: &Folder, node: &Running, url: &str) -> (i32, String) {
    let event = ["submit", "--type", "t", "--actor", "a:b", "--resource", "c:d", "--node", url];
    let sealed = ["--seal", "x=1", "--to", "ann", "--key", "eve.key", "--anchor", node.anchor()];
    let ran = folder.run(&[&event[..], &sealed].concat());
    (ran.code, ran.err)
}

const BINARY: &str = "application/octet-stream";

/// Changes one bit of the byte at a place that follows from the length.
pub(crate) fn flipped(at: fn(usize) -> usize) -> Arc<Bend> {
    Arc::new(move |_, mut body: Vec<u8>| {
        let at = at(body.len());
        body[at] ^= 1;
        body
    })
}

#[test]
fn a_node_that_lies_about_a_key_is_refused_by_the_command() {
    let folder = Folder::new();
    let node = folder.node();
    // Eve has a key too, under another name, which a liar would like to be ann's.
    let admin = ["--node", node.url(), "--key", "data/keys/admin.key"];
    folder.json(&[&["member", "add", "eve", "eve.key.pub"][..], &admin].concat());
    let member = |name: &str| {
        let view = get(&node, &format!("/v1/members/{name}"), "application/json");
        serde_json::from_slice::<Value>(&view).unwrap()
    };
    let (ann, eve) = (member("ann"), member("eve"));
    let key = |member: &Value| {
        let keys = member["keys"].as_array().unwrap();
        keys.iter().find(|key| key["role"] == "reader").unwrap()["id"].as_str().unwrap().to_owned()
    };
    let answer = |path: &str| get(&node, &format!("/v1/state/{path}&base=genesis"), BINARY);
    let absent = answer("member?name=anna");
    let (eve_member, eve_key) =
        (answer("member?name=eve"), answer(&format!("key?key={}", key(&eve))));

    let members = serde_json::to_vec(&eve).unwrap();
    let lies: Vec<(&str, &str, Arc<Bend>)> = vec![
        // Another public key under the name.
        ("state-other-key", "/v1/members/ann", Arc::new(move |_, _| members.clone())),
        // The record of another member, or of another key.
        ("state-other-answer", "/v1/state/member", Arc::new(move |_, _| eve_member.clone())),
        ("state-other-answer", "/v1/state/key", Arc::new(move |_, _| eve_key.clone())),
        // The member is left out: with the proof that another one is not there.
        ("state-other-answer", "/v1/state/member", Arc::new(move |_, _| absent.clone())),
        // An answer whose record was changed.
        ("state-root-mismatch", "/v1/state/member", flipped(|length| length - 1)),
        // Another log.
        ("no genesis", "/v1/genesis", flipped(|_| 40)),
    ];
    for (code, at, bend) in lies {
        let bend: Arc<Bend> = Arc::new(
            move |path: &str, body| {
                if path.starts_with(at) { bend(path, body) } else { body }
            },
        );
        let (exit, said) = seal(&folder, &node, &liar(&node, bend));
        assert_eq!(exit, 1, "{code}: {said}");
        let is_named =
            said.contains(code) || (code == "no genesis" && said.contains("anchor's is"));
        assert!(is_named, "{code}: {said}");
    }
    // The truth is taken by the same way: what was refused above was the lie.
    let (exit, said) = seal(&folder, &node, &liar(&node, Arc::new(|_, body| body)));
    assert!(exit == 1 && said.contains("without an event"), "posting goes nowhere: {said}");

    // An answer of before: the key was given up since, and the liar says what was.
    let reader = key(&ann);
    let before = answer(&format!("key?key={reader}"));
    folder.json(&[&["member", "end-key", "ann", &reader][..], &admin].concat());
    let bend: Arc<Bend> = Arc::new(move |path: &str, body| {
        if path.starts_with(&format!("/v1/state/key?key={reader}")) { before.clone() } else { body }
    });
    let (exit, said) = seal(&folder, &node, &liar(&node, bend));
    assert!(exit == 1 && said.contains("state-went-back"), "{said}");
    // And the honest node says that ann has no such key any more.
    let (exit, said) = seal(&folder, &node, node.url());
    assert!(exit == 1 && said.contains("no-wrap-key"), "{said}");
}

#[test]
fn names_are_not_looked_up_without_an_anchor() {
    let folder = Folder::new();
    let node = folder.node();
    let event = ["submit", "--type", "t", "--actor", "a:b", "--resource", "c:d"];
    let seal = ["--seal", "x=1", "--to", "ann", "--key", "eve.key", "--node", node.url()];
    let sealed = [&event[..], &seal].concat();
    let ran = folder.fails(&sealed, 2);
    assert!(ran.err.contains("--anchor"), "{ran:?}");
    let ran = folder.run_with(&sealed, &[("CAIRN_ANCHOR", node.anchor())]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = folder.run_with(&sealed, &[("CAIRN_ANCHOR", "genesis:7")]);
    assert!(ran.code == 2 && ran.err.contains("CAIRN_ANCHOR"), "{ran:?}");
    let other = format!("genesis:{}", "7".repeat(64));
    let ran = folder.run_with(&sealed, &[("CAIRN_ANCHOR", &other)]);
    assert!(ran.code == 1 && ran.err.contains("the anchor's is"), "{ran:?}");
    let nobody = [&event[..], &["--seal", "x=1", "--to", "ben", "--key", "eve.key"]].concat();
    let nobody = [&nobody[..], &["--node", node.url(), "--anchor", node.anchor()]].concat();
    let ran = folder.fails(&nobody, 1);
    assert!(ran.err.contains("no member \"ben\"") && ran.err.contains("block"), "{ran:?}");
}

#[test]
fn what_the_state_answers_is_verified_offline() {
    let folder = Folder::new();
    let node = folder.node();
    let verify = ["verify", "it.state", "--anchor", node.anchor()];
    for (path, says) in [
        ("member?name=ann", "\"name\":\"ann\""),
        ("member?name=nobody", "there is no member \"nobody\""),
        ("parameters?", "\"gate\":1024"),
    ] {
        let mut answer = get(&node, &format!("/v1/state/{path}"), BINARY);
        std::fs::write(folder.path("it.state"), &answer).unwrap();
        let ran = folder.run(&verify);
        assert!(ran.code == 0 && ran.out.contains(says), "{ran:?}");
        assert_eq!(folder.json(&verify)["verified"], true);
        let last = answer.len() - 1;
        answer[last] ^= 1;
        std::fs::write(folder.path("it.state"), &answer).unwrap();
        let ran = folder.fails(&verify, 1);
        assert!(ran.out.contains("NOT VERIFIED") && ran.out.contains("state-"), "{ran:?}");
        let ran = folder.run(&[&verify[..], &["--json"]].concat());
        assert_eq!((ran.code, &ran.json()["verified"]), (1, &false.into()));
    }
}

#[test]
fn all_events_of_a_key_are_proven_to_be_all() {
    let folder = Folder::new();
    let node = folder.node();
    let event = ["submit", "--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    let at = ["--node", node.url(), "--key", "ann.key"];
    for _ in 0..5 {
        folder.json(&[&event[..], &at].concat());
        folder.json(&[&event[..], &["--node", node.url()]].concat());
    }
    let member = get(&node, "/v1/members/ann", "application/json");
    let member: Value = serde_json::from_slice(&member).unwrap();
    let keys = member["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["role"] == "writer").unwrap()["id"].as_str().unwrap();
    let complete = |url: &str, key: &str, more: &[&str]| {
        let ask = ["query", "--node", url, "--writer", key, "--complete", "--anchor"];
        folder.run(&[&ask[..], &[node.anchor(), "--stream", "main"], more].concat())
    };
    let ran = complete(node.url(), key, &["--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let said = ran.json();
    assert_eq!((&said["complete"], &said["count"]), (&true.into(), &5.into()));
    assert_eq!(said["events"][4]["event"]["sequence"], 4);
    let ran = complete(node.url(), key, &[]);
    assert!(ran.out.contains("these are all 5 events"), "{ran:?}");
    let ran = complete(node.url(), &"0".repeat(64), &[]);
    assert!(ran.code == 0 && ran.out.contains("there is no event"), "{ran:?}");
    // Without an anchor nothing is proven.
    let ask = ["query", "--node", node.url(), "--writer", key, "--complete"];
    folder.fails(&ask, 2);
    folder.fails(&["query", "--node", node.url(), "--complete", "--anchor", node.anchor()], 2);

    // A node that leaves one out, or puts them in another order.
    let bend = |change: Change| -> Arc<Bend> {
        Arc::new(move |path: &str, body| {
            if !path.starts_with("/v1/events?") {
                return body;
            }
            let mut page: Value = serde_json::from_slice(&body).unwrap();
            change(page["events"].as_array_mut().unwrap());
            serde_json::to_vec(&page).unwrap()
        })
    };
    let lies: [(Change, &str); 4] = [
        (|events| drop(events.remove(2)), "state-history-sequence"),
        (|events| drop(events.pop()), "state-history-incomplete"),
        (|events| events.swap(0, 1), "state-history-sequence"),
        (|events| events.clear(), "state-history-incomplete"),
    ];
    for (change, code) in lies {
        let ran = complete(&liar(&node, bend(change)), key, &[]);
        assert!(ran.code == 1 && ran.err.contains(code), "{code}: {ran:?}");
    }
}
