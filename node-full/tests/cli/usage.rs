//! Wrong usage, and files that are not what they should be.

use crate::kit::Folder;

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = Folder::new();
    let anchor = format!("genesis:{}", "0".repeat(64));
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d"];
    for arguments in [
        &[][..],
        &["nothing"],
        &["init"],
        &["verify", "x.cairn"],
        &["verify", "x.cairn", "--anchor", "genesis:12"],
        &["verify", "x.cairn", "--anchor", &anchor, "--at", "soon"],
        &["prove", "12", "--out", "x"],
        &["submit", "--type", "t", "--actor", "ann", "--resource", "c:d"],
        &[&["submit"], &event[..], &["--time", "soon"]].concat(),
        &[&["submit"], &event[..], &["--seal", "a=b"]].concat(),
        &[&["submit"], &event[..], &["--meta", "a"]].concat(),
        &[&["submit"], &event[..], &["--meta", "a=b", "--meta", "a=c"]].concat(),
        &["start", "--dir", "x", "--block-time", "0"],
        &["query", "--limit", "1001"],
        &["api-key", "new", "--name", "a"],
        &["api-key", "new", "--name", "a b", "--scopes", "read"],
        &["api-key", "new", "--name", "a", "--scopes", "all"],
        &["api-key", "new", "--name", "a", "--scopes", "read", "--rate", "0"],
        &["start", "--dir", "x", "--tls-cert", "chain.pem"],
        &["keys", "encrypt"],
    ] {
        let ran = folder.fails(arguments, 2);
        assert!(!ran.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_has_examples() {
    let folder = Folder::new();
    for command in [
        "init", "start", "submit", "import", "query", "prove", "verify", "keygen", "demo",
        "api-key", "keys",
    ] {
        let ran = folder.run(&[command, "--help"]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("Examples:"), "{command}: {}", ran.out);
    }
    assert!(folder.run(&["--version"]).out.starts_with("cairn "));
}

#[test]
fn files_that_are_no_keys() {
    let folder = Folder::new();
    std::fs::write(folder.path("empty.key"), "").unwrap();
    std::fs::write(folder.path("short.pub"), "cairn-public-member:00ff\n").unwrap();
    std::fs::write(folder.path("long.key"), "x".repeat(20_000)).unwrap();
    folder.json(&["keygen", "--validator", "--out", "validator.key"]);
    for file in ["empty.key", "short.pub", "long.key", "validator.key", "absent.key"] {
        let ran = folder.fails(&["init", "--dir", "d", "--member", &format!("ann={file}")], 1);
        assert!(ran.err.contains(file), "{ran:?}");
        assert!(!folder.path("d").exists(), "nothing was made");
    }
}

#[test]
fn a_node_that_is_not_there() {
    let folder = Folder::new();
    let node = ["--node", "http://127.0.0.1:1"];
    let id = "0".repeat(64);
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d"];
    for arguments in [
        [&["query"], &node[..]].concat(),
        [&["submit"], &event[..], &node].concat(),
        [&["prove", &id, "--out", "x.cairn"], &node[..]].concat(),
    ] {
        let ran = folder.fails(&arguments, 1);
        assert!(ran.err.contains("no answer from"), "{ran:?}");
    }
    assert!(!folder.path("x.cairn").exists());
    let ran = folder.fails(&[&["query", "--json"], &node[..]].concat(), 1);
    assert!(ran.err.starts_with("{\"error\":"), "{ran:?}");
    let ran = folder.fails(&["demo", "--dir", "d", "--ui", "absent"], 1);
    assert!(ran.err.contains("absent is not a folder"), "{ran:?}");
    assert!(!folder.path("d").exists());
}
