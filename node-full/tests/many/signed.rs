//! What a validator may sign when it does not know what it signed before.

use cairn_node::backup::{BackupWith, backup, restore};
use cairn_verifier::wire::Writer;

use crate::kit::{LIMIT, Town, draft};

#[test]
fn one_that_was_restored_signs_nothing_and_takes_nothing_until_a_later_block_is_final() {
    let mut town = Town::new(&[1, 1, 1, 1]);
    let mut all = town.submit(3, 2, "before");
    town.wait_final(&all);
    let (copy, path) = (town.dir.path().join("backup"), town.path(3));
    let with = BackupWith { keys: true, key_store: false };
    backup(&path, &copy, with, &mut |_| {}).unwrap();
    assert!(!copy.join("validator").exists(), "what was signed is in no backup");
    all.extend(town.submit(3, 2, "after the backup"));
    town.wait_final(&all);
    town.stop(3);
    std::fs::remove_dir_all(&path).unwrap();
    restore(&copy, &path, None, &mut |_| {}).unwrap();
    // Left in the settings from another time, which says nothing of this one.
    let mut validating = town.validating(3);
    validating.sign_from = Some(0);
    town.nodes[3] = Some(town.try_start(3, validating).unwrap());
    let refused = town.node(3).submit(vec![draft("too early")]).unwrap_err();
    assert_eq!(refused.reason.code(), "catching-up");
    let ids = town.submit(0, 2, "meanwhile");
    town.wait_final(&ids);
    all.extend(ids);
    let status = town.node(3).status();
    assert!(status.validator.as_ref().unwrap().silent.is_some(), "{status:?}");
    assert!(status.fault().is_some_and(|(code, _)| code == "catching-up"));
    assert!(!path.join("validator/signed").metadata().is_ok_and(|file| {
        file.len() > 0 && std::fs::read(path.join("validator/signed")).unwrap()[0] != 0
    }));

    // As if that had been a minute ago.
    town.stop(3);
    let mark = path.join("validator/restored");
    let time: u64 = std::fs::read_to_string(&mark).unwrap().parse().unwrap();
    std::fs::write(&mark, (time - 60_000).to_string()).unwrap();
    town.start(3);
    let ids = town.submit(0, 1, "later");
    town.wait_final(&ids);
    all.extend(ids);
    assert!(!mark.exists(), "it is a validator like any other again");
    all.extend(town.submit(3, 2, "its own again"));
    town.wait_final(&all);
    town.expect_equal();
}

/// A record as the engine keeps it, in its slot.
pub(crate) fn signed_at(height: u64) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(1).u64(height).u32(0).u8(1).raw(&[7; 32]);
    let mut bytes = writer.into_bytes();
    let check = cairn_verifier::digest::derive("cairn v1 consensus record", &[&bytes]);
    bytes.extend_from_slice(&check);
    let mut slots = vec![u8::try_from(bytes.len()).unwrap()];
    slots.extend(bytes);
    slots.resize(8_192, 0);
    slots
}

#[test]
fn a_lone_validator_that_lost_its_consensus_log_says_so_and_goes_on_when_told() {
    let mut town = Town::new(&[1]);
    let first = town.submit(0, 1, "first");
    town.wait_final(&first);
    let next = town.node(0).status().height + 1;
    town.stop(0);
    std::fs::remove_file(town.path(0).join("validator/consensus.log")).unwrap();
    std::fs::write(town.path(0).join("validator/signed"), signed_at(next)).unwrap();
    town.start(0);
    let waiting = town.submit(0, 1, "waits");
    assert!(!town.node(0).wait_final(&waiting[0], std::time::Duration::from_secs(2)));
    let why = town.node(0).status().validator.unwrap().silent.unwrap();
    assert!(why.contains(&format!("sign-from = {next}")), "{why}");

    town.stop(0);
    let mut validating = town.validating(0);
    validating.sign_from = Some(next);
    town.nodes[0] = Some(town.try_start(0, validating).unwrap());
    assert!(town.node(0).wait_final(&waiting[0], LIMIT));
}

#[test]
fn a_validator_whose_record_is_damaged_does_not_open() {
    let mut town = Town::new(&[1]);
    town.wait_final(&town.submit(0, 1, "first"));
    town.stop(0);
    let path = town.path(0).join("validator/signed");
    let kept = std::fs::read(&path).unwrap();
    assert!(kept[0] != 0 || kept[4_096] != 0, "a lone validator records what it signs too");
    std::fs::write(&path, [0x55; 8_192]).unwrap();
    let error = town.try_start(0, town.validating(0)).unwrap_err().to_string();
    assert!(error.contains("sign-from"), "{error}");
}

#[test]
fn one_vote_of_four_makes_no_log_alone() {
    let town = Town::down(&[1, 1, 1, 1]);
    let opened = cairn_node::node::Node::open(&town.path(0), Default::default());
    let error = opened.unwrap_err().to_string();
    assert!(error.contains("4 validators") && error.contains("[validator]"), "{error}");
}
