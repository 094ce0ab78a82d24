//! What the node in memory answers about many events, about the state, and about older headers.

use std::collections::BTreeMap;

use cairn_light_client::ClientError;
use cairn_verifier::digest::{EventId, Hash};
use cairn_verifier::event::SignedEvent;
use cairn_verifier::list::ListDraft;
use cairn_verifier::state::{AnswerDraft, End, RecordKey};
use cairn_verifier::tree::{BatchProof, Blake3, Kind, TreeSize, batch_subtrees, top_of_leaves};
use cairn_verifier::trust::{Base, FinalityBytes, FinalityDraft, Genesis};
use cairn_verifier::wire::Writer;

use super::kit::{Block, Kit};
use super::node::{find, problem};

fn parts(query: &str) -> BTreeMap<&str, &str> {
    query.split('&').filter_map(|part| part.split_once('=')).collect()
}

/// A page of final events, oldest first: all, or those of one writer; `limit` of them.
pub(crate) fn page(kit: &Kit, query: &str) -> String {
    let parts = parts(query);
    let size = kit.tip().header.events.get();
    let from = parts.get("cursor").map_or(0, |text| text[5..].parse().unwrap());
    let limit = parts.get("limit").map_or(50, |text| text.parse().unwrap());
    let passes = |index: &u64| {
        let event = SignedEvent::decode(&kit.events[*index as usize]).unwrap();
        let writer = event.body().writer.to_string();
        parts.get("writer").is_none_or(|wanted| *wanted == writer)
    };
    let found: Vec<u64> = (from..size).filter(passes).take(limit).collect();
    let next = found.last().filter(|last| *last + 1 < size).map(|last| last + 1);
    let events: Vec<String> = found
        .iter()
        .map(|index| format!(r#"{{"index":{index},"id":"{}"}}"#, kit.ids[*index as usize]))
        .collect();
    let next = next.map_or_else(|| "null".to_owned(), |next| format!(r#""from-{next}""#));
    format!(r#"{{"events":[{}],"next":{next}}}"#, events.join(","))
}

/// The events at `indices` under the base, which is a header, or under the newest from the genesis.
pub(crate) fn list(kit: &Kit, query: &str) -> Result<Vec<u8>, ClientError> {
    let parts = parts(query);
    let mut indices: Vec<u64> = Vec::new();
    for range in parts["indices"].split(',') {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        indices.extend(from.parse::<u64>().unwrap()..=to.parse().unwrap());
    }
    let block = match parts["base"].strip_prefix("header:") {
        Some(digest) => find(kit, digest)?,
        None => kit.tip(),
    };
    if indices.iter().any(|index| *index >= block.header.events.get()) {
        return Err(problem(409, "not-in-base"));
    }
    Ok(list_of(kit, &indices, block, parts["base"] == "genesis"))
}

pub(crate) fn list_of(kit: &Kit, indices: &[u64], block: &Block, whole: bool) -> Vec<u8> {
    let size = block.header.events;
    let hashes = batch(kit, size, indices);
    let events = indices.iter().map(|index| (*index, kit.events[*index as usize].clone()));
    let names = if kit.state.root(&kit.log) == block.header.state_root {
        vec![kit.present(&RecordKey::Key(kit.writer.key_id()))]
    } else {
        Vec::new()
    };
    with_finality(kit, block, whole, |finality| {
        ListDraft {
            finality,
            events: &events.collect::<Vec<_>>(),
            inclusion: BatchProof::new(&hashes),
            names: &names,
        }
        .encode()
    })
}

fn batch(kit: &Kit, size: TreeSize, indices: &[u64]) -> Vec<[u8; 32]> {
    let tree = Blake3::new(Kind::Event, *kit.log.as_bytes());
    let leaves = kit.event_leaves();
    let top =
        |from: u64, to: u64| -> Hash { top_of_leaves(&tree, &leaves[from as usize..to as usize]) };
    let parts = batch_subtrees(size, indices).unwrap();
    parts.iter().map(|part| *top(part.start, part.end).as_bytes()).collect()
}

fn with_finality<T>(
    kit: &Kit,
    block: &Block,
    whole: bool,
    make: impl FnOnce(FinalityDraft<'_>) -> T,
) -> T {
    let genesis = Genesis::decode(&kit.genesis).unwrap();
    make(FinalityDraft {
        base: if whole { Base::Genesis(genesis) } else { Base::Header(block.header) },
        handovers: if whole { &kit.handovers } else { &[] },
        header: &block.header.encode(),
        finality: match whole {
            true => FinalityBytes::Certificate(&block.certificate),
            false => FinalityBytes::Trusted,
        },
    })
}

/// A record, or that there is none, under the newest header.
pub(crate) fn state(kit: &Kit, kind: &str, query: &str) -> Result<Vec<u8>, ClientError> {
    let parts = parts(query);
    let key = match kind {
        "member" => RecordKey::Member(parts["name"]),
        "key" => RecordKey::Key(parts["key"].parse().unwrap()),
        "head" => RecordKey::Head(parts["stream"].parse().unwrap(), parts["key"].parse().unwrap()),
        "parameters" => RecordKey::Parameters,
        other => panic!("{other}"),
    };
    let block = find(kit, parts["base"].strip_prefix("header:").unwrap())?;
    if block.header.state_root != kit.state.root(&kit.log) {
        return Err(problem(409, "past-state"));
    }
    let (end, proof) = kit.state.prove(&key);
    let record = kit.state.get(&key).map(<[u8]>::to_vec);
    let end = End::decode(&end);
    Ok(with_finality(kit, block, false, |finality| {
        let found = match &record {
            Some(record) => Ok(record.as_slice()),
            None => Err((&key, end.as_ref().unwrap())),
        };
        AnswerDraft { finality, found, proof: &proof }.encode()
    }))
}

/// The header at a height in the tree of the base.
pub(crate) fn older(kit: &Kit, height: usize, query: &str) -> Result<Vec<u8>, ClientError> {
    let base = find(kit, query.strip_prefix("base=header:").unwrap())?;
    let proof = kit.header_proof(height, base.header.height as usize);
    let mut writer = Writer::new();
    writer.u8(1).u8(b'C').u8(3).raw(&base.header.encode()).u16(0);
    writer.raw(&kit.blocks[height].header.encode()).u8(2);
    cairn_verifier::tree::Proof::new(&proof).write(&mut writer);
    Ok(writer.into_bytes())
}

/// Ids of events, in order.
pub(crate) fn ids(kit: &Kit, indices: &[u64]) -> Vec<EventId> {
    indices.iter().map(|index| kit.ids[*index as usize]).collect()
}
