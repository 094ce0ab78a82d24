//! Every vector about the state, evidence, lists, extension and old wraps: a name that says what was bent, and
//! exactly what it comes to.

mod answers;
pub mod evidence;
pub mod extends;
pub mod lists;
mod state;
mod wraps;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::*;

/// One vector.
pub struct Fact {
    pub folder: &'static str,
    pub name: &'static str,
    pub json: Value,
}

pub fn all() -> Vec<Fact> {
    let mut facts = Vec::new();
    extends::extends(&mut facts);
    state::present(&mut facts);
    state::absent(&mut facts);
    answers::answers(&mut facts);
    state::histories(&mut facts);
    evidence::forks(&mut facts);
    evidence::culprits(&mut facts);
    evidence::conflicts(&mut facts);
    evidence::hybrid_culprits(&mut facts);
    evidence::under_checkpoints(&mut facts);
    lists::lists(&mut facts);
    wraps::first_version(&mut facts);
    facts
}

fn base64(bytes: &[u8]) -> Value {
    Value::from(BASE64.encode(bytes))
}

/// Base, handovers, header and certificate: what a checkpoint file holds after its first bytes.
pub fn finality(kit: &Kit, height: usize) -> Vec<u8> {
    let block = &kit.blocks[height];
    certified(kit, &block.header, &block.certificate)
}

pub fn certified(kit: &Kit, header: &Header, certificate: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.raw(&kit.genesis_base()).u16(0).raw(&header.encode()).u8(1).raw(certificate);
    writer.into_bytes()
}

pub fn checkpoint(kit: &Kit, height: usize) -> Vec<u8> {
    [&[1, b'C'], finality(kit, height).as_slice()].concat()
}
