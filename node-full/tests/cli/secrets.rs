//! The node's own keys, encrypted.

use std::fs;

use crate::kit::Folder;

const FILE: &str = "--key-passphrase-file";

#[test]
fn a_node_runs_on_encrypted_keys() {
    let folder = Folder::new();
    let node = folder.node();
    let sealed =
        ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--seal", "x=1", "--to", "ann"];
    let submit = |url: &str| {
        let arguments = [&["submit", "--node", url, "--wait", "final"], &sealed[..]].concat();
        folder.json(&arguments)["id"].as_str().unwrap().to_owned()
    };
    submit(node.url());
    fs::write(folder.path("one"), "the first passphrase\n").unwrap();
    fs::write(folder.path("two"), "the second passphrase\n").unwrap();
    fs::write(folder.path("empty"), "\n").unwrap();
    let encrypt = ["keys", "encrypt", "--dir", "data", FILE, "one"];
    let running = folder.fails(&encrypt, 1);
    assert!(running.err.contains("another node is running"), "{running:?}");
    drop(node);
    let secret = fs::read_to_string(folder.path("data/keys/validator.key")).unwrap();
    folder.fails(&["keys", "encrypt", "--dir", "data", FILE, "empty"], 1);
    folder.fails(&["keys", "encrypt", "--dir", "data", FILE, "absent"], 1);
    folder.fails(&["keys", "encrypt", "--dir", "data"], 2);
    folder.fails(
        &["keys", "rotate", "--dir", "data", FILE, "one", "--new-passphrase-file", "two"],
        1,
    );
    assert_eq!(fs::read_to_string(folder.path("data/keys/validator.key")).unwrap(), secret);
    assert_eq!(folder.json(&encrypt)["encrypted"], 4);
    assert!(
        !fs::read_to_string(folder.path("data/keys/validator.key")).unwrap().contains("secret")
    );

    let start = ["start", "--dir", "data", "--block-time", "20"];
    let listen = ["--listen", "127.0.0.1:0"];
    let locked = folder.fails(&[&start[..], &listen].concat(), 1);
    assert!(locked.err.contains("are encrypted; give --key-passphrase-file"), "{locked:?}");
    let wrong = folder.fails(&[&start[..], &listen, &[FILE, "two"]].concat(), 1);
    assert!(wrong.err.contains("does not open"), "{wrong:?}");

    drop(folder.start(&[&start[..], &[FILE, "one"]].concat()));
    let words = ("CAIRN_KEY_PASSPHRASE", "the first passphrase");
    let node = folder.start_with(&start, &[words]);
    let second = submit(node.url());
    folder.json(&["prove", &second, "--node", node.url(), "--key", "ann.key", "--out", "o"]);
    drop(node);
    folder.fails(&["check", "--dir", "data"], 1);
    folder.json(&["check", "--dir", "data", FILE, "one"]);
    folder.json(&["reindex", "--dir", "data", FILE, "one"]);
    folder.json(&["backup", "--dir", "data", "--to", "copy", "--with-keys"]);
    folder.json(&["restore", "--from", "copy", "--dir", "restored", FILE, "one"]);

    let rotate = ["keys", "rotate", "--dir", "data", FILE, "one", "--new-passphrase-file", "two"];
    assert_eq!(folder.json(&rotate)["rotated"], 4);
    folder.fails(&["check", "--dir", "data", FILE, "one"], 1);
    fs::write(folder.path("data/cairn.toml"), "key-passphrase-file = \"two\"\n").unwrap();
    drop(folder.start(&start));
    let check = ["config", "check", "--dir", "data"];
    assert_eq!(folder.json(&check)["key-passphrase-file"], "two");
    fs::rename(folder.path("two"), folder.path("three")).unwrap();
    assert!(folder.fails(&check, 1).err.contains("two: "));
    fs::rename(folder.path("three"), folder.path("two")).unwrap();
    assert_eq!(folder.json(&["keys", "decrypt", "--dir", "data", FILE, "two"])["decrypted"], 4);
    assert_eq!(fs::read_to_string(folder.path("data/keys/validator.key")).unwrap(), secret);
    folder.fails(&["keys", "decrypt", "--dir", "data", FILE, "two"], 1);
    fs::remove_file(folder.path("data/cairn.toml")).unwrap();
    folder.json(&["check", "--dir", "data"]);
}

#[test]
fn the_administrators_key_is_used_where_it_is() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    fs::write(folder.path("one"), "the first passphrase\n").unwrap();
    folder.json(&["keys", "encrypt", "--dir", "data", FILE, "one"]);
    let words = ("CAIRN_KEY_PASSPHRASE_FILE", "one");
    let node = folder.start_with(&["start", "--dir", "data", "--block-time", "20"], &[words]);
    let remove = ["member", "remove", "eve", "--node", node.url(), "--key", "data/keys/admin.key"];
    let locked = folder.fails(&remove, 1);
    assert!(locked.err.contains("are encrypted"), "{locked:?}");
    fs::copy(folder.path("data/keys/admin.key"), folder.path("admin.key")).unwrap();
    let elsewhere = [&remove[..6], &["admin.key"]].concat();
    assert!(folder.fails(&elsewhere, 1).err.contains("only where it is"));
    let removed = folder.run_with(&remove, &[words]);
    assert!(
        removed.code == 1 && removed.err.contains("no member"),
        "signed, and refused: {removed:?}"
    );
}
