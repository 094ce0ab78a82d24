use serde_json::{Value, json};

use super::*;
use crate::import::lines::Lines;
use crate::import::source::{Format, Items};

/// 2025-06-01.
const NOW: UnixMillis = UnixMillis(1_748_736_000_000);
const CLOCK: Clock = Clock { now: || NOW, year: None };

fn items(name: &str) -> Vec<Item> {
    let path = format!("{}/tests/fixtures/import/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(path).unwrap();
    let lines = Lines::new(text.as_slice());
    Items::new(Format::Syslog(CLOCK), Raw::Not, lines).map(Result::unwrap).collect()
}

fn draft(item: &Item) -> Value {
    serde_json::to_value(item.draft.as_ref().unwrap()).unwrap()
}

fn line(text: &str) -> Value {
    let line = Line { number: 1, bytes: text.as_bytes().to_vec(), ..Line::default() };
    draft(&item(&line, CLOCK, &Raw::Not))
}

#[test]
fn rfc_5424_to_the_last_field() {
    let items = items("rfc5424.log");
    let expected = [
        json!({
            "stream": null, "type": "auth.login", "kind": "import", "payload": null,
            "actor": {"kind": "user", "id": "bob"},
            "resource": {"kind": "host", "id": "till-1", "parent": ""},
            "outcome": "success", "reason": "", "time": 1_741_940_813_589_u64,
            "metadata": {
                "message": "Accepted password for bob from 198.51.100.4 port 50300 ssh2",
                "program": "sshd", "pid": "4101", "facility": "authpriv", "severity": "info",
                "method": "password", "address": "198.51.100.4", "port": "50300",
            },
        }),
        json!({
            "stream": null, "type": "syslog.till", "kind": "import", "payload": null,
            "actor": {"kind": "program", "id": "till"},
            "resource": {"kind": "host", "id": "till-1", "parent": ""},
            "outcome": "unknown", "reason": "", "time": 1_741_940_820_003_u64,
            "metadata": {
                "message": "sale closed", "program": "till", "pid": "77", "msgid": "SALE42",
                "facility": "local4", "severity": "notice", "sd.origin.ip": "192.0.2.20",
                "sd.sale@32473.amount": "12.50", "sd.sale@32473.item": "tea \"green\"",
            },
        }),
        json!({
            "stream": null, "type": "syslog.till", "kind": "import", "payload": null,
            "actor": {"kind": "program", "id": "till"},
            "resource": {"kind": "host", "id": "till-1", "parent": ""},
            "outcome": "unknown", "reason": "", "time": 1_741_940_821_000_u64,
            "metadata": {
                "message": "card reader lost", "program": "till",
                "facility": "auth", "severity": "crit",
                "header": "<34>1 2025-03-14T08:27:01Z till-1 till - - [not structured data]",
            },
        }),
        json!({
            "stream": null, "type": "syslog.unknown", "kind": "import", "payload": null,
            "actor": {"kind": "program", "id": "unknown"},
            "resource": {"kind": "host", "id": "unknown", "parent": ""},
            "outcome": "unknown", "reason": "", "time": null,
            "metadata": {
                "message": "a line that says little", "facility": "user", "severity": "notice",
            },
        }),
    ];
    let good = [&items[0], &items[1], &items[3], &items[4]];
    for (item, expected) in good.into_iter().zip(expected) {
        assert_eq!(draft(item), expected);
    }
    assert_eq!(items[2].place, "line 3");
    assert!(items[2].draft.as_ref().unwrap_err().contains("begins with a time"));
}

#[test]
fn auth_log_says_who_did_what() {
    let items = items("auth.log");
    let said: Vec<_> = items
        .iter()
        .filter(|item| item.draft.is_ok())
        .map(|item| {
            let draft = draft(item);
            let text = |path| draft.pointer(path).unwrap().as_str().unwrap().to_owned();
            assert_eq!(text("/resource/id"), "till-1");
            let actor = format!("{}:{}", text("/actor/kind"), text("/actor/id"));
            (text("/type"), actor, text("/outcome"), text("/reason"))
        })
        .collect();
    let said: Vec<_> =
        said.iter().map(|(a, b, c, d)| (a.as_str(), b.as_str(), c.as_str(), d.as_str())).collect();
    assert_eq!(
        said,
        [
            ("auth.login", "user:ann", "success", ""),
            ("auth.session.opened", "user:ann", "success", ""),
            ("auth.sudo", "user:ann", "success", ""),
            ("auth.session.opened", "user:root", "success", ""),
            ("auth.login", "user:root", "failure", "Failed password"),
            ("auth.login", "user:admin", "failure", "Failed password, invalid user"),
            ("syslog.sshd", "program:sshd", "unknown", ""),
            ("auth.sudo", "user:bob", "denied", "user NOT in sudoers"),
            ("auth.su", "user:bob", "failure", ""),
            ("auth.session.opened", "user:backup", "success", ""),
            ("syslog.systemd-logind", "program:systemd-logind", "unknown", ""),
            ("auth.session.closed", "user:ann", "success", ""),
        ]
    );
    let bad: Vec<_> = items.iter().filter(|item| item.draft.is_err()).collect();
    assert_eq!((bad.len(), bad[0].place.as_str(), bad[0].id), (1, "line 8", None));
}

#[test]
fn rfc_3164_to_the_last_field() {
    let mut sudo = draft(&items("auth.log")[2]);
    // In this machine's zone; the command's tests choose one.
    let time = sudo["time"].take().as_u64().unwrap();
    let utc = 1_741_944_430_000_u64;
    let zone = time.abs_diff(utc);
    assert!(zone < 15 * 3_600_000 && zone.is_multiple_of(900_000), "{time}");
    let expected = json!({
        "stream": null, "type": "auth.sudo", "kind": "import", "payload": null,
        "actor": {"kind": "user", "id": "ann"},
        "resource": {"kind": "host", "id": "till-1", "parent": ""},
        "outcome": "success", "reason": "", "time": null,
        "metadata": {
            "message": "ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; \
                        COMMAND=/usr/bin/systemctl restart till",
            "program": "sudo", "time.given": "03-14 09:27:10", "tty": "pts/0",
            "pwd": "/home/ann", "target": "root", "command": "/usr/bin/systemctl restart till",
        },
    });
    assert_eq!(sudo, expected);
}

#[test]
fn nothing_of_a_message_is_taken_for_something_else() {
    let message = |text: &str| {
        let draft = line(&format!("2025-03-14T08:27:01Z web-1 {text}"));
        let metadata = &draft["metadata"];
        let text = |name| metadata[name].as_str().map(str::to_owned);
        (text("program"), text("message").unwrap(), text("pid"))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(message("app: -1 is no count"), (some("app"), "-1 is no count".to_owned(), None));
    assert_eq!(message("app[7]: - x"), (some("app"), "- x".to_owned(), some("7")));
    assert_eq!(
        message("last message repeated 3 times"),
        (None, "last message repeated 3 times".to_owned(), None)
    );
    assert_eq!(message("kernel: [   1.5] up"), (some("kernel"), "[   1.5] up".to_owned(), None));
    assert_eq!(line("2025-03-14T08:27:01Z web-1 app: x")["time"], 1_741_940_821_000_u64);
}

#[test]
fn a_year_that_is_not_there_is_the_last_possible() {
    let year = |date| CLOCK.year(date);
    assert_eq!(year((5, 31, 23, 59, 59)), 2025);
    assert_eq!(year((6, 1, 20, 0, 0)), 2025, "this could be now, in another zone");
    assert_eq!(year((6, 3, 0, 0, 0)), 2024);
    assert_eq!(year((12, 31, 0, 0, 0)), 2024);
    assert_eq!(year((2, 29, 0, 0, 0)), 2024, "only leap years have it");
    let new_year = Clock { now: || UnixMillis(1_735_689_599_000), year: None };
    assert_eq!(new_year.year((1, 1, 9, 0, 0)), 2025, "it is that day already elsewhere");
    assert_eq!(Clock { year: Some(1999), ..CLOCK }.year((6, 3, 0, 0, 0)), 1999);
}

#[test]
fn what_is_no_syslog() {
    for text in
        ["x", "- host app: message", "Mar 99 00:00:00 h a: m", "1969-12-31T00:00:00Z h a: m"]
    {
        let line = Line { number: 7, bytes: text.as_bytes().to_vec(), ..Line::default() };
        let item = item(&line, CLOCK, &Raw::Not);
        assert!(item.draft.is_err() && item.place == "line 7", "{item:?}");
    }
}

#[test]
fn what_is_long_or_not_text_is_in_the_payload() {
    let long = "x".repeat(5_000);
    let draft = line(&format!("2025-03-14T08:27:01Z web-1 app: {long}"));
    assert_eq!(draft["metadata"]["cairn.payload"], "message");
    let public = |draft: &Value| {
        let bytes = STANDARD.decode(draft["payload"]["public"].as_str().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    assert_eq!(public(&draft), json!({ "message": long }));
    let bytes = b"2025-03-14T08:27:01Z web-1 app: caf\xe9".to_vec();
    let line = Line { number: 1, bytes: bytes.clone(), ..Line::default() };
    let draft = self::draft(&item(&line, CLOCK, &Raw::Not));
    assert_eq!(draft["metadata"]["message"], "caf\u{fffd}");
    assert_eq!(public(&draft), json!({ "raw.base64": STANDARD.encode(bytes) }));
}

#[test]
fn a_line_is_known_by_its_place_too() {
    let at = |number| {
        let bytes = b"2025-03-14T08:27:01Z web-1 app: same".to_vec();
        item(&Line { number, bytes, ..Line::default() }, CLOCK, &Raw::Not).id.unwrap()
    };
    assert_eq!(at(1), at(1));
    assert_ne!(at(1), at(2));
}
