//! The demo, as a program tries it.

use serde_json::Value;

use crate::kit::{Folder, thousand};

#[test]
fn the_demo_has_what_it_says() {
    let folder = Folder::new();
    let file = thousand();
    let arguments = ["demo", "--dir", "demo", "--from", file.to_str().unwrap()];
    let demo = folder.start(&arguments);
    assert_eq!(demo.ready["events"], 1_003);
    let sealed = demo.ready["sealed"].as_array().unwrap();
    assert_eq!(sealed.len(), 3);

    let (anchor, auditor) = (demo.anchor(), demo.text("auditor_key"));
    let verify = |receipt: &str, key: &str| {
        folder.run(&["verify", demo.text(receipt), "--anchor", anchor, "--key", key, "--json"])
    };
    let good = verify("sample", auditor);
    assert_eq!(good.code, 0, "{good:?}");
    let good: Value = serde_json::from_str(&good.out).unwrap();
    assert_eq!(good["receipt"]["id"], sealed[0]);
    assert_eq!(good["payload"]["fields"][0]["name"], "amount");
    let stranger = verify("sample", demo.text("stranger_key"));
    assert_eq!(stranger.code, 1);
    assert!(stranger.out.contains("payload-not-the-recipient"), "{stranger:?}");
    let tampered = verify("tampered", auditor);
    assert_eq!(tampered.code, 1);
    assert!(tampered.out.contains("inclusion-root-mismatch"), "{tampered:?}");

    let ran = folder.fails(&[&arguments[..], &["--listen", "127.0.0.1:0"]].concat(), 1);
    assert!(ran.err.contains("in use by another demo"), "{ran:?}");
    let old = anchor.to_owned();
    assert_eq!(demo.stop(), 0);
    let again = folder.start(&arguments);
    assert_ne!(again.anchor(), old, "made anew");
}

#[test]
fn the_demo_wipes_no_folder_but_its_own() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("mine")).unwrap();
    std::fs::write(folder.path("mine/letter"), "dear").unwrap();
    let ran = folder.fails(&["demo", "--dir", "mine", "--listen", "127.0.0.1:0"], 1);
    assert!(ran.err.contains("is no demo's"), "{ran:?}");
    assert_eq!(std::fs::read(folder.path("mine/letter")).unwrap(), b"dear");
    assert_eq!(std::fs::read_dir(folder.path("mine")).unwrap().count(), 1);

    let ran = folder.fails(&["demo", "--dir", "new", "--listen", "127.0.0.1:0"], 1);
    assert!(ran.err.contains("--from FILE.jsonl"), "not a repository: {ran:?}");
}
