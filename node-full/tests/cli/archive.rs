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
