//! Directories that turn from a lone validator's into one of many, and back.

use cairn_node::check::CheckOptions;
use cairn_node::node::{Node, OpenError, Options};
use cairn_store::entries::{Entries, Of};

use crate::hand::{Hand, MAIN};
use crate::kit::{LIMIT, Town};
use crate::signed::signed_at;

/// Entries that the others never saw go to the pool, whatever was derived from them.
#[test]
fn entries_behind_the_newest_block_wait_for_one_again() {
    for derived in [false, true] {
        let mut town = Town::new(&[1, 1, 1, 1]);
        town.wait_final(&town.submit(3, 5, "first"));
        let mut hand = Hand::of(&town, (3, "ingest.key"), MAIN);
        let made: Vec<_> = (0..300).map(|_| hand.record(town.node(3), "test.left", &[])).collect();
        town.stop(3);
        {
            let path = town.path(3).join("log");
            let (entries, _) = Entries::open((&path, Of::Entries), 20_000, 0).unwrap();
            for part in made.chunks(100) {
                let frames: Vec<&[u8]> = part.iter().map(|(_, bytes)| bytes.as_slice()).collect();
                entries.append_batch(&frames).unwrap();
            }
        }
        if derived {
            // As a lone validator it makes tiles and index of them before it sees that it is none.
            let opened = Node::open(&town.path(3), Options::default());
            assert!(matches!(opened, Err(OpenError::NeedsPeers { validators: 4 })));
        }
        // The others go on meanwhile, with other events at these places.
        let more = town.submit(0, 3, "meanwhile");
        assert!(town.node(0).wait_final(&more[2], LIMIT));
        town.start(3);
        let all: Vec<_> = made.into_iter().map(|(id, _)| id).chain(more).collect();
        town.wait_final(&all);
        town.expect_equal();
        assert!(town.links.bans().is_empty(), "{:?}", town.links.bans());
        let report = town.node(3).check(CheckOptions::default(), &mut |_| true);
        assert_eq!(report.findings, Vec::<String>::new());
    }
}

fn why(opened: Result<Node, OpenError>) -> String {
    let error = opened.err().filter(|error| matches!(error, OpenError::NotLone { .. }));
    error.unwrap().to_string()
}

#[test]
fn who_signed_or_accepted_among_others_does_not_go_on_alone() {
    let mut town = Town::down(&[7, 1, 1]);
    town.start(0);
    town.wait_final(&town.submit(0, 2, "first"));
    let next = town.node(0).status().height + 1;
    town.stop(0);
    let (path, alone) = (town.path(0), || Node::open(&town.path(0), Options::default()));
    let record = path.join("validator/signed");
    let kept = std::fs::read(&record).unwrap();

    // Killed between its vote, which is a quorum, and the block.
    std::fs::write(&record, signed_at(next)).unwrap();
    let error = why(alone());
    assert!(error.contains(&format!("height {next}")) && error.contains("[validator]"), "{error}");
    std::fs::remove_file(&record).unwrap();
    std::fs::write(path.join("validator/restored"), "1700000000000").unwrap();
    assert!(why(alone()).contains("backup"));
    std::fs::remove_file(path.join("validator/restored")).unwrap();

    // Silent, because it lost its log, and so what it takes waits.
    std::fs::remove_file(path.join("validator/consensus.log")).unwrap();
    std::fs::write(&record, signed_at(next)).unwrap();
    town.start(0);
    let waits = town.submit(0, 2, "waits");
    town.stop(0);
    std::fs::write(&record, &kept).unwrap();
    assert!(why(Node::open(&path, Options::default())).contains("2 events"));

    // With all of that behind it, it may.
    let mut town = town;
    town.start(0);
    town.wait_final(&waits);
    town.stop(0);
    let node = Node::open(&path, Options::default()).unwrap();
    let id = node.submit(vec![crate::kit::draft("alone")]).unwrap()[0].id;
    assert!(node.wait_final(&id, LIMIT));
}
