//! Runs one vector of `tests/vectors/tree`. The browser's tests share this file.
//!
//! `check` says what is checked, `want` is "ok" or the error's code. Hashes are hex; whatever
//! travels as bytes (`proof`, `peaks`, a tile) is base64 of exactly these bytes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{
    BatchProof, Blake3, Kind, Peaks, PeaksClaim, Proof, Tile, TreeSize, verify_batch_inclusion,
    verify_consistency, verify_inclusion, verify_leaf_in_tiles, verify_range, verify_tile,
};
use cairn_verifier::wire::{Reader, Refused, decode_all};
use serde_json::Value;

/// "ok", or the code of the error.
pub(crate) fn verdict(case: &Value) -> &'static str {
    let checked = match case["check"].as_str().unwrap() {
        "inclusion" => inclusion(case),
        "batch" => batch(case),
        "consistency" => consistency(case),
        "peaks" => peaks(case, (size(case, "size"), &hash(&case["root"]))).map(|_| ()),
        "range" => range(case),
        "tile" => tile(case),
        "leafInTiles" => leaf_in_tiles(case),
        _ => Err("no check has this name"),
    };
    checked.err().unwrap_or("ok")
}

type Checked<T = ()> = Result<T, &'static str>;

fn inclusion(case: &Value) -> Checked {
    let bytes = bytes(&case["proof"]);
    let proof = decoded(&bytes, Proof::read)?;
    let place = (number(case, "index"), size(case, "size"));
    let (leaf, root) = (hash(&case["leaf"]), hash(&case["root"]));
    let found = verify_inclusion(&hasher(case), place, leaf, proof, &root);
    found.map(|_| ()).map_err(|error| error.code())
}

fn batch(case: &Value) -> Checked {
    let bytes = bytes(&case["proof"]);
    let limit = number(case, "limit").try_into().unwrap();
    let proof = decoded(&bytes, |reader| BatchProof::read(reader, limit))?;
    let leaves = case["leaves"].as_array().unwrap().iter();
    let leaves: Vec<_> = leaves.map(|leaf| (number(leaf, "index"), hash(&leaf["leaf"]))).collect();
    let (size, root) = (size(case, "size"), hash(&case["root"]));
    let found = verify_batch_inclusion(&hasher(case), size, &leaves, proof, &root);
    found.map_err(|error| error.code())
}

fn consistency(case: &Value) -> Checked {
    let bytes = bytes(&case["proof"]);
    let proof = decoded(&bytes, Proof::read)?;
    let old = (size(case, "oldSize"), &hash(&case["oldRoot"]));
    let new = (size(case, "size"), &hash(&case["root"]));
    verify_consistency(&hasher(case), old, new, proof).map_err(|error| error.code())
}

fn peaks(case: &Value, head: (TreeSize, &Hash)) -> Checked<Peaks> {
    let bytes = bytes(&case["peaks"]);
    let claim = decoded(&bytes, PeaksClaim::read)?;
    Peaks::verify(&hasher(case), claim, head).map_err(|error| error.code())
}

/// The head before the range is one that the client believes.
fn range(case: &Value) -> Checked {
    let before = peaks(case, (size(case, "oldSize"), &hash(&case["oldRoot"])))?;
    let bytes = bytes(&case["proof"]);
    let proof = decoded(&bytes, Proof::read)?;
    let leaves: Vec<Hash> = case["leaves"].as_array().unwrap().iter().map(hash).collect();
    let new = (size(case, "size"), &hash(&case["root"]));
    let found = verify_range(&hasher(case), &before, &leaves, proof, new);
    found.map(|_| ()).map_err(|error| error.code())
}

fn tile(case: &Value) -> Checked {
    let level = number(case, "level").try_into().unwrap();
    let tile = size(case, "size").tile(level, number(case, "number")).unwrap();
    let (tiles, root) = (tiles(case), hash(&case["root"]));
    let found = verify_tile(&hasher(case), tile, &root, |tile| hashes(&tiles, tile));
    found.map(|_| ()).map_err(|error| error.code())
}

fn leaf_in_tiles(case: &Value) -> Checked {
    let leaf = size(case, "size").leaf(number(case, "index")).unwrap();
    let (tiles, root) = (tiles(case), hash(&case["root"]));
    let read = |tile| hashes(&tiles, tile);
    let found = verify_leaf_in_tiles(&hasher(case), leaf, hash(&case["leaf"]), &root, read);
    found.map(|_| ()).map_err(|error| error.code())
}

fn hasher(case: &Value) -> Blake3 {
    let kinds = [("event", Kind::Event), ("header", Kind::Header), ("field", Kind::Field)];
    let (_, kind) = kinds.iter().find(|(name, _)| case["tree"] == *name).unwrap();
    Blake3::new(*kind, *hash(&case["domain"]).as_bytes())
}

/// By path, such as `0/x001/234.p/5`.
fn tiles(case: &Value) -> BTreeMap<&str, Vec<u8>> {
    let tiles = case["tiles"].as_object().unwrap().iter();
    tiles.map(|(path, tile)| (path.as_str(), bytes(tile))).collect()
}

fn hashes<'a>(tiles: &'a BTreeMap<&str, Vec<u8>>, tile: Tile) -> Option<&'a [[u8; 32]]> {
    let (hashes, rest) = tiles.get(tile.to_string().as_str())?.as_chunks();
    assert!(rest.is_empty(), "a tile is whole hashes");
    Some(hashes)
}

/// All of the bytes.
fn decoded<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Refused>,
) -> Checked<T> {
    decode_all(bytes, read).map_err(|error| error.code())
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64.decode(value.as_str().unwrap()).unwrap()
}

fn hash(value: &Value) -> Hash {
    value.as_str().unwrap().parse().unwrap()
}

fn number(case: &Value, name: &str) -> u64 {
    case[name].as_u64().unwrap()
}

fn size(case: &Value, name: &str) -> TreeSize {
    TreeSize::new(number(case, name)).unwrap()
}
