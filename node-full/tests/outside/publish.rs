//! What is published, and that it is what the API serves.

use cairn_node::proofs::{TileChoice, TileOf};

use crate::kit::{Log, Place, end, log_events, published};

/// What a name says, read by hand.
fn choice(name: &str) -> TileChoice {
    let name = name.strip_prefix("tiles/").unwrap();
    let (of, rest) = name.split_once('/').unwrap();
    let of = match of {
        "entries" => TileOf::Entries,
        "blocks" => TileOf::Blocks,
        "event" => TileOf::Events,
        "header" => TileOf::Headers,
        "sha256" => TileOf::Sha256,
        _ => panic!("{name}"),
    };
    let (level, rest) = match of {
        TileOf::Entries | TileOf::Blocks => ("0", rest),
        TileOf::Events | TileOf::Headers | TileOf::Sha256 => rest.split_once('/').unwrap(),
    };
    let (number, width) = rest.split_once(".p/").unwrap_or((rest, "256"));
    TileChoice {
        of,
        level: level.parse().unwrap(),
        number: number.parse().unwrap(),
        width: width.parse().unwrap(),
    }
}

#[test]
fn what_is_published_is_what_the_api_serves_and_nothing_else() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 700);
    published(&node);
    let status = node.status();
    let tiles = place.list("tiles/");
    for name in &tiles {
        let expected = node.tile(choice(name)).unwrap();
        assert_eq!(place.get(name), expected, "{name}");
    }
    for name in ["event/0/000", "event/0/001", "event/1/000.p/2", "sha256/0/001", "entries/001"] {
        assert!(tiles.contains(&format!("tiles/{name}")), "{name} is not in {tiles:?}");
    }
    for name in place.list("payloads/") {
        let digest = name.strip_prefix("payloads/").unwrap().parse().unwrap();
        assert_eq!(place.get(&name), node.payload(&digest).unwrap());
    }
    // 700 events: one public payload for a third of them, a sealed one each for another.
    assert_eq!(place.list("payloads/").len(), 1 + 233);
    assert_eq!(place.get("genesis").unwrap(), node.genesis_bytes());
    let known = ["genesis", "head/", "payloads/", "tiles/"];
    for name in place.list("") {
        assert!(known.iter().any(|known| name.starts_with(known)), "{name}");
    }
    let head = place.head();
    assert_eq!(head["format"], "cairn-head 1");
    assert_eq!(head["blocks"], status.height + 1);
    assert_eq!(head["size"], 700);
    assert_eq!(head["header"], status.head.to_string());
    for partial in head["partials"].as_array().unwrap() {
        assert!(tiles.iter().any(|name| name == partial), "{partial}");
    }
}

#[test]
fn nothing_of_the_keys_is_published() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    let ids = log_events(&node, 30);
    published(&node);
    let auditor = cairn_verifier::secret::MemberSecret::from_seed([42; 32]).unwrap();
    let keys = cairn_node::init::public_keys(&auditor);
    let id = cairn_verifier::trust::Genesis::decode(node.genesis_bytes())
        .unwrap()
        .members()
        .find(|member| member.name == "auditor")
        .unwrap()
        .keys()
        .map(|key| key.id())
        .collect::<Vec<_>>();
    assert_eq!(keys.len(), id.len());
    let wraps: Vec<_> =
        ids.iter().flat_map(|event| id.iter().map(|key| node.wrap(event, key).unwrap())).collect();
    let wraps: Vec<Vec<u8>> = wraps.into_iter().flatten().collect();
    assert_eq!(wraps.len(), 10, "sealed payloads have wraps");
    for name in place.list("") {
        let bytes = place.get(&name).unwrap();
        for wrap in &wraps {
            let part = &wrap[..32];
            assert!(!bytes.windows(32).any(|window| window == part), "{name} holds a wrap");
        }
    }
}

#[test]
fn publishing_goes_on_after_a_restart_and_old_partial_files_go_away() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 300);
    end(node);
    let before = place.head();
    assert_eq!(before["size"], 300, "the last block is published when the node ends");
    let node = log.publish(&place);
    log_events(&node, 150);
    published(&node);
    end(node);
    let after = place.head();
    assert_eq!(after["size"], 450);
    assert_ne!(after["writer"], before["writer"]);
    // Heads have no gaps, and no more than the two newest name partial files that are there.
    let heads = place.list("head/");
    assert_eq!(heads.len() as u64, after["number"].as_u64().unwrap() + 1);
    let partials = place.list("tiles/").into_iter().filter(|name| name.contains(".p/"));
    let partials: Vec<_> = partials.collect();
    let newest = after["partials"].as_array().unwrap().len();
    assert!(partials.len() <= 2 * newest + 8, "{partials:?}");
    assert!(partials.len() >= newest);
}
