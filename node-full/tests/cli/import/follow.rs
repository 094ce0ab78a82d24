//! Files that grow while they are read.

use std::fs::{File, rename};
use std::io::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::events;
use crate::kit::{Folder, Running};

fn append(folder: &Folder, name: &str, text: &str) {
    let mut file = File::options().append(true).create(true).open(folder.path(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn line(text: &str) -> String {
    format!("2025-03-14T08:27:01Z till-1 till[7]: {text}\n")
}

const G: &str = "g is longer than what comes next";

/// Waits until the log holds these messages, in this order.
fn expect(folder: &Folder, node: &Running, messages: &[&str]) {
    let said = || -> Vec<String> {
        let text = |event: &Value| event["metadata"]["message"].as_str().unwrap().to_owned();
        events(folder, node).iter().map(text).collect()
    };
    for _ in 0..300 {
        if said() == messages {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(said(), messages, "within half a minute");
}

#[test]
fn a_file_that_grows_is_rotated_and_cut() {
    let folder = Folder::new();
    let node = folder.node();
    let node = &node;
    let follow =
        ["import", "syslog", "log", "--follow", "--state", "sent", "--json", "--node", node.url()];
    append(&folder, "log", &(line("a") + &line("b")));
    let running = folder.spawn(&follow);
    expect(&folder, node, &["a", "b"]);
    let (begin, end) = (&line("c")[..30], &line("c")[30..]);
    append(&folder, "log", begin);
    std::thread::sleep(Duration::from_millis(600));
    append(&folder, "log", &format!("{end}broken\n{}", line("d")));
    expect(&folder, node, &["a", "b", "c", "d"]);

    rename(folder.path("log"), folder.path("log.1")).unwrap();
    append(&folder, "log", &line("f"));
    append(&folder, "log.1", &line("e"));
    expect(&folder, node, &["a", "b", "c", "d", "e", "f"]);

    append(&folder, "log", &line(G));
    expect(&folder, node, &["a", "b", "c", "d", "e", "f", G]);
    std::fs::write(folder.path("log"), line("h")).unwrap();
    append(&folder, "log", "2025-03-14T08:27:02Z not yet at its e");
    expect(&folder, node, &["a", "b", "c", "d", "e", "f", G, "h"]);

    let ran = running.signal("-TERM");
    assert_eq!(ran.code, 1, "{ran:?}");
    let said = ran.json();
    assert_eq!((&said["imported"], &said["failed"]), (&8.into(), &1.into()));
    assert!(ran.err.contains("{\"place\":\"line 4\""), "{ran:?}");
    assert!(ran.err.contains("line 2 has no end yet"), "{ran:?}");

    // It goes on where it was, also by another name and without --follow.
    append(&folder, "log", "nd: i\n");
    let running = folder.spawn(&follow);
    expect(&folder, node, &["a", "b", "c", "d", "e", "f", G, "h", "yet at its end: i"]);
    append(&folder, "log.1", &line("j"));
    let ran = running.signal("-INT");
    assert_eq!((ran.code, &ran.json()["imported"]), (0, &1.into()), "{ran:?}");
    assert!(ran.err.contains("after line 1,"), "{ran:?}");
    let said = folder.json(&["import", "syslog", "log.1", "--state", "sent", "--node", node.url()]);
    assert_eq!(said["imported"], 1);
    let state = std::fs::read_to_string(folder.path("sent")).unwrap();
    assert!(state.lines().nth(1).unwrap().starts_with("at "), "{state}");
}

#[test]
fn what_has_an_id_is_known_by_it_while_following() {
    let folder = Folder::new();
    let node = folder.node();
    let event = |id: u8| {
        format!(
            "{{\"class_uid\":1,\"activity_id\":1,\"time\":1,\"message\":\"{id}\",\
             \"metadata\":{{\"uid\":\"{id}\"}}}}\n"
        )
    };
    append(&folder, "log", &(event(1) + &event(2) + &event(1)));
    let follow =
        ["import", "ocsf", "log", "--follow", "--state", "sent", "--json", "--node", node.url()];
    let running = folder.spawn(&follow);
    expect(&folder, &node, &["1", "2"]);
    append(&folder, "log", &(event(2) + &event(3)));
    expect(&folder, &node, &["1", "2", "3"]);
    let said = running.signal("-TERM").json();
    assert_eq!((&said["imported"], &said["duplicates"]), (&3.into(), &2.into()));
    std::fs::write(folder.path("log"), event(3) + &event(4)).unwrap();
    let running = folder.spawn(&follow);
    expect(&folder, &node, &["1", "2", "3", "4"]);
    assert_eq!(running.signal("-TERM").json()["duplicates"], 1);
}
