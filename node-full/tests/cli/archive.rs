//! Archives from the command line.

use crate::kit::{Folder, Running};

fn submit(folder: &Folder, node: &Running, count: usize) {
    for n in 0..count {
        let resource = format!("app:{n}");
        let event = ["--type", "user.login", "--actor", "user:ann", "--resource", &resource];
        let start =
            ["submit", "--node", node.url(), "--wait", "final", "--seal", "a=b", "--to", "ann"];
        folder.json(&[&start[..], &event].concat());
    }
}

#[test]
fn a_log_is_exported_and_checked_without_the_node() {
    let folder = Folder::new();
    let node = folder.node();
    submit(&folder, &node, 4);
    let at = ["--node", node.url()];
    let anchor = node.anchor().to_owned();
    let export = |more: &[&str]| folder.json(&[&["export"][..], &at, more].concat());
    let whole = ["--out", "all.cairn-archive", "--payloads", "--anchor", &anchor];
    let made = export(&whole);
    assert_eq!((made["events"].as_u64(), made["payloads"].as_u64()), (Some(4), Some(4)));
    export(&["--out", "some.cairn-archive", "--from", "1", "--to", "2"]);
    export(&["--out", "none.cairn-archive", "--since", "2020-01-01T00:00:00Z"]);

    for (arguments, why) in [
        (vec!["--from", "99"], "no-such-block"),
        (vec!["--until", "2020-01-01T00:00:00Z"], "no-such-block"),
        (vec!["--since", "soon"], "since"),
        (vec!["--base", "header:ab"], "base"),
    ] {
        let command = [&["export", "--out", "x.cairn-archive"][..], &at, &arguments].concat();
        let ran = folder.fails(&command, 1);
        assert!(ran.err.contains(why), "{ran:?}");
        assert!(!folder.path("x.cairn-archive").exists());
    }
    let wrong = format!("genesis:{}", "ab".repeat(32));
    let command = [&["export", "--out", "x.cairn-archive", "--anchor", &wrong][..], &at].concat();
    assert!(folder.fails(&command, 1).err.contains("trust-other-anchor"));
    assert!(!folder.path("x.cairn-archive").exists());

    assert_eq!(node.stop(), 0);
    let verify = |file: &str| folder.json(&["verify", file, "--anchor", &anchor]);
    assert_eq!(verify("all.cairn-archive")["archive"]["toIndex"], 4);
    assert_eq!(verify("some.cairn-archive")["archive"]["fromHeight"], 1);
    let text = folder.run(&["verify", "all.cairn-archive", "--anchor", &anchor]).out;
    assert!(text.contains("verified all 4 events"), "{text}");
    let mut bytes = std::fs::read(folder.path("all.cairn-archive")).unwrap();
    let place = bytes.len() - 600;
    bytes[place] ^= 1;
    std::fs::write(folder.path("bent.cairn-archive"), &bytes).unwrap();
    folder.fails(&["verify", "bent.cairn-archive", "--anchor", &anchor], 1);
    let ran = folder.fails(&["verify", "bent.cairn-archive", "--anchor", &anchor, "--json"], 1);
    assert_eq!(ran.json()["verdict"], "failed");
    std::fs::write(folder.path("cut.cairn-archive"), &bytes[..400]).unwrap();
    folder.fails(&["verify", "cut.cairn-archive", "--anchor", &anchor], 1);
}

#[test]
fn archives_become_a_log_that_is_read_without_a_key() {
    let folder = Folder::new();
    let node = folder.node();
    submit(&folder, &node, 4);
    let anchor = node.anchor().to_owned();
    let export = |more: &[&str]| {
        folder.json(&[&["export", "--payloads", "--node", node.url()][..], more].concat())
    };
    export(&["--out", "first.cairn-archive", "--to", "1"]);
    export(&["--out", "rest.cairn-archive", "--from", "2"]);
    export(&["--out", "whole.cairn-archive"]);
    let import = ["import", "archive", "--dir", "copy"];
    let with = |more: &[&'static str]| [&import[..], more].concat();
    assert!(folder.fails(&with(&["rest.cairn-archive"]), 1).err.contains("import-no-anchor"));
    folder.fails(&with(&[]), 2);
    assert_eq!(node.stop(), 0);

    let pin = ["--anchor", &anchor];
    let both = ["first.cairn-archive", "rest.cairn-archive"];
    let done = folder.json(&[&import[..], &both, &pin].concat());
    assert_eq!((done["events"].as_u64(), done["payloads"].as_u64()), (Some(4), Some(4)));
    let ran = folder.run(&with(&["whole.cairn-archive"]));
    assert!(ran.out.contains("imported 0 events in 0 blocks"), "{ran:?}");
    assert!(ran.out.contains("copy holds 4 events"), "{ran:?}");
    let wrong = format!("checkpoint:{}", "ab".repeat(32));
    let late = [&import[..], &["whole.cairn-archive", "--anchor", &wrong]].concat();
    assert!(folder.fails(&late, 3).err.contains("anchor-not-reached"));
    // Nothing came towards it, so what is there is as good as it was.
    let copy = folder.start(&["start", "--read-only", "--dir", "copy"]);
    assert_eq!(copy.anchor(), anchor);
    let at = ["--node", copy.url()];
    let again = ["export", "--payloads", "--out", "again.cairn-archive", "--anchor", &anchor];
    folder.json(&[&again[..], &at].concat());
    let read = |name: &str| std::fs::read(folder.path(name)).unwrap();
    assert_eq!(read("again.cairn-archive"), read("whole.cairn-archive"));
    let event = ["--type", "user.login", "--actor", "user:ann", "--resource", "app:9"];
    let refused = folder.fails(&[&["submit"][..], &at, &event].concat(), 1);
    assert!(refused.err.contains("read-only"), "{refused:?}");
    assert_eq!(copy.stop(), 0);
    folder.fails(&["start", "--read-only", "--dir", "data"], 1);
    folder.fails(&["start", "--read-only", "--dir", "nowhere"], 1);
}
